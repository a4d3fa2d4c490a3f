//! `struct drill kill`: SIGKILL at random moments, to the serving process, to PostgreSQL, or to both, while files are
//! imported and records made. Afterwards every acknowledged write has to be there with its entry, and no entry alone.

mod traffic;
mod verdict;

use crate::config::Config;
use crate::log::say;
use crate::trial::customers::Dice;
use crate::trial::product::{self, Member, Product};
use anyhow::{Context as _, bail};
use app::App;
use clap::Args;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use traffic::Traffic;

/// How often a start that failed because of an earlier kill is tried again.
const STARTS: u32 = 10;
/// How long what is under way may take once the kills are spent.
const REST_LIMIT: Duration = Duration::from_secs(600);

/// Options of `struct drill kill`.
#[derive(Args, Debug)]
pub struct Options {
    /// How often something is killed.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    times: u64,
    /// The longest pause between two kills while everything runs, in seconds.
    #[arg(long, default_value_t = 1.5)]
    seconds_between: f64,
    /// Rows of each file imported.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    rows: u64,
    /// Another number makes other moments and victims.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print one JSON object in the last line.
    #[arg(long)]
    json: bool,
}

/// What was killed how often.
#[derive(Clone, Copy, Debug, Default)]
struct Kills {
    serving: u64,
    postgres: u64,
    both: u64,
    while_starting: u64,
    failed_starts: u64,
}

impl Kills {
    fn all(self) -> u64 {
        self.serving + self.postgres + self.both
    }
}

/// Runs the drill, and clears up whatever happens.
pub async fn run(config: &Config, options: &Options) -> anyhow::Result<ExitCode> {
    let mut product = Product::new(config)?;
    product.start().await?;
    let done = tokio::select! {
        done = drill(&mut product, options) => done,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    let stopped = product.stop().await;
    let verdict = done.with_context(|| format!("the end of STRUCT's log:\n{}", product.said()))?;
    stopped?;
    Ok(verdict.finish(options.json))
}

async fn drill(product: &mut Product, options: &Options) -> anyhow::Result<verdict::Verdict> {
    let app = product.app()?;
    let service = product.install(&app).await?;
    let table = product::table(&service)?;
    let member = Arc::new(product.member(&app, &service, "drill").await?);
    let mut traffic = Traffic::start(&app, &member, options.rows);
    let kills = kill_all(product, options).await?;
    rest(&app, &member, &mut traffic).await?;
    let seen = traffic.end().await?;
    verdict::reach(&product.addresses().app, &table, &member, kills, seen).await
}

/// Kills until the number is spent; starts again what is not started again by itself.
async fn kill_all(product: &mut Product, options: &Options) -> anyhow::Result<Kills> {
    let mut dice = Dice(options.seed);
    let mut kills = Kills::default();
    let longest = (options.seconds_between.clamp(0.01, 3600.0) * 1000.0) as u64;
    while kills.all() < options.times {
        pause(&mut dice, longest).await;
        kill_one(product, &mut dice, &mut kills).await?;
        // Some kills meet a start, recovery included.
        while dice.below(4) == 0 && kills.all() < options.times {
            let _ = product.launch_if_ended();
            pause(&mut dice, 400).await;
            kill_one(product, &mut dice, &mut kills).await?;
            kills.while_starting += 1;
        }
        kills.failed_starts += start(product).await?;
        if kills.all() % 25 == 0 {
            say(&format!("{} of {} kills", kills.all(), options.times));
        }
    }
    Ok(kills)
}

async fn pause(dice: &mut Dice, longest_ms: u64) {
    tokio::time::sleep(Duration::from_millis(5 + dice.below(longest_ms))).await;
}

async fn kill_one(product: &mut Product, dice: &mut Dice, kills: &mut Kills) -> anyhow::Result<()> {
    match dice.below(10) {
        0..5 => {
            product.kill().await?;
            kills.serving += 1;
        }
        // A PostgreSQL that is being started again at this very moment is not there to be killed: that is no kill.
        5..8 => kills.postgres += u64::from(product.kill_postgres()?),
        _ => {
            product.kill().await?;
            product.kill_postgres()?;
            kills.both += 1;
        }
    }
    Ok(())
}

/// Waits until it serves, starting it if it does not run; how often that took more than once.
async fn start(product: &mut Product) -> anyhow::Result<u64> {
    for failed in 0..STARTS {
        product.launch_if_ended()?;
        match product.ready().await {
            Ok(()) => return Ok(failed.into()),
            // A PostgreSQL killed under a process that was starting makes that start fail, with a clear error.
            Err(error) => say(&format!("a start failed and is tried again: {error:#}")),
        }
    }
    bail!("it did not start {STARTS} times in a row")
}

/// Waits until nothing is under way any more.
async fn rest(app: &App, member: &Member, traffic: &mut Traffic) -> anyhow::Result<()> {
    let since = Instant::now();
    tokio::time::timeout(REST_LIMIT, traffic.wind_down())
        .await
        .context("an import was still under way at the limit")??;
    while traffic::jobs_under_way(app, member).await.unwrap_or(true) {
        if since.elapsed() > REST_LIMIT {
            bail!("a job was still under way at the limit");
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}
