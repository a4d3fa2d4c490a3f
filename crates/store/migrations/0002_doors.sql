-- The doors: what the app role may do across tenants, each as one narrow function, and the checks every Op begins with.
-- Functions marked SECURITY DEFINER run as their owner, which is under forced row security too: a door sets the tenant
-- itself where it reads tenant-owned rows, or reads only platform tables.

-- Begins an Op: raises ST412 if rights were changed since they were decided upon, ST401 if the session is over.
-- Idle minutes come from the caller, since the limit is a rule (domain::session).
CREATE FUNCTION struct.op_begin(p_session uuid, p_epoch bigint, p_idle_min integer) RETURNS void
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_tenant uuid := struct.current_tenant();
BEGIN
    IF p_session IS NOT NULL AND NOT EXISTS (
        SELECT FROM struct.session
        WHERE tenant_id = v_tenant AND session_id = p_session AND ended_at IS NULL AND expires_at > now()
          AND last_seen_at > now() - make_interval(mins => p_idle_min)
    ) THEN
        RAISE EXCEPTION 'the session is over' USING ERRCODE = 'ST401';
    END IF;
    IF p_epoch IS NOT NULL AND NOT EXISTS (
        SELECT FROM struct.tenant WHERE tenant_id = v_tenant AND access_epoch = p_epoch
    ) THEN
        RAISE EXCEPTION 'rights were changed' USING ERRCODE = 'ST412';
    END IF;
END
$$;

-- Holds a statement to the number of rows it must touch; raises ST409 otherwise, so that the transaction, entry
-- included, comes to nothing.
CREATE FUNCTION struct.op_expect(p_found bigint, p_wanted bigint) RETURNS void
    LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF p_found <> p_wanted THEN
        RAISE EXCEPTION 'expected % rows, found %', p_wanted, p_found USING ERRCODE = 'ST409';
    END IF;
END
$$;

-- Raises the tenant's access epoch: every snapshot of its rights is stale from the commit on.
CREATE FUNCTION struct.rights_changed() RETURNS void
    LANGUAGE sql AS $$
    UPDATE struct.tenant SET access_epoch = access_epoch + 1 WHERE tenant_id = struct.current_tenant();
$$;

-- Sign-in: the account of an address, whether or not it exists in one answer of one shape.
CREATE FUNCTION struct.account_find(p_email_index bytea)
    RETURNS TABLE (user_id uuid, password_phc text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT a.user_id, a.password_phc FROM struct.account a WHERE a.email_index = p_email_index;
$$;

-- The sealed address of members of the tenant of this transaction, for its administrators' pages.
CREATE FUNCTION struct.account_addresses(p_users uuid[])
    RETURNS TABLE (user_id uuid, email_sealed bytea)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT a.user_id, a.email_sealed FROM struct.account a
    JOIN struct.member m ON m.user_id = a.user_id AND m.tenant_id = struct.current_tenant()
    WHERE a.user_id = ANY (p_users);
$$;

-- Makes an account for an address, or finds the one it has.
CREATE FUNCTION struct.account_ensure(p_user uuid, p_email_index bytea, p_email_sealed bytea)
    RETURNS TABLE (user_id uuid, email_sealed bytea)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO struct.account AS a (user_id, email_index, email_sealed) VALUES (p_user, p_email_index, p_email_sealed)
    ON CONFLICT (email_index) DO UPDATE SET email_index = excluded.email_index
    RETURNING a.user_id, a.email_sealed;
$$;

-- Sets the first password of a user of this tenant. Never replaces one: that is recovery, another door.
CREATE FUNCTION struct.account_set_first_password(p_user uuid, p_phc text) RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH done AS (
        UPDATE struct.account a SET password_phc = p_phc
        WHERE a.user_id = p_user AND a.password_phc IS NULL
          AND EXISTS (SELECT FROM struct.member m
                      WHERE m.user_id = a.user_id AND m.tenant_id = struct.current_tenant())
        RETURNING 1)
    SELECT count(*) FROM done;
$$;

-- Whether a member of this tenant already has a password (an invitation to a second tenant asks for none).
CREATE FUNCTION struct.account_has_password(p_user uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT a.password_phc IS NOT NULL FROM struct.account a
    JOIN struct.member m ON m.user_id = a.user_id AND m.tenant_id = struct.current_tenant()
    WHERE a.user_id = p_user;
$$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA struct FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA struct TO struct_app;
