//! A clock and a randomness that a test holds in its hand. Neither is ever the machine's.

use domain::time::{Clock, Random};
use jiff::{SignedDuration, Timestamp};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Each reading is a millisecond later than the one before, so that ids made one after the other sort so.
pub struct FakeClock(AtomicI64);

impl FakeClock {
    /// 2026-11-22 18:05 in Japan.
    pub fn start() -> Timestamp {
        "2026-11-22T09:05:00Z".parse().expect("a timestamp")
    }

    /// A clock that stands there.
    pub fn new() -> Self {
        Self(AtomicI64::new(Self::start().as_millisecond()))
    }

    /// Moves the clock on.
    pub fn advance(&self, by: SignedDuration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).expect("a test does not wait for ages"), Ordering::SeqCst);
    }
}

impl Default for FakeClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.fetch_add(1, Ordering::SeqCst)).expect("within the calendar")
    }
}

/// The same bytes in every run, another at every call.
pub struct Seeded(AtomicU64);

impl Seeded {
    /// Begins at `seed`.
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The next number below `bound`.
    pub fn below(&self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// SplitMix64: every state leads to another number, and all of them come by.
    fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.0.fetch_add(STEP, Ordering::SeqCst).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Random for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
    }
}
