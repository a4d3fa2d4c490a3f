//! The types of fields: their words, their limits, their indexes. Looks at one field at a time.

use super::complaint::Complaints;
use super::names::unknown;
use super::raw::RawField;
use super::{MAX_OPTIONS, names};
use crate::service::{ChoiceOption, FieldKind, Index};
use std::collections::HashSet;
use std::ops::Range;
use toml::Spanned;

/// The words of `type`.
const KINDS: &[&str] = &[
    "text",
    "long_text",
    "number",
    "money",
    "date",
    "datetime",
    "choice",
    "boolean",
    "email",
    "phone",
    "postal_code",
    "reference",
];
/// Longest text line.
const MAX_TEXT_CHARS: usize = 2_000;
/// Longest text in several lines; what an import takes in one cell.
const MAX_LONG_TEXT_CHARS: usize = crate::import::MAX_CELL_CHARS;
/// Longest text in a plain column: an index entry of PostgreSQL holds about 2,700 bytes, a character up to four.
const MAX_PLAIN_CHARS: usize = 500;
/// Most digits after the point.
const MAX_SCALE: u8 = 6;

/// The type of a field. An unknown word is complained about and read as text, so that the rest is checked too.
pub(super) fn check(raw: &RawField, known: &[&str], complaints: &mut Complaints<'_>) -> FieldKind {
    let word = raw.r#type.get_ref().as_str();
    refuse_strangers(raw, word, complaints);
    match word {
        "text" => FieldKind::Text,
        "long_text" => FieldKind::LongText,
        "number" => number(raw, complaints),
        "money" => FieldKind::Money,
        "date" => FieldKind::Date,
        "datetime" => FieldKind::Datetime,
        "choice" => FieldKind::Choice { options: options(raw, complaints) },
        "boolean" => FieldKind::Boolean,
        "email" => FieldKind::Email,
        "phone" => FieldKind::Phone,
        "postal_code" => FieldKind::PostalCode,
        "reference" => FieldKind::Reference { entity: target(raw, known, complaints) },
        _ => {
            unknown(complaints, &raw.r#type, "type", KINDS);
            FieldKind::Text
        }
    }
}

/// How the field can be found, and whether its type and privacy allow that.
pub(super) fn index(raw: &RawField, kind: &FieldKind, complaints: &mut Complaints<'_>) -> Option<Index> {
    let word = raw.index.as_ref()?;
    let index = match word.get_ref().as_str() {
        "plain" => Index::Plain,
        "exact" => Index::Exact,
        "partial" => Index::Partial,
        _ => {
            unknown(complaints, word, "index", &["plain", "exact", "partial"]);
            return None;
        }
    };
    let allowed = indexes(kind);
    if !allowed.contains(&index) {
        let kind_word = raw.r#type.get_ref();
        let message = match kind {
            FieldKind::Reference { .. } => "a reference is always plain; leave index out".to_owned(),
            _ => format!("a {kind_word} takes no index \"{}\"; allowed: {}", word.get_ref(), in_words(allowed)),
        };
        complaints.at(word.span(), message);
    }
    if raw.personal && index == Index::Plain {
        let message = "personal data is never indexed plain; use \"exact\" or \"partial\", or leave index out";
        complaints.at(word.span(), message);
    }
    Some(index)
}

/// Longest value: as declared for text, fixed by the type for the others.
pub(super) fn max_chars(
    raw: &RawField,
    kind: &FieldKind,
    index: Option<Index>,
    complaints: &mut Complaints<'_>,
) -> usize {
    let (default, most) = match kind {
        FieldKind::Text if index == Some(Index::Plain) => (200, MAX_PLAIN_CHARS),
        FieldKind::Text => (200, MAX_TEXT_CHARS),
        FieldKind::LongText => (MAX_LONG_TEXT_CHARS, MAX_LONG_TEXT_CHARS),
        FieldKind::Email => (254, 254),
        FieldKind::Choice { .. } => (200, 200),
        _ => (40, 40),
    };
    let Some(declared) = &raw.max_chars else {
        return default;
    };
    if !matches!(kind, FieldKind::Text | FieldKind::LongText) {
        complaints.at(declared.span(), "max_chars is for text and long_text");
    } else if !(1..=most).contains(declared.get_ref()) {
        let plain = if index == Some(Index::Plain) { " with a plain index" } else { "" };
        complaints.at(declared.span(), format!("max_chars of this type{plain} is 1 to {most}"));
    }
    *declared.get_ref()
}

/// The indexes a type can have. A keyed hash of two or a few values would tell them apart, so booleans and choices
/// have none.
fn indexes(kind: &FieldKind) -> &'static [Index] {
    match kind {
        FieldKind::Text | FieldKind::Email | FieldKind::Phone | FieldKind::PostalCode => {
            &[Index::Plain, Index::Exact, Index::Partial]
        }
        FieldKind::LongText => &[Index::Partial],
        FieldKind::Number { .. } | FieldKind::Money | FieldKind::Date | FieldKind::Datetime => {
            &[Index::Plain, Index::Exact]
        }
        FieldKind::Choice { .. } | FieldKind::Boolean => &[Index::Plain],
        FieldKind::Reference { .. } => &[],
    }
}

fn in_words(indexes: &[Index]) -> String {
    let word = |index: &Index| match index {
        Index::Plain => "plain",
        Index::Exact => "exact",
        Index::Partial => "partial",
    };
    indexes.iter().map(word).collect::<Vec<_>>().join(", ")
}

/// Keys that belong to another type.
fn refuse_strangers(raw: &RawField, word: &str, complaints: &mut Complaints<'_>) {
    let span_of = |present: Option<Range<usize>>, owner: &str| present.filter(|_| word != owner);
    let strangers = [
        (span_of(raw.scale.as_ref().map(Spanned::span), "number"), "scale is for type = \"number\""),
        (span_of(raw.min.as_ref().map(Spanned::span), "number"), "min is for type = \"number\""),
        (span_of(raw.max.as_ref().map(Spanned::span), "number"), "max is for type = \"number\""),
        (span_of(raw.options.as_ref().map(Spanned::span), "choice"), "options are for type = \"choice\""),
        (span_of(raw.to.as_ref().map(Spanned::span), "reference"), "to is for type = \"reference\""),
    ];
    for (span, message) in strangers {
        if let Some(span) = span {
            complaints.at(span, message);
        }
    }
}

fn number(raw: &RawField, complaints: &mut Complaints<'_>) -> FieldKind {
    let scale = raw.scale.as_ref().map_or(0, |scale| *scale.get_ref());
    if let Some(declared) = raw.scale.as_ref().filter(|_| scale > MAX_SCALE) {
        complaints.at(declared.span(), format!("scale is 0 to {MAX_SCALE}"));
    }
    let [min, max] = [&raw.min, &raw.max].map(|bound| bound.as_ref().map(|bound| *bound.get_ref()));
    if let (Some(least), Some(most), Some(declared)) = (min, max, &raw.max)
        && least > most
    {
        complaints.at(declared.span(), format!("max is at least min ({least})"));
    }
    FieldKind::Number { scale, min, max }
}

fn target(raw: &RawField, known: &[&str], complaints: &mut Complaints<'_>) -> String {
    let Some(to) = &raw.to else {
        complaints.at(raw.r#type.span(), "a reference names its entity: to = \"...\"");
        return String::new();
    };
    if !known.contains(&to.get_ref().as_str()) {
        unknown(complaints, to, "entity of this service", known);
    }
    to.get_ref().clone()
}

fn options(raw: &RawField, complaints: &mut Complaints<'_>) -> Vec<ChoiceOption> {
    let Some(list) = &raw.options else {
        let message = "a choice has options: options = [{ value = \"a\", label = { ja = \"...\", en = \"...\" } }]";
        complaints.at(raw.r#type.span(), message);
        return Vec::new();
    };
    let options = list.get_ref();
    if options.is_empty() || options.len() > MAX_OPTIONS {
        complaints.at(list.span(), format!("a choice has 1 to {MAX_OPTIONS} options; here are {}", options.len()));
    }
    // A cell of a file may hold a value or a label: none may mean two options.
    let mut seen: HashSet<&str> = HashSet::new();
    for option in options {
        let ChoiceOption { value, label } = option.get_ref();
        if value.is_empty() || value.chars().count() > super::MAX_LABEL_CHARS || value.chars().any(char::is_control) {
            let message = format!("a value has 1 to {} characters on one line", super::MAX_LABEL_CHARS);
            complaints.at(option.span(), message);
        }
        names::check_label(complaints, label, option.span());
        let words: HashSet<&str> = [value.as_str(), &label.ja, &label.en].into_iter().collect();
        for word in words {
            if !seen.insert(word) {
                complaints.at(option.span(), format!("\"{word}\" already means another option"));
            }
        }
    }
    options.iter().map(|option| option.get_ref().clone()).collect()
}
