//! Whether a record was in a file: the conditions of an extraction held against the values the record had at that time.
//! Reads nothing; where the log does not tell a value, the answer is that it may have been.

use domain::audit::Change;
use domain::id::EntryId;
use domain::record::{Values, normalised};
use domain::service::{Entity, Field, FieldKind};
use std::cmp::Ordering;

/// Changes of a record gone back through at most; before them its values are not known.
pub const CHANGES_MAX: usize = 1_000;

/// Digits behind the point that numbers are compared by: `FieldKind::Number` has six at most.
const SCALE: usize = 6;

/// Whether a file held the record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Held {
    /// It did.
    Certainly,
    /// It may have: the log does not tell all of the record's values of that time.
    Perhaps,
}

/// A record's values through time.
pub(super) struct Past {
    entity: Entity,
    /// As they are; none when the record is gone or not for the asker.
    now: Option<Values>,
    /// Newest first.
    changes: Vec<(EntryId, Vec<Change>)>,
    /// Whether nothing about values may be told.
    closed: bool,
}

/// A value of that time.
enum Was {
    Known(Option<String>),
    Unknown,
}

impl Past {
    pub(super) fn new(entity: Entity, now: Option<Values>, changes: Vec<(EntryId, Vec<Change>)>) -> Self {
        Self { entity, now, changes, closed: false }
    }

    /// For who may not know any value.
    pub(super) fn unknown(entity: Entity) -> Self {
        Self { entity, now: None, changes: Vec::new(), closed: true }
    }

    /// Whether the file of this entry held the record; none when it certainly did not.
    pub(super) fn held(&self, at: EntryId, note: Option<&str>) -> Option<Held> {
        let Some(note) = note.filter(|_| !self.closed) else { return Some(Held::Perhaps) };
        let mut held = Held::Certainly;
        // After the format: `field Test value`, in the words of `extraction::said`.
        let mut parts = note.split("; ").skip(1).peekable();
        while let Some(part) = parts.next() {
            let Some((field, test, wanted)) = self.condition(part) else { return Some(Held::Perhaps) };
            // What was typed may hold the very mark that parts conditions; nothing behind it is sure to be one.
            let cut = is_free(field) && parts.peek().is_some();
            match self.was(at, &field.name) {
                Was::Known(value) => match holds(field, test, wanted, value.as_deref(), cut) {
                    Some(true) => {}
                    Some(false) => return None,
                    None => held = Held::Perhaps,
                },
                Was::Unknown => held = Held::Perhaps,
            }
            if cut {
                return Some(Held::Perhaps);
            }
        }
        Some(held)
    }

    fn condition<'p>(&self, part: &'p str) -> Option<(&Field, &'p str, &'p str)> {
        let mut words = part.splitn(3, ' ');
        Some((self.entity.field(words.next()?)?, words.next()?, words.next()?))
    }

    /// The value when the file was made: what it is now, with later changes undone.
    fn was(&self, at: EntryId, name: &str) -> Was {
        let Some(now) = &self.now else { return Was::Unknown };
        let mut value = Was::Known(now.get(name).cloned());
        if self.changes.len() > CHANGES_MAX && self.changes.last().is_some_and(|(oldest, _)| *oldest > at) {
            return Was::Unknown;
        }
        for (_, changes) in self.changes.iter().take_while(|(id, _)| *id > at) {
            for change in changes.iter().filter(|change| change.field == name) {
                // Values of personal fields never enter the log.
                let told = change.before.is_some() || change.after.is_some();
                value = if told { Was::Known(change.before.clone()) } else { Was::Unknown };
            }
        }
        value
    }
}

/// Whether any text can be looked for in the field.
fn is_free(field: &Field) -> bool {
    matches!(
        field.kind,
        FieldKind::Text | FieldKind::LongText | FieldKind::Email | FieldKind::Phone | FieldKind::PostalCode
    )
}

/// Whether the value meets the condition; none when that can't be told. Of a text that may have been `cut`, only what does
/// not even contain the rest is sure.
fn holds(field: &Field, test: &str, wanted: &str, value: Option<&str>, cut: bool) -> Option<bool> {
    let Some(value) = value else { return Some(false) };
    let same = || normalised(field, value) == normalised(field, wanted);
    let order = || compared(&field.kind, value, wanted);
    match test {
        "Contains" => Some(normalised(field, value).contains(wanted)),
        "Equals" if cut => None,
        "Equals" => Some(value == wanted || same()),
        "AtLeast" => order().map(Ordering::is_ge),
        "AtMost" => order().map(Ordering::is_le),
        _ => None,
    }
}

/// The order of two canonical values.
fn compared(kind: &FieldKind, one: &str, other: &str) -> Option<Ordering> {
    match kind {
        FieldKind::Date | FieldKind::Datetime => Some(one.cmp(other)),
        FieldKind::Number { .. } | FieldKind::Money => Some(scaled(one)?.cmp(&scaled(other)?)),
        _ => None,
    }
}

/// `-12.5` in millionths.
fn scaled(number: &str) -> Option<i128> {
    let (whole, rest) = number.split_once('.').unwrap_or((number, ""));
    if rest.len() > SCALE {
        return None;
    }
    format!("{whole}{rest:0<SCALE$}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::service::Service;
    use uuid::Uuid;

    fn customer() -> Entity {
        let manifest = include_str!("../../../../services/crm.toml");
        let service: Service = domain::service::manifest::read("crm.toml", manifest).expect("a manifest");
        service.entity("customer").expect("it has customers").clone()
    }

    fn id(number: u128) -> EntryId {
        EntryId(Uuid::from_u128(number))
    }

    fn past() -> Past {
        let now = [("rank", "A"), ("annual_amount", "1200"), ("name", "山本 健"), ("number", "C1")];
        let now = now.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
        let changed = |field: &str, before: Option<&str>, after: Option<&str>| Change {
            field: field.to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        };
        let changes = vec![
            (id(50), vec![changed("rank", Some("B"), Some("A")), changed("name", None, None)]),
            (id(30), vec![changed("annual_amount", Some("900"), Some("1200"))]),
        ];
        Past::new(customer(), Some(now), changes)
    }

    #[test]
    fn a_file_whose_conditions_the_record_did_not_meet_then_did_not_hold_it() {
        for (at, note) in [
            (60, "csv; rank Equals B"),
            (40, "csv; rank Equals A"),
            (20, "csv; annual_amount AtLeast 1000"),
            (60, "csv; annual_amount AtMost 1199.5"),
            (60, "csv; name Contains 佐藤"),
            (60, "csv; name Contains 佐藤; rank Equals A"),
            (60, "csv; rank Equals B; name Contains 山本"),
        ] {
            assert_eq!(past().held(id(at), Some(note)), None, "{at} {note}");
        }
    }

    #[test]
    fn a_file_whose_conditions_the_record_met_then_held_it() {
        for (at, note) in [
            (60, "csv"),
            (60, "ndjson; rank Equals A; annual_amount AtLeast 1200; name Contains 山本"),
            (40, "csv; rank Equals B"),
            (20, "csv; annual_amount AtMost 900"),
        ] {
            assert_eq!(past().held(id(at), Some(note)), Some(Held::Certainly), "{at} {note}");
        }
    }

    #[test]
    fn what_the_log_does_not_tell_leaves_the_question_open() {
        for (at, note) in [
            (40, Some("csv; name Contains 佐藤")),
            (60, Some("csv; name Contains 山本; rank Equals B")),
            (60, Some("csv; gone Equals 1")),
            (60, Some("csv; rank Resembles A")),
            (60, None),
        ] {
            assert_eq!(past().held(id(at), note), Some(Held::Perhaps), "{at} {note:?}");
        }
        assert_eq!(Past::unknown(customer()).held(id(1), Some("csv; rank Equals Z")), Some(Held::Perhaps));
        let gone = Past::new(customer(), None, Vec::new());
        assert_eq!(gone.held(id(1), Some("csv; rank Equals Z")), Some(Held::Perhaps));
        assert_eq!(gone.held(id(1), Some("csv")), Some(Held::Certainly));
    }
}
