//! Under which heading of the public page a promise stands. Says nothing of its state.

/// A heading of the public page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Group {
    /// ユーザー管理と認証
    Users,
    /// インフラ運用
    Operation,
    /// 安全性への取り組み
    Safety,
    /// 稼働実績
    Uptime,
    /// SLO
    Slo,
    /// サポート
    Support,
}

/// The headings in the order of the page, each with its promises.
pub const GROUPS: &[(Group, &[&str])] = &[
    (Group::Users, &["identity.email_only", "activity.per_user", "access.per_screen", "access.per_role"]),
    (
        Group::Operation,
        &[
            "backup.differential",
            "backup.log",
            "residency.region",
            "erasure.contract_end",
            "erasure.partial",
            "sealing.transport",
            "sealing.personal_data",
            "audit.data_actions",
        ],
    ),
    (Group::Safety, &["csirt.response", "policy.published", "assessment.third_party", "trust.page"]),
    (
        Group::Uptime,
        &["uptime.published", "uptime.target", "maintenance.budget", "maintenance.notice", "resilience.redundancy"],
    ),
    (
        Group::Slo,
        &[
            "slo.operated",
            "certification.shown",
            "vulnerability.updates",
            "vulnerability.secrets",
            "vulnerability.encrypted_connections",
        ],
    ),
    (Group::Support, &["support.reply"]),
];

impl Group {
    /// `users`, `operation`, `safety`, `uptime`, `slo` or `support`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Operation => "operation",
            Self::Safety => "safety",
            Self::Uptime => "uptime",
            Self::Slo => "slo",
            Self::Support => "support",
        }
    }

    /// The heading a promise stands under.
    pub fn of(promise: &str) -> Option<Self> {
        GROUPS.iter().find(|(_, promises)| promises.contains(&promise)).map(|(group, _)| *group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promise::ALL;

    #[test]
    fn every_promise_stands_under_one_heading_and_nothing_else_does() {
        let mut placed: Vec<&str> = GROUPS.iter().flat_map(|(_, promises)| promises.iter().copied()).collect();
        let mut ids: Vec<&str> = ALL.iter().map(|promise| promise.id).collect();
        placed.sort_unstable();
        ids.sort_unstable();
        assert_eq!(placed, ids);
        assert_eq!(Group::of("backup.log").map(Group::code), Some("operation"));
        assert_eq!(Group::of("backup.nothing"), None);
    }
}
