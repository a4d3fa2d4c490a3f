//! A certificate as a visitor judges it: its names, its time, and whether an authority the visitor trusts stands behind it.
//! Asks no list of revoked certificates.

use jiff::Timestamp;
use rustls::RootCertStore;
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _};
use rustls::server::ParsedCertificate;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Why there is nobody to trust.
#[derive(Debug, thiserror::Error)]
#[error("{} holds no certificate of an authority ({reason}); give it in PEM", path.display())]
pub struct TrustError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

/// Authorities that a visitor trusts.
#[derive(Clone, Debug)]
pub struct Trust(Arc<RootCertStore>);

impl Trust {
    /// Those of this machine, if wanted, and those in a file.
    pub fn new(machine: bool, file: Option<&Path>) -> Result<Self, TrustError> {
        let mut roots = RootCertStore::empty();
        if machine {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        if let Some(path) = file {
            let refused = |reason: String| TrustError { path: path.to_owned(), reason };
            let certificates = CertificateDer::pem_file_iter(path).map_err(|error| refused(error.to_string()))?;
            let mut added = 0;
            for certificate in certificates {
                let certificate = certificate.map_err(|error| refused(error.to_string()))?;
                roots.add(certificate).map_err(|error| refused(error.to_string()))?;
                added += 1;
            }
            if added == 0 {
                return Err(refused("there is none in it".to_owned()));
            }
        }
        Ok(Self(Arc::new(roots)))
    }
}

/// What a certificate says, and what a visitor makes of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CertificateFound {
    /// Host names and addresses it is for.
    pub names: Vec<String>,
    /// Who signed it, as it says.
    pub issuer: String,
    /// When it begins.
    pub begins: Timestamp,
    /// When it ends.
    pub ends: Timestamp,
    /// Whether it is for the host that the visitor asked for.
    pub name_fits: bool,
    /// Why no trusted authority stands behind it; none when one does. Its own time is not looked at here.
    pub distrusted: Option<String>,
}

impl CertificateFound {
    /// Judges what a server showed, as of `now`. An error when it is no certificate.
    pub(super) fn of(shown: &[CertificateDer<'_>], host: &str, trust: &Trust, now: Timestamp) -> Result<Self, String> {
        let (own, between) = shown.split_first().ok_or("it shows no certificate")?;
        let facts = crate::tls::Facts::of(own).ok_or("what it shows is no certificate")?;
        let parsed = ParsedCertificate::try_from(own).map_err(|error| error.to_string())?;
        let name_fits = ServerName::try_from(host).is_ok_and(|name| verify_server_name(&parsed, &name).is_ok());
        // The chain is looked at in the certificate's own time, so that one which ended is not called a stranger's too.
        let seconds = now.as_second().clamp(facts.begins.as_second(), (facts.expires.as_second() - 1).max(0)).max(0);
        let at = UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(seconds).unwrap_or_default()));
        let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms.all;
        let signed = verify_server_cert_signed_by_trust_anchor(&parsed, &trust.0, between, at, algorithms);
        Ok(Self {
            names: facts.names.into_iter().collect(),
            issuer: facts.issuer,
            begins: facts.begins,
            ends: facts.expires,
            name_fits,
            distrusted: signed.err().map(|error| error.to_string()),
        })
    }
}
