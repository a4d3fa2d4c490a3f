//! Walks over a whole log that administrators asked for: how far each is and what it found. Walks nothing itself.

use super::append::signed;
use super::head;
use crate::flight::Row;
use crate::{Flight, Head, Statement, Store, StoreError};
use domain::id::{TenantId, UserId, WalkId};
use jiff::Timestamp;
use uuid::Uuid;

/// A walk as stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WalkRow {
    /// Its id.
    pub id: WalkId,
    /// Who asked for it.
    pub asked_by: UserId,
    /// When.
    pub started_at: Timestamp,
    /// When the server that walks last said how far it was.
    pub seen_at: Timestamp,
    /// Leaves to be walked.
    pub size: u64,
    /// Leaves walked.
    pub leaves: u64,
    /// Checkpoints compared.
    pub checkpoints: u64,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// What did not fit, a line each, once it has ended.
    pub faults: Option<String>,
}

const WALK: &str = "SELECT walk_id, asked_by, started_at, seen_at, size, leaves, checkpoints, finished_at, faults
    FROM struct.log_walk WHERE tenant_id = $1";

/// Begins a walk; raises ST409 while another of the tenant is under way, that is, was seen after `stale`.
pub fn walk_begin(tenant: TenantId, walk: WalkId, by: UserId, at: Timestamp, size: i64, stale: Timestamp) -> Statement {
    Statement::new(
        "WITH done AS (INSERT INTO struct.log_walk (tenant_id, walk_id, asked_by, started_at, seen_at, size)
             SELECT $1, $2, $3, $4, $4, $5 WHERE NOT EXISTS (SELECT FROM struct.log_walk
                 WHERE tenant_id = $1 AND finished_at IS NULL AND seen_at > $6) RETURNING 1)
         SELECT struct.op_expect((SELECT count(*) FROM done), 1)",
        vec![Box::new(tenant.0), Box::new(walk.0), Box::new(by.0), Box::new(at), Box::new(size), Box::new(stale)],
    )
}

impl Store {
    /// One walk.
    pub async fn walk(&self, asker: Head, walk: WalkId) -> Result<Option<WalkRow>, StoreError> {
        let find = Statement::new(format!("{WALK} AND walk_id = $2"), vec![Box::new(asker.tenant.0), Box::new(walk.0)]);
        let rows = self.fly(Flight::read(asker, vec![find])).await?.swap_remove(0);
        Ok(rows.first().map(walk_row))
    }

    /// The newest walk of a tenant.
    pub async fn walk_newest(&self, asker: Head) -> Result<Option<WalkRow>, StoreError> {
        let find = Statement::new(format!("{WALK} ORDER BY walk_id DESC LIMIT 1"), vec![Box::new(asker.tenant.0)]);
        let rows = self.fly(Flight::read(asker, vec![find])).await?.swap_remove(0);
        Ok(rows.first().map(walk_row))
    }

    /// Notes how far a walk is.
    pub async fn walk_seen(
        &self,
        tenant: TenantId,
        walk: WalkId,
        at: Timestamp,
        leaves: u64,
    ) -> Result<(), StoreError> {
        let note = Statement::new(
            "UPDATE struct.log_walk SET seen_at = $3, leaves = $4 WHERE tenant_id = $1 AND walk_id = $2",
            vec![Box::new(tenant.0), Box::new(walk.0), Box::new(at), Box::new(signed(leaves)?)],
        );
        self.fly(Flight::bookkeeping(head(tenant), vec![note])).await.map(drop)
    }

    /// Notes that a walk has ended, and with what.
    pub async fn walk_end(&self, tenant: TenantId, row: &WalkRow) -> Result<(), StoreError> {
        let note = Statement::new(
            "UPDATE struct.log_walk SET seen_at = $3, finished_at = $3, leaves = $4, checkpoints = $5, faults = $6
             WHERE tenant_id = $1 AND walk_id = $2",
            vec![
                Box::new(tenant.0),
                Box::new(row.id.0),
                Box::new(row.finished_at),
                Box::new(signed(row.leaves)?),
                Box::new(signed(row.checkpoints)?),
                Box::new(row.faults.clone()),
            ],
        );
        self.fly(Flight::bookkeeping(head(tenant), vec![note])).await.map(drop)
    }
}

fn walk_row(row: &Row) -> WalkRow {
    let count = |index: usize| u64::try_from(row.get::<_, i64>(index)).unwrap_or_default();
    WalkRow {
        id: row.get::<_, Uuid>(0).into(),
        asked_by: row.get::<_, Uuid>(1).into(),
        started_at: row.get(2),
        seen_at: row.get(3),
        size: count(4),
        leaves: count(5),
        checkpoints: count(6),
        finished_at: row.get(7),
        faults: row.get(8),
    }
}
