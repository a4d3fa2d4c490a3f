//! Held extractions for programs: how one stands, and the file once it is released. Deciding is for people, on a page.

use super::json;
use crate::Web;
use crate::page::extraction::file;
use crate::page::extraction::hold::AtHold;
use crate::problem::Problem;
use crate::session::Signed;
use app::extraction::hold::{HoldView, Standing};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::Serialize;
use std::sync::Arc;

/// How a held extraction stands.
#[derive(Serialize)]
struct Hold<'a> {
    id: String,
    state: &'static str,
    entity: &'a str,
    format: &'a str,
    rule: &'static str,
    rows: u64,
    value: u64,
    limit: u64,
    asked_at: Timestamp,
    expires_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> Hold<'a> {
    fn new(view: &'a HoldView) -> Self {
        Self {
            id: view.id.to_string(),
            state: match view.standing {
                Standing::Waiting => "waiting",
                Standing::Released => "released",
                Standing::Refused => "refused",
                Standing::Taken => "taken",
                Standing::Expired => "expired",
            },
            entity: &view.entity,
            format: &view.format,
            rule: view.rule.code(),
            rows: view.counted,
            value: view.figures.value,
            limit: view.figures.limit,
            asked_at: view.asked_at,
            expires_at: view.expires_at,
            reason: view.decided.as_ref().map(|(_, _, why)| why.as_str()),
        }
    }
}

/// `GET /api/v1/holds/{hold}`
pub async fn held(State(web): State<Arc<Web>>, signed: Signed, at: AtHold) -> Result<Response, Problem> {
    let view = web.app.held_extraction(&signed.caller, at.0).await?;
    json(StatusCode::OK, &Hold::new(&view))
}

/// `POST /api/v1/holds/{hold}/file`: once, by who asked for it.
pub async fn take(State(web): State<Arc<Web>>, signed: Signed, at: AtHold) -> Result<Response, Problem> {
    Ok(file(web.app.take_extraction(&signed.caller, at.0).await?))
}
