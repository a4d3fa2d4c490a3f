//! A made-up log of any length, written as it would be downloaded. Its entries look like those of a busy tenant and say
//! nothing of anybody; its key is known to everyone who reads this.

use ledger::checkpoint::{Checkpoint, CheckpointError};
use ledger::frontier::Frontier;
use ledger::hash::Hash;
use ledger::leaf::Leaf;
use ledger::note::Signer;
use ledger::tile::{TILE_WIDTH, bundle_hashes, bundles_of, encode_bundle};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;

/// Whose log it is.
const TENANT: &str = "0192d5a0-0000-7000-8000-000000000001";
/// The seed of the sample's key.
const SEED: [u8; 32] = [7; 32];
/// Entries between two published checkpoints.
const PUBLISHED_EVERY: u64 = 4096;

fn problem(error: impl std::fmt::Display) -> io::Error {
    io::Error::other(error.to_string())
}

/// Writes a log of this many entries and returns its public key.
pub(super) fn write(folder: &Path, leaves: u64) -> io::Result<String> {
    let origin = format!("struct.example/log/{TENANT}");
    let signer = Signer::from_seed(&origin, &SEED).map_err(problem)?;
    fs::create_dir_all(folder)?;
    let mut checkpoints = BufWriter::new(File::create(folder.join("checkpoints"))?);
    let mut frontier = Frontier::new();
    let signed = |frontier: &Frontier| -> Result<String, CheckpointError> {
        Ok(Checkpoint::new(&origin, frontier.size(), frontier.root()).sign(&[&signer])?.to_string())
    };
    for path in bundles_of(leaves) {
        let from = path.index * TILE_WIDTH;
        let entries: Vec<Vec<u8>> = (from..from + u64::from(path.width)).map(entry).collect();
        let bundle = encode_bundle(entries).map_err(problem)?;
        for hash in bundle_hashes(&bundle).map_err(problem)? {
            frontier.push(hash);
        }
        let file = folder.join(path.to_string());
        fs::create_dir_all(file.parent().unwrap_or(folder))?;
        fs::write(file, &bundle)?;
        if frontier.size().is_multiple_of(PUBLISHED_EVERY) && frontier.size() < leaves {
            writeln!(checkpoints, "{}--", signed(&frontier).map_err(problem)?)?;
        }
    }
    let newest = signed(&frontier).map_err(problem)?;
    writeln!(checkpoints, "{newest}--")?;
    checkpoints.flush()?;
    fs::write(folder.join("checkpoint"), newest)?;
    fs::write(folder.join("keys"), format!("{}\n", signer.vkey()))?;
    Ok(signer.vkey().to_string())
}

/// An id that looks like those of the database.
fn id(kind: u64, nth: u64) -> String {
    let hash = Hash::of(&[kind.to_be_bytes(), nth.to_be_bytes()].concat()).hex();
    format!("{}-{}-7{}-8{}-{}", &hash[..8], &hash[8..12], &hash[12..15], &hash[15..18], &hash[18..30])
}

fn entry(nth: u64) -> Vec<u8> {
    let second = nth / 20;
    let (day, second_of_day) = (second / 86_400, second % 86_400);
    let on_record = !nth.is_multiple_of(3);
    Leaf {
        actor: "user".to_owned(),
        actor_user: Some(id(1, nth % 40)),
        at: format!(
            "2026-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
            day / 28 % 12 + 1,
            day % 28 + 1,
            second_of_day / 3600,
            second_of_day / 60 % 60,
            second_of_day % 60,
            nth % 20 * 50_000
        ),
        commitment: Some(Hash::of(&nth.to_le_bytes()).hex()),
        detail_sha256: Hash::of(&nth.to_be_bytes()).hex(),
        entity: on_record.then(|| "customer".to_owned()),
        entry: id(2, nth),
        outcome: "done".to_owned(),
        pruned_below: None,
        record: on_record.then(|| id(3, nth % 5000)),
        request: id(4, nth),
        screen: Some("customers".to_owned()),
        service: Some("crm".to_owned()),
        subject_user: None,
        tenant: TENANT.to_owned(),
        v: 1,
        verb: if on_record { "record.updated" } else { "record.listed" }.to_owned(),
    }
    .encode()
}

/// Packs the folder into a zip, as the server would.
pub(super) fn pack(folder: &Path, zip: &Path, leaves: u64) -> io::Result<()> {
    let mut zip = zip::ZipWriter::new(BufWriter::new(File::create(zip)?));
    let options =
        SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated).compression_level(Some(6));
    let members = ["checkpoint", "checkpoints", "keys"].into_iter().map(str::to_owned);
    for name in members.chain(bundles_of(leaves).map(|path| path.to_string())) {
        zip.start_file(&*name, options).map_err(problem)?;
        zip.write_all(&fs::read(folder.join(name))?)?;
    }
    zip.finish().map_err(problem)?;
    Ok(())
}
