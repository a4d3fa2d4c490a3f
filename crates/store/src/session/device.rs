//! Devices that accounts know, and who has still to be told of one. Only hashes of their tokens come here.

use crate::flight::Param;
use crate::{Statement, Store, StoreError};
use domain::id::UserId;
use domain::session::device::MAX_KNOWN;
use jiff::Timestamp;
use uuid::Uuid;

/// A device to be known.
#[derive(Clone, Debug)]
pub struct NewDevice {
    /// Its id.
    pub device: Uuid,
    /// Whose.
    pub user: UserId,
    /// The hash of its token.
    pub hash: [u8; 32],
    /// When, with what and from where, sealed.
    pub described_sealed: Vec<u8>,
    /// Whether its owner is told by mail.
    pub tell: bool,
    /// Now.
    pub now: Timestamp,
    /// How long it stays known without being used.
    pub until: Timestamp,
}

/// A device whose owner is to be told.
#[derive(Clone, Debug)]
pub struct UntoldRow {
    /// The device.
    pub device: Uuid,
    /// Its sealed description.
    pub described_sealed: Vec<u8>,
    /// Whose.
    pub user: UserId,
    /// The owner's sealed address.
    pub email_sealed: Vec<u8>,
}

/// The device of a mailed link.
#[derive(Clone, Debug)]
pub struct LinkedRow {
    /// The device.
    pub device: Uuid,
    /// Its sealed description.
    pub described_sealed: Vec<u8>,
    /// Whose.
    pub user: UserId,
}

/// Knows a device from now on.
pub fn add(new: NewDevice) -> Statement {
    let params: Vec<Param> = vec![
        Box::new(new.user.0),
        Box::new(new.device),
        Box::new(new.hash.to_vec()),
        Box::new(new.described_sealed),
        Box::new(new.tell),
        Box::new(new.now),
        Box::new(new.until),
        Box::new(MAX_KNOWN),
    ];
    Statement::new("SELECT struct.device_add($1, $2, $3, $4, $5, $6, $7, $8)", params)
}

/// Keeps a device known, and lets its tries begin anew.
pub fn used(device: Uuid, until: Timestamp) -> Statement {
    Statement::new("SELECT struct.device_used($1, $2)", vec![Box::new(device), Box::new(until)])
}

/// Closes the account whose device it was; raises ST409 when the link is spent.
pub fn disown(link: [u8; 32], now: Timestamp) -> Statement {
    Statement::new(
        "SELECT struct.op_expect(struct.device_disown($1, $2), 1)",
        vec![Box::new(link.to_vec()), Box::new(now)],
    )
}

impl Store {
    /// Takes devices to be told of, for so many seconds.
    pub async fn device_claim(&self, lease_s: i32, limit: i32, now: Timestamp) -> Result<Vec<UntoldRow>, StoreError> {
        let client = self.connection().await?;
        let sql = "SELECT user_id, device_id, described_sealed, email_sealed FROM struct.device_claim($1, $2, $3)";
        let statement = client.prepare_cached(sql).await?;
        let rows = client.query(&statement, &[&lease_s, &limit, &now]).await?;
        Ok(rows
            .iter()
            .map(|row| UntoldRow {
                user: row.get::<_, Uuid>(0).into(),
                device: row.get(1),
                described_sealed: row.get(2),
                email_sealed: row.get(3),
            })
            .collect())
    }

    /// Keeps the link that is about to be mailed; false when the device is known no more.
    pub async fn device_link(&self, device: Uuid, hash: [u8; 32], until: Timestamp) -> Result<bool, StoreError> {
        let client = self.connection().await?;
        let row = client.query_one("SELECT struct.device_link($1, $2, $3)", &[&device, &&hash[..], &until]).await?;
        Ok(row.get(0))
    }

    /// The owner has been told.
    pub async fn device_told(&self, device: Uuid, now: Timestamp) -> Result<(), StoreError> {
        let client = self.connection().await?;
        client.execute("SELECT struct.device_told($1, $2)", &[&device, &now]).await?;
        Ok(())
    }

    /// The device of a mailed link, while it opens.
    pub async fn device_linked(&self, link: [u8; 32], now: Timestamp) -> Result<Option<LinkedRow>, StoreError> {
        let client = self.connection().await?;
        let sql = "SELECT user_id, device_id, described_sealed FROM struct.device_linked($1, $2)";
        let row = client.query_opt(sql, &[&&link[..], &now]).await?;
        Ok(row.map(|row| LinkedRow {
            user: row.get::<_, Uuid>(0).into(),
            device: row.get(1),
            described_sealed: row.get(2),
        }))
    }
}
