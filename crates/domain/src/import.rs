//! Import: from the bytes of a CSV file to rows of values or faults. Writes no record and keeps no file.

mod columns;
mod encoding;
mod quotes;
mod rows;

pub use columns::match_columns;
pub use encoding::{Encoding, decode, detect};
pub use rows::{Row, RowReader};

use crate::locale::Locale;
use serde::{Deserialize, Serialize};

/// Largest file in bytes.
pub const MAX_IMPORT_BYTES: u64 = 64 * 1024 * 1024;
/// Most rows, without the header.
pub const MAX_IMPORT_ROWS: u64 = 1_000_000;
/// Longest cell in characters; no field takes more.
pub const MAX_CELL_CHARS: usize = 10_000;

/// Why a whole file was refused. Nothing of it is taken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum ImportFault {
    /// Neither UTF-8 nor CP932.
    UnknownEncoding {
        /// The first byte that fits neither, counted from 0.
        position: u64,
    },
    /// More than `MAX_IMPORT_BYTES`.
    TooLarge,
    /// More than `MAX_IMPORT_ROWS`.
    TooManyRows,
    /// No header.
    Empty,
    /// A header cell names no field of the entity.
    UnknownColumns {
        /// The cells, as they stand in the file.
        columns: Vec<String>,
    },
    /// Two columns mean the same field.
    RepeatedColumns {
        /// The cells, as they stand in the file.
        columns: Vec<String>,
    },
    /// A required field has no column.
    MissingColumns {
        /// Field names.
        fields: Vec<String>,
    },
    /// The bytes could not be read.
    Unreadable {
        /// What the reader said.
        cause: String,
    },
}

impl ImportFault {
    /// The word used in problem documents, job reports and tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownEncoding { .. } => "unknown_encoding",
            Self::TooLarge => "file_too_large",
            Self::TooManyRows => "too_many_rows",
            Self::Empty => "file_empty",
            Self::UnknownColumns { .. } => "unknown_columns",
            Self::RepeatedColumns { .. } => "repeated_columns",
            Self::MissingColumns { .. } => "missing_columns",
            Self::Unreadable { .. } => "file_unreadable",
        }
    }

    /// What happened and what to do. `label` gives a field's label by its name.
    pub fn message(&self, locale: Locale, label: impl Fn(&str) -> String) -> String {
        let mib = MAX_IMPORT_BYTES / 1024 / 1024;
        let quoted = |name: &String| match (locale, name.trim().is_empty()) {
            (Locale::Ja, true) => "(空の見出し)".to_owned(),
            (Locale::Ja, false) => format!("「{name}」"),
            (Locale::En, true) => "(an empty cell)".to_owned(),
            (Locale::En, false) => format!("“{name}”"),
        };
        let separator = if locale == Locale::Ja { "" } else { ", " };
        let list = |names: &[String]| names.iter().map(quoted).collect::<Vec<_>>().join(separator);
        let labels = |fields: &[String]| list(&fields.iter().map(|field| label(field)).collect::<Vec<_>>());
        match (self, locale) {
            (Self::UnknownEncoding { position }, Locale::Ja) => format!(
                "ファイルの文字コードを読み取れません(先頭から{position}バイト目)。CSVをUTF-8かシフトJISで保存し直してください。"
            ),
            (Self::UnknownEncoding { position }, Locale::En) => format!(
                "The file's character encoding can't be read (at byte {position}). Save it as CSV in UTF-8 or Shift_JIS."
            ),
            (Self::TooLarge, Locale::Ja) => format!("ファイルは{mib}MBまでです。分けて取り込んでください。"),
            (Self::TooLarge, Locale::En) => format!("A file has up to {mib} MB. Split it."),
            (Self::TooManyRows, Locale::Ja) => {
                "取り込めるのは1,000,000行までです。分けて取り込んでください。".to_owned()
            }
            (Self::TooManyRows, Locale::En) => "A file has up to 1,000,000 rows. Split it.".to_owned(),
            (Self::Empty, Locale::Ja) => "ファイルに見出しの行がありません。1行目に項目名を入れてください。".to_owned(),
            (Self::Empty, Locale::En) => "The file has no header. Put the field names in its first row.".to_owned(),
            (Self::UnknownColumns { columns }, Locale::Ja) => {
                format!(
                    "見出しの{}に当たる項目がありません。見出しを直すか、その列を取り除いてください。",
                    list(columns)
                )
            }
            (Self::UnknownColumns { columns }, Locale::En) => {
                format!("No field is called {}. Correct the header, or leave the columns out.", list(columns))
            }
            (Self::RepeatedColumns { columns }, Locale::Ja) => {
                format!("同じ項目を指す列が2つ以上あります: {}。1つにしてください。", list(columns))
            }
            (Self::RepeatedColumns { columns }, Locale::En) => {
                format!("More than one column means the same field: {}. Keep one.", list(columns))
            }
            (Self::MissingColumns { fields }, Locale::Ja) => {
                format!("必須の{}の列がありません。列を加えてください。", labels(fields))
            }
            (Self::MissingColumns { fields }, Locale::En) => {
                format!("The required {} has no column. Add it.", labels(fields))
            }
            (Self::Unreadable { .. }, Locale::Ja) => {
                "ファイルを最後まで読み取れませんでした。もう一度取り込んでください。".to_owned()
            }
            (Self::Unreadable { .. }, Locale::En) => "The file could not be read to its end. Try again.".to_owned(),
        }
    }
}
