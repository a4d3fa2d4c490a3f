//! What the platform's log tells of the tenants' checkpoints, held against those that are stored: one that was taken away, or
//! a log that was, is missed here. Keeps a sum for each log, not the checkpoints: a log may have published millions.

use super::CheckedLog;
use domain::audit::Verb;
use ledger::hash::Hash;
use ledger::leaf::PlatformLeaf;
use std::collections::BTreeMap;

/// How many texts there were, and their hashes added up: the same in whatever order they come.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Sum {
    count: u64,
    lanes: [u64; 4],
}

impl Sum {
    fn add(&mut self, hash: &Hash) {
        self.count += 1;
        for (lane, bytes) in self.lanes.iter_mut().zip(hash.0.as_chunks::<8>().0) {
            *lane = lane.wrapping_add(u64::from_be_bytes(*bytes));
        }
    }
}

/// What was told, log by log.
#[derive(Default, Debug)]
pub(crate) struct Told {
    sums: BTreeMap<String, Sum>,
    restored: Vec<(String, String)>,
}

/// A log's stored checkpoints, in the order in which they were told.
#[derive(Default, Debug)]
pub(super) struct Stored {
    told: Sum,
    sum: Sum,
    differs: bool,
}

impl Told {
    /// Takes in a leaf of the platform's log.
    pub(super) fn take(&mut self, leaf: &[u8]) {
        match PlatformLeaf::decode(leaf) {
            Ok(PlatformLeaf::Checkpoint { log, sha256, .. }) => {
                if let Some(hash) = Hash::from_hex(&sha256) {
                    self.sums.entry(log).or_default().add(&hash);
                }
            }
            Ok(PlatformLeaf::Operator { at, note: Some(note), verb }) if verb == Verb::AuditRestored.code() => {
                self.restored.push((at, note));
            }
            _ => {}
        }
    }

    /// What was told of a log; nothing is known of one whose platform's log was not walked before.
    pub(super) fn of(&mut self, origin: &str) -> Stored {
        Stored { told: self.sums.remove(origin).unwrap_or_default(), ..Stored::default() }
    }

    /// Ends of logs that were lost by a restore: when that was told, and what.
    pub(super) fn restored(&self) -> &[(String, String)] {
        &self.restored
    }

    /// Logs that were told of and not asked for.
    pub(super) fn left(self) -> impl Iterator<Item = String> {
        self.sums.into_keys()
    }
}

impl Stored {
    /// Takes in the next checkpoint's text.
    pub(super) fn take(&mut self, text: &str) {
        self.sum.add(&Hash::of(text.as_bytes()));
        // Later ones are on their way to the platform's log.
        self.differs |= self.sum.count == self.told.count && self.sum != self.told;
    }

    /// Says what is missing.
    pub(super) fn compare(&self, checked: &mut CheckedLog) {
        if self.differs || self.sum.count < self.told.count {
            checked.fault("the platform's log tells of checkpoints that are not stored any more".to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(texts: &[&str]) -> Told {
        let mut told = Told::default();
        for text in texts {
            let sha256 = Hash::of(text.as_bytes()).hex();
            let leaf = PlatformLeaf::Checkpoint {
                at: "2026-08-01T03:04:00.000000Z".to_owned(),
                log: "a/log/b".to_owned(),
                sha256,
            };
            told.take(&leaf.encode());
        }
        told
    }

    fn faults(told: &mut Told, stored: &[&str]) -> usize {
        let mut log = told.of("a/log/b");
        stored.iter().for_each(|text| log.take(text));
        let mut checked = CheckedLog::default();
        log.compare(&mut checked);
        checked.faults.len()
    }

    #[test]
    fn a_checkpoint_that_was_taken_away_or_exchanged_is_missed() {
        assert_eq!(faults(&mut told(&["1", "2", "3"]), &["1", "3"]), 1);
        assert_eq!(faults(&mut told(&["1", "2", "3"]), &["1", "3", "4"]), 1);
        assert_eq!(faults(&mut told(&["1"]), &[]), 1);
        assert_eq!(faults(&mut told(&["1", "2"]), &["1", "2", "3"]), 0, "one that is not told of yet");
        assert_eq!(faults(&mut told(&[]), &["1"]), 0);
        assert_eq!(told(&["1"]).left().collect::<Vec<_>>(), ["a/log/b"]);
    }
}
