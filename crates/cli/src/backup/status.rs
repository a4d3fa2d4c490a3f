//! `struct backup status`: whether the promises about backups are kept, what would be lost now, what comes next. Measures nothing
//! itself: it reads what the server has measured.

use super::{UNSURE, beside, words};
use crate::config::Config;
use crate::log::say;
use app::backup::overview::{Overview, Upcoming};
use app::claim::Claim;
use clap::Args;
use domain::backup::{DIFFERENTIAL, LOG};
use domain::claim::State;
use domain::evidence::Found;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Options of `status`.
#[derive(Args, Debug)]
pub struct Status {
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Prints it. Ends with 0 when both promises are met, 1 when one is missed, 2 when one is at risk or not verified.
pub async fn status(config: &Config, options: &Status) -> anyhow::Result<ExitCode> {
    let app = beside(config).await?;
    let overview = app.backup_overview().await?;
    let of_backups = |claim: &Claim| [DIFFERENTIAL, LOG].contains(&claim.promise.id);
    let claims: Vec<Claim> = app.claims().await?.into_iter().filter(of_backups).collect();
    say(&if options.json { document(&overview, &claims).to_string() } else { lines(&overview, &claims) });
    let worst = claims.iter().map(|claim| claim.state).reduce(State::worse).unwrap_or(State::Unverified);
    Ok(match worst {
        State::Met => ExitCode::SUCCESS,
        State::Missed => ExitCode::FAILURE,
        State::AtRisk | State::Unverified => UNSURE.into(),
    })
}

/// Each check with its state, and why it is not met, as the evidence has it.
fn checks(claims: &[Claim]) -> Vec<(String, State, Vec<String>)> {
    let mut told = Vec::new();
    for checked in claims.iter().flat_map(|claim| &claim.checks) {
        let why = checked.evidence.first().map(|row| Found::of_text(&row.figure).why).unwrap_or_default();
        let why =
            why.iter().map(|why| format!("{} {}", why.code, serde_json::to_string(&why.args).unwrap_or_default()));
        told.push((format!("{} {}", checked.check.promise, checked.check.name), checked.state, why.collect()));
    }
    told
}

fn document(overview: &Overview, claims: &[Claim]) -> Value {
    let upcoming = |next: &Upcoming| {
        json!({
            "kind": next.due.kind.code(), "at": next.due.at, "cause": next.due.cause.code(), "took_s": next.due.took_s,
            "repo_size_bytes": next.repo_size_bytes,
        })
    };
    let check =
        |(name, state, why): (String, State, Vec<String>)| json!({ "check": name, "state": state.code(), "why": why });
    json!({
        "off": overview.off,
        "repository": overview.location,
        "tool": overview.tool,
        "retention_days": overview.retention_days,
        "out_of_reach": overview.away.as_ref().map(|(said, _)| said),
        "backups": overview.backups.len(),
        "repository_bytes": overview.repository_bytes(),
        "newest": overview.backups.last().map(super::list::document),
        "newest_wal_age_s": overview.newest_sample.and_then(|sample| sample.wal_age_s),
        "rpo_s": overview.rpo_s,
        "rpo_max_30d_s": overview.rpo_max_s,
        "upcoming": overview.upcoming.iter().map(upcoming).collect::<Vec<_>>(),
        "checks": checks(claims).into_iter().map(check).collect::<Vec<_>>(),
    })
}

fn lines(overview: &Overview, claims: &[Claim]) -> String {
    let mut lines = Vec::new();
    if let Some(said) = &overview.off {
        lines.push(format!("Backups are switched off: {said}."));
    }
    if let (Some(location), Some(tool)) = (&overview.location, &overview.tool) {
        let days = overview.retention_days.unwrap_or_default();
        let size = words::bytes(overview.repository_bytes());
        lines.push(format!("{location}: {} backups, {size}, kept for {days} days, by {tool}", overview.backups.len()));
    }
    if let Some((said, for_s)) = &overview.away {
        lines.push(format!("OUT OF REACH for {}: {said}", words::seconds(*for_s)));
    }
    lines.extend(overview.backups.last().map(|backup| {
        let age_s = overview.at.duration_since(backup.ended).as_secs();
        format!("newest backup: {} ({}), {} old", backup.label, backup.kind, words::seconds(age_s))
    }));
    if let Some(rpo_s) = overview.rpo_s {
        let most = overview
            .rpo_max_s
            .map_or_else(String::new, |most| format!("; at most {} in 30 days", words::seconds(most)));
        lines.push(format!("lost if the database were lost now: the last {}{most}", words::seconds(rpo_s)));
    }
    for run in overview.runs.iter().filter(|run| run.outcome == "running") {
        let far =
            run.progress.filter(|(_, total)| *total > 0).map(|(done, total)| format!(", {} %", done * 100 / total));
        lines.push(format!("under way: {} since {:.0}{}", run.kind, run.started_at, far.unwrap_or_default()));
    }
    lines.extend(overview.upcoming.iter().map(next));
    lines.push(String::new());
    for (name, state, why) in checks(claims) {
        lines.push(format!("{:<10}  {name}", state.code()));
        lines.extend(why.iter().map(|why| format!("            {why}")));
    }
    lines.join("\n")
}

fn next(upcoming: &Upcoming) -> String {
    let due = &upcoming.due;
    let size = upcoming.repo_size_bytes.map_or_else(String::new, |size| format!(", {}", words::bytes(size)));
    format!("next: {:<12}  {:.0}  about {}{size}", due.kind.code(), due.at, words::seconds(due.took_s))
}
