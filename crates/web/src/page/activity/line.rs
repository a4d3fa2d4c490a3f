//! One entry as a sentence, with what it was about. The same words for activity and audit; who may see it, `app` says.

use super::{note, value};
use crate::locale::Texts;
use crate::page::record::Link;
use app::audit::EntryView;
use domain::audit::{Actor, Outcome, Verb};
use domain::id::UserId;

/// Fields named one by one at most; of more only the number is told.
const FIELDS_NAMED_MAX: usize = 5;

/// For whom an entry is put into words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    /// For the person whose trail it stands in.
    Own(UserId),
    /// For an administrator.
    Others,
}

/// An entry in words.
#[derive(Clone, Debug)]
pub struct Told {
    /// An icon for the kind of act.
    pub icon: &'static str,
    /// What was done.
    pub sentence: String,
    /// Where: service and screen.
    pub place: String,
    /// The record, when there is one and the reader may open it.
    pub record: Option<Link>,
    /// What else there is to say, part by part.
    pub about: Vec<String>,
}

/// The entry in words.
pub fn tell(entry: &EntryView, who: Who, t: Texts) -> Told {
    Told {
        icon: icon(entry.verb),
        sentence: sentence(entry, who, t),
        place: place(entry, t),
        record: record(entry),
        about: about(entry, t),
    }
}

/// The key of a verb: `activity-record-created` of `record.created`.
pub fn key(verb: Verb) -> String {
    format!("activity-{}", verb.code().replace(['.', '_'], "-"))
}

/// What a verb is called where there is no entry to tell of, as in a filter.
pub fn verb_name(verb: Verb, t: Texts) -> String {
    t.text(format!("verb-{}", verb.code().replace(['.', '_'], "-")))
}

fn sentence(entry: &EntryView, who: Who, t: Texts) -> String {
    let plain = key(entry.verb);
    let about_me = matches!(who, Who::Own(me) if entry.target.user == Some(me) && entry.actor != Actor::User(me));
    let denied = entry.outcome == Outcome::Denied;
    let variants = [
        (about_me, format!("{plain}-me")),
        (denied && entry.screen_label.is_none(), format!("{plain}-page")),
        (denied, format!("{plain}-denied")),
    ];
    let chosen = variants.into_iter().find(|(fits, key)| *fits && t.has(key)).map_or(plain, |(_, key)| key);
    let label = |label: &Option<domain::locale::Label>, unknown: &str| {
        label.as_ref().map_or_else(|| t.text(unknown), |label| label.get(t.locale).to_owned())
    };
    let role = entry.detail.changes.iter().find(|change| change.field == "name");
    let role = role.and_then(|change| change.after.as_deref().or(change.before.as_deref())).unwrap_or_default();
    let page = entry.detail.note.as_deref().unwrap_or_default();
    t.with(
        &chosen,
        &[
            ("entity", &label(&entry.entity_label, "activity-some-record")),
            ("screen", &label(&entry.screen_label, "activity-some-screen")),
            ("service", &label(&entry.service_label, "activity-some-service")),
            ("user", entry.user_name.as_deref().unwrap_or(&t.text("activity-some-user"))),
            ("name", role),
            ("page", &note::administration(page, t)),
        ],
    )
}

fn place(entry: &EntryView, t: Texts) -> String {
    // These name the service or the screen themselves.
    if matches!(entry.verb, Verb::ContractStarted | Verb::ServiceUpgraded) {
        return String::new();
    }
    let names_screen = matches!(entry.verb, Verb::AccessDenied | Verb::AccessChanged);
    let screen = entry.screen_label.as_ref().filter(|_| !names_screen);
    let labels = [entry.service_label.as_ref(), screen];
    let words: Vec<&str> = labels.into_iter().flatten().map(|label| label.get(t.locale)).collect();
    words.join(&t.text("activity-separator"))
}

/// The record's page; nothing where it is gone or closed to the reader.
pub fn record(entry: &EntryView) -> Option<Link> {
    let (service, entity) = (entry.target.service.as_ref()?, entry.target.entity.as_ref()?);
    let (id, title) = (entry.target.record?, entry.record_title.as_ref()?);
    let label = if title.is_empty() { id.to_string() } else { title.clone() };
    Some(Link { href: format!("/app/s/{service}/{entity}/{id}"), label })
}

fn about(entry: &EntryView, t: Texts) -> Vec<String> {
    let mut about = Vec::new();
    match entry.verb {
        // All that was entered; the record itself shows it better.
        Verb::RecordCreated => {}
        Verb::RecordUpdated => {
            let names: Vec<&str> = entry.detail.changes.iter().map(|change| change.field.as_str()).collect();
            about.extend(fields(entry, &names, t));
        }
        // The sentence has the name.
        Verb::RoleCreated | Verb::RoleDeleted => {}
        _ => about.extend(entry.detail.changes.iter().map(|change| value::change(entry, change, t))),
    }
    let names: Vec<&str> = entry.detail.fields.iter().map(String::as_str).collect();
    about.extend(fields(entry, &names, t));
    about
        .extend(entry.detail.rows.map(|rows| t.one("activity-rows", "count", i64::try_from(rows).unwrap_or(i64::MAX))));
    about.extend(note::words(entry, t));
    about
}

fn fields(entry: &EntryView, names: &[&str], t: Texts) -> Option<String> {
    match names.len() {
        0 => None,
        1..=FIELDS_NAMED_MAX => {
            let labels: Vec<String> = names.iter().map(|name| value::label(entry, name, t)).collect();
            Some(labels.join(&t.text("activity-comma")))
        }
        count => Some(t.one("activity-fields", "count", count as i64)),
    }
}

/// Who did it.
pub fn actor(entry: &EntryView, t: Texts) -> String {
    match entry.actor {
        Actor::User(_) => entry.actor_name.clone().unwrap_or_else(|| t.text("activity-some-user")),
        Actor::Operator => t.text("activity-actor-operator"),
        Actor::System => t.text("activity-actor-system"),
        Actor::Anyone => t.text("activity-actor-anyone"),
    }
}

fn icon(verb: Verb) -> &'static str {
    match verb {
        Verb::SessionStarted | Verb::SessionRefused => "in",
        Verb::SessionEnded | Verb::SessionRevoked => "out",
        Verb::UserInvited | Verb::UserAddressAsked | Verb::UserAddressConfirmed | Verb::UserAddressChanged => "mail",
        Verb::UserJoined | Verb::UserEnabled | Verb::UserDisabled => "user",
        Verb::UserChanged | Verb::AccessChanged | Verb::UserRecoveryAsked | Verb::UserRecovered => "key",
        Verb::UserDisowned => "alert",
        Verb::UserUnfrozen => "user",
        Verb::RecordCreated => "plus",
        Verb::RecordUpdated | Verb::RecordConflicted => "edit",
        Verb::RecordDeleted => "close",
        Verb::RecordRevealed => "eye",
        Verb::RecordNotFound => "help",
        Verb::RecordsExtracted | Verb::AuditExtracted | Verb::ActivityExtracted => "down",
        Verb::AccessDenied => "lock",
        Verb::TenantCreated => "home",
        Verb::ContractStarted => "file",
        Verb::ServiceUpgraded => "box",
        other => icon_of_noun(other.code().split('.').next().unwrap_or_default()),
    }
}

/// The icon of verbs that have none of their own.
fn icon_of_noun(noun: &str) -> &'static str {
    match noun {
        "role" | "honey" => "shield",
        "import" => "upload",
        "extraction" => "down",
        "limit" => "gear",
        "sign" => "alert",
        "audit" | "activity" => "search",
        _ => "info",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::texts;
    use domain::locale::Locale;

    /// Done only as refusals, or never refused once begun: no second sentence is needed.
    const ONE_END: [Verb; 5] = [
        Verb::SessionRefused,
        Verb::RecordConflicted,
        Verb::RecordNotFound,
        Verb::AccessDenied,
        Verb::RecordsDelivered,
    ];

    #[test]
    fn every_verb_has_its_sentence_and_its_name_in_both_languages() {
        for t in [Locale::Ja, Locale::En].map(texts) {
            for verb in Verb::ALL {
                assert!(t.has(&key(*verb)), "{} has no sentence in {}", verb.code(), t.tag());
                assert_ne!(verb_name(*verb, t), format!("verb-{}", verb.code().replace(['.', '_'], "-")));
                let acts_on_records = verb.code().starts_with("record") && !ONE_END.contains(verb);
                assert!(!acts_on_records || t.has(&format!("{}-denied", key(*verb))), "{} denied", verb.code());
            }
            for verb in [
                Verb::UserInvited,
                Verb::UserChanged,
                Verb::UserDisabled,
                Verb::UserEnabled,
                Verb::UserUnfrozen,
                Verb::UserDisowned,
                Verb::UserRecoveryAsked,
                Verb::UserRecovered,
                Verb::UserAddressConfirmed,
                Verb::UserAddressChanged,
            ] {
                assert!(t.has(&format!("{}-me", key(verb))), "{} to me", verb.code());
            }
        }
    }

    #[test]
    fn every_icon_of_a_verb_is_in_the_sprite() {
        let sprite = include_str!("../../../assets/icons.svg");
        for verb in Verb::ALL {
            assert!(sprite.contains(&format!("id=\"i-{}\"", icon(*verb))), "{}", verb.code());
        }
    }
}
