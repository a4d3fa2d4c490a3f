//! Lists: found however it was typed, paged without a gap, masked.

use crate::{customer, faults, one, typed};
use app::Error;
use app::Refusal;
use domain::id::RecordId;
use domain::record::{ListQuery, Sort, Test};
use std::collections::BTreeSet;
use testkit::running::{READER, Running, SALES};

async fn numbers(running: &Running, query: ListQuery) -> Vec<String> {
    let reader = running.caller(READER).await;
    let page = running.app.record_list(&reader, "crm", "customer", query, true).await.expect("a list");
    page.records.iter().map(|view| view.record.values["number"].clone()).collect()
}

#[tokio::test]
async fn what_an_index_cannot_answer_and_a_cursor_that_is_none_of_ours_are_refused() {
    let running = Running::start().await;
    let reader = running.caller(READER).await;
    let list = |query: ListQuery| running.app.record_list(&reader, "crm", "customer", query, false);
    for (query, field, code) in [
        (one("none", Test::Equals, "x"), "none", "unknown_field"),
        (one("name", Test::Equals, "x"), "name", "not_searchable"),
        (one("birthday", Test::Equals, "2026-01-01"), "birthday", "not_searchable"),
        (one("rank", Test::AtLeast, "A"), "rank", "not_searchable"),
        (one("name", Test::Contains, "  "), "name", "nothing_to_find"),
        (one("annual_amount", Test::AtLeast, "many"), "annual_amount", "not_a_number"),
        (
            ListQuery { sort: Some(Sort { field: "name".into(), descending: false }), ..ListQuery::default() },
            "name",
            "not_searchable",
        ),
        (ListQuery { limit: 201, ..ListQuery::default() }, "limit", "out_of_range"),
    ] {
        assert_eq!(faults(list(query).await.map(drop)), [(field.to_owned(), code)]);
    }
    for cursor in ["", "x", "e30", "eyJ2IjpudWxsLCJpIjoieCIsImIiOmZhbHNlfQ", "'; DROP TABLE x; --"] {
        let refused = list(ListQuery { cursor: Some(cursor.to_owned()), ..ListQuery::default() }).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::BadCursor))), "{cursor}");
    }
}

#[tokio::test]
async fn a_cursor_whose_value_belongs_to_another_order_is_refused_and_no_fault_of_ours() {
    let running = Running::start().await;
    let (sales, reader) = (running.caller(SALES).await, running.caller(READER).await);
    for number in 0..3 {
        customer(&running.app, &sales, &format!("C{number}"), "x").await;
    }
    let sorted = |field: &str, cursor| ListQuery {
        sort: Some(Sort { field: field.into(), descending: false }),
        limit: 1,
        cursor,
        ..ListQuery::default()
    };
    let page =
        running.app.record_list(&reader, "crm", "customer", sorted("number", None), false).await.expect("a list");
    let moved = running.app.record_list(&reader, "crm", "customer", sorted("registered_on", page.next), false).await;
    assert!(matches!(moved, Err(Error::Refused(Refusal::BadCursor))), "{moved:?}");
}

#[tokio::test]
async fn people_are_found_by_any_part_of_their_name_however_it_is_written() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    for (number, name, kana) in [
        ("C1", "髙橋 﨑子", "タカハシ サキコ"),
        ("C2", "𠮷田 邉", "ﾖｼﾀﾞ ﾅﾍﾞ"),
        ("C3", "渡邊 健", "わたなべ けん"),
        ("C4", "高田 橋夫", "たかだ はしお"),
        ("C5", "Ｓｍｉｔｈ JOHN", "ｽﾐｽ ｼﾞｮﾝ"),
    ] {
        let pairs =
            [("number", number), ("name", name), ("kana", kana), ("phone", "03-1234-5678"), ("email", "a@example.jp")];
        running.app.record_create(&sales, "crm", "customer", typed(&pairs)).await.expect(number);
    }
    for (field, text, expected) in [
        ("name", "高橋", vec!["C1"]),
        ("name", "髙橋", vec!["C1"]),
        ("name", "橋", vec!["C4", "C1"]),
        ("name", "高", vec!["C4", "C1"]),
        ("name", "吉田", vec!["C2"]),
        ("name", "𠮷", vec!["C2"]),
        ("name", "渡辺", vec!["C3"]),
        ("name", "渡辺健", vec!["C3"]),
        ("name", "smith", vec!["C5"]),
        ("name", "ｔｈｊ", vec!["C5"]),
        ("kana", "たかはし", vec!["C1"]),
        ("kana", "ﾀｶﾊｼ", vec!["C1"]),
        ("kana", "よしだ", vec!["C2"]),
        ("kana", "ワタナベ", vec!["C3"]),
        ("kana", "じょん", vec!["C5"]),
        ("kana", "たか", vec!["C4", "C1"]),
        ("name", "佐藤", vec![]),
        // Both bigrams are there, but not this text.
        ("name", "田橋高", vec![]),
        ("phone", "1234", vec!["C5", "C4", "C3", "C2", "C1"]),
        ("phone", "０３１２", vec!["C5", "C4", "C3", "C2", "C1"]),
        ("phone", "03-12", vec!["C5", "C4", "C3", "C2", "C1"]),
    ] {
        assert_eq!(numbers(&running, one(field, Test::Contains, text)).await, expected, "{field} {text}");
    }
    assert_eq!(numbers(&running, one("email", Test::Equals, " A@Example.JP")).await.len(), 5);
    assert_eq!(numbers(&running, one("email", Test::Equals, "b@example.jp")).await.len(), 0);
}

#[tokio::test]
async fn a_list_masks_what_is_personal_and_says_how_many_there_are() {
    let running = Running::start().await;
    let (sales, reader) = (running.caller(SALES).await, running.caller(READER).await);
    for number in 0..23 {
        customer(&running.app, &sales, &format!("C{number}"), "山本 健").await;
    }
    let page = running.app.record_list(&reader, "crm", "customer", ListQuery::default(), true).await.expect("a list");
    assert_eq!(page.records.len(), domain::record::DEFAULT_PAGE);
    assert!(page.records.iter().all(|view| view.record.values["name"] == "山本 ●●" && !view.revealed));
    let count = page.count.expect("asked for");
    assert!(count.rows == 23 && !count.more && page.next.is_some() && page.previous.is_none());
    assert_eq!(page.records[0].record.values["number"], "C22", "newest first");
}

/// Pages to the end and back; the ids in the order of the way there.
async fn walked(running: &Running, sort: Option<Sort>, limit: usize) -> Vec<RecordId> {
    let reader = running.caller(READER).await;
    let (mut pages, mut cursor) = (Vec::new(), None);
    loop {
        let query = ListQuery { sort: sort.clone(), cursor, limit, ..ListQuery::default() };
        let page = running.app.record_list(&reader, "crm", "customer", query, false).await.expect("a page");
        pages.push(page.records.iter().map(|view| view.record.id).collect::<Vec<_>>());
        cursor = page.next.clone();
        if cursor.is_none() {
            let mut back = page.previous;
            for expected in pages.iter().rev().skip(1) {
                let query = ListQuery { sort: sort.clone(), cursor: back.clone(), limit, ..ListQuery::default() };
                let page =
                    running.app.record_list(&reader, "crm", "customer", query, false).await.expect("a page back");
                assert_eq!(
                    page.records.iter().map(|view| view.record.id).collect::<Vec<_>>(),
                    *expected,
                    "{sort:?} {limit}"
                );
                back = page.previous;
            }
            assert!(back.is_none(), "before the first page there is none");
            return pages.concat();
        }
    }
}

#[tokio::test]
async fn pages_show_every_record_once_in_every_order_there_and_back() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    // Equal values and empty ones on every border.
    for number in 0..31 {
        let (rank, amount, day) = (
            ["A", "B", "", "A"][number % 4],
            ["", "100", "-5", "100", "7"][number % 5],
            ["", "2026-01-01", "2026-01-02"][number % 3],
        );
        let number = format!("C{:03}", number * 7 % 31);
        let pairs = [
            ("number", number.as_str()),
            ("name", "x"),
            ("rank", rank),
            ("annual_amount", amount),
            ("registered_on", day),
        ];
        running.app.record_create(&sales, "crm", "customer", typed(&pairs)).await.expect("a customer");
    }
    for limit in [1, 7, 30, 31, 200] {
        let mut orders = vec![None];
        for field in ["number", "rank", "annual_amount", "registered_on", "prefecture"] {
            orders.extend([false, true].map(|descending| Some(Sort { field: field.into(), descending })));
        }
        for sort in orders {
            let seen = walked(&running, sort.clone(), limit).await;
            assert_eq!(seen.len(), 31, "{sort:?} by {limit}");
            assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 31, "{sort:?} by {limit}");
        }
    }
    let ascending = numbers(
        &running,
        ListQuery { sort: Some(Sort { field: "number".into(), descending: false }), limit: 3, ..ListQuery::default() },
    )
    .await;
    assert_eq!(ascending, ["C000", "C001", "C002"]);
    let between = ListQuery {
        conditions: vec![
            one("annual_amount", Test::AtLeast, "-5").conditions.remove(0),
            one("annual_amount", Test::AtMost, "7").conditions.remove(0),
        ],
        limit: 200,
        ..ListQuery::default()
    };
    assert_eq!(numbers(&running, between).await.len(), 12);
}

#[tokio::test]
async fn a_search_pages_over_its_findings_only() {
    let running = Running::start().await;
    let (sales, reader) = (running.caller(SALES).await, running.caller(READER).await);
    for number in 0..60 {
        // Every other one has the same bigrams in another order.
        let name = if number % 2 == 0 { "山田山本" } else { "山本山田山" };
        customer(&running.app, &sales, &format!("C{number}"), name).await;
    }
    let (mut seen, mut cursor) = (BTreeSet::new(), None);
    loop {
        let query = ListQuery { cursor, limit: 7, ..one("name", Test::Contains, "本山田") };
        let page = running.app.record_list(&reader, "crm", "customer", query, false).await.expect("a page");
        seen.extend(page.records.iter().map(|view| view.record.id));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
        assert_eq!(page.records.len(), 7, "a page that is not the last is full");
    }
    assert_eq!(seen.len(), 30);
}
