//! Access: five gates, one function. Menu, page, API and job all ask `decide`.

mod menu;

pub use menu::{MenuScreen, MenuService, menu};

use crate::audit::sign::{Limits, RoleLimit, limits_of};
use crate::id::{RecordId, RoleId, TenantId, UserId};
use crate::locale::Locale;
use crate::screen::{Action, Actions, PermissionKind, ScreenSettings};
use crate::service::Service;
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Everything a decision needs about one tenant, compiled at `epoch`. Held in memory, checked by `op_begin`.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The tenant.
    pub tenant: TenantId,
    /// Raised by every change of rights; the database refuses an `Op` decided on another one.
    pub epoch: i64,
    /// Contracted services by name.
    pub services: HashMap<String, ContractedService>,
    /// Members by user.
    pub members: HashMap<UserId, Member>,
    /// Roles by id.
    pub roles: HashMap<RoleId, Role>,
    /// What administrators set for the extractions of a role.
    pub limits: HashMap<RoleId, RoleLimit>,
    /// Planted records: whoever touches one raises a sign.
    pub honey: HashSet<RecordId>,
}

impl Snapshot {
    /// How many rows a member may extract in a day.
    pub fn extraction_limits(&self, user: UserId) -> Limits {
        let roles = self.members.get(&user).map(|member| member.roles.as_slice()).unwrap_or_default();
        limits_of(roles.iter().map(|role| self.limits.get(role).copied().unwrap_or_default()))
    }

    /// Active administrators, in no order.
    pub fn administrators(&self) -> impl Iterator<Item = UserId> {
        self.members.iter().filter(|(_, member)| member.active && member.administrator).map(|(user, _)| *user)
    }
}

/// A service the tenant has contracted.
#[derive(Clone, Debug)]
pub struct ContractedService {
    /// Whether the contract is live today.
    pub live: bool,
    /// The installed service.
    pub service: Arc<Service>,
    /// The tenant's settings by screen name; a screen without a row is closed.
    pub settings: HashMap<String, ScreenSettings>,
}

/// A member of a tenant.
#[derive(Clone, Debug, Default)]
pub struct Member {
    /// A disabled member may do nothing.
    pub active: bool,
    /// Tenant administrator.
    pub administrator: bool,
    /// Somebody else was signed in as this member: nothing is extracted and no rights are changed until it is lifted.
    pub frozen: bool,
    /// 課金ユーザータイプ held.
    pub billing_types: Vec<String>,
    /// Roles held.
    pub roles: Vec<RoleId>,
}

/// A role and what it grants.
#[derive(Clone, Debug, Default)]
pub struct Role {
    /// Shown to administrators.
    pub name: String,
    /// By service name and screen name.
    pub grants: HashMap<(String, String), Actions>,
}

/// The five gates, in the order they are asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// The service is contracted, the contract is live, the member is active.
    Contract,
    /// 使用可能.
    Usable,
    /// 課金ユーザータイプ.
    BillingType,
    /// 権限設定種別.
    PermissionKind,
    /// Role × screen × action.
    RoleGrant,
}

/// The answer and the gate that gave it: for a refusal the first closed gate, else the last one asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Decision {
    /// Whether the action may be done.
    pub allowed: bool,
    /// The deciding gate.
    pub gate: Gate,
}

impl Gate {
    /// The word used in entries and problem documents.
    pub fn code(self) -> &'static str {
        match self {
            Self::Contract => "contract",
            Self::Usable => "usable",
            Self::BillingType => "billing_type",
            Self::PermissionKind => "permission_kind",
            Self::RoleGrant => "role_grant",
        }
    }
}

impl Decision {
    /// Why a refused action is refused and whom to ask; empty when it is allowed. `screen` is the screen's label.
    pub fn explain(self, locale: Locale, screen: &str) -> String {
        if self.allowed {
            return String::new();
        }
        match locale {
            Locale::Ja => self.gate.explain_in_japanese(screen),
            Locale::En => self.gate.explain_in_english(screen),
        }
    }
}

impl Gate {
    fn explain_in_japanese(self, screen: &str) -> String {
        match self {
            Self::Contract => format!(
                "「{screen}」のサービスは契約されていないか、利用者としての登録が止まっています。自社の管理者に確認してください。"
            ),
            Self::Usable => {
                format!(
                    "「{screen}」は使用可能になっていません。使う場合は、自社の管理者に画面の設定を依頼してください。"
                )
            }
            Self::BillingType => format!(
                "お持ちの課金ユーザータイプでは「{screen}」を使えません。使う場合は、自社の管理者に課金ユーザータイプの変更を依頼してください。"
            ),
            Self::PermissionKind => {
                format!("「{screen}」は管理者だけが使えます。必要な操作は、自社の管理者に依頼してください。")
            }
            Self::RoleGrant => format!(
                "お持ちのロールには「{screen}」でのこの操作が許可されていません。必要な場合は、自社の管理者にロールの設定を依頼してください。"
            ),
        }
    }

    fn explain_in_english(self, screen: &str) -> String {
        match self {
            Self::Contract => format!(
                "The service of “{screen}” is not under contract, or your membership is stopped. Ask your administrator."
            ),
            Self::Usable => {
                format!("“{screen}” has not been made usable. Ask your administrator to set up the screen.")
            }
            Self::BillingType => {
                format!("Your billing user type does not include “{screen}”. Ask your administrator to change it.")
            }
            Self::PermissionKind => {
                format!("“{screen}” is for administrators only. Ask your administrator to do this for you.")
            }
            Self::RoleGrant => format!(
                "None of your roles allows this on “{screen}”. Ask your administrator to change the role's settings."
            ),
        }
    }
}

/// Decides whether a user may do an action on a screen. The only such function.
pub fn decide(snapshot: &Snapshot, user: UserId, service: &str, screen: &str, action: Action) -> Decision {
    let refused = |gate| Decision { allowed: false, gate };
    let Some(member) = snapshot.members.get(&user).filter(|member| member.active) else {
        return refused(Gate::Contract);
    };
    let Some(contracted) = snapshot.services.get(service).filter(|contracted| contracted.live) else {
        return refused(Gate::Contract);
    };
    let exists = contracted.service.screen(screen).is_some_and(|screen| screen.kind.actions().has(action));
    let Some(settings) = contracted.settings.get(screen).filter(|settings| settings.usable && exists) else {
        return refused(Gate::Usable);
    };
    if !settings.billing_types.iter().any(|billing| member.billing_types.contains(billing)) {
        return refused(Gate::BillingType);
    }
    match settings.permission {
        PermissionKind::None => Decision { allowed: true, gate: Gate::PermissionKind },
        PermissionKind::Administrators => Decision { allowed: member.administrator, gate: Gate::PermissionKind },
        PermissionKind::PerRole => {
            Decision { allowed: granted(snapshot, member, service, screen, action), gate: Gate::RoleGrant }
        }
    }
}

/// Whether any role of the member grants the action.
fn granted(snapshot: &Snapshot, member: &Member, service: &str, screen: &str, action: Action) -> bool {
    let key = (service.to_owned(), screen.to_owned());
    member
        .roles
        .iter()
        .filter_map(|role| snapshot.roles.get(role))
        .any(|role| role.grants.get(&key).is_some_and(|actions| actions.has(action)))
}
