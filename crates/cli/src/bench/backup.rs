//! `struct bench backup`: what people notice while a differential backup is made, against the same requests without one; and how
//! fast a restore writes the database, against a plain copy of the same bytes. Each part stands in a file of its own.

mod requests;
mod throughput;

use crate::config::Config;
use crate::log::say;
use crate::trial::product::{Member, Product};
use crate::trial::report::Report;
use anyhow::{Context as _, ensure};
use app::App;
use clap::Args;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Rows of one file: well below what a file may have in bytes.
const FILE_ROWS: u64 = 150_000;
/// How the numbers of imported customers begin.
const CODE: &str = "C";
/// How long backups and drills that STRUCT makes by itself may take.
const QUIET_LIMIT: Duration = Duration::from_secs(900);
/// How often it is looked whether any goes on.
const PAUSE: Duration = Duration::from_millis(500);

/// Options of `struct bench backup`.
#[derive(Args, Debug)]
pub struct Options {
    /// Print one JSON object in the last line.
    #[arg(long)]
    json: bool,
    /// Rounds; each side takes its turn in each, and the median of their ratios counts.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=99))]
    rounds: u64,
    /// How long requests are measured without a backup in a round, in seconds.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Customers in the database.
    #[arg(long, default_value_t = 300_000, value_parser = clap::value_parser!(u64).range(1_000..=10_000_000))]
    rows: u64,
}

/// Everything a part needs.
struct Stage {
    product: Product,
    app: Arc<App>,
    member: Member,
    report: Report,
}

/// Runs it, and clears up whatever happens.
pub async fn run(config: &Config, options: &Options) -> anyhow::Result<ExitCode> {
    let mut product = Product::with_backups(config)?;
    product.start().await?;
    let mut stage = Stage::set(product).await?;
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
    async fn set(product: Product) -> anyhow::Result<Self> {
        let app = product.app_with_backups().await?;
        let service = product.install(&app).await?;
        let member = product.member(&app, &service, "measured").await?;
        Ok(Self { product, app, member, report: Report::new("backup") })
    }

    async fn measure(&mut self, options: &Options) -> anyhow::Result<()> {
        self.import(options.rows).await?;
        requests::measure(self, options.rounds, Duration::from_secs(options.seconds)).await?;
        throughput::measure(self, options.rounds).await
    }

    async fn import(&mut self, rows: u64) -> anyhow::Result<()> {
        let mut imported = 0;
        while imported < rows {
            let end = (imported + FILE_ROWS).min(rows);
            let job = self.member.import(CODE, imported + 1..end + 1).await?;
            self.member.imported(&self.app, job, end - imported).await?;
            imported = end;
            say(&format!("imported {end} of {rows} rows"));
        }
        Ok(())
    }

    /// Waits until STRUCT makes no backup and no drill, and owes none.
    async fn quiet(&self) -> anyhow::Result<()> {
        let since = Instant::now();
        loop {
            let seen = self.app.backup_overview().await?;
            let busy = seen.runs.iter().any(|run| run.outcome == "running");
            let newest = seen.backups.iter().map(|backup| backup.ended).max();
            let drilled = seen.drills.first().filter(|drill| drill.outcome != "running").map(|drill| drill.started_at);
            if !busy && newest.is_some() && drilled >= newest {
                return Ok(());
            }
            ensure!(since.elapsed() < QUIET_LIMIT, "a backup or its drill did not end in {} s", QUIET_LIMIT.as_secs());
            tokio::time::sleep(PAUSE).await;
        }
    }
}
