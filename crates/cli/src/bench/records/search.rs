//! Partial search over sealed names against trigrams on a plain column: the same searches, the same answers, one
//! connection each. An answer that differs ends the bench: a fast wrong search would be worth nothing.

use super::{Options, Stage};
use crate::log::say;
use crate::trial::client::Connection;
use crate::trial::customers::Dice;
use crate::trial::product::API;
use crate::trial::report::{Target, median};
use anyhow::{Context as _, ensure};
use http::StatusCode;
use serde::Deserialize;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use store::bench::PAGE;
use uuid::Uuid;

/// Searches in all.
const SEARCHES: usize = 200;
/// Characters of the parts searched for, and how many searches have so many.
const LENGTHS: [(usize, usize); 3] = [(2, 80), (3, 60), (4, 60)];

/// A row of the file the names come from.
#[derive(Deserialize)]
struct NamedRow {
    id: Uuid,
    name: String,
}

/// An answer of the list.
#[derive(Deserialize)]
struct Found {
    records: Vec<FoundRecord>,
}

#[derive(Deserialize)]
struct FoundRecord {
    id: Uuid,
}

/// How long the searches took in a round, by length of their part.
type Times = HashMap<usize, Duration>;

/// Ids and names, as a search sees them, taken out through the product; and how many bytes that were.
pub async fn names(stage: &Stage) -> anyhow::Result<(Vec<(Uuid, String)>, u64)> {
    let mut file = Vec::new();
    let mut connection = stage.member.client.connect().await?;
    connection.stream(&format!("{API}/extract?format=ndjson"), |piece| file.extend_from_slice(piece)).await?;
    let lines = file.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let named = lines.map(|line| {
        let row: NamedRow = serde_json::from_slice(line)?;
        Ok((row.id, seal::normalise::text(&row.name)))
    });
    let named = named.collect::<anyhow::Result<_>>()?;
    Ok((named, file.len() as u64))
}

/// (d) Partial search.
pub async fn measure(stage: &mut Stage, options: &Options) -> anyhow::Result<()> {
    let (names, _) = names(stage).await?;
    ensure!(names.len() as u64 == options.names, "{} names are there", names.len());
    stage.plain.take_names(&names).await?;
    stage.plain.settle(&stage.table).await?;
    let parts = parts(&names);
    let mut connection = stage.member.client.connect().await?;
    for part in &parts {
        let (ours, theirs) = (ask(&mut connection, part).await?, stage.plain.search(part).await?);
        ensure!(found(&ours)? == theirs, "the answers for {part} differ");
    }
    let (mut ours, mut theirs): (Vec<Times>, Vec<Times>) = (Vec::new(), Vec::new());
    for round in 1..=options.rounds {
        let (mut own, mut plain) = (Times::new(), Times::new());
        for part in &parts {
            let since = Instant::now();
            ask(&mut connection, part).await?;
            *own.entry(part.chars().count()).or_default() += since.elapsed();
        }
        for part in &parts {
            let since = Instant::now();
            stage.plain.search(part).await?;
            *plain.entry(part.chars().count()).or_default() += since.elapsed();
        }
        say(&format!("search, round {round}: STRUCT {:.0} ms, pg_trgm {:.0} ms", total(&own), total(&plain)));
        ours.push(own);
        theirs.push(plain);
    }
    tell(stage, &ours, &theirs);
    Ok(())
}

fn tell(stage: &mut Stage, ours: &[Times], theirs: &[Times]) {
    let mut figure = |name: String, rounds: &[Times], of: &dyn Fn(&Times) -> f64| {
        stage.report.figure(name, median(&rounds.iter().map(of).collect::<Vec<_>>()), "ms");
    };
    for (length, searches) in LENGTHS {
        let mean =
            move |times: &Times| times.get(&length).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3 / searches as f64);
        figure(format!("search.{length}_characters.struct_mean_ms"), ours, &mean);
        figure(format!("search.{length}_characters.trgm_mean_ms"), theirs, &mean);
    }
    figure("search.struct_total_ms".to_owned(), ours, &total);
    figure("search.trgm_total_ms".to_owned(), theirs, &total);
    let ratios: Vec<f64> = ours.iter().zip(theirs).map(|(ours, theirs)| total(ours) / total(theirs)).collect();
    stage.report.ratio("search_time", &ratios, Target::AtMost(2.0));
}

fn total(times: &Times) -> f64 {
    times.values().sum::<Duration>().as_secs_f64() * 1e3
}

async fn ask(connection: &mut Connection, part: &str) -> anyhow::Result<hyper::body::Bytes> {
    let part: String = part.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let answer = connection.get(&format!("{API}?f.name.has={part}&limit={PAGE}")).await?;
    Ok(answer.expect(StatusCode::OK)?.body)
}

fn found(answer: &[u8]) -> anyhow::Result<Vec<Uuid>> {
    let found: Found = serde_json::from_slice(answer).context("a list of records was expected")?;
    Ok(found.records.into_iter().map(|record| record.id).collect())
}

/// What is searched for: parts of names, of each length half common and half rare ones, mixed.
fn parts(names: &[(Uuid, String)]) -> Vec<String> {
    let mut dice = Dice(7);
    let mut chosen = Vec::with_capacity(SEARCHES);
    for (length, searches) in LENGTHS {
        let mut times: HashMap<&str, usize> = HashMap::new();
        for (_, name) in names {
            let starts: Vec<usize> = name.char_indices().map(|(at, _)| at).chain([name.len()]).collect();
            for window in starts.windows(length + 1) {
                *times.entry(&name[window[0]..window[length]]).or_default() += 1;
            }
        }
        let mut by_times: Vec<(&str, usize)> = times.into_iter().collect();
        by_times.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let common = &by_times[..by_times.len().min(searches)];
        let rare = &by_times[by_times.len() / 2..];
        for place in 0..searches {
            let of = if place % 2 == 0 { common } else { rare };
            chosen.push(dice.one(of).0.to_owned());
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::customers::customer;

    #[test]
    fn the_searches_are_of_every_length_and_find_something() {
        let name = |number| customer("C", number).values.into_iter().find(|(field, _)| *field == "name").unwrap().1;
        let names: Vec<_> =
            (0..500).map(|number| (Uuid::from_u128(number.into()), seal::normalise::text(&name(number)))).collect();
        let parts = parts(&names);
        assert_eq!(parts.len(), SEARCHES);
        for part in &parts {
            assert!(names.iter().any(|(_, name)| name.contains(part.as_str())), "{part}");
        }
        assert_eq!(parts.iter().filter(|part| part.chars().count() == 4).count(), 60);
    }
}
