//! A manifest as its text has it, with the place of every value. Knows TOML's shape and none of the rules.

use super::names::nearest;
use crate::locale::Label;
use crate::service::ChoiceOption;
use serde::Deserialize;
use toml::Spanned;

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawManifest {
    pub service: RawService,
    #[serde(default)]
    pub entity: Vec<RawEntity>,
    #[serde(default)]
    pub screen: Vec<RawScreen>,
}

/// `[service]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawService {
    pub name: Spanned<String>,
    pub version: Spanned<u32>,
    pub label: Spanned<Label>,
}

/// `[[entity]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEntity {
    pub name: Spanned<String>,
    pub label: Spanned<Label>,
    pub title: Spanned<String>,
    #[serde(default)]
    pub field: Vec<RawField>,
}

/// `[[entity.field]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawField {
    pub name: Spanned<String>,
    pub r#type: Spanned<String>,
    pub label: Spanned<Label>,
    #[serde(default)]
    pub personal: bool,
    #[serde(default)]
    pub required: bool,
    #[serde(default)]
    pub unique: bool,
    pub index: Option<Spanned<String>>,
    pub max_chars: Option<Spanned<usize>>,
    /// Of numbers.
    pub scale: Option<Spanned<u8>>,
    /// Of numbers.
    pub min: Option<Spanned<i64>>,
    /// Of numbers.
    pub max: Option<Spanned<i64>>,
    /// Of choices.
    pub options: Option<Spanned<Vec<Spanned<ChoiceOption>>>>,
    /// Of references.
    pub to: Option<Spanned<String>>,
    pub hint: Option<Spanned<Label>>,
}

/// `[[screen]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawScreen {
    pub name: Spanned<String>,
    pub kind: Spanned<String>,
    pub entity: Spanned<String>,
    pub label: Spanned<Label>,
    #[serde(default)]
    pub fields: Vec<Spanned<String>>,
    #[serde(default)]
    pub usable: bool,
    pub root: Option<Spanned<bool>>,
    #[serde(default)]
    pub billing_types: Vec<Spanned<String>>,
    pub permission: Option<Spanned<String>>,
}

/// The reader's own message, with what is allowed and the nearest word where it names an unknown key.
pub(super) fn explain(message: &str) -> String {
    // `unknown field `tpye`, expected one of `name`, `type``: the words stand between backticks.
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match (message.starts_with("unknown field"), quoted.split_first()) {
        (true, Some((found, allowed))) => {
            format!("\"{found}\" is not known here{}; allowed are {}", nearest(found, allowed), allowed.join(", "))
        }
        _ => message.replace('`', "\""),
    }
}
