//! Saves the matrix. Rights changed by others in the meantime are met: what nobody shares settles itself, the rest is shown.

use super::merge::Merged;
use super::typed::{self, Typed};
use super::view::{self, Part, Said};
use super::{AtService, path, service};
use crate::Web;
use crate::form::{PostedMatrix, Query};
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::screen::Matrix;
use app::{Error, Refusal};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use std::sync::Arc;

/// Longest reason, in characters; as much as an entry keeps.
pub const REASON_CHARS_MAX: usize = 500;
/// How often saving is tried when rights change under way that the page doesn't show (a member, another service).
const ATTEMPTS: usize = 3;

/// `POST /app/admin/access/{service}`
pub async fn save(
    State(web): State<Arc<Web>>,
    at: AtService,
    Query(query): Query,
    PostedMatrix(posted): PostedMatrix,
) -> Result<Response, Problem> {
    let signed = &posted.signed;
    let asked = Asked { web: &web, signed, at: &at, part: Part::read(&query)? };
    for _ in 0..ATTEMPTS {
        let matrix = web.app.matrix(&signed.caller).await?;
        let found = service(&matrix, &at)?;
        let typed = typed::read(&posted.form, &found.service, &matrix.billing_types)?;
        if typed.epoch == matrix.epoch && !typed.roles.iter().all(|id| matrix.roles.iter().any(|role| role.id == *id)) {
            return Err(Problem::bad_field("bad_value", "roles"));
        }
        let merged = Merged::met(&typed, &matrix, found);
        if !merged.theirs().is_empty() || merged.lost > 0 {
            let said = Said { conflict: true, ..said(&typed) };
            return asked.again(StatusCode::CONFLICT, &matrix, &merged, &said).await;
        }
        let changes = merged.changes(&matrix, found);
        if changes.is_empty() {
            return Ok(done(&at, &query, "unchanged"));
        }
        if let Some(fault) = fault(&typed.reason) {
            let said = Said { fault: Some(fault), ..said(&typed) };
            return asked.again(StatusCode::UNPROCESSABLE_ENTITY, &matrix, &merged, &said).await;
        }
        match web.app.save_matrix(&signed.caller, matrix.epoch, changes, &typed.reason).await {
            Ok(()) => return Ok(done(&at, &query, "access_saved")),
            Err(Error::Refused(Refusal::MatrixChanged) | Error::Stale) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::Refused(Refusal::MatrixChanged).into())
}

fn said(typed: &Typed) -> Said {
    Said { reason: typed.reason.clone(), ..Said::default() }
}

/// Why a reason can't be taken.
fn fault(reason: &str) -> Option<view::ReasonFault> {
    let chars = reason.chars().count();
    match chars {
        0 => Some(view::ReasonFault::Missing),
        _ if chars > REASON_CHARS_MAX => Some(view::ReasonFault::TooLong(chars)),
        _ => None,
    }
}

/// The page that was posted from.
struct Asked<'r> {
    web: &'r Arc<Web>,
    signed: &'r Signed,
    at: &'r AtService,
    part: Part,
}

impl Asked<'_> {
    /// The page once more, with what was typed and why it was not saved.
    async fn again(
        &self,
        status: StatusCode,
        matrix: &Matrix,
        merged: &Merged,
        said: &Said,
    ) -> Result<Response, Problem> {
        let shell = Shell::signed(self.web, &self.signed.caller, &self.signed.context, String::new()).await?;
        Ok(page::html(status, &view::view(shell, matrix, &self.at.0, &self.part, merged, said)))
    }
}

/// Back to the same part of the matrix.
fn done(at: &AtService, query: &crate::form::Form, code: &str) -> Response {
    let value = |name| query.once(name).unwrap_or_default();
    let query = page::query([("done", code), ("role", value("role")), ("entity", value("entity"))]);
    Redirect::to(&format!("{}{query}", path(&at.0))).into_response()
}
