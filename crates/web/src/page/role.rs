//! Roles: the list, making one, renaming one, and (in `delete`) removing one. What a role grants is set in the matrix.

pub mod delete;

use crate::Web;
use crate::form::{Form, Posted};
use crate::locale::Texts;
use crate::page::record::{Link, param, params};
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::role::{MAX_ROLES, RoleView};
use app::{Error, Refusal};
use askama::Template;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use domain::id::RoleId;
use domain::record::Fault;
use std::sync::Arc;

/// Where the pages stand.
pub const PATH: &str = "/app/admin/roles";

/// The list, with the form for a new role.
#[derive(Template)]
#[template(path = "role/list.html")]
pub struct ListView {
    /// The frame.
    pub shell: Shell,
    /// The roles.
    pub rows: Vec<RoleRow>,
    /// The name typed for a new one.
    pub name: String,
    /// Why it can't be taken, or empty.
    pub error: String,
}

/// The form that renames a role.
#[derive(Template)]
#[template(path = "role/edit.html")]
pub struct EditView {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Link>,
    /// The role.
    pub role: RoleRow,
    /// The name as typed.
    pub name: String,
    /// Why it can't be taken, or empty.
    pub error: String,
}

/// A role.
#[derive(Clone, Debug)]
pub struct RoleRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How many members hold it.
    pub members: usize,
}

/// `/app/admin/roles/{role}` of the request. What is no id leads nowhere: 404.
#[derive(Clone, Copy, Debug)]
pub struct AtRole(pub RoleId);

impl<S: Send + Sync> FromRequestParts<S> for AtRole {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let id = param(&params(parts, state).await?, "role")?;
        id.parse().map(Self).map_err(|_| Problem::not_found())
    }
}

impl RoleRow {
    fn new(role: &RoleView) -> Self {
        Self { id: role.id.to_string(), name: role.name.clone(), members: role.members }
    }
}

/// `GET /app/admin/roles`
pub async fn list(State(web): State<Arc<Web>>, signed: Signed) -> Result<Response, Problem> {
    let roles = web.app.roles(&signed.caller).await?;
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(StatusCode::OK, &list_view(shell, &roles, "", None)))
}

/// `POST /app/admin/roles`
pub async fn create(State(web): State<Arc<Web>>, posted: Posted) -> Result<Response, Problem> {
    let signed = &posted.signed;
    let roles = web.app.roles(&signed.caller).await?;
    let name = name(&posted.form)?;
    let refused = match web.app.create_role(&signed.caller, name).await {
        Ok(_) => return Ok(page::done(PATH, "role_created")),
        Err(error) => Refused::of(error)?,
    };
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(refused.status(), &list_view(shell, &roles, name, Some(&refused))))
}

/// `GET /app/admin/roles/{role}/edit`
pub async fn edit(State(web): State<Arc<Web>>, signed: Signed, at: AtRole) -> Result<Response, Problem> {
    let role = web.app.role(&signed.caller, at.0).await?;
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(StatusCode::OK, &edit_view(shell, &role, &role.name, None)))
}

/// `POST /app/admin/roles/{role}/edit`
pub async fn rename(State(web): State<Arc<Web>>, at: AtRole, posted: Posted) -> Result<Response, Problem> {
    let signed = &posted.signed;
    let role = web.app.role(&signed.caller, at.0).await?;
    let name = name(&posted.form)?;
    if name.trim() == role.name {
        return Ok(page::done(PATH, "unchanged"));
    }
    let refused = match web.app.rename_role(&signed.caller, at.0, name).await {
        Ok(()) => return Ok(page::done(PATH, "role_renamed")),
        Err(error) => Refused::of(error)?,
    };
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(refused.status(), &edit_view(shell, &role, name, Some(&refused))))
}

/// Why a name can't be taken.
#[derive(Debug)]
pub enum Refused {
    /// As it is.
    Name(Fault),
    /// Another role has it, or there are too many roles.
    Role(Refusal),
}

impl Refused {
    /// What the form can show beside the name; anything else is a page of its own.
    fn of(error: Error) -> Result<Self, Problem> {
        match error {
            Error::Invalid(mut faults) if !faults.is_empty() => Ok(Self::Name(faults.remove(0))),
            Error::Refused(refusal @ (Refusal::NameTaken | Refusal::TooManyRoles)) => Ok(Self::Role(refusal)),
            error => Err(error.into()),
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Name(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Role(_) => StatusCode::CONFLICT,
        }
    }

    fn message(&self, t: Texts) -> String {
        match self {
            Self::Name(fault) => fault.message(t.locale, &t.text("role-name")),
            Self::Role(Refusal::TooManyRoles) => t.one("role-too-many", "max", MAX_ROLES as i64),
            Self::Role(_) => t.text("role-taken"),
        }
    }
}

fn name(form: &Form) -> Result<&str, Problem> {
    form.once("name")
}

/// The list from what `app` found.
pub fn list_view(mut shell: Shell, roles: &[RoleView], name: &str, refused: Option<&Refused>) -> ListView {
    shell.title = shell.t.text("role-title");
    ListView {
        rows: roles.iter().map(RoleRow::new).collect(),
        name: name.to_owned(),
        error: refused.map_or_else(String::new, |refused| refused.message(shell.t)),
        shell,
    }
}

/// The form from what `app` found.
pub fn edit_view(mut shell: Shell, role: &RoleView, name: &str, refused: Option<&Refused>) -> EditView {
    shell.title = shell.t.text("role-rename-title");
    EditView {
        crumbs: crumbs(&shell),
        role: RoleRow::new(role),
        name: name.to_owned(),
        error: refused.map_or_else(String::new, |refused| refused.message(shell.t)),
        shell,
    }
}

fn crumbs(shell: &Shell) -> Vec<Link> {
    vec![Link { href: PATH.to_owned(), label: shell.t.text("role-title") }]
}
