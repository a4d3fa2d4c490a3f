//! The audit entry: who did what, when, on what, with which outcome. One event stream, two views (activity, audit).
//!
//! Public fields stand in the clear; `detail` is sealed (service-scoped entries under the service's key, so that
//! cancelling the service shreds what its entries tell about people; others under the tenant's log key).

pub mod ocsf;
pub mod sign;

use crate::id::{EntryId, RecordId, RequestId, TenantId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident = $code:literal),* $(,)?) => {
        /// What was done. The code is permanent: entries, filters, tests and locales use it.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
        pub enum Verb { $($(#[$doc])* $name),* }

        impl Verb {
            /// Every verb there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// `noun.verb`, as stored.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// The verb of a code.
            pub fn parse(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$name),)* _ => None }
            }
        }
    };
}

verbs! {
    /// A session was opened.
    SessionStarted = "session.started",
    /// A sign-in was refused.
    SessionRefused = "session.refused",
    /// A session was ended by its owner.
    SessionEnded = "session.ended",
    /// Sessions of a member were ended by the member on another device, or by an administrator.
    SessionRevoked = "session.revoked",
    /// An invitation was sent.
    UserInvited = "user.invited",
    /// An invited person set a password.
    UserJoined = "user.joined",
    /// Roles, licences or administrator rights of a member were changed.
    UserChanged = "user.changed",
    /// A member was disabled.
    UserDisabled = "user.disabled",
    /// A member was enabled again.
    UserEnabled = "user.enabled",
    /// A mail was asked for by which a lost password is recovered.
    UserRecoveryAsked = "user.recovery_asked",
    /// A lost password was replaced by the link of such a mail.
    UserRecovered = "user.recovered",
    /// A sign-in was not the member's own, they said by the link of a mail: the account is closed and frozen.
    UserDisowned = "user.disowned",
    /// An administrator let a frozen member extract and change rights again.
    UserUnfrozen = "user.unfrozen",
    /// Another e-mail address was asked for.
    UserAddressAsked = "user.address_asked",
    /// One of the two addresses confirmed the change.
    UserAddressConfirmed = "user.address_confirmed",
    /// Both addresses confirmed: the e-mail address was changed.
    UserAddressChanged = "user.address_changed",
    /// A role was made.
    RoleCreated = "role.created",
    /// A role was renamed.
    RoleChanged = "role.changed",
    /// A role was removed.
    RoleDeleted = "role.deleted",
    /// The matrix or a screen's settings were changed.
    AccessChanged = "access.changed",
    /// The audit log was read by an administrator.
    AuditViewed = "audit.viewed",
    /// The audit log was taken out as a file by an administrator.
    AuditExtracted = "audit.extracted",
    /// A member took their own trail out as a file.
    ActivityExtracted = "activity.extracted",
    /// A proof of an entry was taken out.
    AuditCertified = "audit.certified",
    /// How long entries are kept was changed.
    AuditRetentionChanged = "audit.retention_changed",
    /// Entries older than the tenant's rule were removed; their hashes stay.
    AuditPruned = "audit.pruned",
    /// The log lost its end: the database was brought back from a backup.
    AuditRestored = "audit.restored",
    /// The log says that it lives, though nothing may have happened.
    AuditHeartbeat = "audit.heartbeat",
    /// A token to read the log from outside was made.
    AuditTokenCreated = "audit.token_created",
    /// A token to read the log from outside was revoked.
    AuditTokenRevoked = "audit.token_revoked",
    /// The log was read from outside: the first time on a day by this token or session.
    AuditLogRead = "audit.log_read",
    /// The whole log was taken out as a file.
    AuditLogDownloaded = "audit.log_downloaded",
    /// A check of the whole log was asked for.
    AuditLogChecked = "audit.log_checked",
    /// Who gets the newest checkpoint by mail was changed.
    AuditMailChanged = "audit.mail_changed",
    /// A stream of the log to a system elsewhere was set up.
    AuditStreamAdded = "audit.stream_added",
    /// A stream was removed.
    AuditStreamRemoved = "audit.stream_removed",
    /// A stream was paused.
    AuditStreamPaused = "audit.stream_paused",
    /// A paused stream goes on.
    AuditStreamResumed = "audit.stream_resumed",
    /// A stream was tried out with an event that is no entry.
    AuditStreamTested = "audit.stream_tested",
    /// A record was made.
    RecordCreated = "record.created",
    /// A record was changed.
    RecordUpdated = "record.updated",
    /// A record was removed.
    RecordDeleted = "record.deleted",
    /// Personal fields of a record were shown in full.
    RecordRevealed = "record.revealed",
    /// A change was refused because someone else had changed the record.
    RecordConflicted = "record.conflicted",
    /// An id was asked for that does not exist in this tenant.
    RecordNotFound = "record.not_found",
    /// Records were taken out as a file.
    RecordsExtracted = "records.extracted",
    /// An extraction was held before its first byte.
    ExtractionHeld = "extraction.held",
    /// A held extraction was released by an administrator.
    ExtractionReleased = "extraction.released",
    /// A held extraction was refused by an administrator.
    ExtractionRefused = "extraction.refused",
    /// How many rows a role may extract in a day was changed.
    LimitChanged = "limit.changed",
    /// A rule saw a sign of fraud.
    SignRaised = "sign.raised",
    /// A sign was looked into and closed by an administrator.
    SignClosed = "sign.closed",
    /// A record was planted.
    HoneySet = "honey.set",
    /// A planted record was made an ordinary one again.
    HoneyRemoved = "honey.removed",
    /// The file of an extraction was complete; its last bytes left after this entry.
    RecordsDelivered = "records.delivered",
    /// A file was handed in for import.
    ImportStarted = "import.started",
    /// An import ran to its end.
    ImportCompleted = "import.completed",
    /// An import was given up.
    ImportFailed = "import.failed",
    /// A right was missing.
    AccessDenied = "access.denied",
    /// A tenant was made by the operator.
    TenantCreated = "tenant.created",
    /// A service was contracted.
    ContractStarted = "contract.started",
    /// A service was installed for, or upgraded under, the tenant.
    ServiceUpgraded = "service.upgraded",
}

/// How it ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused.
    Denied,
}

impl Outcome {
    /// `done` or `denied`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Denied => "denied",
        }
    }
}

/// Who did it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Actor {
    /// A signed-in member.
    User(UserId),
    /// The operator's command line or console.
    Operator,
    /// STRUCT itself (scheduler, sweeper).
    System,
    /// Nobody known: a refused sign-in.
    Anyone,
}

/// An entry to be written. The database gives the instant.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// Its id (UUID v7).
    pub id: EntryId,
    /// Whose log it stands in.
    pub tenant: TenantId,
    /// Who.
    pub actor: Actor,
    /// What.
    pub verb: Verb,
    /// How it ended.
    pub outcome: Outcome,
    /// The request it came with.
    pub request: RequestId,
    /// On which service, screen, entity, record.
    pub target: Target,
    /// What is sealed.
    pub detail: Detail,
}

/// What an entry is about.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Target {
    /// Service name.
    pub service: Option<String>,
    /// Screen name.
    pub screen: Option<String>,
    /// Entity name.
    pub entity: Option<String>,
    /// The record.
    pub record: Option<RecordId>,
    /// The user acted upon.
    pub user: Option<UserId>,
}

/// The sealed part of an entry. Serialised as JSON before sealing; empty parts are left out.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Detail {
    /// Network address the request came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The browser's own description, shortened to `MAX_DEVICE_CHARS`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The gate that refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate: Option<String>,
    /// Fields with their values before and after.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// How many records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Field names given out or revealed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// SHA-256 of the bytes handed out, hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// How many bytes were handed out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The filter, format, reason or file name, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One changed field.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Change {
    /// Field (or setting) name.
    pub field: String,
    /// Before; absent when empty.
    pub before: Option<String>,
    /// After; absent when emptied.
    pub after: Option<String>,
}

/// An entry as read back.
#[derive(Clone, PartialEq, Debug)]
pub struct ReadEntry {
    /// When it was made, by the server's clock; of entries of older versions when it committed, by the database's.
    pub at: Timestamp,
    /// The entry. `detail` is empty when its key has been destroyed.
    pub entry: Entry,
}

/// For how many days a tenant may choose to keep its entries: a year, as the basic guidelines expect, up to thirty.
pub const RETENTION_DAYS: std::ops::RangeInclusive<i32> = 365..=10_950;

/// Longest device description kept, in characters.
pub const MAX_DEVICE_CHARS: usize = 200;

#[cfg(test)]
mod tests {
    use super::Verb;
    use std::collections::HashSet;

    #[test]
    fn every_verb_has_a_code_of_its_own_that_leads_back_to_it() {
        let codes: HashSet<&str> = Verb::ALL.iter().map(|verb| verb.code()).collect();
        assert_eq!(codes.len(), Verb::ALL.len());
        for verb in Verb::ALL {
            assert_eq!(Verb::parse(verb.code()), Some(*verb));
            assert!(verb.code().split_once('.').is_some(), "{verb:?}");
        }
    }
}
