//! Changes of an account's address that wait for both addresses. Only hashes of their links come here.

use crate::{Flight, Head, Statement, Store, StoreError};
use domain::id::UserId;
use jiff::Timestamp;
use uuid::Uuid;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct NewReaddressing {
    /// Whose address.
    pub user: UserId,
    /// The new one's blind index.
    pub email_index: [u8; 16],
    /// The new one, sealed.
    pub email_sealed: Vec<u8>,
    /// The hash of the token mailed to the old address.
    pub old_hash: [u8; 32],
    /// The hash of the token mailed to the new address.
    pub new_hash: [u8; 32],
    /// Until when it waits.
    pub until: Timestamp,
}

/// The change that a link is about.
#[derive(Clone, Debug)]
pub struct ReaddressingRow {
    /// Whose address.
    pub user: UserId,
    /// The new one, sealed.
    pub email_sealed: Vec<u8>,
    /// Whether the link is the new address's.
    pub is_new: bool,
    /// Whether the other address has confirmed.
    pub other_done: bool,
}

/// Waits for both addresses; raises ST409 when the user is no member here.
pub fn add(new: NewReaddressing) -> Statement {
    Statement::new(
        "SELECT struct.op_expect(struct.readdressing_add($1, $2, $3, $4, $5, $6), 1)",
        vec![
            Box::new(new.user.0),
            Box::new(new.email_index.to_vec()),
            Box::new(new.email_sealed),
            Box::new(new.old_hash.to_vec()),
            Box::new(new.new_hash.to_vec()),
            Box::new(new.until),
        ],
    )
}

/// Confirms with one link; raises ST409 unless it is the last one needed exactly when `last` says so.
pub fn confirm(hash: [u8; 32], last: bool, now: Timestamp) -> Statement {
    Statement::new(
        "SELECT struct.op_expect(struct.readdressing_confirm($1, $2), $3)",
        vec![Box::new(hash.to_vec()), Box::new(now), Box::new(if last { 2_i64 } else { 1_i64 })],
    )
}

impl Store {
    /// A member's sealed address.
    pub async fn address_of(&self, head: Head, user: UserId) -> Result<Option<Vec<u8>>, StoreError> {
        let read = Statement::new(
            "SELECT email_sealed FROM struct.account_addresses(ARRAY[$1::uuid])",
            vec![Box::new(user.0)],
        );
        let rows = self.fly(Flight::read(head, vec![read])).await?.swap_remove(0);
        Ok(rows.first().map(|row| row.get(0)))
    }

    /// The change that a link is about, while it opens.
    pub async fn readdressing_linked(
        &self,
        hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<ReaddressingRow>, StoreError> {
        let client = self.connection().await?;
        let sql = "SELECT user_id, email_sealed, is_new, other_done FROM struct.readdressing_linked($1, $2)";
        let row = client.query_opt(sql, &[&&hash[..], &now]).await?;
        Ok(row.map(|row| ReaddressingRow {
            user: row.get::<_, Uuid>(0).into(),
            email_sealed: row.get(1),
            is_new: row.get(2),
            other_done: row.get(3),
        }))
    }
}
