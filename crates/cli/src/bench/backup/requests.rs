//! Requests at the pace of people, without a backup and while a differential one is made. The pace is the same for both, well below
//! what the machine can do: what counts is what somebody waits for, not what a machine at its limit has left.

use super::Stage;
use crate::bench::load::{Done, Load, Work};
use crate::log::say;
use crate::trial::client::Connection;
use crate::trial::customers::customer;
use crate::trial::product::{API, Member};
use crate::trial::report::{Target, median};
use anyhow::Context as _;
use domain::backup::Kind;
use domain::id::RecordId;
use http::StatusCode;
use serde::Deserialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// By how much all but one in a hundred requests may take longer while a backup is made.
const SLOWER: f64 = 1.5;
/// One request in so many makes a record; the others read one.
const WRITE_EVERY: u64 = 5;
/// The pause of a connection between two requests.
const PACE: Duration = Duration::from_millis(50);
/// Records that are read.
const READ: u64 = 500;
/// How the numbers of customers begin that are made meanwhile.
const CODE: &str = "B";
/// Requests that count for nothing, until connections, pools and plans are there.
const WARM_UP: Duration = Duration::from_secs(2);
/// Longer than any backup of this size takes; the backup's end ends the round.
const LONGEST: Duration = Duration::from_secs(900);

#[derive(Deserialize)]
struct Made {
    id: RecordId,
}

/// Reading records, and now and then making one.
struct Day {
    paths: Vec<String>,
    over: AtomicBool,
}

impl Work for Day {
    async fn once(&self, connection: &mut Connection, turn: u64) -> anyhow::Result<()> {
        // The turn of a connection grows by their number: its higher digits tell one request from the next.
        let mixed = turn.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16;
        if mixed.is_multiple_of(WRITE_EVERY) {
            let document = customer(CODE, turn).document();
            return connection.post_json(API, document).await?.expect(StatusCode::CREATED).map(drop);
        }
        let place = usize::try_from(mixed).unwrap_or_default() % self.paths.len();
        connection.get(&self.paths[place]).await?.expect(StatusCode::OK).map(drop)
    }

    fn pace(&self) -> Duration {
        PACE
    }

    fn over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

/// In each round: without a backup, then while one is made.
pub async fn measure(stage: &mut Stage, rounds: u64, length: Duration) -> anyhow::Result<()> {
    let work = Arc::new(Day { paths: records(&stage.member).await?, over: AtomicBool::new(false) });
    let mut load = Load::connect(&stage.member.client).await?;
    say("waiting for the first backup and its drill");
    let (mut idle, mut during, mut took): (Vec<Done>, Vec<Done>, Vec<f64>) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=rounds {
        stage.quiet().await?;
        load.reconnect(&stage.member.client).await?;
        load.drive(&work, WARM_UP).await?;
        let before = load.drive(&work, length).await?;
        let (made, meanwhile) = while_backed_up(stage, &mut load, &work).await?;
        say(&format!(
            "round {round}: 99 of 100 within {:.1} ms ({:.0}/s); during a differential of {:.1} s within {:.1} ms ({:.0}/s)",
            before.most_ms, before.per_s, made, meanwhile.most_ms, meanwhile.per_s
        ));
        idle.push(before);
        during.push(meanwhile);
        took.push(made);
    }
    let middle = |all: &[Done], of: fn(&Done) -> f64| median(&all.iter().map(of).collect::<Vec<_>>());
    let report = &mut stage.report;
    report.figure("requests.idle_per_s", middle(&idle, |done| done.per_s), "/s");
    report.figure("requests.idle_half_ms", middle(&idle, |done| done.half_ms), "ms");
    report.figure("requests.idle_99_of_100_ms", middle(&idle, |done| done.most_ms), "ms");
    report.figure("requests.during_per_s", middle(&during, |done| done.per_s), "/s");
    report.figure("requests.during_half_ms", middle(&during, |done| done.half_ms), "ms");
    report.figure("requests.during_99_of_100_ms", middle(&during, |done| done.most_ms), "ms");
    report.figure("differential.took_s", median(&took), "s");
    let ratios: Vec<f64> = during.iter().zip(&idle).map(|(during, idle)| during.most_ms / idle.most_ms).collect();
    report.ratio("requests", &ratios, Target::AtMost(SLOWER));
    Ok(())
}

/// A differential, and requests until it is made. Seconds it took, and how the requests went.
async fn while_backed_up(stage: &Stage, load: &mut Load, work: &Arc<Day>) -> anyhow::Result<(f64, Done)> {
    work.over.store(false, Ordering::Relaxed);
    let backup = async {
        let made = stage.app.backup_now(Kind::Differential, |_| {}).await;
        work.over.store(true, Ordering::Relaxed);
        made.context("the differential failed")
    };
    let (made, done) = tokio::join!(backup, load.drive(work, LONGEST));
    work.over.store(false, Ordering::Relaxed);
    Ok((made?.took.as_secs_f64(), done?))
}

/// Records that are there to be read.
async fn records(member: &Member) -> anyhow::Result<Vec<String>> {
    let mut connection = member.client.connect().await?;
    let mut paths = Vec::new();
    for number in 0..READ {
        let answer = connection.post_json(API, customer("R", number).document()).await?.expect(StatusCode::CREATED)?;
        let made: Made = serde_json::from_slice(&answer.body)?;
        paths.push(format!("{API}/{}", made.id));
    }
    Ok(paths)
}
