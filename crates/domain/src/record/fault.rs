//! What is wrong with a typed value, as data and as a sentence for people. Does not decide it; `parse` and `store` do.

use crate::locale::{Label, Locale};
use serde::{Deserialize, Serialize};

/// A refused value and the field it was typed into.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Fault {
    /// The field's name; empty when the whole row or query is meant.
    pub field: String,
    /// Why.
    pub reason: FaultReason,
}

/// Why a value was refused. Kept as data, so that a job's report can be read in either language.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum FaultReason {
    /// A required field is empty.
    Required,
    /// More characters than the field takes.
    TooLong {
        /// What it takes.
        max: usize,
        /// What was typed.
        found: usize,
    },
    /// A character that is not text (NUL, C0, C1).
    ControlCharacter {
        /// Its Unicode scalar value.
        code: u32,
    },
    /// Not a number.
    NotANumber,
    /// More digits after the point than the field keeps.
    TooManyDecimals {
        /// What it keeps.
        scale: u8,
    },
    /// Below or above what the field takes.
    OutOfRange {
        /// Smallest value.
        min: Option<i64>,
        /// Largest value.
        max: Option<i64>,
    },
    /// Not a day of the calendar.
    NotADate,
    /// Not a day and time.
    NotADatetime,
    /// None of the options.
    NotAChoice {
        /// The labels of the options, the first `MAX_ALLOWED_SHOWN`.
        allowed: Vec<Label>,
    },
    /// Neither yes nor no.
    NotABoolean,
    /// Not an e-mail address.
    NotAnEmail,
    /// Not a telephone number.
    NotAPhone,
    /// Not a Japanese postal code.
    NotAPostalCode,
    /// Not the id of a record.
    NotAReference,
    /// The entity has no such field.
    UnknownField,
    /// Another record of the tenant has the same value in a unique field.
    Taken,
    /// The record referred to does not exist.
    MissingReference,
    /// Other records refer to this one.
    StillReferenced,
    /// A row of a file has more or fewer cells than its header.
    CellCount {
        /// Cells of the header.
        expected: usize,
        /// Cells of the row.
        found: usize,
    },
    /// A quote of a file's row is never closed.
    OpenQuote,
    /// The field can't be searched or ordered in the way asked for.
    NotSearchable,
    /// Nothing is left to search for once white space and hyphens are put aside.
    NothingToFind,
    /// More conditions than a list takes.
    TooManyConditions {
        /// What it takes.
        max: usize,
    },
}

/// Options named in a message at most; a list of 200 helps nobody.
pub(super) const MAX_ALLOWED_SHOWN: usize = 12;

impl Fault {
    /// A fault of a field.
    pub fn new(field: impl Into<String>, reason: FaultReason) -> Self {
        Self { field: field.into(), reason }
    }

    /// What happened and what to do. `label` is what people call the field.
    pub fn message(&self, locale: Locale, label: &str) -> String {
        self.reason.message(locale, label)
    }
}

impl FaultReason {
    /// The word used in problem documents, job reports and tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::TooLong { .. } => "too_long",
            Self::ControlCharacter { .. } => "control_character",
            Self::NotANumber => "not_a_number",
            Self::TooManyDecimals { .. } => "too_many_decimals",
            Self::OutOfRange { .. } => "out_of_range",
            Self::NotADate => "not_a_date",
            Self::NotADatetime => "not_a_datetime",
            Self::NotAChoice { .. } => "not_a_choice",
            Self::NotABoolean => "not_a_boolean",
            Self::NotAnEmail => "not_an_email",
            Self::NotAPhone => "not_a_phone",
            Self::NotAPostalCode => "not_a_postal_code",
            Self::NotAReference => "not_a_reference",
            Self::UnknownField => "unknown_field",
            Self::Taken => "taken",
            Self::MissingReference => "missing_reference",
            Self::StillReferenced => "still_referenced",
            Self::CellCount { .. } => "cell_count",
            Self::OpenQuote => "open_quote",
            Self::NotSearchable => "not_searchable",
            Self::NothingToFind => "nothing_to_find",
            Self::TooManyConditions { .. } => "too_many_conditions",
        }
    }

    /// What happened and what to do, with an example where one helps. `label` is what people call the field.
    pub fn message(&self, locale: Locale, label: &str) -> String {
        match locale {
            Locale::Ja => self.in_japanese(label),
            Locale::En => self.in_english(label),
        }
    }

    fn in_japanese(&self, label: &str) -> String {
        match self {
            Self::Required => format!("「{label}」が入力されていません。入力してください。"),
            Self::TooLong { max, found } => {
                format!("「{label}」は{max}文字までです(入力は{found}文字)。短くしてください。")
            }
            Self::ControlCharacter { code } => format!(
                "「{label}」に、文字として扱えない制御文字(U+{code:04X})が含まれています。その文字を取り除いてください。"
            ),
            Self::NotANumber => {
                format!("「{label}」を数値として読み取れません。数字で入力してください(例: 1200)。")
            }
            Self::TooManyDecimals { scale: 0 } => {
                format!("「{label}」に小数は入力できません。整数で入力してください(例: 1200)。")
            }
            Self::TooManyDecimals { scale } => {
                format!("「{label}」の小数は{scale}桁までです。桁を減らしてください。")
            }
            Self::OutOfRange { min, max } => {
                let range = range(*min, *max, ["", "以上", "以下", "〜"]);
                format!("「{label}」の値が範囲の外です。{range}の値を入力してください。")
            }
            Self::NotADate => {
                format!("「{label}」を日付として読み取れません。暦にある日付を入力してください(例: 2026-11-22)。")
            }
            Self::NotADatetime => {
                format!("「{label}」を日時として読み取れません。秒までの日時を入力してください(例: 2026-11-22T18:05)。")
            }
            Self::NotAChoice { allowed } => {
                format!("「{label}」にない選択肢です。{}から選んでください。", choices(allowed, Locale::Ja))
            }
            Self::NotABoolean => {
                format!("「{label}」を読み取れません。「はい」か「いいえ」で入力してください。")
            }
            Self::NotAnEmail => format!(
                "「{label}」がメールアドレスの形になっていません。例のように入力してください(例: name@example.jp)。"
            ),
            Self::NotAPhone => format!(
                "「{label}」を電話番号として読み取れません。10〜15桁の数字で入力してください(例: 03-1234-5678)。"
            ),
            Self::NotAPostalCode => {
                format!("「{label}」を郵便番号として読み取れません。7桁の数字で入力してください(例: 100-0001)。")
            }
            other => other.of_records_in_japanese(label),
        }
    }

    /// Faults about other records, rows and searches.
    fn of_records_in_japanese(&self, label: &str) -> String {
        match self {
            Self::NotAReference => {
                format!("「{label}」が記録を指していません。一覧から記録を選んでください。")
            }
            Self::UnknownField => {
                format!("「{label}」という項目はありません。項目名を確かめてください。")
            }
            Self::Taken => {
                format!("同じ「{label}」の記録がすでにあります。別の値を入力するか、その記録を編集してください。")
            }
            Self::MissingReference => {
                format!("「{label}」が指す記録がありません。一覧から選び直してください。")
            }
            Self::StillReferenced => format!(
                "この記録は「{label}」から参照されているため、取り除けません。先に参照している記録を変更してください。"
            ),
            Self::CellCount { expected, found } => format!(
                "この行の列は{found}個ですが、見出しは{expected}個です。引用符(\")とコンマの数を確かめてください。"
            ),
            Self::OpenQuote => {
                "この行の引用符(\")が閉じられないまま、ファイルが終わっています。引用符の数を確かめてください。"
                    .to_owned()
            }
            Self::NotSearchable => {
                format!("「{label}」は、この方法では検索や並べ替えができません。別の項目を選んでください。")
            }
            Self::NothingToFind => {
                format!("「{label}」に探す文字がありません。1文字以上を入力してください。")
            }
            Self::TooManyConditions { max } => {
                format!("検索の条件は{max}個までです。条件を減らしてください。")
            }
            _ => format!("「{label}」を確かめてください。"),
        }
    }

    fn in_english(&self, label: &str) -> String {
        match self {
            Self::Required => format!("“{label}” is empty. Enter a value."),
            Self::TooLong { max, found } => {
                format!("“{label}” takes up to {max} characters; {found} were entered. Shorten it.")
            }
            Self::ControlCharacter { code } => {
                format!("“{label}” contains a control character (U+{code:04X}). Remove it.")
            }
            Self::NotANumber => format!("“{label}” can't be read as a number. Enter digits (for example 1200)."),
            Self::TooManyDecimals { scale: 0 } => {
                format!("“{label}” takes whole numbers only. Leave out the decimals (for example 1200).")
            }
            Self::TooManyDecimals { scale } => {
                format!("“{label}” keeps {scale} digits after the point. Enter fewer.")
            }
            Self::OutOfRange { min, max } => {
                let range = range(*min, *max, ["from ", " or more", " or less", " to "]);
                format!("“{label}” is out of range. Enter a value {range}.")
            }
            Self::NotADate => {
                format!("“{label}” can't be read as a date. Enter a day of the calendar (for example 2026-11-22).")
            }
            Self::NotADatetime => format!(
                "“{label}” can't be read as a date and time. Enter it down to the second at most (for example 2026-11-22T18:05)."
            ),
            Self::NotAChoice { allowed } => {
                format!("“{label}” has no such option. Choose from {}.", choices(allowed, Locale::En))
            }
            Self::NotABoolean => format!("“{label}” can't be read. Enter “true” or “false”."),
            Self::NotAnEmail => format!(
                "“{label}” does not have the form of an e-mail address. Enter it like the example (name@example.jp)."
            ),
            Self::NotAPhone => {
                format!(
                    "“{label}” can't be read as a telephone number. Enter 10 to 15 digits (for example 03-1234-5678)."
                )
            }
            Self::NotAPostalCode => {
                format!("“{label}” can't be read as a postal code. Enter seven digits (for example 100-0001).")
            }
            other => other.of_records_in_english(label),
        }
    }

    fn of_records_in_english(&self, label: &str) -> String {
        match self {
            Self::NotAReference => format!("“{label}” does not point to a record. Choose one from the list."),
            Self::UnknownField => format!("There is no field “{label}”. Check its name."),
            Self::Taken => {
                format!("Another record has the same “{label}”. Enter another value, or edit that record.")
            }
            Self::MissingReference => format!("The record “{label}” points to does not exist. Choose another."),
            Self::StillReferenced => {
                format!("“{label}” still refers to this record, so it can't be removed. Change those records first.")
            }
            Self::CellCount { expected, found } => {
                format!("This row has {found} cells; the header has {expected}. Check its quotes (\") and commas.")
            }
            Self::OpenQuote => {
                "A quote (\") of this row is still open at the end of the file. Check its quotes.".to_owned()
            }
            Self::NotSearchable => {
                format!("“{label}” can't be searched or sorted in this way. Choose another field.")
            }
            Self::NothingToFind => format!("“{label}” holds nothing to search for. Enter at least one character."),
            Self::TooManyConditions { max } => format!("A search takes up to {max} conditions. Use fewer."),
            _ => format!("Check “{label}”."),
        }
    }
}

/// `1〜10`, `1以上`, `10以下` (or their English forms) from the words `[before, at least, at most, between]`.
fn range(min: Option<i64>, max: Option<i64>, [before, at_least, at_most, between]: [&str; 4]) -> String {
    let number = |value: i64| super::number::with_commas(&value.to_string());
    match (min, max) {
        (Some(min), Some(max)) => format!("{before}{}{between}{}", number(min), number(max)),
        (Some(min), None) => format!("{before}{}{at_least}", number(min)),
        (None, Some(max)) => format!("{before}{}{at_most}", number(max)),
        (None, None) => before.to_owned(),
    }
}

/// The options by name, as a list in a sentence.
fn choices(allowed: &[Label], locale: Locale) -> String {
    let named: Vec<String> = allowed
        .iter()
        .take(MAX_ALLOWED_SHOWN)
        .map(|label| match locale {
            Locale::Ja => format!("「{}」", label.ja),
            Locale::En => format!("“{}”", label.en),
        })
        .collect();
    let more = match locale {
        _ if allowed.len() < MAX_ALLOWED_SHOWN => "",
        Locale::Ja => "など",
        Locale::En => " and more",
    };
    named.join(match locale {
        Locale::Ja => "",
        Locale::En => ", ",
    }) + more
}
