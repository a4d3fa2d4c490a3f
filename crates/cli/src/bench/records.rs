//! `struct bench records`: the daily work on records through HTTPS, held against PostgreSQL doing the same statements,
//! selects, copies and searches by itself; and what it takes in memory. Each part stands in a file of its own.

mod extraction;
mod search;
mod statements;

use crate::bench::load::Load;
use crate::config::Config;
use crate::log::say;
use crate::trial::product::{self, Member, Product};
use crate::trial::report::{Report, Target};
use anyhow::{Context as _, ensure};
use app::App;
use clap::Args;
use host::postgres::{Binaries, find_binaries};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::bench::Plain;
use store::record::RecordTable;

/// Rows of one file: well below what a file may have in bytes.
const FILE_ROWS: u64 = 150_000;
/// How the numbers of imported customers begin.
const CODE: &str = "C";
/// Resident memory of a STRUCT nobody uses, in MiB.
const IDLE_MIB: f64 = 60.0;

/// Options of `struct bench records`.
#[derive(Args, Debug)]
pub struct Options {
    /// Print one JSON object in the last line.
    #[arg(long)]
    json: bool,
    /// How long each side works in a round.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Rounds; each side takes its turn in each, and the median of their ratios counts.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=99))]
    rounds: u64,
    /// Rows extracted.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1_000..))]
    rows: u64,
    /// Names searched.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1_000..))]
    names: u64,
}

/// Everything a part needs.
struct Stage {
    product: Product,
    binaries: Binaries,
    app: Arc<App>,
    table: RecordTable,
    /// The tenant measured through STRUCT.
    member: Member,
    /// The tenant whose rows pgbench makes and reads: same table, same indexes, another wall.
    other: Member,
    plain: Plain,
    report: Report,
    imported: u64,
}

/// Runs it, and clears up whatever happens.
pub async fn run(config: &Config, options: &Options) -> anyhow::Result<ExitCode> {
    let mut product = Product::new(config)?;
    let mut report = Report::new("records");
    let started = async {
        product.start().await?;
        // What starting left behind is given back within moments.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let memory = product.memory()?;
        report.bound("memory.idle_mib", mib(memory.resident), "MiB", Target::AtMost(IDLE_MIB));
        anyhow::Ok(())
    };
    started.await?;
    let mut stage = Stage::set(config, product, report).await?;
    let done = tokio::select! {
        done = stage.measure(options) => done,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    let stopped = stage.product.stop().await;
    done.with_context(|| format!("the end of STRUCT's log:\n{}", stage.product.said()))?;
    stopped?;
    Ok(stage.report.finish(options.json))
}

impl Stage {
    async fn set(config: &Config, product: Product, report: Report) -> anyhow::Result<Self> {
        let app = product.app()?;
        let service = product.install(&app).await?;
        let member = product.member(&app, &service, "measured").await?;
        let other = product.member(&app, &service, "plain").await?;
        let plain = Plain::prepare(&product.addresses().app, &product.owner()?).await?;
        let binaries = find_binaries(config.postgres.bin.as_deref())?;
        let table = product::table(&service)?;
        Ok(Self { product, binaries, app, table, member, other, plain, report, imported: 0 })
    }

    async fn measure(&mut self, options: &Options) -> anyhow::Result<()> {
        let length = Duration::from_secs(options.seconds);
        self.import(options.names).await?;
        search::measure(self, options).await?;
        let mut load = Load::connect(&self.member.client).await?;
        statements::creation(self, &mut load, options.rounds, length).await?;
        statements::reading(self, &mut load, options.rounds, length).await?;
        drop(load);
        self.import(options.rows).await?;
        extraction::measure(self, options.rounds).await?;
        extraction::memory(self).await
    }

    /// Imports customers until there are so many, file by file.
    async fn import(&mut self, until: u64) -> anyhow::Result<()> {
        let (before, since) = (self.imported, Instant::now());
        while self.imported < until {
            let end = (self.imported + FILE_ROWS).min(until);
            let job = self.member.import(CODE, self.imported + 1..end + 1).await?;
            self.member.imported(&self.app, job, end - self.imported).await?;
            self.imported = end;
            say(&format!("imported {end} of {until} rows"));
        }
        if self.imported > before {
            let per_s = (self.imported - before) as f64 / since.elapsed().as_secs_f64();
            self.report.figure(format!("import.to_{until}.rows_per_s"), per_s, "/s");
        }
        self.plain.settle(&self.table).await?;
        ensure!(self.imported >= until, "all were taken");
        Ok(())
    }
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1024.0 / 1024.0
}
