//! Sessions: signing in, being signed in, signing out. Passwords are hashed in a small bounded pool, so that a storm of
//! sign-ins starves no page; known and unknown addresses get the same answer after the same work.

pub mod operator;

use crate::error::Refusal;
use crate::op::{Caller, Peer, describe_peer, head, on_fresh_rights};
use crate::{App, Error};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::audit::{Actor, Detail, Outcome, Target, Verb};
use domain::id::{SessionId, TenantId, UserId};
use domain::session::{ABSOLUTE_LIMIT_HOURS, csrf_token, new_token, token_hash};
use domain::user::{DECOY_PHC, MAX_PASSWORD_CHARS, verify_password};
use jiff::Timestamp;
use std::sync::Arc;
use store::{Check, Flight, Head};

/// A session's last use is written down at most this often.
const SEEN_EVERY_SECS: i64 = 60;

/// A session just opened.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// For the cookie. Names the tenant, so that a session is found behind that tenant's wall.
    pub token: String,
    /// The absolute limit.
    pub max_age_secs: i64,
}

/// A session in memory. Every op lets the database check it again.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    tenant: TenantId,
    session: SessionId,
    user: UserId,
    tenant_name: String,
    display_name: String,
    csrf: String,
    noted: Timestamp,
}

impl App {
    /// Opens a session for an address and its password. One answer, `SignedOut`, for everything that does not fit.
    pub async fn sign_in(&self, peer: &Peer, email: &str, password: &str) -> Result<SignedIn, Error> {
        let address = domain::user::email(email).unwrap_or_default();
        let index = self.keys.platform()?.email.exact(&address);
        let account = self.store.account(index).await?;
        let phc = account.as_ref().and_then(|account| account.password_phc.clone());
        let known = phc.is_some();
        let fits = self.verify(password, phc.unwrap_or_else(|| DECOY_PHC.to_owned())).await?;
        let user = account.map(|account| account.user);
        // Asked for in either case: the work must not tell whether the address is known.
        let tenants = self.store.user_tenants(user.unwrap_or(UserId(uuid::Uuid::nil()))).await?;
        match (user, tenants.first(), fits && known) {
            (Some(user), Some(tenant), true) => self.open_session(peer, *tenant, user).await,
            (user, ..) => {
                self.note_refusal(peer, user, tenants);
                Err(Error::SignedOut)
            }
        }
    }

    async fn open_session(&self, peer: &Peer, tenant: TenantId, user: UserId) -> Result<SignedIn, Error> {
        let token = new_token(&*self.random);
        let hash = token_hash(&token).ok_or_else(|| Error::Internal("a new token is no token".to_owned()))?;
        let session: SessionId = self.new_id();
        let hours = i32::try_from(ABSOLUTE_LIMIT_HOURS).unwrap_or(i32::MAX);
        let mut detail = Detail::default();
        describe_peer(&mut detail, peer);
        let entry = self.entry(
            tenant,
            Actor::User(user),
            Verb::SessionStarted,
            Outcome::Done,
            peer.request,
            Target::default(),
            detail,
        )?;
        let open = store::session::open(tenant, session, hash, user, hours);
        self.store.fly(Flight::write(Head { tenant, check: Check::Nothing }, vec![open], &[entry])).await?;
        let token = format!("{}.{token}", URL_SAFE_NO_PAD.encode(tenant.bytes()));
        Ok(SignedIn { token, max_age_secs: ABSOLUTE_LIMIT_HOURS * 3600 })
    }

    /// Enters a refused sign-in in the person's own log, off the request's path: how long it takes must tell nothing.
    fn note_refusal(&self, peer: &Peer, user: Option<UserId>, tenants: Vec<TenantId>) {
        let Some(user) = user else { return };
        for tenant in tenants {
            let mut detail = Detail::default();
            describe_peer(&mut detail, peer);
            let target = Target { user: Some(user), ..Target::default() };
            let Ok(entry) =
                self.entry(tenant, Actor::Anyone, Verb::SessionRefused, Outcome::Denied, peer.request, target, detail)
            else {
                tracing::error!("a refused sign-in could not be entered");
                continue;
            };
            let store = self.store.clone();
            tokio::spawn(async move {
                if let Err(error) = store.enter(Head { tenant, check: Check::Nothing }, &[entry]).await {
                    tracing::error!(%error, "a refused sign-in could not be entered");
                }
            });
        }
    }

    /// The signed-in member of a cookie.
    pub async fn caller(&self, peer: Peer, token: &str) -> Result<Caller, Error> {
        let (tenant, secret) = read_token(token).ok_or(Error::SignedOut)?;
        let hash = token_hash(secret).ok_or(Error::SignedOut)?;
        let held = match self.sessions.get(&hash).filter(|held| held.tenant == tenant) {
            Some(held) => held,
            None => self.find_session(tenant, secret, hash).await?,
        };
        let now = self.now();
        if now.duration_since(held.noted).as_secs() >= SEEN_EVERY_SECS {
            if !self.store.session_seen(tenant, held.session).await? {
                self.sessions.forget(&hash);
                return Err(Error::SignedOut);
            }
            self.sessions.put(hash, Held { noted: now, ..held.clone() });
        }
        let administrator =
            self.snapshot(tenant).await?.members.get(&held.user).is_some_and(|m| m.active && m.administrator);
        Ok(Caller {
            tenant,
            tenant_name: held.tenant_name,
            user: held.user,
            display_name: held.display_name,
            session: held.session,
            administrator,
            csrf: held.csrf,
            peer,
        })
    }

    async fn find_session(&self, tenant: TenantId, secret: &str, hash: [u8; 32]) -> Result<Held, Error> {
        let row = self.store.session(tenant, hash).await?.ok_or(Error::SignedOut)?;
        let display_name = self.open_name(tenant, row.user, &row.name_sealed);
        let (csrf, noted) = (csrf_token(secret), Timestamp::UNIX_EPOCH);
        let held = Held {
            tenant,
            session: row.session,
            user: row.user,
            tenant_name: row.tenant_name,
            display_name,
            csrf,
            noted,
        };
        self.sessions.put(hash, held.clone());
        Ok(held)
    }

    /// Ends the caller's session; its cookie opens nothing from now on, on no server.
    pub async fn sign_out(&self, caller: &Caller) -> Result<(), Error> {
        let snapshot = self.snapshot(caller.tenant).await?;
        let entry = self.entry_of(caller, Verb::SessionEnded, Outcome::Done, Target::default(), Detail::default())?;
        // Rights don't matter for leaving, so the epoch is not checked.
        let head = Head { check: Check::Nothing, ..head(caller, &snapshot) };
        self.store.fly(Flight::write(head, vec![store::session::end(caller.tenant, caller.session)], &[entry])).await?;
        Ok(())
    }

    /// The other tenants the caller's address may enter, with their names.
    pub async fn other_tenants(&self, caller: &Caller) -> Result<Vec<(TenantId, String)>, Error> {
        let mut others = Vec::new();
        for tenant in self.store.user_tenants(caller.user).await? {
            if tenant != caller.tenant
                && let Some(name) = self.store.tenant_name(tenant).await?
            {
                others.push((tenant, name));
            }
        }
        Ok(others)
    }

    /// Goes over to another tenant of the same address: a new session there, the present one ends.
    pub async fn enter_tenant(&self, caller: &Caller, tenant: TenantId) -> Result<SignedIn, Error> {
        on_fresh_rights!(self, caller.tenant, self.check(caller))?;
        if !self.store.user_tenants(caller.user).await?.contains(&tenant) {
            let snapshot = self.snapshot(caller.tenant).await?;
            return Err(self.nothing_there(caller, head(caller, &snapshot), format!("tenant {tenant}")).await);
        }
        let signed_in = self.open_session(&caller.peer, tenant, caller.user).await?;
        self.sign_out(caller).await?;
        Ok(signed_in)
    }

    /// Lets the database check session and rights, for pages that read nothing else.
    pub(crate) async fn check(&self, caller: &Caller) -> Result<(), Error> {
        let snapshot = self.snapshot(caller.tenant).await?;
        self.store.fly(Flight::read(head(caller, &snapshot), Vec::new())).await?;
        Ok(())
    }

    /// Verifies a password in the bounded pool.
    async fn verify(&self, password: &str, phc: String) -> Result<bool, Error> {
        let password = password.to_owned();
        // Over-long input is hashed as far as a password may go: same work, and it fits no hash.
        let fits_length = password.chars().count() <= MAX_PASSWORD_CHARS;
        let password: String = password.chars().take(MAX_PASSWORD_CHARS).collect();
        Ok(self.hashing(move || verify_password(&password, &phc)).await? && fits_length)
    }

    /// Runs a password hash; at most two at a time, at most `MAX_WAITING_FOR_HASH` in all.
    pub(crate) async fn hashing<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let queued = Arc::clone(&self.hash_queue).try_acquire_owned().map_err(|_| Error::Refused(Refusal::TooMany))?;
        let running =
            Arc::clone(&self.hashing).acquire_owned().await.map_err(|error| Error::Internal(error.to_string()))?;
        let done = tokio::task::spawn_blocking(move || {
            let held = (queued, running);
            let done = work();
            drop(held);
            done
        });
        done.await.map_err(|error| Error::Internal(format!("hashing stopped: {error}")))
    }
}

/// Tenant and secret of a cookie's token.
fn read_token(token: &str) -> Option<(TenantId, &str)> {
    let (tenant, secret) = token.split_once('.')?;
    let bytes: [u8; 16] = URL_SAFE_NO_PAD.decode(tenant).ok()?.try_into().ok()?;
    Some((TenantId(uuid::Uuid::from_bytes(bytes)), secret))
}

/// Tenant and hash of a link's token, made like a session's.
pub(crate) fn read_link(token: &str) -> Option<(TenantId, [u8; 32])> {
    let (tenant, secret) = read_token(token)?;
    Some((tenant, token_hash(secret)?))
}
