//! Everything the operator's page shows of backups, in one read. Measures nothing.

use super::look::Looked;
use super::{Backups, Kept};
use crate::{App, Error};
use domain::backup::lane::{Sample, Span, spans};
use domain::backup::plan::{Due, upcoming};
use host::backup::BackupInfo;
use jiff::{SignedDuration, Timestamp};
pub use store::backup::{DrillRow, RunRow};

/// How far back the lanes reach.
pub const LANES: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Over how long the most that would have been lost is looked up.
pub const RPO_WINDOW: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Runs shown at most.
const MAX_RUNS: i64 = 1_000;
/// Samples read at most: one a minute over the lanes, and some.
const MAX_SAMPLES: i64 = 12_000;
/// Drills shown at most.
const MAX_DRILLS: i64 = 30;
/// Runs foretold.
const UPCOMING: usize = 4;

/// A run to come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Upcoming {
    /// Kind, cause, instant, and seconds it is likely to take.
    pub due: Due,
    /// Bytes it is likely to add to the repository: as much as the newest of its kind; none when there was none.
    pub repo_size_bytes: Option<u64>,
}

/// What the page shows.
#[derive(Clone, Debug)]
pub struct Overview {
    /// When it was read.
    pub at: Timestamp,
    /// Why backups are switched off, in words; everything below is of before then.
    pub off: Option<String>,
    /// The repository, as configured.
    pub location: Option<String>,
    /// pgBackRest and its version.
    pub tool: Option<String>,
    /// Days that a moment stays restorable.
    pub retention_days: Option<u32>,
    /// Backups in the repository, oldest first; as last seen, when it is out of reach.
    pub backups: Vec<BackupInfo>,
    /// Why the repository is out of reach, and for how many seconds.
    pub away: Option<(String, i64)>,
    /// Runs of the last 7 days, newest first; verifications among them. One that goes on has its progress.
    pub runs: Vec<RunRow>,
    /// The log's lane over the last 7 days, without holes.
    pub log_lane: Vec<Span>,
    /// The newest sample of the log.
    pub newest_sample: Option<Sample>,
    /// What would be lost if the database were lost now, in seconds.
    pub rpo_s: Option<i64>,
    /// The most that would have been lost at any minute of 30 days, in seconds.
    pub rpo_max_s: Option<i64>,
    /// The next runs, soonest first.
    pub upcoming: Vec<Upcoming>,
    /// Drills, newest first.
    pub drills: Vec<DrillRow>,
}

impl Overview {
    /// The span of moments that can be had back: from the end of the oldest backup to what is safe now.
    pub fn restorable(&self) -> Option<(Timestamp, Timestamp)> {
        let oldest = self.backups.iter().map(|backup| backup.ended).min()?;
        let safe = self.at - SignedDuration::from_secs(self.rpo_s?);
        Some((oldest, safe.max(oldest)))
    }

    /// Bytes that all backups take in the repository.
    pub fn repository_bytes(&self) -> u64 {
        self.backups.iter().map(|backup| backup.repo_size_bytes).sum()
    }
}

impl App {
    /// Everything the operator's page shows of backups. Looks into the repository, which takes some tens of milliseconds here and
    /// some hundreds elsewhere.
    pub async fn backup_overview(&self) -> Result<Overview, Error> {
        let now = self.now();
        let samples = self.store.gauges(now - LANES, MAX_SAMPLES).await?;
        let newest_sample = samples.last().copied();
        let mut overview = Overview {
            at: now,
            off: None,
            location: None,
            tool: None,
            retention_days: None,
            backups: Vec::new(),
            away: None,
            runs: self.store.runs(now - LANES, MAX_RUNS).await?,
            log_lane: spans(&samples, now - LANES, now),
            newest_sample,
            rpo_s: newest_sample.and_then(|sample| Some(sample.rpo_s? + now.duration_since(sample.at).as_secs())),
            rpo_max_s: self.store.rpo_max_s(now - RPO_WINDOW).await?,
            upcoming: Vec::new(),
            drills: self.store.drills(MAX_DRILLS).await?,
        };
        match &self.settings.backups {
            Backups::Off(said) => overview.off = Some(said.clone()),
            Backups::On(kept) => self.describe(kept, &mut overview).await?,
        }
        Ok(overview)
    }

    /// What would be lost now, by what this process has seen.
    fn rpo_remembered(&self, now: Timestamp) -> Option<i64> {
        // Looked up under one lock: a second inside it would wait for ever.
        let known = self.backups.known();
        Some(known.commits.rpo_s(known.newest.as_ref()?, now))
    }

    async fn describe(&self, kept: &Kept, overview: &mut Overview) -> Result<(), Error> {
        overview.location = Some(kept.repository.location().to_string());
        overview.tool = Some(kept.tool());
        overview.retention_days = Some(kept.repository.retention_days());
        let (known, Looked { info, away }) = self.backup_known(kept).await?;
        overview.backups = info.map(|info| info.backups.clone()).unwrap_or_default();
        overview.away = away.map(|away| (away.said, away.for_s));
        let size = |due: &Due| {
            let newest = overview.backups.iter().rfind(|backup| super::kind_of(backup.kind) == due.kind);
            newest.map(|backup| backup.repo_size_bytes)
        };
        let dues = upcoming(&known, overview.at, UPCOMING);
        overview.upcoming = dues.iter().map(|due| Upcoming { due: *due, repo_size_bytes: size(due) }).collect();
        overview.rpo_s = match self.rpo_remembered(overview.at) {
            Some(rpo_s) => Some(rpo_s),
            // Beside the server nothing is remembered: by the arrival of the newest segment then.
            None => kept
                .repository
                .newest_wal()
                .await
                .ok()
                .flatten()
                .map(|wal| overview.at.duration_since(wal.at).as_secs().max(0)),
        }
        .or(overview.rpo_s);
        Ok(())
    }
}
