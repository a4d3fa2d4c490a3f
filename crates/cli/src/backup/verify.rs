//! `struct backup verify`: everything in the repository read again. With a database the result is evidence; without one it is only said.

use super::{UNDER_WAY, beside, kept, words};
use crate::config::Config;
use crate::log::{complain, say};
use app::backup::run::RunError;
use clap::Args;
use serde_json::json;
use std::process::ExitCode;

/// Options of `verify`.
#[derive(Args, Debug)]
pub struct Verify {
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Reads everything, and ends with 0 when all of it is whole.
pub async fn verify(config: &Config, options: &Verify) -> anyhow::Result<ExitCode> {
    if !options.json {
        complain("Reading everything in the repository; that takes about as long as restoring all of it.");
    }
    let Ok(app) = beside(config).await else { return without_database(config, options).await };
    let found = match app.backup_verify_now().await {
        Err(error @ RunError::UnderWay(_)) => {
            complain(&format!("struct: the server is reading the repository just now ({error}); try again later"));
            return Ok(UNDER_WAY.into());
        }
        found => found?,
    };
    let faults: Vec<String> = found.faults.iter().map(line).collect();
    Ok(told(options, found.bytes, &faults))
}

async fn without_database(config: &Config, options: &Verify) -> anyhow::Result<ExitCode> {
    let found = kept(config).await?.repository.verify().await?;
    let faults: Vec<String> = found.faults.iter().map(|fault| format!("{fault:?}")).collect();
    Ok(told(options, found.bytes, &faults))
}

fn told(options: &Verify, bytes: u64, faults: &[String]) -> ExitCode {
    say(&if options.json {
        json!({ "whole": faults.is_empty(), "bytes": bytes, "faults": faults }).to_string()
    } else if faults.is_empty() {
        format!("Whole: {} were read, and every file holds what was written.", words::bytes(bytes))
    } else {
        let advice = "Make a full backup now (struct backup now --full): what is wrong in an older one then strikes only the moments before it.";
        format!("{}\n{} faults in {}.\n{advice}", faults.join("\n"), faults.len(), words::bytes(bytes))
    });
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A fault in a line: what it is, then where.
fn line(fault: &domain::evidence::Finding) -> String {
    let args = ["path", "label", "first", "last", "said"].iter().filter_map(|name| fault.get_text(name));
    format!("{}: {}", fault.code.replace('_', " "), args.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::evidence::Finding;

    #[test]
    fn a_fault_says_what_it_is_and_where() {
        let fault = Finding::new("file_corrupted").text("path", "backup/struct/x/pg_data/1");
        assert_eq!(line(&fault), "file corrupted: backup/struct/x/pg_data/1");
    }
}
