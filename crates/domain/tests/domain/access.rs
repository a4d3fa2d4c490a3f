//! Rights: five gates, each closed first in turn; the menu is what `decide` allows and nothing else.

use crate::shipped;
use domain::access::{ContractedService, Gate, Member, Role, Snapshot, decide, menu};
use domain::id::{RoleId, TenantId, UserId};
use domain::locale::Locale;
use domain::screen::{Action, Actions, PermissionKind, ScreenKind, ScreenSettings};
use proptest::prelude::*;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};
use uuid::Uuid;

static CRM: LazyLock<Arc<domain::service::Service>> = LazyLock::new(|| Arc::new(shipped("crm")));

const SCREEN: &str = "customer_detail";

fn user() -> UserId {
    Uuid::from_u128(1).into()
}

fn role() -> RoleId {
    Uuid::from_u128(2).into()
}

fn settings(permission: PermissionKind) -> ScreenSettings {
    ScreenSettings { usable: true, root: true, billing_types: vec!["standard".to_owned()], permission }
}

/// A tenant in which the user may view and delete on the detail screen.
fn open() -> Snapshot {
    let grants = HashMap::from([(("crm".to_owned(), SCREEN.to_owned()), ScreenKind::Detail.actions())]);
    let contracted = ContractedService {
        live: true,
        service: Arc::clone(&CRM),
        settings: HashMap::from([(SCREEN.to_owned(), settings(PermissionKind::PerRole))]),
    };
    let member = Member {
        active: true,
        administrator: false,
        frozen: false,
        billing_types: vec!["standard".to_owned()],
        roles: vec![role()],
    };
    Snapshot {
        tenant: TenantId::from(Uuid::from_u128(9)),
        epoch: 1,
        services: HashMap::from([("crm".to_owned(), contracted)]),
        members: HashMap::from([(user(), member)]),
        roles: HashMap::from([(role(), Role { name: "営業".to_owned(), grants })]),
        limits: HashMap::new(),
        honey: Default::default(),
    }
}

/// After the change the first closed gate is `gate`, and its sentence names whom to ask.
#[track_caller]
fn closed_by(gate: Gate, change: impl FnOnce(&mut Snapshot)) {
    let mut snapshot = open();
    change(&mut snapshot);
    let decision = decide(&snapshot, user(), "crm", SCREEN, Action::View);
    assert_eq!((decision.allowed, decision.gate), (false, gate));
    let (ja, en) = (decision.explain(Locale::Ja, "顧客の詳細"), decision.explain(Locale::En, "Customer"));
    assert!(ja.contains("管理者") && ja.contains("顧客の詳細") && en.contains("administrator"), "{ja} {en}");
}

fn crm(snapshot: &mut Snapshot) -> &mut ContractedService {
    snapshot.services.get_mut("crm").expect("it is contracted")
}

fn screen(snapshot: &mut Snapshot) -> &mut ScreenSettings {
    crm(snapshot).settings.get_mut(SCREEN).expect("it is set")
}

fn member(snapshot: &mut Snapshot) -> &mut Member {
    snapshot.members.get_mut(&user()).expect("is a member")
}

#[test]
fn without_contract_or_membership_nothing_opens() {
    closed_by(Gate::Contract, |snapshot| snapshot.services.clear());
    closed_by(Gate::Contract, |snapshot| crm(snapshot).live = false);
    closed_by(Gate::Contract, |snapshot| snapshot.members.clear());
    closed_by(Gate::Contract, |snapshot| member(snapshot).active = false);
}

#[test]
fn an_unusable_or_unknown_or_unset_screen_stays_closed() {
    closed_by(Gate::Usable, |snapshot| screen(snapshot).usable = false);
    closed_by(Gate::Usable, |snapshot| crm(snapshot).settings.clear());
    let snapshot = open();
    for (screen, action) in [("nowhere", Action::View), (SCREEN, Action::Extract), (SCREEN, Action::Create)] {
        let decision = decide(&snapshot, user(), "crm", screen, action);
        assert_eq!((decision.allowed, decision.gate), (false, Gate::Usable));
    }
}

#[test]
fn without_a_matching_licence_a_screen_stays_closed() {
    closed_by(Gate::BillingType, |snapshot| member(snapshot).billing_types = vec!["light".to_owned()]);
    closed_by(Gate::BillingType, |snapshot| member(snapshot).billing_types.clear());
    closed_by(Gate::BillingType, |snapshot| screen(snapshot).billing_types.clear());
}

#[test]
fn a_screen_for_administrators_stays_closed_to_members_whatever_their_roles() {
    closed_by(Gate::PermissionKind, |snapshot| screen(snapshot).permission = PermissionKind::Administrators);
}

#[test]
fn without_a_grant_a_per_role_screen_stays_closed_even_to_administrators() {
    closed_by(Gate::RoleGrant, |snapshot| member(snapshot).roles.clear());
    closed_by(Gate::RoleGrant, |snapshot| snapshot.roles.clear());
    closed_by(Gate::RoleGrant, |snapshot| {
        member(snapshot).administrator = true;
        let grants = &mut snapshot.roles.get_mut(&role()).expect("it is there").grants;
        grants.insert(("crm".to_owned(), SCREEN.to_owned()), Actions::default().with(Action::Delete));
    });
}

#[test]
fn an_earlier_gate_answers_before_a_later_one() {
    closed_by(Gate::Usable, |snapshot| {
        screen(snapshot).usable = false;
        member(snapshot).billing_types.clear();
        member(snapshot).roles.clear();
    });
    closed_by(Gate::BillingType, |snapshot| {
        screen(snapshot).permission = PermissionKind::Administrators;
        member(snapshot).billing_types.clear();
    });
}

#[test]
fn an_open_screen_is_open_and_says_nothing() {
    let decision = decide(&open(), user(), "crm", SCREEN, Action::View);
    assert!(decision.allowed);
    assert_eq!(decision.explain(Locale::Ja, "x"), "");
}

fn any_settings() -> impl Strategy<Value = ScreenSettings> {
    let billing = prop_oneof![
        Just(vec![]),
        Just(vec!["light".to_owned()]),
        Just(vec!["standard".to_owned()]),
        Just(vec!["light".to_owned(), "standard".to_owned()]),
    ];
    (any::<bool>(), any::<bool>(), billing, 0..3_usize).prop_map(|(usable, root, billing_types, kind)| ScreenSettings {
        usable,
        root,
        billing_types,
        permission: PermissionKind::ALL[kind],
    })
}

prop_compose! {
    fn any_snapshot()(
        live in prop::bool::weighted(0.9),
        active in prop::bool::weighted(0.9),
        administrator in any::<bool>(),
        standard in any::<bool>(),
        rows in proptest::collection::vec((prop::bool::weighted(0.8), any_settings(), 0..32_u8), CRM.screens.len()),
    ) -> Snapshot {
        let mut snapshot = open();
        let licence = if standard { "standard" } else { "light" };
        *member(&mut snapshot) =
            Member { active, administrator, frozen: false, billing_types: vec![licence.to_owned()], roles: vec![role()] };
        let contracted = crm(&mut snapshot);
        contracted.live = live;
        contracted.settings.clear();
        let mut grants = HashMap::new();
        for (screen, (set, settings, granted)) in CRM.screens.iter().zip(rows) {
            if set {
                contracted.settings.insert(screen.name.clone(), settings);
            }
            grants.insert(("crm".to_owned(), screen.name.clone()), Actions(granted));
        }
        snapshot.roles.insert(role(), Role { name: "x".to_owned(), grants });
        snapshot
    }
}

proptest! {
    #[test]
    fn the_menu_is_exactly_what_decide_allows(snapshot in any_snapshot()) {
        let listed = menu(&snapshot, user());
        prop_assert!(listed.iter().all(|service| !service.screens.is_empty()));
        let listed: Vec<&str> =
            listed.iter().flat_map(|service| &service.screens).map(|screen| screen.name.as_str()).collect();
        let settings = &snapshot.services["crm"].settings;
        let expected: Vec<&str> = CRM
            .screens
            .iter()
            .filter(|screen| screen.kind != ScreenKind::Detail)
            .filter(|screen| settings.get(&screen.name).is_some_and(|settings| settings.root))
            .filter(|screen| decide(&snapshot, user(), "crm", &screen.name, screen.kind.opening()).allowed)
            .map(|screen| screen.name.as_str())
            .collect();
        prop_assert_eq!(listed, expected);
    }

    #[test]
    fn no_action_a_screen_does_not_have_is_ever_allowed(snapshot in any_snapshot()) {
        for screen in &CRM.screens {
            for action in Action::ALL {
                if decide(&snapshot, user(), "crm", &screen.name, action).allowed {
                    prop_assert!(screen.kind.actions().has(action));
                }
            }
        }
    }
}
