//! Claims in words: states, targets, ages, and what was found, from its code and figures. Decides no state.

use crate::format;
use crate::locale::Texts;
use app::claim::{Checked, Claim};
use domain::claim::State;
use domain::evidence::{Arg, Finding, Found, Verdict};
use domain::locale::Locale;
use domain::promise::{Promise, Target};
use fluent_bundle::FluentValue;
use jiff::Timestamp;

/// A day, in seconds.
const DAY_S: i64 = 86_400;
/// From so many days on, hours say nothing more.
const DAYS_ALONE: i64 = 3;
/// From so many minutes on, seconds say nothing more.
const MINUTES_ALONE: i64 = 10;
/// Names of bytes by thousands.
const BYTE_UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];

/// A state as pages show it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shown {
    /// `met`, `at_risk`, `missed`, `unverified`.
    pub code: &'static str,
    /// The chip's kind.
    pub chip: &'static str,
    /// The chip's icon.
    pub icon: &'static str,
    /// In a word.
    pub text: String,
}

/// A state.
pub fn state(state: State, t: Texts) -> Shown {
    let (chip, icon) = chip(state);
    Shown { code: state.code(), chip, icon, text: state_text(state, t) }
}

/// A verdict on one measurement.
pub fn verdict(verdict: Verdict, t: Texts) -> Shown {
    let (state, text) = match verdict {
        Verdict::Held => (State::Met, t.text("evidence-held")),
        Verdict::AtRisk => (State::AtRisk, t.text("evidence-at_risk")),
        Verdict::Broken => (State::Missed, t.text("evidence-broken")),
    };
    let (chip, icon) = chip(state);
    Shown { code: verdict.code(), chip, icon, text }
}

/// Kind and icon of a state's chip.
pub fn chip(state: State) -> (&'static str, &'static str) {
    match state {
        State::Met => ("ok", "check"),
        State::AtRisk => ("warn", "alert"),
        State::Missed => ("bad", "x"),
        State::Unverified => ("unk", "unk"),
    }
}

fn state_text(state: State, t: Texts) -> String {
    match state {
        State::Met => t.text("claim-met"),
        State::AtRisk => t.text("claim-at_risk"),
        State::Missed => t.text("claim-missed"),
        State::Unverified => t.text("claim-unverified"),
    }
}

/// What was found, in a sentence or a figure. A code without words shows itself and its figures.
pub fn finding(finding: &Finding, t: Texts, now: Timestamp) -> String {
    let key = format!("finding-{}", finding.code);
    let worded: Vec<(&str, FluentValue<'_>)> =
        finding.args.iter().map(|(name, arg)| (name.as_str(), argument(&finding.code, name, arg, t, now))).collect();
    if t.has(&key) {
        return t.figures(&key, worded);
    }
    let args: Vec<String> = worded.into_iter().map(|(name, value)| format!("{name}={}", plain(&value))).collect();
    t.two("finding-unworded", "code", finding.code.as_str(), "args", args.join(", "))
}

fn plain(value: &FluentValue<'_>) -> String {
    match value {
        FluentValue::String(text) => text.to_string(),
        FluentValue::Number(number) => format::number(number.value as i64),
        _ => String::new(),
    }
}

/// A figure by the unit that its name ends in.
fn argument<'a>(code: &str, name: &str, arg: &'a Arg, t: Texts, now: Timestamp) -> FluentValue<'a> {
    let value = match arg {
        Arg::Text(text) if code == "state_differs" && name != "promise" => return known_state(text, t).into(),
        Arg::Text(text) => return text.as_str().into(),
        Arg::Number(value) => *value,
    };
    if name.ends_with("_s") {
        length(value, t).into()
    } else if name.ends_with("_at") {
        let at = Timestamp::from_second(value).unwrap_or(now);
        format::brief(t.locale, now, at).words.into()
    } else if name.ends_with("_bytes") {
        bytes(value, t).into()
    } else if name.ends_with("_bp") {
        share(value, t).into()
    } else {
        value.into()
    }
}

fn known_state(code: &str, t: Texts) -> String {
    let states = [State::Met, State::AtRisk, State::Missed, State::Unverified];
    states.into_iter().find(|state| state.code() == code).map_or_else(|| code.to_owned(), |state| state_text(state, t))
}

/// Seconds in the two largest units that say something: `12時間3分`.
pub fn length(seconds: i64, t: Texts) -> String {
    let seconds = seconds.max(0);
    let (days, hours, minutes) = (seconds / DAY_S, seconds % DAY_S / 3600, seconds % 3600 / 60);
    let parts = match (days, hours, minutes) {
        (DAYS_ALONE.., ..) => vec![("span-d", days)],
        (1.., ..) => vec![("span-d", days), ("span-h", hours)],
        (0, 1.., _) => vec![("span-h", hours), ("span-min", minutes)],
        (0, 0, MINUTES_ALONE..) => vec![("span-min", minutes)],
        (0, 0, 1..) => vec![("span-min", minutes), ("span-s", seconds % 60)],
        _ => vec![("span-s", seconds)],
    };
    let shown = parts.iter().enumerate().filter(|(place, (_, count))| *place == 0 || *count > 0);
    let texts: Vec<String> = shown.map(|(_, (key, count))| t.one(key, "count", *count)).collect();
    texts.join(if t.locale == Locale::Ja { "" } else { " " })
}

/// `1.2GB`, cut and not rounded up.
pub fn bytes(count: i64, t: Texts) -> String {
    let (mut whole, mut tenth, mut unit) = (count.max(0), 0, 0);
    while whole >= 1_000 && unit + 1 < BYTE_UNITS.len() {
        (tenth, whole, unit) = (whole % 1_000 / 100, whole / 1_000, unit + 1);
    }
    let gap = if t.locale == Locale::Ja { "" } else { " " };
    let tenths = if unit > 0 && whole < 100 { format!(".{tenth}") } else { String::new() };
    format!("{}{tenths}{gap}{}", format::number(whole), BYTE_UNITS[unit])
}

/// `99.98%` from hundredths of a percent.
pub fn share(basis_points: i64, t: Texts) -> String {
    let gap = if t.locale == Locale::Ja { "" } else { " " };
    match basis_points % 100 {
        0 => format!("{}{gap}%", basis_points / 100),
        rest => format!("{}.{rest:02}{gap}%", basis_points / 100),
    }
}

/// How long ago.
pub fn ago(now: Timestamp, at: Timestamp, t: Texts) -> String {
    match now.as_second() - at.as_second() {
        ..-60 => t.text("claim-ago-ahead"),
        -60..60 => t.text("claim-ago-now"),
        seconds => t.one("claim-ago", "age", length(seconds, t)),
    }
}

/// What a promise is measured against.
pub fn target(promise: &Promise, t: Texts) -> String {
    match promise.target {
        Target::Always => t.text("target-always"),
        Target::NewestAgeMin(minutes) => t.one("target-newest-age", "age", length(i64::from(minutes) * 60, t)),
        Target::ReviewDays(days @ 365) => t.one("target-review", "days", days),
        Target::ReviewDays(days) => t.one("target-review-days", "days", days),
        Target::YearlyShareBasisPoints(share) => t.one("target-share", "share", fraction(share)),
        Target::YearlyHours(hours) => t.one("target-yearly-hours", "hours", hours),
        Target::NoticeHours(hours) => t.one("target-notice", "days", hours / 24),
        Target::ReplyBusinessDays(days) => t.one("target-reply", "days", days),
        Target::PublishedMonthly => t.text("target-monthly"),
    }
}

/// `99.9` from 9990.
fn fraction(basis_points: u32) -> String {
    let text = format!("{}.{:02}", basis_points / 100, basis_points % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// How a promise is measured, in plain words.
pub fn method(promise: &Promise, t: Texts) -> String {
    t.text(format!("method-{}", promise.id.replace('.', "-")))
}

/// The name of a check; one that has no words yet shows its own.
pub fn check(name: &str, t: Texts) -> String {
    let key = format!("check-{name}");
    if t.has(&key) { t.text(key) } else { name.to_owned() }
}

/// What the deciding measurement found; empty without one.
pub fn figure(checked: &Checked, t: Texts, now: Timestamp) -> String {
    let found = checked.evidence.first().map(|row| Found::of_text(&row.figure).figure);
    found.map(|figure| finding(&figure, t, now)).unwrap_or_default()
}

/// A measurement in sentences: what was found, and why that is not as promised, as far as the former doesn't say so itself.
pub fn told(found: &Found, t: Texts, now: Timestamp) -> (String, Vec<String>) {
    let figure = finding(&found.figure, t, now);
    let why = found.why.iter().map(|reason| finding(reason, t, now)).filter(|reason| *reason != figure).collect();
    (figure, why)
}

/// Why the state of a check is not met, in sentences; none when it is.
pub fn why(checked: &Checked, t: Texts, now: Timestamp) -> Vec<String> {
    if checked.state == State::Met {
        return Vec::new();
    }
    let Some(row) = checked.evidence.first() else { return vec![t.text("claim-why-none")] };
    let age_s = now.as_second() - row.until.as_second();
    let limit = length(checked.check.freshness.limit_min * 60, t);
    if checked.state == State::Unverified {
        return vec![t.two("claim-why-stale", "age", length(age_s, t), "limit", limit)];
    }
    let found = Found::of_text(&row.figure);
    let mut reasons: Vec<String> = found.why.iter().map(|reason| finding(reason, t, now)).collect();
    if age_s / 60 > checked.check.freshness.expected_min && row.verdict != Verdict::Broken {
        let expected = length(checked.check.freshness.expected_min * 60, t);
        let values = [("age", length(age_s, t)), ("expected", expected), ("limit", limit)];
        reasons.insert(0, t.figures("claim-why-late", values.map(|(name, value)| (name, value.into()))));
    }
    reasons
}

/// Why a claim is not met.
pub fn why_of(claim: &Claim, t: Texts, now: Timestamp) -> Vec<String> {
    match claim.deciding() {
        None => vec![t.text("claim-why-unchecked")],
        Some(checked) if claim.checks.len() == 1 => why(checked, t, now),
        // With several, it is said which one.
        Some(checked) => {
            let name = check(checked.check.name, t);
            let said = |reason: String| t.two("claim-why-check", "check", name.as_str(), "why", reason);
            why(checked, t, now).into_iter().map(said).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::texts;
    use domain::claim::CHECKS;
    use domain::promise::ALL;
    use std::collections::BTreeSet;

    fn both() -> [Texts; 2] {
        [texts(Locale::Ja), texts(Locale::En)]
    }

    #[test]
    fn every_code_that_is_found_anywhere_has_its_words_in_both_languages() {
        let folders = ["../app/src", "../host/src", "../domain/src"];
        let sources = crate::locale::tests::sources(&folders);
        let mut codes = BTreeSet::new();
        for (_, text) in &sources {
            // What tests make up needs no words.
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            for call in ["Finding::new(\"", "finding(\""] {
                let calls = text.split(call).skip(1).filter_map(|rest| rest.split('"').next());
                codes.extend(calls.map(str::to_owned));
            }
        }
        assert!(codes.contains("log_whole") && codes.len() >= 4, "{codes:?}");
        for code in codes {
            for t in both() {
                assert!(t.has(&format!("finding-{code}")), "finding-{code} has no words in {}", t.tag());
            }
        }
    }

    #[test]
    fn every_promise_says_how_it_is_measured_and_against_what_and_every_check_has_a_name() {
        for t in both() {
            for promise in ALL {
                assert!(!method(promise, t).starts_with("method-"), "{}", promise.id);
                assert!(!target(promise, t).is_empty(), "{}", promise.id);
            }
            for of in CHECKS {
                assert!(t.has(&format!("check-{}", of.name)), "check-{}", of.name);
            }
        }
    }

    #[test]
    fn figures_are_worded_by_the_unit_in_their_name() {
        let now = Timestamp::from_second(1_795_338_300).expect("in range");
        let made = |name: &str, value| Finding::new("no_such_code").number(name, value);
        let [ja, en] = both();
        for (name, value, in_japanese, in_english) in [
            ("age_s", 38, "age_s=38秒", "age_s=38 s"),
            ("age_s", 43_380, "age_s=12時間3分", "age_s=12 h 3 min"),
            ("age_s", 130, "age_s=2分10秒", "age_s=2 min 10 s"),
            ("age_s", 90_000, "age_s=1日1時間", "age_s=1 day 1 h"),
            ("age_s", 864_000, "age_s=10日", "age_s=10 days"),
            ("age_s", -5, "age_s=0秒", "age_s=0 s"),
            ("size_bytes", 1_259_999, "size_bytes=1.2MB", "size_bytes=1.2 MB"),
            ("size_bytes", 999, "size_bytes=999B", "size_bytes=999 B"),
            ("kept_bp", 9_998, "kept_bp=99.98%", "kept_bp=99.98 %"),
            ("made_at", 1_795_338_300, "made_at=11月22日(日) 18:05", "made_at=Sun, 22 Nov 18:05"),
            ("rows", 1_842_907, "rows=1,842,907", "rows=1,842,907"),
        ] {
            assert_eq!(finding(&made(name, value), ja, now), format!("no_such_code：{in_japanese}"));
            assert_eq!(finding(&made(name, value), en, now), format!("no_such_code: {in_english}"));
        }
        let whole = Finding::new("log_whole").number("leaves", 18_402).number("logs", 3);
        assert_eq!(finding(&whole, ja, now), "18,402件すべて一致(3個のログ)");
        assert_eq!(finding(&whole, en, now), "all 18,402 entries fit (3 logs)");
    }
}
