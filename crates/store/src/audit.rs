//! Audit entries: written by every flight that changes something, read by page. Never changed, never removed.

mod select;
mod trace;

pub use select::{COMMON_VERBS, EntryFilter, Found, LOOK_MAX, instant_of};
pub use trace::{READINGS_MAX, Reading};

use crate::flight::{Flight, Head, Param, Statement};
use crate::{Store, StoreError};
use domain::audit::{Actor, Detail, Entry, Outcome, ReadEntry, Target, Verb};
use domain::id::TenantId;
use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

/// An entry whose detail has been sealed.
#[derive(Clone, Debug)]
pub struct SealedEntry {
    /// The entry; its `detail` is not stored.
    pub entry: Entry,
    /// The detail's envelope.
    pub detail: Vec<u8>,
    /// What the log's leaf says of the detail's text: `ledger::leaf::commitment`.
    pub commitment: [u8; 32],
    /// Keyed hash of the leaf.
    pub mac: [u8; 16],
    /// When it was made, in whole microseconds.
    pub at: Timestamp,
    /// Up to where an entry about removed entries says that they are gone. Such an entry is written by itself.
    pub pruned_below: Option<u64>,
}

/// The statement that adds entries. One goes without arrays, which cost a quarter of it; arrays make five hundred one statement.
pub(crate) fn insert(tenant: TenantId, entries: &[SealedEntry]) -> Statement {
    if let [one] = entries {
        return insert_one(tenant, one);
    }
    let each = |field: &dyn Fn(&Entry) -> Option<String>| -> Vec<Option<String>> {
        entries.iter().map(|e| field(&e.entry)).collect()
    };
    let params: Vec<Param> = vec![
        Box::new(tenant.0),
        Box::new(entries.iter().map(|e| e.entry.id.0).collect::<Vec<Uuid>>()),
        Box::new(entries.iter().map(|e| actor(e.entry.actor).0).collect::<Vec<&str>>()),
        Box::new(entries.iter().map(|e| actor(e.entry.actor).1).collect::<Vec<Option<Uuid>>>()),
        Box::new(entries.iter().map(|e| e.entry.verb.code()).collect::<Vec<&str>>()),
        Box::new(entries.iter().map(|e| e.entry.outcome.code()).collect::<Vec<&str>>()),
        Box::new(entries.iter().map(|e| e.entry.request.0).collect::<Vec<Uuid>>()),
        Box::new(each(&|e| e.target.service.clone())),
        Box::new(each(&|e| e.target.screen.clone())),
        Box::new(each(&|e| e.target.entity.clone())),
        Box::new(entries.iter().map(|e| e.entry.target.record.map(|id| id.0)).collect::<Vec<Option<Uuid>>>()),
        Box::new(entries.iter().map(|e| e.entry.target.user.map(|id| id.0)).collect::<Vec<Option<Uuid>>>()),
        Box::new(entries.iter().map(|e| e.detail.clone()).collect::<Vec<Vec<u8>>>()),
        Box::new(entries.iter().map(|e| e.commitment.to_vec()).collect::<Vec<Vec<u8>>>()),
        Box::new(entries.iter().map(|e| e.mac.to_vec()).collect::<Vec<Vec<u8>>>()),
        Box::new(entries.iter().map(|e| e.at).collect::<Vec<Timestamp>>()),
    ];
    assert!(entries.iter().all(|e| e.pruned_below.is_none()), "an entry about removed entries is written by itself");
    Statement::new(INSERT, params)
}

fn insert_one(tenant: TenantId, entry: &SealedEntry) -> Statement {
    let mut params = params_of(tenant, entry);
    let Some(below) = entry.pruned_below else { return Statement::new(INSERT_ONE, params) };
    params.push(Box::new(i64::try_from(below).unwrap_or(i64::MAX)));
    Statement::new(INSERT_PRUNED, params)
}

/// The statement that adds one entry and is the check of its flight (`OP_BEGIN`, of which `checked` are the parameters) as well.
pub(crate) fn insert_checked(tenant: TenantId, entry: &SealedEntry, checked: Vec<Param>) -> Statement {
    assert!(entry.pruned_below.is_none(), "an entry about removed entries is written by itself");
    Statement::new(INSERT_CHECKED, params_of(tenant, entry).into_iter().chain(checked).collect())
}

/// The parameters of `INSERT_ONE`.
fn params_of(tenant: TenantId, entry: &SealedEntry) -> Vec<Param> {
    let SealedEntry { entry, detail, commitment, mac, at, pruned_below: _ } = entry;
    let (actor, actor_user) = actor(entry.actor);
    vec![
        Box::new(tenant.0),
        Box::new(entry.id.0),
        Box::new(actor),
        Box::new(actor_user),
        Box::new(entry.verb.code()),
        Box::new(entry.outcome.code()),
        Box::new(entry.request.0),
        Box::new(entry.target.service.clone()),
        Box::new(entry.target.screen.clone()),
        Box::new(entry.target.entity.clone()),
        Box::new(entry.target.record.map(|id| id.0)),
        Box::new(entry.target.user.map(|id| id.0)),
        Box::new(detail.clone()),
        Box::new(commitment.to_vec()),
        Box::new(mac.to_vec()),
        Box::new(*at),
    ]
}

/// The same for one entry: no parameter is an array.
pub(crate) const INSERT_ONE: &str = "WITH entered AS (INSERT INTO struct.entry
    (tenant_id, entry_id, actor, actor_user, verb, outcome, request_id, service, screen, entity, record_id, subject_user, detail, commitment, mac, at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16))
    INSERT INTO struct.entry_waiting (tenant_id, entry_id) VALUES ($1, $2)";

/// The same with the check of the flight, which raises what it finds. The planner leaves out what nothing reads: the queue's row comes
/// from the check, and MATERIALIZED keeps the check from being merged into what reads it, and then left out.
const INSERT_CHECKED: &str = "WITH begun AS MATERIALIZED (SELECT struct.op_begin($17, $18, $19)), entered AS (INSERT INTO struct.entry
    (tenant_id, entry_id, actor, actor_user, verb, outcome, request_id, service, screen, entity, record_id, subject_user, detail, commitment, mac, at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16))
    INSERT INTO struct.entry_waiting (tenant_id, entry_id) SELECT $1, $2 FROM begun";

/// The same for an entry about removed entries, with one parameter more.
const INSERT_PRUNED: &str = "WITH entered AS (INSERT INTO struct.entry
    (tenant_id, entry_id, actor, actor_user, verb, outcome, request_id, service, screen, entity, record_id, subject_user, detail, commitment, mac, at, pruned_below)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17))
    INSERT INTO struct.entry_waiting (tenant_id, entry_id) VALUES ($1, $2)";

/// Sixteen parameters, all arrays but the first: the tenant. The entry and its place in the log's queue are one statement.
pub(crate) const INSERT: &str = "WITH entered AS (INSERT INTO struct.entry
    (tenant_id, entry_id, actor, actor_user, verb, outcome, request_id, service, screen, entity, record_id, subject_user, detail, commitment, mac, at)
    SELECT $1, u.* FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::uuid[], $8::text[], $9::text[],
                               $10::text[], $11::uuid[], $12::uuid[], $13::bytea[], $14::bytea[], $15::bytea[], $16::timestamptz[]) u)
    INSERT INTO struct.entry_waiting (tenant_id, entry_id) SELECT $1, unnest($2::uuid[])";

fn actor(actor: Actor) -> (&'static str, Option<Uuid>) {
    match actor {
        Actor::User(user) => ("user", Some(user.0)),
        Actor::Operator => ("operator", None),
        Actor::System => ("system", None),
        Actor::Anyone => ("anyone", None),
    }
}

/// An entry as stored: the detail still sealed.
#[derive(Clone, Debug)]
pub struct StoredEntry {
    /// Everything but the detail.
    pub read: ReadEntry,
    /// The detail's envelope.
    pub detail: Vec<u8>,
}

/// Reads a row of `select::COLUMNS`.
pub(crate) fn stored(tenant: TenantId, row: &Row) -> Result<StoredEntry, StoreError> {
    let actor_user: Option<Uuid> = row.get(3);
    let actor = match (row.get::<_, &str>(2), actor_user) {
        ("user", Some(user)) => Actor::User(user.into()),
        ("operator", _) => Actor::Operator,
        ("system", _) => Actor::System,
        _ => Actor::Anyone,
    };
    let code: &str = row.get(4);
    let verb = Verb::parse(code).ok_or_else(|| StoreError::Fault(format!("unknown verb {code} in the log")))?;
    let outcome = if row.get::<_, &str>(5) == "done" { Outcome::Done } else { Outcome::Denied };
    let target = Target {
        service: row.get(7),
        screen: row.get(8),
        entity: row.get(9),
        record: row.get::<_, Option<Uuid>>(10).map(Into::into),
        user: row.get::<_, Option<Uuid>>(11).map(Into::into),
    };
    let entry = Entry {
        id: row.get::<_, Uuid>(0).into(),
        tenant,
        actor,
        verb,
        outcome,
        request: row.get::<_, Uuid>(6).into(),
        target,
        detail: Detail::default(),
    };
    Ok(StoredEntry {
        read: ReadEntry { at: row.get(1), entry },
        detail: row.get::<_, Option<Vec<u8>>>(12).unwrap_or_default(),
    })
}

impl Store {
    /// Writes entries alone: refusals, conflicts, what was asked for in vain.
    pub async fn enter(&self, head: Head, entries: &[SealedEntry]) -> Result<(), StoreError> {
        self.fly(Flight::write(head, Vec::new(), entries)).await.map(drop)
    }
}
