//! Fields and values that entries name, in words: of records by their manifest, of rights by our own texts.

use crate::locale::Texts;
use app::audit::EntryView;
use domain::audit::Change;
use domain::record::shown;

/// What a field or setting is called. A field that the manifest no longer has keeps its name.
pub fn label(entry: &EntryView, name: &str, t: Texts) -> String {
    if let Some(field) = entry.field(name) {
        return field.label.get(t.locale).to_owned();
    }
    if let Some(role) = name.strip_prefix("role:") {
        return t.one("activity-field-role", "name", role);
    }
    let key = format!("activity-field-{name}");
    if t.has(&key) { t.text(&key) } else { name.to_owned() }
}

/// A value as people read it.
pub fn words(entry: &EntryView, name: &str, value: Option<&str>, t: Texts) -> String {
    let Some(value) = value.filter(|value| !value.is_empty()) else { return t.text("activity-empty") };
    if let Some(field) = entry.field(name) {
        return shown(field, value, t.locale);
    }
    let known = |prefix: &str, word: &str| {
        let key = format!("{prefix}-{word}");
        if t.has(&key) { t.text(&key) } else { word.to_owned() }
    };
    let each = |prefix: &str| -> String {
        let words: Vec<String> = value.split(", ").map(|word| known(prefix, word)).collect();
        words.join(&t.text("activity-comma"))
    };
    match name {
        "administrator" | "usable" | "root" => known("activity-is", value),
        "permission" => known("permission", value),
        "billing_types" => each("billing"),
        "roles" => value.replace(", ", &t.text("activity-comma")),
        name if name.starts_with("role:") => each("action"),
        _ => value.to_owned(),
    }
}

/// Whether the log keeps the values of the field at all: those of personal fields never enter it.
pub fn is_withheld(entry: &EntryView, change: &Change) -> bool {
    change.before.is_none() && change.after.is_none() && entry.field(&change.field).is_none_or(|field| field.personal)
}

/// Whether the field is personal by its manifest.
pub fn is_personal(entry: &EntryView, name: &str) -> bool {
    entry.field(name).is_some_and(|field| field.personal)
}

/// `ロール：営業 → 営業、経理`; what was empty before is left out.
pub fn change(entry: &EntryView, change: &Change, t: Texts) -> String {
    let label = label(entry, &change.field, t);
    if entry.closed || is_withheld(entry, change) {
        return label;
    }
    let (before, after) = (change.before.as_deref(), change.after.as_deref());
    let after = words(entry, &change.field, after, t);
    match before {
        None => t.with("activity-change-new", &[("field", &label), ("after", &after)]),
        Some(_) => {
            let before = words(entry, &change.field, before, t);
            t.with("activity-change", &[("field", &label), ("before", &before), ("after", &after)])
        }
    }
}
