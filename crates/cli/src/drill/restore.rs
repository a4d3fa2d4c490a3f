//! `struct drill restore`: the database is lost while people write. PostgreSQL and STRUCT are killed, the database's folder is removed,
//! `struct backup restore --to latest` brings it back, and `struct up` goes on. Measured is the time that is lost; what is left has to
//! be a whole log that says itself what it lost.

mod customer;
mod traffic;
mod verdict;

use crate::config::Config;
use crate::log::say;
use crate::trial::customers::Dice;
use crate::trial::product::{self, ENTITY, Member, Product, SERVICE};
use anyhow::{Context as _, bail, ensure};
use app::App;
use clap::Args;
use customer::Customer;
use domain::claim::State;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::drill::{Inspector, Onlooker};
use store::record::RecordTable;
use traffic::Traffic;
use verdict::{Round, Verdict};

/// How long the first backup may take.
const BACKUP_LIMIT: Duration = Duration::from_secs(300);
/// How long entries may wait for their place after a start.
const REST_LIMIT: Duration = Duration::from_secs(120);
/// How long processes of a killed PostgreSQL may go on writing into a folder that is being removed.
const REMOVAL_LIMIT: Duration = Duration::from_secs(30);
/// How often a state is looked at.
const PAUSE: Duration = Duration::from_millis(100);

/// Options of `struct drill restore`.
#[derive(Args, Debug)]
pub struct Options {
    /// How often the database is lost.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    rounds: u64,
    /// How long people write at least before it is lost, in seconds.
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u64).range(5..=3_600))]
    seconds: u64,
    /// And up to so many seconds longer, so that it meets any moment between two pieces of log.
    #[arg(long, default_value_t = 35)]
    spread_seconds: u64,
    /// Another number makes other moments.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The program `struct-verify`; by default the one beside this program.
    #[arg(long, value_name = "FILE")]
    verifier: Option<PathBuf>,
    /// Print one JSON object in the last line.
    #[arg(long)]
    json: bool,
}

/// Runs the drill, and clears up whatever happens.
pub async fn run(config: &Config, options: &Options) -> anyhow::Result<ExitCode> {
    let mut product = Product::with_backups(config)?;
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

async fn drill(product: &mut Product, options: &Options) -> anyhow::Result<Verdict> {
    let mut dice = Dice(options.seed);
    let (table, member) = {
        let app = product.app()?;
        let service = product.install(&app).await?;
        (product::table(&service)?, Arc::new(product.member(&app, &service, "drill").await?))
    };
    first_backup(product).await?;
    let mut verdict = Verdict::default();
    for number in 1..=options.rounds {
        let seconds = Duration::from_millis(options.seconds * 1000 + dice.below(options.spread_seconds * 1000 + 1));
        let round = round(product, &table, &member, (number, seconds), options).await?;
        say(&round.line(number));
        verdict.rounds.push(round);
    }
    Ok(verdict)
}

/// Waits for the backup that STRUCT makes of itself at its first start.
async fn first_backup(product: &Product) -> anyhow::Result<()> {
    let since = Instant::now();
    let app = product.app_with_backups().await?;
    let kept = app.backups().context("backups are on")?;
    while kept.repository.info().await?.backups.is_empty() {
        ensure!(since.elapsed() < BACKUP_LIMIT, "there was no backup within {} s", BACKUP_LIMIT.as_secs());
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

async fn round(
    product: &mut Product,
    table: &RecordTable,
    member: &Arc<Member>,
    (number, seconds): (u64, Duration),
    options: &Options,
) -> anyhow::Result<Round> {
    let mut customer = Customer::new(product, member.tenant, number, options.verifier.clone())?;
    rest(product, member).await?;
    customer.keeps_early(product)?;
    let traffic = Traffic::start(member, number);
    tokio::time::sleep(seconds).await;
    customer.keeps_late(product)?;
    product.kill().await?;
    product.kill_postgres()?;
    let lost_at = Instant::now();
    let acknowledged = traffic.end().await?;
    lose(product).await?;
    product.command(&["backup", "restore", "--to", "latest"]).await.context("the restore failed")?;
    let restored_ms = lost_at.elapsed().as_millis();
    product.start().await?;
    let served_ms = lost_at.elapsed().as_millis();
    rest(product, member).await?;
    let mut round = Round::new(acknowledged, restored_ms, served_ms);
    look(product, table, member, &mut round).await?;
    let app = product.app()?;
    customer.asks(&app, &mut round).await?;
    if !round.late_proven && !lost_ends(product)? {
        round.violation("the log has lost its end, and nothing was declared".to_owned());
    }
    Ok(round)
}

/// Removes the database: its processes end within a moment of their first one, and may still write.
async fn lose(product: &Product) -> anyhow::Result<()> {
    let folder = product.layout().postgres();
    let since = Instant::now();
    while folder.exists() {
        if let Err(error) = std::fs::remove_dir_all(&folder)
            && since.elapsed() > REMOVAL_LIMIT
        {
            bail!("{} can't be removed: {error}", folder.display());
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// Waits until all entries have their places.
async fn rest(product: &Product, member: &Member) -> anyhow::Result<()> {
    let onlooker = Onlooker::connect(&product.addresses().app).await?;
    let since = Instant::now();
    while onlooker.waiting(member.tenant).await? + onlooker.waiting(store::ledger::platform()).await? > 0 {
        ensure!(since.elapsed() < REST_LIMIT, "entries still waited at the limit");
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// What is there of what was acknowledged, whether records and entries belong together, and what STRUCT says of its logs.
async fn look(product: &Product, table: &RecordTable, member: &Member, round: &mut Round) -> anyhow::Result<()> {
    let inspector = Inspector::connect(&product.addresses().app, member.tenant).await?;
    let missing = inspector.missing(table, &round.acknowledged).await?;
    round.missing(&missing);
    round.together(&inspector.tally(table, SERVICE, ENTITY).await?);
    let app: Arc<App> = product.app()?;
    let checked = app.check_logs().await?;
    for log in checked.logs {
        log.faults.iter().for_each(|fault| round.violation(format!("{}: {fault}", log.origin)));
    }
    round.claim = app.log_claim().await?.0.code().to_owned();
    // What was lost is kept aside by name; a log that lost something makes the claim say so.
    let told = if lost_ends(product)? { State::AtRisk } else { State::Met };
    round.expected_claim = told.code().to_owned();
    Ok(())
}

/// Whether any log has lost its end, this time or before.
fn lost_ends(product: &Product) -> anyhow::Result<bool> {
    let names = std::fs::read_dir(product.layout().checkpoints())?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Ok(names.into_iter().any(|name| name.contains(".lost-")))
}
