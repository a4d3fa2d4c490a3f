//! Activity and audit: their sample pages, and what those show. What is asked of them for real is `trail`'s.

use crate::samples::{Sample, customer, now, shell};
use app::audit::entry::EntryDetail;
use app::audit::history::{Held, Reader, Readers, RecordHistory};
use app::audit::{AuditChoices, EntryPage, EntryView};
use askama::Template;
use domain::audit::{Actor, Change, Detail, Outcome, Target, Verb};
use domain::id::{EntryId, RecordId, RequestId, UserId};
use domain::locale::Locale;
use domain::service::Service;
use jiff::SignedDuration;
use std::sync::Arc;
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
        closed: false,
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

fn choices() -> AuditChoices {
    AuditChoices {
        users: vec![(me(), "高橋\u{a0}美咲".to_owned()), (other(), "佐伯\u{a0}亮".to_owned())],
        services: vec![crm()],
    }
}

fn pages(locale: Locale, query: &str, entries: Vec<EntryView>) -> activity::ActivityView {
    let form = Form::parse(query).unwrap();
    let later = query.contains("cursor=");
    let wrong = activity::filter::read(&form, now()).unwrap().err().unwrap_or_default();
    let found = EntryPage {
        entries,
        next: Some("o1".to_owned()),
        previous: later.then(|| "n1".to_owned()),
        ..EntryPage::default()
    };
    activity::view(shell(locale, "/app/activity", true, true), &form, &found, &wrong, me(), now())
}

fn log(locale: Locale, query: &str, entries: Option<Vec<EntryView>>) -> audit::AuditView {
    looked(locale, query, entries, None)
}

fn looked(
    locale: Locale,
    query: &str,
    entries: Option<Vec<EntryView>>,
    stopped: Option<jiff::Timestamp>,
) -> audit::AuditView {
    let form = Form::parse(query).unwrap();
    let wrong = audit::filter::read(&form, Some(&choices()), now()).unwrap().err().unwrap_or_default();
    let found =
        entries.map(|entries| EntryPage { entries, next: Some("o1".to_owned()), stopped, ..EntryPage::default() });
    audit::view(shell(locale, "/app/admin/audit", true, true), &form, &choices(), found.as_ref(), &wrong)
}

fn one_entry(locale: Locale, entry: EntryView, position: Option<u64>) -> audit::entry::EntryPageView {
    let others = vec![
        EntryView { request: entry.request, ..act(8, Verb::SessionStarted, Detail::default()) },
        EntryView { request: entry.request, ..on("customer_form", act(9, Verb::RecordUpdated, Detail::default())) },
    ];
    let found =
        EntryDetail { entry, position, others: if position.is_some() { others } else { Vec::new() }, more: false };
    audit::entry::view(shell(locale, "/app/admin/audit", true, true), &found)
}

fn edits() -> Vec<EntryView> {
    let edited = vec![
        change("rank", Some("B"), Some("A")),
        change("annual_amount", Some("1204500"), Some("2400000")),
        change("phone", None, None),
    ];
    let step = |minutes, verb, detail| of(Some("C020415"), on("customer_form", act(minutes, verb, detail)));
    vec![
        step(1, Verb::RecordRevealed, named(&["name", "kana", "email", "phone"])),
        step(7, Verb::RecordUpdated, changed(edited)),
        denied(step(130, Verb::RecordConflicted, named(&["rank"]))),
        step(
            9_000,
            Verb::RecordCreated,
            changed(vec![change("number", None, Some("C020415")), change("name", None, None)]),
        ),
    ]
}

fn history(locale: Locale, administrator: bool, there: bool) -> audit::history::HistoryView {
    let taken = |minutes, note: &str| {
        let detail = Detail { note: Some(note.to_owned()), ..named(&["number", "name"]) };
        on("customer_extract", act(minutes, Verb::RecordsExtracted, detail))
    };
    let reader = |user, name: &str, shown, taken| Reader {
        user,
        name: Some(name.to_owned()),
        shown,
        taken,
        last: now() - SignedDuration::from_mins(90),
    };
    let readers = Readers {
        people: vec![reader(me(), "高橋\u{a0}美咲", 12, 2), reader(other(), "佐伯\u{a0}亮", 1, 0)],
        extractions: vec![
            (taken(105, "csv; rank Equals A; name Contains 高橋"), Held::Certainly),
            (taken(2_000, "ndjson"), Held::Perhaps),
        ],
        more: true,
    };
    let found = RecordHistory {
        place: crate::samples::place("customer", app::record::Can { list: true, detail: true, ..Default::default() }),
        id: customer(3, false).record.id,
        title: there.then(|| "C020415".to_owned()),
        there,
        page: EntryPage {
            entries: if administrator { edits() } else { edits().split_off(1) },
            next: Some("o1".to_owned()),
            ..EntryPage::default()
        },
        readers: administrator.then_some(readers),
    };
    audit::history::view(shell(locale, "/app/s/crm/customer", administrator, true), &found)
}

const WRONG: &str = "verb=record.burnt&record=C000123&from=2026-02-30T00:00&until=2026-11-22T18:00&request=%3Cb%3E";

const FILTERED: &str = "user=operator&verb=record.*&outcome=denied&range=28&field=crm/customer/rank&heartbeats=1";

/// The pages in the states a person may meet.
pub fn samples(locale: Locale) -> Vec<Sample> {
    let sample = |name: &'static str, view: &dyn askama::DynTemplate| Sample { name, html: view.dyn_render().unwrap() };
    vec![
        sample("activity", &pages(locale, "", entries())),
        sample("activity-empty", &pages(locale, "", Vec::new())),
        sample("activity-end", &pages(locale, "cursor=o1", Vec::new())),
        sample("activity-filtered", &pages(locale, "kind=reading&range=7", entries().split_off(14))),
        sample("activity-wrong", &pages(locale, "kind=all&range=7&from=2026-11-22T18:00", Vec::new())),
        sample(
            "activity-extract",
            &audit::extract::own_view(
                shell(locale, "/app/activity", false, true),
                &Form::parse("kind=reading").unwrap(),
            ),
        ),
        sample("audit", &log(locale, "", Some(entries()))),
        sample("audit-filtered", &log(locale, FILTERED, Some(entries().split_off(12)))),
        sample("audit-stopped", &looked(locale, "field=crm/customer/rank", Some(edits().split_off(1)), Some(now()))),
        sample("audit-none-yet", &looked(locale, "field=crm/customer/rank", Some(Vec::new()), Some(now()))),
        sample("audit-entry", &one_entry(locale, edits().remove(1), Some(120_411))),
        sample("audit-entry-denied", &one_entry(locale, entries().remove(4), None)),
        sample(
            "audit-extract",
            &audit::extract::view(
                shell(locale, "/app/admin/audit", true, true),
                &Form::parse(FILTERED).unwrap(),
                &choices(),
            ),
        ),
        sample("history", &history(locale, true, true)),
        sample("history-member", &history(locale, false, true)),
        sample("history-gone", &history(locale, true, false)),
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
                let own = pages(locale, "", vec![bare.clone()]).render().unwrap();
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
    let page = pages(Locale::Ja, "", entries()).render().unwrap();
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

#[test]
fn conditions_stand_as_chips_that_can_be_taken_away_one_by_one() {
    let page = log(Locale::Ja, FILTERED, Some(entries())).render().unwrap();
    for text in
        ["操作した人：STRUCTの運用者", "操作：記録のすべて", "結果：拒否", "期間：今日までの28日間", "項目：ランク"]
    {
        assert!(page.contains(text), "{text}");
    }
    let without = "href=\"/app/admin/audit?user=operator&#38;verb=record.%2A&#38;outcome=denied&#38;field=crm%2Fcustomer%2Frank&#38;heartbeats=1\"";
    assert!(page.contains(without), "all but the period");
    assert!(page.contains("この条件のリンク"));
    assert!(!log(Locale::Ja, "", Some(entries())).render().unwrap().contains("class=\"conditions\""));
}

#[test]
fn a_look_that_ended_early_is_told_with_the_way_on() {
    for found in [edits(), Vec::new()] {
        let page = looked(Locale::Ja, "field=crm/customer/rank", Some(found), Some(now())).render().unwrap();
        assert!(page.contains("途中まで調べました") && page.contains("2026年11月22日 18:05:00"));
        assert!(page.contains("cursor=o1\""), "the way on");
        assert!(!page.contains("条件に合う記録はありません</h2>") || page.contains("ここまでに"));
    }
}

#[test]
fn values_that_are_not_for_the_reader_are_told_as_such() {
    let edit = EntryView { closed: true, ..edits().remove(1) };
    let page = one_entry(Locale::Ja, edit, Some(7)).render().unwrap();
    assert!(page.contains("記録の画面を見る権限がないため") && page.contains("個人データのため"));
}
