//! The pages of a lost password: asking for the mail, and setting a new one by its link. Neither signs anybody in, and the answer
//! to an address says nothing of whether it has an account.

use super::invitation::{Token, spent_view};
use crate::Web;
use crate::form::Open;
use crate::format::{self, When};
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::request::Context;
use app::user::recovery::{RECOVERY_MIN, Recovery};
use app::{Error, Refusal};
use askama::Template;
use axum::extract::State;
use axum::http::{Extensions, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::session::attempt::RECOVERY_MAILS;
use domain::user::MIN_PASSWORD_CHARS;
use jiff::SignedDuration;
use std::sync::Arc;

/// Where on the way one is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Which address.
    Ask,
    /// A mail is on its way, if the address has an account.
    Asked,
    /// The new password.
    Set,
}

/// The page.
#[derive(Template)]
#[template(path = "user/recovery.html")]
pub struct RecoveryView {
    /// The frame.
    pub shell: Shell,
    /// Where on the way.
    pub step: Step,
    /// The address.
    pub email: String,
    /// What is wrong with address or password, or empty.
    pub error: String,
    /// When one may ask again, after asking too often.
    pub again: Option<When>,
    /// For how many minutes a link opens.
    pub minutes: i64,
    /// How many mails an address gets in an hour.
    pub mails: i64,
    /// What a password has at least, in characters.
    pub min_chars: i64,
}

/// `GET /recovery`
pub async fn form(State(web): State<Arc<Web>>, extensions: Extensions) -> Result<Response, Problem> {
    let shell = Shell::open(web.app.now(), &*Context::of(&extensions)?, String::new());
    Ok(page::html(StatusCode::OK, &view(shell, Step::Ask, "", String::new())))
}

/// `POST /recovery`
pub async fn ask(State(web): State<Arc<Web>>, Open(form, context): Open) -> Result<Response, Problem> {
    let email = form.once("email")?;
    let shell = Shell::open(web.app.now(), &context, String::new());
    match web.app.ask_recovery(&context.peer, email).await {
        Ok(()) => Ok(page::html(StatusCode::OK, &view(shell, Step::Asked, email, String::new()))),
        Err(Error::Invalid(faults)) => {
            let label = domain::user::email_label(context.locale());
            let error = faults.first().map(|fault| fault.reason.message(context.locale(), label)).unwrap_or_default();
            Ok(page::html(StatusCode::UNPROCESSABLE_ENTITY, &view(shell, Step::Ask, email, error)))
        }
        Err(Error::Throttled { wait_s }) => {
            let at = web.app.now() + SignedDuration::from_secs(wait_s);
            let again = Some(format::exact(context.locale(), at));
            let view = RecoveryView { again, ..view(shell, Step::Ask, email, String::new()) };
            Ok(([(header::RETRY_AFTER, wait_s)], page::html(StatusCode::TOO_MANY_REQUESTS, &view)).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /recovery/{token}`
pub async fn set_form(
    State(web): State<Arc<Web>>,
    extensions: Extensions,
    Token(token): Token,
) -> Result<Response, Problem> {
    set_page(&web, &*Context::of(&extensions)?, &token, String::new()).await
}

/// `POST /recovery/{token}`
pub async fn set(
    State(web): State<Arc<Web>>,
    Token(token): Token,
    Open(form, context): Open,
) -> Result<Response, Problem> {
    match web.app.recover(&context.peer, &token, form.once("password")?).await {
        Ok(()) => {
            let mut response = page::done("/signin", "recovered");
            response.headers_mut().append(header::SET_COOKIE, crate::cookie::session_ended());
            Ok(response)
        }
        Err(Error::Password(fault)) => set_page(&web, &context, &token, fault.message(context.locale())).await,
        Err(Error::Refused(Refusal::LinkSpent)) => Ok(spent(&web, &context)),
        Err(error) => Err(error.into()),
    }
}

async fn set_page(web: &Web, context: &Context, token: &str, error: String) -> Result<Response, Problem> {
    match web.app.recovery(token).await {
        Ok(Recovery { email }) => {
            let status = if error.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
            let shell = Shell::open(web.app.now(), context, String::new());
            Ok(page::html(status, &view(shell, Step::Set, &email, error)))
        }
        Err(Error::Refused(Refusal::LinkSpent)) => Ok(spent(web, context)),
        Err(error) => Err(error.into()),
    }
}

/// The answer to a link that opens nothing any more.
pub fn spent(web: &Web, context: &Context) -> Response {
    page::html(StatusCode::GONE, &spent_view(Shell::open(web.app.now(), context, String::new())))
}

/// The page.
pub fn view(mut shell: Shell, step: Step, email: &str, error: String) -> RecoveryView {
    shell.title = shell.t.text("recovery-title");
    RecoveryView {
        shell,
        step,
        email: email.to_owned(),
        error,
        again: None,
        minutes: RECOVERY_MIN,
        mails: i64::from(RECOVERY_MAILS),
        min_chars: MIN_PASSWORD_CHARS as i64,
    }
}
