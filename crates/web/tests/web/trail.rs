//! Activity and audit asked for real: who gets in, what is found, what leaves as a file. Their sample pages are `log`'s.

use crate::site::Site;
use axum::http::StatusCode;
use testkit::running::{ADMIN, NOBODY, OTHER, READER, SALES};

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_closed_to_members_and_tells_programs_which_condition_is_wrong() {
    let site = Site::start().await;
    for path in ["/app/admin/audit", "/app/admin/audit?verb=x", "/api/v1/audit", "/api/v1/audit?verb=x"] {
        for who in [SALES, READER, NOBODY] {
            assert_eq!(site.get(path, Some(who)).await.status, StatusCode::FORBIDDEN, "{path} {who}");
        }
    }
    let page = site.get("/app/admin/audit?verb=x&record=%E3%81%82", Some(ADMIN)).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.body.contains("value=\"あ\""));
    for (query, field) in [("verb=x", "verb"), ("record=1", "record"), ("from=x", "from"), ("user=1&user=2", "user")] {
        let answer = site.get(&format!("/api/v1/audit?{query}"), Some(ADMIN)).await;
        assert_eq!((answer.status, answer.json()["field"].as_str()), (StatusCode::BAD_REQUEST, Some(field)), "{query}");
    }
    for path in [
        "/app/activity?cursor=x",
        "/app/admin/audit?cursor=x",
        "/api/v1/activity?cursor=x",
        "/api/v1/audit?cursor=o%00",
        "/api/v1/audit?cursor=x01924d5a-7c00-7abc-8def-0123456789ab",
        "/app/admin/audit?cursor=o01924D5A-7C00-7ABC-8DEF-0123456789AB",
    ] {
        assert_eq!(site.get(path, Some(ADMIN)).await.status, StatusCode::BAD_REQUEST, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_member_did_stands_in_their_trail_and_in_the_log_and_reading_the_log_is_entered() {
    let site = Site::start().await;
    let id = site.customer("C000777").await;
    let trail = site.get("/app/activity", Some(SALES)).await;
    assert_eq!(trail.status, StatusCode::OK);
    assert!(trail.body.contains("顧客を登録しました") && trail.body.contains("C000777"), "{}", trail.body);
    assert!(trail.body.contains(&format!("href=\"/app/s/crm/customer/{id}\"")));
    assert!(!site.get("/app/activity", Some(READER)).await.body.contains("C000777"), "another's trail");
    let query = format!("verb=record.created&record={id}&outcome=done&service=crm");
    let page = site.get(&format!("/app/admin/audit?{query}"), Some(ADMIN)).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains(&id.to_string()) && page.body.contains("顧客を登録しました"));
    let answer = site.get(&format!("/api/v1/audit?{query}"), Some(ADMIN)).await.json();
    assert_eq!(answer["entries"].as_array().unwrap().len(), 1);
    assert_eq!(answer["entries"][0]["verb"], "record.created");
    assert_eq!(answer["entries"][0]["target"]["record"], id.to_string());
    let read = site.get("/api/v1/audit?verb=audit.viewed", Some(ADMIN)).await.json();
    assert_eq!(read["entries"].as_array().unwrap().len(), 2, "the page and the program");
    let own = site.get("/api/v1/activity", Some(SALES)).await.json();
    assert!(own["entries"].as_array().unwrap().iter().any(|entry| entry["target"]["record"] == id.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_record_keeps_its_entries_and_loses_its_link() {
    let site = Site::start().await;
    let id = site.customer("C000778").await;
    let gone = site.json("DELETE", &format!("/api/v1/services/crm/customer/{id}?version=1"), Some(SALES), "").await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let trail = site.get("/app/activity", Some(SALES)).await;
    assert!(trail.body.contains("顧客を登録しました") && trail.body.contains("顧客を削除しました"));
    assert!(!trail.body.contains(&format!("/customer/{id}\"")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entrys_page_and_a_records_history_are_open_to_whom_they_should_be() {
    let site = Site::start().await;
    let id = site.customer("C000779").await;
    let made = site.get(&format!("/api/v1/audit?record={id}&verb=record.created"), Some(ADMIN)).await.json();
    let entry = made["entries"][0]["id"].as_str().unwrap().to_owned();
    for path in [format!("/app/admin/audit/{entry}"), format!("/api/v1/audit/{entry}")] {
        for who in [SALES, READER, NOBODY] {
            assert_eq!(site.get(&path, Some(who)).await.status, StatusCode::FORBIDDEN, "{path} {who}");
        }
        assert_eq!(site.get(&path, Some(OTHER)).await.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(site.get(&path, Some(ADMIN)).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(site.get("/app/admin/audit/x", Some(ADMIN)).await.status, StatusCode::NOT_FOUND);
    let page = site.get(&format!("/app/admin/audit/{entry}"), Some(ADMIN)).await.body;
    assert!(page.contains("顧客を登録しました") && page.contains("改ざんの検証"));
    let history = format!("/app/s/crm/customer/{id}/history");
    assert_eq!(site.get(&history, Some(NOBODY)).await.status, StatusCode::FORBIDDEN);
    assert_eq!(site.get(&history, Some(OTHER)).await.status, StatusCode::NOT_FOUND);
    let member = site.get(&history, Some(READER)).await;
    assert_eq!(member.status, StatusCode::OK);
    assert!(member.body.contains("顧客を登録しました") && !member.body.contains("見た人・抽出した人"));
    let admin = site.get(&history, Some(ADMIN)).await;
    assert!(admin.status == StatusCode::OK && admin.body.contains("見た人・抽出した人"));
    let detail = site.get(&format!("/app/s/crm/customer/{id}"), Some(READER)).await;
    assert!(detail.body.contains(&format!("href=\"{history}\"")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_leaves_as_a_file_that_opens_and_holds_no_formula() {
    let site = Site::start().await;
    let fields = [("number", "=1+1"), ("name", "相沢 由佳")];
    let typed = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let caller = site.running.caller(SALES).await;
    let id = site.running.app.record_create(&caller, "crm", "customer", typed).await.unwrap();
    let path = "/app/admin/audit/extract";
    assert_eq!(site.post(path, SALES, &[("format", "csv")]).await.status, StatusCode::FORBIDDEN);
    for wrong in [vec![("format", "xls")], vec![], vec![("format", "csv"), ("verb", "record.burnt")]] {
        assert_eq!(site.post(path, ADMIN, &wrong).await.status, StatusCode::BAD_REQUEST, "{wrong:?}");
    }
    let record = id.to_string();
    let asked = [("format", "csv"), ("record", record.as_str()), ("verb", "record.*")];
    let file = site.post(path, ADMIN, &asked).await;
    assert_eq!(file.status, StatusCode::OK);
    assert!(file.headers["content-disposition"].to_str().unwrap().ends_with(".csv\""));
    let body = file.body.strip_prefix('\u{feff}').unwrap();
    let rows = csv(body);
    assert_eq!((rows.len(), rows[1].len()), (2, rows[0].len()), "a heading and the entry");
    assert_eq!((rows[0][0].as_str(), rows[1][3].as_str(), &rows[1][8]), ("日時", "record.created", &record));
    assert!(rows.iter().flatten().all(|cell| !cell.starts_with(['=', '+', '-', '@'])));
    let read = site.get("/api/v1/audit?verb=audit.extracted", Some(ADMIN)).await.json();
    assert_eq!(read["entries"].as_array().unwrap().len(), 1);
    let own = site.post("/app/activity/extract", SALES, &[("format", "ndjson")]).await;
    let lines: Vec<serde_json::Value> = own.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line["target"]["record"] == record.as_str()));
    assert!(lines.iter().any(|line| line["verb"] == "activity.extracted"));
}

/// Rows of cells, as RFC 4180 reads them.
fn csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut cells, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if quoted && characters.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            '\r' if !quoted => assert_eq!(characters.next(), Some('\n'), "a line ends with both"),
            c => cell.push(c),
        }
        if c == '\r' && !quoted {
            cells.push(std::mem::take(&mut cell));
            rows.push(std::mem::take(&mut cells));
        }
    }
    assert!(!quoted && cell.is_empty() && cells.is_empty(), "the file ends with a line");
    rows
}
