//! Every route, enumerated from the table: refused to those who may not, and leaving an entry where it changes something.

use crate::site::{Answer, Site};
use axum::body::Body;
use axum::http::{StatusCode, header};
use testkit::running::{NOBODY, OTHER, READER, SALES};
use web::{ROUTES, Route, Who};

const JOB: &str = "01924d5a-7c00-7abc-8def-0123456789ab";

/// The route's path with real things in place of its parameters.
fn path(route: &Route, id: &str) -> String {
    let path = route.path.replace("{service}", "crm").replace("{entity}", "customer");
    path.replace("{id}", id)
        .replace("{job}", JOB)
        .replace("{user}", JOB)
        .replace("{entry}", JOB)
        .replace("{role}", JOB)
        .replace("{tenant}", JOB)
        .replace("{token}", JOB)
        .replace("{subscriber}", JOB)
        .replace("{walk}", JOB)
        .replace("{log}", JOB)
        .replace("{*path}", "checkpoint")
        .replace("{session}", JOB)
        .replace("{sign}", JOB)
        .replace("{hold}", JOB)
        .replace("{stream}", JOB)
}

/// Asks for a route in the form it takes.
async fn ask(site: &Site, route: &Route, id: &str, who: &str) -> Answer {
    let path = path(route, id);
    match route.method {
        "GET" if path.starts_with("/api/") => site.get(&format!("{path}?format=csv"), Some(who)).await,
        "GET" => site.get(&path, Some(who)).await,
        "POST" if path.ends_with("/import") => site.upload(&path, who, "顧客番号,氏名\r\nC1,山田 花子\r\n").await,
        "POST" if !path.starts_with("/api/") => site.post(&path, who, &[("version", "1"), ("format", "csv")]).await,
        method => site.json(method, &format!("{path}?version=1"), Some(who), r#"{"version":1,"values":{}}"#).await,
    }
}

fn guarded() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(|route| route.who != Who::Anyone)
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_through_any_route_without_signing_in() {
    let site = Site::start().await;
    let id = site.customer("C000001").await.to_string();
    for route in guarded() {
        let builder = site.request(route.method, &path(route, &id), None).await;
        let builder = builder.header(header::CONTENT_TYPE, "application/json");
        let answer = site.send(builder.body(Body::from("{}")).unwrap()).await;
        let to_sign_in = answer.status == StatusCode::SEE_OTHER && answer.location().starts_with("/signin?next=");
        assert!(
            to_sign_in || answer.status == StatusCode::UNAUTHORIZED,
            "{} {}: {}",
            route.method,
            route.path,
            answer.status
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_without_a_role_is_refused_on_every_screen() {
    let site = Site::start().await;
    let id = site.customer("C000001").await.to_string();
    for route in guarded() {
        if matches!(route.who, Who::Screen(..)) {
            let answer = ask(&site, route, &id, NOBODY).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{} {}", route.method, route.path);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_administrators_get_through_routes_of_administrators() {
    let site = Site::start().await;
    for route in guarded().filter(|route| route.who == Who::Administrator) {
        let answer = ask(&site, route, JOB, SALES).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{} {}", route.method, route.path);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_only_look_changes_nothing() {
    let site = Site::start().await;
    let id = site.customer("C000001").await.to_string();
    let looks = |route: &Route| matches!(route.who, Who::Screen(_, domain::screen::Action::View));
    for route in guarded().filter(|route| matches!(route.who, Who::Screen(..)) && !looks(route)) {
        let answer = ask(&site, route, &id, READER).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{} {}", route.method, route.path);
    }
    let detail = site.json("GET", &format!("/api/v1/services/crm/customer/{id}"), Some(READER), "").await;
    assert_eq!(detail.json()["version"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_record_is_found_by_no_route() {
    let site = Site::start().await;
    let id = site.customer("C000001").await.to_string();
    let admin = site.running.caller(OTHER).await;
    grant_everything(&site, &admin).await;
    for route in guarded().filter(|route| route.path.contains("{id}")) {
        let answer = ask(&site, route, &id, OTHER).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{} {}", route.method, route.path);
    }
}

/// The other tenant's administrator holds every right on every screen of theirs.
async fn grant_everything(site: &Site, admin: &app::Caller) {
    let app = &site.running.app;
    let role = app.create_role(admin, "全員").await.unwrap();
    let matrix = app.matrix(admin).await.unwrap();
    let changes = matrix.services.iter().flat_map(|service| {
        service.screens.iter().map(|row| app::screen::MatrixChange {
            service: service.service.name.clone(),
            screen: row.screen.name.clone(),
            settings: None,
            grants: vec![(role, row.screen.kind.actions())],
        })
    });
    app.save_matrix(admin, matrix.epoch, changes.collect(), "test").await.unwrap();
    let change =
        app::user::MemberChange { administrator: true, roles: vec![role], billing_types: vec!["standard".to_owned()] };
    app.change_member(admin, admin.user, change).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_changing_route_of_records_leaves_an_entry() {
    let site = Site::start().await;
    for (number, route) in guarded().filter(|route| route.changes).enumerate() {
        if !matches!(route.who, Who::Screen(..)) {
            continue;
        }
        let id = site.customer(&format!("C{number:06}")).await.to_string();
        let before = entries(&site).await;
        let answer = change(&site, route, &id, number).await;
        assert!(answer.status.as_u16() < 400, "{} {}: {} {}", route.method, route.path, answer.status, answer.body);
        let after = entries(&site).await;
        assert!(after > before, "{} {} left no entry", route.method, route.path);
    }
}

/// Asks for a changing route so that it succeeds.
async fn change(site: &Site, route: &Route, id: &str, number: usize) -> Answer {
    let path = path(route, id);
    let name = format!("N{number}");
    let fields = [("version", "1"), ("format", "csv"), ("r.number", name.as_str()), ("r.name", "山田 花子")];
    let values = format!(r#"{{"values":{{"number":"{name}","name":"山田 花子"}},"version":1}}"#);
    match route.method {
        "GET" if path.ends_with("/extract") => site.get(&format!("{path}?format=ndjson"), Some(SALES)).await,
        "GET" => site.get(&path, Some(SALES)).await,
        "POST" if path.ends_with("/import") => site.upload(&path, SALES, "顧客番号,氏名\r\nC1,山田 花子\r\n").await,
        "POST" if !path.starts_with("/api/") => site.post(&path, SALES, &fields).await,
        "DELETE" => site.json("DELETE", &format!("{path}?version=1"), Some(SALES), "").await,
        method => site.json(method, &path, Some(SALES), &values).await,
    }
}

async fn entries(site: &Site) -> usize {
    let caller = site.running.caller(SALES).await;
    let (mut seen, mut cursor) = (0, None);
    loop {
        let page = site.running.app.activity(&caller, cursor.as_deref()).await.unwrap();
        seen += page.entries.len();
        match page.next {
            Some(next) => cursor = Some(next),
            None => return seen,
        }
    }
}

#[tokio::test]
async fn the_plain_listener_leads_to_https_and_answers_a_challenge_that_was_ordered() {
    use tower::ServiceExt as _;
    let ordered = |token: &str| (token == "ordered").then(|| "ordered.thumbprint".to_owned());
    let router = web::redirect_router(8443, ordered);
    let ask = async |method: &str, path: &str| {
        let request = axum::http::Request::builder().method(method).uri(path).header("host", "struct.example.jp:8080");
        router.clone().oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap()
    };
    let challenge = "/.well-known/acme-challenge";
    let unknown = format!("{challenge}/unknown");
    for (method, path) in [("GET", "/app?x=1"), ("POST", "/signin"), ("GET", unknown.as_str()), ("GET", challenge)] {
        let answer = ask(method, path).await;
        assert_eq!(answer.status().as_u16(), 308, "{method} {path}");
        assert_eq!(answer.headers()["location"], format!("https://struct.example.jp:8443{path}"));
    }
    let answer = ask("GET", &format!("{challenge}/ordered")).await;
    assert_eq!(answer.status().as_u16(), 200);
    let body = axum::body::to_bytes(answer.into_body(), 1_000).await.unwrap();
    assert_eq!(&body[..], b"ordered.thumbprint");
}
