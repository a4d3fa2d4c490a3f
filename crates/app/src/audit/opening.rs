//! Entries made ready to be shown: details opened, names and titles looked up, values left out where the reader may not open
//! the record's screen. Decides which entries are wanted nowhere.

use super::{EntryPage, EntryView, PAGE, Wanted};
use crate::error::Refusal;
use crate::keys::TenantKeys;
use crate::op::{Caller, detail_of, entry_place};
use crate::{App, Error};
use domain::access::{Snapshot, decide};
use domain::audit::{Actor, Detail, Verb};
use domain::id::{EntryId, RecordId, UserId};
use domain::screen::{Action, ScreenKind};
use domain::service::Entity;
use ledger::leaf::Leaf;
use seal::envelope::DataKeys;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use store::audit::{SealedEntry, StoredEntry, instant_of};
use store::{Flight, Head, Store};

/// Details opened for one page at most, when only they show whether an entry is wanted.
pub const OPENED_MAX: usize = 5_000;

/// What opens entries of one tenant for one reader. Holds its keys, so that it can go with a stream.
pub(super) struct Opener {
    snapshot: Arc<Snapshot>,
    log: Option<Arc<TenantKeys>>,
    services: HashMap<String, Arc<DataKeys>>,
    /// Entities (service, entity) whose records the reader may open.
    open: HashSet<(String, String)>,
    names: HashMap<UserId, String>,
}

impl App {
    pub(crate) async fn entry_page(
        &self,
        caller: &Caller,
        head: Head,
        snapshot: &Arc<Snapshot>,
        wanted: Wanted,
        cursor: Option<&str>,
        entry: Option<SealedEntry>,
    ) -> Result<EntryPage, Error> {
        let Wanted { mut filter, field } = wanted;
        if let Some(cursor) = cursor {
            (filter.newer, filter.beside) = beside(cursor)?;
        }
        filter.limit = if field.is_some() { OPENED_MAX } else { PAGE } + 1;
        let found = self.store.entries(head, &filter, entry.as_ref()).await?;
        let (mut stored, mut stopped) = (found.entries, found.stopped);
        let mut opener = self.opener(caller, snapshot);
        if let Some(field) = &field {
            if stored.len() > OPENED_MAX {
                stored.truncate(OPENED_MAX);
                stopped = stored.last().map(|entry| entry.read.entry.id);
            }
            stored.retain(|entry| is_about(&opener.detail(entry), field));
        }
        let beyond = stored.len() > PAGE;
        let stopped = stopped.filter(|_| !beyond);
        stored.truncate(PAGE);
        if filter.newer {
            stored.reverse();
        }
        let entries = self.views(caller, head, &mut opener, stored).await?;
        let last = |direction: char, entry: Option<&EntryView>| entry.map(|entry| format!("{direction}{}", entry.id));
        let further = |direction: char| stopped.map(|id| format!("{direction}{id}"));
        let (next, previous) = if filter.newer {
            let newer = if beyond { last('n', entries.first()) } else { further('n') };
            (last('o', entries.last()), newer)
        } else {
            let older = if beyond { last('o', entries.last()) } else { further('o') };
            (older, filter.beside.and_then(|_| last('n', entries.first())))
        };
        Ok(EntryPage { entries, next, previous, stopped: stopped.map(instant_of) })
    }

    /// The entries as the caller may see them, in two round trips.
    pub(super) async fn views(
        &self,
        caller: &Caller,
        head: Head,
        opener: &mut Opener,
        stored: Vec<StoredEntry>,
    ) -> Result<Vec<EntryView>, Error> {
        let snapshot = opener.snapshot.clone();
        let (names, titles) =
            tokio::try_join!(self.names(&snapshot, &stored), self.titles(caller, head, opener, &stored))?;
        opener.names.extend(names);
        let view = |stored: StoredEntry| {
            let record_title = stored.read.entry.target.record.and_then(|id| titles.get(&id).cloned());
            EntryView { record_title, ..opener.view(stored) }
        };
        Ok(stored.into_iter().map(view).collect())
    }

    /// What opens entries for the caller; it knows nobody's name yet.
    pub(super) fn opener(&self, caller: &Caller, snapshot: &Arc<Snapshot>) -> Opener {
        let held = snapshot.services.values().map(|held| &held.service);
        let keys = held.clone().filter_map(|service| {
            Some((service.name.clone(), self.keys.service_data(caller.tenant, &service.name).ok()?))
        });
        let may = |entity: &Entity, service: &domain::service::Service| {
            let screen = service.screen_for(&entity.name, ScreenKind::Detail)?;
            let decision = decide(snapshot, caller.user, &service.name, &screen.name, Action::View);
            decision.allowed.then(|| (service.name.clone(), entity.name.clone()))
        };
        Opener {
            snapshot: snapshot.clone(),
            log: self.keys.tenant(caller.tenant).ok(),
            services: keys.collect(),
            open: held.flat_map(|service| service.entities.iter().filter_map(|entity| may(entity, service))).collect(),
            names: HashMap::new(),
        }
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

    pub(super) async fn named(&self, snapshot: &Snapshot, users: &[UserId]) -> Result<HashMap<UserId, String>, Error> {
        let sealed = self.store.member_names(snapshot.tenant, users).await?;
        Ok(sealed.into_iter().map(|(user, sealed)| (user, self.open_name(snapshot.tenant, user, &sealed))).collect())
    }

    /// Titles of the records the entries speak of, as far as they exist and the caller may open them, in one round trip.
    async fn titles(
        &self,
        caller: &Caller,
        head: Head,
        opener: &Opener,
        stored: &[StoredEntry],
    ) -> Result<HashMap<RecordId, String>, Error> {
        let mut wanted: BTreeMap<(&str, &str), Vec<RecordId>> = BTreeMap::new();
        for target in stored.iter().map(|stored| &stored.read.entry.target) {
            if let (Some(service), Some(entity), Some(record)) = (&target.service, &target.entity, target.record) {
                wanted.entry((service, entity)).or_default().push(record);
            }
        }
        let statements = wanted.iter().filter_map(|((service, entity), ids)| {
            let service = &opener.snapshot.services.get(*service)?.service;
            let entity = service.entity(entity)?;
            let may = opener.may_open(&service.name, &entity.name);
            may.then(|| self.table(service, entity).titles_of(caller.tenant, entity, ids))
        });
        let statements: Vec<_> = statements.collect();
        if statements.is_empty() {
            return Ok(HashMap::new());
        }
        let answers = self.store.fly(Flight::read(head, statements)).await?;
        Ok(answers.into_iter().flat_map(Store::titles).collect())
    }
}

impl Opener {
    /// The opener with the names of these people.
    pub(super) fn knowing(self, names: HashMap<UserId, String>) -> Self {
        Self { names, ..self }
    }

    /// Whether the reader may open records of the entity.
    pub(super) fn may_open(&self, service: &str, entity: &str) -> bool {
        self.open.contains(&(service.to_owned(), entity.to_owned()))
    }

    /// The detail as it was sealed; empty when its key is gone or it was tampered with.
    pub(super) fn detail(&self, stored: &StoredEntry) -> Detail {
        let entry = &stored.read.entry;
        let open = |keys: &DataKeys| keys.open(&entry_place(entry), &stored.detail).ok();
        let opened = match &entry.target.service {
            Some(service) => self.services.get(service).and_then(|keys| open(keys)),
            None => self.log.as_ref().and_then(|keys| open(&keys.log)),
        };
        opened.and_then(|opened| detail_of(&opened).map(|(_, _, detail)| detail)).unwrap_or_default()
    }

    /// The entry as the reader may see it; its record's title is not known here.
    pub(super) fn view(&self, stored: StoredEntry) -> EntryView {
        let mut detail = self.detail(&stored);
        let entry = stored.read.entry;
        let held = entry.target.service.as_ref().and_then(|name| self.snapshot.services.get(name));
        let service = held.map(|held| held.service.clone());
        let entity =
            service.as_ref().zip(entry.target.entity.as_ref()).and_then(|(service, name)| service.entity(name));
        let screen =
            service.as_ref().zip(entry.target.screen.as_ref()).and_then(|(service, name)| service.screen(name));
        let name = |user: UserId| self.names.get(&user).cloned();
        let closed = self.is_closed(entry.verb.code(), entry.target.service.as_deref(), entry.target.entity.as_deref());
        if closed {
            close(&mut detail, entry.verb);
        }
        EntryView {
            id: entry.id,
            at: stored.read.at,
            actor: entry.actor,
            actor_name: if let Actor::User(user) = entry.actor { name(user) } else { None },
            verb: entry.verb,
            outcome: entry.outcome,
            service_label: service.as_ref().map(|service| service.label.clone()),
            entity_label: entity.map(|entity| entity.label.clone()),
            screen_label: screen.map(|screen| screen.label.clone()),
            user_name: entry.target.user.and_then(name),
            record_title: None,
            service,
            target: entry.target,
            detail,
            closed,
            request: entry.request,
        }
    }

    /// Whether values of records in the entry are not for the reader. Values of settings are nobody's record.
    fn is_closed(&self, verb: &str, service: Option<&str>, entity: Option<&str>) -> bool {
        let of_records = verb.starts_with("record");
        of_records && service.zip(entity).is_some_and(|(service, entity)| !self.may_open(service, entity))
    }

    /// The same of an entry by its leaf.
    pub(super) fn is_closed_leaf(&self, leaf: &Leaf) -> bool {
        self.is_closed(&leaf.verb, leaf.service.as_deref(), leaf.entity.as_deref())
    }
}

/// Leaves the values out: which fields, how many records and where from stay.
fn close(detail: &mut Detail, verb: Verb) {
    for change in &mut detail.changes {
        (change.before, change.after) = (None, None);
    }
    if verb == Verb::RecordsExtracted {
        // A value may hold what parts conditions from each other, so nothing behind the first part is kept.
        let format = detail.note.as_deref().and_then(|note| note.split("; ").next());
        detail.note = format.map(str::to_owned);
    }
}

/// Whether the detail names the field: changed, given out or revealed.
pub(super) fn is_about(detail: &Detail, field: &str) -> bool {
    detail.changes.iter().any(|change| change.field == field) || detail.fields.iter().any(|name| name == field)
}

/// `o<id>`: older than the entry; `n<id>`: newer. Any other text is no cursor of ours.
fn beside(cursor: &str) -> Result<(bool, Option<EntryId>), Error> {
    let refused = || Error::Refused(Refusal::BadCursor);
    let (direction, text) = cursor.split_at_checked(1).ok_or_else(refused)?;
    let id: EntryId = text.parse().map_err(|_| refused())?;
    let newer = match direction {
        "o" => false,
        "n" => true,
        _ => return Err(refused()),
    };
    if id.to_string() == text { Ok((newer, Some(id))) } else { Err(refused()) }
}
