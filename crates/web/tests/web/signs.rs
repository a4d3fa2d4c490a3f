//! Signs of fraud and held extractions, through pages and API: refusals first, then the way a person goes.

use crate::site::Site;
use axum::http::{StatusCode, header};
use domain::audit::sign::RoleLimit;
use testkit::running::{ADMIN, NOBODY, OTHER, SALES};

const EXTRACT: &str = "/app/s/crm/customer/extract";
const API: &str = "/api/v1/services/crm/customer/extract?format=csv";

/// Three customers, of which sales may take out one a day.
async fn site() -> Site {
    let site = Site::start().await;
    for number in 1..=3 {
        site.customer(&format!("C{number:06}")).await;
    }
    let admin = site.running.caller(ADMIN).await;
    let limit = RoleLimit { free_rows: Some(1), max_rows: None };
    site.running.app.set_role_limit(&admin, site.running.sales, limit, "絞る").await.unwrap();
    site
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mass_extraction_leads_to_a_page_and_after_the_release_to_the_file_once() {
    let site = site().await;
    let held = site.post(EXTRACT, SALES, &[("format", "csv")]).await;
    assert_eq!(held.status, StatusCode::SEE_OTHER);
    let path = held.location().to_owned();
    let page = site.get(&path, Some(SALES)).await;
    for words in ["抽出を保留しました", "管理 太郎", "3", "ふだんより大幅に多い件数の抽出"]
    {
        assert!(page.body.contains(words), "{words}");
    }
    assert!(!page.body.contains("解除する") && !page.body.contains("ダウンロードする"));
    for who in [NOBODY, OTHER] {
        assert_eq!(site.get(&path, Some(who)).await.status, StatusCode::NOT_FOUND, "{who}");
    }
    let file = format!("{path}/file");
    assert_eq!(site.post(&file, SALES, &[]).await.status, StatusCode::CONFLICT);
    // An administrator sees it in the list, forgets the reason, and keeps what is on the page.
    let list = site.get("/app/admin/signs", Some(ADMIN)).await;
    assert!(list.body.contains(&path) && list.body.contains("解除する") && list.body.contains("営業 一郎"));
    let refused = site.post(&path, ADMIN, &[("decision", "release"), ("reason", " ")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("reason-1-e"));
    let released = site.post(&path, ADMIN, &[("decision", "release"), ("reason", "棚卸しのため")]).await;
    assert_eq!(released.location(), "/app/admin/signs?done=hold_released");
    let page = site.get(&path, Some(SALES)).await;
    assert!(page.body.contains("ダウンロードする") && page.body.contains("棚卸しのため"));
    let taken = site.post(&file, SALES, &[]).await;
    assert_eq!(taken.status, StatusCode::OK);
    assert_eq!(taken.body.lines().count(), 4);
    assert!(taken.headers[header::CONTENT_DISPOSITION].to_str().unwrap().starts_with("attachment"));
    assert_eq!(site.post(&file, SALES, &[]).await.status, StatusCode::CONFLICT);
    let log = site.get("/app/admin/audit", Some(ADMIN)).await;
    for words in ["抽出を保留されました", "抽出の保留を解除しました", "不正の兆候を見つけました"]
    {
        assert!(log.body.contains(words), "{words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_told_with_a_code_and_figures_and_follows_it() {
    let site = site().await;
    let held = site.get(API, Some(SALES)).await;
    assert_eq!(held.status, StatusCode::CONFLICT);
    let problem = held.json();
    assert_eq!((&problem["code"], &problem["held"]["rule"]), (&"extraction_held".into(), &"extraction_volume".into()));
    assert_eq!((&problem["held"]["value"], &problem["held"]["limit"]), (&3.into(), &1.into()));
    let follow = problem["held"]["follow"].as_str().unwrap();
    assert_eq!(site.get(follow, Some(SALES)).await.json()["state"], "waiting");
    let file = format!("{follow}/file");
    let refused = site.json("POST", &file, Some(SALES), "{}").await;
    assert_eq!((refused.status, &refused.json()["code"]), (StatusCode::CONFLICT, &"hold_not_open".into()));
    let hold = problem["held"]["hold"].as_str().unwrap();
    let decided = [("decision", "release"), ("reason", "よい")];
    site.post(&format!("/app/holds/{hold}"), ADMIN, &decided).await;
    assert_eq!(site.get(follow, Some(SALES)).await.json()["state"], "released");
    let taken = site.json("POST", &file, Some(SALES), "{}").await;
    assert_eq!((taken.status, taken.body.lines().count()), (StatusCode::OK, 4));
    assert_eq!(site.get(follow, Some(SALES)).await.json()["state"], "taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_no_release_lets_nothing_go() {
    let site = site().await;
    let path = site.post(EXTRACT, SALES, &[("format", "csv")]).await.location().to_owned();
    let answer = site.post(&path, ADMIN, &[("decision", "relaese"), ("reason", "x")]).await;
    assert_eq!(answer.location(), "/app/admin/signs?done=hold_refused");
    assert!(site.get(&path, Some(SALES)).await.body.contains("抽出は却下されました"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_plants_a_record_by_its_address_and_looks_into_its_sign() {
    let site = site().await;
    let id = site.customer("C000009").await;
    let honey = "/app/admin/signs/honey";
    let refused = site.post(honey, ADMIN, &[("record", "C000009")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("value=\"C000009\""), "what was typed stays");
    let address = format!("https://struct.example.jp/app/s/crm/customer/{id}");
    assert_eq!(site.post(honey, OTHER, &[("record", &address)]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let set = site.post(honey, ADMIN, &[("record", &address)]).await;
    assert_eq!(set.location(), "/app/admin/signs?done=honey_set");
    let shown = site.get(&format!("/app/s/crm/customer/{id}"), Some(SALES)).await;
    assert!(shown.status.is_success() && !shown.body.contains("おとり"), "it looks like any other");
    let list = site.get("/app/admin/signs", Some(ADMIN)).await;
    assert!(list.body.contains("おとりの記録への操作"));
    let sign = list.body.split("href=\"/app/admin/signs/").find(|rest| rest.as_bytes()[8] == b'-').unwrap();
    let sign = format!("/app/admin/signs/{}", &sign[..36]);
    assert_eq!(site.post(&sign, ADMIN, &[("reason", "")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let closed = site.post(&sign, ADMIN, &[("reason", "訓練でした")]).await;
    assert_eq!(closed.location(), "/app/admin/signs?done=sign_closed");
    assert!(site.get("/app/admin/signs?all=1", Some(ADMIN)).await.body.contains("訓練でした"));
    let fields = [("service", "crm"), ("entity", "customer")];
    let removed = site.post(&format!("{honey}/{id}/remove"), ADMIN, &fields).await;
    assert_eq!(removed.location(), "/app/admin/signs?done=honey_removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_changed_with_a_reason_and_a_refused_form_keeps_what_was_typed() {
    let site = site().await;
    let path = format!("/app/admin/signs/limits/{}", site.running.reading);
    let fields = [("free_rows", "たくさん"), ("max_rows", "２,０００"), ("reason", "月末")];
    let refused = site.post(&path, ADMIN, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("value=\"たくさん\"") && refused.body.contains("月末"));
    let fields = [("free_rows", ""), ("max_rows", "２,０００"), ("reason", "月末")];
    let changed = site.post(&path, ADMIN, &fields).await;
    assert_eq!(changed.location(), "/app/admin/signs?done=limit_changed");
    assert!(site.get("/app/admin/signs", Some(ADMIN)).await.body.contains("2,000"));
    assert!(site.get("/app/admin/audit", Some(ADMIN)).await.body.contains("抽出の上限を変えました"));
}
