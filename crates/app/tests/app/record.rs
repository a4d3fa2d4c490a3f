//! Records: what is refused, what is kept, what is masked, and that no change is ever lost to another.

use crate::{customer, entries, faults, typed};
use app::Error;
use app::Refusal;
use app::record::Mode;
use domain::audit::Verb;
use domain::id::RecordId;
use domain::record::Values;
use std::sync::Arc;
use testkit::running::{READER, Running, SALES};

const CUSTOMER: (&str, &str) = ("crm", "customer");

async fn values(running: &Running, id: RecordId) -> (i64, Values) {
    let sales = running.caller(SALES).await;
    let record = running.app.record_reveal(&sales, "crm", "customer", id).await.expect("it opens").view.record;
    (record.version, record.values)
}

#[tokio::test]
async fn a_value_that_fits_no_field_is_refused_with_its_field_and_nothing_is_made() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    let create = |pairs: &[(&str, &str)]| running.app.record_create(&sales, "crm", "customer", typed(pairs));
    let field = |name: &str, code: &'static str| vec![(name.to_owned(), code)];
    assert_eq!(faults(create(&[]).await), [field("number", "required"), field("name", "required")].concat());
    assert_eq!(faults(create(&[("number", "C1"), ("name", "x"), ("none", "x")]).await), field("none", "unknown_field"));
    assert_eq!(faults(create(&[("number", "C1"), ("name", "a\u{0}b")]).await), field("name", "control_character"));
    assert_eq!(
        faults(create(&[("number", "C1"), ("name", "x"), ("birthday", "2026-02-30")]).await),
        field("birthday", "not_a_date")
    );
    assert_eq!(faults(create(&[("number", "C1"), ("name", "x"), ("rank", "Z")]).await), field("rank", "not_a_choice"));
    assert_eq!(running.database.number("SELECT count(*) FROM svc_crm.customer").await, 0);
    assert_eq!(entries(&running, Verb::RecordCreated).await, 0);
}

#[tokio::test]
async fn a_unique_value_is_taken_once_and_names_its_field() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    customer(&running.app, &sales, "C1", "山本 健").await;
    let taken = [("number".to_owned(), "taken")];
    assert_eq!(
        faults(running.app.record_create(&sales, "crm", "customer", typed(&[("number", "C1"), ("name", "x")])).await),
        taken
    );
    let two = customer(&running.app, &sales, "C2", "山田 一").await;
    assert_eq!(
        faults(running.app.record_update(&sales, CUSTOMER, two, 1, typed(&[("number", "C1")]), Mode::Named).await),
        taken
    );
    assert_eq!(values(&running, two).await.0, 1);
}

#[tokio::test]
async fn a_change_on_an_older_version_overwrites_nothing_and_shows_both_sides() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    let id = customer(&running.app, &sales, "C1", "山本 健").await;
    let change = |version, pairs: &[(&str, &str)]| {
        running.app.record_update(&sales, CUSTOMER, id, version, typed(pairs), Mode::Named)
    };
    assert_eq!(change(1, &[("rank", "A")]).await.expect("changed"), 2);
    let refused = change(1, &[("rank", "B"), ("company", "青葉")]).await;
    let Err(Error::Conflict(conflict)) = refused else { panic!("{refused:?}") };
    assert_eq!((conflict.theirs.version, conflict.theirs.values["rank"].as_str()), (2, "A"));
    assert_eq!((conflict.mine["rank"].as_str(), conflict.mine["company"].as_str()), ("B", "青葉"));
    assert_eq!(conflict.differing, ["company", "rank"]);
    assert_eq!(values(&running, id).await.1["rank"], "A");
    assert_eq!(entries(&running, Verb::RecordConflicted).await, 1);
    // A deletion of what somebody has changed is a conflict too.
    let refused = running.app.record_delete(&sales, CUSTOMER, id, 1).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    // Saving what is there already is no change.
    assert_eq!(change(2, &[("rank", "A")]).await.expect("nothing to do"), 2);
    assert_eq!(entries(&running, Verb::RecordUpdated).await, 1);
}

#[tokio::test]
async fn of_two_who_save_at_once_exactly_one_wins_each_time() {
    let running = Running::start().await;
    let (sales, second) = (running.caller(SALES).await, running.second_server());
    let id = customer(&running.app, &sales, "C1", "山本 健").await;
    for version in 1..=20_i64 {
        let mine = |app: Arc<app::App>, rank: &'static str| {
            let (sales, note) = (sales.clone(), format!("{rank}{version}"));
            async move {
                app.record_update(&sales, CUSTOMER, id, version, typed(&[("rank", rank), ("note", &note)]), Mode::Named)
                    .await
            }
        };
        let (one, two) = tokio::join!(mine(running.app.clone(), "A"), mine(second.clone(), "B"));
        let (won, lost, rank) = if one.is_ok() { (one, two, "A") } else { (two, one, "B") };
        assert_eq!(won.expect("one wins"), version + 1);
        let Err(Error::Conflict(conflict)) = lost else { panic!("{lost:?}") };
        assert_eq!(conflict.theirs.values["rank"], rank);
        let (now, found) = values(&running, id).await;
        assert_eq!((now, found["note"].clone()), (version + 1, format!("{rank}{version}")));
    }
    assert_eq!(entries(&running, Verb::RecordUpdated).await, 20);
    assert_eq!(entries(&running, Verb::RecordConflicted).await, 20);
}

#[tokio::test]
async fn what_is_referred_to_is_not_removed_and_what_refers_to_nothing_is_not_made() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    let id = customer(&running.app, &sales, "C1", "山本 健").await;
    let deal = |customer: String| {
        let pairs = typed(&[("number", "D1"), ("customer", &customer), ("subject", "更新"), ("stage", "lead")]);
        running.app.record_create(&sales, "crm", "deal", pairs)
    };
    let nowhere: RecordId = uuid::Uuid::from_u128(1).into();
    assert_eq!(faults(deal(nowhere.to_string()).await), [("customer".to_owned(), "missing_reference")]);
    // It may be another tenant's: asked for in vain, and entered.
    assert_eq!(entries(&running, Verb::RecordNotFound).await, 1);
    assert_eq!(faults(deal("x".to_owned()).await), [("customer".to_owned(), "not_a_reference")]);
    let made = deal(id.to_string()).await.expect("a deal");
    let refused = running.app.record_delete(&sales, CUSTOMER, id, 1).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::StillReferenced))), "{refused:?}");
    let shown = running.app.record_detail(&sales, "crm", "deal", made).await.expect("it opens");
    assert_eq!(shown.view.titles["customer"], "C1");
    let form = running.app.record_form(&sales, "crm", "deal", Some(made)).await.expect("a form");
    assert_eq!(form.choices["customer"], [(id, "C1".to_owned())]);
    running.app.record_delete(&sales, ("crm", "deal"), made, 1).await.expect("removed");
    running.app.record_delete(&sales, CUSTOMER, id, 1).await.expect("removed");
    assert!(matches!(running.app.record_detail(&sales, "crm", "customer", id).await, Err(Error::NotFound)));
    assert_eq!(entries(&running, Verb::RecordDeleted).await, 2);
}

#[tokio::test]
async fn personal_values_are_masked_until_revealed_and_the_reveal_is_entered() {
    let running = Running::start().await;
    let (sales, reader) = (running.caller(SALES).await, running.caller(READER).await);
    let pairs = [
        ("number", "C1"),
        ("name", "山本 健"),
        ("email", "ken@example.jp"),
        ("phone", "03-1234-5678"),
        ("birthday", "1990-05-06"),
        ("company", "青葉"),
    ];
    let id = running.app.record_create(&sales, "crm", "customer", typed(&pairs)).await.expect("a customer");
    let masked = running.app.record_detail(&reader, "crm", "customer", id).await.expect("it opens").view;
    assert!(!masked.revealed);
    for (field, value) in &pairs[1..5] {
        assert_ne!(masked.record.values[*field], *value, "{field}");
    }
    assert_eq!((masked.record.values["name"].as_str(), masked.record.values["company"].as_str()), ("山本 ●●", "青葉"));
    assert_eq!(entries(&running, Verb::RecordRevealed).await, 0);
    let full = running.app.record_reveal(&reader, "crm", "customer", id).await.expect("it opens").view;
    assert!(full.revealed && pairs.iter().all(|(field, value)| full.record.values[*field] == *value), "{full:?}");
    let trail = running.app.activity(&reader, None).await.expect("a trail");
    let newest = &trail.entries[0];
    assert_eq!((newest.verb, newest.target.record), (Verb::RecordRevealed, Some(id)));
    assert!(
        newest.detail.fields.contains(&"phone".to_owned()) && !newest.detail.fields.contains(&"company".to_owned())
    );
    // A form shows everything, so it is a reveal too.
    running.app.record_form(&sales, "crm", "customer", Some(id)).await.expect("a form");
    assert_eq!(entries(&running, Verb::RecordRevealed).await, 2);
    // What is not there is not entered as revealed.
    let nothing = running.app.record_reveal(&reader, "crm", "customer", uuid::Uuid::from_u128(1).into()).await;
    assert!(matches!(nothing, Err(Error::NotFound)));
    assert_eq!((entries(&running, Verb::RecordRevealed).await, entries(&running, Verb::RecordNotFound).await), (2, 1));
}

#[tokio::test]
async fn the_log_names_changed_personal_fields_and_never_what_they_held() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    let id = customer(&running.app, &sales, "C1", "山本 健").await;
    running
        .app
        .record_update(&sales, CUSTOMER, id, 1, typed(&[("name", "山本 次郎"), ("rank", "A")]), Mode::Named)
        .await
        .expect("changed");
    let trail = running.app.activity(&sales, None).await.expect("a trail");
    let changes = &trail.entries[0].detail.changes;
    let said: Vec<(&str, Option<&str>, Option<&str>)> = changes
        .iter()
        .map(|change| (change.field.as_str(), change.before.as_deref(), change.after.as_deref()))
        .collect();
    assert_eq!(said, [("name", None, None), ("rank", None, Some("A"))]);
}

#[tokio::test]
async fn a_form_empties_what_it_does_not_name_and_a_patch_leaves_it() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    let id = running
        .app
        .record_create(
            &sales,
            "crm",
            "customer",
            typed(&[("number", "C1"), ("name", "山本 健"), ("company", "青葉"), ("rank", "A")]),
        )
        .await
        .expect("a customer");
    running.app.record_update(&sales, CUSTOMER, id, 1, typed(&[("rank", "B")]), Mode::Named).await.expect("changed");
    assert_eq!(values(&running, id).await.1["company"], "青葉");
    running
        .app
        .record_update(
            &sales,
            CUSTOMER,
            id,
            2,
            typed(&[("number", "C1"), ("name", "山本 健"), ("rank", "")]),
            Mode::All,
        )
        .await
        .expect("changed");
    let (_, found) = values(&running, id).await;
    assert!(!found.contains_key("company") && !found.contains_key("rank"), "{found:?}");
}

#[tokio::test]
async fn what_was_typed_comes_back_as_it_was_in_every_field_of_every_entity() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    let mut made: std::collections::HashMap<String, String> = std::collections::HashMap::new();
    for service in testkit::database::shipped() {
        for entity in &service.entities {
            let pairs: Vec<(String, String)> =
                entity.fields.iter().map(|field| (field.name.clone(), sample(field, &made))).collect();
            let id = running
                .app
                .record_create(&sales, &service.name, &entity.name, pairs.clone())
                .await
                .unwrap_or_else(|error| panic!("{}: {error}", entity.name));
            let record =
                running.app.record_reveal(&sales, &service.name, &entity.name, id).await.expect("it opens").view.record;
            for (field, value) in &pairs {
                assert_eq!(record.values.get(field), Some(value), "{}.{field}", entity.name);
            }
            made.insert(entity.name.clone(), id.to_string());
        }
    }
}

/// A canonical value of a field, with what breaks things where text is free.
fn sample(field: &domain::service::Field, made: &std::collections::HashMap<String, String>) -> String {
    use domain::service::FieldKind;
    match &field.kind {
        FieldKind::Text => "髙𠮷'\"\\%_;--😀<b>".chars().take(field.max_chars).collect(),
        FieldKind::LongText => "一行目\n二行目\t\u{3000}'); DROP TABLE x; --\n".trim_end().to_owned(),
        FieldKind::Number { scale: 0, .. } => "7".to_owned(),
        FieldKind::Number { .. } => "7.5".to_owned(),
        FieldKind::Money => "-999999999999999".to_owned(),
        FieldKind::Date => "1990-02-28".to_owned(),
        FieldKind::Datetime => "2026-11-22T09:05:06Z".to_owned(),
        FieldKind::Choice { options } => options[0].value.clone(),
        FieldKind::Boolean => "true".to_owned(),
        FieldKind::Email => "ken@example.jp".to_owned(),
        FieldKind::Phone => "+81 3-1234-5678".to_owned(),
        FieldKind::PostalCode => "100-0001".to_owned(),
        FieldKind::Reference { entity } => made[entity].clone(),
    }
}
