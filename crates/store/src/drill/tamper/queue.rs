//! Tampering with what was removed from a log, with what waits for its place, and with measurements. Makes nothing fit afterwards.

use super::{CHANGES, Dice, Found, Tampering};

/// Entries queued again at most.
const AGAIN: u64 = 30;
/// By how many seconds an instant is changed, at most: a year.
const SECONDS: u64 = 365 * 24 * 3600;

impl Found {
    pub(super) fn of_pruning(&self, what: Tampering, dice: Dice<'_>) -> String {
        let log = self.log;
        match what {
            Tampering::BundleGone => {
                let from = dice((self.size / 256).max(1)) * 256;
                format!(
                    "DELETE FROM struct.entry WHERE entry_id IN (SELECT entry_id FROM struct.leaf
                         WHERE tenant_id = '{log}' AND position >= {from} AND position < {from} + 256)"
                )
            }
            Tampering::BoundChanged => {
                let until = self.bundles(dice);
                // Where none says so, one that is there is made to.
                format!(
                    "{}; UPDATE struct.entry SET pruned_below = {until}, verb = 'audit.pruned', actor = 'system', actor_user = NULL, outcome = 'done'
                     WHERE tenant_id = '{log}' AND entry_id = (SELECT entry_id FROM struct.entry WHERE tenant_id = '{log}'
                         ORDER BY verb = 'audit.pruned' DESC, entry_id DESC LIMIT 1)",
                    self.pruned(until)
                )
            }
            _ => format!(
                "UPDATE struct.log SET first_kept = CASE first_kept WHEN {0} THEN {1} ELSE {0} END WHERE tenant_id = '{log}'",
                dice(self.size),
                self.size / 256 * 256
            ),
        }
    }

    pub(super) fn of_queue(&self, what: Tampering, dice: Dice<'_>) -> String {
        let log = self.log;
        let waits = format!(
            "tenant_id = '{log}' AND entry_id IN (SELECT entry_id FROM struct.entry_waiting WHERE tenant_id = '{log}')"
        );
        let place = self.place(dice);
        match what {
            Tampering::QueuedAgain => {
                let until = place + 1 + dice(AGAIN);
                format!(
                    "INSERT INTO struct.entry_waiting SELECT tenant_id, entry_id FROM struct.leaf
                     WHERE tenant_id = '{log}' AND position >= {place} AND position < {until}"
                )
            }
            Tampering::WaitingChanged => {
                let change = CHANGES[dice(CHANGES.len() as u64) as usize];
                format!("UPDATE struct.entry SET {change} WHERE {waits}")
            }
            Tampering::WaitingInstantChanged => {
                let (sign, seconds) = (["+", "-"][dice(2) as usize], 1 + dice(SECONDS));
                format!("UPDATE struct.entry SET at = at {sign} interval '{seconds} seconds' WHERE {waits}")
            }
            Tampering::WaitingInserted => {
                let (id, copied) = Self::copied(log, place, dice);
                // With the keyed hash of the entry whose words it has, or with none.
                let mac = [
                    "NULL",
                    "(SELECT o.mac FROM struct.entry o WHERE o.mac IS NOT NULL AND o.tenant_id = e.tenant_id LIMIT 1)",
                ][dice(2) as usize];
                format!(
                    "{copied}; UPDATE struct.entry e SET mac = {mac} WHERE entry_id = '{id}';
                     INSERT INTO struct.entry_waiting VALUES ('{log}', '{id}')"
                )
            }
            Tampering::PlatformLeafForged => {
                let bodies = [
                    "body",
                    "convert_to(replace(convert_from(body, 'UTF8'), 'broken', 'held'), 'UTF8')",
                    "convert_to(replace(convert_from(body, 'UTF8'), '\"sha256\":\"', '\"sha256\":\"0'), 'UTF8')",
                ];
                format!(
                    "SELECT struct.platform_append(gen_random_uuid(), {}) FROM (SELECT body FROM struct.platform_entry
                         ORDER BY entry_id OFFSET {} LIMIT 1) leaf",
                    bodies[dice(3) as usize],
                    dice(20)
                )
            }
            _ => format!(
                "UPDATE struct.entry SET {} WHERE entry_id = {};
                 INSERT INTO struct.evidence SELECT (jsonb_populate_record(e, jsonb_build_object(
                     'evidence_id', gen_random_uuid(), 'window_to', now() + interval '10 years'))).*
                 FROM struct.evidence e WHERE e.verdict = 'held' ORDER BY e.evidence_id DESC LIMIT 1",
                CHANGES[dice(CHANGES.len() as u64) as usize],
                Self::entry(log, place)
            ),
        }
    }

    /// Up to where some whole bundles more than were removed go.
    pub(super) fn bundles(&self, dice: Dice<'_>) -> u64 {
        let until = self.first_kept + 256 * (1 + dice((self.size - self.first_kept) / 256));
        until.min(self.size / 256 * 256)
    }

    /// The oldest entries deleted as if the retention rule had removed them.
    pub(super) fn pruned(&self, until: u64) -> String {
        let log = self.log;
        format!(
            "DELETE FROM struct.entry WHERE entry_id IN (SELECT entry_id FROM struct.leaf WHERE tenant_id = '{log}' AND position < {until});
             UPDATE struct.log SET first_kept = {until} WHERE tenant_id = '{log}'"
        )
    }
}
