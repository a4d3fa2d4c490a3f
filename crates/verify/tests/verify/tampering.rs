//! A superuser of the database, who holds everything but the log's key and the checkpoint that the customer has kept,
//! alters the log in a thousand ways and rewrites what the download is made of. Every one must show.

use crate::made::{Log, OTHER_SEED, Package, Place, SEED, check, codes, leaf, vkey};
use ledger::note::Note;

/// Cases of each way of covering up.
const CASES: u64 = 250;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}

/// Alters entries below `until`, which are those that the customer's checkpoint covers, and says how.
fn alter(log: &mut Log, until: usize, dice: &mut Dice) -> String {
    let at = dice.below(until);
    match dice.below(5) {
        0 => {
            let byte = dice.below(log.leaves[at].len());
            log.leaves[at][byte] ^= 1 << dice.below(8);
            format!("changed byte {byte} of {at}")
        }
        1 => {
            log.leaves.remove(at);
            format!("deleted {at}")
        }
        2 => {
            log.leaves.insert(at, leaf(1_000_000).encode());
            format!("inserted before {at}")
        }
        3 => {
            let mut with = dice.below(until);
            while with == at {
                with = dice.below(until);
            }
            log.leaves.swap(at, with);
            format!("swapped {at} and {with}")
        }
        _ => {
            log.leaves.truncate(at);
            format!("cut after {at}")
        }
    }
}

/// The sizes at which the altered log could have been published.
fn sizes_of(log: &Log, before: &Log) -> Vec<usize> {
    let mut sizes: Vec<usize> = before.sizes.iter().copied().filter(|size| *size < log.leaves.len()).collect();
    sizes.push(log.leaves.len());
    sizes
}

/// Only the entries; checkpoints stay as they were.
fn rows_only(before: &Log, altered: &Log) -> Package {
    let mut package = before.package();
    altered.bundles(&mut package);
    package
}

/// Everything rewritten to fit, with the old signatures below the new texts.
fn without_the_key(before: &Log, altered: &Log) -> Package {
    let mut fitting = altered.clone();
    fitting.sizes = sizes_of(altered, before);
    let mut package = fitting.package_by(OTHER_SEED);
    let old = Note::parse(&before.note(before.leaves.len(), SEED)).unwrap();
    let forged =
        |size: &usize| Note::new(fitting.checkpoint(*size).text(), old.signatures().to_vec()).unwrap().to_string();
    let notes: Vec<String> = fitting.sizes.iter().map(forged).collect();
    package.put("checkpoint", notes.last().unwrap());
    package.put("checkpoints", notes.iter().map(|note| format!("{note}--\n")).collect::<String>());
    package.put("keys", format!("{}\n", vkey()));
    package
}

/// Everything rewritten and signed, with a key of the attacker's own.
fn with_another_key(before: &Log, altered: &Log) -> Package {
    let mut fitting = altered.clone();
    fitting.sizes = sizes_of(altered, before);
    fitting.package_by(OTHER_SEED)
}

/// Back to a state that was truly published and truly signed, before what the customer has seen.
fn rolled_back(before: &Log, size: usize) -> Package {
    let mut old = before.clone();
    old.leaves.truncate(size);
    old.sizes.retain(|published| *published <= size);
    old.package()
}

/// Runs the check as a customer would, once from a folder or a zip and with or without the key.
fn is_noticed(package: &Package, earlier: &str, nth: u64, what: &str) {
    let place = Place::new();
    let path = if nth.is_multiple_of(2) { place.folder("log", package) } else { place.zip("log.zip", package) };
    let earlier = place.file("earlier", earlier);
    let key = vkey();
    let with_key = ["log", &path, "--earlier", &earlier, "--key", &key];
    let arguments = if nth.is_multiple_of(3) { &with_key[..4] } else { &with_key[..] };
    let (code, json) = check(arguments);
    assert_eq!(code, 1, "{what}: {json:#}");
    assert!(!codes(&json, "findings").is_empty() && codes(&json, "shown").is_empty(), "{what}: {json:#}");
}

/// A log, the customer's checkpoint of it, and how much that covers.
fn drawn(dice: &mut Dice) -> (Log, String, usize) {
    let log = Log::of(3 + dice.below(700) as u64);
    let seen = log.sizes[log.sizes.len() - 1 - dice.below(2)];
    let note = log.note(seen, SEED);
    (log, note, seen)
}

fn every_case_is_noticed(cover: fn(&Log, &Log) -> Package, seed: u64) {
    let mut dice = Dice(seed);
    for nth in 0..CASES {
        let (log, earlier, seen) = drawn(&mut dice);
        let mut altered = log.clone();
        let what = alter(&mut altered, seen.max(2), &mut dice);
        is_noticed(&cover(&log, &altered), &earlier, nth, &format!("case {nth} of {}: {what}", log.leaves.len()));
    }
}

#[test]
fn altered_rows_are_noticed_250_times_of_250() {
    every_case_is_noticed(rows_only, 1);
}

#[test]
fn a_log_rewritten_without_the_key_is_noticed_250_times_of_250() {
    every_case_is_noticed(without_the_key, 2);
}

#[test]
fn a_log_rewritten_and_signed_with_another_key_is_noticed_250_times_of_250() {
    every_case_is_noticed(with_another_key, 3);
}

#[test]
fn a_return_to_an_older_signed_state_is_noticed_250_times_of_250() {
    let mut dice = Dice(4);
    for nth in 0..CASES {
        let log = Log::of(10 + dice.below(700) as u64);
        let to = log.sizes[dice.below(log.sizes.len() - 1)];
        let earlier = log.note(log.leaves.len(), SEED);
        is_noticed(&rolled_back(&log, to), &earlier, nth, &format!("case {nth}: back to {to}"));
    }
}

#[test]
fn a_log_rewritten_with_the_stolen_key_is_noticed_by_the_earlier_checkpoint_alone() {
    let log = Log::of(400);
    let mut altered = log.clone();
    altered.leaves[5] = leaf(1_000_000).encode();
    let place = Place::new();
    let (path, earlier) = (place.folder("log", &altered.package()), place.file("earlier", log.note(200, SEED)));
    let (code, json) = check(&["log", &path, "--key", &vkey(), "--earlier", &earlier]);
    assert_eq!((code, codes(&json, "findings")), (1, vec!["earlier_root_differs".to_owned()]));
    // And without one it is not, which the answer says by itself.
    let (code, json) = check(&["log", &path, "--key", &vkey()]);
    assert_eq!(code, 0);
    assert!(codes(&json, "not_shown").contains(&"past".to_owned()));
}

#[test]
fn the_same_logs_unaltered_are_proven() {
    let mut dice = Dice(1);
    for _ in 0..CASES / 10 {
        let (log, earlier, _) = drawn(&mut dice);
        let place = Place::new();
        let earlier = place.file("earlier", earlier);
        let (code, json) =
            check(&["log", &place.zip("log.zip", &log.package()), "--earlier", &earlier, "--key", &vkey()]);
        assert_eq!(code, 0, "{json:#}");
    }
}

#[test]
fn what_was_altered_is_told_by_its_place() {
    let log = Log::of(700);
    let mut altered = log.clone();
    altered.leaves[300] = leaf(1_000_000).encode();
    let place = Place::new();
    let (code, json) = check(&["log", &place.folder("log", &rows_only(&log, &altered)), "--key", &vkey()]);
    // Published at 1, 233, 350, 600 and 700 entries.
    assert_eq!((code, json["findings"][0]["code"].as_str()), (1, Some("root_differs")));
    assert_eq!(
        (json["findings"][0]["position"].as_u64(), json["findings"][0]["until"].as_u64()),
        (Some(233), Some(350))
    );
}
