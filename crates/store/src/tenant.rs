//! Tenants. Made by the operator, as the owner; read within their own wall.

use crate::flight::{Check, Flight, Head};
use crate::{Statement, Store, StoreError};
use domain::id::TenantId;
use jiff::Timestamp;
use uuid::Uuid;

/// A tenant as the operator sees it.
#[derive(Clone, Debug)]
pub struct TenantRow {
    /// Its id.
    pub tenant: TenantId,
    /// The short name used on the command line.
    pub code: String,
    /// The company's name.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Makes a tenant.
pub fn create(tenant: TenantId, code: &str, name: &str) -> Statement {
    Statement::new(
        "INSERT INTO struct.tenant (tenant_id, code, name) VALUES ($1, $2, $3)",
        vec![Box::new(tenant.0), Box::new(code.to_owned()), Box::new(name.to_owned())],
    )
}

impl Store {
    /// All tenants, by code.
    pub async fn tenants(&self) -> Result<Vec<TenantRow>, StoreError> {
        let client = self.connection().await?;
        let rows = client.query("SELECT tenant_id, code, name, created_at FROM struct.tenants()", &[]).await?;
        Ok(rows
            .iter()
            .map(|row| TenantRow {
                tenant: row.get::<_, Uuid>(0).into(),
                code: row.get(1),
                name: row.get(2),
                created_at: row.get(3),
            })
            .collect())
    }

    /// A tenant's name.
    pub async fn tenant_name(&self, tenant: TenantId) -> Result<Option<String>, StoreError> {
        let head = Head { tenant, check: Check::Nothing };
        let read = Statement::new("SELECT name FROM struct.tenant WHERE tenant_id = $1", vec![Box::new(tenant.0)]);
        let rows = self.fly(Flight::read(head, vec![read])).await?.swap_remove(0);
        Ok(rows.first().map(|row| row.get(0)))
    }
}
