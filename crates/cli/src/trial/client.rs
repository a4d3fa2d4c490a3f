//! A lean HTTPS client for load: HTTP/1.1 on connections kept alive, the session's cookie, nothing else. Trusts one
//! authority. Knows no meaning of any answer.

use anyhow::{Context as _, bail};
use futures_util::Stream;
use http::header::{CONTENT_TYPE, COOKIE, HOST, HeaderName, LOCATION, USER_AGENT};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty, Full, StreamBody};
use hyper::body::Bytes;
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// What is sent.
pub type Body = UnsyncBoxBody<Bytes, Infallible>;

/// A body of bytes at hand.
pub fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).boxed_unsync()
}

/// A body that is made while it is sent.
pub fn made(chunks: impl Stream<Item = Bytes> + Send + 'static) -> Body {
    use futures_util::StreamExt as _;
    StreamBody::new(chunks.map(|chunk| Ok(Frame::data(chunk)))).boxed_unsync()
}

/// Where to connect, whom to trust, as whom to come.
#[derive(Clone)]
pub struct Client {
    address: SocketAddr,
    tls: TlsConnector,
    cookie: Option<HeaderValue>,
}

impl Client {
    /// A client of the server at `address` whose certificate the authority in this PEM file issued for `localhost`.
    pub fn new(address: SocketAddr, authority: &Path) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(authority).with_context(|| authority.display().to_string())? {
            roots.add(certificate?)?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { address, tls: TlsConnector::from(Arc::new(config)), cookie: None })
    }

    /// The same, with a session's token.
    pub fn with_session(&self, token: &str) -> anyhow::Result<Self> {
        let cookie = HeaderValue::from_str(&format!("{}={token}", web::cookie::SESSION))?;
        Ok(Self { cookie: Some(cookie), ..self.clone() })
    }

    /// The same, to another server of the same installation.
    #[must_use]
    pub fn at(&self, address: SocketAddr) -> Self {
        Self { address, ..self.clone() }
    }

    /// A new connection.
    pub async fn connect(&self) -> anyhow::Result<Connection> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let stream = self.tls.connect(ServerName::try_from("localhost")?, stream).await?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Connection {
            sender,
            host: HeaderValue::from_str(&format!("localhost:{}", self.address.port()))?,
            cookie: self.cookie.clone(),
        })
    }

    /// One request on a connection of its own.
    pub async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.connect().await?.get(path).await
    }
}

/// A connection that is kept.
pub struct Connection {
    sender: SendRequest<Body>,
    host: HeaderValue,
    cookie: Option<HeaderValue>,
}

/// An answer, read to its end.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// Where it leads, when it redirects.
    pub location: Option<String>,
    /// A session's token, when it sets one.
    pub session: Option<String>,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// The answer when it has this status; else an error with what was said.
    pub fn expect(self, status: StatusCode) -> anyhow::Result<Self> {
        if self.status == status {
            return Ok(self);
        }
        let said: String = String::from_utf8_lossy(&self.body).chars().take(600).collect();
        bail!("{} instead of {status}: {said}", self.status)
    }

    /// The value of a hidden field of a form on the page.
    pub fn hidden(&self, name: &str) -> anyhow::Result<String> {
        let page = std::str::from_utf8(&self.body)?;
        let mut tags = page.split("<input").skip(1).filter_map(|rest| rest.split('>').next());
        let tag = tags
            .find(|tag| attribute(tag, "name") == Some(name))
            .with_context(|| format!("no field {name} on the page"))?;
        Ok(attribute(tag, "value").unwrap_or_default().to_owned())
    }
}

fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    tag.split_once(&format!(" {name}=\""))?.1.split('"').next()
}

impl Connection {
    /// GET.
    pub async fn get(&mut self, path: &str) -> anyhow::Result<Answer> {
        self.send(Method::GET, path, None, Empty::new().boxed_unsync()).await
    }

    /// POST of a JSON document.
    pub async fn post_json(&mut self, path: &str, document: String) -> anyhow::Result<Answer> {
        self.send(Method::POST, path, Some("application/json"), whole(document)).await
    }

    /// POST of any kind.
    pub async fn post(&mut self, path: &str, kind: &str, body: Body) -> anyhow::Result<Answer> {
        self.send(Method::POST, path, Some(kind), body).await
    }

    /// GET of something large: `take` sees each piece as it comes in, nothing is kept. A body cut short is an error.
    pub async fn stream(&mut self, path: &str, mut take: impl FnMut(&[u8])) -> anyhow::Result<()> {
        let mut response = self.begin(Method::GET, path, None, Empty::new().boxed_unsync()).await?;
        if response.status() != StatusCode::OK {
            bail!("{} for {path}", response.status());
        }
        while let Some(frame) = response.body_mut().frame().await {
            if let Some(piece) = frame?.data_ref() {
                take(piece);
            }
        }
        Ok(())
    }

    async fn send(&mut self, method: Method, path: &str, kind: Option<&str>, body: Body) -> anyhow::Result<Answer> {
        let response = self.begin(method, path, kind, body).await?;
        let text =
            |name: HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (status, location, session) = (response.status(), text(LOCATION), session(&response));
        let body = response.into_body().collect().await?.to_bytes();
        Ok(Answer { status, location, session, body })
    }

    async fn begin(
        &mut self,
        method: Method,
        path: &str,
        kind: Option<&str>,
        body: Body,
    ) -> anyhow::Result<Response<Incoming>> {
        let mut request =
            Request::builder().method(method).uri(path).header(HOST, &self.host).header(USER_AGENT, "struct-bench");
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        if let Some(kind) = kind {
            request = request.header(CONTENT_TYPE, kind);
        }
        self.sender.ready().await?;
        Ok(self.sender.send_request(request.body(body)?).await?)
    }
}

fn session(response: &Response<Incoming>) -> Option<String> {
    let set = response.headers().get_all(http::header::SET_COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = set.filter_map(|cookie| cookie.split(';').next()?.split_once('='));
    pairs.find(|(name, _)| *name == web::cookie::SESSION).map(|(_, value)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &'static str) -> Answer {
        Answer { status: StatusCode::OK, location: None, session: None, body: Bytes::from_static(text.as_bytes()) }
    }

    #[test]
    fn a_field_that_is_not_on_the_page_is_an_error() {
        assert!(page("<input name=\"other\" value=\"1\">").hidden("csrf").is_err());
        let found = page("<form><input type=\"hidden\" name=\"csrf\" value=\"abc\"><input name=\"x\" value=\"y\">")
            .hidden("csrf");
        assert_eq!(found.ok().as_deref(), Some("abc"));
    }

    #[test]
    fn an_answer_of_another_status_says_what_was_answered() {
        let refused = page("because").expect(StatusCode::CREATED).err().map(|error| error.to_string());
        assert_eq!(refused.as_deref(), Some("200 OK instead of 201 Created: because"));
    }
}
