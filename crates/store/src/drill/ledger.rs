//! What a drill sees of the logs: checkpoints as they are published, leaves as they get their places, and who leads. Reads
//! the tables with its own statements, not through the code that serves them.

use crate::ledger::LEADER_LOCK;
use crate::pool::connect;
use crate::{Address, StoreError};
use domain::id::{RecordId, TenantId};
use tokio_postgres::Client;
use uuid::Uuid;

/// Microseconds since 1970 by the database's clock, at the end of a select list.
const CLOCK: &str = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

/// A checkpoint as it was first seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Published {
    /// Leaves under it.
    pub size: u64,
    /// The signed note.
    pub note: String,
    /// When it was seen, in microseconds of the database's clock.
    pub seen_us: i64,
}

/// A leaf as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Placed {
    /// Its place.
    pub position: u64,
    /// Its entry.
    pub entry: Uuid,
    /// Its hash.
    pub hash: Vec<u8>,
}

/// An entry as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entered {
    /// Its id.
    pub entry: Uuid,
    /// When its act committed: microseconds of the database's clock.
    pub at_us: i64,
    /// What was done.
    pub verb: String,
    /// The record, of acts on one.
    pub record: Option<RecordId>,
}

/// Who leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Leading {
    /// The name of its connection.
    pub name: String,
    /// PostgreSQL's process behind that connection, another one after every takeover.
    pub backend: i32,
}

/// A connection that only looks.
pub struct Onlooker {
    client: Client,
}

impl Onlooker {
    /// Connects, as the application.
    pub async fn connect(app: &Address) -> Result<Self, StoreError> {
        Ok(Self { client: connect(app).await? })
    }

    async fn enter(&self, log: TenantId) -> Result<(), StoreError> {
        Ok(self.client.batch_execute(&format!("SET struct.tenant = '{log}'")).await?)
    }

    /// Checkpoints of more than `after` leaves, smallest first.
    pub async fn published(&self, log: TenantId, after: Option<u64>) -> Result<Vec<Published>, StoreError> {
        self.enter(log).await?;
        let sql = format!(
            "SELECT size, note, {CLOCK} FROM struct.checkpoint WHERE tenant_id = $1 AND size > $2 ORDER BY size"
        );
        let after = after.map_or(-1, |after| i64::try_from(after).unwrap_or(i64::MAX));
        let rows = self.client.query(&sql, &[&log.0, &after]).await?;
        let published =
            |row: &tokio_postgres::Row| Published { size: position(row.get(0)), note: row.get(1), seen_us: row.get(2) };
        Ok(rows.iter().map(published).collect())
    }

    /// Leaves from a place on, in their order.
    pub async fn placed(&self, log: TenantId, from: u64, limit: i64) -> Result<Vec<Placed>, StoreError> {
        self.enter(log).await?;
        let sql = "SELECT position, entry_id, hash FROM struct.leaf WHERE tenant_id = $1 AND position >= $2
            ORDER BY position LIMIT $3";
        let rows = self.client.query(sql, &[&log.0, &i64::try_from(from).unwrap_or(i64::MAX), &limit]).await?;
        let placed =
            |row: &tokio_postgres::Row| Placed { position: position(row.get(0)), entry: row.get(1), hash: row.get(2) };
        Ok(rows.iter().map(placed).collect())
    }

    /// All entries of a tenant.
    pub async fn entered(&self, tenant: TenantId) -> Result<Vec<Entered>, StoreError> {
        self.enter(tenant).await?;
        let sql = "SELECT entry_id, (extract(epoch FROM at) * 1000000)::bigint, verb, record_id FROM struct.entry WHERE tenant_id = $1";
        let rows = self.client.query(sql, &[&tenant.0]).await?;
        let entered = |row: &tokio_postgres::Row| Entered {
            entry: row.get(0),
            at_us: row.get(1),
            verb: row.get(2),
            record: row.get::<_, Option<Uuid>>(3).map(Into::into),
        };
        Ok(rows.iter().map(entered).collect())
    }

    /// How many entries of a log wait.
    pub async fn waiting(&self, log: TenantId) -> Result<i64, StoreError> {
        self.enter(log).await?;
        let sql = "SELECT count(*) FROM struct.entry_waiting WHERE tenant_id = $1";
        Ok(self.client.query_one(sql, &[&log.0]).await?.get(0))
    }

    /// Who leads, and the clock.
    pub async fn leader(&self) -> Result<(Option<Leading>, i64), StoreError> {
        let sql = format!(
            "SELECT l.application_name, l.pid, {CLOCK} FROM (SELECT) AS one LEFT JOIN (
                 SELECT a.application_name, a.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                 WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
                   AND (l.classid::bigint << 32) | l.objid::bigint = $1) l ON true"
        );
        let row = self.client.query_one(&sql, &[&LEADER_LOCK]).await?;
        let (name, backend) = (row.get::<_, Option<String>>(0), row.get::<_, Option<i32>>(1));
        Ok((name.zip(backend).map(|(name, backend)| Leading { name, backend }), row.get(2)))
    }

    /// Whether a connection of that name is appending at this very moment: it holds the lock of a log's row.
    pub async fn appends(&self, name: &str) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
            WHERE l.relation = 'struct.log'::regclass AND l.mode = 'RowShareLock' AND l.granted AND a.application_name = $1)";
        Ok(self.client.query_one(sql, &[&name]).await?.get(0))
    }
}

fn position(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
