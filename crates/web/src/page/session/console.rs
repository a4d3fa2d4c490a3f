//! Coming in to the operator's pages by the link of `struct ops link`, and leaving. The link opens nothing by being looked
//! at: programs that fetch links before a person does would use it up.

use crate::form::Open;
use crate::ops::ConsolePosted;
use crate::page::user::invitation::Token;
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::request::Context;
use crate::{Web, cookie};
use app::Error;
use app::session::operator::{LINK_MIN, SESSION_HOURS};
use askama::Template;
use axum::extract::State;
use axum::http::{Extensions, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use std::sync::Arc;

/// How to come in.
#[derive(Template)]
#[template(path = "session/entrance.html")]
pub struct EntranceView {
    /// The frame.
    pub shell: Shell,
    /// Whether a link was tried that opens nothing.
    pub spent: bool,
    /// For how many minutes a link opens.
    pub link_min: i64,
}

/// The question before a link is used.
#[derive(Template)]
#[template(path = "session/enter.html")]
pub struct EnterView {
    /// The frame.
    pub shell: Shell,
    /// Whom the link was made for.
    pub name: String,
    /// For how many hours the session lasts.
    pub hours: i64,
}

/// `GET /signin` of the operator's listener.
pub async fn entrance(State(web): State<Arc<Web>>, extensions: Extensions) -> Result<Response, Problem> {
    let shell = Shell::open(web.app.now(), &*Context::of(&extensions)?, String::new());
    Ok(page::html(StatusCode::OK, &entrance_view(shell, false)))
}

/// `GET /enter/{token}`
pub async fn ask(State(web): State<Arc<Web>>, extensions: Extensions, Token(link): Token) -> Result<Response, Problem> {
    let shell = Shell::open(web.app.now(), &*Context::of(&extensions)?, String::new());
    match web.app.operator_invited(&link).await {
        Ok(name) => Ok(page::html(StatusCode::OK, &enter_view(shell, name))),
        Err(Error::NotFound) => Ok(page::html(StatusCode::GONE, &entrance_view(shell, true))),
        Err(error) => Err(error.into()),
    }
}

/// `POST /enter/{token}`
pub async fn enter(
    State(web): State<Arc<Web>>,
    Token(link): Token,
    Open(_, context): Open,
) -> Result<Response, Problem> {
    match web.app.operator_open(&link).await {
        Ok((token, max_age_secs)) => {
            let mut response = Redirect::to("/").into_response();
            response.headers_mut().append(header::SET_COOKIE, cookie::operator(&token, max_age_secs));
            Ok(response)
        }
        Err(Error::NotFound) => {
            let shell = Shell::open(web.app.now(), &context, String::new());
            Ok(page::html(StatusCode::GONE, &entrance_view(shell, true)))
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /leave`
pub async fn leave(State(web): State<Arc<Web>>, posted: ConsolePosted) -> Result<Response, Problem> {
    web.app.operator_leave(&posted.console.operator).await?;
    let mut response = Redirect::to("/signin?done=signed_out").into_response();
    response.headers_mut().append(header::SET_COOKIE, cookie::operator_ended());
    Ok(response)
}

/// How to come in, as a page.
pub fn entrance_view(mut shell: Shell, spent: bool) -> EntranceView {
    shell.title = shell.t.text("ops-title");
    EntranceView { shell, spent, link_min: LINK_MIN }
}

/// The question, as a page.
pub fn enter_view(mut shell: Shell, name: String) -> EnterView {
    shell.title = shell.t.text("ops-enter-title");
    EnterView { shell, name, hours: SESSION_HOURS }
}
