//! Extraction: entered before a byte leaves, complete, harmless in a spreadsheet.

use crate::{customer, denied, entries, faults, one, typed};
use app::extraction::Format;
use domain::audit::Verb;
use domain::import::{RowReader, detect};
use domain::record::{ListQuery, Test};
use futures_util::TryStreamExt;
use testkit::running::{ADMIN, READER, Running, SALES};

async fn taken(running: &Running, email: &str, format: Format, query: ListQuery) -> Vec<u8> {
    let caller = running.caller(email).await;
    let extraction = running.app.extract(&caller, "crm", "customer", format, query).await.expect("an extraction");
    let chunks: Vec<Vec<u8>> = extraction.stream.try_collect().await.expect("all of it");
    chunks.concat()
}

#[tokio::test]
async fn who_may_look_may_not_therefore_extract() {
    let running = Running::start().await;
    let reader = running.caller(READER).await;
    let refused = running.app.extract(&reader, "crm", "customer", Format::Csv, ListQuery::default()).await;
    assert!(denied(&refused));
    assert!(denied(&running.app.extraction_form(&reader, "crm", "customer").await));
    assert_eq!((entries(&running, Verb::RecordsExtracted).await, entries(&running, Verb::AccessDenied).await), (0, 2));
    let sales = running.caller(SALES).await;
    let refused = running.app.extract(&sales, "crm", "customer", Format::Csv, one("name", Test::Equals, "x")).await;
    assert_eq!(faults(refused.map(drop)), [("name".to_owned(), "not_searchable")]);
}

#[tokio::test]
async fn the_entry_is_there_before_the_first_byte_and_stays_when_nobody_reads_on() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    customer(&running.app, &sales, "C1", "山本 健").await;
    let extraction = running
        .app
        .extract(&sales, "crm", "customer", Format::Csv, one("name", Test::Contains, "山本"))
        .await
        .expect("an extraction");
    assert_eq!(entries(&running, Verb::RecordsExtracted).await, 1);
    assert!(
        extraction.file_name.starts_with("crm-customer-20261122-") && extraction.file_name.ends_with(".csv"),
        "{}",
        extraction.file_name
    );
    drop(extraction);
    let filter = app::audit::AuditFilter { verb: Some(Verb::RecordsExtracted), ..Default::default() };
    let log = running.app.audit(&running.caller(ADMIN).await, filter, None).await.expect("a log");
    assert_eq!(log.entries[0].detail.note.as_deref(), Some("csv"), "an administrator without a role sees no value");
    let trail = running.app.activity(&sales, None).await.expect("a trail");
    let entry = trail.entries.iter().find(|entry| entry.verb == Verb::RecordsExtracted).expect("in the own trail");
    let detail = &entry.detail;
    assert!(detail.note.as_deref().is_some_and(|note| note.contains("csv") && note.contains("山本")), "{detail:?}");
    assert!(detail.fields.contains(&"name".to_owned()));
    // The connection it held did not go back half-read.
    customer(&running.app, &sales, "C2", "x").await;
}

#[tokio::test]
async fn csv_and_ndjson_hold_exactly_what_was_put_in() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    let crm = testkit::database::shipped().remove(0);
    let entity = crm.entity("customer").expect("it is there");
    let bytes = include_bytes!("../../../domain/tests/domain/sample/customers.csv");
    let rows: Vec<_> = RowReader::new(&bytes[..], detect(&bytes[..]).expect("an encoding"), entity)
        .expect("a header")
        .collect::<Result<_, _>>()
        .expect("rows");
    let mut put = Vec::new();
    for row in rows.into_iter().take(60) {
        let values = row.values.expect("it is taken");
        running
            .app
            .record_create(&sales, "crm", "customer", values.clone().into_iter().collect())
            .await
            .expect("a customer");
        put.push(values);
    }
    let csv = taken(&running, SALES, Format::Csv, ListQuery::default()).await;
    assert!(csv.starts_with(b"\xef\xbb\xbf"), "Excel takes it for UTF-8");
    // What goes out can go in again; only formulas have become harmless.
    let back: Vec<_> = RowReader::new(&csv[..], detect(&csv[..]).expect("an encoding"), entity)
        .expect("its own header")
        .collect::<Result<_, _>>()
        .expect("rows");
    assert_eq!(back.len(), put.len());
    let mut neutralised = 0;
    for (back, put) in back.iter().zip(&put) {
        let back = back.values.as_ref().expect("it is taken");
        assert_eq!(back.keys().collect::<Vec<_>>(), put.keys().collect::<Vec<_>>());
        for (field, value) in put {
            if domain::extraction::starts_a_formula(value) {
                neutralised += 1;
                assert_eq!(back[field], format!("'{value}"));
            } else {
                assert_eq!(back[field], *value, "{field}");
            }
        }
    }
    assert!(neutralised > 0, "the sample has formulas");
    let ndjson = taken(&running, SALES, Format::Ndjson, ListQuery::default()).await;
    let lines: Vec<serde_json::Value> = ndjson
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).expect("JSON"))
        .collect();
    assert_eq!(lines.len(), put.len());
    for (line, put) in lines.iter().zip(&put) {
        for field in &entity.fields {
            let found = match &line[&field.name] {
                serde_json::Value::Null => None,
                serde_json::Value::String(text) => Some(text.clone()),
                other => Some(other.to_string()),
            };
            assert_eq!(found.as_ref(), put.get(&field.name), "{}", field.name);
        }
    }
}

#[tokio::test]
async fn a_cell_that_a_spreadsheet_would_run_comes_out_harmless() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    let evil = "=HYPERLINK(\"https://evil.example\",\"x\")";
    running
        .app
        .record_create(
            &sales,
            "crm",
            "customer",
            typed(&[("number", "@C1"), ("name", "+1"), ("company", evil), ("annual_amount", "-5")]),
        )
        .await
        .expect("a customer");
    let csv = String::from_utf8(taken(&running, SALES, Format::Csv, ListQuery::default()).await).expect("UTF-8");
    assert!(csv.contains("'@C1") && csv.contains("\"'=HYPERLINK(\"\"https") && csv.contains(",-5,"), "{csv}");
    let ndjson = String::from_utf8(taken(&running, SALES, Format::Ndjson, ListQuery::default()).await).expect("UTF-8");
    assert!(ndjson.contains("\"@C1\"") && ndjson.contains("\"annual_amount\":-5"), "{ndjson}");
}

#[tokio::test]
async fn conditions_hold_for_the_file_as_for_the_list() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    for (number, name) in [("C1", "山田山本"), ("C2", "山本山田山"), ("C3", "佐藤")] {
        customer(&running.app, &sales, number, name).await;
    }
    let csv = String::from_utf8(taken(&running, SALES, Format::Csv, one("name", Test::Contains, "本山田")).await)
        .expect("UTF-8");
    assert_eq!(csv.lines().skip(1).map(|line| &line[..2]).collect::<Vec<_>>(), ["C2"]);
}

#[tokio::test]
async fn a_complete_file_has_its_digest_in_the_log_and_one_that_broke_off_has_none() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    for number in 0..3 {
        customer(&running.app, &sales, &format!("C{number}"), "山本 健").await;
    }
    let extraction =
        running.app.extract(&sales, "crm", "customer", Format::Csv, ListQuery::default()).await.expect("an extraction");
    drop(extraction);
    assert_eq!(entries(&running, Verb::RecordsDelivered).await, 0);
    let bytes = taken(&running, SALES, Format::Ndjson, ListQuery::default()).await;
    let filter = app::audit::AuditFilter { verb: Some(Verb::RecordsDelivered), ..Default::default() };
    let log = running.app.audit(&running.caller(ADMIN).await, filter, None).await.expect("a log");
    assert_eq!(log.entries.len(), 1);
    let detail = &log.entries[0].detail;
    assert_eq!((detail.rows, detail.bytes), (Some(3), Some(bytes.len() as u64)));
    assert_eq!(detail.sha256.as_deref(), Some(ledger::hash::Hash::of(&bytes).hex().as_str()));
}
