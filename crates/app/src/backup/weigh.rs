//! Evidence of backups: what was seen is weighed by the rules and kept, at once when it says something new. Looks at nothing itself.

use super::Kept;
use super::look::Looked;
use crate::{App, Error};
use domain::backup::{archive, repository, schedule};
use domain::evidence::Measurement;
use serde_json::json;

/// How often evidence of the log is kept when nothing changes, in seconds.
pub(super) const ARCHIVE_EVERY_S: i64 = 600;
/// The same of backups and repository.
pub(super) const OTHERS_EVERY_S: i64 = 3_600;
/// Backups told in the raw data of a measurement; the newest.
const MAX_BACKUPS_TOLD: usize = 100;

impl App {
    /// Measures backups and repository now, and keeps both.
    pub(super) async fn measure_backups(&self, kept: &Kept) -> Result<(), Error> {
        let looked = self.look_into(kept).await;
        self.weigh_schedule(kept, &looked, 0).await?;
        self.weigh_repository(kept, &looked, 0).await
    }

    pub(super) async fn weigh_archive(&self, kept: &Kept, seen: &archive::Seen, every_s: i64) -> Result<(), Error> {
        let mut measured = archive::weigh(seen, self.now());
        measured.tool = Some(kept.tool());
        let archiver = seen.archiver.as_ref();
        measured.raw = Some(
            json!({
                "newest_wal": seen.newest.as_ref().map(|newest| json!({ "name": newest.name, "at": newest.at })),
                "rpo_s": seen.rpo_s,
                "missing": seen.gaps.missing,
                "missing_before_newest_backup": seen.gaps.missing_before,
                "archiver": archiver.map(|archiver| json!({
                    "on": archiver.on, "command_is_ours": archiver.ours, "archived_at": archiver.archived_at,
                    "failed_at": archiver.failed_at, "failed": archiver.failed, "failed_wal": archiver.failed_wal,
                    "started_at": archiver.started_at,
                })),
            })
            .to_string(),
        );
        self.tell_news(measured, every_s).await
    }

    pub(super) async fn weigh_schedule(&self, kept: &Kept, looked: &Looked, every_s: i64) -> Result<(), Error> {
        let seen = self.schedule_seen(looked).await?;
        let mut measured = schedule::weigh(&seen, self.now());
        measured.tool = Some(kept.tool());
        measured.raw = Some(listed(looked));
        self.tell_news(measured, every_s).await
    }

    pub(super) async fn weigh_repository(&self, kept: &Kept, looked: &Looked, every_s: i64) -> Result<(), Error> {
        let seen = self.repository_seen(kept, looked).await?;
        let mut measured = repository::weigh(&seen, self.now());
        measured.tool = Some(kept.tool());
        let verified = seen.verified.as_ref();
        measured.raw = Some(
            json!({
                "location": kept.repository.location().to_string(),
                "cipher": seen.cipher,
                "bytes": seen.bytes,
                "free_bytes": seen.free_bytes,
                "retention_days": seen.retention_days,
                "oldest": seen.oldest,
                "verified": verified.map(|verified| json!({
                    "at": verified.at, "took_s": verified.took_s, "bytes": verified.bytes, "faults": verified.faults,
                })),
            })
            .to_string(),
        );
        self.tell_news(measured, every_s).await
    }

    /// Keeps a measurement when it says something new, or so many seconds after the last of its check.
    pub(super) async fn tell_news(&self, measured: Measurement, every_s: i64) -> Result<(), Error> {
        let check = match measured.subject.as_deref() {
            Some(schedule::CHECK) => schedule::CHECK,
            Some(repository::CHECK) => repository::CHECK,
            _ => archive::CHECK,
        };
        let codes: Vec<String> = measured.found.why.iter().map(|why| why.code.clone()).collect();
        let now = self.now();
        let said = self.backups.known().told.get(check).cloned();
        if let Some((verdict, before, at)) = said {
            let recent = (0..every_s).contains(&now.duration_since(at).as_secs());
            if recent && verdict == measured.verdict && before == codes {
                return Ok(());
            }
            if verdict != measured.verdict {
                tracing::warn!(check, verdict = measured.verdict.code(), why = ?codes, "what may be said of backups has changed");
            }
        }
        self.measured(&measured).await?;
        self.backups.known().told.insert(check, (measured.verdict, codes, now));
        Ok(())
    }
}

/// The backups of the repository, for the raw data.
fn listed(looked: &Looked) -> String {
    let backups = looked.info.as_ref().map(|info| info.backups.as_slice()).unwrap_or_default();
    let newest = backups.iter().rev().take(MAX_BACKUPS_TOLD).map(|backup| {
        json!({
            "label": backup.label, "kind": super::kind_of(backup.kind).code(), "started": backup.started, "ended": backup.ended,
            "size_bytes": backup.size_bytes, "repo_size_bytes": backup.repo_size_bytes,
        })
    });
    json!({ "backups": newest.collect::<Vec<_>>() }).to_string()
}
