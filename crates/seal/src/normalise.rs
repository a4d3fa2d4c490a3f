//! How a value is spelled before it is hashed or searched, so that what Japanese users take for the same is the same.
//!
//! For searching only: what was typed is what is stored and shown. Each function is idempotent, and both sides of a
//! search must use the same one. A change of any rule needs the index rows written anew, so the vectors in
//! `crates/seal/vectors/normalise.json` hold them.

use crate::variant;
use unicode_normalization::UnicodeNormalization;

/// Folding can call for one more composition (か, something invisible, ゛ → が) and that for one more folding, so it
/// is repeated until nothing changes. The bound is there so that nothing typed can turn this into a loop.
const ROUNDS_MAX: usize = 8;

/// Names, addresses and other text.
///
/// In this order: NFKC (full-width letters, half-width kana, compatibility ideographs, ㈱); white space, control
/// characters, variation selectors and other invisible ones dropped; lower case; katakana to hiragana; variant kanji
/// to their common form (the table in `crates/seal/src/variant.rs`); dashes to `-`, wave dashes to `~`, quotes to
/// `'` and `"`, middle dots to `・`.
///
/// Kept, because they tell names apart: long vowels (ー), small kana (ゃ is not や), iteration marks (々 ゝ), marks of
/// voicing, and accents.
pub fn text(input: &str) -> String {
    settle(input, |text| {
        let mut out = String::with_capacity(text.len());
        for c in text.nfkc().filter(|c| !is_dropped(*c)) {
            for lower in c.to_lowercase() {
                push_folded(&mut out, lower);
            }
        }
        out
    })
}

/// Telephone numbers and postal codes: digits, behind a `+` if one stood before the first digit.
pub fn number(input: &str) -> String {
    let mut out = String::with_capacity(input.len());
    for c in input.nfkc() {
        if c.is_ascii_digit() || (c == '+' && out.is_empty()) {
            out.push(c);
        }
    }
    out
}

/// E-mail addresses: NFKC, trimmed, lower case. Lower case also before the `@`, where a server might tell case apart,
/// because no provider does and people type it either way.
pub fn email(input: &str) -> String {
    settle(input, |text| text.nfkc().collect::<String>().trim().to_lowercase())
}

fn settle(input: &str, fold: impl Fn(&str) -> String) -> String {
    let mut text = fold(input);
    // Nothing below touches small ASCII letters and digits, so one round is all.
    if text.is_ascii() {
        return text;
    }
    for _ in 1..ROUNDS_MAX {
        let next = fold(&text);
        if next == text {
            break;
        }
        text = next;
    }
    text
}

fn push_folded(out: &mut String, c: char) {
    match c {
        'ß' => out.push_str("ss"),
        'ς' => out.push('σ'),
        '\u{30A1}'..='\u{30F6}' | 'ヽ' | 'ヾ' => {
            out.push(char::from_u32(u32::from(c) - 0x60).expect("hiragana lie 0x60 below katakana"));
        }
        // Voiced wa, wi, we, wo have no hiragana of one code point.
        'ヷ'..='ヺ' => out.extend([['わ', 'ゐ', 'ゑ', 'を'][c as usize - 'ヷ' as usize], '\u{3099}']),
        '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{2500}' | '\u{2501}' => out.push('-'),
        '\u{301C}' | '\u{3030}' | '\u{223C}' => out.push('~'),
        '\u{2018}'..='\u{201B}' | '\u{2032}' => out.push('\''),
        '\u{201C}'..='\u{201F}' | '\u{2033}' => out.push('"'),
        '\u{00B7}' | '\u{2022}' | '\u{2027}' | '\u{2219}' | '\u{22C5}' => out.push('・'),
        '\u{2E80}'.. => out.push(variant::common(c)),
        _ => out.push(c),
    }
}

/// White space, control characters, and what Unicode calls default ignorable: variation selectors (of kanji
/// U+E0100–E01EF, standardised U+FE00–FE0F, Mongolian), joiners, directional marks, fillers, tags.
fn is_dropped(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_names_apart_is_kept() {
        for (one, other) in [
            ("おの", "おおの"),
            ("こーの", "こうの"),
            ("しょう", "しよう"),
            ("かき", "かぎ"),
            ("はら", "ばら"),
            ("佐々木", "佐佐木"),
            ("崎", "埼"),
            ("崎", "碕"),
            ("斎", "齎"),
            ("é", "e"),
        ] {
            assert_ne!(text(one), text(other));
        }
    }

    #[test]
    fn every_character_settles_and_stays_settled_whatever_mark_follows() {
        // Kanji and hangul without a mapping of their own are left out, for the sake of an unoptimised build.
        let ranges =
            ['\u{0}'..='\u{33FF}', '\u{A000}'..='\u{ABFF}', '\u{F900}'..='\u{1FFFF}', '\u{2F800}'..='\u{2FA1F}'];
        for c in ranges.into_iter().flatten() {
            let once = text(&format!("{c}か{c}\u{3099}A{c}\u{308}{c}"));
            assert_eq!(text(&once), once, "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn every_variation_selector_is_dropped() {
        for selector in ('\u{FE00}'..='\u{FE0F}').chain('\u{E0100}'..='\u{E01EF}') {
            assert_eq!(text(&format!("葛{selector}飾")), "葛飾");
        }
    }

    #[test]
    fn a_plus_inside_a_number_is_not_a_country_code() {
        assert_eq!(number("03+1234"), "031234");
        assert_eq!(number("＋８１ (0)3"), "+8103");
        assert_eq!(number("++1"), "+1");
    }
}
