//! One record: its values, personal ones masked until revealed; who made and changed it. Revealing is a POST of its own.

use super::value::{self, Shown};
use super::{AtRecord, Head, Link};
use crate::Web;
use crate::form::Posted;
use crate::format::{self, When};
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::record::RecordDetail;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "record/detail.html")]
pub struct DetailView {
    /// The frame.
    pub shell: Shell,
    /// Names and paths.
    pub head: Head,
    /// The way here.
    pub crumbs: Vec<Link>,
    /// The record's path.
    pub path: String,
    /// What people call it.
    pub title: String,
    /// Label and value of each field.
    pub lines: Vec<Line>,
    /// Whether there are personal values.
    pub personal: bool,
    /// Whether they are shown in full.
    pub revealed: bool,
    /// The record's history in short.
    pub record: RecordLines,
}

/// A field of the record.
#[derive(Clone, Debug)]
pub struct Line {
    /// The field's label.
    pub label: String,
    /// Whether it is personal.
    pub personal: bool,
    /// The value.
    pub value: Shown,
}

/// What the panel beside a record says.
#[derive(Clone, Debug)]
pub struct RecordLines {
    /// The id.
    pub id: String,
    /// Which version it is.
    pub version: i64,
    /// When it was made.
    pub created: When,
    /// By whom.
    pub created_by: String,
    /// When it was last changed.
    pub updated: When,
    /// By whom.
    pub updated_by: String,
}

impl RecordLines {
    /// From a record as `app` gives it.
    pub fn new(view: &app::record::RecordView, shell: &Shell, now: jiff::Timestamp) -> Self {
        let locale = shell.t.locale;
        Self {
            id: view.record.id.to_string(),
            version: view.record.version,
            created: format::brief(locale, now, view.record.created_at),
            created_by: view.created_by_name.clone().unwrap_or_default(),
            updated: format::brief(locale, now, view.record.updated_at),
            updated_by: view.updated_by_name.clone().unwrap_or_default(),
        }
    }
}

/// `GET /app/s/{service}/{entity}/{id}`
pub async fn detail(State(web): State<Arc<Web>>, signed: Signed, at: AtRecord) -> Result<Response, Problem> {
    let found = web.app.record_detail(&signed.caller, &at.at.service, &at.at.entity, at.id).await?;
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(StatusCode::OK, &view(shell, &found, web.app.now())))
}

/// `POST /app/s/{service}/{entity}/{id}/reveal`: the same page with personal values in full. The entry is there first.
pub async fn reveal(State(web): State<Arc<Web>>, at: AtRecord, posted: Posted) -> Result<Response, Problem> {
    let signed = posted.signed;
    let found = web.app.record_reveal(&signed.caller, &at.at.service, &at.at.entity, at.id).await?;
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(StatusCode::OK, &view(shell, &found, web.app.now())))
}

/// The page from what `app` found.
pub fn view(mut shell: Shell, found: &RecordDetail, now: jiff::Timestamp) -> DetailView {
    let locale = shell.t.locale;
    let head = Head::new(&found.place, locale);
    let entity = &found.place.entity;
    let title = value::title(entity, &found.view, locale);
    let fields = found.screen.fields.iter().filter_map(|name| entity.field(name));
    let lines: Vec<Line> = fields
        .map(|field| Line {
            label: field.label.get(locale).to_owned(),
            personal: field.personal,
            value: value::shown(&found.place.service.name, field, &found.view, locale),
        })
        .collect();
    shell.title = format!("{title} {}", head.entity);
    DetailView {
        crumbs: head.crumbs(),
        path: format!("{}/{}", head.path, found.view.record.id),
        personal: lines.iter().any(|line| line.personal && !line.value.text.is_empty()),
        revealed: found.view.revealed,
        record: RecordLines::new(&found.view, &shell, now),
        lines,
        title,
        head,
        shell,
    }
}
