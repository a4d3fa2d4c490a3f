//! Inviting somebody by e-mail, and sending an invitation again. Who is invited joins on a page of their own.

use super::edit::find;
use super::rights::{Offer, Rights, ticked};
use super::{AtUser, LIST};
use crate::Web;
use crate::form::Posted;
use crate::page::record::Link;
use crate::page::record::form::Summary;
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::Error;
use app::user::{INVITATION_HOURS, MemberChange};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::record::Fault;
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "user/invite.html")]
pub struct InviteView {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Link>,
    /// The address as typed.
    pub email: String,
    /// What is wrong with it, or empty.
    pub email_error: String,
    /// The name as typed.
    pub name: String,
    /// What is wrong with it, or empty.
    pub name_error: String,
    /// What the new member may be.
    pub rights: Rights,
    /// Errors, each with the id of its field.
    pub summary: Vec<Summary>,
    /// How long the link opens.
    pub hours: i64,
}

/// What the form is filled with.
#[derive(Clone, Debug, Default)]
pub struct Filled<'a> {
    /// The address.
    pub email: &'a str,
    /// The name.
    pub name: &'a str,
    /// What was ticked.
    pub change: MemberChange,
    /// What is wrong.
    pub faults: &'a [Fault],
}

/// `GET /app/admin/users/invite`
pub async fn form(State(web): State<Arc<Web>>, signed: Signed) -> Result<Response, Problem> {
    let offer = offer(&web, &signed).await?;
    let filled = Filled { change: offer.for_newcomer(), ..Filled::default() };
    page(&web, &signed, &offer, &filled).await
}

/// `POST /app/admin/users/invite`
pub async fn invite(State(web): State<Arc<Web>>, posted: Posted) -> Result<Response, Problem> {
    let Posted { signed, form } = posted;
    let (email, name, change) = (form.once("email")?, form.once("display_name")?, ticked(&form)?);
    match web.app.invite(&signed.caller, email, name, change.clone()).await {
        Ok(()) => Ok(page::done(LIST, "invited")),
        Err(Error::Invalid(faults)) => {
            let offer = offer(&web, &signed).await?;
            page(&web, &signed, &offer, &Filled { email, name, change, faults: &faults }).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /app/admin/users/{user}/invite`: a new link for somebody who has not come yet. Rights stay as they are.
pub async fn again(State(web): State<Arc<Web>>, at: AtUser, posted: Posted) -> Result<Response, Problem> {
    let caller = &posted.signed.caller;
    let member = find(&web, caller, at.0).await?;
    if member.joined {
        return Ok(page::done(&at.path(), "joined_already"));
    }
    let change =
        MemberChange { administrator: member.administrator, roles: member.roles, billing_types: member.billing_types };
    web.app.invite(caller, &member.email, &member.display_name, change).await?;
    Ok(page::done(&at.path(), "invited"))
}

/// Roles and licences to choose from.
pub async fn offer(web: &Web, signed: &Signed) -> Result<Offer, Problem> {
    let matrix = web.app.matrix(&signed.caller).await?;
    Ok(Offer { roles: matrix.roles, billing_types: matrix.billing_types })
}

async fn page(web: &Arc<Web>, signed: &Signed, offer: &Offer, filled: &Filled<'_>) -> Result<Response, Problem> {
    let shell = Shell::signed(web, &signed.caller, &signed.context, String::new()).await?;
    let status = if filled.faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(page::html(status, &view(shell, offer, filled)))
}

/// The page from what there is to choose from and what was typed.
pub fn view(mut shell: Shell, offer: &Offer, filled: &Filled<'_>) -> InviteView {
    let t = shell.t;
    shell.title = t.text("user-invite-title");
    let label = |field: &str| match field {
        "email" => t.text("user-email"),
        "display_name" => t.text("user-name"),
        "roles" => t.text("user-roles"),
        _ => t.text("user-billing-types"),
    };
    let message = |fault: &Fault| fault.message(t.locale, &label(&fault.field));
    let error = |field: &str| filled.faults.iter().find(|fault| fault.field == field).map(message).unwrap_or_default();
    InviteView {
        crumbs: vec![Link { href: LIST.to_owned(), label: t.text("user-title") }],
        email: filled.email.to_owned(),
        email_error: error("email"),
        name: filled.name.to_owned(),
        name_error: error("display_name"),
        rights: offer.with(&filled.change, t),
        summary: filled
            .faults
            .iter()
            .map(|fault| Summary { href: fault.field.clone(), text: message(fault) })
            .collect(),
        hours: INVITATION_HOURS,
        shell,
    }
}
