//! Reads numbers and amounts as people in Japan type them. Knows nothing of fields; `parse` applies their limits.

use super::{FaultReason, MAX_DIGITS};

/// Reads a decimal number: full-width digits, signs, thousands commas, and for amounts ¥, 円 and the ▲ of Japanese
/// accounts. Canonical: no leading zeros, no trailing decimal zeros, no `-0`.
pub(super) fn read(typed: &str, amount: bool, scale: u8) -> Result<String, FaultReason> {
    let folded: String = typed.chars().map(narrow).filter(|c| !c.is_whitespace()).collect();
    let (negative, digits) = if amount { without_currency(&folded) } else { without_sign(&folded) };
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = without_commas(whole).ok_or(FaultReason::NotANumber)?;
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(&whole) || !all_digits(decimals) || digits.ends_with('.') {
        return Err(FaultReason::NotANumber);
    }
    let decimals = decimals.trim_end_matches('0');
    if decimals.len() > usize::from(scale) {
        return Err(FaultReason::TooManyDecimals { scale });
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    if whole.len() > MAX_DIGITS {
        let most = 10_i64.pow(MAX_DIGITS as u32) - 1;
        return Err(FaultReason::OutOfRange { min: Some(-most), max: Some(most) });
    }
    let zero = whole == "0" && decimals.is_empty();
    let sign = if negative && !zero { "-" } else { "" };
    let point = if decimals.is_empty() { "" } else { "." };
    Ok(format!("{sign}{whole}{point}{decimals}"))
}

/// Whether a canonical number lies between whole bounds. Exact: no floating point.
pub(super) fn within(canonical: &str, min: Option<i64>, max: Option<i64>) -> bool {
    // Every canonical number fits: 15 digits and 6 decimals, scaled to millionths, are below 10^21.
    let millionths = |text: &str| -> i128 {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let digits = format!("{whole}{decimals:0<6}");
        digits.parse().unwrap_or(0)
    };
    let value = millionths(canonical);
    let bound = |limit: i64| i128::from(limit) * 1_000_000;
    min.is_none_or(|min| bound(min) <= value) && max.is_none_or(|max| value <= bound(max))
}

/// A canonical number with a comma at every third digit.
pub(super) fn with_commas(canonical: &str) -> String {
    let (sign, rest) = canonical.strip_prefix('-').map_or(("", canonical), |rest| ("-", rest));
    let (whole, decimals) = rest.split_once('.').map_or((rest, None), |(whole, decimals)| (whole, Some(decimals)));
    let mut out = String::from(sign);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(decimals) = decimals {
        out.push('.');
        out.push_str(decimals);
    }
    out
}

/// Full-width forms of what numbers are written with, to half width.
pub(super) fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).expect("full-width forms mirror ASCII"),
        '￥' => '¥',
        '−' | '‐' | '‑' | '–' | '—' => '-',
        '\u{3000}' => ' ',
        c => c,
    }
}

fn without_sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// `¥1,200`, `-¥1,200`, `¥-1,200`, `1,200円`, `▲1,200`.
fn without_currency(text: &str) -> (bool, &str) {
    let text = text.strip_suffix('円').unwrap_or(text);
    let (before, text) = without_triangle(text);
    let text = text.strip_prefix(['¥', '\\']).unwrap_or(text);
    // A sign stands once, before or after the ¥.
    if before { (true, text) } else { without_triangle(text) }
}

fn without_triangle(text: &str) -> (bool, &str) {
    match text.strip_prefix(['▲', '△']) {
        Some(rest) => (true, rest),
        None => without_sign(text),
    }
}

/// Takes thousands commas away when they stand where they belong.
fn without_commas(whole: &str) -> Option<String> {
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let mut out = first.to_owned();
    let mut grouped = false;
    for group in groups {
        grouped = true;
        if group.len() != 3 {
            return None;
        }
        out.push_str(group);
    }
    (!grouped || (1..=3).contains(&first.len())).then_some(out)
}
