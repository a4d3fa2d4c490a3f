//! Import: files as companies hand them over.

use crate::shipped;
use domain::extraction::csv_row;
use domain::import::{Encoding, ImportFault, MAX_IMPORT_BYTES, Row, RowReader, decode, detect};
use domain::record::FaultReason;
use domain::service::Entity;
use proptest::prelude::*;
use std::io::Read;

const UTF8: &[u8] = include_bytes!("sample/customers.csv");
const CP932: &[u8] = include_bytes!("sample/customers-cp932.csv");

fn customer() -> Entity {
    shipped("crm").entity("customer").expect("it is there").clone()
}

fn rows(bytes: &[u8], entity: &Entity) -> Result<Vec<Row>, ImportFault> {
    RowReader::new(bytes, detect(bytes)?, entity)?.collect()
}

/// The small file's only row.
fn one_row(text: &str) -> Row {
    let entity = customer();
    rows(text.as_bytes(), &entity).expect("the file is taken").remove(0)
}

#[track_caller]
fn fault(text: &str) -> (String, FaultReason) {
    let faults = one_row(text).values.expect_err("the row is refused");
    assert_eq!(faults.len(), 1, "{faults:?}");
    (faults[0].field.clone(), faults[0].reason.clone())
}

/// Gives one byte at a time, to meet every boundary.
struct Drip<'b>(&'b [u8]);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.0.len().min(buffer.len()).min(1);
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

#[test]
fn bytes_of_no_known_encoding_are_refused_at_the_first_bad_one() {
    assert_eq!(detect(&b"abc\xff\xfe"[..]), Err(ImportFault::UnknownEncoding { position: 3 }));
    let cut_utf8 = "顧客".as_bytes().split_last().expect("not empty").1.to_vec();
    assert!(matches!(
        detect(&[b"\xef\xbb\xbf", &cut_utf8[..]].concat()[..]),
        Err(ImportFault::UnknownEncoding { position: 6 })
    ));
    // UTF-16, as Excel's "Unicode text" has it.
    assert!(matches!(detect(&b"\xff\xfe\x67\x98"[..]), Err(ImportFault::UnknownEncoding { position: 0 })));
}

#[test]
fn a_file_over_the_limit_is_refused_while_it_is_read() {
    let endless = std::io::repeat(b'a').take(MAX_IMPORT_BYTES + 1);
    assert_eq!(detect(endless), Err(ImportFault::TooLarge));
}

#[test]
fn a_header_that_names_no_field_or_one_twice_or_lacks_a_required_one_refuses_the_file() {
    let entity = customer();
    let refused = |text: &str| rows(text.as_bytes(), &entity).expect_err("the file is refused");
    assert_eq!(refused(""), ImportFault::Empty);
    assert_eq!(refused("顧客番号,氏名,よみ\n"), ImportFault::UnknownColumns { columns: vec!["よみ".to_owned()] });
    let ImportFault::UnknownColumns { columns } =
        refused(&format!("顧客番号,氏名{},\u{3}PK{}\n", ",x".repeat(9_000), "y".repeat(9_000)))
    else {
        panic!("other columns")
    };
    assert!(
        columns.len() == 11 && columns[10] == "…",
        "ten of them are enough to see what is wrong: {}",
        columns.len()
    );
    let ImportFault::UnknownColumns { columns } = refused(&format!("\u{3}PK{}\n", "y".repeat(9_000))) else {
        panic!("other columns")
    };
    assert_eq!(columns, [format!("PK{}…", "y".repeat(38))]);
    assert_eq!(refused("顧客番号,氏名,Name\n"), ImportFault::RepeatedColumns { columns: vec!["Name".to_owned()] });
    assert_eq!(refused("顧客番号,会社名\n"), ImportFault::MissingColumns { fields: vec!["name".to_owned()] });
}

#[test]
fn a_ragged_row_is_refused_alone_with_its_number_and_line() {
    let entity = customer();
    let text = "顧客番号,氏名,備考\nC1,山田 一,\"二行\nの備考\"\nC2,山田 二\nC3,山田 三,x,y\nC4,山田 四,\n";
    let rows = rows(text.as_bytes(), &entity).expect("the file is taken");
    let seen: Vec<(u64, u64, bool)> = rows.iter().map(|row| (row.number, row.line, row.values.is_ok())).collect();
    assert_eq!(seen, [(1, 2, true), (2, 4, false), (3, 5, false), (4, 6, true)]);
    let faults = rows[1].values.as_ref().expect_err("two cells");
    assert_eq!(faults[0].reason, FaultReason::CellCount { expected: 3, found: 2 });
}

#[test]
fn a_file_cut_off_inside_quotes_does_not_look_complete() {
    let entity = customer();
    let text = "顧客番号,氏名,備考\nC1,山田 一,\"ここから\nC2,山田 二,\nC3,山田 三,\n";
    let rows = rows(text.as_bytes(), &entity).expect("the file is taken");
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].values.as_ref().expect_err("open")[0].reason, FaultReason::OpenQuote);
}

#[test]
fn every_fault_of_a_row_names_its_column() {
    let text = "顧客番号,氏名,生年月日,ランク,年間取引額\n,山田 一,2026-02-30,E,千円\n";
    let faults = one_row(text).values.expect_err("four faults");
    let named: Vec<(&str, &str)> = faults.iter().map(|fault| (fault.field.as_str(), fault.reason.code())).collect();
    let expected = [
        ("number", "required"),
        ("birthday", "not_a_date"),
        ("rank", "not_a_choice"),
        ("annual_amount", "not_a_number"),
    ];
    assert_eq!(named, expected);
}

#[test]
fn control_characters_and_endless_cells_are_refused() {
    assert_eq!(fault("顧客番号,氏名\nC1,a\0b\n").1, FaultReason::ControlCharacter { code: 0 });
    let long = "あ".repeat(10_001);
    assert_eq!(fault(&format!("顧客番号,氏名,備考\nC1,山田,{long}\n")).1.code(), "too_long");
}

#[test]
fn columns_are_matched_in_either_language_width_and_case_and_any_order() {
    let row = one_row("NAME, ﾌﾘｶﾞﾅ ,顧客番号\n山田 一,ヤマダ,C1\n");
    let values = row.values.expect("it is taken");
    assert_eq!(
        (values["name"].as_str(), values["kana"].as_str(), values["number"].as_str()),
        ("山田 一", "ヤマダ", "C1")
    );
}

#[test]
fn every_row_of_both_sample_files_is_taken_in() {
    let entity = customer();
    for (bytes, encoding) in [(UTF8, Encoding::Utf8Bom), (CP932, Encoding::Cp932)] {
        assert_eq!(detect(bytes), Ok(encoding));
        let rows = rows(bytes, &entity).expect("the file is taken");
        assert_eq!(rows.len(), 200);
        for row in rows {
            assert!(row.values.is_ok(), "{row:?}");
        }
    }
}

#[test]
fn a_byte_order_mark_changes_nothing_but_the_name_of_the_encoding() {
    let entity = customer();
    let bare = UTF8.strip_prefix(b"\xef\xbb\xbf").expect("the file has one");
    assert_eq!(detect(bare), Ok(Encoding::Utf8));
    assert_eq!(rows(bare, &entity), rows(UTF8, &entity));
    let text = String::from_utf8(bare.to_vec()).expect("UTF-8");
    assert_eq!(decode(UTF8), Ok((Encoding::Utf8Bom, text.clone())));
    assert_eq!(decode(bare), Ok((Encoding::Utf8, text)));
}

#[test]
fn where_the_bytes_are_cut_does_not_matter() {
    let entity = customer();
    assert_eq!(detect(Drip(CP932)), Ok(Encoding::Cp932));
    let dripped: Result<Vec<Row>, _> =
        RowReader::new(Drip(CP932), Encoding::Cp932, &entity).expect("the header is sound").collect();
    assert_eq!(dripped, rows(CP932, &entity));
}

#[test]
fn an_import_goes_on_where_it_stopped() {
    let entity = customer();
    let whole = rows(UTF8, &entity).expect("the file is taken");
    let mut reader = RowReader::new(UTF8, Encoding::Utf8Bom, &entity).expect("the header is sound");
    reader.skip_rows(120).expect("they are there");
    let rest: Vec<Row> = reader.map(|row| row.expect("it reads")).collect();
    assert_eq!(rest, whole[120..]);
}

#[test]
fn what_went_in_comes_out_cell_by_cell() {
    let entity = customer();
    let mut out = Vec::new();
    csv_row(&mut out, entity.fields.iter().map(|field| field.label.ja.as_str()));
    let taken = rows(UTF8, &entity).expect("the file is taken");
    for row in &taken {
        let values = row.values.as_ref().expect("it is taken");
        csv_row(&mut out, entity.fields.iter().map(|field| values.get(&field.name).map_or("", String::as_str)));
    }
    // Only what a spreadsheet would run, and dates written with slashes, may differ from the file.
    let text = String::from_utf8(out).expect("UTF-8");
    let expected = String::from_utf8(UTF8[3..].to_vec()).expect("UTF-8");
    let (mut got, mut want) =
        (csv::Reader::from_reader(text.as_bytes()), csv::Reader::from_reader(expected.as_bytes()));
    for (got, want) in got.records().zip(want.records()) {
        for (got, want) in got.expect("csv").iter().zip(want.expect("csv").iter()) {
            let neutral = if want.starts_with(['=', '@']) { format!("'{want}") } else { want.to_owned() };
            assert!(got == neutral || got == want.replace('/', "-"), "{got} {want}");
        }
    }
    assert_eq!(rows(text.as_bytes(), &entity).expect("taken").len(), taken.len());
}

proptest! {
    #[test]
    fn no_row_is_lost_whatever_stands_in_its_cells(
        notes in proptest::collection::vec("[a-z\",\r\n =@\u{3042}\u{ff8c}\u{20bb7}]{0,12}", 1..20),
        cut in any::<prop::sample::Index>(),
    ) {
        let entity = customer();
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["顧客番号", "氏名", "備考"]).expect("memory");
        for (place, note) in notes.iter().enumerate() {
            writer.write_record([&format!("C{place}"), "山田 一", note]).expect("memory");
        }
        let bytes = writer.into_inner().expect("memory");
        let taken = rows(&bytes, &entity).expect("the file is taken");
        prop_assert_eq!(taken.len(), notes.len());
        for (row, note) in taken.iter().zip(&notes) {
            let values = row.values.as_ref().expect("every row is sound");
            let kept = (!note.trim().is_empty()).then_some(note);
            prop_assert_eq!(values.get("note"), kept);
        }
        // Cut off anywhere behind the header, no row appears that was not there.
        let cut = bytes.len() - cut.index(bytes.len() / 2);
        if let Ok(cut_rows) = rows(&bytes[..cut], &entity) {
            let sound = |row: &&Row| row.values.as_ref().is_ok_and(|values| values.contains_key("note"));
            let notes: Vec<&str> = notes.iter().map(String::as_str).collect();
            for row in cut_rows.iter().filter(sound) {
                let note = row.values.as_ref().expect("sound")["note"].as_str();
                prop_assert!(notes[row.number as usize - 1].starts_with(note));
            }
        }
    }

    #[test]
    fn no_bytes_can_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let entity = customer();
        let file = ["顧客番号,氏名\n".as_bytes(), &bytes[..]].concat();
        for row in rows(&file, &entity).into_iter().flatten() {
            prop_assert!(row.number > 0);
        }
        let _ = rows(&bytes, &entity);
    }
}
