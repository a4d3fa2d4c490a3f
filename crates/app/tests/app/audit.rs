//! The log: read by administrators, itself entered, paged without a gap, never about another tenant.

use crate::{customer, denied, entries, one, typed};
use app::Caller;
use app::Error;
use app::Refusal;
use app::activity::{ActivityFilter, Kind};
use app::audit::history::Held;
use app::audit::{AuditFilter, EntryView};
use app::extraction::Format;
use app::record::Mode;
use domain::audit::{Actor, Outcome, Verb};
use domain::record::{ListQuery, Test};
use futures_util::TryStreamExt;
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
    assert!(choices.services.iter().any(|service| service.name == "crm" && service.label.ja == "顧客管理"));
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

#[tokio::test]
async fn a_cursor_that_no_page_gave_is_refused() {
    let running = Running::start().await;
    let admin = running.caller(ADMIN).await;
    let id = "01924d5a-7c00-7abc-8def-0123456789ab";
    for cursor in [
        format!("x{id}"),
        format!("O{id}"),
        id.to_owned(),
        format!("o{}", id.to_uppercase()),
        format!("o{}", id.replace('-', "")),
        format!("o{{{id}}}"),
        format!("n {id}"),
        format!("n{id} "),
    ] {
        let refused = running.app.audit(&admin, AuditFilter::default(), Some(&cursor)).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::BadCursor))), "{cursor}");
    }
    assert!(running.app.audit(&admin, AuditFilter::default(), Some(&format!("o{id}"))).await.is_ok());
}

#[tokio::test]
async fn an_entry_is_for_administrators_of_its_own_tenant() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    let record = customer(&running.app, &sales, "C1", "山本 健").await;
    let (admin, other) = (running.caller(ADMIN).await, running.caller(OTHER).await);
    let log = running.app.audit(&admin, AuditFilter { record: Some(record), ..AuditFilter::default() }, None).await;
    let made = log.expect("a log").entries.remove(0);
    for email in [SALES, READER, NOBODY] {
        let refused = running.app.audit_entry(&running.caller(email).await, made.id).await;
        assert!(matches!(refused, Err(Error::NotAdministrator)), "{email}");
    }
    let before = entries(&running, Verb::RecordNotFound).await;
    assert!(matches!(running.app.audit_entry(&other, made.id).await, Err(Error::NotFound)));
    assert_eq!(entries(&running, Verb::RecordNotFound).await, before + 1, "asked for in vain, and entered");
    let read = entries(&running, Verb::AuditViewed).await;
    let found = running.app.audit_entry(&admin, made.id).await.expect("its own");
    assert_eq!((found.entry.verb, found.entry.target.record), (Verb::RecordCreated, Some(record)));
    assert!(found.others.iter().all(|other| other.request == made.request && other.id != made.id));
    assert_eq!(entries(&running, Verb::AuditViewed).await, read + 1);
    let filter = AuditFilter { verb: Some(Verb::AuditViewed), ..AuditFilter::default() };
    let log = running.app.audit(&admin, filter, None).await.expect("a log");
    assert_eq!(log.entries[0].detail.note, Some(format!("entry={}", made.id)));
}

#[tokio::test]
async fn an_act_is_found_by_its_field_its_screen_its_kind_and_by_who_is_no_member() {
    let running = Running::start().await;
    let (admin, sales) = (running.caller(ADMIN).await, running.caller(SALES).await);
    let record = customer(&running.app, &sales, "C1", "山本 健").await;
    let change = typed(&[("rank", "A")]);
    running.app.record_update(&sales, ("crm", "customer"), record, 1, change, Mode::Named).await.expect("changed");
    running.app.record_reveal(&sales, "crm", "customer", record).await.expect("revealed");
    let all = || AuditFilter { record: Some(record), ..AuditFilter::default() };
    let name = |text: &str| Some(text.to_owned());
    for (filter, verbs) in [
        (AuditFilter { field: name("rank"), ..all() }, vec![Verb::RecordUpdated]),
        (AuditFilter { field: name("name"), ..all() }, vec![Verb::RecordRevealed, Verb::RecordCreated]),
        (AuditFilter { field: name("note"), ..all() }, vec![]),
        (AuditFilter { screen: name("customer_detail"), ..all() }, vec![Verb::RecordRevealed]),
        (AuditFilter { entity: name("contact"), ..all() }, vec![]),
        (
            AuditFilter { noun: name("record"), ..all() },
            vec![Verb::RecordRevealed, Verb::RecordUpdated, Verb::RecordCreated],
        ),
        (AuditFilter { noun: name("role"), ..all() }, vec![]),
    ] {
        let log = running.app.audit(&admin, filter.clone(), None).await.expect("a log");
        assert_eq!(log.entries.iter().map(|entry| entry.verb).collect::<Vec<_>>(), verbs, "{filter:?}");
        assert_eq!((log.stopped, log.next), (None, None));
    }
    let operators = AuditFilter { other: Some(Actor::Operator), ..AuditFilter::default() };
    let log = running.app.audit(&admin, operators, None).await.expect("a log");
    assert!(!log.entries.is_empty() && log.entries.iter().all(|entry| entry.actor == Actor::Operator));
    let unknown = AuditFilter { noun: name("nothing"), ..AuditFilter::default() };
    assert!(matches!(running.app.audit(&admin, unknown, None).await, Err(Error::NotFound)));
}

/// Gives the administrator the role that looks at records.
async fn open_to_the_administrator(running: &Running) {
    let admin = running.caller(ADMIN).await;
    let change = app::user::MemberChange {
        administrator: true,
        roles: vec![running.reading],
        billing_types: vec!["standard".to_owned()],
    };
    running.app.change_member(&admin, admin.user, change).await.expect("changed");
}

/// What the certificates of the newest change and extraction open, if anything.
async fn certified(running: &Running, admin: &Caller) -> [Option<String>; 2] {
    running.app.sequence_once().await.expect("a round");
    let mut opened = [None, None];
    for (verb, opened) in [Verb::RecordUpdated, Verb::RecordsExtracted].into_iter().zip(&mut opened) {
        let filter = AuditFilter { verb: Some(verb), ..AuditFilter::default() };
        let entry = running.app.audit(admin, filter, None).await.expect("a log").entries[0].id;
        let text = running.app.certificate(admin, entry).await.expect("a certificate").text;
        let extra = ledger::tlog_proof::TlogProof::parse(&text).expect("a proof").extra.expect("extra");
        let extra: serde_json::Value = serde_json::from_slice(&extra).expect("JSON");
        assert_eq!(extra["salt"].is_null(), extra["detail"].is_null(), "without the salt nobody can guess the detail");
        *opened = extra["detail"].as_str().map(str::to_owned);
    }
    opened
}

#[tokio::test]
async fn values_before_and_after_are_shown_to_who_may_view_the_record_and_to_nobody_else() {
    let running = Running::start().await;
    let (admin, sales) = (running.caller(ADMIN).await, running.caller(SALES).await);
    let record = customer(&running.app, &sales, "C1", "山本 健").await;
    let change = typed(&[("rank", "A"), ("name", "佐藤 花")]);
    running.app.record_update(&sales, ("crm", "customer"), record, 1, change, Mode::Named).await.expect("changed");
    let query = one("name", Test::Contains, "佐藤");
    running.app.extract(&sales, "crm", "customer", Format::Csv, query).await.expect("a file");
    let filter = |verb| AuditFilter { verb: Some(verb), ..AuditFilter::default() };
    let log = running.app.audit(&admin, filter(Verb::RecordUpdated), None).await.expect("a log");
    let told: Vec<_> = log.entries[0].detail.changes.iter().map(|c| (c.field.as_str(), &c.before, &c.after)).collect();
    assert_eq!(told.len(), 2, "which fields is told");
    assert!(log.entries[0].closed && told.iter().all(|(_, before, after)| before.is_none() && after.is_none()));
    let log = running.app.audit(&admin, filter(Verb::RecordsExtracted), None).await.expect("a log");
    assert_eq!(log.entries[0].detail.note.as_deref(), Some("csv"), "conditions hold values");
    assert_eq!(certified(&running, &admin).await, [None, None], "a certificate says no more than the page");
    open_to_the_administrator(&running).await;
    let [changed, extracted] = certified(&running, &admin).await.map(|detail| detail.expect("who may view may prove"));
    assert!(changed.contains(r#""after":"A""#) && extracted.contains("name Contains"), "{changed} {extracted}");
    let log = running.app.audit(&admin, filter(Verb::RecordUpdated), None).await.expect("a log");
    let changes = &log.entries[0].detail.changes;
    let rank = changes.iter().find(|change| change.field == "rank").expect("it changed");
    assert_eq!((log.entries[0].closed, rank.after.as_deref()), (false, Some("A")));
    let name = changes.iter().find(|change| change.field == "name").expect("it changed");
    assert_eq!((&name.before, &name.after), (&None, &None), "personal values never enter the log");
    let log = running.app.audit(&admin, filter(Verb::RecordsExtracted), None).await.expect("a log");
    assert!(log.entries[0].detail.note.as_deref().is_some_and(|note| note.contains("name Contains")));
}

#[tokio::test]
async fn a_history_is_refused_to_who_may_not_view_the_record_and_tells_members_nothing_of_readers() {
    let running = Running::start().await;
    let (admin, sales) = (running.caller(ADMIN).await, running.caller(SALES).await);
    let record = customer(&running.app, &sales, "C1", "山本 健").await;
    let place = ("crm", "customer");
    let nobody = running.caller(NOBODY).await;
    assert!(denied(&running.app.record_history(&nobody, place, record, None).await));
    let other = running.caller(OTHER).await;
    assert!(matches!(running.app.record_history(&other, place, record, None).await, Err(Error::NotFound)));
    assert!(matches!(running.app.record_history(&other, place, record, None).await, Err(Error::NotFound)), "again");
    assert!(matches!(running.app.record_history(&admin, ("crm", "contact"), record, None).await, Err(Error::NotFound)));
    running.app.record_reveal(&sales, "crm", "customer", record).await.expect("revealed");
    let change = typed(&[("rank", "A")]);
    running.app.record_update(&sales, place, record, 1, change, Mode::Named).await.expect("changed");
    let reader = running.caller(READER).await;
    let read = entries(&running, Verb::AuditViewed).await;
    let history = running.app.record_history(&reader, place, record, None).await.expect("a history");
    assert_eq!(entries(&running, Verb::AuditViewed).await, read + 1, "reading it is entered");
    assert!(history.readers.is_none());
    assert_eq!(history.title.as_deref(), Some("C1"));
    let verbs: Vec<Verb> = history.page.entries.iter().map(|entry| entry.verb).collect();
    assert_eq!(verbs, [Verb::RecordUpdated, Verb::RecordCreated]);
    assert_eq!(history.page.entries[0].detail.changes[0].after.as_deref(), Some("A"));
    assert!(history.page.entries.iter().all(|entry| entry.detail.device.is_none() && entry.detail.address.is_none()));
}

#[tokio::test]
async fn an_administrators_history_names_who_saw_the_record_and_which_files_held_it() {
    let running = Running::start().await;
    let (admin, sales) = (running.caller(ADMIN).await, running.caller(SALES).await);
    let place = ("crm", "customer");
    let early = ListQuery::default();
    running.app.extract(&sales, "crm", "customer", Format::Csv, early).await.expect("a file from before");
    let record = customer(&running.app, &sales, "C1", "山本 健").await;
    let take = async |query: ListQuery| {
        running.app.extract(&sales, "crm", "customer", Format::Ndjson, query).await.expect("a file");
    };
    take(one("number", Test::Equals, "C1")).await;
    take(one("number", Test::Equals, "C2")).await;
    take(one("name", Test::Contains, "山本")).await;
    let change = typed(&[("name", "佐藤 花"), ("number", "C9")]);
    running.app.record_update(&sales, place, record, 1, change, Mode::Named).await.expect("changed");
    for _ in 0..3 {
        running.app.record_reveal(&sales, "crm", "customer", record).await.expect("revealed");
    }
    let closed = running.app.record_history(&admin, place, record, None).await.expect("a history");
    assert_eq!((closed.title, closed.there), (None, true));
    let readers = closed.readers.expect("for administrators");
    assert_eq!(readers.extractions.len(), 3, "whether a condition held would tell a value");
    assert!(readers.extractions.iter().all(|(_, held)| *held == Held::Perhaps));
    open_to_the_administrator(&running).await;
    let open = running.app.record_history(&admin, place, record, None).await.expect("a history");
    let readers = open.readers.expect("for administrators");
    let told: Vec<_> = readers.extractions.iter().map(|(entry, held)| (entry.detail.note.clone(), *held)).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].0.as_deref().is_some_and(|note| note.contains("name Contains")));
    assert_eq!([told[0].1, told[1].1], [Held::Perhaps, Held::Certainly], "names are not in the log, numbers are");
    let person = &readers.people[0];
    assert_eq!((person.user, person.shown, person.taken), (sales.user, 3, 2));
    assert!(person.name.is_some());
    running.app.record_delete(&sales, place, record, 2).await.expect("removed");
    take(ListQuery::default()).await;
    let gone = running.app.record_history(&admin, place, record, None).await.expect("a history of what is gone");
    assert_eq!((gone.there, gone.title), (false, None));
    assert!(gone.page.entries.iter().any(|entry| entry.verb == Verb::RecordDeleted));
    assert_eq!(gone.readers.expect("for administrators").extractions.len(), 3, "none from after its removal");
    let member = running.app.record_history(&sales, place, record, None).await;
    assert!(matches!(member, Err(Error::NotFound)), "a member's view ends with the record");
}

#[tokio::test]
async fn a_log_leaves_as_a_file_only_for_administrators_and_its_entry_is_there_first() {
    let running = Running::start().await;
    for email in [SALES, READER, NOBODY] {
        let caller = running.caller(email).await;
        let refused = running.app.audit_extract(&caller, AuditFilter::default(), Format::Csv).await;
        assert!(matches!(refused, Err(Error::NotAdministrator)), "{email}");
    }
    let (admin, sales) = (running.caller(ADMIN).await, running.caller(SALES).await);
    let record = customer(&running.app, &sales, "C1", "山本 健").await;
    assert_eq!(entries(&running, Verb::AuditExtracted).await, 0);
    let filter = AuditFilter { field: Some("name".to_owned()), service: Some("crm".to_owned()), ..Default::default() };
    let file = running.app.audit_extract(&admin, filter, Format::Ndjson).await.expect("a file");
    assert_eq!(entries(&running, Verb::AuditExtracted).await, 1);
    let views: Vec<EntryView> = file.try_collect().await.expect("to its end");
    assert_eq!(views.iter().map(|view| view.target.record).collect::<Vec<_>>(), [Some(record)]);
    assert!(views[0].actor_name.is_some() && views[0].closed);
    let own = running.app.activity_extract(&sales, ActivityFilter::default(), Format::Csv).await.expect("a file");
    let own: Vec<EntryView> = own.try_collect().await.expect("to its end");
    assert!(own.iter().any(|view| view.target.record == Some(record)));
    assert!(own.iter().any(|view| view.verb == Verb::ActivityExtracted), "its own entry was there first");
    assert!(own.iter().all(|view| view.actor == Actor::User(sales.user) || view.target.user == Some(sales.user)));
    assert!(own.is_sorted_by(|a, b| a.id < b.id), "oldest first");
}

#[tokio::test]
async fn a_trail_can_be_narrowed_to_a_kind_of_acts() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    let record = customer(&running.app, &sales, "C1", "山本 健").await;
    running.app.record_reveal(&sales, "crm", "customer", record).await.expect("revealed");
    assert!(denied(&running.app.audit_choices(&sales).await));
    for (kind, verb) in [
        (Kind::SignIn, Verb::SessionStarted),
        (Kind::Change, Verb::RecordCreated),
        (Kind::Reading, Verb::RecordRevealed),
        (Kind::Rights, Verb::UserJoined),
        (Kind::Refused, Verb::AccessDenied),
    ] {
        let filter = ActivityFilter { kind: Some(kind), ..ActivityFilter::default() };
        let page = running.app.activity_of(&sales, filter, None).await.expect("a trail");
        assert!(page.entries.iter().any(|entry| entry.verb == verb), "{kind:?}");
        let other = |entry: &EntryView| match kind {
            Kind::Refused => entry.outcome != Outcome::Denied,
            kind => Kind::of(entry.verb) != kind,
        };
        assert!(!page.entries.iter().any(other), "{kind:?}");
    }
}
