//! Restore drills and one tenant at one time, as an operator runs them. What a drill finds in a copy is tried in `app`; here it is the
//! whole way from the repository.
#![allow(clippy::disallowed_methods, reason = "commands are run as an operator runs them")]

use crate::STRUCT;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use testkit::installation::Installation;

/// The first backup and its drill come right after the start; on a busy machine that takes its time.
const PATIENCE: Duration = Duration::from_secs(240);
const PAUSE: Duration = Duration::from_millis(100);

fn command(installation: &Installation, arguments: &[&str]) -> Command {
    let mut command = Command::new(STRUCT);
    command.args(arguments).arg("--data-dir").arg(installation.folder()).args(["--backup", "on"]).current_dir("/");
    command
}

/// One of the commands, with its exit status and what it said.
fn run(installation: &Installation, arguments: &[&str]) -> Result<(i32, String)> {
    let output = command(installation, arguments).output()?;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.code().context("it ended by itself")?, String::from_utf8_lossy(&said).into_owned()))
}

fn document(said: &str) -> Result<Value> {
    let line =
        said.lines().find(|line| line.starts_with('{') && !line.contains("\"level\"")).context(said.to_owned())?;
    Ok(serde_json::from_str(line)?)
}

fn until<T>(what: &str, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let since = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        ensure!(since.elapsed() < PATIENCE, "{what} did not come");
        std::thread::sleep(PAUSE);
    }
}

/// A drill by hand; one that meets STRUCT's own waits for it.
fn drill(installation: &Installation, more: &[&str]) -> Result<(i32, String)> {
    let arguments = [&["backup", "drill", "--json"], more].concat();
    until("the end of another drill", || {
        Ok(Some(run(installation, &arguments)?).filter(|(_, said)| !said.contains("another restored copy is in use")))
    })
}

fn copies(installation: &Installation) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(installation.folder().join("backup")).into_iter().flatten().filter_map(Result::ok);
    let paths = entries.map(|entry| entry.path()).filter(|path| path.is_dir());
    paths.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("drill-"))).collect()
}

/// Segments in the repository, oldest first.
fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path()) {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() {
            found.extend(segments(&path));
        } else if name.len() > 25 && name.as_bytes()[24] == b'-' && !name.contains(".backup") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn a_drill_proves_the_backups_leaves_nothing_behind_and_says_which_segment_is_missing() -> Result<()> {
    let mut installation = Installation::new(STRUCT, &["--backup", "on", "--demo"])?;
    installation.start()?;
    until("the first backup", || {
        let (_, said) = run(&installation, &["backup", "list", "--json"])?;
        Ok(document(&said)?["backups"].as_array().is_some_and(|all| !all.is_empty()).then_some(()))
    })?;
    let (status, said) = drill(&installation, &["--to", "2001-01-01T00:00:00Z"])?;
    assert!(status != 0 && said.contains("the nearest that can"), "{said}");

    let (status, said) = drill(&installation, &[])?;
    let found = document(&said)?;
    assert!(status == 0 && found["passed"] == true, "{said}");
    assert!(found["rpo_ms"].is_i64() && found["rto_ms"].as_i64() > Some(0), "{said}");
    assert_eq!(found["looks"].as_array().map(Vec::len), Some(11), "{said}");
    assert_eq!(copies(&installation), [] as [PathBuf; 0]);

    // Killed in the midst, it leaves a copy; the next clears it away.
    let mut killed = until("the end of another drill", || {
        let mut begun =
            command(&installation, &["backup", "drill"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let since = Instant::now();
        while begun.try_wait()?.is_none() && since.elapsed() < PATIENCE {
            if copies(&installation).iter().any(|copy| copy.join("cluster/postmaster.pid").exists()) {
                return Ok(Some(begun));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(None)
    })?;
    killed.kill()?;
    killed.wait()?;
    let (status, said) = drill(&installation, &[])?;
    assert_eq!(status, 0, "{said}");
    assert_eq!(copies(&installation), [] as [PathBuf; 0]);

    // All that has arrived since the backup is taken away but the newest: no way leads there any more.
    let to = document(&said)?["target_at"].as_str().context("a moment")?.to_owned();
    let all = until("more of the log", || {
        Ok(Some(segments(&installation.folder().join("backup/repository/archive"))).filter(|all| all.len() >= 3))
    })?;
    all[..all.len() - 1].iter().try_for_each(std::fs::remove_file)?;
    let (status, said) = drill(&installation, &["--to", &to])?;
    let found = document(&said)?;
    assert!(status == 1 && found["passed"] == false, "{said}");
    assert!(found["looks"].to_string().contains("does not start"), "{said}");
    let (_, said) = run(&installation, &["claims", "check", "backup.differential"])?;
    assert!(said.contains("missed"), "{said}");
    ensure!(installation.stop()?.success(), "it stops in order");
    Ok(())
}

#[test]
fn a_tenant_of_a_moment_ago_is_compared_with_now_without_showing_what_records_hold() -> Result<()> {
    let mut installation = Installation::new(STRUCT, &["--backup", "on", "--demo"])?;
    installation.start()?;
    let tenant = ["backup", "tenant-restore", "minato", "--to"];
    let unreasoned = [&tenant[..], &["2026-11-23T00:00:00Z", "--apply", "all"]].concat();
    let (status, said) = run(&installation, &unreasoned)?;
    assert!(status != 0 && said.contains("--reason"), "{said}");
    // The demo is filled before `struct up` says that it runs, and each second is committed.
    let to = jiff::Timestamp::now().to_string();
    let said = until("the moment in the repository", || {
        let (status, said) = run(&installation, &[&tenant[..], &[&to, "--json"]].concat())?;
        Ok((status == 0).then_some(said))
    })?;
    let found = document(&said)?;
    let entities = found["entities"].as_array().context("entities")?;
    let sum = |name: &str| entities.iter().filter_map(|one| one[name].as_u64()).sum::<u64>();
    assert!(sum("same") > 1_000, "{said}");
    assert_eq!(sum("added") + sum("changed") + sum("deleted"), 0, "{said}");
    assert_eq!(copies(&installation), [] as [PathBuf; 0]);
    ensure!(installation.stop()?.success(), "it stops in order");
    Ok(())
}
