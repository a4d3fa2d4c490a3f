//! Tries to sign in, counted before a password is looked at. Limits are `domain`'s; known and unknown addresses are counted
//! alike, by a keyed hash, so that neither count nor wait tells which is which.

use crate::op::{Peer, describe_peer};
use crate::{App, Error};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::audit::sign::DENIALS_MIN;
use domain::audit::{Actor, Detail, Outcome, Target, Verb};
use domain::id::{TenantId, UserId};
use domain::session::attempt::Aim;
use domain::session::{device, token_hash};
use std::sync::Arc;
use store::session::attempt::{TriedRow, TryKeys};
use store::{Check, Head};
use subtle::ConstantTimeEq as _;

/// What an entry says of a try that made all further ones wait.
pub const THROTTLED: &str = "throttled";

impl App {
    /// Counts a try to sign in, and finds whose it would be.
    pub(crate) async fn try_signing_in(&self, peer: &Peer, address: &str) -> Result<TriedRow, Error> {
        let keys = self.keys.platform()?;
        let tried = TryKeys {
            email_index: keys.email.exact(address),
            address: keys.attempt.exact(&Aim::SignIn.address(address)),
            network: keys.attempt.exact(&Aim::SignIn.network(peer.address)),
            devices: self.device_hashes(peer)?.into_iter().map(|hash| hash.to_vec()).collect(),
        };
        Ok(self.store.signin_try(tried, self.now()).await?)
    }

    /// Counts a request for mail by address and by network. `Throttled` when the network asks too often; whether the address
    /// may get another mail is the answer.
    pub(crate) async fn try_mailing(&self, peer: &Peer, aim: Aim, address: &str) -> Result<bool, Error> {
        use domain::session::attempt::{RECOVERY_MAILS, RECOVERY_NETWORK_TRIES, RECOVERY_WINDOW_MIN};
        let (keys, now) = (self.keys.platform()?, self.now());
        let network = keys.attempt.exact(&aim.network(peer.address));
        let wait_s = self.store.attempt(network, RECOVERY_NETWORK_TRIES, RECOVERY_WINDOW_MIN, now).await?;
        if wait_s > 0 {
            return Err(Error::Throttled { wait_s: i64::from(wait_s) });
        }
        let address = keys.attempt.exact(&aim.address(address));
        Ok(self.store.attempt(address, RECOVERY_MAILS, RECOVERY_WINDOW_MIN, now).await? == 0)
    }

    /// Hashes of the tokens in the browser's device cookie that STRUCT signed; others are not looked for.
    pub(crate) fn device_hashes(&self, peer: &Peer) -> Result<Vec<[u8; 32]>, Error> {
        let keys = self.keys.platform()?;
        let signed = |text: &str| {
            let (token, signature) = text.split_once('.')?;
            let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
            let ours = bool::from(keys.device.exact(token)[..].ct_eq(&signature));
            token_hash(token).filter(|_| ours)
        };
        Ok(device::tokens(&peer.device_cookie).filter_map(signed).collect())
    }

    /// Enters a refused sign-in in the person's own log. All of it off the request's path: how long it takes must tell nothing. Of
    /// tries that are let through no more as many stand there as make a sign of fraud; a storm of them does not fill the log.
    pub(crate) fn note_refusal(self: &Arc<Self>, peer: &Peer, tried: TriedRow, tenants: Vec<TenantId>) {
        let (app, peer) = (Arc::clone(self), peer.clone());
        tokio::spawn(async move {
            let tells = tried.wait_s == 0 || usize::try_from(tried.tries).is_ok_and(|tries| tries <= DENIALS_MIN);
            let Some(user) = tried.user.filter(|_| tells) else { return };
            for tenant in tenants {
                if let Err(error) = app.enter_refusal(&peer, tenant, user, tried.wait_s > 0).await {
                    tracing::error!(%error, "a refused sign-in could not be entered");
                }
            }
        });
    }

    async fn enter_refusal(&self, peer: &Peer, tenant: TenantId, user: UserId, waits: bool) -> Result<(), Error> {
        let mut detail = Detail { note: Some(THROTTLED.to_owned()).filter(|_| waits), ..Detail::default() };
        describe_peer(&mut detail, peer);
        let target = Target { user: Some(user), ..Target::default() };
        let verb = Verb::SessionRefused;
        let entry = self.entry(tenant, Actor::Anyone, verb, Outcome::Denied, peer.request, target, detail)?;
        Ok(self.store.enter(Head { tenant, check: Check::Nothing }, &[entry]).await?)
    }
}
