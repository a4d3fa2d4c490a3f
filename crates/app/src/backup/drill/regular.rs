//! Drills by themselves: one after each backup, and again while one fails. Looks through nothing itself.

use super::{DrillError, DrillOrder, FirstList, FirstPage};
use crate::backup::Kept;
use crate::{App, Error};
use host::backup::throwaway::{ThrowAwayError, Turn};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use store::backup::DrillRow;

/// How often it is looked whether a drill is due, besides when a backup was made.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// A drill that failed is made again after so long: what was mended shows within the hour.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// Drills that are looked at to see whether one is due.
const LOOKED_AT: i64 = 1;

impl App {
    /// Serves the first page of drills; without, the first list counts as page.
    pub fn serve_drills(&self, page: Arc<dyn FirstPage>) {
        // The first one stays: there is one way into STRUCT.
        let _ = self.backups.page.set(page);
    }

    /// Makes a drill after each backup, until dropped. What is under way then is left for the next one to clear away.
    pub(in crate::backup) async fn drill_regularly(&self, kept: &Kept) {
        self.drill_clear(kept).await;
        loop {
            match self.drill_due(kept).await {
                Ok(true) => self.drill_once(kept).await,
                Ok(false) => {}
                Err(error) => tracing::debug!(%error, "whether a restore drill is due can't be found out"),
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = self.backups.bell.notified() => {}
            }
        }
    }

    /// What a killed process left is cleared away at the start, not only when the next drill is due.
    async fn drill_clear(&self, kept: &Kept) {
        match Turn::take(&kept.dir).await {
            Ok(_turn) => {
                if let Err(error) = self.store.drill_close_orphans(self.now()).await {
                    tracing::debug!(%error, "drills that died could not be closed");
                }
            }
            Err(ThrowAwayError::Busy { .. }) => {}
            Err(error) => tracing::warn!(%error, "restored copies that were left over could not be removed"),
        }
    }

    async fn drill_due(&self, kept: &Kept) -> Result<bool, Error> {
        let Some(newest) = kept.repository.info().await?.backups.last().map(|backup| backup.ended) else {
            return Ok(false);
        };
        let last = self.store.drills(LOOKED_AT).await?;
        Ok(due(newest, last.first(), self.now()))
    }

    async fn drill_once(&self, kept: &Kept) {
        let page = self.backups.page.get();
        let page: &dyn FirstPage = page.map_or(&FirstList, |page| &**page);
        let order = DrillOrder { repository: &kept.repository, folder: &kept.dir, to: None, page };
        match self.restore_drill(&order).await {
            Ok(drilled) if drilled.passed() => {
                tracing::info!(rpo_ms = drilled.rpo_ms, rto_ms = drilled.rto_ms, "a restore drill passed");
            }
            Ok(drilled) => tracing::error!(fault = drilled.fault(), "a restore drill failed"),
            Err(DrillError::ThrowAway(ThrowAwayError::Busy { .. })) => {}
            Err(error) => tracing::warn!(%error, "a restore drill could not be made"),
        }
    }
}

/// Whether a drill is due: none has followed the newest backup, or the last one failed long enough ago. One that died is made again.
fn due(newest_backup: Timestamp, last: Option<&DrillRow>, now: Timestamp) -> bool {
    let Some(last) = last else { return true };
    match last.outcome.as_str() {
        _ if last.started_at < newest_backup => true,
        "failed" => now.duration_since(last.started_at) >= AGAIN_AFTER,
        "unknown" => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(started_at: Timestamp, outcome: &str) -> DrillRow {
        DrillRow {
            id: uuid::Uuid::nil(),
            started_at,
            ended_at: None,
            target_at: started_at,
            base_label: None,
            rpo_ms: None,
            rto_ms: None,
            checks: None,
            outcome: outcome.to_owned(),
            error: None,
        }
    }

    #[test]
    fn each_backup_is_drilled_once_and_a_failure_again_within_the_hour() {
        let at = |minute: i64| Timestamp::from_second(1_800_000_000 + minute * 60).expect("an instant");
        assert!(due(at(0), None, at(1)));
        assert!(due(at(10), Some(&row(at(5), "passed")), at(11)), "a newer backup");
        assert!(!due(at(10), Some(&row(at(12), "passed")), at(700)), "drilled already");
        assert!(!due(at(10), Some(&row(at(12), "running")), at(13)));
        assert!(due(at(10), Some(&row(at(12), "unknown")), at(13)), "it died");
        assert!(!due(at(10), Some(&row(at(12), "failed")), at(71)));
        assert!(due(at(10), Some(&row(at(12), "failed")), at(72)));
    }
}
