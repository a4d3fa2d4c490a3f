//! Activity and audit: their sample pages, and what is asked of them for real.

use crate::samples::{Sample, customer, now, shell};
use crate::site::Site;
use app::audit::{AuditChoices, EntryPage, EntryView};
use askama::Template;
use axum::http::StatusCode;
use domain::audit::{Actor, Change, Detail, Outcome, Target, Verb};
use domain::id::{EntryId, RecordId, RequestId, UserId};
use domain::locale::{Label, Locale};
use domain::service::Service;
use jiff::SignedDuration;
use std::sync::Arc;
use testkit::running::{ADMIN, NOBODY, READER, SALES};
use uuid::Uuid;
use web::form::Form;
use web::page::{activity, audit};

const WINDOWS: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari/604.1";

fn me() -> UserId {
    UserId(Uuid::from_u128(2))
}

fn other() -> UserId {
    UserId(Uuid::from_u128(5))
}

fn crm() -> Arc<Service> {
    Arc::new(domain::service::manifest::read("crm.toml", include_str!("../../../../services/crm.toml")).unwrap())
}

/// An act of the sample person, `minutes` ago.
fn act(minutes: i64, verb: Verb, detail: Detail) -> EntryView {
    let device = detail.device.clone().or(Some(WINDOWS.to_owned()));
    EntryView {
        id: EntryId(Uuid::from_u128(0x0192_4d5a_7c00_7abc_8def_0000_0001_0000 - minutes as u128)),
        at: now() - SignedDuration::from_mins(minutes) - SignedDuration::from_secs(minutes % 60),
        actor: Actor::User(me()),
        actor_name: Some("高橋\u{a0}美咲".to_owned()),
        verb,
        outcome: Outcome::Done,
        target: Target::default(),
        service: None,
        service_label: None,
        entity_label: None,
        screen_label: None,
        user_name: None,
        record_title: None,
        detail: Detail { address: Some("203.0.113.24".to_owned()), device, ..detail },
        request: RequestId(Uuid::from_u128(0x0192_4d5a_7c00_7abc_8def_1111_0001_0000 - minutes as u128)),
    }
}

/// The same on a screen of the shipped service.
fn on(screen: &str, view: EntryView) -> EntryView {
    let service = crm();
    let screen = service.screen(screen).unwrap();
    let entity = service.entity(&screen.entity).unwrap();
    EntryView {
        target: Target {
            service: Some(service.name.clone()),
            screen: Some(screen.name.clone()),
            entity: Some(entity.name.clone()),
            ..view.target
        },
        service_label: Some(service.label.clone()),
        entity_label: Some(entity.label.clone()),
        screen_label: Some(screen.label.clone()),
        service: Some(service.clone()),
        ..view
    }
}

/// The same on a record, which the reader may open when it has a title.
fn of(title: Option<&str>, view: EntryView) -> EntryView {
    let record: RecordId = customer(3, false).record.id;
    EntryView { target: Target { record: Some(record), ..view.target }, record_title: title.map(str::to_owned), ..view }
}

fn denied(view: EntryView) -> EntryView {
    EntryView { outcome: Outcome::Denied, ..view }
}

fn about_me(actor: Actor, view: EntryView) -> EntryView {
    EntryView {
        actor,
        actor_name: (actor == Actor::User(other())).then(|| "佐伯\u{a0}亮".to_owned()),
        target: Target { user: Some(me()), ..view.target },
        user_name: Some("高橋\u{a0}美咲".to_owned()),
        ..view
    }
}

fn change(field: &str, before: Option<&str>, after: Option<&str>) -> Change {
    Change { field: field.to_owned(), before: before.map(str::to_owned), after: after.map(str::to_owned) }
}

fn noted(note: &str) -> Detail {
    Detail { note: Some(note.to_owned()), ..Detail::default() }
}

fn named(fields: &[&str]) -> Detail {
    Detail { fields: fields.iter().map(|field| (*field).to_owned()).collect(), ..Detail::default() }
}

fn changed(changes: Vec<Change>) -> Detail {
    Detail { changes, ..Detail::default() }
}

/// A day and a half of work, with what others did to the account.
fn entries() -> Vec<EntryView> {
    let edited = vec![
        change("rank", Some("B"), Some("A")),
        change("annual_amount", Some("1204500"), Some("2400000")),
        change("phone", None, None),
        change("department", None, Some("購買部 第二課")),
    ];
    let rights =
        vec![change("roles", Some("営業"), Some("営業, 経理")), change("administrator", Some("false"), Some("true"))];
    let taken = Detail {
        rows: Some(214),
        note: Some("csv; rank Equals A; name Contains 高橋".to_owned()),
        ..named(&["number", "name", "company"])
    };
    let imported = Detail { rows: Some(19_995), ..noted("refused 5") };
    let phone = Detail { device: Some(PHONE.to_owned()), ..Detail::default() };
    let gate = Detail { gate: Some("role_grant".to_owned()), ..noted("extract") };
    vec![
        of(
            Some("C020415"),
            on("customer_detail", act(1, Verb::RecordRevealed, named(&["name", "kana", "email", "phone"]))),
        ),
        of(Some("C020415"), on("customer_form", act(7, Verb::RecordUpdated, changed(edited)))),
        on("customer_extract", act(105, Verb::RecordsExtracted, taken)),
        denied(of(Some("C020415"), on("customer_form", act(130, Verb::RecordConflicted, named(&["rank"]))))),
        denied(on("customer_extract", act(140, Verb::AccessDenied, gate))),
        denied(act(141, Verb::AccessDenied, noted("access"))),
        act(542, Verb::SessionStarted, Detail::default()),
        denied(about_me(Actor::Anyone, act(543, Verb::SessionRefused, phone))),
        act(1_400, Verb::SessionEnded, Detail::default()),
        about_me(Actor::User(other()), act(1_495, Verb::UserChanged, changed(rights))),
        act(1_500, Verb::AuditViewed, noted("verb=record.created outcome=denied from=2026-11-20T15:00:00Z")),
        on("customer_import", act(1_510, Verb::ImportCompleted, imported)),
        on("customer_import", act(1_512, Verb::ImportStarted, noted("customers.csv"))),
        of(None, on("customer_detail", act(3_000, Verb::RecordDeleted, Detail::default()))),
        denied(of(None, on("customer_detail", act(3_020, Verb::RecordNotFound, Detail::default())))),
        act(3_030, Verb::RoleCreated, changed(vec![change("name", None, Some("経理"))])),
        on(
            "customer_form",
            act(
                3_040,
                Verb::AccessChanged,
                Detail {
                    changes: vec![
                        change("role:営業", Some("create"), Some("create, update")),
                        change("usable", Some("false"), Some("true")),
                    ],
                    ..noted("異動のため")
                },
            ),
        ),
        about_me(Actor::Operator, act(3_100, Verb::UserInvited, Detail::default())),
    ]
}

fn pages(locale: Locale, entries: Vec<EntryView>, later: bool) -> activity::ActivityView {
    let found = EntryPage { entries, next: Some("o1".to_owned()), previous: later.then(|| "n1".to_owned()) };
    activity::view(shell(locale, "/app/activity", true, true), &found, me(), later, now())
}

fn log(locale: Locale, query: &str, entries: Option<Vec<EntryView>>) -> audit::AuditView {
    let choices = AuditChoices {
        users: vec![(me(), "高橋\u{a0}美咲".to_owned()), (other(), "佐伯\u{a0}亮".to_owned())],
        services: vec![("crm".to_owned(), Label { ja: "顧客管理".to_owned(), en: "Customers".to_owned() })],
    };
    let form = Form::parse(query).unwrap();
    let wrong = audit::filter::read(&form, Some(&choices)).unwrap().err().unwrap_or_default();
    let found = entries.map(|entries| EntryPage { entries, next: Some("o1".to_owned()), previous: None });
    audit::view(shell(locale, "/app/admin/audit", true, true), &form, &choices, found.as_ref(), &wrong)
}

const WRONG: &str = "verb=record.burnt&record=C000123&from=2026-02-30T00:00&until=2026-11-22T18:00&request=%3Cb%3E";

/// Both pages in the states a person may meet.
pub fn samples(locale: Locale) -> Vec<Sample> {
    let sample = |name: &'static str, view: &dyn askama::DynTemplate| Sample { name, html: view.dyn_render().unwrap() };
    vec![
        sample("activity", &pages(locale, entries(), false)),
        sample("activity-empty", &pages(locale, Vec::new(), false)),
        sample("activity-end", &pages(locale, Vec::new(), true)),
        sample("audit", &log(locale, "", Some(entries()))),
        sample("audit-filtered", &log(locale, "outcome=denied&service=crm", Some(entries().split_off(12)))),
        sample("audit-none", &log(locale, "outcome=denied", Some(Vec::new()))),
        sample("audit-wrong", &log(locale, WRONG, None)),
    ]
}

#[test]
fn what_the_log_does_not_know_any_more_is_told_without_it() {
    for locale in [Locale::Ja, Locale::En] {
        for verb in Verb::ALL {
            for outcome in [Outcome::Done, Outcome::Denied] {
                let bare = EntryView { outcome, actor_name: None, ..act(1, *verb, Detail::default()) };
                let own = pages(locale, vec![bare.clone()], false).render().unwrap();
                let all = log(locale, "", Some(vec![bare])).render().unwrap();
                for page in [&own, &all] {
                    let text: String = page.split('>').skip(1).filter_map(|rest| rest.split('<').next()).collect();
                    assert!(!text.contains("{") && !text.contains("activity-"), "{}: {text}", verb.code());
                }
            }
        }
    }
}

#[test]
fn a_trail_names_fields_as_the_manifest_does_and_leads_to_what_may_be_opened() {
    let page = pages(Locale::Ja, entries(), false).render().unwrap();
    let record = customer(3, false).record.id;
    for text in [
        "2026年11月22日(日)",
        "今日",
        "顧客の個人データを表示しました",
        "ランク",
        "Chrome・Windows",
        "203.0.113.24",
        "あなたの権限が変わりました",
        "佐伯\u{a0}亮",
        "営業 → 営業、経理",
        "214件",
        "CSV",
        "理由「異動のため」",
        &format!("href=\"/app/s/crm/customer/{record}\""),
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert_eq!(page.matches(&format!("/customer/{record}\"")).count(), 3, "deleted and unknown records have no link");
}

#[test]
fn the_log_shows_values_before_and_after_but_none_of_personal_fields() {
    let page = log(Locale::Ja, "", Some(entries())).render().unwrap();
    for text in ["¥1,204,500", "¥2,400,000", "個人データのため、値はログに残しません", "(空)", "この画面を見たことも"]
    {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn a_wrong_condition_stays_in_its_field_and_is_not_markup() {
    let page = log(Locale::Ja, WRONG, None).render().unwrap();
    for field in ["verb", "record", "from", "request"] {
        assert!(
            page.contains(&format!("href=\"#a-{field}\"")) && page.contains(&format!("id=\"a-{field}-e\"")),
            "{field}"
        );
    }
    for typed in ["value=\"C000123\"", "value=\"2026-02-30T00:00\"", "value=\"2026-11-22T18:00\""] {
        assert!(page.contains(typed), "{typed}");
    }
    assert!(!page.contains("<b>\"") && !page.contains("value=\"<b>"));
    assert!(!page.contains("<table"), "nothing was read");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_closed_to_members_and_tells_programs_which_condition_is_wrong() {
    let site = Site::start().await;
    for path in ["/app/admin/audit", "/app/admin/audit?verb=x", "/api/v1/audit", "/api/v1/audit?verb=x"] {
        for who in [SALES, READER, NOBODY] {
            assert_eq!(site.get(path, Some(who)).await.status, StatusCode::FORBIDDEN, "{path} {who}");
        }
    }
    let page = site.get("/app/admin/audit?verb=x&record=%E3%81%82", Some(ADMIN)).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.body.contains("value=\"あ\""));
    for (query, field) in [("verb=x", "verb"), ("record=1", "record"), ("from=x", "from"), ("user=1&user=2", "user")] {
        let answer = site.get(&format!("/api/v1/audit?{query}"), Some(ADMIN)).await;
        assert_eq!((answer.status, answer.json()["field"].as_str()), (StatusCode::BAD_REQUEST, Some(field)), "{query}");
    }
    for path in [
        "/app/activity?cursor=x",
        "/app/admin/audit?cursor=x",
        "/api/v1/activity?cursor=x",
        "/api/v1/audit?cursor=o%00",
    ] {
        assert_eq!(site.get(path, Some(ADMIN)).await.status, StatusCode::BAD_REQUEST, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_member_did_stands_in_their_trail_and_in_the_log_and_reading_the_log_is_entered() {
    let site = Site::start().await;
    let id = site.customer("C000777").await;
    let trail = site.get("/app/activity", Some(SALES)).await;
    assert_eq!(trail.status, StatusCode::OK);
    assert!(trail.body.contains("顧客を登録しました") && trail.body.contains("C000777"), "{}", trail.body);
    assert!(trail.body.contains(&format!("href=\"/app/s/crm/customer/{id}\"")));
    assert!(!site.get("/app/activity", Some(READER)).await.body.contains("C000777"), "another's trail");
    let query = format!("verb=record.created&record={id}&outcome=done&service=crm");
    let page = site.get(&format!("/app/admin/audit?{query}"), Some(ADMIN)).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains(&id.to_string()) && page.body.contains("顧客を登録しました"));
    let answer = site.get(&format!("/api/v1/audit?{query}"), Some(ADMIN)).await.json();
    assert_eq!(answer["entries"].as_array().unwrap().len(), 1);
    assert_eq!(answer["entries"][0]["verb"], "record.created");
    assert_eq!(answer["entries"][0]["target"]["record"], id.to_string());
    let read = site.get("/api/v1/audit?verb=audit.viewed", Some(ADMIN)).await.json();
    assert_eq!(read["entries"].as_array().unwrap().len(), 2, "the page and the program");
    let own = site.get("/api/v1/activity", Some(SALES)).await.json();
    assert!(own["entries"].as_array().unwrap().iter().any(|entry| entry["target"]["record"] == id.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_record_keeps_its_entries_and_loses_its_link() {
    let site = Site::start().await;
    let id = site.customer("C000778").await;
    let gone = site.json("DELETE", &format!("/api/v1/services/crm/customer/{id}?version=1"), Some(SALES), "").await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let trail = site.get("/app/activity", Some(SALES)).await;
    assert!(trail.body.contains("顧客を登録しました") && trail.body.contains("顧客を削除しました"));
    assert!(!trail.body.contains(&format!("/customer/{id}\"")));
}
