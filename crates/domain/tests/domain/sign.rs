//! Signs of fraud: what raises none, what raises one, and with which figures.

use domain::audit::sign::*;
use domain::id::RecordId;
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::collections::BTreeSet;
use uuid::Uuid;

const DAY: Date = date(2026, 11, 20);

fn at(hour: i64, minute: i64) -> Timestamp {
    start_of(DAY, hour) + SignedDuration::from_mins(minute)
}

fn act(kind: ActKind, at: Timestamp) -> Act {
    Act { at, kind, place: Some(("crm".to_owned(), "customer_detail".to_owned())), record: None, device: None }
}

fn record(number: u128) -> RecordId {
    Uuid::from_u128(number).into()
}

fn reveal(number: u128, at: Timestamp) -> Act {
    Act { record: Some(record(number)), ..act(ActKind::Reveal, at) }
}

fn sign_in(device: &str, at: Timestamp) -> Act {
    Act { place: None, device: Some(device_shape(device)), ..act(ActKind::SignIn, at) }
}

fn day(acts: Vec<Act>) -> Day {
    let reveals = acts.iter().filter(|act| act.kind == ActKind::Reveal).count() as u64;
    Day { day: DAY, reveals, acts }
}

/// Somebody who has worked from 9 to 18 for weeks, with Firefox, on the customers' page.
fn past() -> Past {
    let mut hours = [0; 24];
    hours[9..18].fill(15);
    Past {
        reveals: vec![30; 20],
        active_days: 20,
        hours,
        places: BTreeSet::from([("crm".to_owned(), "customer_detail".to_owned())]),
        sign_in_days: 20,
        devices: BTreeSet::from([device_shape("Mozilla/5.0 (Windows NT 10.0) Firefox/130.0")]),
    }
}

fn raised(day: &Day, past: &Past) -> Vec<(Rule, u64, u64)> {
    examine(day, past).into_iter().map(|sign| (sign.rule, sign.figures.value, sign.figures.limit)).collect()
}

#[test]
fn an_ordinary_day_raises_nothing() {
    let mut acts = vec![sign_in("Mozilla/5.0 (Windows NT 10.0) Firefox/131.0.2", at(9, 0))];
    acts.extend((0..30).map(|number| reveal(number, at(10, i64::try_from(number).expect("small")))));
    acts.push(act(ActKind::Extraction, at(15, 0)));
    acts.extend((0..5).map(|minute| act(ActKind::Denial, at(16, minute))));
    assert_eq!(raised(&day(acts), &past()), []);
}

#[test]
fn the_first_day_of_a_new_colleague_raises_nothing() {
    let mut acts = vec![sign_in("Mozilla/5.0 (iPhone) Safari", at(21, 0))];
    acts.extend((0..40).map(|number| reveal(number, at(22, 0))));
    acts.push(act(ActKind::Extraction, at(23, 0)));
    assert_eq!(raised(&day(acts), &Past::default()), []);
}

#[test]
fn each_rule_names_its_figure_and_its_limit() {
    let cases: [(Vec<Act>, (Rule, u64, u64)); 6] = [
        ((0..201).map(|number| reveal(number, at(10, 0))).collect(), (Rule::RevealVolume, 201, REVEAL_FLOOR)),
        (vec![reveal(1, at(3, 0))], (Rule::UnusualHour, 0, 2)),
        (vec![sign_in("curl/8.5", at(9, 0))], (Rule::NewDevice, 1, 0)),
        (
            vec![Act {
                place: Some(("expense".to_owned(), "extract".to_owned())),
                ..act(ActKind::Extraction, at(9, 0))
            }],
            (Rule::FirstScreen, 1, 0),
        ),
        ((0..20).map(|second| act(ActKind::Denial, at(9, second / 3))).collect(), (Rule::ManyDenials, 20, 19)),
        ((0..10).map(|minute| reveal(7, at(9, minute))).collect(), (Rule::OneSubject, 10, 9)),
    ];
    for (acts, expected) in cases {
        assert_eq!(raised(&day(acts), &past()), [expected]);
    }
}

#[test]
fn refusals_spread_over_the_day_are_no_attack() {
    let acts = (0..60).map(|number| act(ActKind::Denial, at(9, number * 8))).collect();
    assert_eq!(raised(&day(acts), &past()), []);
}

#[test]
fn a_new_version_of_a_browser_is_no_new_device_and_another_browser_is() {
    assert_eq!(device_shape("A/5.0 (X; rv:130.0) B/20100101"), device_shape("A/5.1 (X; rv:9) B/1"));
    assert_ne!(device_shape("Mozilla/5.0 (Windows NT 10.0)"), device_shape("Mozilla/5.0 (X11; Linux x86_64)"));
}

#[test]
fn the_same_day_looked_at_twice_gives_the_same_signs_in_the_same_windows() {
    let acts: Vec<Act> = (0..300).map(|number| reveal(number % 3, at(2, 0))).collect();
    let mut reversed = acts.clone();
    reversed.reverse();
    assert_eq!(examine(&day(acts), &past()), examine(&day(reversed), &past()));
}

#[test]
fn how_much_may_be_extracted_follows_the_persons_own_days_and_the_limits_of_the_roles() {
    let none = limits_of([]);
    assert_eq!(none, Limits { free_rows: EXTRACTION_FLOOR, max_rows: DEFAULT_EXTRACTION_CAP });
    let set = |free_rows, max_rows| RoleLimit { free_rows, max_rows };
    // What is let go adds up; the strictest maximum counts; nothing at all can be set.
    assert_eq!(
        limits_of([set(Some(10), None), set(Some(50_000), Some(900))]),
        Limits { free_rows: 50_000, max_rows: 900 }
    );
    assert_eq!(limits_of([set(Some(0), Some(0))]), Limits { free_rows: 0, max_rows: 0 });
    let cases: [(&[u64], Limits, u64, Rule); 6] = [
        (&[], none, EXTRACTION_FLOOR, Rule::ExtractionVolume),
        // Too few days to say what is usual.
        (&[90_000; 4], none, EXTRACTION_FLOOR, Rule::ExtractionVolume),
        // The same number every day: a tenth of it stands for the MAD.
        (&[5_000; 20], none, 5_000 + 6 * 500, Rule::ExtractionVolume),
        // One extreme day moves nothing.
        (&[5_000, 5_000, 5_000, 5_000, 5_000, 90_000], none, 8_000, Rule::ExtractionVolume),
        (&[1_000, 4_000, 5_000, 6_000, 9_000], none, 5_000 + 6 * 1_000, Rule::ExtractionVolume),
        (&[90_000; 20], none, DEFAULT_EXTRACTION_CAP, Rule::ExtractionCap),
    ];
    for (history, limits, rows, rule) in cases {
        let found = allowance(history, limits);
        assert_eq!((found.rows, found.rule), (rows, rule), "{history:?}");
    }
}

#[test]
fn the_days_of_an_id_are_those_of_its_making() {
    let instant: Timestamp = "2026-11-22T15:00:00.123Z".parse().expect("an instant");
    assert_eq!(entry_instant(first_entry_id(instant)), instant);
    assert_eq!(day_of(instant), date(2026, 11, 23));
    assert_eq!(hour_of(instant), 0);
    assert_eq!(start_of(date(2026, 11, 23), 0), "2026-11-22T15:00:00Z".parse().expect("an instant"));
}

#[test]
fn every_rule_has_a_code_that_leads_back_to_it() {
    for rule in Rule::ALL {
        assert_eq!(Rule::parse(rule.code()), Some(rule));
    }
    assert_eq!(Rule::parse("hunch"), None);
}

proptest! {
    /// Whoever stays at or below every limit is left alone, whatever their past.
    #[test]
    fn nothing_is_raised_at_or_below_the_limits(
        history in proptest::collection::vec(0u64..100_000, 0..28),
        share in 0u64..=100,
    ) {
        let found = allowance(&history, limits_of([]));
        prop_assert!(found.rows <= DEFAULT_EXTRACTION_CAP);
        prop_assert!(found.rows >= EXTRACTION_FLOOR);
        let usual = Past { reveals: history, ..past() };
        let limit = usual.reveals.iter().copied().filter(|value| *value > 0).collect::<Vec<_>>();
        let limit = Spread::of(&limit).map_or(REVEAL_FLOOR, |spread| spread.far().max(REVEAL_FLOOR));
        let quiet = Day { day: DAY, reveals: limit * share / 100, acts: Vec::new() };
        prop_assert_eq!(examine(&quiet, &usual), vec![]);
        let loud = Day { reveals: limit + 1, ..quiet };
        prop_assert_eq!(examine(&loud, &usual).len(), 1);
    }
}
