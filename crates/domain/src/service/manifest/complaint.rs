//! What is wrong with a manifest, and where. Decides nothing; the checks complain here.

use crate::locale::Label;
use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
use toml::Spanned;

/// One thing wrong with a manifest. Displays as `services/crm.toml:12:9: what is wrong and what is allowed`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ManifestError {
    /// The file's name, as given.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong, and what is allowed.
    pub message: String,
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

impl std::error::Error for ManifestError {}

/// Collects errors of one text.
pub(super) struct Complaints<'t> {
    file: &'t str,
    text: &'t str,
    errors: Vec<ManifestError>,
}

impl<'t> Complaints<'t> {
    pub(super) fn new(file: &'t str, text: &'t str) -> Self {
        Self { file, text, errors: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// In the order of the lines.
    pub(super) fn into_errors(mut self) -> Vec<ManifestError> {
        self.errors.sort_by_key(|error| (error.line, error.column));
        self.errors
    }

    /// Complains about the bytes of a span.
    pub(super) fn at(&mut self, span: Range<usize>, message: impl Into<String>) {
        let before = self.text.get(..span.start.min(self.text.len())).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        self.errors.push(ManifestError {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.into(),
        });
    }

    /// Both texts of a label: present, short, free of control characters.
    pub(super) fn label(&mut self, label: &Spanned<Label>) {
        self.words(label, super::MAX_LABEL_CHARS, "a label");
    }

    /// Both texts of a label or hint.
    pub(super) fn words(&mut self, label: &Spanned<Label>, max: usize, what: &str) {
        for (language, text) in [("ja", &label.get_ref().ja), ("en", &label.get_ref().en)] {
            let characters = text.chars().count();
            if text.trim().is_empty() || characters > max || text.chars().any(char::is_control) {
                let message = format!("{what} has 1 to {max} characters on one line; \"{language}\" has {characters}");
                self.at(label.span(), message);
            }
        }
    }

    /// Complains at the first item past the limit.
    pub(super) fn count<T>(&mut self, items: &[T], max: usize, span: impl Fn(&T) -> Range<usize>, what: &str) {
        if let Some(item) = items.get(max) {
            self.at(span(item), format!("{max} {what} are allowed; here are {}", items.len()));
        }
    }

    /// Complains at every repeated name.
    pub(super) fn distinct<'n>(&mut self, names: impl Iterator<Item = &'n Spanned<String>>, what: &str) {
        let mut seen = HashSet::new();
        for name in names {
            if !seen.insert(name.get_ref().as_str()) {
                self.at(name.span(), format!("the {what} \"{}\" is declared twice; names are unique", name.get_ref()));
            }
        }
    }
}
