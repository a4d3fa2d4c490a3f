//! Typed identifiers. An id of one entity can't be passed where another's is wanted.
//!
//! All are UUIDs (v7, RFC 9562, made from the caller's clock and random bytes), so that keys grow with time.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The 16 bytes, as they enter associated data and index keys.
            pub fn bytes(&self) -> [u8; 16] {
                *self.0.as_bytes()
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }
    )*};
}

ids! {
    /// A customer of the vendor: the unit of isolation.
    TenantId,
    /// A verified e-mail address, on the whole platform.
    UserId,
    /// One signed-in browser.
    SessionId,
    /// A named set of grants within a tenant.
    RoleId,
    /// A row of an entity of a service.
    RecordId,
    /// One entry of a tenant's audit log.
    EntryId,
    /// Work done outside the request that asked for it.
    JobId,
    /// A sign of fraud that was raised.
    SignId,
    /// An extraction that was held.
    HoldId,
    /// A token by which a program reads a tenant's log.
    TokenId,
    /// An address that gets a log's newest checkpoint by mail.
    SubscriberId,
    /// A walk over a whole log that an administrator asked for.
    WalkId,
    /// A stream of a tenant's log to a system elsewhere.
    StreamId,
    /// One request, as it stands in logs, entries and error pages.
    RequestId,
}

/// A UUID v7 (RFC 9562 §5.7) from a Unix time in milliseconds and ten random bytes.
pub fn uuid_v7(unix_ms: u64, random: &[u8; 10]) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(unix_ms, random).into_uuid()
}
