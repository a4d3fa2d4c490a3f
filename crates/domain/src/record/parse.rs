//! From typed text to canonical text. Decides what a value may be; whether it is taken or refers to a living record
//! is the store's to say.

use super::fault::MAX_ALLOWED_SHOWN;
use super::{Fault, FaultReason, Values, number, when};
use crate::service::{ChoiceOption, Entity, Field, FieldKind};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The canonical text of what was typed into a field, or none when it is empty (only white space).
///
/// Text is kept exactly as typed. Of the one-line kinds other than text the outer white space is dropped; phone,
/// postal code and e-mail are otherwise stored as typed. Dates become `2026-11-22`, instants `2026-11-22T09:05:00Z`,
/// booleans `true` or `false`, choices their option's value, numbers plain digits (`-1200.5`).
pub fn parse(field: &Field, typed: &str) -> Result<Option<String>, Fault> {
    let refused = |reason| Fault::new(&field.name, reason);
    let trimmed = typed.trim();
    if trimmed.is_empty() {
        return Ok(None);
    }
    let text = if matches!(field.kind, FieldKind::Text | FieldKind::LongText) { typed } else { trimmed };
    check_characters(text, matches!(field.kind, FieldKind::LongText)).map_err(refused)?;
    let found = text.chars().count();
    if found > field.max_chars {
        return Err(refused(FaultReason::TooLong { max: field.max_chars, found }));
    }
    canonical(&field.kind, text).map(Some).map_err(refused)
}

/// All values of a new record. Fields not named are empty; unknown names and empty required fields are faults.
pub fn parse_all(entity: &Entity, typed: impl IntoIterator<Item = (String, String)>) -> Result<Values, Vec<Fault>> {
    let (changes, mut faults) = parse_named(entity, typed);
    let named_empty = |name: &str| changes.get(name).is_none_or(Option::is_none);
    for field in entity.fields.iter().filter(|field| field.required && named_empty(&field.name)) {
        // A refused value is not an empty one: one fault a field is enough.
        if !faults.iter().any(|fault| fault.field == field.name) {
            faults.push(Fault::new(&field.name, FaultReason::Required));
        }
    }
    if !faults.is_empty() {
        return Err(in_field_order(entity, faults));
    }
    Ok(changes.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
}

/// The values of a record after a change that names some fields; the others stay as they are.
pub fn parse_changes(
    entity: &Entity,
    current: &Values,
    typed: impl IntoIterator<Item = (String, String)>,
) -> Result<Values, Vec<Fault>> {
    let (changes, mut faults) = parse_named(entity, typed);
    let mut values = current.clone();
    for (name, value) in changes {
        match value {
            // Browsers send every line break as CR LF: an untouched text must not look changed.
            Some(value) if current.get(&name).is_some_and(|old| same_but_line_breaks(old, &value)) => {}
            Some(value) => {
                values.insert(name, value);
            }
            None if entity.field(&name).is_some_and(|field| field.required) => {
                faults.push(Fault::new(name, FaultReason::Required));
            }
            None => {
                values.remove(&name);
            }
        }
    }
    if faults.is_empty() { Ok(values) } else { Err(in_field_order(entity, faults)) }
}

/// Whether two texts differ at most in how their lines are broken.
pub(super) fn same_but_line_breaks(a: &str, b: &str) -> bool {
    a == b || (a.contains(['\r', '\n']) && a.replace("\r\n", "\n") == b.replace("\r\n", "\n"))
}

/// Each named field parsed; a name given twice counts with its last value, as a form's hidden default wants it.
fn parse_named(
    entity: &Entity,
    typed: impl IntoIterator<Item = (String, String)>,
) -> (BTreeMap<String, Option<String>>, Vec<Fault>) {
    let typed: BTreeMap<String, String> = typed.into_iter().collect();
    let mut values = BTreeMap::new();
    let mut faults = Vec::new();
    for (name, text) in typed {
        match entity.field(&name).ok_or_else(|| Fault::new(&name, FaultReason::UnknownField)) {
            Ok(field) => match parse(field, &text) {
                Ok(value) => {
                    values.insert(name, value);
                }
                Err(fault) => faults.push(fault),
            },
            Err(fault) => faults.push(fault),
        }
    }
    (values, faults)
}

/// Faults in the order of the form, unknown fields last.
fn in_field_order(entity: &Entity, mut faults: Vec<Fault>) -> Vec<Fault> {
    let place = |fault: &Fault| entity.fields.iter().position(|field| field.name == fault.field);
    faults.sort_by_key(|fault| place(fault).unwrap_or(usize::MAX));
    faults
}

fn check_characters(text: &str, lines: bool) -> Result<(), FaultReason> {
    let allowed = |c: char| lines && matches!(c, '\t' | '\n' | '\r');
    match text.chars().find(|c| c.is_control() && !allowed(*c)) {
        Some(c) => Err(FaultReason::ControlCharacter { code: u32::from(c) }),
        None => Ok(()),
    }
}

fn canonical(kind: &FieldKind, text: &str) -> Result<String, FaultReason> {
    let as_typed = |sound: bool, reason| if sound { Ok(text.to_owned()) } else { Err(reason) };
    match kind {
        FieldKind::Text | FieldKind::LongText => Ok(text.to_owned()),
        FieldKind::Number { scale, min, max } => {
            let value = number::read(text, false, *scale)?;
            if number::within(&value, *min, *max) {
                Ok(value)
            } else {
                Err(FaultReason::OutOfRange { min: *min, max: *max })
            }
        }
        FieldKind::Money => number::read(text, true, 0),
        FieldKind::Date => when::read_date(text).map(|date| date.to_string()).ok_or(FaultReason::NotADate),
        FieldKind::Datetime => {
            when::read_datetime(text).map(|instant| instant.to_string()).ok_or(FaultReason::NotADatetime)
        }
        FieldKind::Choice { options } => chosen(options, text),
        FieldKind::Boolean => yes_or_no(text),
        FieldKind::Email => as_typed(is_email(text), FaultReason::NotAnEmail),
        FieldKind::Phone => as_typed(is_phone(text), FaultReason::NotAPhone),
        FieldKind::PostalCode => as_typed(is_postal_code(text), FaultReason::NotAPostalCode),
        FieldKind::Reference { .. } => {
            Uuid::try_parse(text).map(|id| id.hyphenated().to_string()).map_err(|_| FaultReason::NotAReference)
        }
    }
}

/// The option whose value, or one of whose labels, was typed; width and case of letters don't matter.
fn chosen(options: &[ChoiceOption], text: &str) -> Result<String, FaultReason> {
    let found = |same: &dyn Fn(&str) -> bool| {
        let by_value = options.iter().find(|option| same(&option.value));
        by_value.or_else(|| options.iter().find(|option| same(&option.label.ja) || same(&option.label.en)))
    };
    let fold = |text: &str| -> String { text.chars().map(number::narrow).collect::<String>().to_lowercase() };
    let folded = fold(text);
    found(&|candidate| candidate == text)
        .or_else(|| found(&|candidate| fold(candidate) == folded))
        .map(|option| option.value.clone())
        .ok_or_else(|| FaultReason::NotAChoice {
            allowed: options.iter().take(MAX_ALLOWED_SHOWN).map(|option| option.label.clone()).collect(),
        })
}

fn yes_or_no(text: &str) -> Result<String, FaultReason> {
    let folded: String = text.chars().map(number::narrow).collect::<String>().to_lowercase();
    match folded.as_str() {
        "true" | "1" | "はい" | "on" | "yes" => Ok("true".to_owned()),
        "false" | "0" | "いいえ" | "off" | "no" => Ok("false".to_owned()),
        _ => Err(FaultReason::NotABoolean),
    }
}

/// Longest address SMTP can carry (RFC 5321 §4.5.3.1.3, less the angle brackets).
pub(crate) const MAX_EMAIL_BYTES: usize = 254;
/// Longest part before the `@` (RFC 5321 §4.5.3.1.1).
const MAX_LOCAL_PART_BYTES: usize = 64;

/// The shape of an address: a local part, one `@`, a domain of labels with a dot. Whether mail arrives there only
/// mail can show, so nothing finer is refused.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let local_is_sound = (1..=MAX_LOCAL_PART_BYTES).contains(&local.len())
        && local.chars().all(|c| !c.is_whitespace() && !c.is_control() && !r#"()<>[]:;,"\"#.contains(c));
    let label_is_sound = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    text.len() <= MAX_EMAIL_BYTES && local_is_sound && domain.contains('.') && domain.split('.').all(label_is_sound)
}

fn is_phone(text: &str) -> bool {
    let folded: String = text.chars().map(hyphen).collect();
    let rest = folded.strip_prefix('+').unwrap_or(&folded);
    let digits = rest.bytes().filter(u8::is_ascii_digit).count();
    (10..=15).contains(&digits) && rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '(' | ')' | ' '))
}

fn is_postal_code(text: &str) -> bool {
    let folded: String = text.chars().map(hyphen).collect();
    let rest = folded.strip_prefix('〒').unwrap_or(&folded).trim();
    let (digits, hyphens): (Vec<char>, Vec<char>) = rest.chars().partition(char::is_ascii_digit);
    let hyphen_is_sound = hyphens.is_empty() || (hyphens == ['-'] && rest.find('-') == Some(3));
    digits.len() == 7 && hyphen_is_sound
}

/// Half width, with the long-vowel marks that stand for hyphens in typed numbers.
fn hyphen(c: char) -> char {
    match c {
        'ー' | 'ｰ' | '―' | '─' => '-',
        c => number::narrow(c),
    }
}
