//! Signing in and out. What a session is and how long it holds, `app` decides; a failed sign-in has one answer.

pub mod console;
pub mod device;
pub mod list;

use crate::Web;
use crate::cookie;
use crate::form::{Open, Posted, Query};
use crate::format::{self, When};
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::request::Context;
use app::session::SignedIn;
use app::{Caller, Error, Refusal};
use askama::Template;
use axum::extract::State;
use axum::http::{Extensions, HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use domain::session::{ABSOLUTE_LIMIT_HOURS, IDLE_LIMIT_MIN};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// Where one is after signing in, unless a page was asked for before.
const HOME: &str = "/app";

/// The page.
#[derive(Template)]
#[template(path = "session/signin.html")]
pub struct SignInView {
    /// The frame.
    pub shell: Shell,
    /// Where the form is posted to, with the page asked for before.
    pub action: String,
    /// The address as typed.
    pub email: String,
    /// Why nobody was signed in.
    pub refused: Option<Refused>,
    /// When one may try again, after too many tries.
    pub again: Option<When>,
    /// Whether this is a demo, whose mail can be read.
    pub demo: bool,
    /// After how many minutes without use a session ends.
    pub idle_min: i64,
    /// After how many hours a session ends in any case.
    pub limit_hours: i64,
}

/// Why nobody was signed in. Which of address and password was wrong is not told apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// They don't fit.
    NoFit,
    /// Too many are being checked at this moment.
    TooMany,
    /// Too many tries at this address, from this device or network: the next after so many seconds.
    Wait(i64),
}

impl Refused {
    fn again(self, context: &Context, now: Timestamp) -> Option<When> {
        match self {
            Self::Wait(wait_s) => Some(format::exact(context.locale(), now + SignedDuration::from_secs(wait_s))),
            Self::NoFit | Self::TooMany => None,
        }
    }
}

/// `GET /signin`
pub async fn form(
    State(web): State<Arc<Web>>,
    extensions: Extensions,
    headers: HeaderMap,
    Query(query): Query,
) -> Result<Response, Problem> {
    let (context, next) = (Context::of(&extensions)?, destination(query.once("next")?));
    let found = present(&web, &context, &headers).await;
    // Who has just joined may do so in a browser in which somebody else is signed in: they get the form.
    if matches!(found, Ok(Some(_))) && query.some("done")?.is_none() {
        return Ok(Redirect::to(&next).into_response());
    }
    let view = view(Shell::open(web.app.now(), &context, String::new()), &next, "", None, is_demo(&web).await);
    let mut response = page::html(StatusCode::OK, &view);
    if matches!(found, Err(Error::SignedOut)) {
        response.headers_mut().append(header::SET_COOKIE, cookie::session_ended());
    }
    Ok(response)
}

/// `POST /signin`: a session of its own for every sign-in; the one the browser held before ends.
pub async fn sign_in(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    Query(query): Query,
    Open(form, context): Open,
) -> Result<Response, Problem> {
    let next = destination(query.once("next")?);
    let (email, password) = (form.once("email")?, form.once("password")?);
    let refused = match web.app.sign_in(&context.peer, email, password).await {
        Ok(signed_in) => {
            end_former(&web, &context, &headers).await;
            return Ok(entered(&next, &signed_in));
        }
        Err(Error::SignedOut) => Refused::NoFit,
        Err(Error::Refused(Refusal::TooMany)) => Refused::TooMany,
        Err(Error::Throttled { wait_s }) => Refused::Wait(wait_s),
        Err(error) => return Err(error.into()),
    };
    let shell = Shell::open(web.app.now(), &context, String::new());
    let again = web.app.now();
    let view = SignInView {
        again: refused.again(&context, again),
        ..view(shell, &next, email, Some(refused), is_demo(&web).await)
    };
    Ok(match refused {
        Refused::NoFit => page::html(StatusCode::UNPROCESSABLE_ENTITY, &view),
        Refused::Wait(wait_s) => {
            ([(header::RETRY_AFTER, wait_s)], page::html(StatusCode::TOO_MANY_REQUESTS, &view)).into_response()
        }
        Refused::TooMany => {
            let wait = Problem::from(Error::Refused(Refusal::TooMany)).retry_after.unwrap_or_default();
            ([(header::RETRY_AFTER, wait)], page::html(StatusCode::TOO_MANY_REQUESTS, &view)).into_response()
        }
    })
}

/// `POST /signout`
pub async fn sign_out(State(web): State<Arc<Web>>, posted: Posted) -> Result<Response, Problem> {
    web.app.sign_out(&posted.signed.caller).await?;
    let mut response = page::done("/signin", "signed_out");
    response.headers_mut().append(header::SET_COOKIE, cookie::session_ended());
    Ok(response)
}

/// On to a page, with the cookie of the session just opened.
pub fn entered(to: &str, signed_in: &SignedIn) -> Response {
    let mut response = Redirect::to(to).into_response();
    let session = cookie::session(&signed_in.token, signed_in.max_age_secs);
    let device = signed_in.device_cookie.as_deref().map(cookie::device);
    for cookie in std::iter::once(session).chain(device) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The page.
pub fn view(mut shell: Shell, next: &str, email: &str, refused: Option<Refused>, demo: bool) -> SignInView {
    shell.title = shell.t.text("session-title");
    let next = if next == HOME { "" } else { next };
    SignInView {
        action: format!("/signin{}", page::query([("next", next)])),
        email: email.to_owned(),
        refused,
        again: None,
        demo,
        idle_min: IDLE_LIMIT_MIN,
        limit_hours: ABSOLUTE_LIMIT_HOURS,
        shell,
    }
}

/// The page asked for before signing in, when it is one of ours; else the home page. All pages behind the sign-in stand
/// below `/app`, and a path with only visible ASCII, no backslash and no `..` is read the same by every browser and proxy,
/// so no link can lead people elsewhere by way of the sign-in.
pub fn destination(next: &str) -> String {
    let rest = next.strip_prefix(HOME);
    let below = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
    let plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let path = next.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase().replace("%2e", ".");
    let climbs = path.split('/').any(|part| part == "..");
    if below && plain && !climbs { next.to_owned() } else { HOME.to_owned() }
}

/// Who the browser's cookie signs in, checked against the database: a session that has just ended must lead to the
/// form, not back to a page that sends here again.
async fn present(web: &Web, context: &Context, headers: &HeaderMap) -> Result<Option<Caller>, Error> {
    let Some(token) = cookie::value(headers, cookie::SESSION) else { return Ok(None) };
    let caller = web.app.caller(context.peer.clone(), token).await?;
    web.app.menu(&caller).await?;
    Ok(Some(caller))
}

/// Ends the session the browser held so far. That this fails keeps nobody from signing in: it runs out by itself.
async fn end_former(web: &Web, context: &Context, headers: &HeaderMap) {
    let ended = match present(web, context, headers).await {
        Ok(Some(caller)) => web.app.sign_out(&caller).await,
        Ok(None) | Err(Error::SignedOut) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = ended {
        tracing::warn!(%error, request = %context.id(), "the former session could not be ended");
    }
}

/// Whether mail can be read on a page. When that can't be said, the hint is left out.
async fn is_demo(web: &Web) -> bool {
    web.app.demo_mails(0).await.is_ok_and(|mails| mails.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_to_pages_of_this_site_only() {
        for elsewhere in [
            "",
            "/",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "https:evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/app\t",
            "/app\\..\\evil",
            "/app/..//evil.example",
            "/app/%2E./%2e%2e//evil.example",
            "/app\r\nset-cookie: a=b",
            "/app@evil.example",
            "/app.evil.example",
            "/application",
            "/app/あ",
            " /app",
            "/signin",
            "/signout",
        ] {
            assert_eq!(destination(elsewhere), "/app", "{elsewhere:?}");
        }
        for ours in ["/app", "/app/activity", "/app/s/crm/customer?f.name.has=%E9%AB%99", "/app?lang=en"] {
            assert_eq!(destination(ours), ours);
        }
    }
}
