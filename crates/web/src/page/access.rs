//! The access matrix, a service a page: roles × screens × actions and the four settings. Rights are `app`'s.
//!
//! A page can be narrowed to one role and one entity; it says which columns and rows it showed, and only these are read
//! back. So a phone gets a short page, and a tenant with 50 roles none that is too heavy.

pub mod merge;
pub mod proposed;
pub mod row;
mod save;
pub mod typed;
pub mod view;

pub use save::save;

use crate::Web;
use crate::form::Query;
use crate::locale::Texts;
use crate::page::record::{param, params};
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::screen::{Matrix, MatrixService};
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use domain::screen::{Action, Actions};
use std::sync::Arc;

/// Where the pages stand.
pub const PATH: &str = "/app/admin/access";

/// `/app/admin/access/{service}` of the request.
#[derive(Clone, Debug)]
pub struct AtService(pub String);

impl<S: Send + Sync> FromRequestParts<S> for AtService {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        param(&params(parts, state).await?, "service").map(Self)
    }
}

/// `GET /app/admin/access`: the first service, or that there is none.
pub async fn first(State(web): State<Arc<Web>>, signed: Signed, Query(query): Query) -> Result<Response, Problem> {
    let matrix = web.app.matrix(&signed.caller).await?;
    if let Some(first) = matrix.services.first() {
        let query = page::query([("role", query.once("role")?)]);
        return Ok(Redirect::to(&format!("{}{query}", path(&first.service.name))).into_response());
    }
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(StatusCode::OK, &view::none(shell)))
}

/// `GET /app/admin/access/{service}`
pub async fn matrix(
    State(web): State<Arc<Web>>,
    signed: Signed,
    at: AtService,
    Query(query): Query,
) -> Result<Response, Problem> {
    let matrix = web.app.matrix(&signed.caller).await?;
    let part = view::Part::read(&query)?;
    let merged = merge::Merged::untouched(service(&matrix, &at)?);
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(StatusCode::OK, &view::view(shell, &matrix, &at.0, &part, &merged, &view::Said::default())))
}

/// The page of a service.
pub fn path(service: &str) -> String {
    format!("{PATH}/{service}")
}

fn service<'m>(matrix: &'m Matrix, at: &AtService) -> Result<&'m MatrixService, Problem> {
    matrix.services.iter().find(|found| found.service.name == at.0).ok_or_else(Problem::not_found)
}

/// What people call a billing user type; types of other manifests show their code.
pub fn billing(t: Texts, code: &str) -> String {
    let key = format!("billing-{code}");
    if t.has(&key) { t.text(&key) } else { code.to_owned() }
}

/// Actions in words: 閲覧・削除, or なし.
pub fn words(t: Texts, actions: Actions) -> String {
    let words: Vec<String> = actions.iter().map(|action| word(t, action)).collect();
    if words.is_empty() { t.text("access-no-action") } else { words.join(&t.text("access-and")) }
}

fn word(t: Texts, action: Action) -> String {
    t.text(format!("action-{}", action.code()))
}
