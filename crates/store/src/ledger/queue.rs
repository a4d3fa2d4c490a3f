//! The queue of entries that wait for their place, as it stands: what does not belong there. Gives no entry a place.

use super::{head, platform};
use crate::audit::instant_of;
use crate::{Flight, Statement, Store, StoreError};
use domain::id::{EntryId, TenantId};
use jiff::Timestamp;
use uuid::Uuid;

/// Rows of the queue looked at in one statement.
const QUEUED_AT_ONCE: i64 = 5_000;
/// Entries that are told of a kind.
const MAX_TOLD: usize = 5;

/// Looked up one by one, as entries beside the log are.
const QUEUE: &str = "SELECT w.entry_id, e.entry_id IS NOT NULL, l.entry_id IS NOT NULL FROM (
        SELECT entry_id FROM struct.entry_waiting WHERE tenant_id = $1 AND entry_id > $2 ORDER BY entry_id LIMIT $3) w
    LEFT JOIN LATERAL (SELECT entry_id FROM struct.entry WHERE tenant_id = $1 AND entry_id = w.entry_id OFFSET 0) e ON true
    LEFT JOIN LATERAL (SELECT entry_id FROM struct.leaf WHERE tenant_id = $1 AND entry_id = w.entry_id OFFSET 0) l ON true
    ORDER BY w.entry_id";
const QUEUE_PLATFORM: &str = "SELECT w.entry_id, e.entry_id IS NOT NULL, l.entry_id IS NOT NULL FROM (
        SELECT entry_id FROM struct.entry_waiting WHERE tenant_id = $1 AND entry_id > $2 ORDER BY entry_id LIMIT $3) w
    LEFT JOIN LATERAL (SELECT entry_id FROM struct.platform_entry WHERE tenant_id = $1 AND entry_id = w.entry_id OFFSET 0) e ON true
    LEFT JOIN LATERAL (SELECT entry_id FROM struct.leaf WHERE tenant_id = $1 AND entry_id = w.entry_id OFFSET 0) l ON true
    ORDER BY w.entry_id";
const UNQUEUE: &str = "WITH gone AS (DELETE FROM struct.entry_waiting w USING struct.leaf l
        WHERE w.tenant_id = $1 AND l.tenant_id = w.tenant_id AND l.entry_id = w.entry_id RETURNING w.entry_id)
    SELECT entry_id, count(*) OVER () FROM gone ORDER BY entry_id LIMIT $2";

/// A log's queue at one instant, or nearly so when it is long.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Queued {
    /// Rows for entries that have their place already, the first few.
    pub placed: Vec<EntryId>,
    /// Rows for which there is no entry, the first few.
    pub empty: Vec<EntryId>,
    /// When the entry was made that waits longest, by its id.
    pub oldest: Option<Timestamp>,
    /// Entries that wait.
    pub waiting: u64,
}

impl Store {
    /// What stands in a log's queue.
    pub async fn queued(&self, log: TenantId) -> Result<Queued, StoreError> {
        let sql = if log == platform() { QUEUE_PLATFORM } else { QUEUE };
        let (mut queued, mut after) = (Queued::default(), Uuid::nil());
        loop {
            let read = Statement::new(sql, vec![Box::new(log.0), Box::new(after), Box::new(QUEUED_AT_ONCE)]);
            let rows = self.fly(Flight::read(head(log), vec![read])).await?.swap_remove(0);
            for row in &rows {
                let id = EntryId::from(row.get::<_, Uuid>(0));
                match (row.get(1), row.get(2)) {
                    (_, true) => queued.placed.push(id),
                    (false, _) => queued.empty.push(id),
                    _ => {
                        queued.waiting += 1;
                        queued.oldest = queued.oldest.or_else(|| Some(instant_of(id)));
                    }
                }
            }
            queued.placed.truncate(MAX_TOLD);
            queued.empty.truncate(MAX_TOLD);
            match rows.last() {
                Some(row) if rows.len() as i64 == QUEUED_AT_ONCE => after = row.get(0),
                _ => return Ok(queued),
            }
        }
    }

    /// Takes entries out of the queue that have their place already: nothing of STRUCT puts them there. The first few of them, and
    /// how many they were.
    pub(super) async fn unqueue(&self, log: TenantId) -> Result<(Vec<Uuid>, u64), StoreError> {
        let told = i64::try_from(MAX_TOLD).unwrap_or(i64::MAX);
        let take = Statement::new(UNQUEUE, vec![Box::new(log.0), Box::new(told)]);
        let rows = self.fly(Flight::bookkeeping(head(log), vec![take])).await?.swap_remove(0);
        let count = rows.first().map_or(0, |row| u64::try_from(row.get::<_, i64>(1)).unwrap_or_default());
        Ok((rows.iter().map(|row| row.get(0)).collect(), count))
    }
}
