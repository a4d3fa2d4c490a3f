//! Contracts: which tenant may use which service. Made by the operator, as the owner.

use crate::Statement;
use domain::id::TenantId;

/// Contracts a service for a tenant, or again after an end.
pub fn start(tenant: TenantId, service: &str) -> Statement {
    Statement::new(
        "INSERT INTO struct.contract (tenant_id, service) VALUES ($1, $2)
         ON CONFLICT (tenant_id, service) DO UPDATE SET state = 'active'",
        vec![Box::new(tenant.0), Box::new(service.to_owned())],
    )
}
