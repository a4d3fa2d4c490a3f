//! Another e-mail address: asked for with the password, confirmed from both addresses. Until then everything stays as it is.

use crate::error::Refusal;
use crate::op::{Caller, Peer, head, on_fresh_rights};
use crate::{App, Error};
use domain::audit::{Detail, Outcome, Target, Verb};
use domain::locale::Locale;
use domain::record::{Fault, FaultReason};
use domain::session::attempt::Aim;
use domain::session::{new_token, token_hash};
use domain::time::random_bytes;
use domain::user::{email, email_fault};
use host::mail::Mail;
use jiff::SignedDuration;
use store::user::readdressing::NewReaddressing;
use store::{Flight, StoreError};

/// How long a change waits for both addresses.
pub const READDRESSING_HOURS: i64 = 24;

/// What a link confirms.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Readdressing {
    /// The new address.
    pub email: String,
    /// Whether the link was mailed to it, not to the present one.
    pub is_new: bool,
    /// Whether the other address has confirmed.
    pub other_done: bool,
}

impl App {
    /// The caller's own address.
    pub async fn own_address(&self, caller: &Caller) -> Result<String, Error> {
        on_fresh_rights!(self, caller.tenant, self.own_address_once(caller))
    }

    async fn own_address_once(&self, caller: &Caller) -> Result<String, Error> {
        let snapshot = self.snapshot(caller.tenant).await?;
        let sealed = self.store.address_of(head(caller, &snapshot), caller.user).await?.ok_or(Error::NotFound)?;
        Ok(self.open_email(caller.user, &sealed))
    }

    /// Asks for another address. A wrong password counts like a try to sign in. The answer is the same when another account has
    /// the address: only its owner learns of it.
    pub async fn ask_readdressing(&self, caller: &Caller, address: &str, password: &str) -> Result<(), Error> {
        let new = email(address).map_err(|reason| Error::Invalid(vec![email_fault(reason)]))?;
        let old = self.own_address(caller).await?;
        if new == old {
            return Err(Error::Invalid(vec![Fault::new("email", FaultReason::Taken)]));
        }
        self.check_own_password(&caller.peer, &old, password).await?;
        if !self.try_mailing(&caller.peer, Aim::Readdressing, &old).await? {
            return Err(Error::Refused(Refusal::TooMany));
        }
        let (old_token, new_token_) = (new_token(&*self.random), new_token(&*self.random));
        let hash = |token: &str| token_hash(token).ok_or_else(|| Error::Internal("a new token is no token".to_owned()));
        let keys = self.keys.platform()?;
        let asked = NewReaddressing {
            user: caller.user,
            email_index: keys.email.exact(&new),
            email_sealed: keys.directory.seal(
                &super::account_place(caller.user),
                random_bytes(&*self.random),
                new.as_bytes(),
            ),
            old_hash: hash(&old_token)?,
            new_hash: hash(&new_token_)?,
            until: self.now() + SignedDuration::from_hours(READDRESSING_HOURS),
        };
        on_fresh_rights!(self, caller.tenant, self.keep_readdressing(caller, &asked))?;
        let taken = self.store.recovery_account(asked.email_index).await?.is_some();
        self.mail_readdressing(caller, old.clone(), &new, &old_token, false).await?;
        if taken { Ok(()) } else { self.mail_readdressing(caller, new.clone(), &new, &new_token_, true).await }
    }

    async fn keep_readdressing(&self, caller: &Caller, asked: &NewReaddressing) -> Result<(), Error> {
        let snapshot = self.snapshot(caller.tenant).await?;
        let target = Target { user: Some(caller.user), ..Target::default() };
        let entry = self.entry_of(caller, Verb::UserAddressAsked, Outcome::Done, target, Detail::default())?;
        let statement = store::user::readdressing::add(asked.clone());
        self.store.fly(Flight::write(head(caller, &snapshot), vec![statement], &[entry])).await?;
        Ok(())
    }

    /// Whether a password is the one of an address; counted as a try to sign in.
    async fn check_own_password(&self, peer: &Peer, address: &str, password: &str) -> Result<(), Error> {
        let tried = self.try_signing_in(peer, address).await?;
        if tried.wait_s > 0 {
            return Err(Error::Throttled { wait_s: i64::from(tried.wait_s) });
        }
        let phc = tried.password_phc.unwrap_or_else(|| domain::user::DECOY_PHC.to_owned());
        if self.verify(password, phc).await? {
            return Ok(self.store.attempt_refund(&tried.counted).await?);
        }
        Err(Error::Refused(Refusal::WrongPassword))
    }

    /// What a link confirms. Looking at it changes nothing.
    pub async fn readdressing(&self, link: &str) -> Result<Readdressing, Error> {
        let spent = Error::Refused(Refusal::LinkSpent);
        let Some(hash) = token_hash(link) else { return Err(spent) };
        let Some(row) = self.store.readdressing_linked(hash, self.now()).await? else { return Err(spent) };
        let email = self.open_email(row.user, &row.email_sealed);
        Ok(Readdressing { email, is_new: row.is_new, other_done: row.other_done })
    }

    /// Confirms with one of the links; true when the address is changed by it.
    pub async fn confirm_readdressing(&self, peer: &Peer, link: &str) -> Result<bool, Error> {
        match self.confirm_once(peer, link).await {
            // The other address confirmed at this very moment: now it is known which of the two came last.
            Err(Error::Refused(Refusal::LinkSpent)) => self.confirm_once(peer, link).await,
            done => done,
        }
    }

    async fn confirm_once(&self, peer: &Peer, link: &str) -> Result<bool, Error> {
        let spent = || Error::Refused(Refusal::LinkSpent);
        let hash = token_hash(link).ok_or_else(spent)?;
        let row = self.store.readdressing_linked(hash, self.now()).await?.ok_or_else(spent)?;
        let verb = if row.other_done { Verb::UserAddressChanged } else { Verb::UserAddressConfirmed };
        let tenants = self.store.user_tenants(row.user).await?;
        let first = vec![store::user::readdressing::confirm(hash, row.other_done, self.now())];
        let flight = self.everywhere(peer, row.user, &tenants, first, verb, |_| Vec::new())?;
        match self.store.fly(flight).await {
            Err(StoreError::Unexpected) => Err(spent()),
            done => done.map(|_| row.other_done).map_err(Error::from),
        }
    }

    async fn mail_readdressing(
        &self,
        caller: &Caller,
        to: String,
        new: &str,
        token: &str,
        is_new: bool,
    ) -> Result<(), Error> {
        let link = format!("{}/address/{token}", self.settings.public_url);
        let mail = letter(to, caller.peer.locale, new, &link, is_new);
        self.mailer.send(&mail, self.now(), &*self.random).await.map_err(|error| {
            tracing::error!(%error, "a mail about another address could not be sent");
            Error::Refused(Refusal::MailNotSent)
        })
    }
}

fn letter(to: String, locale: Locale, new: &str, link: &str, is_new: bool) -> Mail {
    let (subject, text) = match (locale, is_new) {
        (Locale::Ja, _) => (
            "メールアドレスの変更の確認".to_owned(),
            format!(
                "STRUCTのサインインに使うメールアドレスを、次のアドレスに変える手続きが始まりました。\n\n{new}\n\n\
                 {READDRESSING_HOURS}時間の中で、いまのアドレスと新しいアドレスの両方に届いたリンクを開くと、変わります。\n\n{link}\n\n\
                 心当たりがない場合は、リンクを開かないでください。アドレスは変わりません。{}\n",
                if is_new { "" } else { "会社の管理者にも知らせてください。" }
            ),
        ),
        (Locale::En, _) => (
            "Confirming another e-mail address".to_owned(),
            format!(
                "Somebody asked that you sign in to STRUCT with this address from now on.\n\n{new}\n\n\
                 It changes when the links mailed to the present and to the new address are both opened within {READDRESSING_HOURS} hours.\n\n{link}\n\n\
                 If you did not ask for this, do not open the link. The address stays as it is.{}\n",
                if is_new { "" } else { " Please tell your administrators, too." }
            ),
        ),
    };
    Mail { to, subject, text }
}
