//! `[tls]`: whose certificate is served, and whom visitors trust. Opens nothing and asks nobody.

use anyhow::{Context as _, bail};
use host::tls::acme;
use serde::Deserialize;
use std::path::PathBuf;

/// The certificate.
#[derive(Clone, Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// Names of this server beside localhost and the host of `public_url`.
    pub names: Vec<String>,
    /// Certificate chain (PEM) to be used instead of one of STRUCT's own authority.
    pub certificate: Option<PathBuf>,
    /// Its key (PEM).
    pub key: Option<PathBuf>,
    /// An authority to be asked for certificates.
    pub acme: Option<Acme>,
    /// Certificates of authorities (PEM) that visitors trust besides those of this machine: for the scan of own listeners.
    pub ca_file: Option<PathBuf>,
}

/// `acme = { … }`: an authority that is asked by RFC 8555.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Acme {
    /// Its directory: `https://…`.
    pub directory: String,
    /// Where it may write to: `mailto:…`.
    pub contact: Option<String>,
    /// `http-01` or `tls-alpn-01`.
    #[serde(default)]
    pub challenge: Challenge,
    /// Certificates of authorities (PEM) to trust for the directory, instead of the machine's.
    pub ca_file: Option<PathBuf>,
}

/// By which challenge it finds out that the names are ours.
#[derive(Clone, Copy, Deserialize, Default, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// It comes to port 80.
    #[default]
    #[serde(rename = "http-01")]
    Http01,
    /// It comes to port 443.
    #[serde(rename = "tls-alpn-01")]
    TlsAlpn01,
}

/// Whose certificate is served.
pub enum Certificate<'a> {
    /// One of STRUCT's own authority.
    Own,
    /// The operator's files: chain and key.
    Files(&'a PathBuf, &'a PathBuf),
    /// One that an authority gives by ACME.
    Acme(&'a Acme),
}

impl Tls {
    /// Whose certificate is served; refuses what can't stand together.
    pub fn certificate(&self) -> anyhow::Result<Certificate<'_>> {
        match (&self.certificate, &self.key, &self.acme) {
            (None, None, None) => Ok(Certificate::Own),
            (Some(chain), Some(key), None) => Ok(Certificate::Files(chain, key)),
            (None, None, Some(acme)) => Ok(Certificate::Acme(acme)),
            (Some(_), _, Some(_)) | (_, Some(_), Some(_)) => {
                bail!(
                    "tls.certificate and tls.acme exclude each other: give a certificate, or an authority to ask for one"
                )
            }
            _ => bail!("tls.certificate and tls.key go together"),
        }
    }

    /// Names of the certificate: the host of `public_url`, and the others.
    pub fn all_names(&self, public_url: &str) -> anyhow::Result<Vec<String>> {
        let mut names = vec![host_of(public_url)?];
        for name in &self.names {
            let name = name.to_lowercase();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Ok(names)
    }
}

impl Acme {
    /// What the host needs to ask, for these names.
    pub fn settings(&self, names: Vec<String>) -> acme::Settings {
        let challenge = match self.challenge {
            Challenge::Http01 => acme::Challenge::Http01,
            Challenge::TlsAlpn01 => acme::Challenge::TlsAlpn01,
        };
        acme::Settings {
            directory: self.directory.clone(),
            contact: self.contact.clone(),
            challenge,
            authority: self.ca_file.clone(),
            names,
        }
    }
}

/// The host that people type: a name, or an address without brackets.
pub fn host_of(url: &str) -> anyhow::Result<String> {
    let uri: http::Uri = url.parse().with_context(|| format!("{url} is no address"))?;
    let host = uri.host().with_context(|| format!("{url} names no host"))?;
    Ok(host.trim_matches(['[', ']']).to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tls(text: &str) -> Tls {
        toml::from_str(text).expect(text)
    }

    #[test]
    fn a_certificate_has_one_origin() {
        let acme = "acme = { directory = \"https://acme.example.jp/directory\", challenge = \"tls-alpn-01\" }";
        for text in ["certificate = \"a\"".to_owned(), "key = \"a\"".to_owned(), format!("key = \"a\"\n{acme}")] {
            assert!(tls(&text).certificate().is_err(), "{text}");
        }
        assert!(matches!(tls("").certificate().expect("own"), Certificate::Own));
        assert!(matches!(tls("certificate = \"a\"\nkey = \"b\"").certificate().expect("both"), Certificate::Files(..)));
        assert!(matches!(tls(acme).certificate().expect("one"), Certificate::Acme(_)));
        let unknown = toml::from_str::<Tls>("acme = { directory = \"https://x\", challenge = \"dns-01\" }");
        assert!(unknown.is_err_and(|error| error.to_string().contains("http-01")));
    }

    #[test]
    fn the_host_of_the_public_address_is_among_the_names_once() {
        let names = |url: &str, text: &str| tls(text).all_names(url).expect(url);
        assert_eq!(
            names("https://Struct.example.jp", "names = [\"struct.example.jp\", \"B.example.jp\"]"),
            ["struct.example.jp", "b.example.jp"]
        );
        assert_eq!(names("https://[2001:db8::1]:8443", ""), ["2001:db8::1"]);
        assert_eq!(names("https://localhost:8443", ""), ["localhost"]);
    }
}
