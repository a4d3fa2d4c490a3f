//! The log of a tenant, for its administrators: conditions, rows, every row's detail. Reading it is itself entered, by `app`.

pub mod control;
pub mod entry;
pub mod extract;
pub mod filter;
pub mod history;
pub mod ledger;
pub mod period;
pub mod row;
pub mod sign;
pub mod stream;

use crate::Web;
use crate::form::{Form, Query};
use crate::format::{self, When};
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::audit::{AuditChoices, EntryPage, PAGE};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use control::Controls;
use domain::audit::Verb;
use filter::Wrong;
use row::Row;
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
    /// Where the look ended, when it ended before the log did.
    pub stopped: Option<When>,
    /// The page before, or empty.
    pub previous: String,
    /// The page after, or empty.
    pub next: String,
}

/// `GET /app/admin/audit`
pub async fn log(State(web): State<Arc<Web>>, signed: Signed, Query(form): Query) -> Result<Response, Problem> {
    let choices = web.app.audit_choices(&signed.caller).await?;
    let (found, wrong) = match filter::read(&form, Some(&choices), web.app.now())? {
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
    let link = |cursor: Option<&String>| cursor.map(|cursor| control::link(form, Some(cursor))).unwrap_or_default();
    AuditView {
        filter: control::controls(form, choices, wrong, t),
        wrong: wrong.iter().map(|wrong| wrong.link(t)).collect(),
        rows: entries.iter().map(|entry| row::row(entry, t)).collect(),
        shown: t.one("activity-shown", "count", entries.len() as i64),
        size: PAGE as i64,
        stopped: found.and_then(|found| found.stopped).map(|at| format::exact(t.locale, at)),
        previous: link(found.and_then(|found| found.previous.as_ref())),
        next: link(found.and_then(|found| found.next.as_ref())),
        shell,
    }
}

/// The group a verb stands in among those the filter offers.
pub fn group(verb: Verb) -> &'static str {
    match verb.code().split('.').next().unwrap_or_default() {
        "record" | "records" | "import" | "extraction" => "audit-group-record",
        "session" | "user" | "activity" => "audit-group-user",
        "tenant" | "contract" | "service" => "audit-group-contract",
        _ => "audit-group-access",
    }
}
