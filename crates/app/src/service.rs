//! Services: installing and upgrading them, as the operator. What a manifest may say is `domain::service`'s.

use crate::{App, Error};
use domain::audit::{Actor, Detail, Outcome, Target, Verb};
use domain::service::Service;
use domain::service::manifest;
use domain::service::manifest::UpgradeStep;
use store::{Address, Check, Flight, Head, Store};

/// What an installation did.
#[derive(Clone, Debug)]
pub enum Installed {
    /// The service was new.
    New,
    /// The same version was there already; its tables were made sure of.
    Unchanged,
    /// It was upgraded from this version.
    Upgraded {
        /// The version before.
        from: u32,
        /// What was added.
        steps: Vec<UpgradeStep>,
    },
}

impl App {
    /// Installs a service, or upgrades it when every difference is an addition. `Err(Ok(reasons))` would lose data.
    pub async fn service_install(&self, service: &Service) -> Result<Result<Installed, Vec<String>>, Error> {
        let (address, owner) = self.operator()?;
        let done = match owner.service(&service.name).await? {
            None => Installed::New,
            Some(old) if old == *service => Installed::Unchanged,
            Some(old) => match manifest::upgrade(&old, service) {
                Ok(steps) => Installed::Upgraded { from: old.version, steps },
                Err(reasons) => return Ok(Err(reasons)),
            },
        };
        let mut loosened = Vec::new();
        if let Installed::Upgraded { steps, .. } = &done {
            let reasons: Vec<String> = steps.iter().filter_map(not_yet).collect();
            if !reasons.is_empty() {
                return Ok(Err(reasons));
            }
            loosened.extend(steps.iter().filter_map(|step| match step {
                UpgradeStep::DropUnique { entity, field } => Some((entity.as_str(), field.as_str())),
                _ => None,
            }));
        }
        store::schema::install(address, service, &loosened).await?;
        if matches!(done, Installed::Upgraded { .. }) {
            self.tell_tenants(owner, service).await?;
        }
        Ok(Ok(done))
    }

    /// Gives every tenant of the service a new epoch, with an entry: no snapshot of the old version is used again.
    async fn tell_tenants(&self, owner: &Store, service: &Service) -> Result<(), Error> {
        for row in owner.tenants().await? {
            let snapshot = owner.snapshot(row.tenant).await?;
            if !snapshot.is_some_and(|snapshot| snapshot.services.contains_key(&service.name)) {
                continue;
            }
            let target = Target { service: Some(service.name.clone()), ..Target::default() };
            let detail = Detail { note: Some(format!("version {}", service.version)), ..Detail::default() };
            let entry = self.entry(
                row.tenant,
                Actor::Operator,
                Verb::ServiceUpgraded,
                Outcome::Done,
                self.new_request_id(),
                target,
                detail,
            )?;
            let head = Head { tenant: row.tenant, check: Check::Nothing };
            owner.fly(Flight::write(head, vec![store::access::rights_changed()], &[entry])).await?;
        }
        Ok(())
    }

    /// All installed services.
    pub async fn services(&self) -> Result<Vec<Service>, Error> {
        Ok(self.store.services().await?)
    }

    /// The owner's address and pool; only the operator's commands have them.
    pub(crate) fn operator(&self) -> Result<(&Address, &Store), Error> {
        let (address, owner) = self
            .owner
            .as_ref()
            .ok_or_else(|| Error::Internal("this needs the database's owner (database.owner_url)".to_owned()))?;
        Ok((address, owner))
    }
}

/// An index on a field with records needs every envelope opened and indexed, which an upgrade does not do yet. Better
/// refused than a search that silently finds only new records.
fn not_yet(step: &UpgradeStep) -> Option<String> {
    let UpgradeStep::AddIndex { entity, field } = step else { return None };
    Some(format!(
        "{entity}.{} can't get an index while its records exist: they would not be found by it; add a new field with the index instead",
        field.name
    ))
}
