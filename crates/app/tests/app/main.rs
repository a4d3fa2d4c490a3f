//! STRUCT without its pages: what it does, refuses and writes down. A real PostgreSQL, a fake clock, caught mail.
#![allow(clippy::disallowed_methods, reason = "a canary is looked for with the tools an intruder would use")]

mod access;
mod audit;
mod backup;
mod canary;
mod demo;
mod drill;
mod extraction;
mod identity;
mod job;
mod list;
mod log;
mod queue;
mod reader;
mod record;
mod residency;
mod role;
mod seal;
mod session;
mod sign;
mod stream;
mod tenant;
mod tenant_then;
mod transport;
mod user;
mod witness;

use app::{App, Caller, Error};
use domain::audit::Verb;
use domain::id::RecordId;
use domain::record::{Condition, ListQuery, Test};
use testkit::running::Running;

/// Typed pairs from literals.
fn typed(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Makes a customer with a number and a name.
async fn customer(app: &App, caller: &Caller, number: &str, name: &str) -> RecordId {
    app.record_create(caller, "crm", "customer", typed(&[("number", number), ("name", name)]))
        .await
        .expect("a customer")
}

/// A list with one condition.
fn one(field: &str, test: Test, value: &str) -> ListQuery {
    let condition = Condition { field: field.to_owned(), test, value: value.to_owned() };
    ListQuery { conditions: vec![condition], ..ListQuery::default() }
}

/// How many entries of a verb there are in all logs.
async fn entries(running: &Running, verb: Verb) -> i64 {
    running.database.number(&format!("SELECT count(*) FROM struct.entry WHERE verb = '{}'", verb.code())).await
}

/// The fields of an `Invalid`, with the codes of their reasons.
#[track_caller]
fn faults<T: std::fmt::Debug>(done: Result<T, Error>) -> Vec<(String, &'static str)> {
    match done {
        Err(Error::Invalid(faults)) => faults.iter().map(|fault| (fault.field.clone(), fault.reason.code())).collect(),
        other => panic!("no faults: {other:?}"),
    }
}

/// Whether it was refused for want of a right.
fn denied<T>(done: &Result<T, Error>) -> bool {
    matches!(done, Err(Error::Denied { .. } | Error::NotAdministrator))
}
