//! Vectors that others have published: the eight leaves of the Certificate Transparency tests, and the examples in the
//! documentation of notes. What we made ourselves is in `vectors`.

use ledger::hash::{empty_root, leaf_hash, root_of};
use ledger::note::{SignatureLine, VerifierKey};
use ledger::proof::{consistency_ranges, inclusion_ranges, verify_consistency, verify_inclusion};
use ledger::tile::{TilePath, Tiles, partial_width, tiles_of};
use ledger::{Checkpoint, Hash, Note};

const LEAVES: [&[u8]; 8] = [
    b"",
    &[0x00],
    &[0x10],
    &[0x20, 0x21],
    &[0x30, 0x31],
    &[0x40, 0x41, 0x42, 0x43],
    &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
    &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
];

const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

/// Place of the leaf, size of the tree, path.
const INCLUSIONS: [(u64, u64, &[&str]); 5] = [
    (0, 1, &[]),
    (
        0,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        &[
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        1,
        5,
        &[
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
];

/// Sizes of the earlier and later tree, proof.
const CONSISTENCIES: [(u64, u64, &[&str]); 4] = [
    (1, 1, &[]),
    (
        1,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        &[
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        &[
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
];

fn hash(hex: &str) -> Hash {
    Hash::from_hex(hex).unwrap()
}

fn hashes() -> Vec<Hash> {
    LEAVES.iter().map(|leaf| leaf_hash(leaf)).collect()
}

#[test]
fn the_roots_are_those_that_were_published() {
    for (size, root) in ROOTS.iter().enumerate() {
        assert_eq!(root_of(&hashes()[..size]).hex(), *root, "of {size} leaves");
    }
    assert_eq!(empty_root().hex(), ROOTS[0]);
}

#[test]
fn the_proofs_are_those_that_were_published() {
    let mut tiles = Tiles::new();
    let tile: Vec<u8> = hashes().iter().flat_map(|hash| hash.0).collect();
    tiles.insert(TilePath::parse("tile/0/000.p/8").unwrap(), &tile).unwrap();
    for (index, size, path) in INCLUSIONS {
        let path: Vec<Hash> = path.iter().map(|hex| hash(hex)).collect();
        assert_eq!(tiles.subtrees(&inclusion_ranges(index, size)).unwrap(), path, "leaf {index} of {size}");
        let leaf = leaf_hash(LEAVES[index as usize]);
        assert_eq!(verify_inclusion(index, size, leaf, &path, hash(ROOTS[size as usize])), Ok(()));
    }
    for (old, new, proof) in CONSISTENCIES {
        let proof: Vec<Hash> = proof.iter().map(|hex| hash(hex)).collect();
        assert_eq!(tiles.subtrees(&consistency_ranges(old, new)).unwrap(), proof, "{old} to {new}");
        let (old_root, new_root) = (hash(ROOTS[old as usize]), hash(ROOTS[new as usize]));
        assert_eq!(verify_consistency(old, new, old_root, new_root, &proof), Ok(()));
    }
}

/// From the documentation of Go's package `golang.org/x/mod/sumdb/note`.
#[test]
fn a_note_signed_by_another_program_holds() {
    let key = VerifierKey::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").unwrap();
    let text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    let signature = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";
    let note = Note::parse(&format!("{text}\n{signature}\n")).unwrap();
    let verified = note.verify(std::slice::from_ref(&key)).unwrap();
    assert_eq!((verified[0].name.as_str(), verified[0].time), ("PeterNeumann", None));
    let altered = Note::parse(&format!("{}\n{signature}\n", text.replace("don't", "do"))).unwrap();
    assert!(altered.verify(&[key]).is_err());
}

/// The example of the signed-note specification, whose text holds an empty line.
#[test]
fn the_example_of_the_specification_is_a_note() {
    let example = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned \u{e8} subito sera.\n\n\u{2014} quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
    let note = Note::parse(example).unwrap();
    assert!(note.text().ends_with("\n\ned \u{e8} subito sera.\n"));
    assert_eq!(note.signatures()[0].name(), "quasimodo.example/salvatore");
    assert_eq!(note.signatures()[0].id(), 0x367b_a04b);
    assert_eq!(note.to_string(), example);
}

/// The example of the cosignature specification: a checkpoint, its log's line and a witness's.
#[test]
fn the_example_of_a_cosigned_checkpoint_is_read() {
    let example = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\u{2014} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
    let note = Note::parse(example).unwrap();
    let checkpoint = Checkpoint::parse(note.text()).unwrap();
    assert_eq!((checkpoint.origin.as_str(), checkpoint.size), ("example.com/behind-the-sofa", 20_852_163));
    assert_eq!(note.signatures()[1].id(), 0x8d66_cf3f);
    assert_eq!(note.to_string(), example);
    let line = "\u{2014} witness.example/w1 CMp+6LWBU0anHGH5aNDTJkH/gj79sG+T6+iP2ThYN5krrDJbR1HDnucjL39QsZTSvVjyQLrdk3DXDqI5G2HgLatVs0pWh6Up69HVOw==";
    assert_eq!(SignatureLine::parse(line).unwrap().to_string(), line);
}

/// The figures of the tiles specification.
#[test]
fn the_examples_of_tiles_come_out() {
    let path = TilePath::parse("tile/0/x001/x234/067").unwrap();
    assert_eq!((path.index, path.width), (1_234_067, 256));
    let mut at_level = [0; 4];
    tiles_of(70_000).for_each(|path| match path.kind {
        ledger::tile::TileKind::Level(level) => at_level[usize::from(level)] += 1,
        ledger::tile::TileKind::Entries => panic!("no hashes"),
    });
    assert_eq!(at_level, [274, 2, 1, 0]);
    assert_eq!([0, 1, 2, 3].map(|level| partial_width(level, 70_000)), [112, 17, 1, 0]);
    let of_256: Vec<String> = tiles_of(256).map(|path| path.to_string()).collect();
    assert_eq!(of_256, ["tile/0/000", "tile/1/000.p/1"]);
}
