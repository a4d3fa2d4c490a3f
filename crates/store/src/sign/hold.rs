//! Extractions that were held: what was asked for, how many rows, who decided. Each change demands the state it starts from,
//! so of two who decide at once one does.

use super::{figure, number, spread};
use crate::flight::{Flight, Head, Param};
use crate::{Statement, Store, StoreError};
use domain::audit::sign::{Rule, Spread};
use domain::id::{HoldId, TenantId, UserId};
use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

/// What became of a held extraction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HoldState {
    /// Nobody has decided.
    Waiting,
    /// It may be taken once.
    Released,
    /// It may not.
    Refused,
    /// It was taken.
    Taken,
}

impl HoldState {
    /// As stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Released => "released",
            Self::Refused => "refused",
            Self::Taken => "taken",
        }
    }

    fn parse(code: &str) -> Option<Self> {
        [Self::Waiting, Self::Released, Self::Refused, Self::Taken].into_iter().find(|state| state.code() == code)
    }
}

/// A held extraction as stored.
#[derive(Clone, Debug)]
pub struct HoldRow {
    /// Its id.
    pub id: HoldId,
    /// Who wanted it.
    pub asked_by: UserId,
    /// When.
    pub asked_at: Timestamp,
    /// Of which service.
    pub service: String,
    /// Through which screen.
    pub screen: String,
    /// Of which entity.
    pub entity: String,
    /// In which format.
    pub format: String,
    /// The conditions, sealed.
    pub query_sealed: Vec<u8>,
    /// Which rule held it.
    pub rule: Rule,
    /// Rows it would have given out.
    pub counted: u64,
    /// Rows the person had taken that day.
    pub taken_before: u64,
    /// Rows that would have been let go that day.
    pub bound: u64,
    /// The person's usual days.
    pub spread: Option<Spread>,
    /// What became of it.
    pub state: HoldState,
    /// Who decided, when, with which sealed reason.
    pub decided: Option<(UserId, Timestamp, Vec<u8>)>,
    /// Until when it can be decided, or taken.
    pub expires_at: Timestamp,
}

const COLUMNS: &str =
    "hold_id, asked_by, asked_at, service, screen, entity, format, query_sealed, rule, counted, taken_before,
    bound, median, mad, state, decided_by, decided_at, reason_sealed, expires_at";

fn hold_row(row: &Row) -> Result<HoldRow, StoreError> {
    let (rule, state): (&str, &str) = (row.get(8), row.get(14));
    let unknown = || StoreError::Fault(format!("unknown rule {rule} or state {state} of a held extraction"));
    let decided = match (row.get::<_, Option<Uuid>>(15), row.get(16), row.get(17)) {
        (Some(by), Some(at), Some(reason)) => Some((by.into(), at, reason)),
        _ => None,
    };
    Ok(HoldRow {
        id: row.get::<_, Uuid>(0).into(),
        asked_by: row.get::<_, Uuid>(1).into(),
        asked_at: row.get(2),
        service: row.get(3),
        screen: row.get(4),
        entity: row.get(5),
        format: row.get(6),
        query_sealed: row.get(7),
        rule: Rule::parse(rule).ok_or_else(unknown)?,
        counted: figure(row, 9),
        taken_before: figure(row, 10),
        bound: figure(row, 11),
        spread: spread(row, 12),
        state: HoldState::parse(state).ok_or_else(unknown)?,
        decided,
        expires_at: row.get(18),
    })
}

/// Holds an extraction. Raises ST409 when the person has `at_most` waiting already.
pub fn hold(tenant: TenantId, row: &HoldRow, at_most: i64) -> Statement {
    let params: Vec<Param> = vec![
        Box::new(tenant.0),
        Box::new(row.id.0),
        Box::new(row.asked_by.0),
        Box::new(row.asked_at),
        Box::new(row.service.clone()),
        Box::new(row.screen.clone()),
        Box::new(row.entity.clone()),
        Box::new(row.format.clone()),
        Box::new(row.query_sealed.clone()),
        Box::new(row.rule.code()),
        Box::new(number(row.counted)),
        Box::new(number(row.taken_before)),
        Box::new(number(row.bound)),
        Box::new(row.spread.map(|spread| number(spread.median))),
        Box::new(row.spread.map(|spread| number(spread.mad))),
        Box::new(row.expires_at),
        Box::new(at_most),
    ];
    Statement::new(
        "WITH done AS (INSERT INTO struct.hold (tenant_id, hold_id, asked_by, asked_at, service, screen, entity, format,
                 query_sealed, rule, counted, taken_before, bound, median, mad, expires_at)
             SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16
             WHERE (SELECT count(*) FROM struct.hold WHERE tenant_id = $1 AND asked_by = $3 AND state = 'waiting'
                    AND expires_at > $4) < $17 RETURNING 1)
         SELECT struct.op_expect((SELECT count(*) FROM done), 1)",
        params,
    )
}

/// A decision on a held extraction.
#[derive(Clone, Debug)]
pub struct Decision {
    /// On which.
    pub hold: HoldId,
    /// Released, else refused.
    pub release: bool,
    /// By whom.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
    /// Why, sealed.
    pub reason_sealed: Vec<u8>,
    /// Until when it can be taken.
    pub expires_at: Timestamp,
}

/// Decides one that waits and that somebody else asked for; raises ST409 otherwise.
pub fn decide(tenant: TenantId, decision: Decision) -> Statement {
    let state = if decision.release { HoldState::Released } else { HoldState::Refused };
    Statement::new(
        "WITH done AS (UPDATE struct.hold SET state = $3, decided_by = $4, decided_at = $5, reason_sealed = $6, expires_at = $7
             WHERE tenant_id = $1 AND hold_id = $2 AND state = 'waiting' AND expires_at > $5 AND asked_by <> $4 RETURNING 1)
         SELECT struct.op_expect((SELECT count(*) FROM done), 1)",
        vec![
            Box::new(tenant.0),
            Box::new(decision.hold.0),
            Box::new(state.code()),
            Box::new(decision.by.0),
            Box::new(decision.at),
            Box::new(decision.reason_sealed),
            Box::new(decision.expires_at),
        ],
    )
}

/// Takes a released one, once; raises ST409 when it is not released to this person, not any more, or taken.
pub fn take(tenant: TenantId, hold: HoldId, by: UserId, at: Timestamp) -> Statement {
    Statement::new(
        "WITH done AS (UPDATE struct.hold SET state = 'taken'
             WHERE tenant_id = $1 AND hold_id = $2 AND asked_by = $3 AND state = 'released' AND expires_at > $4 RETURNING 1)
         SELECT struct.op_expect((SELECT count(*) FROM done), 1)",
        vec![Box::new(tenant.0), Box::new(hold.0), Box::new(by.0), Box::new(at)],
    )
}

/// The statement of the newest held extractions.
pub fn select(tenant: TenantId, at_most: i64) -> Statement {
    let sql = format!("SELECT {COLUMNS} FROM struct.hold WHERE tenant_id = $1 ORDER BY hold_id DESC LIMIT $2");
    Statement::new(sql, vec![Box::new(tenant.0), Box::new(at_most)])
}

/// Rows of `select`.
pub fn rows(rows: &[Row]) -> Result<Vec<HoldRow>, StoreError> {
    rows.iter().map(hold_row).collect()
}

impl Store {
    /// One held extraction.
    pub async fn hold(&self, head: Head, id: HoldId) -> Result<Option<HoldRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM struct.hold WHERE tenant_id = $1 AND hold_id = $2");
        let read = Statement::new(sql, vec![Box::new(head.tenant.0), Box::new(id.0)]);
        let found = self.fly(Flight::read(head, vec![read])).await?.swap_remove(0);
        found.first().map(hold_row).transpose()
    }
}
