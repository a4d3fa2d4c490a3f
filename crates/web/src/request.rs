//! What every request goes through: its id, language, time limit, headers, and the one line it leaves in the log.
//!
//! Decides nothing about rights. Neither query strings nor personal data reach the log.

use crate::problem::Problem;
use crate::{Web, cookie, headers};
use app::{Caller, Peer};
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{Extensions, HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::id::RequestId;
use domain::locale::Locale;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// How long an answer may take to begin.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a file may take to come in.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(600);
/// Longest description of a browser kept, in characters.
const DEVICE_CHARS_MAX: usize = domain::audit::MAX_DEVICE_CHARS;

/// The request at hand, as handlers and error pages need it.
#[derive(Debug)]
pub struct Context {
    /// Address, browser, request id, language.
    pub peer: Peer,
    /// The method.
    pub method: Method,
    /// Path without query.
    pub path: String,
    /// The query as sent, without `lang`.
    pub query: String,
    caller: OnceLock<Arc<Caller>>,
}

impl Context {
    /// The context `serve` put into the request.
    pub fn of(extensions: &Extensions) -> Result<Arc<Self>, Problem> {
        extensions.get::<Arc<Self>>().cloned().ok_or_else(|| Problem::internal("no request context".to_owned()))
    }

    /// The language of the answer.
    pub fn locale(&self) -> Locale {
        self.peer.locale
    }

    /// The request's id.
    pub fn id(&self) -> RequestId {
        self.peer.request
    }

    /// Whether a program asks, which gets problem documents instead of pages.
    pub fn is_api(&self) -> bool {
        self.path.starts_with("/api/") || self.path.starts_with(crate::log::PREFIX)
    }

    /// Who is signed in, once a handler has found out.
    pub fn caller(&self) -> Option<&Arc<Caller>> {
        self.caller.get()
    }

    pub(crate) fn remember(&self, caller: Arc<Caller>) {
        // A second extractor of the same request finds the same member.
        let _ = self.caller.set(caller);
    }

    /// A context outside any server, for pages rendered in tests.
    pub fn sample(locale: Locale, path: &str) -> Self {
        let request = RequestId(uuid::Uuid::from_u128(0x0192_4d5a_7c00_7abc_8def_0123_4567_89ab));
        let peer = Peer { address: None, device: String::new(), request, locale, device_cookie: String::new() };
        Self { peer, method: Method::GET, path: path.to_owned(), query: String::new(), caller: OnceLock::new() }
    }
}

/// The outermost layer.
pub async fn serve(State(web): State<Arc<Web>>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let chosen = chosen_language(request.uri().query().unwrap_or_default());
    let context = Arc::new(context(&web, &request, chosen));
    let matched = request.extensions().get::<MatchedPath>().cloned();
    request.extensions_mut().insert(Arc::clone(&context));
    let limit = if is_upload(&request) { UPLOAD_TIMEOUT } else { ANSWER_TIMEOUT };

    let answered = tokio::time::timeout(limit, next.run(request)).await;
    let mut response = answered.unwrap_or_else(|_| Problem::timed_out().into_response());
    if let Some(problem) = response.extensions_mut().remove::<Box<Problem>>() {
        response = problem.render(&web, &context).await;
    }
    headers::set(response.headers_mut(), &context);
    if let Some(locale) = chosen.filter(|_| !is_shared(response.headers())) {
        response.headers_mut().append(header::SET_COOKIE, cookie::language(locale));
    }
    log(&context, matched.as_ref(), &response, began.elapsed());
    response
}

fn context(web: &Web, request: &Request, chosen: Option<Locale>) -> Context {
    let headers = request.headers();
    let locale = chosen.or_else(|| cookie::remembered_language(headers)).unwrap_or_default();
    let address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let query = request.uri().query().unwrap_or_default();
    let device_cookie = cookie::value(headers, cookie::DEVICE).unwrap_or_default().to_owned();
    Context {
        peer: Peer { address, device: device(headers), request: web.app.new_request_id(), locale, device_cookie },
        method: request.method().clone(),
        path: request.uri().path().to_owned(),
        query: query.split('&').filter(|pair| !pair.starts_with("lang=")).collect::<Vec<_>>().join("&"),
        caller: OnceLock::new(),
    }
}

/// `?lang=en`: the switch at the top of every page.
fn chosen_language(query: &str) -> Option<Locale> {
    query.split('&').filter_map(|pair| pair.strip_prefix("lang=")).find_map(Locale::parse)
}

/// The browser's description of itself, cut and free of control characters.
fn device(headers: &HeaderMap) -> String {
    let sent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    sent.chars().filter(|c| !c.is_control()).take(DEVICE_CHARS_MAX).collect()
}

/// Whether caches may keep the answer for everybody: then it sets no cookie.
fn is_shared(headers: &HeaderMap) -> bool {
    headers.get(header::CACHE_CONTROL).is_some_and(|value| value.as_bytes().starts_with(b"public"))
}

fn is_upload(request: &Request) -> bool {
    let multipart = |value: &HeaderValue| value.as_bytes().starts_with(b"multipart/form-data");
    request.headers().get(header::CONTENT_TYPE).is_some_and(multipart)
}

fn log(context: &Context, matched: Option<&MatchedPath>, response: &Response, took: Duration) {
    let path = matched.map_or("-", MatchedPath::as_str).to_owned();
    let status = response.status().as_u16();
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(method = %context.method, path, status, ms, request = %context.id(), "answered");
    let labels = [("path", path), ("status", status.to_string())];
    metrics::counter!("struct_http_requests_total", &labels).increment(1);
    metrics::histogram!("struct_http_seconds", &labels[..1]).record(took.as_secs_f64());
}
