//! A tenant's checkpoints held against the platform's log.

use crate::made::{Log, PLATFORM_SEED, Package, Place, SEED, check, codes, origin, vkey};
use ledger::PlatformLeaf;
use ledger::hash::Hash;
use ledger::note::Note;
use std::collections::BTreeSet;

/// The platform's log with these notes among others' leaves.
pub fn platform_log(notes: &[String], others: u64) -> Log {
    let at = "2026-08-01T00:00:00.000000Z".to_owned();
    let mut leaves: Vec<Vec<u8>> = (0..others)
        .map(|nth| {
            PlatformLeaf::Operator { at: at.clone(), note: Some(nth.to_string()), verb: "system.upgraded".to_owned() }
                .encode()
        })
        .collect();
    let sha256 = |note: &String| Hash::of(Note::parse(note).unwrap().text().as_bytes()).hex();
    leaves.extend(
        notes
            .iter()
            .map(|note| PlatformLeaf::Checkpoint { at: at.clone(), log: origin(), sha256: sha256(note) }.encode()),
    );
    let sizes = vec![1.min(leaves.len()), leaves.len()];
    Log { origin: "struct.example/log/platform".to_owned(), leaves, sizes, pruned: BTreeSet::new() }
}

fn notes(log: &Log, sizes: &[usize]) -> Vec<String> {
    sizes.iter().map(|size| log.note(*size, SEED)).collect()
}

fn compared(package: &Package, platform: &Log) -> (u8, Vec<String>, Vec<String>) {
    let place = Place::new();
    let path = place.zip("log.zip", package);
    let platform = place.folder("platform", &platform.package_by(PLATFORM_SEED));
    let (code, json) = check(&["log", &path, "--key", &vkey(), "--platform", &platform]);
    (code, codes(&json, "findings"), codes(&json, "notes"))
}

#[test]
fn a_checkpoint_that_only_the_platforms_log_knows_is_told() {
    let log = Log::of(300);
    let mut known = notes(&log, &log.sizes);
    let mut other = log.clone();
    other.leaves[10] = crate::made::leaf(1000).encode();
    known.insert(2, other.note(100, SEED));
    let (code, findings, _) = compared(&log.package(), &platform_log(&known, 300));
    assert_eq!((code, findings), (1, vec!["other_view".to_owned()]));
}

#[test]
fn a_checkpoint_that_the_platforms_log_lacks_is_told() {
    let log = Log::of(300);
    let known = notes(&log, &[log.sizes[0], log.sizes[2], log.sizes[3], log.sizes[4]]);
    let (code, findings, _) = compared(&log.package(), &platform_log(&known, 300));
    assert_eq!((code, findings), (1, vec!["not_in_platform".to_owned()]));
    let (code, findings, _) = compared(&log.package(), &platform_log(&[], 300));
    assert_eq!((code, findings), (1, vec!["not_in_platform".to_owned()]));
}

#[test]
fn a_tail_that_was_cut_shows_in_the_platforms_log() {
    let log = Log::of(300);
    let known = notes(&log, &log.sizes);
    let mut cut = log.clone();
    cut.leaves.truncate(150);
    cut.sizes.retain(|size| *size <= 150);
    let (code, findings, _) = compared(&cut.package(), &platform_log(&known, 3));
    assert_eq!((code, findings), (1, vec!["platform_is_newer".to_owned()]));
}

#[test]
fn a_platforms_log_that_is_altered_itself_is_told() {
    let log = Log::of(300);
    let platform = platform_log(&notes(&log, &log.sizes), 3);
    let place = Place::new();
    let mut package = platform.package_by(PLATFORM_SEED);
    package.put("tile/entries/000.p/8", "");
    let path = place.folder("log", &log.package());
    let (code, json) = check(&["log", &path, "--key", &vkey(), "--platform", &place.folder("platform", &package)]);
    assert_eq!(code, 1);
    assert!(codes(&json, "findings").contains(&"platform".to_owned()), "{json:#}");
}

#[test]
fn a_platforms_log_of_which_entries_are_gone_is_told_whatever_its_entries_say() {
    let log = Log::of(300);
    let mut platform = platform_log(&notes(&log, &log.sizes), 600);
    platform.pruned = [0].into();
    let (code, findings, _) = compared(&log.package(), &platform);
    assert_eq!((code, findings), (1, vec!["platform".to_owned()]));
    let place = Place::new();
    let (code, json) = check(&["log", &place.zip("platform.zip", &platform.package_by(PLATFORM_SEED))]);
    assert_eq!((code, codes(&json, "findings")), (1, vec!["removed_from_platform".to_owned()]));
    assert_eq!((&json["findings"][0]["position"], &json["findings"][0]["until"]), (&0.into(), &256.into()));
}

#[test]
fn a_platforms_log_with_all_checkpoints_vouches_for_them() {
    let log = Log::of(300);
    let (code, findings, remarks) = compared(&log.package(), &platform_log(&notes(&log, &log.sizes), 300));
    assert_eq!((code, findings), (0, vec![]));
    assert_eq!(remarks, ["platform_keys"]);
    // The newest ones get there a moment later.
    let (code, findings, remarks) = compared(&log.package(), &platform_log(&notes(&log, &log.sizes[..3]), 300));
    assert_eq!((code, findings), (0, vec![]));
    assert_eq!(remarks, ["platform_is_older", "platform_keys"]);
}
