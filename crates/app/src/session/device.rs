//! Devices: knowing them again, telling the owner of a new one, and what follows when the owner says that it was not them.
//! Nobody is signed in by a device.

use crate::error::Refusal;
use crate::op::{Peer, describe_peer};
use crate::session::{Proven, SignedIn};
use crate::{App, Error};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::audit::{Actor, Detail, Outcome, Target, Verb};
use domain::id::{TenantId, UserId};
use domain::locale::Locale;
use domain::session::device::{self, KNOWN_DAYS, LINK_HOURS};
use domain::session::{new_token, token_hash};
use domain::time::random_bytes;
use host::mail::Mail;
use jiff::{SignedDuration, Timestamp};
use seal::envelope::Place;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use store::session::device::{NewDevice, UntoldRow};
use store::{Check, Flight, Head, Statement, StoreError};
use tokio::sync::watch;
use uuid::Uuid;

/// How long one server has for telling an owner before another may try, in seconds.
const TELLING_S: i32 = 30;
/// Owners told in one round.
const MAX_TOLD: i32 = 50;
/// How often it is looked for owners to be told: well within a minute, should the bell have been missed.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// Rounds after which what nobody waits for is forgotten: an hour.
const ROUNDS_TO_FORGET: u32 = 240;
/// What the entry of a sign-in on an unknown device says.
pub const NEW_DEVICE: &str = "new_device";

/// A sign-in on a device that was not known, as its owner is told of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Described {
    /// When.
    pub at: Timestamp,
    /// The browser's own description.
    pub device: String,
    /// Network address.
    pub address: Option<String>,
}

/// The owner of a device.
pub(crate) struct Remembered {
    /// What is stored with the session.
    pub(crate) statements: Vec<Statement>,
    /// The new value of the browser's cookie.
    pub(crate) cookie: Option<String>,
    /// What the entry of the sign-in says.
    pub(crate) note: Option<String>,
}

impl App {
    /// What becomes of the device of a sign-in: a known one stays known, another one is known from now on, and told of. Always
    /// by a token of our own making: one that a browser brought along is never taken over.
    pub(crate) fn remember_device(&self, peer: &Peer, user: UserId, known: Option<Uuid>) -> Result<Remembered, Error> {
        let until = self.now() + SignedDuration::from_hours(KNOWN_DAYS * 24);
        if let Some(device) = known {
            let statements = vec![store::session::device::used(device, until)];
            let cookie = Some(peer.device_cookie.clone());
            return Ok(Remembered { statements, cookie, note: None });
        }
        let (statement, cookie) = self.new_device(peer, user, true)?;
        Ok(Remembered { statements: vec![statement], cookie: Some(cookie), note: Some(NEW_DEVICE.to_owned()) })
    }

    /// Makes a device known: the statement, and the new value of the browser's cookie.
    pub(crate) fn new_device(&self, peer: &Peer, user: UserId, tell: bool) -> Result<(Statement, String), Error> {
        let (keys, now, token) = (self.keys.platform()?, self.now(), new_token(&*self.random));
        let until = now + SignedDuration::from_hours(KNOWN_DAYS * 24);
        let hash = token_hash(&token).ok_or_else(|| Error::Internal("a new token is no token".to_owned()))?;
        let device: Uuid = self.new_id();
        let mut detail = Detail::default();
        describe_peer(&mut detail, peer);
        let described = Described { at: now, device: detail.device.unwrap_or_default(), address: detail.address };
        let json = serde_json::to_vec(&described).map_err(|error| Error::Internal(error.to_string()))?;
        let described_sealed = keys.directory.seal(&place(device), random_bytes(&*self.random), &json);
        let signed = format!("{token}.{}", URL_SAFE_NO_PAD.encode(keys.device.exact(&token)));
        let new = NewDevice { device, user, hash, described_sealed, tell, now, until };
        Ok((store::session::device::add(new), device::with(&peer.device_cookie, &signed)))
    }

    /// Tells owners of new devices until asked to stop. A round that fails is logged and tried again.
    pub async fn tell_owners(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut round: u32 = 0;
        while !*stop.borrow() {
            if let Err(error) = self.tell_of_devices().await {
                tracing::warn!(%error, "owners can't be told of new devices");
            }
            if round.is_multiple_of(ROUNDS_TO_FORGET)
                && let Err(error) = self.store.identity_forget(self.now()).await
            {
                tracing::warn!(%error, "old tries and links can't be forgotten");
            }
            round = round.wrapping_add(1);
            tokio::select! {
                () = self.device_bell.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Tells owners of devices that nobody has told them of; how many.
    pub async fn tell_of_devices(&self) -> Result<usize, Error> {
        let mut told = 0;
        for row in self.store.device_claim(TELLING_S, MAX_TOLD, self.now()).await? {
            match self.tell_of(&row).await {
                Ok(()) => told += 1,
                Err(error) => tracing::error!(%error, "an owner could not be told of a new device; it is tried again"),
            }
        }
        Ok(told)
    }

    async fn tell_of(&self, row: &UntoldRow) -> Result<(), Error> {
        let token = new_token(&*self.random);
        let hash = token_hash(&token).ok_or_else(|| Error::Internal("a new token is no token".to_owned()))?;
        let until = self.now() + SignedDuration::from_hours(LINK_HOURS);
        if !self.store.device_link(row.device, hash, until).await? {
            return Ok(());
        }
        let described = self.described(row.device, &row.described_sealed)?;
        let to = self.open_email(row.user, &row.email_sealed);
        let mail = letter(to, &format!("{}/device/{token}", self.settings.public_url), &described);
        self.mailer
            .send(&mail, self.now(), &*self.random)
            .await
            .map_err(|error| Error::Internal(format!("mail about a new device: {error}")))?;
        Ok(self.store.device_told(row.device, self.now()).await?)
    }

    fn described(&self, device: Uuid, sealed: &[u8]) -> Result<Described, Error> {
        let opened = self.keys.platform()?.directory.open(&place(device), sealed);
        let opened = opened.map_err(|error| Error::Internal(format!("a device's description: {error}")))?;
        serde_json::from_slice(&opened).map_err(|error| Error::Internal(error.to_string()))
    }

    /// The sign-in that a mailed link is about. Looking at it changes nothing: programs look at links too.
    pub async fn device_in_question(&self, link: &str) -> Result<Described, Error> {
        let spent = Error::Refused(Refusal::LinkSpent);
        let Some(hash) = token_hash(link) else { return Err(spent) };
        let Some(row) = self.store.device_linked(hash, self.now()).await? else { return Err(spent) };
        self.described(row.device, &row.described_sealed)
    }

    /// The owner says that it was not them: all their sessions end, the password opens nothing until it is recovered, and in each
    /// of their tenants they are frozen, by one transaction. The administrators are told by mail.
    pub async fn disown_device(self: &Arc<Self>, peer: &Peer, link: &str) -> Result<(), Error> {
        let spent = || Error::Refused(Refusal::LinkSpent);
        let hash = token_hash(link).ok_or_else(spent)?;
        let now = self.now();
        let row = self.store.device_linked(hash, now).await?.ok_or_else(spent)?;
        let described = self.described(row.device, &row.described_sealed)?;
        let tenants = self.store.user_tenants(row.user).await?;
        let first = vec![store::session::device::disown(hash, now)];
        let flight = self.everywhere(peer, row.user, &tenants, first, Verb::UserDisowned, |tenant| {
            let freeze = store::user::recovery::freeze(tenant, row.user, now);
            vec![store::session::end_all(tenant, row.user), freeze, store::access::rights_changed()]
        })?;
        match self.store.fly(flight).await {
            Err(StoreError::Unexpected) => return Err(spent()),
            done => done.map(drop)?,
        }
        for tenant in tenants {
            self.forget_rights(tenant);
            let (app, described) = (Arc::clone(self), described.clone());
            tokio::spawn(async move {
                if let Err(error) = app.tell_administrators(tenant, row.user, &described).await {
                    tracing::error!(%error, "administrators could not be told of a frozen member");
                }
            });
        }
        Ok(())
    }

    /// One act on a person in all their tenants, with its entry in each: all of it or nothing.
    pub(crate) fn everywhere(
        &self,
        peer: &Peer,
        user: UserId,
        tenants: &[TenantId],
        first: Vec<Statement>,
        verb: Verb,
        statements: impl Fn(TenantId) -> Vec<Statement>,
    ) -> Result<Flight, Error> {
        let entry = |tenant| {
            let mut detail = Detail::default();
            describe_peer(&mut detail, peer);
            let target = Target { user: Some(user), ..Target::default() };
            self.entry(tenant, Actor::Anyone, verb, Outcome::Done, peer.request, target, detail)
        };
        let (tenant, others) = tenants.split_first().ok_or(Error::Refused(Refusal::LinkSpent))?;
        let all = first.into_iter().chain(statements(*tenant)).collect();
        let mut flight = Flight::write(Head { tenant: *tenant, check: Check::Nothing }, all, &[entry(*tenant)?]);
        for other in others {
            flight = flight.also(*other, statements(*other), &[entry(*other)?]);
        }
        Ok(flight)
    }

    async fn tell_administrators(&self, tenant: TenantId, user: UserId, described: &Described) -> Result<(), Error> {
        let Some(tenant_name) = self.store.tenant_name(tenant).await? else { return Ok(()) };
        let name = self.name(tenant, user).await?.unwrap_or_else(|| user.to_string());
        let members = self.store.members(Head { tenant, check: Check::Nothing }).await?;
        for member in members.iter().filter(|member| member.active && member.administrator && member.joined) {
            let to = self.open_email(member.user, &member.email_sealed);
            let page = format!("{}/app/admin/users/{user}", self.settings.public_url);
            let mail = warning(to, &tenant_name, &name, &page, described);
            if let Err(error) = self.mailer.send(&mail, self.now(), &*self.random).await {
                tracing::error!(%error, "an administrator could not be told of a frozen member");
            }
        }
        Ok(())
    }
}

fn place<'a>(device: Uuid) -> Place<'a> {
    Place { tenant: [0; 16], service: "", entity: "struct.device", record: *device.as_bytes(), version: 1 }
}

/// Time, device and network, a line each.
fn lines(locale: Locale, described: &Described) -> String {
    let at = domain::time::japanese(described.at);
    let device = device::line(&described.device);
    let address = described.address.as_deref().unwrap_or("―");
    match locale {
        Locale::Ja => format!("日時: {at}(日本時間)\n端末: {device}\nIPアドレス: {address}\n"),
        Locale::En => format!("Time: {at} (Japan)\nDevice: {device}\nIP address: {address}\n"),
    }
}

/// To the owner, in both languages: which one they read is not known of whoever signed in.
fn letter(to: String, link: &str, described: &Described) -> Mail {
    let (ja, en) = (lines(Locale::Ja, described), lines(Locale::En, described));
    Mail {
        to,
        subject: "新しい端末でサインインがありました / New sign-in to STRUCT".to_owned(),
        text: format!(
            "これまで使われていない端末で、あなたのアカウントにサインインがありました。\n\n{ja}\n\
             ご自身のサインインなら、何もする必要はありません。\n\n身に覚えがない場合は、すぐに次のページを開いてください。サインインせずに、\
             すべての端末のサインインを終わらせ、抽出と権限の変更を止められます。リンクは{LINK_HOURS}時間使えます。\n\n{link}\n\n\
             ――\nSomebody signed in to your account on a device that had not been used before.\n\n{en}\n\
             If it was you, there is nothing to do.\n\nIf it was not, open this page now. Without signing in, you can end all sessions and stop extraction \
             and changes of rights. The link works for {LINK_HOURS} hours.\n\n{link}\n"
        ),
    }
}

/// To the administrators.
fn warning(to: String, tenant: &str, name: &str, page: &str, described: &Described) -> Mail {
    let (ja, en) = (lines(Locale::Ja, described), lines(Locale::En, described));
    Mail {
        to,
        subject: format!("{tenant}: {name}さんが、身に覚えのないサインインを知らせました"),
        text: format!(
            "{name}さんが、次のサインインは自分のものではないと知らせました。\n\n{ja}\n\
             {name}さんのすべての端末のサインインを終わらせ、抽出と権限の変更を止めました。本人は、新しいパスワードを設定するまでサインインできません。\n\
             操作ログを確かめ、安全を確認してから、次のページで停止を解除してください。\n\n{page}\n\n\
             ――\n{name} says that this sign-in was not theirs.\n\n{en}\n\
             All their sessions were ended; extraction and changes of rights are stopped. They can't sign in before they have set a new password.\n\
             Look into the log, and lift the stop when it is safe:\n\n{page}\n"
        ),
    }
}

impl App {
    /// Opens the session of a sign-in, once everything that is demanded has been proven.
    pub(crate) async fn enter_proven(&self, peer: &Peer, proven: Proven) -> Result<SignedIn, Error> {
        let remembered = self.remember_device(peer, proven.user, proven.device)?;
        let mut more = vec![store::user::recovery::still(proven.user, proven.phc)];
        more.extend(remembered.statements);
        more.push(store::session::attempt::refund(proven.counted));
        let opened = self.open_session(peer, proven.tenant, proven.user, more, remembered.note).await;
        let signed_in = opened.map_err(|error| match error {
            // The password was changed, or the account closed, while this one was being checked.
            Error::NotFound => Error::SignedOut,
            other => other,
        })?;
        if proven.device.is_none() {
            self.device_bell.notify_one();
        }
        Ok(SignedIn { device_cookie: remembered.cookie, ..signed_in })
    }
}
