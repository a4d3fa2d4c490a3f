//! What stands in a log: checkpoints, keys, tiles, bundles of entries, the place of one entry. Appends nothing.

use super::append::{hash_from, signed};
use super::{head, leaf, platform};
use crate::flight::Row;
use crate::{Flight, Head, Statement, Store, StoreError};
use domain::id::{EntryId, TenantId};
use jiff::Timestamp;
use ledger::hash::Hash;
use ledger::leaf::Leaf;
use ledger::tile::{TILE_WIDTH, encode_bundle};
use uuid::Uuid;

/// A log as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogRow {
    /// Whose; the nil id for the platform's.
    pub log: TenantId,
    /// The first line of its checkpoints.
    pub origin: String,
    /// Leaves.
    pub size: u64,
    /// Entries below were pruned.
    pub first_kept: u64,
}

/// A published checkpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CheckpointRow {
    /// Leaves under it.
    pub size: u64,
    /// When it was published.
    pub at: Timestamp,
    /// The signed note, with the cosignatures that came in since.
    pub note: String,
}

/// A row of a bundle or of the self-check: the leaf's bytes as they follow from what is stored, and the hash that was logged.
#[derive(Clone, Debug)]
pub struct PlacedLeaf {
    /// The leaf; empty when its entry is missing.
    pub bytes: Vec<u8>,
    /// The hash kept with the position.
    pub hash: Hash,
    /// The position.
    pub position: u64,
}

/// An entry with its place.
#[derive(Clone, Debug)]
pub struct PlacedEntry {
    /// Its leaf.
    pub leaf: Leaf,
    /// Its position, once it is in the log.
    pub position: Option<u64>,
}

/// Entries looked at in one statement when those beside the log are sought.
const BESIDE_AT_ONCE: i64 = 5_000;
/// Entries beside the log that are told.
const MAX_BESIDE: usize = 5;
/// Each entry is looked up by its id, whatever statistics promise: a log and its queue change faster than these are made, and a
/// plan that trusts them reads the whole log for every entry.
const BESIDE: &str = "SELECT e.entry_id, l.entry_id IS NULL AND w.entry_id IS NULL FROM (
        SELECT entry_id FROM struct.entry WHERE tenant_id = $1 AND entry_id > $2 ORDER BY entry_id LIMIT $3) e
    LEFT JOIN LATERAL (SELECT entry_id FROM struct.leaf WHERE tenant_id = $1 AND entry_id = e.entry_id OFFSET 0) l ON true
    LEFT JOIN LATERAL (SELECT entry_id FROM struct.entry_waiting WHERE tenant_id = $1 AND entry_id = e.entry_id OFFSET 0) w ON true
    ORDER BY e.entry_id";
const BESIDE_PLATFORM: &str = "SELECT e.entry_id, l.entry_id IS NULL AND w.entry_id IS NULL FROM (
        SELECT entry_id FROM struct.platform_entry WHERE tenant_id = $1 AND entry_id > $2 ORDER BY entry_id LIMIT $3) e
    LEFT JOIN LATERAL (SELECT entry_id FROM struct.leaf WHERE tenant_id = $1 AND entry_id = e.entry_id OFFSET 0) l ON true
    LEFT JOIN LATERAL (SELECT entry_id FROM struct.entry_waiting WHERE tenant_id = $1 AND entry_id = e.entry_id OFFSET 0) w ON true
    ORDER BY e.entry_id";

const LOG: &str = "SELECT tenant_id, origin, size, first_kept FROM struct.log WHERE tenant_id = $1";
const KEYS: &str = "SELECT vkey FROM struct.log_key WHERE tenant_id = $1 ORDER BY version DESC";
/// The cosignatures are lines of a note: they go below the log's own.
pub(super) const CHECKPOINT: &str =
    "SELECT c.size, c.at, c.note || coalesce((SELECT string_agg(s.line, '' ORDER BY s.witness)
        FROM struct.cosignature s WHERE s.tenant_id = c.tenant_id AND s.size = c.size), '')
    FROM struct.checkpoint c WHERE c.tenant_id = $1";
const TILE: &str = "SELECT hashes FROM struct.tile WHERE tenant_id = $1 AND level = $2 AND number = $3";
const LEAF_HASHES: &str =
    "SELECT hash FROM struct.leaf WHERE tenant_id = $1 AND position >= $2 AND position < $3 ORDER BY position";
const TILE_ROOTS: &str =
    "SELECT root FROM struct.tile WHERE tenant_id = $1 AND level = $2 AND number >= $3 AND number < $4
    ORDER BY number";
const BODIES: &str = "SELECT p.body, l.position, l.hash FROM struct.leaf l
    LEFT JOIN struct.platform_entry p ON p.tenant_id = l.tenant_id AND p.entry_id = l.entry_id
    WHERE l.tenant_id = $1 AND l.position >= $2 AND l.position < $3 ORDER BY l.position";

impl Store {
    async fn read_log(&self, log: TenantId, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>, StoreError> {
        self.fly(Flight::read(head(log), statements)).await
    }

    /// All logs, the platform's first.
    pub async fn logs(&self) -> Result<Vec<LogRow>, StoreError> {
        let client = self.connection().await?;
        let rows = client.query("SELECT tenant_id, origin, size, first_kept FROM struct.logs()", &[]).await?;
        Ok(rows.iter().map(log_row).collect())
    }

    /// A log.
    pub async fn log(&self, log: TenantId) -> Result<Option<LogRow>, StoreError> {
        let rows = self.read_log(log, vec![Statement::new(LOG, vec![Box::new(log.0)])]).await?.swap_remove(0);
        Ok(rows.first().map(log_row))
    }

    /// A log's public keys, newest first.
    pub async fn log_keys(&self, log: TenantId) -> Result<Vec<String>, StoreError> {
        let rows = self.read_log(log, vec![Statement::new(KEYS, vec![Box::new(log.0)])]).await?.swap_remove(0);
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// The newest checkpoint.
    pub async fn checkpoint_newest(&self, log: TenantId) -> Result<Option<CheckpointRow>, StoreError> {
        let sql = format!("{CHECKPOINT} ORDER BY c.size DESC LIMIT 1");
        let rows = self.read_log(log, vec![Statement::new(sql, vec![Box::new(log.0)])]).await?.swap_remove(0);
        Ok(rows.first().map(checkpoint_row))
    }

    /// Checkpoints of trees larger than `after`, smallest first.
    pub async fn checkpoints(&self, log: TenantId, after: u64, limit: i64) -> Result<Vec<CheckpointRow>, StoreError> {
        let sql = format!("{CHECKPOINT} AND c.size > $2 ORDER BY c.size LIMIT $3");
        let read = Statement::new(sql, vec![Box::new(log.0), Box::new(signed(after)?), Box::new(limit)]);
        let rows = self.read_log(log, vec![read]).await?.swap_remove(0);
        Ok(rows.iter().map(checkpoint_row).collect())
    }

    /// The first `width` hashes of a tile; none when the tree has not so many.
    pub async fn tile(&self, log: TenantId, level: u8, number: u64, width: u16) -> Result<Option<Vec<u8>>, StoreError> {
        let bytes = usize::from(width) * 32;
        let first = number.checked_mul(TILE_WIDTH).map(signed).transpose()?;
        let (Some(first), true) = (first, level < 8) else { return Ok(None) };
        let until = first + i64::from(width);
        let full = Statement::new(TILE, vec![Box::new(log.0), Box::new(i16::from(level)), Box::new(signed(number)?)]);
        let parts = match level {
            0 => Statement::new(LEAF_HASHES, vec![Box::new(log.0), Box::new(first), Box::new(until)]),
            _ => Statement::new(
                TILE_ROOTS,
                vec![Box::new(log.0), Box::new(i16::from(level) - 1), Box::new(first), Box::new(until)],
            ),
        };
        let mut rows = self.read_log(log, vec![full, parts]).await?;
        let (parts, full) = (rows.swap_remove(1), rows.swap_remove(0));
        if let Some(row) = full.first() {
            return Ok(row.get::<_, &[u8]>(0).get(..bytes).map(<[u8]>::to_vec));
        }
        let hashes: Vec<u8> = parts.iter().flat_map(|row| row.get::<_, &[u8]>(0).to_vec()).collect();
        Ok(Some(hashes).filter(|hashes| hashes.len() == bytes))
    }

    /// A bundle of `width` entries; none when the tree has not so many, or they were pruned. An entry that has been taken
    /// away stands in it as an empty one: whoever checks sees at which place.
    pub async fn bundle(&self, log: TenantId, number: u64, width: u16) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(first) = number.checked_mul(TILE_WIDTH) else { return Ok(None) };
        let placed = self.placed(log, first, first + u64::from(width)).await?;
        let kept = self.log(log).await?.is_some_and(|row| first >= row.first_kept);
        if placed.len() != usize::from(width) || !kept {
            return Ok(None);
        }
        let bundle = encode_bundle(placed.iter().map(|placed| placed.bytes.as_slice()));
        bundle.map(Some).map_err(|error| StoreError::Fault(format!("log: {error}")))
    }

    /// Entries that are neither in their log nor waiting for it, the first few: nothing of STRUCT leaves such behind.
    pub async fn entries_beside(&self, log: TenantId) -> Result<Vec<EntryId>, StoreError> {
        let (mut beside, mut after) = (Vec::new(), Uuid::nil());
        loop {
            let sql = if log == platform() { BESIDE_PLATFORM } else { BESIDE };
            let read = Statement::new(sql, vec![Box::new(log.0), Box::new(after), Box::new(BESIDE_AT_ONCE)]);
            let rows = self.read_log(log, vec![read]).await?.swap_remove(0);
            beside.extend(rows.iter().filter(|row| row.get(1)).map(|row| EntryId::from(row.get::<_, Uuid>(0))));
            match rows.last() {
                Some(row) if rows.len() as i64 == BESIDE_AT_ONCE && beside.len() < MAX_BESIDE => after = row.get(0),
                _ => break,
            }
        }
        beside.truncate(MAX_BESIDE);
        Ok(beside)
    }

    /// Leaves from one position to another, as they follow from what is stored now.
    pub async fn placed(&self, log: TenantId, from: u64, until: u64) -> Result<Vec<PlacedLeaf>, StoreError> {
        let sql = if log == platform() { BODIES } else { leaf::POSITIONS };
        let read = Statement::new(sql, vec![Box::new(log.0), Box::new(signed(from)?), Box::new(signed(until)?)]);
        let rows = self.read_log(log, vec![read]).await?.swap_remove(0);
        rows.iter().map(|row| placed(log, row)).collect()
    }

    /// An entry's leaf and place, read as the asker's flight reads everything else.
    pub async fn placed_entry(&self, head: Head, entry: EntryId) -> Result<Option<(PlacedEntry, Vec<u8>)>, StoreError> {
        let read = Statement::new(leaf::ENTRY, vec![Box::new(head.tenant.0), Box::new(entry.0)]);
        let rows = self.fly(Flight::read(head, vec![read])).await?.swap_remove(0);
        let Some(row) = rows.first() else { return Ok(None) };
        let leaf = leaf::of(head.tenant, row)?;
        let position = row.get::<_, Option<i64>>(15).and_then(|position| u64::try_from(position).ok());
        Ok(Some((PlacedEntry { leaf, position }, row.get(16))))
    }
}

fn placed(log: TenantId, row: &Row) -> Result<PlacedLeaf, StoreError> {
    let (bytes, at) = if log == platform() {
        (row.get::<_, Option<Vec<u8>>>(0).unwrap_or_default(), 1)
    } else if row.get::<_, Option<Uuid>>(0).is_some() {
        (leaf::of(log, row)?.encode(), 15)
    } else {
        (Vec::new(), 15)
    };
    let position = u64::try_from(row.get::<_, i64>(at)).unwrap_or_default();
    Ok(PlacedLeaf { bytes, hash: hash_from(row.get(at + 1))?, position })
}

fn log_row(row: &Row) -> LogRow {
    let count = |index: usize| u64::try_from(row.get::<_, i64>(index)).unwrap_or_default();
    LogRow { log: row.get::<_, Uuid>(0).into(), origin: row.get(1), size: count(2), first_kept: count(3) }
}

pub(super) fn checkpoint_row(row: &Row) -> CheckpointRow {
    CheckpointRow { size: u64::try_from(row.get::<_, i64>(0)).unwrap_or_default(), at: row.get(1), note: row.get(2) }
}
