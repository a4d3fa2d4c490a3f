//! Restore drills, as rows. Restores nothing.

use super::head;
use crate::ledger::platform;
use crate::{Flight, Statement, Store, StoreError};
use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

/// A restore drill.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DrillRow {
    /// Its id (UUID v7).
    pub id: Uuid,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The moment it restored to.
    pub target_at: Timestamp,
    /// The backup it was restored from.
    pub base_label: Option<String>,
    /// From the last heartbeat recovered to the moment wanted, in milliseconds.
    pub rpo_ms: Option<i64>,
    /// From the order to the first page served, in milliseconds.
    pub rto_ms: Option<i64>,
    /// What was looked at and found, as JSON.
    pub checks: Option<String>,
    /// `running`, `passed`, `failed` or `unknown`.
    pub outcome: String,
    /// What went wrong, in words.
    pub error: Option<String>,
}

/// How a drill ended.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DrillEnd {
    /// The backup it was restored from.
    pub base_label: Option<String>,
    /// As in `DrillRow`.
    pub rpo_ms: Option<i64>,
    /// As in `DrillRow`.
    pub rto_ms: Option<i64>,
    /// As in `DrillRow`; at most 64 KiB.
    pub checks: Option<String>,
    /// Whether everything was as it should be.
    pub passed: bool,
    /// What went wrong, in words.
    pub error: Option<String>,
}

const DRILL: &str =
    "SELECT drill_id, started_at, ended_at, target_at, base_label, rpo_ms, rto_ms, checks, outcome, error
    FROM struct.backup_drill WHERE tenant_id = $1";
const END: &str =
    "UPDATE struct.backup_drill SET ended_at = greatest($3, started_at), base_label = $4, rpo_ms = $5, rto_ms = $6,
        checks = $7, outcome = $8, error = left($9, 2000)
    WHERE tenant_id = $1 AND drill_id = $2 AND outcome = 'running'";
const ORPHANS: &str = "UPDATE struct.backup_drill SET ended_at = greatest($2, started_at), outcome = 'unknown'
    WHERE tenant_id = $1 AND outcome = 'running' RETURNING 1";

impl Store {
    /// Begins a drill.
    pub async fn drill_begin(&self, id: Uuid, started_at: Timestamp, target_at: Timestamp) -> Result<(), StoreError> {
        let begin = Statement::new(
            "INSERT INTO struct.backup_drill (tenant_id, drill_id, started_at, target_at, outcome)
             VALUES ($1, $2, $3, $4, 'running')",
            vec![Box::new(platform().0), Box::new(id), Box::new(started_at), Box::new(target_at)],
        );
        self.fly(Flight::bookkeeping(head(), vec![begin])).await.map(drop)
    }

    /// Ends a drill.
    pub async fn drill_end(&self, id: Uuid, at: Timestamp, end: &DrillEnd) -> Result<(), StoreError> {
        let outcome = if end.passed { "passed" } else { "failed" };
        let end = Statement::new(
            END,
            vec![
                Box::new(platform().0),
                Box::new(id),
                Box::new(at),
                Box::new(end.base_label.clone()),
                Box::new(end.rpo_ms),
                Box::new(end.rto_ms),
                Box::new(end.checks.clone()),
                Box::new(outcome),
                Box::new(end.error.clone()),
            ],
        );
        self.fly(Flight::bookkeeping(head(), vec![end])).await.map(drop)
    }

    /// Closes the rows of drills that died; the caller knows that none is under way. How many there were.
    pub async fn drill_close_orphans(&self, at: Timestamp) -> Result<usize, StoreError> {
        let close = Statement::new(ORPHANS, vec![Box::new(platform().0), Box::new(at)]);
        Ok(self.fly(Flight::bookkeeping(head(), vec![close])).await?.swap_remove(0).len())
    }

    /// The newest drills, newest first.
    pub async fn drills(&self, limit: i64) -> Result<Vec<DrillRow>, StoreError> {
        let sql = format!("{DRILL} ORDER BY started_at DESC, drill_id DESC LIMIT $2");
        let read = Statement::new(sql, vec![Box::new(platform().0), Box::new(limit)]);
        let rows = self.fly(Flight::read(head(), vec![read])).await?.swap_remove(0);
        Ok(rows.iter().map(drill_row).collect())
    }
}

fn drill_row(row: &Row) -> DrillRow {
    DrillRow {
        id: row.get(0),
        started_at: row.get(1),
        ended_at: row.get(2),
        target_at: row.get(3),
        base_label: row.get(4),
        rpo_ms: row.get(5),
        rto_ms: row.get(6),
        checks: row.get(7),
        outcome: row.get(8),
        error: row.get(9),
    }
}
