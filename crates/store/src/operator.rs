//! Sessions on the operator's pages: statements that make a link (as the owner), open, read and end a session. Makes no
//! token and decides no right.

use crate::flight::{Flight, Statement};
use crate::ledger::{platform, platform_append};
use crate::{Check, Head, Store, StoreError};
use jiff::Timestamp;
use uuid::Uuid;

/// Ended and unused sessions are forgotten after so many days; what was done stands in the platform's log.
const KEPT_DAYS: i32 = 30;

/// An open session.
#[derive(Clone, Debug)]
pub struct OperatorSessionRow {
    /// Its id.
    pub session: Uuid,
    /// Who, sealed.
    pub name_sealed: Vec<u8>,
    /// Its absolute limit.
    pub until: Timestamp,
}

/// A leaf of the platform's log that says what was done: id and text.
pub type OperatorLeaf = (Uuid, Vec<u8>);

fn head() -> Head {
    Head { tenant: platform(), check: Check::Nothing }
}

impl Store {
    /// Keeps a link, as the owner; it opens a session until `link_until`.
    pub async fn operator_link(
        &self,
        session: Uuid,
        name_sealed: Vec<u8>,
        link_hash: [u8; 32],
        link_until: Timestamp,
        leaf: OperatorLeaf,
    ) -> Result<(), StoreError> {
        let forget = Statement::new(
            "DELETE FROM struct.operator_session WHERE tenant_id = $1
             AND link_until < now() - make_interval(days => $2) AND coalesce(until, link_until) < now()",
            vec![Box::new(platform().0), Box::new(KEPT_DAYS)],
        );
        let keep = Statement::new(
            "INSERT INTO struct.operator_session (tenant_id, session_id, name_sealed, link_hash, link_until)
             VALUES ($1, $2, $3, $4, $5)",
            vec![
                Box::new(platform().0),
                Box::new(session),
                Box::new(name_sealed),
                Box::new(link_hash.to_vec()),
                Box::new(link_until),
            ],
        );
        let statements = vec![forget, keep, platform_append(leaf.0, leaf.1)];
        self.fly(Flight::bookkeeping(head(), statements)).await.map(drop)
    }

    /// The session a link would open and the name it was made for, while it does.
    pub async fn operator_linked(
        &self,
        link_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<(Uuid, Vec<u8>)>, StoreError> {
        let read = Statement::new(
            "SELECT session_id, name_sealed FROM struct.operator_session
             WHERE tenant_id = $1 AND link_hash = $2 AND token_hash IS NULL AND ended_at IS NULL AND link_until > $3",
            vec![Box::new(platform().0), Box::new(link_hash.to_vec()), Box::new(now)],
        );
        let rows = self.fly(Flight::read(head(), vec![read])).await?.swap_remove(0);
        Ok(rows.first().map(|row| (row.get(0), row.get(1))))
    }

    /// Opens the session of a link, once; false when the link was used, is too old or never was.
    pub async fn operator_open(
        &self,
        link_hash: [u8; 32],
        token_hash: [u8; 32],
        now: Timestamp,
        until: Timestamp,
        leaf: OperatorLeaf,
    ) -> Result<bool, StoreError> {
        let open = Statement::new(
            "WITH opened AS (UPDATE struct.operator_session SET token_hash = $3, opened_at = $4, until = $5
                 WHERE tenant_id = $1 AND link_hash = $2 AND token_hash IS NULL AND ended_at IS NULL AND link_until > $4
                 RETURNING 1), entered AS (SELECT struct.platform_append($6, $7) FROM opened)
             SELECT count(*) FROM opened, (SELECT count(*) FROM entered) AS done",
            vec![
                Box::new(platform().0),
                Box::new(link_hash.to_vec()),
                Box::new(token_hash.to_vec()),
                Box::new(now),
                Box::new(until),
                Box::new(leaf.0),
                Box::new(leaf.1),
            ],
        );
        let rows = self.fly(Flight::bookkeeping(head(), vec![open])).await?.swap_remove(0);
        Ok(rows.first().is_some_and(|row| row.get::<_, i64>(0) == 1))
    }

    /// The open session of a token.
    pub async fn operator_session(
        &self,
        token_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<OperatorSessionRow>, StoreError> {
        let read = Statement::new(
            "SELECT session_id, name_sealed, until FROM struct.operator_session
             WHERE tenant_id = $1 AND token_hash = $2 AND ended_at IS NULL AND until > $3",
            vec![Box::new(platform().0), Box::new(token_hash.to_vec()), Box::new(now)],
        );
        let rows = self.fly(Flight::read(head(), vec![read])).await?.swap_remove(0);
        Ok(rows.first().map(|row| OperatorSessionRow {
            session: row.get(0),
            name_sealed: row.get(1),
            until: row.get(2),
        }))
    }

    /// Ends a session.
    pub async fn operator_end(&self, session: Uuid, now: Timestamp, leaf: OperatorLeaf) -> Result<(), StoreError> {
        let end = Statement::new(
            "UPDATE struct.operator_session SET ended_at = $3
             WHERE tenant_id = $1 AND session_id = $2 AND ended_at IS NULL",
            vec![Box::new(platform().0), Box::new(session), Box::new(now)],
        );
        self.fly(Flight::bookkeeping(head(), vec![end, platform_append(leaf.0, leaf.1)])).await.map(drop)
    }

    /// Enters an act of the operator that touches no tenant in the platform's log.
    pub async fn operator_enter(&self, leaf: OperatorLeaf) -> Result<(), StoreError> {
        self.fly(Flight::bookkeeping(head(), vec![platform_append(leaf.0, leaf.1)])).await.map(drop)
    }
}
