//! The operator's mail server, over TLS. Keeps no queue: what it couldn't send, the caller tries again.

use super::{MailError, sender};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::Mailbox,
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};
use serde::Deserialize;
use std::{net::IpAddr, path::PathBuf, time::Duration};
use zeroize::Zeroizing;

/// How long any step of the conversation may take.
const STEP_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a letter may take in all.
const LETTER_TIMEOUT: Duration = Duration::from_secs(90);

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// TLS begun within the conversation, required (RFC 3207; port 587).
    StartTls,
    /// TLS from the first byte (RFC 8314; port 465).
    Tls,
    /// None: only to a server on this very machine (port 25).
    Plain,
}

/// The operator's mail server.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// Its name, which its certificate must hold.
    pub host: String,
    /// Its port, when it isn't the usual one.
    pub port: Option<u16>,
    /// How the connection is protected.
    pub security: Security,
    /// Name and password, when it wants them.
    pub credentials: Option<(String, Zeroizing<String>)>,
    /// The sender, as `Name <address>`.
    pub from: String,
    /// A further authority to trust (PEM), for servers of one's own.
    pub authority: Option<PathBuf>,
}

/// A mail server that letters can be given to.
#[derive(Debug)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Smtp {
    /// Checks the settings; connects to nothing yet.
    pub fn new(settings: &SmtpSettings) -> Result<Self, MailError> {
        let host = settings.host.as_str();
        if settings.security == Security::Plain && !local(host) {
            return Err(MailError::Settings(format!("letters to {host} need TLS; set security to starttls or tls")));
        }
        if settings.security == Security::Plain && settings.credentials.is_some() {
            return Err(MailError::Settings(
                "a password is never sent without TLS; set security to starttls or tls".to_owned(),
            ));
        }
        let (tls, port) = match settings.security {
            Security::StartTls => (Tls::Required(parameters(settings)?), 587),
            Security::Tls => (Tls::Wrapper(parameters(settings)?), 465),
            Security::Plain => (Tls::None, 25),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(settings.port.unwrap_or(port))
            .tls(tls)
            .timeout(Some(STEP_TIMEOUT));
        if let Some((name, password)) = &settings.credentials {
            builder = builder.credentials(Credentials::new(name.clone(), password.to_string()));
        }
        Ok(Self { transport: builder.build(), from: sender(&settings.from)? })
    }

    pub(super) fn from(&self) -> &Mailbox {
        &self.from
    }

    pub(super) async fn send(&self, message: Message) -> Result<(), MailError> {
        match tokio::time::timeout(LETTER_TIMEOUT, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.is_permanent() => Err(MailError::Refused(chain(&error))),
            Ok(Err(error)) => Err(MailError::Unavailable(chain(&error))),
            Err(_) => Err(MailError::Unavailable(format!("no end after {} s", LETTER_TIMEOUT.as_secs()))),
        }
    }
}

fn parameters(settings: &SmtpSettings) -> Result<TlsParameters, MailError> {
    let mut parameters = TlsParameters::builder(settings.host.clone());
    if let Some(path) = &settings.authority {
        let unusable = |reason: String| MailError::Settings(format!("{} can't be used: {reason}", path.display()));
        let pem = std::fs::read(path).map_err(|e| unusable(e.to_string()))?;
        let added = Certificate::from_pem(&pem).map_err(|e| unusable(e.to_string()))?;
        parameters = parameters.add_root_certificate(added);
    }
    parameters.build().map_err(|e| MailError::Settings(chain(&e)))
}

fn local(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// The error and what caused it, which the library shows only on asking.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}
