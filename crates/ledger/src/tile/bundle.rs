//! Bundles of entries: up to 256 leaves, each behind its length in two bytes (C2SP tlog-tiles, "Log entries"). Knows
//! nothing of what a leaf says.

use super::TILE_WIDTH;
use crate::hash::{Hash, leaf_hash};
use thiserror::Error;

/// The longest entry: what two bytes can count.
pub const MAX_ENTRY_BYTES: usize = 65_535;
/// Bytes of an entry's length.
const LENGTH_BYTES: usize = 2;

/// What does not fit into a bundle.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum TooLong {
    /// An entry is too long.
    #[error("entry {position} of the bundle has {bytes} bytes; shorten it to {MAX_ENTRY_BYTES} at most")]
    Entry {
        /// Which one, from 0.
        position: usize,
        /// How long it is.
        bytes: usize,
    },
    /// There are more than 256 entries.
    #[error("a bundle holds {TILE_WIDTH} entries at most; put the rest into the next one")]
    Bundle,
}

/// Why bytes are no bundle.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum MalformedBundle {
    /// No entry at all.
    #[error("the bundle is empty; a log serves none without entries, so fetch it again")]
    Empty,
    /// More than 256 entries.
    #[error("the bundle has more than {TILE_WIDTH} entries; fetch it again")]
    TooMany,
    /// It ends within an entry.
    #[error("the bundle ends within entry {position}; fetch it again")]
    CutOff {
        /// Which one, from 0.
        position: usize,
    },
}

/// Puts entries into a bundle.
pub fn encode_bundle<E: AsRef<[u8]>>(entries: impl IntoIterator<Item = E>) -> Result<Vec<u8>, TooLong> {
    let mut bundle = Vec::new();
    for (position, entry) in entries.into_iter().enumerate() {
        let entry = entry.as_ref();
        if position as u64 >= TILE_WIDTH {
            return Err(TooLong::Bundle);
        }
        let length = u16::try_from(entry.len()).map_err(|_| TooLong::Entry { position, bytes: entry.len() })?;
        bundle.extend_from_slice(&length.to_be_bytes());
        bundle.extend_from_slice(entry);
    }
    Ok(bundle)
}

/// The entries of a bundle: 1 to 256.
pub fn decode_bundle(bundle: &[u8]) -> Result<Vec<&[u8]>, MalformedBundle> {
    let mut entries = Vec::with_capacity(TILE_WIDTH as usize);
    each_entry(bundle, |entry| entries.push(entry))?;
    Ok(entries)
}

/// The hashes of a bundle's entries, which are the tile of level 0 at the same place. Its root is
/// [`crate::hash::root_of`] them, and [`crate::Frontier::push_subtree`] at height 8 appends a full one.
pub fn bundle_hashes(bundle: &[u8]) -> Result<Vec<Hash>, MalformedBundle> {
    let mut hashes = Vec::with_capacity(TILE_WIDTH as usize);
    each_entry(bundle, |entry| hashes.push(leaf_hash(entry)))?;
    Ok(hashes)
}

fn each_entry<'b>(bundle: &'b [u8], mut take: impl FnMut(&'b [u8])) -> Result<(), MalformedBundle> {
    let mut rest = bundle;
    let mut position = 0;
    while !rest.is_empty() {
        if position as u64 >= TILE_WIDTH {
            return Err(MalformedBundle::TooMany);
        }
        let cut_off = MalformedBundle::CutOff { position };
        let (length, after) = rest.split_first_chunk::<LENGTH_BYTES>().ok_or_else(|| cut_off.clone())?;
        let (entry, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or(cut_off)?;
        take(entry);
        rest = after;
        position += 1;
    }
    if position == 0 { Err(MalformedBundle::Empty) } else { Ok(()) }
}
