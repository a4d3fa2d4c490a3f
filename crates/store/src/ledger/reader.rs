//! Readers of a log from outside: their tokens, and the addresses that get its checkpoints. Opens and judges nothing: whether
//! a token is still good is told by the row.

use super::head;
use crate::flight::Row;
use crate::{Check, Flight, Head, Statement, Store, StoreError};
use domain::id::{SubscriberId, TenantId, TokenId, UserId};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

/// A token as stored.
#[derive(Clone, Debug)]
pub struct TokenRow {
    /// Its id.
    pub id: TokenId,
    /// What the administrator called it.
    pub name: String,
    /// Who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// The last day whose first use stands in the log.
    pub entered_on: Option<Date>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// An address that gets checkpoints, as stored.
#[derive(Clone, Debug)]
pub struct SubscriberRow {
    /// Its id.
    pub id: SubscriberId,
    /// The address, sealed.
    pub email_sealed: Vec<u8>,
    /// `ja` or `en`.
    pub locale: String,
    /// The last day a mail was taken on.
    pub sent_on: Option<Date>,
}

const TOKEN: &str = "SELECT token_id, name, created_by, created_at, expires_at, last_used_at, entered_on, revoked_at
    FROM struct.log_token WHERE tenant_id = $1";
const SUBSCRIBER: &str =
    "SELECT subscriber_id, email_sealed, locale, sent_on FROM struct.log_subscriber WHERE tenant_id = $1";

/// Makes a token; raises ST409 when there are `at_most` that still work.
pub fn token_add(tenant: TenantId, row: &TokenRow, hash: [u8; 32], at_most: i64) -> Statement {
    Statement::new(
        "WITH done AS (INSERT INTO struct.log_token (tenant_id, token_id, name, token_hash, created_by, created_at, expires_at)
             SELECT $1, $2, $3, $4, $5, $6, $7 WHERE (SELECT count(*) FROM struct.log_token
                 WHERE tenant_id = $1 AND revoked_at IS NULL AND expires_at > $6) < $8 RETURNING 1)
         SELECT struct.op_expect((SELECT count(*) FROM done), 1)",
        vec![
            Box::new(tenant.0),
            Box::new(row.id.0),
            Box::new(row.name.clone()),
            Box::new(hash.to_vec()),
            Box::new(row.created_by.0),
            Box::new(row.created_at),
            Box::new(row.expires_at),
            Box::new(at_most),
        ],
    )
}

/// Revokes a token; raises ST409 when it was revoked already.
pub fn token_revoke(tenant: TenantId, token: TokenId, at: Timestamp) -> Statement {
    Statement::new(
        "WITH done AS (UPDATE struct.log_token SET revoked_at = $3
             WHERE tenant_id = $1 AND token_id = $2 AND revoked_at IS NULL RETURNING 1)
         SELECT struct.op_expect((SELECT count(*) FROM done), 1)",
        vec![Box::new(tenant.0), Box::new(token.0), Box::new(at)],
    )
}

/// Notes that a token's first use of a day is entered; raises ST409 when it is already.
pub fn token_entered(tenant: TenantId, token: TokenId, day: Date, at: Timestamp) -> Statement {
    Statement::new(
        "WITH done AS (UPDATE struct.log_token SET entered_on = $3, last_used_at = $4
             WHERE tenant_id = $1 AND token_id = $2 AND entered_on IS DISTINCT FROM $3 RETURNING 1)
         SELECT struct.op_expect((SELECT count(*) FROM done), 1)",
        vec![Box::new(tenant.0), Box::new(token.0), Box::new(day), Box::new(at)],
    )
}

/// Adds an address; raises ST409 when there are `at_most`.
pub fn subscriber_add(tenant: TenantId, row: &SubscriberRow, by: UserId, at: Timestamp, at_most: i64) -> Statement {
    Statement::new(
        "WITH done AS (INSERT INTO struct.log_subscriber (tenant_id, subscriber_id, email_sealed, locale, created_by, created_at)
             SELECT $1, $2, $3, $4, $5, $6
             WHERE (SELECT count(*) FROM struct.log_subscriber WHERE tenant_id = $1) < $7 RETURNING 1)
         SELECT struct.op_expect((SELECT count(*) FROM done), 1)",
        vec![
            Box::new(tenant.0),
            Box::new(row.id.0),
            Box::new(row.email_sealed.clone()),
            Box::new(row.locale.clone()),
            Box::new(by.0),
            Box::new(at),
            Box::new(at_most),
        ],
    )
}

/// Removes an address; raises ST409 when it is gone already.
pub fn subscriber_remove(tenant: TenantId, subscriber: SubscriberId) -> Statement {
    Statement::new(
        "WITH done AS (DELETE FROM struct.log_subscriber WHERE tenant_id = $1 AND subscriber_id = $2 RETURNING 1)
         SELECT struct.op_expect((SELECT count(*) FROM done), 1)",
        vec![Box::new(tenant.0), Box::new(subscriber.0)],
    )
}

impl Store {
    /// The token of a hash, in this tenant.
    pub async fn log_token(&self, tenant: TenantId, hash: [u8; 32]) -> Result<Option<TokenRow>, StoreError> {
        let find =
            Statement::new(format!("{TOKEN} AND token_hash = $2"), vec![Box::new(tenant.0), Box::new(hash.to_vec())]);
        let rows = self.fly(Flight::read(head(tenant), vec![find])).await?.swap_remove(0);
        Ok(rows.first().map(token_row))
    }

    /// The newest tokens of a tenant.
    pub async fn log_tokens(&self, asker: Head, at_most: i64) -> Result<Vec<TokenRow>, StoreError> {
        let sql = format!("{TOKEN} ORDER BY token_id DESC LIMIT $2");
        let list = Statement::new(sql, vec![Box::new(asker.tenant.0), Box::new(at_most)]);
        let rows = self.fly(Flight::read(asker, vec![list])).await?.swap_remove(0);
        Ok(rows.iter().map(token_row).collect())
    }

    /// One token.
    pub async fn log_token_of(&self, asker: Head, token: TokenId) -> Result<Option<TokenRow>, StoreError> {
        let find =
            Statement::new(format!("{TOKEN} AND token_id = $2"), vec![Box::new(asker.tenant.0), Box::new(token.0)]);
        let rows = self.fly(Flight::read(asker, vec![find])).await?.swap_remove(0);
        Ok(rows.first().map(token_row))
    }

    /// Notes when a token was last used.
    pub async fn log_token_used(&self, tenant: TenantId, token: TokenId, at: Timestamp) -> Result<(), StoreError> {
        let note = Statement::new(
            "UPDATE struct.log_token SET last_used_at = $3 WHERE tenant_id = $1 AND token_id = $2",
            vec![Box::new(tenant.0), Box::new(token.0), Box::new(at)],
        );
        self.fly(Flight::bookkeeping(head(tenant), vec![note])).await.map(drop)
    }

    /// The addresses of a tenant, oldest first.
    pub async fn log_subscribers(&self, asker: Head) -> Result<Vec<SubscriberRow>, StoreError> {
        let list = Statement::new(format!("{SUBSCRIBER} ORDER BY subscriber_id"), vec![Box::new(asker.tenant.0)]);
        let rows = self.fly(Flight::read(asker, vec![list])).await?.swap_remove(0);
        Ok(rows.iter().map(subscriber_row).collect())
    }

    /// Tenants in which somebody has not had the day's mail.
    pub async fn log_mail_due(&self, day: Date, at_most: i32) -> Result<Vec<TenantId>, StoreError> {
        let client = self.connection().await?;
        let statement = client.prepare_cached("SELECT struct.log_mail_due($1, $2)").await?;
        let rows = client.query(&statement, &[&day, &at_most]).await?;
        Ok(rows.iter().map(|row| row.get::<_, Uuid>(0).into()).collect())
    }

    /// Takes the day's mails of a tenant: what this returns, no other server will send.
    pub async fn log_mail_take(&self, tenant: TenantId, day: Date) -> Result<Vec<SubscriberRow>, StoreError> {
        let take = Statement::new(
            "UPDATE struct.log_subscriber SET sent_on = $2 WHERE tenant_id = $1 AND (sent_on IS NULL OR sent_on < $2)
             RETURNING subscriber_id, email_sealed, locale, sent_on",
            vec![Box::new(tenant.0), Box::new(day)],
        );
        let rows = self.fly(Flight::bookkeeping(head(tenant), vec![take])).await?.swap_remove(0);
        Ok(rows.iter().map(subscriber_row).collect())
    }

    /// Gives a mail that could not be sent back, to be tried again.
    pub async fn log_mail_give_back(&self, tenant: TenantId, subscriber: SubscriberId) -> Result<(), StoreError> {
        let give = Statement::new(
            "UPDATE struct.log_subscriber SET sent_on = NULL WHERE tenant_id = $1 AND subscriber_id = $2",
            vec![Box::new(tenant.0), Box::new(subscriber.0)],
        );
        self.fly(Flight::bookkeeping(Head { tenant, check: Check::Nothing }, vec![give])).await.map(drop)
    }
}

fn token_row(row: &Row) -> TokenRow {
    TokenRow {
        id: row.get::<_, Uuid>(0).into(),
        name: row.get(1),
        created_by: row.get::<_, Uuid>(2).into(),
        created_at: row.get(3),
        expires_at: row.get(4),
        last_used_at: row.get(5),
        entered_on: row.get(6),
        revoked_at: row.get(7),
    }
}

fn subscriber_row(row: &Row) -> SubscriberRow {
    SubscriberRow {
        id: row.get::<_, Uuid>(0).into(),
        email_sealed: row.get(1),
        locale: row.get(2),
        sent_on: row.get(3),
    }
}
