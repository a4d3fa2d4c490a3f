//! Signs of fraud, for administrators: held extractions that wait, signs with rule and figures, limits of roles, planted
//! records. Decides nothing; each form has a file of its own.

pub mod close;
pub mod honey;
pub mod limit;

use crate::Web;
use crate::form::Query;
use crate::format::{self, When};
use crate::locale::Texts;
use crate::page::extraction::hold::{self, HoldShown};
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::audit::sign::{HoneyView, RoleLimitView, SignView, Signs};
use app::extraction::hold::Standing;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::audit::sign::{DEFAULT_EXTRACTION_CAP, EXTRACTION_FLOOR, Figures, Rule};
use std::sync::Arc;

/// Its path.
pub const PATH: &str = "/app/admin/signs";

/// The page.
#[derive(Template)]
#[template(path = "audit/signs.html")]
pub struct SignsView {
    /// The frame.
    pub shell: Shell,
    /// Held extractions that wait for a decision.
    pub waiting: Vec<HoldShown>,
    /// Those decided or over.
    pub settled: Vec<HoldShown>,
    /// Signs.
    pub signs: Vec<SignShown>,
    /// Whether closed signs are among them.
    pub closed_too: bool,
    /// Roles and their limits.
    pub limits: Vec<LimitShown>,
    /// Planted records.
    pub honey: Vec<HoneyShown>,
    /// What was typed as a record to be planted.
    pub record: String,
    /// Why it can't be planted.
    pub record_error: String,
}

/// A sign in words.
#[derive(Clone, Debug)]
pub struct SignShown {
    /// The page that closes it.
    pub href: String,
    /// What was seen.
    pub sentence: String,
    /// Whose acts.
    pub who: String,
    /// Service and screen.
    pub place: String,
    /// The record, by its number.
    pub record: String,
    /// When it was raised.
    pub at: When,
    /// Figures: label and value.
    pub figures: Vec<(String, String)>,
    /// Who closed it, when, and what they found.
    pub closed: Option<(String, When, String)>,
}

/// A role's limits in words.
#[derive(Clone, Debug)]
pub struct LimitShown {
    /// The page that changes them.
    pub href: String,
    /// The role's name.
    pub role: String,
    /// Rows let go without being compared.
    pub free_rows: String,
    /// Rows at most.
    pub max_rows: String,
    /// Whether anything is set.
    pub set: bool,
}

/// A planted record in words.
#[derive(Clone, Debug)]
pub struct HoneyShown {
    /// Where making it ordinary is posted to.
    pub remove: String,
    /// Its service's and entity's names, for the form.
    pub names: (String, String),
    /// Its number.
    pub record: String,
    /// Its service and entity.
    pub place: String,
    /// Who planted it, and when.
    pub by: String,
    /// When.
    pub at: When,
}

/// `GET /app/admin/signs`; `?all=1` shows closed signs too.
pub async fn list(State(web): State<Arc<Web>>, signed: Signed, Query(form): Query) -> Result<Response, Problem> {
    let closed_too = form.once("all")? == "1";
    let found = web.app.signs(&signed.caller, closed_too).await?;
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(StatusCode::OK, &view(shell, found, closed_too)))
}

/// The page from what `app` found.
pub fn view(mut shell: Shell, found: Signs, closed_too: bool) -> SignsView {
    let t = shell.t;
    shell.title = t.text("sign-title");
    let (waiting, settled): (Vec<_>, Vec<_>) = found.holds.iter().partition(|view| view.standing == Standing::Waiting);
    SignsView {
        waiting: waiting.into_iter().map(|view| hold::shown(view, t)).collect(),
        settled: settled.into_iter().map(|view| hold::shown(view, t)).collect(),
        signs: found.signs.iter().map(|view| shown(view, t)).collect(),
        closed_too,
        limits: found.limits.iter().map(|view| limit_shown(view, t)).collect(),
        honey: found.honey.iter().map(|view| honey_shown(view, t)).collect(),
        record: String::new(),
        record_error: String::new(),
        shell,
    }
}

/// A sign in words.
pub fn shown(view: &SignView, t: Texts) -> SignShown {
    let sign = &view.sign;
    let unknown = || t.text("activity-some-user");
    let label = |label: &domain::locale::Label| label.get(t.locale).to_owned();
    let place = view.place.as_ref().map(|(service, screen)| [label(service), label(screen)]);
    SignShown {
        href: format!("{PATH}/{}", view.id),
        sentence: sign.rule.sentence(t.locale).to_owned(),
        who: view.user_name.clone().unwrap_or_else(unknown),
        place: place.map_or_else(String::new, |labels| labels.join(&t.text("activity-separator"))),
        record: sign.record.map_or_else(String::new, |record| record.to_string()),
        at: format::full(t.locale, view.raised_at),
        figures: figures(sign.rule, &sign.figures, t),
        closed: view
            .closed
            .as_ref()
            .map(|(by, at, note)| (by.clone().unwrap_or_else(unknown), format::full(t.locale, *at), note.clone())),
    }
}

/// Figures of a rule: each with what it is.
pub fn figures(rule: Rule, figures: &Figures, t: Texts) -> Vec<(String, String)> {
    let number = |value: u64| format::number(i64::try_from(value).unwrap_or(i64::MAX));
    let mut lines = vec![
        (t.text(format!("sign-value-{}", rule.code())), number(figures.value)),
        (t.text(format!("sign-limit-{}", rule.code())), number(figures.limit)),
    ];
    if let Some(spread) = figures.spread {
        lines.push((t.text("sign-median"), number(spread.median)));
        lines.push((t.text("sign-mad"), number(spread.mad)));
    }
    let (from, until) = (format::full(t.locale, figures.from).words, format::full(t.locale, figures.until).words);
    let window = if from == until { from } else { t.two("sign-from-until", "from", from, "until", until) };
    lines.push((t.text("sign-window"), window));
    lines
}

/// What entries note of a sign or a held extraction, in words: the rule (or the format), figures, what was found.
pub fn told(note: &str, t: Texts) -> Vec<String> {
    if let Some((code, found)) = note.split_once(": ")
        && let Some(rule) = Rule::parse(code)
    {
        return vec![rule.sentence(t.locale).to_owned(), t.one("activity-reason", "reason", found)];
    }
    let mut words = note.split(' ');
    let first = words.next().unwrap_or_default();
    let rule = Rule::parse(first);
    let mut told = vec![rule.map_or_else(|| first.to_uppercase(), |rule| rule.sentence(t.locale).to_owned())];
    for (name, value) in words.filter_map(|word| word.split_once('=')) {
        let key = match (name, rule) {
            ("value" | "limit", Some(rule)) => format!("sign-{name}-{}", rule.code()),
            ("limit", None) => "sign-limit-extraction_volume".to_owned(),
            ("median" | "mad", _) => format!("sign-{name}"),
            // The window stands with the sign itself.
            _ => continue,
        };
        let shown = value.parse::<i64>().map_or_else(|_| value.to_owned(), format::number);
        told.push(t.with("activity-equals", &[("field", &t.text(key)), ("value", &shown)]));
    }
    told
}

fn limit_shown(view: &RoleLimitView, t: Texts) -> LimitShown {
    let number = |value: u64| format::number(i64::try_from(value).unwrap_or(i64::MAX));
    let words = |set: Option<u64>, usual: u64| match set {
        Some(rows) => number(rows),
        None => t.one("sign-limit-usual", "rows", number(usual)),
    };
    LimitShown {
        href: format!("{PATH}/limits/{}", view.role),
        role: view.name.clone(),
        free_rows: words(view.limit.free_rows, EXTRACTION_FLOOR),
        max_rows: words(view.limit.max_rows, DEFAULT_EXTRACTION_CAP),
        set: view.limit != domain::audit::sign::RoleLimit::default(),
    }
}

fn honey_shown(view: &HoneyView, t: Texts) -> HoneyShown {
    let label = |label: &domain::locale::Label| label.get(t.locale).to_owned();
    let place = view.place.as_ref().map(|(service, entity)| [label(service), label(entity)]);
    HoneyShown {
        remove: format!("{PATH}/honey/{}/remove", view.record),
        names: (view.service.clone(), view.entity.clone()),
        record: view.record.to_string(),
        place: place.map_or_else(
            || format!("{}/{}", view.service, view.entity),
            |labels| labels.join(&t.text("activity-separator")),
        ),
        by: view.set_by_name.clone().unwrap_or_else(|| t.text("activity-some-user")),
        at: format::full(t.locale, view.set_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::texts;
    use domain::locale::Locale;

    #[test]
    fn every_rule_says_what_its_figures_are_in_both_languages() {
        for t in [Locale::Ja, Locale::En].map(texts) {
            for rule in Rule::ALL {
                for figure in ["value", "limit"] {
                    assert!(t.has(&format!("sign-{figure}-{}", rule.code())), "{figure} of {}", rule.code());
                }
                assert!(!rule.sentence(t.locale).is_empty());
            }
        }
    }

    #[test]
    fn what_an_entry_notes_of_a_sign_is_told_in_words() {
        let t = texts(Locale::Ja);
        let note = "extraction_volume value=15000 limit=3000 median=1240 mad=310 from=x until=y";
        let told = told(note, t).join("、");
        for words in ["ふだんより大幅に多い件数の抽出", "15,000", "3,000", "1,240", "310"] {
            assert!(told.contains(words), "{words}: {told}");
        }
        assert!(!told.contains("from"));
        assert_eq!(super::told("csv limit=3000", t)[0], "CSV");
        let closed = super::told("honey_touched: 訓練: でした", t);
        assert!(closed[0].contains("おとり") && closed[1].contains("訓練: でした"), "{closed:?}");
    }
}
