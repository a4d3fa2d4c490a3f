//! The private cluster's directory: made whole or not at all, configured anew at every start. Runs no server.

use super::{Archiving, Binaries, OLDEST, PORT, PostgresError, RECOVERY_TIMEOUT, START_TIMEOUT, SUPERUSER, settings};
use crate::{
    account::{Account, is_root},
    file::{Target, private_directory, sync_directory},
    secret::Secret,
};
use std::{
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{process::Command, time::timeout};

/// What the kernel allows for the path of a socket (`sun_path`, less the closing NUL).
const SOCKET_PATH_BYTES: usize = 107;
/// How long initdb may take; on a slow disk it needs some seconds.
const INIT_TIMEOUT: Duration = Duration::from_secs(120);
/// How names of clusters begin that were not finished when their maker died.
const UNFINISHED: &str = "cluster.new-";

/// A cluster that exists and can be started.
#[derive(Clone, Debug)]
pub struct Cluster {
    binaries: Binaries,
    home: PathBuf,
    account: Option<Account>,
    archiving: Archiving,
    /// What a server that replays the log of a repository finds in its environment.
    recovery: Vec<(&'static str, Secret)>,
    /// How long a start may take.
    patience: Duration,
}

impl Cluster {
    /// Makes the cluster in `dir` when there is none, and writes its configuration. With `account` (we are root),
    /// the directory becomes that account's and every program runs as it. It archives nothing.
    ///
    /// The caller holds the data directory's lock. A cluster of another major version is left alone.
    pub async fn prepare(binaries: Binaries, dir: &Path, account: Option<&Account>) -> Result<Self, PostgresError> {
        Self::prepare_archiving(binaries, dir, account, Archiving::Off).await
    }

    /// As [`Cluster::prepare`], for a cluster whose log goes where `archiving` says.
    pub async fn prepare_archiving(
        binaries: Binaries,
        dir: &Path,
        account: Option<&Account>,
        archiving: Archiving,
    ) -> Result<Self, PostgresError> {
        let name = account_name(account)?;
        let mut cluster = Self { archiving, ..Self::room(binaries, dir, account)? };
        cluster.forget_unfinished();
        if cluster.directory().join("recovery.signal").exists() {
            // It was restored and not started since: the log is replayed first.
            cluster.patience = RECOVERY_TIMEOUT;
        }
        match cluster.version()? {
            Some(major) => cluster.binaries = cluster.programs_for(&major)?,
            None => cluster.init(&name).await?,
        }
        cluster.configure(&cluster.directory(), &name)?;
        Ok(cluster)
    }

    /// The directories of a cluster whose files are still to come.
    pub(crate) fn room(binaries: Binaries, dir: &Path, account: Option<&Account>) -> Result<Self, PostgresError> {
        let home = std::path::absolute(dir).map_err(PostgresError::io("resolving", dir))?;
        account_name(account)?;
        usable(&home)?;
        let cluster = Self {
            binaries,
            home,
            account: account.cloned(),
            archiving: Archiving::Off,
            recovery: Vec::new(),
            patience: START_TIMEOUT,
        };
        cluster.make_directories()?;
        Ok(cluster)
    }

    /// The cluster once a restore has put its files there: it archives nothing, and finds the log it replays by `recovery`.
    pub(crate) fn restored(mut self, recovery: Vec<(&'static str, Secret)>) -> Result<Self, PostgresError> {
        let name = account_name(self.account.as_ref())?;
        let major = self.version()?.ok_or_else(|| PostgresError::NotACluster { dir: self.directory() })?;
        self.binaries = self.programs_for(&major)?;
        self.recovery = recovery;
        self.patience = RECOVERY_TIMEOUT;
        self.configure(&self.directory(), &name)?;
        Ok(self)
    }

    /// Where the database's files are.
    pub fn directory(&self) -> PathBuf {
        self.home.join("cluster")
    }

    /// The directory of the socket, which is what a client names as host.
    pub fn socket_dir(&self) -> PathBuf {
        self.home.join("run")
    }

    /// The folder of the server's logs.
    pub fn log_dir(&self) -> PathBuf {
        self.home.join("log")
    }

    /// The programs in use.
    pub fn binaries(&self) -> &Binaries {
        &self.binaries
    }

    /// Where its log goes.
    pub(super) fn archiving(&self) -> &Archiving {
        &self.archiving
    }

    /// How long a start may take.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// What its server finds in its environment.
    pub(super) fn environment(&self) -> impl Iterator<Item = &(&'static str, Secret)> {
        self.archiving.environment().iter().chain(&self.recovery)
    }

    /// A command of one of the programs, under the account that owns the cluster and without our environment,
    /// which may hold secrets and PostgreSQL's own variables.
    #[expect(clippy::disallowed_methods, reason = "starting processes is this crate's")]
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.binaries.program(program));
        command.env_clear().env("LC_ALL", "C").current_dir(&self.home).stdin(Stdio::null());
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        if let Some(account) = &self.account {
            command.uid(account.uid).gid(account.gid);
        }
        command
    }

    fn make_directories(&self) -> Result<(), PostgresError> {
        if let Some(parent) = self.home.parent() {
            std::fs::create_dir_all(parent).map_err(PostgresError::io("making", parent))?;
        }
        if let Some(account) = &self.account {
            reachable(&self.home, account)?;
        }
        for dir in [self.home.clone(), self.socket_dir(), self.log_dir()] {
            private_directory(&dir).map_err(PostgresError::io("making", &dir))?;
            self.give(&dir)?;
        }
        Ok(())
    }

    fn give(&self, path: &Path) -> Result<(), PostgresError> {
        let Some(account) = &self.account else {
            return Ok(());
        };
        std::os::unix::fs::chown(path, Some(account.uid), Some(account.gid))
            .map_err(PostgresError::io("changing the owner of", path))
    }

    /// Removes what an interrupted initdb left. One that is still running makes the removal fail at worst, and can't
    /// finish anything: only its starter would have renamed the directory.
    fn forget_unfinished(&self) {
        let entries = std::fs::read_dir(&self.home).into_iter().flatten().filter_map(Result::ok);
        for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(UNFINISHED)) {
            if let Err(error) = std::fs::remove_dir_all(entry.path()) {
                tracing::warn!(path = %entry.path().display(), %error, "an unfinished cluster could not be removed");
            }
        }
    }

    /// The major version of the cluster that is there.
    fn version(&self) -> Result<Option<String>, PostgresError> {
        let dir = self.directory();
        let file = dir.join("PG_VERSION");
        match std::fs::read_to_string(&file) {
            Ok(text) => return Ok(Some(text.trim().to_owned())),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(PostgresError::io("reading", &file)(e)),
        }
        match std::fs::remove_dir(&dir) {
            Ok(()) => Ok(None),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(_) => Err(PostgresError::NotACluster { dir }),
        }
    }

    /// Programs of the cluster's version: those found, or others installed beside them.
    fn programs_for(&self, cluster: &str) -> Result<Binaries, PostgresError> {
        let major = cluster.parse().unwrap_or(0);
        if major == self.binaries.version().major {
            return Ok(self.binaries.clone());
        }
        let other = (major >= OLDEST).then(|| self.binaries.of_major(major)).flatten();
        other.ok_or_else(|| PostgresError::OtherVersion {
            dir: self.directory(),
            cluster: cluster.to_owned(),
            programs: self.binaries.version(),
            bin: self.binaries.dir().to_owned(),
        })
    }

    /// Makes the cluster beside its place and moves it there when it is complete and on the disk.
    async fn init(&self, account: &str) -> Result<(), PostgresError> {
        let failed = |what| PostgresError::io(what, &self.home);
        let unfinished = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempdir_in(&self.home)
            .map_err(failed("making a directory in"))?;
        self.give(unfinished.path())?;
        if let Err(refused) = self.run_initdb(unfinished.path(), "C.UTF-8").await {
            // Systems without C.UTF-8 still sort by code point under C.
            if !matches!(&refused, PostgresError::Program { output, .. } if output.contains("locale")) {
                return Err(refused);
            }
            self.run_initdb(unfinished.path(), "C").await?;
        }
        self.configure(unfinished.path(), account)?;
        std::fs::rename(unfinished.path(), self.directory()).map_err(failed("finishing the cluster in"))?;
        sync_directory(&self.home).map_err(failed("writing"))
    }

    async fn run_initdb(&self, dir: &Path, locale: &str) -> Result<(), PostgresError> {
        let program = self.binaries.program("initdb");
        let mut command = self.command("initdb");
        command.arg("--pgdata").arg(dir).args(["--username", SUPERUSER, "--encoding=UTF8", "--data-checksums"]);
        command.args(["--auth-local=peer", "--auth-host=reject", "--no-instructions", "--lc-messages=C"]);
        if self.binaries.version().major >= 17 && locale != "C" {
            // PostgreSQL's own C.UTF-8 doesn't change with the system's library, so no index goes wrong by an upgrade.
            command.args(["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]);
        } else {
            command.arg(format!("--locale={locale}"));
        }
        let answer = timeout(INIT_TIMEOUT, command.kill_on_drop(true).output())
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
            .map_err(PostgresError::io("running", &program))?;
        if answer.status.success() {
            return Ok(());
        }
        Err(PostgresError::Program {
            program,
            status: answer.status.to_string(),
            output: String::from_utf8_lossy(&answer.stderr).trim().to_owned(),
        })
    }

    /// Writes the configuration where it isn't as it should be.
    fn configure(&self, dir: &Path, account: &str) -> Result<(), PostgresError> {
        let own = self.home.join("own.conf");
        let files = [
            ("postgresql.conf", settings::server(&self.socket_dir(), &self.log_dir(), &own, &self.archiving)),
            ("pg_hba.conf", settings::ACCESS.to_owned()),
            ("pg_ident.conf", settings::accounts(account)),
        ];
        for (name, text) in files {
            let path = dir.join(name);
            if std::fs::read_to_string(&path).is_ok_and(|present| present == text) {
                continue;
            }
            Target { path: &path, mode: 0o600, owner: self.account.as_ref() }
                .replace(text.as_bytes())
                .map_err(PostgresError::io("writing", &path))?;
        }
        Ok(())
    }
}

/// The name PostgreSQL knows the cluster's account by.
fn account_name(account: Option<&Account>) -> Result<String, PostgresError> {
    if account.map_or_else(is_root, |account| account.uid == 0) {
        return Err(PostgresError::Root);
    }
    let name = account.cloned().or_else(Account::current).map(|account| account.name);
    name.ok_or_else(|| PostgresError::Nameless { uid: rustix::process::geteuid().as_raw() })
}

/// Whether the path fits a socket's name and a line of a configuration file.
fn usable(home: &Path) -> Result<(), PostgresError> {
    let refused = |reason: String| PostgresError::UnusablePath { path: home.to_owned(), reason };
    let text = home.to_str().ok_or_else(|| refused("it isn't UTF-8".to_owned()))?;
    if text.chars().any(char::is_control) {
        return Err(refused("it holds control characters".to_owned()));
    }
    // PostgreSQL makes a lock file beside the socket, but only the socket's own name is limited.
    let socket = home.join("run").join(format!(".s.PGSQL.{PORT}"));
    let over = socket.as_os_str().len().saturating_sub(SOCKET_PATH_BYTES);
    if over > 0 {
        return Err(refused(format!("it is {over} bytes too long to hold a socket")));
    }
    Ok(())
}

/// Whether the account may pass every directory above `home`.
fn reachable(home: &Path, account: &Account) -> Result<(), PostgresError> {
    let mut above: Vec<&Path> = home.ancestors().skip(1).collect();
    above.reverse();
    for directory in above {
        let found = std::fs::metadata(directory).map_err(PostgresError::io("looking at", directory))?;
        let bit = match () {
            () if found.uid() == account.uid => 0o100,
            () if found.gid() == account.gid => 0o010,
            () => 0o001,
        };
        if found.mode() & bit == 0 {
            return Err(PostgresError::Unreachable { account: account.name.clone(), directory: directory.to_owned() });
        }
    }
    Ok(())
}
