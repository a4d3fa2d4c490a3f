//! Records made through STRUCT's own flight on sixteen connections, with their entry and without it. With it means all of
//! it: sealing the detail, the entry and its place in the queue, and the sequencer appending in the background.

use super::Stage;
use crate::bench::load::CONNECTIONS;
use crate::log::say;
use crate::trial::customers::{Customer, customer};
use crate::trial::product::{ENTITY, SERVICE};
use crate::trial::report::{Target, median};
use app::{App, Caller};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use store::bench::Repeated;
use tokio::sync::watch;

/// Different customers, repeated with other numbers by both sides.
const SHAPES: u64 = 16;
/// Numbers of shapes: beyond those of any file.
const SHAPE_NUMBERS: u64 = 5_000_000;
/// The screen on which records are made.
pub const SCREEN: &str = "customer_form";
/// Both sides write this long before anything counts.
const WARM_UP: Duration = Duration::from_secs(1);

struct Writing {
    app: Arc<App>,
    caller: Caller,
    repeated: Repeated,
    values: Vec<Customer>,
    turn: AtomicU64,
}

/// (a) Committed writes.
pub async fn measure(stage: &mut Stage, rounds: u64, length: Duration) -> anyhow::Result<()> {
    let writing = Arc::new(prepare(stage).await?);
    let (stop, stopped) = watch::channel(false);
    // At its normal pace; without entries it finds nothing to do.
    let sequencing = tokio::spawn(Arc::clone(&stage.unserved.app).sequence(stopped));
    for entered in [true, false] {
        drive(&writing, entered, WARM_UP).await?;
    }
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        // What one side left waiting must not be appended on the other's time, and none is always first.
        let order = if round % 2 == 1 { [true, false] } else { [false, true] };
        for entered in order {
            stage.unserved.app.sequence_once().await?;
            stage.plain.settle(&stage.table).await?;
            let per_s = drive(&writing, entered, length).await?;
            if entered { with.push(per_s) } else { without.push(per_s) }
        }
        if let (Some(with), Some(without)) = (with.last(), without.last()) {
            say(&format!("writes, round {round}: with the log {with:.0}/s, without entry {without:.0}/s"));
        }
    }
    let _ = stop.send(true);
    sequencing.await?;
    stage.turn = writing.turn.load(Ordering::Relaxed);
    stage.report.figure("writes.with_log_per_s", median(&with), "/s");
    stage.report.figure("writes.without_entry_per_s", median(&without), "/s");
    let ratios: Vec<f64> = with.iter().zip(&without).map(|(with, without)| with / without).collect();
    stage.report.ratio("writes", &ratios, Target::AtLeast(0.8));
    Ok(())
}

async fn prepare(stage: &Stage) -> anyhow::Result<Writing> {
    let (app, caller) = (&stage.unserved.app, &stage.caller);
    let values: Vec<Customer> = (SHAPE_NUMBERS..SHAPE_NUMBERS + SHAPES).map(|number| customer("@", number)).collect();
    for customer in &values {
        let typed = customer.values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        app.record_create(caller, SERVICE, ENTITY, typed).await?;
    }
    let repeated = Repeated::prepare(
        &stage.unserved.addresses().app,
        app.store().clone(),
        &stage.table,
        (caller.tenant, caller.user, caller.session),
        "number",
        i64::try_from(SHAPES)?,
    )
    .await?;
    Ok(Writing { app: Arc::clone(app), caller: caller.clone(), repeated, values, turn: AtomicU64::new(0) })
}

/// Writes on all connections at once; how many in a second. The first that fails ends it.
async fn drive(writing: &Arc<Writing>, entered: bool, length: Duration) -> anyhow::Result<f64> {
    let since = Instant::now();
    let until = since + length;
    let one = |writing: Arc<Writing>| async move {
        let mut done = 0_u64;
        while Instant::now() < until {
            let turn = writing.turn.fetch_add(1, Ordering::Relaxed);
            let entry = if entered { Some(writing.entry(turn)?) } else { None };
            writing.repeated.make(turn, entry).await?;
            done += 1;
        }
        anyhow::Ok(done)
    };
    let tasks: Vec<_> = (0..CONNECTIONS).map(|_| tokio::spawn(one(Arc::clone(writing)))).collect();
    let mut done = 0;
    for task in tasks {
        done += task.await??;
    }
    Ok(done as f64 / since.elapsed().as_secs_f64())
}

impl Writing {
    fn entry(&self, turn: u64) -> anyhow::Result<store::audit::SealedEntry> {
        let place = (SERVICE, SCREEN, ENTITY);
        let values = &self.values[usize::try_from(turn % SHAPES)?].values;
        Ok(self.app.entry_weighed(&self.caller, Repeated::id(turn).into(), place, values)?)
    }
}
