//! Appending what waits, as the sequencer does it, against PostgreSQL inserting the same leaves into a plain table: same
//! bytes under the same key (tenant and position), as many in one transaction, one statement each, under no row security.

use super::Stage;
use super::writes::SCREEN;
use crate::log::say;
use crate::trial::customers::customer;
use crate::trial::product::{ENTITY, SERVICE};
use crate::trial::report::{Target, median};
use anyhow::ensure;
use app::audit::proof::LogName;
use futures_util::stream::{StreamExt as _, TryStreamExt as _, iter};
use ledger::tile::{TilePath, decode_bundle};
use std::time::Instant;
use store::bench::Repeated;
use store::ledger::BATCH_ENTRIES;
use store::{Check, Head};

/// Entries written in one transaction while the queue is filled.
const ENTERED_AT_ONCE: u64 = 500;
/// Transactions at the same time meanwhile.
const ENTERING: usize = 4;

/// (b) Appending. Gives the last round's bundles, as they are served.
pub async fn measure(stage: &mut Stage, rounds: u64, leaves: u64) -> anyhow::Result<Vec<Vec<u8>>> {
    let (mut ours, mut theirs, mut bundles) = (Vec::new(), Vec::new(), Vec::new());
    stage.unserved.app.sequence_once().await?;
    for round in 1..=rounds {
        let from = stage.unserved.app.store().log(stage.caller.tenant).await?.map_or(0, |row| row.size);
        fill(stage, leaves).await?;
        stage.plain.settle(&stage.table).await?;
        let since = Instant::now();
        let done = stage.unserved.app.sequence_once().await?;
        ours.push(leaves as f64 / since.elapsed().as_secs_f64());
        ensure!(done.failed == 0 && done.entries as u64 >= leaves, "{done:?}");
        bundles = served(stage, from, from + leaves).await?;
        let bytes: Vec<Vec<u8>> =
            bundles.iter().flat_map(|bundle| decode_bundle(bundle).into_iter().flatten().map(<[u8]>::to_vec)).collect();
        let since = Instant::now();
        stage.plain.insert(&bytes, BATCH_ENTRIES).await?;
        theirs.push(bytes.len() as f64 / since.elapsed().as_secs_f64());
        if let (Some(ours), Some(theirs)) = (ours.last(), theirs.last()) {
            say(&format!("append, round {round}: STRUCT {ours:.0} leaves/s, INSERT {theirs:.0} leaves/s"));
        }
    }
    stage.report.figure("append.waiting", leaves as f64, "entries");
    stage.report.figure("append.struct_leaves_per_s", median(&ours), "/s");
    stage.report.figure("append.insert_leaves_per_s", median(&theirs), "/s");
    let ratios: Vec<f64> = ours.iter().zip(&theirs).map(|(ours, theirs)| ours / theirs).collect();
    stage.report.ratio("append", &ratios, Target::AtLeast(0.5));
    Ok(bundles)
}

/// Writes entries until so many wait.
async fn fill(stage: &mut Stage, leaves: u64) -> anyhow::Result<()> {
    let (app, caller) = (&stage.unserved.app, &stage.caller);
    let head = Head { tenant: caller.tenant, check: Check::Nothing };
    let starts = (stage.turn..stage.turn + leaves).step_by(usize::try_from(ENTERED_AT_ONCE)?);
    let until = stage.turn + leaves;
    iter(starts)
        .map(|start| async move {
            let entries = (start..(start + ENTERED_AT_ONCE).min(until)).map(|turn| {
                app.entry_weighed(
                    caller,
                    Repeated::id(turn).into(),
                    (SERVICE, SCREEN, ENTITY),
                    &customer("W", turn).values,
                )
            });
            let entries = entries.collect::<Result<Vec<_>, _>>()?;
            Ok::<(), anyhow::Error>(app.store().enter(head, &entries).await?)
        })
        .buffer_unordered(ENTERING)
        .try_collect::<Vec<()>>()
        .await?;
    stage.turn = until;
    Ok(())
}

/// The bundles in which these positions stand.
async fn served(stage: &Stage, from: u64, until: u64) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut bundles = Vec::new();
    for index in from / 256..until.div_ceil(256) {
        let Some(path) = TilePath::entries_in_tree(index, until) else { continue };
        let bundle = stage.unserved.app.log_tile(LogName::Tenant(stage.caller.tenant), path).await?;
        bundles.extend(bundle);
    }
    Ok(bundles)
}
