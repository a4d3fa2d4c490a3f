//! x
use domain::audit::Verb;
use testkit::running::Running;
#[path = "app/stream.rs"]
mod stream;
async fn entries(running: &Running, verb: Verb) -> i64 {
    running.database.number(&format!("SELECT count(*) FROM struct.entry WHERE verb = '{}'", verb.code())).await
}
