//! Other people's implementations of the same formats: what we write they read, what they compute we accept. They are
//! the crates `tlog_tiles` and `signed_note`, written from the same specifications.

use crate::{leaves, plain_root};
use base64::Engine;
use ledger::hash::{leaf_hash, node_hash};
use ledger::note::Signer;
use ledger::proof::{verify_consistency, verify_inclusion};
use ledger::tile::{TileKind, TilePath, tiles_of};
use ledger::{Checkpoint, Hash, Note};
use proptest::prelude::*;
use signed_note::{StandardVerifier, VerifierList};
use std::collections::BTreeMap;
use tlog_tiles::tile::{Tile, TileHashReader, TileReader};
use tlog_tiles::tlog;

/// Our tiles, served to their reader.
struct Served {
    files: BTreeMap<String, Vec<u8>>,
}

impl Served {
    fn of(leaves: &[Hash]) -> Self {
        let file = |path: TilePath| {
            let TileKind::Level(level) = path.kind else { panic!("no hashes") };
            let span = 256usize.pow(u32::from(level));
            let first = path.index as usize * 256;
            let places = first..first + usize::from(path.width);
            let bytes = places.flat_map(|at| plain_root(&leaves[at * span..(at + 1) * span]).0).collect();
            (path.to_string(), bytes)
        };
        Self { files: tiles_of(leaves.len() as u64).map(file).collect() }
    }
}

/// Their paths name the height of a tile, ours (the specification's) don't.
fn named(tile: &Tile) -> String {
    tile.path().replacen("tile/8/", "tile/", 1)
}

impl TileReader for Served {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, tlog::Error> {
        let read = |tile: &Tile| self.files.get(&named(tile)).cloned().unwrap_or_else(|| panic!("no {}", named(tile)));
        Ok(tiles.iter().map(read).collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

fn ours(hashes: &[tlog::Hash]) -> Vec<Hash> {
    hashes.iter().map(|hash| Hash(hash.0)).collect()
}

fn theirs(hash: Hash) -> tlog::Hash {
    tlog::Hash(hash.0)
}

/// A tree read by them from our tiles, and proofs made by them of it.
fn compare(size: usize, index: usize, old: usize) {
    let all = leaves(size);
    let (root, served) = (plain_root(&all), Served::of(&all));
    let reader = TileHashReader::new(size as u64, theirs(root), &served);
    assert_eq!(tlog::tree_hash(size as u64, &reader).unwrap().0, root.0, "of {size}");
    let (size, index, old) = (size as u64, index as u64, old as u64);
    let proof = tlog::prove_record(size, index, &reader).unwrap();
    assert_eq!(verify_inclusion(index, size, all[index as usize], &ours(&proof), root), Ok(()));
    let proof = tlog::prove_tree(size, old, &reader).unwrap();
    assert_eq!(verify_consistency(old, size, plain_root(&all[..old as usize]), root, &ours(&proof)), Ok(()));
}

#[test]
fn another_client_reads_a_tree_of_two_levels_of_tiles() {
    compare(66_000, 65_990, 65_537);
    compare(256, 255, 1);
    compare(257, 256, 256);
}

#[test]
fn the_hashes_are_those_of_another_implementation() {
    let (left, right) = (leaf_hash(b"left"), leaf_hash(&[9; 900]));
    assert_eq!(left.0, tlog::record_hash(b"left").0);
    assert_eq!(right.0, tlog::record_hash(&[9; 900]).0);
    assert_eq!(node_hash(&left, &right).0, tlog::node_hash(theirs(left), theirs(right)).0);
}

#[test]
fn the_tiles_of_a_tree_are_those_that_another_implementation_names() {
    for size in [1, 255, 256, 257, 65_535, 65_536, 65_537, 1_234_567] {
        let mut theirs: Vec<String> = Tile::new_tiles(8, 0, size).iter().map(named).collect();
        let mut ours: Vec<String> = tiles_of(size).map(|path| path.to_string()).collect();
        theirs.sort();
        ours.sort();
        assert_eq!(ours, theirs, "of {size}");
    }
}

#[test]
fn another_implementation_opens_our_checkpoint_and_signs_for_us() {
    let signer = Signer::from_seed("log.example/a", &[5; 32]).unwrap();
    let checkpoint = Checkpoint::new("log.example/a", 9, plain_root(&leaves(9)));
    let file = checkpoint.sign(&[&signer]).unwrap().to_string();
    let verifier = StandardVerifier::new(&signer.vkey().to_string()).unwrap();
    let theirs = signed_note::Note::from_bytes(file.as_bytes()).unwrap();
    let (verified, _) = theirs.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();
    assert_eq!(verified.len(), 1);
    let read = tlog_tiles::checkpoint::Checkpoint::from_bytes(theirs.text()).unwrap();
    assert_eq!((read.origin(), read.size(), read.hash().0), ("log.example/a", 9, checkpoint.root.0));

    let seed = base64::engine::general_purpose::STANDARD.encode([[1].as_slice(), &[5; 32]].concat());
    let skey = format!("PRIVATE+KEY+log.example/a+{:08x}+{seed}", signer.vkey().id());
    let mut by_them = signed_note::Note::new(checkpoint.text().as_bytes(), &[]).unwrap();
    by_them.add_sigs(&[&signed_note::StandardSigner::new(&skey).unwrap()]).unwrap();
    assert_eq!(by_them.to_bytes(), file.as_bytes());
    let (opened, _) = Checkpoint::open(&Note::parse(&file).unwrap(), "log.example/a", &[signer.vkey()]).unwrap();
    assert_eq!(opened, checkpoint);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn another_client_proves_from_our_tiles_what_we_accept(size in 1usize..1200, index in any::<prop::sample::Index>(), old in any::<prop::sample::Index>()) {
        compare(size, index.index(size), 1 + old.index(size));
    }

    #[test]
    fn another_implementation_reads_the_paths_we_print(level in 0u8..64, index in 0u64..1 << 50, width in 1u16..=256) {
        let path = TilePath { kind: TileKind::Level(level), index, width };
        let theirs = Tile::from_path(&path.to_string().replacen("tile/", "tile/8/", 1)).unwrap();
        prop_assert_eq!((theirs.level(), theirs.level_index(), theirs.width()), (level, index, u32::from(width)));
    }

    #[test]
    fn another_implementation_reads_every_note_we_print(text in "[a-z\\n]{0,40}", seed: u8) {
        let (text, signer) = (format!("{text}\n"), Signer::from_seed("n", &[seed; 32]).unwrap());
        let note = Note::new(text.clone(), vec![signer.sign(&text)]).unwrap();
        let theirs = signed_note::Note::from_bytes(note.to_string().as_bytes()).unwrap();
        prop_assert_eq!(theirs.text(), text.as_bytes());
        let verifier = StandardVerifier::new(&signer.vkey().to_string()).unwrap();
        prop_assert!(theirs.verify(&VerifierList::new(vec![Box::new(verifier)])).is_ok());
    }
}
