//! Making a backup: one at a time whoever asks, with a row that tells how it goes. When one is due is `plan`'s.

use super::Kept;
use crate::{App, Error};
use domain::backup::Kind;
use domain::backup::plan::Cause;
use host::backup::{BackupError, Made, Progress};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use store::backup::{RunEnd, RunRow};
use uuid::Uuid;

/// How often a run's row is told how far it is.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// Why there is no new backup.
#[derive(Debug)]
pub enum RunError {
    /// Backups are switched off; why.
    Off(String),
    /// Another is being made; its row, when it has one.
    UnderWay(Option<Box<RunRow>>),
    /// pgBackRest could not; the row says so.
    Failed(BackupError),
    /// STRUCT could not.
    Struct(Error),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off(said) => write!(f, "backups are switched off: {said}"),
            Self::UnderWay(Some(run)) => write!(f, "a {} backup is being made since {:.0}", run.kind, run.started_at),
            Self::UnderWay(None) => f.write_str("another backup is being made"),
            Self::Failed(error) => error.fmt(f),
            Self::Struct(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RunError {}

impl From<store::StoreError> for RunError {
    fn from(error: store::StoreError) -> Self {
        Self::Struct(error.into())
    }
}

impl App {
    /// Makes a backup by an operator's order, now. A differential needs a full one to build on: without, a full one is made. Evidence of
    /// the schedule is kept at once.
    pub async fn backup_now(&self, kind: Kind, progress: impl FnMut(Progress) + Send) -> Result<Made, RunError> {
        let kept = match &self.settings.backups {
            super::Backups::On(kept) => kept,
            super::Backups::Off(said) => return Err(RunError::Off(said.clone())),
        };
        let made = self.run(kept, kind, Cause::Order, progress).await;
        if !matches!(made, Err(RunError::UnderWay(_)))
            && let Err(error) = self.measure_backups(kept).await
        {
            tracing::warn!(%error, "the backup could not be measured");
        }
        made
    }

    /// Makes a backup. Killed at any moment it leaves a row that the next run closes, and files that pgBackRest goes on from.
    pub(super) async fn run(
        &self,
        kept: &Kept,
        kind: Kind,
        cause: Cause,
        progress: impl FnMut(Progress) + Send,
    ) -> Result<Made, RunError> {
        // Held until the end: it goes with its connection, so a killed process holds nothing up.
        let Some(_alone) = self.store.lead_run().await? else { return Err(self.under_way().await) };
        let died = self.store.run_close_orphans(self.now(), false).await?;
        if died > 0 {
            tracing::warn!(died, "a run had ended without a word");
        }
        let id: Uuid = self.new_id();
        self.store.run_begin(&begun(id, kind.code(), cause, self.now(), kept.tool())).await?;
        tracing::info!(kind = kind.code(), cause = cause.code(), "a backup begins");
        let made = self.made(kept, kind, id, progress).await;
        let end = match &made {
            Ok(made) => RunEnd {
                label: Some(made.backup.label.clone()),
                size_bytes: Some(signed(made.backup.size_bytes)),
                repo_size_bytes: Some(signed(made.backup.repo_size_bytes)),
                ..RunEnd::default()
            },
            Err(error) => RunEnd { error: Some(error.to_string()), ..RunEnd::default() },
        };
        let ended = self.store.run_end(id, self.now(), &end).await;
        self.backups.bell.notify_waiters();
        match made {
            Ok(made) => {
                let took_s = made.took.as_secs_f64();
                metrics::gauge!("struct_backup_last_duration_seconds", "kind" => kind.code()).set(took_s);
                metrics::counter!("struct_backup_runs_total", "kind" => kind.code(), "outcome" => "done").increment(1);
                tracing::info!(label = made.backup.label, took_s, "a backup was made");
                ended?;
                Ok(made)
            }
            Err(error) => {
                metrics::counter!("struct_backup_runs_total", "kind" => kind.code(), "outcome" => "failed")
                    .increment(1);
                tracing::error!(%error, kind = kind.code(), "a backup failed");
                ended?;
                Err(RunError::Failed(error))
            }
        }
    }

    async fn made(
        &self,
        kept: &Kept,
        kind: Kind,
        id: Uuid,
        mut progress: impl FnMut(Progress) + Send,
    ) -> Result<Made, BackupError> {
        // Makes the repository when it is not there, and refuses one of another cluster.
        kept.repository.stanza_create().await?;
        let newest: Mutex<Option<Progress>> = Mutex::new(None);
        let asked = match kind {
            Kind::Full => host::backup::Kind::Full,
            Kind::Differential => host::backup::Kind::Differential,
        };
        let making = kept.repository.backup(asked, |now| {
            *newest.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
            progress(now);
        });
        let telling = async {
            loop {
                tokio::time::sleep(TELL_EVERY).await;
                let now = *newest.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(now) = now {
                    // Only told for those who look on: the run goes on without.
                    let _ = self.store.run_progress(id, signed(now.done_bytes), signed(now.total_bytes)).await;
                }
            }
        };
        tokio::select! {
            made = making => made,
            () = telling => unreachable!("it tells until the run has ended"),
        }
    }

    async fn under_way(&self) -> RunError {
        let recent = self.now() - jiff::SignedDuration::from_hours(7 * 24);
        let runs = self.store.runs(recent, 20).await.unwrap_or_default();
        let under_way = |run: &RunRow| run.outcome == "running" && run.kind != "verify";
        RunError::UnderWay(runs.into_iter().find(under_way).map(Box::new))
    }
}

/// The row of a run that begins.
pub(super) fn begun(id: Uuid, kind: &str, cause: Cause, at: jiff::Timestamp, tool: String) -> RunRow {
    RunRow {
        id,
        kind: kind.to_owned(),
        cause: cause.code().to_owned(),
        started_at: at,
        ended_at: None,
        label: None,
        size_bytes: None,
        repo_size_bytes: None,
        progress: None,
        outcome: "running".to_owned(),
        error: None,
        faults: None,
        tool,
    }
}

pub(super) fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
