//! Runs every fuzz target on its seed corpus and on mutations of it, so that a parser that panics or reads two texts as
//! the same thing is found without a fuzzer too. Longer runs are made from `fuzz`.

use ledger::fuzzing::{TARGETS, Target};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Mutations of each seed.
const MUTATIONS: u32 = 300;

fn folder(of: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz").join(of)
}

fn names_in(folder: PathBuf) -> BTreeSet<String> {
    let names = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    names.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = folder("seeds").join(target);
    names_in(folder.clone()).iter().map(|name| std::fs::read(folder.join(name)).unwrap()).collect()
}

#[test]
fn every_parser_has_a_fuzz_target_and_seeds() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let files: BTreeSet<String> =
        names_in(folder("fuzz_targets")).iter().map(|name| name.trim_end_matches(".rs").to_owned()).collect();
    assert_eq!(files, targets);
    assert_eq!(names_in(folder("seeds")), targets);
    let manifest = std::fs::read_to_string(folder("Cargo.toml")).unwrap();
    for (name, _) in TARGETS {
        assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"")), "{name}");
        let target = std::fs::read_to_string(folder("fuzz_targets").join(format!("{name}.rs"))).unwrap();
        assert!(target.contains(&format!("ledger::fuzzing::{name}(bytes)")), "{name}");
    }
}

#[test]
fn every_seed_is_taken_by_its_parser() {
    for (name, target) in TARGETS {
        assert!(!seeds(name).is_empty(), "{name}");
        for seed in seeds(name) {
            assert!(target(&seed), "{name}: {}", String::from_utf8_lossy(&seed));
        }
    }
}

/// One change: a byte replaced, removed, doubled, or a stretch moved.
fn mutated(seed: &[u8], changes: &[(u8, usize, usize, u8)]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for (kind, one, other, byte) in changes {
        if bytes.is_empty() {
            return bytes;
        }
        let (one, other) = (one % bytes.len(), other % bytes.len());
        let (from, to) = (one.min(other), one.max(other));
        match kind % 5 {
            0 => bytes[one] = *byte,
            1 => drop(bytes.remove(one)),
            2 => bytes.insert(one, *byte),
            3 => bytes.extend_from_within(from..to),
            _ => bytes[from..to].reverse(),
        }
    }
    bytes
}

fn stands_against((name, target): Target) {
    let seeds = seeds(name);
    let config =
        ProptestConfig { cases: MUTATIONS * seeds.len() as u32, failure_persistence: None, ..Default::default() };
    let change =
        (any::<u8>(), any::<usize>(), any::<usize>(), prop_oneof![any::<u8>(), Just(b'\n'), Just(b'0'), Just(b' ')]);
    let inputs = (any::<prop::sample::Index>(), prop::collection::vec(change, 1..6));
    proptest!(config, |((seed, changes) in inputs)| {
        target(&mutated(&seeds[seed.index(seeds.len())], &changes));
    });
    proptest!(|(bytes: Vec<u8>, text: String)| {
        target(&bytes);
        target(text.as_bytes());
    });
}

#[test]
fn no_mutation_of_a_seed_breaks_a_parser() {
    TARGETS.into_iter().for_each(stands_against);
}
