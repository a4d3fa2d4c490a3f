//! Watching the repository: gauges every half minute, a sample each minute, evidence at once when something changes. Decides nothing.

use super::Kept;
use super::look::Looked;
use super::weigh::{ARCHIVE_EVERY_S, OTHERS_EVERY_S};
use crate::{App, Error};
use domain::backup::{Kind, archive, lane::Sample};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// How often the repository is looked at.
const EVERY: Duration = Duration::from_secs(30);
/// A sample every so many looks.
const LOOKS_A_SAMPLE: u32 = 2;
/// Old samples are removed every so many looks: some once an hour.
const LOOKS_A_PRUNING: u32 = 120;
/// How long samples are kept: a day longer than they are shown.
const KEEP_SAMPLES: SignedDuration = SignedDuration::from_hours(8 * 24);
/// How long the worst of each day is kept.
const KEEP_DAYS: SignedDuration = SignedDuration::from_hours(400 * 24);

impl App {
    /// Looks by the clock, and when a run has ended, until dropped.
    pub(super) async fn watch_repository(&self, kept: &Kept) {
        let mut clock = tokio::time::interval(EVERY);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut looks: u32 = 0;
        loop {
            let by_clock = tokio::select! {
                _ = clock.tick() => true,
                () = self.backups.bell.notified() => false,
            };
            if let Err(error) = self.look_at_backups(kept, by_clock && looks.is_multiple_of(LOOKS_A_SAMPLE)).await {
                tracing::warn!(%error, "backups could not be measured");
            }
            if by_clock && looks.is_multiple_of(LOOKS_A_PRUNING) {
                self.prune_samples().await;
            }
            looks = looks.wrapping_add(u32::from(by_clock));
        }
    }

    /// One look at log, backups and repository: metrics, evidence when it is due, and a sample when one is wanted.
    pub async fn backups_looked_at(&self, sample: bool) -> Result<(), Error> {
        match self.backups() {
            Some(kept) => self.look_at_backups(kept, sample).await,
            None => Ok(()),
        }
    }

    async fn look_at_backups(&self, kept: &Kept, sample: bool) -> Result<(), Error> {
        // First, so that gaps are sorted by the newest backup.
        let looked = self.look_into(kept).await;
        let seen = self.archive_seen(kept).await;
        let now = self.now();
        show(&looked, &seen, now);
        if sample {
            self.store.gauge_add(&sampled(&seen, now)).await?;
        }
        self.weigh_archive(kept, &seen, ARCHIVE_EVERY_S).await?;
        self.weigh_schedule(kept, &looked, OTHERS_EVERY_S).await?;
        self.weigh_repository(kept, &looked, OTHERS_EVERY_S).await
    }

    async fn prune_samples(&self) {
        let now = self.now();
        if let Err(error) = self.store.gauges_prune(now - KEEP_SAMPLES, now - KEEP_DAYS).await {
            tracing::warn!(%error, "old samples could not be removed");
        }
    }
}

/// What is kept of a look. What could not be found out is left open, never taken for good.
fn sampled(seen: &archive::Seen, now: Timestamp) -> Sample {
    let known = seen.unreachable.is_none();
    Sample {
        at: now,
        wal_age_s: seen.age_s(now).filter(|age_s| known && *age_s >= 0),
        wal_gaps: Some(seen.gaps.missing).filter(|_| known),
        rpo_s: seen.rpo_s,
    }
}

/// Gauges for whoever collects metrics. An age that is not known is not shown as zero: it stays what it was, and grows no more; the
/// claim says why.
fn show(looked: &Looked, seen: &archive::Seen, now: Timestamp) {
    if let Some(age_s) = seen.age_s(now) {
        metrics::gauge!("struct_backup_newest_wal_age_seconds").set(age_s as f64);
    }
    if let Some(rpo_s) = seen.rpo_s {
        metrics::gauge!("struct_backup_rpo_seconds").set(rpo_s as f64);
    }
    metrics::gauge!("struct_backup_wal_gaps").set((seen.gaps.missing + seen.gaps.missing_before) as f64);
    metrics::gauge!("struct_backup_repository_reachable").set(if looked.away.is_none() { 1.0 } else { 0.0 });
    let Some(info) = &looked.info else { return };
    metrics::gauge!("struct_backup_repository_bytes")
        .set(info.backups.iter().map(|backup| backup.repo_size_bytes).sum::<u64>() as f64);
    for kind in [Kind::Full, Kind::Differential] {
        let newest =
            info.backups.iter().filter(|backup| super::kind_of(backup.kind) == kind).map(|backup| backup.ended).max();
        if let Some(newest) = newest {
            let age_s = now.duration_since(newest).as_secs();
            metrics::gauge!("struct_backup_newest_age_seconds", "kind" => kind.code()).set(age_s as f64);
        }
    }
}
