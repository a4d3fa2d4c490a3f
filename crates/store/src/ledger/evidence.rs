//! Evidence: what was measured of a promise. Added with its leaf of the platform's log, never changed; weighs nothing.

use super::{head, platform, platform_append};
use crate::{Flight, Statement, Store, StoreError};
use jiff::Timestamp;
use uuid::Uuid;

/// Whether a measurement holds the promise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It was kept.
    Held,
    /// It was not.
    Broken,
}

impl Verdict {
    /// As stored: `held` or `broken`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Broken => "broken",
        }
    }
}

/// A measurement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EvidenceRow {
    /// Its id (UUID v7), by which the app knows it again; its leaf in the platform's log has the same.
    pub id: Uuid,
    /// The promise.
    pub promise: String,
    /// What was looked at, when it is one thing.
    pub subject: Option<String>,
    /// From when.
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Timestamp,
    /// What was found, as figure and unit.
    pub figure: String,
    /// Whether that holds the promise.
    pub verdict: Verdict,
    /// How it was measured.
    pub method: String,
    /// By which version of what.
    pub tool: String,
}

const COLUMNS: &str = "evidence_id, promise, subject, window_from, window_to, figure, verdict, method, tool";

impl Store {
    /// Keeps a measurement, and queues its leaf.
    pub async fn evidence_add(&self, row: &EvidenceRow, leaf: Vec<u8>) -> Result<(), StoreError> {
        let keep = Statement::new(
            format!(
                "INSERT INTO struct.evidence (tenant_id, {COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
            ),
            vec![
                Box::new(platform().0),
                Box::new(row.id),
                Box::new(row.promise.clone()),
                Box::new(row.subject.clone()),
                Box::new(row.from),
                Box::new(row.until),
                Box::new(row.figure.clone()),
                Box::new(row.verdict.code()),
                Box::new(row.method.clone()),
                Box::new(row.tool.clone()),
            ],
        );
        let statements = vec![keep, platform_append(row.id, leaf)];
        self.fly(Flight::bookkeeping(head(platform()), statements)).await.map(drop)
    }

    /// The newest measurements of a promise, newest first.
    pub async fn evidence(&self, promise: &str, limit: i64) -> Result<Vec<EvidenceRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM struct.evidence WHERE tenant_id = $1 AND promise = $2 ORDER BY evidence_id DESC LIMIT $3"
        );
        let read = Statement::new(sql, vec![Box::new(platform().0), Box::new(promise.to_owned()), Box::new(limit)]);
        let rows = self.fly(Flight::read(head(platform()), vec![read])).await?.swap_remove(0);
        let read = rows.iter().map(|row| EvidenceRow {
            id: row.get(0),
            promise: row.get(1),
            subject: row.get(2),
            from: row.get(3),
            until: row.get(4),
            figure: row.get(5),
            verdict: if row.get::<_, &str>(6) == "held" { Verdict::Held } else { Verdict::Broken },
            method: row.get(7),
            tool: row.get(8),
        });
        Ok(read.collect())
    }
}
