//! `struct bench enumeration`: whether the time of an answer tells which addresses have an account. Pairs of requests, one with a
//! known address and one with an unknown one, through HTTPS; what counts is how far the medians lie apart. Whether the answers
//! themselves are equal is a test's.

use crate::config::Config;
use crate::trial::client::{Connection, whole};
use crate::trial::product::Product;
use crate::trial::report::{Report, Target, median};
use anyhow::ensure;
use app::App;
use clap::Args;
use jiff::SignedDuration;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

/// How far the medians may lie apart, in milliseconds.
const APART_MS: f64 = 1.0;
/// Pairs after which what was counted is forgotten: fewer than any budget lets through.
const PAIRS_A_BUDGET: u64 = 4;
/// How far in the future counting is forgotten from: beyond the longest wait.
const LATER_HOURS: i64 = 24 * 30;
/// The tenant that the known address belongs to.
const CODE: &str = "measured";
/// How forms are sent.
const FORM: &str = "application/x-www-form-urlencoded";

/// Options of `struct bench enumeration`.
#[derive(Args, Debug)]
pub struct Options {
    /// Print one JSON object in the last line.
    #[arg(long)]
    json: bool,
    /// Pairs of requests of each kind.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(10..=1_000_000))]
    pairs: u64,
}

/// A kind of request that names an address.
struct Kind {
    name: &'static str,
    path: &'static str,
    form: fn(&str) -> String,
    status: u16,
    /// Tries made before each measured one, so that it has to wait.
    before: u64,
}

const KINDS: [Kind; 3] = [
    Kind { name: "signin.apart_ms", path: "/signin", form: sign_in, status: 422, before: 0 },
    Kind { name: "signin_wait.apart_ms", path: "/signin", form: sign_in, status: 429, before: 10 },
    Kind { name: "recovery.apart_ms", path: "/recovery", form: recovery, status: 200, before: 0 },
];

fn sign_in(address: &str) -> String {
    format!("email={address}&password=not+the+password+at+all")
}

fn recovery(address: &str) -> String {
    format!("email={address}")
}

/// Runs it, and clears up whatever happens.
pub async fn run(config: &Config, options: &Options) -> anyhow::Result<ExitCode> {
    let mut product = Product::new(config)?;
    let mut report = Report::new("enumeration");
    product.start().await?;
    let done = tokio::select! {
        done = measure(&product, options.pairs, &mut report) => done,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    let stopped = product.stop().await;
    done?;
    stopped?;
    Ok(report.finish(options.json))
}

async fn measure(product: &Product, pairs: u64, report: &mut Report) -> anyhow::Result<()> {
    let app = product.app()?;
    let service = product.install(&app).await?;
    product.member(&app, &service, CODE).await?;
    let mut connection = product.client()?.connect().await?;
    for kind in &KINDS {
        let [known, unknown] = sides(&app, &mut connection, kind, pairs).await?;
        let (known, unknown) = (median(&known), median(&unknown));
        let name = kind.name.trim_end_matches("apart_ms");
        report.figure(format!("{name}known_ms"), known, "ms");
        report.figure(format!("{name}unknown_ms"), unknown, "ms");
        report.bound(kind.name, (known - unknown).abs(), "ms", Target::AtMost(APART_MS));
    }
    Ok(())
}

/// Times of answers to the known address and to the unknown one, in milliseconds. Which of the two goes first changes from pair to
/// pair, so that what one leaves to do falls on both.
async fn sides(app: &Arc<App>, connection: &mut Connection, kind: &Kind, pairs: u64) -> anyhow::Result<[Vec<f64>; 2]> {
    let addresses = [format!("administrator%40{CODE}.example.jp"), format!("administratrix%40{CODE}.example.jp")];
    let mut times = [Vec::new(), Vec::new()];
    for pair in 0..pairs {
        if pair % PAIRS_A_BUDGET == 0 {
            app.store().identity_forget(app.now() + SignedDuration::from_hours(LATER_HOURS)).await?;
            for address in &addresses {
                for _ in 0..kind.before {
                    connection.post(kind.path, FORM, whole((kind.form)(address))).await?;
                }
            }
        }
        for turn in 0..2 {
            let side = usize::try_from((pair + turn) % 2)?;
            let body = whole((kind.form)(&addresses[side]));
            let since = Instant::now();
            let answer = connection.post(kind.path, FORM, body).await?;
            times[side].push(since.elapsed().as_secs_f64() * 1_000.0);
            ensure!(answer.status.as_u16() == kind.status, "{} answered {}", kind.path, answer.status);
        }
    }
    Ok(times)
}
