//! The first page after signing in: contracted services and their root functions. Shows nothing of any record.

use crate::Web;
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use std::sync::Arc;

/// The page. Services stand in the frame's menu already.
#[derive(Template)]
#[template(path = "home/home.html")]
pub struct HomeView {
    /// The frame.
    pub shell: Shell,
}

/// `GET /app`
pub async fn home(State(web): State<Arc<Web>>, signed: Signed) -> Result<Response, Problem> {
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    let title = shell.t.text("home-title");
    Ok(page::html(StatusCode::OK, &HomeView { shell: Shell { title, ..shell } }))
}

/// `GET /`
pub async fn root() -> Response {
    Redirect::to("/app").into_response()
}
