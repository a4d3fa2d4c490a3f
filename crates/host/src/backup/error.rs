//! Why a backup, a restore or a look into the repository did not work. Each says what to do; none holds a secret.

use crate::https::HttpsError;
use jiff::Timestamp;
use std::{io, path::PathBuf};

/// Why it did not work. Each says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is no pgBackRest.
    #[error("pgBackRest was not found in {looked}; install it: apt-get install -y pgbackrest, or set backup.program")]
    NotInstalled {
        /// Where it was looked for.
        looked: String,
    },
    /// There is one, but it can't be used.
    #[error("{} can't be used as pgBackRest: {reason}; set backup.program to another", program.display())]
    NotUsable {
        /// The program.
        program: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A setting that pgBackRest can't be given.
    #[error("backup.{setting} {reason}")]
    Setting {
        /// The key in `[backup]`.
        setting: &'static str,
        /// What is wrong with it, and what to write instead.
        reason: String,
    },
    /// The repository does not open with this passphrase.
    #[error(
        "the repository {repository} does not open with the key of this keyring; bring back the keyring that it was made with, \
         or name another backup.repository"
    )]
    WrongKey {
        /// The repository, as configured.
        repository: String,
    },
    /// The repository belongs to another cluster.
    #[error("the repository {repository} holds backups of another database ({said}); name another backup.repository")]
    OtherCluster {
        /// The repository, as configured.
        repository: String,
        /// What pgBackRest said.
        said: String,
    },
    /// Another run of pgBackRest holds its lock.
    #[error("{}", held(*pid, *alive, lock))]
    Locked {
        /// The lock's file.
        lock: PathBuf,
        /// The process the lock's file names.
        pid: Option<u32>,
        /// Whether that process lives. A lock of a dead one is held by what it left running.
        alive: bool,
    },
    /// Someone has stopped pgBackRest.
    #[error("pgBackRest was told to stop; let it go on by removing {}", file.display())]
    Stopped {
        /// The file that says so.
        file: PathBuf,
    },
    /// A segment did not get from PostgreSQL into the repository.
    #[error("PostgreSQL's log does not arrive in the repository {repository}: {said}")]
    NotArchived {
        /// The repository, as configured.
        repository: String,
        /// What pgBackRest said.
        said: String,
    },
    /// The repository can't be reached or written.
    #[error("the repository {repository} can't be used: {said}")]
    Unreachable {
        /// The repository, as configured.
        repository: String,
        /// What pgBackRest said.
        said: String,
    },
    /// No backup to restore from.
    #[error("there is no backup in {repository} yet; make one: struct backup now")]
    Empty {
        /// The repository, as configured.
        repository: String,
    },
    /// No backup of that name.
    #[error("there is no backup {label}; the nearest are {}", nearest.join(", "))]
    UnknownBackup {
        /// What was asked for.
        label: String,
        /// The names next to it, at most three.
        nearest: Vec<String>,
    },
    /// An instant that can't be restored.
    #[error("{at} can't be restored; the nearest that can: {}", instants(*earliest, *latest))]
    UnknownTime {
        /// What was asked for.
        at: Timestamp,
        /// The first instant that can be.
        earliest: Timestamp,
        /// The last, as far as known.
        latest: Option<Timestamp>,
    },
    /// A restore would overwrite something.
    #[error("{} {reason}; a restore goes into an empty directory", path.display())]
    NotEmpty {
        /// The directory.
        path: PathBuf,
        /// What is there.
        reason: &'static str,
    },
    /// pgBackRest said something else, in its own words.
    #[error("pgBackRest {command} failed ({status}): {said}")]
    Program {
        /// Its command.
        command: &'static str,
        /// How it ended.
        status: String,
        /// What it said, without secrets: it prints none.
        said: String,
    },
    /// What it printed can't be read.
    #[error("what pgBackRest {command} printed can't be read ({reason}); another version of it may be installed")]
    Answer {
        /// Its command.
        command: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The restored cluster can't be made ready.
    #[error(transparent)]
    Postgres(#[from] crate::postgres::PostgresError),
    /// The service of the repository did not answer.
    #[error(transparent)]
    Https(#[from] HttpsError),
    /// A file could not be handled.
    #[error("{what} {} failed: {why}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With what.
        path: PathBuf,
        /// The system's answer. Said above, so it is not the error's `source`: that would be printed once more.
        why: io::Error,
    },
}

impl BackupError {
    /// Wraps the system's answer, for `map_err`.
    pub(super) fn io(what: &'static str, path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |why| Self::Io { what, path, why }
    }
}

fn held(pid: Option<u32>, alive: bool, lock: &std::path::Path) -> String {
    let lock = lock.display();
    match (pid, alive) {
        (Some(pid), true) => {
            format!(
                "another run of pgBackRest is at work (process {pid}, lock {lock}); wait until it has ended, or end it"
            )
        }
        (Some(pid), false) => format!(
            "{lock} is held by what process {pid} left behind when it died; find it with: fuser {lock}, and end it"
        ),
        (None, _) => format!("{lock} is held by another process; find it with: fuser {lock}"),
    }
}

fn instants(earliest: Timestamp, latest: Option<Timestamp>) -> String {
    match latest {
        Some(latest) if latest < earliest => format!("{earliest} and later, once the log that arrives gets there"),
        Some(latest) => format!("{earliest} to {latest}"),
        None => format!("{earliest} and later"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

    #[test]
    fn what_the_system_answered_is_said_once() {
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        let error = BackupError::io("making", std::path::Path::new("/closed"))(denied);
        assert_eq!(error.to_string(), "making /closed failed: permission denied");
        assert!(error.source().is_none(), "who prints the chain would print it again");
    }
}
