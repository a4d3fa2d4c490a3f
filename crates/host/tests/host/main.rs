//! The machine as STRUCT uses it: a real PostgreSQL, real files, real TLS and mail conversations.
//! Tests nothing of the product above it.

#![allow(
    clippy::disallowed_methods,
    reason = "tests start the programs they check with, and their clients read the clock"
)]

mod account;
mod backup;
mod emulators;
mod keyring;
mod mail;
mod postgres;
mod remote;
mod tls;
mod transport;
mod witness;

use domain::time::Random;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that differ at every call and are the same in every run.
pub struct Counting(AtomicU64);

impl Counting {
    /// Begins at `seed`.
    pub const fn from(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Random for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let n = self.0.fetch_add(1, Ordering::Relaxed);
            *byte = u8::try_from(n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56).expect("one byte is left");
        }
    }
}
