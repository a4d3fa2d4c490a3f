//! What the log in the repository says about the promise that it is backed up every ten minutes, and what would be lost now. Opens
//! no segment.

use super::{CLOCK_SLACK_S, LOG, Unreachable, log_every};
use crate::evidence::{Finding, Measurement};
use jiff::Timestamp;
use std::collections::VecDeque;

/// The check's name.
pub const CHECK: &str = "archive";
/// Of the time a log may be old, in hundredths of a percent: beyond this share the promise is at risk.
const WARN_AT_BP: i64 = 6_000;
/// Segments of which it is remembered what was last committed in them.
const MAX_REMEMBERED: usize = 240;
/// Shown in evidence.
pub const METHOD: &str = "The newest segment in the repository and its age were read from the repository itself; the names of all \
     segments since the oldest backup were looked through for gaps; PostgreSQL was asked whether and by which command it archives, and what \
     failed.";

/// The newest segment in the repository.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Newest {
    /// Its name.
    pub name: String,
    /// When it arrived there.
    pub at: Timestamp,
}

/// Segments that are missing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Gaps {
    /// How many that are needed to get from the newest backup to now.
    pub missing: i64,
    /// The first and the last of the first gap among those.
    pub first: Option<(String, String)>,
    /// How many that are needed to get to a moment before the newest backup.
    pub missing_before: i64,
}

impl Gaps {
    /// Sorts gaps (first and last segment, how many) by the first segment that the newest backup needs.
    pub fn sorted(gaps: impl IntoIterator<Item = (String, String, i64)>, newest_needs: Option<&str>) -> Self {
        let mut sorted = Self::default();
        for (first, last, count) in gaps {
            // Names sort as their timelines and segments do.
            if newest_needs.is_some_and(|needs| last.as_str() < needs) {
                sorted.missing_before += count;
            } else {
                sorted.missing += count;
                sorted.first.get_or_insert((first, last));
            }
        }
        sorted
    }
}

/// What PostgreSQL says of its archiving.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Archiver {
    /// Whether `archive_mode` is on.
    pub on: bool,
    /// Whether `archive_command` is the one STRUCT gives; `None` when STRUCT gives none (a server of the operator's).
    pub ours: Option<bool>,
    /// When a segment was last archived.
    pub archived_at: Option<Timestamp>,
    /// When archiving last failed.
    pub failed_at: Option<Timestamp>,
    /// Failures since the statistics began.
    pub failed: i64,
    /// The segment of the last failure.
    pub failed_wal: Option<String>,
    /// When the server was started: before that nothing was committed that it had not archived when it was stopped.
    pub started_at: Option<Timestamp>,
}

impl Archiver {
    fn fails(&self) -> bool {
        self.failed_at.is_some_and(|failed| self.archived_at.is_none_or(|archived| failed > archived))
    }
}

/// What was seen.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Seen {
    /// The newest segment; as last seen, when the repository can't be looked into.
    pub newest: Option<Newest>,
    /// What is missing.
    pub gaps: Gaps,
    /// What PostgreSQL says; `None` when it does not answer.
    pub archiver: Option<Archiver>,
    /// What would be lost if the database were lost now, in seconds.
    pub rpo_s: Option<i64>,
    /// That the repository can't be looked into.
    pub unreachable: Option<Unreachable>,
}

impl Seen {
    /// For how long the log has not been safe, in seconds: since the newest segment arrived, or since the server was started when that is
    /// later. Negative when the segment is of the future.
    pub fn age_s(&self, now: Timestamp) -> Option<i64> {
        let newest = self.newest.as_ref()?.at;
        let started = self.archiver.as_ref().and_then(|archiver| archiver.started_at);
        let since = if newest > now { newest } else { started.map_or(newest, |started| newest.max(started.min(now))) };
        Some(now.duration_since(since).as_secs())
    }
}

/// Weighs what was seen.
pub fn weigh(seen: &Seen, now: Timestamp) -> Measurement {
    let age_s = seen.age_s(now);
    let mut figure = Finding::new(if age_s.is_some() { "newest_wal" } else { "no_wal" });
    if let Some(age_s) = age_s {
        figure = figure.number("age_s", age_s.max(0)).number("gaps", seen.gaps.missing + seen.gaps.missing_before);
    }
    if let Some(newest) = &seen.newest {
        figure = figure.text("name", &newest.name);
    }
    if let Some(rpo_s) = seen.rpo_s {
        figure = figure.number("rpo_s", rpo_s);
    }
    let mut measured = Measurement::new(LOG, CHECK, figure, now, METHOD);
    if let Some(unreachable) = &seen.unreachable {
        unreachable.weigh(&mut measured);
    }
    if let Some(archiver) = &seen.archiver {
        weigh_archiver(&mut measured, archiver);
    }
    weigh_age(&mut measured, age_s, seen, now);
    if seen.gaps.missing > 0 {
        let (first, last) = seen.gaps.first.clone().unwrap_or_default();
        measured.broken(
            Finding::new("wal_gap").number("missing", seen.gaps.missing).text("first", &first).text("last", &last),
        );
    }
    if seen.gaps.missing_before > 0 {
        measured.at_risk(Finding::new("wal_gap_before").number("missing", seen.gaps.missing_before));
    }
    measured
}

fn weigh_archiver(measured: &mut Measurement, archiver: &Archiver) {
    if !archiver.on {
        measured.broken(Finding::new("archiving_off"));
    } else if archiver.ours == Some(false) {
        measured.broken(Finding::new("archive_command_changed"));
    }
    if archiver.fails() {
        let last_s = archiver.failed_at.map_or(0, Timestamp::as_second);
        let why = Finding::new("archiving_fails").number("failed", archiver.failed).number("last_at", last_s);
        measured.at_risk(why.text("name", archiver.failed_wal.as_deref().unwrap_or_default()));
    }
}

fn weigh_age(measured: &mut Measurement, age_s: Option<i64>, seen: &Seen, now: Timestamp) {
    let limit_s = log_every().as_secs();
    let Some(age_s) = age_s else {
        // Right after the first start nothing can have arrived.
        let started = seen.archiver.as_ref().and_then(|archiver| archiver.started_at);
        let up_s = started.map_or(i64::MAX, |started| now.duration_since(started).as_secs());
        let why = Finding::new("no_wal");
        return if up_s > limit_s { measured.broken(why) } else { measured.at_risk(why) };
    };
    let late = || Finding::new("wal_late").number("age_s", age_s).number("limit_s", limit_s);
    if age_s < -CLOCK_SLACK_S {
        measured.broken(Finding::new("clock_back").number("ahead_s", -age_s));
    } else if age_s > limit_s {
        measured.broken(late());
    } else if age_s > limit_s * WARN_AT_BP / 10_000 {
        measured.at_risk(late());
    }
}

/// What was last committed in each segment, as far as the heartbeat tells: by that, the newest segment in the repository says what would
/// be lost now. Bounded; older segments are of no interest.
#[derive(Clone, Debug, Default)]
pub struct Commits(VecDeque<(String, Timestamp)>);

impl Commits {
    /// Notes that everything until `at` is committed in `segment` or before it.
    pub fn note(&mut self, segment: &str, at: Timestamp) {
        match self.0.back_mut() {
            Some((last, until)) if last == segment => *until = at,
            _ => self.0.push_back((segment.to_owned(), at)),
        }
        if self.0.len() > MAX_REMEMBERED {
            self.0.pop_front();
        }
    }

    /// What would be lost if everything were lost but the repository, whose newest segment this is, in seconds. By the segment's
    /// arrival when its commits are not remembered: they are from before it.
    pub fn rpo_s(&self, newest: &Newest, now: Timestamp) -> i64 {
        // Names of one timeline sort as their segments do.
        let safe = self.0.iter().filter(|(segment, _)| *segment <= newest.name).map(|(_, at)| *at).max();
        now.duration_since(safe.unwrap_or(newest.at)).as_secs().max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Verdict::{self, AtRisk, Broken, Held};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("in range")
    }

    fn segment(number: u32) -> String {
        format!("0000000100000000{number:08X}")
    }

    fn well() -> Seen {
        let archiver = Archiver { on: true, ours: Some(true), started_at: Some(at(-90_000)), ..Archiver::default() };
        let newest = Some(Newest { name: segment(7), at: at(0) });
        Seen { newest, archiver: Some(archiver), rpo_s: Some(12), ..Seen::default() }
    }

    fn archiver(change: impl Fn(&mut Archiver)) -> Seen {
        let mut seen = well();
        seen.archiver.iter_mut().for_each(change);
        seen
    }

    fn codes(measured: &Measurement) -> Vec<&str> {
        measured.found.why.iter().map(|why| why.code.as_str()).collect()
    }

    #[test]
    fn the_promise_is_kept_while_the_newest_segment_is_younger_than_ten_minutes_and_none_is_missing() {
        let none = || Seen { newest: None, ..well() };
        let gaps = |needs: u32| Gaps::sorted([(segment(3), segment(4), 2)], Some(&segment(needs)));
        let (gap, before) = (gaps(4), gaps(5));
        assert_eq!(gap.first, Some((segment(3), segment(4))));
        let unreachable = |for_s| {
            Some(Unreachable {
                code: "repository_unreachable",
                for_s,
                patience_s: 600,
                said: "connection refused".to_owned(),
            })
        };
        let cases: Vec<(Seen, i64, Verdict, &[&str])> = vec![
            (well(), 360, Held, &[]),
            (well(), 361, AtRisk, &["wal_late"]),
            (well(), 600, AtRisk, &["wal_late"]),
            (well(), 601, Broken, &["wal_late"]),
            (well(), -60, Held, &[]),
            (well(), -61, Broken, &["clock_back"]),
            (Seen { gaps: gap, ..well() }, 1, Broken, &["wal_gap"]),
            // A backup was made since: any moment after it can be had back.
            (Seen { gaps: before, ..well() }, 1, AtRisk, &["wal_gap_before"]),
            (Seen { unreachable: unreachable(1), ..well() }, 1, AtRisk, &["repository_unreachable"]),
            (Seen { unreachable: unreachable(601), ..well() }, 601, Broken, &["repository_unreachable", "wal_late"]),
            (Seen { archiver: None, ..well() }, 1, Held, &[]),
            (archiver(|a| a.on = false), 1, Broken, &["archiving_off"]),
            (archiver(|a| a.ours = Some(false)), 1, Broken, &["archive_command_changed"]),
            (archiver(|a| a.ours = None), 1, Held, &[]),
            (archiver(|a| a.failed_at = Some(at(-1))), 1, AtRisk, &["archiving_fails"]),
            (archiver(|a| (a.failed_at, a.archived_at) = (Some(at(-9)), Some(at(-1)))), 1, Held, &[]),
            // Started again after a night: nothing was committed meanwhile.
            (archiver(|a| a.started_at = Some(at(30_000))), 30_010, Held, &[]),
            (archiver(|a| a.started_at = Some(at(30_000))), 30_601, Broken, &["wal_late"]),
            (none(), 0, Broken, &["no_wal"]),
        ];
        for (seen, now, verdict, why) in cases {
            let measured = weigh(&seen, at(now));
            assert_eq!((measured.verdict, codes(&measured)), (verdict, why.to_vec()), "{seen:?} at {now}");
        }
        let mut fresh = none();
        fresh.archiver.as_mut().expect("it answers").started_at = Some(at(-5));
        assert_eq!(weigh(&fresh, at(0)).verdict, AtRisk);
    }

    #[test]
    fn what_would_be_lost_is_what_was_committed_after_the_newest_segment_in_the_repository() {
        let mut commits = Commits::default();
        let newest = |number| Newest { name: segment(number), at: at(100) };
        assert_eq!(commits.rpo_s(&newest(1), at(130)), 30, "nothing remembered: by its arrival");
        (0..60).for_each(|second| commits.note(&segment(1), at(second)));
        (60..120).for_each(|second| commits.note(&segment(2), at(second)));
        assert_eq!(commits.rpo_s(&newest(1), at(120)), 61);
        assert_eq!(commits.rpo_s(&newest(2), at(120)), 1);
        assert_eq!(commits.rpo_s(&newest(0), at(120)), 20, "older than what is remembered: by its arrival");
        (0..10_000).for_each(|number| commits.note(&segment(number), at(200)));
        assert_eq!(commits.0.len(), MAX_REMEMBERED);
    }
}
