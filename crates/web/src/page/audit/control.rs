//! The conditions of the log as fields of a form, as chips that can be taken away one by one, and in links. Reads no meaning
//! into them: `filter` does.

use super::filter::{NAMES, SETTINGS, Wrong, held};
use super::{PATH, group, period};
use crate::form::Form;
use crate::format;
use crate::locale::Texts;
use crate::page;
use crate::page::activity::line::verb_name;
use crate::page::record::filter::{Choice, choices as options};
use app::audit::{AuditChoices, verbs_of};
use domain::audit::{Outcome, Verb};
use domain::service::Service;

/// Conditions that are folded away until one of them is set.
const FOLDED: [&str; 9] = ["from", "until", "service", "screen", "entity", "field", "record", "request", "heartbeats"];

/// Choices under the headings of a list.
pub type Grouped = Vec<(String, Vec<Choice>)>;

/// The conditions, offered.
#[derive(Clone, Debug)]
pub struct Controls {
    /// Members, then those who are none.
    pub users: Grouped,
    /// Verbs by group, and whole nouns.
    pub verbs: Grouped,
    /// Outcomes.
    pub outcomes: Vec<Choice>,
    /// Days counted back from today.
    pub ranges: Vec<Choice>,
    /// From when, as typed.
    pub from: Typed,
    /// Until when, as typed.
    pub until: Typed,
    /// Services.
    pub services: Vec<Choice>,
    /// Screens by service.
    pub screens: Grouped,
    /// Entities by service.
    pub entities: Grouped,
    /// Fields by entity, and settings.
    pub fields: Grouped,
    /// The record's id, as typed.
    pub record: Typed,
    /// The request's id, as typed.
    pub request: Typed,
    /// Whether the log's own entries are wanted.
    pub heartbeats: bool,
    /// What is wrong with a selection, by name.
    pub wrong: Vec<(&'static str, String)>,
    /// Whether any condition is set.
    pub set: bool,
    /// Whether one of those folded away is.
    pub more: bool,
    /// The conditions that hold, in words.
    pub chips: Vec<Chip>,
    /// The page with these conditions, to be kept.
    pub kept: String,
    /// The page that takes out what these conditions find.
    pub extract: String,
}

/// A condition that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chip {
    /// What it is about.
    pub label: String,
    /// What is wanted.
    pub value: String,
    /// The page without it.
    pub without: String,
}

/// A condition as typed, with what is wrong about it.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// What was typed.
    pub value: String,
    /// What is wrong, or empty.
    pub error: String,
}

impl Controls {
    /// What is wrong with a condition; empty when nothing is.
    pub fn error(&self, name: &str) -> String {
        self.wrong.iter().find(|(wrong, _)| *wrong == name).map(|(_, text)| text.clone()).unwrap_or_default()
    }
}

fn value<'f>(form: &'f Form, name: &str) -> &'f str {
    form.once(name).unwrap_or_default()
}

/// The fields of the form, with what was typed.
pub fn controls(form: &Form, choices: &AuditChoices, wrong: &[Wrong], t: Texts) -> Controls {
    let errors: Vec<(&'static str, String)> = wrong.iter().map(|wrong| (wrong.name, t.text(wrong.key))).collect();
    let typed = |name: &str| Typed {
        value: value(form, name).to_owned(),
        error: errors.iter().find(|(wrong, _)| *wrong == name).map(|(_, text)| text.clone()).unwrap_or_default(),
    };
    let is_set = |name: &&str| !value(form, name).trim().is_empty();
    let outcomes = [Outcome::Done, Outcome::Denied].map(|o| (o.code(), t.text(format!("audit-outcome-{}", o.code()))));
    let services = choices.services.iter().map(|service| (service.name.as_str(), service.label.get(t.locale)));
    Controls {
        users: users(choices, value(form, "user"), t),
        verbs: verbs(value(form, "verb"), t),
        outcomes: options(outcomes.iter().map(|(code, words)| (*code, words.as_str())), value(form, "outcome")),
        ranges: period::ranges(value(form, "range"), t),
        from: typed("from"),
        until: typed("until"),
        services: options(services, value(form, "service")),
        screens: screens(choices, value(form, "screen"), t),
        entities: entities(choices, value(form, "entity"), t),
        fields: fields(choices, value(form, "field"), t),
        record: typed("record"),
        request: typed("request"),
        heartbeats: is_set(&"heartbeats"),
        set: NAMES.iter().any(is_set),
        more: FOLDED.iter().any(is_set),
        chips: if wrong.is_empty() { chips(form, choices, t) } else { Vec::new() },
        kept: link(form, None),
        extract: format!("{PATH}/extract{}", page::query(kept(form))),
        wrong: errors,
    }
}

fn users(choices: &AuditChoices, present: &str, t: Texts) -> Grouped {
    let users: Vec<(String, &str)> = choices.users.iter().map(|(id, name)| (id.to_string(), name.as_str())).collect();
    let others = ["operator", "system", "anyone"].map(|code| (code, t.text(format!("activity-actor-{code}"))));
    vec![
        (t.text("audit-members"), options(users.iter().map(|(id, name)| (id.as_str(), *name)), present)),
        (t.text("audit-no-members"), options(others.iter().map(|(code, name)| (*code, name.as_str())), present)),
    ]
}

/// The verbs, by group; whole nouns come first in the group of their verbs.
pub(super) fn verbs(present: &str, t: Texts) -> Grouped {
    ["audit-group-record", "audit-group-user", "audit-group-access", "audit-group-contract"]
        .into_iter()
        .map(|key| {
            let verbs: Vec<Verb> = Verb::ALL.iter().filter(|verb| group(**verb) == key).copied().collect();
            let mut nouns: Vec<&str> = verbs.iter().map(|verb| noun(*verb)).collect();
            nouns.sort_unstable();
            nouns.dedup();
            let whole = nouns.into_iter().filter(|noun| verbs_of(noun).len() > 1);
            let whole = whole.map(|noun| (format!("{noun}.*"), noun_name(noun, t)));
            let verbs = verbs.iter().map(|verb| (verb.code().to_owned(), verb_name(*verb, t)));
            let all: Vec<(String, String)> = whole.chain(verbs).collect();
            (t.text(key), options(all.iter().map(|(code, name)| (code.as_str(), name.as_str())), present))
        })
        .collect()
}

fn noun(verb: Verb) -> &'static str {
    verb.code().split('.').next().unwrap_or_default()
}

/// What all verbs of a noun are called together.
pub fn noun_name(noun: &str, t: Texts) -> String {
    let key = format!("noun-{noun}");
    if t.has(&key) { t.text(&key) } else { t.one("noun-other", "noun", noun) }
}

fn by_service(
    choices: &AuditChoices,
    present: &str,
    t: Texts,
    of: impl Fn(&Service) -> Vec<(String, String)>,
) -> Grouped {
    let grouped = choices.services.iter().map(|service| {
        let named: Vec<(String, String)> =
            of(service).into_iter().map(|(name, label)| (format!("{}/{name}", service.name), label)).collect();
        let list = options(named.iter().map(|(name, label)| (name.as_str(), label.as_str())), present);
        (service.label.get(t.locale).to_owned(), list)
    });
    grouped.collect()
}

fn screens(choices: &AuditChoices, present: &str, t: Texts) -> Grouped {
    by_service(choices, present, t, |service| {
        service.screens.iter().map(|screen| (screen.name.clone(), screen.label.get(t.locale).to_owned())).collect()
    })
}

fn entities(choices: &AuditChoices, present: &str, t: Texts) -> Grouped {
    by_service(choices, present, t, |service| {
        service.entities.iter().map(|entity| (entity.name.clone(), entity.label.get(t.locale).to_owned())).collect()
    })
}

fn fields(choices: &AuditChoices, present: &str, t: Texts) -> Grouped {
    let mut grouped = Vec::new();
    for service in &choices.services {
        for entity in &service.entities {
            let named: Vec<(String, &str)> = entity
                .fields
                .iter()
                .map(|field| (format!("{}/{}/{}", service.name, entity.name, field.name), field.label.get(t.locale)))
                .collect();
            let heading =
                t.two("audit-of-service", "service", service.label.get(t.locale), "entity", entity.label.get(t.locale));
            grouped.push((heading, options(named.iter().map(|(name, label)| (name.as_str(), *label)), present)));
        }
    }
    let settings = SETTINGS.map(|name| (name, t.text(format!("activity-field-{name}"))));
    let settings = options(settings.iter().map(|(name, label)| (*name, label.as_str())), present);
    grouped.push((t.text("audit-settings"), settings));
    grouped
}

/// What holds, in words, in the order of the form.
fn chips(form: &Form, choices: &AuditChoices, t: Texts) -> Vec<Chip> {
    let set = NAMES.into_iter().map(|name| (name, value(form, name).trim())).filter(|(_, value)| !value.is_empty());
    set.map(|(name, value)| {
        let without = kept(form).into_iter().filter(|(kept, _)| *kept != name);
        Chip {
            label: t.text(if name == "heartbeats" {
                "audit-heartbeats-label".to_owned()
            } else {
                format!("audit-{name}")
            }),
            value: words(name, value, choices, t),
            without: format!("{PATH}{}", page::query(without)),
        }
    })
    .collect()
}

fn words(name: &str, value: &str, choices: &AuditChoices, t: Texts) -> String {
    let chosen = |grouped: Grouped| {
        let found = grouped.into_iter().flat_map(|(_, list)| list).find(|choice| choice.chosen);
        found.map_or_else(|| value.to_owned(), |choice| choice.label)
    };
    match name {
        "user" => chosen(users(choices, value, t)),
        "verb" => chosen(verbs(value, t)),
        "outcome" => t.text(format!("audit-outcome-{value}")),
        "range" => t.text(format!("audit-range-{value}")),
        "from" | "until" => {
            format::typed_instant(value).map_or_else(|| value.to_owned(), |at| format::exact(t.locale, at).words)
        }
        "service" => held(choices, value).map_or_else(|| value.to_owned(), |s| s.label.get(t.locale).to_owned()),
        "screen" => chosen(screens(choices, value, t)),
        "entity" => chosen(entities(choices, value, t)),
        "field" => chosen(fields(choices, value, t)),
        "heartbeats" => t.text("audit-shown-too"),
        _ => value.to_owned(),
    }
}

/// The conditions as they were sent.
pub fn kept(form: &Form) -> Vec<(&'static str, &str)> {
    NAMES.into_iter().map(|name| (name, value(form, name))).collect()
}

/// A link with the conditions kept.
pub fn link(form: &Form, cursor: Option<&str>) -> String {
    format!("{PATH}{}", page::query(kept(form).into_iter().chain([("cursor", cursor.unwrap_or_default())])))
}
