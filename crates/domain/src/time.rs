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

/// Most ids `new_uuids` makes of one instant: twelve bits.
pub const MAX_UUIDS_AT_ONCE: usize = 4_096;

/// Several UUIDs v7 of one instant that sort in the order given (RFC 9562 §6.2, method 1: the twelve bits after the
/// version count), so that rows of a file stand in a list as they stood in the file.
pub fn new_uuids(count: usize, clock: &dyn Clock, random: &dyn Random) -> Vec<Uuid> {
    assert!(count <= MAX_UUIDS_AT_ONCE, "more ids than an instant can order");
    let ms = u64::try_from(clock.now().as_millisecond()).unwrap_or(0);
    let numbered = |place: usize| {
        let mut bytes = random_bytes::<10>(random);
        let place = u16::try_from(place).expect("below MAX_UUIDS_AT_ONCE");
        bytes[..2].copy_from_slice(&place.to_be_bytes());
        uuid_v7(ms, &bytes)
    };
    (0..count).map(numbered).collect()
}

/// `2026-11-22 18:05`, by the clock of Japan: for mails, which are read anywhere.
pub fn japanese(at: Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9))).strftime("%Y-%m-%d %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    struct Still;
    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }
    }
    struct Ones;
    impl Random for Ones {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0xff);
        }
    }

    #[test]
    fn ids_of_one_instant_sort_in_the_order_they_were_made_in() {
        let ids = new_uuids(MAX_UUIDS_AT_ONCE, &Still, &Ones);
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
    }
}
