//! The PostgreSQL of the tests: one server for all test processes of a run, or one for a single test. Makes no database.
//!
//! The first process that needs the shared server starts it; the others adopt it. Each holds a shared lock while it
//! lives. A watcher stops the server and removes its directory once nobody has held that lock for a moment.
#![allow(clippy::disallowed_methods, reason = "the testkit starts what an operator starts by hand")]

use host::account::Account;
use host::backup::{ClusterPlace, Location, Repository, RepositorySettings};
use host::postgres::{Cluster, Running, find_binaries};
use host::secret::Secret;
use rustix::fs::{FlockOperation, flock};
use std::collections::hash_map::DefaultHasher;
use std::fs::{File, OpenOptions};
use std::hash::{Hash, Hasher};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use tempfile::TempDir;

/// Room that makes a memory file system worth using.
const ROOM: u64 = 2 << 30;
/// Settings of a server whose content is thrown away.
const HASTY: &str = "synchronous_commit = off\nfull_page_writes = off\nautovacuum = off\nwal_level = minimal\nmax_wal_senders = 0\nmax_connections = 300\n";
/// Stops the server `$1` in `$2` when nobody uses it: `$0` is the lock its users hold.
const WATCHER: &str = "while sleep 15; do
  readlink /proc/$1/cwd >/dev/null || exit 0
  flock -n -x \"$0\" sh -c 'kill -INT $0; while readlink /proc/$0/cwd >/dev/null; do sleep 0.1; done; rm -rf \"$1\"' $1 \"$2\" && exit 0
done";

/// A server and where it is.
pub struct Server {
    /// What a client names as host.
    pub socket_dir: PathBuf,
    /// The folder of its programs.
    pub programs: PathBuf,
    /// Locks for who makes the template.
    pub(crate) lock: PathBuf,
    _using: File,
}

impl Server {
    /// The server all tests share. Blocks while it is started.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        // On a thread of its own: tests have a runtime each, which may not be blocked by another.
        SHARED.get_or_init(|| std::thread::spawn(start_shared).join().expect("the shared server starts"))
    }
}

fn start_shared() -> Server {
    let base = base();
    let mut hasher = DefaultHasher::new();
    env!("CARGO_MANIFEST_DIR").hash(&mut hasher);
    let name = format!("struct-test-{}-{:08x}", rustix::process::geteuid().as_raw(), hasher.finish() & 0xffff_ffff);
    let (home, lock) = (base.join(&name), base.join(format!("{name}.lock")));
    let using = open(&lock);
    flock(&using, FlockOperation::LockShared).expect("the lock of users");
    let _starting = exclusive(&base.join(format!("{name}.start")));
    let (cluster, running) = block_on(start(&home));
    if !running.adopted() {
        watch(&lock, running.pid(), &home);
    }
    Server {
        socket_dir: cluster.socket_dir(),
        programs: cluster.binaries().dir().to_owned(),
        lock: base.join(format!("{name}.template")),
        _using: using,
    }
}

async fn start(home: &Path) -> (Cluster, Running) {
    let binaries = find_binaries(None).expect("PostgreSQL is installed where tests run");
    let account = Account::unprivileged();
    let cluster = Cluster::prepare(binaries, home, account.as_ref()).await.expect("a cluster");
    let own = home.join("own.conf");
    if !own.exists() {
        std::fs::write(&own, HASTY).expect("writable");
        std::fs::set_permissions(&own, std::fs::Permissions::from_mode(0o644)).expect("ours");
    }
    let running = cluster.start().await.expect("the server starts");
    (cluster, running)
}

fn watch(lock: &Path, pid: u32, home: &Path) {
    let watcher = Command::new("sh")
        .args(["-c", WATCHER])
        .arg(lock)
        .arg(pid.to_string())
        .arg(home)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn();
    // Not waited for: it lives on when this process has ended, and ends by itself.
    drop(watcher.expect("sh is there"));
}

/// Memory, where there is enough of it: making and dropping a database waits for the disk otherwise.
fn base() -> PathBuf {
    let memory = Path::new("/dev/shm");
    match host::disk::space(memory) {
        Ok(space) if space.free > ROOM => memory.to_owned(),
        _ => std::env::temp_dir(),
    }
}

fn open(path: &Path) -> File {
    OpenOptions::new().create(true).truncate(false).write(true).open(path).expect("a lock file")
}

/// Waits until nobody else holds the lock.
pub(crate) fn exclusive(path: &Path) -> File {
    let file = open(path);
    flock(&file, FlockOperation::LockExclusive).expect("the lock");
    file
}

/// Runs to the end on a runtime of its own.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

/// A server for one test, which may stop it and look into its files.
pub struct PrivateServer {
    /// The cluster.
    pub cluster: Cluster,
    running: Option<Running>,
    folder: TempDir,
}

impl PrivateServer {
    /// Makes and starts one.
    pub async fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("struct-pg-").tempdir_in(base()).expect("a folder");
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("ours");
        let (cluster, running) = start(&folder.path().join("pg")).await;
        Self { cluster, running: Some(running), folder }
    }

    /// Makes and starts one that archives into a repository of backups in its folder, opened with this passphrase.
    pub async fn archiving(passphrase: &str) -> (Self, Repository) {
        let folder = tempfile::Builder::new().prefix("struct-pg-").tempdir_in(base()).expect("a folder");
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("ours");
        let home = folder.path().join("pg");
        let repository = repository(folder.path(), &home, passphrase).await;
        let (binaries, account) = (find_binaries(None).expect("PostgreSQL is installed"), Account::unprivileged());
        let cluster = Cluster::prepare_archiving(binaries, &home, account.as_ref(), repository.archiving()).await;
        let cluster = cluster.expect("a cluster");
        let running = cluster.start().await.expect("the server starts");
        (Self { cluster, running: Some(running), folder }, repository)
    }

    /// Its repository of backups, opened with another passphrase.
    pub async fn repository(&self, passphrase: &str) -> Repository {
        repository(self.folder(), &self.folder().join("pg"), passphrase).await
    }

    /// Everything it writes is below.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Stops it, as for maintenance.
    pub async fn stop(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.stop_fast().await.expect("it stops");
        }
    }

    /// Starts it again.
    pub async fn start(&mut self) {
        self.running = Some(self.cluster.start().await.expect("it starts"));
    }
}

/// A repository in a folder, of the cluster of a home.
async fn repository(folder: &Path, home: &Path, passphrase: &str) -> Repository {
    let account = Account::unprivileged();
    let binaries = find_binaries(None).expect("PostgreSQL is installed where tests run");
    let settings = RepositorySettings {
        dir: folder.join("backup"),
        program: None,
        location: Location::Local(folder.join("backup/repository")),
        retention_days: 35,
        log_s: 30,
    };
    let cluster = ClusterPlace::private(binaries, home, account.as_ref());
    Repository::open(settings, cluster, Secret::new(passphrase)).await.expect("pgBackRest is installed where tests run")
}

impl Drop for PrivateServer {
    fn drop(&mut self) {
        let Some(running) = self.running.take() else { return };
        let pid = running.pid();
        if let Some(process) = rustix::process::Pid::from_raw(pid.cast_signed()) {
            let _ = rustix::process::kill_process(process, rustix::process::Signal::INT);
        }
        for _ in 0..200 {
            if std::fs::read_link(format!("/proc/{pid}/cwd")).is_err() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}
