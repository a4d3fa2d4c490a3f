//! Samples of signs of fraud, held extractions, limits and planted records.

use super::{Sample, crm, now, sample, shell};
use app::audit::sign::{HoneyView, RoleLimitView, SignView, Signs};
use app::extraction::hold::{HoldView, Standing};
use domain::audit::sign::{Figures, RoleLimit, Rule, Sign, Spread, day_of, start_of};
use domain::id::{HoldId, RecordId, SignId, UserId};
use domain::locale::Locale;
use domain::record::{Condition, Fault, FaultReason, Test};
use jiff::SignedDuration;
use uuid::Uuid;
use web::form::Form;
use web::page::audit::sign::{self, close, limit};
use web::page::extraction::hold;

const PATH: &str = "/app/admin/signs";

pub fn all(locale: Locale) -> Vec<Sample> {
    let view = |found| sign::view(shell(locale, PATH, true, true), found, true);
    let empty = Signs { holds: Vec::new(), signs: Vec::new(), limits: Vec::new(), honey: Vec::new() };
    let mut refused = view(empty.clone());
    refused.record = "C000123".to_owned();
    refused.record_error = web::locale::texts(locale).text("sign-honey-unknown");
    let mut samples =
        vec![sample("signs", &view(full())), sample("signs-empty", &view(empty)), sample("signs-refused", &refused)];
    samples.extend(forms(locale));
    samples.extend(holds(locale));
    samples
}

fn forms(locale: Locale) -> Vec<Sample> {
    let shell = || shell(locale, PATH, true, true);
    let role = RoleLimitView {
        role: Uuid::from_u128(7).into(),
        name: "営業".to_owned(),
        limit: RoleLimit { free_rows: Some(20_000), max_rows: None },
    };
    let typed = Form::parse("free_rows=many&max_rows=99999999&reason=").unwrap();
    let wrong = FaultReason::OutOfRange { min: Some(0), max: Some(10_000_000) };
    let faults = [
        Fault::new("free_rows", wrong.clone()),
        Fault::new("max_rows", wrong),
        Fault::new("reason", FaultReason::Required),
    ];
    let missing = Fault::new("reason", FaultReason::Required).message(locale, "確認した内容");
    vec![
        sample("sign", &close::view(shell(), &signs()[1], "", String::new())),
        sample("sign-refused", &close::view(shell(), &signs()[0], "", missing)),
        sample("sign-closed", &close::view(shell(), &signs()[9], "", String::new())),
        sample("limit", &limit::view(shell(), &role, None, &[], false)),
        sample("limit-refused", &limit::view(shell(), &role, Some(&typed), &faults, false)),
        sample("limit-own", &limit::view(shell(), &role, Some(&typed), &[], true)),
    ]
}

fn holds(locale: Locale) -> Vec<Sample> {
    let shell = |administrator| shell(locale, "/app/holds/1", administrator, true);
    let view =
        |hold: &HoldView, administrator| hold::view(shell(administrator), hold, administrator, "", String::new());
    let alone = HoldView { others: Vec::new(), ..held(Standing::Waiting, true) };
    let missing = Fault::new("reason", FaultReason::Required).message(locale, "理由");
    vec![
        sample("hold-own", &view(&held(Standing::Waiting, true), false)),
        sample("hold-alone", &view(&alone, true)),
        sample("hold-decide", &view(&held(Standing::Waiting, false), true)),
        sample("hold-refused", &hold::view(shell(true), &held(Standing::Waiting, false), true, "", missing)),
        sample("hold-released", &view(&held(Standing::Released, true), false)),
        sample("hold-taken", &view(&held(Standing::Taken, true), false)),
        sample("hold-expired", &view(&held(Standing::Expired, true), false)),
        sample("hold-no", &view(&held(Standing::Refused, true), false)),
    ]
}

fn full() -> Signs {
    let limit = |number: u128, name: &str, free_rows, max_rows| RoleLimitView {
        role: Uuid::from_u128(number).into(),
        name: name.to_owned(),
        limit: RoleLimit { free_rows, max_rows },
    };
    let service = crm();
    let honey = HoneyView {
        service: "crm".to_owned(),
        entity: "customer".to_owned(),
        record: record(),
        set_at: now(),
        place: Some((service.label.clone(), service.entity("customer").unwrap().label.clone())),
        set_by_name: Some("藤原\u{a0}美咲".to_owned()),
    };
    Signs {
        holds: vec![
            held(Standing::Waiting, false),
            HoldView { conditions: None, ..held(Standing::Waiting, true) },
            held(Standing::Taken, false),
            held(Standing::Expired, false),
        ],
        signs: signs(),
        limits: vec![
            limit(7, "営業", Some(20_000), None),
            limit(8, "派遣", Some(0), Some(100)),
            limit(9, "閲覧", None, None),
        ],
        honey: vec![honey],
    }
}

fn record() -> RecordId {
    Uuid::from_u128(0x0192_d5a0_0000_7000_8000_0000_0000_0001).into()
}

/// One of each rule; the last is closed.
fn signs() -> Vec<SignView> {
    let service = crm();
    let place = (service.label.clone(), service.screens[0].label.clone());
    let signs = Rule::ALL.into_iter().enumerate().map(|(number, rule)| {
        let spread = (number < 3).then_some(Spread { median: 1_240, mad: 310 });
        let figures = Figures { value: 15_000, limit: 3_100, spread, from: start_of(day_of(now()), 0), until: now() };
        let about = rule == Rule::HoneyTouched || rule == Rule::OneSubject;
        SignView {
            id: SignId(Uuid::from_u128(number as u128 + 1)),
            sign: Sign {
                rule,
                window: "2026-11-22".to_owned(),
                figures,
                place: about.then(|| ("crm".to_owned(), "customer_detail".to_owned())),
                record: about.then(record),
            },
            user: UserId(Uuid::from_u128(5)),
            user_name: Some("小林\u{a0}翔太".to_owned()),
            place: about.then(|| place.clone()),
            raised_at: now() - SignedDuration::from_mins(number as i64 * 37),
            closed: (rule == Rule::LimitTaken).then(|| {
                (Some("藤原\u{a0}美咲".to_owned()), now(), "月末の棚卸しのため。上長に確かめました。".to_owned())
            }),
        }
    });
    signs.collect()
}

fn held(standing: Standing, own: bool) -> HoldView {
    let condition =
        |field: &str, test, value: &str| Condition { field: field.to_owned(), test, value: value.to_owned() };
    let decided = matches!(standing, Standing::Released | Standing::Refused | Standing::Taken);
    let figures = Figures {
        value: 15_214,
        limit: 3_100,
        spread: Some(Spread { median: 1_240, mad: 310 }),
        from: start_of(day_of(now()), 0),
        until: now(),
    };
    HoldView {
        id: HoldId(Uuid::from_u128(standing as u128 + 1)),
        asked_by: UserId(Uuid::from_u128(5)),
        asked_by_name: Some("小林\u{a0}翔太".to_owned()),
        own,
        asked_at: now(),
        service: Some(crm()),
        entity: "customer".to_owned(),
        format: "csv".to_owned(),
        conditions: Some(vec![condition("rank", Test::Equals, "A"), condition("name", Test::Contains, "高橋")]),
        rule: Rule::ExtractionVolume,
        counted: 15_000,
        taken_before: 214,
        figures,
        standing,
        decided: decided.then(|| (Some("藤原\u{a0}美咲".to_owned()), now(), "月末の棚卸しのため".to_owned())),
        expires_at: now() + SignedDuration::from_hours(72),
        others: vec!["千葉\u{a0}俊介".to_owned(), "藤原\u{a0}美咲".to_owned()],
    }
}
