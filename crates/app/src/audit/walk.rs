//! Checks of the whole log that an administrator asks for: the walk of `check` over their own log, in the background, with how
//! far it is. Finds nothing by itself and keeps no evidence: that is the scheduled check's.

use super::check::{CheckedLog, Progress, Told};
use crate::error::Refusal;
use crate::op::{Caller, on_fresh_rights};
use crate::{App, Error};
use domain::audit::{Detail, Outcome, Target, Verb};
use domain::id::{TenantId, WalkId};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use store::ledger::{LogRow, WalkRow, walk_begin};
use store::{Check, Flight, Head, StoreError};

/// Walks of all tenants that one process does at the same time; others wait.
pub(crate) const MAX_WALKS_AT_ONCE: usize = 2;
/// How often a walk writes down how far it is.
const SEEN_EVERY: Duration = Duration::from_secs(1);
/// How often a page that waits looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// A walk that has said nothing for so long was cut off by a restart.
const STALE_SECS: i64 = 30;
/// Longest text of faults kept, in characters.
const MAX_FAULTS_CHARS: usize = 8_000;

/// How a walk stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WalkState {
    /// Under way, or waiting for others.
    Running,
    /// Everything fits.
    Whole,
    /// Something does not.
    Broken,
    /// STRUCT was started anew meanwhile: it has to be asked for again.
    CutOff,
}

/// A walk as its page shows it.
#[derive(Clone, Debug)]
pub struct WalkView {
    /// Its id.
    pub id: WalkId,
    /// How it stands.
    pub state: WalkState,
    /// When it was asked for.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Leaves to be walked.
    pub size: u64,
    /// Leaves walked.
    pub leaves: u64,
    /// Checkpoints compared.
    pub checkpoints: u64,
    /// What does not fit.
    pub faults: Vec<String>,
}

impl App {
    /// Begins a walk over the tenant's own log. One at a time.
    pub async fn log_walk(self: &Arc<Self>, caller: &Caller) -> Result<WalkId, Error> {
        let id: WalkId = self.new_id();
        let log = on_fresh_rights!(self, caller.tenant, self.log_walk_begin(caller, id))?;
        let app = Arc::clone(self);
        tokio::spawn(async move { app.walk(log, id).await });
        Ok(id)
    }

    async fn log_walk_begin(&self, caller: &Caller, id: WalkId) -> Result<LogRow, Error> {
        let (head, _) = self.administrator(caller, "log").await?;
        let log = self.store.log(caller.tenant).await?.ok_or(Error::Refused(Refusal::NotInLogYet))?;
        let now = self.now();
        let stale = now.saturating_sub(SignedDuration::from_secs(STALE_SECS)).unwrap_or(now);
        let size = i64::try_from(log.size).unwrap_or(i64::MAX);
        let begin = walk_begin(caller.tenant, id, caller.user, now, size, stale);
        let entry =
            self.entry_of(caller, Verb::AuditLogChecked, Outcome::Done, Target::default(), Detail::default())?;
        match self.store.fly(Flight::write(head, vec![begin], &[entry])).await {
            Err(StoreError::Unexpected) => Err(Error::Refused(Refusal::WalkUnderWay)),
            done => Ok(done.map(|_| log)?),
        }
    }

    async fn walk(&self, log: LogRow, id: WalkId) {
        let tenant = log.log;
        let progress = Progress::default();
        let walked = {
            let slot_and_walk = async {
                let _slot = self.walking.acquire().await;
                self.check_log(log, &mut Told::default(), &progress).await
            };
            tokio::pin!(slot_and_walk);
            loop {
                tokio::select! {
                    walked = &mut slot_and_walk => break walked,
                    () = tokio::time::sleep(SEEN_EVERY) => {
                        let leaves = progress.load(Ordering::Relaxed);
                        if let Err(error) = self.store.walk_seen(tenant, id, self.now(), leaves).await {
                            tracing::warn!(%error, "how far a check of a log is can't be written down");
                        }
                    }
                }
            }
        };
        match walked {
            Ok(checked) => self.walk_end(tenant, id, checked).await,
            // Nothing was found out; its page says that it was cut off.
            Err(error) => tracing::warn!(%error, %tenant, "a check of a log was given up"),
        }
    }

    async fn walk_end(&self, tenant: TenantId, id: WalkId, checked: CheckedLog) {
        if !checked.faults.is_empty() {
            tracing::error!(origin = %checked.origin, faults = ?checked.faults, "a log was tampered with");
        }
        let now = self.now();
        let row = WalkRow {
            id,
            asked_by: uuid::Uuid::nil().into(),
            started_at: now,
            seen_at: now,
            size: checked.leaves,
            leaves: checked.leaves,
            checkpoints: checked.checkpoints,
            finished_at: Some(now),
            faults: Some(checked.faults.join("\n").chars().take(MAX_FAULTS_CHARS).collect()),
        };
        if let Err(error) = self.store.walk_end(tenant, &row).await {
            tracing::warn!(%error, "what a check of a log found can't be written down");
        }
    }

    /// Waits until a walk has ended, at most so long.
    pub async fn log_walk_wait(&self, caller: &Caller, id: WalkId, at_most: Duration) -> Result<(), Error> {
        let head = Head { tenant: caller.tenant, check: Check::Nothing };
        for _ in 0..at_most.as_millis() / LOOK_EVERY.as_millis() {
            if self.store.walk(head, id).await?.is_none_or(|row| row.finished_at.is_some()) {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// How a walk stands.
    pub async fn log_walk_status(&self, caller: &Caller, id: WalkId) -> Result<WalkView, Error> {
        on_fresh_rights!(self, caller.tenant, async {
            let (head, _) = self.administrator(caller, "log").await?;
            match self.store.walk(head, id).await? {
                Some(row) => Ok(walk_view(row, self.now())),
                None => Err(self.nothing_there(caller, head, format!("log check {id}")).await),
            }
        })
    }

    /// The newest walk over the tenant's log.
    pub async fn log_walk_newest(&self, caller: &Caller) -> Result<Option<WalkView>, Error> {
        on_fresh_rights!(self, caller.tenant, async {
            let (head, _) = self.administrator(caller, "log").await?;
            Ok(self.store.walk_newest(head).await?.map(|row| walk_view(row, self.now())))
        })
    }
}

fn walk_view(row: WalkRow, now: Timestamp) -> WalkView {
    let faults: Vec<String> = row.faults.iter().flat_map(|text| text.lines().map(str::to_owned)).collect();
    let state = match row.finished_at {
        Some(_) if faults.is_empty() => WalkState::Whole,
        Some(_) => WalkState::Broken,
        None if now.duration_since(row.seen_at).as_secs() > STALE_SECS => WalkState::CutOff,
        None => WalkState::Running,
    };
    WalkView {
        id: row.id,
        state,
        started_at: row.started_at,
        finished_at: row.finished_at,
        size: row.size,
        leaves: row.leaves,
        checkpoints: row.checkpoints,
        faults,
    }
}
