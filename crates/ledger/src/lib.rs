//! A transparency log, usable alone: hashing, tiles, checkpoints, proofs and witnesses, as RFC 6962 and the C2SP
//! specifications say, and the leaves that STRUCT puts into it.
//!
//! Does no input or output and knows no clock and no randomness: tiles, seeds and seconds come in as arguments. Every
//! parser is strict, has named bounds and never panics. The formats are written down in `docs/log.md`, with vectors in
//! `crates/ledger/vectors`. SHA-256 and Ed25519 are aws-lc-rs's.

pub mod checkpoint;
pub mod frontier;
#[doc(hidden)]
pub mod fuzzing;
pub mod hash;
pub mod leaf;
pub mod note;
pub mod proof;
mod text;
pub mod tile;
pub mod tlog_proof;
pub mod witness;

pub use checkpoint::Checkpoint;
pub use frontier::Frontier;
pub use hash::Hash;
pub use leaf::{Leaf, PlatformLeaf};
pub use note::Note;
pub use tlog_proof::TlogProof;

/// The largest tree: sizes and positions stay within a signed 64-bit number, as in the other implementations.
pub const MAX_TREE_SIZE: u64 = i64::MAX as u64;
