//! The log for programs: one's own trail, and the tenant's log for administrators. The same conditions as on the pages.

use super::json;
use crate::Web;
use crate::form::Query;
use crate::page::activity;
use crate::page::audit::entry::AtEntry;
use crate::page::audit::filter;
use crate::problem::Problem;
use crate::session::Signed;
use app::audit::{EntryPage, EntryView};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::audit::{Actor, Detail};
use serde::Serialize;
use std::sync::Arc;

/// An entry as programs read it.
#[derive(Serialize)]
pub(crate) struct Entry<'a> {
    id: String,
    at: String,
    actor: Party<'a>,
    verb: &'static str,
    outcome: &'static str,
    request: String,
    target: Target<'a>,
    detail: &'a Detail,
    /// Whether values are left out of `detail`, since the asker may not open the record's screen.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    values_withheld: bool,
}

/// Who acted: a user, the operator, STRUCT itself, or anyone.
#[derive(Serialize)]
struct Party<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

#[derive(Serialize)]
struct Target<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    screen: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entity: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<&'a str>,
}

/// One entry and where it stands in the log.
#[derive(Serialize)]
struct Placed<'a> {
    #[serde(flatten)]
    entry: Entry<'a>,
    position: Option<u64>,
}

#[derive(Serialize)]
struct List<'a> {
    entries: Vec<Entry<'a>>,
    next: Option<&'a str>,
    previous: Option<&'a str>,
    /// Where the look ended, when it ended before the log did; `next` goes on from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    looked_until: Option<String>,
}

/// `GET /api/v1/activity?kind=…&range=…&from=…&until=…&cursor=…`
pub async fn own(State(web): State<Arc<Web>>, signed: Signed, Query(form): Query) -> Result<Response, Problem> {
    let wanted = activity::filter::read(&form, web.app.now())?.map_err(refused)?;
    list(&web.app.activity_of(&signed.caller, wanted, form.some("cursor")?).await?)
}

/// `GET /api/v1/audit` with the conditions of `filter::NAMES` and `cursor`.
pub async fn log(State(web): State<Arc<Web>>, signed: Signed, Query(form): Query) -> Result<Response, Problem> {
    // Who may not read the log is told so, whatever they ask.
    web.app.audit_choices(&signed.caller).await?;
    let wanted = filter::read(&form, None, web.app.now())?.map_err(refused)?;
    list(&web.app.audit(&signed.caller, wanted, form.some("cursor")?).await?)
}

/// `GET /api/v1/audit/{entry}`: one entry, with its place in the log.
pub async fn one(
    State(web): State<Arc<Web>>,
    signed: Signed,
    at: Result<AtEntry, Problem>,
) -> Result<Response, Problem> {
    web.app.audit_choices(&signed.caller).await?;
    let found = web.app.audit_entry(&signed.caller, at?.0).await?;
    json(StatusCode::OK, &Placed { entry: entry(&found.entry), position: found.position })
}

fn refused(wrong: Vec<filter::Wrong>) -> Problem {
    Problem::bad_field("bad_value", wrong.first().map_or("", |wrong| wrong.name))
}

fn list(page: &EntryPage) -> Result<Response, Problem> {
    let entries = page.entries.iter().map(entry).collect();
    let looked_until = page.stopped.map(|at| at.to_string());
    let (next, previous) = (page.next.as_deref(), page.previous.as_deref());
    json(StatusCode::OK, &List { entries, next, previous, looked_until })
}

/// The entry as programs read it.
pub(crate) fn entry(view: &EntryView) -> Entry<'_> {
    let (kind, user) = match view.actor {
        Actor::User(user) => ("user", Some(user.to_string())),
        Actor::Operator => ("operator", None),
        Actor::System => ("system", None),
        Actor::Anyone => ("anyone", None),
    };
    let target = &view.target;
    Entry {
        id: view.id.to_string(),
        at: view.at.to_string(),
        actor: Party { kind, user, name: view.actor_name.as_deref() },
        verb: view.verb.code(),
        outcome: view.outcome.code(),
        request: view.request.to_string(),
        target: Target {
            service: target.service.as_deref(),
            screen: target.screen.as_deref(),
            entity: target.entity.as_deref(),
            record: target.record.map(|id| id.to_string()),
            user: target.user.map(|id| id.to_string()),
            user_name: view.user_name.as_deref(),
        },
        detail: &view.detail,
        values_withheld: view.closed,
    }
}
