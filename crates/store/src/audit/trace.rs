//! Who read a record, and one entry by its id. Lists of entries are `select`'s.

use super::select::COLUMNS;
use super::{SealedEntry, StoredEntry, stored};
use crate::flight::{Flight, Head, Statement};
use crate::{Store, StoreError};
use domain::id::{EntryId, RecordId, UserId};
use jiff::Timestamp;
use uuid::Uuid;

/// Readings of a record that are counted at most, the newest of them; more are not one person's work.
pub const READINGS_MAX: i64 = 10_000;

/// How often somebody saw a record's personal values in full.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reading {
    /// Who.
    pub user: UserId,
    /// How often.
    pub count: u64,
    /// When for the last time.
    pub last: Timestamp,
}

impl Store {
    /// An entry and its place in the log, once it has one.
    pub async fn entry(&self, head: Head, id: EntryId) -> Result<Option<(StoredEntry, Option<u64>)>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS}, (SELECT l.position FROM struct.leaf l WHERE l.tenant_id = $1 AND l.entry_id = $2)
             FROM struct.entry WHERE tenant_id = $1 AND entry_id = $2"
        );
        let read = Statement::new(sql, vec![Box::new(head.tenant.0), Box::new(id.0)]);
        let rows = self.fly(Flight::read(head, vec![read])).await?.swap_remove(0);
        let Some(row) = rows.first() else { return Ok(None) };
        let position = row.get::<_, Option<i64>>(13).and_then(|position| u64::try_from(position).ok());
        Ok(Some((stored(head.tenant, row)?, position)))
    }

    /// Who saw a record's personal values, the last of them first. Asking is entered.
    pub async fn readings(
        &self,
        head: Head,
        record: RecordId,
        entry: &SealedEntry,
    ) -> Result<Vec<Reading>, StoreError> {
        let sql = format!(
            "SELECT actor_user, count(*), max(at) FROM
                 (SELECT actor_user, at FROM struct.entry
                  WHERE tenant_id = $1 AND record_id = $2 AND verb = 'record.revealed' AND outcome = 'done'
                  ORDER BY entry_id DESC LIMIT {READINGS_MAX}) newest
             WHERE actor_user IS NOT NULL GROUP BY actor_user ORDER BY max(at) DESC"
        );
        let read = Statement::new(sql, vec![Box::new(head.tenant.0), Box::new(record.0)]);
        let rows = self.fly(Flight::write(head, vec![read], std::slice::from_ref(entry))).await?.swap_remove(0);
        let reading = |row: &crate::flight::Row| Reading {
            user: row.get::<_, Uuid>(0).into(),
            count: u64::try_from(row.get::<_, i64>(1)).unwrap_or_default(),
            last: row.get(2),
        };
        Ok(rows.iter().map(reading).collect())
    }
}
