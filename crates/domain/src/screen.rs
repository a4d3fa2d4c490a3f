//! Screens and their four settings (promise `access.per_screen`). Who may do what on them is `access`.

use serde::{Deserialize, Serialize};

/// What a screen does; it decides which actions exist on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScreenKind {
    /// Finds records: view.
    List,
    /// Shows one record, reveals its personal fields, deletes it: view, delete.
    Detail,
    /// Makes and changes records: create, update.
    Form,
    /// Takes in many records from a file: create.
    Import,
    /// Gives out many records as a file: extract.
    Extract,
}

/// What may be done on a screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Action {
    /// See records, reveal their personal fields.
    View = 1,
    /// Make a record.
    Create = 2,
    /// Change a record.
    Update = 4,
    /// Remove a record.
    Delete = 8,
    /// Take records out as a file.
    Extract = 16,
}

impl Action {
    /// All, in the order the matrix shows them.
    pub const ALL: [Self; 5] = [Self::View, Self::Create, Self::Update, Self::Delete, Self::Extract];

    /// The word used in URLs, SQL and log entries.
    pub fn code(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Extract => "extract",
        }
    }

    /// The action of a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.code() == code)
    }
}

/// A set of actions, as one small integer (the sum of `Action as u8`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Actions(pub u8);

impl Actions {
    /// Whether the set holds the action.
    pub fn has(self, action: Action) -> bool {
        self.0 & action as u8 != 0
    }

    /// The set with the action added.
    #[must_use]
    pub fn with(self, action: Action) -> Self {
        Self(self.0 | action as u8)
    }

    /// The actions in the set, in matrix order.
    pub fn iter(self) -> impl Iterator<Item = Action> {
        Action::ALL.into_iter().filter(move |action| self.has(*action))
    }
}

impl FromIterator<Action> for Actions {
    fn from_iter<I: IntoIterator<Item = Action>>(actions: I) -> Self {
        actions.into_iter().fold(Self::default(), Self::with)
    }
}

impl ScreenKind {
    /// All kinds, in manifest order.
    pub const ALL: [Self; 5] = [Self::List, Self::Detail, Self::Form, Self::Import, Self::Extract];

    /// The word used in URLs, manifests and SQL.
    pub fn code(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Detail => "detail",
            Self::Form => "form",
            Self::Import => "import",
            Self::Extract => "extract",
        }
    }

    /// The actions that exist on a screen of this kind.
    pub fn actions(self) -> Actions {
        match self {
            Self::List => Actions::from_iter([Action::View]),
            Self::Detail => Actions::from_iter([Action::View, Action::Delete]),
            Self::Form => Actions::from_iter([Action::Create, Action::Update]),
            Self::Import => Actions::from_iter([Action::Create]),
            Self::Extract => Actions::from_iter([Action::Extract]),
        }
    }

    /// The action that opens the screen from a menu.
    pub fn opening(self) -> Action {
        match self {
            Self::List | Self::Detail => Action::View,
            Self::Form | Self::Import => Action::Create,
            Self::Extract => Action::Extract,
        }
    }
}

/// 権限設定種別: how rights on a screen are given.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PermissionKind {
    /// None needed: every member with the licence may do everything that exists on the screen.
    None,
    /// Per role: the role × screen × action matrix decides.
    PerRole,
    /// Only administrators of the tenant.
    Administrators,
}

impl PermissionKind {
    /// All, in the order pages offer them.
    pub const ALL: [Self; 3] = [Self::None, Self::PerRole, Self::Administrators];

    /// The word used in manifests, forms and SQL.
    pub fn code(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::PerRole => "per_role",
            Self::Administrators => "administrators",
        }
    }

    /// The kind of a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// The four settings of a screen, as a tenant has them (or a manifest proposes them).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ScreenSettings {
    /// 使用可能: whether anybody may open it at all.
    pub usable: bool,
    /// ルート機能: whether it stands in the top menu.
    pub root: bool,
    /// 課金ユーザータイプ: the licence types that may open it. Empty: none.
    pub billing_types: Vec<String>,
    /// 権限設定種別.
    pub permission: PermissionKind,
}

impl ScreenSettings {
    /// What a new screen starts with: closed to everyone.
    pub fn closed() -> Self {
        Self { usable: false, root: false, billing_types: Vec::new(), permission: PermissionKind::PerRole }
    }
}
