//! `struct audit checkpoint`, `check` and `export`: a log's newest checkpoint, the self-check of all logs, a whole log as a file.
//! The checks and the package are `app`'s.

use crate::config::Config;
use crate::log::say;
use crate::operator::{addresses, app};
use anyhow::{Context as _, bail};
use app::App;
use app::audit::check::CheckedLogs;
use app::audit::proof::LogName;
use app::{Error, Refusal};
use clap::Args;
use domain::id::TenantId;
use futures_util::TryStreamExt as _;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// What stands for the platform's log in place of a tenant's code.
const PLATFORM: &str = "platform";

/// Options of `checkpoint`.
#[derive(Args, Debug)]
pub struct Checkpoint {
    /// The tenant's code; `platform`, or none, for the platform's log.
    tenant: Option<String>,
}

/// Options of `check`.
#[derive(Args, Debug)]
pub struct Check {
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Options of `export`.
#[derive(Args, Debug)]
pub struct Export {
    /// The tenant's code, or `platform` for the platform's log.
    tenant: String,
    /// The file to write; it must not be there yet.
    file: PathBuf,
}

/// Prints the newest checkpoint as it was published.
pub async fn checkpoint(config: &Config, options: &Checkpoint) -> anyhow::Result<ExitCode> {
    let app = app(config, &addresses(config)?, false)?;
    let log = match &options.tenant {
        Some(code) if code != PLATFORM => LogName::Tenant(tenant(&app, code).await?),
        _ => LogName::Platform,
    };
    let note = app
        .log_checkpoint(log)
        .await?
        .context("there is no checkpoint yet; it comes some two seconds after the first entry")?;
    say(note.trim_end_matches('\n'));
    Ok(ExitCode::SUCCESS)
}

/// Walks all logs and prints what was found of each. Ends with 0 when all are whole, 1 otherwise.
pub async fn check(config: &Config, options: &Check) -> anyhow::Result<ExitCode> {
    let app = app(config, &addresses(config)?, false)?;
    let checked = app.check_logs().await?;
    say(&if options.json { document(&checked).to_string() } else { lines(&checked) });
    Ok(if checked.whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn document(checked: &CheckedLogs) -> serde_json::Value {
    let log = |log: &app::audit::check::CheckedLog| {
        serde_json::json!({
            "origin": log.origin, "leaves": log.leaves, "checkpoints": log.checkpoints, "faults": log.faults,
        })
    };
    serde_json::json!({ "whole": checked.whole(), "logs": checked.logs.iter().map(log).collect::<Vec<_>>() })
}

fn lines(checked: &CheckedLogs) -> String {
    let mut lines = Vec::new();
    for log in &checked.logs {
        let found = if log.faults.is_empty() { "whole" } else { "DOES NOT MATCH" };
        lines.push(format!("{}  {} leaves, {} checkpoints: {found}", log.origin, log.leaves, log.checkpoints));
        lines.extend(log.faults.iter().map(|fault| format!("  {fault}")));
    }
    lines.push(if checked.whole() {
        "Every log matches its checkpoints, the keyring, and what is remembered outside the database.".to_owned()
    } else {
        "Something does not match: keep the database as it is, and check with struct-verify and an earlier checkpoint."
            .to_owned()
    });
    lines.join("\n")
}

/// Writes the whole log of a tenant into a file. The log of the tenant says so.
pub async fn export(config: &Config, options: &Export) -> anyhow::Result<ExitCode> {
    let app = app(config, &addresses(config)?, false)?;
    let log = match options.tenant.as_str() {
        PLATFORM => LogName::Platform,
        code => LogName::Tenant(tenant(&app, code).await?),
    };
    let mut file = create(&options.file)?;
    match written(&app, log, &mut file).await {
        Ok(size) => {
            say(&format!(
                "Wrote the log of {}, {size} entries, to {}. Check it with `struct-verify`.",
                options.tenant,
                options.file.display()
            ));
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            // Half a package is none.
            let _ = std::fs::remove_file(&options.file);
            Err(error)
        }
    }
}

fn create(path: &Path) -> anyhow::Result<std::fs::File> {
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.with_context(|| {
        format!(
            "{} can't be made; name a new file in a folder that the account STRUCT runs as may write to",
            path.display()
        )
    })
}

async fn written(app: &Arc<App>, log: LogName, file: &mut std::fs::File) -> anyhow::Result<u64> {
    let package = match app.log_package_for_operator(log).await {
        Err(Error::Refused(Refusal::NotInLogYet)) => bail!("there is no checkpoint yet; try again in some seconds"),
        package => package?,
    };
    let mut stream = package.stream;
    while let Some(chunk) = stream.try_next().await? {
        file.write_all(&chunk)?;
    }
    file.sync_all()?;
    Ok(package.size)
}

async fn tenant(app: &App, code: &str) -> anyhow::Result<TenantId> {
    let found = app.tenants().await?.into_iter().find(|row| row.code == code);
    Ok(found.with_context(|| format!("there is no tenant {code}; see `struct tenant list`"))?.tenant)
}
