//! `struct audit signs`: open signs of fraud of all tenants, by rule and figures. Names of people stay with their tenant.

use crate::config::Config;
use crate::log::say;
use crate::operator::{addresses, app};
use anyhow::bail;
use app::Error;
use clap::Args;
use domain::locale::Locale;
use std::process::ExitCode;
use store::sign::SignRow;

/// There are open signs.
const SOME: u8 = 1;
/// It can't be told whether there are.
const UNKNOWN: u8 = 2;

/// Options.
#[derive(Args, Debug)]
pub struct Signs {
    /// Only of this tenant, by its code.
    #[arg(long, value_name = "CODE")]
    tenant: Option<String>,
    /// Print one JSON array.
    #[arg(long)]
    json: bool,
}

/// Lists them. The exit status is for scripts, so a failure is neither "none" nor "some".
pub async fn run(config: &Config, options: &Signs) -> ExitCode {
    match found(config, options).await {
        Ok(signs) => {
            list(&signs, options.json);
            if signs.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(SOME) }
        }
        Err(error) => {
            crate::log::fail(&error);
            ExitCode::from(UNKNOWN)
        }
    }
}

async fn found(config: &Config, options: &Signs) -> anyhow::Result<Vec<(String, SignRow)>> {
    let app = app(config, &addresses(config)?, false)?;
    match app.signs_for_operator(options.tenant.as_deref()).await {
        Err(Error::NotFound) => bail!("there is no such tenant; see `struct tenant list`"),
        signs => Ok(signs?),
    }
}

fn list(signs: &[(String, SignRow)], json: bool) {
    if json {
        let rows: Vec<_> = signs.iter().map(|(code, row)| document(code, row)).collect();
        say(&serde_json::Value::Array(rows).to_string());
        return;
    }
    if signs.is_empty() {
        say("There are no open signs of fraud.");
    }
    for (code, row) in signs {
        let figures = &row.sign.figures;
        say(&format!(
            "{:<20} {}  {:<18} value {}, limit {}  user {}  {}",
            code,
            row.raised_at,
            row.sign.rule.code(),
            figures.value,
            figures.limit,
            row.user,
            row.sign.rule.sentence(Locale::En),
        ));
    }
}

fn document(code: &str, row: &SignRow) -> serde_json::Value {
    let figures = &row.sign.figures;
    serde_json::json!({
        "tenant": code,
        "sign": row.id,
        "rule": row.sign.rule.code(),
        "user": row.user,
        "raised_at": row.raised_at,
        "value": figures.value,
        "limit": figures.limit,
        "median": figures.spread.map(|spread| spread.median),
        "mad": figures.spread.map(|spread| spread.mad),
        "from": figures.from,
        "until": figures.until,
        "service": row.sign.place.as_ref().map(|(service, _)| service),
        "screen": row.sign.place.as_ref().map(|(_, screen)| screen),
        "record": row.sign.record,
    })
}
