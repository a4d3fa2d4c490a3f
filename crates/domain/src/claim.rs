//! A claim: a promise and what its newest evidence lets anybody say of it. Measures nothing; the state is never typed in.

use jiff::Timestamp;

/// What may be said of a promise now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// 達成: fresh evidence says it is kept.
    Met,
    /// 要注意: it was kept, but the evidence is about to be too old.
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
}

/// A measurement, as far as a claim looks at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Measured {
    /// When it ended.
    pub until: Timestamp,
    /// Whether it found the promise kept.
    pub held: bool,
}

/// How old evidence may get.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Freshness {
    /// Older, and the claim is at risk.
    pub expected_min: i64,
    /// Older, and it says nothing any more.
    pub limit_min: i64,
}

/// The log is checked every hour: one check may be missed before the claim is at risk, two before it falls.
pub const LOG_CHECK: Freshness = Freshness { expected_min: 90, limit_min: 180 };

/// The state of a claim. A breach does not fade: it stands until a newer measurement finds the promise kept.
pub fn state(newest: Option<Measured>, freshness: Freshness, now: Timestamp) -> State {
    let Some(newest) = newest else { return State::Unverified };
    if !newest.held {
        return State::Missed;
    }
    let age_min = (now.as_second() - newest.until.as_second()) / 60;
    if age_min > freshness.limit_min {
        State::Unverified
    } else if age_min > freshness.expected_min {
        State::AtRisk
    } else {
        State::Met
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64, held: bool) -> Option<Measured> {
        Some(Measured { until: Timestamp::from_second(minute * 60).expect("in range"), held })
    }

    #[test]
    fn a_claim_falls_with_a_breach_and_fades_with_its_evidence() {
        let now = Timestamp::from_second(1_000 * 60).expect("in range");
        let cases = [
            (None, State::Unverified),
            (at(1_000, false), State::Missed),
            (at(1, false), State::Missed),
            (at(1_000, true), State::Met),
            (at(910, true), State::Met),
            (at(909, true), State::AtRisk),
            (at(820, true), State::AtRisk),
            (at(819, true), State::Unverified),
        ];
        for (newest, expected) in cases {
            assert_eq!(state(newest, LOG_CHECK, now), expected, "{newest:?}");
        }
    }
}
