//! Our own certificate authority: made once, trusted by the people who use this installation, signing its server only.
//! Knows nothing of certificates bought elsewhere.

use super::TlsError;
use crate::file::{Target, private_directory};
use jiff::{SignedDuration, Timestamp, tz::Offset};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PublicKeyData, date_time_ymd,
};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
};
use x509_cert::der::{Decode, Encode};

/// What people import into their browsers.
pub(super) const CERTIFICATE_FILE: &str = "ca.pem";
/// What nobody but us reads.
const KEY_FILE: &str = "ca.key";
/// How long the authority lasts.
const AUTHORITY_DAYS: i32 = 3650;
/// How long a server's certificate lasts. Browsers refuse more than 398 days.
const SERVER_DAYS: i32 = 200;
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The authority's key and name.
#[derive(Debug)]
pub struct Authority {
    key: KeyPair,
    name: String,
    file: PathBuf,
}

impl Authority {
    /// Opens the authority in `dir`, or makes it. A lost certificate is made again from the key; a lost key is an
    /// error, because a new one has to be trusted by everybody again.
    pub fn open(dir: &Path, now: Timestamp) -> Result<Self, TlsError> {
        private_directory(dir).map_err(TlsError::io("making", dir))?;
        let (key_file, file) = (dir.join(KEY_FILE), dir.join(CERTIFICATE_FILE));
        let key = match std::fs::read_to_string(&key_file) {
            Ok(pem) => KeyPair::from_pem(&pem).map_err(|e| {
                TlsError::unusable(&key_file, format!("it holds no private key ({e}); bring it back from a copy"))
            })?,
            Err(e) if e.kind() == io::ErrorKind::NotFound && !file.exists() => new_key(&key_file)?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                return Err(TlsError::unusable(
                    &key_file,
                    format!(
                        "it is missing; bring it back from a copy, or remove {} to make a new authority that everybody must trust again",
                        file.display()
                    ),
                ));
            }
            Err(e) => return Err(TlsError::io("reading", &key_file)(e)),
        };
        // The name holds a piece of the key's digest, so that two installations' authorities never look alike.
        let digest = CertificateParams::default().key_identifier(&key);
        let mark: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        let authority = Self { key, name: format!("STRUCT local authority {mark}"), file };
        if !authority.certified(now)? {
            authority.certify(now)?;
        }
        Ok(authority)
    }

    /// The common name in its certificate.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file people import to trust it.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// A new key and its certificate for these names, as one PEM text.
    pub fn issue(&self, names: &BTreeSet<String>, now: Timestamp) -> Result<String, TlsError> {
        let mut subjects = Vec::new();
        for name in names {
            let fits = CertificateParams::new(vec![name.clone()]).is_ok()
                && !name.is_empty()
                && !name.contains(char::is_whitespace);
            if !fits {
                return Err(TlsError::Name { name: name.clone() });
            }
            subjects.push(name.clone());
        }
        let key = KeyPair::generate().map_err(library)?;
        let mut params = CertificateParams::new(subjects).map_err(library)?;
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "STRUCT");
        last(&mut params, now, SERVER_DAYS);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let issuer = Issuer::new(self.params(now), &self.key);
        let certificate = params.signed_by(&key, &issuer).map_err(library)?;
        Ok(format!("{}{}", key.serialize_pem(), certificate.pem()))
    }

    /// Whether the certificate file is there, is this key's, and outlives what would be signed today.
    fn certified(&self, now: Timestamp) -> Result<bool, TlsError> {
        let pem = match std::fs::read(&self.file) {
            Ok(pem) => pem,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(e) => return Err(TlsError::io("reading", &self.file)(e)),
        };
        let unusable =
            |reason: String| TlsError::unusable(&self.file, format!("{reason}; remove it to have it made again"));
        let der = CertificateDer::from_pem_slice(&pem).map_err(|e| unusable(e.to_string()))?;
        let certificate = x509_cert::Certificate::from_der(&der).map_err(|e| unusable(e.to_string()))?.tbs_certificate;
        let public = certificate.subject_public_key_info.to_der().map_err(|e| unusable(e.to_string()))?;
        if public != self.key.subject_public_key_info() {
            return Err(unusable("it belongs to another key".to_owned()));
        }
        let end = certificate.validity.not_after.to_unix_duration().as_secs();
        let needed = now.as_second() + i64::from(SERVER_DAYS) * DAY.as_secs();
        Ok(i64::try_from(end).is_ok_and(|end| end >= needed))
    }

    fn certify(&self, now: Timestamp) -> Result<(), TlsError> {
        let certificate = self.params(now).self_signed(&self.key).map_err(library)?;
        Target { path: &self.file, mode: 0o644, owner: None }
            .replace(certificate.pem().as_bytes())
            .map_err(TlsError::io("writing", &self.file))
    }

    fn params(&self, now: Timestamp) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, "STRUCT");
        params.distinguished_name.push(DnType::CommonName, self.name.as_str());
        // It signs servers directly; a certificate of its may sign nothing.
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        last(&mut params, now, AUTHORITY_DAYS);
        params
    }
}

fn new_key(file: &Path) -> Result<KeyPair, TlsError> {
    let key = KeyPair::generate().map_err(library)?;
    Target::private(file).create(key.serialize_pem().as_bytes()).map_err(TlsError::io("writing", file))?;
    Ok(key)
}

/// Sets the bounds, in whole days of UTC: from yesterday, for clocks that run behind.
fn last(params: &mut CertificateParams, now: Timestamp, days: i32) {
    let day = |at: Timestamp| {
        let date = Offset::UTC.to_datetime(at).date();
        date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    params.not_before = day(now - DAY);
    params.not_after = day(now + DAY * days);
}

fn library(error: rcgen::Error) -> TlsError {
    TlsError::Library(error.to_string())
}
