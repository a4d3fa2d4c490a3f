//! A claim's last twelve months as strips of days, with the same figures as a table, and its changes. Draws shapes only; all
//! text is beside them.

use super::words::{self, Shown};
use crate::format::{self, When};
use crate::locale::Texts;
use domain::claim::State;
use domain::claim::history::{Span, within};
use domain::locale::Locale;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span as Length, Timestamp};

/// Months shown, the present one included.
const MONTHS: i64 = 12;
/// Changes shown.
pub const MAX_CHANGES: usize = 50;
/// How high a strip is drawn.
const HEIGHT: u32 = 24;

/// A month.
#[derive(Clone, Debug)]
pub struct Month {
    /// `11月`, with the year where it begins.
    pub name: String,
    /// `2026年11月`
    pub full: String,
    /// Days in it: the width of the strip.
    pub days: i8,
    /// What is drawn.
    pub bars: Vec<Bar>,
    /// The strip in a sentence.
    pub label: String,
    /// The share of the time in which the promise was met; empty when nothing was measured.
    pub share: String,
    /// How long it was met, at risk, missed, not verified.
    pub lengths: Vec<String>,
}

/// Days of one state. Its height tells the state too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    /// The class of its fill.
    pub class: &'static str,
    /// The first day, from 0.
    pub x: i8,
    /// How many days.
    pub width: i8,
    /// From the top.
    pub y: u32,
    /// How high.
    pub height: u32,
}

/// A time in which the state was the same.
#[derive(Clone, Debug)]
pub struct Stretch {
    /// The state.
    pub state: Shown,
    /// From when.
    pub from: When,
    /// Until when; none while it lasts.
    pub until: Option<When>,
    /// How long.
    pub length: String,
}

/// The months, oldest first.
pub fn months(spans: &[Span], t: Texts, zone: &TimeZone, now: Timestamp) -> Vec<Month> {
    let this = now.to_zoned(zone.clone()).date().first_of_month();
    let first = |back: i64| this.checked_sub(Length::new().months(back)).ok();
    let mut months: Vec<Month> =
        (0..MONTHS).rev().filter_map(first).map(|begin| month(spans, begin, t, zone, now)).collect();
    if let Some(first) = months.first_mut() {
        first.name.clone_from(&first.full);
    }
    months
}

fn month(spans: &[Span], begin: Date, t: Texts, zone: &TimeZone, now: Timestamp) -> Month {
    let days = begin.days_in_month();
    let midnight =
        |day: i8| begin.checked_add(Length::new().days(day)).ok()?.to_zoned(zone.clone()).ok().map(|at| at.timestamp());
    let mut bars: Vec<Bar> = Vec::new();
    for day in 0..days {
        let (Some(from), Some(until)) = (midnight(day), midnight(day + 1)) else { continue };
        if from > now {
            break;
        }
        let state = within(spans, from, until.min(now)).map_or(State::Unverified, |(state, _)| state);
        let (class, y) = shape(state);
        match bars.last_mut() {
            Some(last) if last.class == class => last.width += 1,
            _ => bars.push(Bar { class, x: day, width: 1, y, height: HEIGHT - y }),
        }
    }
    let (from, until) = (midnight(0).unwrap_or(now), midnight(days).unwrap_or(now).min(now));
    let seconds = within(spans, from, until).map_or([0; 4], |(_, seconds)| seconds);
    let lengths: Vec<String> = seconds.iter().map(|seconds| words::length(*seconds, t)).collect();
    let all: i64 = seconds.iter().sum();
    let measured = seconds[3] < all;
    let full = name(begin, true, t);
    let names = ["met", "at_risk", "missed", "unverified"];
    let mut values: Vec<(&str, String)> = names.into_iter().zip(lengths.iter().cloned()).collect();
    values.push(("month", full.clone()));
    Month {
        name: name(begin, begin.month() == 1, t),
        label: t.figures("claim-history-label", values.into_iter().map(|(name, value)| (name, value.into()))),
        full,
        days,
        bars,
        share: if measured { words::share(seconds[0] * 10_000 / all.max(1), t) } else { String::new() },
        lengths,
    }
}

/// Class and top of a state's bar: what is missed is short, what is at risk three quarters.
fn shape(state: State) -> (&'static str, u32) {
    match state {
        State::Met => ("f-ok", 0),
        State::AtRisk => ("f-warn", HEIGHT / 4),
        State::Missed => ("f-bad", HEIGHT * 5 / 8),
        State::Unverified => ("f-unk", 0),
    }
}

fn name(begin: Date, with_year: bool, t: Texts) -> String {
    match (t.locale, with_year) {
        (Locale::Ja, true) => format!("{}年{}月", begin.year(), begin.month()),
        (Locale::Ja, false) => format!("{}月", begin.month()),
        (Locale::En, true) => begin.strftime("%b %Y").to_string(),
        (Locale::En, false) => begin.strftime("%b").to_string(),
    }
}

/// The newest times of one state each, newest first. What was before the first measurement is not one.
pub fn stretches(spans: &[Span], t: Texts, now: Timestamp) -> Vec<Stretch> {
    let began = spans.iter().position(|span| span.state != State::Unverified).unwrap_or(spans.len());
    let one = |(place, span): (usize, &Span)| Stretch {
        state: words::state(span.state, t),
        from: format::brief(t.locale, now, span.from),
        until: (place > 0).then(|| format::brief(t.locale, now, span.until)),
        length: match span.length_s() {
            0 => t.text("span-less"),
            seconds => words::length(seconds, t),
        },
    };
    spans[began..].iter().rev().enumerate().take(MAX_CHANGES).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::texts;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    fn span(from: &str, until: &str, state: State) -> Span {
        Span { from: at(from), until: at(until), state }
    }

    #[test]
    fn a_day_shows_its_worst_state_and_days_to_come_are_not_drawn() {
        let zone = TimeZone::get("Asia/Tokyo").expect("bundled");
        let now = at("2026-11-04T03:00:00Z");
        let spans = [
            span("2025-11-03T00:00:00Z", "2026-11-01T03:00:00Z", State::Unverified),
            span("2026-11-01T03:00:00Z", "2026-11-03T03:00:00Z", State::Met),
            span("2026-11-03T03:00:00Z", "2026-11-03T03:00:01Z", State::Missed),
            span("2026-11-03T03:00:01Z", "2026-11-04T03:00:00Z", State::Met),
        ];
        let months = months(&spans, texts(Locale::Ja), &zone, now);
        assert_eq!(months.len(), 12);
        let november = &months[11];
        let drawn: Vec<_> = november.bars.iter().map(|bar| (bar.class, bar.x, bar.width)).collect();
        // The first was not measured until noon, the third was missed for a second.
        assert_eq!(drawn, [("f-unk", 0, 1), ("f-ok", 1, 1), ("f-bad", 2, 1), ("f-ok", 3, 1)]);
        assert_eq!((november.name.as_str(), november.days, november.share.as_str()), ("11月", 30, "85.71%"));
        assert_eq!((months[1].name.as_str(), months[1].share.as_str()), ("2026年1月", ""));
        assert_eq!(months[1].bars, [Bar { class: "f-unk", x: 0, width: 31, y: 0, height: HEIGHT }]);
        let stretches = stretches(&spans, texts(Locale::Ja), now);
        assert_eq!(stretches.len(), 3, "what was before the first measurement is no stretch");
        assert!(stretches[0].until.is_none() && stretches[1].length == "1秒");
    }
}
