//! Roles. What they grant is `access`'s.

use crate::Statement;
use domain::id::{RoleId, TenantId};

/// Makes a role.
pub fn create(tenant: TenantId, role: RoleId, name: &str) -> Statement {
    Statement::new(
        "INSERT INTO struct.role (tenant_id, role_id, name) VALUES ($1, $2, $3)",
        vec![Box::new(tenant.0), Box::new(role.0), Box::new(name.to_owned())],
    )
}

/// Renames a role.
pub fn rename(tenant: TenantId, role: RoleId, name: &str) -> Statement {
    Statement::new(
        "WITH done AS (UPDATE struct.role SET name = $3 WHERE tenant_id = $1 AND role_id = $2 RETURNING 1)
         SELECT struct.op_expect((SELECT count(*) FROM done), 1)",
        vec![Box::new(tenant.0), Box::new(role.0), Box::new(name.to_owned())],
    )
}

/// Removes a role, with its grants and from its members.
pub fn delete(tenant: TenantId, role: RoleId) -> Statement {
    Statement::new(
        "WITH gone AS (DELETE FROM struct.role WHERE tenant_id = $1 AND role_id = $2 RETURNING 1)
         SELECT struct.op_expect((SELECT count(*) FROM gone), 1)",
        vec![Box::new(tenant.0), Box::new(role.0)],
    )
}
