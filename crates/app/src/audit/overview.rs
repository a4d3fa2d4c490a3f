//! Everything the page of the log shows: how far it is, what may be claimed of it, who reads it from outside. Gathers only.

use super::check::PROMISE;
use super::proof::{LogName, LogStatus};
use super::reader::TokenView;
use super::subscriber::SubscriberView;
use super::walk::WalkView;
use crate::op::Caller;
use crate::{App, Error};
use domain::claim::{LOG_CHECK, Measured, State, state};
use domain::evidence::{Found, Verdict};
use jiff::Timestamp;
use store::ledger::EvidenceRow;

/// What may be said of `audit.data_actions`, as far as it concerns one tenant.
#[derive(Clone, Debug)]
pub struct ClaimView {
    /// The state.
    pub state: State,
    /// When the newest measurement ended.
    pub at: Option<Timestamp>,
    /// What it counted, when all fits: leaves, and logs they are in.
    pub counted: Option<(u64, u64)>,
    /// By which version of what.
    pub tool: String,
    /// What does not fit in this very log; none when the breach is in another's.
    pub faults: Vec<String>,
}

/// A witness that has signed below this log's checkpoints.
#[derive(Clone, Debug)]
pub struct WitnessView {
    /// Its name.
    pub name: String,
    /// Whether it is the platform's log that it signs, which holds every checkpoint of this one.
    pub platform: bool,
    /// Of how many leaves the newest checkpoint was that it signed.
    pub size: Option<u64>,
    /// When.
    pub at: Option<Timestamp>,
    /// What it refused with, when that was its last word.
    pub refused: Option<String>,
}

/// The page.
#[derive(Clone, Debug)]
pub struct LogOverview {
    /// The log.
    pub status: LogStatus,
    /// What may be claimed.
    pub claim: ClaimView,
    /// Tokens, newest first.
    pub tokens: Vec<TokenView>,
    /// Who gets checkpoints by mail.
    pub subscribers: Vec<SubscriberView>,
    /// The newest check that was asked for.
    pub walk: Option<WalkView>,
    /// Witnesses.
    pub witnesses: Vec<WitnessView>,
    /// For how many days entries are kept; none is for ever.
    pub retention: Option<i32>,
}

impl App {
    /// What the page of the tenant's log shows, for its administrators.
    pub async fn log_overview(&self, caller: &Caller) -> Result<LogOverview, Error> {
        let status = self.log_status(caller).await?;
        let claim = self.claim_of(&status.origin).await?;
        Ok(LogOverview {
            claim,
            tokens: self.log_tokens(caller).await?,
            subscribers: self.log_subscribers(caller).await?,
            walk: self.log_walk_newest(caller).await?,
            witnesses: self.witnesses_of(LogName::Tenant(caller.tenant)).await?,
            retention: self.retention(caller).await?,
            status,
        })
    }

    async fn witnesses_of(&self, log: LogName) -> Result<Vec<WitnessView>, Error> {
        let mut views = Vec::new();
        for (log, platform) in [(log, false), (LogName::Platform, true)] {
            views.extend(self.log_witnesses(log).await?.into_iter().map(|row| WitnessView {
                name: row.witness,
                platform,
                size: row.cosigned.map(|(size, _)| size),
                at: row.cosigned.map(|(_, at)| at),
                refused: row.refusal,
            }));
        }
        Ok(views)
    }

    async fn claim_of(&self, origin: &str) -> Result<ClaimView, Error> {
        let rows = self.evidence_vouched(PROMISE).await?;
        let newest = rows.first();
        let measured = newest.map(|row| Measured { until: row.until, verdict: row.verdict });
        let same_run = rows.iter().take_while(|row| Some(row.from) == newest.map(|newest| newest.from));
        let own =
            same_run.into_iter().find(|row| row.verdict == Verdict::Broken && row.subject.as_deref() == Some(origin));
        Ok(ClaimView {
            state: state(measured, LOG_CHECK, self.now()),
            at: newest.map(|row| row.until),
            counted: newest.and_then(counted),
            tool: newest.map(|row| row.tool.clone()).unwrap_or_default(),
            faults: own.map(faults).unwrap_or_default(),
        })
    }
}

/// Leaves and logs, when all fit.
fn counted(row: &EvidenceRow) -> Option<(u64, u64)> {
    let found = Found::of_text(&row.figure).figure;
    let count = |name| u64::try_from(found.get_number(name)?).ok();
    Some((count("leaves")?, count("logs")?)).filter(|_| row.verdict == Verdict::Held)
}

/// What does not fit, in words.
fn faults(row: &EvidenceRow) -> Vec<String> {
    let found = Found::of_text(&row.figure);
    found.why.iter().chain([&found.figure]).filter_map(|finding| finding.get_text("text")).map(str::to_owned).collect()
}
