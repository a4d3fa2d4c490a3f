//! Audit entries: written by every flight that changes something, read by page. Never changed, never removed.

use crate::flight::{Flight, Head, Param, Statement};
use crate::{Store, StoreError};
use domain::audit::{Actor, Detail, Entry, Outcome, ReadEntry, Target, Verb};
use domain::id::{EntryId, RecordId, RequestId, TenantId, UserId};
use jiff::Timestamp;
use std::fmt::Write as _;
use tokio_postgres::Row;
use uuid::Uuid;

/// An entry whose detail has been sealed.
#[derive(Clone, Debug)]
pub struct SealedEntry {
    /// The entry; its `detail` is not stored.
    pub entry: Entry,
    /// The detail's envelope.
    pub detail: Vec<u8>,
}

/// The statement that adds entries; arrays, so that one or five hundred are one statement.
pub(crate) fn insert(tenant: TenantId, entries: &[SealedEntry]) -> Statement {
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
    ];
    Statement::new(INSERT, params)
}

/// Thirteen parameters, all arrays but the first: the tenant.
pub(crate) const INSERT: &str = "INSERT INTO struct.entry
    (tenant_id, entry_id, actor, actor_user, verb, outcome, request_id, service, screen, entity, record_id, subject_user, detail)
    SELECT $1, u.* FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::uuid[], $8::text[], $9::text[],
                               $10::text[], $11::uuid[], $12::uuid[], $13::bytea[]) u";

fn actor(actor: Actor) -> (&'static str, Option<Uuid>) {
    match actor {
        Actor::User(user) => ("user", Some(user.0)),
        Actor::Operator => ("operator", None),
        Actor::System => ("system", None),
        Actor::Anyone => ("anyone", None),
    }
}

/// Which entries are wanted; all that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct EntryFilter {
    /// By this user, or (with `or_subject`) about this user.
    pub user: Option<UserId>,
    /// Entries about the user count too.
    pub or_subject: bool,
    /// Records made through these screens (`service/screen`) are left out: an import's start and end tell of them.
    pub folded: Vec<String>,
    /// What was done.
    pub verb: Option<Verb>,
    /// On this service.
    pub service: Option<String>,
    /// On this record.
    pub record: Option<RecordId>,
    /// With this request.
    pub request: Option<RequestId>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Not earlier.
    pub from: Option<Timestamp>,
    /// Earlier than.
    pub until: Option<Timestamp>,
    /// Older than this entry, newest first; or newer, when `newer`.
    pub beside: Option<EntryId>,
    /// Direction of `beside`.
    pub newer: bool,
    /// Entries at most.
    pub limit: usize,
}

/// The statement that reads a page of entries, newest first (oldest first when paging to newer ones).
pub fn select(tenant: TenantId, filter: &EntryFilter) -> Statement {
    let mut sql = String::from(
        "SELECT entry_id, at, actor, actor_user, verb, outcome, request_id, service, screen, entity, record_id, subject_user, detail
         FROM struct.entry WHERE tenant_id = $1",
    );
    let mut params: Vec<Param> = vec![Box::new(tenant.0)];
    let mut bind = |sql: &mut String, condition: &str, value: Param| {
        params.push(value);
        let _ = write!(sql, " AND {}", condition.replace('?', &format!("${}", params.len())));
    };
    if let Some(user) = filter.user {
        let condition = if filter.or_subject { "(actor_user = ? OR subject_user = ?)" } else { "actor_user = ?" };
        bind(&mut sql, condition, Box::new(user.0));
    }
    if !filter.folded.is_empty() {
        let condition = "NOT (verb = 'record.created' AND service || '/' || screen = ANY (?))";
        bind(&mut sql, condition, Box::new(filter.folded.clone()));
    }
    if let Some(verb) = filter.verb {
        bind(&mut sql, "verb = ?", Box::new(verb.code()));
    }
    if let Some(service) = &filter.service {
        bind(&mut sql, "service = ?", Box::new(service.clone()));
    }
    if let Some(record) = filter.record {
        bind(&mut sql, "record_id = ?", Box::new(record.0));
    }
    if let Some(request) = filter.request {
        bind(&mut sql, "request_id = ?", Box::new(request.0));
    }
    if let Some(outcome) = filter.outcome {
        bind(&mut sql, "outcome = ?", Box::new(outcome.code()));
    }
    if let Some(from) = filter.from {
        bind(&mut sql, "at >= ?", Box::new(within_reach(from)));
    }
    if let Some(until) = filter.until {
        bind(&mut sql, "at < ?", Box::new(within_reach(until)));
    }
    if let Some(beside) = filter.beside {
        bind(&mut sql, if filter.newer { "entry_id > ?" } else { "entry_id < ?" }, Box::new(beside.0));
    }
    let order = if filter.newer { "ASC" } else { "DESC" };
    let _ = write!(sql, " ORDER BY entry_id {order} LIMIT {}", filter.limit);
    Statement::new(sql, params)
}

/// PostgreSQL's calendar begins later than ours; no entry is older than the epoch.
fn within_reach(instant: Timestamp) -> Timestamp {
    instant.max(Timestamp::UNIX_EPOCH)
}

/// An entry as stored: the detail still sealed.
#[derive(Clone, Debug)]
pub struct StoredEntry {
    /// Everything but the detail.
    pub read: ReadEntry,
    /// The detail's envelope.
    pub detail: Vec<u8>,
}

/// Reads a row of `select`.
pub fn stored(tenant: TenantId, row: &Row) -> Result<StoredEntry, StoreError> {
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
    Ok(StoredEntry { read: ReadEntry { at: row.get(1), entry }, detail: row.get(12) })
}

impl Store {
    /// A page of entries; with `entry`, reading it is itself entered (an administrator reads others' trails).
    pub async fn entries(
        &self,
        head: Head,
        filter: &EntryFilter,
        entry: Option<&SealedEntry>,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        let statements = vec![select(head.tenant, filter)];
        let flight = match entry {
            Some(entry) => Flight::write(head, statements, std::slice::from_ref(entry)),
            None => Flight::read(head, statements),
        };
        let rows = self.fly(flight).await?.swap_remove(0);
        rows.iter().map(|row| stored(head.tenant, row)).collect()
    }

    /// Writes entries alone: refusals, conflicts, what was asked for in vain.
    pub async fn enter(&self, head: Head, entries: &[SealedEntry]) -> Result<(), StoreError> {
        self.fly(Flight::write(head, Vec::new(), entries)).await.map(drop)
    }
}
