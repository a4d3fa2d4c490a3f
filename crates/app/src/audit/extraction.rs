//! Entries out as a file: the log for its administrators, one's own trail for anybody. The entry that says so has committed
//! before the first line leaves. How a line is written is the pages'.

use super::opening::is_about;
use super::{AuditFilter, EntryView, said, wanted};
use crate::activity::ActivityFilter;
use crate::extraction::Format;
use crate::op::{Caller, head, on_fresh_rights};
use crate::{App, Error};
use domain::access::Snapshot;
use domain::audit::{Detail, Outcome, Target, Verb};
use domain::id::UserId;
use futures_util::stream::{BoxStream, StreamExt};
use std::sync::Arc;
use store::Head;
use store::audit::EntryFilter;

/// Entries on their way out, oldest first. An error ends the stream short.
pub type EntryStream = BoxStream<'static, Result<EntryView, Error>>;

impl App {
    /// Takes what the filter wants of the tenant's log out, for administrators.
    pub async fn audit_extract(
        &self,
        caller: &Caller,
        filter: AuditFilter,
        format: Format,
    ) -> Result<EntryStream, Error> {
        on_fresh_rights!(self, caller.tenant, self.audit_extract_once(caller, &filter, format))
    }

    async fn audit_extract_once(
        &self,
        caller: &Caller,
        filter: &AuditFilter,
        format: Format,
    ) -> Result<EntryStream, Error> {
        let (head, snapshot) = self.unfrozen_administrator(caller, "audit").await?;
        let wanted = wanted(filter)?;
        let mut words = vec![format!("format={}", format.code())];
        words.extend(said(filter));
        let entry = self.reading(caller, filter, Verb::AuditExtracted, words)?;
        self.store.enter(head, &[entry]).await?;
        self.entry_stream(caller, head, &snapshot, wanted, filter.field.clone()).await
    }

    /// Takes the caller's own trail out.
    pub async fn activity_extract(
        &self,
        caller: &Caller,
        filter: ActivityFilter,
        format: Format,
    ) -> Result<EntryStream, Error> {
        on_fresh_rights!(self, caller.tenant, async {
            let snapshot = self.snapshot(caller.tenant).await?;
            self.refuse_frozen(caller, head(caller, &snapshot), &snapshot).await?;
            let note = Some(format!("format={}", format.code()));
            let target = Target { user: Some(caller.user), ..Target::default() };
            let detail = Detail { note, ..Detail::default() };
            let entry = self.entry_of(caller, Verb::ActivityExtracted, Outcome::Done, target, detail)?;
            self.store.enter(head(caller, &snapshot), &[entry]).await?;
            let wanted = self.own_filter(caller, &snapshot, &filter);
            let me = caller.user;
            let stream = self.entry_stream(caller, head(caller, &snapshot), &snapshot, wanted, None).await?;
            Ok(stream.map(move |entry| entry.map(|entry| crate::activity::discreet(entry, me))).boxed())
        })
    }

    async fn entry_stream(
        &self,
        caller: &Caller,
        head: Head,
        snapshot: &Arc<Snapshot>,
        wanted: EntryFilter,
        field: Option<String>,
    ) -> Result<EntryStream, Error> {
        let users: Vec<UserId> = snapshot.members.keys().copied().collect();
        let names = self.named(snapshot, &users).await?;
        let opener = self.opener(caller, snapshot).knowing(names);
        let rows = self.store.entry_stream(head, &wanted).await?;
        let views = rows.filter_map(move |stored| {
            let view = match stored {
                Ok(stored) if field.as_ref().is_some_and(|field| !is_about(&opener.detail(&stored), field)) => None,
                Ok(stored) => Some(Ok(opener.view(stored))),
                Err(error) => Some(Err(Error::from(error))),
            };
            std::future::ready(view)
        });
        Ok(views.boxed())
    }
}
