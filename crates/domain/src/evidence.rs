//! Evidence: what was measured of a promise, in a form that pages can word in any language. Measures nothing and keeps
//! nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Longest text of an argument, in characters; longer ones are cut.
pub const MAX_TEXT_CHARS: usize = 300;
/// Reasons that a measurement tells at most; the first say enough.
pub const MAX_REASONS: usize = 6;
/// Longest raw data kept with a measurement, in bytes.
pub const MAX_RAW_BYTES: usize = 64 * 1024;

/// Whether a measurement holds the promise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It was kept.
    Held,
    /// It was kept, and will not be for long unless somebody acts.
    AtRisk,
    /// It was not.
    Broken,
}

impl Verdict {
    /// As stored and in leaves: `held`, `at_risk` or `broken`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::AtRisk => "at_risk",
            Self::Broken => "broken",
        }
    }

    /// The verdict of a code; anything unknown breaks the promise rather than keeping it.
    pub fn of(code: &str) -> Self {
        match code {
            "held" => Self::Held,
            "at_risk" => Self::AtRisk,
            _ => Self::Broken,
        }
    }
}

/// A value in a finding. The name of the argument ends in its unit: `_s` seconds, `_at` seconds of the epoch, `_bytes`,
/// `_bp` hundredths of a percent; without one it is a count.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Arg {
    /// A figure.
    Number(i64),
    /// Words that are the same in each language: a name, an address.
    Text(String),
}

/// What was found, as a code and its figures. Pages have the words, as message `finding-<code>`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Finding {
    /// `newest_wal`
    pub code: String,
    /// By name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, Arg>,
}

impl Finding {
    /// A finding without figures.
    pub fn new(code: &str) -> Self {
        Self { code: code.to_owned(), args: BTreeMap::new() }
    }

    /// With a figure.
    #[must_use]
    pub fn number(mut self, name: &str, value: i64) -> Self {
        self.args.insert(name.to_owned(), Arg::Number(value));
        self
    }

    /// With a text, cut at [`MAX_TEXT_CHARS`].
    #[must_use]
    pub fn text(mut self, name: &str, value: &str) -> Self {
        self.args.insert(name.to_owned(), Arg::Text(value.chars().take(MAX_TEXT_CHARS).collect()));
        self
    }

    /// The figure of that name.
    pub fn get_number(&self, name: &str) -> Option<i64> {
        match self.args.get(name)? {
            Arg::Number(value) => Some(*value),
            Arg::Text(_) => None,
        }
    }

    /// The text of that name.
    pub fn get_text(&self, name: &str) -> Option<&str> {
        match self.args.get(name)? {
            Arg::Text(value) => Some(value),
            Arg::Number(_) => None,
        }
    }
}

/// Figure and reasons, as they stand in the evidence: JSON, in one text.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Found {
    /// The figure.
    pub figure: Finding,
    /// Why the promise is not kept, or soon will not be; none when it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<Finding>,
}

impl Found {
    /// The text; at most [`MAX_REASONS`] reasons.
    pub fn to_text(&self) -> String {
        let mut bounded = self.clone();
        bounded.why.truncate(MAX_REASONS);
        serde_json::to_string(&bounded).expect("findings are plain values")
    }

    /// Reads the text. What an earlier version wrote in words becomes the finding `as_written`.
    pub fn of_text(text: &str) -> Self {
        serde_json::from_str(text)
            .unwrap_or_else(|_| Self { figure: Finding::new("as_written").text("text", text), why: Vec::new() })
    }
}

/// A measurement of a promise that has just been made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Measurement {
    /// The promise's id.
    pub promise: &'static str,
    /// The check, as in [`crate::claim::CHECKS`]; with `@` and a name behind it when each server measures itself.
    pub subject: Option<String>,
    /// What was found.
    pub found: Found,
    /// Whether that holds the promise.
    pub verdict: Verdict,
    /// Since when it was measured, when it is a span.
    pub from: Option<Timestamp>,
    /// When the measurement ended.
    pub until: Timestamp,
    /// How, in a sentence.
    pub method: &'static str,
    /// With what: program and version. STRUCT's own when none is named.
    pub tool: Option<String>,
    /// What the figures were made of, as JSON of at most [`MAX_RAW_BYTES`]; nothing personal.
    pub raw: Option<String>,
}

impl Measurement {
    /// A measurement that holds, until reasons are added.
    pub fn new(promise: &'static str, check: &str, figure: Finding, until: Timestamp, method: &'static str) -> Self {
        Self {
            promise,
            subject: Some(check.to_owned()),
            found: Found { figure, why: Vec::new() },
            verdict: Verdict::Held,
            from: None,
            until,
            method,
            tool: None,
            raw: None,
        }
    }

    /// The promise is broken, for this reason.
    pub fn broken(&mut self, why: Finding) {
        self.verdict = Verdict::Broken;
        self.found.why.push(why);
    }

    /// The promise will be broken soon, for this reason.
    pub fn at_risk(&mut self, why: Finding) {
        if self.verdict == Verdict::Held {
            self.verdict = Verdict::AtRisk;
        }
        self.found.why.push(why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_comes_back_from_its_text() {
        let figure = Finding::new("newest_wal").number("age_s", 38).text("name", "000000010000000000000004");
        let found = Found { figure, why: vec![Finding::new("archiving_fails").number("failed", 3)] };
        assert_eq!(Found::of_text(&found.to_text()), found);
        assert_eq!(found.figure.get_number("age_s"), Some(38));
        assert_eq!(found.figure.get_number("name"), None);
    }

    #[test]
    fn words_of_an_earlier_version_are_shown_as_they_were_written() {
        let found = Found::of_text("12 leaves in 3 logs");
        assert_eq!(
            (found.figure.code.as_str(), found.figure.get_text("text")),
            ("as_written", Some("12 leaves in 3 logs"))
        );
    }

    #[test]
    fn a_measurement_tells_bounded_reasons_and_a_breach_outweighs_a_risk() {
        let mut measured =
            Measurement::new("backup.log", "archive", Finding::new("x"), Timestamp::UNIX_EPOCH, "looked");
        measured.broken(Finding::new("gap"));
        (0..20).for_each(|_| measured.at_risk(Finding::new("late")));
        assert_eq!(measured.verdict, Verdict::Broken);
        assert_eq!(Found::of_text(&measured.found.to_text()).why.len(), MAX_REASONS);
        assert_eq!(Verdict::of("anything"), Verdict::Broken);
    }
}
