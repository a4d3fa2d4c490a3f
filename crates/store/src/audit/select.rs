//! Which entries are wanted, by which index they are reached, and how far one look goes. Writes nothing; a page over
//! millions of entries costs what its index costs.
//!
//! An entry's id grows with time (UUID v7), so a period is a range of ids: no index on the instant is needed.

use super::{SealedEntry, StoredEntry, actor, stored};
use crate::flight::{Borrowed, Flight, Head, Param, Statement};
use crate::record::STREAM_LIMIT_MS;
use crate::{Store, StoreError};
use domain::audit::{Actor, Outcome, Verb};
use domain::id::{EntryId, RecordId, RequestId, TenantId, UserId, uuid_v7};
use futures_util::stream::{self, Stream, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

/// Entries that one look goes through at most when no index answers a condition. What lies beyond is another look's.
pub const LOOK_MAX: usize = 100_000;

/// Most entries of a busy tenant are of these; all others have an index of their own (`entry_by_verb`).
pub const COMMON_VERBS: [&str; 2] = ["record.created", "record.updated"];

/// How far the clock that makes ids may be from the database's, which gives the instants.
const CLOCKS_APART_MAX: SignedDuration = SignedDuration::from_hours(1);

/// For how long entries of a request may follow it: an import goes on when its request has been answered.
const REQUEST_REACH: SignedDuration = SignedDuration::from_hours(24);

/// The entries by which the log says of itself that it lives.
const HEARTBEAT: &str = "audit.heartbeat";

/// What `stored` reads.
pub(super) const COLUMNS: &str = "entry_id, at, actor, actor_user, verb, outcome, request_id, service, screen, entity, record_id, subject_user, detail";

/// Which entries are wanted; all that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct EntryFilter {
    /// By this one.
    pub actor: Option<Actor>,
    /// By this user, or about them.
    pub trail: Option<UserId>,
    /// Records made through these screens (`service/screen`) are left out: an import's start and end tell of them.
    pub folded: Vec<String>,
    /// One of these was done; empty for any.
    pub verbs: Vec<Verb>,
    /// On this service.
    pub service: Option<String>,
    /// Through this screen.
    pub screen: Option<String>,
    /// On this entity.
    pub entity: Option<String>,
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
    /// Entries by which the log says that it lives are wanted too.
    pub heartbeats: bool,
    /// Made after this id was.
    pub since: Option<EntryId>,
    /// Older than this entry, newest first; or newer, when `newer`.
    pub beside: Option<EntryId>,
    /// Direction of `beside`.
    pub newer: bool,
    /// Entries at most.
    pub limit: usize,
    /// Entries one look goes through at most; 0 for `LOOK_MAX`.
    pub look: usize,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The entries, newest first (oldest first when paging to newer ones).
    pub entries: Vec<StoredEntry>,
    /// The last entry looked at, when the look ended before the log did.
    pub stopped: Option<EntryId>,
}

/// The instant in an entry's id.
pub fn instant_of(entry: EntryId) -> Timestamp {
    let ms = i64::try_from(entry.0.as_u128() >> 80).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX)
}

/// PostgreSQL's calendar begins later than ours; no entry is older than the epoch.
fn within_reach(instant: Timestamp) -> Timestamp {
    instant.max(Timestamp::UNIX_EPOCH)
}

/// The smallest id of an instant.
fn least_id(instant: Timestamp) -> Uuid {
    let ms = u64::try_from(instant.as_millisecond()).unwrap_or_default();
    let first = uuid_v7(ms.min((1 << 48) - 1), &[0; 10]);
    // Without version and variant: ids of tests and of other makers sort behind it too.
    Uuid::from_u128(first.as_u128() >> 80 << 80)
}

fn moved(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.checked_add(by).unwrap_or(if by.is_negative() { Timestamp::UNIX_EPOCH } else { Timestamp::MAX })
}

/// One way to entries: an index, in the order of their ids.
#[derive(Clone, Copy)]
enum Way {
    /// All of the tenant.
    All,
    /// Of a record.
    Record(RecordId),
    /// By a user.
    Actor(UserId),
    /// By no user.
    Nobody,
    /// About a user, by somebody else.
    Subject(UserId),
    /// Of a verb that is not common.
    Verb(&'static str),
    /// Refused.
    Denied,
}

/// Text with its parameters.
struct Sql {
    text: String,
    params: Vec<Param>,
}

impl Sql {
    fn new(tenant: TenantId) -> Self {
        Self { text: String::new(), params: vec![Box::new(tenant.0)] }
    }

    /// Appends ` AND …`; `?` stands for the value.
    fn and(&mut self, condition: &str, value: impl ToSql + Sync + Send + 'static) {
        self.params.push(Box::new(value));
        self.text.push_str(" AND ");
        self.text.push_str(&condition.replace('?', &format!("${}", self.params.len())));
    }

    fn text(&mut self, text: &str) {
        self.text.push_str(text);
    }
}

impl EntryFilter {
    /// The ways that lead to all that is wanted, none of it twice.
    fn ways(&self) -> Vec<Way> {
        if let Some(record) = self.record {
            return vec![Way::Record(record)];
        }
        match (self.trail, self.actor) {
            (Some(user), _) => return vec![Way::Actor(user), Way::Subject(user)],
            (None, Some(Actor::User(user))) => return vec![Way::Actor(user)],
            (None, Some(_)) => return vec![Way::Nobody],
            (None, None) => {}
        }
        let rare = !self.verbs.is_empty() && self.verbs.iter().all(|verb| !COMMON_VERBS.contains(&verb.code()));
        if rare {
            return self.verbs.iter().map(|verb| Way::Verb(verb.code())).collect();
        }
        if self.outcome == Some(Outcome::Denied) { vec![Way::Denied] } else { vec![Way::All] }
    }

    /// Appends where the way is entered and left: all of it answered by its index.
    fn bounds(&self, way: Way, sql: &mut Sql) {
        match way {
            Way::All => {}
            Way::Record(record) => sql.and("record_id = ?", record.0),
            Way::Actor(user) => sql.and("actor_user = ?", user.0),
            Way::Nobody => sql.text(" AND actor_user IS NULL"),
            Way::Subject(user) => sql.and("subject_user = ? AND actor_user IS DISTINCT FROM ?", user.0),
            // Codes are ours; as literals they let the partial indexes be seen.
            Way::Verb(code) => sql.text(&format!(" AND verb = '{code}'")),
            Way::Denied => sql.text(" AND outcome = 'denied'"),
        }
        if let Some(beside) = self.beside {
            sql.and(if self.newer { "entry_id > ?" } else { "entry_id < ?" }, beside.0);
        }
        if let Some(since) = self.since {
            sql.and("entry_id > ?", since.0);
        }
        if let Some(from) = self.from.map(within_reach) {
            sql.and("entry_id >= ?", least_id(moved(from, -CLOCKS_APART_MAX)));
            sql.and("at >= ?", from);
        }
        if let Some(until) = self.until.map(within_reach) {
            sql.and("entry_id < ?", least_id(moved(until, CLOCKS_APART_MAX)));
            sql.and("at < ?", until);
        }
        if let Some(request) = self.request.filter(|request| request.0.get_version_num() == 7) {
            let at = instant_of(request.0.into());
            sql.and("entry_id >= ?", least_id(moved(at, -CLOCKS_APART_MAX)));
            sql.and("entry_id < ?", least_id(moved(at, REQUEST_REACH)));
        }
        if !self.heartbeats {
            sql.text(&format!(" AND NOT (actor = 'system' AND verb = '{HEARTBEAT}')"));
        }
    }

    /// Appends what the way's index does not answer. Whether there is any.
    fn sieve(&self, way: Way, sql: &mut Sql) -> bool {
        let before = sql.params.len();
        match (self.actor, way) {
            (None, _) => {}
            (Some(Actor::User(user)), Way::Actor(reached)) if user == reached => {}
            (Some(Actor::User(user)), _) => sql.and("actor_user = ?", user.0),
            (Some(other), _) => sql.and("actor = ?", actor(other).0),
        }
        if let (Some(user), Way::Record(_)) = (self.trail, way) {
            sql.and("(actor_user = ? OR subject_user = ?)", user.0);
        }
        if !self.folded.is_empty() {
            let condition = "(verb = 'record.created' AND service || '/' || screen = ANY (?)) IS NOT TRUE";
            sql.and(condition, self.folded.clone());
        }
        if !self.verbs.is_empty() && !matches!(way, Way::Verb(_)) {
            sql.and("verb = ANY (?)", self.verbs.iter().map(|verb| verb.code()).collect::<Vec<_>>());
        }
        if let Some(outcome) = self.outcome.filter(|_| !matches!(way, Way::Denied)) {
            sql.and("outcome = ?", outcome.code());
        }
        for (column, wanted) in [("service", &self.service), ("screen", &self.screen), ("entity", &self.entity)] {
            if let Some(wanted) = wanted {
                sql.and(&format!("{column} = ?"), wanted.clone());
            }
        }
        if let Some(request) = self.request {
            sql.and("request_id = ?", request.0);
        }
        sql.params.len() > before
    }

    fn look(&self) -> usize {
        if self.look == 0 { LOOK_MAX } else { self.look }
    }

    /// The order of ids, in the words of the way's index.
    fn order(&self, way: Way) -> &'static str {
        match (way, self.newer) {
            (Way::Nobody, false) => "actor_user DESC, entry_id DESC",
            (Way::Nobody, true) => "actor_user, entry_id",
            (_, false) => "entry_id DESC",
            (_, true) => "entry_id",
        }
    }

    /// A page along one way, and whether it may end before the way does.
    fn page(&self, tenant: TenantId, way: Way) -> (Statement, bool) {
        let (order, limit, look) = (self.order(way), self.limit, self.look());
        let mut sql = Sql::new(tenant);
        sql.text(&format!("SELECT {COLUMNS} FROM struct.entry WHERE tenant_id = $1"));
        self.bounds(way, &mut sql);
        let reached = std::mem::take(&mut sql.text);
        let sieved = self.sieve(way, &mut sql);
        let text = if sieved {
            let sieve = sql.text.strip_prefix(" AND ").unwrap_or("true");
            format!(
                "SELECT * FROM ({reached} ORDER BY {order} LIMIT {look}) looked WHERE {sieve} ORDER BY {order} LIMIT {limit}"
            )
        } else {
            format!("{reached} ORDER BY {order} LIMIT {limit}")
        };
        (Statement::new(text, sql.params).in_order(), sieved)
    }

    /// The last entry that a look along the way goes to; none when the way is shorter.
    fn end(&self, tenant: TenantId, way: Way) -> Statement {
        let mut sql = Sql::new(tenant);
        sql.text("SELECT entry_id FROM struct.entry WHERE tenant_id = $1");
        self.bounds(way, &mut sql);
        sql.text(&format!(" ORDER BY {} OFFSET {} LIMIT 1", self.order(way), self.look() - 1));
        Statement::new(sql.text, sql.params).in_order()
    }

    /// Everything wanted, oldest first, in one statement.
    fn all(&self, tenant: TenantId) -> (String, Vec<Param>) {
        let mut sql = Sql::new(tenant);
        sql.text(&format!("SELECT {COLUMNS} FROM struct.entry WHERE tenant_id = $1"));
        let way = match (self.record, self.trail) {
            (Some(record), _) => Way::Record(record),
            (None, Some(user)) => {
                sql.and("(actor_user = ? OR subject_user = ?)", user.0);
                Way::All
            }
            (None, None) => Way::All,
        };
        self.bounds(way, &mut sql);
        self.sieve(way, &mut sql);
        sql.text(" ORDER BY entry_id");
        (sql.text, sql.params)
    }
}

impl Store {
    /// A page of entries; with `entry`, reading it is itself entered (an administrator reads others' trails).
    pub async fn entries(
        &self,
        head: Head,
        filter: &EntryFilter,
        entry: Option<&SealedEntry>,
    ) -> Result<Found, StoreError> {
        let ways = filter.ways();
        let (statements, sieved): (Vec<_>, Vec<_>) = ways.iter().map(|way| filter.page(head.tenant, *way)).unzip();
        let flight = match entry {
            Some(entry) => Flight::write(head, statements, std::slice::from_ref(entry)),
            None => Flight::read(head, statements),
        };
        let mut answers = self.fly(flight).await?;
        answers.truncate(ways.len());
        // A way whose look found less than a page has come to its end, or only to the end of the look.
        let short = answers.iter().zip(&sieved).map(|(rows, sieved)| *sieved && rows.len() < filter.limit);
        let ends: Vec<Statement> =
            ways.iter().zip(short).filter(|(_, short)| *short).map(|(way, _)| filter.end(head.tenant, *way)).collect();
        let ends = if ends.is_empty() { Vec::new() } else { self.fly(Flight::read(head, ends)).await? };
        let ends = ends.iter().flatten().map(|row| EntryId(row.get(0)));
        let stopped = if filter.newer { ends.min() } else { ends.max() };
        let rows = answers.iter().flatten().map(|row| stored(head.tenant, row));
        Ok(merged(rows.collect::<Result<_, _>>()?, filter, stopped))
    }

    /// All wanted entries one by one, oldest first, from one snapshot of the database. Memory stays flat.
    pub async fn entry_stream(
        &self,
        head: Head,
        filter: &EntryFilter,
    ) -> Result<impl Stream<Item = Result<StoredEntry, StoreError>> + Send + use<>, StoreError> {
        let borrowed = Borrowed::new(self.connection().await?);
        let tenant = head.tenant;
        let (sql, params) = filter.all(tenant);
        let client = borrowed.client();
        client
            .batch_execute(&format!(
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL struct.tenant = '{tenant}';
                 SET LOCAL statement_timeout = {STREAM_LIMIT_MS}; SET LOCAL plan_cache_mode = force_custom_plan"
            ))
            .await?;
        let prepared = client.prepare(&sql).await?;
        let params = params.iter().map(|p| &**p as &(dyn ToSql + Sync));
        let rows = client.query_raw(&prepared, params).await?;
        let state = (Some(borrowed), Box::pin(rows));
        Ok(stream::try_unfold(state, move |(mut borrowed, mut rows)| async move {
            if let Some(row) = rows.try_next().await? {
                return Ok(Some((stored(tenant, &row)?, (borrowed, rows))));
            }
            if let Some(borrowed) = borrowed.take() {
                borrowed.client().batch_execute("COMMIT").await?;
                borrowed.landed();
            }
            Ok(None)
        }))
    }
}

/// Entries of several ways as one page. Where one way's look stopped, no other's entries are shown beyond it: something
/// between them might be missing.
fn merged(mut entries: Vec<StoredEntry>, filter: &EntryFilter, stopped: Option<EntryId>) -> Found {
    let id = |entry: &StoredEntry| entry.read.entry.id;
    if let Some(stopped) = stopped {
        entries.retain(|entry| if filter.newer { id(entry) <= stopped } else { id(entry) >= stopped });
    }
    if filter.newer {
        entries.sort_by_key(id);
    } else {
        entries.sort_by_key(|entry| std::cmp::Reverse(id(entry)));
    }
    let stopped = stopped.filter(|_| entries.len() < filter.limit);
    entries.truncate(filter.limit);
    Found { entries, stopped }
}
