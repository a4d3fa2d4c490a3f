//! A check of the whole log: started, followed, and what it proves and does not. The walk itself is `app`'s.

use super::{PATH, crumbs};
use crate::Web;
use crate::form::Posted;
use crate::format::{self, When};
use crate::page::record::{Link, param, params};
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::audit::walk::{WalkState, WalkView};
use askama::Template;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use domain::id::WalkId;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// How long the start waits for a short log, so that its result is the next page.
const WAIT_MAX: Duration = Duration::from_millis(1_500);

/// The page.
#[derive(Template)]
#[template(path = "audit/walk.html")]
pub struct WalkPageView {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Link>,
    /// This page.
    pub href: String,
    /// How it stands.
    pub row: Row,
    /// Entries walked.
    pub leaves: String,
    /// Entries there were when it began.
    pub size: String,
    /// Entries walked, for the bar.
    pub value: u64,
    /// Entries there were, for the bar; never 0.
    pub max: u64,
    /// Checkpoints compared.
    pub checkpoints: String,
    /// What does not fit.
    pub faults: Vec<String>,
}

/// A check in one line.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its page.
    pub href: String,
    /// `running`, `whole`, `broken`, `cut_off`: which sentence is said.
    pub code: &'static str,
    /// The chip's kind.
    pub chip: &'static str,
    /// The chip's icon.
    pub icon: &'static str,
    /// When it was asked for.
    pub started: When,
    /// When it ended.
    pub finished: Option<When>,
}

impl Row {
    /// The line of a check.
    pub fn new(walk: &WalkView, shell: &Shell, now: Timestamp) -> Self {
        let (code, chip, icon) = match walk.state {
            WalkState::Running => ("running", "info", "clock"),
            WalkState::Whole => ("whole", "ok", "check"),
            WalkState::Broken => ("broken", "bad", "x"),
            WalkState::CutOff => ("cut_off", "unk", "unk"),
        };
        let brief = |at| format::brief(shell.t.locale, now, at);
        Self {
            href: format!("{PATH}/check/{}", walk.id),
            code,
            chip,
            icon,
            started: brief(walk.started_at),
            finished: walk.finished_at.map(brief),
        }
    }
}

/// `/app/admin/audit/log/check/{walk}` of the request. What is no id leads nowhere: 404.
pub struct AtWalk(WalkId);

impl<S: Send + Sync> FromRequestParts<S> for AtWalk {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let typed = param(&params(parts, state).await?, "walk")?;
        typed.parse().map(Self).map_err(|_| Problem::not_found())
    }
}

/// `POST /app/admin/audit/log/check`
pub async fn start(State(web): State<Arc<Web>>, posted: Posted) -> Result<Response, Problem> {
    let id = web.app.log_walk(&posted.signed.caller).await?;
    web.app.log_walk_wait(&posted.signed.caller, id, WAIT_MAX).await?;
    Ok(Redirect::to(&format!("{PATH}/check/{id}")).into_response())
}

/// `GET /app/admin/audit/log/check/{walk}`
pub async fn status(State(web): State<Arc<Web>>, signed: Signed, at: AtWalk) -> Result<Response, Problem> {
    let walk = web.app.log_walk_status(&signed.caller, at.0).await?;
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(StatusCode::OK, &view(shell, &walk, web.app.now())))
}

/// The page from what `app` knows.
pub fn view(mut shell: Shell, walk: &WalkView, now: Timestamp) -> WalkPageView {
    shell.title = shell.t.text("ledger-walk-title");
    let figure = |value: u64| format::number(i64::try_from(value).unwrap_or(i64::MAX));
    let row = Row::new(walk, &shell, now);
    WalkPageView {
        crumbs: crumbs(&shell, true),
        href: row.href.clone(),
        leaves: figure(walk.leaves),
        size: figure(walk.size),
        value: walk.leaves.min(walk.size),
        max: walk.size.max(1),
        checkpoints: figure(walk.checkpoints),
        faults: walk.faults.clone(),
        row,
        shell,
    }
}
