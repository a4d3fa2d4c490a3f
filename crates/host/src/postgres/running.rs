//! A server that runs: started here, or adopted from a process that died and left it behind.
//! Dropping it stops nothing, so that a crash of ours is no crash of the database.

use super::{
    Archiving, Cluster, PostgresError, STOP_TIMEOUT,
    postmaster::{LOCK_FILE, LockFile, answers, inhabited, lives_in, socket_lock_file},
    settings,
};
use crate::secret::Secret;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal, test_kill_process};
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::ExitStatus,
    time::Duration,
};
use tokio::{
    process::Child,
    time::{Instant, sleep, timeout},
};

/// How often a server that is starting is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How often an adopted server is asked whether it has ended.
const ASK_EVERY: Duration = Duration::from_millis(100);
/// How long sessions of a server that was killed get to notice it.
const LEFTOVER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an aborting server may take.
const ABORT_TIMEOUT: Duration = Duration::from_secs(10);
/// The server's first words, before its log collector runs.
const STARTUP_LOG: &str = "startup.log";

/// A server's process. It may still be starting until [`Running::ready`] has said otherwise.
#[derive(Debug)]
pub struct Running {
    pid: Pid,
    /// The kernel's handle on the process: never another one, even when its number is given away again.
    process: OwnedFd,
    child: Option<Child>,
    cluster: PathBuf,
    socket_dir: PathBuf,
    log_dir: PathBuf,
    patience: Duration,
}

impl Cluster {
    /// Starts the server, or adopts the one that runs in this very directory, and waits until it answers.
    pub async fn start(&self) -> Result<Running, PostgresError> {
        let mut running = self.launch().await?;
        match running.ready().await {
            Ok(()) => Ok(running),
            // One that we started and that doesn't get ready is ours to stop.
            Err(error) if running.adopted() => Err(error),
            Err(error) => running.stop_fast().await.and(Err(error)),
        }
    }

    /// Like [`Cluster::start`], without waiting until it answers.
    pub async fn launch(&self) -> Result<Running, PostgresError> {
        if let Some(orphan) = self.adopt().await? {
            return Ok(orphan);
        }
        let directory = self.directory();
        let deadline = Instant::now() + LEFTOVER_TIMEOUT;
        while inhabited(&directory) && Instant::now() < deadline {
            sleep(LOOK_EVERY).await;
        }
        self.forget_stranger();
        self.spawn()
    }

    async fn adopt(&self) -> Result<Option<Running>, PostgresError> {
        let directory = self.directory();
        let Some(pid) = LockFile::pid(&directory).filter(|pid| lives_in(*pid, &directory)) else {
            return Ok(None);
        };
        let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else {
            return Ok(None);
        };
        // Only now the number can't be given to another process any more without our noticing.
        if !lives_in(pid, &directory) {
            return Ok(None);
        }
        let mut running = self.running(pid, process, None);
        if LockFile::read(&directory).is_some_and(|file| file.status == "stopping") {
            timeout(STOP_TIMEOUT, running.exited())
                .await
                .map_err(|_| PostgresError::StillRunning { pid: running.pid() })?;
            return Ok(None);
        }
        if !self.archives_as_wanted(pid) {
            tracing::info!(
                pid = running.pid(),
                "the database was still running and is started anew, as its archiving differs"
            );
            running.stop_fast().await?;
            return Ok(None);
        }
        // It may have been started with an older configuration.
        running.signal(Signal::HUP)?;
        tracing::info!(pid = running.pid(), "the database was still running and is used on");
        Ok(Some(running))
    }

    /// Whether a server was started for the archiving that is wanted: archive_mode and the environment are fixed at a start.
    /// The first process of a server, unlike its others, leaves both as they were for /proc.
    fn archives_as_wanted(&self, pid: Pid) -> bool {
        let texts = |name: &str| std::fs::read(format!("/proc/{}/{name}", pid.as_raw_nonzero())).unwrap_or_default();
        let (arguments, environment) = (texts("cmdline"), texts("environ"));
        let has = |texts: &[u8], wanted: &[u8]| texts.split(|byte| *byte == 0).any(|text| text == wanted);
        let archives = has(&arguments, settings::ARCHIVES.as_bytes());
        let opens =
            |(name, secret): &(&str, Secret)| has(&environment, format!("{name}={}", secret.expose()).as_bytes());
        archives == matches!(self.archiving(), Archiving::On(_)) && self.environment().all(opens)
    }

    /// PostgreSQL takes any process of our account with the number in one of its lock files (the cluster's, the socket's)
    /// for a server that still runs. After a restart of the machine or container that number is often another program's,
    /// and a killed server stays a zombie where the first process collects none; when nothing at all works in the
    /// cluster's directory, the files are removed. In every other case the decision is left to PostgreSQL.
    fn forget_stranger(&self) {
        let directory = self.directory();
        let files = [directory.join(LOCK_FILE), self.socket_dir().join(socket_lock_file())];
        let taken = |file: &&PathBuf| LockFile::pid_in(file).is_some_and(|pid| test_kill_process(pid).is_ok());
        let taken: Vec<&PathBuf> = files.iter().filter(taken).collect();
        if taken.is_empty() || !Path::new("/proc/self/cwd").exists() || inhabited(&directory) {
            return;
        }
        for file in taken {
            let removed = std::fs::remove_file(file);
            tracing::warn!(file = %file.display(), ?removed, "a lock file named a process that is no database");
        }
    }

    fn spawn(&self) -> Result<Running, PostgresError> {
        let program = self.binaries().program("postgres");
        let log = self.log_dir().join(STARTUP_LOG);
        let said = File::create(&log).map_err(PostgresError::io("writing", &log))?;
        let again = said.try_clone().map_err(PostgresError::io("writing", &log))?;
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.directory());
        for setting in settings::fixed(self.archiving()) {
            command.args(["-c", &setting]);
        }
        command.envs(self.environment().map(|(name, secret)| (*name, secret.expose())));
        // Its own group: an interrupt typed at a terminal is ours to hand on, in our order.
        command.process_group(0).stdout(said).stderr(again);
        let child = command.spawn().map_err(PostgresError::io("running", &program))?;
        let pid =
            child.id().and_then(|id| Pid::from_raw(id.cast_signed())).expect("a child not yet waited for has a number");
        let process =
            pidfd_open(pid, PidfdFlags::empty()).map_err(|e| PostgresError::io("watching", &program)(e.into()))?;
        Ok(self.running(pid, process, Some(child)))
    }

    fn running(&self, pid: Pid, process: OwnedFd, child: Option<Child>) -> Running {
        Running {
            pid,
            process,
            child,
            cluster: self.directory(),
            socket_dir: self.socket_dir(),
            log_dir: self.log_dir(),
            patience: self.patience(),
        }
    }
}

impl Running {
    /// The directory of the socket, which is what a client names as host.
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// The number of the server's first process.
    pub fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().cast_unsigned()
    }

    /// Whether another process had started it.
    pub fn adopted(&self) -> bool {
        self.child.is_none()
    }

    /// Waits until it takes sessions.
    pub async fn ready(&mut self) -> Result<(), PostgresError> {
        let deadline = Instant::now() + self.patience;
        while Instant::now() < deadline {
            if let Ok(status) = timeout(LOOK_EVERY, self.exited()).await {
                return Err(PostgresError::DidNotStart {
                    status: status.map_or_else(|| "it ended".to_owned(), |status| status.to_string()),
                    said: last_words(&self.log_dir),
                    log: self.log_dir.clone(),
                });
            }
            let lock = LockFile::read(&self.cluster);
            let ready = lock.is_some_and(|file| file.pid == self.pid && file.status == "ready");
            if ready && answers(&self.socket_dir).await {
                // The checkpointer went to sleep for checkpoint_timeout while the log was replayed, and would not close a segment
                // by archive_timeout until then. Any signal to read the configuration wakes it.
                return self.signal(Signal::HUP);
            }
        }
        Err(PostgresError::NotReady { pid: self.pid(), limit: self.patience, log: self.log_dir.clone() })
    }

    /// Waits until it has ended; its status when it was our child. May be dropped and asked again.
    pub async fn exited(&mut self) -> Option<ExitStatus> {
        if let Some(child) = &mut self.child {
            return child.wait().await.ok();
        }
        // The kernel tells only parents. The handle turns readable when the process ends; asking it costs a microsecond.
        while !self.has_ended() {
            sleep(ASK_EVERY).await;
        }
        None
    }

    fn has_ended(&self) -> bool {
        const NOW: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut [PollFd::new(&self.process, PollFlags::IN)], Some(&NOW)).is_ok_and(|ready| ready > 0)
    }

    /// Ends all sessions, writes a checkpoint and stops; aborts when that takes longer than [`STOP_TIMEOUT`].
    /// Nothing committed is lost in either case.
    pub async fn stop_fast(&mut self) -> Result<(), PostgresError> {
        for (signal, patience) in [(Signal::INT, STOP_TIMEOUT), (Signal::QUIT, ABORT_TIMEOUT)] {
            self.signal(signal)?;
            if timeout(patience, self.exited()).await.is_ok() {
                return Ok(());
            }
            tracing::warn!(pid = self.pid(), "the database is slow to stop");
        }
        Err(PostgresError::StillRunning { pid: self.pid() })
    }

    fn signal(&self, signal: Signal) -> Result<(), PostgresError> {
        match pidfd_send_signal(&self.process, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(e) => Err(PostgresError::io("signalling the server of", &self.cluster)(e.into())),
        }
    }
}

/// Why the server gave up, as it says in the log written last: the fatal line and its neighbours, else the last line.
fn last_words(log_dir: &Path) -> String {
    let newest = std::fs::read_dir(log_dir)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter_map(|path| Some((path.metadata().and_then(|found| found.modified()).ok()?, path)))
        .max();
    let text = newest.and_then(|(_, path)| tail(&path).ok()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    match lines.iter().rposition(|line| ["FATAL:", "PANIC:"].iter().any(|mark| line.contains(mark))) {
        Some(at) => lines[at.saturating_sub(1)..lines.len().min(at + 2)].join(" / "),
        None => lines.last().copied().unwrap_or("nothing").to_owned(),
    }
}

fn tail(path: &Path) -> io::Result<String> {
    const BYTES: u64 = 4096;
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(BYTES)))?;
    let mut bytes = Vec::new();
    file.take(BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
