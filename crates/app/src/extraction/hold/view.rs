//! A held extraction as its asker and administrators see it. Shows; decides nothing.

use super::{query_place, reason_place};
use crate::op::Caller;
use crate::{App, Error};
use domain::access::{Snapshot, decide};
use domain::audit::sign::{Figures, Rule, day_of, start_of};
use domain::id::{HoldId, UserId};
use domain::record::Condition;
use domain::screen::{Action, ScreenKind};
use domain::service::{Entity, Service};
use jiff::Timestamp;
use seal::envelope::Place;
use std::sync::Arc;
use store::sign::hold::{HoldRow, HoldState};

/// What became of a held extraction, as of now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Nobody has decided.
    Waiting,
    /// It may be taken once.
    Released,
    /// It may not.
    Refused,
    /// It was taken.
    Taken,
    /// Nobody decided, or nobody took it, in time.
    Expired,
}

/// A held extraction as its asker and administrators see it.
#[derive(Clone, Debug)]
pub struct HoldView {
    /// Its id.
    pub id: HoldId,
    /// Who wanted it.
    pub asked_by: UserId,
    /// How they are called.
    pub asked_by_name: Option<String>,
    /// Whether that is the reader.
    pub own: bool,
    /// When.
    pub asked_at: Timestamp,
    /// Of which service, as far as it is contracted.
    pub service: Option<Arc<Service>>,
    /// Of which entity.
    pub entity: String,
    /// In which format.
    pub format: String,
    /// The conditions; none when the reader may not open such records.
    pub conditions: Option<Vec<Condition>>,
    /// Which rule held it.
    pub rule: Rule,
    /// Rows it would have given out.
    pub counted: u64,
    /// Rows the person had taken that day.
    pub taken_before: u64,
    /// Rows let go that day, and the usual days they were found from.
    pub figures: Figures,
    /// What became of it.
    pub standing: Standing,
    /// Who decided, when and why.
    pub decided: Option<(Option<String>, Timestamp, String)>,
    /// Until when it can be decided, or taken.
    pub expires_at: Timestamp,
    /// Administrators who could release it.
    pub others: Vec<String>,
}

impl HoldView {
    /// The entity, as far as there is one.
    pub fn entity(&self) -> Option<&Entity> {
        self.service.as_ref()?.entity(&self.entity)
    }
}

impl App {
    pub(crate) async fn hold_seen(
        &self,
        caller: &Caller,
        snapshot: &Snapshot,
        row: HoldRow,
    ) -> Result<HoldView, Error> {
        let tenant = caller.tenant;
        let service = snapshot.services.get(&row.service).map(|held| held.service.clone());
        let keys = self.keys.service_data(tenant, &row.service).ok();
        let opened = |place: Place<'_>, sealed: &[u8]| keys.as_ref().and_then(|keys| keys.open(&place, sealed).ok());
        let own = row.asked_by == caller.user;
        let open = own || service.as_ref().is_some_and(|service| may_open(snapshot, caller.user, service, &row.entity));
        let conditions = opened(query_place(tenant, &row.service, row.id), &row.query_sealed)
            .filter(|_| open)
            .and_then(|json| serde_json::from_slice(&json).ok());
        let decided = match &row.decided {
            None => None,
            Some((by, at, sealed)) => {
                let why = opened(reason_place(tenant, &row.service, row.id), sealed);
                let why = why.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
                Some((self.name(tenant, *by).await?, *at, why))
            }
        };
        let mut others = Vec::new();
        for user in snapshot.administrators().filter(|user| *user != row.asked_by) {
            others.extend(self.name(tenant, user).await?);
        }
        others.sort();
        let value = row.taken_before.saturating_add(row.counted);
        let (from, until) = (start_of(day_of(row.asked_at), 0), row.asked_at);
        Ok(HoldView {
            id: row.id,
            asked_by: row.asked_by,
            asked_by_name: self.name(tenant, row.asked_by).await?,
            own,
            asked_at: row.asked_at,
            service,
            conditions,
            rule: row.rule,
            counted: row.counted,
            taken_before: row.taken_before,
            figures: Figures { value, limit: row.bound, spread: row.spread, from, until },
            standing: standing(&row, self.now()),
            decided,
            expires_at: row.expires_at,
            others,
            entity: row.entity,
            format: row.format,
        })
    }
}

fn standing(row: &HoldRow, now: Timestamp) -> Standing {
    let over = row.expires_at <= now;
    match row.state {
        HoldState::Waiting | HoldState::Released if over => Standing::Expired,
        HoldState::Waiting => Standing::Waiting,
        HoldState::Released => Standing::Released,
        HoldState::Refused => Standing::Refused,
        HoldState::Taken => Standing::Taken,
    }
}

fn may_open(snapshot: &Snapshot, user: UserId, service: &Service, entity: &str) -> bool {
    let screen = service.screen_for(entity, ScreenKind::Detail);
    screen.is_some_and(|screen| decide(snapshot, user, &service.name, &screen.name, Action::View).allowed)
}
