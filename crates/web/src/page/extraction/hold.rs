//! A held extraction: why, with figures, who can release it, and the file once it is released. Decides nothing itself.

use super::file;
use crate::Web;
use crate::form::Posted;
use crate::format::{self, When};
use crate::locale::Texts;
use crate::page::record::{param, params};
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::Error;
use app::extraction::hold::{HoldView, Standing};
use askama::Template;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use domain::id::HoldId;
use domain::record::{Condition, Test, shown as value_shown};
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "extraction/hold.html")]
pub struct HoldPage {
    /// The frame.
    pub shell: Shell,
    /// The extraction.
    pub hold: HoldShown,
    /// Whether the reader may decide.
    pub decides: bool,
    /// Whether the reader may take it now.
    pub takes: bool,
    /// What was typed as the reason.
    pub reason: String,
    /// Why it can't be decided so.
    pub error: String,
}

/// A held extraction in words.
#[derive(Clone, Debug)]
pub struct HoldShown {
    /// Its page.
    pub href: String,
    /// What it is of: `顧客の抽出`.
    pub title: String,
    /// Who wanted it.
    pub who: String,
    /// Whether that is the reader.
    pub own: bool,
    /// When.
    pub at: When,
    /// Where it stands: a chip's state, icon and words.
    pub standing: (&'static str, &'static str, String),
    /// Format, conditions, rows, rule and figures: label and value.
    pub lines: Vec<(String, String)>,
    /// Who could release it.
    pub others: Vec<String>,
    /// Until when it can be decided, or taken.
    pub until: When,
    /// Who decided, when and why.
    pub decided: Option<(String, When, String)>,
}

/// `/app/holds/{hold}` of the request. What is no id leads nowhere: 404.
#[derive(Clone, Copy, Debug)]
pub struct AtHold(pub HoldId);

impl<S: Send + Sync> FromRequestParts<S> for AtHold {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let id = param(&params(parts, state).await?, "hold")?;
        id.parse().map(Self).map_err(|_| Problem::not_found())
    }
}

/// The page's path.
pub fn path(hold: HoldId) -> String {
    format!("/app/holds/{hold}")
}

/// `GET /app/holds/{hold}`
pub async fn show(State(web): State<Arc<Web>>, signed: Signed, at: AtHold) -> Result<Response, Problem> {
    let hold = web.app.held_extraction(&signed.caller, at.0).await?;
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    let page = view(shell, &hold, signed.caller.administrator, "", String::new());
    Ok(page::html(StatusCode::OK, &page))
}

/// `POST /app/holds/{hold}`: released, or refused.
pub async fn decide(State(web): State<Arc<Web>>, at: AtHold, posted: Posted) -> Result<Response, Problem> {
    let Posted { signed, form } = posted;
    // Whatever is no release lets nothing go.
    let release = form.once("decision")? == "release";
    let reason = form.once("reason")?;
    let done = if release { "hold_released" } else { "hold_refused" };
    let faults = match web.app.decide_extraction(&signed.caller, at.0, release, reason).await {
        Ok(()) => return Ok(page::done(page::audit::sign::PATH, done)),
        Err(Error::Invalid(faults)) => faults,
        Err(error) => return Err(error.into()),
    };
    let hold = web.app.held_extraction(&signed.caller, at.0).await?;
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    let label = shell.t.text("hold-reason");
    let error = faults.first().map_or_else(String::new, |fault| fault.message(shell.t.locale, &label));
    Ok(page::html(StatusCode::UNPROCESSABLE_ENTITY, &view(shell, &hold, true, reason, error)))
}

/// `POST /app/holds/{hold}/file`
pub async fn take(State(web): State<Arc<Web>>, at: AtHold, posted: Posted) -> Result<Response, Problem> {
    Ok(file(web.app.take_extraction(&posted.signed.caller, at.0).await?))
}

/// The page from what `app` found.
pub fn view(mut shell: Shell, hold: &HoldView, administrator: bool, reason: &str, error: String) -> HoldPage {
    let t = shell.t;
    shell.title = t.text(match hold.standing {
        Standing::Waiting => "hold-title",
        Standing::Released => "hold-title-released",
        Standing::Refused => "hold-title-refused",
        Standing::Taken => "hold-title-taken",
        Standing::Expired => "hold-title-expired",
    });
    HoldPage {
        hold: shown(hold, t),
        decides: administrator && !hold.own && hold.standing == Standing::Waiting,
        takes: hold.own && hold.standing == Standing::Released,
        reason: reason.to_owned(),
        error,
        shell,
    }
}

/// A held extraction in words.
pub fn shown(hold: &HoldView, t: Texts) -> HoldShown {
    let name = |name: &Option<String>| name.clone().unwrap_or_else(|| t.text("activity-some-user"));
    let entity = hold.entity().map_or_else(|| hold.entity.clone(), |entity| entity.label.get(t.locale).to_owned());
    let decided = hold.decided.as_ref();
    HoldShown {
        href: path(hold.id),
        title: t.one("extraction-title", "entity", entity),
        who: name(&hold.asked_by_name),
        own: hold.own,
        at: format::full(t.locale, hold.asked_at),
        standing: standing(hold.standing, t),
        lines: lines(hold, t),
        others: hold.others.clone(),
        until: format::full(t.locale, hold.expires_at),
        decided: decided.map(|(by, at, why)| (name(by), format::full(t.locale, *at), why.clone())),
    }
}

fn standing(standing: Standing, t: Texts) -> (&'static str, &'static str, String) {
    let (state, icon, key) = match standing {
        Standing::Waiting => ("warn", "clock", "hold-waiting"),
        Standing::Released => ("ok", "check", "hold-released"),
        Standing::Refused => ("bad", "x", "hold-refused"),
        Standing::Taken => ("plain", "down", "hold-taken"),
        Standing::Expired => ("unk", "clock", "hold-expired"),
    };
    (state, icon, t.text(key))
}

fn lines(hold: &HoldView, t: Texts) -> Vec<(String, String)> {
    let number = |value: u64| format::number(i64::try_from(value).unwrap_or(i64::MAX));
    let conditions = match &hold.conditions {
        None => t.text("hold-conditions-closed"),
        Some(conditions) if conditions.is_empty() => t.text("hold-conditions-none"),
        Some(conditions) => {
            let words: Vec<String> = conditions.iter().map(|c| condition(hold, c, t)).collect();
            words.join(&t.text("activity-comma"))
        }
    };
    let mut lines = vec![
        (t.text("extraction-format"), hold.format.to_uppercase()),
        (t.text("hold-conditions"), conditions),
        (t.text("hold-counted"), number(hold.counted)),
        (t.text("hold-before"), number(hold.taken_before)),
        (t.text("sign-rule"), hold.rule.sentence(t.locale).to_owned()),
    ];
    lines.extend(page::audit::sign::figures(hold.rule, &hold.figures, t));
    lines
}

fn condition(hold: &HoldView, condition: &Condition, t: Texts) -> String {
    let field = hold.entity().and_then(|entity| entity.field(&condition.field));
    let label = field.map_or(condition.field.as_str(), |field| field.label.get(t.locale));
    // What is looked for in part is kept as it is compared.
    let plain = field.filter(|_| condition.test != Test::Contains);
    let value = plain.map_or_else(|| condition.value.clone(), |field| value_shown(field, &condition.value, t.locale));
    let key = match condition.test {
        Test::Equals => "activity-equals",
        Test::Contains => "activity-contains",
        Test::AtLeast => "activity-at-least",
        Test::AtMost => "activity-at-most",
    };
    t.with(key, &[("field", label), ("value", &value)])
}
