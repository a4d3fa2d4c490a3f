//! `struct backup restore`: a moment brought back beside what runs, or in place of a database that is lost. Overwrites nothing: what is
//! there has to be moved away first, by the one who knows that it is lost.

use super::kept;
use super::words::{self, Teller};
use crate::config::Config;
use crate::log::{complain, say};
use crate::machine::SystemClock;
use crate::place::Layout;
use anyhow::{Context as _, bail};
use app::backup::restored::Restoration;
use clap::Args;
use domain::time::Clock as _;
use host::backup::{Repository, RestoreOptions, Restored, Target};
use host::checkpoint::SeenCheckpoints;
use host::lock::DataDirLock;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{TimeZone, offset};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Options of `restore`.
#[derive(Args, Debug)]
pub struct Restore {
    /// A moment (2026-11-23T11:30:00+09:00, or 2026-11-23 11:30 in Japan's time), `latest`, or a backup's name.
    #[arg(long, value_name = "TIME|latest|NAME", value_parser = target)]
    to: Target,
    /// An empty folder, or one to be made. Without it, the lost database of the data directory is brought back.
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// Print one JSON object, and no progress.
    #[arg(long)]
    json: bool,
}

/// Hours that Japan is ahead of UTC: what stands on the pages.
const JAPAN_HOURS: i8 = 9;

/// What is to be brought back, as typed.
pub(super) fn target(typed: &str) -> Result<Target, String> {
    if typed == "latest" {
        return Ok(Target::Latest);
    }
    if let Ok(at) = typed.parse::<Timestamp>() {
        return Ok(Target::Time(at));
    }
    let japan = TimeZone::fixed(offset(JAPAN_HOURS));
    // A day alone is no moment.
    if typed.contains(':')
        && let Ok(at) = typed.parse::<DateTime>()
    {
        let at = at.to_zoned(japan).map_err(|error| error.to_string())?;
        return Ok(Target::Time(at.timestamp()));
    }
    let bytes = typed.as_bytes();
    if bytes.len() >= 16 && bytes[8] == b'-' && bytes[15] == b'F' && bytes[..8].iter().all(u8::is_ascii_digit) {
        return Ok(Target::Backup(typed.to_owned()));
    }
    Err("a moment (2026-11-23T11:30:00+09:00), `latest`, or a name of `struct backup list`".to_owned())
}

/// Restores.
pub async fn restore(config: &Config, options: &Restore) -> anyhow::Result<ExitCode> {
    let kept = kept(config).await?;
    if !options.json
        && let Target::Time(at) = &options.to
    {
        complain(&format!("To {at}."));
    }
    match &options.into {
        Some(into) => beside(&kept.repository, options, into).await,
        None => in_place(config, &kept.repository, options).await,
    }
}

async fn files(repository: &Repository, options: &Restore, into: &Path) -> anyhow::Result<Restored> {
    let mut teller = Teller::new(options.json);
    Ok(repository.restore(&options.to, into, RestoreOptions::default(), |now| teller.tell(now)).await?)
}

/// Beside what runs: files, then the log up to the moment, then stopped again.
async fn beside(repository: &Repository, options: &Restore, into: &Path) -> anyhow::Result<ExitCode> {
    let restored = files(repository, options, into).await?;
    if !options.json {
        complain("The files are there; replaying the log up to the moment.");
    }
    let mut running = restored.cluster.start().await?;
    running.stop_fast().await?;
    let cluster = restored.cluster.directory();
    say(&if options.json {
        told(&restored, &cluster).to_string()
    } else {
        format!(
            "{}\nIt is a cluster of its own that archives nothing. To look into it:\n  {} -D {} start\n  psql -h {} -p {} -U {} struct",
            summary(&restored),
            restored.cluster.binaries().dir().join("pg_ctl").display(),
            cluster.display(),
            restored.cluster.socket_dir().display(),
            host::postgres::PORT,
            host::postgres::SUPERUSER,
        )
    });
    Ok(ExitCode::SUCCESS)
}

/// In place of what is lost. The log is replayed by the next `struct up`, which archives from then on.
async fn in_place(config: &Config, repository: &Repository, options: &Restore) -> anyhow::Result<ExitCode> {
    let layout = Layout::new(config);
    let home = layout.postgres();
    let cluster = home.join("cluster");
    let _lock = DataDirLock::take(layout.root()).context(
        "a database is brought back in place only when STRUCT does not run; to look at a moment beside it: --into DIR",
    )?;
    if has_something(&cluster) {
        bail!(
            "the database {0} is there, and a restore overwrites nothing. If it is lost or broken, move it away first:\n  \
             mv {0} {0}.lost\nand run this again. To look at a moment beside it: --into DIR",
            cluster.display()
        );
    }
    if answers(&home) {
        bail!(
            "PostgreSQL still runs although its files are gone; end it first: see `ps`, and its socket in {}",
            home.join("run").display()
        );
    }
    let aside = Aside::new(options_stamp(repository).await?);
    let own = std::fs::read(home.join("own.conf")).ok();
    let moved = aside.move_away(&home)?;
    let restored = match files(repository, options, &home).await {
        Ok(restored) => restored,
        Err(error) => {
            if let Some(moved) = &moved {
                let _ = std::fs::remove_dir(&home);
                let _ = std::fs::rename(moved, &home);
            }
            return Err(error);
        }
    };
    if let Some(own) = own {
        std::fs::write(home.join("own.conf"), own)?;
    }
    // What this machine remembers of the logs may be later than what was brought back: the next start lets each log say so.
    let restoration = Restoration { at: SystemClock.now(), backup: restored.backup.clone(), to: named(&options.to) };
    SeenCheckpoints::new(&layout.checkpoints()).note_restored(&serde_json::to_string(&restoration)?)?;
    say(&if options.json {
        told(&restored, &cluster).to_string()
    } else {
        format!(
            "{}\nStart it: struct up. The log is replayed first, each log of entries says what it lost, and backups go on by themselves.",
            summary(&restored)
        )
    });
    Ok(ExitCode::SUCCESS)
}

/// What was asked for, in words.
fn named(to: &Target) -> String {
    match to {
        Target::Latest => "latest".to_owned(),
        Target::Time(at) => at.to_string(),
        Target::Backup(label) => label.clone(),
    }
}

/// A word that no earlier restore has used: the newest backup's name, which is also what a reader wants to know.
async fn options_stamp(repository: &Repository) -> anyhow::Result<String> {
    let info = repository.info().await?;
    Ok(info.backups.last().map_or_else(|| "restore".to_owned(), |backup| backup.label.clone()))
}

/// Moves things aside under a name that says when.
struct Aside(String);

impl Aside {
    fn new(stamp: String) -> Self {
        Self(stamp)
    }

    /// Moves a folder that holds something; where it is now.
    fn move_away(&self, folder: &Path) -> anyhow::Result<Option<PathBuf>> {
        if !has_something(folder) {
            return Ok(None);
        }
        let named = |turn: usize| {
            let mut name = folder.as_os_str().to_owned();
            name.push(format!(".before-{}", self.0));
            if turn > 0 {
                name.push(format!("-{turn}"));
            }
            PathBuf::from(name)
        };
        const MOST: usize = 100;
        let free = (0..MOST)
            .map(named)
            .find(|path| !path.exists())
            .context("too many folders were moved aside; remove some")?;
        std::fs::rename(folder, &free).with_context(|| format!("{} can't be moved aside", folder.display()))?;
        Ok(Some(free))
    }
}

fn has_something(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

/// Whether somebody answers at the socket of the private PostgreSQL.
fn answers(home: &Path) -> bool {
    let socket = home.join("run").join(format!(".s.PGSQL.{}", host::postgres::PORT));
    std::os::unix::net::UnixStream::connect(socket).is_ok()
}

fn summary(restored: &Restored) -> String {
    let took = words::seconds(i64::try_from(restored.took.as_secs()).unwrap_or(i64::MAX));
    format!("Restored {} from {} in {took}.", words::bytes(restored.bytes), restored.backup)
}

fn told(restored: &Restored, cluster: &Path) -> serde_json::Value {
    json!({
        "backup": restored.backup, "bytes": restored.bytes, "took_s": restored.took.as_secs(), "cluster": cluster,
        "socket_dir": restored.cluster.socket_dir(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_without_a_zone_is_japans_and_a_word_that_is_none_is_refused() {
        let at: Timestamp = "2026-11-23T02:30:00Z".parse().expect("an instant");
        for typed in ["2026-11-23T02:30:00Z", "2026-11-23T11:30:00+09:00", "2026-11-23 11:30", "2026-11-23T11:30:00"] {
            assert_eq!(target(typed), Ok(Target::Time(at)), "{typed}");
        }
        assert_eq!(target("latest"), Ok(Target::Latest));
        let label = "20261123-023434F_20261123-143000D";
        assert_eq!(target(label), Ok(Target::Backup(label.to_owned())));
        for typed in ["", "yesterday", "20261123", "2026-13-01T00:00:00Z"] {
            assert!(target(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn what_is_moved_aside_never_takes_the_place_of_what_was_moved_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let (home, aside) = (folder.path().join("postgres"), Aside::new("20261123-023434F".to_owned()));
        assert_eq!(aside.move_away(&home).expect("nothing there"), None);
        let mut moved = Vec::new();
        for _ in 0..2 {
            std::fs::create_dir(&home).expect("made");
            std::fs::write(home.join("file"), "x").expect("written");
            moved.push(aside.move_away(&home).expect("moved").expect("somewhere"));
        }
        assert!(moved[0] != moved[1] && moved.iter().all(|path| path.join("file").exists()), "{moved:?}");
    }
}
