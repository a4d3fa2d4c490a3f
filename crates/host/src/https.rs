//! The way out over HTTPS, to addresses that the operator configured. Follows no redirect, retries nothing, and knows nothing
//! of what it carries.

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use http::{Method, Request, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long a request may take, from the first byte of connecting to the last of the answer.
pub const REQUEST_LIMIT: Duration = Duration::from_secs(15);
/// Bytes of an answer to what was sent that are read; a longer one is an error.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// How long an idle connection is kept for the next request.
const IDLE_LIMIT: Duration = Duration::from_secs(90);

/// Why a request had no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpsError {
    /// Not an address that may be asked.
    #[error("{url:?} is no address to send to: write https://…, or http:// on a loopback address")]
    Address {
        /// The address.
        url: String,
    },
    /// The file of authorities is of no use.
    #[error("{} holds no certificate that can be trusted ({reason}); give the authority's certificate in PEM", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A header can't be sent.
    #[error("the header {0} holds what no header may")]
    Header(String),
    /// No connection, no TLS, or it broke.
    #[error("{host} can't be reached: {reason}")]
    Unreachable {
        /// Whom.
        host: String,
        /// Why, as far as is known.
        reason: String,
    },
    /// It took too long.
    #[error("{host} did not answer within {} s", REQUEST_LIMIT.as_secs())]
    TooSlow {
        /// Whom.
        host: String,
    },
    /// The answer was cut off or longer than is read.
    #[error("the answer of {host} was cut off, or is longer than is read")]
    Answer {
        /// Whose.
        host: String,
    },
}

/// An answer, whatever its status.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// `Content-Type`; empty without one.
    pub content_type: String,
    /// `Retry-After` in seconds, when it was given so.
    pub retry_after: Option<u64>,
    /// The body.
    pub body: Vec<u8>,
}

/// Sends requests; keeps connections for the next.
#[derive(Clone, Debug)]
pub struct Https {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl Https {
    /// Trusts the authorities of this machine or, when a file is given, those in it and no others.
    pub fn new(authority: Option<&Path>) -> Result<Self, HttpsError> {
        let builder = HttpsConnectorBuilder::new().with_tls_config(client_config(authority)?);
        let connector = builder.https_or_http().enable_http1().build();
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_LIMIT)
            .pool_max_idle_per_host(1)
            .build(connector);
        Ok(Self { client })
    }

    /// Asks for something of at most so many bytes, and gives the answer, whatever it says.
    pub async fn get(&self, url: &str, bytes_max: usize) -> Result<Answer, HttpsError> {
        let uri = address(url)?;
        let host = uri.authority().map_or_else(String::new, |authority| authority.host().to_owned());
        let request = Request::builder().uri(uri).header(USER_AGENT, concat!("struct/", env!("CARGO_PKG_VERSION")));
        let request = request.body(Full::default()).map_err(|_| HttpsError::Address { url: url.to_owned() })?;
        match tokio::time::timeout(REQUEST_LIMIT, self.exchange(&host, request, bytes_max)).await {
            Ok(answer) => answer,
            Err(_) => Err(HttpsError::TooSlow { host }),
        }
    }

    /// Sends a body, and gives the answer, whatever it says.
    pub async fn post(
        &self,
        url: &str,
        content_type: &'static str,
        headers: &[(HeaderName, String)],
        body: Vec<u8>,
    ) -> Result<Answer, HttpsError> {
        let uri = address(url)?;
        let host = uri.authority().map_or_else(String::new, |authority| authority.host().to_owned());
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(uri)
            .header(CONTENT_TYPE, content_type)
            .header(USER_AGENT, concat!("struct/", env!("CARGO_PKG_VERSION")));
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).map_err(|_| HttpsError::Header(name.to_string()))?;
            request = request.header(name, value);
        }
        let request =
            request.body(Full::new(Bytes::from(body))).map_err(|_| HttpsError::Address { url: url.to_owned() })?;
        match tokio::time::timeout(REQUEST_LIMIT, self.exchange(&host, request, MAX_ANSWER_BYTES)).await {
            Ok(answer) => answer,
            Err(_) => Err(HttpsError::TooSlow { host }),
        }
    }

    /// Asks for the head of a page and gives one header of it, whatever the status.
    pub async fn head(&self, url: &str, header: &'static str) -> Result<Option<String>, HttpsError> {
        let uri = address(url)?;
        let host = uri.authority().map_or_else(String::new, |authority| authority.host().to_owned());
        let request = Request::builder()
            .method(Method::HEAD)
            .uri(uri)
            .header(USER_AGENT, concat!("struct/", env!("CARGO_PKG_VERSION")))
            .body(Full::default())
            .map_err(|_| HttpsError::Address { url: url.to_owned() })?;
        match tokio::time::timeout(REQUEST_LIMIT, self.client.request(request)).await {
            Ok(Ok(answer)) => Ok(answer.headers().get(header).and_then(|value| value.to_str().ok()).map(str::to_owned)),
            Ok(Err(error)) => Err(unreachable(&host, &error)),
            Err(_) => Err(HttpsError::TooSlow { host }),
        }
    }

    async fn exchange(
        &self,
        host: &str,
        request: Request<Full<Bytes>>,
        bytes_max: usize,
    ) -> Result<Answer, HttpsError> {
        let (parts, body) = self.client.request(request).await.map_err(|error| unreachable(host, &error))?.into_parts();
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let body = Limited::new(body, bytes_max).collect().await;
        let body = body.map_err(|_| HttpsError::Answer { host: host.to_owned() })?.to_bytes().to_vec();
        Ok(Answer {
            status: parts.status.as_u16(),
            content_type: text("content-type").to_owned(),
            retry_after: text("retry-after").parse().ok(),
            body,
        })
    }
}

/// TLS 1.2 and 1.3 with the server's certificate verified by the authorities of this machine or, when a file is given, by those
/// in it and no others.
pub(crate) fn client_config(authority: Option<&Path>) -> Result<ClientConfig, HttpsError> {
    Ok(ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .expect("both are built in")
        .with_root_certificates(roots(authority)?)
        .with_no_client_auth())
}

/// The outer errors say only that there was no answer; the innermost says why.
pub(crate) fn unreachable(host: &str, error: &hyper_util::client::legacy::Error) -> HttpsError {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    HttpsError::Unreachable { host: host.to_owned(), reason: cause.to_string() }
}

/// Reads an address that may be sent to: HTTPS, or HTTP that does not leave this machine; without a name and password.
pub fn address(url: &str) -> Result<Uri, HttpsError> {
    let refused = || HttpsError::Address { url: url.to_owned() };
    let uri: Uri = url.parse().map_err(|_| refused())?;
    let host = uri.authority().filter(|authority| !authority.as_str().contains('@')).map(|authority| authority.host());
    let host = host.filter(|host| !host.is_empty()).ok_or_else(refused)?;
    let here = host.trim_matches(['[', ']']).parse().is_ok_and(|ip: IpAddr| ip.is_loopback()) || host == "localhost";
    match uri.scheme_str() {
        Some("https") => Ok(uri),
        Some("http") if here => Ok(uri),
        _ => Err(refused()),
    }
}

fn roots(authority: Option<&Path>) -> Result<RootCertStore, HttpsError> {
    let mut roots = RootCertStore::empty();
    let Some(path) = authority else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return Ok(roots);
    };
    let refused = |reason: String| HttpsError::Authority { path: path.to_owned(), reason };
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| refused(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| refused(error.to_string()))?;
        roots.add(certificate).map_err(|error| refused(error.to_string()))?;
    }
    if roots.is_empty() { Err(refused("there is none in it".to_owned())) } else { Ok(roots) }
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn nothing_leaves_this_machine_in_the_clear_or_with_a_password_in_its_address() {
        for url in
            ["http://witness.example.jp/", "ftp://127.0.0.1/", "witness.example.jp", "https://", "/add-checkpoint"]
        {
            address(url).expect_err(url);
        }
        address("https://name:word@witness.example.jp/").expect_err("a password");
        for url in
            ["https://witness.example.jp/w1", "http://127.0.0.1:8090", "http://[::1]:8090/x", "http://localhost:1"]
        {
            address(url).expect(url);
        }
    }
}
