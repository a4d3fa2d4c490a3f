//! Measures how fast a log is checked, against bare SHA-256 of the same bytes in the same run. Makes its own log; says nothing
//! about a customer's.

mod sample;

use crate::arguments::BenchArguments;
use crate::log::processors;
use crate::report::Verdict;
use crate::spread::in_order;
use ledger::hash::Hash;
use ledger::tile::TilePath;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// How often each is measured.
const ROUNDS: u32 = 5;

/// Makes a log, checks it as a folder and as a zip, and tells the figures.
pub fn run(arguments: &BenchArguments) -> (String, u8) {
    match measured(arguments) {
        Ok(text) => (text, crate::PROVEN),
        Err(error) => (format!("{error}\n"), crate::UNCHECKED),
    }
}

fn measured(arguments: &BenchArguments) -> Result<String, Box<dyn std::error::Error>> {
    let threads = arguments.threads.unwrap_or_else(processors);
    let folder = arguments.folder.join("log");
    let zip = arguments.folder.join("log.zip");
    let vkey = sample::write(&folder, arguments.leaves)?;
    sample::pack(&folder, &zip, arguments.leaves)?;
    let mut text = String::new();
    let bytes = bytes_of(&folder, arguments.leaves)?;
    writeln!(
        text,
        "leaves {}  bytes {bytes}  threads {threads}  zip {} bytes",
        arguments.leaves,
        fs::metadata(&zip)?.len()
    )?;
    // In turns, and the best of each: on a machine that does other things too, one run says little.
    let mut best = [Duration::MAX; 3];
    for _ in 0..ROUNDS {
        best[0] = best[0].min(time(|| bare_sha256(&folder, arguments.leaves, threads))?);
        best[1] = best[1].min(time(|| check(&folder, &vkey, threads))?);
        best[2] = best[2].min(time(|| check(&zip, &vkey, threads))?);
    }
    let names = ["bare SHA-256 of the bundles", "verification of the folder", "verification of the zip"];
    for (name, took) in names.into_iter().zip(best) {
        tell(&mut text, name, arguments.leaves, took, best[0])?;
    }
    if let Some(memory) = peak_memory() {
        writeln!(text, "peak resident memory {memory}")?;
    }
    Ok(text)
}

fn tell(text: &mut String, name: &str, leaves: u64, took: Duration, bare: Duration) -> std::fmt::Result {
    let seconds = took.as_secs_f64();
    let ratio = bare.as_secs_f64() / seconds;
    writeln!(text, "{name}: {seconds:.2} s, {:.0} leaves/s, ratio {ratio:.2}", leaves as f64 / seconds)
}

fn time(work: impl FnOnce() -> Result<(), Box<dyn std::error::Error>>) -> Result<Duration, Box<dyn std::error::Error>> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

fn bundles(leaves: u64) -> impl Iterator<Item = String> {
    ledger::tile::bundles_of(leaves).map(|path: TilePath| path.to_string())
}

fn bytes_of(folder: &Path, leaves: u64) -> std::io::Result<u64> {
    bundles(leaves).map(|name| Ok(fs::metadata(folder.join(name))?.len())).sum()
}

/// Reads the same files on as many threads and hashes each as a whole: no tree, no look at what is in them.
fn bare_sha256(folder: &Path, leaves: u64, threads: usize) -> Result<(), Box<dyn std::error::Error>> {
    let hash = || |name: String| fs::read(folder.join(name)).map(|bytes| Hash::of(&bytes));
    in_order(threads, bundles(leaves), hash, |hashes| hashes.collect::<Result<Vec<_>, _>>())?;
    Ok(())
}

fn check(path: &Path, vkey: &str, threads: usize) -> Result<(), Box<dyn std::error::Error>> {
    let report = crate::log::check(&crate::arguments::LogArguments {
        path: path.to_owned(),
        keys: crate::arguments::KeyArguments { keys: vec![vkey.to_owned()], ..Default::default() },
        earlier: Vec::new(),
        platform: None,
        platform_keys: Vec::new(),
        threads: Some(threads),
    });
    match report.verdict {
        Verdict::Proven => Ok(()),
        _ => Err(report.text(crate::language::Language::En).into()),
    }
}

/// What the system says was the most; nothing where it does not.
fn peak_memory() -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map(|value| value.trim().to_owned())
}
