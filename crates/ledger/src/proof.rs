//! Inclusion and consistency proofs: which subtrees they are made of, and how they are checked (RFC 6962, section 2.1;
//! the checks as in RFC 9162, section 2.1). Fetches nothing: the hashes of subtrees come from [`crate::tile::Tiles`].

use crate::hash::{Hash, empty_root, node_hash};
use thiserror::Error;

/// The most hashes that a proof has, as trees are below 2^63 leaves.
pub const MAX_PROOF_HASHES: usize = 63;

/// Why a proof proves nothing.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ProofError {
    /// The leaf is not in a tree of that size.
    #[error("a tree of {size} leaves has no leaf {index}; take a later checkpoint")]
    IndexBeyondTree {
        /// Place of the leaf.
        index: u64,
        /// Leaves of the tree.
        size: u64,
    },
    /// The earlier tree is larger than the later.
    #[error("the earlier tree has {old} leaves and the later only {new}; the log was cut, or the two were exchanged")]
    OldBeyondNew {
        /// Leaves of the earlier tree.
        old: u64,
        /// Leaves of the later tree.
        new: u64,
    },
    /// Too few or too many hashes.
    #[error("the proof has {given} hashes where {expected} are needed; fetch it again for this size")]
    Length {
        /// Hashes that are needed.
        expected: usize,
        /// Hashes that were given.
        given: usize,
    },
    /// The hashes lead to another root than the earlier tree's.
    #[error("the proof does not lead to the earlier tree's root; entries of before it were altered, or the proof was")]
    OldRootDiffers,
    /// The hashes lead to another root than the tree's.
    #[error("the proof does not lead to the tree's root; the leaf, the proof or the checkpoint was altered")]
    RootDiffers,
}

/// The largest power of two below `leaves`, which is at least 2.
fn split(leaves: u64) -> u64 {
    1 << (leaves - 1).ilog2()
}

/// The subtrees, as ranges of leaves, whose roots are the inclusion proof of a leaf, in the proof's order. Empty when
/// the tree has no such leaf, or no other.
pub fn inclusion_ranges(index: u64, size: u64) -> Vec<(u64, u64)> {
    let mut ranges = Vec::new();
    let (mut begin, mut end) = (0, size);
    while index < size && end - begin > 1 {
        let middle = begin + split(end - begin);
        if index < middle {
            ranges.push((middle, end));
            end = middle;
        } else {
            ranges.push((begin, middle));
            begin = middle;
        }
    }
    ranges.reverse();
    ranges
}

/// The subtrees, as ranges of leaves, whose roots are the consistency proof of two trees, in the proof's order. Empty
/// when there is nothing to prove: from the tree without leaves, to itself, or to a smaller one.
pub fn consistency_ranges(old: u64, new: u64) -> Vec<(u64, u64)> {
    let mut ranges = Vec::new();
    if old == 0 || old >= new {
        return ranges;
    }
    let (mut begin, mut end) = (0, new);
    while end != old {
        let middle = begin + split(end - begin);
        if old <= middle {
            ranges.push((middle, end));
            end = middle;
        } else {
            ranges.push((begin, middle));
            begin = middle;
        }
    }
    // The earlier tree's own root is known to whoever checks; a subtree of it is not.
    if begin != 0 {
        ranges.push((begin, end));
    }
    ranges.reverse();
    ranges
}

/// Checks that the leaf with this hash stands at `index` in the tree of `size` leaves with this root.
pub fn verify_inclusion(index: u64, size: u64, leaf: Hash, proof: &[Hash], root: Hash) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::IndexBeyondTree { index, size });
    }
    let expected = inclusion_ranges(index, size).len();
    if proof.len() != expected {
        return Err(ProofError::Length { expected, given: proof.len() });
    }
    // `place` of the node on the way up, and of the last node of its level.
    let (mut place, mut last) = (index, size - 1);
    let mut reached = leaf;
    for hash in proof {
        if place & 1 == 1 || place == last {
            reached = node_hash(hash, &reached);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            reached = node_hash(&reached, hash);
        }
        place >>= 1;
        last >>= 1;
    }
    if reached == root { Ok(()) } else { Err(ProofError::RootDiffers) }
}

/// Checks that the tree of `new` leaves has the tree of `old` leaves as its beginning.
pub fn verify_consistency(
    old: u64,
    new: u64,
    old_root: Hash,
    new_root: Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old > new {
        return Err(ProofError::OldBeyondNew { old, new });
    }
    let expected = consistency_ranges(old, new).len();
    if proof.len() != expected {
        return Err(ProofError::Length { expected, given: proof.len() });
    }
    if old == 0 && old_root != empty_root() {
        return Err(ProofError::OldRootDiffers);
    }
    if old == new {
        return if old_root == new_root { Ok(()) } else { Err(ProofError::RootDiffers) };
    }
    if old == 0 {
        return Ok(());
    }
    let (reached_old, reached_new) = climb(old, new, old_root, proof);
    match (reached_old == old_root, reached_new == new_root) {
        (false, _) => Err(ProofError::OldRootDiffers),
        (true, false) => Err(ProofError::RootDiffers),
        (true, true) => Ok(()),
    }
}

/// The roots of the earlier and the later tree that a proof of the right length leads to; 0 < old < new.
fn climb(old: u64, new: u64, old_root: Hash, proof: &[Hash]) -> (Hash, Hash) {
    let (mut place, mut last) = (old - 1, new - 1);
    while place & 1 == 1 {
        place >>= 1;
        last >>= 1;
    }
    let mut hashes = proof.iter();
    let start = if old.is_power_of_two() { old_root } else { *hashes.next().expect("its length was checked") };
    let (mut reached_old, mut reached_new) = (start, start);
    for hash in hashes {
        if place & 1 == 1 || place == last {
            reached_old = node_hash(hash, &reached_old);
            reached_new = node_hash(hash, &reached_new);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            reached_new = node_hash(&reached_new, hash);
        }
        place >>= 1;
        last >>= 1;
    }
    (reached_old, reached_new)
}
