//! A record's whole history: what happened to it, who saw it in full, which files it may have left in. Changes nothing;
//! members see what was made and changed, administrators also who looked.

use super::opening::Opener;
use super::{EntryPage, EntryView, taken};
use crate::op::{Caller, Op, on_fresh_rights};
use crate::record::{Can, EntityPlace};
use crate::{App, Error};
use domain::access::{Snapshot, decide};
use domain::audit::{Actor, Detail, Outcome, Target, Verb};
use domain::id::{EntryId, RecordId, UserId};
use domain::screen::{Action, ScreenKind};
use domain::service::{Entity, Service};
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;
use store::audit::{EntryFilter, Reading, SealedEntry};
use store::{Flight, Head, Store};

pub use super::taken::Held;

/// Extractions of the record's time looked into at most, the newest of them.
pub const EXTRACTIONS_MAX: usize = 200;

/// A record's history.
#[derive(Clone, Debug)]
pub struct RecordHistory {
    /// Where.
    pub place: EntityPlace,
    /// The record.
    pub id: RecordId,
    /// What it is called; none when it is gone, or the asker may not open it.
    pub title: Option<String>,
    /// Whether it is still there.
    pub there: bool,
    /// What happened to it.
    pub page: EntryPage,
    /// Who saw it, for administrators.
    pub readers: Option<Readers>,
}

/// Who saw a record.
#[derive(Clone, Debug, Default)]
pub struct Readers {
    /// Each with how often and when last, the last of them first.
    pub people: Vec<Reader>,
    /// Extractions it was in, or may have been in, newest first.
    pub extractions: Vec<(EntryView, Held)>,
    /// Whether there are older extractions than were looked into.
    pub more: bool,
}

/// How often somebody saw a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reader {
    /// Who.
    pub user: UserId,
    /// How they are called.
    pub name: Option<String>,
    /// How often they saw its personal values in full.
    pub shown: u64,
    /// How many files they took it was in, or may have been in.
    pub taken: u64,
    /// When for the last time.
    pub last: Timestamp,
}

/// A record and who asks about it.
struct Asked<'a> {
    head: Head,
    snapshot: Arc<Snapshot>,
    place: EntityPlace,
    id: RecordId,
    administrator: bool,
    /// None for an administrator who may not open the record's screen.
    op: Option<Op<'a>>,
}

impl App {
    /// A record's history: its own page for those who may open the record, and for administrators. Reading it is entered.
    pub async fn record_history(
        &self,
        caller: &Caller,
        (service, entity): (&str, &str),
        id: RecordId,
        cursor: Option<&str>,
    ) -> Result<RecordHistory, Error> {
        on_fresh_rights!(self, caller.tenant, self.history_once(caller, (service, entity), id, cursor))
    }

    async fn history_once(
        &self,
        caller: &Caller,
        place: (&str, &str),
        id: RecordId,
        cursor: Option<&str>,
    ) -> Result<RecordHistory, Error> {
        let asked = self.asked(caller, place, id).await?;
        let (service, entity) = (&asked.place.service, &asked.place.entity);
        let titles = self.table(service, entity).titles_of(caller.tenant, entity, &[id]);
        let titles = self.store.fly(Flight::read(asked.head, vec![titles])).await?;
        let title = titles.into_iter().flat_map(Store::titles).next().map(|(_, title)| title);
        let there = title.is_some();
        if !(there || asked.administrator && self.was_there(&asked).await?) {
            return Err(match &asked.op {
                Some(op) => op.not_found(id).await,
                None => self.nothing_there(caller, asked.head, format!("record {id}")).await,
            });
        }
        let reading = self.history_entry(caller, &asked)?;
        let filter = EntryFilter { record: Some(id), ..EntryFilter::default() };
        let (page, readers) = if asked.administrator {
            let page = self.entry_page(caller, asked.head, &asked.snapshot, filter.into(), cursor, None).await?;
            (page, Some(self.readers(caller, &asked, &reading).await?))
        } else {
            let verbs = vec![Verb::RecordCreated, Verb::RecordUpdated];
            let filter = EntryFilter { verbs, outcome: Some(Outcome::Done), ..filter };
            let page =
                self.entry_page(caller, asked.head, &asked.snapshot, filter.into(), cursor, Some(reading)).await?;
            (asked.discreet(page, caller.user), None)
        };
        let title = title.filter(|_| asked.op.is_some());
        Ok(RecordHistory { place: asked.place, id, title, there, page, readers })
    }

    /// Lets on who may open the record, and administrators.
    async fn asked<'a>(
        &'a self,
        caller: &'a Caller,
        (service, entity): (&str, &str),
        id: RecordId,
    ) -> Result<Asked<'a>, Error> {
        let snapshot = self.snapshot(caller.tenant).await?;
        let administrator =
            snapshot.members.get(&caller.user).is_some_and(|member| member.active && member.administrator);
        let known = known(&snapshot, service, entity);
        let may_open = known.as_ref().is_some_and(|(service, entity)| {
            let screen = service.screen_for(&entity.name, ScreenKind::Detail);
            screen.is_some_and(|s| decide(&snapshot, caller.user, &service.name, &s.name, Action::View).allowed)
        });
        if may_open || !administrator {
            let op = self.op(caller, service, entity, ScreenKind::Detail, Action::View).await?;
            let (head, snapshot) = (op.head(), op.snapshot.clone());
            return Ok(Asked { head, snapshot, place: op.place(), id, administrator, op: Some(op) });
        }
        let (head, snapshot) = self.administrator(caller, "audit").await?;
        let (service, entity) = known.ok_or(Error::NotFound)?;
        let place = EntityPlace { service, entity, can: Can::default() };
        Ok(Asked { head, snapshot, place, id, administrator, op: None })
    }

    /// Whether a record that is gone was one of this entity: something was done with it. What was refused shows nothing,
    /// since an id can be asked for by anybody.
    async fn was_there(&self, asked: &Asked<'_>) -> Result<bool, Error> {
        let filter = EntryFilter {
            record: Some(asked.id),
            verbs: super::verbs_of("record"),
            outcome: Some(Outcome::Done),
            service: Some(asked.place.service.name.clone()),
            entity: Some(asked.place.entity.name.clone()),
            limit: 1,
            ..EntryFilter::default()
        };
        Ok(!self.store.entries(asked.head, &filter, None).await?.entries.is_empty())
    }

    fn history_entry(&self, caller: &Caller, asked: &Asked<'_>) -> Result<SealedEntry, Error> {
        let target = Target {
            service: Some(asked.place.service.name.clone()),
            entity: Some(asked.place.entity.name.clone()),
            record: Some(asked.id),
            ..Target::default()
        };
        let detail = Detail { note: Some("history".to_owned()), ..Detail::default() };
        self.entry_of(caller, Verb::AuditViewed, Outcome::Done, target, detail)
    }

    async fn readers(&self, caller: &Caller, asked: &Asked<'_>, entry: &SealedEntry) -> Result<Readers, Error> {
        let readings = self.store.readings(asked.head, asked.id, entry).await?;
        let since = EntryId(asked.id.0);
        let filter = EntryFilter {
            verbs: vec![Verb::RecordsExtracted],
            outcome: Some(Outcome::Done),
            service: Some(asked.place.service.name.clone()),
            entity: Some(asked.place.entity.name.clone()),
            since: Some(since),
            beside: self.deleted(asked).await?,
            limit: EXTRACTIONS_MAX + 1,
            ..EntryFilter::default()
        };
        let mut stored = self.store.entries(asked.head, &filter, None).await?.entries;
        let more = stored.len() > EXTRACTIONS_MAX;
        stored.truncate(EXTRACTIONS_MAX);
        let mut opener = self.opener(caller, &asked.snapshot);
        let past = self.past(asked, &opener).await?;
        let judged = stored.into_iter().filter_map(|stored| {
            let held = past.held(stored.read.entry.id, opener.detail(&stored).note.as_deref())?;
            Some((stored, held))
        });
        let (stored, held): (Vec<_>, Vec<_>) = judged.unzip();
        let views = self.views(caller, asked.head, &mut opener, stored).await?;
        let extractions: Vec<(EntryView, Held)> = views.into_iter().zip(held).collect();
        let people = self.people(&asked.snapshot, readings, &extractions).await?;
        Ok(Readers { people, extractions, more })
    }

    /// The entry of the record's removal: no later file can hold it.
    async fn deleted(&self, asked: &Asked<'_>) -> Result<Option<EntryId>, Error> {
        let filter = EntryFilter {
            record: Some(asked.id),
            verbs: vec![Verb::RecordDeleted],
            outcome: Some(Outcome::Done),
            limit: 1,
            ..EntryFilter::default()
        };
        let found = self.store.entries(asked.head, &filter, None).await?.entries;
        Ok(found.first().map(|stored| stored.read.entry.id))
    }

    /// What the record's values were at any time, as far as the asker may know.
    async fn past(&self, asked: &Asked<'_>, opener: &Opener) -> Result<taken::Past, Error> {
        let Some(op) = &asked.op else { return Ok(taken::Past::unknown(asked.place.entity.clone())) };
        let rows = op.read(vec![op.table.get(op.caller.tenant, asked.id)]).await?.swap_remove(0);
        let now = Store::raw(rows).next().map(|raw| op.open(&raw)).transpose()?.map(|view| view.record.values);
        let filter = EntryFilter {
            record: Some(asked.id),
            verbs: vec![Verb::RecordUpdated],
            outcome: Some(Outcome::Done),
            limit: taken::CHANGES_MAX + 1,
            ..EntryFilter::default()
        };
        let stored = self.store.entries(asked.head, &filter, None).await?.entries;
        let changes = stored.iter().map(|stored| (stored.read.entry.id, opener.detail(stored).changes)).collect();
        Ok(taken::Past::new(asked.place.entity.clone(), now, changes))
    }

    async fn people(
        &self,
        snapshot: &Snapshot,
        readings: Vec<Reading>,
        extractions: &[(EntryView, Held)],
    ) -> Result<Vec<Reader>, Error> {
        let mut people: HashMap<UserId, Reader> = HashMap::new();
        let nobody = |user| Reader { user, name: None, shown: 0, taken: 0, last: Timestamp::MIN };
        for reading in readings {
            let reader = people.entry(reading.user).or_insert_with(|| nobody(reading.user));
            (reader.shown, reader.last) = (reading.count, reader.last.max(reading.last));
        }
        for (entry, _) in extractions {
            let Actor::User(user) = entry.actor else { continue };
            let reader = people.entry(user).or_insert_with(|| nobody(user));
            (reader.taken, reader.last) = (reader.taken + 1, reader.last.max(entry.at));
        }
        let mut names = self.named(snapshot, &people.keys().copied().collect::<Vec<_>>()).await?;
        let mut people: Vec<Reader> =
            people.into_values().map(|reader| Reader { name: names.remove(&reader.user), ..reader }).collect();
        people.sort_by_key(|reader| (std::cmp::Reverse(reader.last), reader.user));
        Ok(people)
    }
}

fn known(snapshot: &Snapshot, service: &str, entity: &str) -> Option<(Arc<Service>, Entity)> {
    let service = snapshot.services.get(service)?.service.clone();
    let entity = service.entity(entity)?.clone();
    Some((service, entity))
}

impl Asked<'_> {
    /// What a member may know of a history: not where colleagues sat, and no field that the record's screen doesn't show.
    fn discreet(&self, mut page: EntryPage, me: UserId) -> EntryPage {
        let shown = self.op.as_ref().map(|op| op.screen.fields.as_slice()).unwrap_or_default();
        page.entries = page.entries.into_iter().map(|entry| crate::activity::discreet(entry, me)).collect();
        for entry in &mut page.entries {
            entry.detail.changes.retain(|change| shown.contains(&change.field));
        }
        page
    }
}
