//! Appending: locks a log, takes the entries that wait, writes leaves, full tiles and the signed checkpoint, all in one
//! transaction of two round trips. Signs nothing: the caller does, and what it signed is never seen unless this commits.

use super::leaf::{self, ENTRIES};
use super::platform;
use crate::flight::{Borrowed, Row, Statement, prepare, send};
use crate::{Store, StoreError};
use domain::id::TenantId;
use ledger::checkpoint::Checkpoint;
use ledger::frontier::Frontier;
use ledger::hash::{Hash, leaf_hash, root_of};
use ledger::leaf::Leaf;
use ledger::tile::TILE_WIDTH;
use uuid::Uuid;

/// Entries appended in one transaction at most.
pub const BATCH_ENTRIES: i64 = 4_096;
/// Levels of tiles: 256^8 leaves are more than a position can number.
const LEVELS: u8 = 8;

/// A leaf for the platform's log, with its id.
pub type QueuedLeaf = (Uuid, Vec<u8>);

/// What an append needs from whoever holds the keys.
pub struct Append<'a> {
    /// The log.
    pub log: TenantId,
    /// Whether the tree may be of that size and root so far, by what the caller remembers. Without this question a tree that
    /// somebody rewrote would get a signature with the next entry.
    pub grows_from: &'a (dyn Fn(u64, &Hash) -> bool + Sync),
    /// Signs a checkpoint: the whole note. Called within the transaction.
    pub sign: &'a (dyn Fn(&Checkpoint) -> Result<String, String> + Sync),
    /// Whether STRUCT wrote an entry that waits: its leaf and its keyed hash. What somebody else put there gets no place.
    pub genuine: &'a (dyn Fn(&Leaf, Option<&[u8]>) -> bool + Sync),
    /// The same of a leaf of the platform's log: its id and its bytes.
    pub genuine_platform: &'a (dyn Fn(Uuid, &[u8]) -> bool + Sync),
    /// The platform leaf that tells of a note, with its id; none for the platform's own log.
    pub tell: &'a (dyn Fn(&str) -> Option<QueuedLeaf> + Sync),
}

/// What was appended.
#[derive(Clone, Debug, Default)]
pub struct Appended {
    /// Entries taken in.
    pub entries: usize,
    /// Entries that STRUCT did not write: they stand beside the log from now on, and every self-check tells of them.
    pub foreign: Vec<Uuid>,
    /// The newly published checkpoint, when there was something to append.
    pub note: Option<String>,
}

/// The right edge of a log: enough to append to it.
struct Edge {
    origin: String,
    frontier: Frontier,
    /// Hashes of the partial tile of each level.
    partial: Vec<Vec<Hash>>,
}

/// A tile that has become full.
struct FullTile {
    level: u8,
    number: u64,
    hashes: Vec<u8>,
    root: Hash,
}

const EDGE: &str = "SELECT origin, size, frontier FROM struct.log WHERE tenant_id = $1 FOR UPDATE";
const PARTIAL_LEAVES: &str = "SELECT hash FROM struct.leaf WHERE tenant_id = $1
    AND position >= (SELECT size / 256 * 256 FROM struct.log WHERE tenant_id = $1) ORDER BY position";
/// Roots of full tiles that are not yet part of a full tile above them.
const PARTIAL_TILES: &str = "SELECT t.level, t.root FROM struct.log l CROSS JOIN generate_series(0, 6) AS g(level)
    JOIN struct.tile t ON t.tenant_id = l.tenant_id AND t.level = g.level
        AND t.number >= (l.size >> (8 * (g.level + 1))) / 256 * 256
    WHERE l.tenant_id = $1 ORDER BY t.level, t.number";
const BODIES: &str = "SELECT w.entry_id, p.body FROM struct.entry_waiting w
    JOIN struct.platform_entry p ON p.tenant_id = w.tenant_id AND p.entry_id = w.entry_id
    WHERE w.tenant_id = $1 ORDER BY w.entry_id LIMIT $2";
const ADD_LEAVES: &str = "INSERT INTO struct.leaf (tenant_id, position, entry_id, hash)
    SELECT $1, $2 + u.place - 1, u.id, u.hash FROM unnest($3::uuid[], $4::bytea[]) WITH ORDINALITY AS u(id, hash, place)";
const TAKE: &str = "DELETE FROM struct.entry_waiting WHERE tenant_id = $1 AND entry_id = ANY ($2)";
const ADD_TILES: &str = "INSERT INTO struct.tile (tenant_id, level, number, hashes, root)
    SELECT $1, u.* FROM unnest($2::smallint[], $3::bigint[], $4::bytea[], $5::bytea[]) u";
const GROW: &str = "UPDATE struct.log SET size = $2, frontier = $3 WHERE tenant_id = $1";
const PUBLISH: &str = "INSERT INTO struct.checkpoint (tenant_id, size, note) VALUES ($1, $2, $3)";

impl Store {
    /// Appends what waits, up to `BATCH_ENTRIES`. A log that is not there yet takes nothing: `log_create` makes it.
    pub async fn append(&self, append: &Append<'_>) -> Result<Appended, StoreError> {
        let log = append.log;
        let borrowed = Borrowed::new(self.connection().await?);
        let client = borrowed.client();
        let begin = format!("BEGIN READ WRITE; SET LOCAL struct.tenant = '{log}'");
        let waiting = if log == platform() { BODIES } else { ENTRIES };
        let one = |sql: &str| Statement::new(sql, vec![Box::new(log.0)]);
        let reads = vec![
            one(EDGE),
            one(PARTIAL_LEAVES),
            one(PARTIAL_TILES),
            Statement::new(waiting, vec![Box::new(log.0), Box::new(BATCH_ENTRIES)]),
        ];
        let prepared = prepare(client, &reads).await?;
        let (begun, answers, _) = send(client, &begin, &reads, &prepared, "").await;
        begun?;
        let mut rows = answers.into_iter().collect::<Result<Vec<Vec<Row>>, _>>()?;
        let (waiting, tiles, leaves, edge) = (rows.pop(), rows.pop(), rows.pop(), rows.pop());
        let waiting = waiting.unwrap_or_default();
        let edge = edge
            .unwrap_or_default()
            .first()
            .map(|row| edge_of(row, &leaves.unwrap_or_default(), &tiles.unwrap_or_default()));
        let (Some(edge), false) = (edge.transpose()?, waiting.is_empty()) else {
            client.batch_execute("ROLLBACK").await?;
            borrowed.landed();
            return Ok(Appended::default());
        };
        let (writes, appended) = grow(append, edge, &waiting)?;
        let prepared = prepare(client, &writes).await?;
        let (_, answers, committed) = send(client, "", &writes, &prepared, "COMMIT").await;
        // A statement that failed makes the COMMIT a rollback, so the answers count first.
        for answer in answers {
            answer?;
        }
        committed?;
        borrowed.landed();
        Ok(appended)
    }
}

fn edge_of(row: &Row, leaves: &[Row], tiles: &[Row]) -> Result<Edge, StoreError> {
    let size = u64::try_from(row.get::<_, i64>(1)).unwrap_or_default();
    let frontier = Frontier::decode(size, row.get(2)).map_err(|error| StoreError::Fault(format!("log: {error}")))?;
    let mut partial = vec![Vec::new(); usize::from(LEVELS)];
    for row in leaves {
        partial[0].push(hash(row.get(0))?);
    }
    for row in tiles {
        let level = usize::try_from(row.get::<_, i16>(0)).unwrap_or_default() + 1;
        partial[level.min(usize::from(LEVELS) - 1)].push(hash(row.get(1))?);
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
    Ok(Edge { origin: row.get(0), frontier, partial })
}

/// The statements that append the rows, and what they come to.
fn grow(append: &Append<'_>, edge: Edge, waiting: &[Row]) -> Result<(Vec<Statement>, Appended), StoreError> {
    let log = append.log;
    let Edge { origin, mut frontier, mut partial } = edge;
    let before = frontier.size();
    if !(append.grows_from)(before, &frontier.root()) {
        return Err(StoreError::Fault(format!("log: the tree of {before} leaves is not the one that was published")));
    }
    let (mut ids, mut hashes) = (Vec::with_capacity(waiting.len()), Vec::with_capacity(waiting.len()));
    let (mut tiles, mut foreign) = (Vec::new(), Vec::new());
    for row in waiting {
        let id = row.get::<_, Uuid>(0);
        let Some(hash) = hash_of(append, row)? else {
            foreign.push(id);
            continue;
        };
        ids.push(id);
        hashes.push(hash.0.to_vec());
        frontier.push(hash);
        fill(&mut partial, &mut tiles, hash, frontier.size());
    }
    let taken: Vec<Uuid> = ids.iter().chain(&foreign).copied().collect();
    let take = Statement::new(TAKE, vec![Box::new(log.0), Box::new(taken)]);
    if ids.is_empty() {
        return Ok((vec![take], Appended { entries: 0, foreign, note: None }));
    }
    let entries = ids.len();
    let checkpoint = Checkpoint { origin, size: frontier.size(), root: frontier.root(), extensions: Vec::new() };
    let note = (append.sign)(&checkpoint).map_err(StoreError::Fault)?;
    let (from, size) = (signed(before)?, signed(checkpoint.size)?);
    let mut statements = vec![
        take,
        Statement::new(ADD_LEAVES, vec![Box::new(log.0), Box::new(from), Box::new(ids), Box::new(hashes)]),
        Statement::new(GROW, vec![Box::new(log.0), Box::new(size), Box::new(frontier.encode())]),
        Statement::new(PUBLISH, vec![Box::new(log.0), Box::new(size), Box::new(note.clone())]),
    ];
    if !tiles.is_empty() {
        statements.push(add_tiles(log, tiles)?);
    }
    if let Some((id, body)) = (append.tell)(&note) {
        statements.push(super::platform_append(id, body));
    }
    Ok((statements, Appended { entries, foreign, note: Some(note) }))
}

/// The leaf hash of a row that waits; none when STRUCT did not write it.
fn hash_of(append: &Append<'_>, row: &Row) -> Result<Option<Hash>, StoreError> {
    if append.log == platform() {
        let body = row.get(1);
        return Ok((append.genuine_platform)(row.get(0), body).then(|| leaf_hash(body)));
    }
    let leaf = leaf::of(append.log, row)?;
    let mac: Option<&[u8]> = row.get(14);
    Ok((append.genuine)(&leaf, mac).then(|| leaf_hash(&leaf.encode())))
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
    let params: Vec<crate::flight::Param> =
        vec![Box::new(log.0), Box::new(levels), Box::new(numbers), Box::new(hashes), Box::new(roots)];
    Ok(Statement::new(ADD_TILES, params))
}

pub(super) fn hash(bytes: &[u8]) -> Result<Hash, StoreError> {
    bytes.try_into().map(Hash).map_err(|_| StoreError::Fault("log: a hash has not 32 bytes".to_owned()))
}

pub(super) fn signed(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::Fault("log: a position is too large".to_owned()))
}
