//! The frame of a page: top bar, language switch, side menu, footer. Holds no content of its own.

use crate::format::{self, When};
use crate::locale::{Texts, texts};
use crate::page::claim::words::{self, Shown};
use crate::problem::Problem;
use crate::request::Context;
use crate::{Web, token};
use app::Caller;
use app::session::operator::Operator;
use domain::access::MenuService;
use domain::claim::State;
use domain::locale::Locale;
use domain::screen::ScreenKind;
use jiff::Timestamp;
use std::sync::Arc;

/// The frame.
#[derive(Clone, Debug)]
pub struct Shell {
    /// The texts of the page's language.
    pub t: Texts,
    /// The page's name, in the title bar.
    pub title: String,
    /// This page in Japanese.
    pub in_japanese: String,
    /// This page in English.
    pub in_english: String,
    /// The path, to mark the menu's current entry.
    pub path: String,
    /// When the page was made.
    pub now: When,
    /// What was just done, in a sentence.
    pub done: Option<String>,
    /// The member's part; none on public pages.
    pub signed: Option<SignedShell>,
    /// The operator's part; none elsewhere.
    pub console: Option<ConsoleShell>,
}

/// What the frame shows a signed-in operator.
#[derive(Clone, Debug)]
pub struct ConsoleShell {
    /// The operator's name.
    pub name: String,
    /// When the session ends.
    pub until: When,
    /// The form token of this page.
    pub token: String,
}

/// What the frame shows a signed-in member.
#[derive(Clone, Debug)]
pub struct SignedShell {
    /// The tenant's name.
    pub tenant: String,
    /// The member's name.
    pub name: String,
    /// Whether the administration menu is shown.
    pub administrator: bool,
    /// The form token of this page.
    pub token: String,
    /// Root functions by service.
    pub menu: Vec<MenuGroup>,
    /// Other tenants of the member's address.
    pub others: Vec<OtherTenant>,
    /// States of what everybody depends on.
    pub vitals: Vec<Vital>,
}

/// The state of something everybody depends on.
#[derive(Clone, Debug)]
pub struct Vital {
    /// What it is.
    pub label: String,
    /// Where its promise is shown.
    pub href: &'static str,
    /// Its state.
    pub state: Shown,
}

/// What stands at the bottom of the side, with the promises of which the worst counts.
const VITALS: [(&str, &str, &[&str]); 3] = [
    ("claim-vital-uptime", "/trust#uptime.target", &["uptime.target"]),
    ("claim-vital-backup", "/trust#backup.differential", &["backup.differential", "backup.log"]),
    ("claim-vital-log", "/trust#audit.data_actions", &["audit.data_actions"]),
];

/// A tenant the member may go over to.
#[derive(Clone, Debug)]
pub struct OtherTenant {
    /// Where going over is posted to.
    pub href: String,
    /// Its name.
    pub name: String,
}

/// A service in the menu.
#[derive(Clone, Debug)]
pub struct MenuGroup {
    /// The service's label.
    pub label: String,
    /// An icon for the service.
    pub icon: &'static str,
    /// Whether the page at hand is one of the service's.
    pub open: bool,
    /// Its root functions that the member may open.
    pub items: Vec<MenuItem>,
}

/// A root function in the menu.
#[derive(Clone, Debug)]
pub struct MenuItem {
    /// The screen's label.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// Whether it is the page at hand, or the page at hand stands below it.
    pub current: bool,
}

impl Shell {
    /// The frame of a public page.
    pub fn open(now: Timestamp, context: &Context, title: String) -> Self {
        let t = texts(context.locale());
        let here = |locale: Locale| {
            let rest = if context.query.is_empty() { String::new() } else { format!("&{}", context.query) };
            format!("{}?lang={}{rest}", page_of(&context.path), locale.tag())
        };
        Self {
            t,
            title,
            in_japanese: here(Locale::Ja),
            in_english: here(Locale::En),
            path: context.path.clone(),
            now: format::full(t.locale, now),
            done: done(&context.query, t),
            signed: None,
            console: None,
        }
    }

    /// The frame of an operator's page.
    pub fn console(now: Timestamp, operator: &Operator, context: &Context, title: &str) -> Self {
        let shell = Self::open(now, context, String::new());
        let part = ConsoleShell {
            name: operator.name.clone(),
            until: format::brief(shell.t.locale, now, operator.until),
            token: token::masked(&operator.csrf, context.id()),
        };
        Self { title: shell.t.text(title), console: Some(part), ..shell }
    }

    /// The frame of a member's page, with the menu of what they may open.
    pub async fn signed(web: &Arc<Web>, caller: &Caller, context: &Context, title: String) -> Result<Self, Problem> {
        let (menu, others) = tokio::try_join!(web.app.menu(caller), web.app.other_tenants(caller))?;
        let groups = menu.into_iter().map(|service| group(service, context)).collect();
        let mut shell = Self::open(web.app.now(), context, title).with_member(caller, context, groups);
        if let Some(signed) = &mut shell.signed {
            let other = |(tenant, name)| OtherTenant { href: format!("/app/tenant/{tenant}"), name };
            signed.others = others.into_iter().map(other).collect();
            signed.vitals = vitals(shell.t, |promise| web.app.state_remembered(promise));
        }
        Ok(shell)
    }

    /// The frame with the member's part.
    #[must_use]
    pub fn with_member(mut self, caller: &Caller, context: &Context, menu: Vec<MenuGroup>) -> Self {
        self.signed = Some(SignedShell {
            tenant: caller.tenant_name.clone(),
            name: caller.display_name.clone(),
            administrator: caller.administrator,
            token: token::masked(&caller.csrf, context.id()),
            menu,
            others: Vec::new(),
            vitals: vitals(self.t, |_| State::Unverified),
        });
        self
    }

    /// Whether the path is the page at hand, or stands above it.
    pub fn at(&self, path: &str) -> bool {
        self.path == path || self.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
    }

    /// The form token; empty where nobody is signed in.
    pub fn token(&self) -> &str {
        let operator = self.console.as_ref().map(|console| console.token.as_str());
        self.signed.as_ref().map(|signed| signed.token.as_str()).or(operator).unwrap_or_default()
    }
}

/// The states at the bottom of the side; `state_of` gives a promise's, without asking anybody.
fn vitals(t: Texts, state_of: impl Fn(&str) -> State) -> Vec<Vital> {
    let one = |(label, href, promises): (&str, &'static str, &[&str])| {
        let state = promises.iter().map(|promise| state_of(promise)).fold(State::Met, State::worse);
        Vital { label: t.text(label), href, state: words::state(state, t) }
    };
    VITALS.map(one).into()
}

/// A page that only a POST shows is asked again, in the other language, as the page it was posted from.
fn page_of(path: &str) -> &str {
    path.strip_suffix("/reveal").unwrap_or(path)
}

/// The sentence of `?done=code`. Only known codes have one, so a link can't put words into our mouth.
fn done(query: &str, t: Texts) -> Option<String> {
    let code = query.split('&').find_map(|pair| pair.strip_prefix("done="))?;
    let key = format!("done-{code}");
    t.has(&key).then(|| t.text(&key))
}

fn group(service: MenuService, context: &Context) -> MenuGroup {
    let locale = context.locale();
    let base = format!("/app/s/{}", service.name);
    let items: Vec<MenuItem> = service
        .screens
        .iter()
        .map(|screen| {
            let href = format!("{base}/{}{}", screen.entity, place(screen.kind));
            let below = context.path.strip_prefix(&href).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            MenuItem { label: screen.label.get(locale).to_owned(), href, current: below }
        })
        .collect();
    let open = context.path.strip_prefix(&base).is_some_and(|rest| rest.starts_with('/'));
    MenuGroup { label: service.label.get(locale).to_owned(), icon: icon(&service.name), open, items: nearest(items) }
}

/// Of the entries above the page at hand only the nearest is current (`customer` and `customer/import`).
fn nearest(mut items: Vec<MenuItem>) -> Vec<MenuItem> {
    let longest = items.iter().filter(|item| item.current).map(|item| item.href.len()).max();
    for item in &mut items {
        item.current = item.current && Some(item.href.len()) == longest;
    }
    items
}

/// What a screen's path ends in.
fn place(kind: ScreenKind) -> &'static str {
    match kind {
        ScreenKind::List | ScreenKind::Detail => "",
        ScreenKind::Form => "/new",
        ScreenKind::Import => "/import",
        ScreenKind::Extract => "/extract",
    }
}

/// Manifests name no icon; the shipped services have one of their own.
fn icon(service: &str) -> &'static str {
    match service {
        "crm" => "people",
        "expense" => "yen",
        _ => "box",
    }
}
