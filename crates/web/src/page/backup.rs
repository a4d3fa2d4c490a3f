//! The operator's page of backups: lanes of seven days, what would be lost now, drills, what comes next, and orders to make one
//! now. Plans nothing and restores nothing.

pub mod lanes;
pub mod view;

use crate::Web;
use crate::ops::{Console, ConsolePosted};
use crate::page::{self, Shell};
use crate::problem::Problem;
use app::backup::order::Ordered;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::backup::Kind;
use std::sync::Arc;

/// Where the page is.
const PATH: &str = "/backup";

/// `GET /backup`
pub async fn show(State(web): State<Arc<Web>>, console: Console) -> Result<Response, Problem> {
    let overview = web.app.backup_overview().await?;
    let shell = Shell::console(web.app.now(), &console.operator, &console.context, "backup-title");
    let claims = web.app.claims_remembered().0;
    Ok(page::html(StatusCode::OK, &view::view(shell, &overview, &claims)))
}

/// `POST /backup`: makes one now.
pub async fn order(State(web): State<Arc<Web>>, posted: ConsolePosted) -> Result<Response, Problem> {
    let kind = Kind::parse(posted.form.once("kind")?).ok_or_else(|| Problem::bad_field("bad_value", "kind"))?;
    let done = match Arc::clone(&web.app).backup_order(&posted.console.operator, kind).await? {
        Ordered::Started => "backup_started",
        Ordered::UnderWay => "backup_under_way",
        Ordered::Off => "backup_off",
    };
    Ok(page::done(PATH, done))
}
