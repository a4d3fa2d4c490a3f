//! One measurement as anybody may see it: the record, the data it was made of, and the file that proves it. Judges nothing.

mod sinks;

use crate::Web;
use crate::format::{self, When};
use crate::locale::Texts;
use crate::page::Shell;
use crate::page::claim::answer::{Kept, answer};
use crate::page::claim::promise::subject;
use crate::page::claim::words::{self, Shown};
use crate::page::record::Link;
use crate::problem::Problem;
use crate::request::Context;
use app::evidence::EvidenceRow;
use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use domain::evidence::Found;
use domain::promise::Promise;
use jiff::Timestamp;
use std::sync::Arc;
use uuid::Uuid;

/// The page.
#[derive(Template)]
#[template(path = "evidence/one.html")]
pub struct EvidenceView {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Link>,
    /// Its id.
    pub id: String,
    /// The promise, as it was given.
    pub sentence: &'static str,
    /// The promise's id.
    pub promise: String,
    /// The verdict.
    pub verdict: Shown,
    /// What was found.
    pub figure: String,
    /// Why the promise is not kept, or soon will not be.
    pub why: Vec<String>,
    /// The check, in words.
    pub check: String,
    /// The server or log, or empty.
    pub of: String,
    /// Since when it was measured, when it is a span.
    pub from: Option<When>,
    /// When it ended.
    pub until: When,
    /// How long ago.
    pub ago: String,
    /// How it was measured, in plain words.
    pub method: String,
    /// The same as the evidence has it.
    pub method_kept: String,
    /// With what.
    pub tool: String,
    /// The register of places data can go, when the raw data is one.
    pub sinks: Vec<sinks::SinkRow>,
    /// What the figure was made of, indented; empty without.
    pub raw: String,
    /// Its SHA-256.
    pub raw_sha256: String,
    /// Where the platform's log is served.
    pub keys: &'static str,
}

/// `GET /trust/evidence/{evidence}`
pub async fn show(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    Extension(context): Extension<Arc<Context>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = web.app.evidence_shown(read(&id)?).await?;
    let now = web.app.now();
    let view = view(Shell::open(now, &context, String::new()), &found.0, found.1.as_deref(), now);
    let page = view.render().map_err(|fault| Problem::internal(format!("template: {fault}")))?;
    Ok(answer(&headers, "text/html; charset=utf-8", Kept::Page, page))
}

/// `GET /trust/evidence/{evidence}/raw.json`: byte for byte what the hash in the leaf is of.
pub async fn raw(State(web): State<Arc<Web>>, Path(id): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let id = read(&id)?;
    let found = web.app.evidence_shown(id).await?;
    let text = found.1.clone().ok_or_else(Problem::not_found)?;
    Ok(file(answer(&headers, "application/json", Kept::Ever, text), &format!("struct-evidence-{id}.json")))
}

/// `GET /trust/evidence/{evidence}/proof`
pub async fn proof(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let made = web.app.evidence_certificate(read(&id)?).await?;
    Ok(file(answer(&headers, "text/plain; charset=utf-8", Kept::Minute, made.text.clone()), &made.file_name))
}

fn read(id: &str) -> Result<Uuid, Problem> {
    id.parse().map_err(|_| Problem::not_found())
}

fn file(mut response: Response, name: &str) -> Response {
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}

/// The page.
pub fn view(mut shell: Shell, row: &EvidenceRow, raw: Option<&str>, now: Timestamp) -> EvidenceView {
    let t: Texts = shell.t;
    shell.title = t.one("evidence-title", "promise", row.promise.as_str());
    let found = Found::of_text(&row.figure);
    let promise = Promise::find(&row.promise);
    let sentence = promise.map(|promise| promise.sentence(t.locale)).unwrap_or_default();
    let (check, of) = subject(row, t);
    let (figure, why) = words::told(&found, t, now);
    EvidenceView {
        crumbs: vec![
            Link { href: "/trust".to_owned(), label: t.text("claim-title") },
            Link { href: format!("/trust/{}", row.promise), label: sentence.to_owned() },
        ],
        id: row.id.to_string(),
        sentence,
        promise: row.promise.clone(),
        verdict: words::verdict(row.verdict, t),
        figure,
        why,
        check,
        of,
        from: row.from.map(|at| format::exact(t.locale, at)),
        until: format::exact(t.locale, row.until),
        ago: words::ago(now, row.until, t),
        method: promise.map(|promise| words::method(promise, t)).unwrap_or_default(),
        method_kept: row.method.clone(),
        tool: row.tool.clone(),
        sinks: raw.map(|raw| sinks::of(raw, t)).unwrap_or_default(),
        raw: raw.map(indented).unwrap_or_default(),
        raw_sha256: row.raw_sha256.clone().unwrap_or_default(),
        keys: "/log/platform/keys",
        shell,
    }
}

/// JSON with a line for each value; what is no JSON stays as it is.
fn indented(raw: &str) -> String {
    let read = serde_json::from_str::<serde_json::Value>(raw).ok();
    read.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_else(|| raw.to_owned())
}
