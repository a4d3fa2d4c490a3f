//! 「非機能要件への対応」: the public page of all promises, the same as a document, a feed and badges. From memory, so that it
//! stands while the database does not. No state can be given to it.

pub mod answer;
pub mod badge;
pub mod feed;
pub mod months;
pub mod promise;
pub mod view;
pub mod words;

use crate::Web;
use crate::locale::{Texts, texts};
use crate::page::Shell;
use crate::problem::Problem;
use crate::request::Context;
use answer::{Kept, answer};
use app::claim::document::Claims;
use askama::Template;
use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use domain::locale::Locale;
use domain::promise::Promise;
use jiff::Timestamp;
use std::sync::Arc;

/// `GET /trust`
pub async fn show(
    State(web): State<Arc<Web>>,
    Extension(context): Extension<Arc<Context>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (claims, read_at) = web.app.claims_shown().await;
    let now = web.app.now();
    let view = view::view(Shell::open(now, &context, String::new()), &claims, read_at, now);
    let page = view.render().map_err(|fault| Problem::internal(format!("template: {fault}")))?;
    Ok(answer(&headers, "text/html; charset=utf-8", Kept::Page, page))
}

/// `GET /trust.json`
pub async fn document(State(web): State<Arc<Web>>, headers: HeaderMap) -> Result<Response, Problem> {
    let (claims, read_at) = web.app.claims_shown().await;
    let document = Claims::of(&claims, web.app.now(), read_at, &web.app.settings().public_url);
    let text = serde_json::to_string_pretty(&document).map_err(|error| Problem::internal(error.to_string()))?;
    Ok(answer(&headers, "application/json", Kept::Minute, text + "\n"))
}

/// `GET /trust/feed.atom`
pub async fn changes(State(web): State<Arc<Web>>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let changes = web.app.claim_changes(feed::FEED_DAYS, feed::MAX_ENTRIES).await;
    let text = feed::atom(&changes, &web.app.settings().public_url, asked(query.as_deref()), Timestamp::UNIX_EPOCH);
    answer(&headers, "application/atom+xml; charset=utf-8", Kept::Minute, text)
}

/// `GET /trust/{promise}/badge.svg`
pub async fn badge(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let promise = Promise::find(&id).ok_or_else(Problem::not_found)?;
    let (claims, _) = web.app.claims_shown().await;
    let claim = claims.iter().find(|claim| claim.promise == promise).ok_or_else(Problem::not_found)?;
    let svg = badge::svg(claim, asked(query.as_deref()));
    Ok(answer(&headers, "image/svg+xml; charset=utf-8", Kept::Minute, svg))
}

/// The language asked for by `?lang=`, and nothing else: what caches keep for everybody follows no cookie.
fn asked(query: Option<&str>) -> Texts {
    let pairs = query.unwrap_or_default().split('&');
    texts(pairs.filter_map(|pair| pair.strip_prefix("lang=")).find_map(Locale::parse).unwrap_or_default())
}
