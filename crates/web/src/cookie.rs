//! The cookies STRUCT sets: the session's and the language's. What a session is, `app` decides.
//!
//! All carry the `__Host-` prefix (RFC 6265bis): sent over TLS only, to this host only, for every path.

use axum::http::{HeaderMap, HeaderValue, header};
use domain::locale::Locale;

/// The session cookie's name.
pub const SESSION: &str = "__Host-session";
/// The cookie by which an account knows a device. It opens nothing.
pub const DEVICE: &str = "__Host-device";
/// The cookie of a session on the operator's pages.
pub const OPERATOR: &str = "__Host-operator";
/// The language cookie's name.
const LANGUAGE: &str = "__Host-lang";
/// How long a browser remembers the language: a year, in seconds.
const LANGUAGE_SECS: i64 = 365 * 24 * 3600;

/// The value of a cookie of the request. A name sent twice is nobody's: none.
pub fn value<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut of_name = pairs.by_ref().filter(|(found, _)| *found == name).map(|(_, value)| value);
    let first = of_name.next()?;
    of_name.next().is_none().then_some(first)
}

/// `Set-Cookie` for a session just opened.
pub fn session(token: &str, max_age_secs: i64) -> HeaderValue {
    set(SESSION, token, max_age_secs, "; HttpOnly")
}

/// `Set-Cookie` that makes the browser forget the session.
pub fn session_ended() -> HeaderValue {
    set(SESSION, "", 0, "; HttpOnly")
}

/// `Set-Cookie` by which a device is known from now on. Never sent along from another site.
pub fn device(value: &str) -> HeaderValue {
    let max_age_secs = domain::session::device::KNOWN_DAYS * 24 * 3600;
    let text = format!("{DEVICE}={value}; Path=/; Max-Age={max_age_secs}; Secure; SameSite=Strict; HttpOnly");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("__Host-device=; Path=/; Max-Age=0; Secure"))
}

/// `Set-Cookie` for an operator's session. Never sent along from another site, not even by a link.
pub fn operator(token: &str, max_age_secs: i64) -> HeaderValue {
    let text = format!("{OPERATOR}={token}; Path=/; Max-Age={max_age_secs}; Secure; SameSite=Strict; HttpOnly");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("__Host-operator=; Path=/; Max-Age=0; Secure"))
}

/// `Set-Cookie` that makes the browser forget an operator's session.
pub fn operator_ended() -> HeaderValue {
    operator("", 0)
}

/// `Set-Cookie` that remembers the language.
pub fn language(locale: Locale) -> HeaderValue {
    set(LANGUAGE, locale.tag(), LANGUAGE_SECS, "; HttpOnly")
}

/// The language remembered.
pub fn remembered_language(headers: &HeaderMap) -> Option<Locale> {
    value(headers, LANGUAGE).and_then(Locale::parse)
}

fn set(name: &str, value: &str, max_age_secs: i64, more: &str) -> HeaderValue {
    let text = format!("{name}={value}; Path=/; Max-Age={max_age_secs}; Secure; SameSite=Lax{more}");
    // Tokens and language tags are plain ASCII; anything else would be a fault of ours, and must not set a cookie.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("__Host-session=; Path=/; Max-Age=0; Secure"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_cookie_sent_twice_is_not_believed() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=b; __Host-session=one; __Host-session=two"));
        assert_eq!(value(&headers, SESSION), None);
        headers.insert(header::COOKIE, HeaderValue::from_static("a=b; __Host-session=one"));
        assert_eq!(value(&headers, SESSION), Some("one"));
    }

    #[test]
    fn the_session_cookie_is_out_of_reach_of_scripts_other_hosts_and_plain_http() {
        let header = session("abc", 60);
        let text = header.to_str().unwrap();
        for part in ["__Host-session=abc;", "Path=/;", "Secure", "HttpOnly", "SameSite=Lax"] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}
