//! Streams of logs to systems elsewhere: who is sent what, how far each is, which worker sends. Sends nothing itself.

use crate::audit::{SealedEntry, StoredEntry, stored};
use crate::flight::{Flight, Head, Param, Statement};
use crate::{Check, Store, StoreError};
use domain::id::{StreamId, TenantId, UserId};
use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

/// Receivers read at once; whoever has more of them has no register of sinks that a person could read.
pub const MAX_PEERS: i32 = 20_000;

/// A stream as stored.
#[derive(Clone, Debug)]
pub struct StreamRow {
    /// Its id.
    pub id: StreamId,
    /// What the administrator called it.
    pub name: String,
    /// `https` or `syslog`.
    pub kind: String,
    /// Host and port.
    pub peer: String,
    /// The address and what it is opened with, sealed.
    pub address_sealed: Vec<u8>,
    /// Who set it up; none for the operator.
    pub created_by: Option<UserId>,
    /// When.
    pub created_at: Timestamp,
    /// Whether it stands still.
    pub paused: bool,
    /// The next leaf to be sent.
    pub position: u64,
    /// Entries that were pruned before they could be sent.
    pub skipped: u64,
    /// When a batch was last taken.
    pub delivered_at: Option<Timestamp>,
    /// When an attempt last failed.
    pub failed_at: Option<Timestamp>,
    /// Failures since then without a success.
    pub failures: u32,
    /// Why: a code, and what belongs to it.
    pub failure: Option<(String, String)>,
    /// Leaves of the log.
    pub log_size: u64,
}

/// Entries from a stream's position on.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Each with its position.
    pub entries: Vec<(u64, StoredEntry)>,
    /// The position behind the last leaf looked at. Leaves between that have no entry were pruned.
    pub until: u64,
}

/// How far a batch moves a stream.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Where it stood.
    pub from: u64,
    /// Where it stands from now on.
    pub until: u64,
    /// Leaves between that had no entry to be sent.
    pub skipped: u64,
}

const STREAM: &str =
    "SELECT s.stream_id, s.name, s.kind, s.peer, s.address_sealed, s.created_by, s.created_at, s.paused, s.position,
        s.skipped, s.delivered_at, s.failed_at, s.failures, s.failure, s.particulars, coalesce(l.size, 0)
    FROM struct.stream s LEFT JOIN struct.log l ON l.tenant_id = s.tenant_id WHERE s.tenant_id = $1";
const ENTRIES: &str =
    "SELECT e.entry_id, e.at, e.actor, e.actor_user, e.verb, e.outcome, e.request_id, e.service, e.screen, e.entity,
        e.record_id, e.subject_user, e.detail, l.position
    FROM struct.leaf l LEFT JOIN struct.entry e ON e.tenant_id = l.tenant_id AND e.entry_id = l.entry_id
    WHERE l.tenant_id = $1 AND l.position >= $2 ORDER BY l.position LIMIT $3";

/// Sets a stream up; from the log's end on when `position` is none. Raises ST409 when there are `at_most`.
pub fn add(tenant: TenantId, row: &StreamRow, from_start: bool, at_most: i64) -> Statement {
    let params: Vec<Param> = vec![
        Box::new(tenant.0),
        Box::new(row.id.0),
        Box::new(row.name.clone()),
        Box::new(row.kind.clone()),
        Box::new(row.peer.clone()),
        Box::new(row.address_sealed.clone()),
        Box::new(row.created_by.map(|user| user.0)),
        Box::new(row.created_at),
        Box::new(from_start),
        Box::new(at_most),
    ];
    Statement::new(
        "WITH done AS (INSERT INTO struct.stream (tenant_id, stream_id, name, kind, peer, address_sealed, created_by, created_at, position)
             SELECT $1, $2, $3, $4, $5, $6, $7, $8,
                 CASE WHEN $9 THEN coalesce((SELECT first_kept FROM struct.log WHERE tenant_id = $1), 0)
                      ELSE coalesce((SELECT size FROM struct.log WHERE tenant_id = $1), 0) END
             WHERE (SELECT count(*) FROM struct.stream WHERE tenant_id = $1) < $10 RETURNING 1)
         SELECT struct.op_expect((SELECT count(*) FROM done), 1)",
        params,
    )
}

/// Removes a stream; raises ST409 when it is gone already.
pub fn remove(tenant: TenantId, stream: StreamId) -> Statement {
    Statement::new(
        "WITH done AS (DELETE FROM struct.stream WHERE tenant_id = $1 AND stream_id = $2 RETURNING 1)
         SELECT struct.op_expect((SELECT count(*) FROM done), 1)",
        vec![Box::new(tenant.0), Box::new(stream.0)],
    )
}

/// Pauses a stream, or lets it go on at once; raises ST409 when it does already. A worker that is sending loses its lease.
pub fn pause(tenant: TenantId, stream: StreamId, paused: bool) -> Statement {
    Statement::new(
        "WITH done AS (UPDATE struct.stream SET paused = $3, due_at = now(), leased_to = NULL, lease_until = NULL
             WHERE tenant_id = $1 AND stream_id = $2 AND paused <> $3 RETURNING 1)
         SELECT struct.op_expect((SELECT count(*) FROM done), 1)",
        vec![Box::new(tenant.0), Box::new(stream.0), Box::new(paused)],
    )
}

impl Store {
    /// The streams of a tenant, oldest first.
    pub async fn streams(&self, asker: Head) -> Result<Vec<StreamRow>, StoreError> {
        let list = Statement::new(format!("{STREAM} ORDER BY s.stream_id"), vec![Box::new(asker.tenant.0)]);
        let rows = self.fly(Flight::read(asker, vec![list])).await?.swap_remove(0);
        Ok(rows.iter().map(stream_row).collect())
    }

    /// One stream.
    pub async fn stream_of(&self, asker: Head, stream: StreamId) -> Result<Option<StreamRow>, StoreError> {
        let find = Statement::new(
            format!("{STREAM} AND s.stream_id = $2"),
            vec![Box::new(asker.tenant.0), Box::new(stream.0)],
        );
        let rows = self.fly(Flight::read(asker, vec![find])).await?.swap_remove(0);
        Ok(rows.first().map(stream_row))
    }

    /// Takes a stream that has something to send, for so many seconds.
    pub async fn stream_claim(
        &self,
        worker: Uuid,
        lease_secs: i32,
    ) -> Result<Option<(TenantId, StreamId)>, StoreError> {
        let client = self.connection().await?;
        let statement = client.prepare_cached("SELECT tenant_id, stream_id FROM struct.stream_claim($1, $2)").await?;
        let row = client.query_opt(&statement, &[&worker, &lease_secs]).await?;
        Ok(row.map(|row| (row.get::<_, Uuid>(0).into(), row.get::<_, Uuid>(1).into())))
    }

    /// How many streams run, how many of them fail, how many entries the farthest behind has still to be sent.
    pub async fn stream_figures(&self) -> Result<(i64, i64, i64), StoreError> {
        let client = self.connection().await?;
        let statement = client.prepare_cached("SELECT streams, failing, behind FROM struct.stream_figures()").await?;
        let row = client.query_one(&statement, &[]).await?;
        Ok((row.get(0), row.get(1), row.get(2)))
    }

    /// Host and port of all receivers of all tenants, each once, at most [`MAX_PEERS`] of them.
    pub async fn stream_peers(&self) -> Result<Vec<String>, StoreError> {
        let client = self.connection().await?;
        let statement = client.prepare_cached("SELECT peer FROM struct.stream_peers($1)").await?;
        Ok(client.query(&statement, &[&MAX_PEERS]).await?.iter().map(|row| row.get(0)).collect())
    }

    /// The log's name, and its entries from a position on.
    pub async fn stream_batch(&self, tenant: TenantId, from: u64, limit: i64) -> Result<(String, Batch), StoreError> {
        let origin = Statement::new("SELECT origin FROM struct.log WHERE tenant_id = $1", vec![Box::new(tenant.0)]);
        let read = Statement::new(ENTRIES, vec![Box::new(tenant.0), Box::new(signed(from)?), Box::new(limit)]);
        let mut rows = self.fly(Flight::read(bare(tenant), vec![origin, read])).await?;
        let (rows, origin) = (rows.swap_remove(1), rows.swap_remove(0));
        let mut batch = Batch { until: from, ..Batch::default() };
        for row in &rows {
            let position = unsigned(row.get(13));
            batch.until = position + 1;
            if row.get::<_, Option<Uuid>>(0).is_some() {
                batch.entries.push((position, stored(tenant, row)?));
            }
        }
        Ok((origin.first().map(|row| row.get(0)).unwrap_or_default(), batch))
    }

    /// Moves a stream on, when it stood where the worker believes and the worker still has it; false when not.
    pub async fn stream_advance(
        &self,
        (tenant, stream): (TenantId, StreamId),
        worker: Uuid,
        step: Step,
        lease_secs: i32,
    ) -> Result<bool, StoreError> {
        let advance = Statement::new(
            "UPDATE struct.stream SET position = $5, skipped = skipped + $6, delivered_at = now(), failures = 0, failure = NULL,
                 particulars = NULL, lease_until = now() + make_interval(secs => $7::int)
             WHERE tenant_id = $1 AND stream_id = $2 AND leased_to = $3 AND position = $4 RETURNING 1",
            vec![
                Box::new(tenant.0),
                Box::new(stream.0),
                Box::new(worker),
                Box::new(signed(step.from)?),
                Box::new(signed(step.until)?),
                Box::new(signed(step.skipped)?),
                Box::new(lease_secs),
            ],
        );
        let rows = self.fly(Flight::bookkeeping(bare(tenant), vec![advance])).await?.swap_remove(0);
        Ok(!rows.is_empty())
    }

    /// Goes on having a stream for so many seconds; false when the worker has it no more.
    pub async fn stream_renew(
        &self,
        (tenant, stream): (TenantId, StreamId),
        worker: Uuid,
        lease_secs: i32,
    ) -> Result<bool, StoreError> {
        let renew = Statement::new(
            "UPDATE struct.stream SET lease_until = now() + make_interval(secs => $4::int)
             WHERE tenant_id = $1 AND stream_id = $2 AND leased_to = $3 RETURNING 1",
            vec![Box::new(tenant.0), Box::new(stream.0), Box::new(worker), Box::new(lease_secs)],
        );
        let rows = self.fly(Flight::bookkeeping(bare(tenant), vec![renew])).await?.swap_remove(0);
        Ok(!rows.is_empty())
    }

    /// Gives a stream back; with a failure, to be tried again after a pause of so many seconds.
    pub async fn stream_release(
        &self,
        (tenant, stream): (TenantId, StreamId),
        worker: Uuid,
        failure: Option<(&str, &str, i32)>,
    ) -> Result<(), StoreError> {
        let mine = "WHERE tenant_id = $1 AND stream_id = $2 AND leased_to = $3";
        let release = match failure {
            None => Statement::new(
                format!("UPDATE struct.stream SET leased_to = NULL, lease_until = NULL, due_at = now() {mine}"),
                vec![Box::new(tenant.0), Box::new(stream.0), Box::new(worker)],
            ),
            Some((failure, particulars, pause_secs)) => Statement::new(
                format!(
                    "UPDATE struct.stream SET leased_to = NULL, lease_until = NULL, failed_at = now(), failures = failures + 1,
                         failure = $4, particulars = $5, due_at = now() + make_interval(secs => $6::int) {mine}"
                ),
                vec![
                    Box::new(tenant.0),
                    Box::new(stream.0),
                    Box::new(worker),
                    Box::new(failure.to_owned()),
                    Box::new(particulars.to_owned()),
                    Box::new(pause_secs),
                ],
            ),
        };
        self.fly(Flight::bookkeeping(bare(tenant), vec![release])).await.map(drop)
    }

    /// Changes what a tenant's streams are, with the entries that say so.
    pub async fn stream_change(&self, head: Head, change: Statement, entry: SealedEntry) -> Result<(), StoreError> {
        self.fly(Flight::write(head, vec![change], &[entry])).await.map(drop)
    }
}

fn bare(tenant: TenantId) -> Head {
    Head { tenant, check: Check::Nothing }
}

fn signed(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::Fault("a position is too large".to_owned()))
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

fn stream_row(row: &Row) -> StreamRow {
    let failure: Option<String> = row.get(13);
    StreamRow {
        id: row.get::<_, Uuid>(0).into(),
        name: row.get(1),
        kind: row.get(2),
        peer: row.get(3),
        address_sealed: row.get(4),
        created_by: row.get::<_, Option<Uuid>>(5).map(Into::into),
        created_at: row.get(6),
        paused: row.get(7),
        position: unsigned(row.get(8)),
        skipped: unsigned(row.get(9)),
        delivered_at: row.get(10),
        failed_at: row.get(11),
        failures: u32::try_from(row.get::<_, i32>(12)).unwrap_or_default(),
        failure: failure.map(|failure| (failure, row.get::<_, Option<String>>(14).unwrap_or_default())),
        log_size: unsigned(row.get(15)),
    }
}
