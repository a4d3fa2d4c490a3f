//! Screens: the menu, and the matrix of roles × screens × actions with the four settings. Rights are decided in `domain`.

use crate::error::Refusal;
use crate::op::{Caller, on_fresh_rights};
use crate::role::{RoleView, views};
use crate::{App, Error};
use domain::access::{MenuService, Snapshot, menu};
use domain::audit::{Change, Detail, Outcome, Target, Verb};
use domain::id::RoleId;
use domain::locale::Label;
use domain::record::{Fault, FaultReason};
use domain::screen::{Actions, PermissionKind, ScreenSettings};
use domain::service::{Screen, Service};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use store::access::{rights_changed, set_grant, set_screen};
use store::{Flight, Head, Statement};

/// Licence types a screen may name at most.
const MAX_BILLING_TYPES: usize = 10;

/// The matrix of a tenant.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// The rights it shows; saving on others is refused.
    pub epoch: i64,
    /// Columns.
    pub roles: Vec<RoleView>,
    /// Groups of rows.
    pub services: Vec<MatrixService>,
    /// Licence types known anywhere in the tenant.
    pub billing_types: Vec<String>,
}

/// The screens of a service.
#[derive(Clone, Debug)]
pub struct MatrixService {
    /// The service.
    pub service: Arc<Service>,
    /// Its screens.
    pub screens: Vec<MatrixScreen>,
}

/// A row of the matrix.
#[derive(Clone, Debug)]
pub struct MatrixScreen {
    /// The screen.
    pub screen: Screen,
    /// The tenant's settings; closed when never set.
    pub settings: ScreenSettings,
    /// What each role (in the order of `Matrix::roles`) grants.
    pub grants: Vec<Actions>,
}

/// A change of one screen's row.
#[derive(Clone, Debug, Default)]
pub struct MatrixChange {
    /// Service name.
    pub service: String,
    /// Screen name.
    pub screen: String,
    /// New settings, when changed.
    pub settings: Option<ScreenSettings>,
    /// New grants of roles, where changed.
    pub grants: Vec<(RoleId, Actions)>,
}

/// The statements of a change, and for each changed screen what its entry says.
type MatrixStatements = (Vec<Statement>, Vec<(Target, Vec<Change>)>);

/// Licence types known in the tenant: of settings, of members, and as its services' manifests propose.
pub(crate) fn billing_types(snapshot: &Snapshot) -> BTreeSet<String> {
    let services = snapshot.services.values();
    let of_settings = services.clone().flat_map(|contracted| contracted.settings.values());
    let of_manifests = services.flat_map(|contracted| contracted.service.screens.iter().map(|screen| &screen.proposed));
    let of_members = snapshot.members.values().flat_map(|member| member.billing_types.iter().cloned());
    of_settings
        .chain(of_manifests)
        .flat_map(|settings| settings.billing_types.iter().cloned())
        .chain(of_members)
        .collect()
}

impl App {
    /// The top menu: root functions the caller may open, nothing else.
    pub async fn menu(&self, caller: &Caller) -> Result<Vec<MenuService>, Error> {
        on_fresh_rights!(self, caller.tenant, async {
            self.check(caller).await?;
            Ok(menu(&*self.snapshot(caller.tenant).await?, caller.user))
        })
    }

    /// What a service and a screen are called, for the page that says a right is missing.
    pub async fn screen_label(&self, caller: &Caller, service: &str, screen: &str) -> Option<(Label, Label)> {
        let snapshot = self.snapshot(caller.tenant).await.ok()?;
        let service = &snapshot.services.get(service)?.service;
        Some((service.label.clone(), service.screen(screen)?.label.clone()))
    }

    /// The matrix, for administrators.
    pub async fn matrix(&self, caller: &Caller) -> Result<Matrix, Error> {
        on_fresh_rights!(self, caller.tenant, async {
            let (_, snapshot) = self.administrator(caller, "access").await?;
            Ok(matrix(&snapshot))
        })
    }

    /// Saves changes of the matrix made on the rights of `epoch`. The reason stands in the entry.
    pub async fn save_matrix(
        &self,
        caller: &Caller,
        epoch: i64,
        changes: Vec<MatrixChange>,
        reason: &str,
    ) -> Result<(), Error> {
        on_fresh_rights!(self, caller.tenant, self.save_once(caller, Some(epoch), &changes, reason))
    }

    /// Opens the screens of a service as its manifest proposes. Grants nothing to any role.
    pub async fn apply_proposed(&self, caller: &Caller, service: &str) -> Result<(), Error> {
        on_fresh_rights!(self, caller.tenant, async {
            let (_, snapshot) = self.administrator(caller, "access").await?;
            let contracted = snapshot.services.get(service).ok_or(Error::NotFound)?;
            let changes: Vec<MatrixChange> =
                contracted.service.screens.iter().map(|screen| proposed(service, screen)).collect();
            self.save_once(caller, None, &changes, "manifest").await
        })
    }

    async fn save_once(
        &self,
        caller: &Caller,
        epoch: Option<i64>,
        changes: &[MatrixChange],
        reason: &str,
    ) -> Result<(), Error> {
        let (head, snapshot) = self.unfrozen_administrator(caller, "access").await?;
        if epoch.is_some_and(|epoch| epoch != snapshot.epoch) {
            return Err(Error::Refused(Refusal::MatrixChanged));
        }
        let (statements, entries) = self.matrix_statements(&snapshot, changes)?;
        let reason = reason.trim();
        let sealed: Vec<_> = entries
            .into_iter()
            .map(|(target, changes)| {
                let note = Some(reason.chars().take(500).collect::<String>()).filter(|reason| !reason.is_empty());
                self.entry_of(
                    caller,
                    Verb::AccessChanged,
                    Outcome::Done,
                    target,
                    Detail { changes, note, ..Detail::default() },
                )
            })
            .collect::<Result<_, _>>()?;
        if sealed.is_empty() {
            return Ok(());
        }
        self.save_flight(head, statements, &sealed).await
    }

    async fn save_flight(
        &self,
        head: Head,
        mut statements: Vec<Statement>,
        entries: &[store::audit::SealedEntry],
    ) -> Result<(), Error> {
        statements.push(rights_changed());
        self.store.fly(Flight::write(head, statements, entries)).await?;
        Ok(())
    }

    /// The statements of changes, and for each changed screen what its entry says. What stays as it is is left out.
    pub(crate) fn matrix_statements(
        &self,
        snapshot: &Snapshot,
        changes: &[MatrixChange],
    ) -> Result<MatrixStatements, Error> {
        let (mut statements, mut entries) = (Vec::new(), Vec::new());
        for change in changes {
            let contracted = snapshot.services.get(&change.service).ok_or(Error::NotFound)?;
            let screen = contracted.service.screen(&change.screen).ok_or(Error::NotFound)?;
            let mut said = Vec::new();
            let old = contracted.settings.get(&change.screen).cloned().unwrap_or_else(ScreenSettings::closed);
            if let Some(settings) = change.settings.as_ref().filter(|new| **new != old) {
                check_settings(settings)?;
                statements.push(set_screen(snapshot.tenant, &change.service, &change.screen, settings));
                said.extend(settings_changes(&old, settings));
            }
            for (role, actions) in &change.grants {
                let known = snapshot.roles.get(role).ok_or(Error::NotFound)?;
                let key = (change.service.clone(), change.screen.clone());
                let before = known.grants.get(&key).copied().unwrap_or_default();
                // Actions that do not exist on the screen are not granted, whatever was sent.
                let after = Actions(actions.0 & screen.kind.actions().0);
                if before != after {
                    statements.push(set_grant(snapshot.tenant, *role, &change.service, &change.screen, after));
                    said.push(Change {
                        field: format!("role:{}", known.name),
                        before: words(before),
                        after: words(after),
                    });
                }
            }
            if !said.is_empty() {
                let target = Target {
                    service: Some(change.service.clone()),
                    screen: Some(change.screen.clone()),
                    ..Target::default()
                };
                entries.push((target, said));
            }
        }
        Ok((statements, entries))
    }
}

/// A screen's row as the manifest proposes it.
pub(crate) fn proposed(service: &str, screen: &Screen) -> MatrixChange {
    MatrixChange {
        service: service.to_owned(),
        screen: screen.name.clone(),
        settings: Some(screen.proposed.clone()),
        grants: Vec::new(),
    }
}

fn matrix(snapshot: &Snapshot) -> Matrix {
    let roles = views(snapshot);
    let mut services: Vec<MatrixService> = snapshot
        .services
        .values()
        .filter(|contracted| contracted.live)
        .map(|contracted| {
            let screens = contracted.service.screens.iter();
            let row = |screen: &Screen| row(snapshot, &contracted.settings, &contracted.service, screen, &roles);
            MatrixService { service: contracted.service.clone(), screens: screens.map(row).collect() }
        })
        .collect();
    services.sort_by(|a, b| a.service.name.cmp(&b.service.name));
    Matrix { epoch: snapshot.epoch, roles, services, billing_types: billing_types(snapshot).into_iter().collect() }
}

fn row(
    snapshot: &Snapshot,
    settings: &HashMap<String, ScreenSettings>,
    service: &Service,
    screen: &Screen,
    roles: &[RoleView],
) -> MatrixScreen {
    let key = (service.name.clone(), screen.name.clone());
    let grants = roles
        .iter()
        .map(|role| snapshot.roles.get(&role.id).and_then(|r| r.grants.get(&key)).copied().unwrap_or_default());
    MatrixScreen {
        settings: settings.get(&screen.name).cloned().unwrap_or_else(ScreenSettings::closed),
        grants: grants.collect(),
        screen: screen.clone(),
    }
}

fn check_settings(settings: &ScreenSettings) -> Result<(), Error> {
    let is_word = |text: &String| {
        !text.is_empty()
            && text.len() <= 30
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    if settings.billing_types.len() > MAX_BILLING_TYPES || !settings.billing_types.iter().all(is_word) {
        return Err(Error::Invalid(vec![Fault::new("billing_types", FaultReason::NotAChoice { allowed: Vec::new() })]));
    }
    Ok(())
}

fn words(actions: Actions) -> Option<String> {
    let words: Vec<&str> = actions.iter().map(domain::screen::Action::code).collect();
    Some(words.join(", ")).filter(|words| !words.is_empty())
}

fn settings_changes(old: &ScreenSettings, new: &ScreenSettings) -> Vec<Change> {
    let say = |settings: &ScreenSettings| {
        let permission: PermissionKind = settings.permission;
        [
            settings.usable.to_string(),
            settings.root.to_string(),
            settings.billing_types.join(", "),
            permission.code().to_owned(),
        ]
    };
    let fields = ["usable", "root", "billing_types", "permission"];
    let pairs = fields.iter().zip(say(old)).zip(say(new));
    pairs
        .filter(|((_, before), after)| before != after)
        .map(|((field, before), after)| {
            let text = |text: String| Some(text).filter(|text| !text.is_empty());
            Change { field: (*field).to_owned(), before: text(before), after: text(after) }
        })
        .collect()
}
