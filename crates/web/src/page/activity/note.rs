//! What entries note in a few fixed forms (a file, a reason, conditions), in words. A form not known is shown as it is.

use super::value;
use crate::format;
use crate::locale::Texts;
use crate::page::audit::control::noun_name;
use crate::page::audit::sign;
use app::audit::EntryView;
use domain::audit::{Outcome, Verb};

/// What the note and the gate of an entry say, part by part.
pub fn words(entry: &EntryView, t: Texts) -> Vec<String> {
    let mut words = Vec::new();
    let Some(note) = entry.detail.note.as_deref().filter(|note| !note.is_empty()) else {
        words.extend(gate(entry, t));
        return words;
    };
    match entry.verb {
        Verb::RecordsExtracted => words.extend(extraction(entry, note, t)),
        Verb::AuditViewed | Verb::AuditExtracted | Verb::ActivityExtracted => {
            words.extend(note.split(' ').map(|part| filtered(part, t)));
        }
        Verb::AuditTokenCreated | Verb::AuditTokenRevoked | Verb::AuditLogRead => {
            words.push(t.one("ledger-told-token", "name", note.strip_prefix("token=").unwrap_or(note)));
        }
        Verb::AuditLogDownloaded if note == "platform" => words.push(t.text("ledger-witness-platform")),
        Verb::AccessDenied if note == app::user::freeze::FROZEN => words.push(t.text("activity-frozen")),
        Verb::AccessDenied => {
            words.extend(entry.screen_label.as_ref().map(|_| action(note, t)));
            words.extend(gate(entry, t));
        }
        Verb::AccessChanged if note == "manifest" => words.push(t.text("activity-as-proposed")),
        Verb::AccessChanged => words.push(t.one("activity-reason", "reason", note)),
        Verb::ExtractionReleased | Verb::ExtractionRefused | Verb::LimitChanged => {
            words.push(t.one("activity-reason", "reason", note));
        }
        Verb::SignRaised | Verb::SignClosed | Verb::ExtractionHeld => words.extend(sign::told(note, t)),
        Verb::ContractStarted => words.push(t.text("activity-as-proposed")),
        Verb::RecordCreated if note.starts_with("import ") => words.push(t.text("activity-by-import")),
        Verb::ImportCompleted if note == "refused 0" => {}
        Verb::ImportCompleted => words.push(after(note, "refused ", "activity-rows-refused", t)),
        Verb::ServiceUpgraded => words.push(after(note, "version ", "activity-version", t)),
        Verb::SessionStarted if note == app::session::device::NEW_DEVICE => {
            words.push(t.text("activity-new-device"));
        }
        Verb::SessionRefused if note == "throttled" => words.push(t.text("activity-throttled")),
        Verb::SessionRevoked => {
            words.push(t.text(if note == "one" { "activity-one-session" } else { "activity-all-sessions" }))
        }
        Verb::ImportFailed => words.push(failure(entry, note, t)),
        _ => words.push(note.to_owned()),
    }
    words
}

/// The page of the administration that a note names.
pub fn administration(page: &str, t: Texts) -> String {
    match page {
        "users" => t.text("shell-users"),
        "roles" => t.text("shell-roles"),
        "access" => t.text("shell-access"),
        "audit" => t.text("shell-audit"),
        "signs" => t.text("shell-signs"),
        "streams" => t.text("stream-title"),
        _ => t.text("activity-some-screen"),
    }
}

/// The gate that refused.
pub fn gate(entry: &EntryView, t: Texts) -> Option<String> {
    let gate = entry.detail.gate.as_deref()?;
    let key = format!("gate-{gate}");
    Some(if t.has(&key) { t.one("activity-gate", "gate", t.text(&key)) } else { gate.to_owned() })
}

fn action(code: &str, t: Texts) -> String {
    let key = format!("action-{code}");
    if t.has(&key) { t.text(&key) } else { code.to_owned() }
}

fn after(note: &str, before: &str, key: &'static str, t: Texts) -> String {
    match note.strip_prefix(before).and_then(|number| number.parse::<i64>().ok()) {
        Some(number) => t.one(key, "count", number),
        None => note.to_owned(),
    }
}

fn failure(entry: &EntryView, note: &str, t: Texts) -> String {
    let entity = entry.service.as_ref().zip(entry.target.entity.as_deref());
    match entity.and_then(|(service, name)| service.entity(name)) {
        Some(entity) => app::job::failure_message(note, entity, t.locale),
        None => note.to_owned(),
    }
}

/// `csv; rank Equals A` as CSV and its conditions.
fn extraction(entry: &EntryView, note: &str, t: Texts) -> Vec<String> {
    let mut parts = note.split("; ");
    let format = parts.next().unwrap_or_default().to_uppercase();
    std::iter::once(format).chain(parts.map(|part| condition(entry, part, t))).collect()
}

fn condition(entry: &EntryView, part: &str, t: Texts) -> String {
    let mut words = part.splitn(3, ' ');
    let (Some(field), Some(test), Some(value)) = (words.next(), words.next(), words.next()) else {
        return part.to_owned();
    };
    let key = match test {
        "Equals" => "activity-equals",
        "Contains" => "activity-contains",
        "AtLeast" => "activity-at-least",
        "AtMost" => "activity-at-most",
        _ => return part.to_owned(),
    };
    let (label, value) = (value::label(entry, field, t), value::words(entry, field, Some(value), t));
    t.with(key, &[("field", &label), ("value", &value)])
}

/// `verb=record.created` of a reading of the log.
fn filtered(part: &str, t: Texts) -> String {
    let Some((name, value)) = part.split_once('=') else {
        return match part {
            "history" => t.text("activity-whole-history"),
            "signs" => t.text("shell-signs"),
            other => other.to_owned(),
        };
    };
    let value = match name {
        "verb" if value.ends_with(".*") => noun_name(value.trim_end_matches(".*"), t),
        "user" => t.text(format!("activity-actor-{value}")),
        "format" => value.to_uppercase(),
        "verb" => Verb::parse(value).map_or_else(|| value.to_owned(), |verb| super::line::verb_name(verb, t)),
        "outcome" => [Outcome::Done, Outcome::Denied]
            .into_iter()
            .find(|outcome| outcome.code() == value)
            .map_or_else(|| value.to_owned(), |outcome| t.text(format!("audit-outcome-{}", outcome.code()))),
        "from" | "until" => {
            format::typed_instant(value).map_or_else(|| value.to_owned(), |at| format::exact(t.locale, at).words)
        }
        _ => value.to_owned(),
    };
    let key = if name == "format" { "extraction-format".to_owned() } else { format!("audit-{name}") };
    let label = if t.has(&key) { t.text(&key) } else { name.to_owned() };
    t.with("activity-equals", &[("field", &label), ("value", &value)])
}
