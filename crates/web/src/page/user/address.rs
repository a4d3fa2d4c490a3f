//! Changing one's own e-mail address: asked for with the password, confirmed by links to both addresses. Looking at a link
//! confirms nothing.

use super::invitation::Token;
use super::recovery::spent;
use crate::Web;
use crate::form::{Open, Posted};
use crate::format;
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::request::Context;
use crate::session::Signed;
use app::user::readdressing::READDRESSING_HOURS;
use app::{Error, Refusal};
use askama::Template;
use axum::extract::State;
use axum::http::{Extensions, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use std::sync::Arc;

/// The page that asks for another address.
#[derive(Template)]
#[template(path = "user/address.html")]
pub struct AddressView {
    /// The frame.
    pub shell: Shell,
    /// The address now.
    pub present: String,
    /// The address typed.
    pub email: String,
    /// What is wrong, or empty.
    pub error: String,
    /// The field that is wrong.
    pub wrong: &'static str,
    /// What is wrong with the address, or empty.
    pub email_error: String,
    /// What is wrong with the password, or empty.
    pub password_error: String,
    /// For how long a change waits.
    pub hours: i64,
}

/// The page of a link.
#[derive(Template)]
#[template(path = "user/confirm.html")]
pub struct ConfirmView {
    /// The frame.
    pub shell: Shell,
    /// The new address.
    pub email: String,
    /// Whether the address is changed, once confirmed.
    pub done: Option<bool>,
}

/// `GET /app/address`
pub async fn form(State(web): State<Arc<Web>>, signed: Signed) -> Result<Response, Problem> {
    ask_page(&web, &signed, "", None, StatusCode::OK).await
}

/// `POST /app/address`
pub async fn ask(State(web): State<Arc<Web>>, posted: Posted) -> Result<Response, Problem> {
    let Posted { signed, form } = posted;
    let (email, password) = (form.once("email")?, form.once("password")?);
    let locale = signed.context.locale();
    let (wrong, error, status) = match web.app.ask_readdressing(&signed.caller, email, password).await {
        Ok(()) => return Ok(page::done("/app/sessions", "address_asked")),
        Err(Error::Invalid(faults)) => {
            let label = domain::user::email_label(locale);
            let message = faults.first().map(|fault| fault.reason.message(locale, label)).unwrap_or_default();
            ("email", message, StatusCode::UNPROCESSABLE_ENTITY)
        }
        Err(Error::Refused(Refusal::WrongPassword)) => {
            let text = crate::locale::texts(locale).text("address-wrong-password");
            ("password", text, StatusCode::UNPROCESSABLE_ENTITY)
        }
        Err(Error::Throttled { wait_s }) => {
            let at = format::exact(locale, web.app.now() + SignedDuration::from_secs(wait_s));
            let text = format!("{} {}", crate::locale::texts(locale).text("session-wait-what"), at.words);
            let page = ask_page(&web, &signed, email, Some(("password", text)), StatusCode::TOO_MANY_REQUESTS).await?;
            return Ok(([(header::RETRY_AFTER, wait_s)], page).into_response());
        }
        Err(error) => return Err(error.into()),
    };
    ask_page(&web, &signed, email, Some((wrong, error)), status).await
}

async fn ask_page(
    web: &Arc<Web>,
    signed: &Signed,
    email: &str,
    wrong: Option<(&'static str, String)>,
    status: StatusCode,
) -> Result<Response, Problem> {
    let present = web.app.own_address(&signed.caller).await?;
    let shell = Shell::signed(web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(status, &ask_view(shell, present, email, wrong)))
}

/// The page that asks.
pub fn ask_view(mut shell: Shell, present: String, email: &str, wrong: Option<(&'static str, String)>) -> AddressView {
    shell.title = shell.t.text("address-title");
    let (field, error) = wrong.unwrap_or_default();
    let of = |name: &str| if field == name { error.clone() } else { String::new() };
    AddressView {
        present,
        email: email.to_owned(),
        email_error: of("email"),
        password_error: of("password"),
        error,
        wrong: field,
        hours: READDRESSING_HOURS,
        shell,
    }
}

/// `GET /address/{token}`
pub async fn confirm_form(
    State(web): State<Arc<Web>>,
    extensions: Extensions,
    Token(token): Token,
) -> Result<Response, Problem> {
    let context = Context::of(&extensions)?;
    match web.app.readdressing(&token).await {
        Ok(change) => {
            let shell = Shell::open(web.app.now(), &context, String::new());
            Ok(page::html(StatusCode::OK, &confirm_view(shell, change.email, None)))
        }
        Err(Error::Refused(Refusal::LinkSpent)) => Ok(spent(&web, &context)),
        Err(error) => Err(error.into()),
    }
}

/// `POST /address/{token}`
pub async fn confirm(
    State(web): State<Arc<Web>>,
    Token(token): Token,
    Open(_, context): Open,
) -> Result<Response, Problem> {
    match web.app.confirm_readdressing(&context.peer, &token).await {
        Ok(changed) => {
            let shell = Shell::open(web.app.now(), &context, String::new());
            Ok(page::html(StatusCode::OK, &confirm_view(shell, String::new(), Some(changed))))
        }
        Err(Error::Refused(Refusal::LinkSpent)) => Ok(spent(&web, &context)),
        Err(error) => Err(error.into()),
    }
}

/// The page of a link.
pub fn confirm_view(mut shell: Shell, email: String, done: Option<bool>) -> ConfirmView {
    shell.title = shell.t.text("address-title");
    ConfirmView { shell, email, done }
}
