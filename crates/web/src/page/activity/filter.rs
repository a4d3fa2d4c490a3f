//! The conditions of one's own trail: period and kind. What they find, `app` says.

use super::PATH;
use crate::form::Form;
use crate::format;
use crate::locale::Texts;
use crate::page;
use crate::page::audit::control::{Chip, Typed};
use crate::page::audit::filter::Wrong;
use crate::page::audit::period;
use crate::page::record::filter::{Choice, choices as options};
use crate::problem::Problem;
use app::activity::{ActivityFilter, Kind};
use jiff::Timestamp;

/// The names of the conditions, as parameters of pages and API alike.
const NAMES: [&str; 4] = ["kind", "range", "from", "until"];

/// The conditions, offered.
#[derive(Clone, Debug)]
pub struct Controls {
    /// Kinds of acts.
    pub kinds: Vec<Choice>,
    /// What is wrong with the kind, or empty.
    pub kind_error: String,
    /// Days counted back from today.
    pub ranges: Vec<Choice>,
    /// What is wrong with the choice, or empty.
    pub range_error: String,
    /// From when, as typed.
    pub from: Typed,
    /// Until when, as typed.
    pub until: Typed,
    /// Whether any condition is set.
    pub set: bool,
    /// Whether one of those folded away is.
    pub more: bool,
    /// The conditions that hold, in words.
    pub chips: Vec<Chip>,
    /// The page that takes out what these conditions find.
    pub extract: String,
}

/// The conditions as `app` wants them, or all that is wrong with them.
pub fn read(form: &Form, now: Timestamp) -> Result<Result<ActivityFilter, Vec<Wrong>>, Problem> {
    let mut wrong = Vec::new();
    let typed = form.once("kind")?.trim();
    let kind = Kind::parse(typed);
    if kind.is_none() && !typed.is_empty() {
        wrong.push(Wrong { name: "kind", key: "activity-bad-kind" });
    }
    let period = period::read(form, now, &mut wrong)?;
    let filter = ActivityFilter { kind, from: period.from, until: period.until };
    Ok(if wrong.is_empty() { Ok(filter) } else { Err(wrong) })
}

fn value<'f>(form: &'f Form, name: &str) -> &'f str {
    form.once(name).unwrap_or_default()
}

/// The fields of the form, with what was typed.
pub fn controls(form: &Form, wrong: &[Wrong], t: Texts) -> Controls {
    let error =
        |name: &str| wrong.iter().find(|wrong| wrong.name == name).map(|wrong| t.text(wrong.key)).unwrap_or_default();
    let typed = |name: &str| Typed { value: value(form, name).to_owned(), error: error(name) };
    let is_set = |name: &&str| !value(form, name).trim().is_empty();
    Controls {
        kinds: kinds(value(form, "kind"), t),
        kind_error: error("kind"),
        ranges: period::ranges(value(form, "range"), t),
        range_error: error("range"),
        from: typed("from"),
        until: typed("until"),
        set: NAMES.iter().any(is_set),
        more: ["from", "until"].iter().any(is_set),
        chips: if wrong.is_empty() { chips(form, t) } else { Vec::new() },
        extract: format!("{PATH}/extract{}", page::query(kept(form))),
    }
}

fn kinds(present: &str, t: Texts) -> Vec<Choice> {
    let named = Kind::ALL.map(|kind| (kind.code(), t.text(format!("activity-kind-{}", kind.code()))));
    options(named.iter().map(|(code, words)| (*code, words.as_str())), present)
}

fn chips(form: &Form, t: Texts) -> Vec<Chip> {
    let set = NAMES.into_iter().map(|name| (name, value(form, name).trim())).filter(|(_, value)| !value.is_empty());
    set.map(|(name, value)| {
        let without = kept(form).into_iter().filter(|(kept, _)| *kept != name);
        let instant =
            || format::typed_instant(value).map_or_else(|| value.to_owned(), |at| format::exact(t.locale, at).words);
        Chip {
            label: if name == "kind" { t.text("activity-kind") } else { t.text(format!("audit-{name}")) },
            value: match name {
                "kind" => t.text(format!("activity-kind-{value}")),
                "range" => t.text(format!("audit-range-{value}")),
                _ => instant(),
            },
            without: format!("{PATH}{}", page::query(without)),
        }
    })
    .collect()
}

/// The conditions as they were sent.
pub fn kept(form: &Form) -> Vec<(&'static str, &str)> {
    NAMES.into_iter().map(|name| (name, value(form, name))).collect()
}

/// A link with the conditions kept.
pub fn link(form: &Form, cursor: Option<&str>) -> String {
    format!("{PATH}{}", page::query(kept(form).into_iter().chain([("cursor", cursor.unwrap_or_default())])))
}
