-- Backups: what was made, what was proven by restoring it, and what was measured in between. All of it is the platform's: no
-- row tells anything of a tenant. What the repository holds, the repository itself says; these tables say what happened.

-- The last moment known to have been committed. Written each second, so that a restored cluster tells how far it reaches.
CREATE TABLE struct.heartbeat (
    tenant_id uuid NOT NULL CHECK (tenant_id = '00000000-0000-0000-0000-000000000000'),
    at        timestamptz NOT NULL,
    PRIMARY KEY (tenant_id)
) WITH (fillfactor = 10);

-- A run of pgBackRest. kind: what was asked for; verify reads the whole repository again. cause: the first of a new
-- repository, by the rule, again after a failure, or an operator's order. label: the backup's name in the repository.
-- size_bytes: of the database, or what a verification read. repo_size_bytes: what the backup alone takes. done_bytes,
-- total_bytes: how far it is. outcome: unknown when the process that ran it died before it could tell. error: what went wrong, in
-- words. faults: what a verification found, as JSON.
CREATE TABLE struct.backup_run (
    tenant_id       uuid NOT NULL CHECK (tenant_id = '00000000-0000-0000-0000-000000000000'),
    run_id          uuid NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('full', 'differential', 'verify')),
    cause           text NOT NULL CHECK (cause IN ('first', 'rule', 'retry', 'order')),
    started_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    label           text CHECK (char_length(label) <= 60),
    size_bytes      bigint CHECK (size_bytes >= 0),
    repo_size_bytes bigint CHECK (repo_size_bytes >= 0),
    done_bytes      bigint CHECK (done_bytes >= 0),
    total_bytes     bigint CHECK (total_bytes >= 0),
    outcome         text NOT NULL CHECK (outcome IN ('running', 'done', 'failed', 'unknown')),
    error           text CHECK (char_length(error) <= 2000),
    faults          text CHECK (octet_length(faults) <= 32768),
    tool            text NOT NULL CHECK (char_length(tool) <= 60),
    PRIMARY KEY (tenant_id, run_id),
    CHECK ((outcome = 'running') = (ended_at IS NULL)),
    CHECK ((outcome = 'failed') = (error IS NOT NULL))
);
CREATE INDEX backup_run_by_start ON struct.backup_run (tenant_id, started_at DESC);

-- A restore drill: a backup brought back beside, to a moment, and looked through. target_at: the moment. base_label: the
-- backup it was restored from. rpo_ms: from the last heartbeat recovered to the moment. rto_ms: from the order to the first page
-- served. checks: what was looked at and found, as JSON.
CREATE TABLE struct.backup_drill (
    tenant_id  uuid NOT NULL CHECK (tenant_id = '00000000-0000-0000-0000-000000000000'),
    drill_id   uuid NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz,
    target_at  timestamptz NOT NULL,
    base_label text CHECK (char_length(base_label) <= 60),
    rpo_ms     bigint CHECK (rpo_ms >= 0),
    rto_ms     bigint CHECK (rto_ms >= 0),
    checks     text CHECK (octet_length(checks) <= 65536),
    outcome    text NOT NULL CHECK (outcome IN ('running', 'passed', 'failed', 'unknown')),
    error      text CHECK (char_length(error) <= 2000),
    PRIMARY KEY (tenant_id, drill_id),
    CHECK ((outcome = 'running') = (ended_at IS NULL))
);
CREATE INDEX backup_drill_by_start ON struct.backup_drill (tenant_id, started_at DESC);

-- Each minute: the age of the newest log in the repository, how many segments are missing, and what would be lost if the database
-- were lost at that moment. Null where it could not be found out. A minute without a row is one that nobody watched.
CREATE TABLE struct.backup_gauge (
    tenant_id uuid NOT NULL CHECK (tenant_id = '00000000-0000-0000-0000-000000000000'),
    at        timestamptz NOT NULL,
    wal_age_s bigint CHECK (wal_age_s >= 0),
    wal_gaps  bigint CHECK (wal_gaps >= 0),
    rpo_s     bigint CHECK (rpo_s >= 0),
    PRIMARY KEY (tenant_id, at)
);

-- The worst of each day (UTC), kept when the minutes are gone.
CREATE TABLE struct.backup_day (
    tenant_id     uuid NOT NULL CHECK (tenant_id = '00000000-0000-0000-0000-000000000000'),
    day           date NOT NULL,
    wal_age_max_s bigint CHECK (wal_age_max_s >= 0),
    rpo_max_s     bigint CHECK (rpo_max_s >= 0),
    minutes       integer NOT NULL CHECK (minutes > 0),
    PRIMARY KEY (tenant_id, day)
);

DO $$
DECLARE
    owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY['heartbeat', 'backup_run', 'backup_drill', 'backup_gauge', 'backup_day'] LOOP
        EXECUTE format('ALTER TABLE struct.%I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format('ALTER TABLE struct.%I FORCE ROW LEVEL SECURITY', owned);
        EXECUTE format('CREATE POLICY tenant_wall ON struct.%I USING (tenant_id = struct.current_tenant())', owned);
    END LOOP;
END
$$;

GRANT SELECT, INSERT ON struct.heartbeat, struct.backup_drill TO struct_app;
GRANT SELECT, INSERT, DELETE ON struct.backup_run, struct.backup_gauge, struct.backup_day TO struct_app;
GRANT UPDATE (at) ON struct.heartbeat TO struct_app;
-- What a run or a drill was for is never changed; how it went is told as it goes.
GRANT UPDATE (ended_at, label, size_bytes, repo_size_bytes, done_bytes, total_bytes, outcome, error, faults)
    ON struct.backup_run TO struct_app;
GRANT UPDATE (ended_at, base_label, rpo_ms, rto_ms, checks, outcome, error) ON struct.backup_drill TO struct_app;
GRANT UPDATE (wal_age_max_s, rpo_max_s, minutes) ON struct.backup_day TO struct_app;
