//! Instants and figures as pages write them. Values of fields are written by `domain::record::shown`.

use domain::locale::Locale;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::sync::LazyLock;

static TOKYO: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::get("Asia/Tokyo").expect("the bundled time zone database has Asia/Tokyo"));

/// The time zone of all pages: Japan's.
pub fn zone() -> &'static TimeZone {
    &TOKYO
}

/// An instant for a `<time>` element.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct When {
    /// The `datetime` attribute, with the offset of Japan.
    pub iso: String,
    /// In words.
    pub words: String,
}

/// With year, weekday and zone: `2026年11月22日(日) 18:05 JST`.
pub fn full(locale: Locale, at: Timestamp) -> When {
    let local = at.to_zoned(TOKYO.clone());
    let words = match locale {
        Locale::Ja => format!(
            "{}年{}月{}日({}) {} JST",
            local.year(),
            local.month(),
            local.day(),
            weekday(locale, &local),
            local.strftime("%H:%M")
        ),
        Locale::En => local.strftime("%a, %-d %B %Y %H:%M JST").to_string(),
    };
    When { iso: iso(&local), words }
}

/// Within the year of `now` without it: `11月22日(日) 18:05`.
pub fn brief(locale: Locale, now: Timestamp, at: Timestamp) -> When {
    let (today, local) = (now.to_zoned(TOKYO.clone()), at.to_zoned(TOKYO.clone()));
    let this_year = today.year() == local.year();
    let words = match (locale, this_year) {
        (Locale::Ja, true) => {
            format!("{}月{}日({}) {}", local.month(), local.day(), weekday(locale, &local), local.strftime("%H:%M"))
        }
        (Locale::Ja, false) => {
            format!("{}年{}月{}日 {}", local.year(), local.month(), local.day(), local.strftime("%H:%M"))
        }
        (Locale::En, true) => local.strftime("%a, %-d %b %H:%M").to_string(),
        (Locale::En, false) => local.strftime("%-d %b %Y %H:%M").to_string(),
    };
    When { iso: iso(&local), words }
}

/// The day, with year and weekday: `2026年11月22日(日)`.
pub fn day(locale: Locale, at: Timestamp) -> When {
    let local = at.to_zoned(TOKYO.clone());
    let words = match locale {
        Locale::Ja => format!("{}年{}月{}日({})", local.year(), local.month(), local.day(), weekday(locale, &local)),
        Locale::En => local.strftime("%a, %-d %B %Y").to_string(),
    };
    When { iso: local.strftime("%Y-%m-%d").to_string(), words }
}

/// The day within a week: `22日(日)`.
pub fn day_of_week(locale: Locale, at: Timestamp) -> When {
    let local = at.to_zoned(TOKYO.clone());
    let words = match locale {
        Locale::Ja => format!("{}日({})", local.day(), weekday(locale, &local)),
        Locale::En => local.strftime("%a %-d").to_string(),
    };
    When { iso: local.strftime("%Y-%m-%d").to_string(), words }
}

/// The time of day to the second: `18:05:00`.
pub fn clock(at: Timestamp) -> When {
    let local = at.to_zoned(TOKYO.clone());
    When { iso: iso(&local), words: local.strftime("%H:%M:%S").to_string() }
}

/// Day and second, for dense tables: `2026年11月22日 18:05:00`.
pub fn exact(locale: Locale, at: Timestamp) -> When {
    let local = at.to_zoned(TOKYO.clone());
    let words = match locale {
        Locale::Ja => {
            format!("{}年{}月{}日 {}", local.year(), local.month(), local.day(), local.strftime("%H:%M:%S"))
        }
        Locale::En => local.strftime("%-d %b %Y %H:%M:%S").to_string(),
    };
    When { iso: iso(&local), words }
}

/// How many days of Japan's calendar `at` lies before `now`.
pub fn days_ago(now: Timestamp, at: Timestamp) -> i32 {
    let date = |at: Timestamp| at.to_zoned(TOKYO.clone()).date();
    date(at).until(date(now)).map_or(0, |span| span.get_days())
}

/// Midnight in Japan, so many days before the day of `now`.
pub fn start_of_day(now: Timestamp, days_before: i32) -> Timestamp {
    let day = now.to_zoned(TOKYO.clone()).date().saturating_sub(jiff::Span::new().days(days_before));
    day.to_zoned(TOKYO.clone()).map_or(now, |midnight| midnight.timestamp())
}

/// An instant as typed: RFC 3339 with an offset, or the time of Japan as `local_input` writes it, seconds left out or not.
pub fn typed_instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let local = || Some(text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(TOKYO.clone()).ok()?.timestamp());
    text.parse().ok().or_else(local)
}

/// `2026-11-22T18:05`, as an `<input type="datetime-local">` wants it.
pub fn local_input(at: Timestamp) -> String {
    at.to_zoned(TOKYO.clone()).strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// `12,480`.
pub fn number(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 1);
    if value < 0 {
        text.push('-');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn iso(local: &jiff::Zoned) -> String {
    local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

fn weekday(locale: Locale, local: &jiff::Zoned) -> &'static str {
    let index = usize::from(local.weekday().to_monday_zero_offset().unsigned_abs());
    match locale {
        Locale::Ja => ["月", "火", "水", "木", "金", "土", "日"][index],
        Locale::En => ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][index],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_shown_in_the_time_of_japan() {
        let at: Timestamp = "2026-11-22T09:05:00Z".parse().unwrap();
        assert_eq!(full(Locale::Ja, at).words, "2026年11月22日(日) 18:05 JST");
        assert_eq!(full(Locale::En, at).words, "Sun, 22 November 2026 18:05 JST");
        assert_eq!(brief(Locale::Ja, at, at).words, "11月22日(日) 18:05");
        assert_eq!(full(Locale::Ja, at).iso, "2026-11-22T18:05:00+09:00");
    }

    #[test]
    fn an_instant_typed_without_an_offset_is_the_time_of_japan() {
        let at: Timestamp = "2026-11-22T09:05:00Z".parse().unwrap();
        for text in ["2026-11-22T18:05", "2026-11-22T18:05:00", "2026-11-22 18:05", "2026-11-22T18:05:00+09:00"] {
            assert_eq!(typed_instant(text), Some(at), "{text}");
        }
        for text in
            ["", "18:05", "2026-13-01T00:00", "2026-11-31T00:00", "きのう", "2026-11-22T25:00", "-9999-01-01T00:00"]
        {
            assert_eq!(typed_instant(text), None, "{text}");
        }
    }

    #[test]
    fn a_day_ends_at_midnight_in_japan() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-11-22T15:00:00Z");
        assert_eq!(day(Locale::Ja, now).words, "2026年11月23日(月)");
        assert_eq!(day(Locale::Ja, now).iso, "2026-11-23");
        assert_eq!(days_ago(now, at("2026-11-22T14:59:59Z")), 1);
        assert_eq!(days_ago(now, now), 0);
        assert_eq!(clock(now).words, "00:00:00");
    }

    #[test]
    fn a_figure_has_a_comma_from_a_thousand() {
        for (value, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567")] {
            assert_eq!(number(value), text);
        }
    }
}
