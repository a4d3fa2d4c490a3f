//! A log while it is appended to: its right edge, and the statements that each part of entries comes to. Sends none of them.

use super::{Append, Appended, Genuine, GenuinePlatform, hash_from, signed};
use crate::StoreError;
use crate::flight::{Param, Row, Statement};
use crate::ledger::{leaf, platform, platform_append};
use domain::id::TenantId;
use ledger::checkpoint::Checkpoint;
use ledger::frontier::Frontier;
use ledger::hash::{Hash, leaf_hash, root_of};
use ledger::tile::TILE_WIDTH;
use uuid::Uuid;

/// Levels of tiles: 256^8 leaves are more than a position can number.
const LEVELS: u8 = 8;

/// The arrays are as long as each other; what would be missing in one is null, which no column takes.
const ADD_LEAVES: &str = "INSERT INTO struct.leaf (tenant_id, position, entry_id, hash)
    SELECT $1, generate_series($2::bigint, $2 + cardinality($3::uuid[]) - 1), unnest($3), unnest($4::bytea[])";
const TAKE: &str = "DELETE FROM struct.entry_waiting WHERE tenant_id = $1 AND entry_id = ANY ($2)";
const ADD_TILES: &str = "INSERT INTO struct.tile (tenant_id, level, number, hashes, root)
    SELECT $1, u.* FROM unnest($2::smallint[], $3::bigint[], $4::bytea[], $5::bytea[]) u";
const GROW: &str = "UPDATE struct.log SET size = $2, frontier = $3 WHERE tenant_id = $1";
const PUBLISH: &str = "INSERT INTO struct.checkpoint (tenant_id, size, note) VALUES ($1, $2, $3)";

/// A log that is being appended to.
pub(super) struct Growing {
    log: TenantId,
    origin: String,
    frontier: Frontier,
    /// Hashes of the partial tile of each level.
    partial: Vec<Vec<Hash>>,
    genuine: Genuine,
    genuine_platform: GenuinePlatform,
    entries: usize,
    foreign: Vec<Uuid>,
}

/// A tile that has become full.
struct FullTile {
    level: u8,
    number: u64,
    hashes: Vec<u8>,
    root: Hash,
}

impl Growing {
    /// By the log's row, the leaves of its partial tile, and the roots of full tiles beside partial tiles above.
    pub(super) fn new(append: &Append<'_>, row: &Row, leaves: &[Row], tiles: &[Row]) -> Result<Self, StoreError> {
        let size = u64::try_from(row.get::<_, i64>(1)).unwrap_or_default();
        let frontier =
            Frontier::decode(size, row.get(2)).map_err(|error| StoreError::Fault(format!("log: {error}")))?;
        let partial = partial_of(size, leaves, tiles)?;
        if !(append.grows_from)(size, &frontier.root()) {
            let told = format!("log: the tree of {size} leaves is not the one that was published");
            return Err(StoreError::Fault(told));
        }
        Ok(Self {
            log: append.log,
            origin: row.get(0),
            frontier,
            partial,
            genuine: append.genuine.clone(),
            genuine_platform: append.genuine_platform.clone(),
            entries: 0,
            foreign: Vec::new(),
        })
    }

    pub(super) fn log(&self) -> TenantId {
        self.log
    }

    /// The statements that append a part. A row of the queue whose entry is gone stays there: it has nothing to append.
    pub(super) fn take(&mut self, part: &[Row]) -> Result<Vec<Statement>, StoreError> {
        let from = signed(self.frontier.size())?;
        let (mut taken, mut tiles) = (Vec::with_capacity(part.len()), Vec::new());
        let (mut ids, mut hashes) = (Vec::with_capacity(part.len()), Vec::with_capacity(part.len()));
        for row in part {
            let Some(id) = row.get::<_, Option<Uuid>>(0) else { continue };
            taken.push(id);
            let Some(hash) = self.hash_of(row)? else {
                self.foreign.push(id);
                continue;
            };
            ids.push(id);
            hashes.push(hash.0.to_vec());
            self.frontier.push(hash);
            fill(&mut self.partial, &mut tiles, hash, self.frontier.size());
        }
        self.entries += ids.len();
        let mut statements = Vec::new();
        if !taken.is_empty() {
            statements.push(Statement::new(TAKE, vec![Box::new(self.log.0), Box::new(taken)]));
        }
        if !ids.is_empty() {
            let params: Vec<Param> = vec![Box::new(self.log.0), Box::new(from), Box::new(ids), Box::new(hashes)];
            statements.push(Statement::new(ADD_LEAVES, params));
        }
        if !tiles.is_empty() {
            statements.push(add_tiles(self.log, tiles)?);
        }
        Ok(statements)
    }

    /// The leaf hash of a row that waits; none when STRUCT did not write it.
    fn hash_of(&self, row: &Row) -> Result<Option<Hash>, StoreError> {
        if self.log == platform() {
            let body = row.get(1);
            return Ok((self.genuine_platform)(row.get(0), body).then(|| leaf_hash(body)));
        }
        let (text, mac) = leaf::waiting(self.log, row)?;
        Ok((self.genuine)(&text, mac).then(|| leaf_hash(&text)))
    }

    /// The statements that publish what was taken, and what it came to; none when nothing got a place.
    pub(super) fn publish(self, append: &Append<'_>) -> Result<(Vec<Statement>, Appended), StoreError> {
        let Self { log, origin, frontier, entries, foreign, .. } = self;
        if entries == 0 {
            return Ok((Vec::new(), Appended { entries, foreign, ..Appended::default() }));
        }
        let checkpoint = Checkpoint { origin, size: frontier.size(), root: frontier.root(), extensions: Vec::new() };
        let note = (append.sign)(&checkpoint).map_err(StoreError::Fault)?;
        let size = signed(checkpoint.size)?;
        let mut statements = vec![
            Statement::new(GROW, vec![Box::new(log.0), Box::new(size), Box::new(frontier.encode())]),
            Statement::new(PUBLISH, vec![Box::new(log.0), Box::new(size), Box::new(note.clone())]),
        ];
        if let Some((id, body)) = (append.tell)(&note) {
            statements.push(platform_append(id, body));
        }
        Ok((statements, Appended { entries, foreign, note: Some(note), ..Appended::default() }))
    }
}

/// The hashes at the edge of each level.
fn partial_of(size: u64, leaves: &[Row], tiles: &[Row]) -> Result<Vec<Vec<Hash>>, StoreError> {
    let mut partial = vec![Vec::new(); usize::from(LEVELS)];
    for row in leaves {
        partial[0].push(hash_from(row.get(0))?);
    }
    for row in tiles {
        let level = usize::try_from(row.get::<_, i16>(0)).unwrap_or_default() + 1;
        partial[level.min(usize::from(LEVELS) - 1)].push(hash_from(row.get(1))?);
    }
    // Both halves of the edge must agree, or the tables were tampered with: nothing more is signed then.
    for (level, hashes) in (0..LEVELS).zip(&partial) {
        let expected = (size >> (8 * u32::from(level))) % TILE_WIDTH;
        if hashes.len() as u64 != expected {
            return Err(StoreError::Fault(format!(
                "log: level {level} has {} hashes at its edge, not {expected}",
                hashes.len()
            )));
        }
    }
    Ok(partial)
}

/// Adds a leaf to the partial tiles; `size` is the tree's with it.
fn fill(partial: &mut [Vec<Hash>], tiles: &mut Vec<FullTile>, leaf: Hash, size: u64) {
    let mut hash = leaf;
    for (level, tile) in (0_u8..).zip(partial.iter_mut()) {
        tile.push(hash);
        if (tile.len() as u64) < TILE_WIDTH {
            return;
        }
        hash = root_of(tile);
        let number = (size >> (8 * (u32::from(level) + 1))) - 1;
        let hashes = tile.iter().flat_map(|hash| hash.0).collect();
        tiles.push(FullTile { level, number, hashes, root: hash });
        tile.clear();
    }
}

fn add_tiles(log: TenantId, tiles: Vec<FullTile>) -> Result<Statement, StoreError> {
    let (mut levels, mut numbers, mut hashes, mut roots) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for tile in tiles {
        levels.push(i16::from(tile.level));
        numbers.push(signed(tile.number)?);
        hashes.push(tile.hashes);
        roots.push(tile.root.0.to_vec());
    }
    let params: Vec<Param> =
        vec![Box::new(log.0), Box::new(levels), Box::new(numbers), Box::new(hashes), Box::new(roots)];
    Ok(Statement::new(ADD_TILES, params))
}
