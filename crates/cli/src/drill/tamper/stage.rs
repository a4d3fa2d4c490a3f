//! What is tampered with: two tenants' logs, one of them with its oldest entries pruned, each with full tiles and dozens of
//! checkpoints. Everything can be put back as it was.

use crate::config::Config;
use crate::trial::customers::customer;
use crate::trial::product::{ENTITY, SERVICE};
use crate::trial::unserved::Unserved;
use anyhow::{Context as _, ensure};
use app::Caller;
use domain::id::TenantId;
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::path::PathBuf;
use store::drill::tamper::Superuser;
use store::{Check, Head};

/// Entries that are too old to be kept, and go.
const OLD_ENTRIES: u64 = 300;
/// How old they are: two years.
const OLD: SignedDuration = SignedDuration::from_hours(2 * 365 * 24);
/// Rounds of the sequencer, each with a checkpoint.
const ROUNDS: u64 = 24;
/// Entries of each round, at most.
const ROUND_ENTRIES: u64 = 27;
/// For how many days entries are kept.
const DAYS: i32 = 365;
/// The screen that entries name.
const SCREEN: &str = "customer_form";

/// The stage.
pub struct Stage {
    /// The installation.
    pub unserved: Unserved,
    /// An administrator of each tenant.
    pub callers: Vec<Caller>,
    /// Who tampers.
    pub superuser: Superuser,
    /// The tables before anything was tampered with.
    pub fingerprint: String,
    /// What this machine remembers outside the database.
    remembered: BTreeMap<PathBuf, Vec<u8>>,
}

impl Stage {
    /// Sets it.
    pub async fn set(config: &Config) -> anyhow::Result<Self> {
        let unserved = Unserved::start(config).await?;
        let service = unserved.install().await?;
        let callers = vec![unserved.member(&service, "one").await?, unserved.member(&service, "other").await?];
        let app = &unserved.app;
        let old = (0..OLD_ENTRIES).map(|_| app.entry_aged(callers[0].tenant, OLD)).collect::<Result<Vec<_>, _>>()?;
        app.store().enter(Head { tenant: callers[0].tenant, check: Check::Nothing }, &old).await?;
        app.sequence_once().await?;
        app.retention_change(&callers[0], Some(DAYS)).await?;
        ensure!(app.prune_logs().await? > 0, "the oldest were pruned");
        for round in 0..ROUNDS {
            for caller in &callers {
                act(&unserved, caller, 1 + (round * 7) % ROUND_ENTRIES).await?;
            }
            ensure!(app.sequence_once().await?.failed == 0, "every log is appended to");
        }
        ensure!(app.sequence_once().await?.failed == 0, "nothing is left waiting");
        // So that there is a measurement to be forged.
        ensure!(app.check_logs().await?.whole(), "the logs are whole");
        ensure!(app.sequence_once().await?.failed == 0, "nothing is left waiting");
        let superuser = Superuser::connect(&unserved.root()).await?;
        let fingerprint = superuser.fingerprint().await?;
        let remembered = remembered(&unserved)?;
        Ok(Self { unserved, callers, superuser, fingerprint, remembered })
    }

    /// An act in a tenant, whose entry waits.
    pub async fn act(&self, tenant: TenantId) -> anyhow::Result<()> {
        let caller = self.callers.iter().find(|caller| caller.tenant == tenant).context("a tenant of the stage")?;
        act(&self.unserved, caller, 1).await
    }

    /// Puts everything back.
    pub async fn restore(&self) -> anyhow::Result<()> {
        self.superuser.restore().await?;
        for (path, bytes) in &self.remembered {
            std::fs::write(path, bytes)?;
        }
        ensure!(self.superuser.fingerprint().await? == self.fingerprint, "everything is back");
        Ok(())
    }
}

fn remembered(unserved: &Unserved) -> anyhow::Result<BTreeMap<PathBuf, Vec<u8>>> {
    let files = std::fs::read_dir(unserved.layout().checkpoints())?;
    let files = files.map(|file| file.map(|file| file.path())).collect::<Result<Vec<_>, _>>()?;
    Ok(files.into_iter().map(|path| std::fs::read(&path).map(|bytes| (path, bytes))).collect::<Result<_, _>>()?)
}

async fn act(unserved: &Unserved, caller: &Caller, times: u64) -> anyhow::Result<()> {
    let app = &unserved.app;
    let entries = (0..times).map(|number| {
        let record = uuid::Uuid::from_u128(u128::from(number) + 1).into();
        app.entry_weighed(caller, record, (SERVICE, SCREEN, ENTITY), &customer("T", number).values)
    });
    let entries = entries.collect::<Result<Vec<_>, _>>()?;
    Ok(app.store().enter(Head { tenant: caller.tenant, check: Check::Nothing }, &entries).await?)
}
