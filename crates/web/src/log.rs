//! The logs as files, in the layout of C2SP tlog-tiles: the platform's for anybody, a tenant's for whoever has a token of it.
//! Which files there are and who may read them, `app` says.

use crate::problem::Problem;
use crate::request::Context;
use crate::{Web, cookie};
use app::audit::proof::LogName;
use app::audit::reader::LogFileKind;
use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::id::TenantId;
use std::sync::Arc;

/// Where the logs are served.
pub const PREFIX: &str = "/log/";
/// How a program is asked for a token.
pub(crate) const CHALLENGE: &str = "Basic realm=\"struct log\", charset=\"UTF-8\", Bearer realm=\"struct log\"";
/// Longest credentials looked at, in bytes.
const CREDENTIALS_BYTES_MAX: usize = 1_024;

/// On an answer that compressing would make no smaller.
#[derive(Clone, Copy)]
pub(crate) struct Incompressible;

/// `GET /log/platform/{*path}`
pub async fn platform(
    State(web): State<Arc<Web>>,
    Extension(context): Extension<Arc<Context>>,
) -> Result<Response, Problem> {
    let (_, path) = parts(&context)?;
    serve(&web, LogName::Platform, path, &context).await
}

/// `GET /log/{log}/{*path}`: who has no token learns nothing, not even whether there is such a tenant.
pub async fn tenant(
    State(web): State<Arc<Web>>,
    Extension(context): Extension<Arc<Context>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (name, path) = parts(&context)?;
    let tenant: TenantId = name.parse().map_err(|_| Problem::log_token_wanted())?;
    // One spelling each: what a cache keeps under a name is of that name.
    if tenant.to_string() != name {
        return Err(Problem::log_token_wanted());
    }
    admit(&web, tenant, &headers, &context).await?;
    serve(&web, LogName::Tenant(tenant), path, &context).await
}

/// The log and the path below it, as they were sent: what is spelled otherwise, percent signs included, is no file.
fn parts(context: &Context) -> Result<(&str, &str), Problem> {
    context.path.strip_prefix(PREFIX).and_then(|rest| rest.split_once('/')).ok_or_else(Problem::not_found)
}

async fn admit(web: &Web, tenant: TenantId, headers: &HeaderMap, context: &Context) -> Result<(), Problem> {
    let wanted = |error: app::Error| match error {
        app::Error::SignedOut => Problem::log_token_wanted(),
        error => error.into(),
    };
    if headers.contains_key(header::AUTHORIZATION) {
        let token = credentials(headers).ok_or_else(Problem::log_token_wanted)?;
        return web.app.log_reader(&context.peer, tenant, &token).await.map_err(wanted);
    }
    let session = cookie::value(headers, cookie::SESSION).ok_or_else(Problem::log_token_wanted)?;
    let caller = web.app.caller(context.peer.clone(), session).await.map_err(wanted)?;
    web.app.log_reader_member(&caller, tenant).await.map_err(wanted)
}

/// The token of `Authorization: Bearer …`, or the password of `Basic …`; whose name stands before it does not matter.
fn credentials(headers: &HeaderMap) -> Option<String> {
    let mut sent = headers.get_all(header::AUTHORIZATION).into_iter();
    let (only, None) = (sent.next()?, sent.next()) else { return None };
    let text = only.to_str().ok().filter(|text| text.len() <= CREDENTIALS_BYTES_MAX)?;
    let (scheme, rest) = text.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    let decoded = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(rest.trim()).ok())??;
    let pair = String::from_utf8(decoded).ok()?;
    pair.split_once(':').map(|(_, password)| password.to_owned())
}

async fn serve(web: &Web, log: LogName, path: &str, context: &Context) -> Result<Response, Problem> {
    let file = web.app.log_file(log, path, after(path, &context.query)?).await?;
    let shared = if log == LogName::Platform { "public" } else { "private" };
    let (content_type, kept) = match file.kind {
        LogFileKind::Text => ("text/plain; charset=utf-8", "max-age=1"),
        LogFileKind::Hashes | LogFileKind::Entries => ("application/octet-stream", "max-age=31536000, immutable"),
    };
    let mut response = Response::new(Body::from(file.bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(kept) = HeaderValue::from_str(&format!("{shared}, {kept}")) {
        headers.insert(header::CACHE_CONTROL, kept);
    }
    if file.kind == LogFileKind::Hashes {
        response.extensions_mut().insert(Incompressible);
    }
    Ok(response)
}

/// `?after=SIZE` of `checkpoints`; from the beginning without it.
fn after(path: &str, query: &str) -> Result<u64, Problem> {
    if path != "checkpoints" || query.is_empty() {
        return Ok(0);
    }
    let wrong = || Problem::bad_field("bad_value", "after");
    query.strip_prefix("after=").ok_or_else(wrong)?.parse().map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(lines: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::AUTHORIZATION, HeaderValue::from_str(line).unwrap());
        }
        credentials(&headers)
    }

    #[test]
    fn what_is_no_token_is_none() {
        for lines in [
            &["Bearer"][..],
            &["Digest sl_x"],
            &["Basic !!!"],
            &["Basic c2xfeA=="],
            &["Bearer sl_a", "Bearer sl_b"],
            &[&format!("Bearer {}", "x".repeat(CREDENTIALS_BYTES_MAX))],
        ] {
            assert_eq!(sent(lines), None, "{lines:?}");
        }
    }

    #[test]
    fn a_token_stands_in_either_scheme() {
        assert_eq!(sent(&["Bearer sl_a"]).as_deref(), Some("sl_a"));
        assert_eq!(sent(&["bearer  sl_a"]).as_deref(), Some("sl_a"));
        let basic = format!("Basic {}", STANDARD.encode("anybody:sl_a:b"));
        assert_eq!(sent(&[&basic]).as_deref(), Some("sl_a:b"));
    }
}
