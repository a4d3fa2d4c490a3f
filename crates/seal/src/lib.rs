//! Sealing: envelopes of personal fields, blind indexes to find them, and the tree of keys above both.
//!
//! Knows no database, no clock and no randomness: nonces come in as arguments, and where keys and envelopes are kept
//! is the business of `host` and `store`. Every format is written down byte by byte in `docs/crypto.md`, with test
//! vectors in `crates/seal/vectors`. No primitive is made here; they are aws-lc-rs's.

mod aead;
pub mod envelope;
pub mod index;
pub mod key;
pub mod normalise;
pub mod payload;
pub mod tree;
mod variant;

pub use envelope::{CannotOpen, DataKeys, Place};
pub use index::{FieldIndex, IndexKey};
pub use key::Key;
pub use tree::Node;
