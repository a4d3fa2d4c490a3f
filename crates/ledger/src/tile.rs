//! Tiles: how a tree is cut into files of 256 hashes, what the files are called, and which of them a proof needs
//! (C2SP tlog-tiles). Fetches and stores none of them.

mod bundle;
mod held;

pub use bundle::{MAX_ENTRY_BYTES, MalformedBundle, TooLong, bundle_hashes, decode_bundle, encode_bundle};
pub use held::{Tiles, Unfit};

use crate::text;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// Hashes of a full tile, and entries of a full bundle.
pub const TILE_WIDTH: u64 = 256;
/// Levels of the tree that one tile spans.
pub const TILE_HEIGHT: u32 = 8;
/// The highest level that a path may name.
pub const MAX_LEVEL: u8 = 63;
/// The longest path: `tile/entries/`, an index of seven parts, `.p/255`.
const MAX_PATH_BYTES: usize = 64;

/// What a file of the log holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum TileKind {
    /// Hashes: at level 0 of leaves, above of full tiles of the level below.
    Level(u8),
    /// The leaves themselves.
    Entries,
}

/// The name of a tile or of a bundle of entries. Prints as the path below the log's prefix.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TilePath {
    /// What it holds.
    pub kind: TileKind,
    /// Its place among those of its kind.
    pub index: u64,
    /// How many hashes or entries: 1 to 256; below 256 it is partial.
    pub width: u16,
}

/// A path that names no tile.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("this is no path of a tile; it looks like `tile/0/x001/x234/067` or `tile/entries/000.p/5`")]
pub struct MalformedPath;

impl TilePath {
    /// The tile of hashes at this place in a tree of `size` leaves; `None` when the tree has none there.
    pub fn in_tree(level: u8, index: u64, size: u64) -> Option<Self> {
        width_at(level, index, size).map(|width| Self { kind: TileKind::Level(level), index, width })
    }

    /// The bundle of entries at this place in a tree of `size` leaves; `None` when the tree has none there.
    pub fn entries_in_tree(index: u64, size: u64) -> Option<Self> {
        width_at(0, index, size).map(|width| Self { kind: TileKind::Entries, index, width })
    }

    /// Whether it has fewer than 256 hashes or entries.
    pub fn is_partial(&self) -> bool {
        u64::from(self.width) < TILE_WIDTH
    }

    /// The full one at the same place, which may be there instead of a partial one once the tree has grown.
    pub fn full(self) -> Self {
        Self { width: TILE_WIDTH as u16, ..self }
    }

    /// Reads a path, from `tile/` on.
    pub fn parse(path: &str) -> Result<Self, MalformedPath> {
        if path.len() > MAX_PATH_BYTES {
            return Err(MalformedPath);
        }
        let (kind, place) = path.strip_prefix("tile/").and_then(|rest| rest.split_once('/')).ok_or(MalformedPath)?;
        let kind = match kind {
            "entries" => TileKind::Entries,
            level => {
                let level = text::decimal(level).and_then(|level| u8::try_from(level).ok());
                TileKind::Level(level.filter(|level| *level <= MAX_LEVEL).ok_or(MalformedPath)?)
            }
        };
        let (index, width) = match place.split_once(".p/") {
            Some((index, width)) => (index, partial(width).ok_or(MalformedPath)?),
            None => (place, TILE_WIDTH as u16),
        };
        let index = index_of(index).ok_or(MalformedPath)?;
        Ok(Self { kind, index, width })
    }
}

impl FromStr for TilePath {
    type Err = MalformedPath;

    fn from_str(path: &str) -> Result<Self, MalformedPath> {
        Self::parse(path)
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Level(level) => write!(f, "tile/{level}")?,
            TileKind::Entries => f.write_str("tile/entries")?,
        }
        // The widest index has seven groups of three digits.
        let groups = (1..7).take_while(|group| self.index >= 1000u64.pow(*group)).count() as u32;
        for group in (1..=groups).rev() {
            write!(f, "/x{:03}", self.index / 1000u64.pow(group) % 1000)?;
        }
        write!(f, "/{:03}", self.index % 1000)?;
        if self.is_partial() { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

fn partial(width: &str) -> Option<u16> {
    text::decimal(width).filter(|width| (1..TILE_WIDTH).contains(width)).map(|width| width as u16)
}

/// The index of its groups: `x001/x234/067`. Only its shortest spelling is one.
fn index_of(groups: &str) -> Option<u64> {
    let mut index: u64 = 0;
    let mut groups = groups.split('/').peekable();
    let mut first = true;
    while let Some(group) = groups.next() {
        let digits = if groups.peek().is_some() { group.strip_prefix('x')? } else { group };
        if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        if first && groups.peek().is_some() && digits == "000" {
            return None;
        }
        first = false;
        index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    }
    Some(index)
}

/// How many hashes a tree of `size` leaves has at this level of tiles.
fn hashes_at(level: u8, size: u64) -> u64 {
    size.checked_shr(u32::from(level) * TILE_HEIGHT).unwrap_or(0)
}

/// The width of the partial tile at the right edge of a level; 0 when there is none.
pub fn partial_width(level: u8, size: u64) -> u16 {
    (hashes_at(level, size) % TILE_WIDTH) as u16
}

fn width_at(level: u8, index: u64, size: u64) -> Option<u16> {
    let hashes = hashes_at(level, size);
    let full = hashes / TILE_WIDTH;
    match index {
        index if index < full => Some(TILE_WIDTH as u16),
        index if index == full && !hashes.is_multiple_of(TILE_WIDTH) => Some(partial_width(level, size)),
        _ => None,
    }
}

/// Every tile of hashes of a tree of `size` leaves, from level 0 up.
pub fn tiles_of(size: u64) -> impl Iterator<Item = TilePath> {
    let levels = (0..=MAX_LEVEL).take_while(move |level| hashes_at(*level, size) > 0);
    levels.flat_map(move |level| {
        let count = hashes_at(level, size).div_ceil(TILE_WIDTH);
        (0..count).filter_map(move |index| TilePath::in_tree(level, index, size))
    })
}

/// Every bundle of entries of a tree of `size` leaves.
pub fn bundles_of(size: u64) -> impl Iterator<Item = TilePath> {
    (0..size.div_ceil(TILE_WIDTH)).filter_map(move |index| TilePath::entries_in_tree(index, size))
}

/// The complete subtrees that a range of leaves falls into, from the left: each as its height and its first leaf.
fn complete_subtrees(begin: u64, end: u64) -> impl Iterator<Item = (u32, u64)> {
    let mut at = begin;
    std::iter::from_fn(move || {
        let rest = end.checked_sub(at).filter(|rest| *rest > 0)?;
        let height = at.trailing_zeros().min(rest.ilog2());
        let found = (height, at);
        at += 1 << height;
        Some(found)
    })
}

/// Where the hashes below a complete subtree stand: level of the tile, its index, the first hash in it, how many.
fn place_of(height: u32, first_leaf: u64) -> (u8, u64, usize, usize) {
    let level = height / TILE_HEIGHT;
    let hash = first_leaf >> (level * TILE_HEIGHT);
    (level as u8, hash / TILE_WIDTH, (hash % TILE_WIDTH) as usize, 1 << (height % TILE_HEIGHT))
}

/// The tiles from which [`Tiles::subtree`] can say the roots of these ranges in a tree of `size` leaves: no others, each
/// once, in order. A range that reaches beyond the tree needs tiles that don't exist, and is passed over.
pub fn tiles_for(ranges: &[(u64, u64)], size: u64) -> Vec<TilePath> {
    let ranges = ranges.iter().filter(|(_, end)| *end <= size);
    let subtrees = ranges.flat_map(|(begin, end)| complete_subtrees(*begin, *end));
    let tiles: BTreeSet<TilePath> = subtrees
        .filter_map(|(height, first)| {
            let (level, index, ..) = place_of(height, first);
            TilePath::in_tree(level, index, size)
        })
        .collect();
    tiles.into_iter().collect()
}
