//! The hashes of the tree (RFC 6962, section 2.1): SHA-256 with a byte before it that keeps leaves and nodes apart.
//! Says nothing about where hashes are kept; that is [`crate::tile`].

use crate::frontier::Frontier;
use crate::text;
use aws_lc_rs::digest::{Context, SHA256, digest};
use std::fmt;

/// Bytes of a hash.
pub const HASH_BYTES: usize = 32;
/// What stands before a leaf.
const LEAF_PREFIX: u8 = 0;
/// What stands before the two hashes of a node.
const NODE_PREFIX: u8 = 1;
/// Leaves up to here are hashed from a small buffer on the stack: a context of its own costs an allocation.
const SMALL_LEAF_BYTES: usize = 767;
/// Leaves up to here from a larger one.
const LARGE_LEAF_BYTES: usize = 8191;

/// SHA-256 of a leaf, of a node, or of a whole tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; HASH_BYTES]);

impl Hash {
    /// SHA-256 of bytes as they are, without a prefix.
    pub fn of(bytes: &[u8]) -> Self {
        finished(digest(&SHA256, bytes).as_ref())
    }

    /// The hash in standard base64: 44 characters.
    pub fn to_base64(&self) -> String {
        text::to_base64(&self.0)
    }

    /// Reads standard base64. `None` unless it is exactly one hash in its one spelling.
    pub fn from_base64(text: &str) -> Option<Self> {
        text::from_base64(text)?.try_into().ok().map(Self)
    }

    /// The hash in lower-case hex: 64 characters.
    pub fn hex(&self) -> String {
        text::to_hex(&self.0)
    }

    /// Reads lower-case hex. `None` unless it is exactly one hash.
    pub fn from_hex(text: &str) -> Option<Self> {
        text::from_hex(text).map(Self)
    }

    /// The hash of exactly 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

/// SHA-256(0x00 || data).
pub fn leaf_hash(data: &[u8]) -> Hash {
    if data.len() <= SMALL_LEAF_BYTES {
        return prefixed(&mut [LEAF_PREFIX; SMALL_LEAF_BYTES + 1], data);
    }
    if data.len() <= LARGE_LEAF_BYTES {
        return prefixed(&mut [LEAF_PREFIX; LARGE_LEAF_BYTES + 1], data);
    }
    let mut context = Context::new(&SHA256);
    context.update(&[LEAF_PREFIX]);
    context.update(data);
    finished(context.finish().as_ref())
}

fn prefixed(buffer: &mut [u8], data: &[u8]) -> Hash {
    buffer[1..=data.len()].copy_from_slice(data);
    Hash::of(&buffer[..=data.len()])
}

/// SHA-256(0x01 || left || right).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut buffer = [NODE_PREFIX; 1 + 2 * HASH_BYTES];
    buffer[1..=HASH_BYTES].copy_from_slice(&left.0);
    buffer[1 + HASH_BYTES..].copy_from_slice(&right.0);
    Hash::of(&buffer)
}

/// The root of the tree without leaves: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    Hash::of(&[])
}

/// The root of the tree over these leaf hashes.
pub fn root_of(leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::new();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    frontier.root()
}

fn finished(digest: &[u8]) -> Hash {
    Hash(digest.try_into().expect("SHA-256 gives 32 bytes"))
}
