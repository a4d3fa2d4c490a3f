//! A real private cluster: made, started, killed, adopted, refused.

use host::{
    account::{Account, is_root},
    postgres::{Cluster, PostgresError, SUPERUSER, State, Supervisor, find_binaries},
};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Names the directory to the other half of a test, which runs in its own process to be killed.
const DIR: &str = "HOST_TEST_CLUSTER";

/// A directory for a cluster; a server still running there at the end is stopped.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        // The unprivileged account has to pass through.
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).expect("ours");
        Self(dir)
    }

    fn home(&self) -> PathBuf {
        self.0.path().join("postgres")
    }

    async fn cluster(&self) -> Cluster {
        prepare(&self.home()).await.expect("a cluster")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(pid) = locked(&self.home()) {
            kill(pid, Signal::QUIT);
            wait_until(|| !Path::new(&format!("/proc/{pid}/cwd")).exists());
        }
    }
}

async fn prepare(home: &Path) -> Result<Cluster, PostgresError> {
    let binaries = find_binaries(None).expect("PostgreSQL is installed where tests run");
    Cluster::prepare(binaries, home, Account::unprivileged().as_ref()).await
}

/// The number in the lock file, when that process works in the cluster.
fn locked(home: &Path) -> Option<u32> {
    let text = fs::read_to_string(home.join("cluster/postmaster.pid")).ok()?;
    let pid: u32 = text.lines().next()?.parse().ok()?;
    (fs::read_link(format!("/proc/{pid}/cwd")).ok()? == home.join("cluster")).then_some(pid)
}

fn kill(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(pid.cast_signed()).expect("not zero");
    let _ = kill_process(pid, signal);
}

fn wait_until(mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "it never came to hold");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn ask(cluster: &Cluster, sql: &str) -> String {
    let answer = Command::new(cluster.binaries().dir().join("psql"))
        .args(["-X", "-At", "-v", "ON_ERROR_STOP=1", "-d", "postgres", "-U", SUPERUSER, "-c", sql, "-h"])
        .arg(cluster.socket_dir())
        .output()
        .expect("psql runs");
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    String::from_utf8_lossy(&answer.stdout).trim().to_owned()
}

/// Runs an ignored test of this file in a process of its own.
fn other_half(name: &str, home: &Path) -> std::process::Child {
    Command::new(std::env::current_exe().expect("we run"))
        .args(["--exact", name, "--ignored", "--nocapture"])
        .env(DIR, home)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts")
}

#[tokio::test]
async fn a_cluster_of_another_version_is_refused_and_left_as_it_is() {
    let place = Place::new();
    let version = place.home().join("cluster/PG_VERSION");
    fs::create_dir_all(version.parent().expect("a folder")).expect("writable");
    fs::write(&version, "9.6\n").expect("writable");
    let refused = prepare(&place.home()).await.expect_err("we have no 9.6");
    assert!(matches!(&refused, PostgresError::OtherVersion { cluster, .. } if cluster == "9.6"), "{refused}");
    let left: Vec<_> = fs::read_dir(place.home().join("cluster")).expect("there").collect();
    assert_eq!(left.len(), 1, "nothing was added");
}

#[tokio::test]
async fn a_directory_that_is_no_cluster_is_refused_and_left_as_it_is() {
    let place = Place::new();
    let precious = place.home().join("cluster/precious.txt");
    fs::create_dir_all(precious.parent().expect("a folder")).expect("writable");
    fs::write(&precious, "kept").expect("writable");
    let refused = prepare(&place.home()).await.expect_err("something else is there");
    assert!(matches!(refused, PostgresError::NotACluster { .. }), "{refused}");
    assert_eq!(fs::read_to_string(&precious).expect("still there"), "kept");
}

#[tokio::test]
async fn a_directory_too_deep_for_a_socket_is_refused_before_anything_is_made() {
    let place = Place::new();
    let deep = place.0.path().join("d".repeat(110));
    let refused = prepare(&deep).await.expect_err("no socket fits");
    assert!(refused.to_string().contains("bytes too long"), "{refused}");
    assert!(!deep.exists());
}

#[tokio::test]
async fn a_directory_the_account_cannot_reach_is_named() {
    if !is_root() {
        return; // Everybody reaches their own directories.
    }
    let place = Place::new();
    fs::set_permissions(place.0.path(), fs::Permissions::from_mode(0o700)).expect("ours");
    let refused = prepare(&place.home()).await.expect_err("root's alone");
    assert!(
        matches!(&refused, PostgresError::Unreachable { directory, .. } if directory == place.0.path()),
        "{refused}"
    );
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why_and_leaves_no_process() {
    let place = Place::new();
    let cluster = place.cluster().await;
    fs::write(place.home().join("own.conf"), "shared_buffers = nonsense\n").expect("writable");
    let refused = cluster.start().await.expect_err("it can't");
    assert!(refused.to_string().contains("shared_buffers"), "{refused}");
    assert_eq!(locked(&place.home()), None);
}

#[tokio::test]
async fn a_new_cluster_is_private_checked_and_reached_by_its_socket_only() {
    let place = Place::new();
    let cluster = place.cluster().await;
    fs::write(place.home().join("own.conf"), "listen_addresses = '*'\nwork_mem = 9MB\n").expect("writable");
    let mut running = cluster.start().await.expect("it starts");
    let asked =
        ["data_checksums", "server_encoding", "wal_level", "password_encryption", "listen_addresses", "work_mem"]
            .map(|name| ask(&cluster, &format!("SHOW {name}")));
    assert_eq!(asked, ["on", "UTF8", "replica", "scram-sha-256", "", "9MB"], "own settings count, but open no port");
    assert_eq!(tcp_sockets(running.pid()), 0);
    for dir in [place.home(), cluster.directory(), cluster.socket_dir(), cluster.log_dir()] {
        let found = fs::metadata(&dir).expect("there").permissions().mode() & 0o777;
        assert_eq!(found, 0o700, "{}", dir.display());
    }
    running.stop_fast().await.expect("it stops");
    assert_eq!(locked(&place.home()), None);
}

/// How many TCP sockets a process holds.
fn tcp_sockets(pid: u32) -> usize {
    let tables = ["tcp", "tcp6"].map(|name| fs::read_to_string(format!("/proc/{pid}/net/{name}")).unwrap_or_default());
    let inodes: Vec<&str> = tables
        .iter()
        .flat_map(|table| table.lines().skip(1))
        .filter_map(|line| line.split_whitespace().nth(9))
        .collect();
    let held = fs::read_dir(format!("/proc/{pid}/fd")).expect("ours or we are root");
    held.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .filter(|link| {
            let link = link.to_string_lossy();
            link.strip_prefix("socket:[")
                .and_then(|rest| rest.strip_suffix(']'))
                .is_some_and(|inode| inodes.contains(&inode))
        })
        .count()
}

#[tokio::test]
async fn no_value_of_a_row_gets_into_the_servers_log() {
    let place = Place::new();
    let cluster = place.cluster().await;
    let mut running = cluster.start().await.expect("it starts");
    ask(&cluster, "CREATE TABLE t (v text PRIMARY KEY); INSERT INTO t VALUES ('canary-7141')");
    let refused = Command::new(cluster.binaries().dir().join("psql"))
        .args(["-X", "-d", "postgres", "-U", SUPERUSER, "-c", "INSERT INTO t VALUES ('canary-7141')", "-h"])
        .arg(cluster.socket_dir())
        .output()
        .expect("psql runs");
    assert!(!refused.status.success());
    running.stop_fast().await.expect("it stops");
    let logs: String = fs::read_dir(cluster.log_dir())
        .expect("there")
        .map(|entry| fs::read_to_string(entry.expect("an entry").path()).expect("text"))
        .collect();
    assert!(logs.contains("duplicate key"), "the error itself is logged: {logs}");
    assert!(!logs.contains("canary-7141"), "{logs}");
}

#[tokio::test]
async fn a_killed_server_is_started_again_with_everything_committed_until_it_is_told_to_stop() {
    let place = Place::new();
    let cluster = place.cluster().await;
    let running = cluster.start().await.expect("it starts");
    let first = running.pid();
    let supervisor = Supervisor::watch(cluster.clone(), running);
    ask(&cluster, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)");
    let mut before = first;
    for _ in 0..2 {
        kill(before, Signal::KILL);
        let mut states = supervisor.states();
        let back = states.wait_for(|state| matches!(state, State::Up { pid } if *pid != before));
        let state =
            tokio::time::timeout(Duration::from_secs(60), back).await.expect("in time").expect("watched").clone();
        let State::Up { pid } = state else { unreachable!("waited for") };
        assert_eq!(ask(&cluster, "SELECT n FROM kept"), "42");
        before = pid;
    }
    let states = supervisor.states();
    supervisor.stop().await.expect("it stops");
    assert_eq!(*states.borrow(), State::Stopped);
    assert_eq!(locked(&place.home()), None);
}

#[tokio::test]
async fn a_server_left_behind_by_a_killed_struct_is_used_on_and_watched() {
    let place = Place::new();
    let cluster = place.cluster().await;
    let mut owner = other_half("postgres::starts_and_waits_to_be_killed", &place.home());
    let ready =
        || fs::read_to_string(place.home().join("cluster/postmaster.pid")).is_ok_and(|text| text.contains("ready"));
    wait_until(ready);
    owner.kill().expect("ours");
    owner.wait().expect("ours");
    let left = locked(&place.home()).expect("still running");
    let running = cluster.start().await.expect("adopted");
    assert!(running.adopted());
    assert_eq!(running.pid(), left);
    assert_eq!(ask(&cluster, "SELECT 1"), "1");
    let supervisor = Supervisor::watch(cluster.clone(), running);
    kill(left, Signal::KILL);
    let mut states = supervisor.states();
    let back = states.wait_for(|state| matches!(state, State::Up { pid } if *pid != left));
    tokio::time::timeout(Duration::from_secs(60), back).await.expect("in time").expect("watched");
    supervisor.stop().await.expect("it stops");
}

#[tokio::test]
#[ignore = "the other half of the test above, run by it"]
async fn starts_and_waits_to_be_killed() {
    let Some(home) = std::env::var_os(DIR) else { return };
    let cluster = prepare(Path::new(&home)).await.expect("a cluster");
    let _running = cluster.start().await.expect("it starts");
    tokio::time::sleep(Duration::from_secs(60)).await;
}

#[tokio::test]
async fn a_struct_killed_while_it_makes_the_cluster_leaves_nothing_that_hinders_the_next() {
    let place = Place::new();
    for _ in 0..3 {
        let mut maker = other_half("postgres::makes_a_cluster", &place.home());
        wait_until(|| unfinished(&place.home()).iter().any(|dir| dir.join("PG_VERSION").exists()));
        maker.kill().expect("ours");
        maker.wait().expect("ours");
        assert!(!place.home().join("cluster").exists(), "only a whole one gets the name");
    }
    let cluster = place.cluster().await;
    assert!(unfinished(&place.home()).len() <= 1, "at most one whose initdb outlived its starter");
    let mut running = cluster.start().await.expect("it starts");
    assert_eq!(ask(&cluster, "SHOW data_checksums"), "on");
    running.stop_fast().await.expect("it stops");
}

fn unfinished(home: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(home).into_iter().flatten().filter_map(Result::ok);
    entries.map(|entry| entry.path()).filter(|path| path.to_string_lossy().contains("cluster.new-")).collect()
}

#[tokio::test]
#[ignore = "the other half of the test above, run by it"]
async fn makes_a_cluster() {
    let Some(home) = std::env::var_os(DIR) else { return };
    prepare(Path::new(&home)).await.expect("a cluster");
}

#[tokio::test]
async fn a_lock_file_that_names_another_program_or_a_dead_server_keeps_nobody_out() {
    let place = Place::new();
    let cluster = place.cluster().await;
    let mut running = cluster.start().await.expect("it starts");
    let whole = fs::read_to_string(cluster.directory().join("postmaster.pid")).expect("there");
    kill(running.pid(), Signal::KILL);
    running.exited().await;
    drop(running);
    let mut running = cluster.start().await.expect("a dead server's file is stale");
    running.stop_fast().await.expect("it stops");

    let mut stranger = Command::new("sleep");
    stranger.arg("60");
    if let Some(account) = Account::unprivileged() {
        stranger.uid(account.uid).gid(account.gid);
    }
    let mut stranger = stranger.spawn().expect("it starts");
    let rest = whole.split_once('\n').expect("lines").1;
    let theirs = format!("{}\n{rest}", stranger.id());
    fs::write(cluster.directory().join("postmaster.pid"), &theirs).expect("writable");
    fs::write(cluster.socket_dir().join(".s.PGSQL.5432.lock"), &theirs).expect("writable");
    let started = cluster.start().await;
    stranger.kill().expect("ours");
    stranger.wait().expect("ours");
    let mut running = started.expect("the number is another program's now");
    assert!(!running.adopted());
    running.stop_fast().await.expect("it stops");
}
