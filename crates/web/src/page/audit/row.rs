//! An entry as administrators read it: who, what, on what, with everything it holds. The same on the list, on an entry's own
//! page and in a record's history.

use super::PATH;
use crate::format::{self, When};
use crate::locale::Texts;
use crate::page;
use crate::page::activity::line::{self, Told, Who};
use crate::page::activity::{device, note, value};
use app::audit::EntryView;
use domain::audit::{Actor, Outcome};

/// An entry.
#[derive(Clone, Debug)]
pub struct Row {
    /// When.
    pub at: When,
    /// Who.
    pub who: String,
    /// The log with what this one did.
    pub who_href: String,
    /// What.
    pub told: Told,
    /// The member acted upon.
    pub user: String,
    /// The log with what was done by the member acted upon, or empty.
    pub user_href: String,
    /// The record's id.
    pub record: String,
    /// The log with what was done to the record, or empty.
    pub record_href: String,
    /// The record's history, or empty.
    pub history_href: String,
    /// Whether it ended in a refusal.
    pub denied: bool,
    /// The request.
    pub request: String,
    /// The log with all that the request did.
    pub request_href: String,
    /// The entry's own page.
    pub href: String,
    /// Everything else the entry holds.
    pub more: More,
}

/// What the entry holds beside its columns.
#[derive(Clone, Debug, Default)]
pub struct More {
    /// The machine in short.
    pub device: String,
    /// The browser's own description.
    pub device_sent: String,
    /// The address.
    pub address: String,
    /// The verb's permanent code.
    pub code: &'static str,
    /// The entry's id.
    pub entry: String,
    /// Fields given out or revealed.
    pub fields: String,
    /// How many records.
    pub rows: String,
    /// How many bytes a file had.
    pub bytes: String,
    /// The SHA-256 of a file, by which it is told from any other.
    pub sha256: String,
    /// Reason, file, conditions.
    pub note: String,
    /// Values before and after.
    pub changes: Vec<ChangeRow>,
}

/// A changed field.
#[derive(Clone, Debug)]
pub struct ChangeRow {
    /// The field's label.
    pub label: String,
    /// Before.
    pub before: String,
    /// After.
    pub after: String,
    /// Why no values are shown, or empty.
    pub withheld: String,
}

/// The entry in words.
pub fn row(entry: &EntryView, t: Texts) -> Row {
    let only = |name: &str, value: Option<String>| {
        value.map(|value| format!("{PATH}{}", page::query([(name, value.as_str())]))).unwrap_or_default()
    };
    let who = match entry.actor {
        Actor::User(user) => user.to_string(),
        Actor::Operator => "operator".to_owned(),
        Actor::System => "system".to_owned(),
        Actor::Anyone => "anyone".to_owned(),
    };
    let target = &entry.target;
    // The column of the target names the record.
    let record = target.record.map(|id| id.to_string());
    let user = target.user.map(|_| entry.user_name.clone().unwrap_or_else(|| t.text("activity-some-user")));
    Row {
        at: format::exact(t.locale, entry.at),
        who: line::actor(entry, t),
        who_href: only("user", Some(who)),
        told: line::tell(entry, Who::Others, t),
        user: user.unwrap_or_default(),
        user_href: only("user", target.user.map(|id| id.to_string())),
        record: record.clone().unwrap_or_default(),
        record_href: only("record", record),
        history_href: history(entry).unwrap_or_default(),
        denied: entry.outcome == Outcome::Denied,
        request: entry.request.to_string(),
        request_href: only("request", Some(entry.request.to_string())),
        href: format!("{PATH}/{}", entry.id),
        more: more(entry, t),
    }
}

/// The history of the entry's record.
fn history(entry: &EntryView) -> Option<String> {
    let (service, entity) = (entry.service.as_ref()?, entry.target.entity.as_ref()?);
    Some(format!("/app/s/{}/{entity}/{}/history", service.name, entry.target.record?))
}

/// Everything the entry holds beside its columns.
pub fn more(entry: &EntryView, t: Texts) -> More {
    let detail = &entry.detail;
    let count = |count: Option<u64>| {
        count.map(|count| format::number(i64::try_from(count).unwrap_or(i64::MAX))).unwrap_or_default()
    };
    let labels: Vec<String> = detail.fields.iter().map(|name| value::label(entry, name, t)).collect();
    More {
        device: device::words(detail.device.as_deref(), t),
        device_sent: detail.device.clone().unwrap_or_default(),
        address: detail.address.clone().unwrap_or_default(),
        code: entry.verb.code(),
        entry: entry.id.to_string(),
        fields: labels.join(&t.text("activity-comma")),
        rows: count(detail.rows),
        bytes: count(detail.bytes),
        sha256: detail.sha256.clone().unwrap_or_default(),
        note: note::words(entry, t).join(&t.text("activity-separator")),
        changes: changes(entry, t),
    }
}

/// The changed fields, in the order of the log.
pub fn changes(entry: &EntryView, t: Texts) -> Vec<ChangeRow> {
    let change = |change: &domain::audit::Change| ChangeRow {
        label: value::label(entry, &change.field, t),
        before: value::words(entry, &change.field, change.before.as_deref(), t),
        after: value::words(entry, &change.field, change.after.as_deref(), t),
        withheld: if value::is_personal(entry, &change.field) {
            t.text("audit-withheld")
        } else if entry.closed {
            t.text("audit-closed")
        } else if value::is_withheld(entry, change) {
            t.text("audit-withheld")
        } else {
            String::new()
        },
    };
    entry.detail.changes.iter().map(change).collect()
}
