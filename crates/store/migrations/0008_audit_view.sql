-- Ways into the log for those who look for something in it. Each index holds only entries that are few beside the records
-- made and changed all day, so the writes of a working day touch none of the three.

-- What was done to a person's account, and sign-ins refused in their name.
CREATE INDEX entry_by_subject ON struct.entry (tenant_id, subject_user, entry_id) WHERE subject_user IS NOT NULL;

-- What was refused.
CREATE INDEX entry_denied ON struct.entry (tenant_id, entry_id) WHERE outcome = 'denied';

-- What is done seldom: extractions, rights, sign-ins, deletions. The two verbs left out are those of nearly every entry.
CREATE INDEX entry_by_verb ON struct.entry (tenant_id, verb, entry_id) WHERE verb NOT IN ('record.created', 'record.updated');
