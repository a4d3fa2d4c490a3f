//! A member's own activity: what they did and what happened to their account, by day, in sentences. Chooses no entry:
//! `app` does.

pub mod device;
pub mod filter;
pub mod line;
pub mod note;
pub mod value;

use crate::Web;
use crate::form::{Form, Query};
use crate::format::{self, When};
use crate::page::audit::filter::Wrong;
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::audit::{EntryPage, EntryView, PAGE};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::audit::{Actor, Outcome, Verb};
use domain::id::UserId;
use jiff::Timestamp;
use line::{Told, Who};
use std::sync::Arc;

/// The page's path.
pub const PATH: &str = "/app/activity";

/// For how many days a refused sign-in is told above the list.
const REFUSALS_TOLD_DAYS: i32 = 7;

/// The page.
#[derive(Template)]
#[template(path = "activity/own.html")]
pub struct ActivityView {
    /// The frame.
    pub shell: Shell,
    /// The conditions.
    pub filter: filter::Controls,
    /// Conditions that can't be used, each with its field.
    pub wrong: Vec<page::record::Link>,
    /// The entries by day, newest first; none when a condition is wrong, since nothing was read.
    pub days: Vec<Day>,
    /// Where the look ended, when it ended before the log did.
    pub stopped: Option<When>,
    /// Refused sign-ins of late, told on the first page.
    pub refused: i64,
    /// How many entries there are on this page.
    pub shown: String,
    /// Whether this is a later page: then none does not mean never.
    pub later: bool,
    /// Entries a page.
    pub size: i64,
    /// The page before, or empty.
    pub previous: String,
    /// The page after, or empty.
    pub next: String,
}

/// A day of the calendar of Japan.
#[derive(Clone, Debug)]
pub struct Day {
    /// The day.
    pub day: When,
    /// Today, yesterday, or nothing.
    pub near: String,
    /// Its entries.
    pub lines: Vec<Line>,
}

/// An entry.
#[derive(Clone, Debug)]
pub struct Line {
    /// Time of day.
    pub at: When,
    /// What was done.
    pub told: Told,
    /// Whether it ended in a refusal.
    pub denied: bool,
    /// Whether a person should look twice: somebody tried to sign in with their address.
    pub alarming: bool,
    /// From which machine, or who else it was.
    pub whence: String,
    /// What the other one is, and the address it came from.
    pub whence_more: Vec<String>,
}

/// `GET /app/activity?kind=…&range=…&from=…&until=…&cursor=…`
pub async fn own(State(web): State<Arc<Web>>, signed: Signed, Query(form): Query) -> Result<Response, Problem> {
    let (found, wrong) = match filter::read(&form, web.app.now())? {
        Ok(wanted) => (web.app.activity_of(&signed.caller, wanted, form.some("cursor")?).await?, Vec::new()),
        Err(wrong) => (EntryPage::default(), wrong),
    };
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(status, &view(shell, &form, &found, &wrong, signed.caller.user, web.app.now())))
}

/// The page from what `app` found.
pub fn view(
    mut shell: Shell,
    form: &Form,
    found: &EntryPage,
    wrong: &[Wrong],
    me: UserId,
    now: Timestamp,
) -> ActivityView {
    let t = shell.t;
    shell.title = t.text("activity-title");
    let mut days: Vec<Day> = Vec::new();
    for entry in &found.entries {
        let day = format::day(t.locale, entry.at);
        if days.last().is_none_or(|last| last.day != day) {
            let near = match format::days_ago(now, entry.at) {
                0 => t.text("activity-today"),
                1 => t.text("activity-yesterday"),
                _ => String::new(),
            };
            days.push(Day { day, near, lines: Vec::new() });
        }
        if let Some(day) = days.last_mut() {
            day.lines.push(line(entry, me, &shell));
        }
    }
    let link = |cursor: Option<&String>| cursor.map(|cursor| filter::link(form, Some(cursor))).unwrap_or_default();
    let later = !form.once("cursor").unwrap_or_default().is_empty();
    ActivityView {
        filter: filter::controls(form, wrong, t),
        wrong: wrong.iter().map(|wrong| wrong.link(t)).collect(),
        days,
        stopped: found.stopped.map(|at| format::exact(t.locale, at)),
        refused: if later {
            0
        } else {
            found.entries.iter().filter(|entry| is_recent_refusal(entry, now)).count() as i64
        },
        shown: t.one("activity-shown", "count", found.entries.len() as i64),
        later,
        size: PAGE as i64,
        previous: link(found.previous.as_ref()),
        next: link(found.next.as_ref()),
        shell,
    }
}

fn is_recent_refusal(entry: &EntryView, now: Timestamp) -> bool {
    entry.verb == Verb::SessionRefused && format::days_ago(now, entry.at) < REFUSALS_TOLD_DAYS
}

fn line(entry: &EntryView, me: UserId, shell: &Shell) -> Line {
    let t = shell.t;
    let machine = || device::words(entry.detail.device.as_deref(), t);
    let address = entry.detail.address.clone();
    let (whence, whence_more) = match entry.actor {
        Actor::User(user) if user == me => (machine(), vec![address]),
        Actor::Anyone => (machine(), vec![Some(t.text("activity-actor-anyone")), address]),
        // Where a colleague sat is not this person's to know; that of a stranger at their account is.
        Actor::User(_) => (line::actor(entry, t), vec![Some(t.text("activity-administrator"))]),
        Actor::Operator | Actor::System => (line::actor(entry, t), Vec::new()),
    };
    Line {
        at: format::clock(entry.at),
        told: line::tell(entry, Who::Own(me), t),
        denied: entry.outcome == Outcome::Denied,
        alarming: entry.verb == Verb::SessionRefused,
        whence,
        whence_more: whence_more.into_iter().flatten().collect(),
    }
}
