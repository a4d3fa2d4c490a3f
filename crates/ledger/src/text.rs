//! How numbers and bytes stand in the lines of the formats: strict decimals, strict base64, lower-case hex. Knows
//! nothing of what the lines mean.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The longest decimal of a `u64`.
const MAX_DECIMAL_DIGITS: usize = 20;

/// An ASCII decimal without sign or leading zeros, at most `i64::MAX`.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let sound = (1..=MAX_DECIMAL_DIGITS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'));
    if !sound {
        return None;
    }
    text.parse().ok().filter(|number| *number <= crate::MAX_TREE_SIZE)
}

/// Bytes of standard base64 with padding (RFC 4648, section 4); other spellings of the same bytes are refused.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Standard base64 with padding.
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Lower-case hex.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Bytes of lower-case hex; upper case is refused.
pub(crate) fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    fn nibble(digit: u8) -> Option<u8> {
        match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        }
    }
    let text = text.as_bytes();
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Some(bytes)
}

/// Whether a text has no ASCII control character besides the newline.
pub(crate) fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| byte >= 0x20 || byte == b'\n')
}
