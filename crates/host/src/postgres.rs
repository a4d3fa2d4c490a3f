//! STRUCT's own PostgreSQL: finding the programs, making a private cluster, running it and keeping it running.
//! Speaks no SQL; migrations, roles and statements are `store`'s.

mod archiving;
mod binaries;
mod cluster;
mod pages;
mod postmaster;
mod running;
mod settings;
mod supervisor;

pub use archiving::{Archiver, Archiving};
pub use binaries::{Binaries, OLDEST, Version, find_binaries};
pub use cluster::Cluster;
pub use pages::PageCheck;
pub use running::Running;
pub use settings::{ROLES, SUPERUSER};
pub use supervisor::{State, Supervisor};

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

/// The port in the socket's name. No TCP port is opened.
pub const PORT: u16 = 5432;
/// How long a start may take. Recovery after a crash replays at most a checkpoint's worth of log, which takes seconds.
pub const START_TIMEOUT: Duration = Duration::from_secs(180);
/// How long a restored cluster may replay the log of a repository: a differential's worth, which is hours of writes at most.
pub const RECOVERY_TIMEOUT: Duration = Duration::from_secs(4 * 60 * 60);
/// How long sessions get to end after a fast stop before PostgreSQL is told to abort.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// Why PostgreSQL isn't there. Each says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// No programs, or only programs that are too old.
    #[error(
        "PostgreSQL {OLDEST} or later was not found in {}{}; install it: apt-get install -y postgresql, or set postgres.bin",
        paths(looked),
        old(too_old)
    )]
    NotFound {
        /// Where it was looked for.
        looked: Vec<PathBuf>,
        /// What was found, but is older than [`OLDEST`].
        too_old: Vec<(PathBuf, Version)>,
    },
    /// The configured directory doesn't hold working programs.
    #[error("postgres.bin is {}, but {reason}; set it to the directory that holds initdb and postgres", dir.display())]
    NotUsable {
        /// The directory configured.
        dir: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The cluster belongs to another major version.
    #[error(
        "the database in {} was made by PostgreSQL {cluster}, and the programs in {} are PostgreSQL {programs}; nothing was changed. \
         Install PostgreSQL {cluster} (apt-get install -y postgresql-{cluster}), or upgrade the directory with pg_upgrade",
        dir.display(), bin.display()
    )]
    OtherVersion {
        /// The cluster's directory.
        dir: PathBuf,
        /// The version that made it.
        cluster: String,
        /// The version of the programs.
        programs: Version,
        /// Where the programs are.
        bin: PathBuf,
    },
    /// Something else stands where the cluster should.
    #[error("{} exists but is no PostgreSQL cluster; nothing was changed. Move it away, or choose another data directory", dir.display())]
    NotACluster {
        /// The directory in question.
        dir: PathBuf,
    },
    /// The path can't name a socket or stand in a configuration file.
    #[error("the data directory can't be {}: {reason}; choose another", path.display())]
    UnusablePath {
        /// The path in question.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The account that is to run PostgreSQL can't get to the directory.
    #[error("account {account} may not enter {}; choose a data directory it can reach, such as one below /var/lib or /srv", directory.display())]
    Unreachable {
        /// The account's name.
        account: String,
        /// The first directory on the way that it may not enter.
        directory: PathBuf,
    },
    /// PostgreSQL refuses to run as root.
    #[error("PostgreSQL doesn't run as root, and no account to run it as was found; make one: useradd --system struct")]
    Root,
    /// The number we run as has no name.
    #[error(
        "this process runs as user {uid}, which has no name, and PostgreSQL knows accounts by name; add it to /etc/passwd"
    )]
    Nameless {
        /// The number.
        uid: u32,
    },
    /// One of its programs failed.
    #[error("{} failed ({status}): {output}", program.display())]
    Program {
        /// The program.
        program: PathBuf,
        /// How it ended.
        status: String,
        /// What it said.
        output: String,
    },
    /// The server ended before it was ready.
    #[error("PostgreSQL did not start ({status}); it said: {said}. More may stand in {}", log.display())]
    DidNotStart {
        /// How it ended.
        status: String,
        /// Its last words.
        said: String,
        /// The folder of its logs.
        log: PathBuf,
    },
    /// The server runs, but isn't ready within [`START_TIMEOUT`], or [`RECOVERY_TIMEOUT`] after a restore.
    #[error("PostgreSQL (process {pid}) was not ready within {} s; see the logs in {}", limit.as_secs(), log.display())]
    NotReady {
        /// Its process.
        pid: u32,
        /// How long it had.
        limit: Duration,
        /// The folder of its logs.
        log: PathBuf,
    },
    /// The server didn't end, not even when told to abort.
    #[error(
        "PostgreSQL (process {pid}) does not end; its disk may be hanging. Look at the process before starting again"
    )]
    StillRunning {
        /// Its process.
        pid: u32,
    },
    /// A file or a process could not be handled.
    #[error("{what} {} failed: {why}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With what.
        path: PathBuf,
        /// The system's answer.
        why: io::Error,
    },
}

impl PostgresError {
    /// Wraps the system's answer, for `map_err`.
    fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |why| Self::Io { what, path, why }
    }
}

fn paths(looked: &[PathBuf]) -> String {
    looked.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn old(found: &[(PathBuf, Version)]) -> String {
    let all: Vec<_> = found.iter().map(|(path, version)| format!("{version} in {}", path.display())).collect();
    if all.is_empty() { String::new() } else { format!(" (too old: {})", all.join(", ")) }
}
