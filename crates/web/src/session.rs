//! Finds the session of a request and hands its caller to handlers. Whether a session is good, `app` says.

use crate::problem::Problem;
use crate::request::Context;
use crate::{Web, cookie};
use app::Caller;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::sync::Arc;

/// A signed-in member and the request at hand. The first argument of every handler behind the sign-in.
#[derive(Clone)]
pub struct Signed {
    /// The member, as `app` wants it.
    pub caller: Arc<Caller>,
    /// The request.
    pub context: Arc<Context>,
}

impl FromRequestParts<Arc<Web>> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Problem> {
        let context = Context::of(&parts.extensions)?;
        let token = cookie::value(&parts.headers, cookie::SESSION).ok_or_else(Problem::signed_out)?;
        let caller = Arc::new(web.app.caller(context.peer.clone(), token).await?);
        context.remember(Arc::clone(&caller));
        Ok(Self { caller, context })
    }
}
