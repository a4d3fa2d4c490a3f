//! What one member may be: administrator, roles, licences. Stopping and resuming are in `active`.

use super::invite::offer;
use super::rights::{Offer, Rights, ticked};
use super::{AtUser, LIST, MemberState};
use crate::Web;
use crate::form::Posted;
use crate::format::{self, When};
use crate::page::record::Link;
use crate::page::session::{self, list::Row};
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::session::list::SessionView;
use app::user::{MemberChange, MemberView};
use app::{Caller, Error, Refusal};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::id::UserId;
use jiff::Timestamp;
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "user/edit.html")]
pub struct EditView {
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
    /// Where they stand.
    pub state: MemberState,
    /// Last use.
    pub last_seen: Option<When>,
    /// What they may be, or what was ticked.
    pub rights: Rights,
    /// Why it could not be saved.
    pub refused: Option<Refused>,
    /// Since when the member is frozen, if they are.
    pub frozen: Option<When>,
    /// Where those are ended.
    pub sessions_path: String,
    /// Their live sessions, used last first.
    pub sessions: Vec<Row>,
}

/// Why a change could not be saved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// Nobody would be administrator any more.
    LastAdministrator,
    /// A role or a licence is gone since the page was opened.
    Gone,
}

/// `GET /app/admin/users/{user}`
pub async fn form(State(web): State<Arc<Web>>, signed: Signed, at: AtUser) -> Result<Response, Problem> {
    page(&web, &signed, at, None).await
}

/// `POST /app/admin/users/{user}`
pub async fn change(State(web): State<Arc<Web>>, at: AtUser, posted: Posted) -> Result<Response, Problem> {
    let Posted { signed, form } = posted;
    let change = ticked(&form)?;
    let refused = match web.app.change_member(&signed.caller, at.0, change.clone()).await {
        // Who has just given up being an administrator can't open the list any more.
        Ok(()) if at.0 == signed.caller.user && !change.administrator => return Ok(page::done("/app", "updated")),
        Ok(()) => return Ok(page::done(LIST, "updated")),
        Err(Error::Refused(Refusal::LastAdministrator)) => Refused::LastAdministrator,
        Err(Error::Invalid(_)) => Refused::Gone,
        Err(error) => return Err(error.into()),
    };
    page(&web, &signed, at, Some((change, refused))).await
}

/// `POST /app/admin/users/{user}/unfreeze`
pub async fn unfreeze(State(web): State<Arc<Web>>, at: AtUser, posted: Posted) -> Result<Response, Problem> {
    web.app.unfreeze(&posted.signed.caller, at.0).await?;
    Ok(page::done(&at.path(), "user_unfrozen"))
}

/// A member of the tenant.
pub async fn find(web: &Web, caller: &Caller, user: UserId) -> Result<MemberView, Problem> {
    Ok(web.app.member(caller, user).await?)
}

async fn page(
    web: &Arc<Web>,
    signed: &Signed,
    at: AtUser,
    again: Option<(MemberChange, Refused)>,
) -> Result<Response, Problem> {
    let member = find(web, &signed.caller, at.0).await?;
    let offer = offer(web, signed).await?;
    let sessions = web.app.sessions_of(&signed.caller, at.0).await?;
    let shell = Shell::signed(web, &signed.caller, &signed.context, String::new()).await?;
    let status = if again.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    Ok(page::html(status, &view(shell, &member, &offer, again, &sessions, web.app.now())))
}

/// The page of a member; with what was ticked when it was refused.
pub fn view(
    mut shell: Shell,
    member: &MemberView,
    offer: &Offer,
    again: Option<(MemberChange, Refused)>,
    sessions: &[SessionView],
    now: Timestamp,
) -> EditView {
    shell.title = member.display_name.clone();
    let present = MemberChange {
        administrator: member.administrator,
        roles: member.roles.clone(),
        billing_types: member.billing_types.clone(),
    };
    let (change, refused) = again.map_or((present, None), |(change, refused)| (change, Some(refused)));
    EditView {
        crumbs: vec![Link { href: LIST.to_owned(), label: shell.t.text("user-title") }],
        sessions_path: format!("{}/sessions", AtUser(member.user).path()),
        path: AtUser(member.user).path(),
        name: member.display_name.clone(),
        email: member.email.clone(),
        state: MemberState::of(member),
        last_seen: member.last_seen.map(|at| format::brief(shell.t.locale, now, at)),
        rights: offer.with(&change, shell.t),
        refused,
        frozen: member.frozen.map(|at| format::brief(shell.t.locale, now, at)),
        sessions: session::list::rows(&shell, sessions, now),
        shell,
    }
}
