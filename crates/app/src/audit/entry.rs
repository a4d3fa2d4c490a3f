//! One entry with all it holds and what else its request did, for administrators. Proves nothing: certificates are `proof`'s.

use super::EntryView;
use crate::op::{Caller, on_fresh_rights};
use crate::{App, Error};
use domain::audit::{Detail, Outcome, Target, Verb};
use domain::id::EntryId;
use store::audit::EntryFilter;

/// Entries of the same request shown beside one at most; an import has thousands.
pub const SAME_REQUEST_MAX: usize = 50;

/// An entry's page.
#[derive(Clone, Debug)]
pub struct EntryDetail {
    /// The entry.
    pub entry: EntryView,
    /// Its place in the log; none while it waits for it.
    pub position: Option<u64>,
    /// The others of its request, newest first.
    pub others: Vec<EntryView>,
    /// Whether the request has more of them.
    pub more: bool,
}

impl App {
    /// One entry of the tenant's log, for administrators. Reading it is entered; so is asking for one that is not there.
    pub async fn audit_entry(&self, caller: &Caller, id: EntryId) -> Result<EntryDetail, Error> {
        on_fresh_rights!(self, caller.tenant, self.audit_entry_once(caller, id))
    }

    async fn audit_entry_once(&self, caller: &Caller, id: EntryId) -> Result<EntryDetail, Error> {
        let (head, snapshot) = self.administrator(caller, "audit").await?;
        let Some((stored, position)) = self.store.entry(head, id).await? else {
            return Err(self.nothing_there(caller, head, format!("entry {id}")).await);
        };
        let detail = Detail { note: Some(format!("entry={id}")), ..Detail::default() };
        let reading = self.entry_of(caller, Verb::AuditViewed, Outcome::Done, Target::default(), detail)?;
        let same = EntryFilter {
            request: Some(stored.read.entry.request),
            heartbeats: true,
            limit: SAME_REQUEST_MAX + 2,
            ..EntryFilter::default()
        };
        let mut all = self.store.entries(head, &same, Some(&reading)).await?.entries;
        all.retain(|other| other.read.entry.id != id);
        let more = all.len() > SAME_REQUEST_MAX;
        all.truncate(SAME_REQUEST_MAX);
        all.insert(0, stored);
        let mut opener = self.opener(caller, &snapshot);
        let mut others = self.views(caller, head, &mut opener, all).await?;
        let entry = others.remove(0);
        Ok(EntryDetail { entry, position, others, more })
    }
}
