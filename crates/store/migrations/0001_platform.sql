-- The platform's own tables. Every tenant-owned table leads its keys with tenant_id and is under forced row security.
-- '' counts as no tenant: after SET LOCAL the setting stays defined as an empty string in the session.

CREATE FUNCTION struct.current_tenant() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN NULLIF(current_setting('struct.tenant', true), '')::uuid;

-- A customer of the vendor. access_epoch grows with every change of rights; an Op decided on an older one is refused.
CREATE TABLE struct.tenant (
    tenant_id    uuid PRIMARY KEY,
    code         text NOT NULL UNIQUE CHECK (code ~ '^[a-z][a-z0-9-]{1,30}$'),
    name         text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    access_epoch bigint NOT NULL DEFAULT 1,
    created_at   timestamptz NOT NULL DEFAULT now()
);

-- A user: a verified e-mail address on the whole platform, sealed, found by its blind index. The only identity there is.
-- Not tenant-owned; the app role reaches it only through the functions of 0002.
CREATE TABLE struct.account (
    user_id      uuid PRIMARY KEY,
    email_index  bytea NOT NULL UNIQUE CHECK (octet_length(email_index) = 16),
    email_sealed bytea NOT NULL,
    password_phc text,
    created_at   timestamptz NOT NULL DEFAULT now()
);

-- A user within a tenant. The display name is sealed under the tenant's directory key.
CREATE TABLE struct.member (
    tenant_id     uuid NOT NULL REFERENCES struct.tenant,
    user_id       uuid NOT NULL REFERENCES struct.account,
    name_sealed   bytea NOT NULL,
    administrator boolean NOT NULL DEFAULT false,
    active        boolean NOT NULL DEFAULT true,
    billing_types text[] NOT NULL DEFAULT '{}',
    joined_at     timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX member_by_user ON struct.member (user_id);

-- A named set of grants.
CREATE TABLE struct.role (
    tenant_id uuid NOT NULL REFERENCES struct.tenant,
    role_id   uuid NOT NULL,
    name      text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 60),
    PRIMARY KEY (tenant_id, role_id),
    CONSTRAINT role_name_taken UNIQUE (tenant_id, name)
);

CREATE TABLE struct.member_role (
    tenant_id uuid NOT NULL,
    user_id   uuid NOT NULL,
    role_id   uuid NOT NULL,
    PRIMARY KEY (tenant_id, user_id, role_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES struct.member ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, role_id) REFERENCES struct.role ON DELETE CASCADE
);

-- Role x screen x action: actions is the sum of view 1, create 2, update 4, delete 8, extract 16.
CREATE TABLE struct.role_grant (
    tenant_id uuid NOT NULL,
    role_id   uuid NOT NULL,
    service   text NOT NULL,
    screen    text NOT NULL,
    actions   smallint NOT NULL CHECK (actions BETWEEN 1 AND 31),
    PRIMARY KEY (tenant_id, role_id, service, screen),
    FOREIGN KEY (tenant_id, role_id) REFERENCES struct.role ON DELETE CASCADE
);

-- An installed service: its manifest as STRUCT understood it. Platform-wide; the app role reads only.
CREATE TABLE struct.service (
    name         text PRIMARY KEY,
    version      integer NOT NULL CHECK (version > 0),
    manifest     jsonb NOT NULL,
    installed_at timestamptz NOT NULL DEFAULT now(),
    upgraded_at  timestamptz
);

-- Which tenant has contracted which service.
CREATE TABLE struct.contract (
    tenant_id  uuid NOT NULL REFERENCES struct.tenant,
    service    text NOT NULL REFERENCES struct.service,
    state      text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'ended')),
    started_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, service)
);

-- The four settings of a screen. No row: closed to everyone.
CREATE TABLE struct.screen_setting (
    tenant_id     uuid NOT NULL,
    service       text NOT NULL,
    screen        text NOT NULL,
    usable        boolean NOT NULL,
    root          boolean NOT NULL,
    billing_types text[] NOT NULL,
    permission    text NOT NULL CHECK (permission IN ('none', 'per_role', 'administrators')),
    PRIMARY KEY (tenant_id, service, screen),
    FOREIGN KEY (tenant_id, service) REFERENCES struct.contract
);

-- One signed-in browser. Only the hash of its token is kept.
CREATE TABLE struct.session (
    tenant_id    uuid NOT NULL,
    session_id   uuid NOT NULL,
    token_hash   bytea NOT NULL CHECK (octet_length(token_hash) = 32),
    user_id      uuid NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    PRIMARY KEY (tenant_id, session_id),
    UNIQUE (tenant_id, token_hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES struct.member ON DELETE CASCADE
);
CREATE INDEX session_by_user ON struct.session (tenant_id, user_id, last_seen_at);

-- An invitation that was mailed. Only the hash of its token is kept; it opens once.
CREATE TABLE struct.invitation (
    tenant_id  uuid NOT NULL,
    token_hash bytea NOT NULL CHECK (octet_length(token_hash) = 32),
    user_id    uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    PRIMARY KEY (tenant_id, token_hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES struct.member ON DELETE CASCADE
);

-- The audit entries. The app role may add and read, never change or remove. detail is sealed.
CREATE TABLE struct.entry (
    tenant_id    uuid NOT NULL REFERENCES struct.tenant,
    entry_id     uuid NOT NULL,
    at           timestamptz NOT NULL DEFAULT now(),
    actor        text NOT NULL CHECK (actor IN ('user', 'operator', 'system', 'anyone')),
    actor_user   uuid,
    verb         text NOT NULL,
    outcome      text NOT NULL CHECK (outcome IN ('done', 'denied')),
    request_id   uuid NOT NULL,
    service      text,
    screen       text,
    entity       text,
    record_id    uuid,
    subject_user uuid,
    detail       bytea NOT NULL,
    PRIMARY KEY (tenant_id, entry_id),
    CHECK ((actor = 'user') = (actor_user IS NOT NULL))
);
CREATE INDEX entry_by_actor ON struct.entry (tenant_id, actor_user, entry_id);
CREATE INDEX entry_by_record ON struct.entry (tenant_id, record_id, entry_id) WHERE record_id IS NOT NULL;

-- Work done outside the request that asked for it. progress counts the source rows settled (taken or refused).
CREATE TABLE struct.job (
    tenant_id    uuid NOT NULL REFERENCES struct.tenant,
    job_id       uuid NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('import')),
    service      text NOT NULL,
    screen       text NOT NULL,
    entity       text NOT NULL,
    asked_by     uuid NOT NULL,
    request_id   uuid NOT NULL,
    state        text NOT NULL CHECK (state IN ('receiving', 'queued', 'running', 'done', 'failed')),
    note_sealed  bytea NOT NULL,
    progress     bigint NOT NULL DEFAULT 0,
    taken        bigint NOT NULL DEFAULT 0,
    refused      bigint NOT NULL DEFAULT 0,
    attempts     integer NOT NULL DEFAULT 0,
    failure      text,
    lease_until  timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    finished_at  timestamptz,
    PRIMARY KEY (tenant_id, job_id)
);
CREATE INDEX job_waiting ON struct.job (created_at) WHERE state IN ('queued', 'running');

-- The file handed in, as sealed pieces; removed when the job ends.
CREATE TABLE struct.job_piece (
    tenant_id uuid NOT NULL,
    job_id    uuid NOT NULL,
    number    integer NOT NULL CHECK (number >= 0),
    sealed    bytea NOT NULL,
    PRIMARY KEY (tenant_id, job_id, number),
    FOREIGN KEY (tenant_id, job_id) REFERENCES struct.job ON DELETE CASCADE
);

-- A row of the file that was not taken, with column and reason. It holds no value of the row.
CREATE TABLE struct.job_refusal (
    tenant_id  uuid NOT NULL,
    job_id     uuid NOT NULL,
    row_number bigint NOT NULL,
    number     integer NOT NULL,
    column_name text NOT NULL,
    reason     jsonb NOT NULL,
    PRIMARY KEY (tenant_id, job_id, row_number, number),
    FOREIGN KEY (tenant_id, job_id) REFERENCES struct.job ON DELETE CASCADE
);

DO $$
DECLARE
    owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY['tenant', 'member', 'role', 'member_role', 'role_grant', 'contract', 'screen_setting',
                                 'session', 'invitation', 'entry', 'job', 'job_piece', 'job_refusal'] LOOP
        EXECUTE format('ALTER TABLE struct.%I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format('ALTER TABLE struct.%I FORCE ROW LEVEL SECURITY', owned);
        EXECUTE format('CREATE POLICY tenant_wall ON struct.%I USING (tenant_id = struct.current_tenant())', owned);
    END LOOP;
END
$$;

GRANT USAGE ON SCHEMA struct TO struct_app;
GRANT SELECT ON struct.service, struct.tenant TO struct_app;
GRANT UPDATE (access_epoch) ON struct.tenant TO struct_app;
GRANT SELECT, INSERT, UPDATE ON struct.member TO struct_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON struct.role, struct.member_role, struct.role_grant TO struct_app;
GRANT SELECT ON struct.contract TO struct_app;
GRANT SELECT, INSERT, UPDATE ON struct.screen_setting, struct.session, struct.invitation TO struct_app;
GRANT SELECT, INSERT ON struct.entry TO struct_app;
GRANT SELECT, INSERT, UPDATE ON struct.job TO struct_app;
GRANT SELECT, INSERT, DELETE ON struct.job_piece TO struct_app;
GRANT SELECT, INSERT ON struct.job_refusal TO struct_app;
