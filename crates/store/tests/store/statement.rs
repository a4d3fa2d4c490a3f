//! Every statement there is, run at least once: for each shipped entity, each condition, each order, each direction.

use crate::{House, ONE, entry, head, id};
use domain::audit::{Actor, Outcome, Verb};
use domain::id::{JobId, RecordId, RequestId, RoleId, SessionId, UserId};
use domain::record::Sort;
use domain::screen::{Action, Actions, ScreenSettings};
use domain::service::{Entity, Field, FieldKind, Service};
use futures_util::TryStreamExt;
use std::collections::HashMap;
use store::audit::EntryFilter;
use store::job::{JobRow, RefusalRow};
use store::record::{Columns, ListPlan, Lookup, Place, RecordTable, Wanted};
use store::{Check, Flight, Head, Store};
use testkit::database::shipped;

/// A plain value of a field, other for another number.
fn value(field: &Field, number: u128, made: &HashMap<String, RecordId>) -> Option<String> {
    Some(match &field.kind {
        FieldKind::Number { .. } => format!("{number}"),
        FieldKind::Money => format!("-{number}00"),
        FieldKind::Date => format!("2026-01-{:02}", number % 28 + 1),
        FieldKind::Datetime => format!("2026-01-01T00:00:{:02}Z", number % 60),
        FieldKind::Boolean => number.is_multiple_of(2).to_string(),
        FieldKind::Choice { options } => options[number as usize % options.len()].value.clone(),
        FieldKind::Reference { entity } => made[entity].to_string(),
        _ => format!("値{number}"),
    })
}

fn columns(table: &RecordTable, number: u128, made: &HashMap<String, RecordId>) -> Columns {
    Columns {
        id: id::<RecordId>(number).0,
        sealed: vec![5; 50],
        plain: table.plain.iter().map(|field| value(field, number, made)).collect(),
        exact: table.exact.iter().map(|_| Some(vec![number as u8; 16])).collect(),
        partial: table.partial.iter().map(|_| Some(vec![-1, number as i32])).collect(),
    }
}

async fn fly(house: &House, statements: Vec<store::Statement>) -> Vec<Vec<store::flight::Row>> {
    house.store.fly(Flight::read(head(house.tenant(ONE)), statements)).await.expect("it runs")
}

async fn lists(house: &House, table: &RecordTable, entity: &Entity, sample: &Columns) {
    let tenant = house.tenant(ONE);
    let mut wanted: Vec<Wanted> = Vec::new();
    for (field, value) in table.plain.iter().zip(&sample.plain) {
        let value = value.clone().expect("every plain value is given");
        wanted.push(Wanted::plain(table, &field.name, "=", value.clone()).expect("a plain field"));
        if field.tests().len() > 1 {
            wanted.push(Wanted::plain(table, &field.name, ">=", value.clone()).expect("a plain field"));
            wanted.push(Wanted::plain(table, &field.name, "<=", value).expect("a plain field"));
        }
    }
    wanted.extend(table.exact.iter().zip(&sample.exact).map(|(field, hash)| {
        Wanted::Exact(field.name.clone(), hash.clone().expect("given").try_into().expect("16 bytes"))
    }));
    wanted.extend(
        table
            .partial
            .iter()
            .zip(&sample.partial)
            .map(|(field, tokens)| Wanted::Partial(field.name.clone(), tokens.clone().expect("given"))),
    );
    for one in &wanted {
        let plan = ListPlan { wanted: vec![one.clone()], sort: None, place: None, limit: 10 };
        let rows = fly(house, vec![table.list(tenant, &plan), table.count(tenant, &plan.wanted, 100)]).await;
        assert!(rows[0].len() == 1 || rows[0].len() <= 3, "{one:?}");
        assert_eq!(Store::counted(&rows[1]), Some(rows[0].len() as i64), "{one:?}");
        assert!(!rows[0].is_empty(), "{one:?} finds the row it was made from");
    }
    let all = ListPlan { wanted, sort: None, place: None, limit: 10 };
    let rows = fly(house, vec![table.list(tenant, &all)]).await;
    assert_eq!(rows[0].len(), 1, "{}: all conditions at once", entity.name);
    for field in entity.fields.iter().filter(|field| field.can_sort()) {
        let at = table.plain.iter().position(|plain| plain.name == field.name).expect("it is plain");
        for (descending, backwards, empty) in (0..8).map(|bits| (bits & 1 > 0, bits & 2 > 0, bits & 4 > 0)) {
            let value = sample.plain[at].clone().filter(|_| !empty);
            let plan = ListPlan {
                wanted: Vec::new(),
                sort: Some(Sort { field: field.name.clone(), descending }),
                place: Some(Place { value, id: sample.id.into(), backwards }),
                limit: 10,
            };
            fly(house, vec![table.list(tenant, &plan)]).await;
        }
    }
}

async fn entity_runs(
    house: &House,
    service: &Service,
    entity: &Entity,
    made: &mut HashMap<String, RecordId>,
    base: u128,
) {
    let (tenant, user) = (house.tenant(ONE), house.user(ONE));
    let table = RecordTable::new(service, entity);
    let sample = columns(&table, base + 1, made);
    let many = vec![columns(&table, base + 2, made), columns(&table, base + 3, made)];
    let statements = vec![table.create(tenant, user, sample.clone()), table.create_many(tenant, user, many)];
    house
        .store
        .fly(Flight::write(head(tenant), statements, &[entry(tenant, base)]))
        .await
        .unwrap_or_else(|error| panic!("{}: {error}", entity.name));
    let record: RecordId = sample.id.into();
    made.insert(entity.name.clone(), record);
    lists(house, &table, entity, &sample).await;
    let mut statements = vec![table.get(tenant, record), table.get_one(tenant, record)];
    statements.extend(table.reference_choices(tenant, 5));
    let mut rows = fly(house, statements).await;
    let raw = Store::raw(rows.swap_remove(0)).next().expect("it is there");
    assert_eq!((raw.version(), raw.sealed(), raw.created().1), (1, &sample.sealed[..], user));
    for (at, given) in sample.plain.iter().enumerate() {
        assert_eq!(raw.plain(at), given.as_deref(), "{}.{} comes back as it went", entity.name, table.plain[at].name);
    }
    for (at, reference) in table.references.iter().enumerate() {
        assert!(raw.title(&table, at).is_some(), "{}.{} has a title", entity.name, reference.field);
    }
    let lookups = entity.fields.iter().filter_map(|field| {
        let at = table.plain.iter().position(|plain| plain.name == field.name)?;
        match &field.kind {
            FieldKind::Reference { .. } => Some(Lookup::Missing(
                field.name.clone(),
                vec![sample.plain[at].clone(), Some(id::<RecordId>(9).to_string()), None],
            )),
            _ => Some(Lookup::Plain(field.name.clone(), vec![None, sample.plain[at].clone()])),
        }
    });
    let exact = table.exact.iter().map(|field| Lookup::Exact(field.name.clone(), vec![Some(vec![0; 16])]));
    house.store.lookup(head(tenant), &table, lookups.chain(exact).collect()).await.expect("lookups run");
    let streamed: Vec<_> =
        house.store.stream(head(tenant), &table, &[]).await.expect("a stream").try_collect().await.expect("rows");
    assert_eq!(streamed.len(), 3);
    let mut changed = columns(&table, base + 4, made);
    changed.id = columns(&table, base + 2, made).id;
    let statements = vec![table.update(tenant, user, 1, changed.clone()), table.delete(tenant, changed.id.into(), 2)];
    house
        .store
        .fly(Flight::write(head(tenant), statements, &[entry(tenant, base + 1)]))
        .await
        .expect("changed and removed");
}

#[tokio::test]
async fn every_statement_of_every_shipped_entity_runs_and_gives_back_what_it_took() {
    let house = House::new().await;
    let mut base = 0;
    for service in shipped() {
        let mut made = HashMap::new();
        for entity in &service.entities {
            base += 1_000;
            entity_runs(&house, &service, entity, &mut made, base).await;
        }
    }
}

#[tokio::test]
async fn every_filter_of_the_log_runs_and_only_its_entries_come() {
    let house = House::new().await;
    let record: RecordId = house.customer(1).await;
    let tenant = house.tenant(ONE);
    let now: jiff::Timestamp = jiff::Timestamp::MIN;
    let filters = [
        (EntryFilter { actor: Some(Actor::User(house.user(ONE))), ..EntryFilter::default() }, 0),
        (EntryFilter { trail: Some(house.user(ONE)), ..EntryFilter::default() }, 0),
        (EntryFilter { verbs: vec![Verb::RecordCreated], ..EntryFilter::default() }, 2),
        (EntryFilter { service: Some("crm".to_owned()), ..EntryFilter::default() }, 0),
        (EntryFilter { record: Some(id::<RecordId>(10_001)), ..EntryFilter::default() }, 1),
        (EntryFilter { request: Some(id::<RequestId>(10_001)), ..EntryFilter::default() }, 1),
        (EntryFilter { outcome: Some(Outcome::Denied), ..EntryFilter::default() }, 0),
        (EntryFilter { until: Some(now + jiff::SignedDuration::from_hours(1)), ..EntryFilter::default() }, 0),
        (EntryFilter { from: Some(now + jiff::SignedDuration::from_hours(1)), ..EntryFilter::default() }, 2),
        (EntryFilter { beside: Some(id(2)), ..EntryFilter::default() }, 1),
        (EntryFilter { beside: Some(id(2)), newer: true, ..EntryFilter::default() }, 1),
    ];
    for (filter, wanted) in filters {
        let filter = EntryFilter { limit: 10, ..filter };
        let found = house.store.entries(head(tenant), &filter, None).await.expect("it runs");
        assert_eq!((found.entries.len(), found.stopped), (wanted, None), "{filter:?}");
    }
    let reading = entry(tenant, 900);
    let found = house
        .store
        .entries(head(tenant), &EntryFilter { limit: 10, ..EntryFilter::default() }, Some(&reading))
        .await
        .expect("it runs");
    assert_eq!(found.entries.len(), 2, "the entry of the reading itself is not among what was read");
    assert_eq!(house.database.number("SELECT count(*) FROM struct.entry WHERE actor = 'system'").await, 4);
    let _ = record;
}

#[tokio::test]
async fn every_statement_about_members_rights_and_sessions_runs() {
    let house = House::new().await;
    let (tenant, user, role) = (house.tenant(ONE), house.user(ONE), id::<RoleId>(5));
    let billing = ["standard".to_owned(), "light".to_owned()];
    let mut statements = vec![store::role::create(tenant, role, "役"), store::role::rename(tenant, role, "営業")];
    statements.extend(store::user::set_roles(tenant, user, &[role]));
    statements.extend(store::user::invite(tenant, user, [1; 32], 72));
    statements.push(store::user::change_member(tenant, user, true, &billing));
    statements.push(store::user::set_active(tenant, user, true));
    let settings =
        ScreenSettings { usable: true, root: true, billing_types: billing.to_vec(), ..ScreenSettings::closed() };
    statements.push(store::access::set_screen(tenant, "crm", "customer_list", &settings));
    statements.push(store::access::set_screen(tenant, "crm", "customer_list", &settings));
    statements.push(store::access::set_grant(
        tenant,
        role,
        "crm",
        "customer_list",
        Actions::default().with(Action::View),
    ));
    statements.push(store::access::set_grant(tenant, role, "crm", "customer_form", Actions::default()));
    statements.push(store::access::rights_changed());
    house.store.fly(Flight::write(head(tenant), statements, &[entry(tenant, 900)])).await.expect("rights");
    let snapshot = house.store.snapshot(tenant).await.expect("an answer").expect("it is there");
    assert_eq!(snapshot.epoch, 2);
    assert_eq!(snapshot.members[&user].roles, [role]);
    assert_eq!(snapshot.members[&user].billing_types, billing);
    assert_eq!(snapshot.services["crm"].settings["customer_list"], settings);
    assert_eq!(snapshot.roles[&role].grants.len(), 1);
    assert!(house.store.snapshot(id(404)).await.expect("an answer").is_none());

    let invited = house.store.invitation(tenant, [1; 32]).await.expect("an answer").expect("it is there");
    assert!(invited.needs_password && invited.user == user && invited.tenant_name == "会社");
    assert!(house.store.invitation(tenant, [2; 32]).await.expect("an answer").is_none());
    let mut statements = store::user::join(tenant, user, [1; 32], Some("$phc".to_owned()));
    statements.push(store::user::expect_administrator(tenant));
    house.store.fly(Flight::write(head(tenant), statements, &[entry(tenant, 901)])).await.expect("joined");
    let account = house.store.account([1; 16]).await.expect("an answer").expect("it is there");
    assert_eq!((account.user, account.password_phc.as_deref()), (user, Some("$phc")));
    assert!(house.store.account([9; 16]).await.expect("an answer").is_none());
    assert_eq!(house.store.ensure_account(id(31), [1; 16], b"x").await.expect("an answer"), user);
    assert_eq!(house.store.user_tenants(user).await.expect("an answer"), [tenant]);
    assert_eq!(house.store.user_tenants(id::<UserId>(404)).await.expect("an answer"), []);
    let members = house.store.members(head(tenant)).await.expect("an answer");
    assert!(
        members.len() == 1 && members[0].joined && members[0].roles == [role] && members[0].email_sealed == b"sealed"
    );
    assert_eq!(house.store.member_names(tenant, &[user]).await.expect("an answer"), [(user, b"name".to_vec())]);

    let session: SessionId = id(6);
    let open = store::session::open(tenant, session, [3; 32], user, 12, vec![0]);
    house.store.fly(Flight::write(head(tenant), vec![open], &[entry(tenant, 902)])).await.expect("a session");
    let found = house.store.session(tenant, [3; 32]).await.expect("an answer").expect("it is there");
    assert_eq!((found.session, found.user), (session, user));
    assert!(house.store.session_seen(tenant, session, None).await.expect("an answer"));
    let over = vec![
        store::session::end(tenant, session),
        store::session::end_all(tenant, user),
        store::role::delete(tenant, role),
    ];
    house.store.fly(Flight::write(head(tenant), over, &[entry(tenant, 903)])).await.expect("over");
    assert!(house.store.session(tenant, [3; 32]).await.expect("an answer").is_none());
    assert_eq!(house.store.tenants().await.expect("an answer").len(), 2);
    assert_eq!(house.store.tenant_name(tenant).await.expect("an answer").as_deref(), Some("会社"));
    assert_eq!(house.store.services().await.expect("an answer").len(), shipped().len());
    assert!(house.store.service("none").await.expect("an answer").is_none());
    assert!(house.store.answers().await);
    house.store.check_schema().await.expect("it is as it should be");
}

#[tokio::test]
async fn a_search_in_a_sealed_field_is_looked_up_in_its_index_under_row_security() {
    let house = House::new().await;
    let tenant = house.tenant(ONE);
    let (client, user) = (house.database.root().await, house.user(ONE));
    let fill = format!(
        "INSERT INTO svc_crm.customer
             (tenant_id, id, version, sealed, created_at, created_by, updated_at, updated_by, f_number, b_name)
         SELECT '{tenant}', gen_random_uuid(), 1, '', now(), '{user}', now(), '{user}', n::text, ARRAY[n]
         FROM generate_series(1, 3000) n;
         ANALYZE svc_crm.customer; SET ROLE struct_app; SET struct.tenant = '{tenant}'"
    );
    client.batch_execute(&fill).await.expect("records, and the application's rights");
    let search =
        format!("EXPLAIN SELECT id FROM svc_crm.customer WHERE tenant_id = '{tenant}' AND b_name @> '{{7}}'::int4[]");
    let rows = client.query(&search, &[]).await.expect("a plan");
    let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let plan = plan.join("\n");
    assert!(plan.contains("customer__b_name"), "the wall keeps the condition out of the index:\n{plan}");
}

fn job_row(house: &House, job: JobId) -> JobRow {
    JobRow {
        job,
        service: "crm".to_owned(),
        screen: "customer_import".to_owned(),
        entity: "customer".to_owned(),
        asked_by: house.user(ONE),
        request: id(9),
        state: String::new(),
        note_sealed: vec![1],
        progress: 0,
        taken: 0,
        refused: 0,
        failure: None,
        created_at: jiff::Timestamp::UNIX_EPOCH,
        finished_at: None,
    }
}

#[tokio::test]
async fn receptions_that_a_stop_cut_off_keep_no_file_and_hinder_no_import_after_the_next_start() {
    let house = House::new().await;
    let (tenant, store) = (house.tenant(ONE), &house.store);
    let open = u128::try_from(store::job::MAX_RECEIVING).expect("positive");
    for number in 0..open {
        store.job_receive(head(tenant), &job_row(&house, id(100 + number))).await.expect("received");
    }
    store.job_piece(tenant, id(100), 0, vec![1, 2, 3]).await.expect("a piece");
    let one_more = store.job_receive(head(tenant), &job_row(&house, id(200))).await;
    assert!(matches!(one_more, Err(store::StoreError::Unexpected)), "{one_more:?}");
    store.job_release().await.expect("an answer");
    assert_eq!(house.database.number("SELECT count(*) FROM struct.job_piece").await, 0);
    store.job_receive(head(tenant), &job_row(&house, id(201))).await.expect("received");
    let queue = Flight::write(head(tenant), vec![store::job::queue(tenant, id(100))], &[entry(tenant, 900)]);
    assert!(store.fly(queue).await.is_err(), "what was cut off is never queued");
}

#[tokio::test]
async fn every_statement_about_jobs_runs_and_a_job_moves_only_from_where_it_stands() {
    let house = House::new().await;
    let (tenant, job) = (house.tenant(ONE), id::<JobId>(8));
    let row = job_row(&house, job);
    let store = &house.store;
    store.job_receive(head(tenant), &row).await.expect("received");
    store.job_piece(tenant, job, 0, vec![1, 2, 3]).await.expect("a piece");
    assert!(store.job_claim(10, 5).await.expect("an answer").is_none(), "a file that is not complete waits for nobody");
    store
        .fly(Flight::write(head(tenant), vec![store::job::queue(tenant, job)], &[entry(tenant, 900)]))
        .await
        .expect("queued");
    assert_eq!(store.job_claim(10, 5).await.expect("an answer"), Some((tenant, job, 1)));
    assert!(store.job_claim(10, 5).await.expect("an answer").is_none(), "it is taken");
    store.job_release().await.expect("an answer");
    assert_eq!(store.job_claim(10, 5).await.expect("an answer"), Some((tenant, job, 2)));
    assert_eq!(store.job_piece_read(tenant, job, 0).await.expect("an answer"), Some(vec![1, 2, 3]));
    assert_eq!(store.job_piece_read(tenant, job, 1).await.expect("an answer"), None);
    let refusal = RefusalRow { row: 2, column: "name".to_owned(), reason: serde_json::json!({ "reason": "required" }) };
    let step = || {
        vec![store::job::advance(tenant, job, 0, 1, 1, 10), store::job::refuse(tenant, job, vec![(0, refusal.clone())])]
    };
    let epoch = Head { tenant, check: Check::Epoch(1) };
    store.job_advance(epoch, step()).await.expect("moved on");
    assert!(matches!(store.job_advance(epoch, step()).await, Err(store::StoreError::Unexpected)), "not twice");
    let told = store.job_refusals(head(tenant), job, 10).await.expect("an answer");
    assert!(told.len() == 1 && told[0].column == "name");
    for (from, done) in [(1, false), (2, true), (2, false)] {
        let finish = store::job::finish(tenant, job, from, None).into();
        let ended = store.fly(Flight::write(head(tenant), finish, &[entry(tenant, 901)])).await;
        assert_eq!(ended.is_ok(), done, "from {from}: {ended:?}");
    }
    let found = store.job(head(tenant), job).await.expect("an answer").expect("it is there");
    assert_eq!((found.state.as_str(), found.taken, found.refused, found.progress), ("done", 1, 1, 2));
    assert_eq!(store.jobs(head(tenant), "crm", "customer", 5).await.expect("an answer").len(), 1);
    assert_eq!(house.database.number("SELECT count(*) FROM struct.job_piece").await, 0, "its file is gone");
}
