//! Users and members: inviting, joining, changing, disabling. The only identity is an e-mail address.

pub mod freeze;
pub mod readdressing;
pub mod recovery;

use crate::error::Refusal;
use crate::op::{Caller, Peer, describe_peer, on_fresh_rights};
use crate::session::read_link;
use crate::{App, Error};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::access::Snapshot;
use domain::audit::{Actor, Change, Detail, Outcome, Target, Verb};
use domain::id::{RoleId, TenantId, UserId};
use domain::record::{Fault, FaultReason};
use domain::session::{new_token, token_hash};
use domain::time::random_bytes;
use domain::user::{check_password, display_name, email, email_fault, hash_password};
use jiff::Timestamp;
use seal::envelope::Place;
use store::{Check, Flight, Head, Statement, StoreError};

/// How long an invitation opens.
pub const INVITATION_HOURS: i64 = 72;

/// A member as administrators see them.
#[derive(Clone, Debug)]
pub struct MemberView {
    /// The user.
    pub user: UserId,
    /// How they are called.
    pub display_name: String,
    /// Their address.
    pub email: String,
    /// Tenant administrator.
    pub administrator: bool,
    /// Not disabled.
    pub active: bool,
    /// Whether the invitation was taken up.
    pub joined: bool,
    /// Since when they neither extract nor change rights, if that is so.
    pub frozen: Option<Timestamp>,
    /// Roles.
    pub roles: Vec<RoleId>,
    /// Licences.
    pub billing_types: Vec<String>,
    /// Last use.
    pub last_seen: Option<Timestamp>,
}

/// What a member may be.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MemberChange {
    /// Tenant administrator.
    pub administrator: bool,
    /// Roles.
    pub roles: Vec<RoleId>,
    /// Licences.
    pub billing_types: Vec<String>,
}

/// What an invitation's link leads to.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// The invited address.
    pub email: String,
    /// The invited name.
    pub display_name: String,
    /// Who invites.
    pub tenant_name: String,
    /// Whether a password has to be set.
    pub needs_password: bool,
}

/// A person invited, before the mail is sent.
pub(crate) struct Invited {
    pub(crate) user: UserId,
    pub(crate) email: String,
    pub(crate) link: String,
    pub(crate) statements: Vec<Statement>,
}

impl App {
    /// All members, for administrators.
    pub async fn members(&self, caller: &Caller) -> Result<Vec<MemberView>, Error> {
        on_fresh_rights!(self, caller.tenant, self.list_members(caller))
    }

    async fn list_members(&self, caller: &Caller) -> Result<Vec<MemberView>, Error> {
        let (head, _) = self.administrator(caller, "users").await?;
        let rows = self.store.members(head).await?;
        Ok(rows
            .into_iter()
            .map(|row| MemberView {
                display_name: self.open_name(caller.tenant, row.user, &row.name_sealed),
                email: self.open_email(row.user, &row.email_sealed),
                user: row.user,
                administrator: row.administrator,
                active: row.active,
                joined: row.joined,
                frozen: row.frozen,
                roles: row.roles,
                billing_types: row.billing_types,
                last_seen: row.last_seen,
            })
            .collect())
    }

    /// One member, for administrators.
    pub async fn member(&self, caller: &Caller, user: UserId) -> Result<MemberView, Error> {
        if let Some(member) = self.members(caller).await?.into_iter().find(|member| member.user == user) {
            return Ok(member);
        }
        on_fresh_rights!(self, caller.tenant, async {
            let (head, _) = self.administrator(caller, "users").await?;
            Err(self.nothing_there(caller, head, format!("user {user}")).await)
        })
    }

    /// Invites an address. A member who is there already gets a new link and stays as they are.
    pub async fn invite(&self, caller: &Caller, address: &str, name: &str, change: MemberChange) -> Result<(), Error> {
        on_fresh_rights!(self, caller.tenant, self.invite_once(caller, address, name, &change))
    }

    async fn invite_once(
        &self,
        caller: &Caller,
        address: &str,
        name: &str,
        change: &MemberChange,
    ) -> Result<(), Error> {
        let (head, snapshot) = self.unfrozen_administrator(caller, "users").await?;
        check_change(&snapshot, change)?;
        let mut invited = self.invitation_for(caller.tenant, address, name, change).await?;
        let known = snapshot.members.contains_key(&invited.user);
        if !known {
            invited.statements.extend(store::user::set_roles(caller.tenant, invited.user, &change.roles));
            invited.statements.push(store::access::rights_changed());
        }
        let target = Target { user: Some(invited.user), ..Target::default() };
        let detail = if known {
            Detail::default()
        } else {
            Detail { changes: described(None, change, &snapshot), ..Detail::default() }
        };
        let entry = self.entry_of(caller, Verb::UserInvited, Outcome::Done, target, detail)?;
        self.store.fly(Flight::write(head, std::mem::take(&mut invited.statements), &[entry])).await?;
        self.mail_invitation(&caller.tenant_name, caller.peer.locale, &invited).await
    }

    /// Makes account, member and link of an address; nothing of it is valid before the statements have flown.
    pub(crate) async fn invitation_for(
        &self,
        tenant: TenantId,
        address: &str,
        name: &str,
        change: &MemberChange,
    ) -> Result<Invited, Error> {
        let (address, name) = match (email(address), display_name(name)) {
            (Ok(address), Ok(name)) => (address, name),
            (address, name) => {
                let faults =
                    [address.err().map(email_fault), name.err().map(|reason| Fault::new("display_name", reason))];
                return Err(Error::Invalid(faults.into_iter().flatten().collect()));
            }
        };
        let keys = self.keys.platform()?;
        let wished: UserId = self.new_id();
        let sealed = keys.directory.seal(&account_place(wished), random_bytes(&*self.random), address.as_bytes());
        let user = self.owner_or_app().ensure_account(wished, keys.email.exact(&address), &sealed).await?;
        let secret = new_token(&*self.random);
        let hash = token_hash(&secret).ok_or_else(|| Error::Internal("a new token is no token".to_owned()))?;
        let hours = i32::try_from(INVITATION_HOURS).unwrap_or(i32::MAX);
        let name_sealed = self.keys.tenant(tenant)?.directory.seal(
            &member_place(tenant, user),
            random_bytes(&*self.random),
            name.as_bytes(),
        );
        let mut statements =
            vec![store::user::add_member(tenant, user, name_sealed, change.administrator, &change.billing_types)];
        statements.extend(store::user::invite(tenant, user, hash, hours));
        let link =
            format!("{}/invitation/{}.{secret}", self.settings.public_url, URL_SAFE_NO_PAD.encode(tenant.bytes()));
        Ok(Invited { user, email: address, link, statements })
    }

    /// What an invitation's link leads to.
    pub async fn invitation(&self, token: &str) -> Result<Invitation, Error> {
        let (tenant, hash) = read_link(token).ok_or(Error::Refused(Refusal::LinkSpent))?;
        let row = self.store.invitation(tenant, hash).await?.ok_or(Error::Refused(Refusal::LinkSpent))?;
        Ok(Invitation {
            email: self.open_email(row.user, &row.email_sealed),
            display_name: self.open_name(tenant, row.user, &row.name_sealed),
            tenant_name: row.tenant_name,
            needs_password: row.needs_password,
        })
    }

    /// Takes up an invitation, once. Opens no session: the person signs in with what they have just set.
    pub async fn accept_invitation(&self, peer: &Peer, token: &str, password: &str) -> Result<(), Error> {
        let (tenant, hash) = read_link(token).ok_or(Error::Refused(Refusal::LinkSpent))?;
        let row = self.store.invitation(tenant, hash).await?.ok_or(Error::Refused(Refusal::LinkSpent))?;
        let phc = if row.needs_password {
            check_password(password, &self.open_email(row.user, &row.email_sealed)).map_err(Error::Password)?;
            let (password, salt) = (password.to_owned(), random_bytes::<16>(&*self.random));
            Some(self.hashing(move || hash_password(&password, &salt)).await?)
        } else {
            None
        };
        let mut detail = Detail::default();
        describe_peer(&mut detail, peer);
        let target = Target { user: Some(row.user), ..Target::default() };
        let entry =
            self.entry(tenant, Actor::User(row.user), Verb::UserJoined, Outcome::Done, peer.request, target, detail)?;
        let mut statements = store::user::join(tenant, row.user, hash, phc);
        statements.push(store::access::rights_changed());
        let head = Head { tenant, check: Check::Nothing };
        match self.store.fly(Flight::write(head, statements, &[entry])).await {
            Err(StoreError::Unexpected) => Err(Error::Refused(Refusal::LinkSpent)),
            done => done.map(drop).map_err(Error::from),
        }
    }

    /// Changes what a member may be. The last administrator stays one.
    pub async fn change_member(&self, caller: &Caller, user: UserId, change: MemberChange) -> Result<(), Error> {
        on_fresh_rights!(self, caller.tenant, self.change_member_once(caller, user, &change))
    }

    async fn change_member_once(&self, caller: &Caller, user: UserId, change: &MemberChange) -> Result<(), Error> {
        let (head, snapshot) = self.unfrozen_administrator(caller, "users").await?;
        let Some(member) = snapshot.members.get(&user) else {
            return Err(self.nothing_there(caller, head, format!("user {user}")).await);
        };
        check_change(&snapshot, change)?;
        let old = MemberChange {
            administrator: member.administrator,
            roles: member.roles.clone(),
            billing_types: member.billing_types.clone(),
        };
        let mut statements =
            vec![store::user::change_member(caller.tenant, user, change.administrator, &change.billing_types)];
        statements.extend(store::user::set_roles(caller.tenant, user, &change.roles));
        statements.extend([store::access::rights_changed(), store::user::expect_administrator(caller.tenant)]);
        let detail = Detail { changes: described(Some(&old), change, &snapshot), ..Detail::default() };
        let target = Target { user: Some(user), ..Target::default() };
        let mut entries = vec![self.entry_of(caller, Verb::UserChanged, Outcome::Done, target, detail)?];
        let taken = change.roles.iter().filter(|role| user == caller.user && !old.roles.contains(role));
        let signs = self.limits_taken(caller, head, taken.copied()).await?;
        for sign in &signs {
            let raising = self.raising(caller.tenant, caller.user, sign, caller.peer.request)?;
            statements.push(raising.statement);
            entries.push(raising.entry);
        }
        self.fly_with_administrator(head, statements, &entries).await?;
        signs.iter().for_each(|sign| self.raised(sign));
        Ok(())
    }

    /// Enables or disables a member; disabling ends all their sessions here.
    pub async fn set_active(&self, caller: &Caller, user: UserId, active: bool) -> Result<(), Error> {
        on_fresh_rights!(self, caller.tenant, self.set_active_once(caller, user, active))
    }

    async fn set_active_once(&self, caller: &Caller, user: UserId, active: bool) -> Result<(), Error> {
        let (head, snapshot) = self.unfrozen_administrator(caller, "users").await?;
        if !snapshot.members.contains_key(&user) {
            return Err(self.nothing_there(caller, head, format!("user {user}")).await);
        }
        let mut statements = vec![store::user::set_active(caller.tenant, user, active)];
        if !active {
            statements.push(store::session::end_all(caller.tenant, user));
        }
        statements.extend([store::access::rights_changed(), store::user::expect_administrator(caller.tenant)]);
        let verb = if active { Verb::UserEnabled } else { Verb::UserDisabled };
        let target = Target { user: Some(user), ..Target::default() };
        let entry = self.entry_of(caller, verb, Outcome::Done, target, Detail::default())?;
        self.fly_with_administrator(head, statements, &[entry]).await
    }

    async fn fly_with_administrator(
        &self,
        head: Head,
        statements: Vec<Statement>,
        entries: &[store::audit::SealedEntry],
    ) -> Result<(), Error> {
        match self.store.fly(Flight::write(head, statements, entries)).await {
            Err(StoreError::Unexpected) => Err(Error::Refused(Refusal::LastAdministrator)),
            done => done.map(drop).map_err(Error::from),
        }
    }

    /// How a member is called, from memory or the directory; None when there is no such member.
    pub(crate) async fn name(&self, tenant: TenantId, user: UserId) -> Result<Option<String>, Error> {
        if let Some(name) = self.names.get(&(tenant, user)) {
            return Ok(Some(name));
        }
        let found = self.store.member_names(tenant, &[user]).await?;
        let name = found.first().map(|(user, sealed)| self.open_name(tenant, *user, sealed));
        if let Some(name) = &name {
            self.names.put((tenant, user), name.clone());
        }
        Ok(name)
    }

    /// A member's name, or a dash when it does not open: a page about others must not fail for it.
    pub(crate) fn open_name(&self, tenant: TenantId, user: UserId, sealed: &[u8]) -> String {
        let opened = self
            .keys
            .tenant(tenant)
            .ok()
            .and_then(|keys| keys.directory.open(&member_place(tenant, user), sealed).ok());
        opened_text(opened, "a member's name")
    }

    pub(crate) fn open_email(&self, user: UserId, sealed: &[u8]) -> String {
        let opened = self.keys.platform().ok().and_then(|keys| keys.directory.open(&account_place(user), sealed).ok());
        opened_text(opened, "a user's address")
    }

    /// The operator's commands come as the owner, requests as the application role.
    fn owner_or_app(&self) -> &store::Store {
        self.owner.as_ref().map_or(&self.store, |(_, owner)| owner)
    }
}

fn opened_text(opened: Option<Vec<u8>>, what: &str) -> String {
    opened.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_else(|| {
        tracing::error!("{what} does not open");
        "―".to_owned()
    })
}

fn account_place<'a>(user: UserId) -> Place<'a> {
    Place { tenant: [0; 16], service: "", entity: "struct.account", record: user.bytes(), version: 1 }
}

fn member_place<'a>(tenant: TenantId, user: UserId) -> Place<'a> {
    Place { tenant: tenant.bytes(), service: "", entity: "struct.member", record: user.bytes(), version: 1 }
}

/// Roles must be the tenant's own; licences are words.
fn check_change(snapshot: &Snapshot, change: &MemberChange) -> Result<(), Error> {
    if let Some(_other) = change.roles.iter().find(|role| !snapshot.roles.contains_key(role)) {
        return Err(Error::Invalid(vec![Fault::new("roles", FaultReason::MissingReference)]));
    }
    let known = crate::screen::billing_types(snapshot);
    if change.billing_types.iter().any(|billing| !known.contains(billing)) {
        return Err(Error::Invalid(vec![Fault::new("billing_types", FaultReason::NotAChoice { allowed: Vec::new() })]));
    }
    Ok(())
}

/// A member's change in words, for the log.
fn described(old: Option<&MemberChange>, new: &MemberChange, snapshot: &Snapshot) -> Vec<Change> {
    let roles = |change: &MemberChange| {
        let mut names: Vec<&str> =
            change.roles.iter().filter_map(|id| snapshot.roles.get(id)).map(|role| role.name.as_str()).collect();
        names.sort_unstable();
        names.join(", ")
    };
    let say =
        |change: &MemberChange| [change.administrator.to_string(), roles(change), change.billing_types.join(", ")];
    let before = old.map(say);
    let after = say(new);
    let fields = ["administrator", "roles", "billing_types"];
    let pairs = fields.iter().zip(after).enumerate().map(|(i, (field, after))| {
        let before = before.as_ref().map(|before| before[i].clone()).filter(|text| !text.is_empty());
        Change { field: (*field).to_owned(), before, after: Some(after).filter(|text| !text.is_empty()) }
    });
    pairs.filter(|change| change.before != change.after).collect()
}
