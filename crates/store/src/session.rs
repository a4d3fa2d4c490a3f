//! Sessions: rows of signed-in browsers. Only hashes of their tokens come here.

pub mod attempt;
pub mod device;

use crate::flight::{Check, Flight, Head};
use crate::{Statement, Store, StoreError};
use domain::id::{SessionId, TenantId, UserId};
use jiff::Timestamp;
use uuid::Uuid;

/// What a session token leads to.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// The session.
    pub session: SessionId,
    /// Whose.
    pub user: UserId,
    /// The absolute limit.
    pub expires_at: Timestamp,
    /// The tenant's name.
    pub tenant_name: String,
    /// The member's sealed display name.
    pub name_sealed: Vec<u8>,
}

/// A live session as its owner and administrators see it.
#[derive(Clone, Debug)]
pub struct ListedRow {
    /// The session.
    pub session: SessionId,
    /// When it began.
    pub started: Timestamp,
    /// When it was used last, to the minute.
    pub last_seen: Timestamp,
    /// From where, sealed; none for sessions of before.
    pub peer_sealed: Option<Vec<u8>>,
}

/// Opens a session that ends after so many hours. The database's clock says when, as it also checks it.
pub fn open(
    tenant: TenantId,
    session: SessionId,
    hash: [u8; 32],
    user: UserId,
    hours: i32,
    peer_sealed: Vec<u8>,
) -> Statement {
    Statement::new(
        "INSERT INTO struct.session (tenant_id, session_id, token_hash, user_id, expires_at, peer_sealed)
         VALUES ($1, $2, $3, $4, now() + make_interval(hours => $5), $6)",
        vec![
            Box::new(tenant.0),
            Box::new(session.0),
            Box::new(hash.to_vec()),
            Box::new(user.0),
            Box::new(hours),
            Box::new(peer_sealed),
        ],
    )
}

/// Ends one session of a user; raises ST409 when there is no such live one.
pub fn revoke(tenant: TenantId, user: UserId, session: SessionId) -> Statement {
    Statement::new(
        "WITH done AS (UPDATE struct.session SET ended_at = now()
             WHERE tenant_id = $1 AND user_id = $2 AND session_id = $3 AND ended_at IS NULL RETURNING 1)
         SELECT struct.op_expect((SELECT count(*) FROM done), 1)",
        vec![Box::new(tenant.0), Box::new(user.0), Box::new(session.0)],
    )
}

/// Ends all sessions of a user in this tenant but one.
pub fn end_others(tenant: TenantId, user: UserId, kept: SessionId) -> Statement {
    Statement::new(
        "UPDATE struct.session SET ended_at = now()
         WHERE tenant_id = $1 AND user_id = $2 AND session_id <> $3 AND ended_at IS NULL",
        vec![Box::new(tenant.0), Box::new(user.0), Box::new(kept.0)],
    )
}

/// Ends a session.
pub fn end(tenant: TenantId, session: SessionId) -> Statement {
    Statement::new(
        "UPDATE struct.session SET ended_at = now() WHERE tenant_id = $1 AND session_id = $2 AND ended_at IS NULL",
        vec![Box::new(tenant.0), Box::new(session.0)],
    )
}

/// Ends all sessions of a user in this tenant.
pub fn end_all(tenant: TenantId, user: UserId) -> Statement {
    Statement::new(
        "UPDATE struct.session SET ended_at = now() WHERE tenant_id = $1 AND user_id = $2 AND ended_at IS NULL",
        vec![Box::new(tenant.0), Box::new(user.0)],
    )
}

impl Store {
    /// The live session of a token's hash.
    pub async fn session(&self, tenant: TenantId, hash: [u8; 32]) -> Result<Option<SessionRow>, StoreError> {
        let idle = i32::try_from(domain::session::IDLE_LIMIT_MIN).unwrap_or(i32::MAX);
        let read = Statement::new(
            "SELECT s.session_id, s.user_id, s.expires_at, t.name, m.name_sealed
             FROM struct.session s
             JOIN struct.tenant t ON t.tenant_id = s.tenant_id
             JOIN struct.member m ON m.tenant_id = s.tenant_id AND m.user_id = s.user_id
             WHERE s.tenant_id = $1 AND s.token_hash = $2 AND s.ended_at IS NULL AND s.expires_at > now()
               AND s.last_seen_at > now() - make_interval(mins => $3)",
            vec![Box::new(tenant.0), Box::new(hash.to_vec()), Box::new(idle)],
        );
        let head = Head { tenant, check: Check::Nothing };
        let rows = self.fly(Flight::read(head, vec![read])).await?.swap_remove(0);
        Ok(rows.first().map(|row| SessionRow {
            session: row.get::<_, Uuid>(0).into(),
            user: row.get::<_, Uuid>(1).into(),
            expires_at: row.get(2),
            tenant_name: row.get(3),
            name_sealed: row.get(4),
        }))
    }

    /// Notes that a session is in use; false when it is over, which no use revives. Called at most once a minute a
    /// session: reads stay reads.
    pub async fn session_seen(
        &self,
        tenant: TenantId,
        session: SessionId,
        peer_sealed: Option<Vec<u8>>,
    ) -> Result<bool, StoreError> {
        let idle = i32::try_from(domain::session::IDLE_LIMIT_MIN).unwrap_or(i32::MAX);
        let seen = Statement::new(
            "UPDATE struct.session SET last_seen_at = now(), peer_sealed = coalesce($4, peer_sealed)
             WHERE tenant_id = $1 AND session_id = $2 AND ended_at IS NULL AND expires_at > now()
               AND last_seen_at > now() - make_interval(mins => $3) RETURNING 1",
            vec![Box::new(tenant.0), Box::new(session.0), Box::new(idle), Box::new(peer_sealed)],
        );
        let head = Head { tenant, check: Check::Nothing };
        let rows = self.fly(Flight::bookkeeping(head, vec![seen])).await?.swap_remove(0);
        Ok(!rows.is_empty())
    }

    /// The live sessions of a user in a tenant, newest use first; as many as `limit`.
    pub async fn sessions_of(&self, head: Head, user: UserId, limit: i64) -> Result<Vec<ListedRow>, StoreError> {
        let idle = i32::try_from(domain::session::IDLE_LIMIT_MIN).unwrap_or(i32::MAX);
        let read = Statement::new(
            "SELECT session_id, created_at, last_seen_at, peer_sealed FROM struct.session
             WHERE tenant_id = $1 AND user_id = $2 AND ended_at IS NULL AND expires_at > now()
               AND last_seen_at > now() - make_interval(mins => $3)
             ORDER BY last_seen_at DESC, session_id DESC LIMIT $4",
            vec![Box::new(head.tenant.0), Box::new(user.0), Box::new(idle), Box::new(limit)],
        );
        let rows = self.fly(Flight::read(head, vec![read])).await?.swap_remove(0);
        Ok(rows
            .iter()
            .map(|row| ListedRow {
                session: row.get::<_, Uuid>(0).into(),
                started: row.get(1),
                last_seen: row.get(2),
                peer_sealed: row.get(3),
            })
            .collect())
    }
}
