//! Certificates from an authority that is asked by ACME (RFC 8555): an account, an order, its challenges, the certificate on
//! disk. Decides no time: when an order is due is said by `Tls`, and the clock is the caller's.

mod exchange;

use super::{Pending, TlsError, pair, read};
use crate::file::{Target, private_directory};
use crate::https::HttpsError;
use exchange::Exchange;
use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Identifier, NewAccount, NewOrder, Order,
    OrderStatus, RetryPolicy,
};
use rustls::{crypto::CryptoProvider, sign::CertifiedKey};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// In the directory of certificates.
const FOLDER: &str = "acme";
/// The account's key and address, for us alone.
const ACCOUNT_FILE: &str = "account.json";
/// Key and chain as given, in one file so that they always match.
const GIVEN_FILE: &str = "server.pem";
/// Names in one certificate at most, as authorities have it.
pub const MAX_NAMES: usize = 100;
/// How long an authority may take over the challenges, and again over the certificate.
const PATIENCE: RetryPolicy = RetryPolicy::new().timeout(Duration::from_secs(180));
/// The pause after a first failed order. Authorities allow few failures an hour.
const FIRST_PAUSE: Duration = Duration::from_secs(5 * 60);
/// The longest pause: a certificate of 90 days is tried for 30 days, sixty times.
const LONGEST_PAUSE: Duration = Duration::from_secs(12 * 3600);

/// Which challenge is answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Challenge {
    /// Over plain HTTP: the authority comes to port 80.
    Http01,
    /// Over TLS: it comes to port 443.
    TlsAlpn01,
}

/// Whom to ask, for what.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The authority's directory: `https://…`.
    pub directory: String,
    /// Where the authority may write to: `mailto:…`.
    pub contact: Option<String>,
    /// Which challenge is answered.
    pub challenge: Challenge,
    /// Authorities (PEM) trusted for the directory instead of the machine's.
    pub authority: Option<PathBuf>,
    /// Names the certificate is to be for.
    pub names: Vec<String>,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum AcmeError {
    /// What is configured can't work.
    #[error("tls.acme: {0}")]
    Settings(String),
    /// The authority can't be reached, or is not who it should be.
    #[error(
        "the certificate authority {directory} can't be asked: {source}. If it is one of your own, name its certificate with tls.acme.ca_file"
    )]
    Unreachable {
        /// Where it was asked.
        directory: String,
        /// Why.
        source: HttpsError,
    },
    /// The authority said no.
    #[error("the certificate authority {directory} refused {what}: {reason}")]
    Refused {
        /// Where it was asked.
        directory: String,
        /// What it was asked for.
        what: &'static str,
        /// In its words.
        reason: String,
    },
    /// It does not offer the challenge.
    #[error(
        "the certificate authority {directory} does not offer {kind} for {name}; choose the other challenge in tls.acme"
    )]
    NotOffered {
        /// Where it was asked.
        directory: String,
        /// The challenge.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A file, a key or a certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl Challenge {
    /// As in the configuration and in RFC 8555.
    pub fn code(self) -> &'static str {
        match self {
            Self::Http01 => "http-01",
            Self::TlsAlpn01 => "tls-alpn-01",
        }
    }

    fn kind(self) -> ChallengeType {
        match self {
            Self::Http01 => ChallengeType::Http01,
            Self::TlsAlpn01 => ChallengeType::TlsAlpn01,
        }
    }
}

/// How long to wait after so many failed orders in a row.
pub fn pause_after(failures: u32) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
    doubled.min(LONGEST_PAUSE)
}

/// The certificate given last.
pub(super) fn given(dir: &Path, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let file = dir.join(FOLDER).join(GIVEN_FILE);
    let pem = read(&file)?;
    pair(&file, &pem, &file, &pem, provider)
}

#[derive(Serialize, Deserialize)]
struct KeptAccount {
    directory: String,
    credentials: AccountCredentials,
}

/// Orders certificates from one authority.
#[derive(Debug)]
pub struct Acme {
    folder: PathBuf,
    settings: Settings,
}

impl Acme {
    /// Keeps account and certificate under `dir`, the directory of certificates. Asks nobody yet.
    pub fn new(dir: &Path, settings: Settings) -> Result<Self, AcmeError> {
        let refuse = |reason: String| Err(AcmeError::Settings(reason));
        if !settings.directory.starts_with("https://") {
            return refuse(format!("directory begins with https:// (it is {})", settings.directory));
        }
        if settings.contact.as_ref().is_some_and(|contact| !contact.starts_with("mailto:")) {
            return refuse("contact begins with mailto:".to_owned());
        }
        if settings.names.is_empty() || settings.names.len() > MAX_NAMES {
            return refuse(format!("a certificate is for 1 to {MAX_NAMES} names"));
        }
        let local =
            |name: &&String| name.parse::<IpAddr>().is_ok() || !name.contains('.') || name.ends_with(".localhost");
        if let Some(name) = settings.names.iter().find(local) {
            return refuse(format!(
                "{name} is no name that an authority could give a certificate for; set public_url and tls.names to names in the DNS"
            ));
        }
        Ok(Self { folder: dir.join(FOLDER), settings })
    }

    /// Orders a certificate, answers the challenges, and keeps what was given; `Tls::refresh` serves it then.
    pub async fn order(&self, pending: &Pending) -> Result<(), AcmeError> {
        let done = self.ordered(pending).await;
        pending.clear();
        done
    }

    async fn ordered(&self, pending: &Pending) -> Result<(), AcmeError> {
        private_directory(&self.folder).map_err(TlsError::io("making", &self.folder))?;
        let account = self.account().await?;
        let names: Vec<Identifier> = self.settings.names.iter().cloned().map(Identifier::Dns).collect();
        let mut order = self.asked("an order", account.new_order(&NewOrder::new(&names)).await)?;
        self.answer_challenges(&mut order, pending).await?;
        let ready = order.poll_ready(&PATIENCE).await;
        if !matches!(ready, Ok(OrderStatus::Ready)) {
            let reason = why_not(&mut order).await;
            self.asked("the challenges", ready)?;
            return Err(self.refused("the challenges", reason));
        }
        let key = self.asked("the order", order.finalize().await)?;
        let chain = self.asked("the certificate", order.poll_certificate(&PATIENCE).await)?;
        let file = self.folder.join(GIVEN_FILE);
        let pem = format!("{key}{chain}");
        // What can't be served must not take the place of what can.
        pair(&file, pem.as_bytes(), &file, pem.as_bytes(), &rustls::crypto::aws_lc_rs::default_provider())?;
        Target::private(&file).replace(pem.as_bytes()).map_err(TlsError::io("writing", &file))?;
        Ok(())
    }

    async fn answer_challenges(&self, order: &mut Order, pending: &Pending) -> Result<(), AcmeError> {
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = self.asked("an authorization", authorization)?;
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let name = authorization.identifier().to_string();
            let kind = self.settings.challenge;
            let Some(mut challenge) = authorization.challenge(kind.kind()) else {
                let directory = self.settings.directory.clone();
                return Err(AcmeError::NotOffered { directory, kind: kind.code(), name });
            };
            let answer = challenge.key_authorization();
            match kind {
                Challenge::Http01 => pending.answer_with_text(&challenge.token, answer.as_str()),
                Challenge::TlsAlpn01 => pending.answer_with_certificate(&name, answer.digest().as_ref())?,
            }
            self.asked("a challenge", challenge.set_ready().await)?;
        }
        Ok(())
    }

    /// The account of before with this authority, or a new one. Making one agrees to the authority's terms, which
    /// configuring it says.
    async fn account(&self) -> Result<Account, AcmeError> {
        let file = self.folder.join(ACCOUNT_FILE);
        let http = || Exchange::new(self.settings.authority.as_deref()).map_err(|source| self.unreachable(source));
        let builder = Account::builder_with_http(Box::new(http()?));
        if let Ok(text) = std::fs::read(&file) {
            let kept: KeptAccount = serde_json::from_slice(&text).map_err(|error| {
                TlsError::unusable(&file, format!("it holds no account ({error}); remove it to make a new one"))
            })?;
            if kept.directory == self.settings.directory {
                return self.asked("the account", builder.from_credentials(kept.credentials).await);
            }
        }
        let contact: Vec<&str> = self.settings.contact.as_deref().into_iter().collect();
        let wanted = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
        let made = builder.create(&wanted, self.settings.directory.clone(), None).await;
        let (account, credentials) = self.asked("an account", made)?;
        let kept = KeptAccount { directory: self.settings.directory.clone(), credentials };
        let text = serde_json::to_vec(&kept).map_err(|error| TlsError::Library(error.to_string()))?;
        Target::private(&file).replace(&text).map_err(TlsError::io("writing", &file))?;
        Ok(account)
    }

    fn asked<T>(&self, what: &'static str, answer: Result<T, instant_acme::Error>) -> Result<T, AcmeError> {
        answer.map_err(|error| match error {
            instant_acme::Error::Other(other) => match other.downcast::<HttpsError>() {
                Ok(source) => self.unreachable(*source),
                Err(other) => self.refused(what, other.to_string()),
            },
            error => self.refused(what, error.to_string()),
        })
    }

    fn unreachable(&self, source: HttpsError) -> AcmeError {
        AcmeError::Unreachable { directory: self.settings.directory.clone(), source }
    }

    fn refused(&self, what: &'static str, reason: String) -> AcmeError {
        AcmeError::Refused { directory: self.settings.directory.clone(), what, reason }
    }
}

/// What the authority says of the challenges that failed.
async fn why_not(order: &mut Order) -> String {
    let mut reasons = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let name = authorization.identifier().to_string();
        let Ok(state) = authorization.refresh().await else { continue };
        let failed = state.challenges.iter().filter_map(|challenge| challenge.error.as_ref());
        reasons.extend(failed.map(|problem| format!("{name}: {problem}")));
    }
    if reasons.is_empty() { "it gives no reason".to_owned() } else { reasons.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            directory: "https://acme.example.jp/directory".to_owned(),
            contact: Some("mailto:operations@example.jp".to_owned()),
            challenge: Challenge::Http01,
            authority: None,
            names: vec!["struct.example.jp".to_owned()],
        }
    }

    #[test]
    fn what_no_authority_could_do_is_refused_before_it_is_asked() {
        let refused = |change: fn(&mut Settings)| {
            let mut wrong = settings();
            change(&mut wrong);
            Acme::new(Path::new("/nowhere"), wrong).expect_err("refused").to_string()
        };
        assert!(refused(|wrong| wrong.directory = "http://acme.example.jp".to_owned()).contains("https://"));
        assert!(refused(|wrong| wrong.contact = Some("operations@example.jp".to_owned())).contains("mailto:"));
        assert!(refused(|wrong| wrong.names.push("localhost".to_owned())).contains("localhost"));
        assert!(refused(|wrong| wrong.names.push("192.0.2.7".to_owned())).contains("192.0.2.7"));
        assert!(refused(|wrong| wrong.names.clear()).contains("names"));
        Acme::new(Path::new("/nowhere"), settings()).expect("as it should be");
    }

    #[test]
    fn failed_orders_are_tried_again_ever_more_rarely_within_bounds() {
        let minutes: Vec<u64> = (1..=10).map(|failures| pause_after(failures).as_secs() / 60).collect();
        assert_eq!(minutes, [5, 10, 20, 40, 80, 160, 320, 640, 720, 720]);
        assert_eq!(pause_after(u32::MAX), LONGEST_PAUSE);
    }
}
