//! The conditions of a list: read from the query, offered as fields, written into links. What a field allows, `domain` says.

use crate::form::Form;
use crate::page;
use crate::problem::Problem;
use domain::locale::Locale;
use domain::record::{Condition, Fault, ListQuery, Sort, Test};
use domain::service::{Entity, Field, FieldKind};

/// Fields offered at once; the others are folded away.
const SHOWN: usize = 4;
/// The class of those folded away.
const FOLDED: usize = 3;

/// A field to search by.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The parameter's name.
    pub name: String,
    /// The element's id.
    pub id: String,
    /// The field's label.
    pub label: String,
    /// Whether the value is sealed in the database.
    pub sealed: bool,
    /// The control.
    pub control: Control,
    /// Whether a condition is set.
    pub set: bool,
}

/// How a condition is given.
#[derive(Clone, Debug)]
pub enum Control {
    /// One of some.
    Select(Vec<Choice>),
    /// From – to, with the `type` of the inputs.
    Range {
        /// `date`, `datetime-local` or `text`.
        kind: &'static str,
        /// At least.
        from: String,
        /// At most.
        to: String,
    },
    /// Text: part of the value, or all of it.
    Text {
        /// What was typed.
        value: String,
        /// Whether part of the value is enough.
        partial: bool,
    },
    /// A condition that came with a link; it can only be dropped.
    Fixed(String),
}

/// One choice of a select or a group of radio buttons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub label: String,
    /// Whether it is the present one.
    pub chosen: bool,
}

/// The query as `app` wants it. Parameters: `f.<field>` (equal), `.has` (contains),
/// `.from`, `.to` after it (bounds), `sort`, `cursor`.
pub fn read(form: &Form) -> Result<ListQuery, Problem> {
    let mut conditions = Vec::new();
    for (name, value) in form.prefixed("f.")? {
        if value.trim().is_empty() {
            continue;
        }
        let (field, test) = match name.rsplit_once('.') {
            Some((field, "from")) => (field, Test::AtLeast),
            Some((field, "to")) => (field, Test::AtMost),
            Some((field, "has")) => (field, Test::Contains),
            _ => (name.as_str(), Test::Equals),
        };
        conditions.push(Condition { field: field.to_owned(), test, value });
    }
    let sort = form.some("sort")?.map(|sort| match sort.strip_prefix('-') {
        Some(field) => Sort { field: field.to_owned(), descending: true },
        None => Sort { field: sort.to_owned(), descending: false },
    });
    Ok(ListQuery { conditions, sort, cursor: form.some("cursor")?.map(str::to_owned), limit: 0 })
}

/// The same query without the conditions (or the order) at fault.
pub fn without(query: &ListQuery, faults: &[Fault]) -> ListQuery {
    let at_fault = |name: &str| faults.iter().any(|fault| fault.field == name || fault.field.is_empty());
    ListQuery {
        conditions: query.conditions.iter().filter(|condition| !at_fault(&condition.field)).cloned().collect(),
        sort: query.sort.clone().filter(|sort| !at_fault(&sort.field)),
        cursor: None,
        limit: 0,
    }
}

/// The fields to search by: first those always shown, then the folded ones. What people look records up by comes first:
/// two parts of text, one exact value, one choice.
pub fn filters(entity: &Entity, form: &Form, locale: Locale) -> (Vec<Filter>, Vec<Filter>) {
    let mut room = [2, 1, 1];
    let mut found = Vec::new();
    for field in &entity.fields {
        let Some(filter) = filter(field, form, locale) else { continue };
        let class = match (&field.kind, field.tests()) {
            (_, [Test::Contains]) => 0,
            (FieldKind::Choice { .. }, _) => 2,
            (_, [Test::Equals]) => 1,
            _ => room.len(),
        };
        let shown = room.get_mut(class).filter(|left| **left > 0);
        found.push((
            shown.map_or(FOLDED, |left| {
                *left -= 1;
                class
            }),
            filter,
        ));
    }
    found.sort_by_key(|(class, _)| *class);
    let first = found.iter().filter(|(class, _)| *class < FOLDED).count();
    let mut all: Vec<Filter> = found.into_iter().map(|(_, filter)| filter).collect();
    let rest = all.split_off(first.max(SHOWN.min(all.len())));
    (all, rest)
}

fn filter(field: &Field, form: &Form, locale: Locale) -> Option<Filter> {
    let partial = field.tests() == [Test::Contains];
    let name = format!("f.{}{}", field.name, if partial { ".has" } else { "" });
    let value = |suffix: &str| form.once(&format!("{name}{suffix}")).unwrap_or_default().to_owned();
    let control = match (&field.kind, field.tests()) {
        (_, []) => return None,
        (FieldKind::Reference { .. }, _) if value("").is_empty() => return None,
        (FieldKind::Reference { .. }, _) => Control::Fixed(value("")),
        (FieldKind::Choice { options }, _) => {
            let options = options.iter().map(|option| (option.value.as_str(), option.label.get(locale)));
            Control::Select(choices(options, &value("")))
        }
        (FieldKind::Boolean, _) => {
            let words = ["true", "false"].map(|value| (value, domain::record::shown(field, value, locale)));
            Control::Select(choices(words.iter().map(|(value, label)| (*value, label.as_str())), &value("")))
        }
        (kind, [_, _, ..]) => Control::Range { kind: input(kind), from: value(".from"), to: value(".to") },
        _ => Control::Text { value: value(""), partial },
    };
    Some(Filter {
        id: format!("f-{}", field.name),
        label: field.label.get(locale).to_owned(),
        sealed: !field.is_plain(),
        set: is_set(&control),
        control,
        name,
    })
}

/// Options with the present one marked.
pub fn choices<'o>(options: impl Iterator<Item = (&'o str, &'o str)>, present: &str) -> Vec<Choice> {
    let choice = |(value, label): (&str, &str)| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        chosen: value == present,
    };
    options.map(choice).collect()
}

fn input(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::Date => "date",
        FieldKind::Datetime => "datetime-local",
        _ => "text",
    }
}

fn is_set(control: &Control) -> bool {
    match control {
        Control::Select(choices) => choices.iter().any(|choice| choice.chosen),
        Control::Range { from, to, .. } => !from.is_empty() || !to.is_empty(),
        Control::Text { value, .. } | Control::Fixed(value) => !value.is_empty(),
    }
}

/// The conditions as they were sent, for links and hidden fields.
pub fn pairs(form: &Form) -> Vec<(String, String)> {
    form.0.iter().filter(|(name, value)| name.starts_with("f.") && !value.is_empty()).cloned().collect()
}

/// A link with the conditions kept and the rest as given.
pub fn link(path: &str, form: &Form, sort: Option<&str>, cursor: Option<&str>) -> String {
    let kept = pairs(form);
    let kept = kept.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let more = [("sort", sort.unwrap_or_default()), ("cursor", cursor.unwrap_or_default())];
    format!("{path}{}", page::query(kept.chain(more)))
}
