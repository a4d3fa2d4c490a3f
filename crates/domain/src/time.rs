//! Clock and randomness as parameters. Their real implementations stand in `cli`, their fakes in `testkit`.

use crate::id::uuid_v7;
use jiff::Timestamp;
use uuid::Uuid;

/// Where the present instant comes from.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// Where unpredictable bytes come from.
pub trait Random: Send + Sync + 'static {
    /// Fills `bytes` with unpredictable bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// An array of `N` random bytes.
pub fn random_bytes<const N: usize>(random: &dyn Random) -> [u8; N] {
    let mut bytes = [0; N];
    random.fill(&mut bytes);
    bytes
}

/// A new UUID v7, from the clock and the randomness given.
pub fn new_uuid(clock: &dyn Clock, random: &dyn Random) -> Uuid {
    let ms = u64::try_from(clock.now().as_millisecond()).unwrap_or(0);
    uuid_v7(ms, &random_bytes::<10>(random))
}
