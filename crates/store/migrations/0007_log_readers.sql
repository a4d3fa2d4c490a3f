-- Readers of a tenant's log from outside: tokens for programs that fetch it, addresses that get the newest checkpoint every
-- day, and the walks over the whole log that administrators ask for.

-- A token by which a program reads this tenant's log and nothing else. token_hash: SHA-256 of the text, which is shown once.
-- entered_on: the last day whose first use stands in the log. A revoked or expired one stays, so that the page can tell of it.
CREATE TABLE struct.log_token (
    tenant_id    uuid NOT NULL,
    token_id     uuid NOT NULL,
    name         text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 60),
    token_hash   bytea NOT NULL CHECK (octet_length(token_hash) = 32),
    created_by   uuid NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL CHECK (expires_at > created_at),
    last_used_at timestamptz,
    entered_on   date,
    revoked_at   timestamptz,
    PRIMARY KEY (tenant_id, token_id),
    UNIQUE (tenant_id, token_hash)
);

-- Whoever gets the newest checkpoint by mail once a day. email_sealed: the address, under the tenant's directory key.
-- sent_on: the last day a mail was taken on; one server at a time can set it to today.
CREATE TABLE struct.log_subscriber (
    tenant_id     uuid NOT NULL,
    subscriber_id uuid NOT NULL,
    email_sealed  bytea NOT NULL,
    locale        text NOT NULL CHECK (locale IN ('ja', 'en')),
    created_by    uuid NOT NULL,
    created_at    timestamptz NOT NULL,
    sent_on       date,
    PRIMARY KEY (tenant_id, subscriber_id)
);

-- A walk over the whole log that an administrator asked for. seen_at: when the server that walks last said how far it was; a
-- walk that has neither ended nor said anything for long was cut off by a restart. faults: what did not fit, a line each.
CREATE TABLE struct.log_walk (
    tenant_id   uuid NOT NULL,
    walk_id     uuid NOT NULL,
    asked_by    uuid NOT NULL,
    started_at  timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL,
    size        bigint NOT NULL CHECK (size >= 0),
    leaves      bigint NOT NULL DEFAULT 0 CHECK (leaves >= 0),
    checkpoints bigint NOT NULL DEFAULT 0 CHECK (checkpoints >= 0),
    finished_at timestamptz,
    faults      text CHECK (char_length(faults) <= 8000),
    PRIMARY KEY (tenant_id, walk_id),
    CHECK ((finished_at IS NULL) = (faults IS NULL))
);

DO $$
DECLARE
    owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY['log_token', 'log_subscriber', 'log_walk'] LOOP
        EXECUTE format('ALTER TABLE struct.%I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format('ALTER TABLE struct.%I FORCE ROW LEVEL SECURITY', owned);
        EXECUTE format('CREATE POLICY tenant_wall ON struct.%I USING (tenant_id = struct.current_tenant())', owned);
    END LOOP;
END
$$;

-- What a token opens and until when is never changed; it is revoked and made anew.
GRANT SELECT, INSERT, UPDATE (last_used_at, entered_on, revoked_at) ON struct.log_token TO struct_app;
GRANT SELECT, INSERT, UPDATE (sent_on), DELETE ON struct.log_subscriber TO struct_app;
GRANT SELECT, INSERT, UPDATE (seen_at, leaves, checkpoints, finished_at, faults) ON struct.log_walk TO struct_app;

-- Nobody is let at the log, or told of it, without an entry in the same transaction.
CREATE CONSTRAINT TRIGGER entered AFTER INSERT OR DELETE OR UPDATE OF revoked_at, entered_on ON struct.log_token
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION struct.entered();
CREATE CONSTRAINT TRIGGER entered AFTER INSERT OR DELETE ON struct.log_subscriber
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION struct.entered();

-- Across tenants, for whichever server mails: those where somebody has not had the day's mail.
GRANT SELECT (tenant_id, sent_on) ON struct.log_subscriber TO struct_crossing;
CREATE POLICY crossing ON struct.log_subscriber FOR SELECT TO struct_crossing USING (true);

CREATE FUNCTION struct.log_mail_due(p_day date, p_limit integer) RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT DISTINCT s.tenant_id FROM struct.log_subscriber s
    WHERE s.sent_on IS NULL OR s.sent_on < p_day ORDER BY s.tenant_id LIMIT p_limit;
$$;
REVOKE EXECUTE ON FUNCTION struct.log_mail_due(date, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION struct.log_mail_due(date, integer) TO struct_app;
GRANT CREATE ON SCHEMA struct TO struct_crossing;
ALTER FUNCTION struct.log_mail_due(date, integer) OWNER TO struct_crossing;
REVOKE CREATE ON SCHEMA struct FROM struct_crossing;
