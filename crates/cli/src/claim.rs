//! `struct claims`: what may be said of each promise now, worked out anew from the evidence; for people, monitoring and
//! auditors. No option gives a claim a state.

mod oscal;

use crate::config::Config;
use crate::log::say;
use crate::operator::{addresses, app};
use anyhow::{Context as _, bail};
use app::App;
use app::claim::Claim;
use app::claim::document::{Claims as Document, Measurement};
use app::evidence::EvidenceRow;
use clap::{Args, Subcommand};
use domain::claim::State;
use domain::evidence::Found;
use domain::locale::Locale;
use domain::promise::Promise;
use jiff::Timestamp;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use uuid::Uuid;
use web::locale::texts;
use web::page::claim::words;

/// The promise is at risk.
const AT_RISK: u8 = 1;
/// It is missed.
const MISSED: u8 = 2;
/// It is not verified.
const UNVERIFIED: u8 = 3;
/// It can't be told: no database, no such promise.
const UNKNOWN: u8 = 4;

/// What may be said of each promise now.
#[derive(Args, Debug)]
pub struct Claims {
    /// Print one JSON document, the same as /trust.json
    #[arg(long)]
    json: bool,
    /// Write assessment results in the form of OSCAL (NIST, 1.1) into a file, `-` for the terminal
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    oscal: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Question>,
}

#[derive(Subcommand, Debug)]
enum Question {
    /// One promise, for monitoring. Ends with 0 met, 1 at risk, 2 missed, 3 not verified, 4 when that can't be told
    Check {
        /// The promise: backup.log
        id: String,
    },
    /// The newest measurements of a promise, or one measurement with its raw data
    Evidence {
        /// The promise, or the id of a measurement
        id: String,
    },
}

/// Runs the command. The exit status is for scripts, so a failure is none of the states.
pub async fn run(config: &Config, options: Claims) -> ExitCode {
    match answered(config, options).await {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            crate::log::fail(&error);
            ExitCode::from(UNKNOWN)
        }
    }
}

async fn answered(config: &Config, options: Claims) -> anyhow::Result<u8> {
    let app = app(config, &addresses(config)?, false)?;
    match options.command {
        Some(Question::Check { id }) => return check(&app, &id).await,
        Some(Question::Evidence { id }) => return evidence(&app, &id).await.map(|()| 0),
        None => {}
    }
    let (claims, now) = (app.claims().await?, app.now());
    if let Some(file) = &options.oscal {
        let document = oscal::assessment_results(&claims, now, &app.settings().public_url);
        return write(file, &serde_json::to_string_pretty(&document)?).map(|()| 0);
    }
    if options.json {
        let document = Document::of(&claims, now, Some(now), &app.settings().public_url);
        say(&serde_json::to_string_pretty(&document)?);
        return Ok(0);
    }
    list(&claims, now);
    Ok(0)
}

fn write(file: &std::path::Path, text: &str) -> anyhow::Result<()> {
    if file.as_os_str() == "-" {
        say(text);
        return Ok(());
    }
    std::fs::write(file, format!("{text}\n")).with_context(|| format!("{} can't be written", file.display()))
}

fn list(claims: &[Claim], now: Timestamp) {
    let t = texts(Locale::En);
    for claim in claims {
        let figure = claim.deciding().map(|checked| words::figure(checked, t, now)).unwrap_or_default();
        let age = claim.measured_at().map(|at| words::ago(now, at, t)).unwrap_or_else(|| "never measured".to_owned());
        let line = format!("{:<38} {:<11} {:<16} {}", claim.promise.id, claim.state.code(), age, figure);
        say(line.trim_end());
        if !claim.checks.is_empty() {
            for reason in words::why_of(claim, t, now) {
                say(&format!("    {reason}"));
            }
        }
    }
    let count = |state| claims.iter().filter(|claim| claim.state == state).count();
    say(&format!(
        "\n{} met, {} at risk, {} missed, {} not verified.",
        count(State::Met),
        count(State::AtRisk),
        count(State::Missed),
        count(State::Unverified)
    ));
}

async fn check(app: &Arc<App>, id: &str) -> anyhow::Result<u8> {
    let promise = known(id)?;
    let (claims, now, t) = (app.claims().await?, app.now(), texts(Locale::En));
    let claim = claims.iter().find(|claim| claim.promise == promise).context("the promise has no claim")?;
    say(&format!("{}: {}", claim.promise.id, claim.state.code()));
    for checked in &claim.checks {
        let figure = words::figure(checked, t, now);
        say(format!("  {:<12} {:<11} {figure}", checked.check.name, checked.state.code()).trim_end());
        words::why(checked, t, now).iter().for_each(|reason| say(&format!("    {reason}")));
    }
    Ok(status(claim.state))
}

fn status(state: State) -> u8 {
    match state {
        State::Met => 0,
        State::AtRisk => AT_RISK,
        State::Missed => MISSED,
        State::Unverified => UNVERIFIED,
    }
}

fn known(id: &str) -> anyhow::Result<&'static Promise> {
    let Some(promise) = Promise::find(id) else { bail!("there is no promise {id:?}; `struct claims` lists them all") };
    Ok(promise)
}

async fn evidence(app: &Arc<App>, id: &str) -> anyhow::Result<()> {
    let url = app.settings().public_url.clone();
    if let Ok(id) = id.parse::<Uuid>() {
        let (row, raw) = app.evidence(id).await.context("there is no such measurement, or STRUCT did not make it")?;
        let raw = raw.map(|raw| serde_json::from_str(&raw).unwrap_or(serde_json::Value::String(raw)));
        let document =
            serde_json::json!({ "promise": row.promise, "evidence": Measurement::of(&row, &url), "raw": raw });
        say(&serde_json::to_string_pretty(&document)?);
        return Ok(());
    }
    let promise = known(id)?;
    let rows = app.evidence_list(promise.id, None).await?;
    if rows.is_empty() {
        say("Nothing has been measured yet.");
    }
    rows.iter().for_each(|row| say(&line(row, app.now())));
    Ok(())
}

fn line(row: &EvidenceRow, now: Timestamp) -> String {
    let figure = words::finding(&Found::of_text(&row.figure).figure, texts(Locale::En), now);
    let subject = row.subject.as_deref().unwrap_or("-");
    format!("{}  {:.0}  {:<8} {:<24} {figure}", row.id, row.until, row.verdict.code(), subject)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_ends_with_a_status_of_its_own_and_a_failure_with_none_of_them() {
        let states = [State::Met, State::AtRisk, State::Missed, State::Unverified].map(status);
        assert_eq!(states, [0, 1, 2, 3]);
        assert!(!states.contains(&UNKNOWN));
        assert!(known("backup.nothing").is_err());
    }
}
