//! Evidence as a history: only the measurements at which something turned, whatever their number; pages of a promise's
//! measurements; the place of one in the platform's log. Says nothing of states.
//!
//! A row counts only when a leaf of its id says the same verdict: rows that somebody put beside the log, or turned over in
//! it, would hide what lies between two turns. Leaves are what the self-check of the logs looks after.

use super::{READ, row_of};
use crate::flight::Param;
use crate::ledger::{EvidenceRow, head, platform};
use crate::{Flight, Statement, Store, StoreError};
use jiff::Timestamp;
use uuid::Uuid;

/// A measurement at which something turned.
#[derive(Clone, Debug)]
pub struct TurnRow {
    /// The measurement.
    pub row: EvidenceRow,
    /// Whether others with the same verdict follow closely until the next turn of the same subject.
    pub dense: bool,
}

/// What a history is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The promise.
    pub promise: &'a str,
    /// The check; every measurement of the promise as one row of them when there is none.
    pub check: Option<&'a str>,
    /// From when.
    pub from: Timestamp,
    /// Measurements further apart leave a gap.
    pub gap_min: i64,
    /// Turns at most; the newest are given.
    pub limit: i64,
}

/// Before and after a measurement, among those of the same subject.
const TURNS: &str = "WITH measured AS (
        SELECT e.*, lag(e.verdict) OVER w AS before, lag(e.window_to) OVER w AS before_at,
               lead(e.verdict) OVER w AS after, lead(e.window_to) OVER w AS after_at
        FROM struct.evidence e
        JOIN struct.platform_entry p ON p.tenant_id = e.tenant_id AND p.entry_id = e.evidence_id
             AND position(convert_to('\"verdict\":\"' || e.verdict || '\"', 'UTF8') IN p.body) > 0
        WHERE e.tenant_id = $1 AND e.promise = $2 AND e.evidence_id >= $3
          AND ($4::text IS NULL OR e.subject = $4 OR starts_with(e.subject, $4 || '@'))
        WINDOW w AS (PARTITION BY CASE WHEN $4::text IS NULL THEN '' ELSE e.subject END ORDER BY e.evidence_id))";

impl Store {
    /// The newest turns of a check, newest first.
    pub async fn evidence_turns(&self, wanted: &Wanted<'_>) -> Result<Vec<TurnRow>, StoreError> {
        let sql = format!(
            "{TURNS} SELECT {READ}, after IS NOT DISTINCT FROM verdict AND after_at - window_to <= make_interval(mins => $5)
             FROM measured
             WHERE before IS DISTINCT FROM verdict OR after IS DISTINCT FROM verdict
                OR window_to - before_at > make_interval(mins => $5) OR after_at - window_to > make_interval(mins => $5)
             ORDER BY evidence_id DESC LIMIT $6"
        );
        let params: Vec<Param> = vec![
            Box::new(platform().0),
            Box::new(wanted.promise.to_owned()),
            Box::new(oldest_of(wanted.from)),
            Box::new(wanted.check.map(str::to_owned)),
            Box::new(i32::try_from(wanted.gap_min).unwrap_or(i32::MAX)),
            Box::new(wanted.limit),
        ];
        let rows = self.fly(Flight::read(head(platform()), vec![Statement::new(sql, params)])).await?.swap_remove(0);
        Ok(rows
            .iter()
            .map(|row| TurnRow { row: row_of(row), dense: row.get::<_, Option<bool>>(10) == Some(true) })
            .collect())
    }

    /// Measurements of a promise older than one, newest first.
    pub async fn evidence_page(
        &self,
        promise: &str,
        before: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<EvidenceRow>, StoreError> {
        let sql = format!(
            "SELECT {READ} FROM struct.evidence WHERE tenant_id = $1 AND promise = $2 AND evidence_id < $3
             ORDER BY evidence_id DESC LIMIT $4"
        );
        let params: Vec<Param> = vec![
            Box::new(platform().0),
            Box::new(promise.to_owned()),
            Box::new(before.unwrap_or(Uuid::max())),
            Box::new(limit),
        ];
        let rows = self.fly(Flight::read(head(platform()), vec![Statement::new(sql, params)])).await?.swap_remove(0);
        Ok(rows.iter().map(row_of).collect())
    }

    /// The position of a measurement's leaf in the platform's log; none while it waits.
    pub async fn evidence_position(&self, id: Uuid) -> Result<Option<u64>, StoreError> {
        let sql = "SELECT position FROM struct.leaf WHERE tenant_id = $1 AND entry_id = $2";
        let read = Statement::new(sql, vec![Box::new(platform().0), Box::new(id)]);
        let rows = self.fly(Flight::read(head(platform()), vec![read])).await?.swap_remove(0);
        Ok(rows.first().and_then(|row| u64::try_from(row.get::<_, i64>(0)).ok()))
    }
}

/// No measurement of that instant or later has a smaller id.
fn oldest_of(at: Timestamp) -> Uuid {
    let ms = u64::try_from(at.as_millisecond()).unwrap_or_default();
    Uuid::from_u128(u128::from(ms) << 80)
}
