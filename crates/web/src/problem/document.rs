//! A problem as a document for programs (RFC 9457). Holds no internals: an internal fault is its request id alone.

use super::Problem;
use crate::locale::texts;
use crate::request::Context;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: String,
    status: u16,
    detail: String,
    code: &'a str,
    request_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gate: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<HeldExtraction>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError<'a>>,
}

/// Why an extraction was held, and where to follow it.
#[derive(Serialize)]
struct HeldExtraction {
    hold: String,
    rule: &'static str,
    rows: u64,
    value: u64,
    limit: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    median: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mad: Option<u64>,
    follow: String,
}

impl HeldExtraction {
    fn new(held: &app::Held) -> Self {
        Self {
            hold: held.hold.to_string(),
            rule: held.rule.code(),
            rows: held.rows,
            value: held.figures.value,
            limit: held.figures.limit,
            median: held.figures.spread.map(|spread| spread.median),
            mad: held.figures.spread.map(|spread| spread.mad),
            follow: format!("/api/v1/holds/{}", held.hold),
        }
    }
}

#[derive(Serialize)]
struct FieldError<'a> {
    field: &'a str,
    code: &'a str,
    message: String,
}

pub(super) fn render(problem: &Problem, context: &Context) -> Response {
    let t = texts(context.locale());
    let errors = problem.faults.iter().map(|fault| FieldError {
        field: &fault.field,
        code: fault.reason.code(),
        message: fault.message(context.locale(), &fault.field),
    });
    let document = Document {
        r#type: format!("urn:struct:problem:{}", problem.code),
        title: super::page::title(problem, t),
        status: problem.status.as_u16(),
        detail: super::page::what(problem, t),
        code: problem.code,
        request_id: context.id().to_string(),
        field: problem.field.as_deref(),
        gate: problem.denied.as_ref().map(|denied| denied.gate.code()),
        held: problem.held.as_ref().map(HeldExtraction::new),
        errors: errors.collect(),
    };
    let body = serde_json::to_vec(&document).unwrap_or_default();
    (problem.status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
}
