//! Planted records: chosen by administrators, carried in memory with the tenant's rights, noticed when they are touched.

use crate::error::Refusal;
use crate::op::{Caller, Op, on_fresh_rights};
use crate::{App, Error};
use domain::access::Snapshot;
use domain::audit::sign::Sign;
use domain::audit::{Detail, Outcome, Target, Verb};
use domain::id::RecordId;
use domain::locale::Label;
use jiff::Timestamp;
use store::sign::HoneyRow;
use store::{Flight, StoreError};

/// Planted records of a tenant at most: all of them are held in memory with its rights.
pub const MAX_HONEY: usize = 1_000;

/// A planted record.
#[derive(Clone, Debug)]
pub struct HoneyView {
    /// Its service.
    pub service: String,
    /// Its entity.
    pub entity: String,
    /// The record.
    pub record: RecordId,
    /// When it was planted.
    pub set_at: Timestamp,
    /// Service and entity, as far as they are contracted.
    pub place: Option<(Label, Label)>,
    /// How the one who planted it is called.
    pub set_by_name: Option<String>,
}

impl App {
    /// Plants a record of the tenant, or makes it an ordinary one again. The snapshot carries them, so a touch costs no
    /// round trip to notice.
    pub async fn set_honey(
        &self,
        caller: &Caller,
        (service, entity): (&str, &str),
        record: RecordId,
        planted: bool,
    ) -> Result<(), Error> {
        on_fresh_rights!(self, caller.tenant, self.set_honey_once(caller, (service, entity), record, planted))
    }

    async fn set_honey_once(
        &self,
        caller: &Caller,
        (service, entity): (&str, &str),
        record: RecordId,
        planted: bool,
    ) -> Result<(), Error> {
        let (head, snapshot) = self.administrator(caller, "signs").await?;
        let note = format!("record {record}");
        let known = snapshot.services.get(service).map(|held| held.service.clone());
        let found = known.as_ref().and_then(|service| Some((service, service.entity(entity)?)));
        let Some((held, entity)) = found else { return Err(self.nothing_there(caller, head, note).await) };
        if planted && snapshot.honey.len() >= MAX_HONEY {
            return Err(Error::Refused(Refusal::TooManyHoney));
        }
        let target = Target {
            service: Some(held.name.clone()),
            entity: Some(entity.name.clone()),
            record: Some(record),
            ..Target::default()
        };
        let verb = if planted { Verb::HoneySet } else { Verb::HoneyRemoved };
        let entry = self.entry_of(caller, verb, Outcome::Done, target, Detail::default())?;
        let (service, entity_name) = (held.name.clone(), entity.name.clone());
        let row = HoneyRow { service, entity: entity_name, record, set_by: caller.user, set_at: self.now() };
        let mut statements = if planted {
            vec![self.table(held, entity).get_one(caller.tenant, record), store::sign::set_honey(caller.tenant, &row)]
        } else {
            vec![store::sign::remove_honey(caller.tenant, record)]
        };
        statements.push(store::access::rights_changed());
        match self.store.fly(Flight::write(head, statements, &[entry])).await {
            // Planted already (or not at all): what was wanted is so.
            Err(StoreError::Unexpected) if snapshot.honey.contains(&record) == planted => Ok(()),
            Err(StoreError::Unexpected) => Err(self.nothing_there(caller, head, note).await),
            done => done.map(drop).map_err(Error::from),
        }
    }

    pub(super) async fn honey_view(&self, snapshot: &Snapshot, row: HoneyRow) -> Result<HoneyView, Error> {
        let service = snapshot.services.get(&row.service).map(|held| &held.service);
        let entity = service.and_then(|service| service.entity(&row.entity));
        let place = service.zip(entity).map(|(service, entity)| (service.label.clone(), entity.label.clone()));
        let set_by_name = self.name(snapshot.tenant, row.set_by).await?;
        let HoneyRow { service, entity, record, set_at, .. } = row;
        Ok(HoneyView { service, entity, record, set_at, place, set_by_name })
    }
}

impl Op<'_> {
    /// Notices that a record was touched: when it is a planted one, a sign is raised before the caller sees anything.
    pub(crate) async fn touched(&self, record: RecordId, act: &str) -> Result<(), Error> {
        if !self.snapshot.honey.contains(&record) {
            return Ok(());
        }
        let sign = Sign::honey(&self.service.name, &self.screen.name, record, act, self.app.now());
        self.app.raise(self.caller.tenant, self.caller.user, &sign, self.caller.peer.request).await.map(drop)
    }
}
