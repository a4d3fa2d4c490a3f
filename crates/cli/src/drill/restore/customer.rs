//! A customer through the disaster: one checkpoint kept long before, one kept at the last moment. `struct-verify` has to prove the log by
//! the first; by the second, if it is of entries that were lost, it has to refuse and say that a restore was declared.

use super::verdict::Round;
use crate::trial::product::Product;
use anyhow::{Context as _, bail};
use app::App;
use app::audit::proof::LogName;
use domain::id::TenantId;
use futures_util::StreamExt as _;
use host::checkpoint::SeenCheckpoints;
use ledger::checkpoint::Checkpoint;
use ledger::note::Note;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The program's answers.
const PROVEN: i32 = 0;
const NOT_PROVEN: i32 = 1;
/// The code of the finding that says that a restore was declared.
const DECLARED: &str = "restore_declared";

/// The customer.
pub struct Customer {
    tenant: TenantId,
    folder: PathBuf,
    verifier: PathBuf,
    late: u64,
}

impl Customer {
    pub fn new(product: &Product, tenant: TenantId, round: u64, verifier: Option<PathBuf>) -> anyhow::Result<Self> {
        let folder = product.folder().join(format!("customer-{round}"));
        std::fs::create_dir(&folder)?;
        let verifier = match verifier {
            Some(verifier) => verifier,
            None => host::process::beside("struct-verify")?,
        };
        Ok(Self { tenant, folder, verifier, late: 0 })
    }

    /// Keeps the newest checkpoint before people write.
    pub fn keeps_early(&self, product: &Product) -> anyhow::Result<()> {
        self.keeps(product, "early").map(drop)
    }

    /// Keeps the newest one at the last moment.
    pub fn keeps_late(&mut self, product: &Product) -> anyhow::Result<()> {
        self.late = self.keeps(product, "late")?;
        Ok(())
    }

    /// What this machine has published, as it remembers: the database is busy, and its checkpoint is there as soon.
    fn keeps(&self, product: &Product, name: &str) -> anyhow::Result<u64> {
        let seen = SeenCheckpoints::new(&product.layout().checkpoints());
        let note = seen.newest(&self.tenant.to_string())?.context("a checkpoint was published")?;
        std::fs::write(self.folder.join(name), &note)?;
        Ok(Checkpoint::parse(Note::parse(&note)?.text())?.size)
    }

    /// Downloads the log after the restore and asks by both.
    pub async fn asks(&self, app: &Arc<App>, round: &mut Round) -> anyhow::Result<()> {
        let package = app.log_package_for_operator(LogName::Tenant(self.tenant)).await?;
        let (mut bytes, mut stream) = (Vec::new(), package.stream);
        while let Some(chunk) = stream.next().await {
            bytes.extend(chunk?);
        }
        let zip = self.folder.join("log.zip");
        std::fs::write(&zip, bytes)?;
        let (code, said) = self.verify(&zip, "early").await?;
        if code != PROVEN {
            round.violation(format!("the log is not proven by a checkpoint of before: {said}"));
        }
        let (code, said) = self.verify(&zip, "late").await?;
        round.late_proven = code == PROVEN;
        if code == NOT_PROVEN && !said.contains(DECLARED) {
            round.violation(format!("a checkpoint of {} is refused without a word of the restore: {said}", self.late));
        }
        Ok(())
    }

    async fn verify(&self, zip: &Path, kept: &str) -> anyhow::Result<(i32, String)> {
        let text = |path: &Path| path.display().to_string();
        let earlier = self.folder.join(kept);
        let arguments = ["log".to_owned(), text(zip), "--earlier".to_owned(), text(&earlier), "--json".to_owned()];
        let output = host::process::output(&self.verifier, &arguments).await;
        let output = output
            .with_context(|| format!("{} can't be run; build it: cargo build -p verify", self.verifier.display()))?;
        match output.status.code() {
            Some(code @ (PROVEN | NOT_PROVEN)) => Ok((code, String::from_utf8_lossy(&output.stdout).into_owned())),
            _ => bail!("struct-verify ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr)),
        }
    }
}
