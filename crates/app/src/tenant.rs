//! Tenants: made by the operator, with their keys and their first administrator.

use crate::error::Refusal;
use crate::user::MemberChange;
use crate::{App, Error};
use domain::audit::{Actor, Detail, Outcome, Target, Verb};
use domain::id::TenantId;
use domain::locale::Locale;
use domain::record::Fault;
use seal::tree::Node;
use store::tenant::TenantRow;
use store::{Check, Flight, Head, StoreError};

/// A tenant to be made.
#[derive(Clone, Debug)]
pub struct NewTenant {
    /// Short name, `[a-z][a-z0-9-]{1,30}`.
    pub code: String,
    /// The company's name.
    pub name: String,
    /// The first administrator's address.
    pub email: String,
    /// The first administrator's name.
    pub display_name: String,
    /// Licences of the first administrator.
    pub billing_types: Vec<String>,
}

impl App {
    /// Makes keys for the platform, if they are not there. Done at every start; costs nothing the second time.
    pub fn provision_platform(&self) -> Result<(), Error> {
        self.keys.keyring().provision(&Node::PlatformDirectory, &*self.random)?;
        self.keys.keyring().provision(&Node::PlatformIndex, &*self.random)?;
        self.keys.keyring().provision(&Node::PlatformCheckpoint, &*self.random)?;
        Ok(())
    }

    /// Makes a tenant and invites its first administrator. Returns the tenant and the invitation's link, which is also mailed.
    pub async fn tenant_create(&self, new: &NewTenant, locale: Locale) -> Result<(TenantId, String), Error> {
        let (_, owner) = self.operator()?;
        let code =
            domain::tenant::code(&new.code).map_err(|fault| Error::Internal(fault.message(locale).to_owned()))?;
        let name =
            domain::tenant::name(&new.name).map_err(|reason| Error::Invalid(vec![Fault::new("name", reason)]))?;
        if owner.tenants().await?.iter().any(|row| row.code == code) {
            return Err(Error::Refused(Refusal::NameTaken));
        }
        let tenant: TenantId = self.new_id();
        let bytes = tenant.bytes();
        for node in [Node::TenantLog(bytes), Node::TenantCheckpoint(bytes), Node::TenantDirectory(bytes)] {
            self.keys.keyring().provision(&node, &*self.random)?;
        }
        let change = MemberChange { administrator: true, roles: Vec::new(), billing_types: new.billing_types.clone() };
        let mut invited = self.invitation_for(tenant, &new.email, &new.display_name, &change).await?;
        let mut statements = vec![store::tenant::create(tenant, &code, &name)];
        statements.append(&mut invited.statements);
        let request = self.new_request_id();
        let entries = [
            self.entry(
                tenant,
                Actor::Operator,
                Verb::TenantCreated,
                Outcome::Done,
                request,
                Target::default(),
                Detail::default(),
            )?,
            self.entry(
                tenant,
                Actor::Operator,
                Verb::UserInvited,
                Outcome::Done,
                request,
                Target { user: Some(invited.user), ..Target::default() },
                Detail::default(),
            )?,
        ];
        match owner.fly(Flight::write(Head { tenant, check: Check::Nothing }, statements, &entries)).await {
            Err(StoreError::Taken(_)) => return Err(Error::Refused(Refusal::NameTaken)),
            done => done?,
        };
        self.mail_invitation(&name, locale, &invited).await?;
        Ok((tenant, invited.link))
    }

    /// All tenants, for the operator.
    pub async fn tenants(&self) -> Result<Vec<TenantRow>, Error> {
        Ok(self.store.tenants().await?)
    }
}
