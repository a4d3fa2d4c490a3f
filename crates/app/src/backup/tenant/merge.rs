//! Records of then and of now, side by side in the order of their ids: two streams, of which one record each is held. Decides nothing.

use super::{Place, Prepared, TenantThen};
use crate::record::sealing::Sealer;
use crate::{App, Error};
use domain::id::{RecordId, TenantId, UserId};
use domain::record::Values;
use futures_util::stream::{BoxStream, StreamExt};
use jiff::Timestamp;
use store::Head;
use store::record::RawRecord;

/// A record of one side.
#[derive(Clone, Debug)]
pub(super) struct Side {
    pub(super) id: RecordId,
    pub(super) version: i64,
    pub(super) created: (Timestamp, UserId),
    pub(super) updated: (Timestamp, UserId),
    /// Opened only where the two sides differ.
    pub(super) values: Values,
}

impl Side {
    /// Whether it is the other's very version.
    pub(super) fn stands_as(&self, other: &Self) -> bool {
        self.version == other.version && self.updated == other.updated
    }

    fn closed(raw: &RawRecord) -> Self {
        let (created, updated) = (raw.created(), raw.updated());
        Self { id: raw.id(), version: raw.version(), created, updated, values: Values::new() }
    }

    /// A record with its values.
    pub(super) fn open(raw: &RawRecord, side: &Prepared, tenant: TenantId) -> Result<Self, Error> {
        let sealer =
            Sealer { tenant, service: &side.service.name, entity: &side.entity, table: &side.table, keys: &side.keys };
        Ok(Self { values: sealer.values(raw)?, ..Self::closed(raw) })
    }
}

struct Rows {
    stream: BoxStream<'static, Result<RawRecord, store::StoreError>>,
    ahead: Option<RawRecord>,
}

impl Rows {
    async fn of(app: &App, head: Head, side: Option<&Prepared>) -> Result<Self, Error> {
        let stream = match side {
            Some(side) => app.store.stream(head, &side.table, &[]).await?.boxed(),
            None => futures_util::stream::empty().boxed(),
        };
        let mut rows = Self { stream, ahead: None };
        rows.step().await?;
        Ok(rows)
    }

    async fn step(&mut self) -> Result<Option<RawRecord>, Error> {
        let next = self.stream.next().await.transpose()?;
        Ok(std::mem::replace(&mut self.ahead, next))
    }

    fn id(&self) -> Option<RecordId> {
        self.ahead.as_ref().map(RawRecord::id)
    }
}

/// Both sides of an entity.
pub(super) struct Both<'a> {
    place: &'a Place,
    tenant: TenantId,
    then: Rows,
    now: Rows,
}

impl<'a> Both<'a> {
    pub(super) async fn open(of: &TenantThen<'_>, place: &'a Place) -> Result<Self, Error> {
        Ok(Self {
            place,
            tenant: of.tenant,
            then: Rows::of(&of.then, of.head(), place.then.as_ref()).await?,
            now: Rows::of(of.now, of.head(), place.now.as_ref()).await?,
        })
    }

    /// The next id, with what each side has of it.
    pub(super) async fn next(&mut self) -> Result<Option<(Option<Side>, Option<Side>)>, Error> {
        let (has_then, has_now) = match (self.then.id(), self.now.id()) {
            (None, None) => return Ok(None),
            (Some(then), Some(now)) => (then.0 <= now.0, now.0 <= then.0),
            (then, now) => (then.is_some(), now.is_some()),
        };
        let then = if has_then { self.then.step().await? } else { None };
        let now = if has_now { self.now.step().await? } else { None };
        if let (Some(then), Some(now)) = (&then, &now) {
            let closed = (Side::closed(then), Side::closed(now));
            if closed.0.stands_as(&closed.1) {
                return Ok(Some((Some(closed.0), Some(closed.1))));
            }
        }
        let open = |raw: Option<RawRecord>, side: &Option<Prepared>| {
            raw.zip(side.as_ref()).map(|(raw, side)| Side::open(&raw, side, self.tenant)).transpose()
        };
        Ok(Some((open(then, &self.place.then)?, open(now, &self.place.now)?)))
    }
}
