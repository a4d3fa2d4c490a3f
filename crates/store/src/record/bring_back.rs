//! A removed record, made once more as it was. Decides neither whether it may be nor what it holds.

use super::{Columns, RecordTable, push_columns};
use crate::flight::{Param, Statement};
use domain::id::{RecordId, TenantId, UserId};
use jiff::Timestamp;

/// How often a record was changed, as far as the tenant's log has it.
pub fn changes_entered(tenant: TenantId, id: RecordId) -> Statement {
    Statement::new(
        "SELECT count(*) FROM struct.entry
         WHERE tenant_id = $1 AND record_id = $2 AND verb = 'record.updated' AND outcome = 'done'",
        vec![Box::new(tenant.0), Box::new(id.0)],
    )
}

impl RecordTable {
    /// Makes a record that was removed once more: with its id, whoever had made and changed it, and a version above all it had.
    pub fn bring_back(
        &self,
        tenant: TenantId,
        version: i64,
        created: (Timestamp, UserId),
        updated_by: UserId,
        columns: Columns,
    ) -> Statement {
        // The same columns as of a new record, whose fixed values give way to those given: numbers, not text of anybody's.
        let places = 5 + columns.plain.len() + columns.exact.len() + columns.partial.len();
        let sql = self.insert.replacen(
            "VALUES ($1, $2, 1, $3, now(), $4, now(), $4",
            &format!("VALUES ($1, $2, {version}, $3, ${places}, $4, now(), ${}", places + 1),
            1,
        );
        let mut params: Vec<Param> =
            vec![Box::new(tenant.0), Box::new(columns.id), Box::new(columns.sealed), Box::new(created.1.0)];
        push_columns(&mut params, columns.plain, columns.exact, columns.partial);
        params.extend([Box::new(created.0) as Param, Box::new(updated_by.0)]);
        Statement::new(sql, params)
    }
}
