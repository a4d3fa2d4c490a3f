//! What can go wrong, for two audiences: what a person did (the page explains it) and everything else (an id).

use domain::access::Gate;
use domain::import::ImportFault;
use domain::record::{Fault, Record, Values};
use domain::screen::Action;
use domain::user::PasswordFault;
use std::fmt;
use store::StoreError;

/// Why an act was not done.
#[derive(Debug)]
pub enum Error {
    /// No session, or it was ended or ran out: sign in.
    SignedOut,
    /// A right is missing; an entry says so.
    Denied {
        /// The gate that refused.
        gate: Gate,
        /// The screen's service.
        service: String,
        /// The screen.
        screen: String,
        /// What was wanted.
        action: Action,
    },
    /// The page is for administrators of the tenant; an entry says so.
    NotAdministrator,
    /// There is no such thing in this tenant.
    NotFound,
    /// Fields that can't be taken as they are.
    Invalid(Vec<Fault>),
    /// A password that can't be taken.
    Password(PasswordFault),
    /// A file that can't be imported as a whole.
    File(ImportFault),
    /// Somebody else changed the record in between; nothing was overwritten.
    Conflict(Box<Conflict>),
    /// Something about the request as a whole that the person can mend.
    Refused(Refusal),
    /// Rights were changed while the act was under way, twice. Tried again by `on_fresh_rights`; callers may try again.
    Stale,
    /// PostgreSQL can't be reached just now; nothing was half-written.
    Unavailable,
    /// A fault of STRUCT or its machine. The chain goes to the log, the request id to the page.
    Internal(String),
}

/// A lost update, with what is needed to settle it.
#[derive(Debug)]
pub struct Conflict {
    /// The record as it is now.
    pub theirs: Record,
    /// What the person wanted to save.
    pub mine: Values,
    /// Fields in which the two differ.
    pub differing: Vec<String>,
    /// How the one who made `theirs` is called.
    pub updated_by_name: Option<String>,
}

/// Refusals that concern no single field. The code is permanent: problem documents, locales and tests use it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// The record is still referred to by others.
    StillReferenced,
    /// The link has been used, has run out or never existed.
    LinkSpent,
    /// The last administrator of a tenant can't be disabled or demoted.
    LastAdministrator,
    /// The name is taken.
    NameTaken,
    /// The rights were changed by somebody else since the page was opened.
    MatrixChanged,
    /// A file is too large.
    TooLarge,
    /// The cursor of a list is not one of ours.
    BadCursor,
    /// Too many attempts; try again later.
    TooMany,
    /// A tenant has as many roles as it may have.
    TooManyRoles,
    /// The invitation stands, but its mail could not be sent.
    MailNotSent,
}

impl Refusal {
    /// `snake_case`, for problem documents and locale keys (`refusal-<code>`).
    pub fn code(self) -> &'static str {
        match self {
            Self::StillReferenced => "still_referenced",
            Self::LinkSpent => "link_spent",
            Self::LastAdministrator => "last_administrator",
            Self::NameTaken => "name_taken",
            Self::MatrixChanged => "matrix_changed",
            Self::TooLarge => "too_large",
            Self::BadCursor => "bad_cursor",
            Self::TooMany => "too_many",
            Self::TooManyRoles => "too_many_roles",
            Self::MailNotSent => "mail_not_sent",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignedOut => f.write_str("signed out"),
            Self::Denied { gate, service, screen, action } => {
                write!(f, "{} on {service}/{screen} denied at gate {}", action.code(), gate.code())
            }
            Self::NotAdministrator => f.write_str("not an administrator"),
            Self::NotFound => f.write_str("not found"),
            Self::Invalid(faults) => write!(f, "{} fields refused: {faults:?}", faults.len()),
            Self::Password(fault) => f.write_str(fault.code()),
            Self::File(fault) => f.write_str(fault.code()),
            Self::Conflict(conflict) => write!(f, "conflict on {}", conflict.theirs.id),
            Self::Refused(refusal) => f.write_str(refusal.code()),
            Self::Stale => f.write_str("rights were changed meanwhile"),
            Self::Unavailable => f.write_str("database unavailable"),
            Self::Internal(chain) => f.write_str(chain),
        }
    }
}

impl std::error::Error for Error {}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => {
                tracing::warn!(cause, "the database is unavailable");
                Self::Unavailable
            }
            StoreError::EpochMoved => Self::Stale,
            StoreError::SessionOver => Self::SignedOut,
            StoreError::Unexpected => Self::NotFound,
            StoreError::TooSlow => Self::Unavailable,
            fault => Self::Internal(fault.to_string()),
        }
    }
}
