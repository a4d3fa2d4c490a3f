//! The operator's listener: nobody comes in without a link, a link opens one session, and neither side's session opens
//! anything on the other.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use jiff::SignedDuration;
use testkit::running::{ADMIN, Running};
use tower::ServiceExt;
use web::{OPS_ROUTES, Who};

const NOT_A_LINK: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

struct Desk {
    running: Running,
    router: Router,
}

impl Desk {
    async fn open() -> Self {
        let running = Running::start().await;
        let router = web::ops_router(running.app.clone(), web::Options::default());
        Self { running, router }
    }

    async fn ask(&self, method: &str, path: &str, cookie: &str, body: &str) -> Response<Body> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost:8444")
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, cookie)
            .body(Body::from(body.to_owned()))
            .unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn link(&self) -> String {
        self.running.operator.operator_link("森下 直人").await.unwrap()
    }

    /// Comes in by a new link: the cookie.
    async fn enter(&self) -> String {
        let link = self.link().await;
        let answer = self.ask("POST", &format!("/enter/{link}"), "", "").await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let set = answer.headers()[header::SET_COOKIE].to_str().unwrap();
        assert!(set.contains("SameSite=Strict") && set.contains("HttpOnly") && set.contains("Secure"), "{set}");
        set.split(';').next().unwrap().to_owned()
    }
}

async fn text(answer: Response<Body>) -> String {
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

fn token_of(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"csrf\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_through_an_operators_route_without_an_operators_session() {
    let desk = Desk::open().await;
    let member = format!("{}={}", web::cookie::SESSION, desk.running.sign_in(ADMIN).await);
    let forged = format!("{}={NOT_A_LINK}", web::cookie::OPERATOR);
    let theirs = format!("{}={}", web::cookie::OPERATOR, desk.running.sign_in(ADMIN).await);
    for route in OPS_ROUTES.iter().filter(|route| route.who == Who::Operator) {
        for cookie in ["", &member, &forged, &theirs] {
            let answer = desk.ask(route.method, route.path, cookie, "").await;
            let turned_away = answer.status() == StatusCode::UNAUTHORIZED || answer.status() == StatusCode::SEE_OTHER;
            assert!(turned_away, "{} {} {}", route.method, route.path, answer.status());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_opens_one_session_and_only_when_a_person_says_so() {
    let desk = Desk::open().await;
    let path = format!("/enter/{}", desk.link().await);
    for _ in 0..2 {
        let asked = desk.ask("GET", &path, "", "").await;
        assert_eq!(asked.status(), StatusCode::OK);
        assert!(asked.headers().get(header::SET_COOKIE).is_none());
        assert!(text(asked).await.contains("森下 直人"));
    }
    let (one, two) = tokio::join!(desk.ask("POST", &path, "", ""), desk.ask("POST", &path, "", ""));
    let mut statuses = [one.status(), two.status()];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::GONE]);
    assert_eq!(desk.ask("GET", &path, "", "").await.status(), StatusCode::GONE);
    assert_eq!(desk.ask("POST", &format!("/enter/{NOT_A_LINK}"), "", "").await.status(), StatusCode::GONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_link_and_an_old_session_open_nothing() {
    let desk = Desk::open().await;
    let (path, cookie) = (format!("/enter/{}", desk.link().await), desk.enter().await);
    desk.running.clock.advance(SignedDuration::from_secs(9 * 60));
    assert_eq!(desk.ask("GET", &path, "", "").await.status(), StatusCode::OK);
    desk.running.clock.advance(SignedDuration::from_secs(61));
    assert_eq!(desk.ask("POST", &path, "", "").await.status(), StatusCode::GONE);
    assert_eq!(desk.ask("GET", "/", &cookie, "").await.status(), StatusCode::OK);
    desk.running.clock.advance(SignedDuration::from_hours(8));
    assert_eq!(desk.ask("GET", "/", &cookie, "").await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_needs_the_forms_token_and_ends_the_session() {
    let desk = Desk::open().await;
    let cookie = desk.enter().await;
    let page = text(desk.ask("GET", "/", &cookie, "").await).await;
    assert_eq!(desk.ask("POST", "/leave", &cookie, "csrf=00").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(desk.ask("GET", "/", &cookie, "").await.status(), StatusCode::OK);
    let body = format!("csrf={}", token_of(&page));
    assert_eq!(desk.ask("POST", "/leave", &cookie, &body).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(desk.ask("GET", "/", &cookie, "").await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_did_stands_in_the_platforms_log_without_a_name() {
    let desk = Desk::open().await;
    desk.enter().await;
    let root = desk.running.database.root().await;
    let rows = root.query("SELECT convert_from(body, 'UTF8') FROM struct.platform_entry", &[]).await.unwrap();
    let bodies: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    for verb in ["operator.linked", "operator.entered"] {
        assert!(bodies.iter().any(|body| body.contains(verb)), "{verb} in {bodies:?}");
    }
    assert!(!bodies.iter().any(|body| body.contains("森下")), "{bodies:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_itself_can_make_no_link() {
    let desk = Desk::open().await;
    assert!(desk.running.app.operator_link("誰か").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_backups_says_that_they_are_switched_off_and_an_order_tells_why_it_does_nothing() {
    let desk = Desk::open().await;
    let cookie = desk.enter().await;
    let page = text(desk.ask("GET", "/backup", &cookie, "").await).await;
    assert!(page.contains("バックアップを取得していません") && page.contains("data-state=\"bad\""), "{page}");
    assert!(!page.contains("差分をいま取得する"));
    let token = token_of(&page);
    let order = async |kind: &str| desk.ask("POST", "/backup", &cookie, &format!("csrf={token}&kind={kind}")).await;
    assert_eq!(order("everything").await.status(), StatusCode::BAD_REQUEST);
    let answer = order("full").await;
    assert_eq!(answer.headers()[header::LOCATION], "/backup?done=backup_off");
    assert_eq!(desk.ask("POST", "/backup", &cookie, "csrf=00&kind=full").await.status(), StatusCode::FORBIDDEN);
}
