//! Backups: when the next is due, and what a look into the repository means for the promises. Runs nothing, reads nothing.

pub mod archive;
pub mod drill;
pub mod lane;
pub mod plan;
pub mod repository;
pub mod schedule;

use crate::evidence::{Finding, Measurement};
use crate::promise::{Promise, Target};
use jiff::{SignedDuration, Timestamp};

/// Id of the promise about backups.
pub const DIFFERENTIAL: &str = "backup.differential";
/// Id of the promise about the log of PostgreSQL.
pub const LOG: &str = "backup.log";
/// How far in the future an instant of the repository may lie before a clock is wrong, in seconds.
pub const CLOCK_SLACK_S: i64 = 60;
/// How long a repository elsewhere may be out of reach before nothing may be said for it, in seconds. One on this machine may not
/// be at all.
pub const REMOTE_PATIENCE_S: i64 = 600;

/// The kinds of backup.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Everything.
    Full,
    /// What changed since the newest full one.
    Differential,
}

impl Kind {
    /// `full` or `differential`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Differential => "differential",
        }
    }

    /// The kind of a code.
    pub fn parse(code: &str) -> Option<Self> {
        [Self::Full, Self::Differential].into_iter().find(|kind| kind.code() == code)
    }
}

/// A backup that stands in the repository.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Success {
    /// Its kind.
    pub kind: Kind,
    /// When it began.
    pub started: Timestamp,
    /// When it ended: what was committed by then can be had back from it.
    pub ended: Timestamp,
}

impl Success {
    /// How long it took, in seconds.
    pub fn took_s(&self) -> i64 {
        self.ended.duration_since(self.started).as_secs().max(0)
    }
}

/// Runs that failed since the newest success.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failures {
    /// How many, one after the other.
    pub count: u32,
    /// When the last of them ended.
    pub last: Timestamp,
    /// What it said.
    pub said: String,
}

/// That the repository can't be looked into.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unreachable {
    /// What it is: `repository_unreachable`, `wrong_key` or `other_cluster`.
    pub code: &'static str,
    /// Since when, in seconds.
    pub for_s: i64,
    /// How long that may go on: none for a folder of this machine, [`REMOTE_PATIENCE_S`] for a service.
    pub patience_s: i64,
    /// Why, in words.
    pub said: String,
}

impl Unreachable {
    /// Weighs it: a risk at first, a breach when it lasts.
    fn weigh(&self, measured: &mut Measurement) {
        let why = Finding::new(self.code).number("for_s", self.for_s).text("said", &self.said);
        if self.for_s >= self.patience_s {
            measured.broken(why);
        } else {
            measured.at_risk(why);
        }
    }
}

/// The oldest that the newest success of a promise may get.
fn newest_age(promise: &str) -> SignedDuration {
    match Promise::find(promise).map(|promise| promise.target) {
        Some(Target::NewestAgeMin(minutes)) => SignedDuration::from_mins(i64::from(minutes)),
        _ => unreachable!("the promises of backups are about ages; a test says so"),
    }
}

/// At most so long between two backups (12 hours).
pub fn differential_every() -> SignedDuration {
    newest_age(DIFFERENTIAL)
}

/// The newest log in the repository is never older (10 minutes).
pub fn log_every() -> SignedDuration {
    newest_age(LOG)
}

fn age_s(at: Timestamp, now: Timestamp) -> i64 {
    now.duration_since(at).as_secs()
}

/// What a check says when backups are switched off: that the promise is not kept, and by whose will.
pub fn switched_off(promise: &'static str, check: &str, said: &str, now: Timestamp) -> Measurement {
    let mut measured =
        Measurement::new(promise, check, Finding::new("backups_off").text("said", said), now, OFF_METHOD);
    measured.broken(Finding::new("backups_off").text("said", said));
    measured
}

const OFF_METHOD: &str = "The configuration was read.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_come_from_the_promises() {
        assert_eq!(
            (differential_every(), log_every()),
            (SignedDuration::from_hours(12), SignedDuration::from_mins(10))
        );
    }

    #[test]
    fn a_kind_comes_back_from_its_code() {
        assert_eq!(Kind::parse("full"), Some(Kind::Full));
        assert_eq!(Kind::parse(Kind::Differential.code()), Some(Kind::Differential));
        assert_eq!(Kind::parse("verify"), None);
    }
}
