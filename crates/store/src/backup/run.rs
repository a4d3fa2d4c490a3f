//! Runs of pgBackRest, as rows: begun, told of while they go on, ended. A row whose process died is closed by the next. Runs nothing.

use super::head;
use crate::ledger::platform;
use crate::{Flight, Statement, Store, StoreError};
use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

/// A run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunRow {
    /// Its id (UUID v7).
    pub id: Uuid,
    /// `full`, `differential` or `verify`.
    pub kind: String,
    /// `first`, `rule`, `retry` or `order`.
    pub cause: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The backup's name.
    pub label: Option<String>,
    /// Bytes of the database, or read by a verification.
    pub size_bytes: Option<i64>,
    /// Bytes the backup alone takes in the repository.
    pub repo_size_bytes: Option<i64>,
    /// How far it is: bytes copied, and bytes there are.
    pub progress: Option<(i64, i64)>,
    /// `running`, `done`, `failed` or `unknown`.
    pub outcome: String,
    /// What went wrong, in words.
    pub error: Option<String>,
    /// What a verification found, as JSON: an array, empty when all was well.
    pub faults: Option<String>,
    /// Which version of what ran.
    pub tool: String,
}

impl RunRow {
    /// Whether a verification found anything wrong.
    pub fn is_faulty(&self) -> bool {
        self.faults.as_deref().is_some_and(|faults| faults.trim() != "[]")
    }
}

/// How a run ended.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RunEnd {
    /// The backup's name.
    pub label: Option<String>,
    /// Bytes of the database, or read by a verification.
    pub size_bytes: Option<i64>,
    /// Bytes the backup alone takes in the repository.
    pub repo_size_bytes: Option<i64>,
    /// What went wrong, in words; it failed then.
    pub error: Option<String>,
    /// What a verification found, as JSON.
    pub faults: Option<String>,
}

/// Longest error kept, in characters.
const MAX_ERROR_CHARS: usize = 2_000;

const RUN: &str =
    "SELECT run_id, kind, cause, started_at, ended_at, label, size_bytes, repo_size_bytes, done_bytes, total_bytes,
        outcome, error, faults, tool FROM struct.backup_run WHERE tenant_id = $1";
const BEGIN: &str = "INSERT INTO struct.backup_run (tenant_id, run_id, kind, cause, started_at, outcome, tool)
    VALUES ($1, $2, $3, $4, $5, 'running', $6)";
const END: &str =
    "UPDATE struct.backup_run SET ended_at = greatest($3, started_at), outcome = $4, label = $5, size_bytes = $6,
        repo_size_bytes = $7, error = $8, faults = $9
    WHERE tenant_id = $1 AND run_id = $2 AND outcome = 'running'";
const ORPHANS: &str = "UPDATE struct.backup_run SET ended_at = greatest($2, started_at), outcome = 'unknown'
    WHERE tenant_id = $1 AND outcome = 'running' AND (kind = 'verify') = $3 RETURNING 1";
const PRUNE: &str =
    "DELETE FROM struct.backup_run WHERE tenant_id = $1 AND started_at < $2 AND (kind = 'verify' OR started_at < $3)";

impl Store {
    /// Begins a run. The caller holds `lead_run`, or `lead_verification`.
    pub async fn run_begin(&self, row: &RunRow) -> Result<(), StoreError> {
        let begin = Statement::new(
            BEGIN,
            vec![
                Box::new(platform().0),
                Box::new(row.id),
                Box::new(row.kind.clone()),
                Box::new(row.cause.clone()),
                Box::new(row.started_at),
                Box::new(row.tool.clone()),
            ],
        );
        self.fly(Flight::bookkeeping(head(), vec![begin])).await.map(drop)
    }

    /// Tells how far a run is, in bytes.
    pub async fn run_progress(&self, id: Uuid, done: i64, total: i64) -> Result<(), StoreError> {
        let tell = Statement::new(
            "UPDATE struct.backup_run SET done_bytes = $3, total_bytes = $4
             WHERE tenant_id = $1 AND run_id = $2 AND outcome = 'running'",
            vec![Box::new(platform().0), Box::new(id), Box::new(done), Box::new(total)],
        );
        self.fly(Flight::bookkeeping(head(), vec![tell])).await.map(drop)
    }

    /// Ends a run: done, or failed when there is an error.
    pub async fn run_end(&self, id: Uuid, at: Timestamp, end: &RunEnd) -> Result<(), StoreError> {
        let outcome = if end.error.is_some() { "failed" } else { "done" };
        let error = end.error.as_ref().map(|error| error.chars().take(MAX_ERROR_CHARS).collect::<String>());
        let end = Statement::new(
            END,
            vec![
                Box::new(platform().0),
                Box::new(id),
                Box::new(at),
                Box::new(outcome),
                Box::new(end.label.clone()),
                Box::new(end.size_bytes),
                Box::new(end.repo_size_bytes),
                Box::new(error),
                Box::new(end.faults.clone()),
            ],
        );
        self.fly(Flight::bookkeeping(head(), vec![end])).await.map(drop)
    }

    /// Closes the rows of verifications, or of all other runs, that died. The caller holds `lead_verification`, or `lead_run`, so none
    /// is under way. How many there were.
    pub async fn run_close_orphans(&self, at: Timestamp, verifications: bool) -> Result<usize, StoreError> {
        let close = Statement::new(ORPHANS, vec![Box::new(platform().0), Box::new(at), Box::new(verifications)]);
        Ok(self.fly(Flight::bookkeeping(head(), vec![close])).await?.swap_remove(0).len())
    }

    /// Runs that began at an instant or later, newest first.
    pub async fn runs(&self, since: Timestamp, limit: i64) -> Result<Vec<RunRow>, StoreError> {
        let sql = format!("{RUN} AND started_at >= $2 ORDER BY started_at DESC, run_id DESC LIMIT $3");
        let read = Statement::new(sql, vec![Box::new(platform().0), Box::new(since), Box::new(limit)]);
        let rows = self.fly(Flight::read(head(), vec![read])).await?.swap_remove(0);
        Ok(rows.iter().map(run_row).collect())
    }

    /// The newest verification that came to an end.
    pub async fn run_verified(&self) -> Result<Option<RunRow>, StoreError> {
        let sql =
            format!("{RUN} AND kind = 'verify' AND outcome IN ('done', 'failed') ORDER BY started_at DESC LIMIT 1");
        let read = Statement::new(sql, vec![Box::new(platform().0)]);
        let rows = self.fly(Flight::read(head(), vec![read])).await?.swap_remove(0);
        Ok(rows.first().map(run_row))
    }

    /// The newest verification that read everything.
    pub async fn run_verified_whole(&self) -> Result<Option<RunRow>, StoreError> {
        let sql = format!("{RUN} AND kind = 'verify' AND outcome = 'done' ORDER BY started_at DESC LIMIT 1");
        let read = Statement::new(sql, vec![Box::new(platform().0)]);
        let rows = self.fly(Flight::read(head(), vec![read])).await?.swap_remove(0);
        Ok(rows.first().map(run_row))
    }

    /// When the first run of all began.
    pub async fn run_first(&self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT min(started_at) FROM struct.backup_run WHERE tenant_id = $1";
        let read = Statement::new(sql, vec![Box::new(platform().0)]);
        let rows = self.fly(Flight::read(head(), vec![read])).await?.swap_remove(0);
        Ok(rows.first().and_then(|row| row.get(0)))
    }

    /// Forgets verifications from before an instant, and other runs from before another.
    pub async fn runs_prune(&self, verifications: Timestamp, others: Timestamp) -> Result<(), StoreError> {
        let prune = Statement::new(PRUNE, vec![Box::new(platform().0), Box::new(verifications), Box::new(others)]);
        self.fly(Flight::bookkeeping(head(), vec![prune])).await.map(drop)
    }
}

fn run_row(row: &Row) -> RunRow {
    let (done, total): (Option<i64>, Option<i64>) = (row.get(8), row.get(9));
    RunRow {
        id: row.get(0),
        kind: row.get(1),
        cause: row.get(2),
        started_at: row.get(3),
        ended_at: row.get(4),
        label: row.get(5),
        size_bytes: row.get(6),
        repo_size_bytes: row.get(7),
        progress: done.zip(total),
        outcome: row.get(10),
        error: row.get(11),
        faults: row.get(12),
        tool: row.get(13),
    }
}
