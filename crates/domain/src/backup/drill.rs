//! A restore drill: which moment is restored, what is looked at, and what that says for the promise. Restores nothing.

use super::DIFFERENTIAL;
use crate::evidence::{Finding, MAX_RAW_BYTES, Measurement};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The check that drills are evidence of.
pub const CHECK: &str = "restore";
/// Faults of one look that are told; the first say enough.
pub const MAX_FAULTS: usize = 5;
/// What the raw data of a drill may take, figures and signs around it left aside.
const MAX_LOOKS_BYTES: usize = MAX_RAW_BYTES / 2;

/// One thing that was looked at.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Look {
    /// Its name, as in [`LOOKS`].
    pub name: String,
    /// What was counted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub figures: BTreeMap<String, i64>,
    /// What is wrong; nothing when all is well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
    /// Faults that are not told one by one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_faults: u64,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Everything a drill looks at, in its order.
pub const LOOKS: [&str; 11] = [
    "restored",
    "started",
    "recovered",
    "signed_in",
    "page",
    "indexes",
    "references",
    "records",
    "opened",
    "logs",
    "checksums",
];

impl Look {
    /// A look at one of [`LOOKS`].
    pub fn at(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// With something counted.
    #[must_use]
    pub fn counted(mut self, name: &str, number: i64) -> Self {
        self.figures.insert(name.to_owned(), number);
        self
    }

    /// Notes what is wrong.
    pub fn fault(&mut self, text: impl Into<String>) {
        if self.faults.len() < MAX_FAULTS {
            let text: String = text.into();
            self.faults.push(text.chars().take(crate::evidence::MAX_TEXT_CHARS).collect());
        } else {
            self.more_faults += 1;
        }
    }

    /// Whether all is well.
    pub fn holds(&self) -> bool {
        self.faults.is_empty()
    }

    /// The figure of that name; zero when it was not counted.
    pub fn figure(&self, name: &str) -> i64 {
        self.figures.get(name).copied().unwrap_or_default()
    }
}

/// A drill that is over.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Drilled {
    /// The moment that was restored.
    pub target_at: Timestamp,
    /// When it was ordered.
    pub ordered_at: Timestamp,
    /// The backup it was restored from, when it came so far.
    pub base_label: Option<String>,
    /// From the last heartbeat recovered to the moment, in milliseconds.
    pub rpo_ms: Option<i64>,
    /// From the last commit recovered to the moment, in milliseconds.
    pub behind_ms: Option<i64>,
    /// From the order to the first page served, in milliseconds.
    pub rto_ms: Option<i64>,
    /// What was looked at, in the order of [`LOOKS`]; it ends where nothing more could be looked at.
    pub looks: Vec<Look>,
}

impl Drilled {
    /// Whether everything was looked at and is well.
    pub fn passed(&self) -> bool {
        self.looks.iter().all(Look::holds) && LOOKS.iter().all(|name| self.look(name).is_some())
    }

    /// The look of that name.
    pub fn look(&self, name: &str) -> Option<&Look> {
        self.looks.iter().find(|look| look.name == name)
    }

    /// The first fault, in words.
    pub fn fault(&self) -> Option<String> {
        let failing = self.looks.iter().find(|look| !look.holds())?;
        Some(format!("{}: {}", failing.name, failing.faults.first()?))
    }

    /// As JSON of bounded length, for the raw data of the evidence and the drill's row.
    pub fn to_json(&self) -> String {
        let text = |drilled: &Self| serde_json::to_string(drilled).expect("a drill is plain values");
        let whole = text(self);
        if whole.len() <= MAX_LOOKS_BYTES {
            return whole;
        }
        let mut shorter = self.clone();
        for look in &mut shorter.looks {
            look.more_faults += look.faults.len().saturating_sub(1) as u64;
            look.faults.truncate(1);
        }
        text(&shorter)
    }

    /// What it says for the promise.
    pub fn measurement(&self, now: Timestamp) -> Measurement {
        let of = |look: &str, figure: &str| self.look(look).map_or(0, |look| look.figure(figure));
        let mut figure = Finding::new("restored").number("target_at", self.target_at.as_second());
        for (name, value) in [("rpo_ms", self.rpo_ms), ("rto_s", self.rto_ms.map(whole_seconds))] {
            figure = value.into_iter().fold(figure, |figure, value| figure.number(name, value));
        }
        // What was never measured is not told as zero.
        if self.rpo_ms.is_none() || self.rto_ms.is_none() {
            figure = Finding::new("not_restored").number("target_at", self.target_at.as_second());
        }
        figure = figure
            .number("tenants", of("records", "tenants"))
            .number("records", of("records", "records"))
            .number("logs", of("logs", "logs"));
        let mut measured = Measurement::new(DIFFERENTIAL, CHECK, figure, now, METHOD);
        measured.from = Some(self.ordered_at);
        measured.raw = Some(self.to_json());
        for look in self.looks.iter().filter(|look| !look.holds()) {
            let said = look.faults.first().map_or("", String::as_str);
            let faults = i64::try_from(look.faults.len() as u64 + look.more_faults).unwrap_or(i64::MAX);
            measured.broken(Finding::new(&format!("drill_{}", look.name)).number("faults", faults).text("said", said));
        }
        if measured.found.why.is_empty() && !self.passed() {
            measured.broken(Finding::new("drill_cut_off"));
        }
        measured
    }
}

/// Seconds, rounded up: nothing is told faster than it was.
fn whole_seconds(ms: i64) -> i64 {
    ms.max(0).unsigned_abs().div_ceil(1000).cast_signed()
}

/// How a drill is done, in a sentence.
const METHOD: &str = "A random moment since the previous backup was restored into a cluster of its own and looked through: indexes \
and pages, references and unique values, records counted and held against the log, samples opened with the keys, each log's root \
recomputed and held against the checkpoint published at that time; somebody signed in and was served a page.";

/// A moment between two, by a random number; the later one when they are out of order.
pub fn moment(from: Timestamp, until: Timestamp, random: u64) -> Timestamp {
    let span_us = u64::try_from(until.duration_since(from).as_micros()).unwrap_or_default();
    if span_us == 0 {
        return until;
    }
    // The span is far below 2^64, so the remainder's bias is of no matter.
    let into = i64::try_from(random % span_us).unwrap_or_default();
    from.saturating_add(SignedDuration::from_micros(into)).unwrap_or(until)
}

/// From one instant to a later one, in milliseconds; zero when the clock says otherwise.
pub fn span_ms(from: Timestamp, until: Timestamp) -> i64 {
    i64::try_from(until.duration_since(from).as_millis()).unwrap_or(i64::MAX).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::Check;
    use crate::evidence::Verdict;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a second of our time")
    }

    fn drilled() -> Drilled {
        Drilled {
            target_at: at(1_000),
            ordered_at: at(2_000),
            base_label: Some("20261123-023434F".to_owned()),
            rpo_ms: Some(640),
            behind_ms: Some(12),
            rto_ms: Some(8_001),
            looks: LOOKS.iter().map(|name| Look::at(name)).collect(),
        }
    }

    #[test]
    fn one_fault_breaks_the_promise_and_says_where() {
        let mut failing = drilled();
        failing.looks[9].fault("the log of a differs");
        let measured = failing.measurement(at(2_100));
        assert_eq!(measured.verdict, Verdict::Broken);
        assert_eq!(measured.found.why[0].code, "drill_logs");
        assert_eq!(measured.found.why[0].get_text("said"), Some("the log of a differs"));
        assert_eq!(failing.fault().as_deref(), Some("logs: the log of a differs"));
    }

    #[test]
    fn a_drill_that_ended_before_its_last_look_is_no_success() {
        let mut cut = drilled();
        cut.looks.pop();
        cut.rto_ms = None;
        let measured = cut.measurement(at(2_100));
        assert_eq!((measured.verdict, cut.passed()), (Verdict::Broken, false));
        assert_eq!(measured.found.why[0].code, "drill_cut_off");
        assert_eq!(measured.found.figure.code, "not_restored");
        assert_eq!(measured.found.figure.get_number("rto_s"), None, "what was not measured is not told");
    }

    #[test]
    fn a_drill_without_a_fault_keeps_the_promise_and_tells_its_figures() {
        let measured = drilled().measurement(at(2_100));
        assert_eq!((measured.verdict, measured.from), (Verdict::Held, Some(at(2_000))));
        assert_eq!(measured.found.figure.get_number("rto_s"), Some(9), "rounded up");
        let raw: Drilled = serde_json::from_str(measured.raw.as_deref().expect("raw")).expect("its own JSON");
        assert_eq!(raw, drilled());
        assert!(Check::find(measured.promise, CHECK).is_some(), "evidence of a check that exists");
    }

    #[test]
    fn raw_data_stay_within_their_bound() {
        let mut failing = drilled();
        for look in &mut failing.looks {
            (0..400).for_each(|_| look.fault("長".repeat(900)));
        }
        assert!(failing.to_json().len() <= MAX_RAW_BYTES);
        assert_eq!(failing.looks[0].faults.len() as u64 + failing.looks[0].more_faults, 400);
    }

    #[test]
    fn the_moment_lies_between_the_two_and_anywhere_between() {
        let found: std::collections::BTreeSet<Timestamp> =
            (0..200).map(|n: u64| moment(at(10), at(20), n.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
        assert!(found.iter().all(|moment| (at(10)..at(20)).contains(moment)));
        assert!(found.len() > 150);
        assert_eq!((moment(at(20), at(10), 7), moment(at(20), at(20), 7)), (at(10), at(20)));
    }
}
