//! Sessions: their limits, their tokens and the token of their forms. Their rows are the store's.

pub mod attempt;
pub mod device;

use crate::time::{Random, random_bytes};
use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use subtle::ConstantTimeEq;

/// A session ends after this long without a request.
pub const IDLE_LIMIT_MIN: i64 = 30;
/// A session ends this long after signing in, used or not.
pub const ABSOLUTE_LIMIT_HOURS: i64 = 12;
/// Bytes of a token before base64url.
pub const TOKEN_BYTES: usize = 32;
/// Characters of a token.
const TOKEN_CHARS: usize = 43;
/// Sets the form token's key use apart from any other of the session token.
const CSRF_PURPOSE: &[u8] = b"struct csrf v1";

/// A new token for the cookie: 32 random bytes in base64url. Only its hash is stored.
pub fn new_token(random: &dyn Random) -> String {
    URL_SAFE_NO_PAD.encode(random_bytes::<TOKEN_BYTES>(random))
}

/// What is stored of a token: SHA-256 of its bytes. A token holds 256 random bits, so no slow hash is needed. None
/// when the text is no token.
pub fn token_hash(token: &str) -> Option<[u8; 32]> {
    let bytes = decoded(token)?;
    let hash = digest::digest(&digest::SHA256, &bytes);
    Some(hash.as_ref().try_into().expect("SHA-256 has 32 bytes"))
}

/// The token that every changing form of a session carries: HMAC-SHA-256 under the session's token, which no other
/// site can read. Empty for a text that is no token.
pub fn csrf_token(token: &str) -> String {
    let Some(bytes) = decoded(token) else {
        return String::new();
    };
    let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
    URL_SAFE_NO_PAD.encode(hmac::sign(&key, CSRF_PURPOSE).as_ref())
}

/// Whether a form's token belongs to the session; takes the same time for every wrong one of the right length.
pub fn csrf_matches(token: &str, given: &str) -> bool {
    let expected = csrf_token(token);
    !expected.is_empty() && bool::from(expected.as_bytes().ct_eq(given.as_bytes()))
}

/// When a session that was last used at `used` and began at `started` ends if nothing more happens.
pub fn ends_at(started: Timestamp, used: Timestamp) -> Timestamp {
    let idle = used.saturating_add(SignedDuration::from_mins(IDLE_LIMIT_MIN));
    let absolute = started.saturating_add(SignedDuration::from_hours(ABSOLUTE_LIMIT_HOURS));
    let last = |end: Result<Timestamp, jiff::Error>| end.unwrap_or(Timestamp::MAX);
    last(idle).min(last(absolute))
}

fn decoded(token: &str) -> Option<[u8; TOKEN_BYTES]> {
    if token.len() != TOKEN_CHARS {
        return None;
    }
    URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()
}
