//! What a certificate says of itself: names, issuer, time. Believes none of it, and verifies no signature.

use super::{Authority, RENEW_WITHIN};
use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use std::collections::BTreeSet;
use std::net::IpAddr;
use x509_cert::der::Decode as _;
use x509_cert::ext::pkix::{SubjectAltName, name::GeneralName};

/// What a certificate says of itself.
pub(crate) struct Facts {
    pub(crate) begins: Timestamp,
    pub(crate) expires: Timestamp,
    pub(crate) issuer: String,
    pub(crate) names: BTreeSet<String>,
}

impl Facts {
    pub(crate) fn of(der: &CertificateDer<'_>) -> Option<Self> {
        let certificate = x509_cert::Certificate::from_der(der).ok()?.tbs_certificate;
        let at = |time: &x509_cert::time::Time| {
            Timestamp::from_second(i64::try_from(time.to_unix_duration().as_secs()).ok()?).ok()
        };
        let names = certificate.get::<SubjectAltName>().ok()?.map(|(_, names)| names.0).unwrap_or_default();
        Some(Self {
            begins: at(&certificate.validity.not_before)?,
            expires: at(&certificate.validity.not_after)?,
            issuer: certificate.issuer.to_string(),
            names: names.iter().filter_map(shown).collect(),
        })
    }

    pub(super) fn serves(&self, wanted: &BTreeSet<String>, authority: &Authority, now: Timestamp) -> bool {
        self.names == *wanted
            && self.issuer.contains(authority.name())
            && self.expires.duration_since(now) > RENEW_WITHIN
    }
}

fn shown(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::IpAddress(bytes) => {
            let bytes = bytes.as_bytes();
            let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
            v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok().map(|address| address.to_string())
        }
        _ => None,
    }
}
