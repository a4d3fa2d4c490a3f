//! All members of a tenant: who they are, where they stand, what they hold. Changes nothing.

use super::{LIST, MemberState};
use crate::Web;
use crate::format::{self, When};
use crate::page::{self, Shell, access};
use crate::problem::Problem;
use crate::session::Signed;
use app::role::RoleView;
use app::user::MemberView;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::id::{RoleId, UserId};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "user/list.html")]
pub struct ListView {
    /// The frame.
    pub shell: Shell,
    /// The members.
    pub rows: Vec<Row>,
    /// How many may sign in.
    pub joined: i64,
    /// How many have not taken up their invitation.
    pub invited: i64,
    /// How many are stopped.
    pub stopped: i64,
}

/// A member.
#[derive(Clone, Debug)]
pub struct Row {
    /// The page of their rights.
    pub href: String,
    /// How they are called.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Whether it is the reader.
    pub own: bool,
    /// Whether they are an administrator.
    pub administrator: bool,
    /// Where they stand.
    pub state: MemberState,
    /// Names of roles.
    pub roles: Vec<String>,
    /// Licences.
    pub billing_types: Vec<String>,
    /// Last use.
    pub last_seen: Option<When>,
}

/// `GET /app/admin/users`
pub async fn list(State(web): State<Arc<Web>>, signed: Signed) -> Result<Response, Problem> {
    let members = web.app.members(&signed.caller).await?;
    let roles = web.app.roles(&signed.caller).await?;
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(StatusCode::OK, &view(shell, &members, &roles, signed.caller.user, web.app.now())))
}

/// The page from members and the names of roles.
pub fn view(mut shell: Shell, members: &[MemberView], roles: &[RoleView], own: UserId, now: Timestamp) -> ListView {
    shell.title = shell.t.text("user-title");
    let names: BTreeMap<RoleId, &str> = roles.iter().map(|role| (role.id, role.name.as_str())).collect();
    let mut members: Vec<&MemberView> = members.iter().collect();
    // Those stopped stand last; within each state by name, so that a person is found where they were yesterday.
    members.sort_by(|a, b| (!a.active, &a.display_name, &a.email).cmp(&(!b.active, &b.display_name, &b.email)));
    let row = |member: &MemberView| Row {
        href: format!("{LIST}/{}", member.user),
        name: member.display_name.clone(),
        email: member.email.clone(),
        own: member.user == own,
        administrator: member.administrator,
        state: MemberState::of(member),
        roles: member.roles.iter().filter_map(|id| names.get(id)).map(|name| (*name).to_owned()).collect(),
        billing_types: member.billing_types.iter().map(|code| access::billing(shell.t, code)).collect(),
        last_seen: member.last_seen.map(|at| format::brief(shell.t.locale, now, at)),
    };
    let rows: Vec<Row> = members.into_iter().map(row).collect();
    let count = |state| rows.iter().filter(|row| row.state == state).count() as i64;
    let (joined, invited, stopped) =
        (count(MemberState::Joined), count(MemberState::Invited), count(MemberState::Stopped));
    ListView { joined, invited, stopped, rows, shell }
}
