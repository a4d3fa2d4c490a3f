//! Lists: conditions, order, and the page's place as statements. Which of them a field allows is `domain::record`'s.

use super::RecordTable;
use crate::flight::{Param, Statement};
use crate::schema::column_type;
use domain::id::{RecordId, TenantId};
use domain::record::Sort;
use std::fmt::Write as _;

/// One condition, with sealed fields already as their blind index.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// Plain field, operator (`=`, `>=`, `<=`), SQL type, canonical text.
    Plain(String, &'static str, &'static str, String),
    /// Exact field and its hash.
    Exact(String, [u8; 16]),
    /// Partial field and the tokens that must all be there.
    Partial(String, Vec<i32>),
}

impl Wanted {
    /// A condition on a plain field.
    pub fn plain(table: &RecordTable, field: &str, operator: &'static str, value: String) -> Option<Self> {
        let kind = &table.plain.iter().find(|plain| plain.name == field)?.kind;
        Some(Self::Plain(field.to_owned(), operator, column_type(kind), value))
    }
}

/// Where a page begins: beside this record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The sort field's value there, when the list is sorted.
    pub value: Option<String>,
    /// The record.
    pub id: RecordId,
    /// Whether the page before is wanted.
    pub backwards: bool,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct ListPlan {
    /// All must hold.
    pub wanted: Vec<Wanted>,
    /// None: newest first, by id.
    pub sort: Option<Sort>,
    /// None: the first page.
    pub place: Option<Place>,
    /// Rows at most.
    pub limit: usize,
}

/// Appends `AND ...` for each condition.
pub(super) fn conditions(wanted: &[Wanted], sql: &mut String, params: &mut Vec<Param>) {
    for condition in wanted {
        let number = params.len() + 1;
        let (text, param): (String, Param) = match condition {
            Wanted::Plain(field, operator, kind, value) => {
                (format!("t.\"f_{field}\" {operator} ${number}::text::{kind}"), Box::new(value.clone()))
            }
            Wanted::Exact(field, hash) => (format!("t.\"x_{field}\" = ${number}::bytea"), Box::new(hash.to_vec())),
            Wanted::Partial(field, tokens) => {
                (format!("t.\"b_{field}\" @> ${number}::int4[]"), Box::new(tokens.clone()))
            }
        };
        let _ = write!(sql, " AND {text}");
        params.push(param);
    }
}

impl RecordTable {
    /// The statement of a page. Going backwards, rows come in reverse order.
    pub fn list(&self, tenant: TenantId, plan: &ListPlan) -> Statement {
        let mut params: Vec<Param> = vec![Box::new(tenant.0)];
        let mut filter = String::new();
        conditions(&plan.wanted, &mut filter, &mut params);
        let backwards = plan.place.as_ref().is_some_and(|place| place.backwards);
        let order = match &plan.sort {
            None => format!("t.id {}", if backwards { "ASC" } else { "DESC" }),
            Some(sort) => {
                let direction = if sort.descending == backwards { "ASC" } else { "DESC" };
                // Empty values stand last when reading forwards in either direction.
                let nulls = if backwards { "NULLS FIRST" } else { "NULLS LAST" };
                format!("t.\"f_{}\" {direction} {nulls}, t.id {direction}", sort.field)
            }
        };
        if let Some(place) = &plan.place {
            self.beside(plan, place, &mut filter, &mut params);
        }
        let columns = self.read_columns(true);
        let sql = format!(
            "SELECT {columns} FROM {} t WHERE t.tenant_id = $1{filter} ORDER BY {order} LIMIT {}",
            self.name, plan.limit
        );
        let page = Statement::new(sql, params);
        if plan.wanted.is_empty() { page } else { page.planned_anew() }
    }

    fn beside(&self, plan: &ListPlan, place: &Place, filter: &mut String, params: &mut Vec<Param>) {
        params.push(Box::new(place.id.0));
        let id = params.len();
        let Some(sort) = &plan.sort else {
            let than = if place.backwards { '>' } else { '<' };
            let _ = write!(filter, " AND t.id {than} ${id}");
            return;
        };
        let column = format!("t.\"f_{}\"", sort.field);
        let than = if sort.descending == place.backwards { '>' } else { '<' };
        let kind =
            self.plain.iter().find(|field| field.name == sort.field).map_or("text", |field| column_type(&field.kind));
        let _ = match (&place.value, place.backwards) {
            (Some(value), backwards) => {
                params.push(Box::new(value.clone()));
                let value = format!("${}::text::{kind}", params.len());
                let rest = if backwards { "" } else { &format!(" OR {column} IS NULL") };
                write!(filter, " AND ({column} {than} {value} OR ({column} = {value} AND t.id {than} ${id}){rest})")
            }
            (None, false) => write!(filter, " AND {column} IS NULL AND t.id {than} ${id}"),
            (None, true) => write!(filter, " AND (({column} IS NULL AND t.id {than} ${id}) OR {column} IS NOT NULL)"),
        };
    }

    /// Which of these records the conditions want.
    pub fn among(&self, tenant: TenantId, wanted: &[Wanted], ids: &[RecordId]) -> Statement {
        let ids: Vec<uuid::Uuid> = ids.iter().map(|id| id.0).collect();
        let mut params: Vec<Param> = vec![Box::new(tenant.0), Box::new(ids)];
        let mut filter = String::new();
        conditions(wanted, &mut filter, &mut params);
        let sql = format!("SELECT t.id FROM {} t WHERE t.tenant_id = $1 AND t.id = ANY ($2){filter}", self.name);
        Statement::new(sql, params)
    }

    /// Counts what the conditions want, up to a bound: the number is for people, and counting millions is not for free.
    pub fn count(&self, tenant: TenantId, wanted: &[Wanted], at_most: usize) -> Statement {
        let mut params: Vec<Param> = vec![Box::new(tenant.0)];
        let mut filter = String::new();
        conditions(wanted, &mut filter, &mut params);
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM {} t WHERE t.tenant_id = $1{filter} LIMIT {at_most}) counted",
            self.name
        );
        Statement::new(sql, params).planned_anew()
    }
}
