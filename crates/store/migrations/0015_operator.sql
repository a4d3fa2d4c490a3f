-- Sessions on the operator's pages. No operator has a password: whoever may run the command line as the owner makes a link,
-- and the link opens one session.

-- name_sealed: who, as the machine or the command said. link_hash, token_hash: SHA-256 of what was given out; neither is kept.
CREATE TABLE struct.operator_session (
    tenant_id  uuid NOT NULL CHECK (tenant_id = '00000000-0000-0000-0000-000000000000'),
    session_id uuid NOT NULL,
    name_sealed bytea NOT NULL CHECK (octet_length(name_sealed) BETWEEN 1 AND 1000),
    link_hash  bytea NOT NULL CHECK (octet_length(link_hash) = 32),
    link_until timestamptz NOT NULL,
    token_hash bytea CHECK (octet_length(token_hash) = 32),
    opened_at  timestamptz,
    until      timestamptz,
    ended_at   timestamptz,
    PRIMARY KEY (tenant_id, session_id),
    UNIQUE (tenant_id, link_hash),
    UNIQUE (tenant_id, token_hash),
    CHECK ((token_hash IS NULL) = (opened_at IS NULL) AND (token_hash IS NULL) = (until IS NULL))
);

ALTER TABLE struct.operator_session ENABLE ROW LEVEL SECURITY;
ALTER TABLE struct.operator_session FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_wall ON struct.operator_session USING (tenant_id = struct.current_tenant());

-- The server opens and ends sessions; it can't make a link.
GRANT SELECT, UPDATE (token_hash, opened_at, until, ended_at) ON struct.operator_session TO struct_app;

-- A session that was opened belongs to one browser for good, and an ended one stays ended.
CREATE FUNCTION struct.operator_session_once() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.token_hash IS NOT NULL
        AND (NEW.token_hash, NEW.opened_at, NEW.until) IS DISTINCT FROM (OLD.token_hash, OLD.opened_at, OLD.until) THEN
        RAISE EXCEPTION 'an operator''s link opens one session';
    END IF;
    IF OLD.ended_at IS NOT NULL AND NEW.ended_at IS DISTINCT FROM OLD.ended_at THEN
        RAISE EXCEPTION 'an ended session stays ended';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER once BEFORE UPDATE ON struct.operator_session
    FOR EACH ROW EXECUTE FUNCTION struct.operator_session_once();

REVOKE EXECUTE ON FUNCTION struct.operator_session_once() FROM PUBLIC;
