//! Founds a tenant of the demo: contracts, roles, rights, people. Each step looks first whether it has been done, so that
//! a demo that was interrupted goes on where it stopped.

use super::plan::{House, Staff};
use super::{DemoAccount, fault};
use crate::error::Refusal;
use crate::screen::MatrixChange;
use crate::tenant::NewTenant;
use crate::user::MemberChange;
use crate::{App, Caller, Error, Peer};
use domain::id::RoleId;
use domain::locale::Locale;
use domain::screen::{Actions, ScreenSettings};
use std::collections::HashMap;
use std::sync::Arc;

/// What entries of the demo's own acts say of where they came from.
const DEVICE: &str = "struct up --demo";
/// Letters looked through for invitations.
const MAX_LETTERS: usize = 200;

impl App {
    /// Founds the tenant and signs its first administrator in.
    pub(super) async fn demo_found(self: &Arc<Self>, house: &House) -> Result<Caller, Error> {
        let first = &house.people[0];
        let existing = self.tenants().await?.into_iter().find(|row| row.code == house.code).map(|row| row.tenant);
        let tenant = match existing {
            Some(tenant) => tenant,
            None => self.tenant_create(&new_tenant(house), Locale::Ja).await?.0,
        };
        for service in house.services {
            if !self.snapshot(tenant).await?.services.contains_key(*service) {
                self.contract_start(tenant, service, true).await?;
            }
        }
        self.demo_join(first.email).await?;
        let password = self.demo_passphrase(first.email)?;
        match self.sign_in(&self.demo_peer(), first.email, &password).await {
            Ok(session) => self.caller(self.demo_peer(), &session.token).await,
            Err(Error::SignedOut) => Err(fault(&format!("{} can't sign in to tenant {}", first.email, house.code))),
            Err(error) => Err(error),
        }
    }

    /// Roles, rights and people.
    pub(super) async fn demo_staff(&self, caller: &Caller, house: &House) -> Result<(), Error> {
        let roles = self.demo_roles(caller, house).await?;
        self.demo_rights(caller, house, &roles).await?;
        self.change_member(caller, caller.user, change(&house.people[0], &roles)).await?;
        for staff in &house.people[1..] {
            let members = self.members(caller).await?;
            let member = members.iter().find(|member| member.email == staff.email);
            if member.is_none_or(|member| staff.joined && !member.joined) {
                self.invite(caller, staff.email, staff.name, change(staff, &roles)).await?;
            }
            if staff.joined && member.is_none_or(|member| !member.joined) {
                self.demo_join(staff.email).await?;
            }
        }
        Ok(())
    }

    /// Accounts of those who joined.
    pub(super) fn demo_accounts(&self, house: &House) -> Result<Vec<DemoAccount>, Error> {
        let joined = house.people.iter().filter(|staff| staff.joined);
        joined
            .map(|staff| {
                Ok(DemoAccount {
                    tenant_name: house.name.to_owned(),
                    tenant_code: house.code.to_owned(),
                    role_name: if staff.administrator {
                        format!("管理者・{}", staff.role)
                    } else {
                        staff.role.to_owned()
                    },
                    email: staff.email.to_owned(),
                    password: self.demo_passphrase(staff.email)?,
                    display_name: staff.name.to_owned(),
                })
            })
            .collect()
    }

    async fn demo_roles(&self, caller: &Caller, house: &House) -> Result<HashMap<&'static str, RoleId>, Error> {
        let known = self.roles(caller).await?;
        let mut roles = HashMap::new();
        for (name, _) in house.roles {
            let id = match known.iter().find(|role| role.name == *name) {
                Some(role) => role.id,
                None => self.create_role(caller, name).await?,
            };
            roles.insert(*name, id);
        }
        Ok(roles)
    }

    /// Grants what the roles are for, and closes what the tenant doesn't want. What is so already stays unentered.
    async fn demo_rights(&self, caller: &Caller, house: &House, roles: &HashMap<&str, RoleId>) -> Result<(), Error> {
        let matrix = self.matrix(caller).await?;
        let mut changes = Vec::new();
        for service in matrix.services.iter().filter(|s| house.services.contains(&s.service.name.as_str())) {
            for row in &service.screens {
                let (name, screen) = (&service.service.name, &row.screen);
                let granted = house.roles.iter().filter_map(|(role, grants)| {
                    let actions = grants.iter().map(|grant| grant.on(name, &screen.entity, screen.kind));
                    Some((*roles.get(role)?, actions.fold(Actions::default(), |all, some| Actions(all.0 | some.0))))
                });
                let closed = house.closed.contains(&screen.kind);
                let settings = closed.then(|| ScreenSettings { usable: false, ..row.settings.clone() });
                let (service, screen) = (name.clone(), screen.name.clone());
                changes.push(MatrixChange { service, screen, settings, grants: granted.collect() });
            }
        }
        self.save_matrix(caller, matrix.epoch, changes, "デモの初期設定").await
    }

    /// Takes up the newest invitation to an address that still opens, if there is one.
    async fn demo_join(&self, email: &str) -> Result<(), Error> {
        let letters = self.demo_mails(MAX_LETTERS).await?.unwrap_or_default();
        for letter in letters.iter().filter(|letter| letter.to == email) {
            let Some(token) = token(&letter.text) else { continue };
            match self.accept_invitation(&self.demo_peer(), token, &self.demo_passphrase(email)?).await {
                Err(Error::Refused(Refusal::LinkSpent)) => {}
                done => return done,
            }
        }
        Ok(())
    }

    fn demo_peer(&self) -> Peer {
        Peer {
            address: None,
            device: DEVICE.to_owned(),
            request: self.new_request_id(),
            locale: Locale::Ja,
            device_cookie: String::new(),
        }
    }
}

fn new_tenant(house: &House) -> NewTenant {
    let first = &house.people[0];
    NewTenant {
        code: house.code.to_owned(),
        name: house.name.to_owned(),
        email: first.email.to_owned(),
        display_name: first.name.to_owned(),
        billing_types: vec![first.billing_type.to_owned()],
    }
}

fn change(staff: &Staff, roles: &HashMap<&str, RoleId>) -> MemberChange {
    MemberChange {
        administrator: staff.administrator,
        roles: roles.get(staff.role).copied().into_iter().collect(),
        billing_types: vec![staff.billing_type.to_owned()],
    }
}

/// The token of the invitation a letter carries.
fn token(text: &str) -> Option<&str> {
    text.split_once("/invitation/")?.1.split_whitespace().next()
}
