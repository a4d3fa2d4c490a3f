//! Backups as an operator meets them: made from the first start on, listed, verified, and the lost database brought back by them. The
//! silent ways in which they stop are tried in `app`.
#![allow(clippy::disallowed_methods, reason = "commands are run as an operator runs them")]

use crate::STRUCT;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use testkit::installation::Installation;

/// The first full backup is made right after the start; on a busy machine that takes its time.
const PATIENCE: Duration = Duration::from_secs(180);
const PAUSE: Duration = Duration::from_millis(200);

/// One of the commands, with its exit status and what it said.
fn backup(installation: &Installation, arguments: &[&str]) -> Result<(i32, String)> {
    let output = Command::new(STRUCT)
        .args(["backup"])
        .args(arguments)
        .arg("--data-dir")
        .arg(installation.folder())
        .args(["--backup", "on"])
        .current_dir("/")
        .output()?;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.code().context("it ended by itself")?, String::from_utf8_lossy(&said).into_owned()))
}

/// What it printed as JSON.
fn document(said: &str) -> Result<Value> {
    let line = said.lines().find(|line| line.starts_with('{')).with_context(|| said.to_owned())?;
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

fn listed(installation: &Installation) -> Result<Value> {
    document(&backup(installation, &["list", "--json"])?.1)
}

fn backups(listed: &Value) -> usize {
    listed["backups"].as_array().map_or(0, Vec::len)
}

/// The newest segment's timeline, by the names in the repository's folder.
fn timelines(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let below = |folder: &Path| -> Vec<std::path::PathBuf> {
        std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path()).collect()
    };
    for segments in below(&folder.join("archive/struct")).iter().flat_map(|id| below(id)).filter(|path| path.is_dir()) {
        let name = segments.file_name().map(|name| name.to_string_lossy()[..8].to_owned());
        found.extend(name.filter(|_| !below(&segments).is_empty()));
    }
    found.sort();
    found
}

#[test]
fn a_lost_database_comes_back_from_its_backups_and_backups_go_on() -> Result<()> {
    let mut installation = Installation::new(STRUCT, &["--backup", "on"])?;
    let (status, said) = backup(&installation, &["restore", "--to", "yesterday"])?;
    assert!(status != 0 && said.contains("struct backup list"), "{said}");
    installation.start()?;
    let first = until("the first backup", || Ok(Some(listed(&installation)?).filter(|listed| backups(listed) > 0)))?;
    assert_eq!(first["backups"][0]["kind"], "full");
    assert_eq!(first["cipher"], "aes-256-cbc");

    let (status, said) = until("the end of another run", || {
        Ok(Some(backup(&installation, &["now", "--json"])?).filter(|(status, _)| *status != 3))
    })?;
    assert_eq!(status, 0, "{said}");
    assert_eq!(document(&said)?["kind"], "differential");
    let (status, said) = backup(&installation, &["verify", "--json"])?;
    assert!(status == 0 && document(&said)?["whole"] == true, "{said}");
    // Restored to its place only when nothing is there.
    let (status, said) = backup(&installation, &["restore", "--to", "latest"])?;
    assert!(status != 0 && said.contains("--into"), "a running one: {said}");

    let before = until("a log that is young", || {
        let (_, said) = backup(&installation, &["status", "--json"])?;
        let status = document(&said)?;
        Ok(Some(status).filter(|status| status["rpo_s"].as_i64().is_some_and(|rpo_s| rpo_s < 60)))
    })?;
    assert_eq!(before["off"], Value::Null);
    installation.kill()?;
    installation.kill_postmaster()?;
    let (status, said) = backup(&installation, &["restore", "--to", "latest"])?;
    assert!(status != 0 && said.contains("move it away first"), "{said}");
    // Those that the first process had started end a moment later, and write until then.
    until("the end of all writing", || Ok(std::fs::remove_dir_all(installation.folder().join("postgres")).ok()))?;
    let (status, said) = backup(&installation, &["restore", "--to", "2001-01-01T00:00:00Z"])?;
    assert!(status != 0 && said.contains("the nearest that can"), "{said}");
    let (status, said) = backup(&installation, &["restore", "--to", "latest"])?;
    assert!(status == 0 && said.contains("struct up"), "{said}");

    installation.start()?;
    assert!(installation.is_ready());
    // On a timeline of its own, whose log arrives, and from which backups are made.
    let repository = installation.folder().join("backup/repository");
    until("the log of the new timeline", || Ok(timelines(&repository).contains(&"00000002".to_owned()).then_some(())))?;
    let (status, said) = until("the end of another run", || {
        Ok(Some(backup(&installation, &["now", "--json"])?).filter(|(status, _)| *status != 3))
    })?;
    assert_eq!(status, 0, "{said}");
    assert!(backups(&listed(&installation)?) > 2);
    ensure!(installation.stop()?.success(), "it stops in order");
    Ok(())
}
