//! Backups: planned, made, watched and measured, by one server at a time. Drives `host::backup`; the rules are `domain::backup`'s.
//!
//! What can be read from the repository is read from there and never remembered as true: rows of runs say what was tried.

mod beat;
pub mod copy;
pub mod drill;
mod gauge;
mod look;
pub mod order;
pub mod overview;
mod plan;
pub mod restored;
pub mod run;
pub mod tenant;
mod verification;
mod weigh;

use crate::{App, Error};
use domain::backup::archive::{Commits, Gaps, Newest};
use domain::backup::{DIFFERENTIAL, Kind, LOG, REMOTE_PATIENCE_S, archive, repository, schedule, switched_off};
use domain::evidence::Verdict;
use host::backup::{BackupError, Info, Location, Repository};
use jiff::Timestamp;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::ledger::Leader;
use tokio::sync::{Notify, watch};

/// How often another process looks whether the one that plans backups is gone.
const CANDIDATE_EVERY: Duration = Duration::from_secs(1);
/// How often the one that plans looks whether it still may.
const HOLDS_EVERY: Duration = Duration::from_secs(1);
/// How often it is looked after evidence of backups that are switched off.
const OFF_EVERY: Duration = Duration::from_secs(60);

/// Whether backups are made, and where to.
#[derive(Clone, Debug)]
pub enum Backups {
    /// They are not; why, in words for the evidence.
    Off(String),
    /// They are.
    On(Kept),
}

impl Default for Backups {
    fn default() -> Self {
        Self::Off("no repository is configured".to_owned())
    }
}

/// A repository that backups are kept in.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The repository.
    pub repository: Repository,
    /// Folder of what belongs to backups on this machine: drills restore below it.
    pub dir: PathBuf,
    /// Whether PostgreSQL is STRUCT's own, and its `archive_command` therefore known.
    pub private: bool,
}

impl Kept {
    /// The folder of the repository, when it is on this machine.
    pub fn local(&self) -> Option<&std::path::Path> {
        match self.repository.location() {
            Location::Local(path) => Some(path),
            Location::S3(_) | Location::Azure(_) => None,
        }
    }

    /// pgBackRest and its version, as the tool that measured.
    pub fn tool(&self) -> String {
        format!("pgBackRest {}", self.repository.version())
    }

    /// The command PostgreSQL has to archive with, when that is ours to say.
    fn archive_command(&self) -> Option<String> {
        match self.repository.archiving() {
            host::postgres::Archiving::On(archiver) if self.private => Some(archiver.command),
            _ => None,
        }
    }

    /// What kind of being out of reach an error is, and how long that may go on.
    fn out_of_reach(&self, error: &BackupError) -> (&'static str, i64) {
        match error {
            BackupError::WrongKey { .. } => ("wrong_key", 0),
            BackupError::OtherCluster { .. } => ("other_cluster", 0),
            _ if self.local().is_some() => ("repository_unreachable", 0),
            _ => ("repository_unreachable", REMOTE_PATIENCE_S),
        }
    }
}

/// pgBackRest's kind as one of ours: what others made as incremental counts as differential.
pub fn kind_of(kind: host::backup::Kind) -> Kind {
    match kind {
        host::backup::Kind::Full => Kind::Full,
        host::backup::Kind::Differential | host::backup::Kind::Incremental => Kind::Differential,
    }
}

/// What was kept as evidence of a check: its verdict, the codes of its reasons, and when.
type Told = (Verdict, Vec<String>, Timestamp);

/// What is known of the repository between two looks. Lost with the process, found out again by the next look.
#[derive(Default)]
struct Known {
    info: Option<Arc<Info>>,
    newest: Option<Newest>,
    gaps: Gaps,
    gaps_at: Option<Timestamp>,
    /// Since when there is a gap behind the newest backup.
    gap_since: Option<Timestamp>,
    commits: Commits,
    /// Since when the repository is out of reach.
    away_since: Option<Timestamp>,
    /// Evidence kept last, by check.
    told: HashMap<&'static str, Told>,
}

/// The part of an `App` that watches backups.
#[derive(Default)]
pub(crate) struct Watch {
    /// Serves the first page of drills.
    pub(crate) page: std::sync::OnceLock<Arc<dyn drill::FirstPage>>,
    /// Rung when a run has come to an end.
    pub(crate) bell: Notify,
    known: Mutex<Known>,
}

impl Watch {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// The repository; none when backups are switched off.
    pub fn backups(&self) -> Option<&Kept> {
        match &self.settings.backups {
            Backups::On(kept) => Some(kept),
            Backups::Off(_) => None,
        }
    }

    /// Plans, makes and watches backups for as long as it leads, and stands by otherwise, until asked to stop.
    pub async fn keep_backups(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.store.lead_backups().await {
                Ok(Some(leader)) => {
                    tracing::info!("this process keeps the backups");
                    tokio::select! {
                        () = self.lead_backups() => {}
                        () = until_lost(&leader) => tracing::warn!("this process no longer keeps the backups"),
                        _ = stop.changed() => return,
                    }
                }
                Ok(None) => {}
                Err(error) => tracing::debug!(%error, "who keeps the backups can't be found out"),
            }
            tokio::select! {
                () = tokio::time::sleep(CANDIDATE_EVERY) => {}
                _ = stop.changed() => return,
            }
        }
    }

    /// Everything that one server does for all. Ends never; dropped, it leaves nothing that the next one can't go on from.
    async fn lead_backups(&self) {
        match &self.settings.backups {
            Backups::Off(said) => self.tell_that_backups_are_off(said).await,
            Backups::On(kept) => {
                tokio::join!(
                    self.beat_each_second(),
                    self.plan_backups(kept),
                    self.watch_repository(kept),
                    self.verify_regularly(kept),
                    self.drill_regularly(kept)
                );
            }
        }
    }

    async fn tell_that_backups_are_off(&self, said: &str) {
        const CHECKS: [(&str, &str, i64); 3] = [
            (LOG, archive::CHECK, weigh::ARCHIVE_EVERY_S),
            (DIFFERENTIAL, schedule::CHECK, weigh::OTHERS_EVERY_S),
            (DIFFERENTIAL, repository::CHECK, weigh::OTHERS_EVERY_S),
        ];
        loop {
            for (promise, check, every_s) in CHECKS {
                let measured = switched_off(promise, check, said, self.now());
                if let Err(error) = self.tell_news(measured, every_s).await {
                    tracing::warn!(%error, check, "a measurement could not be kept");
                }
            }
            tokio::time::sleep(OFF_EVERY).await;
        }
    }
}

async fn until_lost(leader: &Leader) {
    while leader.holds().await {
        tokio::time::sleep(HOLDS_EVERY).await;
    }
}

/// A failure of pgBackRest as one of STRUCT's, for callers that can do nothing about either.
impl From<BackupError> for Error {
    fn from(error: BackupError) -> Self {
        Self::Internal(format!("backup: {error}"))
    }
}
