//! What the demo consists of: two tenants, their roles, people and amounts of records. Everything here is invented.

use domain::screen::{Action, Actions, ScreenKind};

/// A tenant of the demo.
pub(crate) struct House {
    /// The tenant's code.
    pub(crate) code: &'static str,
    /// The tenant's name.
    pub(crate) name: &'static str,
    /// Services it uses, with screens opened as proposed.
    pub(crate) services: &'static [&'static str],
    /// Kinds of screens its administrator has closed again.
    pub(crate) closed: &'static [ScreenKind],
    /// Roles and what they grant.
    pub(crate) roles: &'static [(&'static str, &'static [Grant])],
    /// People; the first is the first administrator.
    pub(crate) people: &'static [Staff],
    /// Records.
    pub(crate) volume: Volume,
}

/// What a role grants on the screens of some entities.
pub(crate) struct Grant {
    /// The service.
    pub(crate) service: &'static str,
    /// Its entities; none means all.
    pub(crate) entities: &'static [&'static str],
    /// The kinds of their screens.
    pub(crate) kinds: &'static [ScreenKind],
    /// What may be done there, as far as it exists.
    pub(crate) actions: &'static [Action],
}

/// Somebody who works there.
pub(crate) struct Staff {
    /// Address.
    pub(crate) email: &'static str,
    /// Name.
    pub(crate) name: &'static str,
    /// Role.
    pub(crate) role: &'static str,
    /// Licence.
    pub(crate) billing_type: &'static str,
    /// Tenant administrator.
    pub(crate) administrator: bool,
    /// Whether the invitation was taken up; one is left, for whoever wants to see it.
    pub(crate) joined: bool,
}

/// How many records. Lines follow from claims.
pub(crate) struct Volume {
    pub(crate) customers: u64,
    pub(crate) contacts: u64,
    pub(crate) deals: u64,
    pub(crate) activities: u64,
    pub(crate) claims: u64,
}

impl Grant {
    /// What is granted on a screen.
    pub(crate) fn on(&self, service: &str, entity: &str, kind: ScreenKind) -> Actions {
        let entities = self.entities.is_empty() || self.entities.contains(&entity);
        let meant = self.service == service && entities && self.kinds.contains(&kind);
        Actions::from_iter(self.actions.iter().copied().filter(|action| meant && kind.actions().has(*action)))
    }
}

const LOOKING: &[ScreenKind] = &[ScreenKind::List, ScreenKind::Detail];
const WORKING: &[ScreenKind] = &[ScreenKind::List, ScreenKind::Detail, ScreenKind::Form];
const SELLING: &[ScreenKind] = &[ScreenKind::List, ScreenKind::Detail, ScreenKind::Form, ScreenKind::Extract];
const VIEW: &[Action] = &[Action::View];
const KEEP: &[Action] = &[Action::View, Action::Create, Action::Update];
const SELL: &[Action] = &[Action::View, Action::Create, Action::Update, Action::Extract];

const fn whole(service: &'static str) -> Grant {
    Grant { service, entities: &[], kinds: &ScreenKind::ALL, actions: &Action::ALL }
}

const fn staff(email: &'static str, name: &'static str, role: &'static str) -> Staff {
    Staff { email, name, role, billing_type: "standard", administrator: false, joined: true }
}

/// Everybody may claim what they spent.
const CLAIMING: Grant = Grant { service: "expense", entities: &[], kinds: WORKING, actions: KEEP };
const SALES: Grant = Grant { service: "crm", entities: &[], kinds: SELLING, actions: SELL };
const READING: Grant = Grant { service: "crm", entities: &[], kinds: LOOKING, actions: VIEW };

/// All tenants, in the order in which they are made.
pub(crate) const HOUSES: [House; 2] = [
    House {
        code: "minato",
        name: "株式会社みなと物産",
        services: &["crm", "expense"],
        closed: &[],
        roles: &[
            ("システム管理", &[whole("crm"), whole("expense")]),
            ("営業責任者", &[whole("crm"), CLAIMING]),
            ("営業", &[SALES, CLAIMING]),
            ("閲覧", &[READING]),
            ("経理", &[whole("expense")]),
            (
                "派遣",
                &[
                    Grant { service: "crm", entities: &["customer"], kinds: LOOKING, actions: VIEW },
                    Grant { service: "crm", entities: &["activity"], kinds: WORKING, actions: KEEP },
                ],
            ),
        ],
        people: &[
            Staff {
                administrator: true, ..staff("fujiwara.misaki@minato.example.jp", "藤原 美咲", "システム管理")
            },
            staff("tamura.kenichi@minato.example.jp", "田村 健一", "営業責任者"),
            staff("kobayashi.shota@minato.example.jp", "小林 翔太", "営業"),
            staff("mori.chihiro@minato.example.jp", "森 千尋", "閲覧"),
            staff("nishikawa.yuki@minato.example.jp", "西川 由紀", "経理"),
            Staff {
                billing_type: "light", ..staff("nguyen.lan@minato.example.jp", "グエン・ティ・ラン", "派遣")
            },
            Staff { joined: false, ..staff("onishi.sakura@minato.example.jp", "大西 さくら", "営業") },
        ],
        volume: Volume { customers: 15_000, contacts: 600, deals: 600, activities: 900, claims: 200 },
    },
    House {
        code: "aoba",
        name: "合同会社あおば商店",
        services: &["crm"],
        closed: &[ScreenKind::Extract],
        roles: &[("店長", &[whole("crm")]), ("営業", &[SALES]), ("閲覧", &[READING])],
        people: &[
            Staff { administrator: true, ..staff("chiba.shunsuke@aoba.example.jp", "千葉 俊介", "店長") },
            staff("kikuchi.haruka@aoba.example.jp", "菊地 遥", "営業"),
            Staff { billing_type: "light", ..staff("takahashi.minoru@aoba.example.jp", "髙橋 実", "閲覧") },
        ],
        volume: Volume { customers: 1_500, contacts: 200, deals: 200, activities: 200, claims: 0 },
    },
];

/// The last step of all: a service just contracted, its screens still closed. That the contract is there means that the
/// demo is complete, because contracts are never taken back unseen.
pub(crate) const LAST_CONTRACT: (&str, &str) = ("aoba", "expense");
