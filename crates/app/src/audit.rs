//! The audit view: every entry of the tenant, for its administrators. Reading it is itself an entry.

pub mod check;
pub mod entry;
mod extraction;
pub mod history;
mod opening;
pub mod overview;
pub mod package;
pub mod proof;
pub mod reader;
pub mod retention;
pub mod sequencer;
pub mod sign;
pub mod stream;
pub mod subscriber;
mod taken;
pub(crate) mod vouched;
pub mod walk;
mod weighed;
pub mod witness;

pub use extraction::EntryStream;

use crate::op::{Caller, on_fresh_rights};
use crate::{App, Error};
use domain::audit::{Actor, Detail, Outcome, Target, Verb};
use domain::id::{EntryId, RecordId, RequestId, UserId};
use domain::locale::Label;
use domain::service::{Field, Service};
use jiff::Timestamp;
use std::sync::Arc;
use store::audit::{EntryFilter, SealedEntry};

/// Entries a page.
pub const PAGE: usize = 50;

/// What an administrator asks for; all that is given must hold.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AuditFilter {
    /// By this user.
    pub user: Option<UserId>,
    /// By one who is no user: the operator, STRUCT itself, anyone.
    pub other: Option<Actor>,
    /// What was done.
    pub verb: Option<Verb>,
    /// What kind of thing was done: the first part of the verb's code.
    pub noun: Option<String>,
    /// On this service.
    pub service: Option<String>,
    /// Through this screen.
    pub screen: Option<String>,
    /// On this entity.
    pub entity: Option<String>,
    /// On this record.
    pub record: Option<RecordId>,
    /// Where this field was changed, given out or revealed. Details are sealed, so each is opened and looked into.
    pub field: Option<String>,
    /// Entries by which the log says that it lives are wanted too.
    pub heartbeats: bool,
    /// Not earlier.
    pub from: Option<Timestamp>,
    /// Earlier than.
    pub until: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// With this request.
    pub request: Option<RequestId>,
}

/// An entry ready to be shown.
#[derive(Clone, Debug)]
pub struct EntryView {
    /// Its id.
    pub id: EntryId,
    /// When it committed.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// How the actor is called.
    pub actor_name: Option<String>,
    /// What.
    pub verb: Verb,
    /// How it ended.
    pub outcome: Outcome,
    /// On what.
    pub target: Target,
    /// The service as it is now: labels of the fields that `detail` names.
    pub service: Option<Arc<Service>>,
    /// The service's label.
    pub service_label: Option<Label>,
    /// The entity's label.
    pub entity_label: Option<Label>,
    /// The screen's label.
    pub screen_label: Option<Label>,
    /// How the user acted upon is called.
    pub user_name: Option<String>,
    /// What the record is called; none when it is gone, or the asker may not open it.
    pub record_title: Option<String>,
    /// The opened detail; empty when its key is gone.
    pub detail: Detail,
    /// Whether values are left out of `detail`, since the asker may not open the record's screen.
    pub closed: bool,
    /// The request.
    pub request: RequestId,
}

/// A page of entries, newest first.
#[derive(Clone, Debug, Default)]
pub struct EntryPage {
    /// The entries.
    pub entries: Vec<EntryView>,
    /// Cursor of older ones.
    pub next: Option<String>,
    /// Cursor of newer ones.
    pub previous: Option<String>,
    /// Where the look ended, when it ended before the log did: what lies beyond has not been looked at.
    pub stopped: Option<Timestamp>,
}

/// What an administrator may choose from when filtering.
#[derive(Clone, Debug, Default)]
pub struct AuditChoices {
    /// Members, by name.
    pub users: Vec<(UserId, String)>,
    /// Services ever contracted, by name.
    pub services: Vec<Arc<Service>>,
}

impl EntryView {
    /// The field that a change or a list of fields names, if the entity still has it.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.service.as_ref()?.entity(self.target.entity.as_deref()?)?.field(name)
    }
}

impl App {
    /// What the filter of the log offers, for administrators. Reads no entry, so leaves none.
    pub async fn audit_choices(&self, caller: &Caller) -> Result<AuditChoices, Error> {
        on_fresh_rights!(self, caller.tenant, async {
            let (_, snapshot) = self.administrator(caller, "audit").await?;
            let users: Vec<UserId> = snapshot.members.keys().copied().collect();
            let mut users: Vec<(UserId, String)> = self.named(&snapshot, &users).await?.into_iter().collect();
            users.sort_by(|a, b| (&a.1, a.0).cmp(&(&b.1, b.0)));
            let mut services: Vec<Arc<Service>> = snapshot.services.values().map(|held| held.service.clone()).collect();
            services.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(AuditChoices { users, services })
        })
    }

    /// A page of the tenant's log, for administrators.
    pub async fn audit(&self, caller: &Caller, filter: AuditFilter, cursor: Option<&str>) -> Result<EntryPage, Error> {
        on_fresh_rights!(self, caller.tenant, self.audit_once(caller, &filter, cursor))
    }

    async fn audit_once(
        &self,
        caller: &Caller,
        filter: &AuditFilter,
        cursor: Option<&str>,
    ) -> Result<EntryPage, Error> {
        let (head, snapshot) = self.administrator(caller, "audit").await?;
        let wanted = wanted(filter)?;
        let entry = self.reading(caller, filter, Verb::AuditViewed, said(filter))?;
        self.entry_page(
            caller,
            head,
            &snapshot,
            Wanted { filter: wanted, field: filter.field.clone() },
            cursor,
            Some(entry),
        )
        .await
    }

    /// The entry that says what of the log was read.
    fn reading(
        &self,
        caller: &Caller,
        filter: &AuditFilter,
        verb: Verb,
        said: Vec<String>,
    ) -> Result<SealedEntry, Error> {
        let detail = Detail { note: Some(said.join(" ")).filter(|note| !note.is_empty()), ..Detail::default() };
        let target = Target { record: filter.record, user: filter.user, ..Target::default() };
        self.entry_of(caller, verb, Outcome::Done, target, detail)
    }
}

/// Which entries are wanted, for `entry_page`.
pub(crate) struct Wanted {
    /// By what the database sees.
    pub(crate) filter: EntryFilter,
    /// By what only an opened detail shows.
    pub(crate) field: Option<String>,
}

impl From<EntryFilter> for Wanted {
    fn from(filter: EntryFilter) -> Self {
        Self { filter, field: None }
    }
}

/// The verbs of a noun.
pub fn verbs_of(noun: &str) -> Vec<Verb> {
    let of = |verb: &&Verb| verb.code().split_once('.').is_some_and(|(found, _)| found == noun);
    Verb::ALL.iter().filter(of).copied().collect()
}

/// The filter in the words of the store.
fn wanted(filter: &AuditFilter) -> Result<EntryFilter, Error> {
    let names = [&filter.service, &filter.screen, &filter.entity, &filter.field, &filter.noun];
    // PostgreSQL has no such text, and nothing here such a name.
    if names.into_iter().flatten().any(|name| name.contains('\0')) {
        return Err(Error::NotFound);
    }
    let verbs = match (filter.verb, &filter.noun) {
        (Some(verb), _) => vec![verb],
        (None, Some(noun)) => verbs_of(noun),
        (None, None) => Vec::new(),
    };
    if verbs.is_empty() && filter.noun.is_some() {
        return Err(Error::NotFound);
    }
    Ok(EntryFilter {
        actor: filter.user.map(Actor::User).or(filter.other),
        // Who asks for the verb itself wants to see it.
        heartbeats: filter.heartbeats || filter.verb == Some(Verb::AuditHeartbeat),
        verbs,
        service: filter.service.clone(),
        screen: filter.screen.clone(),
        entity: filter.entity.clone(),
        record: filter.record,
        request: filter.request,
        outcome: filter.outcome,
        from: filter.from,
        until: filter.until,
        ..EntryFilter::default()
    })
}

/// The filter in words, for the entry that says the log was read. Who and which record stand in its target.
fn said(filter: &AuditFilter) -> Vec<String> {
    let other = filter.other.map(|other| match other {
        Actor::Operator => "operator",
        Actor::System => "system",
        Actor::Anyone | Actor::User(_) => "anyone",
    });
    let parts = [
        other.map(|other| format!("user={other}")),
        filter.verb.map(|verb| format!("verb={}", verb.code())),
        filter.noun.as_ref().map(|noun| format!("verb={noun}.*")),
        filter.service.as_ref().map(|service| format!("service={service}")),
        filter.screen.as_ref().map(|screen| format!("screen={screen}")),
        filter.entity.as_ref().map(|entity| format!("entity={entity}")),
        filter.field.as_ref().map(|field| format!("field={field}")),
        filter.outcome.map(|outcome| format!("outcome={}", outcome.code())),
        filter.from.map(|from| format!("from={from}")),
        filter.until.map(|until| format!("until={until}")),
        filter.request.map(|request| format!("request={request}")),
    ];
    parts.into_iter().flatten().collect()
}
