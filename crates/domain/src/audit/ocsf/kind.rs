//! Which class and activity of OCSF an entry's verb is. Fills no event: that is `ocsf`.
//!
//! Only activities that every release from 1.1 on has under the same number are used, and Other where none fits.

use crate::audit::Verb;

/// A class of OCSF events.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// A sign of fraud.
    DetectionFinding,
    /// What happens to a person's account.
    AccountChange,
    /// Signing in and out.
    Authentication,
    /// Things that administrators keep: roles, settings, limits, tokens.
    EntityManagement,
    /// Services of the tenant, and STRUCT itself.
    ApplicationLifecycle,
    /// What was asked for in vain.
    ApiActivity,
    /// Records, and the log itself.
    DatastoreActivity,
}

impl Class {
    /// Its number.
    pub fn uid(self) -> u32 {
        match self {
            Self::DetectionFinding => 2004,
            Self::AccountChange => 3001,
            Self::Authentication => 3002,
            Self::EntityManagement => 3004,
            Self::ApplicationLifecycle => 6002,
            Self::ApiActivity => 6003,
            Self::DatastoreActivity => 6005,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::DetectionFinding => "Detection Finding",
            Self::AccountChange => "Account Change",
            Self::Authentication => "Authentication",
            Self::EntityManagement => "Entity Management",
            Self::ApplicationLifecycle => "Application Lifecycle",
            Self::ApiActivity => "API Activity",
            Self::DatastoreActivity => "Datastore Activity",
        }
    }

    /// The category that the class is of: number and name.
    pub fn category(self) -> (u32, &'static str) {
        match self.uid() / 1_000 {
            2 => (2, "Findings"),
            3 => (3, "Identity & Access Management"),
            _ => (6, "Application Activity"),
        }
    }
}

/// What a verb is in OCSF.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kind {
    /// The class.
    pub class: Class,
    /// The activity's number within the class.
    pub activity: u32,
    /// The activity's name: OCSF's, or ours for 99 (Other).
    pub name: &'static str,
}

const fn kind(class: Class, activity: u32, name: &'static str) -> Kind {
    Kind { class, activity, name }
}

/// No activity of the class fits; the name says what it was.
const OTHER: u32 = 99;

impl Kind {
    /// `class_uid × 100 + activity_id`.
    pub fn type_uid(self) -> u32 {
        self.class.uid() * 100 + self.activity
    }

    /// What a verb is. A new verb gets its line here, in `entity`, and in docs/log.md.
    pub fn of(verb: Verb) -> Self {
        use Class::{
            AccountChange, ApiActivity, ApplicationLifecycle, Authentication, DatastoreActivity, DetectionFinding,
            EntityManagement,
        };
        match verb {
            Verb::SessionStarted | Verb::SessionRefused => kind(Authentication, 1, "Logon"),
            Verb::SessionEnded | Verb::SessionRevoked => kind(Authentication, 2, "Logoff"),
            Verb::UserInvited => kind(AccountChange, 1, "Create"),
            Verb::UserJoined | Verb::UserEnabled => kind(AccountChange, 2, "Enable"),
            Verb::UserDisabled => kind(AccountChange, 5, "Disable"),
            Verb::UserChanged | Verb::UserAddressAsked | Verb::UserAddressConfirmed | Verb::UserAddressChanged => {
                kind(AccountChange, OTHER, "Change")
            }
            Verb::UserRecoveryAsked => kind(AccountChange, OTHER, "Password reset requested"),
            Verb::UserRecovered => kind(AccountChange, 4, "Password Reset"),
            Verb::UserDisowned => kind(AccountChange, 9, "Lock"),
            Verb::UserUnfrozen => kind(AccountChange, OTHER, "Unlock"),
            Verb::RoleCreated
            | Verb::AuditTokenCreated
            | Verb::AuditStreamAdded
            | Verb::HoneySet
            | Verb::TenantCreated => kind(EntityManagement, 1, "Create"),
            Verb::RoleChanged
            | Verb::AccessChanged
            | Verb::AuditRetentionChanged
            | Verb::AuditMailChanged
            | Verb::AuditStreamPaused
            | Verb::AuditStreamResumed
            | Verb::LimitChanged
            | Verb::ExtractionReleased
            | Verb::ExtractionRefused => kind(EntityManagement, 3, "Update"),
            Verb::RoleDeleted | Verb::AuditTokenRevoked | Verb::AuditStreamRemoved | Verb::HoneyRemoved => {
                kind(EntityManagement, 4, "Delete")
            }
            Verb::AuditRestored => kind(ApplicationLifecycle, OTHER, "Restore"),
            Verb::AuditHeartbeat => kind(ApplicationLifecycle, OTHER, "Heartbeat"),
            Verb::AuditLogChecked => kind(ApplicationLifecycle, OTHER, "Check"),
            Verb::AuditStreamTested => kind(ApplicationLifecycle, OTHER, "Test"),
            Verb::ContractStarted => kind(ApplicationLifecycle, 1, "Install"),
            Verb::ServiceUpgraded => kind(ApplicationLifecycle, OTHER, "Upgrade"),
            Verb::RecordRevealed
            | Verb::RecordsDelivered
            | Verb::AuditCertified
            | Verb::AuditLogRead
            | Verb::AuditLogDownloaded => kind(DatastoreActivity, 1, "Read"),
            Verb::RecordUpdated | Verb::RecordConflicted => kind(DatastoreActivity, 2, "Update"),
            Verb::AuditViewed
            | Verb::AuditExtracted
            | Verb::ActivityExtracted
            | Verb::RecordsExtracted
            | Verb::ExtractionHeld => kind(DatastoreActivity, 4, "Query"),
            Verb::ImportStarted | Verb::ImportCompleted | Verb::ImportFailed => kind(DatastoreActivity, 5, "Write"),
            Verb::RecordCreated => kind(DatastoreActivity, 6, "Create"),
            Verb::RecordDeleted | Verb::AuditPruned => kind(DatastoreActivity, 7, "Delete"),
            Verb::AccessDenied => kind(ApiActivity, OTHER, "Denied"),
            Verb::RecordNotFound => kind(ApiActivity, 2, "Read"),
            Verb::SignRaised => kind(DetectionFinding, 1, "Create"),
            Verb::SignClosed => kind(DetectionFinding, 3, "Close"),
        }
    }
}

/// What kind of thing an act of Entity Management is on, in words: OCSF's `entity.type`.
pub fn entity(verb: Verb) -> &'static str {
    match verb.code().split_once('.').map_or("", |(noun, _)| noun) {
        "role" => "Role",
        "access" => "Access rights",
        "audit" => match verb {
            Verb::AuditTokenCreated | Verb::AuditTokenRevoked => "Token of the audit log",
            Verb::AuditMailChanged => "Mail of the audit log",
            Verb::AuditRetentionChanged => "Retention of the audit log",
            _ => "Stream of the audit log",
        },
        "honey" => "Planted record",
        "tenant" => "Tenant",
        "limit" => "Limit of extraction",
        _ => "Held extraction",
    }
}
