-- Streams: a tenant's log sent on, entry by entry in the order of the log, to a system that the tenant watches it with.

-- peer: host and port, as pages show it. address_sealed: the whole address and what it is opened with (both may hold
-- secrets), under the tenant's directory key. position: the next leaf to be sent; it moves only when a batch was taken.
-- skipped: entries that were pruned before they could be sent. failure, particulars: why the last attempt failed, a code and
-- what belongs to it; null when it did not. due_at: not tried before. leased_to, lease_until: the one worker that sends, and
-- until when; another takes over afterwards. created_by: null for the operator.
CREATE TABLE struct.stream (
    tenant_id      uuid NOT NULL,
    stream_id      uuid NOT NULL,
    name           text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 60),
    kind           text NOT NULL CHECK (kind IN ('https', 'syslog')),
    peer           text NOT NULL CHECK (char_length(peer) BETWEEN 1 AND 300),
    address_sealed bytea NOT NULL,
    created_by     uuid,
    created_at     timestamptz NOT NULL,
    paused         boolean NOT NULL DEFAULT false,
    position       bigint NOT NULL CHECK (position >= 0),
    skipped        bigint NOT NULL DEFAULT 0 CHECK (skipped >= 0),
    delivered_at   timestamptz,
    failed_at      timestamptz,
    failures       integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    failure        text CHECK (char_length(failure) <= 40),
    particulars    text CHECK (char_length(particulars) <= 200),
    due_at         timestamptz NOT NULL DEFAULT now(),
    leased_to      uuid,
    lease_until    timestamptz,
    PRIMARY KEY (tenant_id, stream_id),
    CHECK ((failure IS NULL) = (failures = 0)),
    CHECK ((leased_to IS NULL) = (lease_until IS NULL))
);

ALTER TABLE struct.stream ENABLE ROW LEVEL SECURITY;
ALTER TABLE struct.stream FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_wall ON struct.stream USING (tenant_id = struct.current_tenant());

-- Where a stream goes is never changed; it is removed and made anew.
GRANT SELECT, INSERT, DELETE ON struct.stream TO struct_app;
GRANT UPDATE (paused, position, skipped, delivered_at, failed_at, failures, failure, particulars, due_at, leased_to, lease_until)
    ON struct.stream TO struct_app;

-- Nobody is sent a log, or left without it, without an entry in the same transaction.
CREATE CONSTRAINT TRIGGER entered AFTER INSERT OR DELETE OR UPDATE OF paused ON struct.stream
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION struct.entered();

-- Across tenants, for whichever server sends.
GRANT SELECT (tenant_id, stream_id, paused, position, failures, due_at, leased_to, lease_until) ON struct.stream TO struct_crossing;
GRANT UPDATE (leased_to, lease_until) ON struct.stream TO struct_crossing;
CREATE POLICY crossing ON struct.stream TO struct_crossing USING (true);

-- Takes the stream that waits longest of those with something to send. SKIP LOCKED lets workers pass each other.
CREATE FUNCTION struct.stream_claim(p_worker uuid, p_lease_secs integer) RETURNS TABLE (tenant_id uuid, stream_id uuid)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE struct.stream s
    SET leased_to = p_worker, lease_until = now() + make_interval(secs => p_lease_secs)
    WHERE (s.tenant_id, s.stream_id) = (
        SELECT w.tenant_id, w.stream_id FROM struct.stream w JOIN struct.log l ON l.tenant_id = w.tenant_id
        WHERE NOT w.paused AND w.position < l.size AND w.due_at <= now() AND (w.lease_until IS NULL OR w.lease_until < now())
        ORDER BY w.due_at LIMIT 1 FOR UPDATE OF w SKIP LOCKED)
    RETURNING s.tenant_id, s.stream_id;
$$;

-- How many streams run, how many of them fail, and how many entries the farthest behind has still to be sent.
CREATE FUNCTION struct.stream_figures() RETURNS TABLE (streams bigint, failing bigint, behind bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT count(*), count(*) FILTER (WHERE s.failures > 0), coalesce(max(l.size - s.position), 0)
    FROM struct.stream s JOIN struct.log l ON l.tenant_id = s.tenant_id WHERE NOT s.paused;
$$;

REVOKE EXECUTE ON FUNCTION struct.stream_claim(uuid, integer), struct.stream_figures() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION struct.stream_claim(uuid, integer), struct.stream_figures() TO struct_app;
GRANT CREATE ON SCHEMA struct TO struct_crossing;
ALTER FUNCTION struct.stream_claim(uuid, integer) OWNER TO struct_crossing;
ALTER FUNCTION struct.stream_figures() OWNER TO struct_crossing;
REVOKE CREATE ON SCHEMA struct FROM struct_crossing;
