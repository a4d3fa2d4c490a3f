//! Records: what may be typed, what is kept, what is shown.

use crate::{shipped, typed};
use domain::locale::{Label, Locale};
use domain::record::{
    Condition, DEFAULT_PAGE, FaultReason, ListQuery, MAX_CONDITIONS, MAX_PAGE, Sort, Test, Values, changes,
    check_query, conflict, mask, normalised, parse, parse_all, parse_changes, shown,
};
use domain::service::{ChoiceOption, Entity, Field, FieldKind, Index};
use proptest::prelude::*;

fn label(text: &str) -> Label {
    Label { ja: text.to_owned(), en: text.to_owned() }
}

fn field(kind: FieldKind) -> Field {
    Field {
        name: "x".to_owned(),
        label: label("x"),
        kind,
        personal: false,
        required: false,
        unique: false,
        index: None,
        max_chars: 40,
        hint: None,
    }
}

fn rank() -> FieldKind {
    let option = |value: &str, ja: &str, en: &str| ChoiceOption {
        value: value.to_owned(),
        label: Label { ja: ja.to_owned(), en: en.to_owned() },
    };
    FieldKind::Choice { options: vec![option("won", "受注", "Won"), option("lost", "失注", "Lost")] }
}

fn number(scale: u8, min: Option<i64>, max: Option<i64>) -> FieldKind {
    FieldKind::Number { scale, min, max }
}

fn customer() -> Entity {
    shipped("crm").entity("customer").expect("it is there").clone()
}

/// Each typed text is refused with the code.
#[track_caller]
fn refused(kind: FieldKind, code: &str, texts: &[&str]) {
    for text in texts {
        match parse(&field(kind.clone()), text) {
            Err(fault) => assert_eq!(fault.reason.code(), code, "{text:?}"),
            Ok(value) => panic!("{text:?} was taken as {value:?}"),
        }
    }
}

/// Each typed text is taken as the canonical one.
#[track_caller]
fn taken(kind: FieldKind, pairs: &[(&str, &str)]) {
    for (text, canonical) in pairs {
        assert_eq!(parse(&field(kind.clone()), text), Ok(Some((*canonical).to_owned())), "{text:?}");
    }
}

#[test]
fn control_characters_are_refused_everywhere_and_line_breaks_in_one_line_text() {
    refused(FieldKind::Text, "control_character", &["a\0", "\u{1b}[31m", "a\u{7f}", "a\u{85}b", "a\tb", "a\nb"]);
    refused(FieldKind::LongText, "control_character", &["a\0", "a\u{b}", "a\u{9b}"]);
    refused(FieldKind::Email, "control_character", &["a\0@example.jp"]);
    taken(FieldKind::LongText, &[("a\r\nb\tc", "a\r\nb\tc")]);
}

#[test]
fn an_over_long_value_is_refused_by_characters_not_bytes() {
    refused(FieldKind::Text, "too_long", &[&"𠮷".repeat(41)]);
    taken(FieldKind::Text, &[(&"𠮷".repeat(40), &"𠮷".repeat(40))]);
}

#[test]
fn what_is_no_number_is_refused() {
    let texts =
        ["abc", "1,00", "1,0000", ",100", "1.", ".5", "--1", "1e5", "¥100", "１２a", "+", "-", "0x10", "∞", "NaN"];
    refused(number(2, None, None), "not_a_number", &texts);
    refused(FieldKind::Money, "not_a_number", &["¥", "円", "¥¥1", "1円円", "-¥-1", "千円", "100ドル"]);
    refused(FieldKind::Money, "too_many_decimals", &["100.5"]);
    refused(number(1, None, None), "too_many_decimals", &["1.25"]);
    refused(number(1, Some(0), Some(100)), "out_of_range", &["-0.1", "100.1", "101", "-1"]);
    refused(FieldKind::Money, "out_of_range", &["1000000000000000"]);
}

#[test]
fn numbers_are_read_as_people_type_them() {
    let pairs =
        [("１，２００．５０", "1200.5"), ("-0", "0"), ("007", "7"), ("+3", "3"), ("－３", "-3"), ("−3.10", "-3.1")];
    taken(number(2, None, None), &pairs);
    taken(number(1, Some(0), Some(100)), &[("0", "0"), ("100.0", "100"), ("0.5", "0.5")]);
    let amounts =
        [("¥1,200", "1200"), ("１２００円", "1200"), ("-¥1,200", "-1200"), ("¥-1200", "-1200"), ("▲1,200", "-1200")];
    taken(FieldKind::Money, &amounts);
    taken(FieldKind::Money, &[(" ￥ 1,200 円 ", "1200"), ("1200.00", "1200"), ("999999999999999", "999999999999999")]);
}

#[test]
fn a_day_that_is_not_in_the_calendar_is_refused() {
    let texts = [
        "2026-02-29",
        "2026-13-01",
        "2026-00-10",
        "26-1-5",
        "2026/11",
        "2026-11-22-1",
        "22/11/2026",
        "0026-01-01",
        "明日",
        "2026/11-22",
        "20261122",
        "2026年11月",
    ];
    refused(FieldKind::Date, "not_a_date", &texts);
}

#[test]
fn dates_are_read_in_every_common_form() {
    let pairs = [
        ("2026-11-22", "2026-11-22"),
        ("2026/11/22", "2026-11-22"),
        ("2026/1/5", "2026-01-05"),
        ("2026年11月22日", "2026-11-22"),
        ("２０２６年１月５日", "2026-01-05"),
        ("　2024-02-29 ", "2024-02-29"),
    ];
    taken(FieldKind::Date, &pairs);
}

#[test]
fn a_time_without_a_zone_is_japans_and_all_are_kept_in_utc() {
    let pairs = [
        ("2026-11-22T18:05", "2026-11-22T09:05:00Z"),
        ("2026-11-22T18:05:30", "2026-11-22T09:05:30Z"),
        ("2026-11-22T18:05:00+09:00", "2026-11-22T09:05:00Z"),
        ("2026-11-22T09:05:00.000Z", "2026-11-22T09:05:00Z"),
        ("2026-11-22T09:05Z", "2026-11-22T09:05:00Z"),
        ("2026/11/22 8:05", "2026-11-21T23:05:00Z"),
        ("2026-11-22T00:00-05:00", "2026-11-22T05:00:00Z"),
    ];
    taken(FieldKind::Datetime, &pairs);
    refused(
        FieldKind::Datetime,
        "not_a_datetime",
        &["2026-11-22", "2026-11-22T25:00", "18:05", "2026-11-22T18:05:00.5Z"],
    );
}

#[test]
fn an_address_without_its_shape_is_refused() {
    let texts =
        ["a", "a@", "@b.jp", "a@b", "a@@b.jp", "a@b@c.jp", "a b@c.jp", "a@b..jp", "a@-b.jp", "a@b.jp.", "a,b@c.jp"];
    refused(FieldKind::Email, "not_an_email", &texts);
    taken(FieldKind::Email, &[(" Yamada.O'Neil+x@Example.co.jp　", "Yamada.O'Neil+x@Example.co.jp")]);
    taken(FieldKind::Email, &[("山田@例え.jp", "山田@例え.jp")]);
}

#[test]
fn telephone_and_postal_numbers_are_kept_as_typed_or_refused() {
    refused(
        FieldKind::Phone,
        "not_a_phone",
        &["123456789", "1234567890123456", "03-1234-567x", "080+12345678", "#03123456"],
    );
    refused(FieldKind::PostalCode, "not_a_postal_code", &["12-34567", "123456", "12345678", "123--4567", "abc-defg"]);
    let phones = [" 03-1234-5678 ", "０９０ー１２３４ー５６７８", "+81 (3) 1234 5678", "09012345678"];
    for text in phones {
        taken(FieldKind::Phone, &[(text, text.trim())]);
    }
    for text in ["100-0001", "1000001", "〒100-0001", "１００－０００１"] {
        taken(FieldKind::PostalCode, &[(text, text)]);
    }
}

#[test]
fn options_yes_and_no_and_references_are_read_or_refused() {
    refused(rank(), "not_a_choice", &["受", "draw"]);
    taken(rank(), &[("won", "won"), ("受注", "won"), ("LOST", "lost"), (" Won ", "won")]);
    refused(FieldKind::Boolean, "not_a_boolean", &["2", "maybe"]);
    taken(
        FieldKind::Boolean,
        &[("はい", "true"), ("１", "true"), ("on", "true"), ("いいえ", "false"), ("FALSE", "false")],
    );
    let reference = FieldKind::Reference { entity: "customer".to_owned() };
    refused(reference.clone(), "not_a_reference", &["C000001", "0190b7a2"]);
    let id = "0190B7A2-3C4D-7E8F-8A9B-0C1D2E3F4A5B";
    taken(reference, &[(id, &id.to_lowercase())]);
}

#[test]
fn text_is_kept_exactly_as_typed_and_white_space_alone_is_empty() {
    taken(FieldKind::Text, &[("　髙﨑 𠮷 ", "　髙﨑 𠮷 "), ("=1+1", "=1+1"), ("'x", "'x")]);
    for text in ["", " ", "　\t\n"] {
        assert_eq!(parse(&field(FieldKind::Text), text), Ok(None));
    }
}

#[test]
fn unknown_and_missing_fields_are_refused_in_the_order_of_the_form() {
    let faults = parse_all(&customer(), typed(&[("zzz", "1"), ("rank", "E"), ("number", " ")])).expect_err("faults");
    let named: Vec<(&str, &str)> = faults.iter().map(|fault| (fault.field.as_str(), fault.reason.code())).collect();
    assert_eq!(
        named,
        [("number", "required"), ("name", "required"), ("rank", "not_a_choice"), ("zzz", "unknown_field")]
    );
}

#[test]
fn a_change_touches_only_the_fields_it_names() {
    let entity = customer();
    let current =
        Values::from_iter(typed(&[("number", "C1"), ("name", "山田 一"), ("note", "一行\n二行"), ("rank", "A")]));
    let changed =
        parse_changes(&entity, &current, typed(&[("rank", ""), ("note", "一行\r\n二行"), ("kana", "ヤマダ")]));
    let expected = typed(&[("number", "C1"), ("name", "山田 一"), ("note", "一行\n二行"), ("kana", "ヤマダ")]);
    assert_eq!(changed, Ok(Values::from_iter(expected)));
    let faults = parse_changes(&entity, &current, typed(&[("name", "")])).expect_err("it is required");
    assert_eq!(faults[0].reason, FaultReason::Required);
}

#[test]
fn the_log_of_a_change_names_personal_fields_without_their_values() {
    let entity = customer();
    let old = Values::from_iter(typed(&[("number", "C1"), ("name", "山田 一"), ("rank", "A")]));
    let new = Values::from_iter(typed(&[("number", "C1"), ("name", "山田 二"), ("company", "みなと物産")]));
    let found = changes(&entity, &old, &new);
    let seen: Vec<(&str, Option<&str>, Option<&str>)> =
        found.iter().map(|change| (change.field.as_str(), change.before.as_deref(), change.after.as_deref())).collect();
    assert_eq!(seen, [("name", None, None), ("company", None, Some("みなと物産")), ("rank", Some("A"), None)]);
}

#[test]
fn of_two_people_who_change_one_record_neither_overwrites_the_other() {
    let entity = customer();
    let base = Values::from_iter(typed(&[("number", "C1"), ("rank", "A"), ("city", "港区"), ("note", "元")]));
    let mine = Values::from_iter(typed(&[("number", "C1"), ("rank", "B"), ("city", "北区"), ("note", "元")]));
    let theirs = Values::from_iter(typed(&[("number", "C1"), ("rank", "A"), ("city", "南区"), ("note", "別")]));
    let found = conflict(&entity, &base, &mine, &theirs);
    assert_eq!(found.both, ["city"]);
    assert_eq!(
        found.merged,
        Values::from_iter(typed(&[("number", "C1"), ("rank", "B"), ("city", "南区"), ("note", "別")]))
    );
}

#[test]
fn a_mask_never_shows_the_whole_value() {
    let personal = |kind| Field { personal: true, ..field(kind) };
    let table = [
        (FieldKind::Text, "山本 太郎", "山本 ●●"),
        (FieldKind::Text, "山本　太郎", "山本 ●●"),
        (FieldKind::Text, "山本太郎", "山●"),
        (FieldKind::Text, "林", "●"),
        (FieldKind::Text, "海岸1-2-3 汐見ビル4階", "海●"),
        (FieldKind::Text, "1-2-3 汐見ビル", "●"),
        (FieldKind::Text, "芝浦三丁目の角 汐見ビル", "芝●"),
        (FieldKind::Email, "sato@example.jp", "s•••••@•••"),
        (FieldKind::Phone, "03-1234-1027", "••-••••-1027"),
        (FieldKind::PostalCode, "100-0001", "•••-••••"),
        (FieldKind::Date, "1990-01-01", "••••年••月••日"),
        (FieldKind::LongText, "長い話", "•••••"),
        (FieldKind::Money, "1200", "•••••"),
    ];
    for (kind, value, expected) in table {
        assert_eq!(mask(&personal(kind), value), expected);
    }
}

#[test]
fn values_are_shown_in_words_of_the_readers_language() {
    let table = [
        (FieldKind::Money, "-1234567", "-¥1,234,567", "-¥1,234,567"),
        (number(2, None, None), "1234.5", "1,234.5", "1,234.5"),
        (number(2, None, None), "-123", "-123", "-123"),
        (FieldKind::Date, "2026-11-22", "2026年11月22日(日)", "Sun, 22 November 2026"),
        (
            FieldKind::Datetime,
            "2026-11-22T09:05:00Z",
            "2026年11月22日(日) 18:05 JST",
            "Sun, 22 November 2026 18:05 JST",
        ),
        (FieldKind::Boolean, "true", "はい", "Yes"),
        (rank(), "lost", "失注", "Lost"),
    ];
    for (kind, value, ja, en) in table {
        let field = field(kind);
        assert_eq!(
            (shown(&field, value, Locale::Ja), shown(&field, value, Locale::En)),
            (ja.to_owned(), en.to_owned())
        );
    }
}

#[test]
fn spellings_that_people_take_for_the_same_are_found_alike() {
    let table = [
        (FieldKind::Text, "髙橋 ｻﾕﾘ", "高橋さゆり"),
        (FieldKind::Phone, "03-1234-5678", "０３１２３４５６７８"),
        (FieldKind::PostalCode, "〒100-0001", "1000001"),
        (FieldKind::Email, "Sato@Example.JP", "sato@example.jp"),
    ];
    for (kind, one, other) in table {
        let field = field(kind);
        assert_eq!(normalised(&field, one), normalised(&field, other));
    }
}

fn condition(field: &str, test: Test, value: &str) -> ListQuery {
    let condition = Condition { field: field.to_owned(), test, value: value.to_owned() };
    ListQuery { conditions: vec![condition], ..ListQuery::default() }
}

#[test]
fn a_list_refuses_what_its_indexes_cannot_answer() {
    let entity = customer();
    let refused = |query: &ListQuery| check_query(&entity, query).expect_err("it is refused").reason;
    assert_eq!(refused(&condition("zzz", Test::Equals, "x")), FaultReason::UnknownField);
    assert_eq!(refused(&condition("department", Test::Contains, "x")), FaultReason::NotSearchable);
    assert_eq!(refused(&condition("name", Test::Equals, "x")), FaultReason::NotSearchable);
    assert_eq!(refused(&condition("email", Test::Contains, "x")), FaultReason::NotSearchable);
    assert_eq!(refused(&condition("rank", Test::AtLeast, "A")), FaultReason::NotSearchable);
    assert_eq!(refused(&condition("annual_amount", Test::AtLeast, "many")), FaultReason::NotANumber);
    assert_eq!(refused(&condition("phone", Test::Contains, "--")), FaultReason::NothingToFind);
    assert_eq!(refused(&condition("name", Test::Contains, &"あ".repeat(101))).code(), "too_long");
    assert_eq!(refused(&condition("name", Test::Contains, "a\0")).code(), "control_character");
    let many = ListQuery {
        conditions: vec![condition("rank", Test::Equals, "A").conditions.remove(0); MAX_CONDITIONS + 1],
        ..ListQuery::default()
    };
    assert_eq!(refused(&many).code(), "too_many_conditions");
    for name in ["name", "email", "department"] {
        let sort = Some(Sort { field: name.to_owned(), descending: false });
        assert_eq!(refused(&ListQuery { sort, ..ListQuery::default() }), FaultReason::NotSearchable);
    }
    assert_eq!(refused(&ListQuery { limit: MAX_PAGE + 1, ..ListQuery::default() }).code(), "out_of_range");
}

#[test]
fn a_sound_query_comes_back_canonical_and_checking_it_again_changes_nothing() {
    let entity = customer();
    for (field, test, value, canonical) in [
        ("registered_on", Test::AtMost, "2026/1/5", "2026-01-05"),
        ("annual_amount", Test::AtLeast, "¥1,200", "1200"),
        ("name", Test::Contains, " ﾔﾏﾀﾞ ", "やまだ"),
        ("phone", Test::Contains, "1234-5678", "12345678"),
        ("email", Test::Equals, "Sato@Example.JP", "sato@example.jp"),
        ("number", Test::Equals, " C000001", "C000001"),
    ] {
        let checked = check_query(&entity, &condition(field, test, value)).expect("it is sound");
        assert_eq!((checked.conditions[0].value.as_str(), checked.limit), (canonical, DEFAULT_PAGE));
        assert_eq!(check_query(&entity, &checked), Ok(checked.clone()));
    }
}

#[test]
fn every_fault_says_what_to_do_in_both_languages() {
    let reasons = [
        FaultReason::Required,
        FaultReason::TooLong { max: 1, found: 2 },
        FaultReason::ControlCharacter { code: 0 },
        FaultReason::NotANumber,
        FaultReason::TooManyDecimals { scale: 0 },
        FaultReason::TooManyDecimals { scale: 2 },
        FaultReason::OutOfRange { min: Some(0), max: Some(1_000) },
        FaultReason::OutOfRange { min: None, max: Some(1) },
        FaultReason::NotADate,
        FaultReason::NotADatetime,
        FaultReason::NotAChoice { allowed: vec![label("A")] },
        FaultReason::NotABoolean,
        FaultReason::NotAnEmail,
        FaultReason::NotAPhone,
        FaultReason::NotAPostalCode,
        FaultReason::NotAReference,
        FaultReason::UnknownField,
        FaultReason::Taken,
        FaultReason::MissingReference,
        FaultReason::StillReferenced,
        FaultReason::CellCount { expected: 2, found: 3 },
        FaultReason::OpenQuote,
        FaultReason::NotSearchable,
        FaultReason::NothingToFind,
        FaultReason::TooManyConditions { max: 8 },
    ];
    for reason in reasons {
        let (ja, en) = (reason.message(Locale::Ja, "ランク"), reason.message(Locale::En, "Rank"));
        // What happened, and what to do: two sentences.
        assert!(ja.matches('。').count() >= 2 && ja.ends_with('。'), "{ja}");
        assert!(en.ends_with('.') && !ja.contains("不正") && !ja.contains("無効"), "{en}");
        let json = serde_json::to_string(&reason).expect("it serialises");
        assert!(json.contains(reason.code()), "{json} {}", reason.code());
        assert_eq!(serde_json::from_str::<FaultReason>(&json).expect("it reads back"), reason);
    }
}

fn any_kind() -> impl Strategy<Value = FieldKind> {
    prop_oneof![
        Just(FieldKind::Text),
        Just(FieldKind::LongText),
        Just(number(3, Some(-1_000), None)),
        Just(FieldKind::Money),
        Just(FieldKind::Date),
        Just(FieldKind::Datetime),
        Just(rank()),
        Just(FieldKind::Boolean),
        Just(FieldKind::Email),
        Just(FieldKind::Phone),
        Just(FieldKind::PostalCode),
        Just(FieldKind::Reference { entity: "x".to_owned() }),
    ]
}

proptest! {
    #[test]
    fn whatever_is_typed_is_taken_or_refused_and_taken_values_are_stable(
        kind in any_kind(),
        text in prop_oneof![any::<String>(), "[0-9０-９,.¥円+\\-/:TZ年月日 ]{0,20}", "[a-z@.]{1,12}"],
    ) {
        let field = Field { index: Some(Index::Plain), ..field(kind) };
        if let Ok(Some(canonical)) = parse(&field, &text) {
            prop_assert!(!canonical.contains('\0'));
            prop_assert_eq!(parse(&field, &canonical), Ok(Some(canonical.clone())));
            let _ = (shown(&field, &canonical, Locale::Ja), mask(&field, &canonical), normalised(&field, &canonical));
        }
    }

    #[test]
    fn a_merge_takes_every_change_made_by_one_person_only(
        base in proptest::collection::vec(0_u8..3, 4),
        mine in proptest::collection::vec(0_u8..3, 4),
        theirs in proptest::collection::vec(0_u8..3, 4),
    ) {
        let entity = customer();
        let names = ["name", "kana", "company", "city"];
        let values = |numbers: &[u8]| -> Values {
            let filled = names.iter().zip(numbers).filter(|(_, number)| **number > 0);
            filled.map(|(name, number)| ((*name).to_owned(), number.to_string())).collect()
        };
        let found = conflict(&entity, &values(&base), &values(&mine), &values(&theirs));
        for (place, name) in names.iter().enumerate() {
            let (base, mine, theirs) = (base[place], mine[place], theirs[place]);
            let merged = found.merged.get(*name).map_or(0, |text| text.parse::<u8>().expect("a digit"));
            let both = base != mine && base != theirs && mine != theirs;
            prop_assert_eq!(found.both.contains(&(*name).to_owned()), both);
            prop_assert_eq!(merged, if both || mine == base { theirs } else { mine });
        }
    }
}
