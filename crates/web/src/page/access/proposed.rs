//! The page that shows what a manifest proposes for its screens, and takes it over. Grants nothing to any role.

use super::row::{on_or_off, permission, types_in_words};
use super::{AtService, path, service};
use crate::Web;
use crate::form::Posted;
use crate::locale::Texts;
use crate::page::record::Link;
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::screen::{MatrixScreen, MatrixService};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::screen::ScreenSettings;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "access/proposed.html")]
pub struct ProposedView {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Link>,
    /// The service's label.
    pub service: String,
    /// The service's path.
    pub path: String,
    /// What differs.
    pub lines: Vec<Line>,
    /// Screens on which anything differs.
    pub screens: usize,
}

/// A setting that differs.
#[derive(Clone, Debug)]
pub struct Line {
    /// The screen's label.
    pub screen: String,
    /// The setting.
    pub item: String,
    /// As it is.
    pub now: String,
    /// As proposed.
    pub proposed: String,
}

/// `GET /app/admin/access/{service}/proposed`
pub async fn ask(State(web): State<Arc<Web>>, signed: Signed, at: AtService) -> Result<Response, Problem> {
    let matrix = web.app.matrix(&signed.caller).await?;
    let found = service(&matrix, &at)?;
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(StatusCode::OK, &view(shell, found)))
}

/// `POST /app/admin/access/{service}/proposed`
pub async fn apply(State(web): State<Arc<Web>>, at: AtService, posted: Posted) -> Result<Response, Problem> {
    let matrix = web.app.matrix(&posted.signed.caller).await?;
    let found = service(&matrix, &at)?;
    web.app.apply_proposed(&posted.signed.caller, &found.service.name).await?;
    Ok(page::done(&path(&at.0), "access_proposed"))
}

/// The page from what `app` found.
pub fn view(mut shell: Shell, found: &MatrixService) -> ProposedView {
    let t = shell.t;
    shell.title = t.text("access-proposed-title");
    let label = found.service.label.get(t.locale).to_owned();
    let lines: Vec<Vec<Line>> = found.screens.iter().map(|screen| differing(t, screen)).collect();
    ProposedView {
        crumbs: vec![Link { href: path(&found.service.name), label: t.text("access-title") }],
        path: path(&found.service.name),
        service: label,
        screens: lines.iter().filter(|lines| !lines.is_empty()).count(),
        lines: lines.into_iter().flatten().collect(),
        shell,
    }
}

fn differing(t: Texts, screen: &MatrixScreen) -> Vec<Line> {
    let (now, proposed) = (&screen.settings, &screen.screen.proposed);
    let types = |settings: &ScreenSettings| settings.billing_types.iter().cloned().collect::<BTreeSet<_>>();
    let words = |settings: &ScreenSettings| {
        [
            on_or_off(t, settings.usable),
            on_or_off(t, settings.root),
            types_in_words(t, &types(settings).into_iter().collect::<Vec<_>>()),
            permission(t, settings.permission),
        ]
    };
    let items = ["access-usable", "access-root", "access-billing", "access-permission"];
    let pairs = items.into_iter().zip(words(now)).zip(words(proposed));
    let differing = pairs.filter(|((_, now), proposed)| now != proposed);
    differing
        .map(|((item, now), proposed)| Line {
            screen: screen.screen.label.get(t.locale).to_owned(),
            item: t.text(item),
            now,
            proposed,
        })
        .collect()
}
