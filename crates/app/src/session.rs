//! Sessions: signing in, being signed in, signing out. Passwords are hashed in a small bounded pool, so that a storm of
//! sign-ins starves no page; known and unknown addresses get the same answer after the same work.

pub(crate) mod attempt;
pub mod device;
pub mod list;
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
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::sync::Arc;
use store::{Check, Flight, Head, Statement};

/// A session's last use is written down at most this often.
const SEEN_EVERY_SECS: i64 = 60;

/// A session just opened.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// For the cookie. Names the tenant, so that a session is found behind that tenant's wall.
    pub token: String,
    /// The absolute limit.
    pub max_age_secs: i64,
    /// The new value of the browser's device cookie; none when it stays.
    pub device_cookie: Option<String>,
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
    /// The network address its row tells; none until it was used here.
    address: Option<IpAddr>,
}

/// A password that fits: whose, checked against which hash, on which device.
pub(crate) struct Proven {
    /// The tenant to enter.
    pub(crate) tenant: TenantId,
    /// Whose.
    pub(crate) user: UserId,
    /// The hash it fits. A session is opened only while the account still has it.
    pub(crate) phc: String,
    /// The device, when the account knows it.
    pub(crate) device: Option<uuid::Uuid>,
    /// What the try was counted by; it is taken back when the session opens.
    pub(crate) counted: Vec<Vec<u8>>,
}

/// From where a session was used last. Sealed in its row.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// The browser's own description.
    device: String,
    /// Network address.
    address: Option<String>,
}

impl App {
    /// Opens a session for an address and its password. One answer, `SignedOut`, for everything that does not fit, and one,
    /// `Throttled`, for every try beyond what is let through. Each try is counted before the password is looked at.
    pub async fn sign_in(self: &Arc<Self>, peer: &Peer, email: &str, password: &str) -> Result<SignedIn, Error> {
        let address = domain::user::email(email).unwrap_or_default();
        let tried = self.try_signing_in(peer, &address).await?;
        // Asked for in either case: the work must not tell whether the address is known.
        let tenants = self.store.user_tenants(tried.user.unwrap_or(UserId(uuid::Uuid::nil()))).await?;
        if tried.wait_s > 0 {
            let wait_s = i64::from(tried.wait_s);
            self.note_refusal(peer, tried, tenants);
            return Err(Error::Throttled { wait_s });
        }
        let phc = tried.password_phc.clone();
        let fits = match self.verify(password, phc.clone().unwrap_or_else(|| DECOY_PHC.to_owned())).await {
            Ok(fits) => fits,
            Err(error) => {
                // It was not looked at: too many at once.
                self.store.attempt_refund(&tried.counted).await?;
                return Err(error);
            }
        };
        match (tried.user, phc, tenants.first(), fits) {
            (Some(user), Some(phc), Some(tenant), true) => {
                let (tenant, device, counted) = (*tenant, tried.device, tried.counted);
                self.password_fits(peer, Proven { tenant, user, phc, device, counted }).await
            }
            _ => {
                self.note_refusal(peer, tried, tenants);
                Err(Error::SignedOut)
            }
        }
    }

    /// What comes once the password is found correct. A second factor, where one is demanded, stands before `enter_proven`.
    async fn password_fits(&self, peer: &Peer, proven: Proven) -> Result<SignedIn, Error> {
        self.enter_proven(peer, proven).await
    }

    /// Opens a session, with what else belongs to the sign-in; the note says what was special about it.
    pub(crate) async fn open_session(
        &self,
        peer: &Peer,
        tenant: TenantId,
        user: UserId,
        more: Vec<Statement>,
        note: Option<String>,
    ) -> Result<SignedIn, Error> {
        let token = new_token(&*self.random);
        let hash = token_hash(&token).ok_or_else(|| Error::Internal("a new token is no token".to_owned()))?;
        let session: SessionId = self.new_id();
        let hours = i32::try_from(ABSOLUTE_LIMIT_HOURS).unwrap_or(i32::MAX);
        let mut detail = Detail { note, ..Detail::default() };
        describe_peer(&mut detail, peer);
        let sealed = self.seal_peer(tenant, session, peer)?;
        let entry = self.entry(
            tenant,
            Actor::User(user),
            Verb::SessionStarted,
            Outcome::Done,
            peer.request,
            Target::default(),
            detail,
        )?;
        let mut statements = more;
        statements.push(store::session::open(tenant, session, hash, user, hours, sealed));
        self.store.fly(Flight::write(Head { tenant, check: Check::Nothing }, statements, &[entry])).await?;
        let token = format!("{}.{token}", URL_SAFE_NO_PAD.encode(tenant.bytes()));
        Ok(SignedIn { token, max_age_secs: ABSOLUTE_LIMIT_HOURS * 3600, device_cookie: None })
    }

    /// From where a session is used, sealed for its row.
    fn seal_peer(&self, tenant: TenantId, session: SessionId, peer: &Peer) -> Result<Vec<u8>, Error> {
        let mut detail = Detail::default();
        describe_peer(&mut detail, peer);
        let seen = Seen { device: detail.device.unwrap_or_default(), address: detail.address };
        let json = serde_json::to_vec(&seen).map_err(|error| Error::Internal(error.to_string()))?;
        let nonce = domain::time::random_bytes(&*self.random);
        Ok(self.keys.tenant(tenant)?.directory.seal(&session_place(tenant, session), nonce, &json))
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
            let moved =
                (held.address != peer.address).then(|| self.seal_peer(tenant, held.session, &peer)).transpose()?;
            if !self.store.session_seen(tenant, held.session, moved).await? {
                self.sessions.forget(&hash);
                return Err(Error::SignedOut);
            }
            self.sessions.put(hash, Held { noted: now, address: peer.address, ..held.clone() });
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
            address: None,
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
        let signed_in = self.open_session(&caller.peer, tenant, caller.user, Vec::new(), None).await?;
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
    pub(crate) async fn verify(&self, password: &str, phc: String) -> Result<bool, Error> {
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

/// Where the description of a session's peer opens, and nowhere else.
fn session_place<'a>(tenant: TenantId, session: SessionId) -> seal::envelope::Place<'a> {
    seal::envelope::Place {
        tenant: tenant.bytes(),
        service: "",
        entity: "struct.session",
        record: session.bytes(),
        version: 1,
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
