//! All routes in one table: method, path, who may, whether it changes anything. The router is made from it and nothing else.
//!
//! Tests enumerate the table: every route appears in a denial test, every changing one in an audit test.

use crate::form::check_content_type;
use crate::problem::Problem;
use crate::{Options, Web, api, assets, log, page, request};
use app::App;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, Version, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, patch, post};
use domain::screen::{Action, ScreenKind};
use std::any::Any;
use std::sync::Arc;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::csrf::{CsrfLayer, ProtectionError};

/// Who may use a route. Not the decision itself, which is `app`'s: what tests expect of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    /// Anyone, signed in or not.
    Anyone,
    /// Whoever has a token of the tenant's log, and administrators of the tenant.
    LogReader,
    /// Any signed-in member.
    Member,
    /// Administrators of the tenant.
    Administrator,
    /// Operators, on their own listener.
    Operator,
    /// Members who may do the action on the entity's screen of the kind.
    Screen(ScreenKind, Action),
}

/// A route.
pub struct Route {
    /// `GET`, `POST`, `PATCH`, `DELETE`.
    pub method: &'static str,
    /// The path, parameters in braces.
    pub path: &'static str,
    /// Who may use it.
    pub who: Who,
    /// Whether it changes anything (or gives personal data out): then it leaves an entry.
    pub changes: bool,
    handler: fn() -> MethodRouter<Arc<Web>>,
}

pub(crate) const fn reads(path: &'static str, who: Who, handler: fn() -> MethodRouter<Arc<Web>>) -> Route {
    Route { method: "GET", path, who, changes: false, handler }
}

/// A GET that leaves an entry, since what it gives out is personal or a file.
const fn gives(path: &'static str, who: Who, handler: fn() -> MethodRouter<Arc<Web>>) -> Route {
    Route { method: "GET", path, who, changes: true, handler }
}

pub(crate) const fn changes(
    method: &'static str,
    path: &'static str,
    who: Who,
    handler: fn() -> MethodRouter<Arc<Web>>,
) -> Route {
    Route { method, path, who, changes: true, handler }
}

use Action::{Create, Delete, Extract, Update, View};
use ScreenKind::{Detail, Form, Import, List};
use Who::{Administrator, Anyone, LogReader, Member, Screen};

/// Every route there is.
pub static ROUTES: &[Route] = &[
    reads("/healthz", Anyone, || get(live)),
    reads("/readyz", Anyone, || get(ready)),
    reads("/assets/{file}", Anyone, || get(assets::file)),
    reads("/", Anyone, || get(page::home::root)),
    reads("/app", Member, || get(page::home::home)),
    // what is promised, and the proof of it
    reads("/trust", Anyone, || get(page::claim::show)),
    reads("/trust.json", Anyone, || get(page::claim::document)),
    reads("/trust/feed.atom", Anyone, || get(page::claim::changes)),
    reads("/trust/{promise}", Anyone, || get(page::claim::promise::show)),
    reads("/trust/{promise}/badge.svg", Anyone, || get(page::claim::badge)),
    reads("/trust/evidence/{evidence}", Anyone, || get(page::evidence::show)),
    reads("/trust/evidence/{evidence}/raw.json", Anyone, || get(page::evidence::raw)),
    reads("/trust/evidence/{evidence}/proof", Anyone, || get(page::evidence::proof)),
    // the logs as files: the platform's, a tenant's
    reads("/log/platform/{*path}", Anyone, || get(log::platform)),
    reads("/log/{log}/{*path}", LogReader, || get(log::tenant)),
    // people: signing in, joining, users of a tenant
    reads("/signin", Anyone, || get(page::session::form)),
    changes("POST", "/signin", Anyone, || post(page::session::sign_in)),
    changes("POST", "/signout", Member, || post(page::session::sign_out)),
    reads("/invitation/{token}", Anyone, || get(page::user::invitation::form)),
    changes("POST", "/invitation/{token}", Anyone, || post(page::user::invitation::accept)),
    reads("/recovery", Anyone, || get(page::user::recovery::form)),
    changes("POST", "/recovery", Anyone, || post(page::user::recovery::ask)),
    reads("/recovery/{token}", Anyone, || get(page::user::recovery::set_form)),
    changes("POST", "/recovery/{token}", Anyone, || post(page::user::recovery::set)),
    reads("/device/{token}", Anyone, || get(page::session::device::ask)),
    changes("POST", "/device/{token}", Anyone, || post(page::session::device::disown)),
    reads("/address/{token}", Anyone, || get(page::user::address::confirm_form)),
    changes("POST", "/address/{token}", Anyone, || post(page::user::address::confirm)),
    reads("/demo/mail", Anyone, || get(page::mail::folder)),
    reads("/app/sessions", Member, || get(page::session::list::own)),
    changes("POST", "/app/sessions/end", Member, || post(page::session::list::end_others)),
    changes("POST", "/app/sessions/{session}/end", Member, || post(page::session::list::end_one)),
    reads("/app/address", Member, || get(page::user::address::form)),
    changes("POST", "/app/address", Member, || post(page::user::address::ask)),
    changes("POST", "/app/tenant/{tenant}", Member, || post(page::tenant::enter)),
    reads("/app/admin/users", Administrator, || get(page::user::list::list)),
    reads("/app/admin/users/invite", Administrator, || get(page::user::invite::form)),
    changes("POST", "/app/admin/users/invite", Administrator, || post(page::user::invite::invite)),
    reads("/app/admin/users/{user}", Administrator, || get(page::user::edit::form)),
    changes("POST", "/app/admin/users/{user}", Administrator, || post(page::user::edit::change)),
    changes("POST", "/app/admin/users/{user}/invite", Administrator, || post(page::user::invite::again)),
    changes("POST", "/app/admin/users/{user}/unfreeze", Administrator, || post(page::user::edit::unfreeze)),
    changes("POST", "/app/admin/users/{user}/sessions/end", Administrator, || post(page::session::list::end_all_of)),
    changes("POST", "/app/admin/users/{user}/sessions/{session}/end", Administrator, || {
        post(page::session::list::end_one_of)
    }),
    reads("/app/admin/users/{user}/disable", Administrator, || get(page::user::active::ask_disable)),
    changes("POST", "/app/admin/users/{user}/disable", Administrator, || post(page::user::active::disable)),
    reads("/app/admin/users/{user}/enable", Administrator, || get(page::user::active::ask_enable)),
    changes("POST", "/app/admin/users/{user}/enable", Administrator, || post(page::user::active::enable)),
    // roles and what they may do
    reads("/app/admin/roles", Administrator, || get(page::role::list)),
    changes("POST", "/app/admin/roles", Administrator, || post(page::role::create)),
    reads("/app/admin/roles/{role}/edit", Administrator, || get(page::role::edit)),
    changes("POST", "/app/admin/roles/{role}/edit", Administrator, || post(page::role::rename)),
    reads("/app/admin/roles/{role}/delete", Administrator, || get(page::role::delete::ask)),
    changes("POST", "/app/admin/roles/{role}/delete", Administrator, || post(page::role::delete::delete)),
    reads("/app/admin/access", Administrator, || get(page::access::first)),
    reads("/app/admin/access/{service}", Administrator, || get(page::access::matrix)),
    changes("POST", "/app/admin/access/{service}", Administrator, || post(page::access::save)),
    reads("/app/admin/access/{service}/proposed", Administrator, || get(page::access::proposed::ask)),
    changes("POST", "/app/admin/access/{service}/proposed", Administrator, || post(page::access::proposed::apply)),
    // one's own trail, and the log of all
    reads("/app/activity", Member, || get(page::activity::own)),
    reads("/app/admin/audit/log", Administrator, || get(page::audit::ledger::show)),
    changes("POST", "/app/admin/audit/log/tokens", Administrator, || post(page::audit::ledger::token::create)),
    reads("/app/admin/audit/log/tokens/{token}/revoke", Administrator, || get(page::audit::ledger::token::ask)),
    changes("POST", "/app/admin/audit/log/tokens/{token}/revoke", Administrator, || {
        post(page::audit::ledger::token::revoke)
    }),
    changes("POST", "/app/admin/audit/log/mail", Administrator, || post(page::audit::ledger::subscribe)),
    changes("POST", "/app/admin/audit/log/mail/{subscriber}/remove", Administrator, || {
        post(page::audit::ledger::unsubscribe)
    }),
    changes("POST", "/app/admin/audit/log/retention", Administrator, || post(page::audit::ledger::retention)),
    changes("POST", "/app/admin/audit/log/check", Administrator, || post(page::audit::ledger::walk::start)),
    reads("/app/admin/audit/log/check/{walk}", Administrator, || get(page::audit::ledger::walk::status)),
    changes("POST", "/app/admin/audit/log/download", Administrator, || post(page::audit::ledger::download)),
    changes("POST", "/app/admin/audit/log/platform/download", Administrator, || {
        post(page::audit::ledger::download_platform)
    }),
    changes("POST", "/app/admin/audit/{entry}/certificate", Administrator, || post(page::audit::ledger::certificate)),
    reads("/app/activity/extract", Member, || get(page::audit::extract::own_form)),
    changes("POST", "/app/activity/extract", Member, || post(page::audit::extract::own)),
    gives("/app/admin/audit", Administrator, || get(page::audit::log)),
    reads("/app/admin/audit/extract", Administrator, || get(page::audit::extract::form)),
    changes("POST", "/app/admin/audit/extract", Administrator, || post(page::audit::extract::extract)),
    reads("/app/admin/audit/streams", Administrator, || get(page::audit::stream::list)),
    changes("POST", "/app/admin/audit/streams", Administrator, || post(page::audit::stream::add)),
    changes("POST", "/app/admin/audit/streams/{stream}/test", Administrator, || post(page::audit::stream::test)),
    changes("POST", "/app/admin/audit/streams/{stream}/pause", Administrator, || post(page::audit::stream::pause)),
    reads("/app/admin/audit/streams/{stream}/remove", Administrator, || get(page::audit::stream::ask)),
    changes("POST", "/app/admin/audit/streams/{stream}/remove", Administrator, || post(page::audit::stream::remove)),
    gives("/app/admin/audit/{entry}", Administrator, || get(page::audit::entry::entry)),
    // signs of fraud, held extractions, planted records
    gives("/app/admin/signs", Administrator, || get(page::audit::sign::list)),
    reads("/app/admin/signs/{sign}", Administrator, || get(page::audit::sign::close::form)),
    changes("POST", "/app/admin/signs/{sign}", Administrator, || post(page::audit::sign::close::close)),
    reads("/app/admin/signs/limits/{role}", Administrator, || get(page::audit::sign::limit::form)),
    changes("POST", "/app/admin/signs/limits/{role}", Administrator, || post(page::audit::sign::limit::change)),
    changes("POST", "/app/admin/signs/honey", Administrator, || post(page::audit::sign::honey::set)),
    changes("POST", "/app/admin/signs/honey/{id}/remove", Administrator, || post(page::audit::sign::honey::remove)),
    reads("/app/holds/{hold}", Member, || get(page::extraction::hold::show)),
    changes("POST", "/app/holds/{hold}", Administrator, || post(page::extraction::hold::decide)),
    changes("POST", "/app/holds/{hold}/file", Member, || post(page::extraction::hold::take)),
    reads("/api/v1/holds/{hold}", Member, || get(api::extraction::held)),
    changes("POST", "/api/v1/holds/{hold}/file", Member, || post(api::extraction::take)),
    reads("/api/v1/activity", Member, || get(api::audit::own)),
    gives("/api/v1/audit", Administrator, || get(api::audit::log)),
    gives("/api/v1/audit/{entry}", Administrator, || get(api::audit::one)),
    // records of a service
    reads("/app/s/{service}/{entity}", Screen(List, View), || get(page::record::list::list)),
    reads("/app/s/{service}/{entity}/new", Screen(Form, Create), || get(page::record::form::new)),
    changes("POST", "/app/s/{service}/{entity}/new", Screen(Form, Create), || post(page::record::form::create)),
    reads("/app/s/{service}/{entity}/import", Screen(Import, Create), || get(page::job::form)),
    changes("POST", "/app/s/{service}/{entity}/import", Screen(Import, Create), || post(page::job::upload)),
    reads("/app/s/{service}/{entity}/import/{job}", Screen(Import, Create), || get(page::job::status)),
    reads("/app/s/{service}/{entity}/extract", Screen(ScreenKind::Extract, Extract), || get(page::extraction::form)),
    changes("POST", "/app/s/{service}/{entity}/extract", Screen(ScreenKind::Extract, Extract), || {
        post(page::extraction::extract)
    }),
    reads("/app/s/{service}/{entity}/{id}", Screen(Detail, View), || get(page::record::detail::detail)),
    gives("/app/s/{service}/{entity}/{id}/history", Screen(Detail, View), || get(page::audit::history::history)),
    changes("POST", "/app/s/{service}/{entity}/{id}/reveal", Screen(Detail, View), || {
        post(page::record::detail::reveal)
    }),
    gives("/app/s/{service}/{entity}/{id}/edit", Screen(Form, Update), || get(page::record::form::edit)),
    changes("POST", "/app/s/{service}/{entity}/{id}/edit", Screen(Form, Update), || post(page::record::form::update)),
    reads("/app/s/{service}/{entity}/{id}/delete", Screen(Detail, Delete), || get(page::record::delete::ask)),
    changes("POST", "/app/s/{service}/{entity}/{id}/delete", Screen(Detail, Delete), || {
        post(page::record::delete::delete)
    }),
    // the same for programs
    reads("/api/v1/services/{service}/{entity}", Screen(List, View), || get(api::record::list)),
    changes("POST", "/api/v1/services/{service}/{entity}", Screen(Form, Create), || post(api::record::create)),
    gives("/api/v1/services/{service}/{entity}/extract", Screen(ScreenKind::Extract, Extract), || {
        get(api::record::extract)
    }),
    reads("/api/v1/services/{service}/{entity}/{id}", Screen(Detail, View), || get(api::record::detail)),
    changes("PATCH", "/api/v1/services/{service}/{entity}/{id}", Screen(Form, Update), || patch(api::record::change)),
    changes("DELETE", "/api/v1/services/{service}/{entity}/{id}", Screen(Detail, Delete), || {
        delete(api::record::remove)
    }),
    changes("POST", "/api/v1/services/{service}/{entity}/{id}/reveal", Screen(Detail, View), || {
        post(api::record::reveal)
    }),
];

/// Everything STRUCT serves over TLS.
pub fn router(app: Arc<App>, options: Options) -> Router {
    served(ROUTES, Arc::new(Web { app, options }))
}

/// A table of routes, behind what every request goes through.
pub(crate) fn served(routes: &[Route], web: Arc<Web>) -> Router {
    let table = routes.iter().fold(Router::new(), |router, route| router.route(route.path, (route.handler)()));
    table
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        // Handlers hold to limits of their own; this one is for what no handler reads.
        .layer(DefaultBodyLimit::max(crate::form::IMPORT_BYTES_MAX + crate::form::FORM_BYTES_MAX))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(for_programs))
        .layer(csrf(&web.options))
        .layer(from_fn_with_state(Arc::clone(&web), request::serve))
        .layer(compression())
        .with_state(web)
}

/// What the plain listener serves: the way to the other one, and the answers to challenges of a certificate authority (RFC 8555,
/// section 8.3), by token. `https_port` is left out of links when it is 443.
pub fn redirect_router(
    https_port: u16,
    challenge: impl Fn(&str) -> Option<String> + Clone + Send + Sync + 'static,
) -> Router {
    let answered = async move |Path(token): Path<String>, headers: HeaderMap, request: Request| match challenge(&token)
    {
        Some(text) => ([(header::CONTENT_TYPE, "application/octet-stream")], text).into_response(),
        None => redirect(&headers, &request, https_port),
    };
    Router::new()
        .route("/.well-known/acme-challenge/{token}", get(answered))
        .fallback(async move |headers: HeaderMap, request: Request| redirect(&headers, &request, https_port))
}

fn redirect(headers: &HeaderMap, request: &Request, https_port: u16) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let name = host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(host, |(name, _)| name);
    let port = if https_port == 443 { String::new() } else { format!(":{https_port}") };
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    match HeaderValue::from_str(&format!("https://{name}{port}{path}")) {
        Ok(to) => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, to)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// `GET /metrics` in Prometheus text form, for a loopback listener of its own: figures are no page of the public side.
pub fn metrics_route(render: impl Fn() -> String + Clone + Send + Sync + 'static) -> Router {
    let content_type = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Router::new().route("/metrics", get(async move || (content_type, render())))
}

/// Whether the process answers at all.
async fn live() -> &'static str {
    "ok\n"
}

/// Whether requests can be served: the database answers.
async fn ready(State(web): State<Arc<Web>>) -> Response {
    if web.app.ready().await {
        "ok\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "10")], "database unavailable\n").into_response()
    }
}

/// A request that another site made the browser send is refused before any handler sees it.
fn csrf(options: &Options) -> CsrfLayer<fn(ProtectionError) -> Response> {
    let layer = options.origins.iter().fold(CsrfLayer::new(), |layer, origin| {
        // Origins are checked when the configuration is read; one that is no origin is trusted by nobody.
        layer.clone().add_trusted_origin(origin).unwrap_or(layer)
    });
    layer.with_rejection_response(|_| Problem::cross_site().into_response())
}

/// What the API asks of a request beyond the pages' checks. A browser can't send JSON to another site without asking
/// first, so bodies are nothing else; and a link on another site must not start an extraction.
async fn for_programs(request: Request, next: Next) -> Response {
    if request.uri().path().starts_with("/api/") {
        let sends = matches!(request.method().as_str(), "POST" | "PATCH" | "PUT");
        if sends && let Err(problem) = check_content_type(request.headers(), "application/json") {
            return problem.into_response();
        }
        let site = request.headers().get("sec-fetch-site").map(HeaderValue::as_bytes);
        if matches!(site, Some(b"cross-site" | b"same-site")) {
            return Problem::cross_site().into_response();
        }
    }
    next.run(request).await
}

fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let text = cause.downcast_ref::<String>().map(String::as_str).or_else(|| cause.downcast_ref::<&str>().copied());
    Problem::internal(format!("panic: {}", text.unwrap_or("no message"))).into_response()
}

type Worth = fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool;

/// Hashes look like noise: nothing makes them smaller.
fn worth_compressing(_: StatusCode, _: Version, _: &HeaderMap, extensions: &Extensions) -> bool {
    extensions.get::<log::Incompressible>().is_none()
}

/// Pages, style sheets and documents; not files on their way out.
fn compression() -> CompressionLayer<impl Predicate> {
    let worth = SizeAbove::new(1024)
        .and(NotForContentType::const_new("text/csv"))
        .and(NotForContentType::const_new("application/x-ndjson"))
        .and(NotForContentType::const_new("application/zip"))
        .and(worth_compressing as Worth);
    CompressionLayer::new().quality(CompressionLevel::Precise(4)).compress_when(worth)
}
