//! The page that asks before a role is removed, and the removal: its members lose what only it granted.

use super::{AtRole, PATH, RoleRow, crumbs};
use crate::Web;
use crate::form::Posted;
use crate::page::record::Link;
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::screen::Matrix;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::screen::Actions;
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "role/delete.html")]
pub struct DeleteView {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Link>,
    /// The role.
    pub role: RoleRow,
    /// Screens on which it grants anything.
    pub screens: usize,
}

/// `GET /app/admin/roles/{role}/delete`
pub async fn ask(State(web): State<Arc<Web>>, signed: Signed, at: AtRole) -> Result<Response, Problem> {
    web.app.role(&signed.caller, at.0).await?;
    let matrix = web.app.matrix(&signed.caller).await?;
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(StatusCode::OK, &view(shell, &matrix, at)?))
}

/// `POST /app/admin/roles/{role}/delete`
pub async fn delete(State(web): State<Arc<Web>>, at: AtRole, posted: Posted) -> Result<Response, Problem> {
    web.app.role(&posted.signed.caller, at.0).await?;
    web.app.delete_role(&posted.signed.caller, at.0).await?;
    Ok(page::done(PATH, "role_deleted"))
}

/// The page from what `app` found.
pub fn view(mut shell: Shell, matrix: &Matrix, at: AtRole) -> Result<DeleteView, Problem> {
    let place = matrix.roles.iter().position(|role| role.id == at.0).ok_or_else(Problem::not_found)?;
    let screens = matrix.services.iter().flat_map(|service| &service.screens);
    shell.title = shell.t.text("role-delete-title");
    Ok(DeleteView {
        crumbs: crumbs(&shell),
        role: RoleRow::new(&matrix.roles[place]),
        screens: screens.filter(|screen| screen.grants[place] != Actions::default()).count(),
        shell,
    })
}
