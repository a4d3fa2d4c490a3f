//! One entry's own page: all it holds, what else its request did, its place in the log. Its certificate is made elsewhere.

use super::row::{self, Row};
use super::{PATH, control};
use crate::Web;
use crate::format;
use crate::page::record::{Link, param, params};
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::audit::entry::EntryDetail;
use askama::Template;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use domain::id::EntryId;
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "audit/entry.html")]
pub struct EntryPageView {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Link>,
    /// The entry.
    pub row: Row,
    /// What all verbs of its kind are called, and the log with them.
    pub kind: Link,
    /// Its place in the log, counted from 0; empty while it waits for it.
    pub position: String,
    /// The others of its request.
    pub others: Vec<Row>,
    /// Whether the request has more of them.
    pub more: bool,
}

/// `/app/admin/audit/{entry}` of the request. What is no id leads nowhere: 404.
pub struct AtEntry(pub EntryId);

impl<S: Send + Sync> FromRequestParts<S> for AtEntry {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let typed = param(&params(parts, state).await?, "entry")?;
        typed.parse().map(Self).map_err(|_| Problem::not_found())
    }
}

/// `GET /app/admin/audit/{entry}`
pub async fn entry(
    State(web): State<Arc<Web>>,
    signed: Signed,
    at: Result<AtEntry, Problem>,
) -> Result<Response, Problem> {
    // Who may not read the log is told so, whatever they ask.
    web.app.audit_choices(&signed.caller).await?;
    let found = web.app.audit_entry(&signed.caller, at?.0).await?;
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(StatusCode::OK, &view(shell, &found)))
}

/// The page from what `app` found.
pub fn view(mut shell: Shell, found: &EntryDetail) -> EntryPageView {
    let t = shell.t;
    let row = row::row(&found.entry, t);
    shell.title = row.told.sentence.clone();
    let noun = found.entry.verb.code().split('.').next().unwrap_or_default();
    let href = format!("{PATH}{}", page::query([("verb", format!("{noun}.*").as_str())]));
    EntryPageView {
        crumbs: vec![Link { href: PATH.to_owned(), label: t.text("audit-title") }],
        row,
        kind: Link { href, label: control::noun_name(noun, t) },
        position: found
            .position
            .map(|position| format::number(i64::try_from(position).unwrap_or(i64::MAX)))
            .unwrap_or_default(),
        others: found.others.iter().map(|entry| row::row(entry, t)).collect(),
        more: found.more,
        shell,
    }
}
