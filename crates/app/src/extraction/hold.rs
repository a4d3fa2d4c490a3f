//! Extractions that are held: before the first byte what is wanted is counted; what goes far beyond a person's usual days, or
//! beyond their role's limit, waits until another administrator releases it. The rows themselves are `extraction`'s.

mod view;

pub use view::{HoldView, Standing};

use super::{Extraction, Format};
use crate::audit::sign::reason;
use crate::error::{Held, Refusal};
use crate::op::{Caller, Op, head, on_fresh_rights};
use crate::{App, Error};
use domain::access::Snapshot;
use domain::audit::sign::{
    Allowance, Figures, HOLD_WAITS_HOURS, MAX_EXTRACTION_CAP, MAX_WAITING_HOLDS, RELEASE_HOLDS_HOURS, Sign, allowance,
    day_of, start_of,
};
use domain::audit::{Detail, Outcome, Target, Verb};
use domain::id::{HoldId, RecordId, TenantId};
use domain::record::{ListQuery, check_query};
use domain::screen::{Action, ScreenKind};
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
    pub(super) async fn let_go(&self, format: Format, query: &ListQuery, wanted: &[Wanted]) -> Result<u64, Error> {
        for _ in 0..MAX_JUDGEMENTS {
            let counted = self.counted(wanted).await?;
            if counted.taken_before.saturating_add(counted.rows) > counted.allowance.rows {
                return Err(self.hold(format, query, wanted, counted).await?);
            }
            let detail = Detail { rows: Some(counted.rows), ..super::said(self, format, query) };
            let entry = self.entry(Verb::RecordsExtracted, None, detail)?;
            let within = store::sign::within(self.caller.tenant, counted.asked, counted.rows, counted.allowance.rows);
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

    async fn hold_row(&self, caller: &Caller, id: HoldId) -> Result<(Head, Arc<Snapshot>, Option<HoldRow>), Error> {
        let snapshot = self.snapshot(caller.tenant).await?;
        let head = head(caller, &snapshot);
        let row = self.store.hold(head, id).await?;
        Ok((head, snapshot, row))
    }

    /// Releases a held extraction, or refuses it, with the reason. Never one's own.
    pub async fn decide_extraction(&self, caller: &Caller, id: HoldId, release: bool, why: &str) -> Result<(), Error> {
        on_fresh_rights!(self, caller.tenant, self.decide_once(caller, id, release, why))
    }

    async fn decide_once(&self, caller: &Caller, id: HoldId, release: bool, why: &str) -> Result<(), Error> {
        let (head, _) = self.unfrozen_administrator(caller, "signs").await?;
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

fn later(now: Timestamp, hours: i64) -> Timestamp {
    now.saturating_add(hours.hours()).unwrap_or(now)
}

fn query_place(tenant: TenantId, service: &str, hold: HoldId) -> Place<'_> {
    Place { tenant: tenant.bytes(), service, entity: "struct.hold", record: hold.bytes(), version: 1 }
}

fn reason_place(tenant: TenantId, service: &str, hold: HoldId) -> Place<'_> {
    Place { tenant: tenant.bytes(), service, entity: "struct.hold_reason", record: hold.bytes(), version: 1 }
}
