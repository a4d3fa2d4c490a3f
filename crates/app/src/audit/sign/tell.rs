//! Telling of signs: the tenant's administrators by mail with a name, the operator by mail without one. A sign is told by one
//! server at a time, and by another when that one dies; nothing is decided here.

use crate::{App, Error};
use domain::audit::sign::Sign;
use domain::id::{SignId, TenantId};
use domain::locale::Locale;
use host::mail::Mail;
use store::sign::SignRow;
use store::{Check, Head};

/// How long one server has for telling before another may try, in seconds.
const TELLING_SECS: i32 = 60;
/// Signs told in one round.
const MAX_TOLD: i32 = 50;

impl App {
    /// Tells of signs that nobody has been told of; how many.
    pub async fn tell_signs(&self) -> Result<usize, Error> {
        let mut told = 0;
        for (tenant, id) in self.store.sign_claim(TELLING_SECS, MAX_TOLD).await? {
            match self.tell(tenant, id).await {
                Ok(()) => told += 1,
                Err(error) => tracing::error!(%error, "a sign of fraud could not be told; it is tried again"),
            }
        }
        Ok(told)
    }

    async fn tell(&self, tenant: TenantId, id: SignId) -> Result<(), Error> {
        let head = Head { tenant, check: Check::Nothing };
        let Some(row) = self.store.sign(head, id).await? else { return Ok(()) };
        let Some(tenant_name) = self.store.tenant_name(tenant).await? else { return Ok(()) };
        let user = self.name(tenant, row.user).await?.unwrap_or_else(|| row.user.to_string());
        let mut failed = 0;
        let addresses = self.told(tenant, &row).await?;
        for to in &addresses {
            failed += usize::from(!self.mail_sign(to, &tenant_name, Some(&user), &row.sign).await);
        }
        if let Some(to) = &self.settings.operator_address
            && !self.mail_sign(to, &tenant.to_string(), None, &row.sign).await
        {
            failed += 1;
        }
        // Who got it is not told again because somebody else's address is wrong.
        if failed > 0 && failed == addresses.len() + usize::from(self.settings.operator_address.is_some()) {
            return Err(Error::Internal("no mail about a sign could be sent".to_owned()));
        }
        Ok(self.store.sign_told(tenant, id, self.now()).await?)
    }

    /// Addresses of administrators who took up their invitation; the one whom the sign is about only when alone.
    async fn told(&self, tenant: TenantId, row: &SignRow) -> Result<Vec<String>, Error> {
        let members = self.store.members(Head { tenant, check: Check::Nothing }).await?;
        let all = || members.iter().filter(|member| member.active && member.administrator && member.joined);
        let alone = !all().any(|member| member.user != row.user);
        let told = all().filter(|member| alone || member.user != row.user);
        Ok(told.map(|member| self.open_email(member.user, &member.email_sealed)).collect())
    }

    async fn mail_sign(&self, to: &str, tenant: &str, user: Option<&str>, sign: &Sign) -> bool {
        let mail = letter(to, &self.settings.public_url, tenant, user, sign);
        let sent = self.mailer.send(&mail, self.now(), &*self.random).await;
        if let Err(error) = &sent {
            tracing::error!(%error, "a mail about a sign of fraud could not be sent");
        }
        sent.is_ok()
    }
}

/// In both languages: which one a member reads is known only while they are there.
fn letter(to: &str, url: &str, tenant: &str, user: Option<&str>, sign: &Sign) -> Mail {
    let (rule_ja, rule_en) = (sign.rule.sentence(Locale::Ja), sign.rule.sentence(Locale::En));
    let (value, limit) = (sign.figures.value, sign.figures.limit);
    let usual = sign.figures.spread.map(|spread| (spread.median, spread.mad));
    let usual_ja =
        usual.map_or_else(String::new, |(median, mad)| format!("ふだんの1日: 中央値 {median}、中央絶対偏差 {mad}\n"));
    let usual_en = usual.map_or_else(String::new, |(median, mad)| format!("Usual day: median {median}, MAD {mad}\n"));
    let (who_ja, who_en) = match user {
        Some(user) => (format!("利用者: {user}\n"), format!("Member: {user}\n")),
        None => (String::new(), String::new()),
    };
    let page = if user.is_some() { format!("{url}/app/admin/signs\n") } else { "struct audit signs\n".to_owned() };
    Mail {
        to: to.to_owned(),
        subject: format!("{tenant}: {rule_ja}"),
        text: format!(
            "{rule_ja}\n\n{who_ja}規則: {code}\n値: {value}(上限 {limit})\n{usual_ja}\n次のページで確かめ、確認した内容を記入して閉じてください。\n{page}\n\
             ――\n{rule_en}\n\n{who_en}Rule: {code}\nValue: {value} (limit {limit})\n{usual_en}\nPlease look into it, and close it with what you found:\n{page}",
            code = sign.rule.code(),
        ),
    }
}
