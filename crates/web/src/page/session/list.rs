//! Live sessions: one's own page, and the acts by which a person or an administrator ends some. Which end, `app` does.

use crate::Web;
use crate::form::Posted;
use crate::format::{self, When};
use crate::page::activity::device::words;
use crate::page::record::{param, params};
use crate::page::user::AtUser;
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::session::list::{Ending, SessionView};
use askama::Template;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use domain::id::SessionId;
use jiff::Timestamp;
use std::sync::Arc;

/// One's own sessions.
const OWN: &str = "/app/sessions";

/// The page.
#[derive(Template)]
#[template(path = "session/list.html")]
pub struct SessionsView {
    /// The frame.
    pub shell: Shell,
    /// The sessions, used last first.
    pub sessions: Vec<Row>,
}

/// A session.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// Whether it is the reader's present one.
    pub own: bool,
    /// Browser and system; empty when unknown.
    pub device: String,
    /// Network address; empty when unknown.
    pub address: String,
    /// When it began.
    pub started: When,
    /// When it was used last.
    pub seen: When,
}

/// `{session}` of the path. What is no id leads nowhere: 404.
#[derive(Clone, Copy, Debug)]
pub struct AtSession(pub SessionId);

impl<S: Send + Sync> FromRequestParts<S> for AtSession {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = params(parts, state).await?;
        param(&params, "session")?.parse().map(Self).map_err(|_| Problem::not_found())
    }
}

/// `GET /app/sessions`
pub async fn own(State(web): State<Arc<Web>>, signed: Signed) -> Result<Response, Problem> {
    let sessions = web.app.own_sessions(&signed.caller).await?;
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(StatusCode::OK, &view(shell, &sessions, web.app.now())))
}

/// `POST /app/sessions/end`: all but the present one.
pub async fn end_others(State(web): State<Arc<Web>>, posted: Posted) -> Result<Response, Problem> {
    web.app.end_own_sessions(&posted.signed.caller, Ending::All).await?;
    Ok(page::done(OWN, "sessions_ended"))
}

/// `POST /app/sessions/{session}/end`
pub async fn end_one(State(web): State<Arc<Web>>, at: AtSession, posted: Posted) -> Result<Response, Problem> {
    web.app.end_own_sessions(&posted.signed.caller, Ending::One(at.0)).await?;
    Ok(page::done(OWN, "session_ended"))
}

/// `POST /app/admin/users/{user}/sessions/end`
pub async fn end_all_of(State(web): State<Arc<Web>>, at: AtUser, posted: Posted) -> Result<Response, Problem> {
    web.app.end_sessions_of(&posted.signed.caller, at.0, Ending::All).await?;
    Ok(page::done(&at.path(), "sessions_ended"))
}

/// `POST /app/admin/users/{user}/sessions/{session}/end`
pub async fn end_one_of(
    State(web): State<Arc<Web>>,
    at: AtUser,
    session: AtSession,
    posted: Posted,
) -> Result<Response, Problem> {
    web.app.end_sessions_of(&posted.signed.caller, at.0, Ending::One(session.0)).await?;
    Ok(page::done(&at.path(), "session_ended"))
}

/// The page.
pub fn view(mut shell: Shell, sessions: &[SessionView], now: Timestamp) -> SessionsView {
    shell.title = shell.t.text("sessions-title");
    SessionsView { sessions: rows(&shell, sessions, now), shell }
}

/// Sessions in words.
pub fn rows(shell: &Shell, sessions: &[SessionView], now: Timestamp) -> Vec<Row> {
    let row = |session: &SessionView| Row {
        id: session.session.to_string(),
        own: session.own,
        device: words(Some(&session.device), shell.t),
        address: session.address.clone().unwrap_or_default(),
        started: format::brief(shell.t.locale, now, session.started),
        seen: format::brief(shell.t.locale, now, session.last_seen),
    };
    sessions.iter().map(row).collect()
}
