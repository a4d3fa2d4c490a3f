//! `struct drill ledger`: SIGKILL to whichever server appends to the logs, at random moments and in the midst of appending,
//! while members make records. Afterwards every acknowledged act has to be in its log once, and every checkpoint ever
//! published has to fit every other.

mod latency;
mod observer;
mod servers;
mod traffic;
mod verdict;

use crate::config::Config;
use crate::log::say;
use crate::trial::client::Client;
use crate::trial::customers::Dice;
use crate::trial::product::{Member, Product};
use anyhow::{Context as _, bail};
use clap::Args;
use domain::id::TenantId;
use observer::Observer;
use servers::Servers;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use store::drill::{Leading, Onlooker};
use traffic::Traffic;

/// How long it may take until somebody leads.
const LEADER_LIMIT: Duration = Duration::from_secs(60);
/// How often it is looked who leads.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// How long the right moment is waited for.
const MOMENT_LIMIT: Duration = Duration::from_millis(1_500);
/// How long what waits may take at the end.
const REST_LIMIT: Duration = Duration::from_secs(120);

/// Options of `struct drill ledger`.
#[derive(Args, Debug)]
pub struct Options {
    /// How often the leader is killed.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    kills: u64,
    /// The longest pause between a takeover and the next kill, in milliseconds.
    #[arg(long, default_value_t = 600)]
    pause_ms: u64,
    /// How long nobody is killed at the end, so that the ordinary time to a checkpoint shows.
    #[arg(long, default_value_t = 20)]
    calm_seconds: u64,
    /// Another number makes other moments.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print one JSON object in the last line.
    #[arg(long)]
    json: bool,
}

/// A kill and what followed.
#[derive(Clone, Debug)]
pub struct Kill {
    /// When, in microseconds of the database's clock.
    pub at_us: i64,
    /// When another led.
    pub led_us: i64,
    /// Whether it was in the midst of appending.
    pub appending: bool,
    /// Whom.
    pub name: String,
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
    let members = [product.member(&app, &service, "one").await?, product.member(&app, &service, "other").await?];
    let mut servers = Servers::start(product)?;
    let tenants: Vec<TenantId> = members.iter().map(|member| member.tenant).collect();
    let address = product.addresses().app;
    let public = vec![product.client()?, servers.client(&product.client()?)];
    let observer = Observer::start(&address, &tenants, public).await?;
    let both = |member: &Member| vec![member.client.clone(), servers.client(&member.client)];
    let clients: Vec<(TenantId, Vec<Client>)> = members.iter().map(|member| (member.tenant, both(member))).collect();
    let traffic = Traffic::start(&clients);
    let onlooker = Onlooker::connect(&address).await?;
    let kills = kill_all(product, &mut servers, &onlooker, options).await?;
    say("killed enough; a calm while");
    tokio::time::sleep(Duration::from_secs(options.calm_seconds)).await;
    let answers = traffic.end().await?;
    rest(&onlooker, &tenants).await?;
    let seen = observer.end().await?;
    servers.stop().await?;
    verdict::reach(&app, &onlooker, kills, answers, seen, &mut Dice(options.seed)).await
}

/// Kills leaders until the number is spent.
async fn kill_all(
    product: &mut Product,
    servers: &mut Servers,
    onlooker: &Onlooker,
    options: &Options,
) -> anyhow::Result<Vec<Kill>> {
    let mut dice = Dice(options.seed);
    let mut kills: Vec<Kill> = Vec::new();
    let (mut leader, _) = leads(onlooker, None).await?;
    while (kills.len() as u64) < options.kills {
        tokio::time::sleep(Duration::from_millis(dice.below(options.pause_ms.max(1)))).await;
        // Two of three die while they append; the others anywhere.
        let appending = dice.below(3) > 0 && moment(onlooker, &leader.name).await?;
        let (_, at_us) = onlooker.leader().await?;
        servers.kill(product, &leader.name).await?;
        let (next, led_us) = leads(onlooker, Some(&leader)).await?;
        kills.push(Kill { at_us, led_us, appending, name: std::mem::replace(&mut leader, next).name });
        if kills.len().is_multiple_of(50) {
            say(&format!("{} of {} kills", kills.len(), options.kills));
        }
    }
    // Whoever was killed last may still be starting.
    product.ready().await?;
    Ok(kills)
}

/// Waits until somebody leads, on another connection than before.
async fn leads(onlooker: &Onlooker, before: Option<&Leading>) -> anyhow::Result<(Leading, i64)> {
    let since = Instant::now();
    while since.elapsed() < LEADER_LIMIT {
        if let (Some(leader), at_us) = onlooker.leader().await?
            && before.is_none_or(|before| before.backend != leader.backend)
        {
            return Ok((leader, at_us));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    bail!("nobody led for {} s", LEADER_LIMIT.as_secs())
}

/// Waits until it appends; false when it did not within the limit.
async fn moment(onlooker: &Onlooker, leader: &str) -> anyhow::Result<bool> {
    let since = Instant::now();
    while since.elapsed() < MOMENT_LIMIT {
        if onlooker.appends(leader).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Waits until nothing waits any more.
async fn rest(onlooker: &Onlooker, tenants: &[TenantId]) -> anyhow::Result<()> {
    let since = Instant::now();
    loop {
        let mut waiting = 0;
        for log in tenants.iter().copied().chain([store::ledger::platform()]) {
            waiting += onlooker.waiting(log).await?;
        }
        if waiting == 0 {
            return Ok(());
        }
        if since.elapsed() > REST_LIMIT {
            bail!("{waiting} entries still waited at the limit");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
