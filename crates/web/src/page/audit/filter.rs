//! The conditions of the log, read from the query. What they find, `app` says; how they are offered, `control`.

use super::period;
use crate::form::Form;
use crate::locale::Texts;
use crate::page::record::Link;
use crate::problem::Problem;
use app::audit::{AuditChoices, AuditFilter, verbs_of};
use domain::audit::{Actor, Outcome, Verb};
use domain::service::Service;
use jiff::Timestamp;
use std::str::FromStr;
use std::sync::Arc;

/// The names of the conditions, as parameters of pages and API alike.
pub const NAMES: [&str; 13] = [
    "user",
    "verb",
    "outcome",
    "range",
    "from",
    "until",
    "service",
    "screen",
    "entity",
    "field",
    "record",
    "request",
    "heartbeats",
];

/// Settings of people and screens that entries name beside the fields of records.
pub const SETTINGS: [&str; 7] = ["administrator", "roles", "billing_types", "usable", "root", "permission", "name"];

/// Longest name of a service, entity, screen or field, in bytes.
const NAME_BYTES_MAX: usize = 41;

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

/// Names with slashes between: `crm/customer/rank`.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Names(Vec<String>);

/// The conditions as `app` wants them, or all that is wrong with them. With `choices`, what is chosen must be offered;
/// without (programs) any name will do and finds what it finds.
pub fn read(
    form: &Form,
    choices: Option<&AuditChoices>,
    now: Timestamp,
) -> Result<Result<AuditFilter, Vec<Wrong>>, Problem> {
    let mut wrong = Vec::new();
    let (user, other) = who(form, choices, &mut wrong)?;
    let (verb, noun) = act(form, &mut wrong)?;
    let period = period::read(form, now, &mut wrong)?;
    let mut filter = AuditFilter {
        user,
        other,
        verb,
        noun,
        outcome: one(form, "outcome", "audit-bad-outcome", &mut wrong, outcome)?,
        record: one(form, "record", "audit-bad-record", &mut wrong, id)?,
        request: one(form, "request", "audit-bad-request", &mut wrong, id)?,
        from: period.from,
        until: period.until,
        heartbeats: one(form, "heartbeats", "audit-bad-heartbeats", &mut wrong, |typed| (typed == "1").then_some(()))?
            .is_some(),
        ..AuditFilter::default()
    };
    place(form, choices, &mut filter, &mut wrong)?;
    Ok(if wrong.is_empty() { Ok(filter) } else { Err(wrong) })
}

pub(super) fn one<T>(
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

/// A member, or one who is none.
fn who(
    form: &Form,
    choices: Option<&AuditChoices>,
    wrong: &mut Vec<Wrong>,
) -> Result<(Option<domain::id::UserId>, Option<Actor>), Problem> {
    let offered =
        |user: &domain::id::UserId| choices.is_none_or(|choices| choices.users.iter().any(|(known, _)| known == user));
    let read = |typed: &str| match typed {
        "operator" => Some((None, Some(Actor::Operator))),
        "system" => Some((None, Some(Actor::System))),
        "anyone" => Some((None, Some(Actor::Anyone))),
        typed => id(typed).filter(offered).map(|user| (Some(user), None)),
    };
    Ok(one(form, "user", "audit-bad-user", wrong, read)?.unwrap_or_default())
}

/// A verb, or all of a noun: `record.*`.
fn act(form: &Form, wrong: &mut Vec<Wrong>) -> Result<(Option<Verb>, Option<String>), Problem> {
    let read = |typed: &str| match typed.strip_suffix(".*") {
        Some(noun) => (!verbs_of(noun).is_empty()).then(|| (None, Some(noun.to_owned()))),
        None => Verb::parse(typed).map(|verb| (Some(verb), None)),
    };
    Ok(one(form, "verb", "audit-bad-verb", wrong, read)?.unwrap_or_default())
}

/// Service, screen, entity and field; each of the last three names its service, and none may name another.
fn place(
    form: &Form,
    choices: Option<&AuditChoices>,
    filter: &mut AuditFilter,
    wrong: &mut Vec<Wrong>,
) -> Result<(), Problem> {
    let known = |check: &dyn Fn(&Service) -> bool, service: &str| {
        choices.is_none_or(|choices| held(choices, service).is_some_and(|service| check(service)))
    };
    let service = one(form, "service", "audit-bad-service", wrong, |typed| {
        names(typed, 1).filter(|names| known(&|_| true, &names.0[0]))
    })?;
    let screen = one(form, "screen", "audit-bad-screen", wrong, |typed| {
        names(typed, 2).filter(|names| known(&|service| service.screen(&names.0[1]).is_some(), &names.0[0]))
    })?;
    let entity = one(form, "entity", "audit-bad-entity", wrong, |typed| {
        names(typed, 2).filter(|names| known(&|service| service.entity(&names.0[1]).is_some(), &names.0[0]))
    })?;
    let field = one(form, "field", "audit-bad-field", wrong, |typed| {
        let of_record = |names: &Names| {
            let has = |service: &Service| {
                service.entity(&names.0[1]).is_some_and(|entity| entity.field(&names.0[2]).is_some())
            };
            known(&has, &names.0[0])
        };
        let setting = |names: &Names| choices.is_none() || SETTINGS.contains(&names.0[0].as_str());
        names(typed, 3).filter(of_record).or_else(|| names(typed, 1).filter(setting))
    })?;
    let mut take = |slot: &mut Option<String>, value: &str, name: &'static str| {
        if slot.as_deref().is_some_and(|taken| taken != value) {
            wrong.push(Wrong { name, key: "audit-elsewhere" });
        } else {
            *slot = Some(value.to_owned());
        }
    };
    if let Some(Names(names)) = &service {
        take(&mut filter.service, &names[0], "service");
    }
    if let Some(Names(names)) = &screen {
        take(&mut filter.service, &names[0], "screen");
        filter.screen = Some(names[1].clone());
    }
    if let Some(Names(names)) = &entity {
        take(&mut filter.service, &names[0], "entity");
        filter.entity = Some(names[1].clone());
    }
    match field.as_ref().map(|Names(names)| names.as_slice()) {
        Some([service, entity, field]) => {
            take(&mut filter.service, service, "field");
            take(&mut filter.entity, entity, "field");
            filter.field = Some(field.clone());
        }
        Some([setting, ..]) => filter.field = Some(setting.clone()),
        _ => {}
    }
    Ok(())
}

/// The service of a name among those offered.
pub fn held<'c>(choices: &'c AuditChoices, name: &str) -> Option<&'c Arc<Service>> {
    choices.services.iter().find(|service| service.name == name)
}

fn id<T: FromStr>(typed: &str) -> Option<T> {
    typed.parse().ok()
}

/// So many short words with slashes between; anything else names nothing.
fn names(typed: &str, count: usize) -> Option<Names> {
    let is_name = |name: &&str| {
        (1..=NAME_BYTES_MAX).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    let parts: Vec<&str> = typed.split('/').collect();
    let sound = parts.len() == count && parts.iter().all(is_name);
    sound.then(|| Names(parts.into_iter().map(str::to_owned).collect()))
}

fn outcome(typed: &str) -> Option<Outcome> {
    [Outcome::Done, Outcome::Denied].into_iter().find(|outcome| outcome.code() == typed)
}

#[cfg(test)]
mod tests {
    use super::super::control::{controls, verbs};
    use super::*;
    use crate::locale::texts;
    use domain::id::UserId;
    use domain::locale::Locale;

    const ID: &str = "01924d5a-7c00-7abc-8def-0123456789ab";

    fn now() -> Timestamp {
        "2026-11-22T09:05:00Z".parse().unwrap()
    }

    fn choices() -> AuditChoices {
        let user: UserId = ID.parse().unwrap();
        let manifest = |name, text| Arc::new(domain::service::manifest::read(name, text).unwrap());
        AuditChoices {
            users: vec![(user, "高橋".to_owned())],
            services: vec![
                manifest("crm.toml", include_str!("../../../../../services/crm.toml")),
                manifest("expense.toml", include_str!("../../../../../services/expense.toml")),
            ],
        }
    }

    fn asked(query: &str) -> Result<AuditFilter, Vec<Wrong>> {
        read(&Form::parse(query).unwrap(), Some(&choices()), now()).unwrap()
    }

    #[test]
    fn a_condition_that_cannot_be_used_is_named_and_kept_as_it_was_typed() {
        for (query, name) in [
            ("user=somebody", "user"),
            ("user=01924d5a-7c00-7abc-8def-0123456789ac", "user"),
            ("verb=record.burnt", "verb"),
            ("verb=nothing.*", "verb"),
            ("verb=*", "verb"),
            ("service=nothing", "service"),
            ("service=%27%20OR%20true", "service"),
            ("screen=customer_form", "screen"),
            ("screen=crm/nothing", "screen"),
            ("entity=expense/customer", "entity"),
            ("field=crm/customer/nothing", "field"),
            ("field=secret", "field"),
            ("service=expense&field=crm/customer/rank", "field"),
            ("entity=crm/contact&field=crm/customer/rank", "field"),
            ("screen=crm/customer_form&entity=expense/claim", "entity"),
            ("record=C000123", "record"),
            ("outcome=maybe", "outcome"),
            ("heartbeats=yes", "heartbeats"),
            ("range=29", "range"),
            ("range=7&from=2026-11-22T18:05", "range"),
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
        assert!(read(&Form::parse("verb=a&verb=b").unwrap(), None, now()).is_err(), "twice");
    }

    #[test]
    fn conditions_left_empty_ask_for_everything() {
        let empty: Vec<String> = NAMES.iter().map(|name| format!("{name}=")).collect();
        assert_eq!(asked(&empty.join("&")), Ok(AuditFilter::default()));
        assert_eq!(asked("request=+"), Ok(AuditFilter::default()));
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
    fn a_field_names_its_entity_and_its_service() {
        let filter = asked("field=crm/customer/rank&screen=crm/customer_form").unwrap();
        assert_eq!(
            [&filter.service, &filter.entity, &filter.screen, &filter.field].map(Option::as_deref),
            [Some("crm"), Some("customer"), Some("customer_form"), Some("rank")]
        );
        let filter = asked("field=administrator").unwrap();
        assert_eq!((filter.service, filter.field.as_deref()), (None, Some("administrator")));
    }

    #[test]
    fn who_is_no_member_can_be_asked_for_and_so_can_all_verbs_of_a_noun() {
        for (typed, actor) in [("operator", Actor::Operator), ("system", Actor::System), ("anyone", Actor::Anyone)] {
            assert_eq!(asked(&format!("user={typed}")).unwrap().other, Some(actor));
        }
        let filter = asked("verb=record.*").unwrap();
        assert_eq!((filter.verb, filter.noun.as_deref()), (None, Some("record")));
        assert!(asked("heartbeats=1").unwrap().heartbeats);
    }

    #[test]
    fn the_filter_offers_every_verb_once() {
        let offered: Vec<String> =
            verbs("", texts(Locale::Ja)).into_iter().flat_map(|(_, verbs)| verbs).map(|verb| verb.value).collect();
        let verbs: Vec<&String> = offered.iter().filter(|code| !code.ends_with(".*")).collect();
        assert_eq!(verbs.len(), Verb::ALL.len());
        assert!(Verb::ALL.iter().all(|verb| offered.contains(&verb.code().to_owned())));
        assert!(offered.contains(&"record.*".to_owned()));
    }
}
