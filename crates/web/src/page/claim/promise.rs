//! `/trust/{promise}`: a promise with its checks, its history and its evidence. Asks `app` and decides nothing.

use super::answer::{Kept, answer};
use super::months::{self, MAX_CHANGES, Month, Stretch};
use super::view::{self, Row};
use super::words::{self, Shown};
use crate::Web;
use crate::format::{self, When};
use crate::locale::Texts;
use crate::page::Shell;
use crate::page::record::Link;
use crate::problem::Problem;
use crate::request::Context;
use app::claim::shown::{EVIDENCE_A_PAGE, History};
use app::claim::{Checked, Claim};
use app::evidence::EvidenceRow;
use askama::Template;
use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use domain::evidence::Found;
use domain::promise::Promise;
use jiff::Timestamp;
use serde::Deserialize;
use std::sync::Arc;
use uuid::Uuid;

/// The page.
#[derive(Template)]
#[template(path = "claim/promise.html")]
pub struct PromiseView {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Link>,
    /// The promise.
    pub row: Row,
    /// Its heading.
    pub group: String,
    /// How it is measured.
    pub method: String,
    /// Its checks.
    pub checks: Vec<CheckView>,
    /// Its months; none when the history can't be read.
    pub months: Option<Vec<Month>>,
    /// Its changes, newest first.
    pub changes: Vec<Stretch>,
    /// Changes shown at most.
    pub changes_max: i64,
    /// Evidence, newest first; none when it can't be read.
    pub rows: Option<Vec<EvidenceLine>>,
    /// Older evidence, or empty.
    pub older: String,
    /// Whether newer evidence than shown may be had.
    pub later: bool,
    /// Where the badge is.
    pub badge: String,
}

/// A check.
#[derive(Clone, Debug)]
pub struct CheckView {
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: Shown,
    /// Why it is not met.
    pub why: Vec<String>,
    /// How old its evidence may get.
    pub fresh: String,
    /// Its newest measurements, server by server.
    pub rows: Vec<EvidenceLine>,
}

/// A measurement.
#[derive(Clone, Debug)]
pub struct EvidenceLine {
    /// Its page.
    pub href: String,
    /// When it ended.
    pub at: When,
    /// How long ago.
    pub ago: String,
    /// The verdict.
    pub verdict: Shown,
    /// What was found.
    pub figure: String,
    /// Why the promise is not kept, or soon will not be.
    pub why: Vec<String>,
    /// Which check, in words.
    pub name: String,
    /// Which server, or which log; may be empty.
    pub of: String,
}

/// `?before=`
#[derive(Deserialize, Default, Debug)]
pub struct Asked {
    before: Option<Uuid>,
}

/// `GET /trust/{promise}`
pub async fn show(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    asked: Query<Asked>,
    Extension(context): Extension<Arc<Context>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let promise = Promise::find(&id).ok_or_else(Problem::not_found)?;
    let (claims, _) = web.app.claims_shown().await;
    let claim = claims.into_iter().find(|claim| claim.promise == promise).ok_or_else(Problem::not_found)?;
    let history = if claim.checks.is_empty() { None } else { web.app.claim_history(promise).await };
    let rows = web.app.evidence_list(promise.id, asked.before).await.ok();
    let now = web.app.now();
    let shell = Shell::open(now, &context, String::new());
    let found = Read { history: history.as_deref(), rows: rows.as_deref().map(Vec::as_slice), before: asked.before };
    let page =
        view(shell, &claim, &found, now).render().map_err(|fault| Problem::internal(format!("template: {fault}")))?;
    Ok(answer(&headers, "text/html; charset=utf-8", Kept::Page, page))
}

/// What was read for the page.
#[derive(Clone, Copy, Debug, Default)]
pub struct Read<'a> {
    /// The history, unless it can't be read.
    pub history: Option<&'a History>,
    /// The evidence, unless it can't be read.
    pub rows: Option<&'a [EvidenceRow]>,
    /// Older than which.
    pub before: Option<Uuid>,
}

/// The page.
pub fn view(mut shell: Shell, claim: &Claim, read: &Read<'_>, now: Timestamp) -> PromiseView {
    let t = shell.t;
    let row = view::row(claim, t, now);
    shell.title = row.sentence.to_owned();
    let size = usize::try_from(EVIDENCE_A_PAGE).unwrap_or(usize::MAX);
    let older = read.rows.filter(|rows| rows.len() > size).and_then(|rows| rows.get(size - 1));
    let group = domain::promise::Group::of(row.id).map(|group| t.text(format!("claim-group-{}", group.code())));
    PromiseView {
        crumbs: vec![Link { href: "/trust".to_owned(), label: t.text("claim-title") }],
        group: group.unwrap_or_default(),
        method: words::method(claim.promise, t),
        checks: claim.checks.iter().map(|checked| check(checked, t, now)).collect(),
        months: read.history.map(|history| months::months(&history.spans, t, format::zone(), now)),
        changes: read.history.map(|history| months::stretches(&history.spans, t, now)).unwrap_or_default(),
        changes_max: i64::try_from(MAX_CHANGES).unwrap_or_default(),
        rows: read.rows.map(|rows| rows.iter().take(size).map(|row| line(row, t, now)).collect()),
        older: older.map(|row| format!("{}?before={}#rows", self::page(claim), row.id)).unwrap_or_default(),
        later: read.before.is_some(),
        badge: format!("{}/badge.svg?lang={}", self::page(claim), t.tag()),
        row,
        shell,
    }
}

fn page(claim: &Claim) -> String {
    format!("/trust/{}", claim.promise.id)
}

fn check(checked: &Checked, t: Texts, now: Timestamp) -> CheckView {
    let freshness = checked.check.freshness;
    let (expected, limit) = (words::length(freshness.expected_min * 60, t), words::length(freshness.limit_min * 60, t));
    CheckView {
        name: words::check(checked.check.name, t),
        state: words::state(checked.state, t),
        why: words::why(checked, t, now),
        fresh: t.two("claim-check-fresh", "expected", expected, "limit", limit),
        rows: checked.evidence.iter().map(|row| line(row, t, now)).collect(),
    }
}

/// A measurement in a list.
pub fn line(row: &EvidenceRow, t: Texts, now: Timestamp) -> EvidenceLine {
    let found = Found::of_text(&row.figure);
    let (name, of) = subject(row, t);
    let (figure, why) = words::told(&found, t, now);
    EvidenceLine {
        href: format!("/trust/evidence/{}", row.id),
        at: format::brief(t.locale, now, row.until),
        ago: words::ago(now, row.until, t),
        verdict: words::verdict(row.verdict, t),
        figure,
        why,
        name,
        of,
    }
}

/// The check in words, and the server or the log it is about.
pub fn subject(row: &EvidenceRow, t: Texts) -> (String, String) {
    let named = row.subject.as_deref().unwrap_or_default();
    match named.split_once('@') {
        Some((name, host)) => (words::check(name, t), t.one("claim-check-host", "host", host)),
        None if domain::claim::Check::find(&row.promise, named).is_some() => (words::check(named, t), String::new()),
        // Of the logs the subject is the log itself.
        None => {
            let only = domain::claim::Check::of(&row.promise).next();
            (only.map(|check| words::check(check.name, t)).unwrap_or_default(), named.to_owned())
        }
    }
}
