//! What the operator's page of backups shows, from one overview. Asks nothing.

use super::lanes::{Lanes, lanes};
use crate::format::{self, When};
use crate::locale::Texts;
use crate::page::Shell;
use crate::page::claim::words::{self, Shown};
use app::backup::overview::{DrillRow, Overview, RunRow, Upcoming};
use app::claim::Claim;
use askama::Template;
use domain::backup::lane::State as Lane;
use domain::backup::{DIFFERENTIAL, LOG};
use domain::claim::State;
use domain::promise::{Promise, Target};
use jiff::Timestamp;

/// Width of the meter of what would be lost now, in its own units.
const METER_WIDTH: i64 = 300;
/// What stands beside the drawing in words, at most.
const MAX_NOTES: usize = 8;
/// Runs in the table at most.
const MAX_ROWS: usize = 60;
/// A time without a sample is told from so many seconds on; shorter ones are restarts.
const TOLD_FROM_S: i64 = 300;

/// The page.
#[derive(Template)]
#[template(path = "backup/console.html")]
pub struct BackupView {
    /// The frame.
    pub shell: Shell,
    /// When it was read.
    pub at: When,
    /// Why no backups are made, or empty.
    pub off: String,
    /// Why the repository is out of reach, or empty.
    pub away: String,
    /// The promises about backups with their states.
    pub claims: Vec<PromiseState>,
    /// What would be lost now.
    pub rpo: Rpo,
    /// Three more figures.
    pub figures: Vec<Figure>,
    /// Seven days.
    pub lanes: Lanes,
    /// What went wrong in them, newest first.
    pub notes: Vec<Note>,
    /// Runs, newest first.
    pub runs: Vec<Row>,
    /// Drills, newest first.
    pub drills: Vec<Drill>,
    /// What comes next.
    pub upcoming: Vec<Next>,
    /// Where backups are kept, by what, for how long.
    pub facts: Vec<(String, String)>,
}

/// A promise and its state.
#[derive(Clone, Debug)]
pub struct PromiseState {
    /// Its id.
    pub id: &'static str,
    /// What it is about, in a few words.
    pub name: String,
    /// Its state.
    pub state: Shown,
}

/// What would be lost now, against what was promised.
#[derive(Clone, Debug)]
pub struct Rpo {
    /// In words; empty when it is not known.
    pub now: String,
    /// The state of the promise.
    pub state: Shown,
    /// Length of the bar.
    pub bar: i64,
    /// Place of the worst of 30 days.
    pub worst_at: Option<i64>,
    /// The worst of 30 days, in words.
    pub worst: String,
    /// What was promised, in words.
    pub target: String,
    /// Bar and marks in a sentence.
    pub label: String,
}

/// A figure with a line of meaning.
#[derive(Clone, Debug)]
pub struct Figure {
    /// Of what.
    pub name: String,
    /// How much.
    pub value: String,
    /// What it means.
    pub meaning: String,
}

/// Something that went wrong.
#[derive(Clone, Debug)]
pub struct Note {
    /// What it was.
    pub state: Shown,
    /// When.
    pub at: When,
    /// In a sentence.
    pub text: String,
}

/// A run in the table.
#[derive(Clone, Debug)]
pub struct Row {
    /// When.
    pub at: When,
    /// What.
    pub kind: String,
    /// How it ended.
    pub state: Shown,
    /// Figures or reason.
    pub text: String,
}

/// A restore drill.
#[derive(Clone, Debug)]
pub struct Drill {
    /// When.
    pub at: When,
    /// The moment restored.
    pub target: When,
    /// From which backup.
    pub base: String,
    /// What was lost.
    pub rpo: String,
    /// How long it took.
    pub rto: String,
    /// How it ended.
    pub state: Shown,
    /// Why it failed, or empty.
    pub error: String,
}

/// A run to come.
#[derive(Clone, Debug)]
pub struct Next {
    /// When.
    pub at: When,
    /// What.
    pub kind: String,
    /// In how long.
    pub until: String,
    /// How long it is likely to take, and how much to add.
    pub likely: String,
}

/// The page of an overview.
pub fn view(shell: Shell, overview: &Overview, claims: &[Claim]) -> BackupView {
    let (t, now) = (shell.t, overview.at);
    let state_of = |id: &str| claims.iter().find(|claim| claim.promise.id == id).map_or(State::Unverified, |c| c.state);
    let promise =
        |id: &'static str, key: &str| PromiseState { id, name: t.text(key), state: words::state(state_of(id), t) };
    BackupView {
        at: format::full(t.locale, now),
        off: overview.off.clone().unwrap_or_default(),
        away: overview.away.as_ref().map(|(said, _)| said.clone()).unwrap_or_default(),
        claims: vec![promise(DIFFERENTIAL, "backup-promise-differential"), promise(LOG, "backup-promise-log")],
        rpo: rpo(overview, state_of(LOG), t),
        figures: figures(overview, t),
        lanes: lanes(overview, t),
        notes: notes(overview, t),
        runs: overview
            .runs
            .iter()
            .filter(|run| run.kind != "verify")
            .take(MAX_ROWS)
            .map(|run| row(run, t, now))
            .collect(),
        drills: overview.drills.iter().map(|drill| drilled(drill, t, now)).collect(),
        upcoming: overview.upcoming.iter().map(|next| upcoming(next, t, now)).collect(),
        facts: facts(overview, t),
        shell,
    }
}

fn promised_s() -> i64 {
    match Promise::find(LOG).map(|promise| promise.target) {
        Some(Target::NewestAgeMin(minutes)) => i64::from(minutes) * 60,
        _ => 0,
    }
}

fn rpo(overview: &Overview, state: State, t: Texts) -> Rpo {
    let promised = promised_s();
    let place = |seconds: i64| (seconds.max(0) * METER_WIDTH / promised.max(1)).min(METER_WIDTH);
    let now = overview.rpo_s.map(|seconds| words::length(seconds, t)).unwrap_or_default();
    // What would be lost now may be the most yet: samples are taken once a minute.
    let worst_s = overview.rpo_max_s.map(|seconds| seconds.max(overview.rpo_s.unwrap_or_default()));
    let worst = worst_s.map(|seconds| words::length(seconds, t));
    let target = words::length(promised, t);
    let label = match (&worst, now.is_empty()) {
        (Some(worst), false) => t.with("backup-rpo-label", &[("now", &now), ("worst", worst), ("target", &target)]),
        _ => t.text("backup-rpo-unknown"),
    };
    Rpo {
        state: words::state(state, t),
        bar: overview.rpo_s.map(place).unwrap_or_default(),
        worst_at: worst_s.map(place),
        worst: worst.map(|worst| t.one("backup-rpo-worst", "length", worst)).unwrap_or_default(),
        target: t.one("backup-rpo-target", "length", target),
        now,
        label,
    }
}

fn figures(overview: &Overview, t: Texts) -> Vec<Figure> {
    let now = overview.at;
    let none = || t.text("backup-none");
    let newest = overview.backups.iter().max_by_key(|backup| backup.ended);
    let full = overview.backups.iter().filter(|backup| backup.prior.is_none()).count();
    let drill = overview.drills.iter().find(|drill| drill.outcome == "passed" || drill.outcome == "failed");
    let bytes = |count: u64| words::bytes(i64::try_from(count).unwrap_or(i64::MAX), t);
    vec![
        Figure {
            name: t.text("backup-newest"),
            value: newest.map_or_else(none, |backup| words::ago(now, backup.ended, t)),
            meaning: newest.map(|backup| bytes(backup.size_bytes)).unwrap_or_default(),
        },
        Figure {
            name: t.text("backup-kept"),
            value: t.one("backup-count", "count", i64::try_from(overview.backups.len()).unwrap_or(i64::MAX)),
            meaning: t.two(
                "backup-kept-what",
                "full",
                i64::try_from(full).unwrap_or(i64::MAX),
                "bytes",
                bytes(overview.repository_bytes()),
            ),
        },
        Figure {
            name: t.text("backup-drill-newest"),
            value: drill.map_or_else(none, |drill| words::ago(now, drill.ended_at.unwrap_or(drill.started_at), t)),
            meaning: drill
                .and_then(|drill| took(drill.rto_ms, t))
                .map(|rto| t.one("backup-rto", "length", rto))
                .unwrap_or_default(),
        },
    ]
}

/// Milliseconds as seconds, begun ones counted whole.
fn took(ms: Option<i64>, t: Texts) -> Option<String> {
    ms.map(|ms| words::length((ms + 999) / 1_000, t))
}

fn outcome(code: &str, t: Texts) -> Shown {
    let (code, chip, icon) = match code {
        "done" | "passed" => ("done", "ok", "check"),
        "failed" => ("failed", "bad", "x"),
        "running" => ("running", "info", "clock"),
        _ => ("unknown", "unk", "unk"),
    };
    Shown { code, chip, icon, text: t.text(format!("backup-outcome-{code}")) }
}

fn notes(overview: &Overview, t: Texts) -> Vec<Note> {
    let now = overview.at;
    let first = overview.log_lane.first().map(|span| span.from);
    let spans = overview.log_lane.iter().filter(|span| span.state != Lane::Good && Some(span.from) != first);
    let told = spans.filter(|span| span.state == Lane::Gap || seconds(span.from, span.until) >= TOLD_FROM_S);
    let mut notes: Vec<(Timestamp, Note)> = told
        .map(|span| {
            let (shown, key) = match span.state {
                Lane::Gap => (outcome("failed", t), "backup-note-gap"),
                _ => (outcome("unknown", t), "backup-note-unknown"),
            };
            let text = t.one(key, "length", words::length(seconds(span.from, span.until), t));
            (span.from, Note { state: shown, at: format::brief(t.locale, now, span.from), text })
        })
        .collect();
    let failed = overview.runs.iter().filter(|run| run.outcome == "failed" || run.outcome == "unknown");
    notes.extend(failed.map(|run| {
        let row = row(run, t, now);
        let text = t.two("backup-note-run", "kind", row.kind, "why", row.text);
        (run.started_at, Note { state: row.state, at: row.at, text })
    }));
    notes.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    notes.into_iter().take(MAX_NOTES).map(|(_, note)| note).collect()
}

fn seconds(from: Timestamp, until: Timestamp) -> i64 {
    until.as_second() - from.as_second()
}

fn row(run: &RunRow, t: Texts, now: Timestamp) -> Row {
    let length = words::length(seconds(run.started_at, run.ended_at.unwrap_or(now)), t);
    let bytes = |count: i64| words::bytes(count, t);
    let text = match (&run.error, run.progress, run.repo_size_bytes) {
        (Some(error), ..) => error.clone(),
        (None, Some((done, all)), _) if run.ended_at.is_none() => {
            t.two("backup-progress", "done", bytes(done), "all", bytes(all))
        }
        (None, _, Some(size)) => t.two("backup-took", "length", length, "bytes", bytes(size)),
        _ => length,
    };
    Row {
        at: format::brief(t.locale, now, run.started_at),
        kind: t.text(format!("backup-kind-{}", run.kind)),
        state: outcome(&run.outcome, t),
        text,
    }
}

fn drilled(drill: &DrillRow, t: Texts, now: Timestamp) -> Drill {
    Drill {
        at: format::brief(t.locale, now, drill.started_at),
        target: format::brief(t.locale, now, drill.target_at),
        base: drill.base_label.clone().unwrap_or_default(),
        rpo: took(drill.rpo_ms, t).unwrap_or_default(),
        rto: took(drill.rto_ms, t).unwrap_or_default(),
        state: outcome(&drill.outcome, t),
        error: drill.error.clone().unwrap_or_default(),
    }
}

fn upcoming(next: &Upcoming, t: Texts, now: Timestamp) -> Next {
    let length = words::length(next.due.took_s, t);
    Next {
        at: format::brief(t.locale, now, next.due.at),
        kind: t.text(format!("backup-kind-{}", next.due.kind.code())),
        until: words::length(seconds(now, next.due.at), t),
        likely: match next.repo_size_bytes {
            Some(size) => {
                let size = words::bytes(i64::try_from(size).unwrap_or(i64::MAX), t);
                t.two("backup-took", "length", length, "bytes", size)
            }
            None => length,
        },
    }
}

fn facts(overview: &Overview, t: Texts) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut fact = |key: &str, value: Option<String>| facts.extend(value.map(|value| (t.text(key), value)));
    fact("backup-location", overview.location.clone());
    fact("backup-tool", overview.tool.clone());
    fact("backup-retention", overview.retention_days.map(|days| t.one("backup-days", "days", i64::from(days))));
    let span = overview.restorable().map(|(from, until)| {
        let words = |at| format::brief(t.locale, overview.at, at).words;
        t.two("backup-restorable-span", "from", words(from), "until", words(until))
    });
    fact("backup-restorable", span);
    facts
}
