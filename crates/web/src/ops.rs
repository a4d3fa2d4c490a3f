//! The operator's pages, on a listener of their own: routes, and who is let in. What an operator is, `app` says; no member's
//! session opens anything here, and no operator's session anything there.

use crate::form::{FORM_BYTES_MAX, Form, check_content_type, read_limited};
use crate::problem::Problem;
use crate::request::Context;
use crate::routes::{Route, Who, changes, reads, served};
use crate::{Options, Web, assets, cookie, page, token};
use Who::{Anyone, Operator as Operators};
use app::App;
use app::session::operator::Operator;
use axum::Router;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::routing::{get, post};
use std::sync::Arc;

/// Every route of the operator's listener.
pub static OPS_ROUTES: &[Route] = &[
    reads("/healthz", Anyone, || get(async || "ok\n")),
    reads("/assets/{file}", Anyone, || get(assets::file)),
    reads("/signin", Anyone, || get(page::session::console::entrance)),
    reads("/enter/{token}", Anyone, || get(page::session::console::ask)),
    changes("POST", "/enter/{token}", Anyone, || post(page::session::console::enter)),
    changes("POST", "/leave", Operators, || post(page::session::console::leave)),
    reads("/backup", Operators, || get(page::backup::show)),
    changes("POST", "/backup", Operators, || post(page::backup::order)),
    reads("/", Operators, || get(page::home::console)),
];

/// Everything the operator's listener serves over TLS.
pub fn ops_router(app: Arc<App>, options: Options) -> Router {
    served(OPS_ROUTES, Arc::new(Web { app, options }))
}

/// A signed-in operator and the request at hand.
#[derive(Clone)]
pub struct Console {
    /// The operator.
    pub operator: Arc<Operator>,
    /// The request.
    pub context: Arc<Context>,
}

impl FromRequestParts<Arc<Web>> for Console {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Problem> {
        let context = Context::of(&parts.extensions)?;
        let token = cookie::value(&parts.headers, cookie::OPERATOR).ok_or_else(Problem::signed_out)?;
        Ok(Self { operator: Arc::new(web.app.operator_of(token).await?), context })
    }
}

/// A form posted by a signed-in operator, its token checked. Every changing page of the operator takes this.
pub struct ConsolePosted {
    /// Who posted it.
    pub console: Console,
    /// What was posted.
    pub form: Form,
}

impl FromRequest<Arc<Web>> for ConsolePosted {
    type Rejection = Problem;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let console = Console::from_request_parts(&mut parts, web).await?;
        check_content_type(&parts.headers, "application/x-www-form-urlencoded")?;
        let bytes = read_limited(body, FORM_BYTES_MAX).await?;
        let text = String::from_utf8(bytes.into()).map_err(|_| Problem::bad_request("not_text"))?;
        let form = Form::parse(&text)?;
        if !token::matches(&console.operator.csrf, form.once(token::FIELD)?) {
            return Err(Problem::token());
        }
        Ok(Self { console, form })
    }
}
