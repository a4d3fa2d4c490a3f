//! Backups by pgBackRest: its configuration, running it, and reading what it says. Decides neither when a backup is due nor what
//! a figure means, and speaks no SQL.
//!
//! Everything secret (the passphrase of the repository, keys of S3 and Azure) reaches the program by its environment only: never
//! by a file, an argument or a log.

mod archive;
mod error;
mod info;
mod making;
mod program;
mod progress;
pub mod region;
mod restore;
mod settings;
pub mod throwaway;
mod verify;

pub use archive::{Gap, Wal};
pub use error::BackupError;
pub use info::{Archive, BackupInfo, Info, Kind, Running};
pub use making::Made;
pub use program::Version;
pub use progress::Progress;
pub use restore::{Restorable, RestoreOptions, Restored, Target};
pub use settings::{Azure, ClusterPlace, Location, RepositorySettings, S3, STANZA};
pub use verify::{Fault, MOST_FAULTS, Verification};

use crate::{
    file::{Target as Replaced, private_directory},
    postgres::{Archiver, Archiving},
    secret::Secret,
};
use program::Program;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::Mutex;

/// How long a segment may take into the repository before a check or a backup fails, in seconds.
pub const ARCHIVE_TIMEOUT_S: u32 = 60;

/// A repository of backups of one cluster. Cheap to clone; its clones write to the repository one after the other.
#[derive(Clone, Debug)]
pub struct Repository {
    settings: Arc<RepositorySettings>,
    cluster: Arc<ClusterPlace>,
    program: Arc<Program>,
    cipher_pass: Secret,
    one_at_a_time: Arc<Mutex<()>>,
}

impl Repository {
    /// Finds the program, makes the folders and writes the configuration. Reaches for neither the repository nor PostgreSQL.
    pub async fn open(
        settings: RepositorySettings,
        cluster: ClusterPlace,
        cipher_pass: Secret,
    ) -> Result<Self, BackupError> {
        let program = Program::find(settings.program.as_deref(), &cluster).await?;
        let repository = Self {
            settings: Arc::new(settings),
            cluster: Arc::new(cluster),
            program: Arc::new(program),
            cipher_pass,
            one_at_a_time: Arc::default(),
        };
        repository.write_configuration()?;
        Ok(repository)
    }

    /// The version of pgBackRest in use, for evidence.
    pub fn version(&self) -> Version {
        self.program.version
    }

    /// Where backups are kept.
    pub fn location(&self) -> &Location {
        &self.settings.location
    }

    /// Days that a moment stays restorable.
    pub fn retention_days(&self) -> u32 {
        self.settings.retention_days
    }

    /// What the private PostgreSQL is told, so that its log gets here.
    pub fn archiving(&self) -> Archiving {
        let (program, config) = (self.program.path().display(), self.config_file());
        // A quote, a backslash or a percent sign is in neither path: both were refused.
        let command = format!("'{program}' '--config={}' --stanza={STANZA} archive-push \"%p\"", config.display());
        Archiving::On(Archiver { command, interval_s: self.settings.log_s, environment: self.environment() })
    }

    fn config_file(&self) -> PathBuf {
        self.settings.dir.join("pgbackrest.conf")
    }

    fn lock_dir(&self) -> PathBuf {
        self.settings.dir.join("lock")
    }

    fn write_configuration(&self) -> Result<(), BackupError> {
        let (dir, lock_dir) = (&self.settings.dir, self.lock_dir());
        let text = settings::configuration(&self.settings, &self.cluster, &lock_dir, self.program.compression)?;
        for made in [dir, &lock_dir] {
            self.private_directory(made)?;
        }
        if let Location::Local(path) = &self.settings.location
            && path.starts_with(dir)
        {
            self.private_directory(path)?;
        }
        let path = self.config_file();
        if std::fs::read_to_string(&path).is_ok_and(|present| present == text) {
            return Ok(());
        }
        Replaced { path: &path, mode: 0o600, owner: self.cluster.account.as_ref() }
            .replace(text.as_bytes())
            .map_err(BackupError::io("writing", &path))
    }

    /// Makes a directory that only the cluster's account may enter.
    fn private_directory(&self, path: &Path) -> Result<(), BackupError> {
        private_directory(path).map_err(BackupError::io("making", path))?;
        let Some(account) = &self.cluster.account else { return Ok(()) };
        std::os::unix::fs::chown(path, Some(account.uid), Some(account.gid))
            .map_err(BackupError::io("changing the owner of", path))
    }
}
