//! A person's days in figures, kept in the flights of the acts that count, and the past as the rules want it. A flight of
//! plain writes has no statement here: making, changing and reading records stays as fast as it was.

use crate::audit::{SealedEntry, StoredEntry, stored};
use crate::flight::{Check, Flight, Head, Param};
use crate::{Statement, Store, StoreError};
use domain::audit::sign::{HISTORY_DAYS, MEMORY_DAYS, day_of, entry_instant, first_entry_id, start_of};
use domain::audit::{Actor, Outcome, Verb};
use domain::id::{TenantId, UserId};
use jiff::ToSpan;
use jiff::civil::Date;
use std::collections::BTreeMap;
use tokio_postgres::Row;
use uuid::Uuid;

/// Entries of one person and day that are looked at; more add nothing to what the rules say.
const MAX_ACTS: i64 = 2_000;
/// Earlier entries that are looked at for screens and devices.
const MAX_MEMORIES: i64 = 5_000;
/// The entries of `entry_telling`: PostgreSQL takes that index only for the very words it was made with.
pub const TELLING: &str =
    "verb IN ('session.started', 'record.revealed', 'records.extracted', 'access.denied', 'record.not_found')";
/// As `audit::stored` reads them.
const COLUMNS: &str = "entry_id, at, actor, actor_user, verb, outcome, request_id, service, screen, entity, record_id, subject_user, detail";

/// What an entry adds to its person's day: rows, reveals, denials, sign-ins.
fn counted(entry: &SealedEntry) -> Option<(UserId, [i64; 4])> {
    let entry = &entry.entry;
    let user = match (entry.actor, entry.verb) {
        (Actor::User(user), _) => user,
        (_, Verb::SessionRefused) => entry.target.user?,
        _ => return None,
    };
    match (entry.verb, entry.outcome) {
        (Verb::RecordsExtracted, Outcome::Done) => {
            let rows = entry.detail.rows.and_then(|rows| i64::try_from(rows).ok()).unwrap_or_default();
            Some((user, [rows, 0, 0, 0]))
        }
        (Verb::RecordRevealed, Outcome::Done) => Some((user, [0, 1, 0, 0])),
        (Verb::AccessDenied | Verb::RecordNotFound | Verb::SessionRefused, _) => Some((user, [0, 0, 1, 0])),
        (Verb::SessionStarted, Outcome::Done) => Some((user, [0, 0, 0, 1])),
        _ => None,
    }
}

/// The statement that adds these entries to the days of their people; none when none of them counts.
pub(crate) fn tally(tenant: TenantId, entries: &[SealedEntry]) -> Option<Statement> {
    let mut days: BTreeMap<(UserId, Date), [i64; 4]> = BTreeMap::new();
    for entry in entries {
        let Some((user, figures)) = counted(entry) else { continue };
        let day = days.entry((user, day_of(entry_instant(entry.entry.id)))).or_default();
        for (sum, figure) in day.iter_mut().zip(figures) {
            *sum += figure;
        }
    }
    if days.is_empty() {
        return None;
    }
    let column = |place: usize| days.values().map(|figures| figures[place]).collect::<Vec<i64>>();
    let params: Vec<Param> = vec![
        Box::new(tenant.0),
        Box::new(days.keys().map(|(user, _)| user.0).collect::<Vec<Uuid>>()),
        Box::new(days.keys().map(|(_, day)| *day).collect::<Vec<Date>>()),
        Box::new(column(0)),
        Box::new(column(1)),
        Box::new(column(2)),
        Box::new(column(3)),
    ];
    Some(Statement::new(
        "INSERT INTO struct.tally AS t (tenant_id, user_id, day, extracted_rows, reveals, denials, sign_ins, revision)
         SELECT $1, u.*, 1 FROM unnest($2::uuid[], $3::date[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[]) u
         ON CONFLICT (tenant_id, user_id, day) DO UPDATE SET extracted_rows = t.extracted_rows + excluded.extracted_rows,
             reveals = t.reveals + excluded.reveals, denials = t.denials + excluded.denials,
             sign_ins = t.sign_ins + excluded.sign_ins, revision = t.revision + 1",
        params,
    ))
}

/// A day that the rules have not looked at as it is now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DueRow {
    /// Whose tenant.
    pub tenant: TenantId,
    /// Whose day.
    pub user: UserId,
    /// Which.
    pub day: Date,
}

/// A day's figures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DayRow {
    /// Which.
    pub day: Date,
    /// Rows extracted.
    pub extracted_rows: i64,
    /// Reveals.
    pub reveals: i64,
    /// Grows with each act that counts.
    pub revision: i64,
}

/// What is asked about a person and a day.
#[derive(Clone, Copy, Debug)]
pub struct PastQuery {
    /// Who.
    pub user: UserId,
    /// The day; the past ends before it.
    pub day: Date,
}

/// A person's day and past.
#[derive(Clone, Debug, Default)]
pub struct PastRow {
    /// Figures of the day (last) and of the `HISTORY_DAYS` before it, where there are any.
    pub days: Vec<DayRow>,
    /// The day's telling entries, newest first, at most `MAX_ACTS`.
    pub acts: Vec<StoredEntry>,
    /// Telling entries of the `MEMORY_DAYS` before it, newest first, at most `MAX_MEMORIES`.
    pub memories: Vec<StoredEntry>,
    /// Hours, counted from the beginning of the `HISTORY_DAYS`, in which there was any entry by the person.
    pub hours: Vec<i64>,
}

fn day_row(row: &Row) -> DayRow {
    DayRow { day: row.get(0), extracted_rows: row.get(1), reveals: row.get(2), revision: row.get(3) }
}

/// The figures of a day and of those before it.
pub fn days(tenant: TenantId, asked: PastQuery) -> Statement {
    Statement::new(
        "SELECT day, extracted_rows, reveals, revision FROM struct.tally
         WHERE tenant_id = $1 AND user_id = $2 AND day BETWEEN $3 AND $4 ORDER BY day",
        vec![
            Box::new(tenant.0),
            Box::new(asked.user.0),
            Box::new(asked.day.saturating_sub(HISTORY_DAYS.days())),
            Box::new(asked.day),
        ],
    )
}

/// Holds the day still and demands that so many more rows stay within the limit: two extractions at once can't both slip
/// under it. Raises ST409 otherwise.
pub fn within(tenant: TenantId, asked: PastQuery, rows: u64, limit: u64) -> Statement {
    Statement::new(
        "WITH mine AS (INSERT INTO struct.tally AS t (tenant_id, user_id, day) VALUES ($1, $2, $3)
             ON CONFLICT (tenant_id, user_id, day) DO UPDATE SET revision = t.revision RETURNING extracted_rows)
         SELECT struct.op_expect((SELECT count(*) FROM mine WHERE extracted_rows + $4 <= $5), 1)",
        vec![
            Box::new(tenant.0),
            Box::new(asked.user.0),
            Box::new(asked.day),
            Box::new(super::number(rows)),
            Box::new(super::number(limit)),
        ],
    )
}

/// Entries between two days, by the index that holds only those that tell something.
fn telling(tenant: TenantId, user: UserId, from: Date, until: Date, at_most: i64) -> Statement {
    let bound = |day: Date| first_entry_id(start_of(day, 0)).0;
    Statement::new(
        format!(
            "SELECT {COLUMNS} FROM struct.entry WHERE tenant_id = $1 AND actor_user = $2 AND entry_id >= $3 AND entry_id < $4
             AND {TELLING} ORDER BY entry_id DESC LIMIT $5"
        ),
        vec![Box::new(tenant.0), Box::new(user.0), Box::new(bound(from)), Box::new(bound(until)), Box::new(at_most)],
    )
}

/// Refused sign-ins about the person: nobody's acts, so found by another index.
fn refused(tenant: TenantId, user: UserId, day: Date) -> Statement {
    let bound = |day: Date| first_entry_id(start_of(day, 0)).0;
    Statement::new(
        format!(
            "SELECT {COLUMNS} FROM struct.entry WHERE tenant_id = $1 AND subject_user = $2 AND entry_id >= $3 AND entry_id < $4
             AND verb = 'session.refused' ORDER BY entry_id DESC LIMIT $5"
        ),
        vec![
            Box::new(tenant.0),
            Box::new(user.0),
            Box::new(bound(day)),
            Box::new(bound(day.saturating_add(1.day()))),
            Box::new(MAX_ACTS),
        ],
    )
}

/// Which hours of the past days have an entry by the person: one probe of an index an hour, however many entries there are.
fn hours(tenant: TenantId, asked: PastQuery) -> Statement {
    let first = asked.day.saturating_sub(HISTORY_DAYS.days());
    let bounds: Vec<Uuid> =
        (0..=i64::from(HISTORY_DAYS) * 24).map(|hour| first_entry_id(start_of(first, hour)).0).collect();
    Statement::new(
        "SELECT u.n - 1 FROM unnest($3::uuid[], $4::uuid[]) WITH ORDINALITY u(lo, hi, n)
         WHERE EXISTS (SELECT FROM struct.entry e WHERE e.tenant_id = $1 AND e.actor_user = $2
                       AND e.entry_id >= u.lo AND e.entry_id < u.hi)",
        vec![
            Box::new(tenant.0),
            Box::new(asked.user.0),
            Box::new(bounds[..bounds.len() - 1].to_vec()),
            Box::new(bounds[1..].to_vec()),
        ],
    )
}

impl Store {
    /// Days with acts that the rules have not looked at, newest first.
    pub async fn tally_due(&self, at_most: i32) -> Result<Vec<DueRow>, StoreError> {
        let client = self.connection().await?;
        let rows = client.query("SELECT tenant_id, user_id, day FROM struct.tally_due($1)", &[&at_most]).await?;
        let due = |row: &Row| DueRow {
            tenant: row.get::<_, Uuid>(0).into(),
            user: row.get::<_, Uuid>(1).into(),
            day: row.get(2),
        };
        Ok(rows.iter().map(due).collect())
    }

    /// A person's day and past, in one round trip.
    pub async fn past(&self, tenant: TenantId, asked: PastQuery) -> Result<PastRow, StoreError> {
        let PastQuery { user, day } = asked;
        let tomorrow = day.saturating_add(1.day());
        let statements = vec![
            days(tenant, asked),
            telling(tenant, user, day, tomorrow, MAX_ACTS),
            refused(tenant, user, day),
            telling(tenant, user, day.saturating_sub(MEMORY_DAYS.days()), day, MAX_MEMORIES),
            hours(tenant, asked),
        ];
        let answers = self.fly(Flight::read(Head { tenant, check: Check::Nothing }, statements)).await?;
        let Ok([days, acts, refused, memories, hours]) = <[Vec<Row>; 5]>::try_from(answers) else {
            return Err(StoreError::Fault("five statements gave another number of answers".to_owned()));
        };
        let read = |rows: &[Row]| rows.iter().map(|row| stored(tenant, row)).collect::<Result<Vec<_>, _>>();
        let mut acts = read(&acts)?;
        acts.extend(read(&refused)?);
        Ok(PastRow {
            days: days.iter().map(day_row).collect(),
            acts,
            memories: read(&memories)?,
            hours: hours.iter().map(|row| row.get(0)).collect(),
        })
    }

    /// Notes that the rules have looked at a day as it was at `revision`.
    pub async fn tally_looked(&self, due: DueRow, revision: i64) -> Result<(), StoreError> {
        let looked = Statement::new(
            "UPDATE struct.tally SET looked = greatest(looked, $4) WHERE tenant_id = $1 AND user_id = $2 AND day = $3",
            vec![Box::new(due.tenant.0), Box::new(due.user.0), Box::new(due.day), Box::new(revision)],
        );
        self.fly(Flight::bookkeeping(Head { tenant: due.tenant, check: Check::Nothing }, vec![looked])).await.map(drop)
    }
}

/// Rows of `days`.
pub fn day_rows(rows: &[Row]) -> Vec<DayRow> {
    rows.iter().map(day_row).collect()
}
