//! The page of the tamper-evident log: what may be claimed of it, its newest checkpoint, who reads it from outside, and the files
//! that leave it. What is proven, and how, is `app`'s.

pub mod token;
pub mod walk;

mod view;

pub use view::{Filled, LedgerView, view};

use super::entry::AtEntry;
use crate::Web;
use crate::form::Posted;
use crate::page::record::{Link, param, params};
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::Error;
use app::audit::package::LogPackage;
use axum::body::Body;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use domain::id::SubscriberId;
use domain::locale::Locale;
use futures_util::TryStreamExt;
use std::sync::Arc;

/// The page's path.
pub const PATH: &str = "/app/admin/audit/log";

/// `GET /app/admin/audit/log`
pub async fn show(State(web): State<Arc<Web>>, signed: Signed) -> Result<Response, Problem> {
    filled(&web, &signed, &Filled::default()).await
}

/// The page with forms as they were sent.
async fn filled(web: &Arc<Web>, signed: &Signed, filled: &Filled<'_>) -> Result<Response, Problem> {
    let found = web.app.log_overview(&signed.caller).await?;
    let shell = Shell::signed(web, &signed.caller, &signed.context, String::new()).await?;
    let status = if filled.faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(page::html(status, &view(shell, signed.caller.tenant, &found, filled, web.app.now())))
}

/// `POST /app/admin/audit/log/mail`
pub async fn subscribe(State(web): State<Arc<Web>>, posted: Posted) -> Result<Response, Problem> {
    let Posted { signed, form } = posted;
    let email = form.once("email")?;
    let locale = Locale::parse(form.once("language")?).ok_or_else(|| Problem::bad_field("bad_value", "language"));
    // Who may not be here is told so, whatever they sent.
    let locale = match locale {
        Ok(locale) => locale,
        Err(problem) => return Err(web.app.log_subscribers(&signed.caller).await.err().map_or(problem, Problem::from)),
    };
    match web.app.log_subscribe(&signed.caller, email, locale).await {
        Ok(()) => Ok(page::done(PATH, "log_subscribed")),
        Err(Error::Invalid(faults)) => {
            filled(&web, &signed, &Filled { email, language: Some(locale), faults: &faults, ..Filled::default() }).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `/app/admin/audit/log/mail/{subscriber}/remove` of the request. What is no id leads nowhere: 404.
pub struct AtSubscriber(SubscriberId);

impl<S: Send + Sync> FromRequestParts<S> for AtSubscriber {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let typed = param(&params(parts, state).await?, "subscriber")?;
        typed.parse().map(Self).map_err(|_| Problem::not_found())
    }
}

/// `POST /app/admin/audit/log/mail/{subscriber}/remove`
pub async fn unsubscribe(State(web): State<Arc<Web>>, at: AtSubscriber, posted: Posted) -> Result<Response, Problem> {
    web.app.log_unsubscribe(&posted.signed.caller, at.0).await?;
    Ok(page::done(PATH, "log_unsubscribed"))
}

/// `POST /app/admin/audit/log/retention`: how long entries are kept; an empty choice keeps them for ever.
pub async fn retention(State(web): State<Arc<Web>>, posted: Posted) -> Result<Response, Problem> {
    let Posted { signed, form } = posted;
    let typed = form.once("retention")?;
    // What is no number is outside of what may be chosen, and is refused as that.
    let days = (!typed.is_empty()).then(|| typed.parse().unwrap_or(0));
    match web.app.retention_change(&signed.caller, days).await {
        Ok(()) => Ok(page::done(PATH, "log_retention")),
        Err(Error::Invalid(faults)) => filled(&web, &signed, &Filled { faults: &faults, ..Filled::default() }).await,
        Err(error) => Err(error.into()),
    }
}

/// `POST /app/admin/audit/log/download`: the whole log as a zip.
pub async fn download(State(web): State<Arc<Web>>, posted: Posted) -> Result<Response, Problem> {
    Ok(packed(web.app.log_package(&posted.signed.caller).await?))
}

/// `POST /app/admin/audit/log/platform/download`: the platform's log, which holds every checkpoint of the tenants'.
pub async fn download_platform(State(web): State<Arc<Web>>, posted: Posted) -> Result<Response, Problem> {
    Ok(packed(web.app.log_package_of_platform(&posted.signed.caller).await?))
}

fn packed(package: LogPackage) -> Response {
    let body = Body::from_stream(package.stream.map_err(|error| {
        tracing::error!(%error, "a download of a log broke off");
        error
    }));
    attached(body, "application/zip", &package.file_name)
}

/// `POST /app/admin/audit/{entry}/certificate`: a file that proves one entry.
pub async fn certificate(State(web): State<Arc<Web>>, at: AtEntry, posted: Posted) -> Result<Response, Problem> {
    let certificate = web.app.certificate(&posted.signed.caller, at.0).await?;
    Ok(attached(Body::from(certificate.text), "text/plain; charset=utf-8", &certificate.file_name))
}

fn attached(body: Body, content_type: &'static str, name: &str) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
    response
}

/// The way to this page, and to those below it.
fn crumbs(shell: &Shell, below: bool) -> Vec<Link> {
    let mut crumbs = vec![Link { href: super::PATH.to_owned(), label: shell.t.text("audit-title") }];
    if below {
        crumbs.push(Link { href: PATH.to_owned(), label: shell.t.text("ledger-title") });
    }
    crumbs
}
