//! Records: typed values, their faults, masks. How rows are stored is `store`'s; what may be asked of lists is here.

mod change;
mod fault;
mod number;
mod parse;
mod query;
mod shown;
mod when;

pub use change::{Conflict, changes, conflict};
pub use fault::{Fault, FaultReason};
pub(crate) use parse::is_email;
pub use parse::{parse, parse_all, parse_changes};
pub use query::check_query;
pub use shown::{mask, normalised, shown};

use crate::id::{RecordId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A record's values as canonical text by field name. An absent field is empty; no value is the empty string.
pub type Values = BTreeMap<String, String>;

/// A record as opened from the store.
#[derive(Clone, PartialEq, Debug)]
pub struct Record {
    /// Its id.
    pub id: RecordId,
    /// The optimistic lock: 1 when made, one more with each change.
    pub version: i64,
    /// All fields, plain and sealed.
    pub values: Values,
    /// When it was made, and by whom.
    pub created_at: Timestamp,
    /// The maker.
    pub created_by: UserId,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Who changed it last.
    pub updated_by: UserId,
}

/// One condition of a list. All conditions must hold.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Condition {
    /// The field's name.
    pub field: String,
    /// How it is compared.
    pub test: Test,
    /// What it is compared with: as typed at first, canonical (plain) or normalised (blind) after `check_query`.
    pub value: String,
}

/// How a condition compares.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// Equal (plain or exact index; on partial, equal after normalisation is not offered).
    Equals,
    /// At least (plain).
    AtLeast,
    /// At most (plain).
    AtMost,
    /// Contains (partial index).
    Contains,
}

/// What a list shows: conditions, order, place, size.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ListQuery {
    /// All must hold; at most `MAX_CONDITIONS`.
    pub conditions: Vec<Condition>,
    /// A plain field to order by, or none: newest first by id.
    pub sort: Option<Sort>,
    /// The cursor of a page, as given by the page before.
    pub cursor: Option<String>,
    /// Records a page, 1 to `MAX_PAGE`; 0 means `DEFAULT_PAGE`.
    pub limit: usize,
}

/// An order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sort {
    /// A plain field's name.
    pub field: String,
    /// Largest first.
    pub descending: bool,
}

/// Conditions a list accepts at most.
pub const MAX_CONDITIONS: usize = 8;
/// Records a page at most.
pub const MAX_PAGE: usize = 200;
/// Records a page unless asked otherwise.
pub const DEFAULT_PAGE: usize = 20;
/// Longest search text in characters.
pub const MAX_SEARCH_CHARS: usize = 100;
/// Longest cursor in bytes; far more than any page hands out.
pub const MAX_CURSOR_BYTES: usize = 2_048;
/// Most digits before the decimal point; with them every amount fits `i64` and a JSON number exactly.
pub const MAX_DIGITS: usize = 15;
