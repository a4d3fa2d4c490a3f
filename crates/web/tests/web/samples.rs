//! Sample contexts: each page in the states a person may meet, made without a database from the shipped manifests.

pub mod access;
pub mod people;
pub mod signs;
pub mod streams;

use app::job::{ImportStatus, JobState, RefusedRow};
use app::record::{Can, Count, EntityPlace, RecordDetail, RecordForm, RecordPage, RecordView};
use app::{Caller, Conflict};
use askama::Template;
use domain::id::{JobId, RecordId, SessionId, TenantId, UserId};
use domain::locale::Locale;
use domain::record::{Fault, FaultReason, ListQuery, Record, Sort, Values, mask};
use domain::screen::ScreenKind;
use domain::service::Service;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;
use web::form::Form;
use web::page::{MenuGroup, MenuItem, Shell, home, job, record};
use web::page::{extraction, record as records};
use web::problem::Problem;
use web::request::Context;

const LIST: &str = "/app/s/crm/customer";

/// A rendered sample.
pub struct Sample {
    pub name: &'static str,
    pub html: String,
}

/// Every sample in a language.
pub fn all(locale: Locale) -> Vec<Sample> {
    let mut samples = Vec::new();
    samples.extend(home_pages(locale));
    samples.extend(lists(locale));
    samples.extend(single(locale));
    samples.extend(forms(locale));
    samples.extend(jobs(locale));
    samples.extend(crate::log::samples(locale));
    samples.extend(crate::ledger::samples(locale));
    samples.extend(problems(locale));
    samples.extend(people::all(locale));
    samples.extend(access::all(locale));
    samples.extend(streams::all(locale));
    samples.extend(signs::all(locale));
    samples.extend(crate::claims::samples(locale));
    samples
}

fn sample(name: &'static str, view: &impl Template) -> Sample {
    Sample { name, html: view.render().unwrap() }
}

pub fn now() -> Timestamp {
    "2026-11-22T09:05:00Z".parse().unwrap()
}

fn crm() -> Arc<Service> {
    Arc::new(domain::service::manifest::read("crm.toml", include_str!("../../../../services/crm.toml")).unwrap())
}

fn caller(administrator: bool) -> Caller {
    let peer = Context::sample(Locale::Ja, "/").peer;
    Caller {
        tenant: TenantId(Uuid::from_u128(1)),
        tenant_name: "株式会社みなと物産".to_owned(),
        user: UserId(Uuid::from_u128(2)),
        display_name: "高橋\u{a0}美咲".to_owned(),
        session: SessionId(Uuid::from_u128(3)),
        administrator,
        csrf: "0123456789abcdef0123456789abcdef".to_owned(),
        peer,
    }
}

/// The frame of a public page.
pub fn shell_open(locale: Locale, path: &str) -> Shell {
    Shell::open(now(), &Context::sample(locale, path), String::new())
}

/// A member's frame.
pub fn shell(locale: Locale, path: &str, administrator: bool, menu: bool) -> Shell {
    let context = Context::sample(locale, path);
    let word = |ja: &str, en: &str| if locale == Locale::Ja { ja.to_owned() } else { en.to_owned() };
    let item = |label: String, href: &str| MenuItem { label, href: href.to_owned(), current: path.starts_with(href) };
    let groups = vec![
        MenuGroup {
            label: word("顧客管理", "Customers"),
            icon: "people",
            open: path.starts_with("/app/s/crm"),
            items: vec![
                item(word("顧客一覧", "Customers"), "/app/s/crm/customer"),
                item(word("担当者一覧", "Contacts"), "/app/s/crm/contact"),
                item(word("案件一覧", "Deals"), "/app/s/crm/deal"),
            ],
        },
        MenuGroup {
            label: word("経費精算", "Expenses"),
            icon: "yen",
            open: false,
            items: vec![item(word("申請一覧", "Claims"), "/app/s/expense/claim")],
        },
    ];
    let groups = if menu { groups } else { Vec::new() };
    Shell::open(now(), &context, String::new()).with_member(&caller(administrator), &context, groups)
}

fn home_pages(locale: Locale) -> Vec<Sample> {
    let title = |shell: Shell| Shell { title: shell.t.text("home-title"), ..shell };
    vec![
        sample("home", &home::HomeView { shell: title(shell(locale, "/app", true, true)) }),
        sample("home-empty", &home::HomeView { shell: title(shell(locale, "/app", false, false)) }),
    ]
}

/// Where everything may be done.
pub fn place(entity: &str, can: Can) -> EntityPlace {
    let service = crm();
    EntityPlace { entity: service.entity(entity).unwrap().clone(), service, can }
}

const ALL: Can =
    Can { list: true, detail: true, create: true, update: true, delete: true, import: true, extract: true };
const READS: Can =
    Can { list: true, detail: true, create: false, update: false, delete: false, import: false, extract: false };

const PEOPLE: [(&str, &str, &str, &str); 6] = [
    ("相沢 由佳", "アイザワ ユカ", "青葉精機株式会社", "東京都"),
    ("石橋 健吾", "イシバシ ケンゴ", "株式会社北浜商事", "大阪府"),
    ("髙木 彩", "タカギ アヤ", "三雲製作所", "滋賀県"),
    ("𠮷田 直樹", "ヨシダ ナオキ", "さくら物流株式会社", "埼玉県"),
    ("大西 真理子", "オオニシ マリコ", "東雲システムズホールディングス株式会社", "神奈川県"),
    ("片桐 亮", "カタギリ リョウ", "汐見電設", "千葉県"),
];

/// A customer; personal values masked unless `revealed`.
pub fn customer(number: u128, revealed: bool) -> RecordView {
    let (name, kana, company, prefecture) = PEOPLE[number as usize % PEOPLE.len()];
    let phone = format!("090-{:04}-{:04}", 1000 + number * 37, 2000 + number * 91);
    let pairs = [
        ("number", format!("C{:06}", 20_418 - number)),
        ("name", name.to_owned()),
        ("kana", kana.to_owned()),
        ("company", company.to_owned()),
        ("department", if number.is_multiple_of(3) { String::new() } else { "購買部".to_owned() }),
        ("email", format!("customer{number}@example.co.jp")),
        ("phone", phone),
        ("postal_code", "105-0001".to_owned()),
        ("prefecture", prefecture.to_owned()),
        ("city", "港区".to_owned()),
        ("address", "海岸1-0-0 汐見ビル4階".to_owned()),
        ("birthday", "1985-04-03".to_owned()),
        ("rank", ["A", "B", "C", "D"][number as usize % 4].to_owned()),
        ("annual_amount", (1_204_500 + number * 98_765).to_string()),
        ("registered_on", "2024-04-03".to_owned()),
        ("note", "見積の送付先は、購買部の共有アドレスにする\n(2026年10月の打ち合わせで確認)。".to_owned()),
    ];
    let mut values: Values =
        pairs.into_iter().filter(|(_, value)| !value.is_empty()).map(|(k, v)| (k.to_owned(), v)).collect();
    let service = crm();
    for field in service.entity("customer").unwrap().fields.iter().filter(|field| field.personal && !revealed) {
        if let Some(value) = values.get_mut(&field.name) {
            *value = mask(field, value);
        }
    }
    let at = now() - SignedDuration::from_mins(7 + 131 * number as i64);
    let user = UserId(Uuid::from_u128(2));
    let record = Record {
        id: RecordId(Uuid::from_u128(0x0192_4d5a_7c00_7abc_8def_0000_0000_0000 + number)),
        version: 14,
        values,
        created_at: "2024-04-03T01:12:00Z".parse().unwrap(),
        created_by: user,
        updated_at: at,
        updated_by: user,
    };
    RecordView {
        record,
        titles: BTreeMap::new(),
        revealed,
        created_by_name: Some("須田\u{a0}翼".to_owned()),
        updated_by_name: Some("佐々木\u{a0}健".to_owned()),
    }
}

fn page(can: Can, rows: u128, count: u64) -> RecordPage {
    let place = place("customer", can);
    RecordPage {
        screen: place.service.screen_for("customer", ScreenKind::List).unwrap().clone(),
        records: (0..rows).map(|number| customer(number, false)).collect(),
        next: (rows > 0).then(|| "eyJ2IjpudWxs".to_owned()),
        previous: None,
        count: Some(Count { rows: count, more: count >= 10_000 }),
        place,
    }
}

fn lists(locale: Locale) -> Vec<Sample> {
    let view = |can, rows, count, query: &str, sort: Option<&str>, faults: &[Fault]| {
        let form = Form::parse(query).unwrap();
        let sort = sort.map(|field| Sort { field: field.to_owned(), descending: true });
        let asked = ListQuery { sort, ..ListQuery::default() };
        records::list::view(shell(locale, LIST, true, true), &page(can, rows, count), &form, &asked, faults)
    };
    let faults =
        [Fault::new("birthday", FaultReason::NotSearchable), Fault::new("registered_on", FaultReason::NotADate)];
    vec![
        sample("list", &view(ALL, 20, 10_000, "sort=-registered_on", Some("registered_on"), &[])),
        sample("list-reader", &view(READS, 6, 6, "f.rank=A&f.name.has=%E3%81%82", None, &[])),
        sample("list-empty", &view(ALL, 0, 0, "", None, &[])),
        sample("list-none-found", &view(ALL, 0, 0, "f.name.has=%E9%AB%99&f.registered_on.from=2026-01-01", None, &[])),
        sample("list-faults", &view(ALL, 3, 3, "f.registered_on.from=2026-13-01", None, &faults)),
    ]
}

fn single(locale: Locale) -> Vec<Sample> {
    let found = |revealed, can| {
        let place = place("customer", can);
        let screen = place.service.screen_for("customer", ScreenKind::Detail).unwrap().clone();
        RecordDetail { place, view: customer(0, revealed), screen }
    };
    let path = format!("{LIST}/{}", customer(0, false).record.id);
    let shell = || shell(locale, &path, true, true);
    let extract = Form::parse("f.rank=A&f.registered_on.from=2026-01-01&f.name.has=%E3%81%82").unwrap();
    vec![
        sample("detail", &record::detail::view(shell(), &found(false, ALL), now())),
        sample("detail-revealed", &record::detail::view(shell(), &found(true, READS), now())),
        sample("delete", &record::delete::view(shell(), &found(false, ALL), "")),
        sample("delete-referenced", &record::delete::view(shell(), &found(false, ALL), "still_referenced")),
        sample("delete-conflict", &record::delete::view(shell(), &found(false, ALL), "conflict")),
        sample("extraction", &extraction::view(shell(), &place("customer", ALL), &extract)),
        sample("extraction-all", &extraction::view(shell(), &place("customer", ALL), &Form::default())),
    ]
}

/// A form of an entity.
pub fn form(entity: &str, view: Option<RecordView>) -> RecordForm {
    let place = place(entity, ALL);
    let customers: Vec<_> = (0..24u128)
        .map(|number| customer(number, false).record)
        .map(|record| (record.id, record.values["number"].clone()))
        .collect();
    RecordForm {
        screen: place.service.screen_for(entity, ScreenKind::Form).unwrap().clone(),
        choices: [("customer".to_owned(), customers)].into(),
        view,
        place,
    }
}

fn forms(locale: Locale) -> Vec<Sample> {
    let path = format!("{LIST}/{}/edit", customer(0, false).record.id);
    let shell = || shell(locale, &path, true, true);
    let none = Values::new();
    let fresh = record::form::Filled { values: &none, was: None, faults: &[], version: None, finds: &[] };
    let opened = customer(0, true);
    let (id, values) = (opened.record.id, opened.record.values.clone());
    let edit = record::form::Filled { values: &values, was: Some(&values), faults: &[], version: Some(14), finds: &[] };
    let mut typed = values.clone();
    typed.insert("email".to_owned(), "yuka.aizawa@".to_owned());
    typed.insert("postal_code".to_owned(), "105-00".to_owned());
    typed.insert("registered_on".to_owned(), "2026年13月1日".to_owned());
    typed.remove("name");
    let faults = [
        Fault::new("name", FaultReason::Required),
        Fault::new("email", FaultReason::NotAnEmail),
        Fault::new("postal_code", FaultReason::NotAPostalCode),
        Fault::new("registered_on", FaultReason::NotADate),
    ];
    let refused =
        record::form::Filled { values: &typed, was: Some(&values), faults: &faults, version: Some(14), finds: &[] };
    let deal = record::form::Filled { values: &none, was: None, faults: &[], version: None, finds: &[] };
    vec![
        sample("form-new", &record::form::view(shell(), &form("customer", None), None, &fresh, now())),
        sample("form-edit", &record::form::view(shell(), &form("customer", Some(opened)), Some(id), &edit, now())),
        sample("form-refused", &record::form::view(shell(), &form("customer", None), Some(id), &refused, now())),
        sample("form-deal", &record::form::view(shell(), &form("deal", None), None, &deal, now())),
        sample("form-activity", &record::form::view(shell(), &form("activity", None), None, &deal, now())),
        sample("conflict", &conflict(locale, &values, true)),
        sample("conflict-none", &conflict(locale, &values, false)),
    ]
}

fn conflict(locale: Locale, was: &Values, overlapping: bool) -> record::conflict::ConflictView {
    let mut theirs = customer(0, true).record;
    theirs.version = 15;
    theirs.values.insert("city".to_owned(), "千代田区".to_owned());
    let mut mine = was.clone();
    mine.insert("phone".to_owned(), "03-0000-2210".to_owned());
    if overlapping {
        theirs.values.insert("department".to_owned(), "調達本部".to_owned());
        theirs.values.insert("rank".to_owned(), "B".to_owned());
        mine.insert("department".to_owned(), "購買部 第二課".to_owned());
        mine.remove("rank");
    }
    let lost = Conflict { theirs, mine, differing: Vec::new(), updated_by_name: Some("佐々木\u{a0}健".to_owned()) };
    let path = format!("{LIST}/{}/edit", lost.theirs.id);
    record::conflict::view(shell(locale, &path, false, true), &form("customer", None), 14, was, &lost, now())
}

fn jobs(locale: Locale) -> Vec<Sample> {
    let path = format!("{LIST}/import");
    let shell = || shell(locale, &path, true, true);
    let status = |state, taken, refused: u64, failure: Option<&str>| ImportStatus {
        place: place("customer", ALL),
        job: JobId(Uuid::from_u128(9)),
        state,
        rows_taken: taken,
        rows_refused: refused,
        rows_seen: taken + refused,
        failure: failure.map(str::to_owned),
        file_name: "customers.csv".to_owned(),
        started_at: now() - SignedDuration::from_mins(3),
        finished_at: (state == JobState::Done).then(now),
        refused: (0..refused.min(5))
            .map(|row| RefusedRow {
                row: 17 + row * 31,
                column: "メールアドレス".to_owned(),
                reason: FaultReason::NotAnEmail.message(locale, "メールアドレス"),
            })
            .collect(),
        refused_more: refused > 5,
    };
    let imports = [
        status(JobState::Running, 8_400, 3, None),
        status(JobState::Done, 20_000, 0, None),
        status(JobState::Done, 1_995, 5, None),
        status(JobState::Failed, 0, 0, Some("ファイルに見出しの行がありません。")),
    ];
    let place = place("customer", ALL);
    vec![
        sample("import", &job::import_view(shell(), &place, &imports, String::new(), now())),
        sample("import-first", &job::import_view(shell(), &place, &[], String::new(), now())),
        sample(
            "import-refused",
            &job::import_view(shell(), &place, &[], "ファイルに見出しの行がありません。".to_owned(), now()),
        ),
        sample("import-running", &job::status_view(shell(), &imports[0], now())),
        sample("import-done", &job::status_view(shell(), &imports[2], now())),
        sample("import-failed", &job::status_view(shell(), &imports[3], now())),
    ]
}

fn problems(locale: Locale) -> Vec<Sample> {
    let denied = app::Error::Denied {
        gate: domain::access::Gate::RoleGrant,
        service: "crm".to_owned(),
        screen: "customer_form".to_owned(),
        action: domain::screen::Action::Create,
    };
    let context = Context::sample(locale, LIST);
    let signed = |problem: Problem| web::problem::page_view(&problem, shell(locale, LIST, false, true), &context);
    let open =
        |problem: Problem| web::problem::page_view(&problem, Shell::open(now(), &context, String::new()), &context);
    vec![
        sample("problem-denied", &signed(denied.into())),
        sample("problem-not-found", &signed(Problem::not_found())),
        sample("problem-nul", &signed(Problem::bad_field("nul", "r.name"))),
        sample("problem-internal", &open(Problem::internal("secret chain".to_owned()))),
        sample("problem-unavailable", &open(Problem::unavailable())),
        sample("problem-too-large", &open(Problem::too_large(256 * 1024))),
    ]
}
