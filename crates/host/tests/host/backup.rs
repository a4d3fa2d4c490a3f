//! Real backups of a real private cluster: made, restored to a moment, damaged, refused. The repository is a folder here; S3 and
//! Azure are tried by `script/backup-emulators`.

use host::{
    account::Account,
    backup::{
        BackupError, ClusterPlace, Fault, Kind, Location, Repository, RepositorySettings, RestoreOptions, Restored,
        Target, Verification,
    },
    postgres::{Archiving, Cluster, Running, SUPERUSER, find_binaries},
    secret::Secret,
};
use jiff::{Timestamp, ToSpan};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Text that must not be found anywhere.
const PASS: &str = "0123canary456789";

/// A cluster that archives into a repository beside it.
pub(crate) struct Place {
    pub(crate) cluster: Cluster,
    running: Option<Running>,
    pub(crate) repository: Repository,
    dir: TempDir,
}

impl Place {
    async fn new() -> Self {
        Self::at(None).await
    }

    /// With a repository there; `None`: a folder beside the cluster.
    pub(crate) async fn at(location: Option<Location>) -> Self {
        let place = Self::without_stanza(location).await;
        place.repository.stanza_create().await.expect("an empty repository");
        place
    }

    pub(crate) async fn without_stanza(location: Option<Location>) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        // The unprivileged account has to pass through.
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).expect("ours");
        let location = location.unwrap_or_else(|| folder(dir.path()));
        let repository = repository(dir.path(), "postgres", location, PASS).await.expect("pgBackRest is installed");
        let cluster = prepare(&dir.path().join("postgres"), repository.archiving()).await;
        let running = Some(cluster.start().await.expect("it starts"));
        Self { cluster, running, repository, dir }
    }

    fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    fn stanza(&self, below: &str) -> PathBuf {
        self.path("backup/repository").join(below)
    }

    /// Adds a row and closes the segment; the instant after it, by the server.
    pub(crate) async fn write(&self, row: u32) -> Timestamp {
        ask(&self.cluster, &format!("INSERT INTO t VALUES ({row})"));
        let at = ask(
            &self.cluster,
            "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
        );
        self.archive().await;
        at.parse().expect("an instant")
    }

    /// Closes the segment and waits until it has arrived.
    async fn archive(&self) {
        let name = ask(&self.cluster, "SELECT pg_walfile_name(pg_current_wal_lsn())");
        ask(&self.cluster, "SELECT pg_switch_wal()");
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.repository.newest_wal().await.expect("a listing").is_none_or(|newest| newest.name < name) {
            assert!(Instant::now() < deadline, "{name} never arrived");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn restore(&self, to: Target, into: &str) -> Result<Restored, BackupError> {
        self.repository.restore(&to, &self.path(into), RestoreOptions::default(), |_| {}).await
    }

    pub(crate) async fn rows_of(&self, to: Target, into: &str) -> String {
        let restored = self.restore(to, into).await.expect("restored");
        let mut running = restored.cluster.start().await.expect("it starts");
        let rows = ask(&restored.cluster, "SELECT string_agg(n::text, ' ' ORDER BY n) FROM t");
        assert_eq!(ask(&restored.cluster, "SHOW archive_mode"), "off", "nothing of it gets into the repository");
        running.stop_fast().await.expect("it stops");
        rows
    }

    /// The file of a segment in the repository.
    fn segment(&self, name: &str) -> PathBuf {
        let folder = self.stanza("archive/struct/15-1");
        let folder = if folder.exists() { folder } else { first(&self.stanza("archive/struct"), "-1") };
        first(&folder.join(&name[..16]), name)
    }

    pub(crate) async fn stop(mut self) {
        if let Some(mut running) = self.running.take() {
            running.stop_fast().await.expect("it stops");
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // A test that failed leaves a server behind.
        let text = fs::read_to_string(self.cluster.directory().join("postmaster.pid")).unwrap_or_default();
        let pid = text.lines().next().and_then(|line| line.parse().ok()).and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::QUIT);
        }
    }
}

/// The first name in a folder that holds a text.
fn first(folder: &Path, holds: &str) -> PathBuf {
    let entries = fs::read_dir(folder).expect("a folder").filter_map(Result::ok).map(|entry| entry.path());
    let mut paths: Vec<_> = entries.filter(|path| path.to_string_lossy().contains(holds)).collect();
    paths.sort();
    paths.into_iter().next().expect("it is there")
}

fn folder(base: &Path) -> Location {
    Location::Local(base.join("backup/repository"))
}

async fn repository(base: &Path, cluster: &str, location: Location, pass: &str) -> Result<Repository, BackupError> {
    let account = Account::unprivileged();
    let binaries = find_binaries(None).expect("PostgreSQL is installed where tests run");
    let settings =
        RepositorySettings { dir: base.join("backup"), program: None, location, retention_days: 35, log_s: 30 };
    let place = ClusterPlace::private(binaries, &base.join(cluster), account.as_ref());
    Repository::open(settings, place, Secret::new(pass)).await
}

async fn prepare(home: &Path, archiving: Archiving) -> Cluster {
    let binaries = find_binaries(None).expect("PostgreSQL is installed where tests run");
    let account = Account::unprivileged();
    Cluster::prepare_archiving(binaries, home, account.as_ref(), archiving).await.expect("a cluster")
}

pub(crate) fn ask(cluster: &Cluster, sql: &str) -> String {
    let answer = Command::new(cluster.binaries().dir().join("psql"))
        .args(["-X", "-At", "-v", "ON_ERROR_STOP=1", "-d", "postgres", "-U", SUPERUSER, "-c", sql, "-h"])
        .arg(cluster.socket_dir())
        .output()
        .expect("psql runs");
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    String::from_utf8_lossy(&answer.stdout).trim().to_owned()
}

/// Whether any file below a folder holds the passphrase.
fn leaks(folder: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    entries.into_iter().find_map(|path| {
        if path.is_dir() {
            return leaks(&path);
        }
        let bytes = fs::read(&path).unwrap_or_default();
        bytes.windows(PASS.len()).any(|part| part == PASS.as_bytes()).then_some(path)
    })
}

/// Looks at the arguments of all processes until told to stop; gives how many of pgBackRest it saw, and whether one leaked.
fn watch_arguments(stop: Arc<AtomicBool>) -> std::thread::JoinHandle<(usize, bool)> {
    std::thread::spawn(move || {
        let (mut seen, mut leaked) = (0, false);
        while !stop.load(Ordering::Relaxed) {
            for entry in fs::read_dir("/proc").expect("there").filter_map(Result::ok) {
                let text = fs::read(entry.path().join("cmdline")).unwrap_or_default();
                let text = String::from_utf8_lossy(&text);
                seen += usize::from(text.contains("pgbackrest"));
                leaked |= text.contains(PASS);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        (seen, leaked)
    })
}

fn flip(path: &Path) {
    let mut bytes = fs::read(path).expect("a file");
    let at = bytes.len() / 2;
    bytes[at] ^= 0x55;
    fs::write(path, bytes).expect("writable");
}

#[tokio::test]
async fn a_database_comes_back_as_it_was_at_a_moment_and_never_onto_anything() {
    let place = Place::new().await;
    let repository = &place.repository;
    let empty = place.restore(Target::Latest, "too-early").await.expect_err("there is no backup");
    assert!(matches!(empty, BackupError::Empty { .. }) && !place.path("too-early").exists(), "{empty}");
    repository.check().await.expect("a segment gets through");

    let config = place.path("backup/pgbackrest.conf");
    assert_eq!(fs::metadata(&config).expect("there").permissions().mode() & 0o777, 0o600);
    ask(&place.cluster, "CREATE TABLE t (n int); INSERT INTO t VALUES (1)");
    let stop = Arc::new(AtomicBool::new(false));
    let watching = watch_arguments(Arc::clone(&stop));
    let mut steps = Vec::new();
    let full = repository.backup(Kind::Differential, |now| steps.push(now)).await.expect("made");
    assert_eq!(full.backup.kind, Kind::Full, "the first is full whatever was asked for");
    let last = steps.last().expect("files were copied");
    assert_eq!(last.done_bp, 10_000);
    assert!(steps.windows(2).all(|two| two[0].done_bp <= two[1].done_bp && two[0].done_bytes <= two[1].done_bytes));
    let near = |a: u64, b: u64| a.abs_diff(b) < b / 10;
    assert!(near(last.done_bytes, full.backup.size_bytes), "{last:?} {full:?}");

    // Ends of backups are known to the second.
    ask(&place.cluster, "SELECT pg_sleep(1)");
    let second = place.write(2).await;
    let differential = repository.backup(Kind::Differential, |_| {}).await.expect("made").backup;
    assert_eq!(
        (differential.kind, differential.prior.as_deref()),
        (Kind::Differential, Some(full.backup.label.as_str()))
    );
    let third = place.write(3).await;
    place.write(4).await;
    stop.store(true, Ordering::Relaxed);
    let (seen, leaked) = watching.join().expect("it watched");
    assert!(seen > 0 && !leaked, "the passphrase is in no argument of the {seen} that were seen");

    let info = repository.info().await.expect("told");
    assert_eq!((info.backups.len(), info.code, info.cipher.as_str()), (2, 0, "aes-256-cbc"));
    let range = repository.restorable().await.expect("told").expect("there are backups");
    assert!(range.earliest > full.backup.ended && range.earliest <= second, "{range:?}");
    assert!(range.latest.is_some_and(|latest| latest > third), "{range:?}");

    refused_targets(&place, range.earliest, range.latest.expect("just looked at"), &differential.label).await;
    assert_eq!(place.rows_of(Target::Time(third), "at-third").await, "1 2 3");
    assert_eq!(place.rows_of(Target::Time(second), "at-second").await, "1 2");
    assert_eq!(place.rows_of(Target::Latest, "all").await, "1 2 3 4");
    assert_eq!(place.rows_of(Target::Backup(full.backup.label.clone()), "of-full").await, "1");
    let occupied = place.restore(Target::Latest, "all").await.expect_err("a database is there");
    assert!(matches!(&occupied, BackupError::NotEmpty { .. }), "{occupied}");
    assert_eq!(leaks(place.dir.path()), None, "the passphrase is in no file");
    place.stop().await;
}

async fn refused_targets(place: &Place, earliest: Timestamp, latest: Timestamp, newest: &str) {
    let running = place.restore(Target::Latest, "postgres").await.expect_err("it runs there");
    assert!(matches!(&running, BackupError::NotEmpty { .. }), "{running}");
    let before = place.restore(Target::Time(earliest - 1.hour()), "no").await.expect_err("before all backups");
    assert!(before.to_string().contains(&format!("{earliest} to {latest}")), "{before}");
    let after = place.restore(Target::Time(latest + 1.hour()), "no").await.expect_err("not written yet");
    assert!(after.to_string().contains(&latest.to_string()), "{after}");
    let name = "20200101-000000F".to_owned();
    let unknown = place.restore(Target::Backup(name), "no").await.expect_err("no such backup");
    assert!(unknown.to_string().contains(newest), "{unknown}");
    assert!(!place.path("no").exists(), "a refusal leaves nothing");
}

fn corrupted(found: &Verification, name: &str) -> bool {
    found.faults.iter().any(|fault| matches!(fault, Fault::Corrupted { path } if path.contains(name)))
}

#[tokio::test]
async fn what_is_damaged_or_missing_in_the_repository_is_found_and_named() {
    let place = Place::new().await;
    let repository = &place.repository;
    ask(&place.cluster, "CREATE TABLE t (n int)");
    let full = repository.backup(Kind::Full, |_| {}).await.expect("made").backup;
    let mut times = Vec::new();
    for row in 1..5 {
        times.push(place.write(row).await);
    }
    let whole = repository.verify().await.expect("read");
    assert_eq!(whole.faults, []);
    assert!(whole.files > 500 && whole.bytes > 1_000_000, "{whole:?}");

    let newest = repository.newest_wal().await.expect("a listing").expect("there are segments");
    let number = u32::from_str_radix(&newest.name[16..], 16).expect("a number");
    let before = format!("{}{:08X}", &newest.name[..16], number - 1);
    let file = place.segment(&before);
    let kept = fs::read(&file).expect("there");
    fs::remove_file(&file).expect("ours");
    let gaps = repository.gaps().await.expect("a listing");
    assert_eq!(gaps.iter().map(|gap| (gap.first.as_str(), gap.count)).collect::<Vec<_>>(), [(before.as_str(), 1)]);
    let found = repository.verify().await.expect("read");
    assert_eq!(found.faults, [Fault::Gap(gaps[0].clone())]);
    let range = repository.restorable().await.expect("told").expect("a backup");
    assert!(
        range.latest.is_some_and(|latest| latest < times[1]),
        "what comes after a gap can't be got back: {range:?}"
    );
    fs::write(&file, kept).expect("writable");
    fs::remove_file(place.segment(&full.wal_from)).expect("ours");
    assert_eq!(repository.gaps().await.expect("a listing")[0].first, full.wal_from, "a backup needs it");

    let bundle = place.stanza(&format!("backup/struct/{}/bundle/1", full.label));
    flip(&bundle);
    let found = repository.verify().await.expect("read");
    assert!(corrupted(&found, &full.label), "{found:?}");
    assert!(found.faults.iter().any(|fault| matches!(fault, Fault::Unusable { label, .. } if *label == full.label)));
    flip(&bundle);
    fs::remove_file(place.stanza(&format!("backup/struct/{}/bundle/1", full.label))).expect("ours");
    let found = repository.verify().await.expect("read");
    assert!(found.faults.iter().any(|fault| matches!(fault, Fault::Missing { path } if path.contains(&full.label))));
    for manifest in ["backup.manifest", "backup.manifest.copy"] {
        fs::remove_file(place.stanza(&format!("backup/struct/{}/{manifest}", full.label))).expect("ours");
    }
    let found = repository.verify().await.expect("read");
    assert!(
        found
            .faults
            .iter()
            .any(|fault| matches!(fault, Fault::Unusable { reason, .. } if reason == "manifest missing")),
        "pgBackRest itself calls this well: {found:?}"
    );
    place.stop().await;
}

#[tokio::test]
async fn a_wrong_key_a_held_lock_and_another_database_are_each_told_as_such() {
    let place = Place::new().await;
    let other =
        repository(place.dir.path(), "postgres", folder(place.dir.path()), "beef").await.expect("nothing is read yet");
    for refused in [
        other.info().await.map(drop),
        other.verify().await.map(drop),
        other.stanza_create().await,
        other.check().await,
        other.backup(Kind::Full, |_| {}).await.map(drop),
    ] {
        let refused = refused.expect_err("another key");
        assert!(matches!(refused, BackupError::WrongKey { .. }), "{refused}");
        assert!(!refused.to_string().contains("beef"));
    }

    let lock = place.path("backup/lock/struct-backup.lock");
    fs::write(&lock, "{\"pid\":1}").expect("writable");
    let file = fs::File::open(&lock).expect("there");
    rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive).expect("nobody has it");
    if let Some(account) = Account::unprivileged() {
        std::os::unix::fs::chown(&lock, Some(account.uid), Some(account.gid)).expect("we are root");
    }
    let held = place.repository.backup(Kind::Full, |_| {}).await.expect_err("it is held");
    assert!(held.to_string().contains(&format!("process {}", std::process::id())), "{held}");
    drop(file);
    place.repository.backup(Kind::Full, |_| {}).await.expect("a file alone holds nothing");

    let second =
        repository(place.dir.path(), "second", folder(place.dir.path()), PASS).await.expect("the same repository");
    let cluster = prepare(&place.path("second"), second.archiving()).await;
    let mut running = cluster.start().await.expect("it starts");
    let refused = second.stanza_create().await.expect_err("it is another database");
    // Taken over by order, as after pg_upgrade, which makes a database of another identity too: what was there stays.
    second.stanza_upgrade().await.expect("taken over");
    let before = second.info().await.expect("it can be read").backups;
    assert!(!before.is_empty(), "the backups of before stay");
    second.check().await.expect("it archives");
    let made = second.backup(Kind::Full, |_| {}).await.expect("a backup").backup;
    let after = second.info().await.expect("it can be read").backups;
    assert!(after.iter().any(|backup| backup.label == made.label), "{after:?}");
    assert!(before.iter().all(|old| after.iter().any(|backup| backup.label == old.label)), "{after:?}");
    running.stop_fast().await.expect("it stops");
    assert!(matches!(refused, BackupError::OtherCluster { .. }), "{refused}");
    place.stop().await;
}

#[tokio::test]
async fn a_server_left_running_without_archiving_is_started_anew_and_one_that_archives_is_used_on() {
    let place = Place::new().await;
    let archiving = place.repository.archiving();
    let home = place.path("postgres");
    let adopted = place.cluster.start().await.expect("used on");
    assert!(adopted.adopted(), "it has all it needs");
    let off = prepare(&home, Archiving::Off).await;
    let running = off.start().await.expect("it starts");
    assert!(!running.adopted());
    assert_eq!(ask(&off, "SHOW archive_mode"), "off");
    drop(running);
    let on = prepare(&home, archiving).await;
    let mut running = on.start().await.expect("it starts");
    assert!(!running.adopted());
    assert_eq!(ask(&on, "SHOW archive_mode"), "on");
    place.repository.check().await.expect("it archives");
    running.stop_fast().await.expect("it stops");
}
