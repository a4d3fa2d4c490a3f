//! Backups in tables: the heartbeat, runs, drills, samples, and what PostgreSQL says of its archiving. Makes no backup and weighs
//! nothing.

pub mod copy;
mod drill;
mod gauge;
mod run;

pub use drill::{DrillEnd, DrillRow};
pub use run::{RunEnd, RunRow};

use crate::ledger::{Leader, platform};
use crate::{Check, Flight, Head, Statement, Store, StoreError};
use domain::backup::archive::Archiver;
use jiff::Timestamp;

/// Key of the advisory lock of the server that plans backups and watches the repository.
const PLANNER_LOCK: i64 = 0x5354_424b_504c;
/// Key of the advisory lock of whoever reads the whole repository again.
const VERIFICATION_LOCK: i64 = 0x5354_424b_5652;
/// Key of the advisory lock that each backup holds, whoever makes it: a server or an operator's command.
const RUN_LOCK: i64 = 0x5354_424b_524e;

fn head() -> Head {
    Head { tenant: platform(), check: Check::Nothing }
}

const BEAT: &str = "INSERT INTO struct.heartbeat (tenant_id, at) VALUES ($1, $2)
    ON CONFLICT (tenant_id) DO UPDATE SET at = excluded.at";
const ARCHIVER: &str =
    "SELECT current_setting('archive_mode'), current_setting('archive_command', true), a.last_archived_time,
        a.last_failed_time, a.failed_count, a.last_failed_wal, pg_postmaster_start_time()
    FROM pg_stat_archiver a";

impl Store {
    /// Takes the planning of backups upon this process, unless another has it.
    pub async fn lead_backups(&self) -> Result<Option<Leader>, StoreError> {
        self.lead_by(PLANNER_LOCK).await
    }

    /// The right to read the whole repository again, as `lead_run`.
    pub async fn lead_verification(&self) -> Result<Option<Leader>, StoreError> {
        self.lead_by(VERIFICATION_LOCK).await
    }

    /// The right to make a backup, held by one process at a time; none when another makes one. It ends with its connection.
    pub async fn lead_run(&self) -> Result<Option<Leader>, StoreError> {
        self.lead_by(RUN_LOCK).await
    }

    /// Commits the present instant. Answers the name of the segment that the log had reached before: all that was committed until
    /// then is in it or in one before it.
    pub async fn heartbeat(&self, at: Timestamp) -> Result<String, StoreError> {
        let reached = Statement::new("SELECT pg_walfile_name(pg_current_wal_insert_lsn())", Vec::new());
        let beat = Statement::new(BEAT, vec![Box::new(platform().0), Box::new(at)]);
        let rows = self.fly(Flight::bookkeeping(head(), vec![reached, beat])).await?.swap_remove(0);
        Ok(rows.first().map(|row| row.get(0)).unwrap_or_default())
    }

    /// The last instant committed, as far as heartbeats tell: of a restored cluster, how far it reaches.
    pub async fn heartbeat_newest(&self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT at FROM struct.heartbeat WHERE tenant_id = $1";
        let read = Statement::new(sql, vec![Box::new(platform().0)]);
        let rows = self.fly(Flight::read(head(), vec![read])).await?.swap_remove(0);
        Ok(rows.first().map(|row| row.get(0)))
    }

    /// What PostgreSQL says of its archiving. `command` is the one it should have; none when that is not ours to say.
    pub async fn archiver(&self, command: Option<&str>) -> Result<Archiver, StoreError> {
        let read = Statement::new(ARCHIVER, Vec::new());
        let rows = self.fly(Flight::read(head(), vec![read])).await?.swap_remove(0);
        let row = rows.first().ok_or_else(|| StoreError::Fault("pg_stat_archiver has no row".to_owned()))?;
        let found: Option<String> = row.get(1);
        Ok(Archiver {
            on: row.get::<_, &str>(0) != "off",
            ours: command.map(|command| found.as_deref() == Some(command)),
            archived_at: row.get(2),
            failed_at: row.get(3),
            failed: row.get(4),
            failed_wal: row.get(5),
            started_at: row.get(6),
        })
    }
}
