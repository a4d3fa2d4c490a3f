//! A flight: BEGIN to COMMIT of one `Op` in one round trip. Knows nothing of rights; it only carries their epoch.
//!
//! All messages are sent before the first answer is awaited (PostgreSQL answers in order). A statement that fails makes
//! the COMMIT a rollback, so every answer is looked at. A flight that is dropped before it has landed takes its
//! connection out of the pool: otherwise the next borrower would stand inside this tenant's transaction.

use crate::{Store, StoreError};
use deadpool_postgres::Object;
use domain::id::{SessionId, TenantId};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use tokio_postgres::Statement as Prepared;
use tokio_postgres::types::ToSql;

pub use tokio_postgres::Row;

/// How long a statement of a flight may run; every connection of the pool is told so once, when it is made.
pub const STATEMENT_LIMIT_MS: u32 = 15_000;

/// The check at the head of a flight: session, epoch, minutes of idleness allowed.
pub(crate) const OP_BEGIN: &str = "SELECT struct.op_begin($1, $2, $3)";

/// What keeps PostgreSQL to walking indexes: see `Statement::in_order`.
const IN_ORDER: &str =
    "; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off";

/// A parameter of a statement.
pub type Param = Box<dyn ToSql + Sync + Send>;

/// What the flight checks before its first statement.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// The session still stands and rights are as they were when decided.
    Session(SessionId, i64),
    /// Rights are as they were when decided (jobs).
    Epoch(i64),
    /// Nothing: the operator, sign-in, the system.
    Nothing,
}

/// For which tenant, under which check.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    /// The tenant; both walls are built on it.
    pub tenant: TenantId,
    /// What is checked first.
    pub check: Check,
}

/// One statement with its parameters.
pub struct Statement {
    sql: Arc<str>,
    params: Vec<Param>,
    planned_anew: bool,
    in_order: bool,
}

impl Statement {
    /// A statement. `params[0]` is by custom the tenant: the first wall.
    pub fn new(sql: impl Into<Arc<str>>, params: Vec<Param>) -> Self {
        Self { sql: sql.into(), params, planned_anew: false, in_order: false }
    }

    /// Lets PostgreSQL plan it for these very parameters each time. A search for a rare word wants another index than one
    /// for a common word, and a plan made for any word is wrong for most.
    #[must_use]
    pub fn planned_anew(self) -> Self {
        Self { planned_anew: true, ..self }
    }

    /// As `planned_anew`, and along an index that has the order wanted: from where the page begins, never by gathering
    /// everything that fits and sorting it, however many a table's statistics promise.
    #[must_use]
    pub(crate) fn in_order(self) -> Self {
        Self { planned_anew: true, in_order: true, ..self }
    }
}

/// Statements that succeed or fail together.
pub struct Flight {
    head: Head,
    statements: Vec<Statement>,
    writes: bool,
    /// An entry that goes with the check, in one statement.
    entry: Option<crate::audit::SealedEntry>,
}

impl Flight {
    /// A flight that changes nothing; PostgreSQL is told so.
    pub fn read(head: Head, statements: Vec<Statement>) -> Self {
        Self { head, statements, writes: false, entry: None }
    }

    /// A flight that changes something, with the entry that says so. There is no other way to write in a tenant.
    pub fn write(head: Head, mut statements: Vec<Statement>, entries: &[crate::audit::SealedEntry]) -> Self {
        assert!(!entries.is_empty(), "no change without an entry");
        // What counts towards signs of fraud is counted with it; plain writes have no such statement.
        statements.extend(crate::sign::tally(head.tenant, entries));
        statements.push(crate::audit::insert(head.tenant, entries));
        Self { head, statements, writes: true, entry: None }
    }

    /// As `write`, for the one statement and the one entry of a change of a record: most of all that is written. The entry goes
    /// first, in one statement with the check: a message less, and the answers are the statement's alone. What the statement reads may
    /// therefore not be entries: it would find this one.
    pub fn change(head: Head, statement: Statement, entry: crate::audit::SealedEntry) -> Self {
        let told = crate::sign::tally(head.tenant, std::slice::from_ref(&entry));
        let statements = std::iter::once(statement).chain(told).collect();
        Self { head, statements, writes: true, entry: Some(entry) }
    }

    /// The same act in another tenant of the same person: what follows stands behind that tenant's wall, with its own entries.
    /// All of it or nothing commits.
    #[must_use]
    pub fn also(mut self, tenant: TenantId, statements: Vec<Statement>, entries: &[crate::audit::SealedEntry]) -> Self {
        assert!(!entries.is_empty(), "no change without an entry");
        // What was done so far is held to its entry now: at the commit that could be seen no more.
        for sql in ["SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED"] {
            self.statements.push(Statement::new(sql, Vec::new()));
        }
        let wall = Statement::new("SELECT set_config('struct.tenant', $1, true)", vec![Box::new(tenant.to_string())]);
        self.statements.push(wall);
        self.statements.extend(statements);
        self.statements.extend(crate::sign::tally(tenant, entries));
        self.statements.push(crate::audit::insert(tenant, entries));
        self
    }

    /// A flight that only moves STRUCT's own bookkeeping (last use of a session, a job's lease): nothing a person did.
    pub(crate) fn bookkeeping(head: Head, statements: Vec<Statement>) -> Self {
        Self { head, statements, writes: true, entry: None }
    }

    fn begin(&self) -> String {
        let mode = if self.writes { "READ WRITE" } else { "READ ONLY" };
        // A literal of a typed id: nothing a person typed can stand here.
        let tenant = self.head.tenant;
        let anew = self.statements.iter().any(|statement| statement.planned_anew);
        let plans = if anew { "; SET LOCAL plan_cache_mode = force_custom_plan" } else { "" };
        let in_order = self.statements.iter().any(|statement| statement.in_order);
        let walks = if in_order { IN_ORDER } else { "" };
        format!("BEGIN {mode}; SET LOCAL struct.tenant = '{tenant}'{plans}{walks}")
    }

    /// What comes before the statements: the check, the entry of a change, or both in one.
    fn first(&mut self) -> Option<Statement> {
        let tenant = self.head.tenant;
        match (self.checked(), self.entry.take()) {
            (None, None) => None,
            (Some(params), None) => Some(Statement::new(OP_BEGIN, params)),
            (None, Some(entry)) => Some(crate::audit::insert(tenant, &[entry])),
            (Some(params), Some(entry)) => Some(crate::audit::insert_checked(tenant, &entry, params)),
        }
    }

    /// The parameters of `OP_BEGIN`, unless nothing is checked.
    fn checked(&self) -> Option<Vec<Param>> {
        let (session, epoch) = match self.head.check {
            Check::Session(session, epoch) => (Some(session.0), epoch),
            Check::Epoch(epoch) => (None, epoch),
            Check::Nothing => return None,
        };
        let idle = i32::try_from(domain::session::IDLE_LIMIT_MIN).unwrap_or(i32::MAX);
        Some(vec![Box::new(session), Box::new(Some(epoch)), Box::new(idle)])
    }
}

/// A borrowed connection that goes back to the pool only after `landed`.
pub(crate) struct Borrowed(Option<Object>);

impl Borrowed {
    pub(crate) fn new(object: Object) -> Self {
        Self(Some(object))
    }

    pub(crate) fn client(&self) -> &Object {
        self.0.as_ref().expect("held until landed or dropped")
    }

    pub(crate) fn landed(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if let Some(object) = self.0.take() {
            drop(Object::take(object));
        }
    }
}

impl Store {
    /// Flies: one round trip (two when a statement is new to the connection). Rows of each statement, in order.
    pub async fn fly(&self, mut flight: Flight) -> Result<Vec<Vec<Row>>, StoreError> {
        let borrowed = Borrowed::new(self.connection().await?);
        let begin = flight.begin();
        let first = flight.first();
        let checks = usize::from(first.is_some());
        let checked = first.into_iter().chain(flight.statements).collect::<Vec<_>>();
        let prepared = prepare(borrowed.client(), &checked).await?;
        let (begun, mut answers, committed) = send(borrowed.client(), &begin, &checked, &prepared, "COMMIT").await;
        let closed = begun.as_ref().is_err_and(tokio_postgres::Error::is_closed);
        if !closed && committed.is_ok() {
            borrowed.landed();
        }
        begun?;
        let mut rows = Vec::with_capacity(answers.len());
        for answer in answers.drain(..) {
            rows.push(answer?);
        }
        committed?;
        rows.drain(..checks);
        Ok(rows)
    }
}

pub(crate) async fn prepare(client: &Object, statements: &[Statement]) -> Result<Vec<Prepared>, StoreError> {
    let mut prepared = Vec::with_capacity(statements.len());
    for statement in statements {
        // Those that walk in an order are put together from many conditions: kept, they would fill the connection's memory.
        let kept = !statement.in_order;
        let sql = &statement.sql;
        prepared.push(if kept { client.prepare_cached(sql).await? } else { client.prepare(sql).await? });
    }
    Ok(prepared)
}

pub(crate) type Answer = Result<Vec<Row>, tokio_postgres::Error>;
pub(crate) type Done = Result<(), tokio_postgres::Error>;

/// Sends `before`, the statements and `after` without waiting in between. A part of a transaction has an empty `after`, or
/// `before`: PostgreSQL takes that for nothing to do.
pub(crate) async fn send(
    client: &Object,
    before: &str,
    statements: &[Statement],
    prepared: &[Prepared],
    after: &str,
) -> (Done, Vec<Answer>, Done) {
    let mut flights: Vec<Pin<Box<dyn Future<Output = Answer> + Send + '_>>> = Vec::with_capacity(statements.len() + 2);
    flights.push(Box::pin(async move { client.batch_execute(before).await.map(|()| Vec::new()) }));
    for (statement, prepared) in statements.iter().zip(prepared) {
        flights.push(Box::pin(async move {
            let params: Vec<&(dyn ToSql + Sync)> =
                statement.params.iter().map(|p| &**p as &(dyn ToSql + Sync)).collect();
            client.query(prepared, &params).await
        }));
    }
    flights.push(Box::pin(async move { client.batch_execute(after).await.map(|()| Vec::new()) }));
    let mut answers = in_order(flights).await;
    let committed = answers.pop().expect("what comes after was pushed").map(drop);
    let begun = answers.remove(0).map(drop);
    (begun, answers, committed)
}

/// Polls all in their order until all are done. A message goes out at a future's first poll, so the order of polling is
/// the order on the wire; `join_all` promises no such thing beyond thirty futures.
async fn in_order<T>(mut futures: Vec<Pin<Box<dyn Future<Output = T> + Send + '_>>>) -> Vec<T> {
    let mut outputs: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(move |context| {
        let mut waiting = false;
        for (future, output) in futures.iter_mut().zip(outputs.iter_mut()) {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(value) => *output = Some(value),
                    Poll::Pending => waiting = true,
                }
            }
        }
        if waiting {
            return Poll::Pending;
        }
        Poll::Ready(outputs.iter_mut().map(|output| output.take().expect("all are done")).collect())
    })
    .await
}
