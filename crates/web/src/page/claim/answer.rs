//! An answer for anybody: kept by browsers and caches for a while, and not sent again while it is the same. Renders nothing.

use crate::assets::fnv;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;

/// How an answer is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kept {
    /// A page, whose language follows the reader: asked for again each time.
    Page,
    /// The state of things, the same for everybody.
    Minute,
    /// What never changes.
    Ever,
}

impl Kept {
    fn control(self) -> &'static str {
        match self {
            Self::Page => "private, no-cache",
            Self::Minute => "public, max-age=30",
            Self::Ever => "public, max-age=31536000, immutable",
        }
    }
}

/// The answer, or 304 when the asker has it.
pub fn answer(asked: &HeaderMap, content_type: &'static str, kept: Kept, body: String) -> Response {
    let tag = format!("W/\"{:016x}\"", fnv(body.as_bytes()));
    let has = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let same = has.is_some_and(|has| has.split(',').any(|one| one.trim() == tag));
    let mut response = Response::new(if same { Body::empty() } else { Body::from(body) });
    if same {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept.control()));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    if kept == Kept::Page {
        headers.insert(header::VARY, HeaderValue::from_static("cookie"));
    } else {
        // Other sites show it, and programs there read it: it is the same for everybody and holds no secret.
        headers
            .insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_asker_has_is_not_sent_again() {
        let first = answer(&HeaderMap::new(), "text/plain", Kept::Minute, "one".to_owned());
        assert_eq!(first.status(), StatusCode::OK);
        let mut asked = HeaderMap::new();
        asked.insert(header::IF_NONE_MATCH, first.headers()[header::ETAG].clone());
        assert_eq!(answer(&asked, "text/plain", Kept::Minute, "one".to_owned()).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(answer(&asked, "text/plain", Kept::Minute, "two".to_owned()).status(), StatusCode::OK);
    }
}
