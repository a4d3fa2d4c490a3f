//! The push of a batch: one POST of JSON lines, taken when the answer is 2xx. Follows nothing and repeats nothing.

use super::{Dialer, SEND_LIMIT, StreamError};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, LOCATION, RETRY_AFTER, USER_AGENT};
use http::{Method, Request, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

/// Bytes of an answer that are read before the connection is given up instead of kept.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// HTTPS where no port is named.
const HTTPS_PORT: u16 = 443;

/// A receiver over HTTPS, with the connection to it as long as it stands.
#[derive(Debug)]
pub struct Push {
    host: String,
    port: u16,
    path: String,
    named: HeaderValue,
    authorization: Option<HeaderValue>,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl Push {
    /// A receiver at an address that somebody typed, with the value of `Authorization` if it wants one.
    pub fn new(url: &str, authorization: Option<&str>) -> Result<Self, StreamError> {
        let refused = || StreamError::Address(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| refused())?;
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or_else(refused)?;
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        if uri.scheme_str() != Some("https") || host.is_empty() || url.contains('#') {
            return Err(refused());
        }
        let authorization = authorization.map(|value| {
            HeaderValue::from_str(value).map(|mut value| {
                value.set_sensitive(true);
                value
            })
        });
        Ok(Self {
            host,
            port: authority.port_u16().unwrap_or(HTTPS_PORT),
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            named: HeaderValue::from_str(authority.as_str()).map_err(|_| refused())?,
            authorization: authorization.transpose().map_err(|_| StreamError::Address("Authorization".to_owned()))?,
            connection: None,
        })
    }

    /// Whom it goes to, without what might be secret in the path.
    pub fn peer(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// Sends a batch, each event a line. Taken when this returns `Ok`.
    pub async fn send(&mut self, dialer: &Dialer, lines: Vec<u8>) -> Result<(), StreamError> {
        let body = Bytes::from(lines);
        // A kept connection may have ended meanwhile; that says nothing of the receiver, so a new one is made.
        let mut sender = match self.connection.take().filter(|sender| !sender.is_closed()) {
            Some(sender) => sender,
            None => self.open(dialer).await?,
        };
        let sent = timeout(SEND_LIMIT, exchange(&mut sender, self.request(body))).await;
        let reusable = sent.map_err(|_| StreamError::TooSlow)??;
        if reusable {
            self.connection = Some(sender);
        }
        Ok(())
    }

    async fn open(&self, dialer: &Dialer) -> Result<SendRequest<Full<Bytes>>, StreamError> {
        let stream = dialer.connect(&self.host, self.port).await?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| cut_off(&error))?;
        // Ends with its sender, or with the connection.
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a stream's connection ended");
            }
        });
        Ok(sender)
    }

    fn request(&self, body: Bytes) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.path.parse().unwrap_or_default();
        let headers = request.headers_mut();
        headers.insert(HOST, self.named.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("struct/", env!("CARGO_PKG_VERSION"))));
        if let Some(value) = &self.authorization {
            headers.insert(AUTHORIZATION, value.clone());
        }
        request
    }
}

/// Whether the connection may be used again, when the batch was taken.
async fn exchange(sender: &mut SendRequest<Full<Bytes>>, request: Request<Full<Bytes>>) -> Result<bool, StreamError> {
    sender.ready().await.map_err(|error| cut_off(&error))?;
    let answer = sender.send_request(request).await.map_err(|error| cut_off(&error))?;
    let (parts, body) = answer.into_parts();
    let status = parts.status.as_u16();
    if parts.status.is_redirection() && parts.headers.contains_key(LOCATION) {
        return Err(StreamError::Redirected(status));
    }
    if !parts.status.is_success() {
        let retry_after = parts.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        return Err(StreamError::Refused { status, retry_after });
    }
    // What a receiver says besides 2xx is nobody's business; it is read so that the connection can be used again.
    Ok(Limited::new(body, MAX_ANSWER_BYTES).collect().await.is_ok())
}

fn cut_off(error: &hyper::Error) -> StreamError {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    StreamError::CutOff(cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::Push;

    #[test]
    fn what_is_no_https_address_is_refused_before_anything_is_looked_up() {
        for url in [
            "http://siem.example.jp/",
            "siem.example.jp",
            "https://",
            "ftp://siem.example.jp/",
            "/path",
            "https://name:word@siem.example.jp/",
            "https://siem.example.jp/#part",
            "https://siem.example.jp/\r\nX: y",
        ] {
            Push::new(url, None).expect_err(url);
        }
        Push::new("https://siem.example.jp/", Some("Bearer a\r\nX-Other: b")).expect_err("two headers");
        for (url, host, port) in [
            ("https://siem.example.jp/services/collector?channel=1", "siem.example.jp", 443),
            ("https://[2001:db8::1]:8088", "2001:db8::1", 8088),
        ] {
            assert_eq!(Push::new(url, Some("Splunk 00000000")).expect(url).peer(), (host, port));
        }
    }

    #[test]
    fn the_authorization_is_not_in_what_a_process_log_may_hold() {
        let push = Push::new("https://siem.example.jp/", Some("Bearer hirugao")).expect("an address");
        assert!(!format!("{push:?}").contains("hirugao"));
    }
}
