//! Reads dates and times as people in Japan type them, and writes them for people. Knows no present instant.

use crate::locale::Locale;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use std::sync::LazyLock;

/// The zone of a time typed without one. From the bundled database, so that no file of the machine is read.
static TOKYO: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::get("Asia/Tokyo").expect("the bundled time zone database has Asia/Tokyo"));

/// Reads `2026-11-22`, `2026/11/22`, `2026/1/5` or `2026年11月22日`, in half or full width.
pub(super) fn read_date(typed: &str) -> Option<Date> {
    let folded = folded(typed);
    let text = match folded.strip_suffix('日') {
        Some(rest) => {
            let (year, rest) = rest.split_once('年')?;
            let (month, day) = rest.split_once('月')?;
            return date(year, month, day);
        }
        None => folded.as_str(),
    };
    let separator = if text.contains('/') { '/' } else { '-' };
    let mut parts = text.split(separator);
    let found = date(parts.next()?, parts.next()?, parts.next()?)?;
    parts.next().is_none().then_some(found)
}

/// Reads an ISO 8601 instant with offset, or a date and `HH:MM[:SS]` taken as Japan's time. Whole seconds only,
/// so that nothing typed is cut off.
pub(super) fn read_datetime(typed: &str) -> Option<Timestamp> {
    let folded = folded(typed);
    let (day, time) = folded.split_once(['T', 't']).or_else(|| folded.split_once(' '))?;
    let day = read_date(day)?;
    let time = time.trim();
    let zoned = time.ends_with(['Z', 'z']) || time.contains(['+', '-']);
    let instant = if zoned {
        let time = with_seconds(time)?;
        format!("{day}T{time}").parse::<Timestamp>().ok()?
    } else {
        let time: jiff::civil::Time = with_seconds(time)?.parse().ok()?;
        TOKYO.to_timestamp(DateTime::from_parts(day, time)).ok()?
    };
    let whole = instant.subsec_nanosecond() == 0 && instant >= Timestamp::constant(-30_610_224_000, 0);
    whole.then_some(instant)
}

/// `2026年11月22日(日)` or `Sun, 22 November 2026`; what is no date comes back as it is.
pub(super) fn show_date(canonical: &str, locale: Locale) -> String {
    match canonical.parse::<Date>() {
        Ok(date) => date_in_words(date, locale),
        Err(_) => canonical.to_owned(),
    }
}

/// `2026年11月22日(日) 18:05 JST`; seconds only when there are any.
pub(super) fn show_datetime(canonical: &str, locale: Locale) -> String {
    let Ok(instant) = canonical.parse::<Timestamp>() else {
        return canonical.to_owned();
    };
    let local = TOKYO.to_datetime(instant);
    let seconds = if local.second() == 0 { String::new() } else { format!(":{:02}", local.second()) };
    let day = date_in_words(local.date(), locale);
    format!("{day} {:02}:{:02}{seconds} JST", local.hour(), local.minute())
}

fn date_in_words(date: Date, locale: Locale) -> String {
    match locale {
        Locale::Ja => {
            let weekday = ["月", "火", "水", "木", "金", "土", "日"][day_index(date.weekday())];
            format!("{}年{}月{}日({weekday})", date.year(), date.month(), date.day())
        }
        Locale::En => {
            let weekday = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][day_index(date.weekday())];
            let month = MONTHS[usize::from(date.month().unsigned_abs()) - 1];
            format!("{weekday}, {} {month} {}", date.day(), date.year())
        }
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn day_index(weekday: Weekday) -> usize {
    usize::from(weekday.to_monday_zero_offset().unsigned_abs())
}

fn folded(typed: &str) -> String {
    typed.trim().chars().map(super::number::narrow).collect()
}

/// A date of a four-digit year from 1000 on (a year of fewer digits is a slip of the hand).
fn date(year: &str, month: &str, day: &str) -> Option<Date> {
    let part = |text: &str, lengths: std::ops::RangeInclusive<usize>| -> Option<i16> {
        let sound = lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        sound.then(|| text.parse().ok()).flatten()
    };
    let year = part(year, 4..=4).filter(|year| *year >= 1000)?;
    let month = i8::try_from(part(month, 1..=2)?).ok()?;
    let day = i8::try_from(part(day, 1..=2)?).ok()?;
    Date::new(year, month, day).ok()
}

/// `9:05`, `18:05Z` and `18:05:30+09:00` alike with two-digit hours and with seconds.
fn with_seconds(time: &str) -> Option<String> {
    let end = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, offset) = time.split_at(end);
    let hours = clock.split(':').next()?;
    let padded = if hours.len() == 1 { format!("0{clock}") } else { clock.to_owned() };
    match padded.split(':').count() {
        2 => Some(format!("{padded}:00{offset}")),
        3 => Some(format!("{padded}{offset}")),
        _ => None,
    }
}
