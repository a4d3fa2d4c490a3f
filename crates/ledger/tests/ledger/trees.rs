//! The tree against a plain reading of RFC 6962: roots, the right edge, proofs of all sizes, and that no altered proof
//! passes. Tiles are looked at in `tiles`.

use crate::{flipped, leaves, plain_consistency, plain_inclusion, plain_root};
use ledger::frontier::Malformed;
use ledger::hash::{empty_root, leaf_hash, root_of};
use ledger::proof::{ProofError, consistency_ranges, inclusion_ranges, verify_consistency, verify_inclusion};
use ledger::{Frontier, Hash, MAX_TREE_SIZE};
use proptest::prelude::*;

/// The largest tree of which every proof is tried.
const ALL_SIZES: usize = 130;

#[test]
fn no_leaf_is_included_in_a_tree_that_ends_before_it() {
    let root = root_of(&leaves(3));
    for index in [3, 4, u64::MAX] {
        let refused = verify_inclusion(index, 3, leaves(3)[0], &[], root);
        assert_eq!(refused, Err(ProofError::IndexBeyondTree { index, size: 3 }));
        assert!(inclusion_ranges(index, 3).is_empty());
    }
    assert!(verify_inclusion(0, 0, empty_root(), &[], empty_root()).is_err());
}

#[test]
fn a_log_that_was_cut_is_not_consistent_with_what_it_was() {
    let all = leaves(9);
    let refused = verify_consistency(9, 5, root_of(&all), root_of(&all[..5]), &[]);
    assert_eq!(refused, Err(ProofError::OldBeyondNew { old: 9, new: 5 }));
}

#[test]
fn two_roots_of_the_same_size_are_not_consistent() {
    let (one, other) = (root_of(&leaves(4)), flipped(root_of(&leaves(4)), 7));
    assert_eq!(verify_consistency(4, 4, one, other, &[]), Err(ProofError::RootDiffers));
    assert_eq!(verify_consistency(4, 4, one, one, &[]), Ok(()));
    assert_eq!(verify_consistency(0, 4, other, one, &[]), Err(ProofError::OldRootDiffers));
    assert_eq!(verify_consistency(0, 4, empty_root(), one, &[]), Ok(()));
}

#[test]
fn a_right_edge_with_too_few_hashes_is_refused() {
    let frontier = (0..11).fold(Frontier::new(), |mut frontier, n| {
        frontier.push(leaf_hash(&[n]));
        frontier
    });
    let bytes = frontier.encode();
    let length = |given| Malformed::Length { size: 11, expected: 3, given };
    assert_eq!(Frontier::decode(11, &bytes[32..]), Err(length(64)));
    assert_eq!(Frontier::decode(11, &[bytes.as_slice(), &[0]].concat()), Err(length(97)));
    assert!(Frontier::decode(12, &bytes).is_err());
    assert!(Frontier::decode(MAX_TREE_SIZE + 1, &bytes[..32]).is_err());
    assert_eq!(Frontier::decode(11, &bytes), Ok(frontier));
}

#[test]
fn a_subtree_is_appended_only_where_it_may_begin() {
    let all = leaves(24);
    let mut frontier = Frontier::new();
    frontier.push_subtree(4, root_of(&all[..16])).unwrap();
    frontier.push_subtree(2, root_of(&all[16..20])).unwrap();
    assert!(frontier.push_subtree(3, root_of(&all[..8])).is_err(), "20 is no multiple of 8");
    assert!(frontier.push_subtree(63, all[0]).is_err() && frontier.push_subtree(64, all[0]).is_err());
    frontier.push_subtree(2, root_of(&all[20..])).unwrap();
    assert_eq!((frontier.size(), frontier.root()), (24, plain_root(&all)));
}

#[test]
fn every_proof_of_every_small_tree_is_the_one_of_the_rfc() {
    let all = leaves(ALL_SIZES);
    let root_at = |(begin, end): (u64, u64)| plain_root(&all[begin as usize..end as usize]);
    for size in 1..=ALL_SIZES {
        let tree = &all[..size];
        let root = plain_root(tree);
        assert_eq!(root_of(tree), root);
        for at in 0..size {
            let proof: Vec<Hash> = inclusion_ranges(at as u64, size as u64).into_iter().map(root_at).collect();
            assert_eq!(proof, plain_inclusion(at, tree), "leaf {at} of {size}");
            assert_eq!(verify_inclusion(at as u64, size as u64, tree[at], &proof, root), Ok(()));
            let old = at + 1;
            let proof: Vec<Hash> = consistency_ranges(old as u64, size as u64).into_iter().map(root_at).collect();
            assert_eq!(proof, plain_consistency(old, tree, true), "{old} to {size}");
            let old_root = plain_root(&tree[..old]);
            assert_eq!(verify_consistency(old as u64, size as u64, old_root, root, &proof), Ok(()));
        }
    }
}

#[test]
fn leaves_of_all_lengths_are_hashed_alike() {
    for length in (0..1100).chain(8000..8300).chain([65_535]) {
        let leaf = vec![0xa5; length];
        assert_eq!(leaf_hash(&leaf), Hash::of(&[&[0], leaf.as_slice()].concat()), "{length} bytes");
    }
}

#[test]
fn the_proofs_of_the_largest_trees_are_short() {
    assert_eq!(inclusion_ranges(0, MAX_TREE_SIZE).len(), 63);
    for (old, new) in [(1, MAX_TREE_SIZE), (MAX_TREE_SIZE - 1, MAX_TREE_SIZE), (1 << 62, MAX_TREE_SIZE)] {
        assert!(consistency_ranges(old, new).len() <= ledger::proof::MAX_PROOF_HASHES);
    }
}

proptest! {
    #[test]
    fn an_altered_inclusion_proof_fails(size in 2usize..700, at in any::<prop::sample::Index>(), bit in 0usize..256, which in any::<prop::sample::Index>()) {
        let all = leaves(size);
        let (at, root) = (at.index(size), plain_root(&all));
        let proof = plain_inclusion(at, &all);
        let verify = |at: usize, size: usize, leaf, proof: &[Hash], root| verify_inclusion(at as u64, size as u64, leaf, proof, root);
        prop_assert_eq!(verify(at, size, all[at], &proof, root), Ok(()));
        let which = which.index(proof.len());
        let mut altered = proof.clone();
        altered[which] = flipped(altered[which], bit);
        prop_assert!(verify(at, size, all[at], &altered, root).is_err());
        prop_assert!(verify(at, size, flipped(all[at], bit), &proof, root).is_err());
        prop_assert!(verify(at, size, all[at], &proof, flipped(root, bit)).is_err());
        prop_assert!(verify((at + 1) % size, size, all[at], &proof, root).is_err());
        altered = proof.clone();
        altered.remove(which);
        prop_assert!(verify(at, size, all[at], &altered, root).is_err());
        altered = proof.clone();
        altered.insert(which, proof[which]);
        prop_assert!(verify(at, size, all[at], &altered, root).is_err());
        if proof.len() > 1 {
            altered = proof.clone();
            altered.swap(which, (which + 1) % proof.len());
            prop_assert!(verify(at, size, all[at], &altered, root).is_err());
        }
    }

    #[test]
    fn an_altered_consistency_proof_fails(new in 2usize..700, old in any::<prop::sample::Index>(), bit in 0usize..256, which in any::<prop::sample::Index>()) {
        let all = leaves(new);
        let old = 1 + old.index(new - 1);
        let (old_root, new_root) = (plain_root(&all[..old]), plain_root(&all));
        let proof = plain_consistency(old, &all, true);
        let verify = |old_root, new_root, proof: &[Hash]| verify_consistency(old as u64, new as u64, old_root, new_root, proof);
        prop_assert_eq!(verify(old_root, new_root, &proof), Ok(()));
        prop_assert!(verify(flipped(old_root, bit), new_root, &proof).is_err());
        prop_assert!(verify(old_root, flipped(new_root, bit), &proof).is_err());
        let which = which.index(proof.len());
        let mut altered = proof.clone();
        altered[which] = flipped(altered[which], bit);
        prop_assert!(verify(old_root, new_root, &altered).is_err());
        altered = proof.clone();
        altered.remove(which);
        prop_assert!(verify(old_root, new_root, &altered).is_err());
        altered = proof.clone();
        altered.push(proof[which]);
        prop_assert!(verify(old_root, new_root, &altered).is_err());
    }

    #[test]
    fn a_tree_grown_in_steps_and_stored_between_them_is_the_same(steps in prop::collection::vec(0usize..90, 1..8)) {
        let all = leaves(steps.iter().sum());
        let mut frontier = Frontier::new();
        let mut rest = all.as_slice();
        for step in steps {
            let (now, later) = rest.split_at(step);
            now.iter().for_each(|leaf| frontier.push(*leaf));
            rest = later;
            let size = frontier.size();
            prop_assert_eq!(frontier.root(), plain_root(&all[..size as usize]));
            frontier = Frontier::decode(size, &frontier.encode()).unwrap();
        }
        prop_assert_eq!(frontier.root(), plain_root(&all));
    }
}
