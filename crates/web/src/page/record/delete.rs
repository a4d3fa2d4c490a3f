//! The page that asks before a record is removed, and the removal. A record others refer to stays.

use super::{AtRecord, Head, Link, value};
use crate::Web;
use crate::form::Posted;
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::record::RecordDetail;
use app::{Error, Refusal};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "record/delete.html")]
pub struct DeleteView {
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
    /// The version to be removed.
    pub version: i64,
    /// Why it could not be removed, or empty: `still_referenced` or `conflict`.
    pub refused: &'static str,
}

/// `GET /app/s/{service}/{entity}/{id}/delete`
pub async fn ask(State(web): State<Arc<Web>>, signed: Signed, at: AtRecord) -> Result<Response, Problem> {
    page(&web, &signed, &at, "").await
}

/// `POST /app/s/{service}/{entity}/{id}/delete`
pub async fn delete(State(web): State<Arc<Web>>, at: AtRecord, posted: Posted) -> Result<Response, Problem> {
    let version = super::form::version(&posted.form)?;
    let place = (at.at.service.as_str(), at.at.entity.as_str());
    match web.app.record_delete(&posted.signed.caller, place, at.id, version).await {
        Ok(()) => Ok(page::done(&at.at.path(), "deleted")),
        Err(Error::Refused(Refusal::StillReferenced)) => page(&web, &posted.signed, &at, "still_referenced").await,
        Err(Error::Conflict(_)) => page(&web, &posted.signed, &at, "conflict").await,
        Err(error) => Err(error.into()),
    }
}

async fn page(web: &Arc<Web>, signed: &Signed, at: &AtRecord, refused: &'static str) -> Result<Response, Problem> {
    let place = (at.at.service.as_str(), at.at.entity.as_str());
    let found = web.app.record_delete_form(&signed.caller, place, at.id).await?;
    let shell = Shell::signed(web, &signed.caller, &signed.context, String::new()).await?;
    let status = if refused.is_empty() { StatusCode::OK } else { StatusCode::CONFLICT };
    Ok(page::html(status, &view(shell, &found, refused)))
}

/// The page from what `app` found.
pub fn view(mut shell: Shell, found: &RecordDetail, refused: &'static str) -> DeleteView {
    let locale = shell.t.locale;
    let head = Head::new(&found.place, locale);
    let title = value::title(&found.place.entity, &found.view, locale);
    shell.title = shell.t.one("record-delete-title", "entity", head.entity.as_str());
    DeleteView {
        crumbs: head.crumbs_to(found.view.record.id, &title),
        path: format!("{}/{}", head.path, found.view.record.id),
        version: found.view.record.version,
        refused,
        title,
        head,
        shell,
    }
}
