//! Fields of an entity: what they may combine, their labels, the title among them.

use super::complaint::Complaints;
use super::names::{check_name, unknown};
use super::raw::{RawEntity, RawField};
use super::{MAX_HINT_CHARS, kind};
use crate::service::{Field, FieldKind, Index};
use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization;

/// One field. `known` are the entities a reference may name.
pub(super) fn check(raw: &RawField, known: &[&str], complaints: &mut Complaints<'_>) -> Field {
    check_name(complaints, &raw.name, 41, "a field");
    complaints.label(&raw.label);
    if let Some(hint) = &raw.hint {
        complaints.words(hint, MAX_HINT_CHARS, "a hint");
    }
    let kind = kind::check(raw, known, complaints);
    let index = kind::index(raw, &kind, complaints);
    let max_chars = kind::max_chars(raw, &kind, index, complaints);
    let name = raw.name.get_ref();
    if raw.unique && !matches!(index, Some(Index::Plain | Index::Exact)) {
        complaints.at(raw.name.span(), format!("\"{name}\" is unique, so it needs index = \"plain\" or \"exact\""));
    }
    if raw.personal && matches!(kind, FieldKind::Reference { .. }) {
        let message = format!("\"{name}\" is a reference, which is never personal: it stands in the clear");
        complaints.at(raw.name.span(), message);
    }
    Field {
        name: name.clone(),
        label: raw.label.get_ref().clone(),
        kind,
        personal: raw.personal,
        required: raw.required,
        unique: raw.unique,
        index,
        max_chars,
        hint: raw.hint.as_ref().map(|hint| hint.get_ref().clone()),
    }
}

/// Columns of files are matched to names and labels, so none may mean two fields.
pub(super) fn check_labels(fields: &[RawField], complaints: &mut Complaints<'_>) {
    let fold = |text: &str| -> String { text.nfkc().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase() };
    let mut owners: HashMap<String, usize> = HashMap::new();
    for (place, field) in fields.iter().enumerate() {
        let label = field.label.get_ref();
        for word in [&label.ja, &label.en] {
            if *owners.entry(fold(word)).or_insert(place) != place {
                complaints.at(field.label.span(), format!("another field already has the label \"{word}\""));
            }
        }
    }
    for (place, field) in fields.iter().enumerate() {
        if owners.get(&fold(field.name.get_ref())).is_some_and(|owner| *owner != place) {
            complaints.at(field.name.span(), "another field has this name as its label");
        }
    }
}

/// The title names records to people: it exists, is never empty, and may be shown to everyone who sees the list.
pub(super) fn check_title(raw: &RawEntity, fields: &[Field], complaints: &mut Complaints<'_>) {
    let title = &raw.title;
    let Some(field) = fields.iter().find(|field| field.name == *title.get_ref()) else {
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        unknown(complaints, title, "field of this entity", &names);
        return;
    };
    let plain = field.index == Some(Index::Plain);
    if field.personal || field.kind != FieldKind::Text || !plain || !field.required {
        let message = format!(
            "the title \"{}\" must be a required text with index = \"plain\" and not personal; a number of the record \
             is a good title",
            field.name
        );
        complaints.at(title.span(), message);
    }
}
