//! `struct bench`: measures STRUCT against plain PostgreSQL on one cluster in one run. Prints every figure; judges by ratios.

use crate::config::Config;
use clap::Subcommand;
use std::process::ExitCode;

/// Benches.
#[derive(Subcommand, Debug)]
pub enum Bench {}

/// Runs a bench.
pub async fn run(_config: &Config, bench: Bench) -> anyhow::Result<ExitCode> {
    match bench {}
}
