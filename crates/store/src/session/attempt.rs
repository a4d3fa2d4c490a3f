//! Tries to sign in and requests for mail, counted in one statement each, so that many at once are all counted. Limits are
//! `domain::session::attempt`'s.

use crate::{Statement, Store, StoreError};
use domain::id::UserId;
use domain::session::attempt::{KNOWN_DEVICE_TRIES, NETWORK_TRIES, UNKNOWN_DEVICE_TRIES, WINDOW_MIN};
use jiff::Timestamp;
use uuid::Uuid;

/// Whose a try to sign in would be, and how it counts.
#[derive(Clone, Debug)]
pub struct TriedRow {
    /// The account of the address.
    pub user: Option<UserId>,
    /// The hash of its password; none when it is closed.
    pub password_phc: Option<String>,
    /// The device, when the account knows it.
    pub device: Option<Uuid>,
    /// What it was counted by.
    pub counted: Vec<Vec<u8>>,
    /// Tries of this window by the first of them, this one included.
    pub tries: i32,
    /// For how many seconds none is let through; 0 lets this one.
    pub wait_s: i32,
}

/// What a try to sign in is counted by.
#[derive(Clone, Debug)]
pub struct TryKeys {
    /// The blind index of the address.
    pub email_index: [u8; 16],
    /// Keyed hash of the address.
    pub address: [u8; 16],
    /// Keyed hash of the network.
    pub network: [u8; 16],
    /// Hashes of the browser's tokens.
    pub devices: Vec<Vec<u8>>,
}

/// Takes tries back that turned out to be the owner's.
pub fn refund(counted: Vec<Vec<u8>>) -> Statement {
    Statement::new("SELECT struct.attempt_refund($1)", vec![Box::new(counted)])
}

impl Store {
    /// Counts a try to sign in and finds the account of the address, if there is one.
    pub async fn signin_try(&self, keys: TryKeys, now: Timestamp) -> Result<TriedRow, StoreError> {
        let client = self.connection().await?;
        let sql = "SELECT user_id, password_phc, device_id, counted, tries, wait_s FROM struct.signin_try($1, $2, $3, $4, $5, $6, $7)";
        let statement = client.prepare_cached(sql).await?;
        let limits = vec![KNOWN_DEVICE_TRIES, UNKNOWN_DEVICE_TRIES, NETWORK_TRIES];
        let (index, address, network) = (&keys.email_index[..], &keys.address[..], &keys.network[..]);
        let window_s = WINDOW_MIN * 60;
        let row = client
            .query_one(&statement, &[&index, &address, &network, &keys.devices, &limits, &window_s, &now])
            .await?;
        Ok(TriedRow {
            user: row.get::<_, Option<Uuid>>(0).map(Into::into),
            password_phc: row.get(1),
            device: row.get(2),
            counted: row.get(3),
            tries: row.get(4),
            wait_s: row.get(5),
        })
    }

    /// Counts a try of another kind: for how many seconds none is let through; 0 lets this one.
    pub async fn attempt(&self, key: [u8; 16], limit: i32, window_min: i32, now: Timestamp) -> Result<i32, StoreError> {
        let client = self.connection().await?;
        let statement = client.prepare_cached("SELECT wait_s FROM struct.attempt_count($1, $2, $3, $4)").await?;
        let row = client.query_one(&statement, &[&&key[..], &limit, &(window_min * 60), &now]).await?;
        Ok(row.get(0))
    }

    /// Takes tries back outside a flight.
    pub async fn attempt_refund(&self, counted: &[Vec<u8>]) -> Result<(), StoreError> {
        let client = self.connection().await?;
        client.execute("SELECT struct.attempt_refund($1)", &[&counted]).await?;
        Ok(())
    }

    /// Forgets what nobody waits for any more.
    pub async fn identity_forget(&self, now: Timestamp) -> Result<(), StoreError> {
        let client = self.connection().await?;
        client.execute("SELECT struct.identity_forget($1)", &[&now]).await?;
        Ok(())
    }
}
