//! `struct backup drill`: one restore drill now, told check by check. What it looks at is `app`'s; the page it serves is `web`'s.

use super::at;
use crate::config::Config;
use crate::log::say;
use crate::operator::{Opened, addresses, app_with};
use anyhow::bail;
use app::App;
use app::backup::Backups;
use app::backup::drill::{DrillOrder, FirstPage};
use axum::body::Body;
use axum::extract::ConnectInfo;
use clap::Args;
use domain::backup::drill::{Drilled, Look};
use futures_util::future::BoxFuture;
use http::{Request, StatusCode, header};
use jiff::Timestamp;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use tower::ServiceExt as _;

/// Figures of a check that stand in its line; counts of single tenants are in the JSON.
const FIGURES_SHOWN: usize = 4;
/// Bytes of a page that are read to the end at most.
const MAX_PAGE_BYTES: usize = 4 << 20;

/// Options of `struct backup drill`.
#[derive(Args, Debug)]
pub struct Drill {
    /// The moment to restore, such as 2026-11-23T02:00:00+09:00 [default: a random one since the previous backup]
    #[arg(long, value_name = "TIME", value_parser = at)]
    to: Option<Timestamp>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// The page that a member comes to after signing in, through the whole of the routes.
#[derive(Clone, Debug)]
pub struct Served {
    /// How people reach STRUCT.
    pub public_url: String,
}

impl FirstPage for Served {
    fn serve<'a>(&'a self, copy: Arc<App>, session: &'a str) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            let router = web::router(copy, web::Options { origins: vec![self.public_url.clone()] });
            let cookie = format!("{}={session}", web::cookie::SESSION);
            let mut request = Request::get("/app")
                .header(header::COOKIE, cookie)
                .header(header::ACCEPT_LANGUAGE, "ja")
                .body(Body::empty())
                .map_err(|error| error.to_string())?;
            request.extensions_mut().insert(ConnectInfo(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))));
            let Ok(answer) = router.oneshot(request).await;
            let status = answer.status();
            let page =
                axum::body::to_bytes(answer.into_body(), MAX_PAGE_BYTES).await.map_err(|error| error.to_string())?;
            match status == StatusCode::OK && !page.is_empty() {
                true => Ok(()),
                false => Err(format!("the first page was answered with {status}")),
            }
        })
    }
}

/// Makes one drill and prints what was found; fails when it did.
pub async fn run(config: &Config, options: &Drill) -> anyhow::Result<ExitCode> {
    let app = app_with(config, &addresses(config)?, false, Opened::with_backups(config).await?)?;
    let kept = match &app.settings().backups {
        Backups::On(kept) => kept,
        Backups::Off(why) => bail!("there is nothing to drill: {why}"),
    };
    let page = Served { public_url: config.public_url.clone() };
    let order = DrillOrder { repository: &kept.repository, folder: &kept.dir, to: options.to, page: &page };
    let drilled = app.restore_drill(&order).await?;
    if options.json {
        say(&document(&drilled).to_string());
    } else {
        say(&table(&drilled));
    }
    Ok(if drilled.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn document(drilled: &Drilled) -> serde_json::Value {
    let mut document = serde_json::to_value(drilled).unwrap_or_default();
    document["passed"] = drilled.passed().into();
    document
}

fn table(drilled: &Drilled) -> String {
    let base = drilled.base_label.as_deref().unwrap_or("no backup");
    let mut lines = vec![format!("Restored to {:.3} from {base}.", drilled.target_at), String::new()];
    for look in &drilled.looks {
        let mark = if look.holds() { "ok  " } else { "FAIL" };
        lines.push(format!("  {mark}  {:<11} {:>8} ms  {}", look.name, look.took_ms, figures(look)));
        lines.extend(look.faults.iter().map(|fault| format!("        {fault}")));
        lines.extend((look.more_faults > 0).then(|| format!("        and {} more", look.more_faults)));
    }
    let ms =
        |ms: Option<i64>| ms.map_or_else(|| "not known".to_owned(), |ms| format!("{}.{:03} s", ms / 1000, ms % 1000));
    lines.push(String::new());
    lines.push(format!("RPO {}  (last heartbeat recovered to the moment)", ms(drilled.rpo_ms)));
    lines.push(format!("RTO {}  (order to first page served)", ms(drilled.rto_ms)));
    lines.push(if drilled.passed() { "The drill passed.".to_owned() } else { "THE DRILL FAILED.".to_owned() });
    lines.join("\n")
}

fn figures(look: &Look) -> String {
    // Counts of one tenant's entity have a space in their name.
    let shown = look.figures.iter().filter(|(name, _)| !name.contains(' ') && !name.ends_with("_at"));
    shown.take(FIGURES_SHOWN).map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_check_is_told_with_its_reason() {
        let mut failed = Look::at("references").counted("references", 31);
        (0..7).for_each(|n| failed.fault(format!("fault {n}")));
        let now = Timestamp::UNIX_EPOCH;
        let drilled = Drilled {
            target_at: now,
            ordered_at: now,
            base_label: None,
            rpo_ms: Some(1_045),
            behind_ms: None,
            rto_ms: None,
            looks: vec![Look::at("restored"), failed],
        };
        let text = table(&drilled);
        for part in ["FAIL  references", "fault 4", "and 2 more", "RPO 1.045 s", "RTO not known", "THE DRILL FAILED."] {
            assert!(text.contains(part), "{part} is not in:\n{text}");
        }
        assert_eq!(document(&drilled)["passed"], false);
    }
}
