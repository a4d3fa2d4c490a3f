//! How many rows a role may extract in a day: the form and the change, with its reason. What raising means, `app` says.

use super::PATH;
use crate::Web;
use crate::form::{Form, Posted};
use crate::page::record::Link;
use crate::page::role::AtRole;
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::audit::sign::RoleLimitView;
use app::{Error, Refusal};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::audit::sign::{DEFAULT_EXTRACTION_CAP, EXTRACTION_FLOOR, MAX_EXTRACTION_CAP, RoleLimit};
use domain::record::{Fault, FaultReason};
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "audit/limit.html")]
pub struct LimitView {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Link>,
    /// Where it is posted to.
    pub path: String,
    /// The role's name.
    pub role: String,
    /// Rows let go where nothing is set.
    pub usual_free: String,
    /// Rows at most where nothing is set.
    pub usual_max: String,
    /// Rows let go without being compared: as set or typed.
    pub free_rows: String,
    /// Rows at most: as set or typed.
    pub max_rows: String,
    /// The reason as typed.
    pub reason: String,
    /// Faults by field.
    pub faults: Vec<(&'static str, String)>,
    /// Whether it was refused, as another administrator has to do it.
    pub own: bool,
}

impl LimitView {
    /// What is wrong with a field; empty when nothing is.
    pub fn error(&self, field: &str) -> String {
        self.faults.iter().find(|(name, _)| *name == field).map(|(_, text)| text.clone()).unwrap_or_default()
    }
}

/// `GET /app/admin/signs/limits/{role}`
pub async fn form(State(web): State<Arc<Web>>, signed: Signed, at: AtRole) -> Result<Response, Problem> {
    let limit = web.app.role_limit(&signed.caller, at.0).await?;
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(StatusCode::OK, &view(shell, &limit, None, &[], false)))
}

/// `POST /app/admin/signs/limits/{role}`
pub async fn change(State(web): State<Arc<Web>>, at: AtRole, posted: Posted) -> Result<Response, Problem> {
    let Posted { signed, form } = posted;
    let limit = web.app.role_limit(&signed.caller, at.0).await?;
    let (faults, own) = match typed(&form)? {
        Err(faults) => (faults, false),
        Ok(wanted) => match web.app.set_role_limit(&signed.caller, at.0, wanted, form.once("reason")?).await {
            Ok(()) => return Ok(page::done(PATH, "limit_changed")),
            Err(Error::Invalid(faults)) => (faults, false),
            Err(Error::Refused(Refusal::OwnLimit)) => (Vec::new(), true),
            Err(error) => return Err(error.into()),
        },
    };
    let status = if own { StatusCode::FORBIDDEN } else { StatusCode::UNPROCESSABLE_ENTITY };
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(status, &view(shell, &limit, Some(&form), &faults, own)))
}

/// The two numbers; an empty one is not set. Commas and full-width digits are what people type.
fn typed(form: &Form) -> Result<Result<RoleLimit, Vec<Fault>>, Problem> {
    let mut faults = Vec::new();
    let mut number = |field: &str| -> Result<Option<u64>, Problem> {
        let plain = |c: char| match c {
            '０'..='９' => char::from_digit(u32::from(c) - u32::from('０'), 10).unwrap_or(c),
            c => c,
        };
        let text: String = form.once(field)?.trim().chars().filter(|c| !matches!(c, ',' | '，')).map(plain).collect();
        match text.parse::<u64>() {
            _ if text.is_empty() => Ok(None),
            Ok(rows) => Ok(Some(rows)),
            Err(_) => {
                let max = i64::try_from(MAX_EXTRACTION_CAP).ok();
                faults.push(Fault::new(field, FaultReason::OutOfRange { min: Some(0), max }));
                Ok(None)
            }
        }
    };
    let limit = RoleLimit { free_rows: number("free_rows")?, max_rows: number("max_rows")? };
    Ok(if faults.is_empty() { Ok(limit) } else { Err(faults) })
}

/// The page of a role's limits: as they are, or as typed with what is wrong.
pub fn view(mut shell: Shell, limit: &RoleLimitView, sent: Option<&Form>, faults: &[Fault], own: bool) -> LimitView {
    let t = shell.t;
    shell.title = t.one("sign-limit-title", "role", limit.name.as_str());
    let number = |rows: Option<u64>| rows.map_or_else(String::new, |rows| rows.to_string());
    let field = |name: &str, set: String| sent.map_or(set, |form| form.once(name).unwrap_or_default().to_owned());
    let known = ["free_rows", "max_rows", "reason"];
    let said = faults.iter().filter_map(|fault| {
        let name = known.into_iter().find(|name| *name == fault.field)?;
        Some((name, fault.message(t.locale, &t.text(format!("sign-limit-{}", name.replace('_', "-"))))))
    });
    let shown = |rows: u64| crate::format::number(i64::try_from(rows).unwrap_or(i64::MAX));
    LimitView {
        crumbs: vec![Link { href: PATH.to_owned(), label: t.text("sign-title") }],
        path: format!("{PATH}/limits/{}", limit.role),
        role: limit.name.clone(),
        usual_free: shown(EXTRACTION_FLOOR),
        usual_max: shown(DEFAULT_EXTRACTION_CAP),
        free_rows: field("free_rows", number(limit.limit.free_rows)),
        max_rows: field("max_rows", number(limit.limit.max_rows)),
        reason: field("reason", String::new()),
        faults: said.collect(),
        own,
        shell,
    }
}
