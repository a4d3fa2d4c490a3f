//! What can go wrong, for two audiences: what a person did (the page explains it) and everything else (an id).

use domain::access::Gate;
use domain::audit::sign::{Figures, Rule};
use domain::id::HoldId;
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
    /// An extraction was held before its first byte: another administrator decides.
    Held(Box<Held>),
    /// Something about the request as a whole that the person can mend.
    Refused(Refusal),
    /// Too many tries at this: none is let through for so many seconds.
    Throttled {
        /// Seconds.
        wait_s: i64,
    },
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

/// Why an extraction was held, and where to follow it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Held {
    /// The held extraction.
    pub hold: HoldId,
    /// The rule that held it.
    pub rule: Rule,
    /// Rows it would have given out.
    pub rows: u64,
    /// What the rule saw.
    pub figures: Figures,
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
    /// Nobody releases or refuses their own extraction.
    OwnHold,
    /// The held extraction was decided already, or its time is over.
    HoldSettled,
    /// The held extraction is not released, was taken, or its time is over.
    HoldNotOpen,
    /// As many extractions of one person wait as may.
    TooManyHolds,
    /// Nobody raises the limit of a role they hold while there is another administrator.
    OwnLimit,
    /// Nobody closes a sign about themselves while there is another administrator.
    OwnSign,
    /// The sign is closed already.
    SignSettled,
    /// A tenant has as many planted records as it may have.
    TooManyHoney,
    /// The entry, or the whole log, has no place yet: it will in a moment.
    NotInLogYet,
    /// As many tokens of the log work as may.
    TooManyTokens,
    /// As many addresses get the log's checkpoints as may.
    TooManyAddresses,
    /// A check of the log is under way.
    WalkUnderWay,
    /// A tenant has as many streams of its log as it may have.
    TooManyStreams,
    /// No address that a stream can be sent to.
    BadStreamAddress,
    /// The address is in a network that streams may not reach.
    StreamNetwork,
    /// The operator has not said that data may go to this host.
    StreamUndeclared,
    /// What can't be the value of a header.
    BadAuthorization,
    /// The invitation stands, but its mail could not be sent.
    MailNotSent,
    /// The member is frozen: no extraction, no change of rights.
    Frozen,
    /// Nobody lifts their own freeze while there is another administrator.
    OwnFreeze,
    /// The session is over already, or was never this person's.
    NoSession,
    /// The present password that was typed is another one.
    WrongPassword,
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
            Self::OwnHold => "own_hold",
            Self::HoldSettled => "hold_settled",
            Self::HoldNotOpen => "hold_not_open",
            Self::TooManyHolds => "too_many_holds",
            Self::OwnLimit => "own_limit",
            Self::OwnSign => "own_sign",
            Self::SignSettled => "sign_settled",
            Self::TooManyHoney => "too_many_honey",
            Self::NotInLogYet => "not_in_log_yet",
            Self::TooManyTokens => "too_many_tokens",
            Self::TooManyAddresses => "too_many_addresses",
            Self::WalkUnderWay => "walk_under_way",
            Self::TooManyStreams => "too_many_streams",
            Self::BadStreamAddress => "bad_stream_address",
            Self::StreamNetwork => "stream_network",
            Self::StreamUndeclared => "stream_undeclared",
            Self::BadAuthorization => "bad_authorization",
            Self::MailNotSent => "mail_not_sent",
            Self::Frozen => "frozen",
            Self::OwnFreeze => "own_freeze",
            Self::NoSession => "no_session",
            Self::WrongPassword => "wrong_password",
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
            Self::Held(held) => write!(f, "extraction held as {}: {}", held.hold, held.rule.code()),
            Self::Refused(refusal) => f.write_str(refusal.code()),
            Self::Throttled { wait_s } => write!(f, "too many tries; the next in {wait_s} s"),
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
