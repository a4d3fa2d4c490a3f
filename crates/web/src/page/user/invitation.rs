//! The page an invited person comes to by the link in their mail. It signs nobody in: that they do with what they set.

use crate::Web;
use crate::form::Open;
use crate::page::record::{param, params};
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::request::Context;
use app::user::Invitation;
use app::{Error, Refusal};
use askama::Template;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{Extensions, StatusCode};
use axum::response::Response;
use domain::user::{MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS};
use std::sync::Arc;

/// The token at the end of the link.
#[derive(Clone, Debug)]
pub struct Token(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Token {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = params(parts, state).await?;
        param(&params, "token").map(Self)
    }
}

/// The page.
#[derive(Template)]
#[template(path = "user/invitation.html")]
pub struct InvitationView {
    /// The frame.
    pub shell: Shell,
    /// Who invites.
    pub tenant: String,
    /// The name the person is invited by.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Whether a password has to be set. Who has one already only confirms.
    pub needs_password: bool,
    /// What is wrong with the password, or empty.
    pub error: String,
    /// What a password has at least, in characters.
    pub min_chars: i64,
    /// What it has at most.
    pub max_chars: i64,
}

/// The page of a link that opens nothing any more.
#[derive(Template)]
#[template(path = "user/spent.html")]
pub struct SpentView {
    /// The frame.
    pub shell: Shell,
}

/// `GET /invitation/{token}`
pub async fn form(
    State(web): State<Arc<Web>>,
    extensions: Extensions,
    Token(token): Token,
) -> Result<Response, Problem> {
    page(&web, &*Context::of(&extensions)?, &token, String::new()).await
}

/// `POST /invitation/{token}`
pub async fn accept(
    State(web): State<Arc<Web>>,
    Token(token): Token,
    Open(form, context): Open,
) -> Result<Response, Problem> {
    match web.app.accept_invitation(&context.peer, &token, form.once("password")?).await {
        Ok(()) => Ok(page::done("/signin", "joined")),
        Err(Error::Password(fault)) => page(&web, &context, &token, fault.message(context.locale())).await,
        Err(Error::Refused(Refusal::LinkSpent)) => Ok(spent(&web, &context)),
        Err(error) => Err(error.into()),
    }
}

async fn page(web: &Web, context: &Context, token: &str, error: String) -> Result<Response, Problem> {
    match web.app.invitation(token).await {
        Ok(invitation) => {
            let status = if error.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
            let shell = Shell::open(web.app.now(), context, String::new());
            Ok(page::html(status, &view(shell, &invitation, error)))
        }
        Err(Error::Refused(Refusal::LinkSpent)) => Ok(spent(web, context)),
        Err(error) => Err(error.into()),
    }
}

fn spent(web: &Web, context: &Context) -> Response {
    page::html(StatusCode::GONE, &spent_view(Shell::open(web.app.now(), context, String::new())))
}

/// The page of an invitation.
pub fn view(mut shell: Shell, invitation: &Invitation, error: String) -> InvitationView {
    shell.title = shell.t.one("user-invitation-title", "tenant", invitation.tenant_name.as_str());
    InvitationView {
        tenant: invitation.tenant_name.clone(),
        name: invitation.display_name.clone(),
        email: invitation.email.clone(),
        needs_password: invitation.needs_password,
        error,
        min_chars: MIN_PASSWORD_CHARS as i64,
        max_chars: MAX_PASSWORD_CHARS as i64,
        shell,
    }
}

/// The page of a link that opens nothing any more.
pub fn spent_view(mut shell: Shell) -> SpentView {
    shell.title = shell.t.text("problem-link_spent-title");
    SpentView { shell }
}
