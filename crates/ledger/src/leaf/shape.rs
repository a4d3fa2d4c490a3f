//! What the fields of a leaf may hold: ids, instants, hashes, verbs, names. Knows no registry of any of them.

use super::{LeafError, MAX_NAME_BYTES, MAX_TEXT_BYTES};

/// Bytes of `2026-08-01T12:34:56.123456Z`.
const INSTANT_BYTES: usize = 27;
/// Bytes of a uuid with its hyphens.
const UUID_BYTES: usize = 36;
/// Bytes of SHA-256 in hex.
const SHA256_HEX_BYTES: usize = 64;
/// The longest word of a verb or verdict.
const MAX_WORD_BYTES: usize = 64;

type Checked = Result<(), LeafError>;

fn held(holds: bool, field: &'static str, expected: &'static str) -> Checked {
    if holds { Ok(()) } else { Err(LeafError::Field { field, expected }) }
}

/// Checks a field if it is there.
pub(super) fn each(
    field: &'static str,
    value: &Option<String>,
    check: fn(&'static str, &str) -> Result<(), LeafError>,
) -> Checked {
    value.as_deref().map_or(Ok(()), |value| check(field, value))
}

pub(super) fn one_of(field: &'static str, value: &str, allowed: &[&str], expected: &'static str) -> Checked {
    held(allowed.contains(&value), field, expected)
}

fn is_lower_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

pub(super) fn uuid(field: &'static str, value: &str) -> Checked {
    let sound = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => is_lower_hex(byte),
    };
    let holds = value.len() == UUID_BYTES && value.bytes().enumerate().all(sound);
    held(holds, field, "a uuid in lower case with hyphens")
}

pub(super) fn sha256(field: &'static str, value: &str) -> Checked {
    let holds = value.len() == SHA256_HEX_BYTES && value.bytes().all(is_lower_hex);
    held(holds, field, "64 digits of lower-case hex")
}

fn is_word(word: &str) -> bool {
    let sound = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=MAX_WORD_BYTES).contains(&word.len()) && word.as_bytes()[0].is_ascii_lowercase() && word.bytes().all(sound)
}

pub(super) fn word(field: &'static str, value: &str) -> Checked {
    held(is_word(value), field, "a word of lower-case letters")
}

/// `noun.verb`, as verbs and promises are called.
pub(super) fn verb(field: &'static str, value: &str) -> Checked {
    let holds = value.split_once('.').is_some_and(|(noun, verb)| is_word(noun) && is_word(verb));
    held(holds, field, "two words of lower-case letters with a dot between")
}

pub(super) fn name(field: &'static str, value: &str) -> Checked {
    let holds = (1..=MAX_NAME_BYTES).contains(&value.len()) && !value.contains(char::is_control);
    held(holds, field, "1 to 200 bytes without control characters")
}

pub(super) fn text(field: &'static str, value: &str) -> Checked {
    held((1..=MAX_TEXT_BYTES).contains(&value.len()), field, "1 to 4000 bytes of text")
}

/// A day that exists and a time of that day, UTC, with exactly six decimals. Leap seconds are no instants here.
pub(super) fn instant(field: &'static str, value: &str) -> Checked {
    held(is_instant(value.as_bytes()), field, "an instant like 2026-08-01T12:34:56.123456Z")
}

fn is_instant(text: &[u8]) -> bool {
    const PATTERN: &[u8; INSTANT_BYTES] = b"0000-00-00T00:00:00.000000Z";
    let fits = |(byte, pattern): (&u8, &u8)| if *pattern == b'0' { byte.is_ascii_digit() } else { byte == pattern };
    if text.len() != INSTANT_BYTES || !text.iter().zip(PATTERN).all(fits) {
        return false;
    }
    let number = |digits: &[u8]| digits.iter().fold(0u32, |number, digit| number * 10 + u32::from(digit - b'0'));
    let (year, month, day) = (number(&text[..4]), number(&text[5..7]), number(&text[8..10]));
    let days = match month {
        2 if (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    let in_day = number(&text[11..13]) < 24 && number(&text[14..16]) < 60 && number(&text[17..19]) < 60;
    (1..=days).contains(&day) && in_day
}
