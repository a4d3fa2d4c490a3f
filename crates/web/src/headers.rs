//! The headers that every answer carries. What a page may load and who may frame it is said here, once.

use crate::request::Context;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// The request's id, echoed so that a person can name it to support.
static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Which sites may show an answer.
static RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Everything from this host, nothing inline, no frame around it.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; \
    connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Features of the browser that no page of STRUCT uses.
const FEATURES: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), \
    microphone=(), payment=(), usb=(), browsing-topics=()";

/// Sets them. A handler's own `Cache-Control` stays; without one nothing is kept anywhere.
pub fn set(headers: &mut HeaderMap, context: &Context) {
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
        (RESOURCE_POLICY.clone(), HeaderValue::from_static("same-origin")),
        (HeaderName::from_static("permissions-policy"), HeaderValue::from_static(FEATURES)),
    ];
    let shown_elsewhere = headers.get(&RESOURCE_POLICY).cloned();
    for (name, value) in fixed {
        headers.insert(name, value);
    }
    // What a handler gives to other sites stays theirs to show.
    if let Some(policy) = shown_elsewhere {
        headers.insert(RESOURCE_POLICY.clone(), policy);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if let Ok(id) = HeaderValue::from_str(&context.id().to_string()) {
        headers.insert(REQUEST_ID.clone(), id);
    }
}
