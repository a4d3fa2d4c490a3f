//! `struct backup now`: a backup by an operator's order. One that the server makes at the same moment is not disturbed.

use super::words::{self, Teller};
use super::{UNDER_WAY, beside};
use crate::config::Config;
use crate::log::{complain, say};
use app::backup::run::RunError;
use clap::Args;
use domain::backup::{Kind, plan::took_s};
use domain::backup::{Success, plan};
use host::backup::BackupInfo;
use std::process::ExitCode;

/// Options of `now`.
#[derive(Args, Debug)]
pub struct Now {
    /// Everything, rather than what changed since the newest full backup.
    #[arg(long)]
    full: bool,
    /// Print one JSON object, and no progress.
    #[arg(long)]
    json: bool,
}

/// Makes a backup and waits until it is made.
pub async fn now(config: &Config, options: &Now) -> anyhow::Result<ExitCode> {
    let app = beside(config).await?;
    let overview = app.backup_overview().await?;
    let has_full = overview.backups.iter().any(|backup| app::backup::kind_of(backup.kind) == Kind::Full);
    let kind = if options.full || !has_full { Kind::Full } else { Kind::Differential };
    if !options.json && overview.off.is_none() {
        complain(&announcement(kind, &overview.backups));
    }
    let mut teller = Teller::new(options.json);
    match app.backup_now(kind, |now| teller.tell(now)).await {
        Ok(made) => {
            let backup = &made.backup;
            say(&if options.json {
                super::list::document(backup).to_string()
            } else {
                let took = words::seconds(i64::try_from(made.took.as_secs()).unwrap_or(i64::MAX));
                let (size, takes) = (words::bytes(backup.size_bytes), words::bytes(backup.repo_size_bytes));
                format!("{}  {}, {size} in {took}; it takes {takes} in the repository.", backup.label, backup.kind)
            });
            Ok(ExitCode::SUCCESS)
        }
        Err(error @ RunError::UnderWay(_)) => {
            complain(&format!("struct: {error}; see `struct backup status`"));
            Ok(UNDER_WAY.into())
        }
        Err(error) => Err(error.into()),
    }
}

fn announcement(kind: Kind, backups: &[BackupInfo]) -> String {
    let success = |backup: &BackupInfo| Success {
        kind: app::backup::kind_of(backup.kind),
        started: backup.started,
        ended: backup.ended,
    };
    let known: Vec<Success> = backups.iter().map(success).collect();
    if known.iter().any(|success| success.kind == kind) {
        return format!("Making a {} backup; the last one took {}.", kind.code(), words::seconds(took_s(&known, kind)));
    }
    let first = if known.is_empty() { plan::Cause::First } else { plan::Cause::Order };
    match first {
        plan::Cause::First => "Making the first backup, a full one.".to_owned(),
        _ => format!("Making the first {} backup.", kind.code()),
    }
}
