//! A restored cluster that is looked at and thrown away: for drills, and for reading what once was. Decides neither what is
//! looked at nor what is found.
//!
//! It stands in a folder of its own, has a socket and no port, archives nothing, and works behind everything else on this machine.
//! One at a time in a folder; what a killed process left is cleared away by the next.

use super::{BackupError, Progress, Repository, RestoreOptions, Target};
use crate::{
    disk::{self, DiskError},
    file::private_directory,
    postgres::{Cluster, PageCheck, PostgresError, Running},
    process::kill_postgres,
};
use rustix::{
    fs::{FlockOperation, flock},
    process::{Pid, Signal, kill_process, setpriority_process},
};
use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// How names of its folders begin.
const PREFIX: &str = "drill-";
/// The lock that the one at work holds.
const LOCK: &str = "drill.lock";
/// Room beyond the database's size: log that is replayed, and what checks write.
const SPARE_BYTES: u64 = 512 << 20;
/// How long replaying the log may take: half a day of it, on a slow disk.
const RECOVERY_LIMIT: Duration = Duration::from_secs(2 * 3600);
/// How long processes of a leftover get to end.
const LEFTOVER_LIMIT: Duration = Duration::from_secs(20);
/// By how much it stands behind everything else on this machine; see nice(1).
const NICENESS: i32 = 10;
/// Small, and for one client: it shares the machine with the server that members use. Followed by no standby, so nothing is
/// asked of it while it replays.
const SETTINGS: &str = "\
# Written by STRUCT: this cluster is thrown away.
shared_buffers = 16MB
maintenance_work_mem = 32MB
autovacuum = off
hot_standby = off
archive_mode = off
max_wal_senders = 0
max_wal_size = 256MB
track_activities = off
";

/// Why there is no such cluster.
#[derive(Debug, thiserror::Error)]
pub enum ThrowAwayError {
    /// Another one is being looked at.
    #[error("another restored copy is in use below {}; wait until it is done", folder.display())]
    Busy {
        /// Where.
        folder: PathBuf,
    },
    /// There is too little room for it.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// It could not be restored.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// It was restored, and does not start.
    #[error("the restored cluster does not start: {0}")]
    NotStarted(PostgresError),
    /// It can't be checked or stopped.
    #[error(transparent)]
    Postgres(PostgresError),
    /// A file could not be handled.
    #[error("{what} {} failed: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With what.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ThrowAwayError {
    let path = path.to_owned();
    move |source| ThrowAwayError::Io { what, path, source }
}

/// The right to have a restored copy below a folder, held by one process at a time.
#[derive(Debug)]
pub struct Turn {
    folder: PathBuf,
    _lock: File,
}

impl Turn {
    /// Takes it, and clears away what a killed process left.
    pub async fn take(folder: &Path) -> Result<Self, ThrowAwayError> {
        private_directory(folder).map_err(failed("making", folder))?;
        let path = folder.join(LOCK);
        let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let lock = lock.map_err(failed("opening", &path))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(ThrowAwayError::Busy { folder: folder.to_owned() }),
            Err(error) => return Err(failed("locking", &path)(error.into())),
        }
        let turn = Self { folder: folder.to_owned(), _lock: lock };
        turn.clear().await?;
        Ok(turn)
    }

    /// Removes every copy below the folder, its processes first.
    async fn clear(&self) -> Result<(), ThrowAwayError> {
        let entries = std::fs::read_dir(&self.folder).map_err(failed("reading", &self.folder))?;
        for home in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let name = home.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if name.starts_with(PREFIX) && home.is_dir() {
                tracing::info!(copy = %home.display(), "a restored copy was left over and is removed");
                remove(&home).await?;
            }
        }
        Ok(())
    }
}

/// Ends what works in a copy, and removes it.
async fn remove(home: &Path) -> Result<(), ThrowAwayError> {
    kill_postgres(home).map_err(failed("stopping the server of", home))?;
    let deadline = Instant::now() + LEFTOVER_LIMIT;
    loop {
        let at_work = processes_of(home);
        if at_work.is_empty() || Instant::now() > deadline {
            break;
        }
        for pid in at_work {
            // Gone meanwhile, perhaps.
            let _ = kill_process(pid, Signal::KILL);
        }
        sleep(Duration::from_millis(50)).await;
    }
    match std::fs::remove_dir_all(home) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("removing", home)(error)),
        _ => Ok(()),
    }
}

/// Processes whose folder or arguments lie in the copy: its server, or a restore that goes on though its starter was killed.
fn processes_of(home: &Path) -> Vec<Pid> {
    let Some(text) = home.to_str() else { return Vec::new() };
    let own = std::process::id();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()).filter(|pid| *pid != own);
    let works_there = |pid: &u32| {
        let stands = std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(home));
        let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let arguments = String::from_utf8_lossy(&arguments);
        let mut programs = arguments.split('\0');
        let restores = programs.next().is_some_and(|program| program.ends_with("pgbackrest"));
        stands || (restores && arguments.split(['\0', '=']).any(|part| Path::new(part).starts_with(text)))
    };
    numbers.filter(works_there).filter_map(|pid| Pid::from_raw(pid.cast_signed())).collect()
}

/// A restored cluster. Dropped without [`ThrowAway::remove`], it is cleared away by the next [`Turn`].
#[derive(Debug)]
pub struct ThrowAway {
    /// The name of the backup it was restored from.
    pub backup: String,
    /// Bytes written.
    pub bytes: u64,
    home: PathBuf,
    cluster: Cluster,
    running: Option<Running>,
    _turn: Turn,
}

impl ThrowAway {
    /// Restores it; it does not run yet. `id` goes into the folder's name.
    pub async fn restore(
        turn: Turn,
        repository: &Repository,
        to: &Target,
        id: &str,
        progress: impl FnMut(Progress) + Send,
    ) -> Result<Self, ThrowAwayError> {
        let largest = repository.info().await?.backups.iter().map(|backup| backup.size_bytes).max().unwrap_or_default();
        disk::require(&turn.folder, largest.saturating_add(SPARE_BYTES))?;
        // A few letters: the path of a socket is short.
        let short: String = id.chars().filter(char::is_ascii_alphanumeric).rev().take(8).collect();
        let home = turn.folder.join(format!("{PREFIX}{short}"));
        let options = RestoreOptions { background: true, ..RestoreOptions::default() };
        match repository.restore(to, &home, options, progress).await {
            Ok(restored) => {
                let (backup, bytes, cluster) = (restored.backup, restored.bytes, restored.cluster);
                Ok(Self { backup, bytes, home, cluster, running: None, _turn: turn })
            }
            Err(error) => {
                remove(&home).await?;
                Err(error.into())
            }
        }
    }

    /// Its folder, for files that go with it.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The directory of its socket.
    pub fn socket_dir(&self) -> PathBuf {
        self.cluster.socket_dir()
    }

    /// Starts it and waits until the log is replayed up to the target.
    pub async fn start(&mut self) -> Result<(), ThrowAwayError> {
        let settings = self.home.join("own.conf");
        std::fs::write(&settings, SETTINGS).map_err(failed("writing", &settings))?;
        let mut running = self.cluster.launch().await.map_err(ThrowAwayError::NotStarted)?;
        let since = Instant::now();
        stand_back(running.pid());
        let ready = loop {
            match running.ready().await {
                Err(PostgresError::NotReady { .. }) if since.elapsed() < RECOVERY_LIMIT => {}
                ready => break ready,
            }
        };
        self.running = Some(running);
        if let Err(error) = ready {
            self.stop().await?;
            return Err(ThrowAwayError::NotStarted(error));
        }
        Ok(())
    }

    /// Stops it, everything on disk.
    pub async fn stop(&mut self) -> Result<(), ThrowAwayError> {
        match self.running.take() {
            Some(mut running) => running.stop_fast().await.map_err(ThrowAwayError::Postgres),
            None => Ok(()),
        }
    }

    /// Reads every page of the stopped cluster and compares its checksum.
    pub async fn check_pages(&self) -> Result<PageCheck, ThrowAwayError> {
        self.cluster.check_pages().await.map_err(ThrowAwayError::Postgres)
    }

    /// Stops and removes it.
    pub async fn remove(mut self) -> Result<(), ThrowAwayError> {
        let stopped = self.stop().await;
        remove(&self.home).await.and(stopped)
    }
}

/// Puts the server and what it has started so far behind other work; what it starts later follows.
fn stand_back(pid: u32) {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let children = children.split_whitespace().filter_map(|child| child.parse::<i32>().ok());
    for pid in std::iter::once(pid.cast_signed()).chain(children).filter_map(Pid::from_raw) {
        // A machine that doesn't let us is no reason not to look.
        let _ = setpriority_process(Some(pid), NICENESS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_copy_at_a_time_is_in_use_below_a_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let turn = Turn::take(folder.path()).await.expect("nobody has it");
        let refused = Turn::take(folder.path()).await.expect_err("it is taken");
        assert!(matches!(refused, ThrowAwayError::Busy { .. }), "{refused}");
        drop(turn);
        Turn::take(folder.path()).await.expect("it is free again");
    }

    #[tokio::test]
    async fn what_a_killed_process_left_is_removed_and_nothing_beside_it() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["drill-1/cluster/base", "repository", "drilled"] {
            std::fs::create_dir_all(folder.path().join(name)).expect("writable");
        }
        let _turn = Turn::take(folder.path()).await.expect("nobody has it");
        let left = ["drill-1", "repository", "drilled"].map(|name| folder.path().join(name).exists());
        assert_eq!(left, [false, true, true]);
    }
}
