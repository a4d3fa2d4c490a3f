//! A secret key of 256 bits, wiped from memory when it is let go.
//!
//! Says nothing of what the key is for; that is its node in [`crate::tree`].

use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;

/// 256 secret bits. Not `Clone`, so that each copy is a decision someone wrote down.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Key([u8; KEY_BYTES]);

impl Key {
    /// Takes bytes that the caller drew from a cryptographic random source, or unwrapped.
    pub fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// The secret itself. Named so that each use stands out when read or searched for.
    pub fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// Whether two keys are the same, in time that does not depend on where they differ.
    pub fn ct_eq(&self, other: &Key) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_never_shows_its_bytes_in_a_log() {
        let shown = format!("{:?}", Key::from_bytes([0xab; 32]));
        assert_eq!(shown, "Key(secret)");
    }

    #[test]
    fn keys_differing_in_one_bit_are_different() {
        let mut bytes = [7; 32];
        let key = Key::from_bytes(bytes);
        assert!(key.ct_eq(&Key::from_bytes(bytes)));
        bytes[31] ^= 1;
        assert!(!key.ct_eq(&Key::from_bytes(bytes)));
    }
}
