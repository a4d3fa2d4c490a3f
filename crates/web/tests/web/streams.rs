//! Streams of the log, through their page: refusals first, then the way an administrator goes.

use crate::site::Site;
use axum::http::StatusCode;
use testkit::running::{ADMIN, OTHER, SALES};

const PATH: &str = "/app/admin/audit/streams";
const SECRET: &str = "Bearer hirugao-7-tasogare";

/// The form, as a browser sends it.
fn form<'f>(name: &'f str, kind: &'f str, address: &'f str, authorization: &'f str) -> [(&'f str, &'f str); 5] {
    [("name", name), ("kind", kind), ("address", address), ("authorization", authorization), ("from", "now")]
}

/// The path of the one stream that the page lists.
async fn only(site: &Site) -> String {
    let page = site.get(PATH, Some(ADMIN)).await.body;
    let start = page.find(&format!("{PATH}/")).expect("a stream");
    page[start..start + PATH.len() + 37].to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_keeps_what_was_typed_but_the_secret() {
    let site = Site::start().await;
    for (address, authorization, words) in [
        ("http://siem.example.jp/", SECRET, "https:// で始まるアドレス"),
        ("https://192.168.1.20/", SECRET, "社内や同じ機器の中のアドレスには送れません"),
        ("https://localhost:9000/", SECRET, "社内や同じ機器の中のアドレスには送れません"),
        ("https://siem.example.jp/", "Bearer 日本語", "使えない文字"),
    ] {
        let refused = site.post(PATH, ADMIN, &form("監視室", "https", address, authorization)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{address}");
        for kept in [words, "value=\"監視室\"", &format!("value=\"{address}\"")] {
            assert!(refused.body.contains(kept), "{address}: {kept}");
        }
        assert!(!refused.body.contains("hirugao") && !refused.body.contains("日本語\""));
    }
    let nameless = site.post(PATH, ADMIN, &form(" ", "syslog", "siem.example.jp:6514", "")).await;
    assert_eq!(nameless.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(nameless.body.contains("id=\"name-e\"") && nameless.body.contains("value=\"syslog\" checked"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_adds_tries_pauses_and_removes_a_receiver_whose_secret_is_never_shown() {
    let site = Site::start().await;
    assert_eq!(site.get(PATH, Some(SALES)).await.status, StatusCode::FORBIDDEN);
    let address = "https://siem.invalid/collector?token=asagao";
    let added = site.post(PATH, ADMIN, &form("監視室", "https", address, SECRET)).await;
    assert_eq!(added.location(), format!("{PATH}?done=stream_added"));
    let stream = only(&site).await;
    for who in [OTHER] {
        for act in ["test", "pause", "remove"] {
            let refused = site.post(&format!("{stream}/{act}"), who, &[]).await;
            assert_eq!(refused.status, StatusCode::NOT_FOUND, "{act}");
        }
    }
    // No resolver knows the name: what the page says is why it did not arrive.
    let tried = site.post(&format!("{stream}/test"), ADMIN, &[]).await;
    assert_eq!(tried.status, StatusCode::OK);
    assert!(tried.body.contains("試し送りは届きませんでした") && tried.body.contains("送信先に接続できません"));
    let paused = site.post(&format!("{stream}/pause"), ADMIN, &[("paused", "1")]).await;
    assert_eq!(paused.location(), format!("{PATH}?done=stream_paused"));
    let page = site.get(&format!("{PATH}?done=stream_paused"), Some(ADMIN)).await;
    assert!(page.body.contains("停止中") && page.body.contains("再開する"));
    let resumed = site.post(&format!("{stream}/pause"), ADMIN, &[("paused", "0")]).await;
    assert_eq!(resumed.location(), format!("{PATH}?done=stream_resumed"));
    let asked = site.get(&format!("{stream}/remove"), Some(ADMIN)).await;
    assert!(asked.body.contains("「監視室」を削除しますか") && asked.body.contains("siem.invalid:443"));
    for body in [&page.body, &tried.body, &asked.body] {
        assert!(!body.contains("hirugao") && !body.contains("asagao"));
    }
    let removed = site.post(&format!("{stream}/remove"), ADMIN, &[]).await;
    assert_eq!(removed.location(), format!("{PATH}?done=stream_removed"));
    assert!(site.get(PATH, Some(ADMIN)).await.body.contains("送信先はまだありません"));
    let log = site.get("/app/admin/audit", Some(ADMIN)).await.body;
    for words in [
        "操作ログの送信先を追加しました",
        "操作ログの試し送りをしました",
        "操作ログの送信を停止しました",
        "操作ログの送信を再開しました",
        "操作ログの送信先を削除しました",
    ] {
        assert!(log.contains(words), "{words}");
    }
    assert!(!log.contains("hirugao") && !log.contains("asagao"));
}
