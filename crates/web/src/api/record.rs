//! Records for programs: list, make, read, change, remove, reveal, extract. Values are canonical text.

use super::{if_match, json, read};
use crate::Web;
use crate::form::Query;
use crate::page::extraction::file;
use crate::page::record::filter;
use crate::page::record::{At, AtRecord};
use crate::problem::Problem;
use crate::session::Signed;
use app::extraction::Format;
use app::record::{Mode, RecordDetail, RecordView};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::record::{MAX_PAGE, Values};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct Record<'a> {
    id: String,
    version: i64,
    values: &'a Values,
    revealed: bool,
    created_at: String,
    updated_at: String,
}

impl<'a> Record<'a> {
    fn new(view: &'a RecordView) -> Self {
        let record = &view.record;
        Self {
            id: record.id.to_string(),
            version: record.version,
            values: &record.values,
            revealed: view.revealed,
            created_at: record.created_at.to_string(),
            updated_at: record.updated_at.to_string(),
        }
    }
}

#[derive(Serialize)]
struct List<'a> {
    records: Vec<Record<'a>>,
    next: Option<&'a str>,
    previous: Option<&'a str>,
}

#[derive(Serialize)]
struct Written {
    id: String,
    version: i64,
}

/// `GET /api/v1/services/{service}/{entity}?f.<field>=…&sort=…&cursor=…&limit=…`
pub async fn list(
    State(web): State<Arc<Web>>,
    signed: Signed,
    at: At,
    Query(form): Query,
) -> Result<Response, Problem> {
    let mut query = filter::read(&form)?;
    if let Some(limit) = form.some("limit")? {
        let limit = limit.parse().ok().filter(|limit| (1..=MAX_PAGE).contains(limit));
        query.limit = limit.ok_or_else(|| Problem::bad_field("bad_value", "limit"))?;
    }
    let page = web.app.record_list(&signed.caller, &at.service, &at.entity, query, false).await?;
    let records = page.records.iter().map(Record::new).collect();
    json(StatusCode::OK, &List { records, next: page.next.as_deref(), previous: page.previous.as_deref() })
}

/// `POST /api/v1/services/{service}/{entity}`
pub async fn create(State(web): State<Arc<Web>>, signed: Signed, at: At, body: Body) -> Result<Response, Problem> {
    let sent = read(body).await?;
    let id = web.app.record_create(&signed.caller, &at.service, &at.entity, sent.values).await?;
    let mut response = json(StatusCode::CREATED, &Written { id: id.to_string(), version: 1 })?;
    let location = format!("/api/v1/services/{}/{}/{id}", at.service, at.entity);
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    tagged(response, 1)
}

/// `GET /api/v1/services/{service}/{entity}/{id}`: personal values masked.
pub async fn detail(State(web): State<Arc<Web>>, signed: Signed, at: AtRecord) -> Result<Response, Problem> {
    shown(&web.app.record_detail(&signed.caller, &at.at.service, &at.at.entity, at.id).await?)
}

/// `POST /api/v1/services/{service}/{entity}/{id}/reveal`: personal values in full; the entry is there first.
pub async fn reveal(State(web): State<Arc<Web>>, signed: Signed, at: AtRecord) -> Result<Response, Problem> {
    shown(&web.app.record_reveal(&signed.caller, &at.at.service, &at.at.entity, at.id).await?)
}

/// `PATCH /api/v1/services/{service}/{entity}/{id}`: fields named are changed, the others stay.
pub async fn change(
    State(web): State<Arc<Web>>,
    signed: Signed,
    at: AtRecord,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let sent = read(body).await?;
    let version = if_match(&headers)?.or(sent.version).ok_or_else(Problem::version_wanted)?;
    let place = (at.at.service.as_str(), at.at.entity.as_str());
    let new = web.app.record_update(&signed.caller, place, at.id, version, sent.values, Mode::Named).await?;
    tagged(json(StatusCode::OK, &Written { id: at.id.to_string(), version: new })?, new)
}

/// `DELETE /api/v1/services/{service}/{entity}/{id}` with `If-Match` or `?version=`.
pub async fn remove(
    State(web): State<Arc<Web>>,
    signed: Signed,
    at: AtRecord,
    headers: HeaderMap,
    Query(form): Query,
) -> Result<Response, Problem> {
    let named = form.some("version")?.map(str::parse).transpose().map_err(|_| Problem::bad_request("bad_version"))?;
    let version = if_match(&headers)?.or(named).ok_or_else(Problem::version_wanted)?;
    let place = (at.at.service.as_str(), at.at.entity.as_str());
    web.app.record_delete(&signed.caller, place, at.id, version).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET /api/v1/services/{service}/{entity}/extract?format=csv|ndjson&f.<field>=…`
pub async fn extract(
    State(web): State<Arc<Web>>,
    signed: Signed,
    at: At,
    Query(form): Query,
) -> Result<Response, Problem> {
    let format = Format::parse(form.once("format")?).ok_or_else(|| Problem::bad_field("bad_value", "format"))?;
    let query = filter::read(&form)?;
    Ok(file(web.app.extract(&signed.caller, &at.service, &at.entity, format, query).await?))
}

fn shown(found: &RecordDetail) -> Result<Response, Problem> {
    tagged(json(StatusCode::OK, &Record::new(&found.view))?, found.view.record.version)
}

/// The version as the entity tag that `If-Match` sends back.
fn tagged(mut response: Response, version: i64) -> Result<Response, Problem> {
    let tag = HeaderValue::from_str(&format!("\"{version}\"")).map_err(|fault| Problem::internal(fault.to_string()))?;
    response.headers_mut().insert(header::ETAG, tag);
    Ok(response)
}
