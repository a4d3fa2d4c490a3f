//! Making backups and what has to stand before the first: the stanza, the check of archiving, and expiry. Plans nothing.

use super::{BackupError, BackupInfo, Kind, Progress, Repository, program::Run, progress::Count};
use std::time::Duration;

/// A backup that was just made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// What is in the repository now. Its kind may be `Full` where a differential was asked for and no full one was there.
    pub backup: BackupInfo,
    /// How long it took.
    pub took: Duration,
}

impl Repository {
    /// Makes the stanza where there is none, and checks that one that is there belongs to this cluster. The server has to run.
    pub async fn stanza_create(&self) -> Result<(), BackupError> {
        let _alone = self.one_at_a_time.lock().await;
        self.ask("stanza-create", &[]).await.map(drop)
    }

    /// Takes over a repository whose backups are of the cluster before an upgrade of PostgreSQL: they stay, and new ones come
    /// after them. The server has to run.
    pub async fn stanza_upgrade(&self) -> Result<(), BackupError> {
        let _alone = self.one_at_a_time.lock().await;
        self.ask("stanza-upgrade", &[]).await.map(drop)
    }

    /// Closes the present segment and waits until it has arrived in the repository, so it shows that archiving works from end to
    /// end. Takes about a second; one that never arrives is an error after [`super::ARCHIVE_TIMEOUT_S`].
    pub async fn check(&self) -> Result<(), BackupError> {
        self.ask("check", &[]).await.map(drop)
    }

    /// Makes a backup and removes what is older than the retention. One at a time: one that was begun by this `Repository` is
    /// waited for, one of another process is `Locked`. Dropped, it ends half-way; the next one goes on from there.
    pub async fn backup(&self, kind: Kind, mut progress: impl FnMut(Progress) + Send) -> Result<Made, BackupError> {
        let _alone = self.one_at_a_time.lock().await;
        let named = match kind {
            Kind::Full => "full",
            Kind::Differential => "diff",
            Kind::Incremental => "incr",
        };
        let arguments = [format!("--type={named}"), "--log-level-console=detail".to_owned()];
        let (mut count, mut label) = (Count::new(), None);
        let run = Run { name: "backup", arguments: &arguments, limit: None, background: true };
        let line = |line: &str| {
            if let Some(now) = count.line(line) {
                progress(now);
            } else if let Some((_, new)) = line.split_once("INFO: new backup label = ") {
                label = Some(new.trim().to_owned());
            }
        };
        self.follow(run, line).await?;
        let missing = || BackupError::Answer { command: "backup", reason: "it names no new backup".to_owned() };
        let label = label.ok_or_else(missing)?;
        let backup = self.info().await?.backup(&label).cloned().ok_or_else(missing)?;
        Ok(Made { backup, took: count.elapsed() })
    }

    /// Removes what is older than the retention; gives the names of the backups that are gone.
    pub async fn expire(&self) -> Result<Vec<String>, BackupError> {
        let _alone = self.one_at_a_time.lock().await;
        let before = self.info().await?;
        self.ask("expire", &[]).await?;
        let after = self.info().await?;
        Ok(before.backups.into_iter().map(|b| b.label).filter(|label| after.backup(label).is_none()).collect())
    }
}
