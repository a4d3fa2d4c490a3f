//! What the backups in the repository say about the promise that one is made every twelve hours. Plans none: that is `plan`'s.

use super::plan::FULL_EVERY;
use super::{CLOCK_SLACK_S, DIFFERENTIAL, Failures, Kind, Success, Unreachable, age_s, differential_every};
use crate::evidence::{Finding, Measurement};
use jiff::{SignedDuration, Timestamp};

/// The check's name.
pub const CHECK: &str = "schedule";
/// How far back gaps are looked for.
pub const WINDOW: SignedDuration = SignedDuration::from_hours(30 * 24);
/// This long before the promise breaks it is at risk.
const WARN_BEFORE: SignedDuration = SignedDuration::from_mins(30);
/// A new installation may be without a backup for so long, in seconds.
const FIRST_WITHIN_S: i64 = 3_600;
/// Shown in evidence.
pub const METHOD: &str = "The list of backups was read from the repository itself, with the instants at which each began and ended; \
     what STRUCT believes to have done does not count.";

/// What was seen.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Seen {
    /// Backups in the repository, in any order; as last seen, when it can't be looked into.
    pub successes: Vec<Success>,
    /// Failures since the newest of them.
    pub failures: Option<Failures>,
    /// When STRUCT first wanted a backup here; `None` when not yet.
    pub begun: Option<Timestamp>,
    /// Whether there were backups before.
    pub had: bool,
    /// That the repository can't be looked into.
    pub unreachable: Option<Unreachable>,
}

/// A time without a backup that was too long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pause {
    /// From the end of one backup.
    pub from: Timestamp,
    /// To the end of the next.
    pub until: Timestamp,
}

impl Pause {
    fn lasted(&self) -> SignedDuration {
        self.until.duration_since(self.from)
    }
}

/// The longest time between the ends of two backups of which the later is in the window; none with fewer than two.
pub fn longest_pause(successes: &[Success], now: Timestamp) -> Option<Pause> {
    let mut ends: Vec<Timestamp> = successes.iter().map(|success| success.ended).collect();
    ends.sort_unstable();
    let pauses = ends.windows(2).map(|pair| Pause { from: pair[0], until: pair[1] });
    pauses.filter(|pause| now.duration_since(pause.until) <= WINDOW).max_by_key(Pause::lasted)
}

/// Weighs what was seen.
pub fn weigh(seen: &Seen, now: Timestamp) -> Measurement {
    let newest = seen.successes.iter().max_by_key(|success| success.ended);
    let full = seen.successes.iter().filter(|success| success.kind == Kind::Full).max_by_key(|success| success.ended);
    let pause = longest_pause(&seen.successes, now);
    let mut figure = Finding::new(if newest.is_some() { "newest_backup" } else { "no_backup" });
    if let Some(newest) = newest {
        figure = figure.number("age_s", age_s(newest.ended, now).max(0)).text("kind", newest.kind.code());
        figure = figure.number("took_s", newest.took_s()).number("backups", count(seen.successes.len()));
    }
    if let Some(full) = full {
        figure = figure.number("full_age_s", age_s(full.ended, now).max(0));
    }
    if let Some(pause) = &pause {
        figure = figure.number("longest_gap_s", pause.lasted().as_secs());
    }
    let mut measured = Measurement::new(DIFFERENTIAL, CHECK, figure, now, METHOD);
    measured.from = seen.successes.iter().map(|success| success.ended).min();
    if let Some(unreachable) = &seen.unreachable {
        unreachable.weigh(&mut measured);
    }
    match newest {
        Some(newest) => weigh_newest(&mut measured, newest, now),
        None => weigh_none(&mut measured, seen, now),
    }
    if let Some(full) = full {
        weigh_full(&mut measured, full, now);
    }
    if let Some(failures) = &seen.failures {
        let why = Finding::new("backup_fails").number("failures", i64::from(failures.count));
        measured.at_risk(why.number("last_at", failures.last.as_second()).text("said", &failures.said));
    }
    // What is over breaks the promise no longer, and is not hushed up either: evidence of then stands in the history.
    if let Some(pause) = pause.filter(|pause| pause.lasted() > differential_every()) {
        let why = Finding::new("gap_before").number("gap_s", pause.lasted().as_secs());
        measured.at_risk(why.number("from_at", pause.from.as_second()).number("until_at", pause.until.as_second()));
    }
    measured
}

fn weigh_newest(measured: &mut Measurement, newest: &Success, now: Timestamp) {
    let age = now.duration_since(newest.ended);
    let late =
        || Finding::new("backup_late").number("age_s", age.as_secs()).number("limit_s", differential_every().as_secs());
    if age.as_secs() < -CLOCK_SLACK_S {
        measured.broken(Finding::new("clock_back").number("ahead_s", -age.as_secs()));
    } else if age > differential_every() {
        measured.broken(late());
    } else if age > differential_every() - WARN_BEFORE {
        measured.at_risk(late());
    }
}

fn weigh_none(measured: &mut Measurement, seen: &Seen, now: Timestamp) {
    let why = Finding::new("no_backup");
    let begun_s = seen.begun.map_or(0, |begun| age_s(begun, now));
    if seen.had || begun_s > FIRST_WITHIN_S {
        measured.broken(why);
    } else {
        measured.at_risk(why);
    }
}

fn weigh_full(measured: &mut Measurement, full: &Success, now: Timestamp) {
    let age = now.duration_since(full.ended);
    let why = || Finding::new("full_late").number("age_s", age.as_secs()).number("limit_s", FULL_EVERY.as_secs());
    if age > FULL_EVERY + differential_every() {
        measured.broken(why());
    } else if age > FULL_EVERY {
        measured.at_risk(why());
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Verdict::{self, AtRisk, Broken, Held};

    /// Minutes since the beginning of the test's time.
    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minutes * 60).expect("in range")
    }

    fn backups(ends_min: &[(Kind, i64)]) -> Seen {
        let made = |(kind, ended): &(Kind, i64)| Success { kind: *kind, started: at(ended - 1), ended: at(*ended) };
        Seen { successes: ends_min.iter().map(made).collect(), begun: Some(at(0)), ..Seen::default() }
    }

    fn codes(measured: &Measurement) -> Vec<&str> {
        measured.found.why.iter().map(|why| why.code.as_str()).collect()
    }

    #[test]
    fn the_promise_is_kept_while_the_newest_backup_is_younger_than_twelve_hours() {
        use Kind::{Differential, Full};
        type Case = (&'static [(Kind, i64)], i64, Verdict, &'static [&'static str]);
        let cases: [Case; 11] = [
            (&[], 10, AtRisk, &["no_backup"]),
            (&[], 61, Broken, &["no_backup"]),
            (&[(Full, 0)], 690, Held, &[]),
            (&[(Full, 0)], 691, AtRisk, &["backup_late"]),
            (&[(Full, 0)], 720, AtRisk, &["backup_late"]),
            (&[(Full, 0)], 721, Broken, &["backup_late"]),
            (&[(Full, 0), (Differential, 700)], 1_300, Held, &[]),
            // A pause that is over: kept again, and not forgotten for a month.
            (&[(Full, 0), (Differential, 721)], 722, AtRisk, &["gap_before"]),
            (&[(Full, 0), (Differential, 9_999), (Differential, 10_081)], 10_082, AtRisk, &["full_late", "gap_before"]),
            (&[(Full, 0), (Differential, 10_900)], 10_901, Broken, &["full_late", "gap_before"]),
            (&[(Full, 100)], 98, Broken, &["clock_back"]),
        ];
        for (made, now, verdict, why) in cases {
            let measured = weigh(&backups(made), at(now));
            assert_eq!((measured.verdict, codes(&measured)), (verdict, why.to_vec()), "{made:?} at {now}");
        }
    }

    #[test]
    fn a_repository_that_lost_its_backups_is_not_taken_for_a_new_one() {
        let seen = Seen { had: true, ..backups(&[]) };
        assert_eq!(weigh(&seen, at(10)).verdict, Broken);
    }

    #[test]
    fn failures_are_told_with_what_the_last_one_said_before_the_promise_breaks() {
        let failures = Failures { count: 2, last: at(5), said: "a lock is held".to_owned() };
        let seen = Seen { failures: Some(failures), ..backups(&[(Kind::Full, 0)]) };
        let measured = weigh(&seen, at(6));
        assert_eq!((measured.verdict, codes(&measured)), (AtRisk, vec!["backup_fails"]));
        assert_eq!(measured.found.why[0].get_text("said"), Some("a lock is held"));
    }

    #[test]
    fn a_folder_out_of_reach_breaks_the_promise_and_a_service_only_when_it_stays_so() {
        for (for_s, patience_s, verdict) in [(0, 0, Broken), (0, 600, AtRisk), (599, 600, AtRisk), (600, 600, Broken)] {
            let unreachable =
                Unreachable { code: "repository_unreachable", for_s, patience_s, said: "no such directory".to_owned() };
            let seen = Seen { unreachable: Some(unreachable), ..backups(&[(Kind::Full, 0)]) };
            let measured = weigh(&seen, at(1));
            assert_eq!((measured.verdict, codes(&measured)), (verdict, vec!["repository_unreachable"]), "{for_s}");
        }
    }

    #[test]
    fn a_pause_that_ended_a_month_ago_is_told_no_more() {
        let seen = backups(&[(Kind::Full, 0), (Kind::Full, 1_000), (Kind::Full, 1_600)]);
        assert_eq!(longest_pause(&seen.successes, at(1_601)), Some(Pause { from: at(0), until: at(1_000) }));
        let month = 30 * 24 * 60;
        assert_eq!(
            longest_pause(&seen.successes, at(1_001 + month)),
            Some(Pause { from: at(1_000), until: at(1_600) })
        );
        assert_eq!(longest_pause(&seen.successes, at(1_601 + month)), None);
    }
}
