//! Jobs: their queue, their progress, the pieces of the file handed in. What an import does with them is `app`'s.
//!
//! A job's progress is part of the flight that does the work, so a batch is done and counted, or neither.

use crate::flight::{Check, Flight, Head, Param};
use crate::{Statement, Store, StoreError};
use domain::id::{JobId, RequestId, TenantId, UserId};
use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

/// A reception that has not ended by then was broken off.
pub const RECEPTION_LIMIT_MIN: i32 = 60;
/// Files a tenant may be handing in at the same time.
pub const MAX_RECEIVING: i64 = 10;

/// A job as stored.
#[derive(Clone, Debug)]
pub struct JobRow {
    /// Its id.
    pub job: JobId,
    /// On which service, through which screen, into which entity.
    pub service: String,
    /// The screen that allowed it.
    pub screen: String,
    /// The entity.
    pub entity: String,
    /// Who asked for it.
    pub asked_by: UserId,
    /// With which request.
    pub request: RequestId,
    /// `receiving`, `queued`, `running`, `done` or `failed`.
    pub state: String,
    /// Sealed note (the file's name).
    pub note_sealed: Vec<u8>,
    /// Rows of the file settled.
    pub progress: i64,
    /// Rows taken.
    pub taken: i64,
    /// Rows refused.
    pub refused: i64,
    /// Why it failed.
    pub failure: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// A refused row of the file.
#[derive(Clone, Debug)]
pub struct RefusalRow {
    /// 1 is the first row below the headings.
    pub row: i64,
    /// The column's heading or field.
    pub column: String,
    /// `domain::record::FaultReason`, as JSON.
    pub reason: serde_json::Value,
}

const COLUMNS: &str =
    "job_id, service, screen, entity, asked_by, request_id, state, note_sealed, progress, taken, refused,
    failure, created_at, finished_at";

fn job_row(row: &Row) -> JobRow {
    JobRow {
        job: row.get::<_, Uuid>(0).into(),
        service: row.get(1),
        screen: row.get(2),
        entity: row.get(3),
        asked_by: row.get::<_, Uuid>(4).into(),
        request: row.get::<_, Uuid>(5).into(),
        state: row.get(6),
        note_sealed: row.get(7),
        progress: row.get(8),
        taken: row.get(9),
        refused: row.get(10),
        failure: row.get(11),
        created_at: row.get(12),
        finished_at: row.get(13),
    }
}

/// Makes a job that is still receiving its file.
pub fn receive(tenant: TenantId, job: &JobRow) -> Statement {
    let params: Vec<Param> = vec![
        Box::new(tenant.0),
        Box::new(job.job.0),
        Box::new(job.service.clone()),
        Box::new(job.screen.clone()),
        Box::new(job.entity.clone()),
        Box::new(job.asked_by.0),
        Box::new(job.request.0),
        Box::new(job.note_sealed.clone()),
    ];
    Statement::new(
        "INSERT INTO struct.job (tenant_id, job_id, kind, service, screen, entity, asked_by, request_id, state, note_sealed)
         VALUES ($1, $2, 'import', $3, $4, $5, $6, $7, 'receiving', $8)",
        params,
    )
}

/// Queues a job whose file is complete.
pub fn queue(tenant: TenantId, job: JobId) -> Statement {
    Statement::new(
        "WITH done AS (UPDATE struct.job SET state = 'queued' WHERE tenant_id = $1 AND job_id = $2 AND state = 'receiving' RETURNING 1)
         SELECT struct.op_expect((SELECT count(*) FROM done), 1)",
        vec![Box::new(tenant.0), Box::new(job.0)],
    )
}

/// Moves a running job on from `from` settled rows. Raises ST409 if it is not there (another worker was faster).
/// Attempts start anew: only a job that gets nowhere is given up.
pub fn advance(tenant: TenantId, job: JobId, from: i64, taken: i64, refused: i64, lease_secs: i32) -> Statement {
    Statement::new(
        "WITH done AS (UPDATE struct.job SET progress = progress + $4 + $5, taken = taken + $4, refused = refused + $5,
                 attempts = 0, lease_until = now() + make_interval(secs => $6::int)
             WHERE tenant_id = $1 AND job_id = $2 AND state = 'running' AND progress = $3 RETURNING 1)
         SELECT struct.op_expect((SELECT count(*) FROM done), 1)",
        vec![
            Box::new(tenant.0),
            Box::new(job.0),
            Box::new(from),
            Box::new(taken),
            Box::new(refused),
            Box::new(lease_secs),
        ],
    )
}

/// Notes refused rows.
pub fn refuse(tenant: TenantId, job: JobId, refusals: Vec<(i32, RefusalRow)>) -> Statement {
    let mut columns = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (number, refusal) in refusals {
        columns.0.push(refusal.row);
        columns.1.push(number);
        columns.2.push(refusal.column);
        columns.3.push(refusal.reason);
    }
    Statement::new(
        "INSERT INTO struct.job_refusal (tenant_id, job_id, row_number, number, column_name, reason)
         SELECT $1, $2, u.* FROM unnest($3::bigint[], $4::int[], $5::text[], $6::jsonb[]) u",
        vec![
            Box::new(tenant.0),
            Box::new(job.0),
            Box::new(columns.0),
            Box::new(columns.1),
            Box::new(columns.2),
            Box::new(columns.3),
        ],
    )
}

/// Ends a job; its file goes. Raises ST409 unless it stood at `progress`.
pub fn finish(tenant: TenantId, job: JobId, progress: i64, failure: Option<&str>) -> [Statement; 2] {
    [
        Statement::new(
            "WITH done AS (UPDATE struct.job SET state = CASE WHEN $4::text IS NULL THEN 'done' ELSE 'failed' END, failure = $4,
                     finished_at = now(), lease_until = NULL
                 WHERE tenant_id = $1 AND job_id = $2 AND state = 'running' AND progress = $3 RETURNING 1)
             SELECT struct.op_expect((SELECT count(*) FROM done), 1)",
            vec![Box::new(tenant.0), Box::new(job.0), Box::new(progress), Box::new(failure.map(str::to_owned))],
        ),
        Statement::new(
            "DELETE FROM struct.job_piece WHERE tenant_id = $1 AND job_id = $2",
            vec![Box::new(tenant.0), Box::new(job.0)],
        ),
    ]
}

impl Store {
    /// Keeps a sealed piece of the file. Not an act of its own: the entry comes with `queue`.
    pub async fn job_piece(
        &self,
        tenant: TenantId,
        job: JobId,
        number: i32,
        sealed: Vec<u8>,
    ) -> Result<(), StoreError> {
        let keep = Statement::new(
            "INSERT INTO struct.job_piece (tenant_id, job_id, number, sealed) VALUES ($1, $2, $3, $4)",
            vec![Box::new(tenant.0), Box::new(job.0), Box::new(number), Box::new(sealed)],
        );
        self.fly(Flight::bookkeeping(Head { tenant, check: Check::Nothing }, vec![keep])).await.map(drop)
    }

    /// Opens a job's reception. Not an act of its own: the entry comes with `queue`. Receptions that were broken off are
    /// swept along, and a tenant may have `MAX_RECEIVING` open ones: otherwise uploads that never end would fill the disk.
    pub async fn job_receive(&self, head: Head, job: &JobRow) -> Result<(), StoreError> {
        let sweep = Statement::new(
            "DELETE FROM struct.job_piece WHERE tenant_id = $1 AND job_id IN (
                 SELECT job_id FROM struct.job WHERE tenant_id = $1 AND state = 'receiving' AND created_at < now() - make_interval(mins => $2))",
            vec![Box::new(head.tenant.0), Box::new(RECEPTION_LIMIT_MIN)],
        );
        let bound = Statement::new(
            "SELECT struct.op_expect(greatest(count(*), $3), $3) FROM struct.job
             WHERE tenant_id = $1 AND state = 'receiving' AND created_at >= now() - make_interval(mins => $2)",
            vec![Box::new(head.tenant.0), Box::new(RECEPTION_LIMIT_MIN), Box::new(MAX_RECEIVING)],
        );
        self.fly(Flight::bookkeeping(head, vec![sweep, receive(head.tenant, job), bound])).await.map(drop)
    }

    /// Gives a reception up: the file was too large. Nothing had been asked to be done with it, so there is no entry.
    pub async fn job_abandon(&self, tenant: TenantId, job: JobId) -> Result<(), StoreError> {
        let end = Statement::new(
            "UPDATE struct.job SET state = 'failed', failure = 'too_large', finished_at = now()
             WHERE tenant_id = $1 AND job_id = $2 AND state = 'receiving'",
            vec![Box::new(tenant.0), Box::new(job.0)],
        );
        let pieces = Statement::new(
            "DELETE FROM struct.job_piece WHERE tenant_id = $1 AND job_id = $2",
            vec![Box::new(tenant.0), Box::new(job.0)],
        );
        self.fly(Flight::bookkeeping(Head { tenant, check: Check::Nothing }, vec![end, pieces])).await.map(drop)
    }

    /// A sealed piece of the file.
    pub async fn job_piece_read(
        &self,
        tenant: TenantId,
        job: JobId,
        number: i32,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let read = Statement::new(
            "SELECT sealed FROM struct.job_piece WHERE tenant_id = $1 AND job_id = $2 AND number = $3",
            vec![Box::new(tenant.0), Box::new(job.0), Box::new(number)],
        );
        let rows = self.fly(Flight::read(Head { tenant, check: Check::Nothing }, vec![read])).await?.swap_remove(0);
        Ok(rows.first().map(|row| row.get(0)))
    }

    /// Takes the job that waits longest: tenant, job, how often it was taken without getting on.
    pub async fn job_claim(
        &self,
        lease_secs: i32,
        max_attempts: i32,
    ) -> Result<Option<(TenantId, JobId, i32)>, StoreError> {
        let client = self.connection().await?;
        let row = client.query_opt("SELECT * FROM struct.job_claim($1, $2)", &[&lease_secs, &max_attempts]).await?;
        Ok(row.map(|row| (row.get::<_, Uuid>(0).into(), row.get::<_, Uuid>(1).into(), row.get(2))))
    }

    /// A job of the tenant.
    pub async fn job(&self, head: Head, job: JobId) -> Result<Option<JobRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM struct.job WHERE tenant_id = $1 AND job_id = $2");
        let read = Statement::new(sql, vec![Box::new(head.tenant.0), Box::new(job.0)]);
        let rows = self.fly(Flight::read(head, vec![read])).await?.swap_remove(0);
        Ok(rows.first().map(job_row))
    }

    /// The newest jobs of an entity.
    pub async fn jobs(&self, head: Head, service: &str, entity: &str, limit: i64) -> Result<Vec<JobRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM struct.job WHERE tenant_id = $1 AND service = $2 AND entity = $3 AND state <> 'receiving'
             ORDER BY job_id DESC LIMIT $4"
        );
        let params: Vec<Param> =
            vec![Box::new(head.tenant.0), Box::new(service.to_owned()), Box::new(entity.to_owned()), Box::new(limit)];
        let rows = self.fly(Flight::read(head, vec![Statement::new(sql, params)])).await?.swap_remove(0);
        Ok(rows.iter().map(job_row).collect())
    }

    /// The first refused rows of a job.
    pub async fn job_refusals(&self, head: Head, job: JobId, limit: i64) -> Result<Vec<RefusalRow>, StoreError> {
        let read = Statement::new(
            "SELECT row_number, column_name, reason FROM struct.job_refusal WHERE tenant_id = $1 AND job_id = $2
             ORDER BY row_number, number LIMIT $3",
            vec![Box::new(head.tenant.0), Box::new(job.0), Box::new(limit)],
        );
        let rows = self.fly(Flight::read(head, vec![read])).await?.swap_remove(0);
        Ok(rows.iter().map(|row| RefusalRow { row: row.get(0), column: row.get(1), reason: row.get(2) }).collect())
    }

    /// Moves a job on by rows that were all refused: nothing of the tenant's data changes, so there is no entry.
    pub async fn job_advance(&self, head: Head, statements: Vec<Statement>) -> Result<(), StoreError> {
        self.fly(Flight::bookkeeping(head, statements)).await.map(drop)
    }

    /// Gives back every lease, and ends the receptions a stop has cut off: they would count against `MAX_RECEIVING` for
    /// an hour. Only for a server that holds the data directory's lock: nobody else is at work then.
    pub async fn job_release(&self) -> Result<(), StoreError> {
        self.connection().await?.execute("SELECT struct.job_release()", &[]).await?;
        for row in self.tenants().await? {
            self.end_receptions(row.tenant).await?;
        }
        Ok(())
    }

    async fn end_receptions(&self, tenant: TenantId) -> Result<(), StoreError> {
        let pieces = Statement::new(
            "DELETE FROM struct.job_piece WHERE tenant_id = $1 AND job_id IN (
                 SELECT job_id FROM struct.job WHERE tenant_id = $1 AND state = 'receiving')",
            vec![Box::new(tenant.0)],
        );
        let end = Statement::new(
            "UPDATE struct.job SET state = 'failed', failure = 'cut_off', finished_at = now()
             WHERE tenant_id = $1 AND state = 'receiving'",
            vec![Box::new(tenant.0)],
        );
        self.fly(Flight::bookkeeping(Head { tenant, check: Check::Nothing }, vec![pieces, end])).await.map(drop)
    }
}
