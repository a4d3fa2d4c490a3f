//! Claims: what may be said of each promise by its newest evidence. Remembers what it read, so that the public page stands
//! while the database does not. Measures nothing, and no state can be given to it.

pub mod document;
pub mod page;
pub mod shown;

use crate::{App, Error};
use domain::claim::{CHECKS, Check, Measured, State, state_of_check};
use domain::evidence::Found;
use domain::promise::{self, Promise};
use host::mail::Mail;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use store::ledger::EvidenceRow;
use tokio::sync::watch;

/// How often claims are looked at anew.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// The first look after a start.
const FIRST_LOOK_AFTER: Duration = Duration::from_secs(5);
/// How far in the future a measurement may be: servers' clocks differ a little.
const CLOCK_SLACK: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);
/// The check whose evidence names a log as subject, not the check.
const OF_EACH_LOG: &str = "audit.data_actions";

/// A check of a promise and what its newest evidence says.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The check.
    pub check: &'static Check,
    /// What may be said of it.
    pub state: State,
    /// The newest measurement of each server, the one that decides first; empty when there is none.
    pub evidence: Vec<EvidenceRow>,
}

/// A promise and what may be said of it.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The promise.
    pub promise: &'static Promise,
    /// The worst of its checks; unverified when it has none.
    pub state: State,
    /// Its checks, in order.
    pub checks: Vec<Checked>,
}

impl Claim {
    /// The check that decides, with its newest measurement.
    pub fn deciding(&self) -> Option<&Checked> {
        self.checks.iter().find(|checked| checked.state == self.state).or_else(|| self.checks.first())
    }

    /// When the promise was last measured.
    pub fn measured_at(&self) -> Option<Timestamp> {
        self.checks.iter().filter_map(|checked| checked.evidence.first()).map(|row| row.until).max()
    }
}

/// What was read last, check by check in the order of [`CHECKS`].
pub(crate) struct Remembered {
    at: Timestamp,
    evidence: Vec<Vec<EvidenceRow>>,
}

impl App {
    /// What may be said of every promise now, from the database.
    pub async fn claims(&self) -> Result<Vec<Claim>, Error> {
        let wanted: Vec<_> =
            CHECKS.iter().map(|check| (check.promise, (check.promise != OF_EACH_LOG).then_some(check.name))).collect();
        let mut evidence = Vec::with_capacity(CHECKS.len());
        for (check, rows) in CHECKS.iter().zip(self.store.evidence_of(&wanted).await?) {
            evidence.push(newest_of_each(check, of_the_past(self.vouched(rows)?, self.now())));
        }
        let remembered = Arc::new(Remembered { at: self.now(), evidence });
        let claims = made(&remembered, self.now());
        if let Some(before) = self.claims_remembered.swap(Some(Arc::clone(&remembered))) {
            let newest = |rows: &Vec<EvidenceRow>| rows.iter().map(|row| row.id).max();
            let pairs = before.evidence.iter().zip(&remembered.evidence);
            let newer = CHECKS.iter().zip(pairs).filter(|(_, (before, now))| newest(before) != newest(now));
            newer.for_each(|(check, _)| self.shown.overtaken(check.promise));
        }
        Ok(claims)
    }

    /// What may be said of every promise now by the evidence read last, and when that was; states fade with the clock all
    /// the same. For pages that must stand while the database does not.
    pub fn claims_remembered(&self) -> (Vec<Claim>, Option<Timestamp>) {
        let nothing = || Arc::new(Remembered { at: Timestamp::UNIX_EPOCH, evidence: vec![Vec::new(); CHECKS.len()] });
        let remembered = self.claims_remembered.load_full();
        let at = remembered.as_ref().map(|remembered| remembered.at);
        (made(&remembered.unwrap_or_else(nothing), self.now()), at)
    }

    /// The state of a promise by the evidence read last; for what stands on every page, so it asks nobody and copies nothing.
    pub fn state_remembered(&self, promise: &str) -> State {
        let Some(remembered) = self.claims_remembered.load_full() else { return State::Unverified };
        let now = self.now();
        let of_check = |(check, rows): (&Check, &Vec<EvidenceRow>)| {
            let measured: Vec<_> = rows.iter().map(|row| Measured { until: row.until, verdict: row.verdict }).collect();
            state_of_check(&measured, check.freshness, now)
        };
        let checks = CHECKS.iter().zip(&remembered.evidence).filter(|(check, _)| check.promise == promise);
        checks.map(of_check).reduce(State::worse).unwrap_or(State::Unverified)
    }

    /// Keeps the claims remembered, until asked to stop: for a server whose claims another one watches.
    pub async fn remember_claims(self: Arc<Self>, stop: watch::Receiver<bool>) {
        let turn = |app: Arc<Self>| async move { app.claims().await.map(drop) };
        self.measure_regularly("claims", (FIRST_LOOK_AFTER, LOOK_EVERY), stop, turn).await;
    }

    /// Looks at the claims by the clock, until asked to stop: keeps them remembered, shows them as metrics, and tells the
    /// operator when one gets worse.
    pub async fn watch_claims(self: Arc<Self>, stop: watch::Receiver<bool>) {
        let before = Arc::new(std::sync::Mutex::new(HashMap::new()));
        let turn = |app: Arc<Self>| {
            let before = Arc::clone(&before);
            async move {
                let claims = app.claims().await?;
                for claim in &claims {
                    let bad = if claim.state == State::Met { 0.0 } else { 1.0 };
                    metrics::gauge!("struct_claim_not_met", "promise" => claim.promise.id, "state" => claim.state.code()).set(bad);
                }
                for turned in worse(&before, &claims) {
                    app.tell_of_claim(&turned).await;
                }
                Ok(())
            }
        };
        Arc::clone(&self).measure_regularly("claims", (FIRST_LOOK_AFTER, LOOK_EVERY), stop, turn).await;
    }
}

impl App {
    /// Tells the operator that a claim got worse. What can't be mailed stands in the process log.
    async fn tell_of_claim(&self, claim: &Claim) {
        let (id, state) = (claim.promise.id, claim.state.code());
        let evidence = claim.deciding().and_then(|checked| checked.evidence.first());
        let why = evidence.map(|row| Found::of_text(&row.figure).to_text()).unwrap_or_default();
        tracing::error!(promise = id, state, why, "a claim got worse");
        let Some(to) = self.settings.operator_address.clone() else { return };
        let text = format!(
            "約束「{}」({id})の状態が {state} になりました。\n実測: {why}\n\n\
             The state of the promise {id} is now {state}.\nMeasured: {why}\n\n{}/trust#{id}\n",
            claim.promise.ja, self.settings.public_url
        );
        let mail = Mail { to, subject: format!("{id}: {state}"), text };
        if let Err(error) = self.mailer.send(&mail, self.now(), &*self.random).await {
            tracing::error!(%error, promise = id, "the operator could not be told that a claim got worse");
        }
    }
}

/// Claims that are worse than at the look before. At the first look after a start nothing is.
fn worse(before: &std::sync::Mutex<HashMap<&'static str, State>>, claims: &[Claim]) -> Vec<Claim> {
    let mut before = before.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let turned = |claim: &&Claim| {
        before.get(claim.promise.id).is_some_and(|old| old.worse(claim.state) != *old && claim.state != State::Met)
    };
    let turned: Vec<Claim> = claims.iter().filter(turned).cloned().collect();
    before.extend(claims.iter().map(|claim| (claim.promise.id, claim.state)));
    turned
}

/// Measurements without those of the future: a clock that was ahead and was put right must not hush up what is found since.
fn of_the_past(mut rows: Vec<EvidenceRow>, now: Timestamp) -> Vec<EvidenceRow> {
    rows.retain(|row| row.until.duration_since(now) <= CLOCK_SLACK);
    rows
}

/// The newest measurement of each server, newest first. Of the logs the newest counts, whichever log it is about.
fn newest_of_each(check: &Check, rows: Vec<EvidenceRow>) -> Vec<EvidenceRow> {
    if check.promise == OF_EACH_LOG {
        return rows.into_iter().take(1).collect();
    }
    let mut newest: Vec<EvidenceRow> = Vec::new();
    for row in rows {
        if newest.iter().all(|other| other.subject != row.subject) {
            newest.push(row);
        }
    }
    newest
}

fn made(remembered: &Remembered, now: Timestamp) -> Vec<Claim> {
    let of = |promise: &'static Promise| {
        let checks = CHECKS.iter().zip(&remembered.evidence).filter(|(check, _)| check.promise == promise.id);
        let checks: Vec<Checked> = checks.map(|(check, rows)| checked(check, rows, now)).collect();
        let state = checks.iter().map(|checked| checked.state).reduce(State::worse).unwrap_or(State::Unverified);
        Claim { promise, state, checks }
    };
    promise::ALL.iter().map(of).collect()
}

fn checked(check: &'static Check, rows: &[EvidenceRow], now: Timestamp) -> Checked {
    let measured = |row: &EvidenceRow| Measured { until: row.until, verdict: row.verdict };
    let state = state_of_check(&rows.iter().map(measured).collect::<Vec<_>>(), check.freshness, now);
    let mut evidence = rows.to_vec();
    let decides = |row: &EvidenceRow| state_of_check(&[measured(row)], check.freshness, now) != state;
    // The one that decides stands first; among equals the newest does.
    evidence.sort_by_key(|row| (decides(row), std::cmp::Reverse(row.until)));
    Checked { check, state, evidence }
}
