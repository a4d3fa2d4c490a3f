//! The list of an entity's records: conditions, columns, rows, cursor pages. Personal values arrive masked.

use super::filter::{self, Filter};
use super::value::{self, Shown};
use super::{At, Head};
use crate::Web;
use crate::form::{Form, Query};
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::Error;
use app::record::{RecordPage, RecordView};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::locale::Locale;
use domain::record::{DEFAULT_PAGE, Fault, ListQuery, Sort};
use domain::service::Field;
use std::sync::Arc;

/// Columns beside the one that names the record; a table of more can't be read.
const COLUMNS_MAX: usize = 9;

/// The page.
#[derive(Template)]
#[template(path = "record/list.html")]
pub struct ListView {
    /// The frame.
    pub shell: Shell,
    /// Names and paths.
    pub head: Head,
    /// Conditions always shown.
    pub filters: Vec<Filter>,
    /// Conditions folded away.
    pub more: Vec<Filter>,
    /// Whether a folded one is set.
    pub more_open: bool,
    /// Whether any is set.
    pub searched: bool,
    /// Whether any field is searched in sealed form.
    pub sealed: bool,
    /// The present order, kept when searching anew.
    pub sort: String,
    /// Conditions that could not be used, as sentences.
    pub faults: Vec<super::Link>,
    /// The columns; the first names the record.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Row>,
    /// How many there are.
    pub count: String,
    /// Rows a page.
    pub size: i64,
    /// The page before, or empty.
    pub previous: String,
    /// The page after, or empty.
    pub next: String,
    /// The extraction page with the same conditions.
    pub extract: String,
}

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// The field's label.
    pub label: String,
    /// Whether it is personal.
    pub personal: bool,
    /// Whether it is set flush right.
    pub numeric: bool,
    /// The link that orders by it, or empty.
    pub sort: String,
    /// `ascending`, `descending` or empty.
    pub order: &'static str,
}

/// A row.
#[derive(Clone, Debug)]
pub struct Row {
    /// The record's path.
    pub href: String,
    /// What people call it.
    pub title: String,
    /// The other columns.
    pub cells: Vec<Cell>,
}

/// A cell.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The column's label, shown on phones.
    pub label: String,
    /// The value.
    pub value: Shown,
}

/// `GET /app/s/{service}/{entity}`
pub async fn list(
    State(web): State<Arc<Web>>,
    signed: Signed,
    at: At,
    Query(form): Query,
) -> Result<Response, Problem> {
    let query = filter::read(&form)?;
    let (page, faults) = match ask(&web, &signed, &at, query.clone()).await {
        // A condition that can't be used is named; the list shows what the others find.
        Err(Error::Invalid(faults)) => (ask(&web, &signed, &at, filter::without(&query, &faults)).await?, faults),
        asked => (asked?, Vec::new()),
    };
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(status, &view(shell, &page, &form, &query, &faults)))
}

async fn ask(web: &Web, signed: &Signed, at: &At, query: ListQuery) -> Result<RecordPage, Error> {
    web.app.record_list(&signed.caller, &at.service, &at.entity, query, true).await
}

/// The page from what `app` found.
pub fn view(mut shell: Shell, page: &RecordPage, form: &Form, query: &ListQuery, faults: &[Fault]) -> ListView {
    let (t, locale) = (shell.t, shell.t.locale);
    let head = Head::new(&page.place, locale);
    let entity = &page.place.entity;
    let (filters, more) = filter::filters(entity, form, locale);
    let sort = form.once("sort").unwrap_or_default().to_owned();
    let fields = columns(page);
    let link = |cursor: Option<&String>| {
        cursor.map(|cursor| filter::link(&head.path, form, Some(&sort), Some(cursor))).unwrap_or_default()
    };
    shell.title.clone_from(&head.list);
    ListView {
        searched: filters.iter().chain(&more).any(|filter| filter.set),
        sealed: filters.iter().chain(&more).any(|filter| filter.sealed),
        more_open: more.iter().any(|filter| filter.set),
        faults: faults.iter().map(|fault| fault_link(entity.field(&fault.field), fault, locale)).collect(),
        columns: fields.iter().map(|field| column(field, form, query.sort.as_ref(), &head.path, locale)).collect(),
        rows: page.records.iter().map(|view| row(page, &fields, view, locale)).collect(),
        count: page.count.as_ref().map_or_else(String::new, |count| {
            let key = if count.more { "record-count-more" } else { "record-count" };
            t.one(key, "count", count.rows as i64)
        }),
        size: DEFAULT_PAGE as i64,
        previous: link(page.previous.as_ref()),
        next: link(page.next.as_ref()),
        extract: filter::link(&format!("{}/extract", head.path), form, None, None),
        filters,
        more,
        sort,
        head,
        shell,
    }
}

/// The fields of the columns: first the one that names the record, then the screen's.
fn columns(page: &RecordPage) -> Vec<&Field> {
    let entity = &page.place.entity;
    let shown = page.screen.fields.iter().filter(|name| **name != entity.title).take(COLUMNS_MAX);
    std::iter::once(&entity.title).chain(shown).filter_map(|name| entity.field(name)).collect()
}

fn column(field: &Field, form: &Form, sort: Option<&Sort>, path: &str, locale: Locale) -> Column {
    let present = sort.filter(|sort| sort.field == field.name);
    let (order, turned) = match present {
        Some(Sort { descending: false, .. }) => ("ascending", format!("-{}", field.name)),
        Some(Sort { descending: true, .. }) => ("descending", field.name.clone()),
        None => ("", field.name.clone()),
    };
    let sort = if field.can_sort() { filter::link(path, form, Some(&turned), None) } else { String::new() };
    let label = field.label.get(locale).to_owned();
    Column { label, personal: field.personal, numeric: value::is_numeric(field), sort, order }
}

fn row(page: &RecordPage, fields: &[&Field], view: &RecordView, locale: Locale) -> Row {
    let place = &page.place;
    let cells = fields.iter().skip(1).map(|field| Cell {
        label: field.label.get(locale).to_owned(),
        value: value::shown(&place.service.name, field, view, locale),
    });
    Row {
        href: format!("/app/s/{}/{}/{}", place.service.name, place.entity.name, view.record.id),
        title: value::title(&place.entity, view, locale),
        cells: cells.collect(),
    }
}

fn fault_link(field: Option<&Field>, fault: &Fault, locale: Locale) -> super::Link {
    let label = field.map_or(fault.field.as_str(), |field| field.label.get(locale));
    // A field that can't be searched has no condition to lead to.
    let offered = field.is_some_and(|field| !field.tests().is_empty());
    let href = if offered { format!("#f-{}", fault.field) } else { String::new() };
    super::Link { href, label: fault.message(locale, label) }
}
