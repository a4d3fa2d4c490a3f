//! Evidence: what was measured of a promise. Added with its leaf of the platform's log, never changed; weighs nothing.

mod history;

pub use history::{TurnRow, Wanted};

use super::{head, platform, platform_append};
use crate::{Flight, Statement, Store, StoreError};
use domain::evidence::Verdict;
use jiff::Timestamp;
use uuid::Uuid;

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
    /// SHA-256 of the raw data, hex, when there are some.
    pub raw_sha256: Option<String>,
}

/// Measurements read of each check: the newest of every server that speaks is among them.
const ROWS_A_CHECK: i64 = 24;

const COLUMNS: &str = "evidence_id, promise, subject, window_from, window_to, figure, verdict, method, tool";
/// The same as they are read.
const READ: &str = "evidence_id, promise, subject, window_from, window_to, figure, verdict, method, tool, \
     encode(sha256(convert_to(raw, 'UTF8')), 'hex')";

impl Store {
    /// Keeps a measurement with its raw data, and queues its leaf.
    pub async fn evidence_add(&self, row: &EvidenceRow, raw: Option<&str>, leaf: Vec<u8>) -> Result<(), StoreError> {
        let keep = Statement::new(
            format!(
                "INSERT INTO struct.evidence (tenant_id, {COLUMNS}, raw) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
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
                Box::new(raw.map(str::to_owned)),
            ],
        );
        let statements = vec![keep, platform_append(row.id, leaf)];
        self.fly(Flight::bookkeeping(head(platform()), statements)).await.map(drop)
    }

    /// The newest measurements of a promise, newest first.
    pub async fn evidence(&self, promise: &str, limit: i64) -> Result<Vec<EvidenceRow>, StoreError> {
        let sql = format!(
            "SELECT {READ} FROM struct.evidence WHERE tenant_id = $1 AND promise = $2 ORDER BY evidence_id DESC LIMIT $3"
        );
        let read = Statement::new(sql, vec![Box::new(platform().0), Box::new(promise.to_owned()), Box::new(limit)]);
        let rows = self.fly(Flight::read(head(platform()), vec![read])).await?.swap_remove(0);
        Ok(rows.iter().map(row_of).collect())
    }

    /// The newest measurements of each check of (promise, name), newest first, in one round trip. A check without a name
    /// has every measurement of its promise.
    pub async fn evidence_of(&self, checks: &[(&str, Option<&str>)]) -> Result<Vec<Vec<EvidenceRow>>, StoreError> {
        let any = format!(
            "SELECT {READ} FROM struct.evidence WHERE tenant_id = $1 AND promise = $2 ORDER BY evidence_id DESC LIMIT $3"
        );
        // `@` and what follows it in the order of text: a range the index has.
        let named = format!(
            "SELECT {READ} FROM struct.evidence WHERE tenant_id = $1 AND promise = $2
             AND (subject = $4 OR starts_with(subject, $4 || '@')) ORDER BY evidence_id DESC LIMIT $3"
        );
        let read = checks.iter().map(|(promise, name)| {
            let mut params: Vec<crate::flight::Param> =
                vec![Box::new(platform().0), Box::new((*promise).to_owned()), Box::new(ROWS_A_CHECK)];
            match name {
                Some(name) => {
                    params.push(Box::new((*name).to_owned()));
                    Statement::new(named.as_str(), params)
                }
                None => Statement::new(any.as_str(), params),
            }
        });
        let answers = self.fly(Flight::read(head(platform()), read.collect())).await?;
        Ok(answers.iter().map(|rows| rows.iter().map(row_of).collect()).collect())
    }

    /// One measurement with its raw data.
    pub async fn evidence_one(&self, id: Uuid) -> Result<Option<(EvidenceRow, Option<String>)>, StoreError> {
        let sql = format!("SELECT {READ}, raw FROM struct.evidence WHERE tenant_id = $1 AND evidence_id = $2");
        let read = Statement::new(sql, vec![Box::new(platform().0), Box::new(id)]);
        let rows = self.fly(Flight::read(head(platform()), vec![read])).await?.swap_remove(0);
        Ok(rows.first().map(|row| (row_of(row), row.get(10))))
    }
}

fn row_of(row: &crate::flight::Row) -> EvidenceRow {
    EvidenceRow {
        id: row.get(0),
        promise: row.get(1),
        subject: row.get(2),
        from: row.get(3),
        until: row.get(4),
        figure: row.get(5),
        verdict: Verdict::of(row.get(6)),
        method: row.get(7),
        tool: row.get(8),
        raw_sha256: row.get(9),
    }
}
