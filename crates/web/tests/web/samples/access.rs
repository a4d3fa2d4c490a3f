//! Samples of roles and the access matrix, and the matrix they are made from.

use super::{Sample, sample, shell};
use app::role::RoleView;
use app::screen::{Matrix, MatrixScreen, MatrixService};
use domain::id::RoleId;
use domain::locale::Locale;
use domain::record::{Fault, FaultReason};
use domain::screen::{Action, Actions, PermissionKind, ScreenSettings};
use std::sync::Arc;
use uuid::Uuid;
use web::form::Form;
use web::page::access::merge::Merged;
use web::page::access::view::{Part, ReasonFault, Said, none, view};
use web::page::access::{proposed, typed};
use web::page::role::{self, AtRole, Refused};

const CRM: &str = "/app/admin/access/crm";
const ROLES: &str = "/app/admin/roles";

pub fn all(locale: Locale) -> Vec<Sample> {
    let mut samples = roles(locale);
    samples.extend(matrices(locale));
    samples
}

fn role_views(count: usize) -> Vec<RoleView> {
    let names = ["営業", "営業企画", "経理", "サポート", "閲覧のみ", "情報システム"];
    let name = |place: usize| {
        names.get(place).map_or_else(|| format!("第{place}営業所の案件と見積の担当"), |name| (*name).to_owned())
    };
    (0..count).map(|place| RoleView { id: role_id(place), name: name(place), members: 1 + place * 7 % 20 }).collect()
}

pub fn role_id(place: usize) -> RoleId {
    RoleId(Uuid::from_u128(0x0192_4d5a_7c00_7abc_8def_0000_0000_0100 + place as u128))
}

fn service(file: &str, text: &str) -> Arc<domain::service::Service> {
    Arc::new(domain::service::manifest::read(file, text).unwrap())
}

/// A matrix of the shipped services, as proposed but for a few screens.
pub fn matrix(roles: usize) -> Matrix {
    let services = [
        service("crm.toml", include_str!("../../../../../services/crm.toml")),
        service("expense.toml", include_str!("../../../../../services/expense.toml")),
    ];
    let row = |number: usize, screen: &domain::service::Screen| MatrixScreen {
        settings: match number % 9 {
            7 => ScreenSettings::closed(),
            8 => ScreenSettings { permission: PermissionKind::Administrators, ..screen.proposed.clone() },
            _ => screen.proposed.clone(),
        },
        grants: (0..roles)
            .map(|role| match role % 5 {
                0 => screen.kind.actions(),
                4 => Actions(screen.kind.actions().0 & Action::View as u8),
                _ if number % 4 == role % 4 => Actions::default(),
                _ => Actions(screen.kind.actions().0 & !(Action::Extract as u8 | Action::Delete as u8)),
            })
            .collect(),
        screen: screen.clone(),
    };
    let services = services.map(|service| MatrixService {
        screens: service.screens.iter().enumerate().map(|(number, screen)| row(number, screen)).collect(),
        service,
    });
    Matrix {
        epoch: 41,
        roles: role_views(roles),
        services: services.into(),
        billing_types: vec!["light".to_owned(), "standard".to_owned()],
    }
}

fn roles(locale: Locale) -> Vec<Sample> {
    let shell = |path: &str| shell(locale, path, true, true);
    let taken = Refused::Role(app::Refusal::NameTaken);
    let long = Refused::Name(Fault::new("name", FaultReason::TooLong { max: 60, found: 75 }));
    let views = role_views(6);
    let edit = format!("{ROLES}/{}/edit", role_id(0));
    let delete = role::delete::view(shell(&format!("{ROLES}/{}/delete", role_id(0))), &matrix(6), AtRole(role_id(0)));
    vec![
        sample("roles", &role::list_view(shell(ROLES), &views, "", None)),
        sample("roles-none", &role::list_view(shell(ROLES), &[], "", None)),
        sample("roles-refused", &role::list_view(shell(ROLES), &views, "経理", Some(&taken))),
        sample("role-edit", &role::edit_view(shell(&edit), &views[0], "営業", None)),
        sample("role-edit-refused", &role::edit_view(shell(&edit), &views[0], "第一営業部", Some(&long))),
        sample("role-delete", &delete.unwrap_or_else(|_| panic!("the role is in the matrix"))),
    ]
}

/// A page of the matrix posted back with some changes, opened on an older matrix.
fn posted(matrix: &Matrix, epoch: i64) -> typed::Typed {
    let crm = &matrix.services[0];
    let rows = crm.screens.iter().map(|screen| {
        let was = typed::Row { settings: screen.settings.clone(), grants: screen.grants.clone() };
        (screen.screen.name.clone(), typed::TypedRow { now: was.clone(), was })
    });
    let roles = matrix.roles.iter().map(|role| role.id).collect();
    let mut typed =
        typed::Typed { epoch, reason: "営業部の異動のため".to_owned(), roles, rows: rows.collect() };
    let list = typed.rows.get_mut("customer_list").unwrap();
    list.now.grants[1] = Actions::default();
    list.now.settings.billing_types = vec!["standard".to_owned()];
    let detail = typed.rows.get_mut("customer_detail").unwrap();
    detail.now.grants[2] = detail.now.grants[2].with(Action::Delete);
    typed.rows.get_mut("contact_list").unwrap().now.settings.permission = PermissionKind::None;
    typed
}

fn matrices(locale: Locale) -> Vec<Sample> {
    let shell = |path: &str| shell(locale, path, true, true);
    let (all, few, found) = (Part::default(), matrix(6), |matrix: &Matrix| Merged::untouched(&matrix.services[0]));
    let part = Part::read(&Form::parse(&format!("role={}&entity=customer", role_id(1))).unwrap()).unwrap();
    let typed = posted(&few, few.epoch);
    let refused = Said { fault: Some(ReasonFault::Missing), ..Said::default() };
    let mut newer = matrix(6);
    newer.epoch = 44;
    newer.services[0].screens[0].grants[1] = Actions::default().with(Action::View);
    newer.services[0].screens[0].settings.billing_types = vec!["light".to_owned()];
    newer.services[0].screens[2].settings.usable = false;
    newer.services[0].screens[4].grants[3] = newer.services[0].screens[4].screen.kind.actions();
    let met = Merged::met(&posted(&few, 41), &newer, &newer.services[0]);
    let said = Said { reason: typed.reason.clone(), conflict: true, ..Said::default() };
    let fresh = Said::default();
    let mine = Merged::met(&typed, &few, &few.services[0]);
    let none_yet = matrix(0);
    vec![
        sample("access", &view(shell(CRM), &few, "crm", &all, &found(&few), &fresh)),
        sample("access-part", &view(shell(CRM), &few, "crm", &part, &found(&few), &fresh)),
        sample("access-no-roles", &view(shell(CRM), &none_yet, "crm", &all, &found(&none_yet), &fresh)),
        sample("access-refused", &view(shell(CRM), &few, "crm", &all, &mine, &refused)),
        sample("access-conflict", &view(shell(CRM), &newer, "crm", &all, &met, &said)),
        sample("access-none", &none(shell("/app/admin/access"))),
        sample("access-proposed", &proposed::view(shell(&format!("{CRM}/proposed")), &few.services[0])),
        sample("access-as-proposed", &proposed::view(shell(&format!("{CRM}/proposed")), &as_proposed())),
    ]
}

fn as_proposed() -> MatrixService {
    let mut service = matrix(1).services.remove(0);
    for screen in &mut service.screens {
        screen.settings = screen.screen.proposed.clone();
    }
    service
}
