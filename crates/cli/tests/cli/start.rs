//! Starting, refusing to start, stopping, and starting again after a kill. What the pages do is in `journey`.
#![allow(clippy::disallowed_methods, reason = "a file system of its own is made with the system's tools")]
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

use crate::STRUCT;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use testkit::installation::Installation;

const ANY: &str = Installation::ANY;

/// Every file that is not PostgreSQL's own, with its length: what a refused start must leave as it was.
fn files(folder: &Path) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().filter_map(Result::ok) {
            let path = entry.path();
            match path.is_dir() {
                // These change while it runs.
                true if path.ends_with("postgres") || path.ends_with("checkpoints") => {}
                true => folders.push(path),
                false => drop(found.insert(path.display().to_string(), entry.metadata().map_or(0, |meta| meta.len()))),
            }
        }
    }
    found
}

#[test]
fn a_taken_port_is_refused_before_anything_is_made() -> Result<()> {
    let holder = TcpListener::bind("127.0.0.1:0")?;
    let taken = holder.local_addr()?.to_string();
    let installation = Installation::new(STRUCT, &[])?;
    for (https, http, option) in [(&*taken, ANY, "--https"), (ANY, &*taken, "--http")] {
        let (status, said) = installation.refusal(https, http, &[])?;
        assert!(!status.success() && said.contains(&taken) && said.contains(option), "{said}");
    }
    assert!(!installation.folder().join("postgres/PG_VERSION").exists() && !installation.has_postmaster());
    Ok(())
}

#[test]
fn without_postgresql_it_says_where_it_looked_and_how_to_get_one() -> Result<()> {
    let installation = Installation::new(STRUCT, &[])?;
    let empty = tempfile::tempdir()?;
    std::fs::set_permissions(empty.path(), std::fs::Permissions::from_mode(0o755))?;
    let config = empty.path().join("struct.toml");
    std::fs::write(&config, format!("[postgres]\nbin = {:?}\n", empty.path()))?;
    std::fs::set_permissions(&config, std::fs::Permissions::from_mode(0o644))?;
    let (status, said) = installation.refusal(ANY, ANY, &["--config", &config.display().to_string()])?;
    assert!(!status.success(), "{said}");
    assert!(said.contains(&empty.path().display().to_string()), "it doesn't say where it looked: {said}");
    Ok(())
}

#[test]
fn an_unknown_key_of_the_configuration_is_refused_with_its_name() -> Result<()> {
    let installation = Installation::new(STRUCT, &[])?;
    let folder = tempfile::tempdir()?;
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
    let config = folder.path().join("struct.toml");
    std::fs::write(&config, "[mail]\nhosst = \"mail.example.jp\"\n")?;
    std::fs::set_permissions(&config, std::fs::Permissions::from_mode(0o644))?;
    let (status, said) = installation.refusal(ANY, ANY, &["--config", &config.display().to_string()])?;
    assert!(!status.success() && said.contains("hosst") && said.contains("host"), "{said}");
    Ok(())
}

#[test]
fn a_start_by_which_data_could_leave_its_region_is_refused_with_the_lines_to_add() -> Result<()> {
    let installation = Installation::new(STRUCT, &[])?;
    let folder = tempfile::tempdir()?;
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
    let config = folder.path().join("struct.toml");
    let mail = "[mail]\nhost = \"192.0.2.25\"\n";
    let sink = |region: &str| format!("{mail}[[residency.sink]]\naddress = \"192.0.2.25:587\"\nregion = {region:?}\n");
    let networks = "[stream]\nallowed_networks = [\"10.20.0.0/16\"]\n".to_owned();
    for (text, told) in [
        (mail.to_owned(), "address = \"192.0.2.25\""),
        (sink("us-east-1"), "us-east"),
        (sink("tokyo"), "japaneast"),
        (networks, "address = \"10.20.0.0/16\""),
        ("[residency]\nregion = \"sg\"\n".to_owned(), "sg"),
        ("[residency]\nallowed = []\n".to_owned(), "allowed"),
        ("[[residency.sink]]\naddress = \"a b\"\nregion = \"jp-east\"\n".to_owned(), "no address of a sink"),
    ] {
        std::fs::write(&config, &text)?;
        std::fs::set_permissions(&config, std::fs::Permissions::from_mode(0o644))?;
        let (status, said) = installation.refusal(ANY, ANY, &["--config", &config.display().to_string()])?;
        assert!(!status.success() && said.contains(told), "{text}{said}");
        assert!(!installation.folder().join("keyring").exists(), "{text}: something was made");
    }
    Ok(())
}

#[test]
fn a_second_up_on_the_same_directory_is_refused_and_the_first_goes_on() -> Result<()> {
    let mut installation = Installation::new(STRUCT, &[])?;
    installation.start()?;
    let before = files(&installation.folder());
    let (status, said) = installation.refusal(ANY, ANY, &[])?;
    assert!(!status.success(), "{said}");
    let pid = installation.pid().context("the first one runs")?;
    assert!(said.contains(&pid.to_string()), "it doesn't name the first one's process {pid}: {said}");
    assert_eq!(files(&installation.folder()), before, "the refused start changed something");
    assert!(installation.is_ready(), "the first one stopped answering");
    assert!(installation.stop()?.success());
    Ok(())
}

#[test]
fn it_stops_at_sigterm_and_the_next_up_goes_on_with_the_same_keys() -> Result<()> {
    let mut installation = Installation::new(STRUCT, &[])?;
    installation.start()?;
    assert!(installation.is_ready());
    let keys = files(&installation.folder().join("keyring"));
    assert!(!keys.is_empty());
    assert!(installation.stop()?.success());
    assert!(!installation.has_postmaster(), "PostgreSQL was left behind");
    installation.start()?;
    assert!(installation.is_ready());
    assert_eq!(files(&installation.folder().join("keyring")), keys);
    assert!(installation.stop()?.success());
    Ok(())
}

#[test]
fn after_a_kill_of_any_process_it_just_works() -> Result<()> {
    let mut installation = Installation::new(STRUCT, &[])?;
    installation.start()?;
    installation.kill()?;
    installation.start().context("after a kill of struct")?;
    assert!(installation.is_ready());
    installation.kill_postmaster()?;
    installation.wait_until_ready().context("after a kill of PostgreSQL under it")?;
    installation.kill_postmaster()?;
    installation.kill()?;
    installation.start().context("after a kill of both")?;
    assert!(installation.is_ready());
    assert!(installation.stop()?.success());
    Ok(())
}

#[test]
fn root_that_names_no_folder_gets_one_that_the_account_it_becomes_finds_again() -> Result<()> {
    // In a file system of its own: the machine's folder is left alone.
    let inside = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--", "sh", "-c", script, STRUCT]).env_remove("STRUCT_DATA_DIR").env("HOME", "/root");
        command.output()
    };
    let possible = inside("mount -t tmpfs tmpfs /var/lib").is_ok_and(|done| done.status.success());
    if !rustix::process::geteuid().is_root() || !possible {
        eprintln!("skipped: only root has another account to become, and a file system of its own is needed");
        return Ok(());
    }
    let done = inside("mount -t tmpfs tmpfs /var/lib && \"$0\" doctor; stat -c %u:%a /var/lib/struct")?;
    let (said, complaint) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(said.contains("/var/lib/struct"), "{said}{complaint}");
    assert!(!complaint.contains("can't be made"), "{complaint}");
    let last = said.lines().last().unwrap_or_default();
    assert!(last.ends_with(":700") && !last.starts_with("0:"), "{last}");
    Ok(())
}

#[test]
fn nothing_of_it_runs_as_root_and_nobody_else_may_look_in() -> Result<()> {
    let mut installation = Installation::new(STRUCT, &[])?;
    installation.start()?;
    assert_ne!(installation.user_id()?, 0);
    let mode = std::fs::metadata(installation.folder())?.permissions().mode();
    assert_eq!(mode & 0o077, 0, "others may look into the data directory: {mode:o}");
    assert!(installation.stop()?.success());
    Ok(())
}

#[test]
fn the_plain_port_only_redirects_and_pages_carry_a_strict_policy() -> Result<()> {
    let mut installation = Installation::new(STRUCT, &[])?;
    installation.start()?;
    let plain = installation.visit_plain("/app")?;
    assert_eq!(plain.status, 308, "{}", plain.text);
    let location = format!("location: {}/app", installation.origin());
    assert!(plain.text.to_lowercase().contains(&location), "{}", plain.text);
    let page = installation.visit("/signin")?.text.to_lowercase();
    let policy = page.lines().find(|line| line.starts_with("content-security-policy:")).context("no policy")?;
    assert!(!policy.contains("unsafe-") && policy.contains("default-src 'none'"), "{policy}");
    assert!(page.contains("strict-transport-security:"), "{page}");
    assert!(installation.stop()?.success());
    Ok(())
}
