//! A problem as a page: what happened, what to do, whom to ask, and the id to name when asking.

use super::Problem;
use crate::Web;
use crate::locale::Texts;
use crate::page::{self, Shell};
use crate::request::Context;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// The page of a problem.
#[derive(Template)]
#[template(path = "problem/page.html")]
pub struct View {
    /// The frame.
    pub shell: Shell,
    /// The HTTP status.
    pub status: u16,
    /// One sentence: what happened.
    pub title: String,
    /// What to do.
    pub what: String,
    /// The gate that refused, with what it means and whom to ask.
    pub gate: Option<GateView>,
    /// Fields that can't be taken, as sentences.
    pub faults: Vec<String>,
    /// Whether trying again may help.
    pub again: bool,
    /// The id to name when asking for help.
    pub request: String,
}

/// The refusing gate, in words.
pub struct GateView {
    /// Which of the five.
    pub number: usize,
    /// Its name.
    pub name: String,
    /// Why it is closed and who opens it.
    pub why: String,
    /// What was wanted.
    pub action: String,
    /// The screen, by its label or else as `service/screen`.
    pub place: String,
}

pub(super) async fn render(problem: &Problem, web: &Arc<Web>, context: &Context) -> Response {
    // The menu needs the tenant's rights; a page that tells of an outage must not ask the database for them.
    let calm = !problem.status.is_server_error();
    let caller = context.caller().filter(|_| calm);
    let shell = match caller {
        Some(caller) => Shell::signed(web, caller, context, String::new()).await.ok(),
        None => None,
    };
    let shell = shell.unwrap_or_else(|| Shell::open(web.app.now(), context, String::new()));
    let mut view = view(problem, shell, context);
    if let (Some(gate), Some(denied), Some(caller)) = (&mut view.gate, &problem.denied, caller)
        && let Some((service, screen)) = web.app.screen_label(caller, &denied.service, &denied.screen).await
    {
        gate.place = format!("{} › {}", service.get(context.locale()), screen.get(context.locale()));
    }
    page::html(problem.status, &view)
}

/// The page, for handlers' tests too.
pub fn view(problem: &Problem, mut shell: Shell, context: &Context) -> View {
    let t = shell.t;
    let title = title(problem, t);
    shell.title.clone_from(&title);
    let gate = problem.denied.as_ref().map(|denied| {
        let code = denied.gate.code();
        GateView {
            number: denied.gate as usize + 1,
            name: t.text(format!("gate-{code}")),
            why: t.text(format!("gate-{code}-why")),
            action: t.text(format!("action-{}", denied.action.code())),
            place: format!("{}/{}", denied.service, denied.screen),
        }
    });
    let message = |fault: &domain::record::Fault| fault.message(context.locale(), &fault.field);
    View {
        status: problem.status.as_u16(),
        what: what(problem, t),
        gate,
        faults: problem.faults.iter().map(message).collect(),
        again: matches!(
            problem.status,
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::INTERNAL_SERVER_ERROR | StatusCode::TOO_MANY_REQUESTS
        ),
        request: context.id().to_string(),
        title,
        shell,
    }
}

/// What happened, in one sentence.
pub(super) fn title(problem: &Problem, t: Texts) -> String {
    t.text(format!("problem-{}-title", problem.code))
}

/// What to do.
pub(super) fn what(problem: &Problem, t: Texts) -> String {
    if let Some(said) = &problem.said {
        return said.message(t.locale);
    }
    let key = format!("problem-{}-what", problem.code);
    match (&problem.field, problem.bytes_max) {
        (Some(field), _) if t.has(&format!("{key}-field")) => t.one(&format!("{key}-field"), "field", field.as_str()),
        (_, Some(bytes)) => t.one(&key, "kib", (bytes / 1024) as i64),
        _ => t.text(&key),
    }
}
