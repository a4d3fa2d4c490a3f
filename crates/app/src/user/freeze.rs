//! Members whose account somebody else had: they extract nothing and change nobody's rights until an administrator lifts it. What
//! freezes them is `session::device`.

use crate::error::Refusal;
use crate::op::{Caller, on_fresh_rights};
use crate::{App, Error};
use domain::access::Snapshot;
use domain::audit::{Detail, Outcome, Target, Verb};
use domain::id::UserId;
use std::sync::Arc;
use store::{Flight, Head, StoreError};

/// What the entry of a refused act says.
pub const FROZEN: &str = "frozen";

impl App {
    /// As `administrator`, for acts that a frozen one may not do: change rights, take out, let others take out.
    pub(crate) async fn unfrozen_administrator(
        &self,
        caller: &Caller,
        page: &str,
    ) -> Result<(Head, Arc<Snapshot>), Error> {
        let (head, snapshot) = self.administrator(caller, page).await?;
        self.refuse_frozen(caller, head, &snapshot).await?;
        Ok((head, snapshot))
    }

    /// Lets nobody extract or change rights as a frozen member; it is entered.
    pub(crate) async fn refuse_frozen(&self, caller: &Caller, head: Head, snapshot: &Snapshot) -> Result<(), Error> {
        if !snapshot.members.get(&caller.user).is_some_and(|member| member.frozen) {
            return Ok(());
        }
        let detail = Detail { note: Some(FROZEN.to_owned()), ..Default::default() };
        let entry = self.entry_of(caller, Verb::AccessDenied, Outcome::Denied, Default::default(), detail)?;
        self.store.enter(head, &[entry]).await?;
        Err(Error::Refused(Refusal::Frozen))
    }

    /// Lets a frozen member extract and change rights again. Nobody does that for themselves while there is another
    /// administrator.
    pub async fn unfreeze(&self, caller: &Caller, user: UserId) -> Result<(), Error> {
        on_fresh_rights!(self, caller.tenant, self.unfreeze_once(caller, user))
    }

    async fn unfreeze_once(&self, caller: &Caller, user: UserId) -> Result<(), Error> {
        let (head, snapshot) = self.administrator(caller, "users").await?;
        let Some(member) = snapshot.members.get(&user) else {
            return Err(self.nothing_there(caller, head, format!("user {user}")).await);
        };
        let alone = !snapshot.administrators().any(|other| other != caller.user && !snapshot.members[&other].frozen);
        if snapshot.members.get(&caller.user).is_some_and(|own| own.frozen) && !(user == caller.user && alone) {
            return Err(Error::Refused(Refusal::OwnFreeze));
        }
        if !member.frozen {
            return Ok(());
        }
        let target = Target { user: Some(user), ..Default::default() };
        let entry = self.entry_of(caller, Verb::UserUnfrozen, Outcome::Done, target, Default::default())?;
        let statements = vec![store::user::recovery::unfreeze(caller.tenant, user), store::access::rights_changed()];
        match self.store.fly(Flight::write(head, statements, &[entry])).await {
            // Another administrator was quicker.
            Err(StoreError::Unexpected) => Ok(()),
            done => done.map(drop).map_err(Error::from),
        }
    }
}
