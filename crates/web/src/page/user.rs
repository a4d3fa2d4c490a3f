//! Users of a tenant, for its administrators: the list, the invitation, rights, stopping and resuming. And the page an
//! invited person comes to. What a member may be, `app` decides.

pub mod active;
pub mod address;
pub mod edit;
pub mod invitation;
pub mod invite;
pub mod list;
pub mod recovery;
pub mod rights;

use super::record::{param, params};
use crate::locale::Texts;
use crate::problem::Problem;
use app::user::MemberView;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::id::UserId;

/// The list's path.
pub const LIST: &str = "/app/admin/users";

/// `/app/admin/users/{user}` of the request. What is no id leads nowhere: 404.
#[derive(Clone, Copy, Debug)]
pub struct AtUser(pub UserId);

impl AtUser {
    /// The member's path.
    pub fn path(&self) -> String {
        format!("{LIST}/{}", self.0)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for AtUser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = params(parts, state).await?;
        param(&params, "user")?.parse().map(Self).map_err(|_| Problem::not_found())
    }
}

/// Where a member stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MemberState {
    /// May sign in.
    Joined,
    /// Has not taken up the invitation.
    Invited,
    /// Stopped by an administrator.
    Stopped,
}

impl MemberState {
    /// Of a member. Stopped wins: a stopped member's invitation opens nothing either.
    pub fn of(member: &MemberView) -> Self {
        match (member.active, member.joined) {
            (false, _) => Self::Stopped,
            (true, true) => Self::Joined,
            (true, false) => Self::Invited,
        }
    }

    /// The word.
    pub fn words(self, t: &Texts) -> String {
        t.text(match self {
            Self::Joined => "user-joined",
            Self::Invited => "user-invited",
            Self::Stopped => "user-stopped",
        })
    }

    /// The state of the chip.
    pub fn chip(self) -> &'static str {
        match self {
            Self::Joined => "ok",
            Self::Invited => "info",
            Self::Stopped => "plain",
        }
    }

    /// The icon of the chip.
    pub fn icon(self) -> &'static str {
        match self {
            Self::Joined => "check",
            Self::Invited => "mail",
            Self::Stopped => "lock",
        }
    }
}
