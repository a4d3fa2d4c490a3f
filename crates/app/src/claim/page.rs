//! The public page measures itself: asked for over HTTPS as anybody would, and held against what the evidence says. Shows
//! nothing itself, and repairs nothing.

use super::document::{Claims, One};
use super::{Claim, State};
use crate::{App, Error};
use domain::claim::{Freshness, Measured, state_of_check};
use domain::evidence::{Finding, Measurement, Verdict};
use domain::promise::ALL;
use host::https::Https;
use jiff::Timestamp;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The promise this is evidence for.
const PROMISE: &str = "trust.page";
/// Its check.
const CHECK: &str = "page";
/// How often the page is asked for.
const EVERY: Duration = Duration::from_secs(3600);
/// The first time after a start: what is measured at once stands on the page by then.
const FIRST_AFTER: Duration = Duration::from_secs(60);
/// Evidence that was read longer ago than this lags, in seconds.
const LAG_LIMIT_S: i64 = 300;
/// Bytes of the page's document that are read.
const MAX_PAGE_BYTES: usize = 1024 * 1024;
/// How it is done, for whoever reads the evidence.
const METHOD: &str = "the server asked for its own /trust.json over HTTPS with its certificate verified, and compared it with \
the states that follow from the newest evidence before and after: every promise there, every state the same, none met by \
evidence past its limit";

/// Where the server's own listener is asked, and by whose authority.
#[derive(Clone, Debug)]
pub struct OwnPage {
    /// `https://localhost:8443`
    pub url: String,
    /// The authority's certificate (PEM), when it is STRUCT's own.
    pub authority: Option<PathBuf>,
    /// The server's name: each measures its own page.
    pub server: String,
}

/// Why there was no document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NoPage {
    /// No connection, no TLS, no end.
    Unreachable(String),
    /// Another status than 200.
    Status(u16),
}

impl App {
    /// Asks for the page by the clock, until asked to stop.
    pub async fn check_own_page(self: Arc<Self>, page: OwnPage, stop: watch::Receiver<bool>) {
        let subject = format!("{CHECK}@{}", page.server);
        let turn = move |app: Arc<Self>| {
            let (page, subject) = (page.clone(), subject.clone());
            async move {
                // A new certificate may have another authority.
                let https = Https::new(page.authority.as_deref()).map_err(|error| error.to_string());
                let url = format!("{}/trust.json", page.url);
                let ask = async || {
                    let https = https.as_ref().map_err(|error| NoPage::Unreachable(error.clone()))?;
                    let answer = https.get(&url, MAX_PAGE_BYTES).await;
                    let answer = answer.map_err(|error| NoPage::Unreachable(error.to_string()))?;
                    if answer.status == 200 { Ok(answer.body) } else { Err(NoPage::Status(answer.status)) }
                };
                app.measure_page(&subject, ask).await.map(drop)
            }
        };
        self.measure_regularly("trust page", (FIRST_AFTER, EVERY), stop, turn).await;
    }

    /// Measures the page as `ask` brings it, and keeps the evidence.
    pub async fn measure_page<F, Asked>(&self, subject: &str, ask: F) -> Result<Verdict, Error>
    where
        F: Fn() -> Asked,
        Asked: Future<Output = Result<Vec<u8>, NoPage>>,
    {
        // As a visitor finds it first: what it shows may have been read a while ago, but not long.
        let found_at = self.now();
        let first = ask().await;
        let before = self.claims().await?;
        let second = ask().await;
        let after = self.claims().await?;
        let figure = |code: &str| Finding::new(code);
        let mut measured = Measurement::new(PROMISE, subject, figure("claims_wrong"), self.now(), METHOD);
        let fresh = before.iter().filter(|claim| claim.state != State::Unverified).count();
        if let Some(read_at) = first.as_deref().ok().and_then(read).and_then(|shown| shown.read_at) {
            let age_s = found_at.as_second() - read_at.as_second();
            if age_s > LAG_LIMIT_S {
                measured.broken(Finding::new("page_lags").number("age_s", age_s));
            }
        }
        let faults = match second.as_deref() {
            Err(NoPage::Unreachable(reason)) => vec![Finding::new("page_unreachable").text("text", reason)],
            Err(NoPage::Status(status)) => vec![Finding::new("page_status").text("status", &status.to_string())],
            Ok(bytes) => match serde_json::from_slice::<Claims>(bytes) {
                Err(error) => vec![Finding::new("page_unreadable").text("text", &error.to_string())],
                Ok(shown) => differences(&shown, &before, &after, self.now()),
            },
        };
        faults.into_iter().for_each(|fault| measured.broken(fault));
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        measured.found.figure = match measured.verdict {
            Verdict::Broken => figure("claims_wrong").number("faults", count(measured.found.why.len())),
            _ => figure("claims_shown").number("promises", count(ALL.len())).number("fresh", count(fresh)),
        };
        self.measured(&measured).await?;
        Ok(measured.verdict)
    }
}

fn read(bytes: &[u8]) -> Option<Claims> {
    serde_json::from_slice(bytes).ok()
}

/// What the page shows otherwise than the evidence has it. A state that turned while the page was asked for may be shown as
/// it was before or after.
fn differences(shown: &Claims, before: &[Claim], after: &[Claim], now: Timestamp) -> Vec<Finding> {
    let mut faults = Vec::new();
    let state_in =
        |claims: &[Claim], id: &str| claims.iter().find(|claim| claim.promise.id == id).map(|claim| claim.state);
    for promise in ALL {
        let Some(one) = shown.promises.iter().find(|one| one.id == promise.id) else {
            faults.push(Finding::new("promise_not_shown").text("promise", promise.id));
            continue;
        };
        let expected = [state_in(before, promise.id), state_in(after, promise.id)];
        if !expected.iter().flatten().any(|state| state.code() == one.state) {
            let found = expected[1].unwrap_or(State::Unverified).code();
            let fault = Finding::new("state_differs").text("promise", promise.id);
            faults.push(fault.text("shown", &one.state).text("found", found));
        }
        if one.state == State::Met.code() && !is_fresh(one, now) {
            faults.push(Finding::new("stale_shown_met").text("promise", promise.id));
        }
    }
    let unknown = shown.promises.iter().filter(|one| ALL.iter().all(|promise| promise.id != one.id));
    faults.extend(unknown.map(|one| Finding::new("promise_unknown").text("promise", &one.id)));
    faults
}

/// Whether the evidence that is shown with it lets the claim be met, by the rule for checks.
fn is_fresh(one: &One, now: Timestamp) -> bool {
    let met = |part: &super::document::Part| {
        let freshness = Freshness { expected_min: part.limit_min, limit_min: part.limit_min };
        let measured =
            |row: &super::document::Measurement| Measured { until: row.until, verdict: Verdict::of(&row.verdict) };
        let servers: Vec<Measured> = part.evidence.iter().map(measured).collect();
        state_of_check(&servers, freshness, now) == State::Met
    };
    !one.checks.is_empty() && one.checks.iter().all(met)
}
