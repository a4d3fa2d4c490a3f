//! Roles: named sets of grants. What they grant is set in the matrix (`screen`).

use crate::error::Refusal;
use crate::op::{Caller, on_fresh_rights};
use crate::{App, Error};
use domain::access::Snapshot;
use domain::audit::{Change, Detail, Outcome, Target, Verb};
use domain::id::RoleId;
use domain::record::{Fault, FaultReason};
use store::{Flight, Statement, StoreError};

/// Longest name in characters.
pub const MAX_ROLE_NAME_CHARS: usize = 60;
/// Roles of a tenant at most; the matrix has to stay readable.
pub const MAX_ROLES: usize = 50;

/// A role as administrators see it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoleView {
    /// The role.
    pub id: RoleId,
    /// Its name.
    pub name: String,
    /// How many members hold it.
    pub members: usize,
}

/// The roles of a snapshot, by name.
pub(crate) fn views(snapshot: &Snapshot) -> Vec<RoleView> {
    let holding = |id: &RoleId| snapshot.members.values().filter(|member| member.roles.contains(id)).count();
    let mut views: Vec<RoleView> = snapshot
        .roles
        .iter()
        .map(|(id, role)| RoleView { id: *id, name: role.name.clone(), members: holding(id) })
        .collect();
    views.sort_by(|a, b| a.name.cmp(&b.name).then(a.id.cmp(&b.id)));
    views
}

impl App {
    /// All roles, for administrators.
    pub async fn roles(&self, caller: &Caller) -> Result<Vec<RoleView>, Error> {
        on_fresh_rights!(self, caller.tenant, async {
            let (_, snapshot) = self.administrator(caller, "roles").await?;
            Ok(views(&snapshot))
        })
    }

    /// One role, for administrators.
    pub async fn role(&self, caller: &Caller, id: RoleId) -> Result<RoleView, Error> {
        on_fresh_rights!(self, caller.tenant, async {
            let (head, snapshot) = self.administrator(caller, "roles").await?;
            match views(&snapshot).into_iter().find(|role| role.id == id) {
                Some(role) => Ok(role),
                None => Err(self.nothing_there(caller, head, format!("role {id}")).await),
            }
        })
    }

    /// Makes a role that grants nothing yet.
    pub async fn create_role(&self, caller: &Caller, name: &str) -> Result<RoleId, Error> {
        let id: RoleId = self.new_id();
        let name = role_name(name)?;
        on_fresh_rights!(
            self,
            caller.tenant,
            self.change_role(caller, id, Verb::RoleCreated, Some(&name), store::role::create(caller.tenant, id, &name))
        )?;
        Ok(id)
    }

    /// Renames a role.
    pub async fn rename_role(&self, caller: &Caller, id: RoleId, name: &str) -> Result<(), Error> {
        let name = role_name(name)?;
        on_fresh_rights!(
            self,
            caller.tenant,
            self.change_role(caller, id, Verb::RoleChanged, Some(&name), store::role::rename(caller.tenant, id, &name))
        )
    }

    /// Removes a role and what it granted.
    pub async fn delete_role(&self, caller: &Caller, id: RoleId) -> Result<(), Error> {
        on_fresh_rights!(
            self,
            caller.tenant,
            self.change_role(caller, id, Verb::RoleDeleted, None, store::role::delete(caller.tenant, id))
        )
    }

    async fn change_role(
        &self,
        caller: &Caller,
        id: RoleId,
        verb: Verb,
        name: Option<&str>,
        change: Statement,
    ) -> Result<(), Error> {
        let (head, snapshot) = self.unfrozen_administrator(caller, "roles").await?;
        if verb == Verb::RoleCreated && snapshot.roles.len() >= MAX_ROLES {
            return Err(Error::Refused(Refusal::TooManyRoles));
        }
        let before = snapshot.roles.get(&id).map(|role| role.name.clone());
        let changes = vec![Change { field: "name".to_owned(), before, after: name.map(str::to_owned) }];
        let entry =
            self.entry_of(caller, verb, Outcome::Done, Target::default(), Detail { changes, ..Detail::default() })?;
        let flight = Flight::write(head, vec![change, store::access::rights_changed()], &[entry]);
        match self.store.fly(flight).await {
            Err(StoreError::Taken(_)) => Err(Error::Refused(Refusal::NameTaken)),
            Err(StoreError::Unexpected) => Err(self.nothing_there(caller, head, format!("role {id}")).await),
            done => done.map(drop).map_err(Error::from),
        }
    }
}

fn role_name(typed: &str) -> Result<String, Error> {
    let name = typed.trim();
    let found = name.chars().count();
    let reason = match name.chars().find(|c| c.is_control()) {
        Some(c) => FaultReason::ControlCharacter { code: u32::from(c) },
        None if found == 0 => FaultReason::Required,
        None if found > MAX_ROLE_NAME_CHARS => FaultReason::TooLong { max: MAX_ROLE_NAME_CHARS, found },
        None => return Ok(name.to_owned()),
    };
    Err(Error::Invalid(vec![Fault::new("name", reason)]))
}
