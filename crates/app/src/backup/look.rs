//! Looks into the repository and at PostgreSQL's archiving, and remembers what was seen, for when the next look fails. Weighs nothing.

use super::{Kept, kind_of};
use crate::{App, Error};
use domain::backup::archive::{self, Gaps, Newest};
use domain::backup::repository::{self, Verified};
use domain::backup::{Failures, Success, Unreachable, schedule};
use domain::evidence::Finding;
use host::backup::{BackupError, Info};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashSet;
use std::sync::Arc;
use store::backup::RunRow;

/// How often the names of all segments are looked through: here, and elsewhere, where listing costs money.
const GAPS_EVERY_S: (i64, i64) = (60, 600);
/// Runs looked at for failures since the newest success.
const MAX_RUNS: i64 = 200;
/// How far back runs are looked at when there is no success.
const FAILURES_SINCE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Backups that must still be there are those of the retention less this.
const EXPIRY_SLACK: SignedDuration = SignedDuration::from_hours(24);

/// The backups of a repository, as the rules see them.
pub(super) fn successes(info: &Info) -> Vec<Success> {
    let success = |backup: &host::backup::BackupInfo| Success {
        kind: kind_of(backup.kind),
        started: backup.started,
        ended: backup.ended,
    };
    info.backups.iter().map(success).collect()
}

/// What is known of the repository, and whether that is of now.
pub(super) struct Looked {
    pub info: Option<Arc<Info>>,
    pub away: Option<Unreachable>,
}

impl Looked {
    pub fn successes(&self) -> Vec<Success> {
        self.info.as_deref().map(successes).unwrap_or_default()
    }
}

impl App {
    /// What is in the repository; as last seen, when it can't be looked into.
    pub(super) async fn look_into(&self, kept: &Kept) -> Looked {
        // pgBackRest takes a folder that is gone for a repository without backups yet.
        let found = match kept.local().filter(|path| !path.is_dir()) {
            Some(path) => Err(BackupError::Unreachable {
                repository: path.display().to_string(),
                said: "the folder is not there".to_owned(),
            }),
            None => kept.repository.info().await,
        };
        let now = self.now();
        let mut known = self.backups.known();
        match found {
            Ok(info) => {
                let info = Arc::new(info);
                known.away_since = None;
                known.info = Some(Arc::clone(&info));
                Looked { info: Some(info), away: None }
            }
            Err(error) => {
                let since = *known.away_since.get_or_insert(now);
                Looked { info: known.info.clone(), away: Some(away(kept, &error, since, now)) }
            }
        }
    }

    /// Failures since the newest success.
    pub(super) async fn failures(&self, successes: &[Success]) -> Result<Option<Failures>, Error> {
        let now = self.now();
        let newest = successes.iter().map(|success| success.ended).filter(|ended| *ended <= now).max();
        let since = newest.unwrap_or(now - FAILURES_SINCE);
        let runs = self.store.runs(since, MAX_RUNS).await?;
        let failed: Vec<&RunRow> = runs
            .iter()
            .filter(|run| run.kind != "verify")
            .take_while(|run| run.outcome != "done")
            .filter(|run| run.outcome == "failed")
            .collect();
        let Some(last) = failed.first() else { return Ok(None) };
        Ok(Some(Failures {
            count: u32::try_from(failed.len()).unwrap_or(u32::MAX),
            last: last.ended_at.unwrap_or(last.started_at),
            said: last.error.clone().unwrap_or_default(),
        }))
    }

    /// What the check `schedule` weighs.
    pub(super) async fn schedule_seen(&self, looked: &Looked) -> Result<schedule::Seen, Error> {
        let successes = looked.successes();
        Ok(schedule::Seen {
            failures: self.failures(&successes).await?,
            successes,
            begun: self.store.run_first().await?,
            had: self.gone(looked).await?.is_some(),
            unreachable: looked.away.clone(),
        })
    }

    /// What the check `archive` weighs.
    pub(super) async fn archive_seen(&self, kept: &Kept) -> archive::Seen {
        let found = kept.repository.newest_wal().await;
        let archiver = self.store.archiver(kept.archive_command().as_deref()).await.ok();
        let now = self.now();
        let mut unreachable = None;
        {
            let mut known = self.backups.known();
            match found {
                Ok(wal) => known.newest = wal.map(|wal| Newest { name: wal.name, at: wal.at }),
                Err(error) => {
                    let since = *known.away_since.get_or_insert(now);
                    unreachable = Some(away(kept, &error, since, now));
                }
            }
        }
        if unreachable.is_none() {
            self.look_for_gaps(kept).await;
        }
        let known = self.backups.known();
        let rpo_s = known.newest.as_ref().map(|newest| known.commits.rpo_s(newest, now));
        archive::Seen { newest: known.newest.clone(), gaps: known.gaps.clone(), archiver, rpo_s, unreachable }
    }

    /// Looks through the names of all segments, when that is due.
    async fn look_for_gaps(&self, kept: &Kept) {
        let every_s = if kept.local().is_some() { GAPS_EVERY_S.0 } else { GAPS_EVERY_S.1 };
        let now = self.now();
        let looked = self.backups.known().gaps_at;
        if looked.is_some_and(|at| (0..every_s).contains(&now.duration_since(at).as_secs())) {
            return;
        }
        let found = kept.repository.gaps().await;
        let mut known = self.backups.known();
        match found {
            Ok(gaps) => {
                let newest = known.info.as_ref().and_then(|info| info.backups.last());
                let needs = newest.map(|backup| backup.wal_from.clone());
                let count = |count| i64::try_from(count).unwrap_or(i64::MAX);
                let gaps = gaps.into_iter().map(|gap| (gap.first, gap.last, count(gap.count)));
                known.gaps = Gaps::sorted(gaps, needs.as_deref());
                known.gap_since = if known.gaps.missing == 0 { None } else { known.gap_since.or(Some(now)) };
                known.gaps_at = Some(now);
            }
            Err(error) => tracing::warn!(%error, "the log in the repository can't be looked through for gaps"),
        }
    }

    /// What the check `repository` weighs.
    pub(super) async fn repository_seen(&self, kept: &Kept, looked: &Looked) -> Result<repository::Seen, Error> {
        let backups = looked.info.as_ref().map(|info| info.backups.as_slice()).unwrap_or_default();
        let full = backups.iter().rfind(|backup| backup.kind == host::backup::Kind::Full);
        let newest = self.store.run_verified().await?;
        let free = kept.local().and_then(|path| host::disk::space(path).ok()).map(|space| space.free);
        Ok(repository::Seen {
            cipher: looked.info.as_ref().map(|info| info.cipher.clone()).filter(|_| !backups.is_empty()),
            bytes: backups.iter().map(|backup| backup.repo_size_bytes).sum(),
            full_bytes: full.map_or(0, |backup| backup.repo_size_bytes),
            oldest: backups.iter().map(|backup| backup.ended).min(),
            retention_days: kept.repository.retention_days(),
            free_bytes: free,
            verified: self.store.run_verified_whole().await?.as_ref().and_then(verified),
            verify_error: newest.and_then(|run| run.error),
            newest_full: full.map(|backup| backup.label.clone()),
            newest_needs: backups.last().map(|backup| backup.wal_from.clone()),
            gone: self.gone(looked).await?,
            unreachable: looked.away.clone(),
        })
    }

    /// Backups that were made, should still be kept, and are not there.
    async fn gone(&self, looked: &Looked) -> Result<Option<(i64, String)>, Error> {
        let (Some(info), None) = (&looked.info, &looked.away) else { return Ok(None) };
        let Some(kept) = self.backups() else { return Ok(None) };
        let there: HashSet<&str> = info.backups.iter().map(|backup| backup.label.as_str()).collect();
        let retention = SignedDuration::from_hours(24 * i64::from(kept.repository.retention_days())) - EXPIRY_SLACK;
        let runs = self.store.runs(self.now() - retention, MAX_RUNS).await?;
        let mut labels = runs.iter().filter_map(|run| run.label.as_deref()).filter(|label| !there.contains(label));
        Ok(labels.next().map(|newest| (1 + i64::try_from(labels.count()).unwrap_or(i64::MAX - 1), newest.to_owned())))
    }
}

fn away(kept: &Kept, error: &BackupError, since: Timestamp, now: Timestamp) -> Unreachable {
    let (code, patience_s) = kept.out_of_reach(error);
    Unreachable { code, for_s: now.duration_since(since).as_secs().max(0), patience_s, said: error.to_string() }
}

/// A verification's row as the rules see it.
pub(super) fn verified(run: &RunRow) -> Option<Verified> {
    let ended = run.ended_at?;
    let faults: Vec<Finding> = match &run.faults {
        Some(json) => serde_json::from_str(json).unwrap_or_default(),
        None => Vec::new(),
    };
    let took_s = ended.duration_since(run.started_at).as_secs();
    let bytes = run.size_bytes.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or_default();
    Some(Verified { at: ended, took_s, bytes, faults })
}
