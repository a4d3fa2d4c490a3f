//! What could not be done, as an answer: a page for people, a problem document (RFC 9457) for programs.
//!
//! A handler returns a `Problem`; `request::serve` renders it, since only there the language and the request id are known.
//! Codes are permanent: locale keys are `problem-<code>-title` and `problem-<code>-what`.

mod document;
mod page;

pub use page::{View, view as page_view};

use crate::Web;
use crate::form::IMPORT_BYTES_MAX;
use crate::request::Context;
use app::{Error, Held, Refusal};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::access::Gate;
use domain::import::ImportFault;
use domain::locale::Locale;
use domain::record::Fault;
use domain::screen::Action;
use domain::user::PasswordFault;
use std::sync::Arc;

/// After how many seconds an answer of 503 or 429 may be asked again.
const RETRY_AFTER_SECS: u32 = 10;
/// After how many seconds a refused sign-in may be tried again, at the earliest.
const TOO_MANY_SECS: u32 = 60;

/// After how many seconds an entry is in the log.
const LOG_SECS: u32 = 2;

/// An answer that is no success.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// What happened, in one permanent word.
    pub code: &'static str,
    /// The field meant, when there is one.
    pub field: Option<String>,
    /// The right that is missing.
    pub denied: Option<Denied>,
    /// Fields that can't be taken as they are.
    pub faults: Vec<Fault>,
    /// Seconds after which to try again.
    pub retry_after: Option<u32>,
    /// Bytes that would have been taken.
    pub bytes_max: Option<usize>,
    /// A fault that `domain` explains itself.
    pub said: Option<Said>,
    /// The extraction that was held.
    pub held: Option<Held>,
    /// The chain of an internal fault: for the log only.
    pub chain: Option<String>,
}

/// Faults that bring their own sentences.
#[derive(Clone, Debug)]
pub enum Said {
    /// A password that can't be taken.
    Password(PasswordFault),
    /// A file that can't be imported as a whole.
    File(ImportFault),
}

impl Said {
    /// What happened and what to do.
    pub fn message(&self, locale: Locale) -> String {
        match self {
            Self::Password(fault) => fault.message(locale),
            Self::File(fault) => fault.message(locale, str::to_owned),
        }
    }
}

/// A right that is missing.
#[derive(Clone, Debug)]
pub struct Denied {
    /// The gate that refused.
    pub gate: Gate,
    /// The screen's service.
    pub service: String,
    /// The screen.
    pub screen: String,
    /// What was wanted.
    pub action: Action,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str) -> Self {
        Self {
            status,
            code,
            field: None,
            denied: None,
            faults: Vec::new(),
            retry_after: None,
            bytes_max: None,
            said: None,
            held: None,
            chain: None,
        }
    }

    /// 401: nobody is signed in.
    pub fn signed_out() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "signed_out")
    }

    /// 401 where a program reads a log.
    pub fn log_token_wanted() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "log_token_wanted")
    }

    /// 404.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found")
    }

    /// 405.
    pub fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed")
    }

    /// 400 for the request as a whole. Codes: `not_text`, `cut_off`, `too_many_fields`, `not_json`, `bad_version`.
    pub fn bad_request(code: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code)
    }

    /// 400 for a field that can't be read. Codes: `not_text`, `nul`, `twice`, `bad_value`.
    pub fn bad_field(code: &'static str, field: &str) -> Self {
        Self { field: Some(field.to_owned()), ..Self::bad_request(code) }
    }

    /// 403: the form is not from a page of this session.
    pub fn token() -> Self {
        Self::new(StatusCode::FORBIDDEN, "form_expired")
    }

    /// 403: another site sent the browser here.
    pub fn cross_site() -> Self {
        Self::new(StatusCode::FORBIDDEN, "cross_site")
    }

    /// 413.
    pub fn too_large(bytes_max: usize) -> Self {
        Self { bytes_max: Some(bytes_max), ..Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large") }
    }

    /// 415.
    pub fn unsupported_media_type() -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type")
    }

    /// 428: a change must name the version it was made from.
    pub fn version_wanted() -> Self {
        Self::new(StatusCode::PRECONDITION_REQUIRED, "version_wanted")
    }

    /// 500. The chain goes to the log.
    pub fn internal(chain: String) -> Self {
        Self { chain: Some(chain), ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal") }
    }

    /// 503: the database can't be reached.
    pub fn unavailable() -> Self {
        Self { retry_after: Some(RETRY_AFTER_SECS), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable") }
    }

    /// 503: the answer took too long.
    pub fn timed_out() -> Self {
        Self { retry_after: Some(RETRY_AFTER_SECS), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "timed_out") }
    }

    /// The answer, in the form and language asked for.
    pub(crate) async fn render(self, web: &Arc<Web>, context: &Context) -> Response {
        if let Some(chain) = &self.chain {
            // Not the path: an invitation's holds its secret. The line of the same request names the route.
            tracing::error!(request = %context.id(), chain, "internal fault");
        }
        let mut response = if context.is_api() {
            document::render(&self, context)
        } else if self.status == StatusCode::UNAUTHORIZED && context.method.is_safe() {
            Redirect::to(&format!("/signin?next={}", crate::page::encoded(&context.path))).into_response()
        } else {
            page::render(&self, web, context).await
        };
        if let Some(secs) = self.retry_after {
            response.headers_mut().insert(axum::http::header::RETRY_AFTER, secs.into());
        }
        if self.code == "log_token_wanted" {
            let challenge = axum::http::HeaderValue::from_static(crate::log::CHALLENGE);
            response.headers_mut().insert(axum::http::header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::SignedOut => Self::signed_out(),
            Error::Denied { gate, service, screen, action } => Self {
                denied: Some(Denied { gate, service, screen, action }),
                ..Self::new(StatusCode::FORBIDDEN, "denied")
            },
            Error::NotAdministrator => Self::new(StatusCode::FORBIDDEN, "administrators_only"),
            Error::NotFound => Self::not_found(),
            Error::Invalid(faults) => Self { faults, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid") },
            Error::Password(fault) => {
                Self { said: Some(Said::Password(fault)), ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid") }
            }
            Error::File(fault) => {
                Self { said: Some(Said::File(fault)), ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_file") }
            }
            Error::Throttled { wait_s } => {
                Self { retry_after: u32::try_from(wait_s).ok(), ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many") }
            }
            Error::Stale => Self::unavailable(),
            Error::Conflict(_) => Self::new(StatusCode::CONFLICT, "conflict"),
            Error::Held(held) => Self { held: Some(*held), ..Self::new(StatusCode::CONFLICT, "extraction_held") },
            Error::Refused(refusal) => Self::refused(refusal),
            Error::Unavailable => Self::unavailable(),
            Error::Internal(chain) => Self::internal(chain),
        }
    }
}

impl Problem {
    /// A refusal that concerns no single field.
    fn refused(refusal: Refusal) -> Self {
        let status = match refusal {
            Refusal::StillReferenced
            | Refusal::MatrixChanged
            | Refusal::NameTaken
            | Refusal::LastAdministrator
            | Refusal::TooManyRoles
            | Refusal::HoldSettled
            | Refusal::HoldNotOpen
            | Refusal::TooManyHolds
            | Refusal::SignSettled
            | Refusal::NoSession
            | Refusal::TooManyHoney => StatusCode::CONFLICT,
            Refusal::TooManyTokens | Refusal::TooManyAddresses | Refusal::WalkUnderWay => StatusCode::CONFLICT,
            Refusal::TooManyStreams => StatusCode::CONFLICT,
            Refusal::BadStreamAddress
            | Refusal::StreamNetwork
            | Refusal::StreamUndeclared
            | Refusal::WrongPassword
            | Refusal::BadAuthorization => StatusCode::UNPROCESSABLE_ENTITY,
            Refusal::NotInLogYet => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::Frozen | Refusal::OwnFreeze | Refusal::OwnHold | Refusal::OwnLimit | Refusal::OwnSign => {
                StatusCode::FORBIDDEN
            }
            Refusal::LinkSpent => StatusCode::GONE,
            Refusal::TooLarge => return Self::too_large(IMPORT_BYTES_MAX),
            Refusal::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Refusal::BadCursor => StatusCode::BAD_REQUEST,
            Refusal::MailNotSent => StatusCode::BAD_GATEWAY,
        };
        let retry_after = match status {
            StatusCode::TOO_MANY_REQUESTS => Some(TOO_MANY_SECS),
            StatusCode::SERVICE_UNAVAILABLE => Some(LOG_SECS),
            _ => None,
        };
        Self { retry_after, ..Self::new(status, refusal.code()) }
    }
}

/// Leaves the problem in the response for `request::serve` to render.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(Box::new(self));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::texts;
    use domain::screen::ScreenKind;

    const REFUSALS: [Refusal; 27] = [
        Refusal::Frozen,
        Refusal::OwnFreeze,
        Refusal::NoSession,
        Refusal::WrongPassword,
        Refusal::TooManyStreams,
        Refusal::BadStreamAddress,
        Refusal::StreamNetwork,
        Refusal::StreamUndeclared,
        Refusal::BadAuthorization,
        Refusal::StillReferenced,
        Refusal::LinkSpent,
        Refusal::LastAdministrator,
        Refusal::NameTaken,
        Refusal::MatrixChanged,
        Refusal::TooLarge,
        Refusal::BadCursor,
        Refusal::TooMany,
        Refusal::TooManyRoles,
        Refusal::MailNotSent,
        Refusal::OwnHold,
        Refusal::HoldSettled,
        Refusal::HoldNotOpen,
        Refusal::TooManyHolds,
        Refusal::OwnLimit,
        Refusal::OwnSign,
        Refusal::SignSettled,
        Refusal::TooManyHoney,
    ];

    #[test]
    fn every_refusal_is_a_4xx_or_tells_that_it_is_not_the_persons_fault() {
        for refusal in REFUSALS {
            let problem = Problem::refused(refusal);
            assert!(problem.status.is_client_error() || refusal == Refusal::MailNotSent, "{refusal:?}");
        }
        assert_eq!(Problem::refused(Refusal::TooMany).retry_after, Some(TOO_MANY_SECS));
    }

    #[test]
    fn an_outage_is_a_503_that_says_when_to_try_again() {
        for error in [Error::Unavailable, Error::Stale] {
            let problem = Problem::from(error);
            assert_eq!(problem.status, StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(problem.retry_after, Some(RETRY_AFTER_SECS));
        }
    }

    #[test]
    fn every_code_a_problem_may_have_is_explained() {
        let t = texts(Locale::Ja);
        let said = REFUSALS.map(|refusal| Problem::refused(refusal).code);
        let sources: String = crate::locale::tests::sources(&["src"]).into_iter().map(|(_, text)| text).collect();
        let named = ["bad_request(\"", "bad_field(\"", "StatusCode::FORBIDDEN, \"", "StatusCode::BAD_REQUEST, \""];
        let codes = named.iter().flat_map(|call| sources.split(call).skip(1).filter_map(|rest| rest.split('"').next()));
        let fixed =
            ["signed_out", "not_found", "method_not_allowed", "too_large", "unsupported_media_type", "internal"];
        let more =
            ["extraction_held", "unavailable", "timed_out", "version_wanted", "invalid", "invalid_file", "conflict"];
        for code in codes.chain(said).chain(fixed).chain(more).filter(|code| !code.is_empty()) {
            for end in ["title", "what"] {
                assert!(t.has(&format!("problem-{code}-{end}")), "problem-{code}-{end}");
            }
        }
    }

    #[test]
    fn every_gate_and_every_action_has_its_words() {
        let t = texts(Locale::Ja);
        for gate in
            [Gate::Contract, Gate::Usable, Gate::BillingType, Gate::PermissionKind, Gate::RoleGrant].map(Gate::code)
        {
            assert!(t.has(&format!("gate-{gate}")) && t.has(&format!("gate-{gate}-why")), "{gate}");
        }
        for action in ScreenKind::ALL.into_iter().flat_map(|kind| kind.actions().iter()) {
            assert!(t.has(&format!("action-{}", action.code())), "{action:?}");
        }
    }
}
