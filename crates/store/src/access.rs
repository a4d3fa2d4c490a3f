//! What a tenant's snapshot of rights is compiled from, and how rights are changed. Decides nothing.

use crate::flight::{Check, Flight, Head, Param, Statement};
use crate::{Store, StoreError};
use domain::access::{ContractedService, Member, Role, Snapshot};
use domain::id::{RoleId, TenantId, UserId};
use domain::screen::{Actions, PermissionKind, ScreenSettings};
use std::collections::HashMap;
use std::sync::Arc;
use tokio_postgres::Row;
use uuid::Uuid;

fn of_tenant(sql: &'static str, tenant: TenantId) -> Statement {
    Statement::new(sql, vec![Box::new(tenant.0)])
}

impl Store {
    /// Compiles a tenant's rights in one round trip; None when there is no such tenant. All statements of the flight
    /// could see different moments; the epoch is read first, so a change in between makes the snapshot stale, not wrong.
    pub async fn snapshot(&self, tenant: TenantId) -> Result<Option<Snapshot>, StoreError> {
        let statements = vec![
            of_tenant("SELECT access_epoch FROM struct.tenant WHERE tenant_id = $1", tenant),
            of_tenant(
                "SELECT c.service, c.state, s.manifest FROM struct.contract c JOIN struct.service s ON s.name = c.service
                 WHERE c.tenant_id = $1",
                tenant,
            ),
            of_tenant("SELECT service, screen, usable, root, billing_types, permission FROM struct.screen_setting WHERE tenant_id = $1", tenant),
            of_tenant("SELECT user_id, active, administrator, billing_types, frozen_at IS NOT NULL FROM struct.member WHERE tenant_id = $1", tenant),
            of_tenant("SELECT user_id, role_id FROM struct.member_role WHERE tenant_id = $1", tenant),
            of_tenant("SELECT role_id, name FROM struct.role WHERE tenant_id = $1", tenant),
            of_tenant("SELECT role_id, service, screen, actions FROM struct.role_grant WHERE tenant_id = $1", tenant),
            crate::sign::limits(tenant),
            crate::sign::honey(tenant),
        ];
        let answers = self.fly(Flight::read(Head { tenant, check: Check::Nothing }, statements)).await?;
        let Ok([epoch, contracts, settings, members, member_roles, roles, grants, limits, honey]) =
            <[Vec<Row>; 9]>::try_from(answers)
        else {
            return Err(StoreError::Fault("nine statements gave another number of answers".to_owned()));
        };
        let Some(epoch) = epoch.first() else { return Ok(None) };
        let mut snapshot = Snapshot {
            tenant,
            epoch: epoch.get(0),
            services: services(&contracts)?,
            members: people(&members, &member_roles),
            roles: granted(&roles, &grants),
            limits: limits.iter().map(crate::sign::limit).collect(),
            honey: honey.iter().map(|row| crate::sign::honey_row(row).record).collect(),
        };
        for row in &settings {
            if let Some(contracted) = snapshot.services.get_mut(row.get::<_, &str>(0)) {
                contracted.settings.insert(row.get(1), setting(row));
            }
        }
        Ok(Some(snapshot))
    }
}

fn services(rows: &[Row]) -> Result<HashMap<String, ContractedService>, StoreError> {
    rows.iter()
        .map(|row| {
            let service = Arc::new(crate::service::manifest(row.get(2))?);
            let live = row.get::<_, &str>(1) == "active";
            Ok((row.get(0), ContractedService { live, service, settings: HashMap::new() }))
        })
        .collect()
}

fn people(members: &[Row], roles: &[Row]) -> HashMap<UserId, Member> {
    let mut people: HashMap<UserId, Member> = members
        .iter()
        .map(|row| {
            let member = Member {
                active: row.get(1),
                administrator: row.get(2),
                frozen: row.get(4),
                billing_types: row.get(3),
                roles: Vec::new(),
            };
            (row.get::<_, Uuid>(0).into(), member)
        })
        .collect();
    for row in roles {
        if let Some(member) = people.get_mut(&row.get::<_, Uuid>(0).into()) {
            member.roles.push(row.get::<_, Uuid>(1).into());
        }
    }
    people
}

fn granted(roles: &[Row], grants: &[Row]) -> HashMap<RoleId, Role> {
    let mut granted: HashMap<RoleId, Role> = roles
        .iter()
        .map(|row| (row.get::<_, Uuid>(0).into(), Role { name: row.get(1), grants: HashMap::new() }))
        .collect();
    for row in grants {
        if let Some(role) = granted.get_mut(&row.get::<_, Uuid>(0).into()) {
            let actions = u8::try_from(row.get::<_, i16>(3)).unwrap_or_default();
            role.grants.insert((row.get(1), row.get(2)), Actions(actions));
        }
    }
    granted
}

fn setting(row: &Row) -> ScreenSettings {
    ScreenSettings {
        usable: row.get(2),
        root: row.get(3),
        billing_types: row.get(4),
        // The column's CHECK knows the same three words; anything else closes the screen to all but administrators.
        permission: PermissionKind::parse(row.get(5)).unwrap_or(PermissionKind::Administrators),
    }
}

/// Every snapshot of this tenant is stale once the flight with this statement has landed.
pub fn rights_changed() -> Statement {
    Statement::new("SELECT struct.rights_changed()", Vec::new())
}

/// Sets the four settings of a screen.
pub fn set_screen(tenant: TenantId, service: &str, screen: &str, settings: &ScreenSettings) -> Statement {
    let params: Vec<Param> = vec![
        Box::new(tenant.0),
        Box::new(service.to_owned()),
        Box::new(screen.to_owned()),
        Box::new(settings.usable),
        Box::new(settings.root),
        Box::new(settings.billing_types.clone()),
        Box::new(settings.permission.code()),
    ];
    Statement::new(
        "INSERT INTO struct.screen_setting (tenant_id, service, screen, usable, root, billing_types, permission)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (tenant_id, service, screen) DO UPDATE SET usable = excluded.usable, root = excluded.root,
             billing_types = excluded.billing_types, permission = excluded.permission",
        params,
    )
}

/// Sets what a role grants on a screen; no actions remove the grant.
pub fn set_grant(tenant: TenantId, role: RoleId, service: &str, screen: &str, actions: Actions) -> Statement {
    let mut params: Vec<Param> =
        vec![Box::new(tenant.0), Box::new(role.0), Box::new(service.to_owned()), Box::new(screen.to_owned())];
    if actions == Actions::default() {
        let sql =
            "DELETE FROM struct.role_grant WHERE tenant_id = $1 AND role_id = $2 AND service = $3 AND screen = $4";
        return Statement::new(sql, params);
    }
    params.push(Box::new(i16::from(actions.0)));
    Statement::new(
        "INSERT INTO struct.role_grant (tenant_id, role_id, service, screen, actions) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant_id, role_id, service, screen) DO UPDATE SET actions = excluded.actions",
        params,
    )
}
