//! Lost passwords: links that set a new one. Only hashes of their tokens come here; no session is opened.

use crate::{Statement, Store, StoreError};
use domain::id::{TenantId, UserId};
use jiff::Timestamp;
use uuid::Uuid;

/// Keeps a link that sets a new password.
pub fn add(user: UserId, hash: [u8; 32], now: Timestamp, until: Timestamp) -> Statement {
    Statement::new(
        "SELECT struct.recovery_add($1, $2, $3, $4)",
        vec![Box::new(user.0), Box::new(hash.to_vec()), Box::new(now), Box::new(until)],
    )
}

/// Sets the new password and spends all links; raises ST409 when this one is spent.
pub fn recover(hash: [u8; 32], phc: String, now: Timestamp) -> Statement {
    Statement::new(
        "SELECT struct.op_expect(struct.recovery_use($1, $2, $3), 1)",
        vec![Box::new(hash.to_vec()), Box::new(phc), Box::new(now)],
    )
}

/// Raises ST409 unless the account still has this password and is open.
pub fn still(user: UserId, phc: String) -> Statement {
    Statement::new("SELECT struct.op_expect(struct.account_still($1, $2), 1)", vec![Box::new(user.0), Box::new(phc)])
}

/// Freezes a member, unless they are.
pub fn freeze(tenant: TenantId, user: UserId, now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE struct.member SET frozen_at = $3 WHERE tenant_id = $1 AND user_id = $2 AND frozen_at IS NULL",
        vec![Box::new(tenant.0), Box::new(user.0), Box::new(now)],
    )
}

/// Lets a frozen member act again; raises ST409 when they are not frozen.
pub fn unfreeze(tenant: TenantId, user: UserId) -> Statement {
    Statement::new(
        "WITH done AS (UPDATE struct.member SET frozen_at = NULL
             WHERE tenant_id = $1 AND user_id = $2 AND frozen_at IS NOT NULL RETURNING 1)
         SELECT struct.op_expect((SELECT count(*) FROM done), 1)",
        vec![Box::new(tenant.0), Box::new(user.0)],
    )
}

impl Store {
    /// Whom a mail about recovery would go to.
    pub async fn recovery_account(&self, email_index: [u8; 16]) -> Result<Option<UserId>, StoreError> {
        let client = self.connection().await?;
        let row = client.query_one("SELECT struct.recovery_account($1)", &[&&email_index[..]]).await?;
        Ok(row.get::<_, Option<Uuid>>(0).map(Into::into))
    }

    /// Whose password a link sets, with their sealed address.
    pub async fn recovery_linked(
        &self,
        hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<(UserId, Vec<u8>)>, StoreError> {
        let client = self.connection().await?;
        let sql = "SELECT user_id, email_sealed FROM struct.recovery_linked($1, $2)";
        let row = client.query_opt(sql, &[&&hash[..], &now]).await?;
        Ok(row.map(|row| (row.get::<_, Uuid>(0).into(), row.get(1))))
    }
}
