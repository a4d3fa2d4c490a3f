//! A lost password: asked for by address, replaced by the link of a mail. Opens no session and removes no second factor: who
//! has recovered signs in as ever.

use crate::error::Refusal;
use crate::op::Peer;
use crate::{App, Error};
use domain::audit::Verb;
use domain::id::UserId;
use domain::locale::Locale;
use domain::session::attempt::Aim;
use domain::session::{new_token, token_hash};
use domain::time::random_bytes;
use domain::user::{check_password, hash_password};
use host::mail::Mail;
use jiff::SignedDuration;
use std::sync::Arc;
use store::StoreError;

/// How long a link opens.
pub const RECOVERY_MIN: i64 = 30;
/// Requests for mail that are worked on at the same time.
pub(crate) const MAX_RECOVERING: usize = 16;

/// Whose password a link sets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recovery {
    /// Their address.
    pub email: String,
}

impl App {
    /// Asks for a mail by which the password of an address is recovered. The answer comes before anything is looked up, so it is
    /// the same, after the same time, whether the address has an account or not.
    pub async fn ask_recovery(self: &Arc<Self>, peer: &Peer, email: &str) -> Result<(), Error> {
        let address =
            domain::user::email(email).map_err(|reason| Error::Invalid(vec![domain::user::email_fault(reason)]))?;
        let may_mail = self.try_mailing(peer, Aim::Recovery, &address).await?;
        let place = Arc::clone(&self.recovering).try_acquire_owned().map_err(|_| Error::Refused(Refusal::TooMany))?;
        let (app, peer) = (Arc::clone(self), peer.clone());
        tokio::spawn(async move {
            if may_mail && let Err(error) = app.mail_recovery(&peer, &address).await {
                tracing::error!(%error, "a mail about a lost password could not be sent");
            }
            drop(place);
        });
        Ok(())
    }

    async fn mail_recovery(&self, peer: &Peer, address: &str) -> Result<(), Error> {
        let index = self.keys.platform()?.email.exact(address);
        let Some(user) = self.store.recovery_account(index).await? else { return Ok(()) };
        let tenants = self.store.user_tenants(user).await?;
        if tenants.is_empty() {
            return Ok(());
        }
        let token = new_token(&*self.random);
        let hash = token_hash(&token).ok_or_else(|| Error::Internal("a new token is no token".to_owned()))?;
        let (now, until) = (self.now(), self.now() + SignedDuration::from_mins(RECOVERY_MIN));
        let first = vec![store::user::recovery::add(user, hash, now, until)];
        let flight = self.everywhere(peer, user, &tenants, first, Verb::UserRecoveryAsked, |_| Vec::new())?;
        self.store.fly(flight).await?;
        let link = format!("{}/recovery/{token}", self.settings.public_url);
        let mail = letter(address.to_owned(), peer.locale, &link);
        let sent = self.mailer.send(&mail, now, &*self.random).await;
        sent.map_err(|error| Error::Internal(format!("mail about a lost password: {error}")))
    }

    /// Whose password a link sets. Looking at it changes nothing.
    pub async fn recovery(&self, link: &str) -> Result<Recovery, Error> {
        let (_, email) = self.recovery_of(link).await?;
        Ok(Recovery { email })
    }

    async fn recovery_of(&self, link: &str) -> Result<(UserId, String), Error> {
        let spent = Error::Refused(Refusal::LinkSpent);
        let Some(hash) = token_hash(link) else { return Err(spent) };
        let Some((user, sealed)) = self.store.recovery_linked(hash, self.now()).await? else { return Err(spent) };
        Ok((user, self.open_email(user, &sealed)))
    }

    /// Sets a new password by a link, once. All sessions end, all other links are spent, a change of address that waits comes to
    /// nothing and no device is known any more, by one transaction with an entry in each tenant.
    pub async fn recover(&self, peer: &Peer, link: &str, password: &str) -> Result<(), Error> {
        let spent = || Error::Refused(Refusal::LinkSpent);
        let hash = token_hash(link).ok_or_else(spent)?;
        let (user, email) = self.recovery_of(link).await?;
        check_password(password, &email).map_err(Error::Password)?;
        let (password, salt) = (password.to_owned(), random_bytes::<16>(&*self.random));
        let phc = self.hashing(move || hash_password(&password, &salt)).await?;
        let tenants = self.store.user_tenants(user).await?;
        let first = vec![store::user::recovery::recover(hash, phc, self.now())];
        let flight = self.everywhere(peer, user, &tenants, first, Verb::UserRecovered, |tenant| {
            vec![store::session::end_all(tenant, user)]
        })?;
        match self.store.fly(flight).await {
            Err(StoreError::Unexpected) => Err(spent()),
            done => done.map(drop).map_err(Error::from),
        }
    }
}

fn letter(to: String, locale: Locale, link: &str) -> Mail {
    let (subject, text) = match locale {
        Locale::Ja => (
            "パスワードの再設定".to_owned(),
            format!(
                "STRUCTのパスワードの再設定が求められました。\n\n\
                 次のリンクを開いて、新しいパスワードを設定してください。リンクは{RECOVERY_MIN}分間、1回だけ使えます。\n\n{link}\n\n\
                 設定すると、すべての端末からサインアウトされます。\n\
                 心当たりがない場合は、このメールを破棄してください。パスワードは変わりません。\n"
            ),
        ),
        Locale::En => (
            "Setting a new password".to_owned(),
            format!(
                "A new password for STRUCT was asked for.\n\n\
                 Open this link and set one. The link works once, within {RECOVERY_MIN} minutes.\n\n{link}\n\n\
                 You will be signed out on all devices.\n\
                 If you did not ask for this, discard this mail. Your password stays as it is.\n"
            ),
        ),
    };
    Mail { to, subject, text }
}
