//! Extraction: one row to CSV or NDJSON bytes. Opens no file and knows no record; `app` streams what these functions
//! append.
//!
//! This is the hot path of a million rows: every function appends to the caller's buffer and allocates nothing.

use crate::service::FieldKind;

/// The byte order mark by which Excel knows a CSV file for UTF-8.
pub const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";

/// A cell of an NDJSON row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cell<'a> {
    /// `null`.
    Empty,
    /// A string.
    Text(&'a str),
    /// A number or a boolean in canonical text, written bare.
    Bare(&'a str),
}

impl<'a> Cell<'a> {
    /// The cell of a canonical value: numbers and booleans bare, the others as strings.
    pub fn of(kind: &FieldKind, value: Option<&'a str>) -> Self {
        match (value, kind) {
            (None, _) => Self::Empty,
            (Some(value), FieldKind::Number { .. } | FieldKind::Money | FieldKind::Boolean) => Self::Bare(value),
            (Some(value), _) => Self::Text(value),
        }
    }
}

/// Appends one CSV row (RFC 4180, CR LF), each cell neutralised and quoted where needed.
pub fn csv_row<'a>(out: &mut Vec<u8>, cells: impl IntoIterator<Item = &'a str>) {
    for (place, cell) in cells.into_iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        csv_cell(out, cell);
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends one CSV cell. A cell a spreadsheet would run as a formula gets a leading apostrophe; plain signed numbers
/// don't need it.
pub fn csv_cell(out: &mut Vec<u8>, cell: &str) {
    let bytes = cell.as_bytes();
    let neutralise = starts_a_formula(cell);
    if !bytes.iter().any(|byte| matches!(byte, b'"' | b',' | b'\r' | b'\n')) && !edge_is_space(bytes) {
        if neutralise {
            out.push(b'\'');
        }
        out.extend_from_slice(bytes);
        return;
    }
    out.push(b'"');
    if neutralise {
        out.push(b'\'');
    }
    let mut rest = bytes;
    while let Some(quote) = rest.iter().position(|byte| *byte == b'"') {
        out.extend_from_slice(&rest[..=quote]);
        out.push(b'"');
        rest = &rest[quote + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Appends one NDJSON row: an object with the cells in the order given, then LF. Names come from manifests.
pub fn ndjson_row<'a>(out: &mut Vec<u8>, cells: impl IntoIterator<Item = (&'a str, Cell<'a>)>) {
    out.push(b'{');
    for (place, (name, cell)) in cells.into_iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        json_string(out, name);
        out.push(b':');
        match cell {
            Cell::Empty => out.extend_from_slice(b"null"),
            Cell::Text(text) => json_string(out, text),
            Cell::Bare(text) => out.extend_from_slice(text.as_bytes()),
        }
    }
    out.extend_from_slice(b"}\n");
}

/// Whether a spreadsheet may take the cell for a formula (OWASP's list: `=`, `+`, `-`, `@`, tab, CR; full-width forms
/// too, which Japanese spreadsheets fold). A plain number such as `-1200.5` is none.
pub fn starts_a_formula(cell: &str) -> bool {
    let Some(first) = cell.chars().next() else {
        return false;
    };
    match first {
        '=' | '@' | '\t' | '\r' | '＝' | '＠' | '＋' | '－' => true,
        '+' | '-' => !is_plain_number(&cell.as_bytes()[1..]),
        _ => false,
    }
}

/// Digits with at most one point between them.
fn is_plain_number(bytes: &[u8]) -> bool {
    let points = bytes.iter().filter(|byte| **byte == b'.').count();
    let sound = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    points <= 1 && bytes.iter().all(sound) && edge(bytes.first()) && edge(bytes.last())
}

/// Some readers drop white space at the edge of an unquoted cell.
fn edge_is_space(bytes: &[u8]) -> bool {
    let space = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    space(bytes.first()) || space(bytes.last())
}

/// Appends a JSON string (RFC 8259 §7): runs of ordinary bytes at once, the few others escaped.
fn json_string(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut start = 0;
    for (place, byte) in bytes.iter().enumerate() {
        let escaped: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0x00..=0x1f => &[b'\\', b'u', b'0', b'0', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]],
            _ => continue,
        };
        out.extend_from_slice(&bytes[start..place]);
        out.extend_from_slice(escaped);
        start = place + 1;
    }
    out.extend_from_slice(&bytes[start..]);
    out.push(b'"');
}
