//! The right edge of a growing tree: what is needed to append leaves and to say the root, and nothing else. Inner
//! hashes that a proof needs are kept in tiles, not here.

use crate::MAX_TREE_SIZE;
use crate::hash::{HASH_BYTES, Hash, empty_root, node_hash};
use thiserror::Error;

/// A tree of `size` leaves, held as the roots of its complete subtrees, the largest first: at most 63 hashes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Frontier {
    size: u64,
    /// One for each bit that is set in `size`, from the highest.
    hashes: Vec<Hash>,
}

/// Why a stored frontier is none.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Malformed {
    /// The tree is said to be larger than any.
    #[error("a tree of {size} leaves is larger than any; read the size again")]
    TooLarge {
        /// The size given.
        size: u64,
    },
    /// The bytes are of another tree.
    #[error(
        "a tree of {size} leaves has {expected} hashes at its right edge, and {given} bytes are not that many; rebuild it from the leaves"
    )]
    Length {
        /// The size given.
        size: u64,
        /// Hashes that such a tree has.
        expected: u32,
        /// Bytes that were given.
        given: usize,
    },
}

/// A complete subtree that does not begin where the tree ends, or is larger than the tree may grow.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("a subtree of 2^{height} leaves cannot follow {size} leaves; append its leaves one by one")]
pub struct Misplaced {
    /// Height of the subtree.
    pub height: u32,
    /// Leaves there are.
    pub size: u64,
}

impl Frontier {
    /// The tree without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf, given as its hash.
    pub fn push(&mut self, leaf: Hash) {
        self.grow(0, leaf);
    }

    /// Appends a complete subtree of 2^height leaves, given as its root. Its place must be a multiple of its size, as
    /// the roots of full tiles are when they are appended in order.
    pub fn push_subtree(&mut self, height: u32, root: Hash) -> Result<(), Misplaced> {
        let misplaced = Misplaced { height, size: self.size };
        let leaves = 1u64.checked_shl(height).ok_or_else(|| misplaced.clone())?;
        let fits = self.size.checked_add(leaves).is_some_and(|size| size <= MAX_TREE_SIZE);
        if !fits || !self.size.is_multiple_of(leaves) {
            return Err(misplaced);
        }
        self.grow(height, root);
        Ok(())
    }

    fn grow(&mut self, height: u32, root: Hash) {
        let mut root = root;
        let mut rest = self.size >> height;
        while rest & 1 == 1 {
            let left = self.hashes.pop().expect("there is a hash for each bit of the size");
            root = node_hash(&left, &root);
            rest >>= 1;
        }
        self.hashes.push(root);
        self.size += 1 << height;
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        let mut from_the_right = self.hashes.iter().rev();
        let Some(smallest) = from_the_right.next() else { return empty_root() };
        from_the_right.fold(*smallest, |right, left| node_hash(left, &right))
    }

    /// The hashes, the largest subtree's first, 32 bytes each. The size is not in it.
    pub fn encode(&self) -> Vec<u8> {
        self.hashes.iter().flat_map(|hash| hash.0).collect()
    }

    /// Reads what [`Frontier::encode`] wrote for a tree of this size.
    pub fn decode(size: u64, bytes: &[u8]) -> Result<Self, Malformed> {
        if size > MAX_TREE_SIZE {
            return Err(Malformed::TooLarge { size });
        }
        let expected = size.count_ones();
        if bytes.len() != expected as usize * HASH_BYTES {
            return Err(Malformed::Length { size, expected, given: bytes.len() });
        }
        let hashes = bytes.chunks_exact(HASH_BYTES).filter_map(Hash::from_slice).collect();
        Ok(Self { size, hashes })
    }
}
