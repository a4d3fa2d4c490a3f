-- Two questions must be asked before a tenant is known: which tenants a signed-in address belongs to, and which job
-- waits longest. They read tenant-owned rows, so they run as struct_crossing, the one role that may see across the
-- wall. It cannot log in, owns nothing else, and may read only the columns named here.

GRANT USAGE ON SCHEMA struct TO struct_crossing;
GRANT SELECT (tenant_id, user_id, active, joined_at) ON struct.member TO struct_crossing;
GRANT SELECT (tenant_id, job_id, state, lease_until, created_at, attempts) ON struct.job TO struct_crossing;
GRANT UPDATE (state, lease_until, attempts) ON struct.job TO struct_crossing;
GRANT SELECT (tenant_id, code, name, created_at) ON struct.tenant TO struct_crossing;

CREATE POLICY crossing ON struct.member FOR SELECT TO struct_crossing USING (true);
CREATE POLICY crossing ON struct.job TO struct_crossing USING (true);
CREATE POLICY crossing ON struct.tenant FOR SELECT TO struct_crossing USING (true);

-- The tenants a user may enter, oldest membership first.
CREATE FUNCTION struct.user_tenants(p_user uuid) RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT m.tenant_id FROM struct.member m
    WHERE m.user_id = p_user AND m.active AND m.joined_at IS NOT NULL ORDER BY m.joined_at, m.tenant_id;
$$;

-- Takes the job that waits longest, or one whose worker's lease ran out. SKIP LOCKED lets workers pass each other.
CREATE FUNCTION struct.job_claim(p_lease_secs integer, p_max_attempts integer)
    RETURNS TABLE (tenant_id uuid, job_id uuid, attempts integer)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE struct.job j
    SET state = 'running', lease_until = now() + make_interval(secs => p_lease_secs), attempts = j.attempts + 1
    WHERE (j.tenant_id, j.job_id) = (
        SELECT w.tenant_id, w.job_id FROM struct.job w
        WHERE w.state IN ('queued', 'running') AND (w.lease_until IS NULL OR w.lease_until < now())
          AND w.attempts <= p_max_attempts
        ORDER BY w.created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING j.tenant_id, j.job_id, j.attempts;
$$;

-- Gives back every lease: for a server that has just started and is the only one.
CREATE FUNCTION struct.job_release() RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE struct.job SET lease_until = NULL WHERE state = 'running';
$$;

-- All tenants, for the operator.
CREATE FUNCTION struct.tenants() RETURNS TABLE (tenant_id uuid, code text, name text, created_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.tenant_id, t.code, t.name, t.created_at FROM struct.tenant t ORDER BY t.code;
$$;

-- Before the functions are handed over: afterwards only their owner could say who may call them.
REVOKE EXECUTE ON FUNCTION struct.user_tenants(uuid), struct.job_claim(integer, integer), struct.job_release(), struct.tenants() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION struct.user_tenants(uuid), struct.job_claim(integer, integer), struct.job_release(), struct.tenants() TO struct_app;

GRANT CREATE ON SCHEMA struct TO struct_crossing;
ALTER FUNCTION struct.user_tenants(uuid) OWNER TO struct_crossing;
ALTER FUNCTION struct.job_claim(integer, integer) OWNER TO struct_crossing;
ALTER FUNCTION struct.job_release() OWNER TO struct_crossing;
ALTER FUNCTION struct.tenants() OWNER TO struct_crossing;
REVOKE CREATE ON SCHEMA struct FROM struct_crossing;

-- Handing a function over turns the old owner's right into the new owner's, so the operator's role is let in afterwards.
SET LOCAL ROLE struct_crossing;
GRANT EXECUTE ON FUNCTION struct.user_tenants(uuid), struct.tenants() TO struct_owner;
RESET ROLE;
