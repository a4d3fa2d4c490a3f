//! One tenant at one time: what it had then, in a restored copy, against what it has now; and what the operator wants back of it. Any
//! other tenant stays behind its wall in both databases.

mod bring_back;
mod merge;

pub use bring_back::{Brought, Outcome};

use crate::keys::ServiceKeys;
use crate::{App, Error};
use domain::access::Snapshot;
use domain::audit::{Actor, Detail, Outcome as Entered, Target, Verb};
use domain::id::{RecordId, TenantId};
use domain::record::Values;
use domain::service::{Entity, Service};
use jiff::Timestamp;
use merge::{Both, Side};
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;
use store::record::RecordTable;
use store::{Check, Head};

/// How a record now differs from what it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It was made since.
    Added,
    /// It was changed since.
    Changed,
    /// It was removed since.
    Deleted,
}

/// A field whose value is another.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FieldDifference {
    /// Its name.
    pub field: String,
    /// What it held then, when values are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub then: Option<String>,
    /// What it holds now, when values are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
}

/// A record that differs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Difference {
    /// Its service.
    pub service: String,
    /// Its entity.
    pub entity: String,
    /// Its id.
    pub id: RecordId,
    /// How.
    pub kind: Kind,
    /// The fields that differ; of an added or deleted record those that hold something.
    pub fields: Vec<FieldDifference>,
}

/// What was found of one entity.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct EntityCompared {
    /// Its service.
    pub service: String,
    /// Its name.
    pub entity: String,
    /// Records made since.
    pub added: u64,
    /// Records changed since.
    pub changed: u64,
    /// Records removed since.
    pub deleted: u64,
    /// Records that are as they were.
    pub same: u64,
    /// Fields of then that the service no longer has; what they held can't come back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields_gone: Vec<String>,
    /// Why nothing was compared, when nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_compared: Option<String>,
}

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Only this entity: its name, or `service.entity`.
    pub entity: Option<String>,
    /// Only these kinds; all when empty.
    pub kinds: Vec<Kind>,
    /// Only these records; all when none are named.
    pub ids: Option<BTreeSet<RecordId>>,
    /// Whether values are told, not only names of fields.
    pub values: bool,
}

impl Wish {
    fn wants_entity(&self, service: &str, entity: &str) -> bool {
        self.entity.as_deref().is_none_or(|name| name == entity || name == format!("{service}.{entity}"))
    }

    fn wants(&self, kind: Kind, id: RecordId) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&kind)) && self.ids.as_ref().is_none_or(|ids| ids.contains(&id))
    }
}

/// Takes each difference as it is found; an error ends the comparison.
pub type Teller<'a> = &'a mut (dyn FnMut(Difference) -> Result<(), Error> + Send);

/// A tenant, as it is and as it was.
pub struct TenantThen<'a> {
    now: &'a App,
    then: Arc<App>,
    tenant: TenantId,
    at: Timestamp,
    snapshot_now: Arc<Snapshot>,
    snapshot_then: Arc<Snapshot>,
}

/// An entity on both sides, ready to be read. Missing where the service does not have it, or the contract is not there.
struct Place {
    service: String,
    entity: String,
    then: Option<Prepared>,
    now: Option<Prepared>,
}

/// An entity on one side.
struct Prepared {
    service: Arc<Service>,
    entity: Arc<Entity>,
    table: Arc<RecordTable>,
    keys: Arc<ServiceKeys>,
}

/// What the log of the tenant says of what was done: the operator's reason and the moment of the copy.
fn note(at: Timestamp, reason: &str) -> String {
    format!("from a backup as of {at}: {reason}")
}

impl App {
    /// The tenant of a code, now and in a copy as of an instant. `NotFound` when it was not there then, or is not now.
    pub async fn tenant_then(&self, copy: Arc<App>, code: &str, at: Timestamp) -> Result<TenantThen<'_>, Error> {
        let tenants = self.store.tenants().await?;
        let tenant = tenants.iter().find(|row| row.code == code).ok_or(Error::NotFound)?.tenant;
        let snapshot_now = Arc::new(self.store.snapshot(tenant).await?.ok_or(Error::NotFound)?);
        let snapshot_then = Arc::new(copy.store.snapshot(tenant).await?.ok_or(Error::NotFound)?);
        Ok(TenantThen { now: self, then: copy, tenant, at, snapshot_now, snapshot_then })
    }
}

impl TenantThen<'_> {
    /// Compares, entity by entity in the order of their ids, and tells each difference that is wanted. Holds two records at a time.
    pub async fn compare(&self, wish: &Wish, tell: Teller<'_>) -> Result<Vec<EntityCompared>, Error> {
        let mut all = Vec::new();
        for (service, entity) in self.names() {
            if wish.wants_entity(&service, &entity) {
                all.push(self.compare_entity(&service, &entity, wish, tell).await?);
            }
        }
        Ok(all)
    }

    /// Enters that values are shown to the operator, before they are.
    pub async fn enter_showing(&self, wish: &Wish, reason: &str) -> Result<(), Error> {
        let mut entries = Vec::new();
        for (service, entity) in self.names().into_iter().filter(|(service, entity)| wish.wants_entity(service, entity))
        {
            let Some(contracted) = self.snapshot_now.services.get(&service) else { continue };
            let Some(known) = contracted.service.entity(&entity) else { continue };
            let fields = known.fields.iter().map(|field| field.name.clone()).collect();
            let detail = Detail { fields, note: Some(note(self.at, reason)), ..Detail::default() };
            let target = Target { service: Some(service), entity: Some(entity), ..Target::default() };
            let request = self.now.new_request_id();
            let entry = self.now.entry(
                self.tenant,
                Actor::Operator,
                Verb::RecordRevealed,
                Entered::Done,
                request,
                target,
                detail,
            )?;
            entries.push(entry);
        }
        if entries.is_empty() {
            return Ok(());
        }
        Ok(self.now.store.enter(self.head(), &entries).await.map(drop)?)
    }

    fn head(&self) -> Head {
        Head { tenant: self.tenant, check: Check::Nothing }
    }

    /// Services and entities of both times, those that others refer to first.
    fn names(&self) -> Vec<(String, String)> {
        let mut services: BTreeSet<&String> = self.snapshot_then.services.keys().collect();
        services.extend(self.snapshot_now.services.keys());
        let mut names = Vec::new();
        for name in services {
            let manifests = [&self.snapshot_now, &self.snapshot_then];
            let manifests = manifests.into_iter().filter_map(|snapshot| snapshot.services.get(name));
            for contracted in manifests {
                for entity in bring_back::referred_first(&contracted.service) {
                    let pair = (name.clone(), entity);
                    if !names.contains(&pair) {
                        names.push(pair);
                    }
                }
            }
        }
        names
    }

    /// Both sides of an entity; why not, in words, when it can't be compared.
    fn place(&self, service: &str, entity: &str) -> Result<Place, String> {
        let prepared = |app: &App, snapshot: &Snapshot| -> Result<Option<Prepared>, String> {
            let Some(contracted) = snapshot.services.get(service) else { return Ok(None) };
            let Some(known) = contracted.service.entity(entity) else { return Ok(None) };
            let keys = app.keys.service(self.tenant, &contracted.service);
            let keys = keys.map_err(|error| format!("its keys can't be used: {error}"))?;
            let ready = app.prepared(&contracted.service, known);
            Ok(Some(Prepared {
                service: Arc::clone(&contracted.service),
                entity: ready.entity,
                table: ready.table,
                keys,
            }))
        };
        if !self.snapshot_now.services.contains_key(service) {
            return Err("the service is no longer contracted".to_owned());
        }
        let then = prepared(&self.then, &self.snapshot_then)?;
        let now = prepared(self.now, &self.snapshot_now)?;
        if now.is_none() {
            return Err("the service no longer has this entity".to_owned());
        }
        Ok(Place { service: service.to_owned(), entity: entity.to_owned(), then, now })
    }

    async fn compare_entity(
        &self,
        service: &str,
        entity: &str,
        wish: &Wish,
        tell: Teller<'_>,
    ) -> Result<EntityCompared, Error> {
        let (service, entity) = (service.to_owned(), entity.to_owned());
        let mut found =
            EntityCompared { service: service.clone(), entity: entity.clone(), ..EntityCompared::default() };
        let place = match self.place(&service, &entity) {
            Ok(place) => place,
            Err(why) => return Ok(EntityCompared { not_compared: Some(why), ..found }),
        };
        found.fields_gone = place.fields_gone();
        let mut both = Both::open(self, &place).await?;
        while let Some(pair) = both.next().await? {
            let Some((kind, id, fields)) = place.differs(&pair, wish.values) else {
                found.same += 1;
                continue;
            };
            match kind {
                Kind::Added => found.added += 1,
                Kind::Changed => found.changed += 1,
                Kind::Deleted => found.deleted += 1,
            }
            if wish.wants(kind, id) {
                tell(Difference { service: service.clone(), entity: entity.clone(), id, kind, fields })?;
            }
        }
        Ok(found)
    }
}

impl Place {
    /// Fields that only then existed.
    fn fields_gone(&self) -> Vec<String> {
        let (Some(then), Some(now)) = (&self.then, &self.now) else { return Vec::new() };
        let gone = then.entity.fields.iter().filter(|field| now.entity.field(&field.name).is_none());
        gone.map(|field| field.name.clone()).collect()
    }

    /// Whether a field can be compared: it exists on both sides.
    fn comparable(&self, field: &str) -> bool {
        let has = |side: &Option<Prepared>| side.as_ref().is_none_or(|side| side.entity.field(field).is_some());
        has(&self.then) && has(&self.now)
    }

    /// How a record differs; nothing when it is as it was.
    fn differs(
        &self,
        pair: &(Option<Side>, Option<Side>),
        values: bool,
    ) -> Option<(Kind, RecordId, Vec<FieldDifference>)> {
        let nothing = Values::new();
        let (kind, id) = match pair {
            (Some(then), None) => (Kind::Deleted, then.id),
            (None, Some(now)) => (Kind::Added, now.id),
            // Untouched ones were not even opened.
            (Some(then), Some(now)) if then.stands_as(now) => return None,
            (Some(then), Some(_)) => (Kind::Changed, then.id),
            (None, None) => return None,
        };
        let of = |side: &Option<Side>| side.as_ref().map_or_else(|| nothing.clone(), |side| side.values.clone());
        let (then, now) = (of(&pair.0), of(&pair.1));
        let names: BTreeSet<&String> = then.keys().chain(now.keys()).collect();
        let differing = names.into_iter().filter(|name| self.comparable(name) && then.get(*name) != now.get(*name));
        let told = |value: Option<&String>| value.filter(|_| values).cloned();
        let fields: Vec<FieldDifference> = differing
            .map(|name| FieldDifference { field: name.clone(), then: told(then.get(name)), now: told(now.get(name)) })
            .collect();
        // Changed and changed back.
        (kind != Kind::Changed || !fields.is_empty()).then_some((kind, id, fields))
    }
}
