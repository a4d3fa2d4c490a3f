//! `struct backup upgrade`: takes the repository over for a database that PostgreSQL's upgrade made of the one before. Upgrades no database.

use super::beside;
use crate::config::Config;
use crate::log::say;
use anyhow::bail;
use app::backup::Backups;
use clap::Args;
use std::process::ExitCode;

/// Options of `upgrade`.
#[derive(Args, Debug)]
pub struct Upgrade {
    /// The running database was made from the one whose backups are in the repository.
    #[arg(long, required = true)]
    same_database: bool,
}

/// Lets backups and the log of the database that runs follow those that are there. Never done without an order: to pgBackRest, an
/// upgraded database and a foreign one look the same.
pub async fn upgrade(config: &Config, _: &Upgrade) -> anyhow::Result<ExitCode> {
    let app = beside(config).await?;
    let Backups::On(kept) = &app.settings().backups else { bail!("there is no repository of backups: they are off") };
    kept.repository.stanza_upgrade().await?;
    kept.repository.check().await?;
    say(
        "The repository takes this database's log. Earlier backups stay until they expire; restoring them needs the PostgreSQL they were made with.\nMake a full backup now: struct backup now --full",
    );
    Ok(ExitCode::SUCCESS)
}
