//! Copies of checkpoints by mail: whoever keeps them elsewhere can show later that nothing was changed. Addresses are sealed;
//! each gets one mail a day, whichever server sends it.

use super::proof::{LogName, read_note};
use crate::error::Refusal;
use crate::op::{Caller, on_fresh_rights};
use crate::{App, Error};
use domain::audit::sign::day_of;
use domain::audit::{Change, Detail, Outcome, Target, Verb};
use domain::id::{SubscriberId, TenantId};
use domain::locale::Locale;
use domain::record::Fault;
use domain::time::random_bytes;
use host::mail::{Attached, Mail, MailError};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use seal::envelope::Place;
use std::sync::Arc;
use std::time::Duration;
use store::ledger::{SubscriberRow, subscriber_add, subscriber_remove};
use store::{Flight, Head, StoreError};
use tokio::sync::watch;

/// Addresses of a tenant at most.
pub const MAX_SUBSCRIBERS: i64 = 10;
/// A day's mail goes out after this hour in Japan.
pub const MAIL_HOUR: i64 = 6;
/// How often a server looks whether somebody has not had the day's mail.
const LOOK_EVERY: Duration = Duration::from_secs(300);
/// Tenants mailed for in one round.
const TENANTS_A_ROUND: i32 = 200;

/// An address as administrators see it.
#[derive(Clone, Debug)]
pub struct SubscriberView {
    /// Its id.
    pub id: SubscriberId,
    /// The address.
    pub email: String,
    /// The language of its mails.
    pub locale: Locale,
    /// The day of the last mail.
    pub sent_on: Option<Date>,
}

impl App {
    /// Who gets the log's newest checkpoint every day.
    pub async fn log_subscribers(&self, caller: &Caller) -> Result<Vec<SubscriberView>, Error> {
        on_fresh_rights!(self, caller.tenant, async {
            let (head, _) = self.administrator(caller, "log").await?;
            let rows = self.store.log_subscribers(head).await?;
            Ok(rows.into_iter().map(|row| self.subscriber_view(caller.tenant, row)).collect())
        })
    }

    /// Lets an address have it. One that has it already goes on as it is.
    pub async fn log_subscribe(&self, caller: &Caller, email: &str, locale: Locale) -> Result<(), Error> {
        let email = domain::user::email(email).map_err(|reason| Error::Invalid(vec![Fault::new("email", reason)]))?;
        if self.log_subscribers(caller).await?.iter().any(|known| known.email == email) {
            return Ok(());
        }
        on_fresh_rights!(self, caller.tenant, self.log_subscribe_once(caller, &email, locale))
    }

    async fn log_subscribe_once(&self, caller: &Caller, email: &str, locale: Locale) -> Result<(), Error> {
        let (head, _) = self.administrator(caller, "log").await?;
        let id: SubscriberId = self.new_id();
        let keys = self.keys.tenant(caller.tenant)?;
        let sealed = keys.directory.seal(&place(caller.tenant, id), random_bytes(&*self.random), email.as_bytes());
        let row = SubscriberRow { id, email_sealed: sealed, locale: locale.tag().to_owned(), sent_on: None };
        let add = subscriber_add(caller.tenant, &row, caller.user, self.now(), MAX_SUBSCRIBERS);
        match self.change_subscribers(caller, head, (None, Some(email)), add).await {
            Err(StoreError::Unexpected) => Err(Error::Refused(Refusal::TooManyAddresses)),
            done => Ok(done?),
        }
    }

    /// Lets an address have it no longer.
    pub async fn log_unsubscribe(&self, caller: &Caller, id: SubscriberId) -> Result<(), Error> {
        let known = self.log_subscribers(caller).await?.into_iter().find(|known| known.id == id);
        on_fresh_rights!(self, caller.tenant, async {
            let (head, _) = self.administrator(caller, "log").await?;
            let Some(known) = &known else {
                return Err(self.nothing_there(caller, head, format!("log address {id}")).await);
            };
            let remove = subscriber_remove(caller.tenant, id);
            match self.change_subscribers(caller, head, (Some(&known.email), None), remove).await {
                // Somebody else was quicker.
                Err(StoreError::Unexpected) => Ok(()),
                done => Ok(done?),
            }
        })
    }

    async fn change_subscribers(
        &self,
        caller: &Caller,
        head: Head,
        (before, after): (Option<&str>, Option<&str>),
        statement: store::Statement,
    ) -> Result<(), StoreError> {
        let change = Change { field: "email".to_owned(), before: before.map(masked), after: after.map(masked) };
        let detail = Detail { changes: vec![change], ..Detail::default() };
        let entry = self.entry_of(caller, Verb::AuditMailChanged, Outcome::Done, Target::default(), detail);
        let entry = entry.map_err(|error| StoreError::Fault(error.to_string()))?;
        self.store.fly(Flight::write(head, vec![statement], &[entry])).await.map(drop)
    }

    fn subscriber_view(&self, tenant: TenantId, row: SubscriberRow) -> SubscriberView {
        let keys = self.keys.tenant(tenant).ok();
        let opened = keys.and_then(|keys| keys.directory.open(&place(tenant, row.id), &row.email_sealed).ok());
        SubscriberView {
            id: row.id,
            email: opened.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default(),
            locale: Locale::parse(&row.locale).unwrap_or_default(),
            sent_on: row.sent_on,
        }
    }

    /// Mails checkpoints by the clock, until asked to stop.
    pub async fn mail_checkpoints_daily(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.mail_checkpoints().await {
                Ok(0) => {}
                Ok(sent) => tracing::info!(sent, "checkpoints were mailed"),
                Err(error) => tracing::warn!(%error, "checkpoints can't be mailed now"),
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Sends what is due of the day's mails; how many. A mail that the server may take later is tried in the next round.
    pub async fn mail_checkpoints(&self) -> Result<usize, Error> {
        let day = mail_day(self.now());
        let mut sent = 0;
        for tenant in self.store.log_mail_due(day, TENANTS_A_ROUND).await? {
            let Some(note) = self.log_checkpoint(LogName::Tenant(tenant)).await? else { continue };
            let Some(name) = self.store.tenant_name(tenant).await? else { continue };
            for row in self.store.log_mail_take(tenant, day).await? {
                let id = row.id;
                match self.mail_checkpoint(&self.subscriber_view(tenant, row), &name, &note).await {
                    Ok(()) => sent += 1,
                    Err(error) => {
                        tracing::error!(%error, "a checkpoint could not be mailed");
                        if error.may_pass() {
                            self.store.log_mail_give_back(tenant, id).await?;
                        }
                    }
                }
            }
        }
        Ok(sent)
    }

    async fn mail_checkpoint(&self, to: &SubscriberView, tenant: &str, note: &str) -> Result<(), MailError> {
        let (checkpoint, _) = read_note(note).map_err(|error| MailError::Settings(error.to_string()))?;
        let (subject, text) = letter(to.locale, tenant, checkpoint.size, note);
        let mail = Mail { to: to.email.clone(), subject, text };
        let day = self.now().strftime("%Y%m%d");
        let name = format!("struct-checkpoint-{}-{day}.txt", checkpoint.size);
        let file = Attached { name, bytes: note.as_bytes().to_vec() };
        self.mailer.send_with(&mail, Some(&file), self.now(), &*self.random).await
    }
}

/// The day whose mail is due: it begins at `MAIL_HOUR`.
fn mail_day(now: Timestamp) -> Date {
    day_of(now.saturating_sub(SignedDuration::from_hours(MAIL_HOUR)).unwrap_or(now))
}

fn place(tenant: TenantId, id: SubscriberId) -> Place<'static> {
    Place { tenant: tenant.bytes(), service: "", entity: "struct.log_subscriber", record: id.bytes(), version: 1 }
}

/// Enough to know which address is meant, for who knows it.
fn masked(email: &str) -> String {
    let (name, domain) = email.split_once('@').unwrap_or((email, ""));
    format!("{}•••@{domain}", name.chars().next().unwrap_or_default())
}

fn letter(locale: Locale, tenant: &str, size: u64, note: &str) -> (String, String) {
    match locale {
        Locale::Ja => (
            format!("{tenant}: 操作ログのチェックポイント({size}件)"),
            format!(
                "{tenant}の操作ログの、今日のチェックポイント(署名付きの要約)です。添付のファイルと、下の文字列は同じものです。\n\n\
                 STRUCTの外に、このまま保存してください。後からログが書き換えられたり、削られたりしていないかを、だれでも\
                 次のように確かめられます。\n\n\
                 1. STRUCTの「改ざん検知ログ」の画面で、ログ全体をダウンロードします。\n\
                 2. struct-verify log <ダウンロードしたファイル> --earlier <この添付ファイル>\n\n\
                 件数: {size}\n\n----- ここから -----\n{note}----- ここまで -----\n\n\
                 このメールは、管理者が「改ざん検知ログ」の画面で宛先に登録した方に、1日に1回送られます。\
                 止めるときは、管理者に伝えてください。\n"
            ),
        ),
        Locale::En => (
            format!("{tenant}: checkpoint of the log ({size} entries)"),
            format!(
                "This is today's checkpoint, a signed summary, of the log of {tenant}. The attached file and the lines below are \
                 the same.\n\n\
                 Keep it as it is, outside STRUCT. With it anybody can check later that nothing in the log was changed or taken \
                 away:\n\n\
                 1. Download the whole log on the page “Tamper-evident log” of STRUCT.\n\
                 2. struct-verify log <the downloaded file> --earlier <the attached file>\n\n\
                 Entries: {size}\n\n----- begin -----\n{note}----- end -----\n\n\
                 This mail goes once a day to those whom an administrator entered on that page. To stop it, tell an \
                 administrator.\n"
            ),
        ),
    }
}
