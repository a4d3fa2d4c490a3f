//! Activity: a member's own trail. The same entries as `audit`, seen by the person they are about.

use crate::audit::{EntryPage, PAGE};
use crate::op::{Caller, head, on_fresh_rights};
use crate::{App, Error};
use domain::audit::Actor;
use store::audit::EntryFilter;

impl App {
    /// The caller's own trail, newest first: what they did, and what happened to their account.
    pub async fn activity(&self, caller: &Caller, cursor: Option<&str>) -> Result<EntryPage, Error> {
        on_fresh_rights!(self, caller.tenant, self.own(caller, cursor))
    }

    async fn own(&self, caller: &Caller, cursor: Option<&str>) -> Result<EntryPage, Error> {
        let snapshot = self.snapshot(caller.tenant).await?;
        let filter =
            EntryFilter { user: Some(caller.user), or_subject: true, limit: PAGE + 1, ..EntryFilter::default() };
        let mut page = self.entry_page(caller, head(caller, &snapshot), &snapshot, filter, cursor, None).await?;
        for entry in &mut page.entries {
            // Where a colleague sat who changed this person's rights is not this person's to know.
            if matches!(entry.actor, Actor::User(user) if user != caller.user) {
                entry.detail.address = None;
                entry.detail.device = None;
            }
        }
        Ok(page)
    }
}
