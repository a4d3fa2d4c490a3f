//! The live sessions of a person: looked at and ended by themselves, or by an administrator. Opening one is `session`'s.

use super::Seen;
use crate::error::Refusal;
use crate::op::{Caller, head, on_fresh_rights};
use crate::{App, Error};
use domain::audit::{Detail, Outcome, Target, Verb};
use domain::id::{SessionId, TenantId, UserId};
use jiff::Timestamp;
use store::session::ListedRow;
use store::{Flight, Head, Statement, StoreError};

/// Sessions of one person shown at most, those used last first.
pub const MAX_SHOWN: i64 = 100;

/// A live session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionView {
    /// The session.
    pub session: SessionId,
    /// Whether it is the one that asks.
    pub own: bool,
    /// When it began.
    pub started: Timestamp,
    /// When it was used last, to the minute.
    pub last_seen: Timestamp,
    /// The browser's own description; empty when it gave none.
    pub device: String,
    /// The network address it was used from last.
    pub address: Option<String>,
}

/// Which of a person's sessions are to end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// One.
    One(SessionId),
    /// All; one's own, all but the one that asks.
    All,
}

impl App {
    /// The caller's own live sessions in this tenant.
    pub async fn own_sessions(&self, caller: &Caller) -> Result<Vec<SessionView>, Error> {
        on_fresh_rights!(self, caller.tenant, async {
            let snapshot = self.snapshot(caller.tenant).await?;
            self.listed(caller, head(caller, &snapshot), caller.user).await
        })
    }

    /// A member's live sessions, for administrators.
    pub async fn sessions_of(&self, caller: &Caller, user: UserId) -> Result<Vec<SessionView>, Error> {
        on_fresh_rights!(self, caller.tenant, async {
            let (head, _) = self.administrator(caller, "users").await?;
            self.listed(caller, head, user).await
        })
    }

    /// Ends sessions of the caller's own.
    pub async fn end_own_sessions(&self, caller: &Caller, ending: Ending) -> Result<(), Error> {
        on_fresh_rights!(self, caller.tenant, async {
            let snapshot = self.snapshot(caller.tenant).await?;
            let statement = match ending {
                Ending::One(session) => store::session::revoke(caller.tenant, caller.user, session),
                Ending::All => store::session::end_others(caller.tenant, caller.user, caller.session),
            };
            self.end_sessions(caller, head(caller, &snapshot), caller.user, statement, ending).await
        })
    }

    /// Ends sessions of a member, as an administrator.
    pub async fn end_sessions_of(&self, caller: &Caller, user: UserId, ending: Ending) -> Result<(), Error> {
        on_fresh_rights!(self, caller.tenant, async {
            let (head, snapshot) = self.administrator(caller, "users").await?;
            if !snapshot.members.contains_key(&user) {
                return Err(self.nothing_there(caller, head, format!("user {user}")).await);
            }
            let statement = match ending {
                Ending::One(session) => store::session::revoke(caller.tenant, user, session),
                Ending::All => store::session::end_all(caller.tenant, user),
            };
            self.end_sessions(caller, head, user, statement, ending).await
        })
    }

    async fn end_sessions(
        &self,
        caller: &Caller,
        head: Head,
        user: UserId,
        statement: Statement,
        ending: Ending,
    ) -> Result<(), Error> {
        let note = match ending {
            Ending::One(_) => "one",
            Ending::All => "all",
        };
        let detail = Detail { note: Some(note.to_owned()), ..Detail::default() };
        let target = Target { user: Some(user), ..Target::default() };
        let entry = self.entry_of(caller, Verb::SessionRevoked, Outcome::Done, target, detail)?;
        match self.store.fly(Flight::write(head, vec![statement], &[entry])).await {
            Err(StoreError::Unexpected) => Err(Error::Refused(Refusal::NoSession)),
            done => done.map(drop).map_err(Error::from),
        }
    }

    async fn listed(&self, caller: &Caller, head: Head, user: UserId) -> Result<Vec<SessionView>, Error> {
        let rows = self.store.sessions_of(head, user, MAX_SHOWN).await?;
        Ok(rows.into_iter().map(|row| self.session_view(caller, row)).collect())
    }

    fn session_view(&self, caller: &Caller, row: ListedRow) -> SessionView {
        let seen =
            row.peer_sealed.and_then(|sealed| self.seen_from(caller.tenant, row.session, &sealed)).unwrap_or_default();
        SessionView {
            session: row.session,
            own: row.session == caller.session,
            started: row.started,
            last_seen: row.last_seen,
            device: seen.device,
            address: seen.address,
        }
    }

    /// From where a session was used; none when it does not open: the list must not fail for it.
    fn seen_from(&self, tenant: TenantId, session: SessionId, sealed: &[u8]) -> Option<Seen> {
        let opened = self.keys.tenant(tenant).ok()?.directory.open(&super::session_place(tenant, session), sealed).ok();
        let seen = opened.and_then(|opened| serde_json::from_slice(&opened).ok());
        if seen.is_none() {
            tracing::error!("where a session was used does not open");
        }
        seen
    }
}
