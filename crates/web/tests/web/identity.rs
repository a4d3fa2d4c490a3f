//! Who somebody is, as a browser and an attacker send it: recovery, devices, sessions, and that nothing tells which addresses
//! have an account. Attacks first.

use crate::site::{Answer, Site};
use app::mail::Letter;
use axum::body::Body;
use axum::http::{StatusCode, header};
use std::collections::BTreeSet;
use testkit::running::{ADMIN, PASSWORD, READER, SALES, token};
use web::ROUTES;

const NEW: &str = "an entirely new passphrase 7";

async fn post(site: &Site, path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Answer {
    let mut request = axum::http::Request::builder().method("POST").uri(path);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header(header::HOST, "struct.example.jp");
    }
    request = request.header("sec-fetch-site", "same-origin");
    request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let body = web::page::query(fields.iter().copied()).trim_start_matches('?').to_owned();
    site.send(request.body(Body::from(body)).unwrap()).await
}

fn set_cookie<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    let set = answer.headers.get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    set.filter(|text| text.starts_with(name)).filter_map(|text| text.split(';').next()).next()
}

async fn sign_in(site: &Site, cookie: &str, email: &str, password: &str) -> Answer {
    post(site, "/signin", &[("cookie", cookie)], &[("email", email), ("password", password)]).await
}

async fn get(site: &Site, path: &str, cookie: &str) -> Answer {
    let request = site.request("GET", path, None).await.header(header::COOKIE, cookie);
    site.send(request.body(Body::empty()).unwrap()).await
}

async fn letters(site: &Site, to: &str) -> Vec<Letter> {
    let letters = site.running.app.demo_mails(1_000).await.unwrap().unwrap();
    letters.into_iter().filter(|letter| letter.to == to).collect()
}

/// The newest link of a kind mailed to an address, once it is there.
async fn link(site: &Site, to: &str, kind: &str) -> String {
    for _ in 0..500 {
        let found = letters(site, to).await.into_iter().find_map(|letter| {
            letter.text.lines().map(str::trim).find(|line| line.contains(&format!("/{kind}/"))).map(str::to_owned)
        });
        if let Some(link) = found {
            return link;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("no mail about {kind}");
}

/// What an answer says, without what is another in each: the request's id, the instant, what was typed.
fn said(answer: &Answer, typed: &str) -> (StatusCode, Vec<(String, String)>, String) {
    let headers = answer.headers.iter().filter(|(name, _)| name.as_str() != "x-request-id");
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()));
    let body = answer.body.replace(typed, "").split("<footer").next().unwrap_or_default().to_owned();
    (answer.status, headers.collect(), body)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_in_an_answer_tells_which_addresses_have_an_account() {
    let site = Site::start().await;
    let pair = async |path: &str, password: &str| {
        let mut both = Vec::new();
        // As long as the known one: the page keeps what was typed, and so has its length.
        for email in [READER.to_owned(), format!("z{}", &READER[1..])] {
            let answer = post(&site, path, &[], &[("email", &email), ("password", password)]).await;
            both.push(said(&answer, &email));
        }
        assert_eq!(both[0], both[1], "{path}");
        both.remove(0)
    };
    for _ in 0..10 {
        assert_eq!(pair("/signin", "not the password at all").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    }
    // From now on both have to wait, and both for the same time, whatever is typed.
    for _ in 0..3 {
        let (status, headers, body) = pair("/signin", PASSWORD).await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
        assert!(headers.contains(&("retry-after".to_owned(), "900".to_owned())));
        assert!(body.contains("次に試せるのは") && body.contains("<time"));
    }
    for _ in 0..5 {
        assert_eq!(pair("/recovery", "").await.0, StatusCode::OK);
    }
    // Invitations: a link of a tenant that is there, of one that is not, and what is no link at all.
    let tenant = site.cookie(SALES).await;
    let tenant = tenant.split_once('=').unwrap().1.split_once('.').unwrap().0.to_owned();
    let links =
        [format!("{tenant}.{}", "A".repeat(43)), format!("{}.{}", "A".repeat(22), "A".repeat(43)), "x".repeat(66)];
    for method in ["GET", "POST"] {
        let mut answers = Vec::new();
        for link in &links {
            let path = format!("/invitation/{link}");
            let answer = match method {
                "GET" => site.get(&path, None).await,
                _ => post(&site, &path, &[], &[("password", NEW)]).await,
            };
            answers.push(said(&answer, link));
        }
        assert!(answers[0].0 == StatusCode::GONE && answers.windows(2).all(|two| two[0] == two[1]), "{method}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_header_of_an_attacker_stands_in_no_mail() {
    let site = Site::start().await;
    let hostile = [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "host=evil.example"),
        ("x-forwarded-proto", "http"),
        ("x-original-host", "evil.example"),
    ];
    let answer = post(&site, "/recovery", &hostile, &[("email", SALES)]).await;
    assert!(answer.status == StatusCode::OK && !answer.body.contains("evil.example"));
    let answer = post(&site, "/signin", &hostile, &[("email", SALES), ("password", PASSWORD)]).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/app"));
    site.running.app.tell_of_devices().await.unwrap();
    for kind in ["recovery", "device"] {
        assert!(link(&site, SALES, kind).await.starts_with(&format!("https://struct.example.jp/{kind}/")));
    }
    assert!(letters(&site, SALES).await.iter().all(|letter| !letter.text.contains("evil")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_password_is_replaced_and_the_link_signs_nobody_in() {
    let site = Site::start().await;
    let before = sign_in(&site, "", SALES, PASSWORD).await;
    let session = set_cookie(&before, "__Host-session").unwrap().to_owned();
    assert!(site.get("/signin", None).await.body.contains("href=\"/recovery\""));
    post(&site, "/recovery", &[], &[("email", SALES)]).await;
    let path = format!("/recovery/{}", token(&link(&site, SALES, "recovery").await));
    let form = site.get(&path, None).await;
    assert!(form.status == StatusCode::OK && form.body.contains(SALES));
    let short = post(&site, &path, &[], &[("password", "short")]).await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = post(&site, &path, &[], &[("password", NEW)]).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/signin?done=recovered"));
    assert_eq!(set_cookie(&done, "__Host-session"), Some("__Host-session="), "no session is opened");
    assert_eq!(get(&site, "/app", &session).await.location(), "/signin?next=%2Fapp");
    for answer in [site.get(&path, None).await, post(&site, &path, &[], &[("password", NEW)]).await] {
        assert_eq!(answer.status, StatusCode::GONE, "a token works once");
    }
    assert_eq!(sign_in(&site, "", SALES, PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(sign_in(&site, "", SALES, NEW).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_and_a_device_that_somebody_else_chose_are_never_taken_over() {
    let site = Site::start().await;
    let fixed = format!(
        "__Host-session={}.{}; __Host-device={}.{}",
        "A".repeat(22),
        "B".repeat(43),
        "C".repeat(43),
        "D".repeat(22)
    );
    let answer = sign_in(&site, &fixed, SALES, PASSWORD).await;
    let session = set_cookie(&answer, "__Host-session").unwrap();
    assert!(!session.contains("BBBB"));
    assert_eq!(get(&site, "/app", &fixed).await.location(), "/signin?next=%2Fapp");
    // A device that is the attacker's, put into the victim's browser, is not the victim's afterwards.
    let attacker = sign_in(&site, "", READER, PASSWORD).await;
    let planted = set_cookie(&attacker, "__Host-device").unwrap().to_owned();
    let victim = sign_in(&site, &planted, SALES, PASSWORD).await;
    assert_ne!(set_cookie(&victim, "__Host-device"), Some(planted.as_str()));
    let known =
        "SELECT count(*) FROM struct.device d JOIN struct.device e USING (token_hash) WHERE d.user_id <> e.user_id";
    assert_eq!(site.running.database.number(known).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_cookie_opens_nothing_after_the_owner_signed_out_or_ended_it_elsewhere() {
    let site = Site::start().await;
    let mut cookies = Vec::new();
    for _ in 0..3 {
        let answer = sign_in(&site, "", SALES, PASSWORD).await;
        cookies.push(set_cookie(&answer, "__Host-session").unwrap().to_owned());
    }
    let csrf =
        |page: &Answer| page.body.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let page = get(&site, "/app/sessions", &cookies[0]).await;
    assert!(page.status == StatusCode::OK && page.body.contains("この端末"));
    let ended =
        post(&site, "/signout", &[("cookie", &cookies[1])], &[("csrf", &csrf(&get(&site, "/app", &cookies[1]).await))])
            .await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER);
    let done = post(&site, "/app/sessions/end", &[("cookie", &cookies[0])], &[("csrf", &csrf(&page))]).await;
    assert_eq!(done.location(), "/app/sessions?done=sessions_ended");
    for stolen in &cookies[1..] {
        assert_eq!(get(&site, "/app", stolen).await.location(), "/signin?next=%2Fapp");
    }
    assert_eq!(get(&site, "/app", &cookies[0]).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn not_me_is_said_without_signing_in_by_a_button_and_not_by_a_program_that_looks() {
    let site = Site::start().await;
    let thief = sign_in(&site, "", SALES, PASSWORD).await;
    let thief = set_cookie(&thief, "__Host-session").unwrap().to_owned();
    site.running.app.tell_of_devices().await.unwrap();
    let path = format!("/device/{}", token(&link(&site, SALES, "device").await));
    for _ in 0..3 {
        assert!(site.get(&path, None).await.body.contains("身に覚えがない"));
    }
    assert_eq!(get(&site, "/app", &thief).await.status, StatusCode::OK, "looking did nothing");
    let done = post(&site, &path, &[], &[]).await;
    assert!(done.status == StatusCode::OK && done.body.contains("href=\"/recovery\""));
    assert_eq!(get(&site, "/app", &thief).await.location(), "/signin?next=%2Fapp");
    assert_eq!(post(&site, &path, &[], &[]).await.status, StatusCode::GONE);
    let admin = site.running.caller(ADMIN).await;
    let members = site.running.app.members(&admin).await.unwrap();
    let user = members.into_iter().find(|member| member.email == SALES).unwrap().user;
    let page = format!("/app/admin/users/{user}");
    assert!(site.get(&page, Some(ADMIN)).await.body.contains("停止を解除する"));
    let lifted = site.post(&format!("{page}/unfreeze"), ADMIN, &[]).await;
    assert_eq!(lifted.status, StatusCode::SEE_OTHER);
    assert!(!site.get(&page, Some(ADMIN)).await.body.contains("停止を解除する"));
}

/// Words by which any way of signing in with an account held elsewhere would be known.
const FEDERATION: [&str; 13] = [
    "oauth",
    "oidc",
    "openid",
    "saml",
    "ldap",
    "kerberos",
    "sso",
    "federat",
    "scim",
    "webfinger",
    "social",
    "gssapi",
    "idp",
];

fn federates(name: &str) -> bool {
    let parts: BTreeSet<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let whole = name.to_ascii_lowercase();
    FEDERATION.iter().any(|word| if word.len() <= 4 { parts.contains(word) } else { whole.contains(word) })
}

#[tokio::test]
async fn there_is_no_crate_route_table_or_setting_of_a_federated_sign_in() {
    assert!(
        ["/oauth/callback", "sso_url", "openidconnect", "user.saml"].iter().all(|name| federates(name)),
        "it sees them"
    );
    let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let lock = std::fs::read_to_string(root.join("Cargo.lock")).unwrap();
    let crates = lock.lines().filter_map(|line| line.strip_prefix("name = "));
    let mut names: Vec<String> = crates.map(|name| name.trim_matches('"').to_owned()).collect();
    assert!(names.len() > 100);
    names.extend(ROUTES.iter().map(|route| route.path.to_owned()));
    let site = Site::start().await;
    let columns = "SELECT table_schema || '.' || table_name || '.' || column_name FROM information_schema.columns
        WHERE table_schema = 'struct' OR table_schema LIKE 'svc\\_%'";
    let client = site.running.database.root().await;
    names.extend(client.query(columns, &[]).await.unwrap().iter().map(|row| row.get::<_, String>(0)));
    // Settings: every field, option and variable that the configuration reads.
    let mut folders = vec![root.join("crates/cli/src/config"), root.join("crates/cli/src")];
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()) {
            let is_config = file.to_string_lossy().contains("config");
            if is_config && file.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&file).unwrap();
                let fields = text.lines().map(str::trim).filter(|line| !line.starts_with("//"));
                names.extend(fields.flat_map(|line| {
                    line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                        .map(str::to_owned)
                        .collect::<Vec<_>>()
                }));
            }
        }
    }
    let found: Vec<&String> = names.iter().filter(|name| federates(name)).collect();
    assert!(found.is_empty(), "{found:?}");
}
