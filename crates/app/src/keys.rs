//! Keys ready for use: prepared once, held in memory, never written. The tree and its files are `host::keyring`'s.

use crate::Error;
use crate::state::Cache;
use domain::id::TenantId;
use domain::service::{Entity, Index};
use host::keyring::{Keyring, KeyringError};
use seal::envelope::DataKeys;
use seal::index::{FieldIndex, IndexKey};
use seal::tree::Node;
use std::collections::HashMap;
use std::sync::Arc;

/// Scopes whose prepared keys are held at most.
const MAX_SCOPES: usize = 2_000;

/// The platform's own keys: users' addresses.
pub(crate) struct PlatformKeys {
    pub(crate) directory: DataKeys,
    pub(crate) email: FieldIndex,
    /// What tries are counted by.
    pub(crate) attempt: FieldIndex,
    /// What tokens of devices are signed with.
    pub(crate) device: FieldIndex,
    /// What leaves of the platform's log are known by, newest first.
    pub(crate) leaf: Vec<FieldIndex>,
}

/// A tenant's own keys: names of members, details of entries.
pub(crate) struct TenantKeys {
    pub(crate) directory: DataKeys,
    pub(crate) log: DataKeys,
    /// What entries of the tenant are signed with until they are in the log, newest first.
    pub(crate) entry: Vec<FieldIndex>,
}

/// The keys of one service of one tenant.
pub(crate) struct ServiceKeys {
    pub(crate) data: Arc<DataKeys>,
    index: HashMap<(String, String), FieldIndex>,
}

impl ServiceKeys {
    /// The blind index of a field that has one.
    pub(crate) fn index(&self, entity: &str, field: &str) -> Result<&FieldIndex, Error> {
        self.index
            .get(&(entity.to_owned(), field.to_owned()))
            .ok_or_else(|| Error::Internal(format!("no blind index key was prepared for {entity}.{field}")))
    }
}

/// All of them.
pub(crate) struct Keys {
    keyring: Arc<Keyring>,
    platform: Cache<(), Arc<PlatformKeys>>,
    tenants: Cache<TenantId, Arc<TenantKeys>>,
    services: Cache<(TenantId, String, u32), Arc<ServiceKeys>>,
    entries: Cache<(TenantId, String), Arc<DataKeys>>,
}

impl From<KeyringError> for Error {
    fn from(error: KeyringError) -> Self {
        Self::Internal(format!("keyring: {error}"))
    }
}

impl Keys {
    pub(crate) fn new(keyring: Arc<Keyring>) -> Self {
        Self {
            keyring,
            platform: Cache::new(1),
            tenants: Cache::new(MAX_SCOPES),
            services: Cache::new(MAX_SCOPES),
            entries: Cache::new(MAX_SCOPES),
        }
    }

    pub(crate) fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// The keyring itself, for another `App` with the same keys.
    pub(crate) fn shared(&self) -> Arc<Keyring> {
        Arc::clone(&self.keyring)
    }

    pub(crate) fn platform(&self) -> Result<Arc<PlatformKeys>, Error> {
        if let Some(keys) = self.platform.get(&()) {
            return Ok(keys);
        }
        let keys = Arc::new(PlatformKeys {
            directory: self.data(&Node::PlatformDirectory)?,
            email: self.index_key(&Node::PlatformIndex)?.field("account", "email"),
            attempt: self.index_key(&Node::PlatformIndex)?.field("struct.attempt", "attempt_key"),
            device: self.index_key(&Node::PlatformIndex)?.field("struct.device", "cookie"),
            leaf: self.leaf_keys()?,
        });
        self.platform.put((), keys.clone());
        Ok(keys)
    }

    pub(crate) fn tenant(&self, tenant: TenantId) -> Result<Arc<TenantKeys>, Error> {
        if let Some(keys) = self.tenants.get(&tenant) {
            return Ok(keys);
        }
        let keys = Arc::new(TenantKeys {
            directory: self.data(&Node::TenantDirectory(tenant.bytes()))?,
            log: self.data(&Node::TenantLog(tenant.bytes()))?,
            entry: self.entry_keys(tenant)?,
        });
        self.tenants.put(tenant, keys.clone());
        Ok(keys)
    }

    pub(crate) fn service(
        &self,
        tenant: TenantId,
        service: &domain::service::Service,
    ) -> Result<Arc<ServiceKeys>, Error> {
        let scope = (tenant, service.name.clone(), service.version);
        if let Some(keys) = self.services.get(&scope) {
            return Ok(keys);
        }
        let index_key = self.index_key(&Node::ServiceIndex(tenant.bytes(), service.name.clone()))?;
        let indexed = |entity: &Entity| {
            let fields = entity.fields.iter().filter(|f| matches!(f.index, Some(Index::Exact | Index::Partial)));
            fields
                .map(|f| ((entity.name.clone(), f.name.clone()), index_key.field(&entity.name, &f.name)))
                .collect::<Vec<_>>()
        };
        let keys = Arc::new(ServiceKeys {
            data: self.service_data(tenant, &service.name)?,
            index: service.entities.iter().flat_map(indexed).collect(),
        });
        self.services.put(scope, keys.clone());
        Ok(keys)
    }

    /// A service's data keys alone, for entries about it.
    pub(crate) fn service_data(&self, tenant: TenantId, service: &str) -> Result<Arc<DataKeys>, Error> {
        let scope = (tenant, service.to_owned());
        if let Some(keys) = self.entries.get(&scope) {
            return Ok(keys);
        }
        let keys = Arc::new(self.data(&Node::ServiceData(tenant.bytes(), service.to_owned()))?);
        self.entries.put(scope, keys.clone());
        Ok(keys)
    }

    fn leaf_keys(&self) -> Result<Vec<FieldIndex>, Error> {
        let keys = self.keyring.keys(&Node::PlatformIndex)?;
        Ok(keys.iter().rev().map(|(_, key)| IndexKey::new(key).field("struct.platform_entry", "id")).collect())
    }

    fn entry_keys(&self, tenant: TenantId) -> Result<Vec<FieldIndex>, Error> {
        let keys = self.keyring.keys(&Node::TenantLog(tenant.bytes()))?;
        Ok(keys.iter().rev().map(|(_, key)| IndexKey::new(key).field("struct.entry", "mac")).collect())
    }

    fn data(&self, node: &Node) -> Result<DataKeys, Error> {
        DataKeys::new(self.keyring.keys(node)?)
            .map_err(|error| Error::Internal(format!("key {}: {error}", node.path())))
    }

    fn index_key(&self, node: &Node) -> Result<IndexKey, Error> {
        let keys = self.keyring.keys(node)?;
        let newest = keys.iter().max_by_key(|(version, _)| *version);
        let (_, key) = newest.ok_or_else(|| Error::Internal(format!("key {} has no version", node.path())))?;
        Ok(IndexKey::new(key))
    }
}
