//! Vectors of our own formats, for whoever writes another client. Another program than this computed them (SHA-256 and
//! JSON of Python, Ed25519 of OpenSSL), so they check this one too.

use crate::plain_root;
use ledger::hash::leaf_hash;
use ledger::leaf::commitment;
use ledger::note::{Cosigner, Signer, VerifierKey};
use ledger::proof::{consistency_ranges, inclusion_ranges};
use ledger::tile::{TilePath, Tiles, encode_bundle};
use ledger::witness::{AddCheckpoint, consider};
use ledger::{Checkpoint, Hash, Leaf, Note, PlatformLeaf, TlogProof};
use serde_json::Value;

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn leaf_vectors() -> Value {
    read(include_str!("../../vectors/leaf.json"))
}

fn checkpoint_vectors() -> Value {
    read(include_str!("../../vectors/checkpoint.json"))
}

fn proof_vectors() -> Value {
    read(include_str!("../../vectors/proof.json"))
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("no text {name}"))
}

fn number(value: &Value, name: &str) -> u64 {
    value[name].as_u64().unwrap_or_else(|| panic!("no number {name}"))
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    let list = value[name].as_array().unwrap();
    assert!(!list.is_empty(), "no {name}");
    list
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn seed(value: &Value) -> [u8; 32] {
    bytes(text(value, "seed")).try_into().unwrap()
}

fn hashes() -> Vec<Hash> {
    list(&leaf_vectors(), "leaves").iter().map(|leaf| Hash::from_hex(text(leaf, "hash")).unwrap()).collect()
}

fn keys() -> Vec<VerifierKey> {
    let vectors = checkpoint_vectors();
    let logs = list(&vectors, "keys").iter().chain([&vectors["witness"]]);
    logs.map(|key| VerifierKey::parse(text(key, "vkey")).unwrap()).collect()
}

#[test]
fn the_leaves_have_the_published_texts_and_hashes() {
    let vectors = leaf_vectors();
    for vector in list(&vectors, "leaves").iter().chain(list(&vectors, "others")) {
        let leaf: Leaf = serde_json::from_value(vector["fields"].clone()).unwrap();
        assert_eq!(String::from_utf8(leaf.encode()).unwrap(), text(vector, "text"));
        assert_eq!(Leaf::decode(text(vector, "text").as_bytes()), Ok(leaf));
        assert_eq!(leaf_hash(text(vector, "text").as_bytes()).hex(), text(vector, "hash"));
    }
    let shown = &leaf_vectors()["commitment"];
    let salt = bytes(text(shown, "salt")).try_into().unwrap();
    assert_eq!(commitment(&salt, text(shown, "detail").as_bytes()).hex(), text(shown, "commitment"));
    assert_eq!(leaf_vectors()["leaves"][1]["fields"]["commitment"], shown["commitment"]);
}

#[test]
fn the_platform_leaves_have_the_published_texts_and_hashes() {
    for vector in list(&read(include_str!("../../vectors/platform_leaf.json")), "leaves") {
        let leaf: PlatformLeaf = serde_json::from_value(vector["fields"].clone()).unwrap();
        assert_eq!(String::from_utf8(leaf.encode()).unwrap(), text(vector, "text"));
        assert_eq!(PlatformLeaf::decode(text(vector, "text").as_bytes()), Ok(leaf));
        assert_eq!(leaf_hash(text(vector, "text").as_bytes()).hex(), text(vector, "hash"));
    }
}

#[test]
fn the_seeds_sign_the_published_checkpoints() {
    let vectors = checkpoint_vectors();
    let origin = text(&vectors, "origin");
    let signers: Vec<Signer> =
        list(&vectors, "keys").iter().map(|key| Signer::from_seed(origin, &seed(key)).unwrap()).collect();
    let witness = Cosigner::from_seed("witness.example/w1", &seed(&vectors["witness"])).unwrap();
    let vkeys: Vec<VerifierKey> = signers.iter().map(Signer::vkey).chain([witness.vkey()]).collect();
    assert_eq!(vkeys, keys());
    for vector in list(&vectors, "checkpoints") {
        let size = number(vector, "size");
        let root = plain_root(&hashes()[..size as usize]);
        assert_eq!(root.hex(), text(vector, "root"));
        let checkpoint = Checkpoint::new(origin, size, root);
        let mut note = checkpoint.sign(&signers.iter().collect::<Vec<_>>()).unwrap();
        note.add(witness.cosign(note.text(), number(&vectors["witness"], "time"))).unwrap();
        assert_eq!(note.to_string(), text(vector, "note"));
        let (opened, signatures) =
            Checkpoint::open(&Note::parse(text(vector, "note")).unwrap(), origin, &keys()).unwrap();
        assert_eq!((opened, signatures.len()), (checkpoint, 3));
    }
}

#[test]
fn the_published_proof_files_hold_and_are_what_we_would_write() {
    let vectors = proof_vectors();
    let mut tiles = Tiles::new();
    let tile = &vectors["tile"];
    tiles.insert(TilePath::parse(text(tile, "path")).unwrap(), &bytes(text(tile, "hex"))).unwrap();
    let checkpoints = checkpoint_vectors();
    let origin = text(&checkpoints, "origin");
    for vector in list(&vectors, "files") {
        let proof = TlogProof::parse(text(vector, "file")).unwrap();
        assert_eq!(proof.to_string(), text(vector, "file"));
        let leaf = leaf_hash(text(vector, "leaf").as_bytes());
        let proven = proof.verify(leaf, origin, &keys()).unwrap();
        let ranges = inclusion_ranges(number(vector, "index"), proven.checkpoint.size);
        assert_eq!(tiles.subtrees(&ranges).unwrap(), proof.hashes);
        if let Some(extra) = &proof.extra {
            let extra: Value = serde_json::from_slice(extra).unwrap();
            assert_eq!(text(&extra, "leaf"), text(vector, "leaf"));
        }
    }
    for vector in list(&vectors, "consistency") {
        let ranges = consistency_ranges(number(vector, "old"), number(vector, "new"));
        let proof: Vec<Value> = tiles.subtrees(&ranges).unwrap().iter().map(|hash| hash.hex().into()).collect();
        assert_eq!(&Value::Array(proof), &vector["proof"]);
    }
}

#[test]
fn a_witness_takes_the_published_request() {
    let vectors = proof_vectors();
    let body = text(&vectors["add_checkpoint"], "body");
    let request = AddCheckpoint::parse(body).unwrap();
    assert_eq!(request.to_string(), body);
    let checkpoints = checkpoint_vectors();
    let seen = list(&checkpoints, "checkpoints").iter().find(|one| number(one, "size") == request.old).unwrap();
    let seen = Checkpoint::parse(Note::parse(text(seen, "note")).unwrap().text()).unwrap();
    assert_eq!(consider(Some(&seen), &request, &keys()[..2]).unwrap().size, 11);
}

#[test]
fn the_published_bundle_holds_the_leaves_and_hashes_to_the_tile() {
    let vectors = proof_vectors();
    let leaves = leaf_vectors();
    let bundle = encode_bundle(list(&leaves, "leaves").iter().map(|leaf| text(leaf, "text"))).unwrap();
    assert_eq!(bundle, bytes(text(&vectors["bundle"], "hex")));
    let mut tiles = Tiles::new();
    tiles.insert(TilePath::parse(text(&vectors["bundle"], "path")).unwrap(), &bundle).unwrap();
    let tile = &vectors["tile"];
    assert_eq!(tiles.insert(TilePath::parse(text(tile, "path")).unwrap(), &bytes(text(tile, "hex"))), Ok(()));
    assert_eq!(tiles.subtree(0, 11), Some(plain_root(&hashes())));
}
