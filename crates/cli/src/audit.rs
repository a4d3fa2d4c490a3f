//! `struct audit`: what the operator asks of the logs. One subcommand a question; rules and texts are not here.

mod log;
mod signs;
mod stream;

use crate::config::Config;
use clap::Subcommand;
use std::process::ExitCode;

/// The logs.
#[derive(Subcommand, Debug)]
pub enum Audit {
    /// List open signs of fraud. Ends with 0 when there is none, 1 when there are some, 2 when that can't be told.
    Signs(signs::Signs),
    /// Send a tenant's log to a system elsewhere: list, add, remove, test.
    #[command(subcommand)]
    Stream(stream::Stream),
    /// Print the newest checkpoint of a tenant's log, or of the platform's: to be kept elsewhere.
    Checkpoint(log::Checkpoint),
    /// Check all logs against their checkpoints, the keyring and what is remembered outside the database.
    Check(log::Check),
    /// Write a tenant's whole log into a file for `struct-verify`. The tenant's log says so.
    Export(log::Export),
}

/// Runs a command.
pub async fn run(config: &Config, command: Audit) -> anyhow::Result<ExitCode> {
    match command {
        Audit::Signs(signs) => Ok(signs::run(config, &signs).await),
        Audit::Stream(stream) => stream::run(config, stream).await,
        Audit::Checkpoint(checkpoint) => log::checkpoint(config, &checkpoint).await,
        Audit::Check(check) => log::check(config, &check).await,
        Audit::Export(export) => log::export(config, &export).await,
    }
}
