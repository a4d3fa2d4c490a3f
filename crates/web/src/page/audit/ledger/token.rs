//! Tokens of the log: made, shown once, revoked. What a token opens is `app`'s and `crate::log`'s.

use super::{Filled, PATH, crumbs, filled};
use crate::Web;
use crate::form::Posted;
use crate::format::{self, When};
use crate::page::record::{Link, param, params};
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::Error;
use app::audit::reader::{NewLogToken, TokenView};
use askama::Template;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use domain::id::{TenantId, TokenId};
use std::sync::Arc;

/// The page that shows a new token, once.
#[derive(Template)]
#[template(path = "audit/token.html")]
pub struct NewTokenView {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Link>,
    /// What it is called.
    pub name: String,
    /// Its text.
    pub text: String,
    /// When it ends.
    pub until: When,
    /// Where the log is read with it.
    pub address: String,
}

/// The page that asks before a token is revoked.
#[derive(Template)]
#[template(path = "audit/revoke.html")]
pub struct RevokeView {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Link>,
    /// Its page.
    pub action: String,
    /// What it is called.
    pub name: String,
    /// When it was last used.
    pub used: Option<When>,
}

/// `/app/admin/audit/log/tokens/{token}/revoke` of the request. What is no id leads nowhere: 404.
pub struct AtToken(TokenId);

impl<S: Send + Sync> FromRequestParts<S> for AtToken {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let typed = param(&params(parts, state).await?, "token")?;
        typed.parse().map(Self).map_err(|_| Problem::not_found())
    }
}

/// `POST /app/admin/audit/log/tokens`
pub async fn create(State(web): State<Arc<Web>>, posted: Posted) -> Result<Response, Problem> {
    let Posted { signed, form } = posted;
    let (name, days) = (form.once("name")?, form.once("days")?);
    // What is no number is no number of days that may be chosen.
    match web.app.log_token_create(&signed.caller, name, days.parse().unwrap_or_default()).await {
        Ok(made) => {
            let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
            let url = &web.app.settings().public_url;
            Ok(page::html(StatusCode::OK, &new_view(shell, signed.caller.tenant, url, &made)))
        }
        Err(Error::Invalid(faults)) => {
            // A member who is no administrator is told that, not what is wrong with their form.
            filled(&web, &signed, &Filled { name, days, faults: &faults, ..Filled::default() }).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /app/admin/audit/log/tokens/{token}/revoke`
pub async fn ask(State(web): State<Arc<Web>>, signed: Signed, at: AtToken) -> Result<Response, Problem> {
    let token = web.app.log_token(&signed.caller, at.0).await?;
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(StatusCode::OK, &revoke_view(shell, &token)))
}

/// `POST /app/admin/audit/log/tokens/{token}/revoke`
pub async fn revoke(State(web): State<Arc<Web>>, at: AtToken, posted: Posted) -> Result<Response, Problem> {
    web.app.log_token_revoke(&posted.signed.caller, at.0).await?;
    Ok(page::done(PATH, "log_token_revoked"))
}

/// The page of a token just made.
pub fn new_view(mut shell: Shell, tenant: TenantId, public_url: &str, made: &NewLogToken) -> NewTokenView {
    shell.title = shell.t.text("ledger-token-made");
    NewTokenView {
        crumbs: crumbs(&shell, true),
        name: made.name.clone(),
        text: made.text.clone(),
        until: format::full(shell.t.locale, made.expires_at),
        address: format!("{public_url}{}{tenant}/", crate::log::PREFIX),
        shell,
    }
}

/// The page that asks.
pub fn revoke_view(mut shell: Shell, token: &TokenView) -> RevokeView {
    shell.title = shell.t.text("ledger-revoke-title");
    RevokeView {
        crumbs: crumbs(&shell, true),
        action: format!("{PATH}/tokens/{}/revoke", token.id),
        name: token.name.clone(),
        used: token.last_used_at.map(|at| format::full(shell.t.locale, at)),
        shell,
    }
}
