//! Signs of fraud as stored: signs, limits of roles, planted records. Which act is a sign is `domain::audit::sign`'s; the
//! figures of a person's days are in `tally`, held extractions in `hold`.

pub mod hold;
mod tally;

pub(crate) use tally::tally;
pub use tally::{DayRow, DueRow, PastQuery, PastRow, TELLING, day_rows, days, within};

use crate::flight::{Check, Flight, Head, Param};
use crate::{Statement, Store, StoreError};
use domain::audit::sign::{Figures, RoleLimit, Rule, Sign, Spread};
use domain::id::{RecordId, RoleId, SignId, TenantId, UserId};
use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

/// A sign as stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignRow {
    /// Its id.
    pub id: SignId,
    /// Whose acts it is about.
    pub user: UserId,
    /// What was seen.
    pub sign: Sign,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// Who closed it, when, with which sealed note; none while it is open.
    pub closed: Option<(UserId, Timestamp, Vec<u8>)>,
}

/// A planted record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HoneyRow {
    /// Its service.
    pub service: String,
    /// Its entity.
    pub entity: String,
    /// The record.
    pub record: RecordId,
    /// Who planted it.
    pub set_by: UserId,
    /// When.
    pub set_at: Timestamp,
}

const COLUMNS: &str =
    "sign_id, user_id, rule, window_key, raised_at, value, bound, median, mad, window_from, window_until,
    service, screen, record_id, closed_by, closed_at, note_sealed";

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn figure(row: &Row, place: usize) -> u64 {
    u64::try_from(row.get::<_, i64>(place)).unwrap_or_default()
}

fn spread(row: &Row, place: usize) -> Option<Spread> {
    let part = |place| row.get::<_, Option<i64>>(place).and_then(|value| u64::try_from(value).ok());
    Some(Spread { median: part(place)?, mad: part(place + 1)? })
}

fn sign_row(row: &Row) -> Result<SignRow, StoreError> {
    let code: &str = row.get(2);
    let rule = Rule::parse(code).ok_or_else(|| StoreError::Fault(format!("unknown rule {code} of a sign")))?;
    let figures = Figures {
        value: figure(row, 5),
        limit: figure(row, 6),
        spread: spread(row, 7),
        from: row.get(9),
        until: row.get(10),
    };
    let place = row.get::<_, Option<String>>(11).zip(row.get(12));
    let closed = match (row.get::<_, Option<Uuid>>(14), row.get(15), row.get(16)) {
        (Some(by), Some(at), Some(note)) => Some((by.into(), at, note)),
        _ => None,
    };
    let record = row.get::<_, Option<Uuid>>(13).map(Into::into);
    Ok(SignRow {
        id: row.get::<_, Uuid>(0).into(),
        user: row.get::<_, Uuid>(1).into(),
        sign: Sign { rule, window: row.get(3), figures, place, record },
        raised_at: row.get(4),
        closed,
    })
}

/// Raises a sign. Raises ST409 when the same one is there already, so that its entry is not written twice either.
pub fn raise(tenant: TenantId, id: SignId, user: UserId, sign: &Sign, at: Timestamp) -> Statement {
    let (service, screen) = sign.place.clone().unzip();
    let figures = &sign.figures;
    let params: Vec<Param> = vec![
        Box::new(tenant.0),
        Box::new(id.0),
        Box::new(user.0),
        Box::new(sign.rule.code()),
        Box::new(sign.window.clone()),
        Box::new(at),
        Box::new(number(figures.value)),
        Box::new(number(figures.limit)),
        Box::new(figures.spread.map(|spread| number(spread.median))),
        Box::new(figures.spread.map(|spread| number(spread.mad))),
        Box::new(figures.from),
        Box::new(figures.until),
        Box::new(service),
        Box::new(screen),
        Box::new(sign.record.map(|record| record.0)),
    ];
    Statement::new(
        "WITH done AS (INSERT INTO struct.sign (tenant_id, sign_id, user_id, rule, window_key, raised_at, value, bound, median,
                 mad, window_from, window_until, service, screen, record_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
             ON CONFLICT (tenant_id, user_id, rule, window_key) DO NOTHING RETURNING 1)
         SELECT struct.op_expect((SELECT count(*) FROM done), 1)",
        params,
    )
}

/// Closes an open sign; raises ST409 when it is not there or closed already.
pub fn close(tenant: TenantId, id: SignId, by: UserId, at: Timestamp, note: Vec<u8>) -> Statement {
    Statement::new(
        "WITH done AS (UPDATE struct.sign SET state = 'closed', closed_by = $3, closed_at = $4, note_sealed = $5
             WHERE tenant_id = $1 AND sign_id = $2 AND state = 'open' RETURNING 1)
         SELECT struct.op_expect((SELECT count(*) FROM done), 1)",
        vec![Box::new(tenant.0), Box::new(id.0), Box::new(by.0), Box::new(at), Box::new(note)],
    )
}

/// Sets what a role may extract in a day; nothing set at all removes the row.
pub fn set_limit(tenant: TenantId, role: RoleId, limit: RoleLimit) -> Statement {
    if limit == RoleLimit::default() {
        let sql = "DELETE FROM struct.role_limit WHERE tenant_id = $1 AND role_id = $2";
        return Statement::new(sql, vec![Box::new(tenant.0), Box::new(role.0)]);
    }
    Statement::new(
        "INSERT INTO struct.role_limit (tenant_id, role_id, free_rows, max_rows) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant_id, role_id) DO UPDATE SET free_rows = excluded.free_rows, max_rows = excluded.max_rows",
        vec![
            Box::new(tenant.0),
            Box::new(role.0),
            Box::new(limit.free_rows.map(number)),
            Box::new(limit.max_rows.map(number)),
        ],
    )
}

/// Plants a record. Raises ST409 when it is planted already.
pub fn set_honey(tenant: TenantId, row: &HoneyRow) -> Statement {
    Statement::new(
        "WITH done AS (INSERT INTO struct.honey (tenant_id, service, entity, record_id, set_by, set_at)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, record_id) DO NOTHING RETURNING 1)
         SELECT struct.op_expect((SELECT count(*) FROM done), 1)",
        vec![
            Box::new(tenant.0),
            Box::new(row.service.clone()),
            Box::new(row.entity.clone()),
            Box::new(row.record.0),
            Box::new(row.set_by.0),
            Box::new(row.set_at),
        ],
    )
}

/// Makes a planted record an ordinary one; raises ST409 when it is none.
pub fn remove_honey(tenant: TenantId, record: RecordId) -> Statement {
    Statement::new(
        "WITH gone AS (DELETE FROM struct.honey WHERE tenant_id = $1 AND record_id = $2 RETURNING 1)
         SELECT struct.op_expect((SELECT count(*) FROM gone), 1)",
        vec![Box::new(tenant.0), Box::new(record.0)],
    )
}

/// The statement of the limits of all roles, and how its rows read: for the snapshot of rights.
pub(crate) fn limits(tenant: TenantId) -> Statement {
    let sql = "SELECT role_id, free_rows, max_rows FROM struct.role_limit WHERE tenant_id = $1";
    Statement::new(sql, vec![Box::new(tenant.0)])
}

/// A row of `limits`.
pub(crate) fn limit(row: &Row) -> (RoleId, RoleLimit) {
    let part = |place| row.get::<_, Option<i64>>(place).and_then(|value| u64::try_from(value).ok());
    (row.get::<_, Uuid>(0).into(), RoleLimit { free_rows: part(1), max_rows: part(2) })
}

/// The statement of all planted records, newest first.
pub fn honey(tenant: TenantId) -> Statement {
    let sql = "SELECT record_id, service, entity, set_by, set_at FROM struct.honey WHERE tenant_id = $1 ORDER BY set_at DESC, record_id";
    Statement::new(sql, vec![Box::new(tenant.0)])
}

/// A row of `honey`.
pub fn honey_row(row: &Row) -> HoneyRow {
    HoneyRow {
        record: row.get::<_, Uuid>(0).into(),
        service: row.get(1),
        entity: row.get(2),
        set_by: row.get::<_, Uuid>(3).into(),
        set_at: row.get(4),
    }
}

/// The statement of signs, newest first: open ones alone, or those closed as well.
pub fn select(tenant: TenantId, closed_too: bool, at_most: i64) -> Statement {
    let which = if closed_too { "" } else { " AND state = 'open'" };
    let sql = format!("SELECT {COLUMNS} FROM struct.sign WHERE tenant_id = $1{which} ORDER BY sign_id DESC LIMIT $2");
    Statement::new(sql, vec![Box::new(tenant.0), Box::new(at_most)])
}

/// Rows of `select`.
pub fn rows(rows: &[Row]) -> Result<Vec<SignRow>, StoreError> {
    rows.iter().map(sign_row).collect()
}

impl Store {
    /// Signs, newest first.
    pub async fn signs(&self, head: Head, closed_too: bool, at_most: i64) -> Result<Vec<SignRow>, StoreError> {
        let found = self.fly(Flight::read(head, vec![select(head.tenant, closed_too, at_most)])).await?.swap_remove(0);
        rows(&found)
    }

    /// One sign.
    pub async fn sign(&self, head: Head, id: SignId) -> Result<Option<SignRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM struct.sign WHERE tenant_id = $1 AND sign_id = $2");
        let read = Statement::new(sql, vec![Box::new(head.tenant.0), Box::new(id.0)]);
        let found = self.fly(Flight::read(head, vec![read])).await?.swap_remove(0);
        found.first().map(sign_row).transpose()
    }

    /// Signs of one rule about one person since an instant, newest first, the first hundred.
    pub async fn signs_of(
        &self,
        head: Head,
        user: UserId,
        rule: Rule,
        since: Timestamp,
    ) -> Result<Vec<SignRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM struct.sign WHERE tenant_id = $1 AND user_id = $2 AND rule = $3 AND raised_at >= $4
             ORDER BY sign_id DESC LIMIT 100"
        );
        let params: Vec<Param> =
            vec![Box::new(head.tenant.0), Box::new(user.0), Box::new(rule.code()), Box::new(since)];
        let found = self.fly(Flight::read(head, vec![Statement::new(sql, params)])).await?.swap_remove(0);
        rows(&found)
    }

    /// Takes signs nobody has been told of, for so many seconds.
    pub async fn sign_claim(&self, lease_secs: i32, at_most: i32) -> Result<Vec<(TenantId, SignId)>, StoreError> {
        let client = self.connection().await?;
        let rows =
            client.query("SELECT tenant_id, sign_id FROM struct.sign_claim($1, $2)", &[&lease_secs, &at_most]).await?;
        Ok(rows.iter().map(|row| (row.get::<_, Uuid>(0).into(), row.get::<_, Uuid>(1).into())).collect())
    }

    /// Notes that people have been told of a sign.
    pub async fn sign_told(&self, tenant: TenantId, id: SignId, at: Timestamp) -> Result<(), StoreError> {
        let told = Statement::new(
            "UPDATE struct.sign SET told_at = $3 WHERE tenant_id = $1 AND sign_id = $2 AND told_at IS NULL",
            vec![Box::new(tenant.0), Box::new(id.0), Box::new(at)],
        );
        self.fly(Flight::bookkeeping(Head { tenant, check: Check::Nothing }, vec![told])).await.map(drop)
    }
}
