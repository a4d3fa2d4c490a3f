//! What somebody with all rights on the database may do to a log: change, delete, insert, swap, cut, with everything made to
//! fit again as far as that goes without the log's key. For the drill that shows it is noticed; on throw-away databases only.

mod kind;
mod queue;
mod rebuilt;

pub use kind::Tampering;

use crate::pool::connect;
use crate::{Address, StoreError};
use domain::id::TenantId;
use tokio_postgres::Client;
use uuid::Uuid;

/// Tables that a case may change, or the check after it.
const TABLES: [&str; 9] =
    ["entry", "entry_waiting", "log", "log_key", "leaf", "tile", "checkpoint", "platform_entry", "evidence"];
/// Those in which a tampering has to leave a trace.
const TAMPERED: &str = "SELECT md5(string_agg(all_rows.row, E'\\n' ORDER BY all_rows.row)) FROM (
    SELECT 'e' || t::text AS row FROM struct.entry t UNION ALL SELECT 'l' || t::text FROM struct.leaf t
    UNION ALL SELECT 't' || t::text FROM struct.tile t UNION ALL SELECT 'c' || t::text FROM struct.checkpoint t
    UNION ALL SELECT 'g' || t::text FROM struct.log t UNION ALL SELECT 'k' || t::text FROM struct.log_key t UNION ALL
    SELECT 'p' || t::text FROM struct.platform_entry t UNION ALL SELECT 'v' || t::text FROM struct.evidence t UNION ALL
    SELECT 'w' || t::text FROM struct.entry_waiting t) all_rows";

/// What is made to fit afterwards.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rebuilt {
    /// Nothing.
    Nothing,
    /// Leaves, tiles, edge and size.
    Tree,
    /// The tree, and the text of the checkpoints, below which the old signatures stay.
    Checkpoints,
    /// The tree and the checkpoints, signed with a key of one's own, which takes the place of the log's.
    Signed,
}

impl Rebuilt {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Nothing, Self::Tree, Self::Checkpoints, Self::Signed];
}

/// A log as whoever tampers finds it.
#[derive(Clone, Debug)]
pub struct Found {
    log: TenantId,
    size: u64,
    first_kept: u64,
    checkpoints: Vec<u64>,
    tiles: i64,
}

/// Numbers from 0 up to but not including the one given.
pub type Dice<'a> = &'a mut (dyn FnMut(u64) -> u64 + Send);

/// A superuser.
pub struct Superuser {
    client: Client,
}

impl Superuser {
    /// Connects, with no trigger in the way, and keeps a copy of everything as it is.
    pub async fn connect(root: &Address) -> Result<Self, StoreError> {
        let client = connect(root).await?;
        client.batch_execute("SET session_replication_role = replica; CREATE SCHEMA kept").await?;
        for table in TABLES {
            client.batch_execute(&format!("CREATE TABLE kept.{table} AS TABLE struct.{table}")).await?;
        }
        Ok(Self { client })
    }

    /// Puts everything back as it was.
    pub async fn restore(&self) -> Result<(), StoreError> {
        let each = TABLES
            .map(|table| format!("TRUNCATE struct.{table}; INSERT INTO struct.{table} SELECT * FROM kept.{table};"));
        Ok(self.client.batch_execute(&format!("BEGIN; {} COMMIT", each.concat())).await?)
    }

    /// What stands in the tables of the logs, in short.
    pub async fn fingerprint(&self) -> Result<String, StoreError> {
        Ok(self.client.query_one(TAMPERED, &[]).await?.get(0))
    }

    /// A log.
    pub async fn find(&self, log: TenantId) -> Result<Found, StoreError> {
        let number = |number: i64| u64::try_from(number).unwrap_or_default();
        let row =
            self.client.query_one("SELECT size, first_kept FROM struct.log WHERE tenant_id = $1", &[&log.0]).await?;
        let sizes = "SELECT size FROM struct.checkpoint WHERE tenant_id = $1 ORDER BY size";
        let sizes = self.client.query(sizes, &[&log.0]).await?;
        let tiles = self.client.query_one("SELECT count(*) FROM struct.tile WHERE tenant_id = $1", &[&log.0]).await?;
        let checkpoints = sizes.iter().map(|row| number(row.get(0))).collect();
        Ok(Found { log, size: number(row.get(0)), first_kept: number(row.get(1)), checkpoints, tiles: tiles.get(0) })
    }

    /// Does it, in one transaction.
    pub async fn tamper(
        &self,
        found: &Found,
        what: Tampering,
        rebuilt: Rebuilt,
        dice: Dice<'_>,
    ) -> Result<(), StoreError> {
        self.client.batch_execute("BEGIN").await?;
        self.client.batch_execute(&found.statements(what, dice)).await?;
        rebuilt::rebuild(&self.client, found.log, rebuilt).await?;
        Ok(self.client.batch_execute("COMMIT").await?)
    }
}

/// What an entry's column may become; each differs from what stood there.
const CHANGES: [&str; 13] = [
    "verb = CASE verb WHEN 'user.joined' THEN 'record.deleted' ELSE 'user.joined' END",
    "outcome = CASE outcome WHEN 'done' THEN 'denied' ELSE 'done' END",
    "at = at + interval '1 microsecond'",
    "at = at - interval '3 days'",
    "actor = 'user', actor_user = gen_random_uuid()",
    "actor = CASE actor WHEN 'operator' THEN 'system' ELSE 'operator' END, actor_user = NULL",
    "request_id = gen_random_uuid()",
    "service = coalesce(service, '') || 'x'",
    "record_id = gen_random_uuid()",
    "subject_user = gen_random_uuid()",
    "detail = detail || '\\x00'",
    "commitment = sha256(coalesce(commitment, '') || '\\x00')",
    "pruned_below = coalesce(pruned_below, 0) + 256",
];
/// All columns of an entry but tenant, id and what is not in its leaf.
const SAID: &str = "at, actor, actor_user, verb, outcome, request_id, service, screen, entity, record_id, subject_user, detail, commitment, pruned_below";
/// Positions are unique row by row, so they move through a range outside the tree.
const FAR: i64 = 1_000_000_000;

impl Found {
    /// The statements of a tampering. Only numbers and ids are written in.
    fn statements(&self, what: Tampering, dice: Dice<'_>) -> String {
        match what {
            Tampering::EntryChanged
            | Tampering::EntriesChanged
            | Tampering::EntryDeleted
            | Tampering::EntryClosedUp
            | Tampering::EntryBeside
            | Tampering::EntryInserted
            | Tampering::PlacesSwapped
            | Tampering::EntriesSwapped
            | Tampering::TailCut
            | Tampering::PrunedEarly
            | Tampering::TakenBack => self.of_entries(what, dice),
            Tampering::BundleGone | Tampering::BoundChanged | Tampering::FirstKeptChanged => {
                self.of_pruning(what, dice)
            }
            Tampering::EvidenceForged
            | Tampering::PlatformLeafForged
            | Tampering::QueuedAgain
            | Tampering::WaitingChanged
            | Tampering::WaitingInstantChanged
            | Tampering::WaitingInserted => self.of_queue(what, dice),
            Tampering::LeafChanged
            | Tampering::LeafDeleted
            | Tampering::LeafTurned
            | Tampering::TileChanged
            | Tampering::TileRootChanged
            | Tampering::TileDeleted => self.of_hashes(what, dice),
            _ => self.of_the_log(what, dice),
        }
    }

    fn of_entries(&self, what: Tampering, dice: Dice<'_>) -> String {
        let log = self.log;
        let place = self.place(dice);
        let entry = Self::entry(log, place);
        let change = CHANGES[dice(CHANGES.len() as u64) as usize];
        let until = place + 1 + dice(20);
        match what {
            Tampering::EntryChanged => format!("UPDATE struct.entry SET {change} WHERE entry_id = {entry}"),
            Tampering::EntriesChanged => format!(
                "UPDATE struct.entry SET {change} WHERE entry_id IN (SELECT entry_id FROM struct.leaf
                     WHERE tenant_id = '{log}' AND position >= {place} AND position < {until})"
            ),
            Tampering::EntryDeleted => format!("DELETE FROM struct.entry WHERE entry_id = {entry}"),
            Tampering::EntryClosedUp => format!(
                "DELETE FROM struct.entry WHERE entry_id = {entry};
                 DELETE FROM struct.leaf WHERE tenant_id = '{log}' AND position = {place}; {}",
                self.moved(place + 1, -1)
            ),
            Tampering::EntryBeside => Self::copied(log, place, dice).1,
            Tampering::EntryInserted => {
                let (id, copied) = Self::copied(log, place, dice);
                format!(
                    "{copied}; {} INSERT INTO struct.leaf VALUES ('{log}', {place}, '{id}', sha256('{id}'))",
                    self.moved(place, 1)
                )
            }
            Tampering::PlacesSwapped => {
                let other = self.other(place, dice);
                format!(
                    "UPDATE struct.leaf SET position = {FAR} WHERE tenant_id = '{log}' AND position = {place};
                     UPDATE struct.leaf SET position = {place} WHERE tenant_id = '{log}' AND position = {other};
                     UPDATE struct.leaf SET position = {other} WHERE tenant_id = '{log}' AND position = {FAR}"
                )
            }
            Tampering::EntriesSwapped => {
                let other = Self::entry(log, self.other(place, dice));
                format!(
                    "UPDATE struct.entry e SET ({SAID}) = (SELECT {SAID} FROM struct.entry o
                         WHERE o.entry_id IN ({entry}, {other}) AND o.entry_id <> e.entry_id)
                     WHERE e.entry_id IN ({entry}, {other})"
                )
            }
            Tampering::TailCut => {
                self.cut(self.size - 1 - dice((self.size - self.first_kept - 1).min(60)), dice(2) == 0)
            }
            Tampering::PrunedEarly => self.pruned(self.bundles(dice)),
            _ => self.cut(self.checkpoints[dice(self.checkpoints.len() as u64 - 1) as usize], true),
        }
    }

    fn of_hashes(&self, what: Tampering, dice: Dice<'_>) -> String {
        let log = self.log;
        // Of leaves that were pruned too; whose entry was removed is another's no more.
        let place = if what == Tampering::LeafTurned { self.place(dice) } else { dice(self.size) };
        let leaf = format!("WHERE tenant_id = '{log}' AND position = {place}");
        let tile = format!(
            "WHERE (tenant_id, level, number) = (SELECT tenant_id, level, number FROM struct.tile
                 WHERE tenant_id = '{log}' ORDER BY level, number LIMIT 1 OFFSET {})",
            dice(u64::try_from(self.tiles).unwrap_or(1).max(1))
        );
        match what {
            Tampering::LeafChanged => format!("UPDATE struct.leaf SET hash = sha256(hash) {leaf}"),
            Tampering::LeafDeleted => format!("DELETE FROM struct.leaf {leaf}"),
            Tampering::LeafTurned => format!("UPDATE struct.leaf SET entry_id = gen_random_uuid() {leaf}"),
            Tampering::TileChanged => {
                format!(
                    "UPDATE struct.tile SET hashes = set_byte(hashes, {0}, 255 - get_byte(hashes, {0})) {tile}",
                    dice(8192)
                )
            }
            Tampering::TileRootChanged => format!("UPDATE struct.tile SET root = sha256(root) {tile}"),
            _ => format!("DELETE FROM struct.tile {tile}"),
        }
    }

    fn of_the_log(&self, what: Tampering, dice: Dice<'_>) -> String {
        let log = self.log;
        let nth = dice(self.checkpoints.len() as u64) as usize;
        let one = self.checkpoints[nth];
        let other =
            self.checkpoints[(nth + 1 + dice(self.checkpoints.len() as u64 - 1) as usize) % self.checkpoints.len()];
        let of = |size: u64| format!("WHERE tenant_id = '{log}' AND size = {size}");
        let row = format!("WHERE tenant_id = '{log}'");
        match what {
            Tampering::CheckpointChanged => {
                let change = [
                    "replace(note, E'\\n\\n', E'\\nx\\n\\n')",
                    "regexp_replace(note, E'\\n[0-9]+\\n', E'\\n1\\n')",
                    "translate(note, 'abAB', 'baBA')",
                    "rtrim(note, E'\\n')",
                ];
                format!("UPDATE struct.checkpoint SET note = {} {}", change[dice(4) as usize], of(one))
            }
            Tampering::CheckpointDeleted => format!("DELETE FROM struct.checkpoint {}", of(one)),
            Tampering::CheckpointsSwapped => format!(
                "UPDATE struct.checkpoint c SET note = (SELECT o.note FROM struct.checkpoint o
                     WHERE o.tenant_id = c.tenant_id AND o.size IN ({one}, {other}) AND o.size <> c.size)
                 WHERE c.tenant_id = '{log}' AND c.size IN ({one}, {other})"
            ),
            Tampering::CheckpointInserted => format!(
                "INSERT INTO struct.checkpoint SELECT tenant_id, {}, at, note FROM struct.checkpoint {} ON CONFLICT DO NOTHING",
                self.size + 1 + dice(9),
                of(one)
            ),
            Tampering::SizeChanged => {
                format!("UPDATE struct.log SET size = size - {} {row}", 1 + dice(self.size - self.first_kept))
            }
            Tampering::EdgeChanged => {
                format!(
                    "UPDATE struct.log SET frontier = set_byte(frontier, {0}, 255 - get_byte(frontier, {0})) {row}",
                    dice(32)
                )
            }
            Tampering::OriginChanged => format!("UPDATE struct.log SET origin = origin || 'x' {row}"),
            Tampering::LogDeleted => format!("DELETE FROM struct.log {row}"),
            _ => format!("UPDATE struct.log_key SET vkey = replace(vkey, '/log/', '/lag/') {row}"),
        }
    }

    /// A place whose entry is kept.
    fn place(&self, dice: Dice<'_>) -> u64 {
        self.first_kept + dice(self.size - self.first_kept)
    }

    fn other(&self, place: u64, dice: Dice<'_>) -> u64 {
        let kept = self.size - self.first_kept;
        self.first_kept + (place - self.first_kept + 1 + dice(kept - 1)) % kept
    }

    fn entry(log: TenantId, place: u64) -> String {
        format!("(SELECT entry_id FROM struct.leaf WHERE tenant_id = '{log}' AND position = {place})")
    }

    /// An entry that says what another says, under a new id.
    fn copied(log: TenantId, place: u64, dice: Dice<'_>) -> (Uuid, String) {
        let id = Uuid::from_u64_pair(dice(u64::MAX), dice(u64::MAX));
        let insert = format!(
            "INSERT INTO struct.entry (tenant_id, entry_id, {SAID}) SELECT tenant_id, '{id}', {SAID} FROM struct.entry
             WHERE entry_id = {}",
            Self::entry(log, place)
        );
        (id, insert)
    }

    /// All leaves from a place on, one place up or down.
    fn moved(&self, from: u64, by: i64) -> String {
        let log = self.log;
        format!(
            "UPDATE struct.leaf SET position = position + {FAR} WHERE tenant_id = '{log}' AND position >= {from};
             UPDATE struct.leaf SET position = position - {FAR} + ({by}) WHERE tenant_id = '{log}' AND position >= {FAR};
             UPDATE struct.log SET size = size + ({by}) WHERE tenant_id = '{log}';"
        )
    }

    /// Cuts off what is beyond a size; `all` with the checkpoints and tiles that covered it.
    fn cut(&self, size: u64, all: bool) -> String {
        let log = self.log;
        let rest = format!(
            "DELETE FROM struct.checkpoint WHERE tenant_id = '{log}' AND size > {size};
             DELETE FROM struct.tile WHERE tenant_id = '{log}' AND ((number + 1) << (8 * (level + 1))) > {size};
             UPDATE struct.log SET size = {size}, first_kept = least(first_kept, {size}) WHERE tenant_id = '{log}';"
        );
        format!(
            "DELETE FROM struct.entry WHERE entry_id IN (SELECT entry_id FROM struct.leaf WHERE tenant_id = '{log}' AND position >= {size});
             DELETE FROM struct.leaf WHERE tenant_id = '{log}' AND position >= {size}; {}",
            if all { rest.as_str() } else { "" }
        )
    }
}
