//! `struct drill`: breaks a throw-away STRUCT on purpose and says whether everything it had promised is there afterwards.
//! Touches no other installation.

mod kill;
mod ledger;
mod restore;
mod tamper;

use crate::config::Config;
use clap::Subcommand;
use std::process::ExitCode;

/// Drills. Each succeeds only without a violation.
#[derive(Subcommand, Debug)]
pub enum Drill {
    /// Kill its processes outright, again and again, while rows are imported and records made.
    Kill(kill::Options),
    /// Kill whichever server appends to the logs, again and again, while records are made.
    Ledger(ledger::Options),
    /// Lose the database while people write, bring it back from its backup, and measure what was lost.
    Restore(restore::Options),
    /// Tamper with a log as a superuser of PostgreSQL, and see who notices.
    Tamper(tamper::Options),
}

/// Runs a drill.
pub async fn run(config: &Config, drill: Drill) -> anyhow::Result<ExitCode> {
    match drill {
        Drill::Kill(options) => kill::run(config, &options).await,
        Drill::Ledger(options) => ledger::run(config, &options).await,
        Drill::Restore(options) => restore::run(config, &options).await,
        Drill::Tamper(options) => tamper::run(config, &options).await,
    }
}
