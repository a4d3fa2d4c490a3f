//! When the next backup is due, of what kind, and the ones after it. Looks at instants only; whether a run is possible is found out
//! by trying.

use super::{CLOCK_SLACK_S, Failures, Kind, Success, age_s, differential_every};
use jiff::{SignedDuration, Timestamp};

/// A full backup at least so often.
pub const FULL_EVERY: SignedDuration = SignedDuration::from_hours(7 * 24);
/// So long before the promise would break a backup is begun, besides the time it takes.
pub const HEADROOM: SignedDuration = SignedDuration::from_hours(1);
/// After the first full backup the first differential follows, so that restoring can be tried at once.
pub const FIRST_DIFFERENTIAL_AFTER: SignedDuration = SignedDuration::from_mins(3);
/// A gap behind the newest backup is answered by another after so long: whoever took a segment away may bring it back.
pub const MEND_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// The pause after a first failure; it doubles with each.
const FIRST_RETRY_AFTER: SignedDuration = SignedDuration::from_mins(1);
/// The longest pause after failures.
pub const MAX_RETRY_AFTER: SignedDuration = SignedDuration::from_mins(30);
/// What a run is taken to last when there was none yet, in seconds.
const UNKNOWN_TOOK_S: i64 = 60;

/// Why a run is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// The repository has no full backup.
    First,
    /// By the rule.
    Rule,
    /// Again, after a failure.
    Retry,
    /// An operator wants it.
    Order,
}

impl Cause {
    /// `first`, `rule`, `retry` or `order`.
    pub fn code(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Rule => "rule",
            Self::Retry => "retry",
            Self::Order => "order",
        }
    }
}

/// A run to come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Due {
    /// Of what kind.
    pub kind: Kind,
    /// Why.
    pub cause: Cause,
    /// From when on.
    pub at: Timestamp,
    /// How long it is likely to take, in seconds.
    pub took_s: i64,
}

/// What is known of the repository when a run is planned.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Known {
    /// Its backups, in any order.
    pub successes: Vec<Success>,
    /// Failures since the newest of them.
    pub failures: Option<Failures>,
    /// Since when it is known that the log behind the newest backup has a gap: no moment after the gap can be had back until there is
    /// another backup.
    pub chain_broken_at: Option<Timestamp>,
    /// Since when it is known that the newest full backup, or one that hangs on it, is not whole.
    pub full_broken_at: Option<Timestamp>,
}

/// The next run. A success of the future counts as a backup to build
/// on, not as a recent one: a clock was wrong, and only a new backup shows that all is well.
pub fn next(known: &Known, now: Timestamp) -> Due {
    let successes = known.successes.as_slice();
    let past = |success: &&Success| age_s(success.ended, now) >= -CLOCK_SLACK_S;
    let newest = successes.iter().filter(past).max_by_key(|success| success.ended);
    let full = successes.iter().filter(|success| success.kind == Kind::Full).max_by_key(|success| success.ended);
    let wanted = match (full, newest) {
        (None, _) => Due { kind: Kind::Full, cause: Cause::First, at: now, took_s: took_s(successes, Kind::Full) },
        (Some(_), None) => {
            Due { kind: Kind::Differential, cause: Cause::Rule, at: now, took_s: took_s(successes, Kind::Differential) }
        }
        (Some(full), Some(newest)) => {
            let mut due = after(successes, full, newest, now);
            if let Some(broken) = known.chain_broken_at {
                due.at = due.at.min(broken.max(newest.ended) + MEND_AFTER);
            }
            if let Some(broken) = known.full_broken_at.filter(|broken| *broken > full.ended) {
                let at = due.at.min(broken + MEND_AFTER);
                due = Due { kind: Kind::Full, at, took_s: took_s(successes, Kind::Full), ..due };
            }
            due
        }
    };
    match &known.failures {
        Some(failures) => {
            let at = wanted.at.max(failures.last + retry_after(failures.count));
            Due { at, cause: Cause::Retry, ..wanted }
        }
        None => wanted,
    }
}

fn after(successes: &[Success], full: &Success, newest: &Success, now: Timestamp) -> Due {
    let alone = successes.len() == 1;
    let at = |kind| match alone {
        true => newest.ended + FIRST_DIFFERENTIAL_AFTER,
        false => newest.ended + differential_every() - HEADROOM - SignedDuration::from_secs(took_s(successes, kind)),
    };
    // The turn after this one would be too late for a full backup.
    let late = full.ended + FULL_EVERY <= at(Kind::Differential).max(now) + differential_every();
    let kind = if late { Kind::Full } else { Kind::Differential };
    Due { kind, cause: Cause::Rule, at: at(kind), took_s: took_s(successes, kind) }
}

/// How long a run of a kind is likely to take, in seconds: as long as the newest of its kind.
pub fn took_s(successes: &[Success], kind: Kind) -> i64 {
    let newest = successes.iter().filter(|success| success.kind == kind).max_by_key(|success| success.ended);
    newest.map_or(UNKNOWN_TOOK_S, Success::took_s)
}

/// The pause after so many failures, one after the other.
pub fn retry_after(failures: u32) -> SignedDuration {
    let doubled = 1_i32.checked_shl(failures.saturating_sub(1).min(30)).unwrap_or(i32::MAX);
    FIRST_RETRY_AFTER.saturating_mul(doubled).min(MAX_RETRY_AFTER)
}

/// The next runs, if each succeeds in the time the last of its kind took.
pub fn upcoming(known: &Known, now: Timestamp, count: usize) -> Vec<Due> {
    let mut known = known.clone();
    let mut dues = Vec::with_capacity(count);
    let mut moment = now;
    for _ in 0..count {
        let due = next(&known, moment);
        let at = due.at.max(moment);
        let ended = at + SignedDuration::from_secs(due.took_s);
        known.successes.push(Success { kind: due.kind, started: at, ended });
        (known.failures, known.chain_broken_at, known.full_broken_at) = (None, None, None);
        moment = ended;
        dues.push(Due { at, ..due });
    }
    dues
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Minutes since the beginning of the test's time.
    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minutes * 60).expect("in range")
    }

    fn made(kind: Kind, ended_min: i64) -> Success {
        Success { kind, started: at(ended_min - 1), ended: at(ended_min) }
    }

    /// A full backup that took three hours.
    fn long(ended_min: i64) -> Success {
        Success { kind: Kind::Full, started: at(ended_min - 180), ended: at(ended_min) }
    }

    fn known(successes: &[Success]) -> Known {
        Known { successes: successes.to_vec(), ..Known::default() }
    }

    fn failed(successes: &[Success], count: u32, last_min: i64) -> Known {
        Known { failures: Some(Failures { count, last: at(last_min), said: "no room".to_owned() }), ..known(successes) }
    }

    #[test]
    fn a_backup_is_due_before_the_promise_would_break() {
        use Kind::{Differential, Full};
        let cases = [
            // Nothing yet; also when others left differentials without a full one.
            (vec![], 5, (Full, Cause::First, 5)),
            (vec![made(Differential, 0)], 5, (Full, Cause::First, 5)),
            // The first differential follows the first full one.
            (vec![made(Full, 0)], 1, (Differential, Cause::Rule, 3)),
            // 12 h less 1 h less the minute it takes.
            (vec![made(Full, 0), made(Differential, 4)], 10, (Differential, Cause::Rule, 4 + 659)),
            (vec![made(Full, 0), made(Full, 4)], 10, (Differential, Cause::Rule, 4 + 659)),
            // Long overdue, as after a night switched off.
            (vec![made(Full, 0), made(Differential, 4)], 3_000, (Differential, Cause::Rule, 4 + 659)),
            // The full one is six and a half days old: the turn after this would be too late.
            (vec![made(Full, 0), made(Differential, 8_701)], 8_710, (Full, Cause::Rule, 8_701 + 659)),
            (vec![made(Full, 0), made(Differential, 8_700)], 8_710, (Differential, Cause::Rule, 8_700 + 659)),
            (vec![made(Full, 0), made(Differential, 4)], 20_000, (Full, Cause::Rule, 4 + 659)),
            // A full one that takes three hours is begun so much earlier.
            (vec![long(0), made(Differential, 8_701)], 8_710, (Full, Cause::Rule, 8_701 + 480)),
            // A clock was wrong: what is newest by its name says nothing.
            (vec![made(Full, 0), made(Differential, 900)], 400, (Differential, Cause::Rule, 659)),
            (vec![made(Full, 900)], 400, (Differential, Cause::Rule, 400)),
        ];
        for (successes, now, (kind, cause, due_at)) in cases {
            let due = next(&known(&successes), at(now));
            assert_eq!((due.kind, due.cause, due.at), (kind, cause, at(due_at)), "{successes:?} at {now}");
        }
    }

    #[test]
    fn after_failures_it_is_tried_again_soon_then_less_often_and_never_less_than_every_half_hour() {
        let pauses = [1, 2, 4, 8, 16, 30, 30, 30];
        for (failures, minutes) in (1..).zip(pauses) {
            assert_eq!(retry_after(failures), SignedDuration::from_mins(minutes), "{failures}");
        }
        assert_eq!(retry_after(u32::MAX), MAX_RETRY_AFTER);
        let due = next(&failed(&[], 3, 10), at(11));
        assert_eq!((due.kind, due.cause, due.at), (Kind::Full, Cause::Retry, at(14)));
        // A failed order of an operator makes nothing due that is not.
        let due = next(&failed(&[made(Kind::Full, 0), made(Kind::Differential, 4)], 1, 10), at(11));
        assert_eq!(due.at, at(4 + 659));
    }

    #[test]
    fn a_gap_in_the_log_is_answered_by_another_backup_and_not_by_one_after_the_other() {
        let successes = [made(Kind::Full, 0), made(Kind::Differential, 4)];
        let due = |broken| next(&Known { chain_broken_at: Some(at(broken)), ..known(&successes) }, at(100)).at;
        assert_eq!(due(60), at(65));
        assert_eq!(due(2), at(9), "the backup after it did not mend it");
        assert_eq!(due(900), at(4 + 659), "one is due before");
        let due = |broken| next(&Known { full_broken_at: Some(at(broken)), ..known(&successes) }, at(100));
        assert_eq!((due(60).kind, due(60).at), (Kind::Full, at(65)));
        assert_eq!(due(-9).kind, Kind::Differential, "another was made since");
    }

    #[test]
    fn the_runs_to_come_never_leave_twelve_hours_between_them_nor_a_week_between_full_ones() {
        let dues = upcoming(&known(&[made(Kind::Full, 0), made(Kind::Differential, 4)]), at(10), 60);
        let (mut newest, mut full) = (at(4), at(0));
        for due in &dues {
            let ended = due.at + SignedDuration::from_secs(due.took_s);
            assert!(ended.duration_since(newest) <= SignedDuration::from_hours(11), "{due:?}");
            newest = ended;
            if due.kind == Kind::Full {
                full = ended;
            }
            assert!(ended.duration_since(full) < FULL_EVERY, "{due:?}");
        }
        assert_eq!(dues.iter().filter(|due| due.kind == Kind::Full).count(), 4, "in 27 days");
    }
}
