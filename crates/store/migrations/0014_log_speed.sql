-- What each entry costs the write that it belongs to. PostgreSQL reads the text of every CHECK anew for each statement; for a
-- table into which one row goes at a time that was two fifths of all the work of inserting it.
--
-- What they checked is held elsewhere: actor and outcome are enumerations of domain::audit, commitment and keyed hash are
-- arrays of fixed length, and an entry that STRUCT did not write, whatever stands in it, fails its keyed hash and gets no
-- place in the log.
ALTER TABLE struct.entry
    DROP CONSTRAINT entry_actor_check,
    DROP CONSTRAINT entry_outcome_check,
    DROP CONSTRAINT entry_check,
    DROP CONSTRAINT entry_commitment_check,
    DROP CONSTRAINT entry_mac_check;

-- The wall of the leaves, asked once a statement instead of once a row: thousands go in at a time.
ALTER POLICY tenant_wall ON struct.leaf USING (tenant_id = (SELECT struct.current_tenant()));
