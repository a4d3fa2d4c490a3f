//! Planting a record, and making it an ordinary one again. A record is named by its page's address, as a browser shows it.

use super::{PATH, view};
use crate::Web;
use crate::form::Posted;
use crate::page::{self, Shell};
use crate::problem::Problem;
use app::Error;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use domain::id::RecordId;
use std::sync::Arc;

/// `/app/admin/signs/honey/{id}` of the request. What is no id leads nowhere: 404.
#[derive(Clone, Copy, Debug)]
pub struct AtHoney(pub RecordId);

impl<S: Send + Sync> FromRequestParts<S> for AtHoney {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let id = page::record::param(&page::record::params(parts, state).await?, "id")?;
        id.parse().map(Self).map_err(|_| Problem::not_found())
    }
}

/// `POST /app/admin/signs/honey`
pub async fn set(State(web): State<Arc<Web>>, posted: Posted) -> Result<Response, Problem> {
    let Posted { signed, form } = posted;
    let typed = form.once("record")?;
    let done = match address(typed) {
        Some((service, entity, id)) => web.app.set_honey(&signed.caller, (service, entity), id, true).await,
        None => Err(Error::NotFound),
    };
    match done {
        Ok(()) => return Ok(page::done(PATH, "honey_set")),
        Err(Error::NotFound) => {}
        Err(error) => return Err(error.into()),
    }
    let found = web.app.signs(&signed.caller, false).await?;
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    let mut view = view(shell, found, false);
    typed.clone_into(&mut view.record);
    view.record_error = view.shell.t.text("sign-honey-unknown");
    Ok(page::html(StatusCode::UNPROCESSABLE_ENTITY, &view))
}

/// `POST /app/admin/signs/honey/{id}/remove`
pub async fn remove(State(web): State<Arc<Web>>, at: AtHoney, posted: Posted) -> Result<Response, Problem> {
    let place = (posted.form.once("service")?, posted.form.once("entity")?);
    web.app.set_honey(&posted.signed.caller, place, at.0, false).await?;
    Ok(page::done(PATH, "honey_removed"))
}

/// Service, entity and record of an address such as `https://host/app/s/crm/customer/0192…`.
fn address(typed: &str) -> Option<(&str, &str, RecordId)> {
    let (_, path) = typed.trim().split_once("/app/s/")?;
    let mut parts = path.split(['/', '?', '#']);
    let (service, entity, id) = (parts.next()?, parts.next()?, parts.next()?);
    Some((service, entity, id.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn a_record_is_found_by_the_address_of_any_of_its_pages() {
        let id = "01924d5a-7c00-7abc-8def-0123456789ab";
        for end in ["", "/", "/edit", "?done=updated", "#main"] {
            let typed = format!(" https://localhost:8443/app/s/crm/customer/{id}{end}\n");
            let (service, entity, record) = address(&typed).unwrap();
            assert_eq!((service, entity, record.to_string()), ("crm", "customer", id.to_owned()));
        }
        for wrong in ["", id, "https://localhost/app/s/crm/customer", "https://localhost/app/s/crm/customer/new"] {
            assert!(address(wrong).is_none(), "{wrong}");
        }
    }
}
