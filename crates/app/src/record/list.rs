//! Lists of records: conditions on sealed fields become blind indexes, candidates are opened and checked, pages are
//! found by cursor. What a field allows is `domain::record`'s; the statements are `store`'s.

use super::{EntityPlace, RecordView, masked};
use crate::error::Refusal;
use crate::op::{Caller, Op, on_fresh_rights};
use crate::{App, Error};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::record::{Condition, DEFAULT_PAGE, ListQuery, MAX_PAGE, Test, check_query, normalised, parse};
use domain::screen::{Action, ScreenKind};
use domain::service::{Entity, Index, Screen};
use serde::{Deserialize, Serialize};
use store::Store;
use store::record::{ListPlan, Place, Wanted};

/// A count stops here: "more than" is as good for people, and counting millions is not for free.
pub const MAX_COUNT: usize = 10_000;
/// How often candidates are fetched for one page. Blind indexes name too many only when bigrams stand in another
/// order, so one round is the rule.
const MAX_ROUNDS: usize = 8;

/// How many records the conditions want.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Count {
    /// So many, of blind-index candidates where a search is partial.
    pub rows: u64,
    /// Or more: counting stopped at `MAX_COUNT`.
    pub more: bool,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct RecordPage {
    /// Where.
    pub place: EntityPlace,
    /// The screen.
    pub screen: Screen,
    /// Records, personal values masked.
    pub records: Vec<RecordView>,
    /// Cursor of the page after.
    pub next: Option<String>,
    /// Cursor of the page before.
    pub previous: Option<String>,
    /// How many there are, when asked for.
    pub count: Option<Count>,
}

/// A place in a list, as it travels in links.
#[derive(Serialize, Deserialize)]
struct Cursor {
    v: Option<String>,
    i: uuid::Uuid,
    b: bool,
}

impl App {
    /// A page of a list.
    pub async fn record_list(
        &self,
        caller: &Caller,
        service: &str,
        entity: &str,
        query: ListQuery,
        count: bool,
    ) -> Result<RecordPage, Error> {
        on_fresh_rights!(self, caller.tenant, self.list(caller, service, entity, query.clone(), count))
    }

    async fn list(
        &self,
        caller: &Caller,
        service: &str,
        entity: &str,
        query: ListQuery,
        count: bool,
    ) -> Result<RecordPage, Error> {
        let op = self.op(caller, service, entity, ScreenKind::List, Action::View).await?;
        let query = check_query(&op.entity, &query).map_err(|fault| Error::Invalid(vec![fault]))?;
        let wanted = op.wanted(&query.conditions)?;
        let place = query.cursor.as_deref().map(|cursor| read_cursor(cursor, &query, &op.entity)).transpose()?;
        let size = if query.limit == 0 { DEFAULT_PAGE } else { query.limit.min(MAX_PAGE) };
        let counting = count.then(|| op.table.count(caller.tenant, &wanted, MAX_COUNT + 1));
        let plan = ListPlan { wanted, sort: query.sort.clone(), place, limit: size + 1 };
        let (views, rows) = op.page(&query, plan.clone(), counting, size).await?;
        Ok(op.assemble(&query, &plan, views, rows, size))
    }
}

impl Op<'_> {
    /// Conditions as the store takes them.
    pub(crate) fn wanted(&self, conditions: &[Condition]) -> Result<Vec<Wanted>, Error> {
        conditions.iter().map(|condition| self.want(condition)).collect()
    }

    fn want(&self, condition: &Condition) -> Result<Wanted, Error> {
        let unknown = || Error::Internal(format!("a condition on {} was not checked", condition.field));
        let field = self.entity.field(&condition.field).ok_or_else(unknown)?;
        let operator = match condition.test {
            Test::AtLeast => ">=",
            Test::AtMost => "<=",
            Test::Equals | Test::Contains => "=",
        };
        if field.is_plain() {
            return Wanted::plain(&self.table, &field.name, operator, condition.value.clone()).ok_or_else(unknown);
        }
        let index = self.keys.index(&self.entity.name, &field.name)?;
        match field.index {
            Some(Index::Exact) => Ok(Wanted::Exact(field.name.clone(), index.exact(&condition.value))),
            Some(Index::Partial) => Ok(Wanted::Partial(field.name.clone(), index.query(&condition.value))),
            _ => Err(unknown()),
        }
    }

    /// Opens candidates until the page (and one more) is full or there are none left.
    async fn page(
        &self,
        query: &ListQuery,
        mut plan: ListPlan,
        counting: Option<store::Statement>,
        size: usize,
    ) -> Result<(Vec<RecordView>, Option<i64>), Error> {
        let (mut views, mut rows) = (Vec::new(), None);
        let mut counting = counting;
        for _ in 0..MAX_ROUNDS {
            let statements =
                std::iter::once(self.table.list(self.caller.tenant, &plan)).chain(counting.take()).collect();
            let mut answers = self.read(statements).await?;
            if answers.len() > 1 {
                rows = Store::counted(&answers.swap_remove(1));
            }
            let candidates: Vec<RecordView> =
                Store::raw(answers.swap_remove(0)).map(|raw| self.open(&raw)).collect::<Result<_, _>>()?;
            let (found, last) = (candidates.len(), candidates.last().map(|view| self.place_of(query, view)));
            views.extend(candidates.into_iter().filter(|view| self.holds(query, view)));
            if found < plan.limit || views.len() > size {
                break;
            }
            let backwards = plan.place.as_ref().is_some_and(|place| place.backwards);
            plan.place = last.map(|place| Place { backwards, ..place });
        }
        Ok((views, rows))
    }

    /// Whether partial conditions hold in the opened values: a blind index can name too many, never too few.
    pub(crate) fn holds(&self, query: &ListQuery, view: &RecordView) -> bool {
        query.conditions.iter().filter(|condition| condition.test == Test::Contains).all(|condition| {
            let value = self.entity.field(&condition.field).zip(view.record.values.get(&condition.field));
            value.is_some_and(|(field, value)| normalised(field, value).contains(&condition.value))
        })
    }

    fn place_of(&self, query: &ListQuery, view: &RecordView) -> Place {
        let value = query.sort.as_ref().and_then(|sort| view.record.values.get(&sort.field).cloned());
        Place { value, id: view.record.id, backwards: false }
    }

    fn assemble(
        &self,
        query: &ListQuery,
        plan: &ListPlan,
        mut views: Vec<RecordView>,
        rows: Option<i64>,
        size: usize,
    ) -> RecordPage {
        let backwards = plan.place.as_ref().is_some_and(|place| place.backwards);
        let beyond = views.len() > size;
        views.truncate(size);
        if backwards {
            views.reverse();
        }
        let cursor = |view: Option<&RecordView>, backwards| {
            view.map(|view| write_cursor(&Place { backwards, ..self.place_of(query, view) }))
        };
        let next = (backwards || beyond).then(|| cursor(views.last(), false)).flatten();
        let previous = ((backwards && beyond) || (!backwards && plan.place.is_some()))
            .then(|| cursor(views.first(), true))
            .flatten();
        let count = rows.map(|rows| {
            let rows = u64::try_from(rows).unwrap_or_default();
            Count { rows: rows.min(MAX_COUNT as u64), more: rows > MAX_COUNT as u64 }
        });
        let records = views.into_iter().map(|view| masked(&self.entity, view)).collect();
        RecordPage { place: self.place(), screen: self.screen.clone(), records, next, previous, count }
    }
}

fn write_cursor(place: &Place) -> String {
    let cursor = Cursor { v: place.value.clone(), i: place.id.0, b: place.backwards };
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor).unwrap_or_default())
}

/// A cursor, if it is one of this order: its value goes into a comparison with the column sorted by.
fn read_cursor(text: &str, query: &ListQuery, entity: &Entity) -> Result<Place, Error> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Error::Refused(Refusal::BadCursor))?;
    let cursor: Cursor = serde_json::from_slice(&bytes).map_err(|_| Error::Refused(Refusal::BadCursor))?;
    let sorted = query.sort.as_ref().and_then(|sort| entity.field(&sort.field));
    let fits = match (&cursor.v, sorted) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(value), Some(field)) => parse(field, value).is_ok_and(|parsed| parsed.as_ref() == Some(value)),
    };
    if !fits {
        return Err(Error::Refused(Refusal::BadCursor));
    }
    Ok(Place { value: cursor.v, id: cursor.i.into(), backwards: cursor.b })
}
