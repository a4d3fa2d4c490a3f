//! A service as its manifest declares it: entities, fields, screens. `service::manifest` reads and checks the text.

pub mod manifest;

use crate::locale::Label;
use crate::screen::{ScreenKind, ScreenSettings};
use serde::{Deserialize, Serialize};

/// A service that tenants contract (CRM, expenses, ...). Serialises to JSON for the catalogue in the database.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Service {
    /// `[a-z][a-z0-9_]{0,30}`; schema `svc_<name>`.
    pub name: String,
    /// Grows by one or more with each upgrade.
    pub version: u32,
    /// Shown in menus.
    pub label: Label,
    /// In manifest order.
    pub entities: Vec<Entity>,
    /// In manifest order.
    pub screens: Vec<Screen>,
}

/// A kind of record: one table.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Entity {
    /// `[a-z][a-z0-9_]{0,30}`; the table's name.
    pub name: String,
    /// Singular, e.g. 顧客 / Customer.
    pub label: Label,
    /// The field that names a record to people in headings and reference choices. Never personal.
    pub title: String,
    /// In manifest order; at most `MAX_FIELDS`.
    pub fields: Vec<Field>,
}

/// One field of an entity.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Field {
    /// `[a-z][a-z0-9_]{0,40}`.
    pub name: String,
    /// Shown beside the value; CSV columns are matched to it.
    pub label: Label,
    /// The type of the value.
    pub kind: FieldKind,
    /// Personal data: masked until revealed, never indexed plain.
    pub personal: bool,
    /// Whether an empty value is refused.
    pub required: bool,
    /// Whether two records of a tenant may not share the value (needs `plain` or `exact`).
    pub unique: bool,
    /// How the value can be found; without it the value is only shown. References are always plain.
    pub index: Option<Index>,
    /// Longest value in characters (Unicode scalar values).
    pub max_chars: usize,
    /// One line under the label on forms.
    pub hint: Option<Label>,
}

/// The type of a field's value. Values are held as canonical text; see `record::parse`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum FieldKind {
    /// One line.
    Text,
    /// Several lines.
    LongText,
    /// A decimal number with up to `scale` digits after the point.
    Number {
        /// Digits after the point, 0 to 6.
        scale: u8,
        /// Smallest value allowed.
        min: Option<i64>,
        /// Largest value allowed.
        max: Option<i64>,
    },
    /// A whole amount of yen.
    Money,
    /// `2026-11-22`.
    Date,
    /// `2026-11-22T18:05:00+09:00`, canonically in UTC: `2026-11-22T09:05:00Z`.
    Datetime,
    /// One of the options.
    Choice {
        /// At most `MAX_OPTIONS`.
        options: Vec<ChoiceOption>,
    },
    /// `true` or `false`.
    Boolean,
    /// An e-mail address.
    Email,
    /// A telephone number, as typed; hyphens and width are ignored when searching.
    Phone,
    /// A Japanese postal code, as typed; the hyphen is ignored when searching.
    PostalCode,
    /// The id of a record of another (or the same) entity of the same service.
    Reference {
        /// The entity's name.
        entity: String,
    },
}

/// One option of a choice field.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChoiceOption {
    /// What is stored.
    pub value: String,
    /// What is shown; a CSV cell may hold either.
    pub label: Label,
}

/// How a field can be found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Index {
    /// A typed column in the clear (never for personal fields): filter, sort, exact.
    Plain,
    /// A keyed hash of the normalised value: equality only.
    Exact,
    /// Keyed hashes of the normalised value's characters and bigrams: "contains".
    Partial,
}

/// A screen of a service. An entity has at most one screen of each kind.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Screen {
    /// `[a-z][a-z0-9_]{0,40}`, unique in the service.
    pub name: String,
    /// Shown in menus and the matrix.
    pub label: Label,
    /// What it does.
    pub kind: ScreenKind,
    /// The entity's name.
    pub entity: String,
    /// Fields shown, in order (list: columns; others: all fields when empty in the manifest, here always filled).
    pub fields: Vec<String>,
    /// What the author proposes. A tenant starts closed and may take these over.
    pub proposed: ScreenSettings,
}

impl Service {
    /// The entity of a name.
    pub fn entity(&self, name: &str) -> Option<&Entity> {
        self.entities.iter().find(|entity| entity.name == name)
    }

    /// The screen of a name.
    pub fn screen(&self, name: &str) -> Option<&Screen> {
        self.screens.iter().find(|screen| screen.name == name)
    }

    /// The screen of a kind for an entity.
    pub fn screen_for(&self, entity: &str, kind: ScreenKind) -> Option<&Screen> {
        self.screens.iter().find(|screen| screen.entity == entity && screen.kind == kind)
    }
}

impl Entity {
    /// The field of a name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl Field {
    /// Whether the value stands in a typed column in the clear (plain index, or a reference).
    pub fn is_plain(&self) -> bool {
        self.index == Some(Index::Plain) || matches!(self.kind, FieldKind::Reference { .. })
    }
}
