//! Tiles that somebody has fetched, and the roots of subtrees computed from them. Believes the tiles: whether they are
//! the log's shows when a root computed here is held against a checkpoint.

use super::{MAX_LEVEL, MalformedBundle, TILE_WIDTH, TileKind, TilePath, bundle_hashes, complete_subtrees, place_of};
use crate::hash::{HASH_BYTES, Hash, node_hash, root_of};
use std::collections::BTreeMap;
use thiserror::Error;

/// Tiles, by level and index. Of one place the widest is held.
#[derive(Clone, Debug, Default)]
pub struct Tiles {
    tiles: BTreeMap<(u8, u64), Vec<Hash>>,
}

/// Why bytes are not the tile that their path names.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Unfit {
    /// The path names a level or a width that there is not.
    #[error("{path} names no tile; levels go to {MAX_LEVEL} and widths from 1 to {TILE_WIDTH}")]
    Path {
        /// The path.
        path: TilePath,
    },
    /// It is shorter or longer than its name says.
    #[error("{path} has {given} where its name says {}; fetch it again", path.width)]
    Width {
        /// Its name.
        path: TilePath,
        /// Hashes or entries that it has, the last perhaps cut off.
        given: usize,
    },
    /// It is no bundle.
    #[error("{path}: {reason}")]
    Bundle {
        /// Its name.
        path: TilePath,
        /// What is wrong with it.
        reason: MalformedBundle,
    },
    /// It says something else than a narrower or wider one of the same place.
    #[error(
        "{path} differs from the tile of another width at the same place; the log shows two histories, so keep both"
    )]
    Disagrees {
        /// Its name.
        path: TilePath,
    },
}

impl Tiles {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a tile, or a bundle of entries, whose hashes are the tile of level 0 at its place.
    pub fn insert(&mut self, path: TilePath, bytes: &[u8]) -> Result<(), Unfit> {
        let (level, hashes) = match path.kind {
            TileKind::Level(level) => {
                let given = bytes.len().div_ceil(HASH_BYTES);
                if bytes.len() != usize::from(path.width) * HASH_BYTES {
                    return Err(Unfit::Width { path, given });
                }
                (level, bytes.chunks_exact(HASH_BYTES).filter_map(Hash::from_slice).collect())
            }
            TileKind::Entries => (0, bundle_hashes(bytes).map_err(|reason| Unfit::Bundle { path, reason })?),
        };
        if level > MAX_LEVEL || path.width == 0 || u64::from(path.width) > TILE_WIDTH {
            return Err(Unfit::Path { path });
        }
        if hashes.len() != usize::from(path.width) {
            return Err(Unfit::Width { path, given: hashes.len() });
        }
        let held = self.tiles.entry((level, path.index)).or_default();
        if held.iter().zip(&hashes).any(|(held, given)| held != given) {
            return Err(Unfit::Disagrees { path });
        }
        if held.len() < hashes.len() {
            *held = hashes;
        }
        Ok(())
    }

    /// The hash of a leaf; `None` when its tile is not held.
    pub fn leaf(&self, index: u64) -> Option<Hash> {
        self.complete(0, index)
    }

    /// The root over the leaves from `begin` to before `end`. `None` when a tile is missing, or when the range is no
    /// subtree of any tree: `begin` must be a multiple of the smallest power of two that the range fits into.
    pub fn subtree(&self, begin: u64, end: u64) -> Option<Hash> {
        let leaves = end.checked_sub(begin).filter(|leaves| *leaves > 0)?;
        if !begin.is_multiple_of(leaves.checked_next_power_of_two()?) {
            return None;
        }
        let roots = complete_subtrees(begin, end).map(|(height, first)| self.complete(height, first));
        let roots = roots.collect::<Option<Vec<Hash>>>()?;
        roots.into_iter().rev().reduce(|right, left| node_hash(&left, &right))
    }

    /// The roots of several subtrees, as a proof has them; `None` when one cannot be computed.
    pub fn subtrees(&self, ranges: &[(u64, u64)]) -> Option<Vec<Hash>> {
        ranges.iter().map(|(begin, end)| self.subtree(*begin, *end)).collect()
    }

    /// The root of the complete subtree of this height: from its own tile, else from the tiles below.
    fn complete(&self, height: u32, first: u64) -> Option<Hash> {
        let (level, index, at, count) = place_of(height, first);
        let held = self.tiles.get(&(level, index)).and_then(|tile| tile.get(at..at + count));
        match held {
            Some(hashes) => Some(root_of(hashes)),
            None if height == 0 => None,
            None => {
                let left = self.complete(height - 1, first)?;
                let right = self.complete(height - 1, first + (1 << (height - 1)))?;
                Some(node_hash(&left, &right))
            }
        }
    }
}
