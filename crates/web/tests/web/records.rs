//! The pages and the API of records, walked through as a member and as a program would.

use crate::site::Site;
use axum::body::Body;
use axum::http::{StatusCode, header};
use testkit::running::SALES;

const LIST: &str = "/app/s/crm/customer";
const API: &str = "/api/v1/services/crm/customer";

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_form_keeps_what_was_typed_and_saves_nothing() {
    let site = Site::start().await;
    let fields = [("r.number", "C1"), ("r.name", ""), ("r.email", "yuka@"), ("r.note", "一行目\r\n二行目")];
    let answer = site.post(&format!("{LIST}/new"), SALES, &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    for part in ["value=\"C1\"", "value=\"yuka@\"", "一行目", "href=\"#r-name\"", "href=\"#r-email\""] {
        assert!(answer.body.contains(part), "{part}");
    }
    assert!(site.get(LIST, Some(SALES)).await.body.contains("顧客はまだありません"));
}

#[tokio::test(flavor = "multi_thread")]
async fn personal_values_are_masked_until_they_are_revealed() {
    let site = Site::start().await;
    let id = site.customer("C000001").await;
    let path = format!("{LIST}/{id}");
    for page in [LIST, &path] {
        let answer = site.get(page, Some(SALES)).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(!answer.body.contains("由佳") && !answer.body.contains("yuka@"), "{page}");
        assert!(answer.body.contains("相沢 ●●"), "{page}");
    }
    let revealed = site.post(&format!("{path}/reveal"), SALES, &[]).await;
    assert!(revealed.body.contains("相沢 由佳") && revealed.body.contains("yuka@example.jp"));
    // The language switch of a page that only a POST shows leads to the page it came from.
    assert!(revealed.body.contains(&format!("href=\"{path}?lang=en\"")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_update_shows_both_values_and_overwrites_neither_until_one_is_picked() {
    let site = Site::start().await;
    let id = site.customer("C000001").await;
    let edit = format!("{LIST}/{id}/edit");
    let was = [("was.number", "C000001"), ("was.name", "相沢 由佳"), ("was.rank", "A"), ("was.company", "")];
    let with = |more: &[(&'static str, &'static str)]| -> Vec<(&str, &str)> {
        [("version", "1"), ("r.number", "C000001")].iter().chain(&was).chain(more).copied().collect()
    };
    let theirs = [("r.name", "相沢 由佳"), ("r.rank", "B"), ("r.company", "青葉精機")];
    assert_eq!(site.post(&edit, SALES, &with(&theirs)).await.status, StatusCode::SEE_OTHER);
    let mine = [("r.name", "相沢 由香"), ("r.rank", "C"), ("r.company", "")];
    let conflict = site.post(&edit, SALES, &with(&mine)).await;
    assert_eq!(conflict.status, StatusCode::CONFLICT);
    for part in ["name=\"mine.rank\" value=\"C\"", "name=\"theirs.rank\" value=\"B\"", "青葉精機", "相沢 由香"]
    {
        assert!(conflict.body.contains(part), "{part}");
    }
    assert!(!conflict.body.contains("name=\"mine.company\""), "only one side changed the company");
    let picked = [
        ("version", "2"),
        ("r.number", "C000001"),
        ("r.name", "相沢 由香"),
        ("r.company", "青葉精機"),
        ("mine.rank", "C"),
        ("theirs.rank", "B"),
        ("pick.rank", "theirs"),
    ];
    let saved = site.post(&edit, SALES, &picked).await;
    assert_eq!((saved.status, saved.location()), (StatusCode::SEE_OTHER, format!("{LIST}/{id}?done=updated").as_str()));
    let record = site.json("POST", &format!("{API}/{id}/reveal"), Some(SALES), "").await.json();
    assert_eq!(record["version"], 3);
    assert_eq!(record["values"]["rank"], "B");
    assert_eq!(record["values"]["name"], "相沢 由香");
    assert_eq!(record["values"]["company"], "青葉精機");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_in_through_the_page_and_its_rows_come_out_again() {
    let site = Site::start().await;
    let file = "顧客番号,氏名,備考\r\nC1,髙木 彩,=1+1\r\nC2,,\r\nC3,𠮷田 直樹,\"二行\r\nある\"\r\n";
    let sent = site.upload(&format!("{LIST}/import"), SALES, file).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    let page = site.ended(sent.location(), SALES).await;
    assert!(page.body.contains("2行目") && page.body.contains("氏名"), "{}", page.body);
    let found = site.get(&format!("{LIST}?f.name.has=%E9%AB%98"), Some(SALES)).await;
    assert!(found.body.contains("C1") && !found.body.contains("C3"));
    let file = site.post(&format!("{LIST}/extract"), SALES, &[("format", "csv")]).await;
    assert!(file.headers[header::CONTENT_DISPOSITION].to_str().unwrap().starts_with("attachment; filename=\"crm-"));
    for part in ["髙木 彩", "𠮷田 直樹", "'=1+1", "二行\r\nある"] {
        assert!(file.body.contains(part), "{part}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_makes_reads_changes_and_removes_a_record() {
    let site = Site::start().await;
    let made = site.json("POST", API, Some(SALES), r#"{"values":{"number":"C9","name":"相沢 由佳"}}"#).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let path = made.location().to_owned();
    assert_eq!(path, format!("{API}/{}", made.json()["id"].as_str().unwrap()));
    let read = site.get(&path, Some(SALES)).await;
    assert_eq!(read.headers[header::ETAG], "\"1\"");
    assert_eq!(read.json()["values"]["name"], "相沢 ●●");
    let blind = site.json("PATCH", &path, Some(SALES), r#"{"values":{"company":"a"}}"#).await;
    assert_eq!(blind.status, StatusCode::PRECONDITION_REQUIRED);
    let changed = site.json("PATCH", &path, Some(SALES), r#"{"version":1,"values":{"company":"a"}}"#).await;
    assert_eq!((changed.status, &changed.json()["version"]), (StatusCode::OK, &2.into()));
    let stale = site.json("PATCH", &path, Some(SALES), r#"{"version":1,"values":{"company":"b"}}"#).await;
    assert_eq!((stale.status, &stale.json()["code"]), (StatusCode::CONFLICT, &"conflict".into()));
    let request = site.request("DELETE", &path, Some(SALES)).await.header(header::IF_MATCH, "\"2\"");
    assert_eq!(site.send(request.body(Body::empty()).unwrap()).await.status, StatusCode::NO_CONTENT);
    assert_eq!(site.get(&path, Some(SALES)).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denial_names_the_gate_and_the_screen() {
    let site = Site::start().await;
    let answer = site.get(LIST, Some(testkit::running::NOBODY)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    for part in ["第5の関門", "顧客一覧", "会社の管理者"] {
        assert!(answer.body.contains(part), "{part}");
    }
    let answer = site.get(API, Some(testkit::running::NOBODY)).await;
    assert_eq!(answer.json()["gate"], "role_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_compressed_when_asked_and_files_on_their_way_out_are_not() {
    let site = Site::start().await;
    site.customer("C000001").await;
    let request = site.request("GET", LIST, Some(SALES)).await.header(header::ACCEPT_ENCODING, "br, gzip");
    let page = site.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(page.headers[header::CONTENT_ENCODING], "br");
    let request = site.request("GET", &format!("{API}/extract?format=ndjson"), Some(SALES)).await;
    let file = site.send(request.header(header::ACCEPT_ENCODING, "br, gzip").body(Body::empty()).unwrap()).await;
    assert!(!file.headers.contains_key(header::CONTENT_ENCODING));
    assert!(file.body.contains("相沢 由佳"));
}
