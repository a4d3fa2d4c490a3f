//! The first pages: a member's, with contracted services and their root functions, and the operator's, with the state of
//! each promise. Shows nothing of any record.

use crate::Web;
use crate::format::{self, When};
use crate::ops::Console;
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::claim::Claim;
use askama::Template;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::claim::State;
use jiff::Timestamp;
use std::sync::Arc;

/// The page. Services stand in the frame's menu already.
#[derive(Template)]
#[template(path = "home/home.html")]
pub struct HomeView {
    /// The frame.
    pub shell: Shell,
}

/// `GET /app`
pub async fn home(Extract(web): Extract<Arc<Web>>, signed: Signed) -> Result<Response, Problem> {
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    let title = shell.t.text("home-title");
    Ok(page::html(StatusCode::OK, &HomeView { shell: Shell { title, ..shell } }))
}

/// The operator's first page.
#[derive(Template)]
#[template(path = "home/console.html")]
pub struct ConsoleView {
    /// The frame.
    pub shell: Shell,
    /// The public page.
    pub trust: String,
    /// Promises, those that are not met first.
    pub rows: Vec<PromiseRow>,
}

/// A promise on the operator's first page.
#[derive(Clone, Debug)]
pub struct PromiseRow {
    /// Its id.
    pub id: &'static str,
    /// Its sentence.
    pub sentence: &'static str,
    /// State of the chip.
    pub chip: &'static str,
    /// Its icon.
    pub icon: &'static str,
    /// The state in a word.
    pub word: String,
    /// When it was measured last.
    pub at: Option<When>,
}

/// `GET /` of the operator's listener
pub async fn console(Extract(web): Extract<Arc<Web>>, console: Console) -> Result<Response, Problem> {
    let claims = web.app.claims().await?;
    let shell = Shell::console(web.app.now(), &console.operator, &console.context, "ops-overview");
    let trust = format!("{}/trust", web.app.settings().public_url);
    Ok(page::html(StatusCode::OK, &console_view(shell, &claims, trust, web.app.now())))
}

/// The page from claims.
pub fn console_view(shell: Shell, claims: &[Claim], trust: String, now: Timestamp) -> ConsoleView {
    let (t, mut sorted) = (shell.t, claims.iter().collect::<Vec<_>>());
    sorted.sort_by_key(|claim| std::cmp::Reverse(claim.state.weight()));
    let row = |claim: &&Claim| {
        let (chip, icon) = match claim.state {
            State::Met => ("ok", "check"),
            State::AtRisk => ("warn", "alert"),
            State::Missed => ("bad", "x"),
            State::Unverified => ("unk", "unk"),
        };
        PromiseRow {
            id: claim.promise.id,
            sentence: claim.promise.sentence(t.locale),
            chip,
            icon,
            word: t.text(format!("ledger-claim-{}", claim.state.code())),
            at: claim.measured_at().map(|at| format::brief(t.locale, now, at)),
        }
    };
    ConsoleView { rows: sorted.iter().map(row).collect(), shell, trust }
}

/// `GET /`
pub async fn root() -> Response {
    Redirect::to("/app").into_response()
}
