//! The form token: proof that a form came from a page of ours, in this session. The session's secret is `app`'s.
//!
//! What stands in a page is the secret masked with bytes of the request's id, so it differs in each answer: a
//! compressed page can't be probed for it byte by byte (BREACH).

use domain::id::RequestId;
use subtle::ConstantTimeEq;

/// The name of the hidden field.
pub const FIELD: &str = "csrf";
/// Random bytes at the end of a UUID v7 that are free of version and variant bits.
const PAD: usize = 7;

/// The token to put into a page.
pub fn masked(secret: &str, request: RequestId) -> String {
    let id = request.bytes();
    let pad = &id[16 - PAD..];
    let mixed = secret.bytes().zip(pad.iter().cycle()).map(|(byte, pad)| byte ^ pad);
    pad.iter().copied().chain(mixed).map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a token that came back was made from the secret. Takes the same time wherever they differ.
pub fn matches(secret: &str, token: &str) -> bool {
    let Some(bytes) = from_hex(token).filter(|bytes| bytes.len() == secret.len() + PAD && !secret.is_empty()) else {
        return false;
    };
    let (pad, mixed) = bytes.split_at(PAD);
    let opened: Vec<u8> = mixed.iter().zip(pad.iter().cycle()).map(|(byte, pad)| byte ^ pad).collect();
    opened.ct_eq(secret.as_bytes()).into()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let bytes = text.as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = bytes.chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?));
    if bytes.len().is_multiple_of(2) { pairs.collect() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_token_of_another_session_or_none_is_refused() {
        let request = RequestId(Uuid::from_u128(0x0192_0000_0000_7000_8123_4567_89ab_cdef));
        let token = masked("secret-of-a-session", request);
        assert!(matches("secret-of-a-session", &token));
        assert!(!matches("secret-of-b-session", &token));
        for wrong in ["", "zz", &token[2..], &token.replace('a', "b"), "ああああ"] {
            assert!(!matches("secret-of-a-session", wrong), "{wrong}");
        }
        assert!(!matches("", &masked("", request)));
    }

    #[test]
    fn two_pages_of_one_session_carry_different_tokens() {
        let one = masked("secret", RequestId(Uuid::from_u128(1)));
        let two = masked("secret", RequestId(Uuid::from_u128(2)));
        assert_ne!(one, two);
        assert!(matches("secret", &one) && matches("secret", &two));
    }
}
