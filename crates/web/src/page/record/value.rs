//! One value as a page shows it: in words, masked, or as a link to another record. Masks are made by `app`.

use app::record::RecordView;
use domain::locale::Locale;
use domain::service::{Entity, Field, FieldKind};

/// A value ready to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The words; empty when there is no value.
    pub text: String,
    /// Whether they are a mask.
    pub masked: bool,
    /// Where a reference leads.
    pub href: Option<String>,
    /// Whether it must not break over lines (dates, amounts, numbers).
    pub tight: bool,
    /// Whether it is an amount, set flush right.
    pub numeric: bool,
}

/// The value of a field of a record.
pub fn shown(service: &str, field: &Field, view: &RecordView, locale: Locale) -> Shown {
    let Some(value) = view.record.values.get(&field.name) else { return Shown::default() };
    let masked = field.personal && !view.revealed;
    if let FieldKind::Reference { entity } = &field.kind {
        // A record whose title can't be read (its key is gone) is still a record: its id stands for it.
        let title = view.titles.get(&field.name).cloned().unwrap_or_else(|| short(value));
        return Shown { text: title, href: Some(format!("/app/s/{service}/{entity}/{value}")), ..Shown::default() };
    }
    Shown {
        text: if masked { value.clone() } else { domain::record::shown(field, value, locale) },
        masked,
        href: None,
        tight: is_tight(field),
        numeric: is_numeric(field),
    }
}

/// What people call the record; its id when the title field is empty.
pub fn title(entity: &Entity, view: &RecordView, locale: Locale) -> String {
    let titled = entity.field(&entity.title).zip(view.record.values.get(&entity.title));
    match titled {
        Some((field, value)) => domain::record::shown(field, value, locale),
        None => short(&view.record.id.to_string()),
    }
}

/// Whether the values of a field are amounts.
pub fn is_numeric(field: &Field) -> bool {
    matches!(field.kind, FieldKind::Number { .. } | FieldKind::Money)
}

fn is_tight(field: &Field) -> bool {
    is_numeric(field)
        || matches!(
            field.kind,
            FieldKind::Date
                | FieldKind::Datetime
                | FieldKind::Choice { .. }
                | FieldKind::Boolean
                | FieldKind::Phone
                | FieldKind::PostalCode
        )
}

/// The last group of an id: enough to tell records on a page apart.
fn short(id: &str) -> String {
    id.rsplit('-').next().unwrap_or(id).to_owned()
}
