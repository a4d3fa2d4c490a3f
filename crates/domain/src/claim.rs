//! A claim: a promise and what its newest evidence lets anybody say of it. Measures nothing; the state is never typed in.

pub mod history;

use crate::evidence::Verdict;
use jiff::Timestamp;

/// What may be said of a promise now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// 達成: fresh evidence says it is kept.
    Met,
    /// 要注意: it is kept, but not for long, or the evidence is about to be too old.
    AtRisk,
    /// 未達: the newest evidence says it is not kept.
    Missed,
    /// 未検証: there is no evidence, or none that is fresh.
    Unverified,
}

impl State {
    /// `met`, `at_risk`, `missed` or `unverified`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::AtRisk => "at_risk",
            Self::Missed => "missed",
            Self::Unverified => "unverified",
        }
    }

    /// The worse of two: missed before unverified before at risk before met.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        if other.weight() > self.weight() { other } else { self }
    }

    /// How bad it is, 0 to 3, for sorting.
    pub fn weight(self) -> u8 {
        match self {
            Self::Missed => 3,
            Self::Unverified => 2,
            Self::AtRisk => 1,
            Self::Met => 0,
        }
    }
}

/// A measurement, as far as a claim looks at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Measured {
    /// When it ended.
    pub until: Timestamp,
    /// What it found.
    pub verdict: Verdict,
}

/// How old evidence may get.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Freshness {
    /// Older, and the claim is at risk.
    pub expected_min: i64,
    /// Older, and it says nothing any more.
    pub limit_min: i64,
}

/// What is measured of a promise. All checks of a promise must hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Check {
    /// The promise's id.
    pub promise: &'static str,
    /// Its name: the subject of its evidence, alone or with `@` and a server's name behind it.
    pub name: &'static str,
    /// How old its evidence may get.
    pub freshness: Freshness,
}

/// The log is checked every hour: one check may be missed before the claim is at risk, two before it falls.
pub const LOG_CHECK: Freshness = HOURLY;
const HOURLY: Freshness = Freshness { expected_min: 90, limit_min: 180 };
/// Kept every 10 minutes.
const EVERY_TEN_MINUTES: Freshness = Freshness { expected_min: 15, limit_min: 30 };
/// A restore drill follows each differential backup.
const EACH_BACKUP: Freshness = Freshness { expected_min: 13 * 60, limit_min: 26 * 60 };

const fn check(promise: &'static str, name: &'static str, freshness: Freshness) -> Check {
    Check { promise, name, freshness }
}

/// Every check there is. A promise without one has no evidence, and its claim says so.
pub const CHECKS: &[Check] = &[
    check("backup.differential", "schedule", HOURLY),
    check("backup.differential", "repository", HOURLY),
    check("backup.differential", "restore", EACH_BACKUP),
    check("backup.log", "archive", EVERY_TEN_MINUTES),
    check("residency.region", "sinks", HOURLY),
    check("sealing.transport", "listeners", HOURLY),
    check("audit.data_actions", "log", LOG_CHECK),
    check("vulnerability.encrypted_connections", "connections", HOURLY),
    check("trust.page", "page", HOURLY),
];

impl Check {
    /// The check of a promise by name.
    pub fn find(promise: &str, name: &str) -> Option<&'static Self> {
        CHECKS.iter().find(|check| check.promise == promise && check.name == name)
    }

    /// Those of a promise.
    pub fn of(promise: &str) -> impl Iterator<Item = &'static Self> {
        CHECKS.iter().filter(move |check| check.promise == promise)
    }
}

/// How far in the future a measurement may be, in minutes: servers' clocks differ a little.
const CLOCK_SLACK_MIN: i64 = 1;

/// The state by one measurement. A breach does not fade: it stands until a newer measurement finds the promise kept.
pub fn state(newest: Option<Measured>, freshness: Freshness, now: Timestamp) -> State {
    let Some(newest) = newest else { return State::Unverified };
    if newest.verdict == Verdict::Broken {
        return State::Missed;
    }
    let age_min = (now.as_second() - newest.until.as_second()) / 60;
    // What was measured in the future was measured by a clock that was wrong.
    if age_min > freshness.limit_min || age_min < -CLOCK_SLACK_MIN {
        State::Unverified
    } else if age_min > freshness.expected_min || newest.verdict == Verdict::AtRisk {
        State::AtRisk
    } else {
        State::Met
    }
}

/// The state of a check by the newest measurement of each server: the worst of those that are fresh. A server that has
/// fallen silent speaks no more once another has taken its place; when all are silent, the newest counts.
pub fn state_of_check(servers: &[Measured], freshness: Freshness, now: Timestamp) -> State {
    let fresh = |measured: &&Measured| now.as_second() - measured.until.as_second() <= freshness.limit_min * 60;
    let speaking: Vec<Measured> = servers.iter().filter(fresh).copied().collect();
    if speaking.is_empty() {
        return state(servers.iter().max_by_key(|measured| measured.until).copied(), freshness, now);
    }
    speaking.iter().fold(State::Met, |worst, measured| worst.worse(state(Some(*measured), freshness, now)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promise::Promise;

    fn at(minute: i64, verdict: Verdict) -> Measured {
        Measured { until: Timestamp::from_second(minute * 60).expect("in range"), verdict }
    }

    #[test]
    fn a_claim_falls_with_a_breach_and_fades_with_its_evidence() {
        let now = Timestamp::from_second(1_000 * 60).expect("in range");
        let cases = [
            (None, State::Unverified),
            (Some(at(1_000, Verdict::Broken)), State::Missed),
            (Some(at(1, Verdict::Broken)), State::Missed),
            (Some(at(1_000, Verdict::Held)), State::Met),
            (Some(at(1_000, Verdict::AtRisk)), State::AtRisk),
            (Some(at(910, Verdict::Held)), State::Met),
            (Some(at(909, Verdict::Held)), State::AtRisk),
            (Some(at(820, Verdict::Held)), State::AtRisk),
            (Some(at(819, Verdict::Held)), State::Unverified),
            (Some(at(819, Verdict::AtRisk)), State::Unverified),
            (Some(at(1_001, Verdict::Held)), State::Met),
            (Some(at(1_002, Verdict::Held)), State::Unverified),
        ];
        for (newest, expected) in cases {
            assert_eq!(state(newest, LOG_CHECK, now), expected, "{newest:?}");
        }
    }

    #[test]
    fn every_check_turns_red_with_a_breach_and_grey_with_its_age() {
        for check in CHECKS {
            let Freshness { expected_min, limit_min } = check.freshness;
            let now = Timestamp::from_second(10_000 * 60).expect("in range");
            let aged = |age_min: i64, verdict| state_of_check(&[at(10_000 - age_min, verdict)], check.freshness, now);
            assert_eq!(aged(0, Verdict::Broken), State::Missed, "{check:?}");
            assert_eq!(aged(expected_min, Verdict::Held), State::Met, "{check:?}");
            assert_eq!(aged(expected_min + 1, Verdict::Held), State::AtRisk, "{check:?}");
            assert_eq!(aged(limit_min, Verdict::Held), State::AtRisk, "{check:?}");
            assert_eq!(aged(limit_min + 1, Verdict::Held), State::Unverified, "{check:?}");
            assert_eq!(aged(limit_min + 1, Verdict::Broken), State::Missed, "a breach does not fade: {check:?}");
        }
    }

    #[test]
    fn the_worst_of_the_servers_that_speak_counts() {
        let now = Timestamp::from_second(1_000 * 60).expect("in range");
        let cases: [(&[Measured], State); 6] = [
            (&[], State::Unverified),
            (&[at(990, Verdict::Held), at(999, Verdict::Broken)], State::Missed),
            (&[at(999, Verdict::Held), at(990, Verdict::Broken)], State::Missed),
            (&[at(999, Verdict::Held), at(1, Verdict::Broken)], State::Met),
            (&[at(1, Verdict::Broken), at(2, Verdict::Held)], State::Unverified),
            (&[at(2, Verdict::Broken), at(1, Verdict::Held)], State::Missed),
        ];
        for (servers, expected) in cases {
            assert_eq!(state_of_check(servers, LOG_CHECK, now), expected, "{servers:?}");
        }
    }

    #[test]
    fn each_check_belongs_to_a_promise_and_stands_once() {
        for (index, check) in CHECKS.iter().enumerate() {
            assert!(Promise::find(check.promise).is_some(), "{check:?}");
            assert!(check.freshness.expected_min < check.freshness.limit_min, "{check:?}");
            let again =
                CHECKS[index + 1..].iter().any(|other| (other.promise, other.name) == (check.promise, check.name));
            assert!(!again, "{check:?}");
        }
    }
}
