-- Signing in that cannot be aimed at a person: attempts are counted by who is asked for and from where, devices are known
-- again by what their cookie holds, a lost password is recovered by mail, and a device that the owner does not know is
-- disowned. All instants come from the caller, whose rules are domain::session's; none of these tables is a tenant's, and the
-- app role reaches them only through the functions here.

-- closed: somebody else knew the password, the owner said so; until it is recovered it opens nothing.
ALTER TABLE struct.account ADD COLUMN closed boolean NOT NULL DEFAULT false;

-- frozen_at: since when the member takes nothing out and changes nobody's rights; an administrator lifts it.
ALTER TABLE struct.member ADD COLUMN frozen_at timestamptz;

-- peer_sealed: from which device and network the session was used last, under the tenant's directory key.
ALTER TABLE struct.session ADD COLUMN peer_sealed bytea CHECK (octet_length(peer_sealed) <= 2000);

-- Tries of a kind: attempt_key is a keyed hash of what they are aimed at (an address whether known or not, a network), or the
-- id of a device. A window that ended above its limit makes the next one twice as long (strikes), a quiet one half as long.
CREATE TABLE struct.attempt (
    attempt_key  bytea PRIMARY KEY CHECK (octet_length(attempt_key) = 16),
    tries        integer NOT NULL CHECK (tries >= 0),
    strikes      smallint NOT NULL DEFAULT 0 CHECK (strikes BETWEEN 0 AND 6),
    window_until timestamptz NOT NULL
);
CREATE INDEX attempt_old ON struct.attempt (window_until);

-- A device on which the account's owner has signed in. token_hash: of what its cookie holds. described_sealed: when, with what,
-- from where, for the mail that tells the owner; told_at: when that was sent, telling_until: while a server tries. link_hash: of
-- the mail's link by which the owner says that it was somebody else.
CREATE TABLE struct.device (
    user_id          uuid NOT NULL REFERENCES struct.account,
    device_id        uuid NOT NULL UNIQUE,
    token_hash       bytea NOT NULL CHECK (octet_length(token_hash) = 32),
    since            timestamptz NOT NULL,
    known_until      timestamptz NOT NULL,
    described_sealed bytea NOT NULL CHECK (octet_length(described_sealed) <= 2000),
    telling_until    timestamptz,
    told_at          timestamptz,
    link_hash        bytea UNIQUE CHECK (octet_length(link_hash) = 32),
    link_until       timestamptz,
    PRIMARY KEY (user_id, device_id),
    UNIQUE (user_id, token_hash),
    CHECK ((link_hash IS NULL) = (link_until IS NULL))
);
CREATE INDEX device_untold ON struct.device (since) WHERE told_at IS NULL;

-- A mailed link that sets a new password, once. Only the hash of its token is kept.
CREATE TABLE struct.recovery (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    user_id    uuid NOT NULL REFERENCES struct.account,
    made_at    timestamptz NOT NULL,
    open_until timestamptz NOT NULL
);
CREATE INDEX recovery_by_user ON struct.recovery (user_id);

-- A change of an account's address that waits for both of them. old_hash and new_hash: of the links' tokens; old_at and new_at:
-- when each was confirmed.
CREATE TABLE struct.readdressing (
    user_id     uuid PRIMARY KEY REFERENCES struct.account,
    email_index bytea NOT NULL CHECK (octet_length(email_index) = 16),
    email_sealed bytea NOT NULL CHECK (octet_length(email_sealed) <= 2000),
    old_hash    bytea NOT NULL UNIQUE CHECK (octet_length(old_hash) = 32),
    new_hash    bytea NOT NULL UNIQUE CHECK (octet_length(new_hash) = 32),
    old_at      timestamptz,
    new_at      timestamptz,
    open_until  timestamptz NOT NULL
);

-- Counts one try, whoever else counts at this moment; how many there are in this window, and for how long none is let
-- through. Tries while none is let through count too, and make the wait no longer.
CREATE FUNCTION struct.attempt_count(p_key bytea, p_limit integer, p_window_s integer, p_now timestamptz)
    RETURNS TABLE (tries integer, wait_s integer)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO struct.attempt AS a (attempt_key, tries, strikes, window_until)
    VALUES (p_key, 1, 0, p_now + make_interval(secs => p_window_s))
    ON CONFLICT (attempt_key) DO UPDATE SET
        tries = CASE WHEN a.window_until > p_now THEN least(a.tries + 1, 1000000000) ELSE 1 END,
        strikes = CASE
            WHEN a.window_until > p_now THEN a.strikes
            WHEN a.window_until <= p_now - interval '1 day' THEN 0
            WHEN a.tries > p_limit THEN least(a.strikes + 1, 6)
            ELSE greatest(a.strikes - 1, 0) END,
        window_until = CASE
            WHEN a.window_until > p_now THEN a.window_until
            WHEN a.window_until <= p_now - interval '1 day' THEN p_now + make_interval(secs => p_window_s)
            WHEN a.tries > p_limit THEN p_now + make_interval(secs => p_window_s * (1 << least(a.strikes + 1, 6)))
            ELSE p_now + make_interval(secs => p_window_s * (1 << greatest(a.strikes - 1, 0))) END
    RETURNING a.tries,
        CASE WHEN a.tries > p_limit THEN ceil(extract(epoch FROM a.window_until - p_now))::integer ELSE 0 END;
$$;

-- Takes one try back, since it was the owner's.
CREATE FUNCTION struct.attempt_refund(p_keys bytea[]) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE struct.attempt a SET tries = greatest(a.tries - 1, 0) WHERE a.attempt_key = ANY (p_keys);
$$;

-- Forgets windows that ended long ago, links and changes that open nothing, and devices not seen for too long.
CREATE FUNCTION struct.identity_forget(p_now timestamptz) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM struct.attempt a WHERE a.window_until < p_now - interval '1 day';
    DELETE FROM struct.recovery r WHERE r.open_until < p_now;
    DELETE FROM struct.readdressing r WHERE r.open_until < p_now;
    DELETE FROM struct.device d WHERE d.known_until < p_now;
$$;

-- A try to sign in, counted before the password is looked at: on a device that the account knows by that device, else by address
-- and by network. The same work for an address that has an account and for one that has none; a closed account has no password.
CREATE FUNCTION struct.signin_try(p_email_index bytea, p_address bytea, p_network bytea, p_devices bytea[],
        p_limits integer[], p_window_s integer, p_now timestamptz)
    RETURNS TABLE (user_id uuid, password_phc text, device_id uuid, counted bytea[], tries integer, wait_s integer)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_tries integer;
    v_wait_s integer;
BEGIN
    SELECT a.user_id, CASE WHEN a.closed THEN NULL ELSE a.password_phc END INTO user_id, password_phc
    FROM struct.account a WHERE a.email_index = p_email_index;
    SELECT d.device_id INTO device_id FROM struct.device d
    WHERE d.user_id = signin_try.user_id AND d.token_hash = ANY (p_devices) AND d.known_until > p_now LIMIT 1;
    IF device_id IS NOT NULL THEN
        counted := ARRAY[uuid_send(device_id)];
        SELECT c.tries, c.wait_s INTO tries, wait_s FROM struct.attempt_count(counted[1], p_limits[1], p_window_s, p_now) c;
    ELSE
        counted := ARRAY[p_address, p_network];
        SELECT c.tries, c.wait_s INTO tries, wait_s FROM struct.attempt_count(p_address, p_limits[2], p_window_s, p_now) c;
        SELECT c.tries, c.wait_s INTO v_tries, v_wait_s FROM struct.attempt_count(p_network, p_limits[3], p_window_s, p_now) c;
        wait_s := greatest(wait_s, v_wait_s);
    END IF;
    RETURN NEXT;
END
$$;

-- Holds a sign-in to the password it was checked against: 0 when that was changed or closed meanwhile. Whoever changes it waits
-- until the session is there, and then ends it.
CREATE FUNCTION struct.account_still(p_user uuid, p_phc text) RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH held AS MATERIALIZED (
        SELECT 1 FROM struct.account a WHERE a.user_id = p_user AND a.password_phc = p_phc AND NOT a.closed FOR SHARE)
    SELECT count(*) FROM held;
$$;

-- Knows a device from now on. p_tell: whether its owner is told by mail. The oldest beyond so many are forgotten.
CREATE FUNCTION struct.device_add(p_user uuid, p_device uuid, p_hash bytea, p_described bytea, p_tell boolean,
        p_now timestamptz, p_until timestamptz, p_most integer)
    RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO struct.device (user_id, device_id, token_hash, since, known_until, described_sealed, told_at)
    VALUES (p_user, p_device, p_hash, p_now, p_until, p_described, CASE WHEN p_tell THEN NULL ELSE p_now END);
    DELETE FROM struct.device d WHERE d.user_id = p_user AND d.told_at IS NOT NULL AND d.device_id NOT IN (
        SELECT k.device_id FROM struct.device k WHERE k.user_id = p_user ORDER BY k.known_until DESC LIMIT p_most);
$$;

-- A known device was used: it stays known, and its tries begin anew.
CREATE FUNCTION struct.device_used(p_device uuid, p_until timestamptz) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE struct.device d SET known_until = p_until WHERE d.device_id = p_device;
    DELETE FROM struct.attempt a WHERE a.attempt_key = uuid_send(p_device);
$$;

-- Takes devices whose owners have not been told, for so long; a server that dies meanwhile leaves them to another.
CREATE FUNCTION struct.device_claim(p_lease_s integer, p_limit integer, p_now timestamptz)
    RETURNS TABLE (user_id uuid, device_id uuid, described_sealed bytea, email_sealed bytea)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH taken AS (
        UPDATE struct.device d SET telling_until = p_now + make_interval(secs => p_lease_s)
        WHERE d.device_id IN (
            SELECT w.device_id FROM struct.device w
            WHERE w.told_at IS NULL AND (w.telling_until IS NULL OR w.telling_until < p_now)
            ORDER BY w.since LIMIT p_limit FOR UPDATE SKIP LOCKED)
        RETURNING d.user_id, d.device_id, d.described_sealed)
    SELECT t.user_id, t.device_id, t.described_sealed, a.email_sealed
    FROM taken t JOIN struct.account a ON a.user_id = t.user_id;
$$;

-- Keeps the link of the mail that is about to be sent; false when the device was disowned or forgotten meanwhile.
CREATE FUNCTION struct.device_link(p_device uuid, p_hash bytea, p_until timestamptz) RETURNS boolean
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH done AS (UPDATE struct.device d SET link_hash = p_hash, link_until = p_until WHERE d.device_id = p_device RETURNING 1)
    SELECT count(*) = 1 FROM done;
$$;

CREATE FUNCTION struct.device_told(p_device uuid, p_now timestamptz) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE struct.device d SET told_at = p_now WHERE d.device_id = p_device;
$$;

-- The device of a mailed link, while it opens.
CREATE FUNCTION struct.device_linked(p_hash bytea, p_now timestamptz)
    RETURNS TABLE (user_id uuid, device_id uuid, described_sealed bytea)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT d.user_id, d.device_id, d.described_sealed FROM struct.device d WHERE d.link_hash = p_hash AND d.link_until > p_now;
$$;

-- The owner says that it was not them: the password opens nothing until it is recovered, no device is known, no link and no
-- change of address goes on. 0 when the link is spent.
CREATE FUNCTION struct.device_disown(p_hash bytea, p_now timestamptz) RETURNS bigint
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_user uuid;
BEGIN
    SELECT d.user_id INTO v_user FROM struct.device d WHERE d.link_hash = p_hash AND d.link_until > p_now;
    PERFORM 1 FROM struct.account a WHERE a.user_id = v_user FOR UPDATE;
    IF NOT EXISTS (SELECT FROM struct.device d WHERE d.link_hash = p_hash AND d.user_id = v_user) THEN
        RETURN 0;
    END IF;
    UPDATE struct.account a SET closed = true WHERE a.user_id = v_user;
    DELETE FROM struct.device d WHERE d.user_id = v_user;
    DELETE FROM struct.recovery r WHERE r.user_id = v_user;
    DELETE FROM struct.readdressing r WHERE r.user_id = v_user;
    RETURN 1;
END
$$;

-- Whom a mail about recovery would go to: an account that has a password, open or closed.
CREATE FUNCTION struct.recovery_account(p_email_index bytea) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT a.user_id FROM struct.account a WHERE a.email_index = p_email_index AND a.password_phc IS NOT NULL;
$$;

CREATE FUNCTION struct.recovery_add(p_user uuid, p_hash bytea, p_now timestamptz, p_until timestamptz) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO struct.recovery (token_hash, user_id, made_at, open_until) VALUES (p_hash, p_user, p_now, p_until);
$$;

-- Whose password a link sets, while it does.
CREATE FUNCTION struct.recovery_linked(p_hash bytea, p_now timestamptz) RETURNS TABLE (user_id uuid, email_sealed bytea)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT a.user_id, a.email_sealed FROM struct.recovery r JOIN struct.account a ON a.user_id = r.user_id
    WHERE r.token_hash = p_hash AND r.open_until > p_now;
$$;

-- Sets a new password by a link, once: of two that come at the same moment the second finds every link gone. Known devices are
-- known no more, and a change of address that waits comes to nothing. 0 when the link is spent.
CREATE FUNCTION struct.recovery_use(p_hash bytea, p_phc text, p_now timestamptz) RETURNS bigint
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_user uuid;
BEGIN
    SELECT r.user_id INTO v_user FROM struct.recovery r WHERE r.token_hash = p_hash AND r.open_until > p_now;
    PERFORM 1 FROM struct.account a WHERE a.user_id = v_user FOR UPDATE;
    IF NOT EXISTS (SELECT FROM struct.recovery r WHERE r.token_hash = p_hash AND r.user_id = v_user) THEN
        RETURN 0;
    END IF;
    UPDATE struct.account a SET password_phc = p_phc, closed = false WHERE a.user_id = v_user;
    DELETE FROM struct.recovery r WHERE r.user_id = v_user;
    DELETE FROM struct.readdressing r WHERE r.user_id = v_user;
    DELETE FROM struct.device d WHERE d.user_id = v_user;
    RETURN 1;
END
$$;

-- Asks for another address; a change that waited before comes to nothing. The member must be of this transaction's tenant.
CREATE FUNCTION struct.readdressing_add(p_user uuid, p_email_index bytea, p_email_sealed bytea, p_old_hash bytea,
        p_new_hash bytea, p_until timestamptz)
    RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH done AS (
        INSERT INTO struct.readdressing AS r (user_id, email_index, email_sealed, old_hash, new_hash, open_until)
        SELECT m.user_id, p_email_index, p_email_sealed, p_old_hash, p_new_hash, p_until FROM struct.member m
        WHERE m.user_id = p_user AND m.tenant_id = struct.current_tenant()
        ON CONFLICT (user_id) DO UPDATE SET email_index = excluded.email_index, email_sealed = excluded.email_sealed,
            old_hash = excluded.old_hash, new_hash = excluded.new_hash, old_at = NULL, new_at = NULL, open_until = excluded.open_until
        RETURNING 1)
    SELECT count(*) FROM done;
$$;

-- The change a link is about, while it opens: whose, which address, whether this link is the new address's, and whether the other
-- one has confirmed.
CREATE FUNCTION struct.readdressing_linked(p_hash bytea, p_now timestamptz)
    RETURNS TABLE (user_id uuid, email_sealed bytea, is_new boolean, other_done boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT r.user_id, r.email_sealed, r.new_hash = p_hash,
        CASE WHEN r.new_hash = p_hash THEN r.old_at IS NOT NULL ELSE r.new_at IS NOT NULL END
    FROM struct.readdressing r
    WHERE r.open_until > p_now AND ((r.old_hash = p_hash AND r.old_at IS NULL) OR (r.new_hash = p_hash AND r.new_at IS NULL));
$$;

-- Confirms with one link: 0 when it is spent, 1 when the other address has still to confirm, 2 when the address is changed now.
-- An address that another account has is never taken: the change then comes to nothing, as a spent link.
CREATE FUNCTION struct.readdressing_confirm(p_hash bytea, p_now timestamptz) RETURNS bigint
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_change struct.readdressing;
BEGIN
    SELECT * INTO v_change FROM struct.readdressing r WHERE r.old_hash = p_hash OR r.new_hash = p_hash;
    -- The account first, as everywhere, so that a recovery at the same moment and this one wait for each other in one order.
    PERFORM 1 FROM struct.account a WHERE a.user_id = v_change.user_id FOR UPDATE;
    UPDATE struct.readdressing r SET old_at = CASE WHEN r.old_hash = p_hash THEN p_now ELSE r.old_at END,
        new_at = CASE WHEN r.new_hash = p_hash THEN p_now ELSE r.new_at END
    WHERE r.user_id = v_change.user_id AND r.open_until > p_now
      AND ((r.old_hash = p_hash AND r.old_at IS NULL) OR (r.new_hash = p_hash AND r.new_at IS NULL))
    RETURNING * INTO v_change;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    IF v_change.old_at IS NULL OR v_change.new_at IS NULL THEN
        RETURN 1;
    END IF;
    DELETE FROM struct.readdressing r WHERE r.user_id = v_change.user_id;
    IF EXISTS (SELECT FROM struct.account a WHERE a.email_index = v_change.email_index) THEN
        RETURN 0;
    END IF;
    UPDATE struct.account a SET email_index = v_change.email_index, email_sealed = v_change.email_sealed
    WHERE a.user_id = v_change.user_id;
    DELETE FROM struct.recovery r WHERE r.user_id = v_change.user_id;
    RETURN 2;
END
$$;

DO $$
DECLARE
    made regprocedure;
BEGIN
    FOR made IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'struct'::regnamespace
        AND p.proname IN ('attempt_count', 'attempt_refund', 'identity_forget', 'signin_try', 'account_still', 'device_add',
            'device_used', 'device_claim', 'device_link', 'device_told', 'device_linked', 'device_disown', 'recovery_account',
            'recovery_add', 'recovery_linked', 'recovery_use', 'readdressing_add', 'readdressing_linked', 'readdressing_confirm') LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', made);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO struct_app', made);
    END LOOP;
END
$$;
