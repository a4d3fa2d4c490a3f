//! `struct bench`: measures STRUCT against plain PostgreSQL on one cluster in one run. Prints every figure; judges by ratios.

mod backup;
mod enumeration;
mod ledger;
mod load;
mod records;

use crate::config::Config;
use clap::Subcommand;
use std::process::ExitCode;

/// Benches. Each prints what it measured and succeeds only if all its targets hold.
#[derive(Subcommand, Debug)]
pub enum Bench {
    /// Making, reading, searching and extracting records, against PostgreSQL doing the same by itself; and memory.
    Records(records::Options),
    /// What the log costs: writing with it, appending against plain inserts, verifying against bare SHA-256.
    Ledger(ledger::Options),
    /// What a backup costs those who work meanwhile, and how fast a restore is, against a plain copy.
    Backup(backup::Options),
    /// Whether the time of an answer tells which addresses have an account.
    Enumeration(enumeration::Options),
}

/// Runs a bench.
pub async fn run(config: &Config, bench: Bench) -> anyhow::Result<ExitCode> {
    match bench {
        Bench::Records(options) => records::run(config, &options).await,
        Bench::Ledger(options) => ledger::run(config, &options).await,
        Bench::Backup(options) => backup::run(config, &options).await,
        Bench::Enumeration(options) => enumeration::run(config, &options).await,
    }
}
