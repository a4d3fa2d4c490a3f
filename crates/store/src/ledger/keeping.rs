//! How long a log keeps its entries by its row, and by what its entries say of that. Believes neither, and compares nothing.

use super::append::signed;
use super::{head, leaf};
use crate::{Flight, Statement, Store, StoreError};
use domain::audit::Verb;
use domain::id::{EntryId, TenantId};
use ledger::leaf::Leaf;
use uuid::Uuid;

/// Entries of either kind that are looked at, the newest.
const MAX_ENTRIES: i64 = 16;

/// An entry about how long entries are kept, as stored.
#[derive(Clone, Debug)]
pub struct KeepingEntry {
    /// Its id.
    pub id: EntryId,
    /// Its leaf.
    pub leaf: Leaf,
    /// Its keyed hash.
    pub mac: Option<Vec<u8>>,
    /// Its sealed detail.
    pub sealed: Vec<u8>,
}

/// How long a log keeps its entries.
#[derive(Clone, Debug, Default)]
pub struct Keeping {
    /// Entries below were pruned, says the log's row.
    pub first_kept: u64,
    /// For so many days, says the log's row; none for ever.
    pub days: Option<i32>,
    /// The newest entries about it, newest first.
    pub entries: Vec<KeepingEntry>,
}

impl Store {
    /// How long a log keeps its entries, all as of one instant.
    pub async fn keeping(&self, log: TenantId) -> Result<Keeping, StoreError> {
        let verbs = vec![Verb::AuditPruned.code(), Verb::AuditRetentionChanged.code()];
        let read = Statement::new(leaf::KEEPING, vec![Box::new(log.0), Box::new(verbs), Box::new(MAX_ENTRIES)]);
        let rows = self.fly(Flight::read(head(log), vec![read])).await?.swap_remove(0);
        let Some(first) = rows.first() else { return Ok(Keeping::default()) };
        let (first_kept, days) = (u64::try_from(first.get::<_, i64>(17)).unwrap_or_default(), first.get(18));
        let entries = rows.iter().filter_map(|row| row.get::<_, Option<Uuid>>(0).map(|id| (EntryId::from(id), row)));
        let entries = entries
            .map(|(id, row)| Ok(KeepingEntry { id, leaf: leaf::of(log, row)?, mac: row.get(15), sealed: row.get(16) }));
        Ok(Keeping { first_kept, days, entries: entries.collect::<Result<_, StoreError>>()? })
    }
}

/// The largest bound that an entry with its place below a size says.
const TOLD: &str = "SELECT max(e.pruned_below) FROM (SELECT entry_id, pruned_below FROM struct.entry
        WHERE tenant_id = $1 AND verb = $2 ORDER BY entry_id DESC LIMIT $3) e
    JOIN struct.leaf l ON l.tenant_id = $1 AND l.entry_id = e.entry_id WHERE l.position < $4";

impl Store {
    /// Below which position all entries were removed, by what the first so many leaves of a log say in the clear.
    pub async fn pruned_told(&self, log: TenantId, size: u64) -> Result<u64, StoreError> {
        let verb = Verb::AuditPruned.code();
        let params: Vec<crate::flight::Param> =
            vec![Box::new(log.0), Box::new(verb), Box::new(MAX_ENTRIES), Box::new(signed(size)?)];
        let rows = self.fly(Flight::read(head(log), vec![Statement::new(TOLD, params)])).await?.swap_remove(0);
        Ok(rows.first().and_then(|row| row.get::<_, Option<i64>>(0)).map_or(0, |told| u64::try_from(told).unwrap_or(0)))
    }
}

/// The statements that prune a log: so many entries go, so that all before `until` are gone; ST409 otherwise.
pub fn prune(log: TenantId, bundles: i32, due: u64, until: u64) -> Result<Vec<Statement>, StoreError> {
    Ok(vec![
        Statement::new(
            "SELECT struct.op_expect(struct.log_prune($1, true), $2)",
            vec![Box::new(bundles), Box::new(signed(due)?)],
        ),
        Statement::new(
            "SELECT struct.op_expect((SELECT first_kept FROM struct.log WHERE tenant_id = $1), $2)",
            vec![Box::new(log.0), Box::new(signed(until)?)],
        ),
    ])
}
