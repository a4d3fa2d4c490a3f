//! Restore drills: a backup is brought back beside, to a moment, and looked through as long as it takes to believe it. The database
//! that members use is only read; what a drill changes, it changes in the copy, which is thrown away.

mod entrance;
mod logs;
mod regular;
mod sample;
mod tables;

pub use entrance::{FirstList, FirstPage};

use super::copy::CopyPlace;
use crate::{App, Error};
use domain::backup::drill::{CHECK, Drilled, Look, moment, span_ms};
use domain::evidence::{Finding, Measurement};
use domain::time::random_bytes;
use host::backup::throwaway::{ThrowAway, ThrowAwayError, Turn};
use host::backup::{BackupError, Repository, Target};
use jiff::Timestamp;
use std::path::Path;
use std::time::Instant;
use store::backup::DrillEnd;
use store::backup::copy::Copy;
use uuid::Uuid;

/// What is to be drilled.
pub struct DrillOrder<'a> {
    /// Where backups are.
    pub repository: &'a Repository,
    /// The folder that copies are restored below: `<data dir>/backup`.
    pub folder: &'a Path,
    /// The moment; a random one since the previous backup when none is given.
    pub to: Option<Timestamp>,
    /// Serves the first page.
    pub page: &'a dyn FirstPage,
}

/// Why a drill could not be made. One that was made and failed is no error.
#[derive(Debug, thiserror::Error)]
pub enum DrillError {
    /// There is no backup to restore.
    #[error("there is no backup yet; make one: struct backup now")]
    NoBackup,
    /// Another drill is under way, or there is no room for one.
    #[error(transparent)]
    ThrowAway(#[from] ThrowAwayError),
    /// The repository can't be asked, or the moment not be restored.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The database could not keep it.
    #[error(transparent)]
    App(#[from] Error),
}

/// Times a look. What a copy does not answer is a fault of the copy.
struct Watch(Instant);

impl Watch {
    fn start() -> Self {
        Self(Instant::now())
    }

    fn ms(&self) -> i64 {
        i64::try_from(self.0.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    fn end(&self, name: &str, done: Result<Look, Error>) -> Look {
        let mut look = done.unwrap_or_else(|error| {
            let mut look = Look::at(name);
            look.fault(error.to_string());
            look
        });
        look.took_ms = self.ms();
        look
    }
}

impl App {
    /// Makes a drill, keeps it as a row and as evidence, and leaves nothing behind.
    pub async fn restore_drill(&self, order: &DrillOrder<'_>) -> Result<Drilled, DrillError> {
        let ordered = Watch::start();
        let ordered_at = self.now();
        let turn = Turn::take(order.folder).await?;
        // Whoever began these is dead, or the turn would not be ours.
        self.store.drill_close_orphans(ordered_at).await.map_err(Error::from)?;
        let (target_at, target) = self.drill_target(order).await?;
        let id: Uuid = self.new_id();
        self.store.drill_begin(id, ordered_at, target_at).await.map_err(Error::from)?;
        let mut drilled = Drilled {
            target_at,
            ordered_at,
            base_label: None,
            rpo_ms: None,
            behind_ms: None,
            rto_ms: None,
            looks: Vec::new(),
        };
        let restoring = Watch::start();
        let restored = ThrowAway::restore(turn, order.repository, &target, &id.to_string(), |_| {}).await;
        let told = match restored {
            Ok(restored) => {
                let look = Look::at("restored").counted("size_bytes", bytes(restored.bytes));
                drilled.looks.push(restoring.end("restored", Ok(look)));
                drilled.base_label = Some(restored.backup.clone());
                self.drill_through(restored, order, &ordered, &mut drilled).await;
                drilled.measurement(self.now())
            }
            // A moment that was typed, and that no backup reaches, says nothing of the backups.
            Err(ThrowAwayError::Backup(error @ BackupError::UnknownTime { .. })) if order.to.is_some() => {
                let end = DrillEnd { error: Some(error.to_string()), ..DrillEnd::default() };
                self.store.drill_end(id, self.now(), &end).await.map_err(Error::from)?;
                return Err(error.into());
            }
            Err(ThrowAwayError::Disk(error)) => self.no_room(&drilled, &error.to_string()),
            Err(error) => {
                let failed = Err(Error::Internal(error.to_string()));
                drilled.looks.push(restoring.end("restored", failed));
                drilled.measurement(self.now())
            }
        };
        self.drill_keep(id, &drilled, &told).await?;
        Ok(drilled)
    }

    async fn drill_keep(&self, id: Uuid, drilled: &Drilled, told: &Measurement) -> Result<(), Error> {
        let end = DrillEnd {
            base_label: drilled.base_label.clone(),
            rpo_ms: drilled.rpo_ms,
            rto_ms: drilled.rto_ms,
            checks: Some(drilled.to_json()),
            passed: drilled.passed(),
            error: drilled.fault(),
        };
        self.store.drill_end(id, self.now(), &end).await?;
        if let Some(ms) = drilled.rpo_ms {
            metrics::gauge!("struct_backup_drill_rpo_seconds").set(ms as f64 / 1000.0);
        }
        if let Some(ms) = drilled.rto_ms {
            metrics::gauge!("struct_backup_drill_rto_seconds").set(ms as f64 / 1000.0);
        }
        metrics::gauge!("struct_backup_drill_failed").set(if drilled.passed() { 0.0 } else { 1.0 });
        self.measured(told).await
    }

    /// A drill for which there is no room says nothing of the backup, but proves nothing either.
    fn no_room(&self, drilled: &Drilled, said: &str) -> Measurement {
        let broken = drilled.measurement(self.now());
        let mut told = Measurement::new(broken.promise, CHECK, broken.found.figure, broken.until, broken.method);
        told.at_risk(Finding::new("drill_no_room").text("said", said));
        told
    }

    /// The moment, and how the repository is asked for it.
    async fn drill_target(&self, order: &DrillOrder<'_>) -> Result<(Timestamp, Target), DrillError> {
        if let Some(at) = order.to {
            return Ok((at, Target::Time(at)));
        }
        let info = order.repository.info().await?;
        let Some(newest) = info.backups.last() else { return Err(DrillError::NoBackup) };
        let previous = info.backups.iter().rev().nth(1).unwrap_or(newest);
        let latest = order.repository.restorable().await?.and_then(|restorable| restorable.latest);
        let from = previous.restorable_from();
        match latest.filter(|latest| *latest > from) {
            Some(latest) => {
                let at = moment(from, latest, u64::from_be_bytes(random_bytes(&*self.random)));
                Ok((at, Target::Time(at)))
            }
            // Nothing has arrived since: the backup alone is what there is.
            None => Ok((newest.ended, Target::Backup(newest.label.clone()))),
        }
    }

    /// Starts the copy, looks through it, stops it, reads its pages, removes it.
    async fn drill_through(
        &self,
        mut restored: ThrowAway,
        order: &DrillOrder<'_>,
        ordered: &Watch,
        drilled: &mut Drilled,
    ) {
        let starting = Watch::start();
        let started = restored.start().await.map(|()| Look::at("started"));
        let runs = started.is_ok();
        drilled.looks.push(starting.end("started", started.map_err(|error| Error::Internal(error.to_string()))));
        if runs {
            let served_ms = self.look_through(&CopyPlace::of(&restored), order.page, ordered.0, drilled).await;
            drilled.rto_ms = served_ms;
            let reading = Watch::start();
            let pages = match restored.stop().await {
                Ok(()) => restored.check_pages().await,
                Err(error) => Err(error),
            };
            let look = pages.map_err(|error| Error::Internal(error.to_string())).map(|pages| {
                let mut look = Look::at("checksums").counted("pages", bytes(pages.pages));
                if pages.bad > 0 {
                    look.fault(format!("{} pages have a wrong checksum", pages.bad));
                }
                pages.said.iter().for_each(|said| look.fault(said.clone()));
                look
            });
            drilled.looks.push(reading.end("checksums", look));
        }
        if let Err(error) = restored.remove().await {
            tracing::error!(%error, "a restored copy could not be removed; the next drill tries again");
        }
    }

    /// Looks through a copy that runs. Answers how long after `ordered` the first page was served, in milliseconds.
    pub async fn look_through(
        &self,
        place: &CopyPlace,
        page: &dyn FirstPage,
        ordered: Instant,
        drilled: &mut Drilled,
    ) -> Option<i64> {
        let watch = Watch::start();
        let opened = self.recovered(place, drilled).await;
        let (copy, over) = match opened {
            Ok((copy, over, look)) => {
                drilled.looks.push(watch.end("recovered", Ok(look)));
                (copy, over)
            }
            Err(error) => {
                drilled.looks.push(watch.end("recovered", Err(error)));
                return None;
            }
        };
        let watch = Watch::start();
        let entered = entrance::sign_in(&over, &copy).await;
        let session = entered.as_ref().ok().and_then(|(_, session)| session.clone());
        let members = entered.as_ref().map_or(1, |(look, _)| look.figure("members"));
        drilled.looks.push(watch.end("signed_in", entered.map(|(look, _)| look)));
        let watch = Watch::start();
        let served = entrance::serve(&over, page, session.as_deref(), members).await;
        let served_ms = served.holds().then(|| Watch(ordered).ms());
        drilled.looks.push(watch.end("page", Ok(served)));
        let watch = Watch::start();
        drilled.looks.push(watch.end("indexes", tables::indexes(&copy).await));
        let watch = Watch::start();
        drilled.looks.push(watch.end("references", tables::references(&copy).await));
        let watch = Watch::start();
        drilled.looks.push(watch.end("records", tables::records(&over, &copy).await));
        let watch = Watch::start();
        drilled.looks.push(watch.end("opened", sample::opened(&over).await));
        let watch = Watch::start();
        drilled.looks.push(watch.end("logs", self.logs_of(&over, place).await));
        served_ms
    }

    /// How far the copy reaches; and STRUCT over it.
    async fn recovered(
        &self,
        place: &CopyPlace,
        drilled: &mut Drilled,
    ) -> Result<(Copy, std::sync::Arc<App>, Look), Error> {
        let copy = Copy::connect(&place.root).await?;
        let (heartbeat, commit) = copy.reached().await?;
        let mut look = Look::at("recovered");
        match heartbeat {
            Some(at) => drilled.rpo_ms = Some(span_ms(at, drilled.target_at)),
            None => look.fault("there is no heartbeat in it"),
        }
        drilled.behind_ms = commit.map(|at| span_ms(at, drilled.target_at));
        for (name, at) in [("heartbeat_at", heartbeat), ("commit_at", commit)] {
            look = at.into_iter().fold(look, |look, at| look.counted(name, at.as_second()));
        }
        let over = self.over(place).await?;
        Ok((copy, over, look))
    }
}

fn bytes(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
