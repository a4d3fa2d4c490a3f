//! The verdict of the drill: how much time each round lost, and whether what is left is whole. Looks at nothing itself.

use crate::log::say;
use domain::id::RecordId;
use std::collections::HashSet;
use std::process::ExitCode;
use store::drill::Tally;

/// The promise: the newest log in the repository is never older.
const MOST_LOST_MS: i64 = 600_000;
/// What is aimed at.
const GOAL_MS: i64 = 60_000;
/// Two that commit at once may get their ids in either order; so far apart they did not.
const AT_ONCE_MS: i64 = 2_000;

/// A loss and what followed.
#[derive(Debug, Default)]
pub struct Round {
    /// Records that were acknowledged.
    pub acknowledged: Vec<RecordId>,
    /// How many of those are lost.
    pub lost: usize,
    /// From the newest acknowledged to the newest that is there, in milliseconds.
    pub lost_ms: i64,
    /// From the loss to the end of the restore.
    pub restored_ms: i64,
    /// From the loss to the first answer.
    pub served_ms: i64,
    /// What may be said of the logs, and what has to be.
    pub claim: String,
    /// See `claim`.
    pub expected_claim: String,
    /// Whether even the checkpoint of the last moment is proven: nothing of the log was lost.
    pub late_proven: bool,
    violations: Vec<String>,
}

/// When an id was made, in milliseconds.
fn made_ms(id: &RecordId) -> i64 {
    i64::try_from(id.0.as_u128() >> 80).unwrap_or_default()
}

impl Round {
    /// A round of which nothing was looked at yet.
    pub fn new(acknowledged: Vec<RecordId>, restored_ms: u128, served_ms: u128) -> Self {
        let ms = |ms: u128| i64::try_from(ms).unwrap_or(i64::MAX);
        let mut round = Self { restored_ms: ms(restored_ms), served_ms: ms(served_ms), ..Self::default() };
        if acknowledged.is_empty() {
            round.violation("nothing was acknowledged, so nothing was proven".to_owned());
        }
        round.acknowledged = acknowledged;
        round
    }

    /// What must not be.
    pub fn violation(&mut self, text: String) {
        self.violations.push(text);
    }

    /// What is missing has to be the end of what was acknowledged.
    pub fn missing(&mut self, missing: &[RecordId]) {
        let missing: HashSet<RecordId> = missing.iter().copied().collect();
        let newest = self.acknowledged.iter().map(made_ms).max().unwrap_or_default();
        let there = self.acknowledged.iter().filter(|id| !missing.contains(id)).map(made_ms).max();
        self.lost = missing.len();
        let Some(there) = there else {
            return self.violation("nothing of the round is there".to_owned());
        };
        self.lost_ms = newest - there;
        for id in missing.iter().filter(|id| made_ms(id) + AT_ONCE_MS < there).take(3) {
            self.violations.push(format!("{id} is missing, and later ones are there"));
        }
        if self.lost_ms > MOST_LOST_MS {
            self.violations.push(format!("{} ms are lost", self.lost_ms));
        }
    }

    /// Records and entries belong together.
    pub fn together(&mut self, tally: &Tally) {
        let alone = [
            (tally.without_entry, "records without their entry"),
            (tally.without_record, "entries without their record"),
            (tally.entered_twice, "records entered more than once"),
        ];
        let found = alone.into_iter().filter(|(count, _)| *count != 0);
        self.violations.extend(found.map(|(count, what)| format!("{count} {what}")));
    }

    /// For the eye.
    pub fn line(&self, number: u64) -> String {
        format!(
            "round {number}: {} acknowledged, {} lost ({} ms); restored after {} ms, served after {} ms; the claim is {}",
            self.acknowledged.len(),
            self.lost,
            self.lost_ms,
            self.restored_ms,
            self.served_ms,
            self.claim
        )
    }
}

/// All rounds.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Each.
    pub rounds: Vec<Round>,
}

impl Verdict {
    /// Prints it. Success only without a violation.
    pub fn finish(&self, json: bool) -> ExitCode {
        let violations = self.violations();
        let (lost, served) =
            (spread(self.rounds.iter().map(|r| r.lost_ms)), spread(self.rounds.iter().map(|r| r.served_ms)));
        say(&format!(
            "lost: min {} ms, median {} ms, max {} ms (promised at most {MOST_LOST_MS}, goal {GOAL_MS})",
            lost[0], lost[1], lost[2]
        ));
        say(&format!("served again after: min {} ms, median {} ms, max {} ms", served[0], served[1], served[2]));
        for violation in &violations {
            say(&format!("VIOLATION: {violation}"));
        }
        say(&format!("{} violations", violations.len()));
        if json {
            say(&self.document(&violations, lost, served).to_string());
        }
        if violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn violations(&self) -> Vec<String> {
        let mut all = Vec::new();
        for (number, round) in (1..).zip(&self.rounds) {
            all.extend(round.violations.iter().map(|violation| format!("round {number}: {violation}")));
            if round.claim != round.expected_claim {
                all.push(format!("round {number}: the claim is {}, not {}", round.claim, round.expected_claim));
            }
        }
        all
    }

    fn document(&self, violations: &[String], lost: [i64; 3], served: [i64; 3]) -> serde_json::Value {
        let sum = |of: fn(&Round) -> usize| self.rounds.iter().map(of).sum::<usize>();
        serde_json::json!({
            "drill": "restore",
            "figures": {
                "rounds": self.rounds.len(),
                "acknowledged": sum(|round| round.acknowledged.len()),
                "lost": sum(|round| round.lost),
                "lost_ms": { "min": lost[0], "median": lost[1], "max": lost[2] },
                "served_ms": { "min": served[0], "median": served[1], "max": served[2] },
                "within_goal": self.rounds.iter().filter(|round| round.lost_ms <= GOAL_MS).count(),
                "restores_told": self.rounds.iter().filter(|round| !round.late_proven).count(),
            },
            "violations": violations,
            "holds": violations.is_empty(),
        })
    }
}

/// The least, the one in the middle, the most; zeros of nothing.
fn spread(figures: impl Iterator<Item = i64>) -> [i64; 3] {
    let mut sorted: Vec<i64> = figures.collect();
    sorted.sort_unstable();
    let at = |place: usize| sorted.get(place).copied().unwrap_or_default();
    [at(0), at(sorted.len() / 2), at(sorted.len().saturating_sub(1))]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(ms: u128) -> RecordId {
        uuid::Uuid::from_u128(ms << 80).into()
    }

    fn round(missing: &[u128]) -> Round {
        let mut round = Round::new([1_000, 5_000, 9_000, 12_000].map(id).to_vec(), 10, 20);
        round.missing(&missing.iter().map(|ms| id(*ms)).collect::<Vec<_>>());
        round
    }

    #[test]
    fn a_hole_in_what_is_there_is_a_violation_and_a_lost_end_is_measured() {
        let holed = round(&[5_000]);
        assert_eq!((holed.lost_ms, holed.violations.len()), (0, 1));
        let cut = round(&[9_000, 12_000]);
        assert_eq!((cut.lost_ms, cut.lost, cut.violations.len()), (7_000, 2, 0));
        assert_eq!(round(&[1_000, 5_000, 9_000, 12_000]).violations.len(), 1, "nothing is there");
        assert_eq!(Round::new(Vec::new(), 1, 1).violations.len(), 1, "nothing was promised");
    }

    #[test]
    fn a_claim_that_does_not_say_what_was_lost_is_a_violation() {
        let mut silent = round(&[12_000]);
        (silent.claim, silent.expected_claim) = ("met".to_owned(), "at_risk".to_owned());
        let verdict = Verdict { rounds: vec![silent] };
        assert_eq!(verdict.violations().len(), 1);
        assert_eq!(verdict.document(&verdict.violations(), [0; 3], [0; 3])["holds"], false);
        assert_eq!(spread([3, 1, 2].into_iter()), [1, 2, 3]);
        assert_eq!(spread(std::iter::empty()), [0, 0, 0]);
    }
}
