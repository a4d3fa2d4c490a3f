//! What PostgreSQL answers, told apart as far as callers act differently upon it.

use tokio_postgres::error::SqlState;

/// Why a flight came to nothing. Nothing of it is in the database then, except after `Unavailable`, when the answer to
/// a COMMIT may have been lost: the entry is inside, so act and entry are still together.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The server can't be reached, is starting or stopping, or every connection stayed busy.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// Rights were changed since the snapshot was taken (ST412).
    #[error("rights were changed since they were decided upon")]
    EpochMoved,
    /// The session was ended or ran out (ST401).
    #[error("the session is over")]
    SessionOver,
    /// A statement did not touch the rows it had to (ST409): gone, or changed by somebody else.
    #[error("a row is not as expected")]
    Unexpected,
    /// A value that must be unique is taken.
    #[error("unique constraint {0} violated")]
    Taken(String),
    /// A reference points to nothing, or (when a row was to be removed) is still pointed with.
    #[error("reference {0} violated")]
    Reference(String),
    /// A statement ran longer than its bound.
    #[error("a statement ran longer than its bound")]
    TooSlow,
    /// The database was made by a newer STRUCT.
    #[error(
        "the database is at schema version {found}, this STRUCT knows up to {known}: run the newer STRUCT again, nothing was changed"
    )]
    NewerSchema {
        /// Version in the database.
        found: i32,
        /// Newest version this binary has.
        known: i32,
    },
    /// An applied migration differs from the one in this binary.
    #[error("migration {0} was changed after it had been applied: this binary does not belong to this database")]
    ChangedMigration(i32),
    /// The database has not been migrated.
    #[error("the database is not at the schema version of this STRUCT: run `struct migrate`")]
    NotMigrated,
    /// The address can't be understood.
    #[error("{0}")]
    Address(String),
    /// Anything else: a fault of ours.
    #[error("{0}")]
    Fault(String),
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(db) = error.as_db_error() else {
            return Self::without_answer(&error);
        };
        let constraint = || db.constraint().unwrap_or("unnamed").to_owned();
        match db.code().code() {
            "ST401" => Self::SessionOver,
            "ST412" => Self::EpochMoved,
            "ST409" => Self::Unexpected,
            code if code == SqlState::UNIQUE_VIOLATION.code() => Self::Taken(constraint()),
            code if code == SqlState::FOREIGN_KEY_VIOLATION.code() => Self::Reference(constraint()),
            code if code == SqlState::QUERY_CANCELED.code() => Self::TooSlow,
            // Class 57P: shutting down, crashed, starting up. Class 53: out of connections, memory or disk. 08: connection.
            code if code.starts_with("57P") || code.starts_with("53") || code.starts_with("08") => {
                Self::Unavailable(db.message().to_owned())
            }
            // Class 22, data exceptions: the message quotes the value, which may be personal.
            code if code.starts_with("22") => Self::Fault(format!("{code} a value does not fit its column")),
            code => Self::Fault(format!("{code} {}", db.message())),
        }
    }
}

impl StoreError {
    fn without_answer(error: &tokio_postgres::Error) -> Self {
        use std::error::Error as _;
        let cause = error.source().map(ToString::to_string).unwrap_or_default();
        let io = error.source().is_some_and(|source| source.is::<std::io::Error>());
        if error.is_closed() || io || error.to_string().contains("connect") {
            Self::Unavailable(format!("{error}: {cause}"))
        } else {
            Self::Fault(format!("{error}: {cause}"))
        }
    }
}

impl From<deadpool_postgres::PoolError> for StoreError {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        match error {
            deadpool_postgres::PoolError::Backend(error) => error.into(),
            other => Self::Unavailable(other.to_string()),
        }
    }
}
