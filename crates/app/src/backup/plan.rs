//! Planning: looks what is due by the rules, and has it made. Makes nothing itself.

use super::look::{Looked, verified};
use super::run::RunError;
use super::{Kept, kind_of};
use crate::{App, Error};
use domain::backup::Kind;
use domain::backup::plan::{self, Due, Known};
use domain::backup::repository::{Struck, strikes};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// How often it is looked what is due: rows and repository may change by others' hands, and the clock too.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// After a run the next look, so that a rule gone wrong can't make one after the other without a pause.
const AFTER_A_RUN: Duration = Duration::from_secs(5);
/// How long verifications and other runs are remembered in rows.
const KEEP_VERIFICATIONS: SignedDuration = SignedDuration::from_hours(40 * 24);
const KEEP_RUNS: SignedDuration = SignedDuration::from_hours(400 * 24);

impl App {
    /// Makes what is due when it is, until dropped.
    pub(super) async fn plan_backups(&self, kept: &Kept) {
        loop {
            let wait = match self.backup_due(kept).await {
                Ok(due) if due.at <= self.now() => {
                    self.run_due(kept, due).await;
                    AFTER_A_RUN
                }
                Ok(due) => {
                    let until = Duration::try_from(due.at.duration_since(self.now())).unwrap_or_default();
                    until.clamp(AFTER_A_RUN, LOOK_EVERY)
                }
                Err(error) => {
                    tracing::warn!(%error, "when the next backup is due can't be found out");
                    LOOK_EVERY
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// What is known of the repository, for planning.
    pub(super) async fn backup_known(&self, kept: &Kept) -> Result<(Known, Looked), Error> {
        let looked = self.look_into(kept).await;
        let successes = looked.successes();
        let failures = self.failures(&successes).await?;
        let (full_broken_at, log_broken_at) = self.struck(&looked).await?;
        let gap_since = self.backups.known().gap_since;
        let known = Known { successes, failures, chain_broken_at: gap_since.or(log_broken_at), full_broken_at };
        Ok((known, looked))
    }

    /// Since when it is known that the newest full backup, or the log behind the newest backup, is not whole.
    async fn struck(&self, looked: &Looked) -> Result<(Option<Timestamp>, Option<Timestamp>), Error> {
        let Some(verified) = self.store.run_verified_whole().await?.as_ref().and_then(verified) else {
            return Ok((None, None));
        };
        let backups = looked.info.as_ref().map(|info| info.backups.as_slice()).unwrap_or_default();
        let full =
            backups.iter().rfind(|backup| kind_of(backup.kind) == Kind::Full).map(|backup| backup.label.as_str());
        let needs = backups.last().map(|backup| backup.wal_from.as_str());
        let has = |struck| verified.faults.iter().any(|fault| strikes(fault, full, needs) == struck);
        let since = |struck| has(struck).then_some(verified.at);
        Ok((since(Struck::Backup), since(Struck::Log)))
    }

    async fn backup_due(&self, kept: &Kept) -> Result<Due, Error> {
        Ok(plan::next(&self.backup_known(kept).await?.0, self.now()))
    }

    async fn run_due(&self, kept: &Kept, due: Due) {
        match self.run(kept, due.kind, due.cause, |_| {}).await {
            // Told where it happened.
            Ok(_) | Err(RunError::Failed(_)) => {}
            Err(RunError::UnderWay(_)) => tracing::debug!("another backup is being made; what is due waits"),
            Err(error) => tracing::warn!(%error, "a backup that is due could not be begun"),
        }
        let now = self.now();
        if let Err(error) = self.store.runs_prune(now - KEEP_VERIFICATIONS, now - KEEP_RUNS).await {
            tracing::warn!(%error, "old rows of backups could not be removed");
        }
    }
}
