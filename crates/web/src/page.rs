//! Pages: the frame around every page, and how one is rendered. What stands in them is in `page::<noun>`.
//!
//! To add a page:
//! 1. `templates/<noun>/<page>.html` extends `layout/page.html` (with `shell.signed` the member's frame, without
//!    it the public one), imports `components.html` as `c`, and fills the block `main`. Buttons, fields, banners, icons come from `c`.
//! 2. `page/<noun>.rs` has the view (`#[derive(Template)] struct …View { shell: Shell, … }`, plain data ready to show)
//!    and the handlers: extract (`Signed`, `Posted`, `Query`), call `app`, render with `page::html`. A handler returns
//!    `Result<Response, Problem>`; `?` on an `app::Error` becomes the right error page.
//! 3. Texts go to `locales/{ja,en}/<noun>.ftl`, the file's name to `locale.rs`. In templates: `{{ shell.t.text(key) }}`.
//! 4. The route goes into `routes::ROUTES`. Every `POST` form holds `{{ c::token(shell) }}` and is taken by `Posted`.
//! 5. After a change redirect with `page::done(path, "code")`; the next page shows the text `done-<code>`.
//! 6. `tests/web/samples.rs` renders the view with sample data, in both languages.

pub mod access;
pub mod activity;
pub mod audit;
pub mod backup;
pub mod claim;
pub mod evidence;
pub mod extraction;
pub mod home;
pub mod job;
pub mod mail;
pub mod record;
pub mod role;
pub mod session;
mod shell;
pub mod tenant;
pub mod user;

pub use shell::{ConsoleShell, MenuGroup, MenuItem, OtherTenant, Shell, SignedShell};

use crate::problem::Problem;
use askama::Template;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but what RFC 3986 leaves unreserved.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A view rendered as a page. A template that fails is a fault of ours.
pub fn html(status: StatusCode, view: &impl Template) -> Response {
    let mut page = String::with_capacity(32 * 1024);
    match view.render_into(&mut page) {
        Ok(()) => {
            let mut response = Response::new(Body::from(page));
            *response.status_mut() = status;
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
            response
        }
        Err(fault) => Problem::internal(format!("template: {fault}")).into_response(),
    }
}

/// 303 to a page that then says what was done: the text `done-<code>`.
pub fn done(path: &str, code: &str) -> Response {
    Redirect::to(&format!("{path}?done={code}")).into_response()
}

/// Text as one part of a path or query.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// `?a=1&b=2` from pairs, empty values left out; empty when nothing is left.
pub fn query<'p>(pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> String {
    let mut query = String::new();
    for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
        query.push(if query.is_empty() { '?' } else { '&' });
        query.push_str(&encoded(name));
        query.push('=');
        query.push_str(&encoded(value));
    }
    query
}
