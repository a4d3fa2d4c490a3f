//! Tests of the ledger, from outside: published vectors, properties against a plain reading of RFC 6962, other people's
//! implementations as oracles, and vectors of our own. No file of a log is read here but those vectors.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod checkpoints;
mod leaves;
mod notes;
mod oracles;
mod proof_files;
mod published;
mod robust;
mod tiles;
mod trees;
mod vectors;
mod witnesses;

use ledger::Hash;
use ledger::hash::{empty_root, leaf_hash, node_hash};

/// RFC 6962, section 2.1, word by word: the root over leaves, without any of the short cuts of the crate.
fn plain_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [only] => *only,
        _ => {
            let (left, right) = leaves.split_at(plain_split(leaves.len()));
            node_hash(&plain_root(left), &plain_root(right))
        }
    }
}

/// The largest power of two below n.
fn plain_split(n: usize) -> usize {
    let mut k = 1;
    while k * 2 < n {
        k *= 2;
    }
    k
}

/// PATH of RFC 6962, section 2.1.1.
fn plain_inclusion(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let k = plain_split(leaves.len());
    let (left, right) = leaves.split_at(k);
    if index < k {
        [plain_inclusion(index, left), vec![plain_root(right)]].concat()
    } else {
        [plain_inclusion(index - k, right), vec![plain_root(left)]].concat()
    }
}

/// SUBPROOF of RFC 6962, section 2.1.2.
fn plain_consistency(old: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if whole { Vec::new() } else { vec![plain_root(leaves)] };
    }
    let k = plain_split(leaves.len());
    let (left, right) = leaves.split_at(k);
    if old <= k {
        [plain_consistency(old, left, whole), vec![plain_root(right)]].concat()
    } else {
        [plain_consistency(old - k, right, false), vec![plain_root(left)]].concat()
    }
}

/// Leaf hashes that differ.
fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|n| leaf_hash(format!("leaf {n}").as_bytes())).collect()
}

fn flipped(hash: Hash, bit: usize) -> Hash {
    let mut bytes = hash.0;
    bytes[bit / 8 % 32] ^= 1 << (bit % 8);
    Hash(bytes)
}
