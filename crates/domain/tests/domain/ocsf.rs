//! Entries as events of OCSF: every verb, with what a receiver sorts by, and without what is nobody else's business.

use domain::audit::ocsf::{Kind, OCSF_VERSION, Place, event, trial};
use domain::audit::{Actor, Change, Detail, Entry, Outcome, ReadEntry, Target, Verb};
use serde_json::Value;
use uuid::Uuid;

const DOCUMENT: &str = include_str!("../../../../docs/log.md");
const PLACE: Place<'static> = Place { log: "struct.example.jp/log/x", position: 4_711 };

fn read(verb: Verb, outcome: Outcome, actor: Actor) -> ReadEntry {
    let id = Uuid::from_u128;
    let target = Target {
        service: Some("crm".to_owned()),
        screen: Some("customer_list".to_owned()),
        entity: Some("customer".to_owned()),
        record: Some(id(5).into()),
        user: Some(id(6).into()),
    };
    let entry = Entry {
        id: id(1).into(),
        tenant: id(2).into(),
        actor,
        verb,
        outcome,
        request: id(4).into(),
        target,
        detail: Detail::default(),
    };
    ReadEntry { at: "2026-11-22T09:05:00.123456Z".parse().expect("an instant"), entry }
}

fn user() -> Actor {
    Actor::User(Uuid::from_u128(3).into())
}

/// A detail whose every word must stay here.
fn detail() -> Detail {
    let change = |field: &str| Change {
        field: field.to_owned(),
        before: Some("以前の値".to_owned()),
        after: Some("山田 花子".to_owned()),
    };
    Detail {
        address: Some("192.0.2.17".to_owned()),
        device: Some("Browser/1.0".to_owned()),
        changes: vec![change("rank")],
        rows: Some(12),
        fields: vec!["number".to_owned()],
        sha256: Some("ab".repeat(32)),
        bytes: Some(3_400),
        note: Some("csv; name Contains 山田; hanako@example.jp".to_owned()),
        gate: Some("matrix".to_owned()),
    }
}

#[test]
fn no_value_no_condition_and_no_reason_leaves_with_any_verb() {
    for verb in Verb::ALL {
        let text = event(&read(*verb, Outcome::Done, user()), &detail(), PLACE).to_string();
        for word in ["山田", "以前の値", "hanako", "Contains", "csv;"] {
            assert!(!text.contains(word), "{verb:?} tells {word}: {text}");
        }
    }
}

#[test]
fn names_of_changed_things_leave_only_where_a_manifest_gave_them() {
    let mut opened = detail();
    opened.changes[0].field = "営業部の佐藤".to_owned();
    for verb in Verb::ALL.iter().filter(|verb| !verb.code().starts_with("record")) {
        let text = event(&read(*verb, Outcome::Done, user()), &opened, PLACE).to_string();
        assert!(!text.contains("佐藤"), "{verb:?}: {text}");
    }
    let changed = event(&read(Verb::RecordUpdated, Outcome::Done, user()), &detail(), PLACE);
    assert_eq!(changed["unmapped"]["changed_fields"], serde_json::json!(["rank"]));
}

#[test]
fn every_verb_is_an_event_with_what_receivers_sort_by() {
    for verb in Verb::ALL {
        let event = event(&read(*verb, Outcome::Done, user()), &detail(), PLACE);
        let number = |name: &str| event[name].as_u64().unwrap_or_else(|| panic!("{verb:?} has no {name}"));
        assert_eq!(number("type_uid"), number("class_uid") * 100 + number("activity_id"), "{verb:?}");
        assert_eq!(number("category_uid"), number("class_uid") / 1_000, "{verb:?}");
        assert!((1..=4).contains(&number("severity_id")), "{verb:?}");
        assert_eq!(number("time"), 1_795_338_300_123, "{verb:?}");
        let metadata = &event["metadata"];
        assert_eq!(metadata["version"], OCSF_VERSION);
        assert_eq!(metadata["product"]["name"], "STRUCT");
        assert_eq!(metadata["uid"], Uuid::from_u128(1).to_string());
        assert_eq!(metadata["sequence"], 4_711);
        assert_eq!(metadata["log_name"], PLACE.log);
        assert_eq!(metadata["event_code"], verb.code());
        assert_eq!(event["actor"]["user"]["uid"], Uuid::from_u128(3).to_string());
        assert_eq!(event["src_endpoint"]["ip"], "192.0.2.17");
        assert_eq!(event["http_request"]["user_agent"], "Browser/1.0");
        assert_eq!(event["http_request"]["uid"], Uuid::from_u128(4).to_string());
    }
}

#[test]
fn what_a_class_demands_is_in_each_of_its_events() {
    let demanded: [(u64, &[&str]); 7] = [
        (2004, &["finding_info"]),
        (3001, &["user"]),
        (3002, &["user", "service"]),
        (3004, &["entity"]),
        (6002, &["app"]),
        (6003, &["api", "actor", "src_endpoint"]),
        (6005, &["table", "actor", "src_endpoint"]),
    ];
    for verb in Verb::ALL {
        let mut bare = read(*verb, Outcome::Denied, Actor::Anyone);
        bare.entry.target = Target::default();
        let event = event(&bare, &Detail::default(), PLACE);
        let (_, names) = demanded.iter().find(|(class, _)| event["class_uid"] == *class).expect("a class we know");
        for name in *names {
            assert!(event[*name].is_object(), "{verb:?} has no {name}");
        }
        assert_eq!(event["src_endpoint"]["name"], "STRUCT", "{verb:?}");
        assert_eq!(event["status_id"], if *verb == Verb::SignRaised { 1 } else { 2 }, "{verb:?}");
    }
}

#[test]
fn the_published_table_says_of_every_verb_what_it_is() {
    for verb in Verb::ALL {
        let kind = Kind::of(*verb);
        let line = format!(
            "| `{}` | {} {} | {} {} |",
            verb.code(),
            kind.class.uid(),
            kind.class.name(),
            kind.activity,
            kind.name
        );
        assert!(DOCUMENT.contains(&line), "docs/log.md has no line {line}");
    }
}

#[test]
fn an_event_that_only_tries_a_stream_out_has_no_place_in_the_log() {
    let event: Value = trial(PLACE.log, 1_795_338_300_123, "0192");
    assert_eq!(event["type_uid"], 600_299);
    assert_eq!(event["metadata"]["sequence"], Value::Null);
}
