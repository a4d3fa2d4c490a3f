//! What bad input gets: a clear answer that names the field, never a 500; and what every answer carries.

use crate::site::Site;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use testkit::running::SALES;

const LIST: &str = "/app/s/crm/customer";
const API: &str = "/api/v1/services/crm/customer";

#[tokio::test(flavor = "multi_thread")]
async fn hostile_queries_get_a_page_that_names_the_field() {
    let site = Site::start().await;
    for (query, status, named) in [
        ("f.name.has=%ED%A0%80", 400, "f.name.has"),
        ("f.name.has=a%00b", 400, "f.name.has"),
        ("f.rank=A&f.rank=B", 400, "rank"),
        ("cursor=nonsense", 400, ""),
        ("sort=nonsense", 422, "nonsense"),
        ("f.registered_on.from=yesterday", 422, "登録日"),
        ("f.name.has=%07", 422, "氏名"),
        ("f.nonsense=1", 422, "nonsense"),
    ] {
        let answer = site.get(&format!("{LIST}?{query}"), Some(SALES)).await;
        assert_eq!(answer.status.as_u16(), status, "{query}");
        assert!(answer.body.contains(named), "{query} does not name {named}");
    }
    let long = "あ".repeat(2_000);
    let answer = site.get(&format!("{LIST}{}", web::page::query([("f.name.has", long.as_str())])), Some(SALES)).await;
    assert_eq!(answer.status.as_u16(), 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_the_wrong_kind_or_size_are_refused() {
    let site = Site::start().await;
    let new = format!("{LIST}/new");
    for (path, content_type, body, status) in [
        (new.as_str(), "text/plain", "a=1".to_owned(), 415),
        (new.as_str(), "application/x-www-form-urlencoded", "x".repeat(300 * 1024), 413),
        (new.as_str(), "application/x-www-form-urlencoded", "csrf=00".to_owned(), 403),
        (API, "application/x-www-form-urlencoded", "a=1".to_owned(), 415),
        (API, "text/plain", "{}".to_owned(), 415),
        (API, "application/json", "{".to_owned(), 400),
        (API, "application/json", format!("{{\"values\":{{\"number\":\"{}\"}}}}", "x".repeat(300 * 1024)), 413),
        (API, "application/json", r#"{"values":{"number":"\ud800"}}"#.to_owned(), 400),
        (API, "application/json", r#"{"values":{"nonsense":"1"}}"#.to_owned(), 422),
    ] {
        let request = site.request("POST", path, Some(SALES)).await.header(header::CONTENT_TYPE, content_type);
        let answer = site.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(answer.status.as_u16(), status, "{path} {content_type}");
        if path == API {
            assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json");
            assert_eq!(answer.json()["status"], status);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_site_sends_is_refused() {
    let site = Site::start().await;
    let token = site.form_token(SALES).await;
    let request = Request::builder().method("POST").uri(format!("{LIST}/new"));
    let request = request.header(header::HOST, "struct.example.jp").header(header::ORIGIN, "https://evil.example");
    let request = request.header(header::COOKIE, site.cookie(SALES).await).header("sec-fetch-site", "cross-site");
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = site.send(request.body(Body::from(format!("csrf={token}&r.number=C1"))).unwrap()).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.body.contains("ほかのサイト"));
    // A link on another site must not start an extraction either.
    let request = Request::builder().uri(format!("{API}/extract?format=csv")).header("sec-fetch-site", "cross-site");
    let request = request.header(header::COOKIE, site.cookie(SALES).await);
    assert_eq!(site.send(request.body(Body::empty()).unwrap()).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_without_the_token_of_its_session_changes_nothing() {
    let site = Site::start().await;
    let id = site.customer("C000001").await;
    for token in ["", "00", "g", &"0".repeat(80)] {
        let request = site.request("POST", &format!("{LIST}/{id}/delete"), Some(SALES)).await;
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = site.send(request.body(Body::from(format!("version=1&csrf={token}"))).unwrap()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(site.get(&format!("{LIST}/{id}"), Some(SALES)).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_exist_is_not_found_whatever_its_address_looks_like() {
    let site = Site::start().await;
    for path in [
        "/nonsense",
        "/app/s/crm/nonsense",
        "/app/s/nonsense/customer",
        "/app/s/crm/customer/not-an-id",
        "/app/s/crm/customer/01924d5a-7c00-7abc-8def-0123456789ab",
        "/app/s/crm%00/customer",
        "/app/s/crm/customer/import/not-an-id",
        "/api/v1/services/crm/customer/01924d5a-7c00-7abc-8def-0123456789ab",
        "/assets/nonsense.css",
    ] {
        let answer = site.get(path, Some(SALES)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(site.get("/app/s/%FF/customer", Some(SALES)).await.status, StatusCode::BAD_REQUEST);
    let wrong = site.request("PUT", "/app", Some(SALES)).await.body(Body::empty()).unwrap();
    assert_eq!(site.send(wrong).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_its_request_id_and_the_headers_that_protect_it() {
    let site = Site::start().await;
    for path in ["/healthz", "/app", "/nonsense", "/api/v1/services/crm/customer", LIST] {
        for who in [None, Some(SALES)] {
            let answer = site.get(path, who).await;
            for (name, part) in [
                ("content-security-policy", "default-src 'none'"),
                ("strict-transport-security", "max-age="),
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", "same-origin"),
                ("cross-origin-opener-policy", "same-origin"),
                ("permissions-policy", "camera=()"),
                ("cache-control", "no-store"),
            ] {
                let value = answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
                assert!(value.contains(part), "{path}: {name} is {value:?}");
            }
            assert!(answer.headers["x-request-id"].to_str().unwrap().parse::<uuid::Uuid>().is_ok());
        }
    }
    let asset = site.get(web::assets::css(), None).await;
    assert!(asset.headers["cache-control"].to_str().unwrap().contains("immutable"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_language_is_switched_by_a_link_and_remembered() {
    let site = Site::start().await;
    let answer = site.get(&format!("{LIST}?lang=en"), Some(SALES)).await;
    assert!(answer.body.contains("<html lang=\"en\">"));
    let set = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(set.starts_with("__Host-lang=en;"), "{set}");
    let cookie = format!("{}; __Host-lang=en", site.cookie(SALES).await);
    let request = Request::builder().uri(LIST).header(header::COOKIE, cookie).body(Body::empty()).unwrap();
    assert!(site.send(request).await.body.contains("<html lang=\"en\">"));
    assert!(site.get(LIST, Some(SALES)).await.body.contains("<html lang=\"ja\">"));
}
