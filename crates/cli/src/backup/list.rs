//! `struct backup list`: the backups in the repository, oldest first, and the moments that can be had back. Asks the repository alone, so
//! it works where the database is lost.

use super::{kept, words};
use crate::config::Config;
use crate::log::say;
use clap::Args;
use host::backup::{BackupInfo, Info, Restorable};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Options of `list`.
#[derive(Args, Debug)]
pub struct List {
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Prints what is there. Ends with 1 when there is no backup.
pub async fn list(config: &Config, options: &List) -> anyhow::Result<ExitCode> {
    let kept = kept(config).await?;
    let info = kept.repository.info().await?;
    let restorable = kept.repository.restorable().await?;
    let location = kept.repository.location().to_string();
    say(&if options.json {
        all(&location, &info, restorable).to_string()
    } else {
        lines(&location, &info, restorable)
    });
    Ok(if info.backups.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// A backup as JSON.
pub fn document(backup: &BackupInfo) -> Value {
    json!({
        "label": backup.label, "kind": backup.kind.to_string(), "started": backup.started, "ended": backup.ended,
        "size_bytes": backup.size_bytes, "repo_size_bytes": backup.repo_size_bytes, "prior": backup.prior,
    })
}

fn all(location: &str, info: &Info, restorable: Option<Restorable>) -> Value {
    json!({
        "repository": location,
        "cipher": info.cipher,
        "backups": info.backups.iter().map(document).collect::<Vec<_>>(),
        "restorable": restorable.map(|span| json!({ "earliest": span.earliest, "latest": span.latest })),
    })
}

fn lines(location: &str, info: &Info, restorable: Option<Restorable>) -> String {
    if info.backups.is_empty() {
        return format!("There is no backup in {location} yet; make one: struct backup now");
    }
    let line = |backup: &BackupInfo| {
        let (size, takes) = (words::bytes(backup.size_bytes), words::bytes(backup.repo_size_bytes));
        let kind = backup.kind.to_string();
        format!("{:<34}  {kind:<12}  {:.0}  {size:>10}  takes {takes:>10}", backup.label, backup.ended)
    };
    let mut lines: Vec<String> = info.backups.iter().map(line).collect();
    if let Some(span) = restorable {
        lines.push(match span.latest {
            // Right after the first backup no commit behind it has arrived yet.
            Some(latest) if latest < span.earliest => {
                format!("\nSo far the backups themselves can be had back from {location}; moments after them follow with the log.")
            }
            Some(latest) => {
                format!("\nAny moment from {:.0} to {latest:.0} can be had back from {location}.", span.earliest)
            }
            None => format!("\nAny moment from {:.0} to the end of its log can be had back from {location}.", span.earliest),
        });
    }
    lines.join("\n")
}
