//! How a value appears: masked, in words for people, and normalised for blind indexes. Decides no right to see it.

use super::{number, when};
use crate::locale::Locale;
use crate::service::{Field, FieldKind};

/// What stands in place of a personal value until it is revealed: enough to recognise a record one already knows,
/// not enough to learn it.
pub fn mask(field: &Field, value: &str) -> String {
    match field.kind {
        FieldKind::Text => mask_name(value),
        FieldKind::Email => match (value.chars().next(), value.contains('@')) {
            (Some(first), true) => format!("{first}•••••@•••"),
            _ => "•••••".to_owned(),
        },
        FieldKind::Phone => mask_phone(value),
        FieldKind::PostalCode => "•••-••••".to_owned(),
        FieldKind::Date => "••••年••月••日".to_owned(),
        _ => "•••••".to_owned(),
    }
}

/// A value in words: the option's label, `¥1,200`, `2026年11月22日(日)`, はい. A reference stays an id; its title is
/// another record's.
pub fn shown(field: &Field, value: &str, locale: Locale) -> String {
    match &field.kind {
        FieldKind::Number { .. } => number::with_commas(value),
        FieldKind::Money => match value.strip_prefix('-') {
            Some(amount) => format!("-¥{}", number::with_commas(amount)),
            None => format!("¥{}", number::with_commas(value)),
        },
        FieldKind::Date => when::show_date(value, locale),
        FieldKind::Datetime => when::show_datetime(value, locale),
        FieldKind::Choice { options } => options
            .iter()
            .find(|option| option.value == value)
            .map_or_else(|| value.to_owned(), |option| option.label.get(locale).to_owned()),
        FieldKind::Boolean => match (value, locale) {
            ("true", Locale::Ja) => "はい".to_owned(),
            ("true", Locale::En) => "Yes".to_owned(),
            (_, Locale::Ja) => "いいえ".to_owned(),
            (_, Locale::En) => "No".to_owned(),
        },
        _ => value.to_owned(),
    }
}

/// What blind indexes hash: two spellings that people take for the same value give the same text.
pub fn normalised(field: &Field, value: &str) -> String {
    match field.kind {
        FieldKind::Text | FieldKind::LongText => seal::normalise::text(value),
        FieldKind::Phone | FieldKind::PostalCode => seal::normalise::number(value),
        FieldKind::Email => seal::normalise::email(value),
        // The other kinds are canonical already.
        _ => value.to_owned(),
    }
}

/// A family name has at most so many characters (サカキバラ). A longer first word is no name: an address, for instance,
/// of which nothing but the first character may be seen.
const MAX_FAMILY_NAME_CHARS: usize = 5;

/// `山本 ●●`: the family name, as Japanese names are written; without one only the first character, and never a digit.
fn mask_name(value: &str) -> String {
    let value = value.trim();
    let is_family = |word: &str| word.chars().count() <= MAX_FAMILY_NAME_CHARS && !word.chars().any(char::is_numeric);
    if let Some((family, _)) = value.split_once([' ', '\u{3000}', '\u{a0}']).filter(|(word, _)| is_family(word)) {
        return format!("{family} ●●");
    }
    let mut characters = value.chars();
    match (characters.next(), characters.next()) {
        (Some(first), Some(_)) if !first.is_numeric() => format!("{first}●"),
        // A single character shown would be the whole value.
        _ => "●".to_owned(),
    }
}

/// `•••-••••-1027`: the last four digits, by which people tell calls apart.
fn mask_phone(value: &str) -> String {
    let digits = value.chars().filter(|c| c.is_numeric()).count();
    let mut seen = 0;
    let hide = |c: char| {
        if !c.is_numeric() {
            return c;
        }
        seen += 1;
        if seen + 4 > digits { c } else { '•' }
    };
    value.chars().map(hide).collect()
}
