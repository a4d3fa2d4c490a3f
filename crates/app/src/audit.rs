//! The audit view: every entry of the tenant, for its administrators. Reading it is itself an entry.

use crate::error::Refusal;
use crate::op::{Caller, entry_place, on_fresh_rights};
use crate::{App, Error};
use domain::access::{Snapshot, decide};
use domain::audit::{Actor, Detail, Outcome, Target, Verb};
use domain::id::{EntryId, RecordId, RequestId, UserId};
use domain::locale::Label;
use domain::screen::{Action, ScreenKind};
use domain::service::{Field, Service};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use store::audit::{EntryFilter, SealedEntry, StoredEntry};
use store::{Flight, Head, Store};

/// Entries a page.
pub const PAGE: usize = 50;

/// What an administrator asks for; all that is given must hold.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AuditFilter {
    /// By this user.
    pub user: Option<UserId>,
    /// What was done.
    pub verb: Option<Verb>,
    /// On this service.
    pub service: Option<String>,
    /// On this record.
    pub record: Option<RecordId>,
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
    /// The request.
    pub request: RequestId,
}

/// A page of entries, newest first.
#[derive(Clone, Debug)]
pub struct EntryPage {
    /// The entries.
    pub entries: Vec<EntryView>,
    /// Cursor of older ones.
    pub next: Option<String>,
    /// Cursor of newer ones.
    pub previous: Option<String>,
}

/// What an administrator may choose from when filtering.
#[derive(Clone, Debug, Default)]
pub struct AuditChoices {
    /// Members, by name.
    pub users: Vec<(UserId, String)>,
    /// Services ever contracted, by name.
    pub services: Vec<(String, Label)>,
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
            let services = snapshot.services.values();
            let mut services: Vec<(String, Label)> =
                services.map(|held| (held.service.name.clone(), held.service.label.clone())).collect();
            services.sort_by(|a, b| a.0.cmp(&b.0));
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
        // PostgreSQL has no such text, and no service such a name.
        if filter.service.as_ref().is_some_and(|service| service.contains('\0')) {
            return Err(Error::NotFound);
        }
        let detail = Detail { note: said(filter), ..Detail::default() };
        let target = Target { record: filter.record, user: filter.user, ..Target::default() };
        let entry = self.entry_of(caller, Verb::AuditViewed, Outcome::Done, target, detail)?;
        let wanted = EntryFilter {
            user: filter.user,
            verb: filter.verb,
            service: filter.service.clone(),
            record: filter.record,
            request: filter.request,
            outcome: filter.outcome,
            from: filter.from,
            until: filter.until,
            limit: PAGE + 1,
            ..EntryFilter::default()
        };
        self.entry_page(caller, head, &snapshot, wanted, cursor, Some(entry)).await
    }

    pub(crate) async fn entry_page(
        &self,
        caller: &Caller,
        head: Head,
        snapshot: &Snapshot,
        mut filter: EntryFilter,
        cursor: Option<&str>,
        entry: Option<SealedEntry>,
    ) -> Result<EntryPage, Error> {
        if let Some(cursor) = cursor {
            let (direction, id) = cursor.split_at_checked(1).ok_or(Error::Refused(Refusal::BadCursor))?;
            filter.newer = direction == "n";
            filter.beside = Some(id.parse().map_err(|_| Error::Refused(Refusal::BadCursor))?);
        }
        let mut stored = self.store.entries(head, &filter, entry.as_ref()).await?;
        let beyond = stored.len() > PAGE;
        stored.truncate(PAGE);
        if filter.newer {
            stored.reverse();
        }
        let (names, titles) = (self.names(snapshot, &stored), self.titles(caller, head, snapshot, &stored));
        let (names, titles) = tokio::try_join!(names, titles)?;
        let view = |stored: StoredEntry| {
            let record_title = stored.read.entry.target.record.and_then(|id| titles.get(&id).cloned());
            EntryView { record_title, ..self.entry_view(snapshot, &names, stored) }
        };
        let entries: Vec<EntryView> = stored.into_iter().map(view).collect();
        let older = (filter.newer || beyond).then(|| entries.last().map(|entry| format!("o{}", entry.id))).flatten();
        let newer = if filter.newer { beyond } else { filter.beside.is_some() };
        let newer = newer.then(|| entries.first().map(|entry| format!("n{}", entry.id))).flatten();
        Ok(EntryPage { entries, next: older, previous: newer })
    }

    /// Names of everybody the entries speak of, in one round trip.
    async fn names(&self, snapshot: &Snapshot, stored: &[StoredEntry]) -> Result<HashMap<UserId, String>, Error> {
        let mut users: HashSet<UserId> = stored.iter().filter_map(|stored| stored.read.entry.target.user).collect();
        users.extend(stored.iter().filter_map(|stored| match stored.read.entry.actor {
            Actor::User(user) => Some(user),
            _ => None,
        }));
        self.named(snapshot, &users.into_iter().collect::<Vec<_>>()).await
    }

    async fn named(&self, snapshot: &Snapshot, users: &[UserId]) -> Result<HashMap<UserId, String>, Error> {
        let sealed = self.store.member_names(snapshot.tenant, users).await?;
        Ok(sealed.into_iter().map(|(user, sealed)| (user, self.open_name(snapshot.tenant, user, &sealed))).collect())
    }

    /// Titles of the records the entries speak of, as far as they exist and the caller may open them, in one round trip.
    async fn titles(
        &self,
        caller: &Caller,
        head: Head,
        snapshot: &Snapshot,
        stored: &[StoredEntry],
    ) -> Result<HashMap<RecordId, String>, Error> {
        let mut wanted: BTreeMap<(&str, &str), Vec<RecordId>> = BTreeMap::new();
        for target in stored.iter().map(|stored| &stored.read.entry.target) {
            if let (Some(service), Some(entity), Some(record)) = (&target.service, &target.entity, target.record) {
                wanted.entry((service, entity)).or_default().push(record);
            }
        }
        let statements = wanted.iter().filter_map(|((service, entity), ids)| {
            let service = &snapshot.services.get(*service)?.service;
            let entity = service.entity(entity)?;
            let screen = service.screen_for(&entity.name, ScreenKind::Detail)?;
            let decision = decide(snapshot, caller.user, &service.name, &screen.name, Action::View);
            decision.allowed.then(|| self.table(service, entity).titles_of(caller.tenant, entity, ids))
        });
        let statements: Vec<_> = statements.collect();
        if statements.is_empty() {
            return Ok(HashMap::new());
        }
        let answers = self.store.fly(Flight::read(head, statements)).await?;
        Ok(answers.into_iter().flat_map(Store::titles).collect())
    }

    fn entry_view(&self, snapshot: &Snapshot, names: &HashMap<UserId, String>, stored: StoredEntry) -> EntryView {
        let detail = self.open_detail(&stored);
        let entry = stored.read.entry;
        let service =
            entry.target.service.as_ref().and_then(|name| snapshot.services.get(name)).map(|c| c.service.clone());
        let entity =
            service.as_ref().zip(entry.target.entity.as_ref()).and_then(|(service, name)| service.entity(name));
        let screen =
            service.as_ref().zip(entry.target.screen.as_ref()).and_then(|(service, name)| service.screen(name));
        let actor_name = match entry.actor {
            Actor::User(user) => names.get(&user).cloned(),
            _ => None,
        };
        EntryView {
            id: entry.id,
            at: stored.read.at,
            actor: entry.actor,
            actor_name,
            verb: entry.verb,
            outcome: entry.outcome,
            service_label: service.as_ref().map(|service| service.label.clone()),
            entity_label: entity.map(|entity| entity.label.clone()),
            screen_label: screen.map(|screen| screen.label.clone()),
            user_name: entry.target.user.and_then(|user| names.get(&user).cloned()),
            record_title: None,
            service,
            target: entry.target,
            detail,
            request: entry.request,
        }
    }

    fn open_detail(&self, stored: &StoredEntry) -> Detail {
        let entry = &stored.read.entry;
        let opened = match &entry.target.service {
            Some(service) => self
                .keys
                .service_data(entry.tenant, service)
                .ok()
                .and_then(|keys| keys.open(&entry_place(entry), &stored.detail).ok()),
            None => self
                .keys
                .tenant(entry.tenant)
                .ok()
                .and_then(|keys| keys.log.open(&entry_place(entry), &stored.detail).ok()),
        };
        opened.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default()
    }
}

/// The filter in words, for the entry that says the log was read.
fn said(filter: &AuditFilter) -> Option<String> {
    let parts = [
        filter.verb.map(|verb| format!("verb={}", verb.code())),
        filter.service.as_ref().map(|service| format!("service={service}")),
        filter.outcome.map(|outcome| format!("outcome={}", outcome.code())),
        filter.from.map(|from| format!("from={from}")),
        filter.until.map(|until| format!("until={until}")),
        filter.request.map(|request| format!("request={request}")),
    ];
    let words: Vec<String> = parts.into_iter().flatten().collect();
    Some(words.join(" ")).filter(|words| !words.is_empty())
}
