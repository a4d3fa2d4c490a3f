//! Appending: locks a log, takes the entries that wait, writes leaves, full tiles and the signed checkpoint, all in one
//! transaction. Signs nothing: the caller does, and what it signed is never seen unless this commits.
//!
//! Entries come in parts. While one part is hashed, a second connection reads the next and the first one writes the part
//! before. Few entries are one part: then the whole append is two round trips on one connection.

mod growing;

use super::leaf::ENTRIES;
use super::platform;
use crate::flight::{Borrowed, Row, Statement, prepare, send};
use crate::{Store, StoreError};
use deadpool_postgres::Object;
use domain::id::TenantId;
use futures_util::future::join3;
use growing::Growing;
use ledger::checkpoint::Checkpoint;
use ledger::hash::Hash;
use std::sync::Arc;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::spawn_blocking;
use uuid::Uuid;

/// Entries appended in one transaction at most.
pub const BATCH_ENTRIES: usize = 32_768;
/// Entries read, hashed and written at once.
const PART_ENTRIES: i64 = 1_024;
/// Parts that may lie between reading and hashing, and between hashing and writing.
const PARTS_AHEAD: usize = 2;
/// What waits is found by its index and nothing else. The statistics of a queue are never right, since it is empty when they
/// are made or fuller than ever, and a plan that trusts them reads the whole queue, or the whole log, for each part.
const BY_INDEX: &str = "; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; \
    SET LOCAL max_parallel_workers_per_gather = 0";

/// A leaf for the platform's log, with its id.
pub type QueuedLeaf = (Uuid, Vec<u8>);
/// Whether STRUCT wrote an entry that waits, by its leaf and by its keyed hash.
pub type Genuine = Arc<dyn Fn(&[u8], Option<&[u8]>) -> bool + Send + Sync>;
/// Whether STRUCT wrote a leaf of the platform's log, by its id and its bytes.
pub type GenuinePlatform = Arc<dyn Fn(Uuid, &[u8]) -> bool + Send + Sync>;

/// What an append needs from whoever holds the keys.
pub struct Append<'a> {
    /// The log.
    pub log: TenantId,
    /// Whether the tree may be of that size and root so far, by what the caller remembers. Without this question a tree that
    /// somebody rewrote would get a signature with the next entry.
    pub grows_from: &'a (dyn Fn(u64, &Hash) -> bool + Sync),
    /// Signs a checkpoint: the whole note. Called within the transaction.
    pub sign: &'a (dyn Fn(&Checkpoint) -> Result<String, String> + Sync),
    /// Tells which entries get a place: what somebody else put among them gets none.
    pub genuine: Genuine,
    /// The same for leaves of the platform's log.
    pub genuine_platform: GenuinePlatform,
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
    /// Entries that somebody put into the queue again although they had their place: the first few, and how many. They are
    /// out of it.
    pub again: (Vec<Uuid>, u64),
    /// Whether it stopped at `BATCH_ENTRIES`, so that more may wait.
    pub full: bool,
}

const EDGE: &str = "SELECT origin, size, frontier FROM struct.log WHERE tenant_id = $1 FOR UPDATE";
const PARTIAL_LEAVES: &str = "SELECT hash FROM struct.leaf WHERE tenant_id = $1
    AND position >= (SELECT size / 256 * 256 FROM struct.log WHERE tenant_id = $1) ORDER BY position";
/// Roots of full tiles that are not yet part of a full tile above them.
const PARTIAL_TILES: &str = "SELECT t.level, t.root FROM struct.log l CROSS JOIN generate_series(0, 6) AS g(level)
    JOIN struct.tile t ON t.tenant_id = l.tenant_id AND t.level = g.level
        AND t.number >= (l.size >> (8 * (g.level + 1))) / 256 * 256
    WHERE l.tenant_id = $1 ORDER BY t.level, t.number";
const BODIES: &str = "SELECT p.entry_id, p.body, w.entry_id
    FROM (SELECT entry_id FROM struct.entry_waiting WHERE tenant_id = $1 AND entry_id > $2 ORDER BY entry_id LIMIT $3) w
    LEFT JOIN LATERAL (SELECT entry_id, body FROM struct.platform_entry
        WHERE tenant_id = $1 AND entry_id = w.entry_id OFFSET 0) p ON true
    ORDER BY w.entry_id";

impl Store {
    /// Appends what waits, up to `BATCH_ENTRIES`. A log that is not there yet takes nothing: `log_create` makes it. An entry that
    /// waits although it has its place gets no second one, and keeps no other waiting.
    pub async fn append(&self, append: &Append<'_>) -> Result<Appended, StoreError> {
        match self.append_once(append).await {
            Err(StoreError::Taken(what)) => match self.unqueue(append.log).await? {
                (_, 0) => Err(StoreError::Taken(what)),
                again => Ok(Appended { again, ..self.append_once(append).await? }),
            },
            appended => appended,
        }
    }

    async fn append_once(&self, append: &Append<'_>) -> Result<Appended, StoreError> {
        let log = append.log;
        let borrowed = Borrowed::new(self.connection().await?);
        let client = borrowed.client();
        let begin = format!("BEGIN READ WRITE; SET LOCAL struct.tenant = '{log}'{BY_INDEX}");
        let one = |sql: &str| Statement::new(sql, vec![Box::new(log.0)]);
        let reads = vec![one(EDGE), one(PARTIAL_LEAVES), one(PARTIAL_TILES), waiting(log, Uuid::nil())];
        let mut rows = fly(client, &begin, reads, "").await?;
        let (part, tiles, leaves, edge) = (rows.pop(), rows.pop(), rows.pop(), rows.pop());
        let part = part.unwrap_or_default();
        let edge = edge.unwrap_or_default();
        let (Some(edge), false) = (edge.first(), part.is_empty()) else {
            client.batch_execute("ROLLBACK").await?;
            borrowed.landed();
            return Ok(Appended::default());
        };
        let growing = Growing::new(append, edge, &leaves.unwrap_or_default(), &tiles.unwrap_or_default())?;
        let (growing, mut writes, full) = self.take_parts(client, growing, part).await?;
        let (published, appended) = growing.publish(append)?;
        writes.extend(published);
        fly(client, "", writes, "COMMIT").await?;
        borrowed.landed();
        Ok(Appended { full, ..appended })
    }

    /// Takes part after part until nothing waits or the batch is full. While one is hashed, PostgreSQL reads the next and writes
    /// the one before. What has to be written of the last part is handed back, so that it goes with the checkpoint.
    async fn take_parts(
        &self,
        client: &Object,
        growing: Growing,
        first: Vec<Row>,
    ) -> Result<(Growing, Vec<Statement>, bool), StoreError> {
        let (read, parts) = channel(PARTS_AHEAD);
        let (hashed, writes) = channel(PARTS_AHEAD);
        let (full, growing, last) =
            join3(self.read(growing.log(), first, read), hash(growing, parts, hashed), write(client, writes)).await;
        // The first that failed closed the channels of the others.
        let (last, growing) = (last?, growing?);
        Ok((growing, last, full?))
    }

    /// Hands on the first part and reads those behind it, on a connection of its own if there are any. It sees what has
    /// committed, and never meets what the other connection took: it goes only forward, and nobody else takes anything while the
    /// log's row is locked. Whether it ended before the queue did.
    async fn read(&self, log: TenantId, mut part: Vec<Row>, parts: Sender<Vec<Row>>) -> Result<bool, StoreError> {
        let mut reader: Option<Borrowed> = None;
        let mut found = 0;
        loop {
            found += part.iter().filter(|row| row.get::<_, Option<Uuid>>(0).is_some()).count();
            let after = part.last().filter(|_| part.len() as i64 == PART_ENTRIES).map(queued);
            if parts.send(part).await.is_err() {
                return Ok(false);
            }
            let (Some(after), true) = (after, found < BATCH_ENTRIES) else {
                if let Some(reader) = reader {
                    reader.client().batch_execute("COMMIT").await?;
                    reader.landed();
                }
                return Ok(after.is_some());
            };
            let (begin, borrowed) = match reader.take() {
                Some(borrowed) => (String::new(), borrowed),
                None => {
                    let begin = format!("BEGIN READ ONLY; SET LOCAL struct.tenant = '{log}'{BY_INDEX}");
                    (begin, Borrowed::new(self.connection().await?))
                }
            };
            let statements = vec![waiting(log, after)];
            part = fly(borrowed.client(), &begin, statements, "").await?.pop().unwrap_or_default();
            reader = Some(borrowed);
        }
    }
}

/// Hashes part after part, on a thread where that keeps nobody from reading and writing.
async fn hash(
    mut growing: Growing,
    mut parts: Receiver<Vec<Row>>,
    hashed: Sender<Vec<Statement>>,
) -> Result<Growing, StoreError> {
    while let Some(part) = parts.recv().await {
        let taking = spawn_blocking(move || growing.take(&part).map(|writes| (growing, writes)));
        let (grown, writes) = taking.await.map_err(|error| StoreError::Fault(format!("log: {error}")))??;
        growing = grown;
        if hashed.send(writes).await.is_err() {
            break;
        }
    }
    Ok(growing)
}

/// Writes what each part comes to, but for the last.
async fn write(client: &Object, mut hashed: Receiver<Vec<Statement>>) -> Result<Vec<Statement>, StoreError> {
    let mut last = Vec::new();
    while let Some(next) = hashed.recv().await {
        let writes = std::mem::replace(&mut last, next);
        if !writes.is_empty() {
            fly(client, "", writes, "").await?;
        }
    }
    Ok(last)
}

/// The next entries that wait, behind one. What comes to wait before it meanwhile is for the next append. A row of the
/// queue without its entry comes with nulls.
fn waiting(log: TenantId, after: Uuid) -> Statement {
    let sql = if log == platform() { BODIES } else { ENTRIES };
    Statement::new(sql, vec![Box::new(log.0), Box::new(after), Box::new(PART_ENTRIES)])
}

/// The id by which a row of `waiting` stands in the queue: its last column.
fn queued(row: &Row) -> Uuid {
    row.get(row.len() - 1)
}

/// Sends statements within the transaction and takes all their answers.
async fn fly(
    client: &Object,
    before: &str,
    statements: Vec<Statement>,
    after: &str,
) -> Result<Vec<Vec<Row>>, StoreError> {
    let prepared = prepare(client, &statements).await?;
    let (begun, answers, done) = send(client, before, &statements, &prepared, after).await;
    begun?;
    // A statement that failed makes the COMMIT a rollback, so the answers count first.
    let rows = answers.into_iter().collect::<Result<_, _>>()?;
    done?;
    Ok(rows)
}

pub(super) fn hash_from(bytes: &[u8]) -> Result<Hash, StoreError> {
    bytes.try_into().map(Hash).map_err(|_| StoreError::Fault("log: a hash has not 32 bytes".to_owned()))
}

pub(super) fn signed(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::Fault("log: a position is too large".to_owned()))
}
