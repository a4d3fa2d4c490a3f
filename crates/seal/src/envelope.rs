//! The envelope in which a row's personal fields stand in the database, and the place to which it is bound.
//!
//! Does not know what is inside (that is [`crate::payload`]), nor where keys come from.
//!
//! Layout, all numbers big-endian: `0x01 | key version u32 | nonce 12 | ciphertext | tag 16`.

use crate::aead;
use crate::key::Key;
use aws_lc_rs::aead::LessSafeKey;
use std::fmt;

/// First byte of every envelope, and of its associated data.
pub const FORMAT: u8 = 0x01;
/// Bytes an envelope is longer than what it holds.
pub const OVERHEAD_BYTES: usize = VERSION_END + aead::NONCE_BYTES + aead::TAG_BYTES;

const VERSION_END: usize = 1 + size_of::<u32>();

/// Where a row stands. An envelope opens only at the very place it was sealed for, so moving ciphertext between
/// tenants, services, entities, rows or versions is noticed even by someone who may write to the database.
///
/// Things of the tenant that belong to no service (a member's name, an audit detail) use an empty service and
/// their noun as the entity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place<'a> {
    /// The tenant's id; zeros for things of the platform.
    pub tenant: [u8; 16],
    /// The service's name.
    pub service: &'a str,
    /// The entity's name.
    pub entity: &'a str,
    /// The record's id.
    pub record: [u8; 16],
    /// The record's version, the same number that is its optimistic lock.
    pub version: i64,
}

/// An envelope or a wrapped key did not open. One error for every cause (unknown format, no such key version, moved,
/// altered, cut off), because telling them apart helps nobody but an attacker.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("sealed bytes could not be opened with this key at this place")]
pub struct CannotOpen;

/// A set of data keys that can't be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum UnusableKeys {
    /// There is nothing to seal with.
    #[error("no data key was given")]
    None,
    /// Two keys claim the same version.
    #[error("data key version {0} was given twice")]
    Twice(u32),
}

/// The data keys of one scope, prepared for use. The newest version seals; every version opens.
pub struct DataKeys {
    /// Ascending by version, never empty.
    versions: Vec<(u32, LessSafeKey)>,
}

impl DataKeys {
    /// Prepares keys, given in any order.
    pub fn new(mut keys: Vec<(u32, Key)>) -> Result<Self, UnusableKeys> {
        if keys.is_empty() {
            return Err(UnusableKeys::None);
        }
        keys.sort_by_key(|(version, _)| *version);
        if let Some(pair) = keys.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(UnusableKeys::Twice(pair[0].0));
        }
        let versions = keys.iter().map(|(version, key)| (*version, aead::prepare(key))).collect();
        Ok(Self { versions })
    }

    /// The version that seals.
    pub fn newest(&self) -> u32 {
        self.sealing().0
    }

    /// Seals `plaintext` for `place` under the newest key.
    ///
    /// `nonce` should be 12 random bytes. Should one ever repeat, AES-GCM-SIV gives away only whether the same
    /// plaintext was sealed twice at the same place, nothing else.
    pub fn seal(&self, place: &Place<'_>, nonce: [u8; 12], plaintext: &[u8]) -> Vec<u8> {
        let (version, key) = self.sealing();
        let mut envelope = Vec::with_capacity(OVERHEAD_BYTES + plaintext.len());
        envelope.push(FORMAT);
        envelope.extend_from_slice(&version.to_be_bytes());
        aead::seal_onto(&mut envelope, key, nonce, &associated_data(place, *version), plaintext);
        envelope
    }

    /// Opens an envelope at `place`.
    pub fn open(&self, place: &Place<'_>, envelope: &[u8]) -> Result<Vec<u8>, CannotOpen> {
        let version = key_version(envelope).ok_or(CannotOpen)?;
        let at = self.versions.binary_search_by_key(&version, |(version, _)| *version).map_err(|_| CannotOpen)?;
        aead::open(&self.versions[at].1, &associated_data(place, version), &envelope[VERSION_END..])
    }

    fn sealing(&self) -> &(u32, LessSafeKey) {
        self.versions.last().expect("new() refuses an empty set")
    }
}

impl fmt::Debug for DataKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.versions.iter().map(|(version, _)| version)).finish()
    }
}

/// The key version an envelope names, to find what a rotation still has to seal anew. It is not authenticated until
/// the envelope is opened.
pub fn key_version(envelope: &[u8]) -> Option<u32> {
    let (format, rest) = envelope.split_first()?;
    let version = rest.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))?;
    (*format == FORMAT).then_some(version)
}

/// Fixed parts first, then each name behind its length, so that no two places share an encoding.
fn associated_data(place: &Place<'_>, key_version: u32) -> Vec<u8> {
    let names = [place.service, place.entity];
    let mut out = Vec::with_capacity(61 + place.service.len() + place.entity.len());
    out.push(FORMAT);
    out.extend_from_slice(&key_version.to_be_bytes());
    out.extend_from_slice(&place.tenant);
    out.extend_from_slice(&place.record);
    out.extend_from_slice(&place.version.to_be_bytes());
    for name in names {
        out.extend_from_slice(&(name.len() as u64).to_be_bytes());
        out.extend_from_slice(name.as_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'static> =
        Place { tenant: [1; 16], service: "crm", entity: "customer", record: [2; 16], version: 3 };

    fn keys(versions: &[u32]) -> DataKeys {
        DataKeys::new(versions.iter().map(|v| (*v, Key::from_bytes([*v as u8; 32]))).collect()).expect("distinct")
    }

    #[test]
    fn a_set_without_a_key_is_refused() {
        assert_eq!(DataKeys::new(Vec::new()).err(), Some(UnusableKeys::None));
    }

    #[test]
    fn two_keys_of_one_version_are_refused() {
        let twice = vec![(4, Key::from_bytes([0; 32])), (2, Key::from_bytes([1; 32])), (4, Key::from_bytes([2; 32]))];
        assert_eq!(DataKeys::new(twice).err(), Some(UnusableKeys::Twice(4)));
    }

    #[test]
    fn an_envelope_of_a_destroyed_key_version_stays_closed() {
        let envelope = keys(&[1]).seal(&PLACE, [9; 12], b"secret");
        assert_eq!(keys(&[2, 3]).open(&PLACE, &envelope), Err(CannotOpen));
    }

    #[test]
    fn the_same_version_of_another_scope_does_not_open() {
        let envelope = keys(&[1]).seal(&PLACE, [9; 12], b"secret");
        let other = DataKeys::new(vec![(1, Key::from_bytes([0xee; 32]))]).expect("one key");
        assert_eq!(other.open(&PLACE, &envelope), Err(CannotOpen));
    }

    #[test]
    fn a_name_cannot_be_shifted_between_service_and_entity() {
        let envelope = keys(&[1]).seal(&PLACE, [9; 12], b"secret");
        let shifted = Place { service: "crmc", entity: "ustomer", ..PLACE };
        assert_eq!(keys(&[1]).open(&shifted, &envelope), Err(CannotOpen));
    }

    #[test]
    fn the_newest_key_seals_and_older_ones_still_open() {
        let old = keys(&[1]).seal(&PLACE, [9; 12], b"old");
        let rotated = keys(&[2, 1]);
        let new = rotated.seal(&PLACE, [8; 12], b"new");
        assert_eq!((key_version(&old), key_version(&new)), (Some(1), Some(2)));
        assert_eq!(rotated.open(&PLACE, &old).as_deref(), Ok(&b"old"[..]));
        assert_eq!(rotated.open(&PLACE, &new).as_deref(), Ok(&b"new"[..]));
        assert_eq!(new.len(), OVERHEAD_BYTES + 3);
    }

    #[test]
    fn prepared_keys_can_be_shared_between_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<DataKeys>();
        shared::<crate::FieldIndex>();
        shared::<crate::IndexKey>();
    }
}
