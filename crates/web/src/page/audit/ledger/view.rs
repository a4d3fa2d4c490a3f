//! What the page of the log shows, from what `app` found. Asks nothing and decides nothing.

use super::walk::Row as WalkRow;
use super::{PATH, crumbs};
use crate::format::{self, When};
use crate::locale::Texts;
use crate::page::Shell;
use crate::page::record::Link;
use crate::page::record::form::Summary;
use app::audit::overview::{ClaimView, LogOverview, WitnessView};
use app::audit::reader::{TOKEN_DAYS_USUAL, TokenState, TokenView};
use app::audit::subscriber::{MAX_SUBSCRIBERS, SubscriberView};
use askama::Template;
use domain::claim::State;
use domain::id::TenantId;
use domain::locale::Locale;
use domain::promise::Promise;
use domain::record::Fault;
use jiff::Timestamp;

/// The promise that the log's check is evidence for.
const PROMISE: &str = "audit.data_actions";
/// For how many days a token may be made, as the form offers it.
const DAYS: [i64; 4] = [30, 90, 365, 730];
/// For how many years entries may be kept, as the form offers it.
const YEARS: [i32; 6] = [1, 2, 3, 5, 7, 10];
/// Days of so many years, leap days included.
const YEAR_DAYS: f64 = 365.25;

/// The page.
#[derive(Template)]
#[template(path = "audit/ledger.html")]
pub struct LedgerView {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Link>,
    /// Errors, each with the id of its field.
    pub summary: Vec<Summary>,
    /// What may be claimed.
    pub claim: Claim,
    /// The first line of the checkpoints; empty while there is no log.
    pub origin: String,
    /// Entries.
    pub size: String,
    /// Entries whose text was removed after its time, or empty.
    pub pruned: String,
    /// The newest checkpoint.
    pub checkpoint: Option<Newest>,
    /// Public keys, newest first.
    pub keys: Vec<String>,
    /// The newest check that was asked for.
    pub walk: Option<WalkRow>,
    /// Tokens, newest first.
    pub tokens: Vec<TokenRow>,
    /// What the form of a new token holds.
    pub token: TokenForm,
    /// Who gets mails.
    pub mails: Vec<MailRow>,
    /// What the form of a new address holds.
    pub mail: MailForm,
    /// Addresses at most.
    pub mails_max: i64,
    /// Witnesses.
    pub witnesses: Vec<WitnessRow>,
    /// For how long entries are kept: value, words, chosen.
    pub retention: Vec<(String, String, bool)>,
    /// What is wrong with it, or empty.
    pub retention_error: String,
}

/// The state of the promise.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The promise's id.
    pub id: &'static str,
    /// The promise, as it was given.
    pub promise: &'static str,
    /// `met`, `at_risk`, `missed`, `unverified`.
    pub code: &'static str,
    /// The chip's kind.
    pub chip: &'static str,
    /// The chip's icon.
    pub icon: &'static str,
    /// What was counted, in words; empty when nothing was, or not all fits.
    pub figure: String,
    /// When it was measured.
    pub at: Option<When>,
    /// By what.
    pub tool: String,
    /// What does not fit in this log.
    pub faults: Vec<String>,
}

/// The newest checkpoint.
#[derive(Clone, Debug)]
pub struct Newest {
    /// The signed note.
    pub text: String,
    /// When it was published.
    pub at: Option<When>,
    /// Where it is served.
    pub href: String,
    /// What the file is called when it is kept.
    pub file_name: String,
}

/// A token.
#[derive(Clone, Debug)]
pub struct TokenRow {
    /// What it is called.
    pub name: String,
    /// `working`, `expired`, `revoked`.
    pub code: &'static str,
    /// The chip's kind.
    pub chip: &'static str,
    /// The chip's icon.
    pub icon: &'static str,
    /// By whom it was made.
    pub by: String,
    /// When.
    pub made: When,
    /// When it ends.
    pub until: When,
    /// When it was last used.
    pub used: Option<When>,
    /// Where it is revoked; empty when it works no more.
    pub revoke: String,
}

/// The form of a new token.
#[derive(Clone, Debug)]
pub struct TokenForm {
    /// The name as typed.
    pub name: String,
    /// What is wrong with it, or empty.
    pub name_error: String,
    /// Days: value, words, chosen.
    pub days: Vec<(i64, String, bool)>,
    /// What is wrong with them, or empty.
    pub days_error: String,
}

/// An address.
#[derive(Clone, Debug)]
pub struct MailRow {
    /// The address.
    pub email: String,
    /// Its language, in words.
    pub language: String,
    /// The day of the last mail, or empty.
    pub sent: String,
    /// Where it is removed.
    pub remove: String,
}

/// The form of a new address.
#[derive(Clone, Debug)]
pub struct MailForm {
    /// The address as typed.
    pub email: String,
    /// What is wrong with it, or empty.
    pub error: String,
    /// Languages: tag, words, chosen.
    pub languages: Vec<(&'static str, String, bool)>,
    /// Whether there is room for another.
    pub open: bool,
}

/// A witness.
#[derive(Clone, Debug)]
pub struct WitnessRow {
    /// Its name.
    pub name: String,
    /// Which log it signs, in words.
    pub log: String,
    /// Of how many entries the newest checkpoint was that it signed, or empty.
    pub size: String,
    /// When.
    pub at: Option<When>,
    /// Why it refuses, or empty.
    pub refused: String,
}

/// What the forms are filled with.
#[derive(Clone, Debug, Default)]
pub struct Filled<'a> {
    /// Name of a new token.
    pub name: &'a str,
    /// For how many days.
    pub days: &'a str,
    /// A new address.
    pub email: &'a str,
    /// Its language.
    pub language: Option<Locale>,
    /// What is wrong.
    pub faults: &'a [Fault],
}

/// The page.
pub fn view(
    mut shell: Shell,
    tenant: TenantId,
    found: &LogOverview,
    filled: &Filled<'_>,
    now: Timestamp,
) -> LedgerView {
    let t = shell.t;
    shell.title = t.text("ledger-title");
    let error = |field: &str| filled.faults.iter().find(|fault| fault.field == field).map(|fault| message(fault, t));
    let status = &found.status;
    let text = status.checkpoint.clone();
    LedgerView {
        crumbs: crumbs(&shell, false),
        summary: filled
            .faults
            .iter()
            .map(|fault| Summary { href: fault.field.clone(), text: message(fault, t) })
            .collect(),
        claim: claim(&found.claim, t, now),
        origin: status.origin.clone(),
        size: figure(status.size),
        pruned: if status.first_kept > 0 { figure(status.first_kept) } else { String::new() },
        checkpoint: text.map(|text| Newest {
            text,
            at: status.at.map(|at| format::exact(t.locale, at)),
            href: format!("{}{tenant}/checkpoint", crate::log::PREFIX),
            file_name: format!("struct-checkpoint-{}.txt", status.size),
        }),
        keys: status.keys.clone(),
        walk: found.walk.as_ref().map(|walk| WalkRow::new(walk, &shell, now)),
        tokens: found.tokens.iter().map(|token| token_row(token, t, now)).collect(),
        token: token_form(filled, error("name").unwrap_or_default(), error("days").unwrap_or_default(), t),
        mails: found.subscribers.iter().map(|subscriber| mail_row(subscriber, t)).collect(),
        mail: mail_form(filled, found, error("email").unwrap_or_default(), t),
        mails_max: MAX_SUBSCRIBERS,
        retention: retention(found.retention, t),
        retention_error: error("retention").unwrap_or_default(),
        witnesses: found.witnesses.iter().map(|witness| witness_row(witness, t, now)).collect(),
        shell,
    }
}

/// The choices, with the one that holds; days nobody would choose here are shown as days.
fn retention(held: Option<i32>, t: Texts) -> Vec<(String, String, bool)> {
    let mut choices = vec![(String::new(), t.text("ledger-retention-ever"), held.is_none())];
    for years in YEARS {
        let days = (f64::from(years) * YEAR_DAYS) as i32;
        choices.push((
            days.to_string(),
            t.one("ledger-retention-years", "count", i64::from(years)),
            held == Some(days),
        ));
    }
    if let Some(days) = held.filter(|_| !choices.iter().any(|(.., chosen)| *chosen)) {
        choices.push((days.to_string(), t.one("ledger-retention-days", "count", i64::from(days)), true));
    }
    choices
}

fn message(fault: &Fault, t: Texts) -> String {
    fault.message(t.locale, &t.text(format!("ledger-field-{}", fault.field)))
}

fn figure(value: u64) -> String {
    format::number(i64::try_from(value).unwrap_or(i64::MAX))
}

fn claim(claim: &ClaimView, t: Texts, now: Timestamp) -> Claim {
    let (chip, icon) = match claim.state {
        State::Met => ("ok", "check"),
        State::AtRisk => ("warn", "alert"),
        State::Missed => ("bad", "x"),
        State::Unverified => ("unk", "unk"),
    };
    let counted = claim.counted.map(|(leaves, _)| t.one("ledger-counted", "leaves", figure(leaves)));
    let promise = Promise::find(PROMISE).map(|promise| promise.sentence(t.locale));
    Claim {
        id: PROMISE,
        promise: promise.unwrap_or_default(),
        code: claim.state.code(),
        chip,
        icon,
        figure: counted.unwrap_or_default(),
        at: claim.at.map(|at| format::brief(t.locale, now, at)),
        tool: claim.tool.clone(),
        faults: claim.faults.clone(),
    }
}

fn token_row(token: &TokenView, t: Texts, now: Timestamp) -> TokenRow {
    let (code, chip, icon) = match token.state {
        TokenState::Working => ("working", "ok", "check"),
        TokenState::Expired => ("expired", "plain", "clock"),
        TokenState::Revoked => ("revoked", "plain", "close"),
    };
    let works = token.state == TokenState::Working;
    TokenRow {
        name: token.name.clone(),
        code,
        chip,
        icon,
        by: token.created_by_name.clone().unwrap_or_else(|| t.text("activity-some-user")),
        made: format::brief(t.locale, now, token.created_at),
        until: format::day(t.locale, token.expires_at),
        used: token.last_used_at.map(|at| format::brief(t.locale, now, at)),
        revoke: if works { format!("{PATH}/tokens/{}/revoke", token.id) } else { String::new() },
    }
}

fn token_form(filled: &Filled<'_>, name_error: String, days_error: String, t: Texts) -> TokenForm {
    let chosen = filled.days.parse().unwrap_or(TOKEN_DAYS_USUAL);
    TokenForm {
        name: filled.name.to_owned(),
        name_error,
        days: DAYS.iter().map(|days| (*days, t.one("ledger-days", "count", *days), *days == chosen)).collect(),
        days_error,
    }
}

fn mail_row(subscriber: &SubscriberView, t: Texts) -> MailRow {
    MailRow {
        email: subscriber.email.clone(),
        language: t.text(format!("ledger-language-{}", subscriber.locale.tag())),
        sent: subscriber.sent_on.map(|day| day.to_string()).unwrap_or_default(),
        remove: format!("{PATH}/mail/{}/remove", subscriber.id),
    }
}

fn mail_form(filled: &Filled<'_>, found: &LogOverview, error: String, t: Texts) -> MailForm {
    let chosen = filled.language.unwrap_or(t.locale);
    MailForm {
        email: filled.email.to_owned(),
        error,
        languages: [Locale::Ja, Locale::En]
            .map(|locale| (locale.tag(), t.text(format!("ledger-language-{}", locale.tag())), locale == chosen))
            .to_vec(),
        open: (found.subscribers.len() as i64) < MAX_SUBSCRIBERS,
    }
}

fn witness_row(witness: &WitnessView, t: Texts, now: Timestamp) -> WitnessRow {
    WitnessRow {
        name: witness.name.clone(),
        log: t.text(if witness.platform { "ledger-witness-platform" } else { "ledger-witness-own" }),
        size: witness.size.map(figure).unwrap_or_default(),
        at: witness.at.map(|at| format::brief(t.locale, now, at)),
        refused: witness.refused.clone().unwrap_or_default(),
    }
}
