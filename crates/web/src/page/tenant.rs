//! Going over to another tenant of the same address. Which ones there are stands in the frame's user menu.

use super::record::{param, params};
use super::session;
use crate::Web;
use crate::form::Posted;
use crate::problem::Problem;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::Response;
use domain::id::TenantId;
use std::sync::Arc;

/// `/app/tenant/{tenant}` of the request. What is no id leads nowhere: 404.
#[derive(Clone, Copy, Debug)]
pub struct AtTenant(pub TenantId);

impl<S: Send + Sync> FromRequestParts<S> for AtTenant {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = params(parts, state).await?;
        param(&params, "tenant")?.parse().map(Self).map_err(|_| Problem::not_found())
    }
}

/// `POST /app/tenant/{tenant}`: the session here ends, one there begins.
pub async fn enter(
    State(web): State<Arc<Web>>,
    AtTenant(tenant): AtTenant,
    posted: Posted,
) -> Result<Response, Problem> {
    let signed_in = web.app.enter_tenant(&posted.signed.caller, tenant).await?;
    Ok(session::entered("/app?done=tenant_entered", &signed_in))
}
