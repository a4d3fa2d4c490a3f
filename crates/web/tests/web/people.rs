//! Signing in and out, joining, users of a tenant, as a browser sends it all. Hostile input first.

use crate::site::{Answer, Site};
use axum::body::Body;
use axum::http::{StatusCode, header};
use testkit::running::{ADMIN, NOBODY, OTHER, PASSWORD, SALES, token};

const USERS: &str = "/app/admin/users";
const NEW: &str = "nakai.ren@minato.example.jp";

/// Posts a form as somebody who is not signed in, or holds a cookie of before.
async fn post(site: &Site, path: &str, cookie: Option<&str>, fields: &[(&str, &str)]) -> Answer {
    let request = site.request("POST", path, None).await;
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let request = cookie.into_iter().fold(request, |request, cookie| request.header(header::COOKIE, cookie));
    let body = web::page::query(fields.iter().copied()).trim_start_matches('?').to_owned();
    site.send(request.body(Body::from(body)).unwrap()).await
}

async fn get(site: &Site, path: &str, cookie: &str) -> Answer {
    let request = site.request("GET", path, None).await.header(header::COOKIE, cookie);
    site.send(request.body(Body::empty()).unwrap()).await
}

async fn sign_in(site: &Site, email: &str) -> String {
    let answer = post(site, "/signin", None, &[("email", email), ("password", PASSWORD)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    session(&answer).expect("a cookie").to_owned()
}

/// The session cookie that an answer sets, as the browser sends it back.
fn session(answer: &Answer) -> Option<&str> {
    let set = answer.headers.get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    set.filter(|text| text.starts_with(web::cookie::SESSION)).filter_map(|text| text.split(';').next()).next()
}

/// The link of the newest invitation to an address, without the host.
fn link(site: &Site, email: &str) -> String {
    format!("/invitation/{}", token(&site.running.link(email).expect("a mail")))
}

async fn user(site: &Site, email: &str) -> String {
    let admin = site.running.caller(ADMIN).await;
    let members = site.running.app.members(&admin).await.unwrap();
    members.into_iter().find(|member| member.email == email).unwrap().user.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refused_sign_in_gets_the_same_answer_and_keeps_the_address() {
    let site = Site::start().await;
    let mut seen = Vec::new();
    for (email, password) in [
        (SALES, "not the password at all"),
        (SALES, ""),
        ("nobody.at.all@minato.example.jp", PASSWORD),
        ("no address", PASSWORD),
        ("\"><b>", "\u{7}"),
        ("", ""),
        (SALES, &"x".repeat(5_000)),
    ] {
        let answer = post(&site, "/signin", None, &[("email", email), ("password", password)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{email}");
        assert_eq!(session(&answer), None, "{email}");
        let typed = email.replace('"', "&#34;").replace('<', "&#60;").replace('>', "&#62;");
        let kept = format!("name=\"email\" value=\"{typed}\"");
        assert!(answer.body.contains(&kept), "{email}: {}", answer.body);
        assert!(password.is_empty() || !answer.body.contains(&format!("\"{password}\"")));
        seen.push(answer.body.replace(&kept, "").split("<footer").next().unwrap_or_default().to_owned());
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "answers differ");
}

/// More at once than wait for a password to be checked.
const STORM: usize = 90;

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_sign_ins_is_told_to_wait_and_keeps_the_address() {
    let site = Site::start().await;
    // Each at another address: tries at one are made to wait before a password is looked at.
    let addresses: Vec<String> = (0..STORM).map(|at| format!("storm{at}@minato.example.jp")).collect();
    let storm = addresses.iter().map(async |address| {
        post(&site, "/signin", None, &[("email", address), ("password", "not the password at all")]).await
    });
    let answers = futures_util::future::join_all(storm).await;
    let told = addresses.iter().zip(&answers).filter(|(_, answer)| answer.status == StatusCode::TOO_MANY_REQUESTS);
    let told: Vec<_> = told.collect();
    assert!(!told.is_empty() && told.len() < STORM, "{} of {STORM} were told to wait", told.len());
    for (address, answer) in told {
        assert_eq!(answer.headers[header::RETRY_AFTER], "60");
        assert!(answer.body.contains(address.as_str()) && answer.body.contains("サインインが集中"));
    }
    sign_in(&site, SALES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_sent_by_another_site_is_refused() {
    let site = Site::start().await;
    let link = link_of_new(&site).await;
    for path in ["/signin", link.as_str()] {
        let request = axum::http::Request::builder().method("POST").uri(path).header("sec-fetch-site", "cross-site");
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let body = web::page::query([("email", SALES), ("password", PASSWORD)]).trim_start_matches('?').to_owned();
        let answer = site.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!((answer.status, session(&answer)), (StatusCode::FORBIDDEN, None), "{path}");
    }
    assert_eq!(site.get(&link, None).await.status, StatusCode::OK, "the link is still good");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_leads_nowhere_but_to_the_page_asked_for() {
    let site = Site::start().await;
    for (next, wanted) in [
        ("//evil.example", "/app"),
        ("/\\evil.example", "/app"),
        ("https://evil.example/app", "/app"),
        ("/app\r\nx: y", "/app"),
        ("/signout", "/app"),
        ("/app/activity", "/app/activity"),
        ("/app/s/crm/customer", "/app/s/crm/customer"),
    ] {
        let path = format!("/signin{}", web::page::query([("next", next)]));
        let answer = post(&site, &path, None, &[("email", SALES), ("password", PASSWORD)]).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, wanted), "{next}");
        let again = get(&site, &path, session(&answer).unwrap()).await;
        assert_eq!((again.status, again.location()), (StatusCode::SEE_OTHER, wanted), "{next}");
    }
    let twice = post(&site, "/signin?next=/app&next=/app", None, &[]).await;
    assert_eq!(twice.status, StatusCode::BAD_REQUEST);
    // The page asked for survives a first try that fails.
    let failed = post(&site, "/signin?next=/app/activity", None, &[("email", SALES), ("password", "x")]).await;
    assert!(failed.body.contains("action=\"/signin?next=%2Fapp%2Factivity\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_again_ends_the_session_the_browser_held() {
    let site = Site::start().await;
    let before = sign_in(&site, SALES).await;
    let elsewhere = sign_in(&site, SALES).await;
    let answer = post(&site, "/signin", Some(&before), &[("email", NOBODY), ("password", PASSWORD)]).await;
    let after = session(&answer).expect("a cookie");
    assert_ne!(after, before);
    assert_eq!(get(&site, "/app", &before).await.location(), "/signin?next=%2Fapp");
    assert_eq!(get(&site, "/app", after).await.status, StatusCode::OK);
    assert_eq!(get(&site, "/app", &elsewhere).await.status, StatusCode::OK, "another browser's session goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_has_ended_leads_to_the_form_and_not_round_in_circles() {
    let site = Site::start().await;
    let cookie = sign_in(&site, NOBODY).await;
    assert_eq!(get(&site, "/app", &cookie).await.status, StatusCode::OK);
    let admin = site.running.caller(ADMIN).await;
    let user = user(&site, NOBODY).await.parse().unwrap();
    site.running.app.set_active(&admin, user, false).await.unwrap();
    assert_eq!(get(&site, "/app", &cookie).await.location(), "/signin?next=%2Fapp");
    let form = get(&site, "/signin?next=%2Fapp", &cookie).await;
    assert_eq!(form.status, StatusCode::OK);
    assert_eq!(session(&form), Some("__Host-session="), "the browser forgets it");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_session_and_needs_the_form_of_a_page() {
    let site = Site::start().await;
    let cookie = site.cookie(SALES).await;
    let forged = post(&site, "/signout", Some(&cookie), &[("csrf", "00")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert_eq!(get(&site, "/app", &cookie).await.status, StatusCode::OK);
    let answer = site.post("/signout", SALES, &[]).await;
    assert_eq!(answer.location(), "/signin?done=signed_out");
    assert_eq!(session(&answer), Some("__Host-session="));
    assert_eq!(get(&site, "/app", &cookie).await.location(), "/signin?next=%2Fapp");
    assert!(site.get("/signin?done=signed_out", None).await.body.contains("サインアウトしました"));
}

/// Invites somebody new through the page; their link.
async fn link_of_new(site: &Site) -> String {
    let fields = [("email", NEW), ("display_name", "中井 蓮"), ("billing_type", "standard")];
    let answer = site.post(&format!("{USERS}/invite"), ADMIN, &fields).await;
    assert_eq!(answer.location(), format!("{USERS}?done=invited"), "{}", answer.body);
    link(site, NEW)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_refused_with_reasons_and_then_opens_once() {
    let site = Site::start().await;
    let link = link_of_new(&site).await;
    let page = site.get(&link, None).await;
    for part in ["株式会社ミナト物産", "中井 蓮", NEW, "autocomplete=\"new-password\"", "15文字以上"] {
        assert!(page.body.contains(part), "{part}");
    }
    assert!(!page.body.contains("onpaste") && !page.body.contains("maxlength"), "pasting is not hindered");
    for password in ["", "mijikai", "aaaaaaaaaaaaaaaaaaaa", "nakai.ren@minato.example.jp 1"] {
        let answer = post(&site, &link, None, &[("password", password)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{password}");
        assert!(answer.body.contains("id=\"password-e\""), "{password}");
    }
    let joined = post(&site, &link, None, &[("password", PASSWORD)]).await;
    assert_eq!((joined.status, joined.location()), (StatusCode::SEE_OTHER, "/signin?done=joined"));
    assert_eq!(session(&joined), None, "joining signs nobody in");
    for answer in [site.get(&link, None).await, post(&site, &link, None, &[("password", PASSWORD)]).await] {
        assert_eq!(answer.status, StatusCode::GONE);
        assert!(answer.body.contains("このリンクは使えません") && answer.body.contains("href=\"/signin\""));
    }
    for wrong in ["/invitation/x", "/invitation/AAAA.BBBB", "/invitation/%00", "/invitation/%FF"] {
        assert!(site.get(wrong, None).await.status.is_client_error(), "{wrong}");
    }
    let cookie = sign_in(&site, NEW).await;
    assert_eq!(get(&site, "/app", &cookie).await.status, StatusCode::OK);
    // In a browser where somebody else is signed in, the one who has just joined gets the form.
    assert_eq!(get(&site, "/signin?done=joined", &cookie).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_of_two_companies_joins_without_a_password_and_goes_over() {
    let site = Site::start().await;
    assert!(!site.get("/app", Some(SALES)).await.body.contains("/app/tenant/"));
    let (other, fields) = (site.running.other, [("email", SALES), ("display_name", "営業 一郎")]);
    assert_eq!(site.post(&format!("{USERS}/invite"), OTHER, &fields).await.status, StatusCode::SEE_OTHER);
    let link = link(&site, SALES);
    let page = site.get(&link, None).await;
    assert!(page.body.contains("招待を受ける") && !page.body.contains("type=\"password\""));
    let foreign = site.post(&format!("/app/tenant/{other}"), NOBODY, &[]).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    assert_eq!(post(&site, &link, None, &[]).await.location(), "/signin?done=joined");
    let home = site.get("/app", Some(SALES)).await;
    assert!(home.body.contains(&format!("action=\"/app/tenant/{other}\"")) && home.body.contains("青葉商事"));
    let before = site.cookie(SALES).await;
    let over = site.post(&format!("/app/tenant/{other}"), SALES, &[]).await;
    let after = session(&over).expect("a cookie");
    assert_eq!(over.location(), "/app?done=tenant_entered");
    assert!(get(&site, "/app", after).await.body.contains("青葉商事株式会社</span>"));
    assert_eq!(get(&site, "/app", &before).await.location(), "/signin?next=%2Fapp");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_invitation_keeps_what_was_typed_and_ticked() {
    let site = Site::start().await;
    let role = site.running.sales.to_string();
    let fields = [("email", "ren@"), ("display_name", ""), ("role", role.as_str()), ("administrator", "true")];
    let answer = site.post(&format!("{USERS}/invite"), ADMIN, &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    for part in ["value=\"ren@\"", "href=\"#email\"", "href=\"#display_name\"", "id=\"email-e\""] {
        assert!(answer.body.contains(part), "{part}");
    }
    assert!(answer.body.contains(&format!("value=\"{role}\" checked")));
    assert!(answer.body.contains("name=\"administrator\" value=\"true\" checked"));
    let nonsense = site.post(&format!("{USERS}/invite"), ADMIN, &[("role", "everything")]).await;
    assert_eq!(nonsense.status, StatusCode::BAD_REQUEST);
    assert!(site.running.link("ren@").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_administrator_stays_and_the_page_says_why() {
    let site = Site::start().await;
    let path = format!("{USERS}/{}", user(&site, ADMIN).await);
    for (path, fields) in [(path.clone(), vec![("billing_type", "standard")]), (format!("{path}/disable"), vec![])] {
        let answer = site.post(&path, ADMIN, &fields).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{path}");
        assert!(answer.body.contains("最後の管理者です") && answer.body.contains("<form"), "{path}");
    }
    assert_eq!(site.get(USERS, Some(ADMIN)).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_changed_stopped_and_let_in_again() {
    let site = Site::start().await;
    let path = format!("{USERS}/{}", user(&site, NOBODY).await);
    let role = site.running.reading.to_string();
    let saved = site.post(&path, ADMIN, &[("role", &role), ("billing_type", "standard")]).await;
    assert_eq!(saved.location(), format!("{USERS}?done=updated"));
    assert!(site.get(&path, Some(ADMIN)).await.body.contains(&format!("value=\"{role}\" checked")));
    let cookie = sign_in(&site, NOBODY).await;
    assert_eq!(site.get(&format!("{path}/disable"), Some(ADMIN)).await.status, StatusCode::OK);
    assert_eq!(get(&site, "/app", &cookie).await.status, StatusCode::OK, "asking stops nobody");
    assert_eq!(site.post(&format!("{path}/disable"), ADMIN, &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(get(&site, "/app", &cookie).await.location(), "/signin?next=%2Fapp");
    assert!(site.get(USERS, Some(ADMIN)).await.body.contains("停止中"));
    let refused = post(&site, "/signin", None, &[("email", NOBODY), ("password", PASSWORD)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(site.post(&format!("{path}/enable"), ADMIN, &[]).await.status, StatusCode::SEE_OTHER);
    sign_in(&site, NOBODY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_not_come_yet_is_sent_a_new_link_and_who_has_is_not() {
    let site = Site::start().await;
    let first = link_of_new(&site).await;
    let path = format!("{USERS}/{}", user(&site, NEW).await);
    assert!(site.get(&path, Some(ADMIN)).await.body.contains("招待メールを送り直す"));
    assert_eq!(site.post(&format!("{path}/invite"), ADMIN, &[]).await.location(), format!("{path}?done=invited"));
    let second = link(&site, NEW);
    assert_ne!(first, second);
    assert_eq!(site.get(&first, None).await.status, StatusCode::GONE);
    assert_eq!(post(&site, &second, None, &[("password", PASSWORD)]).await.status, StatusCode::SEE_OTHER);
    let again = site.post(&format!("{path}/invite"), ADMIN, &[]).await;
    assert_eq!(again.location(), format!("{path}?done=joined_already"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_users_shows_everybody_of_this_tenant_and_nobody_of_another() {
    let site = Site::start().await;
    let page = site.get(USERS, Some(ADMIN)).await;
    for part in [ADMIN, SALES, NOBODY, "営業 一郎", "あなた"] {
        assert!(page.body.contains(part), "{part}");
    }
    assert!(!page.body.contains(OTHER));
    let foreign = format!("{USERS}/{}", user(&site, SALES).await);
    for path in [foreign.clone(), format!("{foreign}/disable"), format!("{USERS}/not-an-id")] {
        assert_eq!(site.get(&path, Some(OTHER)).await.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(site.post(&path, OTHER, &[]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_of_a_demo_stand_on_a_page_with_their_links() {
    let site = Site::start().await;
    let link = link_of_new(&site).await;
    let page = site.get("/demo/mail", None).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains(&format!("<a href=\"https://struct.example.jp{link}\">")));
    assert!(page.body.contains("デモだけのページです"));
    assert!(page.body.find(NEW) < page.body.find(SALES), "newest first");
    assert!(site.get("/signin", None).await.body.contains("href=\"/demo/mail\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_a_demo_nobody_reads_letters() {
    let site = Site::outside_demo().await;
    assert_eq!(site.get("/demo/mail", None).await.status, StatusCode::NOT_FOUND);
    assert!(!site.get("/signin", None).await.body.contains("/demo/mail"));
}
