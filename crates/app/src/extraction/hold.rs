//! Extractions that are held: before the first byte what is wanted is counted; what goes far beyond a person's usual days, or
//! beyond their role's limit, waits until another administrator releases it. The rows themselves are `extraction`'s.

use super::{Extraction, Format};
use crate::audit::sign::reason;
use crate::error::{Held, Refusal};
use crate::op::{Caller, Op, head, on_fresh_rights};
use crate::{App, Error};
use domain::access::{Snapshot, decide};
use domain::audit::sign::{
    Allowance, Figures, HOLD_WAITS_HOURS, MAX_EXTRACTION_CAP, MAX_WAITING_HOLDS, RELEASE_HOLDS_HOURS, Rule, Sign,
    allowance, day_of, start_of,
};
use domain::audit::{Detail, Outcome, Target, Verb};
use domain::id::{HoldId, RecordId, TenantId, UserId};
use domain::record::{Condition, ListQuery, check_query};
use domain::screen::{Action, ScreenKind};
use domain::service::{Entity, Service};
use domain::time::random_bytes;
use jiff::{Timestamp, ToSpan};
use seal::envelope::Place;
use std::sync::Arc;
use store::record::Wanted;
use store::sign::PastQuery;
use store::sign::hold::{Decision, HoldRow, HoldState};
use store::{Flight, Head, Store, StoreError};

/// How often an extraction is judged anew because the person took out something else meanwhile.
const MAX_JUDGEMENTS: usize = 3;

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

/// What was counted before an extraction was let go.
struct Counted {
    asked: PastQuery,
    rows: u64,
    taken_before: u64,
    allowance: Allowance,
    honey: Vec<RecordId>,
}

impl Op<'_> {
    /// Counts what is wanted and lets it go with its entry; how many rows. What is too much is held instead.
    pub(super) async fn let_go(
        &self,
        format: Format,
        query: &ListQuery,
        wanted: &[Wanted],
    ) -> Result<u64, Error> {
        for _ in 0..MAX_JUDGEMENTS {
            let counted = self.counted(wanted).await?;
            if counted.taken_before.saturating_add(counted.rows) > counted.allowance.rows {
                return Err(self.hold(format, query, wanted, counted).await?);
            }
            let detail = Detail { rows: Some(counted.rows), ..super::said(self, format, query) };
            let entry = self.entry(Verb::RecordsExtracted, None, detail)?;
            let within =
                store::sign::within(self.caller.tenant, counted.asked, counted.rows, counted.allowance.rows);
            match self.write(vec![within], &[entry]).await {
                Ok(_) => {
                    self.honey_taken(&counted.honey).await?;
                    return Ok(counted.rows);
                }
                // Another extraction of the same person went first: what is left is judged anew.
                Err(StoreError::Unexpected) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Refused(Refusal::TooMany))
    }

    async fn honey_taken(&self, records: &[RecordId]) -> Result<(), Error> {
        for record in records {
            self.touched(*record, "extract").await?;
        }
        Ok(())
    }

    /// One round trip: the rows wanted (up to what could ever be let go), the person's days, planted records among them.
    async fn counted(&self, wanted: &[Wanted]) -> Result<Counted, Error> {
        let (tenant, user) = (self.caller.tenant, self.caller.user);
        let asked = PastQuery { user, day: day_of(self.app.now()) };
        let limits = self.snapshot.extraction_limits(user);
        let bound = usize::try_from(limits.max_rows).unwrap_or(usize::MAX).saturating_add(1);
        let mut statements = vec![store::sign::days(tenant, asked), self.table.count(tenant, wanted, bound)];
        let honey: Vec<RecordId> = self.snapshot.honey.iter().copied().collect();
        if !honey.is_empty() {
            statements.push(self.table.among(tenant, wanted, &honey));
        }
        let answers = self.read(statements).await?;
        let days = store::sign::day_rows(&answers[0]);
        let rows_of = |rows: i64| u64::try_from(rows).unwrap_or_default();
        let past = days.iter().filter(|day| day.day < asked.day);
        let history: Vec<u64> = past.map(|day| rows_of(day.extracted_rows)).filter(|rows| *rows > 0).collect();
        let today = days.iter().find(|day| day.day == asked.day);
        Ok(Counted {
            asked,
            rows: Store::counted(&answers[1]).map_or(0, rows_of),
            taken_before: today.map_or(0, |day| rows_of(day.extracted_rows)),
            allowance: allowance(&history, limits),
            honey: answers.get(2).map(|rows| Store::ids(rows)).unwrap_or_default(),
        })
    }

    /// Holds it: row, sign and both entries in one flight. The answer is why it was held.
    async fn hold(
        &self,
        format: Format,
        query: &ListQuery,
        wanted: &[Wanted],
        counted: Counted,
    ) -> Result<Error, Error> {
        let (tenant, user, now) = (self.caller.tenant, self.caller.user, self.app.now());
        // The count stopped where it was clear; who decides wants to know how many there are.
        let at_most = usize::try_from(MAX_EXTRACTION_CAP).unwrap_or(usize::MAX).saturating_add(1);
        let all = self.read(vec![self.table.count(tenant, wanted, at_most)]).await?;
        let rows = Store::counted(&all[0]).and_then(|rows| u64::try_from(rows).ok()).unwrap_or(counted.rows);
        let id: HoldId = self.app.new_id();
        let asked = serde_json::to_vec(&query.conditions).map_err(|error| Error::Internal(error.to_string()))?;
        let place = query_place(tenant, &self.service.name, id);
        let Allowance { rows: bound, rule, spread } = counted.allowance;
        let row = HoldRow {
            id,
            asked_by: user,
            asked_at: now,
            service: self.service.name.clone(),
            screen: self.screen.name.clone(),
            entity: self.entity.name.clone(),
            format: format.code().to_owned(),
            query_sealed: self.keys.data.seal(&place, random_bytes(&*self.app.random), &asked),
            rule,
            counted: rows,
            taken_before: counted.taken_before,
            bound,
            spread,
            state: HoldState::Waiting,
            decided: None,
            expires_at: later(now, HOLD_WAITS_HOURS),
        };
        let value = counted.taken_before.saturating_add(rows);
        let figures = Figures { value, limit: bound, spread, from: start_of(counted.asked.day, 0), until: now };
        let place = Some((row.service.clone(), row.screen.clone()));
        let sign = Sign { rule, window: format!("hold/{id}"), figures, place, record: None };
        let raising = self.app.raising(tenant, user, &sign, self.caller.peer.request)?;
        // No values of conditions: not every reader of the log may open such records.
        let note = format!("{} limit={bound}", format.code());
        let detail = Detail { rows: Some(rows), note: Some(note), ..super::said(self, format, query) };
        let entry = self.entry(Verb::ExtractionHeld, None, detail.clone())?;
        let hold = store::sign::hold::hold(tenant, &row, MAX_WAITING_HOLDS);
        match self.write(vec![hold, raising.statement], &[entry, raising.entry]).await {
            Ok(_) => {
                self.app.raised(&sign);
                self.honey_taken(&counted.honey).await?;
                Ok(Error::Held(Box::new(Held { hold: id, rule, rows, figures })))
            }
            Err(StoreError::Unexpected) => {
                let entry = self.denial(Verb::RecordsExtracted, None, detail)?;
                self.app.store.enter(self.head(), &[entry]).await?;
                Ok(Error::Refused(Refusal::TooManyHolds))
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl App {
    /// One held extraction, for who asked for it and for administrators. Anybody else finds nothing, and that is entered.
    pub async fn held_extraction(&self, caller: &Caller, id: HoldId) -> Result<HoldView, Error> {
        on_fresh_rights!(self, caller.tenant, async {
            let (head, snapshot, row) = self.hold_row(caller, id).await?;
            let administrator = snapshot.administrators().any(|user| user == caller.user);
            match row {
                Some(row) if administrator || row.asked_by == caller.user => {
                    self.hold_seen(caller, &snapshot, row).await
                }
                _ => Err(self.nothing_there(caller, head, format!("hold {id}")).await),
            }
        })
    }

    async fn hold_row(
        &self,
        caller: &Caller,
        id: HoldId,
    ) -> Result<(Head, Arc<Snapshot>, Option<HoldRow>), Error> {
        let snapshot = self.snapshot(caller.tenant).await?;
        let head = head(caller, &snapshot);
        let row = self.store.hold(head, id).await?;
        Ok((head, snapshot, row))
    }

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

    /// Releases a held extraction, or refuses it, with the reason. Never one's own.
    pub async fn decide_extraction(
        &self,
        caller: &Caller,
        id: HoldId,
        release: bool,
        why: &str,
    ) -> Result<(), Error> {
        on_fresh_rights!(self, caller.tenant, self.decide_once(caller, id, release, why))
    }

    async fn decide_once(&self, caller: &Caller, id: HoldId, release: bool, why: &str) -> Result<(), Error> {
        let (head, _) = self.administrator(caller, "signs").await?;
        let why = reason(why)?;
        let Some(row) = self.store.hold(head, id).await? else {
            return Err(self.nothing_there(caller, head, format!("hold {id}")).await);
        };
        let verb = if release { Verb::ExtractionReleased } else { Verb::ExtractionRefused };
        let target = Target {
            service: Some(row.service.clone()),
            screen: Some(row.screen.clone()),
            entity: Some(row.entity.clone()),
            record: None,
            user: Some(row.asked_by),
        };
        let detail = Detail { rows: Some(row.counted), note: Some(why.clone()), ..Detail::default() };
        let enter = |outcome| self.entry_of(caller, verb, outcome, target.clone(), detail.clone());
        if row.asked_by == caller.user {
            self.store.enter(head, &[enter(Outcome::Denied)?]).await?;
            return Err(Error::Refused(Refusal::OwnHold));
        }
        let (tenant, now) = (caller.tenant, self.now());
        let keys = self.keys.service_data(tenant, &row.service)?;
        let decision = Decision {
            hold: id,
            release,
            by: caller.user,
            at: now,
            reason_sealed: keys.seal(
                &reason_place(tenant, &row.service, id),
                random_bytes(&*self.random),
                why.as_bytes(),
            ),
            expires_at: later(now, RELEASE_HOLDS_HOURS),
        };
        let decide = store::sign::hold::decide(tenant, decision);
        match self.store.fly(Flight::write(head, vec![decide], &[enter(Outcome::Done)?])).await {
            Err(StoreError::Unexpected) => Err(Error::Refused(Refusal::HoldSettled)),
            done => done.map(drop).map_err(Error::from),
        }
    }

    /// Takes a released extraction, once, by who asked for it and still may.
    pub async fn take_extraction(self: &Arc<Self>, caller: &Caller, id: HoldId) -> Result<Extraction, Error> {
        on_fresh_rights!(self, caller.tenant, self.take_once(caller, id))
    }

    async fn take_once(self: &Arc<Self>, caller: &Caller, id: HoldId) -> Result<Extraction, Error> {
        let (head, _, row) = self.hold_row(caller, id).await?;
        let Some(row) = row.filter(|row| row.asked_by == caller.user) else {
            return Err(self.nothing_there(caller, head, format!("hold {id}")).await);
        };
        let op = self.op(caller, &row.service, &row.entity, ScreenKind::Extract, Action::Extract).await?;
        let json = op.keys.data.open(&query_place(caller.tenant, &row.service, id), &row.query_sealed);
        let json = json.map_err(|_| Error::Internal(format!("what hold {id} asks for does not open")))?;
        let conditions = serde_json::from_slice(&json).map_err(|error| Error::Internal(error.to_string()))?;
        let format = Format::parse(&row.format)
            .ok_or_else(|| Error::Internal(format!("hold {id} has no format {}", row.format)))?;
        let asked = ListQuery { conditions, ..ListQuery::default() };
        let query = check_query(&op.entity, &asked).map_err(|fault| Error::Invalid(vec![fault]))?;
        let wanted = op.wanted(&query.conditions)?;
        let detail = Detail { rows: Some(row.counted), ..super::said(&op, format, &query) };
        let entry = op.entry(Verb::RecordsExtracted, None, detail)?;
        let take = store::sign::hold::take(caller.tenant, id, caller.user, self.now());
        match op.write(vec![take], &[entry]).await {
            Ok(_) => op.file(self, format, query, &wanted, row.counted).await,
            Err(StoreError::Unexpected) => {
                let detail = Detail { note: Some(format!("hold {id}")), ..Detail::default() };
                self.store.enter(op.head(), &[op.denial(Verb::RecordsExtracted, None, detail)?]).await?;
                Err(Error::Refused(Refusal::HoldNotOpen))
            }
            Err(error) => Err(error.into()),
        }
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

fn later(now: Timestamp, hours: i64) -> Timestamp {
    now.saturating_add(hours.hours()).unwrap_or(now)
}

fn query_place(tenant: TenantId, service: &str, hold: HoldId) -> Place<'_> {
    Place { tenant: tenant.bytes(), service, entity: "struct.hold", record: hold.bytes(), version: 1 }
}

fn reason_place(tenant: TenantId, service: &str, hold: HoldId) -> Place<'_> {
    Place { tenant: tenant.bytes(), service, entity: "struct.hold_reason", record: hold.bytes(), version: 1 }
}
