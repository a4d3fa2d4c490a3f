//! Access: what each member may do on each screen, and that a right taken away is gone at the next request.

use crate::{customer, denied, entries, typed};
use app::screen::MatrixChange;
use app::user::MemberChange;
use app::{Caller, Error};
use domain::audit::Verb;
use domain::id::RoleId;
use domain::record::ListQuery;
use domain::screen::{Action, Actions, PermissionKind, ScreenKind, ScreenSettings};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use testkit::running::{ADMIN, NOBODY, OTHER, READER, Running, SALES};

/// Sets what a role may do on a screen of CRM.
pub(crate) async fn grant(running: &Running, role: RoleId, screen: &str, actions: Actions) {
    let admin = running.caller(ADMIN).await;
    let epoch = running.app.matrix(&admin).await.expect("the matrix").epoch;
    let change =
        MatrixChange { service: "crm".into(), screen: screen.into(), settings: None, grants: vec![(role, actions)] };
    running.app.save_matrix(&admin, epoch, vec![change], "").await.expect("saved");
}

async fn set(running: &Running, screen: &str, settings: ScreenSettings) {
    let admin = running.caller(ADMIN).await;
    let epoch = running.app.matrix(&admin).await.expect("the matrix").epoch;
    let change =
        MatrixChange { service: "crm".into(), screen: screen.into(), settings: Some(settings), grants: Vec::new() };
    running.app.save_matrix(&admin, epoch, vec![change], "").await.expect("saved");
}

/// Tries every action there is on an entity; the words of those that were not denied.
async fn tried(running: &Running, caller: &Caller, service: &str, entity: &str) -> Vec<String> {
    let (app, nothing) = (&running.app, uuid::Uuid::nil().into());
    let place = (service, entity);
    let form = ScreenKind::Form;
    let outcomes = [
        (
            ScreenKind::List,
            Action::View,
            denied(&app.record_list(caller, service, entity, ListQuery::default(), false).await),
        ),
        (ScreenKind::Detail, Action::View, denied(&app.record_detail(caller, service, entity, nothing).await)),
        (ScreenKind::Detail, Action::View, denied(&app.record_reveal(caller, service, entity, nothing).await)),
        (ScreenKind::Detail, Action::Delete, denied(&app.record_delete(caller, place, nothing, 1).await)),
        (form, Action::Create, denied(&app.record_create(caller, service, entity, Vec::new()).await)),
        (form, Action::Create, denied(&app.record_form(caller, service, entity, None).await)),
        (
            form,
            Action::Update,
            denied(&app.record_update(caller, place, nothing, 1, Vec::new(), app::record::Mode::All).await),
        ),
        (form, Action::Update, denied(&app.record_form(caller, service, entity, Some(nothing)).await)),
        (ScreenKind::Import, Action::Create, denied(&app.import_form(caller, service, entity).await)),
        (ScreenKind::Import, Action::Create, denied(&app.import_begin(caller, service, entity, "x.csv").await)),
        (ScreenKind::Import, Action::Create, denied(&app.imports(caller, service, entity).await)),
        (
            ScreenKind::Import,
            Action::Create,
            denied(&app.import_status(caller, service, entity, nothing.0.into()).await),
        ),
        (ScreenKind::Extract, Action::Extract, denied(&app.extraction_form(caller, service, entity).await)),
        (
            ScreenKind::Extract,
            Action::Extract,
            denied(&app.extract(caller, service, entity, app::extraction::Format::Csv, ListQuery::default()).await),
        ),
    ];
    let allowed = outcomes
        .iter()
        .filter(|(.., denied)| !denied)
        .map(|(kind, action, _)| format!("{}.{}", kind.code(), action.code()));
    let refused: BTreeSet<String> = outcomes
        .iter()
        .filter(|(.., denied)| *denied)
        .map(|(kind, action, _)| format!("{}.{}", kind.code(), action.code()))
        .collect();
    let allowed: BTreeSet<String> = allowed.collect();
    assert!(allowed.is_disjoint(&refused), "{service}.{entity}: every way to one action has one answer");
    allowed.into_iter().collect()
}

#[tokio::test]
async fn each_member_may_do_on_each_screen_exactly_what_the_committed_matrix_says() {
    let running = Running::start().await;
    let mut table = String::new();
    for email in [ADMIN, SALES, READER, NOBODY] {
        let caller = running.caller(email).await;
        let _ = writeln!(table, "{email}");
        for service in testkit::database::shipped() {
            for entity in &service.entities {
                let allowed = tried(&running, &caller, &service.name, &entity.name).await;
                let allowed = if allowed.is_empty() { "-".to_owned() } else { allowed.join(" ") };
                let _ = writeln!(table, "  {}.{}: {allowed}", service.name, entity.name);
            }
        }
        let menu = running.app.menu(&caller).await.expect("a menu");
        let screens = menu.iter().flat_map(|service| service.screens.iter().map(|screen| screen.name.clone()));
        let _ = writeln!(table, "  menu: {}", screens.collect::<Vec<_>>().join(" "));
    }
    insta::assert_snapshot!("matrix", table);
}

#[tokio::test]
async fn the_menu_shows_a_screen_exactly_when_it_opens() {
    let running = Running::start().await;
    for email in [ADMIN, SALES, READER, NOBODY, OTHER] {
        let caller = running.caller(email).await;
        let menu = running.app.menu(&caller).await.expect("a menu");
        let shown: BTreeSet<String> =
            menu.iter().flat_map(|service| service.screens.iter().map(|screen| screen.name.clone())).collect();
        for service in testkit::database::shipped() {
            for screen in service.screens.iter().filter(|screen| screen.proposed.root) {
                let allowed = tried(&running, &caller, &service.name, &screen.entity).await;
                let opening = format!("{}.{}", screen.kind.code(), screen.kind.opening().code());
                assert_eq!(shown.contains(&screen.name), allowed.contains(&opening), "{email} {}", screen.name);
            }
        }
    }
}

#[tokio::test]
async fn every_denial_is_entered_with_the_gate_that_refused() {
    let running = Running::start().await;
    let nobody = running.caller(NOBODY).await;
    let before = entries(&running, Verb::AccessDenied).await;
    let refused = running.app.record_list(&nobody, "crm", "customer", ListQuery::default(), false).await;
    let Err(Error::Denied { gate, screen, action, .. }) = refused else { panic!("it was not denied") };
    assert_eq!((gate.code(), screen.as_str(), action), ("role_grant", "customer_list", Action::View));
    assert_eq!(entries(&running, Verb::AccessDenied).await, before + 1);
    let trail = running.app.activity(&nobody, None).await.expect("a trail");
    let newest = &trail.entries[0];
    assert_eq!((newest.verb, newest.detail.gate.as_deref()), (Verb::AccessDenied, Some("role_grant")));
    assert_eq!(newest.detail.address.as_deref(), Some("192.0.2.17"));
}

#[tokio::test]
async fn what_is_not_there_is_not_found_whoever_asks() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    for (service, entity) in
        [("crm", "none"), ("none", "customer"), ("", ""), ("crm\0", "customer"), ("svc_crm", "customer; --")]
    {
        let refused = running.app.record_list(&sales, service, entity, ListQuery::default(), false).await;
        assert!(matches!(refused, Err(Error::NotFound)), "{service}.{entity}");
    }
}

#[tokio::test]
async fn a_right_taken_away_or_given_holds_at_the_next_request_on_every_server() {
    let running = Running::start().await;
    let second = running.second_server();
    let reader = running.caller(READER).await;
    let list = |app: std::sync::Arc<app::App>| {
        let reader = reader.clone();
        async move { app.record_list(&reader, "crm", "customer", ListQuery::default(), false).await }
    };
    // Both servers hold a snapshot now.
    assert!(list(running.app.clone()).await.is_ok() && list(second.clone()).await.is_ok());
    grant(&running, running.reading, "customer_list", Actions::default()).await;
    for app in [running.app.clone(), second.clone()] {
        assert!(denied(&list(app.clone()).await), "the old snapshot is not decided upon");
    }
    grant(&running, running.reading, "customer_list", Actions::default().with(Action::View)).await;
    for app in [second.clone(), running.app.clone()] {
        assert!(list(app.clone()).await.is_ok(), "given back without a restart");
    }
    // The four settings count too.
    let open = ScreenSettings {
        usable: true,
        root: true,
        billing_types: vec!["standard".into()],
        permission: PermissionKind::PerRole,
    };
    let closed = [
        ScreenSettings { usable: false, ..open.clone() },
        ScreenSettings { billing_types: vec!["light".into()], ..open.clone() },
        ScreenSettings { permission: PermissionKind::Administrators, ..open.clone() },
    ];
    for settings in closed {
        set(&running, "customer_list", settings.clone()).await;
        assert!(denied(&list(second.clone()).await), "{settings:?}");
        set(&running, "customer_list", open.clone()).await;
        assert!(list(second.clone()).await.is_ok());
    }
    // Not in the menu is not closed: a root function is about menus only.
    set(&running, "customer_list", ScreenSettings { root: false, ..open }).await;
    assert!(list(second.clone()).await.is_ok());
    let menu = second.menu(&reader).await.expect("a menu");
    assert!(!menu.iter().any(|service| service.screens.iter().any(|screen| screen.name == "customer_list")));
}

#[tokio::test]
async fn a_write_decided_on_old_rights_changes_nothing() {
    let running = Running::start().await;
    let second = running.second_server();
    let sales = running.caller(SALES).await;
    let record = customer(&second, &sales, "C1", "山本 健").await;
    grant(&running, running.sales, "customer_form", Actions::default()).await;
    let refused = second.record_create(&sales, "crm", "customer", typed(&[("number", "C2"), ("name", "x")])).await;
    assert!(denied(&refused), "{refused:?}");
    let refused = second
        .record_update(&sales, ("crm", "customer"), record, 1, typed(&[("rank", "A")]), app::record::Mode::Named)
        .await;
    assert!(denied(&refused), "{refused:?}");
    assert_eq!(running.database.number("SELECT count(*) FROM svc_crm.customer WHERE version = 1").await, 1);
}

#[tokio::test]
async fn saving_a_matrix_that_somebody_else_changed_is_refused() {
    let running = Running::start().await;
    let admin = running.caller(ADMIN).await;
    let epoch = running.app.matrix(&admin).await.expect("the matrix").epoch;
    grant(&running, running.reading, "customer_list", Actions::default()).await;
    let change = |screen: &str, role| MatrixChange {
        service: "crm".into(),
        screen: screen.into(),
        settings: None,
        grants: vec![(role, Actions(1))],
    };
    let refused = running.app.save_matrix(&admin, epoch, vec![change("deal_list", running.sales)], "").await;
    assert!(matches!(refused, Err(Error::Refused(app::Refusal::MatrixChanged))), "{refused:?}");
    let epoch = running.app.matrix(&admin).await.expect("the matrix").epoch;
    for (screen, role) in [("none", running.sales), ("deal_list", uuid::Uuid::nil().into())] {
        let refused = running.app.save_matrix(&admin, epoch, vec![change(screen, role)], "").await;
        assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    }
    // Actions that do not exist on a screen are granted by nobody.
    grant(&running, running.reading, "customer_list", Actions(31)).await;
    let matrix = running.app.matrix(&admin).await.expect("the matrix");
    let row = matrix.services[0].screens.iter().find(|row| row.screen.name == "customer_list").expect("it is there");
    let column = matrix.roles.iter().position(|role| role.id == running.reading).expect("it is there");
    assert_eq!(row.grants[column], Actions(1));
}

#[tokio::test]
async fn administrators_pages_are_closed_to_others_and_say_so_in_the_log() {
    let running = Running::start().await;
    let reader = running.caller(READER).await;
    let before = entries(&running, Verb::AccessDenied).await;
    let app = &running.app;
    let mut refused = vec![
        app.members(&reader).await.is_err_and(|error| matches!(error, Error::NotAdministrator)),
        app.roles(&reader).await.is_err_and(|error| matches!(error, Error::NotAdministrator)),
        app.matrix(&reader).await.is_err_and(|error| matches!(error, Error::NotAdministrator)),
        app.audit(&reader, app::audit::AuditFilter::default(), None)
            .await
            .is_err_and(|error| matches!(error, Error::NotAdministrator)),
    ];
    let change = MemberChange { administrator: true, ..MemberChange::default() };
    let acts = [
        app.invite(&reader, "x@example.jp", "x", change.clone()).await,
        app.change_member(&reader, reader.user, change).await,
        app.set_active(&reader, reader.user, true).await,
        app.create_role(&reader, "x").await.map(drop),
        app.rename_role(&reader, running.sales, "x").await,
        app.delete_role(&reader, running.sales).await,
        app.save_matrix(&reader, 0, Vec::new(), "").await,
        app.apply_proposed(&reader, "crm").await,
    ];
    refused.extend(acts.iter().map(|act| matches!(act, Err(Error::NotAdministrator))));
    assert!(refused.iter().all(|refused| *refused), "{refused:?} {acts:?}");
    assert_eq!(entries(&running, Verb::AccessDenied).await - before, refused.len() as i64);
}

#[tokio::test]
async fn another_tenants_administrator_reaches_nothing_of_this_one() {
    let running = Running::start().await;
    let (sales, other) = (running.caller(SALES).await, running.caller(OTHER).await);
    let record = customer(&running.app, &sales, "C1", "山本 健").await;
    let role = running.app.create_role(&other, "営業").await.expect("a role");
    let matrix = running.app.matrix(&other).await.expect("the matrix");
    let all = matrix.services.iter().flat_map(|service| {
        service.screens.iter().map(|row| MatrixChange {
            service: service.service.name.clone(),
            screen: row.screen.name.clone(),
            settings: None,
            grants: vec![(role, Actions(31))],
        })
    });
    running.app.save_matrix(&other, matrix.epoch, all.collect(), "").await.expect("saved");
    let change = MemberChange { administrator: true, roles: vec![role], billing_types: vec!["standard".into()] };
    running.app.change_member(&other, other.user, change).await.expect("changed");
    let job = running
        .app
        .import_begin(&sales, "crm", "customer", "a.csv")
        .await
        .expect("received")
        .finish()
        .await
        .expect("queued");
    let before = entries(&running, Verb::RecordNotFound).await;
    let place = ("crm", "customer");
    let app = &running.app;
    let acts = [
        app.record_detail(&other, "crm", "customer", record).await.map(drop),
        app.record_reveal(&other, "crm", "customer", record).await.map(drop),
        app.record_form(&other, "crm", "customer", Some(record)).await.map(drop),
        app.record_update(&other, place, record, 1, typed(&[("rank", "A")]), app::record::Mode::Named).await.map(drop),
        app.record_delete(&other, place, record, 1).await,
    ];
    assert!(acts.iter().all(|act| matches!(act, Err(Error::NotFound))), "{acts:?}");
    assert_eq!(entries(&running, Verb::RecordNotFound).await - before, 5, "each is entered");
    assert!(
        app.record_list(&other, "crm", "customer", ListQuery::default(), true)
            .await
            .expect("a list")
            .records
            .is_empty()
    );
    // A reference across the wall leads nowhere.
    let deal = [("number", "D1"), ("customer", &record.to_string()), ("subject", "x"), ("stage", "lead")];
    assert_eq!(
        crate::faults(app.record_create(&other, "crm", "deal", typed(&deal)).await),
        [("customer".to_owned(), "missing_reference")]
    );
    assert_eq!(entries(&running, Verb::RecordNotFound).await - before, 5 + 1, "and so is that");
    for act in [
        app.change_member(&other, sales.user, MemberChange::default()).await,
        app.set_active(&other, sales.user, false).await,
        app.rename_role(&other, running.sales, "x").await,
        app.delete_role(&other, running.sales).await,
        app.member(&other, sales.user).await.map(drop),
        app.role(&other, running.sales).await.map(drop),
        app.enter_tenant(&other, sales.tenant).await.map(drop),
        app.import_status(&other, "crm", "customer", job).await.map(drop),
    ] {
        assert!(matches!(act, Err(Error::NotFound)), "{act:?}");
    }
    assert_eq!(entries(&running, Verb::RecordNotFound).await - before, 5 + 1 + 8, "each of these too");
    let foreign = MemberChange { roles: vec![running.sales], administrator: true, ..MemberChange::default() };
    assert_eq!(
        crate::faults(app.change_member(&other, other.user, foreign).await),
        [("roles".to_owned(), "missing_reference")]
    );
    assert_eq!(app.roles(&running.caller(ADMIN).await).await.expect("roles").len(), 2);
}
