//! Reading the whole repository again: when that is due, and what it found, as a row. What is wrong in it is weighed elsewhere.

use super::Kept;
use super::look::verified;
use super::run::{RunError, begun, signed};
use crate::{App, Error};
use domain::backup::plan::Cause;
use domain::backup::repository::{Verified, verify_due};
use domain::evidence::Finding;
use host::backup::{Fault, Verification};
use std::time::Duration;
use store::backup::RunEnd;
use uuid::Uuid;

/// How often it is looked whether one is due.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// After one that failed the next is tried.
const AGAIN_AFTER: Duration = Duration::from_secs(600);
/// The first look after a start: the first backup goes first.
const FIRST_LOOK_AFTER: Duration = Duration::from_secs(90);
/// Faults told; a repository that has lost its disk has one for each file.
const MAX_FAULTS: usize = 50;

impl App {
    /// Reads everything again when it is due, and after each backup, until dropped.
    pub(super) async fn verify_regularly(&self, kept: &Kept) {
        tokio::time::sleep(FIRST_LOOK_AFTER).await;
        let mut wait = LOOK_EVERY;
        loop {
            if self.verification_due(kept).await {
                wait = match self.verify_repository(kept, Cause::Rule).await {
                    Ok(_) | Err(RunError::UnderWay(_)) => LOOK_EVERY,
                    Err(error) => {
                        tracing::warn!(%error, "the repository could not be verified");
                        AGAIN_AFTER
                    }
                };
            }
            tokio::time::sleep(wait).await;
        }
    }

    async fn verification_due(&self, kept: &Kept) -> bool {
        let has_backups = self.backups.known().info.as_ref().is_some_and(|info| !info.backups.is_empty());
        match self.store.run_verified_whole().await {
            Ok(last) => {
                has_backups && verify_due(last.as_ref().and_then(verified).as_ref(), kept.local().is_none(), self.now())
            }
            Err(_) => false,
        }
    }

    /// Reads everything by an operator's order, now.
    pub async fn backup_verify_now(&self) -> Result<Verified, RunError> {
        match &self.settings.backups {
            super::Backups::On(kept) => self.verify_repository(kept, Cause::Order).await,
            super::Backups::Off(said) => Err(RunError::Off(said.clone())),
        }
    }

    async fn verify_repository(&self, kept: &Kept, cause: Cause) -> Result<Verified, RunError> {
        let Some(_alone) = self.store.lead_verification().await? else { return Err(RunError::UnderWay(None)) };
        self.store.run_close_orphans(self.now(), true).await?;
        let (id, started): (Uuid, _) = (self.new_id(), self.now());
        self.store.run_begin(&begun(id, "verify", cause, started, kept.tool())).await?;
        let found = kept.repository.verify().await;
        let ended = self.now();
        let end = match &found {
            Ok(found) => RunEnd {
                size_bytes: Some(signed(found.bytes)),
                faults: Some(serde_json::to_string(&findings(found)).unwrap_or_default()),
                ..RunEnd::default()
            },
            Err(error) => RunEnd { error: Some(error.to_string()), ..RunEnd::default() },
        };
        self.store.run_end(id, ended, &end).await?;
        let looked = self.look_into(kept).await;
        self.weigh_repository(kept, &looked, 0).await.map_err(RunError::Struct)?;
        let found = found.map_err(RunError::Failed)?;
        let took_s = ended.duration_since(started).as_secs();
        Ok(Verified { at: ended, took_s, bytes: found.bytes, faults: findings(&found) })
    }
}

/// What is wrong, as findings; at most `MAX_FAULTS`, the last of which says how many more there are.
fn findings(found: &Verification) -> Vec<Finding> {
    let mut findings: Vec<Finding> = found.faults.iter().take(MAX_FAULTS).map(finding).collect();
    let more = found.faults.len().saturating_sub(findings.len());
    if more > 0 {
        findings.push(Finding::new("more_faults").number("more", i64::try_from(more).unwrap_or(i64::MAX)));
    }
    findings
}

fn finding(fault: &Fault) -> Finding {
    match fault {
        Fault::Corrupted { path } => Finding::new("file_corrupted").text("path", path),
        Fault::Missing { path } => Finding::new("file_missing").text("path", path),
        Fault::Gap(gap) => {
            let count = i64::try_from(gap.count).unwrap_or(i64::MAX);
            Finding::new("wal_gap").number("missing", count).text("first", &gap.first).text("last", &gap.last)
        }
        Fault::Unusable { label, reason } => Finding::new("backup_unusable").text("label", label).text("said", reason),
        Fault::Other { said } => Finding::new("verify_complains").text("said", said),
    }
}

/// Kept apart so that callers outside need not know of rows.
impl From<Error> for RunError {
    fn from(error: Error) -> Self {
        Self::Struct(error)
    }
}
