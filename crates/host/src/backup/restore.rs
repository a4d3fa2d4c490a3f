//! Bringing the cluster back, beside the one that runs: into an empty directory, as it was at a moment. Never overwrites anything.

use super::{BackupError, Info, Progress, Repository, program::Run, progress::Count, settings};
use crate::postgres::Cluster;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use std::{path::Path, time::Duration};

/// What is to be restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Everything in the repository.
    Latest,
    /// What was committed until then.
    Time(Timestamp),
    /// A backup as it was when it ended, by its name.
    Backup(String),
}

/// How it is restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestoreOptions {
    /// Whether what was committed at the very moment of `Target::Time` belongs to it.
    pub inclusive: bool,
    /// Processes that copy at once.
    pub processes: u8,
    /// Whether it stands behind other work of this machine.
    pub background: bool,
}

impl Default for RestoreOptions {
    fn default() -> Self {
        Self { inclusive: true, processes: 2, background: false }
    }
}

/// The moments that can be restored. Right after the first backup `latest` is before `earliest`: there is none yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restorable {
    /// The second after the oldest backup ended.
    pub earliest: Timestamp,
    /// The microsecond before the last commit that has arrived: PostgreSQL knows that it got to a moment by a commit after it. The last
    /// commit itself comes back with `Target::Latest`. `None` when the newest segments hold none, or when the cluster's directory is
    /// lost, without which they can't be read.
    pub latest: Option<Timestamp>,
}

/// A restored cluster. It is not started: that is `cluster.start()`, during which the log is replayed.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The cluster, which archives nothing and has a socket of its own.
    pub cluster: Cluster,
    /// The name of the backup it was restored from.
    pub backup: String,
    /// Bytes written.
    pub bytes: u64,
    /// How long it took.
    pub took: Duration,
}

/// Names of backups that a refusal offers.
const OFFERED: usize = 3;

impl Repository {
    /// The moments that can be restored; `None` without a backup. Reads the newest segments for their last commit.
    pub async fn restorable(&self) -> Result<Option<Restorable>, BackupError> {
        let info = self.info().await?;
        let Some(oldest) = info.backups.first() else { return Ok(None) };
        Ok(Some(Restorable { earliest: oldest.restorable_from(), latest: self.latest(&info).await? }))
    }

    /// Restores into `into`, which is made, or is empty. It becomes a home as `Cluster::prepare` knows it: `cluster`, `run`, `log`.
    /// Started, it replays the log up to the target, then takes writes on a timeline of its own.
    ///
    /// Where a segment on the way is missing, that start fails: PostgreSQL won't open a database that didn't get where it was to go.
    pub async fn restore(
        &self,
        to: &Target,
        into: &Path,
        options: RestoreOptions,
        mut progress: impl FnMut(Progress) + Send,
    ) -> Result<Restored, BackupError> {
        let into = std::path::absolute(into).map_err(BackupError::io("resolving", into))?;
        let made = self.require_empty(&into)?;
        let info = self.info().await?;
        self.require_known(to, &info).await?;
        let count = Count::new();
        let restored = self.copy(to, &into, options, count, &mut progress).await;
        if restored.is_err() {
            // What is half there would hinder the next attempt. Only what was made here is removed.
            clear(&into, made);
        }
        restored
    }

    async fn copy(
        &self,
        to: &Target,
        into: &Path,
        options: RestoreOptions,
        mut count: Count,
        progress: &mut (impl FnMut(Progress) + Send),
    ) -> Result<Restored, BackupError> {
        let place = &self.cluster;
        let room = Cluster::room(place.binaries.clone(), into, place.account.as_ref())?;
        let mut arguments = vec![
            format!("--pg1-path={}", inside(&room.directory())?),
            "--archive-mode=off".to_owned(),
            format!("--process-max={}", options.processes.max(1)),
            "--log-level-console=detail".to_owned(),
        ];
        arguments.extend(target_arguments(to, options));
        let mut backup = None;
        let run = Run { name: "restore", arguments: &arguments, limit: None, background: options.background };
        let line = |line: &str| {
            if let Some(now) = count.line(line) {
                progress(now);
            } else if let Some((_, rest)) = line.split_once("restore backup set ") {
                // `INFO: repo1: restore backup set 20261123-023434F, recovery will start at 2026-11-23 02:34:34`
                backup = rest.split(',').next().map(|label| label.trim().to_owned());
            }
        };
        self.follow(run, line).await?;
        let missing = || BackupError::Answer { command: "restore", reason: "it names no backup".to_owned() };
        let backup = backup.ok_or_else(missing)?;
        let bytes = self.info().await?.backup(&backup).map_or(0, |backup| backup.size_bytes);
        let cluster = room.restored(self.environment())?;
        Ok(Restored { cluster, backup, bytes, took: count.elapsed() })
    }

    /// Refuses a directory that holds anything; tells whether it is still to be made.
    fn require_empty(&self, into: &Path) -> Result<bool, BackupError> {
        let refused = |reason| Err(BackupError::NotEmpty { path: into.to_owned(), reason });
        let home = self.cluster.pg_path.parent().unwrap_or(&self.cluster.pg_path);
        // The home itself may be it, once everything there is lost: it has to be empty as any other.
        if into.starts_with(home) && into != home {
            return refused("is inside the cluster that runs");
        }
        match std::fs::read_dir(into) {
            Ok(mut entries) => entries.next().map_or(Ok(false), |_| refused("holds something")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => refused("is a file"),
            Err(error) => Err(BackupError::io("looking into", into)(error)),
        }
    }

    async fn require_known(&self, to: &Target, info: &Info) -> Result<(), BackupError> {
        let empty = || BackupError::Empty { repository: self.location().to_string() };
        let oldest = info.backups.first().ok_or_else(empty)?;
        match to {
            Target::Latest => Ok(()),
            Target::Backup(label) if info.backup(label).is_some() => Ok(()),
            Target::Backup(label) => {
                Err(BackupError::UnknownBackup { label: label.clone(), nearest: nearest(label, info) })
            }
            Target::Time(at) => {
                let (earliest, latest) = (oldest.restorable_from(), self.latest(info).await?);
                if *at < earliest || latest.is_some_and(|latest| *at > latest) {
                    return Err(BackupError::UnknownTime { at: *at, earliest, latest });
                }
                Ok(())
            }
        }
    }

    async fn latest(&self, info: &Info) -> Result<Option<Timestamp>, BackupError> {
        let commit = self.last_commit(info).await?;
        Ok(commit.and_then(|at| at.checked_sub(SignedDuration::from_micros(1)).ok()))
    }
}

fn target_arguments(to: &Target, options: RestoreOptions) -> Vec<String> {
    match to {
        Target::Latest => Vec::new(),
        Target::Backup(label) => {
            vec![format!("--set={label}"), "--type=immediate".to_owned(), "--target-action=promote".to_owned()]
        }
        Target::Time(at) => {
            let at = at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S%.6f+00");
            let mut arguments =
                vec!["--type=time".to_owned(), format!("--target={at}"), "--target-action=promote".to_owned()];
            if !options.inclusive {
                arguments.push("--target-exclusive".to_owned());
            }
            arguments
        }
    }
}

/// Names begin with when the backup was made, so those beside a name are those beside its moment.
fn nearest(label: &str, info: &Info) -> Vec<String> {
    let mut labels: Vec<&str> = info.backups.iter().map(|backup| backup.label.as_str()).collect();
    labels.sort_unstable();
    let at = labels.partition_point(|known| *known < label);
    let from = at.saturating_sub(OFFERED - 1).min(labels.len().saturating_sub(OFFERED));
    labels.into_iter().skip(from).take(OFFERED).map(str::to_owned).collect()
}

/// A path as pgBackRest takes it, which writes it into PostgreSQL's restore_command.
fn inside(path: &Path) -> Result<&str, BackupError> {
    let unusable = || BackupError::Setting {
        setting: "restore",
        reason: format!("can't go into {}: pgBackRest can't be given that path; choose another", path.display()),
    };
    path.to_str().filter(|text| settings::is_plain(text)).ok_or_else(unusable)
}

/// Removes what a restore that failed has left. `made`: the directory itself too.
fn clear(into: &Path, made: bool) {
    let removed = if made {
        std::fs::remove_dir_all(into)
    } else {
        ["cluster", "run", "log"]
            .iter()
            .map(|name| into.join(name))
            .filter(|dir| dir.exists())
            .try_for_each(std::fs::remove_dir_all)
    };
    if let Err(error) = removed {
        tracing::warn!(path = %into.display(), %error, "what a failed restore left could not be removed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::{BackupInfo, Kind};

    fn info(labels: &[&str]) -> Info {
        let backup = |label: &&str| BackupInfo {
            label: (*label).to_owned(),
            kind: Kind::Full,
            started: Timestamp::UNIX_EPOCH,
            ended: Timestamp::UNIX_EPOCH,
            size_bytes: 1,
            repo_size_bytes: 1,
            wal_from: String::new(),
            wal_to: String::new(),
            error: false,
            prior: None,
        };
        let backups = labels.iter().map(backup).collect();
        Info { backups, archive: None, cipher: String::new(), code: 0, status: String::new(), running: None }
    }

    #[test]
    fn an_unknown_name_is_answered_with_those_beside_it() {
        let four = info(&["20261101-000000F", "20261108-000000F", "20261115-000000F", "20261122-000000F"]);
        assert_eq!(nearest("20261110-000000F", &four), ["20261101-000000F", "20261108-000000F", "20261115-000000F"]);
        assert_eq!(nearest("yesterday", &four), ["20261108-000000F", "20261115-000000F", "20261122-000000F"]);
        assert_eq!(nearest("2020", &info(&["20261101-000000F"])), ["20261101-000000F"]);
    }

    #[test]
    fn a_moment_is_given_to_the_microsecond_in_utc() {
        let at: Timestamp = "2026-11-23T11:38:47.123456+09:00".parse().expect("an instant");
        let arguments =
            target_arguments(&Target::Time(at), RestoreOptions { inclusive: false, ..RestoreOptions::default() });
        assert!(arguments.contains(&"--target=2026-11-23 02:38:47.123456+00".to_owned()), "{arguments:?}");
        assert!(arguments.contains(&"--target-exclusive".to_owned()));
    }
}
