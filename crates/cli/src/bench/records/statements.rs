//! Making and reading one record at a time: through HTTPS on sixteen connections, and by pgbench on as many.

use super::Stage;
use crate::bench::load::{Done, Load, Pgbench, Work};
use crate::log::say;
use crate::trial::client::Connection;
use crate::trial::customers::customer;
use crate::trial::product::API;
use crate::trial::report::{Target, median};
use anyhow::Context as _;
use http::StatusCode;
use std::sync::Arc;
use std::time::Duration;
use store::bench::Plain;

/// Different customers, repeated with other numbers by both sides.
const SHAPES: u64 = 64;
/// Numbers of shapes: beyond those of any file.
const SHAPE_NUMBERS: u64 = 5_000_000;
/// Records read, spread over all.
const READ: usize = 20_000;

/// Makes customers of some shapes, each with a number of its own.
struct Creation {
    shapes: Vec<(String, String)>,
}

impl Creation {
    fn new() -> anyhow::Result<Self> {
        let shape = |number| {
            let document = customer("@", number).document();
            let (head, tail) =
                document.split_once(&format!("@{number:07}")).context("the number stands in the document")?;
            Ok((head.to_owned(), tail.to_owned()))
        };
        Ok(Self { shapes: (SHAPE_NUMBERS..SHAPE_NUMBERS + SHAPES).map(shape).collect::<anyhow::Result<_>>()? })
    }

    fn document(&self, code: &str, turn: u64) -> String {
        let (head, tail) = &self.shapes[usize::try_from(turn % SHAPES).unwrap_or_default()];
        format!("{head}{code}{turn}{tail}")
    }
}

impl Work for Creation {
    async fn once(&self, connection: &mut Connection, turn: u64) -> anyhow::Result<()> {
        connection.post_json(API, self.document("M", turn)).await?.expect(StatusCode::CREATED).map(drop)
    }
}

/// Reads records, one after another from places far apart.
struct Reading {
    paths: Vec<String>,
}

impl Work for Reading {
    async fn once(&self, connection: &mut Connection, turn: u64) -> anyhow::Result<()> {
        let place =
            usize::try_from(turn.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16).unwrap_or_default() % self.paths.len();
        connection.get(&self.paths[place]).await?.expect(StatusCode::OK).map(drop)
    }
}

/// (a) Creation.
pub async fn creation(stage: &mut Stage, load: &mut Load, rounds: u64, length: Duration) -> anyhow::Result<()> {
    let work = Arc::new(Creation::new()?);
    // The other tenant's records, made by STRUCT, are what pgbench repeats.
    let mut connection = stage.other.client.connect().await?;
    for turn in 0..SHAPES {
        connection.post_json(API, work.document("S", turn)).await?.expect(StatusCode::CREATED)?;
    }
    let count = usize::try_from(SHAPES)?;
    let scripts = stage.plain.creations(&stage.table, stage.other.tenant, "number", count).await?;
    let pgbench = Pgbench::new(&stage.binaries, &stage.product, "create", &scripts)?;
    let target = Target::AtLeast(0.6);
    compare(stage, load, ("create", target), (&work, &pgbench), rounds, length).await
}

/// (b) Reading.
pub async fn reading(stage: &mut Stage, load: &mut Load, rounds: u64, length: Duration) -> anyhow::Result<()> {
    let (names, _) = super::search::names(stage).await?;
    let step = (names.len() / READ).max(1);
    let paths: Vec<String> = names.iter().step_by(step).map(|(id, _)| format!("{API}/{id}")).collect();
    let work = Arc::new(Reading { paths });
    let script = Plain::reading(&stage.table, stage.other.tenant, stage.plain.made().await?);
    let pgbench = Pgbench::new(&stage.binaries, &stage.product, "read", &[script])?;
    stage.plain.settle(&stage.table).await?;
    compare(stage, load, ("read", Target::AtLeast(0.4)), (&work, &pgbench), rounds, length).await
}

/// In each round one side works, then the other.
async fn compare<W: Work>(
    stage: &mut Stage,
    load: &mut Load,
    (name, target): (&'static str, Target),
    (work, pgbench): (&Arc<W>, &Pgbench),
    rounds: u64,
    length: Duration,
) -> anyhow::Result<()> {
    // Connections of the pool and prepared statements are made on first use; pgbench's figure leaves connecting out too.
    load.drive(work, Duration::from_millis(500)).await?;
    let (mut ours, mut theirs): (Vec<Done>, Vec<f64>) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        ours.push(load.drive(work, length).await?);
        theirs.push(pgbench.per_s(length).await?);
        if let (Some(done), Some(per_s)) = (ours.last(), theirs.last()) {
            say(&format!("{name}, round {round}: STRUCT {:.0}/s, pgbench {per_s:.0}/s", done.per_s));
        }
    }
    let middle = |of: fn(&Done) -> f64| median(&ours.iter().map(of).collect::<Vec<_>>());
    let report = &mut stage.report;
    report.figure(format!("{name}.struct_per_s"), middle(|done| done.per_s), "/s");
    report.figure(format!("{name}.struct_half_ms"), middle(|done| done.half_ms), "ms");
    report.figure(format!("{name}.struct_99_of_100_ms"), middle(|done| done.most_ms), "ms");
    report.figure(format!("{name}.pgbench_per_s"), median(&theirs), "/s");
    let ratios: Vec<f64> = ours.iter().zip(&theirs).map(|(done, per_s)| done.per_s / per_s).collect();
    report.ratio(name, &ratios, target);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_turn_makes_another_number_of_a_known_shape() {
        let creation = Creation::new().unwrap();
        let (one, other) = (creation.document("C", 3), creation.document("C", 3 + SHAPES));
        assert_ne!(one, other);
        assert_eq!(one.replace("\"C3\"", ""), other.replace("\"C67\"", ""));
        assert!(serde_json::from_str::<serde_json::Value>(&one).is_ok());
    }
}
