-- Witnesses: parties elsewhere who have seen a log grow, and say so below its checkpoints (table cosignature).

-- What a witness last said of a log. asked_at: when it last answered. cosigned_size, cosigned_at: the largest tree that it
-- has cosigned, and when. refusal: why it no longer does, when the log is not the one it has seen; the self-check takes
-- that for a fault of the log for as long as it is fresh.
CREATE TABLE struct.witness (
    tenant_id     uuid NOT NULL,
    witness       text NOT NULL CHECK (char_length(witness) BETWEEN 1 AND 200),
    asked_at      timestamptz NOT NULL,
    cosigned_size bigint CHECK (cosigned_size >= 0),
    cosigned_at   timestamptz,
    refusal       text CHECK (char_length(refusal) <= 400),
    PRIMARY KEY (tenant_id, witness),
    CHECK ((cosigned_size IS NULL) = (cosigned_at IS NULL))
);

ALTER TABLE struct.witness ENABLE ROW LEVEL SECURITY;
ALTER TABLE struct.witness FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_wall ON struct.witness USING (tenant_id = struct.current_tenant());
GRANT SELECT, INSERT ON struct.witness TO struct_app;
GRANT UPDATE (asked_at, cosigned_size, cosigned_at, refusal) ON struct.witness TO struct_app;
