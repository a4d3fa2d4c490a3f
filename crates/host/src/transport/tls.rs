//! A handshake with a listener, and what its answers over TLS say. Believes no certificate and none of what it reads: both are
//! for the one who judges.

use super::certificate::CertificateFound;
use super::hello::old_versions_spoken;
use super::http::{Answer, ask};
use super::{PROBE_LIMIT, Visitor, connect};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// What is asked over TLS: a page, a document for programs, and what is not there.
const QUESTIONS: [(&str, &str); 3] = [("GET", "/"), ("GET", "/trust.json"), ("GET", "/struct-asks-for-nothing")];

/// What was found behind a handshake.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TlsFound {
    /// The version agreed on with a client of today: `TLSv1_3`.
    pub version: String,
    /// The cipher suite.
    pub cipher: String,
    /// Versions it should have refused and did not.
    pub old_versions: Vec<&'static str>,
    /// The certificate.
    pub certificate: CertificateFound,
    /// Its answers in HTTP.
    pub answers: Vec<Answer>,
}

/// Shakes hands, tries the old versions, and asks.
pub(super) async fn tried(at: SocketAddr, visitor: &Visitor) -> Result<TlsFound, String> {
    let stream = handshake(at, &visitor.host).await?;
    let session = stream.get_ref().1;
    let text = |name: Option<String>| name.unwrap_or_else(|| "?".to_owned());
    let version = text(session.protocol_version().map(|version| format!("{version:?}")));
    let cipher = text(session.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite())));
    let shown = session.peer_certificates().unwrap_or_default();
    let certificate = CertificateFound::of(shown, &visitor.host, &visitor.trust, visitor.now)?;
    let mut answers = Vec::new();
    let mut first = Some(stream);
    for (method, path) in QUESTIONS {
        let stream = match first.take() {
            Some(stream) => Ok(stream),
            None => handshake(at, &visitor.host).await,
        };
        let head = match stream {
            Ok(mut stream) => ask(&mut stream, method, path, &visitor.host).await,
            Err(_) => None,
        };
        answers.push(Answer { question: format!("{method} {path}"), head });
    }
    let old_versions = old_versions_spoken(at, &visitor.host).await;
    Ok(TlsFound { version, cipher, old_versions, certificate, answers })
}

async fn handshake(at: SocketAddr, host: &str) -> Result<TlsStream<TcpStream>, String> {
    let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
    let stream = connect(at).await?;
    match timeout(PROBE_LIMIT, TlsConnector::from(Arc::new(client())).connect(name, stream)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no handshake within {} s", PROBE_LIMIT.as_secs())),
    }
}

fn client() -> ClientConfig {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .expect("both are built in")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

/// Shakes hands with any certificate, so that a wrong one can be read and told of. That the other side holds its key is
/// verified all the same; and nothing secret is ever sent over such a connection.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
