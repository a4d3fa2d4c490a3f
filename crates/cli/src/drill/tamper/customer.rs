//! A customer who kept a checkpoint, the log's key and a copy of the platform's log, and downloads the log again: what
//! `struct-verify` answers them, and whether what they are shown differs at all from what they were shown before.

use super::stage::Stage;
use crate::trial::unserved::Unserved;
use anyhow::{Context as _, bail};
use app::App;
use app::audit::proof::LogName;
use domain::id::TenantId;
use futures_util::StreamExt as _;
use ledger::checkpoint::Checkpoint;
use ledger::note::Note;
use ledger::tile::{TileKind, TilePath, bundles_of};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The program's answers.
const PROVEN: i32 = 0;
const NOT_PROVEN: i32 = 1;
const UNCHECKED: i32 = 2;

/// What the customer was told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Answer {
    /// It is the log that was.
    Proven,
    /// It is not.
    NotProven,
    /// It is not, which only the copy of the platform's log shows: a checkpoint is gone.
    NotProvenByPlatform,
    /// It is, but entries that were there are called pruned now, and no finding says that nobody declared it.
    Withheld,
    /// What was downloaded is no whole log.
    Unchecked,
    /// Nothing could be downloaded.
    NothingToDownload,
}

/// The customer.
pub struct Customer {
    /// The tenant.
    pub tenant: TenantId,
    size: u64,
    pruned: u64,
    shown: Vec<u8>,
    folder: PathBuf,
    verifier: PathBuf,
}

impl Customer {
    /// Keeps what a customer keeps, before anything happens.
    pub async fn before(unserved: &Unserved, tenant: TenantId, verifier: Option<PathBuf>) -> anyhow::Result<Self> {
        let app = &unserved.app;
        let folder = unserved.folder().join(tenant.to_string());
        let log = LogName::Tenant(tenant);
        let note = app.log_checkpoint(log).await?.context("a checkpoint was published")?;
        let size = Checkpoint::parse(Note::parse(&note)?.text())?.size;
        std::fs::create_dir(&folder)?;
        std::fs::write(folder.join("earlier"), &note)?;
        platform(app, &folder.join("platform")).await?;
        let verifier = match verifier {
            Some(verifier) => verifier,
            None => host::process::beside("struct-verify")?,
        };
        let pruned = app.store().log(tenant).await?.map_or(0, |row| row.first_kept);
        Ok(Self { tenant, size, pruned, shown: shown(app, log, size).await?, folder, verifier })
    }

    /// Downloads the log and asks.
    pub async fn asks(&self, stage: &Stage) -> anyhow::Result<Answer> {
        let zip = self.folder.join("log.zip");
        let Ok(package) = stage.unserved.app.log_package_for_operator(LogName::Tenant(self.tenant)).await else {
            return Ok(Answer::NothingToDownload);
        };
        let (mut bytes, mut stream) = (Vec::new(), package.stream);
        while let Some(Ok(chunk)) = stream.next().await {
            bytes.extend(chunk);
        }
        std::fs::write(&zip, bytes)?;
        let earlier = ["log".to_owned(), text(&zip), "--earlier".to_owned(), text(&self.folder.join("earlier"))];
        match self.verify(&earlier).await? {
            (PROVEN, pruned) if pruned > self.pruned => return Ok(Answer::Withheld),
            (PROVEN, _) => {}
            (NOT_PROVEN, _) => return Ok(Answer::NotProven),
            _ => return Ok(Answer::Unchecked),
        }
        let mut with_platform = earlier.to_vec();
        with_platform.extend(["--platform".to_owned(), text(&self.folder.join("platform"))]);
        Ok(if self.verify(&with_platform).await?.0 == PROVEN { Answer::Proven } else { Answer::NotProvenByPlatform })
    }

    /// The answer, and how many entries are said to be pruned.
    async fn verify(&self, arguments: &[String]) -> anyhow::Result<(i32, u64)> {
        let arguments = [arguments, &["--json".to_owned()]].concat();
        let output = host::process::output(&self.verifier, &arguments).await;
        let output = output
            .with_context(|| format!("{} can't be run; build it: cargo build -p verify", self.verifier.display()))?;
        match output.status.code() {
            Some(code @ (PROVEN | NOT_PROVEN | UNCHECKED)) => {
                let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
                Ok((code, said["facts"]["pruned"].as_u64().unwrap_or_default()))
            }
            _ => bail!("struct-verify ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr)),
        }
    }

    /// Whether anything that is served of the leaves, checkpoints and keys known before differs now.
    pub async fn is_shown_something_else(&self, stage: &Stage) -> anyhow::Result<bool> {
        let now = shown(&stage.unserved.app, LogName::Tenant(self.tenant), self.size).await;
        Ok(now.map_or(true, |now| now != self.shown))
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// All that is served of a log's first leaves.
async fn shown(app: &App, log: LogName, size: u64) -> anyhow::Result<Vec<u8>> {
    let mut shown = app.log_keys(log).await?.concat().into_bytes();
    let checkpoints = app.log_file(log, "checkpoints", 0).await?.bytes;
    // Those that came since are after them.
    let last = format!("\n{size}\n");
    let text = String::from_utf8(checkpoints)?;
    let end = text.find(&last).and_then(|at| text[at..].find("--\n").map(|end| at + end)).context("it is there")?;
    shown.extend(&text.as_bytes()[..end]);
    for path in bundles_of(size) {
        shown.extend(files(app, log, path).await?.1);
    }
    Ok(shown)
}

/// A bundle, or the hashes of its leaves when it was pruned.
async fn files(app: &App, log: LogName, path: TilePath) -> anyhow::Result<(TilePath, Vec<u8>)> {
    if let Some(bytes) = app.log_tile(log, path).await? {
        return Ok((path, bytes));
    }
    let path = TilePath { kind: TileKind::Level(0), ..path };
    Ok((path, app.log_tile(log, path).await?.context("a bundle is served or its hashes are")?))
}

/// A copy of the platform's log, as anybody may have it.
async fn platform(app: &Arc<App>, folder: &Path) -> anyhow::Result<()> {
    let log = LogName::Platform;
    std::fs::create_dir(folder)?;
    for name in ["checkpoint", "keys", "checkpoints"] {
        std::fs::write(folder.join(name), app.log_file(log, name, 0).await?.bytes)?;
    }
    let note = String::from_utf8(app.log_file(log, "checkpoint", 0).await?.bytes)?;
    for path in bundles_of(Checkpoint::parse(Note::parse(&note)?.text())?.size) {
        let (path, bytes) = files(app, log, path).await?;
        let file = folder.join(path.to_string());
        std::fs::create_dir_all(file.parent().context("a file in a folder")?)?;
        std::fs::write(file, bytes)?;
    }
    Ok(())
}
