//! `struct bench ledger`: what the log costs. Committed writes with it and without, appending against PostgreSQL's own
//! inserting of the same bytes, verifying against bare SHA-256. Each part stands in a file of its own.

mod append;
mod verification;
mod writes;

use crate::config::Config;
use crate::trial::product;
use crate::trial::report::Report;
use crate::trial::unserved::Unserved;
use anyhow::Context as _;
use app::Caller;
use clap::Args;
use std::process::ExitCode;
use std::time::Duration;
use store::bench::PlainLeaves;
use store::record::RecordTable;

/// Options of `struct bench ledger`.
#[derive(Args, Debug)]
pub struct Options {
    /// Print one JSON object in the last line.
    #[arg(long)]
    json: bool,
    /// How long each side writes in a round.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Rounds; each side takes its turn in each, and the median of their ratios counts.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=99))]
    rounds: u64,
    /// Entries that wait when appending is measured, and leaves that are verified.
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(1_000..=10_000_000))]
    leaves: u64,
}

/// Everything a part needs.
struct Stage {
    unserved: Unserved,
    caller: Caller,
    table: RecordTable,
    plain: PlainLeaves,
    report: Report,
    turn: u64,
}

/// Runs it, and clears up whatever happens.
pub async fn run(config: &Config, options: &Options) -> anyhow::Result<ExitCode> {
    let unserved = Unserved::start(config).await?;
    let service = unserved.install().await?;
    let caller = unserved.member(&service, "measured").await?;
    let owner = unserved.addresses().owner.context("a private database has an owner")?;
    let plain = PlainLeaves::prepare(&owner).await?;
    let table = product::table(&service)?;
    let mut stage = Stage { unserved, caller, table, plain, report: Report::new("ledger"), turn: 0 };
    let done = tokio::select! {
        done = stage.measure(options) => done,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    let Stage { unserved, report, .. } = stage;
    let stopped = unserved.stop().await;
    done?;
    stopped?;
    Ok(report.finish(options.json))
}

impl Stage {
    async fn measure(&mut self, options: &Options) -> anyhow::Result<()> {
        writes::measure(self, options.rounds, Duration::from_secs(options.seconds)).await?;
        let bundles = append::measure(self, options.rounds, options.leaves).await?;
        verification::measure(&mut self.report, &bundles, options.rounds)
    }
}
