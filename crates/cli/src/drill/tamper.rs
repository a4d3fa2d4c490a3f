//! `struct drill tamper`: a superuser of PostgreSQL changes what stands in a tenant's log, case after case, each on what was
//! there before. Every time the server's own check has to notice and turn the claim, and `struct-verify` has to refuse
//! what is downloaded afterwards.

mod customer;
mod stage;
mod verdict;

use crate::config::Config;
use crate::log::say;
use crate::trial::customers::Dice;
use anyhow::{bail, ensure};
use clap::Args;
use customer::{Answer, Customer};
use domain::claim::State;
use stage::Stage;
use std::path::PathBuf;
use std::process::ExitCode;
use store::drill::tamper::{Found, Rebuilt, Tampering};
use verdict::{Case, Verdict};

/// How often it is tried until a tampering changes something.
const ATTEMPTS: u32 = 100;

/// Options of `struct drill tamper`.
#[derive(Args, Debug)]
pub struct Options {
    /// How many cases.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    cases: u64,
    /// Another number makes other cases.
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
    let stage = Stage::set(config).await?;
    let done = tokio::select! {
        done = drill(&stage, options) => done,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    let stopped = stage.unserved.stop().await;
    let verdict = done?;
    stopped?;
    Ok(verdict.finish(options.json))
}

async fn drill(stage: &Stage, options: &Options) -> anyhow::Result<Verdict> {
    let mut dice = Dice(options.seed);
    let mut verdict = Verdict::default();
    let mut customers = Vec::new();
    for caller in &stage.callers {
        let customer = Customer::before(&stage.unserved, caller.tenant, options.verifier.clone()).await?;
        ensure!(customer.asks(stage).await? == Answer::Proven, "before anything was tampered with, the log is proven");
        customers.push(customer);
    }
    ensure!(stage.unserved.app.check_logs().await?.whole(), "before anything was tampered with, the logs are whole");
    stage.restore().await?;
    for number in 1..=options.cases {
        let customer = dice.one(&customers);
        // One after the other first, so that none is left out; then at random.
        let what = match usize::try_from(number - 1)? {
            place if place < Tampering::ALL.len() => Tampering::ALL[place],
            _ => *dice.one(&Tampering::ALL),
        };
        let case = case(stage, customer, what, &mut dice).await?;
        verdict.take(number, &case);
        stage.restore().await?;
        if number % 100 == 0 {
            say(&format!("{number} of {} cases", options.cases));
        }
    }
    Ok(verdict)
}

/// Tampers until something stands there that did not before: some cases come to nothing (two entries of the same words, a
/// hash that is made to fit again). What was made to fit afterwards.
async fn tampered(stage: &Stage, found: &Found, what: Tampering, dice: &mut Dice) -> anyhow::Result<Rebuilt> {
    for _ in 0..ATTEMPTS {
        let rebuilt = if what.is_of_leaves() { *dice.one(&Rebuilt::ALL) } else { Rebuilt::Nothing };
        stage.superuser.tamper(found, what, rebuilt, &mut |bound| dice.below(bound)).await?;
        if stage.superuser.fingerprint().await? != stage.fingerprint {
            return Ok(rebuilt);
        }
    }
    bail!("{what:?} changed nothing {ATTEMPTS} times in a row")
}

/// One case, from what was there before to what is noticed. The caller puts everything back.
async fn case(stage: &Stage, customer: &Customer, what: Tampering, dice: &mut Dice) -> anyhow::Result<Case> {
    let app = &stage.unserved.app;
    let found = stage.superuser.find(customer.tenant).await?;
    if what.is_of_waiting() {
        stage.act(customer.tenant).await?;
    }
    let rebuilt = tampered(stage, &found, what, dice).await?;
    // Life goes on meanwhile: in half of the cases the next entry is appended, or refused its place, before anybody looks.
    let appended = what.is_of_waiting() || dice.below(2) == 0;
    let mut told = false;
    if appended {
        stage.act(customer.tenant).await?;
        // What was put into a queue again is taken out of it, and told of at once.
        told = app.sequence_once().await?.again > 0 && app.log_claim().await?.0 == State::Missed;
    }
    let (noticed, faults): (bool, Vec<String>) = match app.check_logs().await {
        Ok(checked) => (!checked.whole(), checked.logs.into_iter().flat_map(|log| log.faults).collect()),
        Err(error) => (false, vec![format!("the check could not be made: {error}")]),
    };
    let (noticed, turned) = (noticed || told, told || app.log_claim().await?.0 == State::Missed);
    let answer = customer.asks(stage).await?;
    let shown = customer.is_shown_something_else(stage).await?;
    Ok(Case { what, rebuilt, appended, noticed, turned, answer, shown, faults })
}
