//! Mail to people: invitations now. How it is carried is `host::mail`'s; texts stand here in both languages.

use crate::error::Refusal;
use crate::user::Invited;
use crate::{App, Error};
use domain::locale::Locale;
use host::mail::Mail;

pub use host::mail::Letter;

impl App {
    /// Mails an invitation. The member is there already; a failure says so, and inviting again sends a new link.
    pub(crate) async fn mail_invitation(
        &self,
        tenant_name: &str,
        locale: Locale,
        invited: &Invited,
    ) -> Result<(), Error> {
        let hours = crate::user::INVITATION_HOURS;
        let link = &invited.link;
        let (subject, text) = match locale {
            Locale::Ja => (
                format!("{tenant_name}への招待"),
                format!(
                    "{tenant_name}の管理者が、あなたをSTRUCTに招待しました。\n\n\
                     次のリンクを開いて、パスワードを設定してください。リンクは{hours}時間、1回だけ使えます。\n\n{link}\n\n\
                     心当たりがない場合は、このメールを破棄してください。何も登録されません。\n"
                ),
            ),
            Locale::En => (
                format!("Invitation to {tenant_name}"),
                format!(
                    "An administrator of {tenant_name} has invited you to STRUCT.\n\n\
                     Open this link and set a password. The link works once, within {hours} hours.\n\n{link}\n\n\
                     If you did not expect this, discard this mail. Nothing will be registered.\n"
                ),
            ),
        };
        let mail = Mail { to: invited.email.clone(), subject, text };
        self.mailer.send(&mail, self.now(), &*self.random).await.map_err(|error| {
            tracing::error!(%error, "an invitation could not be mailed");
            Error::Refused(Refusal::MailNotSent)
        })
    }

    /// Mail in the outgoing folder, newest first; None unless this is a demo.
    pub async fn demo_mails(&self, limit: usize) -> Result<Option<Vec<Letter>>, Error> {
        let Some(folder) = self.mailer.folder().filter(|_| self.settings.demo) else { return Ok(None) };
        let mut letters = folder.list().map_err(|error| Error::Internal(error.to_string()))?;
        letters.truncate(limit);
        Ok(Some(letters))
    }
}
