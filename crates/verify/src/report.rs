//! What is told at the end: as sentences for people, or as JSON for programs. The names in the JSON stay the same in every
//! version, and new ones may come; `docs/verify.md` lists them.

use crate::language::{Language, Said};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// The version of the JSON.
pub const FORMAT: u32 = 1;

/// How it came out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// What was to be shown is shown.
    Proven,
    /// It is not: something was altered, is missing, or does not fit.
    NotProven,
    /// There was nothing that could be checked.
    Unchecked,
}

impl Verdict {
    /// The program's exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Proven => crate::PROVEN,
            Self::NotProven => crate::NOT_PROVEN,
            Self::Unchecked => crate::UNCHECKED,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::NotProven => "not_proven",
            Self::Unchecked => "unchecked",
        }
    }
}

/// What is told.
#[derive(Debug)]
pub struct Report {
    /// What was asked for: `log` or `proof`.
    pub command: &'static str,
    /// How it came out.
    pub verdict: Verdict,
    /// That, in a sentence.
    pub sentence: Said,
    /// What is wrong.
    pub findings: Vec<Said>,
    /// What is shown.
    pub shown: Vec<Said>,
    /// What is not shown, though one might think so.
    pub not_shown: Vec<Said>,
    /// What else is to be known.
    pub notes: Vec<Said>,
    /// Lines for people: the name in both languages, and the value.
    pub lines: Vec<(Said, String)>,
    /// Figures and names for programs.
    pub facts: Map<String, Value>,
}

impl Report {
    /// A report that says that nothing could be checked.
    pub fn unchecked(command: &'static str, why: Said) -> Self {
        Self {
            command,
            verdict: Verdict::Unchecked,
            sentence: why,
            findings: Vec::new(),
            shown: Vec::new(),
            not_shown: Vec::new(),
            notes: Vec::new(),
            lines: Vec::new(),
            facts: Map::new(),
        }
    }

    /// As sentences.
    pub fn text(&self, language: Language) -> String {
        let mut text = String::new();
        let mark = match (self.verdict, language) {
            (Verdict::Proven, Language::Ja) => "[確認できました]",
            (Verdict::Proven, Language::En) => "[Proven]",
            (Verdict::NotProven, Language::Ja) => "[確認できません]",
            (Verdict::NotProven, Language::En) => "[Not proven]",
            (Verdict::Unchecked, Language::Ja) => "[検査できません]",
            (Verdict::Unchecked, Language::En) => "[Could not be checked]",
        };
        writeln!(text, "{mark} {}", self.sentence.text(language)).expect("a String takes every text");
        if !self.lines.is_empty() {
            text.push('\n');
        }
        for (name, value) in &self.lines {
            let colon = if language == Language::Ja { "：" } else { ": " };
            writeln!(text, "  {}{colon}{}", name.text(language), printable(value)).expect("a String takes every text");
        }
        let parts = [
            (&self.findings, "問題", "What is wrong"),
            (&self.shown, "確かめたこと", "What this shows"),
            (&self.not_shown, "確かめていないこと", "What this does not show"),
            (&self.notes, "お知らせ", "Notes"),
        ];
        for (said, ja, en) in parts.into_iter().filter(|(said, ..)| !said.is_empty()) {
            let heading = if language == Language::Ja { ja } else { en };
            writeln!(text, "\n{heading}").expect("a String takes every text");
            for one in said {
                writeln!(text, "  - {}", printable(one.text(language))).expect("a String takes every text");
            }
        }
        text
    }

    /// As JSON, in one object.
    pub fn json(&self, language: Language) -> Value {
        let all = |said: &[Said]| Value::Array(said.iter().map(|one| value(one, language)).collect());
        json!({
            "format": FORMAT,
            "command": self.command,
            "verdict": self.verdict.word(),
            "exit_code": self.verdict.code(),
            "code": self.sentence.code,
            "sentence": self.sentence.text(language),
            "findings": all(&self.findings),
            "shown": all(&self.shown),
            "not_shown": all(&self.not_shown),
            "notes": all(&self.notes),
            "facts": self.facts,
        })
    }
}

fn value(said: &Said, language: Language) -> Value {
    let mut object = Map::new();
    object.insert("code".to_owned(), said.code.into());
    object.insert("sentence".to_owned(), said.text(language).into());
    let numbers = [("position", said.position), ("until", said.until)];
    object.extend(numbers.into_iter().filter_map(|(name, number)| Some((name.to_owned(), number?.into()))));
    object.extend(said.file.iter().map(|file| ("file".to_owned(), file.as_str().into())));
    Value::Object(object)
}

/// Text from a file that is checked, without what could steer a terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
