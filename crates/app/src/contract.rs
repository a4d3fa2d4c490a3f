//! Contracts: which services a tenant uses. Their end, extraction and erasure are not here yet.

use crate::screen::proposed;
use crate::{App, Error};
use domain::audit::{Actor, Detail, Outcome, Target, Verb};
use domain::id::TenantId;
use seal::tree::Node;
use store::{Check, Flight, Head};

impl App {
    /// Contracts an installed service for a tenant: its keys first, then the contract with its entry. With `open`, its
    /// screens are set as the manifest proposes; otherwise they stay closed until the tenant's administrator opens them.
    pub async fn contract_start(&self, tenant: TenantId, service: &str, open: bool) -> Result<(), Error> {
        let (_, owner) = self.operator()?;
        let installed = owner.service(service).await?.ok_or(Error::NotFound)?;
        for node in [
            Node::ServiceData(tenant.bytes(), service.to_owned()),
            Node::ServiceIndex(tenant.bytes(), service.to_owned()),
        ] {
            self.keys.keyring().provision(&node, &*self.random)?;
        }
        let mut statements = vec![store::contract::start(tenant, service)];
        if open {
            let screens = installed.screens.iter().map(|screen| proposed(service, screen));
            statements.extend(screens.filter_map(|change| {
                Some(store::access::set_screen(tenant, service, &change.screen, &change.settings?))
            }));
        }
        statements.push(store::access::rights_changed());
        let target = Target { service: Some(service.to_owned()), ..Target::default() };
        let detail = Detail { note: open.then(|| "screens as proposed".to_owned()), ..Detail::default() };
        let entry = self.entry(
            tenant,
            Actor::Operator,
            Verb::ContractStarted,
            Outcome::Done,
            self.new_request_id(),
            target,
            detail,
        )?;
        owner.fly(Flight::write(Head { tenant, check: Check::Nothing }, statements, &[entry])).await?;
        self.forget_rights(tenant);
        Ok(())
    }
}
