//! What a drill looks at after the crashes: whether every record has its entry and every entry its record. Repairs
//! nothing and decides nothing; the drill itself is `cli`'s.

mod ledger;
pub mod tamper;

pub use ledger::{Entered, Leading, Onlooker, Placed, Published};

use crate::pool::connect;
use crate::record::RecordTable;
use crate::{Address, StoreError};
use domain::id::{JobId, RecordId, TenantId};
use tokio_postgres::Client;
use uuid::Uuid;

/// A tenant's records and entries, counted. Everything but the first two is to be zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records.
    pub records: i64,
    /// Entries that say a record was made.
    pub entries: i64,
    /// Records that no entry speaks of.
    pub without_entry: i64,
    /// Entries of records that are not there.
    pub without_record: i64,
    /// Records whose making was entered more than once.
    pub entered_twice: i64,
    /// Jobs still under way or given up; a file that never came in whole was no job yet.
    pub unfinished_jobs: i64,
}

/// How far a job was, by what it says and by the records it made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobTally {
    /// `queued`, `running`, `done` or `failed`.
    pub state: String,
    /// Rows it says it took.
    pub taken: i64,
    /// Rows it says it refused.
    pub refused: i64,
    /// Records with the number's beginning.
    pub records: i64,
}

/// A connection behind the tenant's wall, as the application.
pub struct Inspector {
    client: Client,
    tenant: TenantId,
}

impl Inspector {
    /// Connects.
    pub async fn connect(app: &Address, tenant: TenantId) -> Result<Self, StoreError> {
        let client = connect(app).await?;
        client.batch_execute(&format!("SET struct.tenant = '{tenant}'")).await?;
        Ok(Self { client, tenant })
    }

    /// Counts records and entries of an entity. The table is one nothing was removed from.
    pub async fn tally(&self, table: &RecordTable, service: &str, entity: &str) -> Result<Tally, StoreError> {
        let sql = format!(
            "WITH made AS MATERIALIZED (
                 SELECT record_id, count(*) AS times FROM struct.entry
                 WHERE tenant_id = $1 AND verb = 'record.created' AND outcome = 'done' AND service = $2 AND entity = $3
                 GROUP BY record_id)
             SELECT (SELECT count(*) FROM {0} WHERE tenant_id = $1),
                    (SELECT coalesce(sum(times), 0)::bigint FROM made),
                    (SELECT count(*) FROM {0} t WHERE tenant_id = $1 AND NOT EXISTS (SELECT FROM made WHERE record_id = t.id)),
                    (SELECT count(*) FROM made m WHERE NOT EXISTS (SELECT FROM {0} t WHERE tenant_id = $1 AND t.id = m.record_id)),
                    (SELECT count(*) FROM made WHERE times > 1),
                    (SELECT count(*) FROM struct.job WHERE tenant_id = $1
                        AND (state IN ('queued', 'running') OR (state = 'failed' AND failure <> 'cut_off')))",
            table.name()
        );
        let row = self.client.query_one(&sql, &[&self.tenant.0, &service, &entity]).await?;
        Ok(Tally {
            records: row.get(0),
            entries: row.get(1),
            without_entry: row.get(2),
            without_record: row.get(3),
            entered_twice: row.get(4),
            unfinished_jobs: row.get(5),
        })
    }

    /// Which of these records are missing, or have no entry.
    pub async fn missing(&self, table: &RecordTable, ids: &[RecordId]) -> Result<Vec<RecordId>, StoreError> {
        let sql = format!(
            "SELECT u.id FROM unnest($2::uuid[]) u(id)
             WHERE NOT EXISTS (SELECT FROM {} t WHERE t.tenant_id = $1 AND t.id = u.id)
                OR NOT EXISTS (SELECT FROM struct.entry e
                               WHERE e.tenant_id = $1 AND e.record_id = u.id AND e.verb = 'record.created')",
            table.name()
        );
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let rows = self.client.query(&sql, &[&self.tenant.0, &ids]).await?;
        Ok(rows.iter().map(|row| row.get::<_, Uuid>(0).into()).collect())
    }

    /// How many records' value in the plain column `field` begins like that.
    pub async fn beginning(&self, table: &RecordTable, field: &str, beginning: &str) -> Result<i64, StoreError> {
        let sql = format!(
            "SELECT count(*) FROM {} t WHERE t.tenant_id = $1 AND starts_with(t.\"f_{field}\", $2)",
            table.name()
        );
        Ok(self.client.query_one(&sql, &[&self.tenant.0, &beginning]).await?.get(0))
    }

    /// A job, and the records whose value in the plain column `field` begins like that. None when there is no such job.
    pub async fn job(
        &self,
        table: &RecordTable,
        job: JobId,
        field: &str,
        beginning: &str,
    ) -> Result<Option<JobTally>, StoreError> {
        let sql = format!(
            "SELECT j.state, j.taken, j.refused,
                    (SELECT count(*) FROM {} t WHERE t.tenant_id = $1 AND starts_with(t.\"f_{field}\", $3))
             FROM struct.job j WHERE j.tenant_id = $1 AND j.job_id = $2",
            table.name()
        );
        let row = self.client.query_opt(&sql, &[&self.tenant.0, &job.0, &beginning]).await?;
        Ok(row.map(|row| JobTally { state: row.get(0), taken: row.get(1), refused: row.get(2), records: row.get(3) }))
    }
}
