//! The silent ways in which backups stop, each planted in a real cluster with a real repository: each turns the claim it belongs to, with
//! a reason in words. One server for all of them, since starting one takes longer than breaking it.
#![allow(clippy::print_stderr, reason = "what is left out is said")]

use app::App;
use app::backup::run::RunError;
use app::backup::{Backups, Kept};
use domain::backup::{DIFFERENTIAL, Kind, LOG, archive, repository, schedule};
use domain::claim::State;
use domain::evidence::{Found, Verdict};
use jiff::{SignedDuration, Timestamp};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use testkit::database::Database;
use testkit::running::Running;
use testkit::server::PrivateServer;
use tokio::sync::watch;

const PASSPHRASE: &str = "a passphrase of the repository";

/// A STRUCT that keeps backups of its own server.
struct Stage {
    running: Running,
    app: Arc<App>,
    server: PrivateServer,
}

impl Stage {
    async fn new() -> Self {
        let (server, repository) = PrivateServer::archiving(PASSPHRASE).await;
        let running = Running::on(Database::on(&server).await).await;
        let kept = Kept { repository, dir: server.folder().join("backup"), private: true };
        let app = running.server_keeping(Backups::On(kept));
        Self { running, app, server }
    }

    /// Puts the clock right, and some time past it.
    fn clock(&self, past: SignedDuration) {
        self.running.clock.advance(Timestamp::now().duration_since(self.app.now()) + past);
    }

    fn right(&self) {
        self.clock(SignedDuration::ZERO);
    }

    fn repository(&self, below: &str) -> PathBuf {
        self.server.folder().join("backup/repository").join(below)
    }

    /// The newest evidence of a check: its verdict, and the reasons with what they say.
    async fn found(&self, check: &str) -> (Verdict, Vec<(String, String)>) {
        let claims = self.app.claims().await.expect("claims");
        let checks = claims.iter().flat_map(|claim| &claim.checks);
        let row = checks.filter(|checked| checked.check.name == check).flat_map(|checked| &checked.evidence).next();
        let row = row.unwrap_or_else(|| panic!("there is no evidence of {check}"));
        let why = Found::of_text(&row.figure).why;
        (row.verdict, why.iter().map(|why| (why.code.clone(), format!("{:?}", why.args))).collect())
    }

    /// Looks, and expects of a check a verdict and, among its reasons, one.
    async fn expect(&self, check: &str, verdict: Verdict, reason: &str) -> String {
        self.app.backups_looked_at(false).await.expect("a look");
        let (found, why) = self.found(check).await;
        assert_eq!(found, verdict, "{check} for {reason}: {why:?}");
        let told = why.into_iter().find(|(code, _)| code == reason);
        told.unwrap_or_else(|| panic!("{check} does not say {reason}")).1
    }

    async fn expect_well(&self, check: &str) {
        self.app.backups_looked_at(false).await.expect("a look");
        let found = self.found(check).await;
        assert_eq!(found, (Verdict::Held, Vec::new()), "{check}");
    }

    async fn state(&self, promise: &str, check: &str) -> State {
        let claims = self.app.claims().await.expect("claims");
        let checks = claims.iter().flat_map(|claim| &claim.checks);
        let of = |checked: &&app::claim::Checked| checked.check.promise == promise && checked.check.name == check;
        checks.into_iter().find(of).expect("it is in the list").state
    }

    async fn sql(&self, sql: &str) {
        self.running.database.root().await.batch_execute(sql).await.expect(sql);
    }

    /// Writes, closes the segment, and waits until it is archived, or has failed to be.
    async fn segment(&self) {
        let count = "SELECT archived_count + failed_count FROM pg_stat_archiver";
        let before = self.running.database.number(count).await;
        self.app.store().heartbeat(self.app.now()).await.expect("a beat");
        self.sql("SELECT pg_switch_wal()").await;
        while self.running.database.number(count).await == before {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until everything that waits to be archived is.
    async fn caught_up(&self) {
        // After failures the archiver rests for a minute, unless a new segment wakes it.
        self.app.store().heartbeat(self.app.now()).await.expect("a beat");
        self.sql("SELECT pg_switch_wal()").await;
        let waiting = "SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'";
        while self.running.database.number(waiting).await > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.segment().await;
    }

    async fn made(&self, kind: Kind) {
        self.app.backup_now(kind, |_| {}).await.expect("a backup");
    }
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("ours");
}

/// Names below a folder, sorted, folders of folders included.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        match entry.path() {
            path if path.is_dir() => found.extend(below(&path)),
            path => found.push(path),
        }
    }
    found.sort();
    found
}

fn segments(stage: &Stage) -> Vec<PathBuf> {
    let name = |path: &PathBuf| path.file_name().is_some_and(|name| name.len() > 60);
    below(&stage.repository("archive/struct")).into_iter().filter(name).collect()
}

/// Planted one after the other; each is mended before the next.
#[tokio::test]
async fn each_silent_way_in_which_backups_stop_turns_its_claim_and_says_why() {
    let stage = Stage::new().await;
    stage.right();
    stage.expect(schedule::CHECK, Verdict::AtRisk, "no_backup").await;
    stage.made(Kind::Full).await;
    stage.expect(repository::CHECK, Verdict::AtRisk, "not_verified").await;
    assert_eq!(stage.app.backup_verify_now().await.expect("read").faults, []);
    for check in [archive::CHECK, schedule::CHECK, repository::CHECK] {
        stage.right();
        stage.expect_well(check).await;
    }
    stale_evidence(&stage).await;
    a_clock_that_jumps(&stage).await;
    archiving_that_fails(&stage).await;
    runs_that_fail(&stage).await;
    a_disk_that_is_full(&stage).await;
    a_repository_that_is_gone(&stage).await;
    another_key(&stage).await;
    a_segment_that_is_deleted(&stage).await;
    a_file_that_is_damaged(&stage).await;
    backups_switched_off(&stage).await;
}

async fn stale_evidence(stage: &Stage) {
    for (promise, check, fresh, stale) in [(LOG, archive::CHECK, 15, 31), (DIFFERENTIAL, schedule::CHECK, 90, 181)] {
        stage.clock(SignedDuration::from_mins(fresh - 1));
        assert_eq!(stage.state(promise, check).await, State::Met, "{check}");
        stage.clock(SignedDuration::from_mins(stale));
        assert_eq!(stage.state(promise, check).await, State::Unverified, "{check}");
    }
    stage.right();
}

async fn a_clock_that_jumps(stage: &Stage) {
    stage.clock(SignedDuration::from_hours(13));
    stage.expect(archive::CHECK, Verdict::Broken, "wal_late").await;
    stage.expect(schedule::CHECK, Verdict::Broken, "backup_late").await;
    stage.clock(SignedDuration::from_hours(-48));
    stage.expect(archive::CHECK, Verdict::Broken, "clock_back").await;
    stage.expect(schedule::CHECK, Verdict::Broken, "clock_back").await;
    stage.right();
    stage.expect_well(archive::CHECK).await;
    stage.expect_well(schedule::CHECK).await;
}

async fn archiving_that_fails(stage: &Stage) {
    // A full disk looks the same to the program: the segment can't be written.
    let folder = stage.repository("archive/struct");
    let folders: Vec<PathBuf> = std::iter::once(folder.clone()).chain(folders(&folder)).collect();
    folders.iter().for_each(|folder| mode(folder, 0o500));
    stage.segment().await;
    stage.right();
    let said = stage.expect(archive::CHECK, Verdict::AtRisk, "archiving_fails").await;
    assert!(said.contains("0000000100000000"), "{said}");
    stage.clock(SignedDuration::from_mins(11));
    stage.expect(archive::CHECK, Verdict::Broken, "wal_late").await;
    folders.iter().for_each(|folder| mode(folder, 0o750));
    stage.caught_up().await;
    stage.right();
    stage.expect_well(archive::CHECK).await;

    stage.sql("ALTER SYSTEM SET archive_command = '/bin/true'").await;
    stage.sql("SELECT pg_reload_conf()").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    stage.expect(archive::CHECK, Verdict::Broken, "archive_command_changed").await;
    stage.sql("ALTER SYSTEM RESET archive_command").await;
    stage.sql("SELECT pg_reload_conf()").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    stage.expect_well(archive::CHECK).await;
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    entries.filter(|path| path.is_dir()).flat_map(|path| [vec![path.clone()], folders(&path)].concat()).collect()
}

async fn runs_that_fail(stage: &Stage) {
    let folder = stage.repository("backup/struct");
    mode(&folder, 0o500);
    let failed = stage.app.backup_now(Kind::Differential, |_| {}).await;
    assert!(matches!(failed, Err(RunError::Failed(_))), "{failed:?}");
    stage.expect(schedule::CHECK, Verdict::AtRisk, "backup_fails").await;
    mode(&folder, 0o750);

    let lock = stage.server.folder().join("backup/lock/struct-backup.lock");
    let held = std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(&lock).expect("a lock");
    mode(&lock, 0o666);
    held.lock().expect("nobody has it");
    let failed = stage.app.backup_now(Kind::Differential, |_| {}).await;
    assert!(matches!(failed, Err(RunError::Failed(_))), "{failed:?}");
    let said = stage.expect(schedule::CHECK, Verdict::AtRisk, "backup_fails").await;
    assert!(said.contains("struct-backup.lock") && said.contains("Number(2)"), "{said}");
    drop(held);

    // A row that a killed process left open is closed by the next run.
    let row = store_row(stage);
    stage.app.store().run_begin(&row).await.expect("a row");
    let alone = stage.app.store().lead_run().await.expect("an answer").expect("nobody runs");
    let refused = stage.running.server_keeping(stage.app.settings().backups.clone());
    let refused = refused.backup_now(Kind::Differential, |_| {}).await;
    assert!(matches!(&refused, Err(RunError::UnderWay(Some(run))) if run.id == row.id), "{refused:?}");
    drop(alone);
    // The lock goes with its connection, a moment later.
    while matches!(stage.app.store().lead_run().await, Ok(None)) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    stage.made(Kind::Differential).await;
    let runs = stage.app.store().runs(row.started_at, 50).await.expect("rows");
    let orphan = runs.iter().find(|run| run.id == row.id).expect("it is there");
    assert_eq!(orphan.outcome, "unknown");
    stage.expect_well(schedule::CHECK).await;
}

fn store_row(stage: &Stage) -> store::backup::RunRow {
    store::backup::RunRow {
        id: stage.app.new_request_id().0,
        kind: "full".to_owned(),
        cause: "rule".to_owned(),
        started_at: stage.app.now(),
        ended_at: None,
        label: None,
        size_bytes: None,
        repo_size_bytes: None,
        progress: None,
        outcome: "running".to_owned(),
        error: None,
        faults: None,
        tool: "a test".to_owned(),
    }
}

/// A small file system in the repository's place, until dropped.
struct Small(PathBuf);

impl Small {
    const SIZE: &str = "size=96m";

    /// None where nothing may be mounted.
    fn over(folder: &Path) -> Option<Self> {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", Self::SIZE, "tmpfs"]).arg(folder).output();
        mounted.is_ok_and(|done| done.status.success()).then(|| Self(folder.to_owned()))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // Programs that were just refused may still have a file of it open: it is detached, and goes with the last of them.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).output();
    }
}

async fn a_disk_that_is_full(stage: &Stage) {
    let (there, away) = (stage.repository(""), stage.server.folder().join("backup/away"));
    std::fs::rename(&there, &away).expect("moved");
    std::fs::create_dir(&there).expect("made");
    let Some(small) = Small::over(&there) else {
        eprintln!("the full disk is left out: only root may mount a small one");
        std::fs::remove_dir(&there).expect("removed");
        return std::fs::rename(&away, &there).expect("moved back");
    };
    // With owners and modes, the folder's own included.
    let copied = Command::new("cp").arg("-aT").args([&away, &there]).status().expect("cp");
    assert!(copied.success(), "the repository fits into {}", Small::SIZE);
    stage.expect_well(archive::CHECK).await;
    let filler = there.join("somebody else's file");
    let full = std::fs::write(&filler, vec![7; 128 << 20]).expect_err("it is small");
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);

    let said = stage.expect(repository::CHECK, Verdict::Broken, "repository_full").await;
    assert!(said.contains("needed_bytes"), "{said}");
    stage.segment().await;
    stage.right();
    stage.expect(archive::CHECK, Verdict::AtRisk, "archiving_fails").await;
    stage.clock(SignedDuration::from_mins(11));
    stage.expect(archive::CHECK, Verdict::Broken, "wal_late").await;
    stage.right();
    let failed = stage.app.backup_now(Kind::Differential, |_| {}).await;
    assert!(matches!(failed, Err(RunError::Failed(_))), "{failed:?}");
    stage.expect(schedule::CHECK, Verdict::AtRisk, "backup_fails").await;

    // With room again everything goes on by itself.
    std::fs::remove_file(&filler).expect("removed");
    stage.caught_up().await;
    stage.right();
    stage.made(Kind::Differential).await;
    for check in [archive::CHECK, schedule::CHECK, repository::CHECK] {
        stage.expect_well(check).await;
    }
    // What went to the small disk goes back with the rest.
    std::fs::remove_dir_all(&away).expect("removed");
    let copied = Command::new("cp").arg("-aT").args([&there, &away]).status().expect("cp");
    assert!(copied.success());
    drop(small);
    std::fs::remove_dir(&there).expect("nothing is mounted any more");
    std::fs::rename(&away, &there).expect("moved back");
    stage.right();
}

async fn a_repository_that_is_gone(stage: &Stage) {
    let (there, away) = (stage.repository(""), stage.server.folder().join("backup/away"));
    std::fs::rename(&there, &away).expect("moved");
    stage.expect(schedule::CHECK, Verdict::Broken, "repository_unreachable").await;
    stage.expect(repository::CHECK, Verdict::Broken, "repository_unreachable").await;
    // Another disk in its place: empty, and writable.
    std::fs::create_dir(&there).expect("made");
    mode(&there, 0o777);
    stage.expect(schedule::CHECK, Verdict::Broken, "no_backup").await;
    stage.expect(repository::CHECK, Verdict::AtRisk, "backups_gone").await;
    std::fs::remove_dir_all(&there).expect("removed");
    std::fs::rename(&away, &there).expect("moved back");
    stage.caught_up().await;
    stage.right();
    stage.expect_well(schedule::CHECK).await;
}

async fn another_key(stage: &Stage) {
    let repository = stage.server.repository("another passphrase").await;
    let kept = Kept { repository, dir: stage.server.folder().join("backup"), private: true };
    let other = stage.running.server_keeping(Backups::On(kept));
    other.backups_looked_at(false).await.expect("a look");
    let (verdict, why) = stage.found(schedule::CHECK).await;
    assert_eq!((verdict, why[0].0.as_str()), (Verdict::Broken, "wrong_key"), "{why:?}");
    let refused = other.backup_now(Kind::Differential, |_| {}).await;
    assert!(matches!(refused, Err(RunError::Failed(host::backup::BackupError::WrongKey { .. }))), "{refused:?}");
    // The same words, for the configuration is the same.
    stage.server.repository(PASSPHRASE).await;
    stage.made(Kind::Differential).await;
}

async fn a_segment_that_is_deleted(stage: &Stage) {
    for _ in 0..4 {
        stage.segment().await;
    }
    let segments = segments(stage);
    std::fs::remove_file(&segments[segments.len() - 2]).expect("removed");
    stage.clock(SignedDuration::from_mins(1));
    let said = stage.expect(archive::CHECK, Verdict::Broken, "wal_gap").await;
    assert!(said.contains("Number(1)"), "{said}");
    stage.right();
    stage.made(Kind::Differential).await;
    stage.clock(SignedDuration::from_mins(2));
    stage.expect(archive::CHECK, Verdict::AtRisk, "wal_gap_before").await;
    stage.right();
}

async fn a_file_that_is_damaged(stage: &Stage) {
    let files = below(&stage.repository("backup/struct"));
    let largest = files.iter().filter(|path| path.to_string_lossy().contains("F/")).max_by_key(|path| size(path));
    let damaged = largest.expect("a full backup has files");
    let mut bytes = std::fs::read(damaged).expect("a file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    std::fs::write(damaged, bytes).expect("written");
    let found = stage.app.backup_verify_now().await.expect("read");
    assert!(found.faults.iter().any(|fault| fault.code == "file_corrupted"), "{found:?}");
    stage.expect(repository::CHECK, Verdict::Broken, "file_corrupted").await;
    // A full one beside it: what is damaged strikes only the moments before.
    tokio::time::sleep(Duration::from_secs(1)).await;
    stage.made(Kind::Full).await;
    stage.app.backup_verify_now().await.expect("read");
    stage.expect(repository::CHECK, Verdict::AtRisk, "file_corrupted").await;
}

fn size(path: &Path) -> u64 {
    path.metadata().map_or(0, |meta| meta.len())
}

async fn backups_switched_off(stage: &Stage) {
    // Past what was measured by the clock that ran ahead a little.
    stage.clock(SignedDuration::from_mins(5));
    let off = stage.running.server_keeping(Backups::Off("a test wills it".to_owned()));
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(Arc::clone(&off).keep_backups(stopped));
    for (check, promise) in [(archive::CHECK, LOG), (schedule::CHECK, DIFFERENTIAL), (repository::CHECK, DIFFERENTIAL)]
    {
        while stage.found(check).await.1.first().is_none_or(|(code, _)| code != "backups_off") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(stage.state(promise, check).await, State::Missed);
    }
    stop.send(true).expect("it listens");
    task.await.expect("no panic");
    let refused = off.backup_now(Kind::Full, |_| {}).await;
    assert!(matches!(refused, Err(RunError::Off(_))), "{refused:?}");
}
