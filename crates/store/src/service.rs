//! The catalogue of installed services. Their tables are `schema`'s.

use crate::{Store, StoreError};
use domain::service::Service;

impl Store {
    /// Every installed service, by name.
    pub async fn services(&self) -> Result<Vec<Service>, StoreError> {
        let client = self.connection().await?;
        let rows = client.query("SELECT manifest FROM struct.service ORDER BY name", &[]).await?;
        rows.iter().map(|row| manifest(row.get(0))).collect()
    }

    /// An installed service.
    pub async fn service(&self, name: &str) -> Result<Option<Service>, StoreError> {
        let client = self.connection().await?;
        let row = client.query_opt("SELECT manifest FROM struct.service WHERE name = $1", &[&name]).await?;
        row.map(|row| manifest(row.get(0))).transpose()
    }
}

pub(crate) fn manifest(value: serde_json::Value) -> Result<Service, StoreError> {
    serde_json::from_value(value)
        .map_err(|error| StoreError::Fault(format!("a manifest in the catalogue can't be read: {error}")))
}
