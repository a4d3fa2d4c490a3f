//! The log: read by administrators, itself entered, paged without a gap, never about another tenant.

use crate::{customer, entries, typed};
use app::Error;
use app::Refusal;
use app::audit::AuditFilter;
use domain::audit::{Actor, Outcome, Verb};
use domain::record::ListQuery;
use std::collections::BTreeSet;
use testkit::running::{ADMIN, NOBODY, OTHER, READER, Running, SALES};

#[tokio::test]
async fn only_administrators_read_the_log_and_each_reading_is_entered() {
    let running = Running::start().await;
    for email in [SALES, READER, NOBODY] {
        let refused = running.app.audit(&running.caller(email).await, AuditFilter::default(), None).await;
        assert!(matches!(refused, Err(Error::NotAdministrator)), "{email}");
    }
    assert_eq!(entries(&running, Verb::AuditViewed).await, 0);
    let admin = running.caller(ADMIN).await;
    let filter = AuditFilter { verb: Some(Verb::RecordCreated), ..AuditFilter::default() };
    running.app.audit(&admin, filter, None).await.expect("a log");
    let log = running
        .app
        .audit(&admin, AuditFilter { verb: Some(Verb::AuditViewed), ..AuditFilter::default() }, None)
        .await
        .expect("a log");
    assert_eq!(log.entries.len(), 1, "the reading before this one");
    assert_eq!(log.entries[0].detail.note.as_deref(), Some("verb=record.created"));
    for cursor in ["", "x", "o", "nx", "あ", "o' OR true --"] {
        let refused = running.app.audit(&admin, AuditFilter::default(), Some(cursor)).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::BadCursor))), "{cursor}");
        let refused = running.app.activity(&admin, Some(cursor)).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::BadCursor))), "{cursor}");
    }
}

#[tokio::test]
async fn a_log_tells_of_its_own_tenant_only() {
    let running = Running::start().await;
    let (sales, other) = (running.caller(SALES).await, running.caller(OTHER).await);
    let record = customer(&running.app, &sales, "C1", "山本 健").await;
    let log = running
        .app
        .audit(&other, AuditFilter { record: Some(record), ..AuditFilter::default() }, None)
        .await
        .expect("a log");
    assert!(log.entries.is_empty());
    let log = running
        .app
        .audit(&other, AuditFilter { user: Some(sales.user), ..AuditFilter::default() }, None)
        .await
        .expect("a log");
    assert!(log.entries.is_empty());
    let trail = running.app.activity(&sales, None).await.expect("a trail");
    assert!(
        trail
            .entries
            .iter()
            .all(|entry| entry.actor == Actor::User(sales.user) || entry.target.user == Some(sales.user))
    );
}

#[tokio::test]
async fn every_act_is_found_by_who_what_where_and_with_which_request() {
    let running = Running::start().await;
    let (admin, sales) = (running.caller(ADMIN).await, running.caller(SALES).await);
    let record = customer(&running.app, &sales, "C1", "山本 健").await;
    let nobody = running.caller(NOBODY).await;
    assert!(running.app.record_list(&nobody, "crm", "customer", ListQuery::default(), false).await.is_err());
    let all = AuditFilter::default;
    for (filter, verb) in [
        (AuditFilter { record: Some(record), ..all() }, Verb::RecordCreated),
        (
            AuditFilter { request: Some(sales.peer.request), verb: Some(Verb::RecordCreated), ..all() },
            Verb::RecordCreated,
        ),
        (AuditFilter { user: Some(nobody.user), outcome: Some(Outcome::Denied), ..all() }, Verb::AccessDenied),
        (
            AuditFilter {
                service: Some("crm".into()),
                verb: Some(Verb::RecordCreated),
                user: Some(sales.user),
                ..all()
            },
            Verb::RecordCreated,
        ),
    ] {
        let log = running.app.audit(&admin, filter.clone(), None).await.expect("a log");
        assert_eq!(log.entries.iter().map(|entry| entry.verb).collect::<Vec<_>>(), [verb], "{filter:?}");
        let entry = &log.entries[0];
        assert_eq!(entry.service_label.as_ref().map(|label| label.ja.as_str()), Some("顧客管理"));
        assert_eq!(entry.entity_label.as_ref().map(|label| label.ja.as_str()), Some("顧客"));
        assert!(entry.actor_name.is_some() && entry.detail.device.as_deref() == Some("Testkit/1.0"));
    }
    let ends = AuditFilter {
        from: Some(jiff::Timestamp::MIN),
        until: Some(jiff::Timestamp::MAX),
        verb: Some(Verb::RecordCreated),
        ..all()
    };
    assert_eq!(running.app.audit(&admin, ends, None).await.expect("a log").entries.len(), 1);
}

#[tokio::test]
async fn pages_of_the_log_show_every_entry_once_there_and_back() {
    let running = Running::start().await;
    let (admin, sales) = (running.caller(ADMIN).await, running.caller(SALES).await);
    for number in 0..120 {
        customer(&running.app, &sales, &format!("C{number}"), "x").await;
    }
    let filter = AuditFilter { verb: Some(Verb::RecordCreated), ..AuditFilter::default() };
    let (mut pages, mut cursor) = (Vec::new(), None);
    let mut last = loop {
        let page = running.app.audit(&admin, filter.clone(), cursor.as_deref()).await.expect("a page");
        pages.push(page.entries.iter().map(|entry| entry.id).collect::<Vec<_>>());
        cursor = page.next.clone();
        if cursor.is_none() {
            break page;
        }
    };
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 20]);
    assert_eq!(pages.concat().iter().collect::<BTreeSet<_>>().len(), 120);
    assert!(pages.concat().is_sorted_by(|a, b| a > b), "newest first");
    for expected in pages.iter().rev().skip(1) {
        last = running.app.audit(&admin, filter.clone(), last.previous.as_deref()).await.expect("a page back");
        assert_eq!(last.entries.iter().map(|entry| entry.id).collect::<Vec<_>>(), *expected);
    }
}

#[tokio::test]
async fn an_entry_moved_or_altered_in_the_database_shows_no_detail() {
    let running = Running::start().await;
    let (admin, sales) = (running.caller(ADMIN).await, running.caller(SALES).await);
    let (one, two) = (customer(&running.app, &sales, "C1", "x").await, customer(&running.app, &sales, "C2", "x").await);
    let detail = |record| {
        let (app, admin) = (running.app.clone(), admin.clone());
        async move {
            app.audit(&admin, AuditFilter { record: Some(record), ..AuditFilter::default() }, None)
                .await
                .expect("a log")
                .entries
                .remove(0)
                .detail
        }
    };
    assert!(!detail(one).await.changes.is_empty());
    let swap = format!(
        "UPDATE struct.entry SET detail = (SELECT detail FROM struct.entry WHERE record_id = '{two}') WHERE record_id = '{one}'"
    );
    running.database.root().await.batch_execute(&swap).await.expect("it runs");
    assert!(detail(one).await.changes.is_empty());
    let _ = typed(&[]);
}

#[tokio::test]
async fn an_entry_names_its_record_only_to_who_may_open_it_and_while_it_is_there() {
    let running = Running::start().await;
    let (admin, sales) = (running.caller(ADMIN).await, running.caller(SALES).await);
    let (kept, gone) =
        (customer(&running.app, &sales, "C1", "x").await, customer(&running.app, &sales, "C2", "x").await);
    running.app.record_delete(&sales, ("crm", "customer"), gone, 1).await.expect("it is there");
    let made = |trail: app::audit::EntryPage, id| {
        let of = |entry: &app::audit::EntryView| entry.target.record == Some(id) && entry.verb == Verb::RecordCreated;
        trail.entries.into_iter().find(of).expect("its entry")
    };
    let trail = running.app.activity(&sales, None).await.expect("a trail");
    assert_eq!(made(trail.clone(), kept).record_title.as_deref(), Some("C1"));
    assert_eq!(made(trail.clone(), gone).record_title, None, "deleted");
    let label = made(trail, kept).field("number").map(|field| field.label.ja.clone());
    assert_eq!(label.as_deref(), Some("顧客番号"));
    // The administrator holds no role on the screen: the log tells of the record, its name stays closed.
    let log = running.app.audit(&admin, AuditFilter::default(), None).await.expect("a log");
    assert_eq!(made(log, kept).record_title, None);
}

#[tokio::test]
async fn the_filters_choices_are_for_administrators_and_leave_no_entry() {
    let running = Running::start().await;
    for email in [SALES, READER, NOBODY] {
        let refused = running.app.audit_choices(&running.caller(email).await).await;
        assert!(matches!(refused, Err(Error::NotAdministrator)), "{email}");
    }
    let admin = running.caller(ADMIN).await;
    let choices = running.app.audit_choices(&admin).await.expect("choices");
    assert!(choices.users.iter().any(|(user, _)| *user == admin.user));
    let other = running.caller(OTHER).await.user;
    assert!(choices.users.iter().all(|(user, name)| *user != other && !name.is_empty()));
    assert!(choices.services.iter().any(|(name, label)| name == "crm" && label.ja == "顧客管理"));
    assert_eq!(entries(&running, Verb::AuditViewed).await, 0);
}

#[tokio::test]
async fn a_trail_says_who_changed_my_rights_but_not_where_they_sat() {
    let running = Running::start().await;
    let (admin, sales) = (running.caller(ADMIN).await, running.caller(SALES).await);
    let members = running.app.members(&admin).await.expect("members");
    let member = members.iter().find(|member| member.user == sales.user).expect("a member");
    let change = app::user::MemberChange {
        administrator: false,
        roles: vec![running.reading],
        billing_types: member.billing_types.clone(),
    };
    running.app.change_member(&admin, sales.user, change).await.expect("changed");
    let trail = running.app.activity(&sales, None).await.expect("a trail");
    let entry = trail.entries.iter().find(|entry| entry.verb == Verb::UserChanged).expect("its entry");
    assert_eq!(entry.actor, Actor::User(admin.user));
    assert!(entry.actor_name.is_some() && !entry.detail.changes.is_empty());
    assert_eq!((&entry.detail.address, &entry.detail.device), (&None, &None));
    let log = running
        .app
        .audit(&admin, AuditFilter { verb: Some(Verb::UserChanged), ..AuditFilter::default() }, None)
        .await
        .expect("a log");
    assert!(log.entries.iter().any(|entry| entry.detail.device.is_some()), "the log keeps it");
}
