//! The log of a tenant, for its administrators: conditions, rows, every row's detail. Reading it is itself entered, by `app`.

pub mod filter;

use crate::Web;
use crate::form::{Form, Query};
use crate::format::{self, When};
use crate::page::activity::line::{self, Told, Who};
use crate::page::activity::{device, note, value};
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::audit::{AuditChoices, EntryPage, EntryView, PAGE};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::audit::{Actor, Outcome, Verb};
use filter::{Controls, Wrong};
use std::sync::Arc;

/// The page's path.
pub const PATH: &str = "/app/admin/audit";

/// The page.
#[derive(Template)]
#[template(path = "audit/log.html")]
pub struct AuditView {
    /// The frame.
    pub shell: Shell,
    /// The conditions.
    pub filter: Controls,
    /// Conditions that can't be used, each with its field.
    pub wrong: Vec<page::record::Link>,
    /// The rows; none when a condition is wrong, since nothing was read.
    pub rows: Vec<Row>,
    /// How many there are on this page.
    pub shown: String,
    /// Entries a page.
    pub size: i64,
    /// The page before, or empty.
    pub previous: String,
    /// The page after, or empty.
    pub next: String,
}

/// An entry.
#[derive(Clone, Debug)]
pub struct Row {
    /// When.
    pub at: When,
    /// Who.
    pub who: String,
    /// The log with what this member did, or empty.
    pub who_href: String,
    /// What.
    pub told: Told,
    /// The member acted upon.
    pub user: String,
    /// The record's id when it has no link.
    pub record: String,
    /// The log with what was done to the record, or empty.
    pub record_href: String,
    /// Whether it ended in a refusal.
    pub denied: bool,
    /// The request.
    pub request: String,
    /// The log with all that the request did.
    pub request_href: String,
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
    /// Whether the values are personal, and so not in the log.
    pub withheld: bool,
}

/// `GET /app/admin/audit`
pub async fn log(State(web): State<Arc<Web>>, signed: Signed, Query(form): Query) -> Result<Response, Problem> {
    let choices = web.app.audit_choices(&signed.caller).await?;
    let (found, wrong) = match filter::read(&form, Some(&choices))? {
        Ok(wanted) => (Some(web.app.audit(&signed.caller, wanted, form.some("cursor")?).await?), Vec::new()),
        Err(wrong) => (None, wrong),
    };
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(status, &view(shell, &form, &choices, found.as_ref(), &wrong)))
}

/// The page from what `app` found; `found` is none when nothing was asked, for the conditions were wrong.
pub fn view(
    mut shell: Shell,
    form: &Form,
    choices: &AuditChoices,
    found: Option<&EntryPage>,
    wrong: &[Wrong],
) -> AuditView {
    let t = shell.t;
    shell.title = t.text("audit-title");
    let entries = found.map(|found| found.entries.as_slice()).unwrap_or_default();
    let link = |cursor: Option<&String>| cursor.map(|cursor| filter::link(form, Some(cursor))).unwrap_or_default();
    AuditView {
        filter: filter::controls(form, choices, wrong, t),
        wrong: wrong.iter().map(|wrong| wrong.link(t)).collect(),
        rows: entries.iter().map(|entry| row(entry, &shell)).collect(),
        shown: t.one("activity-shown", "count", entries.len() as i64),
        size: PAGE as i64,
        previous: link(found.and_then(|found| found.previous.as_ref())),
        next: link(found.and_then(|found| found.next.as_ref())),
        shell,
    }
}

fn row(entry: &EntryView, shell: &Shell) -> Row {
    let t = shell.t;
    let only = |name: &str, value: Option<String>| {
        value.map(|value| format!("{PATH}{}", page::query([(name, value.as_str())]))).unwrap_or_default()
    };
    let who_id = match entry.actor {
        Actor::User(user) => Some(user.to_string()),
        _ => None,
    };
    // The column of the target names the record.
    let record = entry.target.record.map(|id| id.to_string());
    Row {
        at: format::exact(t.locale, entry.at),
        who: line::actor(entry, t),
        who_href: only("user", who_id),
        told: line::tell(entry, Who::Others, t),
        user: if entry.target.user.is_some() {
            entry.user_name.clone().unwrap_or_else(|| t.text("activity-some-user"))
        } else {
            String::new()
        },
        record: record.clone().unwrap_or_default(),
        record_href: only("record", record),
        denied: entry.outcome == Outcome::Denied,
        request: entry.request.to_string(),
        request_href: only("request", Some(entry.request.to_string())),
        more: more(entry, shell),
    }
}

fn more(entry: &EntryView, shell: &Shell) -> More {
    let t = shell.t;
    let detail = &entry.detail;
    let labels: Vec<String> = detail.fields.iter().map(|name| value::label(entry, name, t)).collect();
    let changes = detail.changes.iter().map(|change| ChangeRow {
        label: value::label(entry, &change.field, t),
        before: value::words(entry, &change.field, change.before.as_deref(), t),
        after: value::words(entry, &change.field, change.after.as_deref(), t),
        withheld: value::is_withheld(entry, change),
    });
    More {
        device: device::words(detail.device.as_deref(), t),
        device_sent: detail.device.clone().unwrap_or_default(),
        address: detail.address.clone().unwrap_or_default(),
        code: entry.verb.code(),
        entry: entry.id.to_string(),
        fields: labels.join(&t.text("activity-comma")),
        rows: detail.rows.map(|rows| format::number(i64::try_from(rows).unwrap_or(i64::MAX))).unwrap_or_default(),
        note: note::words(entry, t).join(&t.text("activity-separator")),
        changes: changes.collect(),
    }
}

/// The group a verb stands in among those the filter offers.
pub fn group(verb: Verb) -> &'static str {
    match verb.code().split('.').next().unwrap_or_default() {
        "session" | "user" => "audit-group-user",
        "role" | "access" | "audit" => "audit-group-access",
        "tenant" | "contract" | "service" => "audit-group-contract",
        _ => "audit-group-record",
    }
}
