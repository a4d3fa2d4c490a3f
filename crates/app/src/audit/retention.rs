//! How long entries are kept: set by the tenant's administrators, a year at least, for ever by default. Entries that are too
//! old go; their hashes stay, so no proof that was given out is lost.

use crate::op::{Caller, detail_of, is_genuine_entry, on_fresh_rights};
use crate::{App, Error};
use domain::audit::{Actor, Change, Detail, Entry, Outcome, RETENTION_DAYS, Target, Verb};
use domain::id::TenantId;
use domain::record::{Fault, FaultReason};
use host::keyring::KeyringError;
use seal::envelope::Place;
use seal::tree::Node;
use std::sync::Arc;
use std::time::Duration;
use store::audit::SealedEntry;
use store::ledger::{Keeping, KeepingEntry};
use store::{Check, Flight, Head, StoreError};
use tokio::sync::watch;

/// The first look after a start waits so long: others come first then.
const FIRST_PRUNE_AFTER: Duration = Duration::from_secs(120);
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
        on_fresh_rights!(self, caller.tenant, async {
            let (head, _) = self.administrator(caller, "retention").await?;
            if days.is_some_and(|days| !RETENTION_DAYS.contains(&days)) {
                let reason = FaultReason::OutOfRange {
                    min: Some(i64::from(*RETENTION_DAYS.start())),
                    max: Some(i64::from(*RETENTION_DAYS.end())),
                };
                return Err(Error::Invalid(vec![Fault::new("retention", reason)]));
            }
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
        let mut wait = FIRST_PRUNE_AFTER;
        loop {
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                _ = stop.changed() => return,
            }
            wait = PRUNE_EVERY;
            if let Err(error) = self.prune_logs().await {
                tracing::warn!(%error, "logs can't be pruned now");
            }
        }
    }

    /// Prunes every log by its tenant's rule; says how many entries went. What went is itself an entry. A log whose row says
    /// of its rule what no entry does is left as it is: somebody else wrote there.
    pub async fn prune_logs(&self) -> Result<u64, Error> {
        let mut gone = 0;
        for log in self.store.logs().await?.into_iter().filter(|log| log.log != store::ledger::platform()) {
            self.tell_pruned(log.log).await?;
            while let Some(pruned) = self.prune_once(log.log).await? {
                gone += pruned;
            }
        }
        Ok(gone)
    }

    /// Prunes one log by some bundles; none when nothing is left to be pruned.
    async fn prune_once(&self, log: TenantId) -> Result<Option<u64>, Error> {
        let (keeping, vouched) = self.kept(log).await?;
        let Some(days) = keeping.days else { return Ok(None) };
        if vouched != (Kept { below: keeping.first_kept, days: Some(days) }) {
            tracing::error!(%log, "how long entries are kept was not set by STRUCT: nothing is pruned");
            return Ok(None);
        }
        let head = Head { tenant: log, check: Check::Nothing };
        let due = self.store.prunable(head, BUNDLES_AT_ONCE).await?;
        if due == 0 {
            return Ok(None);
        }
        let until = keeping.first_kept.saturating_add(due);
        let entry = self.pruned_entry(log, due, until, Some(days))?;
        let prune = store::ledger::prune(log, BUNDLES_AT_ONCE, due, until)?;
        match self.store.fly(Flight::write(head, prune, &[entry])).await {
            // Another server went first, or something that is to go is not there: the next self-check says what.
            Err(StoreError::Unexpected) => Ok(None),
            done => Ok(done.map(|_| Some(due))?),
        }
    }

    /// Says in the clear up to where entries were removed, if no entry that is kept does: those of older versions said it in
    /// their sealed detail only, which no customer can open without STRUCT.
    async fn tell_pruned(&self, log: TenantId) -> Result<(), Error> {
        let (keeping, vouched) = self.kept(log).await?;
        let told = keeping.entries.iter().filter_map(|entry| entry.leaf.pruned_below).max().unwrap_or_default();
        let erased =
            matches!(self.keys.keyring().keys(&Node::TenantLog(log.bytes())), Err(KeyringError::Destroyed { .. }));
        if erased || vouched.below != keeping.first_kept || told >= vouched.below {
            return Ok(());
        }
        let entry = self.pruned_entry(log, 0, vouched.below, vouched.days)?;
        Ok(self.store.enter(Head { tenant: log, check: Check::Nothing }, &[entry]).await?)
    }

    /// The entry that so many entries were removed, so that all before `until` are gone.
    fn pruned_entry(&self, log: TenantId, due: u64, until: u64, days: Option<i32>) -> Result<SealedEntry, Error> {
        let entry = Entry {
            id: self.new_id(),
            tenant: log,
            actor: Actor::System,
            verb: Verb::AuditPruned,
            outcome: Outcome::Done,
            request: self.new_request_id(),
            target: Target::default(),
            detail: Detail { rows: Some(due), note: Some(said(until, days)), ..Detail::default() },
        };
        self.sealed(entry, self.now(), Some(until))
    }

    /// How long a log keeps its entries by its row, and by the entries that STRUCT wrote of it. These are known by their keyed
    /// hashes, so whoever can write to the database can't make the row say more than was pruned.
    pub(super) async fn kept(&self, log: TenantId) -> Result<(Keeping, Kept), Error> {
        let keeping = self.store.keeping(log).await?;
        if log == store::ledger::platform() {
            return Ok((keeping, Kept::default()));
        }
        if let Err(KeyringError::Destroyed { .. }) = self.keys.keyring().keys(&Node::TenantLog(log.bytes())) {
            // Of an erased tenant nothing can be opened any more.
            let row = Kept { below: keeping.first_kept, days: keeping.days };
            return Ok((keeping, row));
        }
        let keys = self.keys.tenant(log)?;
        let genuine = |entry: &&KeepingEntry| {
            is_genuine_entry(&keys.entry, &entry.leaf.encode(), entry.mac.as_deref().unwrap_or_default())
        };
        let told = keeping.entries.iter().filter(genuine).filter_map(|entry| {
            let place = Place {
                tenant: log.bytes(),
                service: "",
                entity: "struct.entry",
                record: entry.id.bytes(),
                version: 1,
            };
            let opened = keys.log.open(&place, &entry.sealed).ok()?;
            detail_of(&opened).map(|(_, _, detail)| told(&entry.leaf.verb, &detail))
        });
        let mut vouched: Option<Kept> = None;
        for told in told {
            let newest = vouched.get_or_insert(told);
            newest.below = newest.below.max(told.below);
        }
        let vouched = vouched.unwrap_or_default();
        Ok((keeping, vouched))
    }
}

/// How long entries are kept.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Kept {
    /// Those before this position were pruned.
    pub(super) below: u64,
    /// For so many days; none for ever.
    pub(super) days: Option<i32>,
}

/// What an entry about pruning says; `told` reads it.
fn said(below: u64, days: Option<i32>) -> String {
    let days = days.map_or_else(|| "none".to_owned(), |days| days.to_string());
    format!("below={below} days={days}")
}

/// What an entry says: one about pruning both, one about a changed rule the rule.
fn told(verb: &str, detail: &Detail) -> Kept {
    if verb == Verb::AuditRetentionChanged.code() {
        let days = detail.changes.first().and_then(|change| change.after.as_deref()?.parse().ok());
        return Kept { below: 0, days };
    }
    let (below, days) = detail.note.as_deref().and_then(|note| note.split_once(' ')).unwrap_or_default();
    Kept {
        below: below.strip_prefix("below=").and_then(|below| below.parse().ok()).unwrap_or_default(),
        days: days.strip_prefix("days=").and_then(|days| days.parse().ok()),
    }
}
