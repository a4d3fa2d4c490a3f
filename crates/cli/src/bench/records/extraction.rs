//! Extraction against COPY of the same rows, and what it takes in memory. The file is read through HTTPS and counted.

use super::{Stage, mib};
use crate::log::say;
use crate::trial::product::API;
use crate::trial::report::{Target, median};
use anyhow::ensure;
use std::time::{Duration, Instant};

/// Rows of the small extraction.
const FEW: u64 = 10_000;
/// How much more memory all rows may take than a few, in MiB.
const GROWTH_MIB: f64 = 32.0;
/// The file asked for.
const FORMAT: &str = "extract?format=csv";

/// A file that came in.
struct Extracted {
    rows: u64,
    bytes: u64,
    seconds: f64,
}

/// (c) Rows in a second, CSV through HTTPS against COPY through the socket.
pub async fn measure(stage: &mut Stage, rounds: u64) -> anyhow::Result<()> {
    let (mut ours, mut theirs, mut rows) = (Vec::new(), Vec::new(), 0);
    for round in 1..=rounds {
        let extracted = extract(stage, FORMAT).await?;
        let since = Instant::now();
        let copied = stage.plain.copy_out(&stage.table, stage.member.tenant).await?;
        let seconds = since.elapsed().as_secs_f64();
        ensure!(extracted.rows == copied.rows, "{} rows were extracted, {} copied", extracted.rows, copied.rows);
        rows = copied.rows;
        ours.push(extracted.rows as f64 / extracted.seconds);
        theirs.push(copied.rows as f64 / seconds);
        say(&format!(
            "extract, round {round}: {} rows, STRUCT {:.1} s ({:.0} MiB), COPY {seconds:.1} s ({:.0} MiB)",
            copied.rows,
            extracted.seconds,
            mib(extracted.bytes),
            mib(copied.bytes)
        ));
    }
    stage.report.figure("extract.rows", rows as f64, "rows");
    stage.report.figure("extract.struct_rows_per_s", median(&ours), "/s");
    stage.report.figure("extract.copy_rows_per_s", median(&theirs), "/s");
    let ratios: Vec<f64> = ours.iter().zip(&theirs).map(|(ours, theirs)| ours / theirs).collect();
    stage.report.ratio("extract", &ratios, Target::AtLeast(0.3));
    Ok(())
}

/// (e) The most that was resident of a process that did nothing but extract since it started: all rows against a few.
pub async fn memory(stage: &mut Stage) -> anyhow::Result<()> {
    let loaded = stage.product.memory()?;
    stage.report.figure("memory.after_load_mib", mib(loaded.resident), "MiB");
    stage.report.figure("memory.load_peak_mib", mib(loaded.peak), "MiB");
    let few = peak(stage, &format!("{FORMAT}&f.annual_amount.to={FEW}")).await?;
    let all = peak(stage, FORMAT).await?;
    stage.report.figure("memory.extract_few_peak_mib", few, "MiB");
    stage.report.figure("memory.extract_all_peak_mib", all, "MiB");
    stage.report.bound("memory.extract_growth_mib", all - few, "MiB", Target::AtMost(GROWTH_MIB));
    Ok(())
}

async fn peak(stage: &mut Stage, path: &str) -> anyhow::Result<f64> {
    stage.product.stop().await?;
    stage.product.start().await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    stage.product.forget_peak()?;
    let before = stage.product.memory()?;
    let extracted = extract(stage, path).await?;
    let after = stage.product.memory()?;
    say(&format!(
        "{} rows extracted: peak {:.1} MiB, {:.1} MiB before",
        extracted.rows,
        mib(after.peak),
        mib(before.resident)
    ));
    Ok(mib(after.peak))
}

async fn extract(stage: &Stage, path: &str) -> anyhow::Result<Extracted> {
    let mut connection = stage.member.client.connect().await?;
    let (mut bytes, mut breaks) = (0, 0);
    let since = Instant::now();
    let take = |piece: &[u8]| {
        bytes += piece.len() as u64;
        // No made-up value holds a line break.
        breaks += piece.iter().filter(|byte| **byte == b'\n').count() as u64;
    };
    connection.stream(&format!("{API}/{path}"), take).await?;
    ensure!(breaks > 0, "a file has its headings at least");
    Ok(Extracted { rows: breaks - 1, bytes, seconds: since.elapsed().as_secs_f64() })
}
