//! How long entries are kept: set by the tenant's administrators, a year at least, for ever by default. Entries that are too
//! old go; their hashes stay, so no proof that was given out is lost.

use crate::op::{Caller, on_fresh_rights};
use crate::{App, Error};
use domain::audit::{Actor, Change, Detail, Outcome, RETENTION_DAYS, Target, Verb};
use domain::record::{Fault, FaultReason};
use std::sync::Arc;
use std::time::Duration;
use store::{Check, Flight, Head};
use tokio::sync::watch;

/// How often what is too old is looked for.
const PRUNE_EVERY: Duration = Duration::from_secs(24 * 3600);
/// Bundles pruned in one transaction.
const BUNDLES_AT_ONCE: i32 = 16;

impl App {
    /// For how many days the caller's tenant keeps its entries; none is for ever.
    pub async fn retention(&self, caller: &Caller) -> Result<Option<i32>, Error> {
        on_fresh_rights!(self, caller.tenant, async {
            self.administrator(caller, "retention").await?;
            Ok(self.store.retention(caller.tenant).await?)
        })
    }

    /// Changes for how many days entries are kept.
    pub async fn retention_change(&self, caller: &Caller, days: Option<i32>) -> Result<(), Error> {
        if days.is_some_and(|days| !RETENTION_DAYS.contains(&days)) {
            let reason = FaultReason::OutOfRange { min: Some(i64::from(*RETENTION_DAYS.start())), max: Some(i64::from(*RETENTION_DAYS.end())) };
            return Err(Error::Invalid(vec![Fault::new("retention_days", reason)]));
        }
        on_fresh_rights!(self, caller.tenant, async {
            let (head, _) = self.administrator(caller, "retention").await?;
            let before = self.store.retention(caller.tenant).await?;
            let said = |days: Option<i32>| days.map(|days| days.to_string());
            let change = Change { field: "retention_days".to_owned(), before: said(before), after: said(days) };
            let detail = Detail { changes: vec![change], ..Detail::default() };
            let entry = self.entry_of(caller, Verb::AuditRetentionChanged, Outcome::Done, Target::default(), detail)?;
            let statements = vec![store::ledger::retention_set(caller.tenant, days)];
            self.store.fly(Flight::write(head, statements, &[entry])).await?;
            Ok(())
        })
    }

    /// Prunes by the clock, until asked to stop.
    pub async fn prune_logs_regularly(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(PRUNE_EVERY) => {}
                _ = stop.changed() => return,
            }
            if let Err(error) = self.prune_logs().await {
                tracing::warn!(%error, "logs can't be pruned now");
            }
        }
    }

    /// Prunes every log by its tenant's rule; says how many entries went. What went is itself an entry.
    pub async fn prune_logs(&self) -> Result<u64, Error> {
        let mut gone = 0;
        for log in self.store.logs().await?.into_iter().filter(|log| log.log != store::ledger::platform()) {
            if self.store.retention(log.log).await?.is_none() {
                continue;
            }
            loop {
                let head = Head { tenant: log.log, check: Check::Nothing };
                let due = self.store.prunable(head, BUNDLES_AT_ONCE).await?;
                if due == 0 {
                    break;
                }
                let detail = Detail { rows: Some(due), ..Detail::default() };
                let request = self.new_request_id();
                let entry =
                    self.entry(log.log, Actor::System, Verb::AuditPruned, Outcome::Done, request, Target::default(), detail)?;
                self.store.fly(Flight::write(head, vec![store::ledger::prune(BUNDLES_AT_ONCE)], &[entry])).await?;
                gone += due;
            }
        }
        Ok(gone)
    }
}
