//! Answers to the challenges by which an authority finds out that a name is ours: a text over HTTP (RFC 8555, section 8.3), a
//! certificate over TLS (RFC 8737). Asks no authority, and answers nothing that nobody ordered.

use super::TlsError;
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::sign::CertifiedKey;
use rustls_pki_types::PrivateKeyDer;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// The protocol in a hello that asks for a challenge's certificate. No request is ever read from such a connection.
pub const CHALLENGE_PROTOCOL: &[u8] = b"acme-tls/1";
/// Challenges answered at a time; an order has as many as it has names.
const MAX_PENDING: usize = 100;

/// Challenges that are answered at the moment.
#[derive(Default, Debug)]
pub struct Pending(RwLock<Answers>);

#[derive(Default, Debug)]
struct Answers {
    texts: HashMap<String, String>,
    certificates: HashMap<String, Arc<CertifiedKey>>,
}

impl Pending {
    /// The text for a token, when it is asked for at the moment.
    pub fn text(&self, token: &str) -> Option<String> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).texts.get(token).cloned()
    }

    /// The certificate for a name, when it is asked for at the moment.
    pub(super) fn certificate(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        let answers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        answers.certificates.get(&name.to_ascii_lowercase()).cloned()
    }

    /// Answers over HTTP from now on.
    pub(super) fn answer_with_text(&self, token: &str, text: &str) {
        let mut answers = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if answers.texts.len() < MAX_PENDING {
            answers.texts.insert(token.to_owned(), text.to_owned());
        }
    }

    /// Answers over TLS from now on.
    pub(super) fn answer_with_certificate(&self, name: &str, digest: &[u8]) -> Result<(), TlsError> {
        let certificate = Arc::new(proof(name, digest)?);
        let mut answers = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if answers.certificates.len() < MAX_PENDING {
            answers.certificates.insert(name.to_ascii_lowercase(), certificate);
        }
        Ok(())
    }

    /// Answers nothing any more.
    pub(super) fn clear(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Answers::default();
    }
}

/// A certificate for the name alone, with the digest in its critical extension (RFC 8737, section 3).
fn proof(name: &str, digest: &[u8]) -> Result<CertifiedKey, TlsError> {
    let library = |error: rcgen::Error| TlsError::Library(error.to_string());
    let key = KeyPair::generate().map_err(library)?;
    let mut params = CertificateParams::new(vec![name.to_owned()]).map_err(library)?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let certificate = params.self_signed(&key).map_err(library)?;
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(|error| TlsError::Library(error.to_owned()))?;
    // Not `from_der`: it reads the certificate as a visitor would, who does not know the critical extension.
    let key = aws_lc_rs::default_provider().key_provider.load_private_key(key);
    let key = key.map_err(|error| TlsError::Library(error.to_string()))?;
    Ok(CertifiedKey::new(vec![certificate.der().clone()], key))
}
