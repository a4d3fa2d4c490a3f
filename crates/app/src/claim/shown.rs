//! Claims and evidence for anybody who asks: from memory, read anew after a bounded time by one visitor for all. So a flood of
//! visitors does not reach the database, and a database that is away does not take the pages with it. Measures nothing.

use super::Claim;
use crate::audit::proof::Certificate;
use crate::state::Cache;
use crate::{App, Error};
use domain::claim::history::{Span, Turn, spans, worst};
use domain::claim::{Check, State};
use domain::promise::Promise;
use jiff::{SignedDuration, Timestamp};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use store::ledger::{EvidenceRow, Wanted};
use tokio::sync::{Mutex, Semaphore};
use uuid::Uuid;

/// Days that a history goes back.
pub const HISTORY_DAYS: i64 = 366;
/// Measurements on a page.
pub const EVIDENCE_A_PAGE: i64 = 20;
/// Claims older than this in memory are read anew for a visitor; the clock's own look is more frequent.
const CLAIMS_S: i64 = 75;
/// Histories and lists are read anew after so long.
const HISTORY_S: i64 = 60;
/// After a read that failed the database is left alone for so long.
const AWAY_S: i64 = 10;
/// How long a read for visitors may take.
const READ_LIMIT: Duration = Duration::from_secs(4);
/// Reads for visitors at the same time.
const MAX_READS: usize = 4;
/// How long a visitor waits for their turn.
const WAIT_LIMIT: Duration = Duration::from_secs(3);
/// Turns of a check that are read; the newest.
const MAX_TURNS: i64 = 1_000;
/// Measurements kept in memory with their raw data, which have 64 KiB at most.
const MAX_KEPT_EVIDENCE: usize = 200;
/// Certificates kept in memory.
const MAX_KEPT_CERTIFICATES: usize = 500;
/// Promises whose history is kept in memory: all.
const MAX_KEPT_HISTORIES: usize = 64;
/// What a first look at a history needs to have seen from before it: evidence speaks for a while.
const BEFORE: SignedDuration = SignedDuration::from_hours(48);

/// What is kept for visitors.
pub(crate) struct Shown {
    /// When claims were last read anew for a visitor, in seconds; whoever holds it reads.
    turn: Mutex<i64>,
    reads: Semaphore,
    /// Until when the database is left alone, in seconds.
    away_until_s: AtomicI64,
    histories: Cache<&'static str, Arc<History>>,
    newest: Cache<&'static str, (Timestamp, Arc<Vec<EvidenceRow>>)>,
    pub(crate) evidence: Cache<Uuid, Arc<(EvidenceRow, Option<String>)>>,
    pub(crate) certificates: Cache<Uuid, Arc<Certificate>>,
}

impl Shown {
    pub(crate) fn new() -> Self {
        Self {
            turn: Mutex::new(0),
            reads: Semaphore::new(MAX_READS),
            away_until_s: AtomicI64::new(0),
            histories: Cache::new(MAX_KEPT_HISTORIES),
            newest: Cache::new(MAX_KEPT_HISTORIES),
            evidence: Cache::new(MAX_KEPT_EVIDENCE),
            certificates: Cache::new(MAX_KEPT_CERTIFICATES),
        }
    }
}

impl Shown {
    /// There is newer evidence of a promise than what is kept: it is read anew when somebody asks. Until then, and while the
    /// database is away, it goes on to be shown.
    pub(crate) fn overtaken(&self, promise: &'static str) {
        if let Some(kept) = self.histories.get(&promise) {
            self.histories.put(promise, Arc::new(History { at: Timestamp::UNIX_EPOCH, ..(*kept).clone() }));
        }
        if let Some((_, rows)) = self.newest.get(&promise) {
            self.newest.put(promise, (Timestamp::UNIX_EPOCH, rows));
        }
    }
}

/// What was said of a promise over time.
#[derive(Clone, Debug)]
pub struct History {
    /// When it was read.
    pub at: Timestamp,
    /// From when it is told.
    pub from: Timestamp,
    /// The states of the promise, oldest first, without a gap from `from` to the instant it was made for.
    pub spans: Vec<Span>,
    turns: Vec<(&'static Check, Vec<Turn>)>,
}

impl History {
    /// The history by the turns of each check, as it is known at `now`.
    pub fn of(turns: Vec<(&'static Check, Vec<Turn>)>, now: Timestamp) -> Self {
        Self::read_at(turns, now, now)
    }

    fn read_at(turns: Vec<(&'static Check, Vec<Turn>)>, at: Timestamp, now: Timestamp) -> Self {
        let from = now - SignedDuration::from_hours(24 * HISTORY_DAYS);
        let of_check = |(check, turns): &(&Check, Vec<Turn>)| spans(turns, check.freshness, from, now);
        let checks: Vec<Vec<Span>> = turns.iter().map(of_check).collect();
        Self { at, from, spans: worst(&checks), turns }
    }

    /// Whether anything was ever measured.
    pub fn is_empty(&self) -> bool {
        self.turns.iter().all(|(_, turns)| turns.is_empty())
    }
}

/// A claim that changed.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// The promise.
    pub promise: &'static Promise,
    /// When.
    pub at: Timestamp,
    /// What was said before; none at the first measurement.
    pub before: Option<State>,
    /// What was said from then on.
    pub after: State,
}

impl App {
    /// What may be said of every promise, for anybody: by the evidence in memory, and when that was read. Reads anew when it
    /// has become old; when that fails, what is there goes on to fade.
    pub async fn claims_shown(&self) -> (Vec<Claim>, Option<Timestamp>) {
        let now_s = self.now().as_second();
        let at = self.claims_remembered.load().as_ref().map(|remembered| remembered.at);
        if at.is_none_or(|at| now_s - at.as_second() > CLAIMS_S) {
            // With nothing in memory there is nothing to show meanwhile.
            let turn = match at {
                Some(_) => self.shown.turn.try_lock().ok(),
                None => Some(self.shown.turn.lock().await),
            };
            if let Some(mut tried) = turn
                && now_s - *tried > AWAY_S
            {
                *tried = now_s;
                if let Ok(Err(error)) = tokio::time::timeout(READ_LIMIT, self.claims()).await {
                    tracing::warn!(%error, "claims can't be read; those in memory are shown");
                }
            }
        }
        self.claims_remembered()
    }

    /// A read for visitors: a few at a time, none while the database is away.
    pub(crate) async fn for_anybody<T>(&self, read: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let now_s = self.now().as_second();
        if now_s < self.shown.away_until_s.load(Ordering::Relaxed) {
            return Err(Error::Unavailable);
        }
        let permit = tokio::time::timeout(WAIT_LIMIT, self.shown.reads.acquire()).await;
        let Ok(Ok(_permit)) = permit else { return Err(Error::Unavailable) };
        let found = tokio::time::timeout(READ_LIMIT, read).await.unwrap_or(Err(Error::Unavailable));
        if matches!(found, Err(Error::Unavailable)) {
            self.shown.away_until_s.store(now_s + AWAY_S, Ordering::Relaxed);
        }
        found
    }

    /// The history of a promise until now; none when it can't be read and never was.
    pub async fn claim_history(&self, promise: &'static Promise) -> Option<Arc<History>> {
        let now = self.now();
        let kept = self.shown.histories.get(&promise.id);
        if let Some(kept) = kept.as_ref().filter(|kept| (now.as_second() - kept.at.as_second()).abs() < HISTORY_S) {
            return Some(Arc::clone(kept));
        }
        match self.for_anybody(self.turns(promise.id, now)).await {
            Ok(turns) => {
                let history = Arc::new(History::of(turns, now));
                self.shown.histories.put(promise.id, Arc::clone(&history));
                Some(history)
            }
            Err(error) => {
                tracing::debug!(%error, promise = promise.id, "a history can't be read");
                kept.map(|kept| Arc::new(History::read_at(kept.turns.clone(), kept.at, now)))
            }
        }
    }

    async fn turns(&self, promise: &str, now: Timestamp) -> Result<Vec<(&'static Check, Vec<Turn>)>, Error> {
        let from = now - SignedDuration::from_hours(24 * HISTORY_DAYS) - BEFORE;
        let mut found = Vec::new();
        for check in Check::of(promise) {
            let each_log = check.promise == super::OF_EACH_LOG;
            let wanted = Wanted {
                promise,
                check: (!each_log).then_some(check.name),
                from,
                gap_min: check.freshness.expected_min,
                limit: MAX_TURNS,
            };
            let rows = self.store.evidence_turns(&wanted).await?;
            let keys = self.keys.platform()?;
            let genuine = |row: &EvidenceRow| {
                let leaf = crate::audit::vouched::evidence_leaf(row);
                crate::audit::vouched::is_genuine(&keys.leaf, row.id, &leaf)
            };
            let turns = rows.into_iter().filter(|turn| genuine(&turn.row)).map(|turn| Turn {
                subject: if each_log { String::new() } else { turn.row.subject.unwrap_or_default() },
                at: turn.row.until,
                verdict: turn.row.verdict,
                dense: turn.dense,
            });
            found.push((check, turns.collect()));
        }
        Ok(found)
    }

    /// The claims that changed in the last so many days, newest first.
    pub async fn claim_changes(&self, days: i64, limit: usize) -> Vec<Change> {
        let since = self.now() - SignedDuration::from_hours(24 * days);
        let mut changes = Vec::new();
        for promise in domain::promise::ALL.iter().filter(|promise| Check::of(promise.id).next().is_some()) {
            let Some(history) = self.claim_history(promise).await else { continue };
            for (index, pair) in history.spans.windows(2).enumerate().filter(|(_, pair)| pair[1].from >= since) {
                let never = index == 0 && pair[0].state == State::Unverified;
                let before = (!never).then_some(pair[0].state);
                changes.push(Change { promise, at: pair[1].from, before, after: pair[1].state });
            }
        }
        changes.sort_by_key(|change| std::cmp::Reverse((change.at, change.promise.id)));
        changes.truncate(limit);
        changes
    }

    /// Measurements of a promise older than one, newest first, and one more than a page when there are more.
    pub async fn evidence_list(
        &self,
        promise: &'static str,
        before: Option<Uuid>,
    ) -> Result<Arc<Vec<EvidenceRow>>, Error> {
        let now = self.now();
        let kept = before.is_none().then(|| self.shown.newest.get(&promise)).flatten();
        if let Some((_, rows)) = kept.as_ref().filter(|(at, _)| (now.as_second() - at.as_second()).abs() < HISTORY_S) {
            return Ok(Arc::clone(rows));
        }
        let read = async { self.vouched(self.store.evidence_page(promise, before, EVIDENCE_A_PAGE + 1).await?) };
        match (self.for_anybody(read).await, kept) {
            (Ok(rows), _) => {
                let rows = Arc::new(rows);
                if before.is_none() {
                    self.shown.newest.put(promise, (now, Arc::clone(&rows)));
                }
                Ok(rows)
            }
            (Err(_), Some((_, rows))) => Ok(rows),
            (Err(error), None) => Err(error),
        }
    }
}
