-- The Merkle log over the entries: one log a tenant, one of the platform. An entry commits with its act and waits here;
-- the sequencer appends what waits, in one transaction with the signed checkpoint that covers it. So a checkpoint that
-- anybody has seen is of a tree that is on disk, and an entry is in the log once or not yet.
--
-- The platform's own log is kept in the same tables under the nil uuid, which no tenant has. The tables refer to no
-- tenant: a log outlives its tenant, since proofs that were given out must go on to verify.

-- An entry names its tenant and is held there by row security; looking the tenant up once more, and locking its row, for
-- every entry was a fifth of a write's time.
ALTER TABLE struct.entry DROP CONSTRAINT entry_tenant_id_fkey;

-- What the leaf commits to besides the sealed detail: SHA-256 of 32 salt bytes and the detail's text. The salt is sealed
-- with the detail, so whoever may open it can prove what it says, and once the key is gone nobody can guess it.
-- Null on entries of before this migration.
ALTER TABLE struct.entry ADD COLUMN commitment bytea CHECK (octet_length(commitment) = 32);
-- A keyed hash of the entry's fields, by a key that is not in the database: what somebody else puts among the entries that
-- wait, or changes there, gets no place in the log. Null on entries of before this migration.
ALTER TABLE struct.entry ADD COLUMN mac bytea CHECK (octet_length(mac) = 16);

-- Entries that are committed and not yet in their log.
CREATE TABLE struct.entry_waiting (
    tenant_id uuid NOT NULL,
    entry_id  uuid NOT NULL,
    PRIMARY KEY (tenant_id, entry_id)
);

-- A log. frontier: hashes of the complete subtrees at the tree's right edge, largest first. first_kept: entries below
-- were pruned by the retention rule; their hashes stay in the tiles. heartbeat_at: when STRUCT last said that it lives.
CREATE TABLE struct.log (
    tenant_id    uuid PRIMARY KEY,
    origin       text NOT NULL CHECK (origin ~ '^[^[:space:]+]{1,200}$'),
    size         bigint NOT NULL DEFAULT 0 CHECK (size >= 0),
    frontier     bytea NOT NULL DEFAULT '' CHECK (octet_length(frontier) % 32 = 0),
    first_kept   bigint NOT NULL DEFAULT 0 CHECK (first_kept BETWEEN 0 AND size),
    heartbeat_at timestamptz
);

-- The public keys by which a log's checkpoints are checked, for ever: private keys are in the keyring.
CREATE TABLE struct.log_key (
    tenant_id uuid NOT NULL,
    version   integer NOT NULL CHECK (version > 0),
    vkey      text NOT NULL CHECK (char_length(vkey) <= 400),
    since     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, version)
);

-- An entry's place in its log, and the hash of its leaf.
CREATE TABLE struct.leaf (
    tenant_id uuid NOT NULL,
    position  bigint NOT NULL CHECK (position >= 0),
    entry_id  uuid NOT NULL,
    hash      bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (tenant_id, position),
    UNIQUE (tenant_id, entry_id)
);

-- A full tile: 256 hashes, and the root over them, which is one hash of the tile above.
CREATE TABLE struct.tile (
    tenant_id uuid NOT NULL,
    level     smallint NOT NULL CHECK (level BETWEEN 0 AND 7),
    number    bigint NOT NULL CHECK (number >= 0),
    hashes    bytea NOT NULL CHECK (octet_length(hashes) = 8192),
    root      bytea NOT NULL CHECK (octet_length(root) = 32),
    PRIMARY KEY (tenant_id, level, number)
);
-- Hashes can't be compressed; trying would only cost time.
ALTER TABLE struct.tile ALTER COLUMN hashes SET STORAGE EXTERNAL;

-- Every checkpoint ever published: the signed note, as sent.
CREATE TABLE struct.checkpoint (
    tenant_id uuid NOT NULL,
    size      bigint NOT NULL CHECK (size >= 0),
    at        timestamptz NOT NULL DEFAULT now(),
    note      text NOT NULL CHECK (char_length(note) <= 4000),
    PRIMARY KEY (tenant_id, size)
);

-- What witnesses signed below a checkpoint.
CREATE TABLE struct.cosignature (
    tenant_id uuid NOT NULL,
    size      bigint NOT NULL,
    witness   text NOT NULL CHECK (char_length(witness) <= 200),
    line      text NOT NULL CHECK (char_length(line) <= 800),
    at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, size, witness)
);

-- Leaves of the platform's log: checkpoints of tenants' logs, keys, evidence, acts of the operator that touch no tenant.
CREATE TABLE struct.platform_entry (
    tenant_id uuid NOT NULL CHECK (tenant_id = '00000000-0000-0000-0000-000000000000'),
    entry_id  uuid NOT NULL,
    body      bytea NOT NULL CHECK (octet_length(body) BETWEEN 1 AND 65535),
    PRIMARY KEY (tenant_id, entry_id)
);

-- What was measured of a promise: figure and verdict by a named method. Rows are added, never changed; each is a leaf of
-- the platform's log too. subject: what was looked at (a log's origin), when it is one thing.
CREATE TABLE struct.evidence (
    tenant_id   uuid NOT NULL CHECK (tenant_id = '00000000-0000-0000-0000-000000000000'),
    evidence_id uuid NOT NULL,
    promise     text NOT NULL,
    subject     text,
    window_from timestamptz,
    window_to   timestamptz NOT NULL,
    figure      text NOT NULL,
    verdict     text NOT NULL CHECK (verdict IN ('held', 'broken')),
    method      text NOT NULL,
    tool        text NOT NULL,
    PRIMARY KEY (tenant_id, evidence_id)
);
CREATE INDEX evidence_by_promise ON struct.evidence (tenant_id, promise, evidence_id);

DO $$
DECLARE
    owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY['entry_waiting', 'log', 'log_key', 'leaf', 'tile', 'checkpoint', 'cosignature',
                                 'platform_entry', 'evidence'] LOOP
        EXECUTE format('ALTER TABLE struct.%I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format('ALTER TABLE struct.%I FORCE ROW LEVEL SECURITY', owned);
        EXECUTE format('CREATE POLICY tenant_wall ON struct.%I USING (tenant_id = struct.current_tenant())', owned);
    END LOOP;
END
$$;

GRANT SELECT, INSERT, DELETE ON struct.entry_waiting TO struct_app;
GRANT SELECT, INSERT ON struct.log, struct.log_key, struct.leaf, struct.tile, struct.checkpoint, struct.cosignature,
    struct.platform_entry, struct.evidence TO struct_app;
GRANT UPDATE (size, frontier, heartbeat_at) ON struct.log TO struct_app;

-- Entries of before this migration wait too.
DO $$
DECLARE
    v_tenant uuid;
BEGIN
    -- The owner is under forced row security: it goes through the tenants one by one.
    FOR v_tenant IN SELECT t.tenant_id FROM struct.tenants() t LOOP
        PERFORM set_config('struct.tenant', v_tenant::text, true);
        INSERT INTO struct.entry_waiting (tenant_id, entry_id) SELECT e.tenant_id, e.entry_id FROM struct.entry e WHERE e.tenant_id = v_tenant;
    END LOOP;
    PERFORM set_config('struct.tenant', '', true);
END
$$;

-- Who stands where, rights of whom: nothing of that changes without an entry in the same transaction, whoever does it
-- and by whatever program. Checked at commit, so that the order of the statements is free.
CREATE FUNCTION struct.entered() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM struct.entry_waiting w
        WHERE w.tenant_id = coalesce(NEW.tenant_id, OLD.tenant_id) AND w.xmin = pg_current_xact_id()::xid
    ) THEN
        RAISE EXCEPTION 'a change of % needs its entry in the log', TG_TABLE_NAME USING ERRCODE = 'ST428';
    END IF;
    RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION struct.entered() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION struct.entered() TO struct_app;

DO $$
DECLARE
    held text;
BEGIN
    FOREACH held IN ARRAY ARRAY['tenant', 'member', 'role', 'member_role', 'role_grant', 'contract', 'screen_setting'] LOOP
        EXECUTE format('CREATE CONSTRAINT TRIGGER entered AFTER INSERT OR UPDATE OR DELETE ON struct.%I
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION struct.entered()', held);
    END LOOP;
END
$$;

-- Across tenants, for the sequencer and the self-check: which logs have something to do, which there are, and the one
-- way into the platform's log.
GRANT SELECT (tenant_id), INSERT ON struct.entry_waiting TO struct_crossing;
GRANT SELECT (tenant_id, origin, size, first_kept, heartbeat_at) ON struct.log TO struct_crossing;
GRANT INSERT ON struct.platform_entry TO struct_crossing;
GRANT EXECUTE ON FUNCTION struct.current_tenant() TO struct_crossing;
CREATE POLICY crossing ON struct.entry_waiting FOR SELECT TO struct_crossing USING (true);
CREATE POLICY crossing_in ON struct.entry_waiting FOR INSERT TO struct_crossing
    WITH CHECK (tenant_id = '00000000-0000-0000-0000-000000000000');
CREATE POLICY crossing ON struct.log FOR SELECT TO struct_crossing USING (true);
CREATE POLICY crossing ON struct.platform_entry FOR INSERT TO struct_crossing WITH CHECK (true);

-- Logs with entries waiting, by leaps along the index, however many wait.
CREATE FUNCTION struct.log_waiting(p_limit integer) RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH RECURSIVE found AS (
        (SELECT w.tenant_id FROM struct.entry_waiting w ORDER BY w.tenant_id LIMIT 1)
        UNION ALL
        SELECT (SELECT w.tenant_id FROM struct.entry_waiting w WHERE w.tenant_id > f.tenant_id ORDER BY w.tenant_id LIMIT 1)
        FROM found f WHERE f.tenant_id IS NOT NULL)
    SELECT f.tenant_id FROM found f WHERE f.tenant_id IS NOT NULL LIMIT p_limit;
$$;

-- Tenants whose log has said nothing of itself for so many minutes.
CREATE FUNCTION struct.log_quiet(p_minutes integer, p_limit integer) RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.tenant_id FROM struct.tenant t LEFT JOIN struct.log l ON l.tenant_id = t.tenant_id
    WHERE l.heartbeat_at IS NULL OR l.heartbeat_at < now() - make_interval(mins => p_minutes) LIMIT p_limit;
$$;

-- All logs, the platform's first.
CREATE FUNCTION struct.logs() RETURNS TABLE (tenant_id uuid, origin text, size bigint, first_kept bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT l.tenant_id, l.origin, l.size, l.first_kept FROM struct.log l ORDER BY l.tenant_id;
$$;

-- Puts a leaf into the platform's log's queue, within the transaction of what it tells of.
CREATE FUNCTION struct.platform_append(p_entry uuid, p_body bytea) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO struct.platform_entry (tenant_id, entry_id, body) VALUES ('00000000-0000-0000-0000-000000000000', p_entry, p_body);
    INSERT INTO struct.entry_waiting (tenant_id, entry_id) VALUES ('00000000-0000-0000-0000-000000000000', p_entry);
$$;

REVOKE EXECUTE ON FUNCTION struct.log_waiting(integer), struct.log_quiet(integer, integer), struct.logs(),
    struct.platform_append(uuid, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION struct.log_waiting(integer), struct.log_quiet(integer, integer), struct.logs(),
    struct.platform_append(uuid, bytea) TO struct_app;

GRANT CREATE ON SCHEMA struct TO struct_crossing;
ALTER FUNCTION struct.log_waiting(integer) OWNER TO struct_crossing;
ALTER FUNCTION struct.log_quiet(integer, integer) OWNER TO struct_crossing;
ALTER FUNCTION struct.logs() OWNER TO struct_crossing;
ALTER FUNCTION struct.platform_append(uuid, bytea) OWNER TO struct_crossing;
REVOKE CREATE ON SCHEMA struct FROM struct_crossing;

SET LOCAL ROLE struct_crossing;
GRANT EXECUTE ON FUNCTION struct.logs(), struct.platform_append(uuid, bytea) TO struct_owner;
RESET ROLE;
