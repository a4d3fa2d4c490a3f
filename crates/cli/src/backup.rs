//! `struct backup`: making backups by hand, looking at them, verifying and restoring them. Works beside a server, and where the
//! database is lost also without. The acts are `app`'s and `host`'s.

mod drill;
mod list;
mod now;
mod restore;
mod status;
mod tenant;
mod upgrade;
mod verify;
mod words;

use crate::config::Config;
use crate::operator::{Opened, addresses, app_with};
use anyhow::bail;
use app::App;
use app::backup::{Backups, Kept};
use clap::Subcommand;
pub use drill::Served;
use host::backup::Target;
use jiff::Timestamp;
use std::process::ExitCode;
use std::sync::Arc;

/// `struct backup`. Each ends with 0 when all is well and 1 when it could not be done or something is wrong; 2 when it can't be told, or
/// is about to go wrong; 3 when another run is under way.
#[derive(Subcommand, Debug)]
pub enum BackupCommand {
    /// Make a backup now, beside the plan.
    Now(now::Now),
    /// What is in the repository, and which moments can be had back.
    List(list::List),
    /// What is promised of backups and whether it is kept; the next runs.
    Status(status::Status),
    /// Read everything in the repository again and compare it with what was written.
    Verify(verify::Verify),
    /// Bring a moment back: beside what runs, or in place of a database that is lost.
    Restore(restore::Restore),
    /// One restore drill now: a moment brought back beside, looked through, and thrown away.
    Drill(drill::Drill),
    /// One tenant at one time: compared with now, and chosen records brought back.
    TenantRestore(tenant::TenantRestore),
    /// Take the repository over after an upgrade of PostgreSQL.
    Upgrade(upgrade::Upgrade),
}

/// Exit status when another run is under way.
const UNDER_WAY: u8 = 3;
/// Exit status when nothing is wrong yet, or it can't be told.
const UNSURE: u8 = 2;

/// Runs a command.
pub async fn run(config: &Config, command: BackupCommand) -> anyhow::Result<ExitCode> {
    match command {
        BackupCommand::Now(options) => now::now(config, &options).await,
        BackupCommand::List(options) => list::list(config, &options).await,
        BackupCommand::Status(options) => status::status(config, &options).await,
        BackupCommand::Verify(options) => verify::verify(config, &options).await,
        BackupCommand::Restore(options) => restore::restore(config, &options).await,
        BackupCommand::Drill(options) => drill::run(config, &options).await,
        BackupCommand::TenantRestore(options) => tenant::run(config, &options).await,
        BackupCommand::Upgrade(options) => upgrade::upgrade(config, &options).await,
    }
}

/// The repository, whether the database runs or not.
async fn kept(config: &Config) -> anyhow::Result<Kept> {
    match Opened::with_backups(config).await?.backups {
        Backups::On(kept) => Ok(kept),
        Backups::Off(said) => bail!("there is no repository of backups: {said}"),
    }
}

/// An `App` beside a server, which knows the repository.
async fn beside(config: &Config) -> anyhow::Result<Arc<App>> {
    let addresses = addresses(config)?;
    app_with(config, &addresses, false, Opened::with_backups(config).await?)
}

/// A moment, as typed: as `struct backup restore --to` takes it, but for names.
fn at(typed: &str) -> Result<Timestamp, String> {
    match restore::target(typed) {
        Ok(Target::Time(at)) => Ok(at),
        _ => Err("a moment, such as 2026-11-23T11:30:00+09:00, or 2026-11-23 11:30 in Japan's time".to_owned()),
    }
}
