//! Sends events of a log to systems elsewhere, whose addresses tenants choose: over TLS always, never into networks that the
//! operator has not opened. Keeps no place in the log and tries nothing twice.

mod https;
mod network;
mod syslog;

pub use domain::residency::{Network, NetworkError};
pub use https::Push;
pub use network::{Spelled, is_public, spelled};
pub use syslog::{Closing, Syslog, SyslogLine};

use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// How long finding an address and connecting to it may take.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// How long the TLS handshake may take.
pub const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// How long a batch may take from its first byte to the last of the answer.
pub const SEND_LIMIT: Duration = Duration::from_secs(20);
/// Characters of a reason that are kept.
const MAX_REASON_CHARS: usize = 200;

/// Why a batch may not have arrived.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StreamError {
    /// The address is none that events may go to.
    #[error("{0:?} is no address for a stream: https://host/path, or host:port for syslog")]
    Address(String),
    /// All addresses of the host are in networks that are not open.
    #[error("{0} is in a network that streams may not reach; the operator opens it with [stream] allowed_networks")]
    Network(IpAddr),
    /// The host has no address, or nobody listens there.
    #[error("it can't be reached: {0}")]
    Unreachable(String),
    /// The certificate is not one to trust, or there is no TLS 1.2 or 1.3.
    #[error("no trusted TLS connection: {0}")]
    Tls(String),
    /// It took too long.
    #[error("no answer in time")]
    TooSlow,
    /// The connection ended before all was taken.
    #[error("the connection was cut off: {0}")]
    CutOff(String),
    /// It pointed elsewhere; that is not followed.
    #[error("it answered {0} with another address, which is not followed")]
    Redirected(u16),
    /// It did not take the batch.
    #[error("it answered {status}")]
    Refused {
        /// The status.
        status: u16,
        /// Seconds after which it may be tried again, when it says so.
        retry_after: Option<u64>,
    },
}

impl StreamError {
    /// A word for states and messages; permanent.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Address(_) => "address",
            Self::Network(_) => "network",
            Self::Unreachable(_) => "unreachable",
            Self::Tls(_) => "tls",
            Self::TooSlow => "too-slow",
            Self::CutOff(_) => "cut-off",
            Self::Redirected(_) => "redirected",
            Self::Refused { .. } => "refused",
        }
    }

    /// What belongs to the word: a status, an address, what the system said.
    pub fn particulars(&self) -> String {
        let text = match self {
            Self::Address(text) | Self::Unreachable(text) | Self::Tls(text) | Self::CutOff(text) => text.clone(),
            Self::Network(address) => address.to_string(),
            Self::TooSlow => String::new(),
            Self::Redirected(status) | Self::Refused { status, .. } => status.to_string(),
        };
        text.chars().filter(|c| !c.is_control()).take(MAX_REASON_CHARS).collect()
    }
}

/// Why the settings can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DialerError {
    /// The file of authorities is of no use.
    #[error("{path} holds no certificate that can be trusted ({reason}); give the authority's certificate in PEM")]
    Authority {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// Makes connections: trusts the authorities of this machine and those it was given, and reaches only what it may.
#[derive(Clone, Debug, Default)]
pub struct Dialer {
    own: Vec<CertificateDer<'static>>,
    allowed: Vec<Network>,
    tls: Arc<OnceLock<Arc<ClientConfig>>>,
}

impl Dialer {
    /// `authority`: a file of certificates trusted besides the machine's. `allowed`: networks that are open although they
    /// are nobody's but the operator's.
    pub fn new(authority: Option<&Path>, allowed: Vec<Network>) -> Result<Self, DialerError> {
        let mut own = Vec::new();
        if let Some(path) = authority {
            let refused = |reason: String| DialerError::Authority { path: path.display().to_string(), reason };
            for certificate in CertificateDer::pem_file_iter(path).map_err(|error| refused(error.to_string()))? {
                let certificate = certificate.map_err(|error| refused(error.to_string()))?;
                RootCertStore::empty().add(certificate.clone()).map_err(|error| refused(error.to_string()))?;
                own.push(certificate);
            }
            if own.is_empty() {
                return Err(refused("there is none in it".to_owned()));
            }
        }
        Ok(Self { own, allowed, tls: Arc::default() })
    }

    /// Connects to a host that a tenant named. What was checked is what is connected to: the name is looked up once.
    pub(crate) async fn connect(&self, host: &str, port: u16) -> Result<TlsStream<TcpStream>, StreamError> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| StreamError::Address(host.to_owned()))?;
        let tcp = timeout(CONNECT_LIMIT, self.reach(host, port)).await.map_err(|_| StreamError::TooSlow)??;
        let _ = tcp.set_nodelay(true);
        let connector = TlsConnector::from(Arc::clone(self.tls()));
        let shaken = timeout(HANDSHAKE_LIMIT, connector.connect(name, tcp)).await.map_err(|_| StreamError::TooSlow)?;
        shaken.map_err(|error| StreamError::Tls(error.to_string()))
    }

    async fn reach(&self, host: &str, port: u16) -> Result<TcpStream, StreamError> {
        let unreachable = |error: std::io::Error| StreamError::Unreachable(error.to_string());
        let found: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await.map_err(unreachable)?.collect();
        let mut failed = StreamError::Unreachable("the name has no address".to_owned());
        for address in found {
            if !self.may_reach(address.ip()) {
                failed = StreamError::Network(address.ip());
                continue;
            }
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failed = unreachable(error),
            }
        }
        Err(failed)
    }

    /// Whether events may go to the address.
    pub fn may_reach(&self, address: IpAddr) -> bool {
        is_public(address) || self.allowed.iter().any(|network| network.contains(address))
    }

    /// The machine's authorities are read at the first use: most commands never send anything.
    fn tls(&self) -> &Arc<ClientConfig> {
        self.tls.get_or_init(|| {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            roots.add_parsable_certificates(self.own.iter().cloned());
            let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
                .expect("both are built in")
                .with_root_certificates(roots)
                .with_no_client_auth();
            Arc::new(config)
        })
    }
}
