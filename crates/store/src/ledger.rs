//! The logs over the entries: what waits is appended, in one transaction with the checkpoint that covers it; what stands is
//! read by tile, bundle and checkpoint. Hashes by `ledger`; signs nothing itself.

mod append;
mod evidence;
mod keeping;
mod leaf;
mod parts;
mod queue;
mod read;
mod reader;
mod walk;
mod witness;

pub use append::{Append, Appended, BATCH_ENTRIES, Genuine, GenuinePlatform, QueuedLeaf};
pub use domain::evidence::Verdict;
pub use evidence::{EvidenceRow, TurnRow, Wanted};
pub use keeping::{Keeping, KeepingEntry, prune};
pub(crate) use leaf::{hash_of_row, positions};
pub use parts::TileRow;
pub use queue::Queued;
pub use read::{CheckpointRow, LogRow, PlacedEntry, PlacedLeaf};
pub use reader::{SubscriberRow, TokenRow, subscriber_add, subscriber_remove, token_add, token_entered, token_revoke};
pub use walk::{WalkRow, walk_begin};
pub use witness::WitnessRow;

use crate::flight::Borrowed;
use crate::{Check, Flight, Head, Statement, Store, StoreError};
use domain::id::TenantId;
use uuid::Uuid;

/// Logs looked at in one round of the sequencer at most; the rest comes in the next.
pub const MAX_LOGS_A_ROUND: i32 = 1_000;
/// Key of the advisory lock that one sequencer holds.
pub(crate) const LEADER_LOCK: i64 = 0x5354_4c4f_4721;

/// The log of the platform, which stands in the tables as if it were a tenant's.
pub fn platform() -> TenantId {
    Uuid::nil().into()
}

/// The right to append, held by one process at a time. It ends with its connection. Correctness does not hang on it: every
/// append locks its log's row. It keeps servers from doing the same work.
pub struct Leader(Borrowed);

impl Leader {
    /// Whether the connection that holds the lock still lives.
    pub async fn holds(&self) -> bool {
        self.0.client().simple_query("SELECT 1").await.is_ok()
    }
}

fn head(log: TenantId) -> Head {
    Head { tenant: log, check: Check::Nothing }
}

impl Store {
    /// Takes the lead, unless another has it.
    pub async fn lead(&self) -> Result<Option<Leader>, StoreError> {
        self.lead_by(LEADER_LOCK).await
    }

    pub(crate) async fn lead_by(&self, lock: i64) -> Result<Option<Leader>, StoreError> {
        let borrowed = Borrowed::new(self.connection().await?);
        let row = borrowed.client().query_one("SELECT pg_try_advisory_lock($1)", &[&lock]).await?;
        if row.get(0) {
            return Ok(Some(Leader(borrowed)));
        }
        borrowed.landed();
        Ok(None)
    }

    /// Logs with entries waiting, the platform's first.
    pub async fn logs_waiting(&self) -> Result<Vec<TenantId>, StoreError> {
        let client = self.connection().await?;
        let statement = client.prepare_cached("SELECT struct.log_waiting($1)").await?;
        let rows = client.query(&statement, &[&MAX_LOGS_A_ROUND]).await?;
        Ok(rows.iter().map(|row| row.get::<_, Uuid>(0).into()).collect())
    }

    /// Tenants whose log has said nothing of itself for so many minutes.
    pub async fn logs_quiet(&self, minutes: i32) -> Result<Vec<TenantId>, StoreError> {
        let client = self.connection().await?;
        let statement = client.prepare_cached("SELECT struct.log_quiet($1, $2)").await?;
        let rows = client.query(&statement, &[&minutes, &MAX_LOGS_A_ROUND]).await?;
        Ok(rows.iter().map(|row| row.get::<_, Uuid>(0).into()).collect())
    }

    /// Makes a log, unless it is there. Its origin is fixed from then on.
    pub async fn log_create(&self, log: TenantId, origin: &str) -> Result<(), StoreError> {
        let make = Statement::new(
            "INSERT INTO struct.log (tenant_id, origin) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            vec![Box::new(log.0), Box::new(origin.to_owned())],
        );
        self.fly(Flight::bookkeeping(head(log), vec![make])).await.map(drop)
    }

    /// For how many days a log keeps its entries.
    pub async fn retention(&self, log: TenantId) -> Result<Option<i32>, StoreError> {
        let read = Statement::new("SELECT retention_days FROM struct.log WHERE tenant_id = $1", vec![Box::new(log.0)]);
        let rows = self.fly(Flight::read(head(log), vec![read])).await?.swap_remove(0);
        Ok(rows.first().and_then(|row| row.get(0)))
    }

    /// How many entries `prune` would remove now.
    pub async fn prunable(&self, head: Head, bundles: i32) -> Result<u64, StoreError> {
        let ask = Statement::new("SELECT struct.log_prune($1, false)", vec![Box::new(bundles)]);
        let rows = self.fly(Flight::bookkeeping(head, vec![ask])).await?.swap_remove(0);
        Ok(rows.first().and_then(|row| u64::try_from(row.get::<_, i64>(0)).ok()).unwrap_or_default())
    }

    /// Puts a leaf into the platform's log's queue, by itself.
    pub async fn platform_tell(&self, id: Uuid, leaf: Vec<u8>) -> Result<(), StoreError> {
        self.fly(Flight::bookkeeping(head(platform()), vec![platform_append(id, leaf)])).await.map(drop)
    }

    /// Publishes a log's public key, once, with its leaf in the platform's log.
    pub async fn log_key_announce(
        &self,
        log: TenantId,
        version: u32,
        vkey: &str,
        leaf: (Uuid, Vec<u8>),
    ) -> Result<(), StoreError> {
        let version =
            i32::try_from(version).map_err(|_| StoreError::Fault("a key's version is too large".to_owned()))?;
        let publish = Statement::new(
            "WITH made AS (INSERT INTO struct.log_key (tenant_id, version, vkey) VALUES ($1, $2, $3)
                 ON CONFLICT DO NOTHING RETURNING 1)
             SELECT struct.platform_append($4, $5) FROM made",
            vec![Box::new(log.0), Box::new(version), Box::new(vkey.to_owned()), Box::new(leaf.0), Box::new(leaf.1)],
        );
        self.fly(Flight::bookkeeping(head(log), vec![publish])).await.map(drop)
    }
}

/// The statement by which a log says that it lives; flies with the entry that says so.
pub fn heartbeat(log: TenantId) -> Statement {
    Statement::new("UPDATE struct.log SET heartbeat_at = now() WHERE tenant_id = $1", vec![Box::new(log.0)])
}

/// The statement that sets for how many days entries are kept.
pub fn retention_set(log: TenantId, days: Option<i32>) -> Statement {
    Statement::new(
        "WITH done AS (UPDATE struct.log SET retention_days = $2 WHERE tenant_id = $1 RETURNING 1)
         SELECT struct.op_expect((SELECT count(*) FROM done), 1)",
        vec![Box::new(log.0), Box::new(days)],
    )
}

/// The statement that puts a leaf into the platform's log's queue.
pub fn platform_append(id: Uuid, body: Vec<u8>) -> Statement {
    Statement::new("SELECT struct.platform_append($1, $2)", vec![Box::new(id), Box::new(body)])
}
