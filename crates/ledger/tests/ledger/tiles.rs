//! Tiles and bundles: their names, what a proof needs of them, and that a wrong one is refused or shows in the root.
//! The tree itself is looked at in `trees`.

use crate::{leaves, plain_root};
use ledger::Hash;
use ledger::hash::{leaf_hash, root_of};
use ledger::proof::{consistency_ranges, inclusion_ranges, verify_inclusion};
use ledger::tile::{
    MalformedBundle, TileKind, TilePath, Tiles, TooLong, Unfit, bundle_hashes, bundles_of, decode_bundle,
    encode_bundle, tiles_for, tiles_of,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// The bytes of every tile of a tree, computed from the specification's formula.
fn files(leaves: &[Hash]) -> BTreeMap<TilePath, Vec<u8>> {
    let tile = |path: TilePath| {
        let TileKind::Level(level) = path.kind else { panic!("no hashes") };
        let span = 256usize.pow(u32::from(level));
        let first = path.index as usize * 256;
        let hashes = (first..first + usize::from(path.width)).map(|at| plain_root(&leaves[at * span..(at + 1) * span]));
        (path, hashes.flat_map(|hash| hash.0).collect())
    };
    tiles_of(leaves.len() as u64).map(tile).collect()
}

fn holding<'p>(files: &BTreeMap<TilePath, Vec<u8>>, paths: impl IntoIterator<Item = &'p TilePath>) -> Tiles {
    let mut tiles = Tiles::new();
    paths.into_iter().for_each(|path| tiles.insert(*path, &files[path]).unwrap());
    tiles
}

fn path(text: &str) -> TilePath {
    TilePath::parse(text).unwrap()
}

#[test]
fn a_path_has_one_spelling() {
    for wrong in [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/x001",
        "tile/0/x001/",
        "tile/0/001/002",
        "tile/0/x000/001",
        "tile/0/x001/x234/67",
        "tile/00/001",
        "tile/64/001",
        "tile/-1/001",
        "tile/+1/001",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/05",
        "tile/0/000.p/1/",
        "tile/0/000.p/1.p/1",
        "/tile/0/000",
        "tile/0/000 ",
        "tile/entrie/000",
        "tile/data/000",
        "tile/8/0/000",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "tile/0/x\u{0663}01/002",
        "tile/entries/x001/X234/067",
        "tile/0/../000",
    ] {
        assert!(TilePath::parse(wrong).is_err(), "{wrong:?}");
    }
    for right in
        ["tile/0/000", "tile/63/255.p/255", "tile/entries/x001/x234/067.p/1", "tile/0/x001/000", "tile/5/x999/999"]
    {
        assert_eq!(path(right).to_string(), right);
    }
    let last = TilePath { kind: TileKind::Entries, index: u64::MAX, width: 3 };
    assert_eq!(path(&last.to_string()), last);
}

#[test]
fn bytes_that_are_not_the_tile_of_their_name_are_refused() {
    let mut tiles = Tiles::new();
    assert!(matches!(tiles.insert(path("tile/0/000.p/2"), &[0; 32]), Err(Unfit::Width { given: 1, .. })));
    assert!(matches!(tiles.insert(path("tile/0/000.p/2"), &[0; 65]), Err(Unfit::Width { given: 3, .. })));
    assert!(matches!(tiles.insert(path("tile/entries/000.p/2"), &[0, 1, 7]), Err(Unfit::Width { given: 1, .. })));
    assert!(matches!(tiles.insert(path("tile/entries/000.p/2"), &[0, 2, 7]), Err(Unfit::Bundle { .. })));
    let none = TilePath { kind: TileKind::Level(0), index: 0, width: 0 };
    assert!(matches!(tiles.insert(none, &[]), Err(Unfit::Path { .. })));
    assert!(tiles.subtree(0, 1).is_none(), "nothing of all this was taken");
}

#[test]
fn two_tiles_of_one_place_that_differ_are_two_histories() {
    let (mut tiles, all) = (Tiles::new(), leaves(6));
    let bytes: Vec<u8> = all.iter().flat_map(|hash| hash.0).collect();
    tiles.insert(path("tile/0/000.p/6"), &bytes).unwrap();
    tiles.insert(path("tile/0/000.p/4"), &bytes[..128]).unwrap();
    assert_eq!(tiles.subtree(0, 6), Some(plain_root(&all)), "the wider one is kept");
    let mut altered = bytes[..96].to_vec();
    altered[70] ^= 1;
    assert!(matches!(tiles.insert(path("tile/0/000.p/3"), &altered), Err(Unfit::Disagrees { .. })));
}

#[test]
fn a_bundle_that_is_cut_or_too_full_is_refused() {
    let bundle = encode_bundle(["a", "", "ccc"]).unwrap();
    assert_eq!(bundle, b"\x00\x01a\x00\x00\x00\x03ccc");
    assert_eq!(decode_bundle(&bundle).unwrap(), [b"a".as_slice(), b"", b"ccc"]);
    for (length, position) in [(1, 0), (2, 0), (4, 1), (6, 2), (9, 2)] {
        assert_eq!(decode_bundle(&bundle[..length]), Err(MalformedBundle::CutOff { position }), "{length}");
    }
    assert_eq!(decode_bundle(&[]), Err(MalformedBundle::Empty));
    assert_eq!(decode_bundle(&[0; 514]), Err(MalformedBundle::TooMany));
    assert_eq!(decode_bundle(&[0; 512]).unwrap().len(), 256);
    assert_eq!(encode_bundle(vec![""; 257]), Err(TooLong::Bundle));
    assert_eq!(encode_bundle([vec![], vec![0; 65_536]]), Err(TooLong::Entry { position: 1, bytes: 65_536 }));
    assert_eq!(encode_bundle([vec![1; 65_535]]).unwrap().len(), 65_537);
}

#[test]
fn a_range_that_is_no_subtree_has_no_root() {
    let all = leaves(16);
    let files = files(&all);
    let tiles = holding(&files, files.keys());
    for (begin, end) in [(1, 3), (2, 5), (4, 9), (3, 3), (5, 4), (8, 17), (0, u64::MAX)] {
        assert_eq!(tiles.subtree(begin, end), None, "{begin}..{end}");
    }
    assert_eq!(tiles.subtree(4, 7), Some(plain_root(&all[4..7])));
    assert_eq!(tiles.leaf(15), Some(all[15]));
    assert_eq!(tiles.leaf(16), None);
}

#[test]
fn a_tree_of_three_levels_of_tiles_is_read_from_few_of_them() {
    let all: Vec<Hash> = (0u32..70_000).map(|n| leaf_hash(&n.to_be_bytes())).collect();
    let root = root_of(&all);
    let files = files(&all);
    let ranges = [inclusion_ranges(69_995, 70_000), vec![(0, 70_000)]].concat();
    let needed = tiles_for(&ranges, 70_000);
    assert_eq!(
        needed.iter().map(TilePath::to_string).collect::<Vec<_>>(),
        ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]
    );
    let tiles = holding(&files, &needed);
    assert_eq!(tiles.subtree(0, 70_000), Some(root));
    let proof = tiles.subtrees(&inclusion_ranges(69_995, 70_000)).unwrap();
    assert_eq!(verify_inclusion(69_995, 70_000, all[69_995], &proof, root), Ok(()));
    let below = holding(&files, files.keys().filter(|path| path.kind == TileKind::Level(0)));
    assert_eq!(below.subtree(0, 70_000), Some(root), "tiles above can be computed from those below");
}

proptest! {
    #[test]
    fn the_tiles_named_are_enough_and_none_is_idle(size in 1usize..1500, index in any::<prop::sample::Index>(), old in any::<prop::sample::Index>()) {
        let all = leaves(size);
        let files = files(&all);
        let (index, old, size) = (index.index(size) as u64, 1 + old.index(size) as u64, size as u64);
        for ranges in [inclusion_ranges(index, size), consistency_ranges(old, size), vec![(0, size)], vec![(index, index + 1)]] {
            let needed = tiles_for(&ranges, size);
            let expected: Vec<Hash> = ranges.iter().map(|(begin, end)| plain_root(&all[*begin as usize..*end as usize])).collect();
            prop_assert_eq!(holding(&files, &needed).subtrees(&ranges), Some(expected));
            for idle in &needed {
                let others = needed.iter().filter(|path| *path != idle);
                prop_assert_eq!(holding(&files, others).subtrees(&ranges), None, "{} is not needed", idle);
            }
        }
    }

    #[test]
    fn one_altered_bit_of_a_tile_shows_in_the_root(size in 1usize..600, which in any::<prop::sample::Index>(), bit in any::<prop::sample::Index>()) {
        let all = leaves(size);
        let mut files = files(&all);
        let needed = tiles_for(&[(0, size as u64)], size as u64);
        let altered = needed[which.index(needed.len())];
        let bytes = files.get_mut(&altered).unwrap();
        let bit = bit.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let used = holding(&files, &needed).subtree(0, size as u64);
        prop_assert!(used.is_some() && used != Some(plain_root(&all)));
    }

    #[test]
    fn bundles_come_back_and_hash_to_their_tile(entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..300)) {
        let mut tiles = Tiles::new();
        for (path, entries) in bundles_of(entries.len() as u64).zip(entries.chunks(256)) {
            let bundle = encode_bundle(entries).unwrap();
            prop_assert_eq!(decode_bundle(&bundle).unwrap(), entries);
            prop_assert_eq!(bundle_hashes(&bundle).unwrap().len(), usize::from(path.width));
            tiles.insert(path, &bundle).unwrap();
        }
        let hashes: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
        prop_assert_eq!(tiles.subtree(0, entries.len() as u64), Some(plain_root(&hashes)));
    }

    #[test]
    fn every_path_prints_and_reads_back(level in 0u8..64, entries: bool, index: u64, shift in 0u32..64, width in 1u16..=256) {
        let kind = if entries { TileKind::Entries } else { TileKind::Level(level) };
        let path = TilePath { kind, index: index >> shift, width };
        prop_assert_eq!(TilePath::parse(&path.to_string()), Ok(path));
    }
}
