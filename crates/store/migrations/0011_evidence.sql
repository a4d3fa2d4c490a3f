-- Evidence says more than yes and no, and can be looked at: a promise that is kept but not for long, and what the figures
-- were made of.

ALTER TABLE struct.evidence DROP CONSTRAINT evidence_verdict_check;
ALTER TABLE struct.evidence ADD CONSTRAINT evidence_verdict_check CHECK (verdict IN ('held', 'at_risk', 'broken'));

-- raw: JSON of the measurement, bounded; its hash stands in the leaf.
ALTER TABLE struct.evidence ADD COLUMN raw text CHECK (octet_length(raw) <= 65536);

-- The newest of each check, without a walk over the others of its promise.
CREATE INDEX evidence_by_check ON struct.evidence (tenant_id, promise, subject, evidence_id);
