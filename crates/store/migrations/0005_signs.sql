-- Signs of fraud: what each person did in a day in figures, the signs that rules saw in them, extractions that were held
-- before their first byte, limits of roles, and planted records. Rules and limits are domain::audit::sign's.

-- A person's day, in figures. Changed in the flight of the acts that count (sign-in, reveal, extraction, refusal), never by
-- plain writes and reads of records. revision grows with each of them; looked is the revision up to which the rules have
-- looked. day: of Japan, by the id of the entry.
CREATE TABLE struct.tally (
    tenant_id      uuid NOT NULL,
    user_id        uuid NOT NULL,
    day            date NOT NULL,
    extracted_rows bigint NOT NULL DEFAULT 0 CHECK (extracted_rows >= 0),
    reveals        bigint NOT NULL DEFAULT 0,
    denials        bigint NOT NULL DEFAULT 0,
    sign_ins       bigint NOT NULL DEFAULT 0,
    revision       bigint NOT NULL DEFAULT 0,
    looked         bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, user_id, day)
);
CREATE INDEX tally_due ON struct.tally (day) WHERE revision > looked;

-- The entries that rules look at: few among many, found by person and time. Plain writes of records are in neither index.
CREATE INDEX entry_telling ON struct.entry (tenant_id, actor_user, entry_id)
    WHERE verb IN ('session.started', 'record.revealed', 'records.extracted', 'access.denied', 'record.not_found');
CREATE INDEX entry_refused ON struct.entry (tenant_id, subject_user, entry_id) WHERE verb = 'session.refused';

-- A sign. rule: a code of domain::audit::sign::Rule. The same rule, person and window (window_key: a day, an hour of it, a
-- record) are one sign, however many servers see it. value, bound, median and mad are the figures; window_from and
-- window_until the time they were taken of. told_at: when administrators and operator had been told; until then one server at
-- a time tries, for telling_until. note: what the administrator who closed it found, sealed.
CREATE TABLE struct.sign (
    tenant_id     uuid NOT NULL,
    sign_id       uuid NOT NULL,
    rule          text NOT NULL,
    user_id       uuid NOT NULL,
    window_key    text NOT NULL CHECK (char_length(window_key) <= 200),
    raised_at     timestamptz NOT NULL,
    value         bigint NOT NULL,
    bound         bigint NOT NULL,
    median        bigint,
    mad           bigint,
    window_from   timestamptz NOT NULL,
    window_until  timestamptz NOT NULL,
    service       text,
    screen        text,
    record_id     uuid,
    state         text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
    closed_by     uuid,
    closed_at     timestamptz,
    note_sealed   bytea,
    telling_until timestamptz,
    told_at       timestamptz,
    PRIMARY KEY (tenant_id, sign_id),
    UNIQUE (tenant_id, user_id, rule, window_key),
    CHECK ((state = 'closed') = (closed_by IS NOT NULL AND closed_at IS NOT NULL AND note_sealed IS NOT NULL))
);
CREATE INDEX sign_untold ON struct.sign (raised_at) WHERE told_at IS NULL;
CREATE INDEX sign_open ON struct.sign (tenant_id, sign_id) WHERE state = 'open';

-- An extraction that was held. query_sealed: what was asked for, under the service's key. counted: rows it would have given
-- out; bound: rows that would have been let go that day, of which taken_before were gone already. A released one is taken
-- once, before expires_at; reason_sealed is the deciding administrator's. Nobody decides on their own.
CREATE TABLE struct.hold (
    tenant_id     uuid NOT NULL,
    hold_id       uuid NOT NULL,
    asked_by      uuid NOT NULL,
    asked_at      timestamptz NOT NULL,
    service       text NOT NULL,
    screen        text NOT NULL,
    entity        text NOT NULL,
    format        text NOT NULL,
    query_sealed  bytea NOT NULL,
    rule          text NOT NULL,
    counted       bigint NOT NULL CHECK (counted >= 0),
    taken_before  bigint NOT NULL CHECK (taken_before >= 0),
    bound         bigint NOT NULL,
    median        bigint,
    mad           bigint,
    state         text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'released', 'refused', 'taken')),
    decided_by    uuid,
    decided_at    timestamptz,
    reason_sealed bytea,
    expires_at    timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, hold_id),
    CHECK (decided_by <> asked_by),
    CHECK ((state = 'waiting') = (decided_by IS NULL)),
    CHECK ((decided_by IS NULL) = (decided_at IS NULL) AND (decided_by IS NULL) = (reason_sealed IS NULL))
);
CREATE INDEX hold_by_asker ON struct.hold (tenant_id, asked_by, hold_id);

-- What administrators set for a role: rows a day let go without being compared with usual days, and rows a day at most.
CREATE TABLE struct.role_limit (
    tenant_id uuid NOT NULL,
    role_id   uuid NOT NULL,
    free_rows bigint CHECK (free_rows BETWEEN 0 AND 10000000),
    max_rows  bigint CHECK (max_rows BETWEEN 0 AND 10000000),
    PRIMARY KEY (tenant_id, role_id),
    FOREIGN KEY (tenant_id, role_id) REFERENCES struct.role ON DELETE CASCADE
);

-- Planted records: nobody has a reason to open one, so every touch raises a sign.
CREATE TABLE struct.honey (
    tenant_id uuid NOT NULL,
    service   text NOT NULL,
    entity    text NOT NULL,
    record_id uuid NOT NULL,
    set_by    uuid NOT NULL,
    set_at    timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, record_id)
);

DO $$
DECLARE
    owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY['tally', 'sign', 'hold', 'role_limit', 'honey'] LOOP
        EXECUTE format('ALTER TABLE struct.%I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format('ALTER TABLE struct.%I FORCE ROW LEVEL SECURITY', owned);
        EXECUTE format('CREATE POLICY tenant_wall ON struct.%I USING (tenant_id = struct.current_tenant())', owned);
    END LOOP;
END
$$;

-- Figures of a sign or a hold are never changed; only what became of it.
GRANT SELECT, INSERT, UPDATE ON struct.tally TO struct_app;
GRANT SELECT, INSERT, UPDATE (state, closed_by, closed_at, note_sealed, told_at) ON struct.sign TO struct_app;
GRANT SELECT, INSERT, UPDATE (state, decided_by, decided_at, reason_sealed, expires_at) ON struct.hold TO struct_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON struct.role_limit TO struct_app;
GRANT SELECT, INSERT, DELETE ON struct.honey TO struct_app;

-- Across tenants, for whichever server looks: days with acts the rules have not seen, and signs nobody has been told of.
GRANT SELECT (tenant_id, user_id, day, revision, looked) ON struct.tally TO struct_crossing;
GRANT SELECT (tenant_id, sign_id, raised_at, telling_until, told_at), UPDATE (telling_until) ON struct.sign TO struct_crossing;
CREATE POLICY crossing ON struct.tally FOR SELECT TO struct_crossing USING (true);
CREATE POLICY crossing ON struct.sign TO struct_crossing USING (true);

-- Days to be looked at, newest first, so that one that can't be looked at holds up nothing new.
CREATE FUNCTION struct.tally_due(p_limit integer) RETURNS TABLE (tenant_id uuid, user_id uuid, day date)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.tenant_id, t.user_id, t.day FROM struct.tally t WHERE t.revision > t.looked ORDER BY t.day DESC LIMIT p_limit;
$$;

-- Takes signs to be told for so long; a server that dies meanwhile leaves them to another.
CREATE FUNCTION struct.sign_claim(p_lease_secs integer, p_limit integer) RETURNS TABLE (tenant_id uuid, sign_id uuid)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE struct.sign s SET telling_until = now() + make_interval(secs => p_lease_secs)
    WHERE (s.tenant_id, s.sign_id) IN (
        SELECT w.tenant_id, w.sign_id FROM struct.sign w
        WHERE w.told_at IS NULL AND (w.telling_until IS NULL OR w.telling_until < now())
        ORDER BY w.raised_at LIMIT p_limit FOR UPDATE SKIP LOCKED)
    RETURNING s.tenant_id, s.sign_id;
$$;

REVOKE EXECUTE ON FUNCTION struct.tally_due(integer), struct.sign_claim(integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION struct.tally_due(integer), struct.sign_claim(integer, integer) TO struct_app;
GRANT CREATE ON SCHEMA struct TO struct_crossing;
ALTER FUNCTION struct.tally_due(integer) OWNER TO struct_crossing;
ALTER FUNCTION struct.sign_claim(integer, integer) OWNER TO struct_crossing;
REVOKE CREATE ON SCHEMA struct FROM struct_crossing;
