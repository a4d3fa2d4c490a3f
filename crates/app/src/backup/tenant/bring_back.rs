//! Bringing chosen records back, each as an ordinary logged change of the operator and each by itself: what can't come back is told, and
//! takes nothing else with it. Nothing is ever removed, and a second run finds nothing left to do.

use super::merge::{Both, Side};
use super::{Kind, Place, Prepared, TenantThen, Wish, note};
use crate::Error;
use crate::record::sealing::Sealer;
use domain::audit::{Actor, Detail, Outcome as Entered, Target, Verb};
use domain::id::{RecordId, TenantId};
use domain::record::{Values, changes, parse_all};
use domain::screen::ScreenKind;
use domain::service::{FieldKind, Service};
use serde::Serialize;
use store::{Flight, Store, StoreError};

/// Records that wait for one they refer to, at most; more are told as conflicts.
const MAX_WAITING: usize = 10_000;

/// What became of a record.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was gone and is there again, with the same id.
    Restored,
    /// It has the values of then again.
    ChangedBack,
    /// It stays as it is; why, in words.
    Conflict(String),
}

/// A chosen record and what became of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Brought {
    /// Its service.
    pub service: String,
    /// Its entity.
    pub entity: String,
    /// Its id.
    pub id: RecordId,
    /// What became of it.
    pub outcome: Outcome,
}

/// Takes each record as it is dealt with.
pub type Receiver<'a> = &'a mut (dyn FnMut(Brought) + Send);

/// Why a record did not come back.
enum Hindrance {
    /// A record it refers to is not there, and may come yet.
    Parent(String),
    /// Something that won't pass by itself.
    Conflict(String),
}

/// A record that waits for another.
struct Waiting {
    place: usize,
    then: Side,
    why: String,
}

impl TenantThen<'_> {
    /// Brings back what is wished for of what was changed or removed. The reason stands in the tenant's log with the moment.
    pub async fn bring_back(&self, wish: &Wish, reason: &str, tell: Receiver<'_>) -> Result<(), Error> {
        let mut places = Vec::new();
        let mut waiting = Vec::new();
        for (service, entity) in self.names() {
            if !wish.wants_entity(&service, &entity) {
                continue;
            }
            let Ok(place) = self.place(&service, &entity) else { continue };
            self.bring_back_entity(&place, places.len(), wish, reason, (tell, &mut waiting)).await?;
            places.push(place);
        }
        self.bring_back_waiting(&places, waiting, reason, tell).await
    }

    async fn bring_back_entity(
        &self,
        place: &Place,
        number: usize,
        wish: &Wish,
        reason: &str,
        (tell, waiting): (Receiver<'_>, &mut Vec<Waiting>),
    ) -> Result<(), Error> {
        let mut both = Both::open(self, place).await?;
        while let Some(pair) = both.next().await? {
            let Some((kind, id, _)) = place.differs(&pair, false) else { continue };
            if kind == Kind::Added || !wish.wants(kind, id) {
                continue;
            }
            let (Some(then), now) = pair else { continue };
            match self.bring(place, &then, now.as_ref(), reason).await? {
                Err(Hindrance::Parent(why)) if waiting.len() < MAX_WAITING => {
                    waiting.push(Waiting { place: number, then, why });
                }
                done => tell(place.brought(id, done)),
            }
        }
        Ok(())
    }

    /// Tries those that wait again, as long as one of them gets through.
    async fn bring_back_waiting(
        &self,
        places: &[Place],
        mut waiting: Vec<Waiting>,
        reason: &str,
        tell: Receiver<'_>,
    ) -> Result<(), Error> {
        loop {
            let before = waiting.len();
            let mut still = Vec::new();
            for mut one in waiting {
                let place = &places[one.place];
                match self.bring(place, &one.then, None, reason).await? {
                    Err(Hindrance::Parent(why)) => {
                        one.why = why;
                        still.push(one);
                    }
                    done => tell(place.brought(one.then.id, done)),
                }
            }
            if still.len() == before || still.is_empty() {
                for one in still {
                    tell(places[one.place].brought(one.then.id, Err(Hindrance::Conflict(one.why))));
                }
                return Ok(());
            }
            waiting = still;
        }
    }

    /// Brings one record back.
    async fn bring(
        &self,
        place: &Place,
        then: &Side,
        seen: Option<&Side>,
        reason: &str,
    ) -> Result<Result<Outcome, Hindrance>, Error> {
        let Some(side) = &place.now else { return Ok(Err(Hindrance::Conflict("the entity is gone".to_owned()))) };
        let now = match seen {
            Some(now) => Some(now.clone()),
            // One that waited is looked for anew.
            None => self.present(side, then.id).await?,
        };
        let known = |name: &String| side.entity.field(name).is_some();
        let mut values: Values = then.values.iter().filter(|(name, _)| known(name)).map(owned).collect();
        if let Some(now) = &now {
            // Fields that did not exist then keep what they hold.
            let newer = now.values.iter().filter(|(name, _)| !place.comparable(name));
            values.extend(newer.map(owned));
        }
        let values = match parse_all(&side.entity, values.into_iter().collect::<Vec<_>>()) {
            Ok(values) => values,
            Err(faults) => {
                let told: Vec<String> =
                    faults.iter().map(|fault| format!("{} ({})", fault.field, fault.reason.code())).collect();
                return Ok(Err(Hindrance::Conflict(format!(
                    "the service does not take it any more: {}",
                    told.join(", ")
                ))));
            }
        };
        let written = match &now {
            Some(now) => self.change_back(side, then, now, &values, reason).await,
            None => self.make_again(side, then, &values, reason).await,
        };
        written.map_or_else(|error| hindrance(side, error).map(Err), |outcome| Ok(Ok(outcome)))
    }

    async fn present(&self, side: &Prepared, id: RecordId) -> Result<Option<Side>, Error> {
        let get = side.table.get(self.tenant, id);
        let rows = self.now.store.fly(Flight::read(self.head(), vec![get])).await?.swap_remove(0);
        Store::raw(rows).next().map(|raw| Side::open(&raw, side, self.tenant)).transpose()
    }

    async fn change_back(
        &self,
        side: &Prepared,
        then: &Side,
        now: &Side,
        values: &Values,
        reason: &str,
    ) -> Result<Outcome, Failure> {
        let changed = changes(&side.entity, &now.values, values);
        let columns = side.sealer(self.tenant).columns(then.id, now.version + 1, values, &*self.now.random)?;
        let update = side.table.update(self.tenant, then.updated.1, now.version, columns);
        let detail = Detail { changes: changed, note: Some(note(self.at, reason)), ..Detail::default() };
        let entry = self.operators(side, Verb::RecordUpdated, then.id, detail)?;
        self.now.store.fly(Flight::write(self.head(), vec![update], &[entry])).await?;
        Ok(Outcome::ChangedBack)
    }

    async fn make_again(
        &self,
        side: &Prepared,
        then: &Side,
        values: &Values,
        reason: &str,
    ) -> Result<Outcome, Failure> {
        // Higher than any version it ever had: no envelope of its former life opens in its place.
        let counting = store::record::changes_entered(self.tenant, then.id);
        let rows = self.now.store.fly(Flight::read(self.head(), vec![counting])).await?.swap_remove(0);
        let version = then.version + Store::counted(&rows).unwrap_or_default() + 1;
        let columns = side.sealer(self.tenant).columns(then.id, version, values, &*self.now.random)?;
        let insert = side.table.bring_back(self.tenant, version, then.created, then.updated.1, columns);
        let detail = Detail {
            changes: changes(&side.entity, &Values::new(), values),
            note: Some(note(self.at, reason)),
            ..Detail::default()
        };
        let entry = self.operators(side, Verb::RecordCreated, then.id, detail)?;
        self.now.store.fly(Flight::write(self.head(), vec![insert], &[entry])).await?;
        Ok(Outcome::Restored)
    }

    fn operators(
        &self,
        side: &Prepared,
        verb: Verb,
        id: RecordId,
        detail: Detail,
    ) -> Result<store::audit::SealedEntry, Error> {
        let screen = side.service.screen_for(&side.entity.name, ScreenKind::Form).map(|screen| screen.name.clone());
        let target = Target {
            service: Some(side.service.name.clone()),
            screen,
            entity: Some(side.entity.name.clone()),
            record: Some(id),
            user: None,
        };
        let request = self.now.new_request_id();
        self.now.entry(self.tenant, Actor::Operator, verb, Entered::Done, request, target, detail)
    }
}

/// What a flight or its preparation failed with.
enum Failure {
    Store(StoreError),
    App(Error),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::App(error)
    }
}

/// What is in the way of a record, when it is the record's own matter; anything else ends the whole run.
fn hindrance(side: &Prepared, error: Failure) -> Result<Hindrance, Error> {
    let field = |constraint: &str| side.table.field_of(&side.entity, constraint);
    match error {
        Failure::Store(StoreError::Unexpected) => Ok(Hindrance::Conflict("it was changed a moment ago".to_owned())),
        Failure::Store(StoreError::Taken(constraint)) => Ok(Hindrance::Conflict(match field(&constraint) {
            Some(field) => format!("another record has its {field} now"),
            None => "a record with its id is there".to_owned(),
        })),
        Failure::Store(StoreError::Reference(constraint)) => Ok(match field(&constraint) {
            Some(field) => Hindrance::Parent(format!("the record that its {field} refers to is not there")),
            None => Hindrance::Conflict("who made it is no member any more".to_owned()),
        }),
        Failure::Store(error) => Err(error.into()),
        Failure::App(error) => Err(error),
    }
}

fn owned((name, value): (&String, &String)) -> (String, String) {
    (name.clone(), value.clone())
}

impl Prepared {
    fn sealer(&self, tenant: TenantId) -> Sealer<'_> {
        Sealer { tenant, service: &self.service.name, entity: &self.entity, table: &self.table, keys: &self.keys }
    }
}

impl Place {
    fn brought(&self, id: RecordId, done: Result<Outcome, Hindrance>) -> Brought {
        let outcome = done.unwrap_or_else(|hindrance| match hindrance {
            Hindrance::Parent(why) | Hindrance::Conflict(why) => Outcome::Conflict(why),
        });
        Brought { service: self.service.clone(), entity: self.entity.clone(), id, outcome }
    }
}

/// Names of a service's entities, each after those it refers to as far as that goes.
pub(super) fn referred_first(service: &Service) -> Vec<String> {
    let mut ordered: Vec<String> = Vec::with_capacity(service.entities.len());
    while ordered.len() < service.entities.len() {
        let rest = || service.entities.iter().filter(|entity| !ordered.contains(&entity.name));
        let leads = |entity: &&domain::service::Entity| {
            entity.fields.iter().all(|field| match &field.kind {
                FieldKind::Reference { entity: to } => *to == entity.name || ordered.contains(to),
                _ => true,
            })
        };
        // Those that refer to each other in a ring come as they stand; the ones that wait are tried again.
        let next = rest().find(leads).or_else(|| rest().next()).map(|entity| entity.name.clone());
        ordered.extend(next);
    }
    ordered
}
