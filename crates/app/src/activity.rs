//! Activity: a member's own trail. The same entries as `audit`, seen by the person they are about.

use crate::audit::{EntryPage, PAGE};
use crate::op::{Caller, head, on_fresh_rights};
use crate::{App, Error};
use domain::access::Snapshot;
use domain::audit::Actor;
use domain::screen::ScreenKind;
use store::audit::EntryFilter;

impl App {
    /// The caller's own trail, newest first: what they did, and what happened to their account. An import stands there
    /// with its start, its end and its count; each of its records has an entry all the same, which the audit log shows.
    pub async fn activity(&self, caller: &Caller, cursor: Option<&str>) -> Result<EntryPage, Error> {
        on_fresh_rights!(self, caller.tenant, self.own(caller, cursor))
    }

    async fn own(&self, caller: &Caller, cursor: Option<&str>) -> Result<EntryPage, Error> {
        let snapshot = self.snapshot(caller.tenant).await?;
        let filter = EntryFilter {
            user: Some(caller.user),
            or_subject: true,
            folded: import_screens(&snapshot),
            limit: PAGE + 1,
            ..EntryFilter::default()
        };
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

/// Import screens as `service/screen`: twenty thousand lines of one act would bury everything else a person did.
fn import_screens(snapshot: &Snapshot) -> Vec<String> {
    let services = snapshot.services.values().map(|contracted| &contracted.service);
    services
        .flat_map(|service| service.screens.iter().map(move |screen| (service, screen)))
        .filter(|(_, screen)| screen.kind == ScreenKind::Import)
        .map(|(service, screen)| format!("{}/{}", service.name, screen.name))
        .collect()
}
