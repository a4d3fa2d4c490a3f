//! Extraction: rows as bytes that other programs read back.

use domain::extraction::{Cell, UTF8_BOM, csv_row, ndjson_row, starts_a_formula};
use domain::service::FieldKind;
use proptest::prelude::*;

fn csv(cells: &[&str]) -> String {
    let mut out = Vec::new();
    csv_row(&mut out, cells.iter().copied());
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn a_cell_a_spreadsheet_would_run_is_neutralised() {
    for cell in
        ["=1+1", "@不明", "+cmd|x", "-cmd", "\t=1", "\r=1", "＝1", "-1+2", "+", "-", "--1", "-1.", "+81 3", "-1,200"]
    {
        assert!(starts_a_formula(cell), "{cell}");
        assert!(csv(&[cell]).trim_start_matches('"').starts_with('\''), "{cell}");
    }
}

#[test]
fn plain_numbers_and_ordinary_text_are_left_alone() {
    for cell in ["", "-1200", "+3", "-0.5", "1=1", "a@b.jp", "C000001", "😀 好印象", "'x"] {
        assert!(!starts_a_formula(cell), "{cell}");
        assert_eq!(csv(&[cell]), format!("{cell}\r\n"));
    }
}

#[test]
fn only_cells_that_need_quotes_get_them() {
    assert_eq!(csv(&["a", "b c", "d,e", "f\"g", "h\ni", " j", ""]), "a,b c,\"d,e\",\"f\"\"g\",\"h\ni\",\" j\",\r\n");
    assert_eq!(csv(&["=a,b"]), "\"'=a,b\"\r\n");
    assert_eq!(UTF8_BOM, "\u{feff}".as_bytes());
}

#[test]
fn a_json_row_has_numbers_bare_and_empty_cells_as_null() {
    let mut out = Vec::new();
    let cells = [
        ("name", Cell::of(&FieldKind::Text, Some("a\"\\\n\u{1}髙😀"))),
        ("amount", Cell::of(&FieldKind::Money, Some("-1200"))),
        ("done", Cell::of(&FieldKind::Boolean, Some("true"))),
        ("note", Cell::of(&FieldKind::LongText, None)),
        ("phone", Cell::of(&FieldKind::Phone, Some("03"))),
    ];
    ndjson_row(&mut out, cells);
    let text = String::from_utf8(out).expect("UTF-8");
    let expected =
        "{\"name\":\"a\\\"\\\\\\n\\u0001髙😀\",\"amount\":-1200,\"done\":true,\"note\":null,\"phone\":\"03\"}\n";
    assert_eq!(text, expected);
}

proptest! {
    #[test]
    fn a_csv_row_reads_back_cell_by_cell(cells in proptest::collection::vec(any::<String>(), 2..6)) {
        let mut out = Vec::new();
        csv_row(&mut out, cells.iter().map(String::as_str));
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&out[..]);
        let record = reader.records().next().expect("one row").expect("sound");
        let expected: Vec<String> =
            cells.iter().map(|cell| if starts_a_formula(cell) { format!("'{cell}") } else { cell.clone() }).collect();
        prop_assert_eq!(record.iter().collect::<Vec<_>>(), expected);
        prop_assert!(reader.records().next().is_none());
    }

    #[test]
    fn a_json_row_reads_back_and_is_one_line(name in any::<String>(), value in any::<String>()) {
        let mut out = Vec::new();
        ndjson_row(&mut out, [(name.as_str(), Cell::Text(&value))]);
        prop_assert_eq!(out.iter().filter(|byte| **byte == b'\n').count(), 1);
        let read: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
        prop_assert_eq!(read[name.as_str()].as_str(), Some(value.as_str()));
    }
}
