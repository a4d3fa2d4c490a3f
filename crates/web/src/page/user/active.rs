//! Stopping a member and letting them in again: the page that asks, and the act.

use super::edit::find;
use super::{AtUser, LIST};
use crate::Web;
use crate::form::Posted;
use crate::page::record::Link;
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::user::MemberView;
use app::{Error, Refusal};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::id::UserId;
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "user/active.html")]
pub struct ActiveView {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Link>,
    /// The member's path.
    pub path: String,
    /// How they are called.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Whether the member is to be let in; else they are to be stopped.
    pub enable: bool,
    /// Whether the reader would stop themselves.
    pub own: bool,
    /// Whether it was refused, since nobody would be administrator any more.
    pub refused: bool,
}

/// `GET /app/admin/users/{user}/disable`
pub async fn ask_disable(State(web): State<Arc<Web>>, signed: Signed, at: AtUser) -> Result<Response, Problem> {
    page(&web, &signed, at, false, false).await
}

/// `GET /app/admin/users/{user}/enable`
pub async fn ask_enable(State(web): State<Arc<Web>>, signed: Signed, at: AtUser) -> Result<Response, Problem> {
    page(&web, &signed, at, true, false).await
}

/// `POST /app/admin/users/{user}/disable`: ends all the member's sessions here.
pub async fn disable(State(web): State<Arc<Web>>, at: AtUser, posted: Posted) -> Result<Response, Problem> {
    match web.app.set_active(&posted.signed.caller, at.0, false).await {
        // Who stops themselves is signed out by it; the home page leads to the sign-in.
        Ok(()) if at.0 == posted.signed.caller.user => Ok(page::done("/app", "user_disabled")),
        Ok(()) => Ok(page::done(LIST, "user_disabled")),
        Err(Error::Refused(Refusal::LastAdministrator)) => page(&web, &posted.signed, at, false, true).await,
        Err(error) => Err(error.into()),
    }
}

/// `POST /app/admin/users/{user}/enable`
pub async fn enable(State(web): State<Arc<Web>>, at: AtUser, posted: Posted) -> Result<Response, Problem> {
    web.app.set_active(&posted.signed.caller, at.0, true).await?;
    Ok(page::done(LIST, "user_enabled"))
}

async fn page(web: &Arc<Web>, signed: &Signed, at: AtUser, enable: bool, refused: bool) -> Result<Response, Problem> {
    let member = find(web, &signed.caller, at.0).await?;
    let shell = Shell::signed(web, &signed.caller, &signed.context, String::new()).await?;
    let status = if refused { StatusCode::CONFLICT } else { StatusCode::OK };
    Ok(page::html(status, &view(shell, &member, signed.caller.user, enable, refused)))
}

/// The page of a member.
pub fn view(mut shell: Shell, member: &MemberView, reader: UserId, enable: bool, refused: bool) -> ActiveView {
    shell.title = shell.t.text(if enable { "user-enable-title" } else { "user-disable-title" });
    let path = AtUser(member.user).path();
    let list = Link { href: LIST.to_owned(), label: shell.t.text("user-title") };
    ActiveView {
        crumbs: vec![list, Link { href: path.clone(), label: member.display_name.clone() }],
        path,
        name: member.display_name.clone(),
        email: member.email.clone(),
        enable,
        own: member.user == reader,
        refused,
        shell,
    }
}
