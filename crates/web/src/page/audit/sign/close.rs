//! Closing a sign: what was seen, and the form for what was found. Who may, `app` says.

use super::{PATH, SignShown, shown};
use crate::Web;
use crate::form::Posted;
use crate::page::record::{Link, param, params};
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::Error;
use app::audit::sign::SignView;
use askama::Template;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use domain::id::SignId;
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "audit/sign.html")]
pub struct CloseView {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Link>,
    /// The sign.
    pub sign: SignShown,
    /// What was typed.
    pub reason: String,
    /// Why it can't be closed so.
    pub error: String,
}

/// `/app/admin/signs/{sign}` of the request. What is no id leads nowhere: 404.
#[derive(Clone, Copy, Debug)]
pub struct AtSign(pub SignId);

impl<S: Send + Sync> FromRequestParts<S> for AtSign {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let id = param(&params(parts, state).await?, "sign")?;
        id.parse().map(Self).map_err(|_| Problem::not_found())
    }
}

/// `GET /app/admin/signs/{sign}`
pub async fn form(State(web): State<Arc<Web>>, signed: Signed, at: AtSign) -> Result<Response, Problem> {
    let sign = web.app.sign(&signed.caller, at.0).await?;
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(StatusCode::OK, &view(shell, &sign, "", String::new())))
}

/// `POST /app/admin/signs/{sign}`
pub async fn close(State(web): State<Arc<Web>>, at: AtSign, posted: Posted) -> Result<Response, Problem> {
    let Posted { signed, form } = posted;
    let reason = form.once("reason")?;
    let faults = match web.app.close_sign(&signed.caller, at.0, reason).await {
        Ok(()) => return Ok(page::done(PATH, "sign_closed")),
        Err(Error::Invalid(faults)) => faults,
        Err(error) => return Err(error.into()),
    };
    let sign = web.app.sign(&signed.caller, at.0).await?;
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    let label = shell.t.text("sign-found");
    let error = faults.first().map_or_else(String::new, |fault| fault.message(shell.t.locale, &label));
    Ok(page::html(StatusCode::UNPROCESSABLE_ENTITY, &view(shell, &sign, reason, error)))
}

/// The page of a sign.
pub fn view(mut shell: Shell, sign: &SignView, reason: &str, error: String) -> CloseView {
    let sign = shown(sign, shell.t);
    shell.title.clone_from(&sign.sentence);
    let list = Link { href: PATH.to_owned(), label: shell.t.text("sign-title") };
    CloseView { crumbs: vec![list], sign, reason: reason.to_owned(), error, shell }
}
