//! The conditions of the log: read from the query, offered as fields, written into links. What they find, `app` says.

use super::{PATH, group};
use crate::form::Form;
use crate::format;
use crate::locale::Texts;
use crate::page;
use crate::page::activity::line::verb_name;
use crate::page::record::Link;
use crate::page::record::filter::{Choice, choices as options};
use crate::problem::Problem;
use app::audit::{AuditChoices, AuditFilter};
use domain::audit::{Outcome, Verb};
use std::str::FromStr;

/// The names of the conditions, as parameters of pages and API alike.
const NAMES: [&str; 8] = ["user", "verb", "service", "record", "outcome", "from", "until", "request"];

/// A condition that can't be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wrong {
    /// The parameter.
    pub name: &'static str,
    /// The key of what to do about it.
    pub key: &'static str,
}

impl Wrong {
    /// The error as a line of the summary.
    pub fn link(&self, t: Texts) -> Link {
        Link { href: format!("a-{}", self.name), label: t.text(self.key) }
    }
}

/// The conditions, offered.
#[derive(Clone, Debug)]
pub struct Controls {
    /// Members.
    pub users: Vec<Choice>,
    /// Verbs by group.
    pub verbs: Vec<(String, Vec<Choice>)>,
    /// Services.
    pub services: Vec<Choice>,
    /// Outcomes.
    pub outcomes: Vec<Choice>,
    /// The record's id, as typed.
    pub record: Typed,
    /// From when, as typed.
    pub from: Typed,
    /// Until when, as typed.
    pub until: Typed,
    /// The request's id, as typed.
    pub request: Typed,
    /// What is wrong with a selection, by name.
    pub wrong: Vec<(&'static str, String)>,
    /// Whether any condition is set.
    pub set: bool,
    /// Whether one of those folded away is.
    pub more: bool,
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

/// The conditions as `app` wants them, or all that is wrong with them. With `choices`, a member or a service must be one of
/// those; without (programs) any id will do and finds what it finds.
pub fn read(form: &Form, choices: Option<&AuditChoices>) -> Result<Result<AuditFilter, Vec<Wrong>>, Problem> {
    let mut wrong = Vec::new();
    let filter = AuditFilter {
        user: one(form, "user", "audit-bad-user", &mut wrong, id)?.filter(|user| {
            known(choices, |choices| choices.users.iter().any(|(id, _)| id == user), "user", &mut wrong)
        }),
        verb: one(form, "verb", "audit-bad-verb", &mut wrong, Verb::parse)?,
        service: one(form, "service", "audit-bad-service", &mut wrong, service)?.filter(|name| {
            known(choices, |choices| choices.services.iter().any(|(known, _)| known == name), "service", &mut wrong)
        }),
        record: one(form, "record", "audit-bad-record", &mut wrong, id)?,
        outcome: one(form, "outcome", "audit-bad-outcome", &mut wrong, outcome)?,
        from: one(form, "from", "audit-bad-from", &mut wrong, format::typed_instant)?,
        until: one(form, "until", "audit-bad-until", &mut wrong, format::typed_instant)?,
        request: one(form, "request", "audit-bad-request", &mut wrong, id)?,
    };
    if let (Some(from), Some(until)) = (filter.from, filter.until)
        && until <= from
    {
        wrong.push(Wrong { name: "until", key: "audit-until-before-from" });
    }
    Ok(if wrong.is_empty() { Ok(filter) } else { Err(wrong) })
}

fn one<T>(
    form: &Form,
    name: &'static str,
    key: &'static str,
    wrong: &mut Vec<Wrong>,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let typed = form.once(name)?.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    let value = read(typed);
    if value.is_none() {
        wrong.push(Wrong { name, key });
    }
    Ok(value)
}

/// Whether a choice is one of those offered; what is not is wrong.
fn known(
    choices: Option<&AuditChoices>,
    is_offered: impl Fn(&AuditChoices) -> bool,
    name: &'static str,
    wrong: &mut Vec<Wrong>,
) -> bool {
    let offered = choices.is_none_or(is_offered);
    if !offered {
        wrong.push(Wrong { name, key: if name == "user" { "audit-bad-user" } else { "audit-bad-service" } });
    }
    offered
}

fn id<T: FromStr>(typed: &str) -> Option<T> {
    typed.parse().ok()
}

/// Names of services are short words; anything else finds nothing.
fn service(typed: &str) -> Option<String> {
    let is_word = typed.len() <= 31 && typed.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    is_word.then(|| typed.to_owned())
}

fn outcome(typed: &str) -> Option<Outcome> {
    [Outcome::Done, Outcome::Denied].into_iter().find(|outcome| outcome.code() == typed)
}

/// The fields of the form, with what was typed.
pub fn controls(form: &Form, choices: &AuditChoices, wrong: &[Wrong], t: Texts) -> Controls {
    let value = |name: &str| form.once(name).unwrap_or_default().to_owned();
    let errors: Vec<(&'static str, String)> = wrong.iter().map(|wrong| (wrong.name, t.text(wrong.key))).collect();
    let typed = |name: &str| Typed {
        value: value(name),
        error: errors.iter().find(|(wrong, _)| *wrong == name).map(|(_, text)| text.clone()).unwrap_or_default(),
    };
    let users: Vec<(String, &str)> = choices.users.iter().map(|(id, name)| (id.to_string(), name.as_str())).collect();
    let outcomes = [Outcome::Done, Outcome::Denied].map(|o| (o.code(), t.text(format!("audit-outcome-{}", o.code()))));
    Controls {
        users: options(users.iter().map(|(id, name)| (id.as_str(), *name)), &value("user")),
        verbs: verbs(&value("verb"), t),
        services: options(
            choices.services.iter().map(|(name, label)| (name.as_str(), label.get(t.locale))),
            &value("service"),
        ),
        outcomes: options(outcomes.iter().map(|(code, words)| (*code, words.as_str())), &value("outcome")),
        record: typed("record"),
        from: typed("from"),
        until: typed("until"),
        request: typed("request"),
        set: NAMES.iter().any(|name| !value(name).trim().is_empty()),
        more: ["service", "record", "request"].iter().any(|name| !value(name).trim().is_empty()),
        wrong: errors,
    }
}

fn verbs(present: &str, t: Texts) -> Vec<(String, Vec<Choice>)> {
    ["audit-group-record", "audit-group-user", "audit-group-access", "audit-group-contract"]
        .into_iter()
        .map(|key| {
            let verbs = Verb::ALL.iter().filter(|verb| group(**verb) == key);
            let verbs: Vec<(&str, String)> = verbs.map(|verb| (verb.code(), verb_name(*verb, t))).collect();
            (t.text(key), options(verbs.iter().map(|(code, name)| (*code, name.as_str())), present))
        })
        .collect()
}

/// A link with the conditions kept.
pub fn link(form: &Form, cursor: Option<&str>) -> String {
    let kept = NAMES.iter().map(|name| (*name, form.once(name).unwrap_or_default()));
    format!("{PATH}{}", page::query(kept.chain([("cursor", cursor.unwrap_or_default())])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::texts;
    use domain::id::UserId;
    use domain::locale::{Label, Locale};

    const ID: &str = "01924d5a-7c00-7abc-8def-0123456789ab";

    fn choices() -> AuditChoices {
        let label = Label { ja: "顧客管理".to_owned(), en: "Customers".to_owned() };
        let user: UserId = ID.parse().unwrap();
        AuditChoices { users: vec![(user, "高橋".to_owned())], services: vec![("crm".to_owned(), label)] }
    }

    fn asked(query: &str) -> Result<AuditFilter, Vec<Wrong>> {
        read(&Form::parse(query).unwrap(), Some(&choices())).unwrap()
    }

    #[test]
    fn a_condition_that_cannot_be_used_is_named_and_kept_as_it_was_typed() {
        for (query, name) in [
            ("user=somebody", "user"),
            ("user=01924d5a-7c00-7abc-8def-0123456789ac", "user"),
            ("verb=record.burnt", "verb"),
            ("service=nothing", "service"),
            ("service=%27%20OR%20true", "service"),
            ("record=C000123", "record"),
            ("outcome=maybe", "outcome"),
            ("from=2026-02-30T00:00", "from"),
            ("until=%E6%98%8E%E6%97%A5", "until"),
            ("request=1", "request"),
            ("from=2026-11-22T18:05&until=2026-11-22T18:05", "until"),
        ] {
            let wrong = asked(query).unwrap_err();
            assert_eq!(wrong.iter().map(|wrong| wrong.name).collect::<Vec<_>>(), [name], "{query}");
            for t in [Locale::Ja, Locale::En].map(texts) {
                assert!(t.has(wrong[0].key), "{}", wrong[0].key);
                let controls = controls(&Form::parse(query).unwrap(), &choices(), &wrong, t);
                assert_eq!(controls.error(name), t.text(wrong[0].key));
                assert!(controls.set);
            }
        }
        assert_eq!(asked("verb=x&record=y&from=z").unwrap_err().len(), 3, "all at once");
        let typed = controls(&Form::parse("record=C000123").unwrap(), &choices(), &[], texts(Locale::Ja));
        assert_eq!(typed.record.value, "C000123");
        assert!(read(&Form::parse("verb=a&verb=b").unwrap(), None).is_err(), "twice");
    }

    #[test]
    fn conditions_left_empty_ask_for_everything() {
        assert_eq!(asked("user=&verb=&service=&record=&outcome=&from=&until=&request=+"), Ok(AuditFilter::default()));
    }

    #[test]
    fn the_time_typed_is_that_of_japan() {
        let filter =
            asked(&format!("from=2026-11-22T18:05&until=2026-11-22T18:06&record={ID}&outcome=denied")).unwrap();
        assert_eq!(filter.from, Some("2026-11-22T09:05:00Z".parse().unwrap()));
        assert_eq!(filter.outcome, Some(Outcome::Denied));
        assert_eq!(filter.record, Some(ID.parse().unwrap()));
    }

    #[test]
    fn the_filter_offers_every_verb_once() {
        let offered: Vec<String> =
            verbs("", texts(Locale::Ja)).into_iter().flat_map(|(_, verbs)| verbs).map(|verb| verb.value).collect();
        assert_eq!(offered.len(), Verb::ALL.len());
        assert!(Verb::ALL.iter().all(|verb| offered.contains(&verb.code().to_owned())));
    }
}
