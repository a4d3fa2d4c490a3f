//! The machine's clock and randomness, for everything that takes them as arguments. Nothing else reads them.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this is the one place that reads the wall clock and the system's randomness"
)]

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use domain::time::{Clock, Random};
use jiff::Timestamp;

/// The wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The system's cryptographic randomness.
#[derive(Clone, Debug)]
pub struct SystemBytes(SystemRandom);

impl SystemBytes {
    /// Ready to be asked.
    pub fn new() -> Self {
        Self(SystemRandom::new())
    }
}

impl Random for SystemBytes {
    fn fill(&self, bytes: &mut [u8]) {
        // Going on with predictable bytes would be worse than stopping.
        self.0.fill(bytes).expect("the system's randomness is there once the machine has started");
    }
}
