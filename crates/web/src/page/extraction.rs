//! Extraction: what will be taken out, in which format, and the file itself. Its log entry is `app`'s, before the first byte.

pub mod hold;

use crate::Web;
use crate::form::{Form, Posted, Query};
use crate::page::record::filter::{self, Control};
use crate::page::record::{At, Head, Link};
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::Error;
use app::extraction::{Extraction, Format};
use app::record::EntityPlace;
use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use futures_util::TryStreamExt;
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "extraction/form.html")]
pub struct ExtractionView {
    /// The frame.
    pub shell: Shell,
    /// Names and paths.
    pub head: Head,
    /// The way here.
    pub crumbs: Vec<Link>,
    /// The conditions, as sent.
    pub hidden: Vec<(String, String)>,
    /// The conditions, in words: field and value.
    pub conditions: Vec<(String, String)>,
    /// Labels of the personal fields that go out.
    pub personal: Vec<String>,
}

/// `GET /app/s/{service}/{entity}/extract`
pub async fn form(
    State(web): State<Arc<Web>>,
    signed: Signed,
    at: At,
    Query(form): Query,
) -> Result<Response, Problem> {
    let place = web.app.extraction_form(&signed.caller, &at.service, &at.entity).await?;
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(StatusCode::OK, &view(shell, &place, &form)))
}

/// `POST /app/s/{service}/{entity}/extract`
pub async fn extract(State(web): State<Arc<Web>>, at: At, posted: Posted) -> Result<Response, Problem> {
    let Posted { signed, form } = posted;
    let format = Format::parse(form.once("format")?).ok_or_else(|| Problem::bad_field("bad_value", "format"))?;
    let query = filter::read(&form)?;
    match web.app.extract(&signed.caller, &at.service, &at.entity, format, query).await {
        Ok(extraction) => Ok(file(extraction)),
        // Told on a page of its own, which can be looked at again until somebody has decided.
        Err(Error::Held(held)) => Ok(Redirect::to(&hold::path(held.hold)).into_response()),
        Err(error) => Err(error.into()),
    }
}

/// A file on its way out. A stream that breaks leaves a broken transfer, never a file that looks whole.
pub fn file(extraction: Extraction) -> Response {
    let mut response = Response::new(Body::from_stream(extraction.stream.map_err(|error| {
        tracing::error!(%error, "an extraction broke off");
        error
    })));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(extraction.content_type));
    let name = format!("attachment; filename=\"{}\"", extraction.file_name.replace(['"', '\\'], ""));
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    // Compressing would hold back rows; who wants it small asks for it afterwards.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
    response
}

/// The page from where the caller stands and the conditions that came along.
pub fn view(mut shell: Shell, place: &EntityPlace, form: &Form) -> ExtractionView {
    let locale = shell.t.locale;
    let head = Head::new(place, locale);
    let (shown, more) = filter::filters(&place.entity, form, locale);
    let set = shown.into_iter().chain(more).filter(|filter| filter.set);
    let personal = place.entity.fields.iter().filter(|field| field.personal);
    shell.title = shell.t.one("extraction-title", "entity", head.entity.as_str());
    ExtractionView {
        crumbs: head.crumbs(),
        hidden: filter::pairs(form),
        conditions: set.map(|filter| (filter.label, words(&filter.control))).collect(),
        personal: personal.map(|field| field.label.get(locale).to_owned()).collect(),
        head,
        shell,
    }
}

fn words(control: &Control) -> String {
    match control {
        Control::Select(choices) => {
            choices.iter().find(|choice| choice.chosen).map(|choice| choice.label.clone()).unwrap_or_default()
        }
        Control::Range { from, to, .. } => format!("{from}〜{to}"),
        Control::Text { value, .. } | Control::Fixed(value) => value.clone(),
    }
}
