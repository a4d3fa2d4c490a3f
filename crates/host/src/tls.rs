//! The server's TLS: certificates of our own authority, of one that is asked by ACME, or the operator's, exchanged while
//! running. Opens no port and decides no redirect.

pub mod acme;
mod authority;
mod challenge;
mod facts;

pub use authority::Authority;
pub use challenge::{CHALLENGE_PROTOCOL, Pending};
pub(crate) use facts::Facts;

use crate::file::Target;
use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};
use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use std::{
    collections::BTreeSet,
    io,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

/// A certificate of our own is made anew when it would end within this time.
pub const RENEW_WITHIN: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Names every certificate of our own holds.
const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
/// Key and certificate of our own server, in one file so that they always match.
const SERVER_FILE: &str = "server.pem";

/// Why there is no certificate to serve with.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can't be read or written.
    #[error("{what} {} failed ({source}); check that it exists and belongs to the account STRUCT runs as", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With what.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A file doesn't hold what it should.
    #[error("{} can't be used: {reason}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// A name can't stand in a certificate.
    #[error("{name:?} can't stand in a certificate; write host names in ASCII (xn--… for others), or IP addresses")]
    Name {
        /// The name.
        name: String,
    },
    /// The cryptographic library refused.
    #[error("a certificate could not be made: {0}")]
    Library(String),
}

impl TlsError {
    fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { what, path, source }
    }

    fn unusable(path: &Path, reason: impl Into<String>) -> Self {
        Self::Unusable { path: path.to_owned(), reason: reason.into() }
    }
}

/// Whose certificate is served.
#[derive(Clone, Debug)]
pub enum Source {
    /// One of our own authority, for this machine and these further names or addresses.
    Own {
        /// Names people type into the browser.
        names: Vec<String>,
    },
    /// One that an authority gave by ACME; until it has, one of our own.
    Acme {
        /// Names it is to be for.
        names: Vec<String>,
    },
    /// The operator's, as PEM.
    Files {
        /// The server's certificate and those between it and a known authority, in that order.
        chain: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
}

/// What a refresh did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// The certificate served stays.
    Unchanged,
    /// New connections get another certificate.
    Replaced,
}

/// The certificate being served, and where the next one comes from.
#[derive(Debug)]
pub struct Tls {
    dir: PathBuf,
    source: Source,
    served: Arc<Served>,
    config: Arc<ServerConfig>,
}

#[derive(Debug)]
struct Served {
    certificate: ArcSwap<CertifiedKey>,
    pending: Arc<Pending>,
}

impl ResolvesServerCert for Served {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // Whoever asks for a challenge's answer gets that or nothing.
        if hello.alpn().is_some_and(|mut offered| offered.any(|protocol| protocol == CHALLENGE_PROTOCOL)) {
            return self.pending.certificate(hello.server_name()?);
        }
        Some(self.certificate.load_full())
    }
}

impl Tls {
    /// Loads the certificate, or makes it (and the authority, the first time) in `dir`.
    pub fn open(dir: &Path, source: Source, now: Timestamp) -> Result<Self, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let certificate = load(dir, &source, &provider, now)?;
        let pending = Arc::new(Pending::default());
        let served = Arc::new(Served { certificate: ArcSwap::from_pointee(certificate), pending });
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|e| TlsError::Library(e.to_string()))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::<Served>::clone(&served));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        if matches!(source, Source::Acme { .. }) {
            config.alpn_protocols.push(CHALLENGE_PROTOCOL.to_vec());
        }
        Ok(Self { dir: dir.to_owned(), source, served, config: Arc::new(config) })
    }

    /// For the acceptor: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1. Stays valid over every refresh.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// Challenges of an authority that are answered at the moment.
    pub fn pending(&self) -> Arc<Pending> {
        Arc::clone(&self.served.pending)
    }

    /// Whether a certificate should be ordered from the authority that is asked by ACME: none was given yet, it lacks a
    /// name, or a third of its time is left.
    pub fn is_order_due(&self, now: Timestamp) -> bool {
        let Source::Acme { names } = &self.source else { return false };
        let given = acme::given(&self.dir, self.config.crypto_provider());
        let Some(facts) = given.ok().and_then(|given| Facts::of(given.cert.first()?)) else { return true };
        let lifetime = facts.expires.duration_since(facts.begins);
        !names.iter().all(|name| facts.names.contains(name)) || facts.expires.duration_since(now) <= lifetime / 3
    }

    /// Reads the files again, or renews our own when it ends soon. On an error the present one is served on.
    pub fn refresh(&self, now: Timestamp) -> Result<Refreshed, TlsError> {
        let next = load(&self.dir, &self.source, self.config.crypto_provider(), now)?;
        if next.cert == self.served.certificate.load().cert {
            return Ok(Refreshed::Unchanged);
        }
        self.served.certificate.store(Arc::new(next));
        Ok(Refreshed::Replaced)
    }

    /// When the certificate being served ends.
    pub fn expires(&self) -> Option<Timestamp> {
        Facts::of(self.served.certificate.load().cert.first()?).map(|facts| facts.expires)
    }

    /// The certificate of our own authority, for people to trust; `None` with the operator's files.
    pub fn authority_file(&self) -> Option<PathBuf> {
        matches!(self.source, Source::Own { .. }).then(|| self.dir.join(authority::CERTIFICATE_FILE))
    }
}

fn load(dir: &Path, source: &Source, provider: &CryptoProvider, now: Timestamp) -> Result<CertifiedKey, TlsError> {
    match source {
        Source::Files { chain, key } => pair(chain, &read(chain)?, key, &read(key)?, provider),
        Source::Own { names } => own(dir, names, provider, now),
        // One that has ended is served on: a stranger's in its place would be no better, and look like an attack.
        Source::Acme { names } => acme::given(dir, provider).or_else(|_| own(dir, names, provider, now)),
    }
}

fn own(dir: &Path, names: &[String], provider: &CryptoProvider, now: Timestamp) -> Result<CertifiedKey, TlsError> {
    let authority = Authority::open(dir, now)?;
    let wanted = all_names(names);
    let file = dir.join(SERVER_FILE);
    if let Ok(pem) = std::fs::read(&file)
        && let Ok(present) = pair(&file, &pem, &file, &pem, provider)
        && let Some(facts) = present.cert.first().and_then(Facts::of)
        && facts.serves(&wanted, &authority, now)
    {
        return Ok(present);
    }
    let pem = authority.issue(&wanted, now)?;
    Target::private(&file).replace(pem.as_bytes()).map_err(TlsError::io("writing", &file))?;
    pair(&file, pem.as_bytes(), &file, pem.as_bytes(), provider)
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(TlsError::io("reading", path))
}

fn pair(
    chain_file: &Path,
    chain: &[u8],
    key_file: &Path,
    key: &[u8],
    provider: &CryptoProvider,
) -> Result<CertifiedKey, TlsError> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<_, _>>()
        .map_err(|e| TlsError::unusable(chain_file, format!("it isn't PEM ({e})")))?;
    if chain.is_empty() {
        return Err(TlsError::unusable(chain_file, "it holds no certificate (-----BEGIN CERTIFICATE-----)"));
    }
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|e| TlsError::unusable(key_file, format!("it holds no unencrypted private key in PEM ({e})")))?;
    CertifiedKey::from_der(chain, key, provider).map_err(|e| {
        TlsError::unusable(
            key_file,
            format!("it doesn't belong to the first certificate in {} ({e})", chain_file.display()),
        )
    })
}

/// This machine's names and the configured ones. A host name that can't stand in a certificate is left out: nobody chose it here.
fn all_names(configured: &[String]) -> BTreeSet<String> {
    let host = rustix::system::uname().nodename().to_string_lossy().to_lowercase();
    let plain = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
    LOCAL
        .into_iter()
        .map(str::to_owned)
        .chain(plain.then_some(host))
        .chain(configured.iter().map(|name| {
            // One spelling an address, or the certificate would never seem to hold it.
            name.parse().map_or_else(|_| name.to_lowercase(), |address: IpAddr| address.to_string())
        }))
        .collect()
}
