//! What a bench found: figures, ratios, targets, and whether they hold. Printed as a table, with `--json` as one object
//! in the last line. Measures nothing.

use crate::log::say;
use serde_json::{Map, Value, json};
use std::process::ExitCode;

/// What a ratio or figure has to be.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Target {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
}

impl Target {
    fn holds(self, value: f64) -> bool {
        // What could not be measured (NaN) holds no target.
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
        }
    }

    fn document(self) -> Value {
        match self {
            Self::AtLeast(bound) => json!({ "at_least": bound }),
            Self::AtMost(bound) => json!({ "at_most": bound }),
        }
    }
}

/// A report under way. Names are dotted: `create.struct_per_s`.
pub struct Report {
    bench: &'static str,
    figures: Vec<(String, f64, &'static str)>,
    judged: Vec<Judged>,
}

struct Judged {
    name: &'static str,
    value: f64,
    /// Between which bounds the rounds lay.
    spread: Option<(f64, f64)>,
    target: Target,
    ratio: bool,
}

impl Report {
    /// An empty one.
    pub fn new(bench: &'static str) -> Self {
        Self { bench, figures: Vec::new(), judged: Vec::new() }
    }

    /// A figure with its unit, for people and machines; nothing hangs on it.
    pub fn figure(&mut self, name: impl Into<String>, value: f64, unit: &'static str) {
        self.figures.push((name.into(), value, unit));
    }

    /// A ratio with its target: the median over the rounds.
    pub fn ratio(&mut self, name: &'static str, rounds: &[f64], target: Target) {
        let spread = rounds.iter().copied().fold(None, |known: Option<(f64, f64)>, value| {
            Some(known.map_or((value, value), |(low, high)| (low.min(value), high.max(value))))
        });
        self.judged.push(Judged { name, value: median(rounds), spread, target, ratio: true });
    }

    /// A figure with a target of its own.
    pub fn bound(&mut self, name: &'static str, value: f64, unit: &'static str, target: Target) {
        self.figures.push((name.to_owned(), value, unit));
        self.judged.push(Judged { name, value, spread: None, target, ratio: false });
    }

    /// Whether all targets hold.
    pub fn holds(&self) -> bool {
        self.judged.iter().all(|judged| judged.target.holds(judged.value))
    }

    /// Prints it. Success only if all targets hold.
    pub fn finish(&self, as_json: bool) -> ExitCode {
        say("");
        for (name, value, unit) in &self.figures {
            say(&format!("  {name:<36} {:>14} {unit}", shown(*value)));
        }
        say("");
        for judged in &self.judged {
            let (sign, bound) = match judged.target {
                Target::AtLeast(bound) => ("≥", bound),
                Target::AtMost(bound) => ("≤", bound),
            };
            let spread =
                judged.spread.map_or_else(String::new, |(low, high)| format!("  (rounds {low:.2} to {high:.2})"));
            let verdict = if judged.target.holds(judged.value) { "holds" } else { "MISSED" };
            say(&format!("  {:<36} {:>14.2}   target {sign} {bound}   {verdict}{spread}", judged.name, judged.value));
        }
        if as_json {
            say(&self.document().to_string());
        }
        if self.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn document(&self) -> Value {
        let figures: Map<String, Value> =
            self.figures.iter().map(|(name, value, _)| (name.clone(), json!(rounded(*value)))).collect();
        let ratios = self.judged.iter().filter(|judged| judged.ratio);
        let ratios: Map<String, Value> =
            ratios.map(|judged| (judged.name.to_owned(), json!(rounded(judged.value)))).collect();
        let targets: Map<String, Value> =
            self.judged.iter().map(|judged| (judged.name.to_owned(), judged.target.document())).collect();
        json!({ "bench": self.bench, "figures": figures, "ratios": ratios, "targets": targets, "holds": self.holds() })
    }
}

/// The middle one, or the mean of the two in the middle; NaN of nothing.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match (sorted.len(), sorted.len() / 2) {
        (0, _) => f64::NAN,
        (count, middle) if count % 2 == 1 => sorted[middle],
        (_, middle) => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn shown(value: f64) -> String {
    if value.abs() >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_measured_holds_no_target() {
        let mut report = Report::new("x");
        report.ratio("r", &[], Target::AtLeast(0.0));
        assert!(!report.holds());
        let mut report = Report::new("x");
        report.bound("b", f64::NAN, "MiB", Target::AtMost(60.0));
        assert!(!report.holds());
    }

    #[test]
    fn one_missed_target_is_enough_to_fail() {
        let mut report = Report::new("x");
        report.ratio("fast", &[0.9, 0.7, 0.2], Target::AtLeast(0.6));
        assert!(report.holds(), "the median counts");
        report.bound("memory", 61.0, "MiB", Target::AtMost(60.0));
        assert!(!report.holds());
    }

    #[test]
    fn the_document_says_everything_in_one_object() {
        let mut report = Report::new("x");
        report.figure("a.per_s", 12.34567, "/s");
        report.ratio("a", &[1.0, 2.0], Target::AtMost(2.0));
        let expected = json!({ "bench": "x", "figures": { "a.per_s": 12.346 }, "ratios": { "a": 1.5 }, "targets": { "a": { "at_most": 2.0 } }, "holds": true });
        assert_eq!(report.document(), expected);
    }
}
