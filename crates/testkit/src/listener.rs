//! A listener of this process that answers every request with one text, with or without TLS, as a test plants it. Serves no
//! page of the product.

use host::tls::Tls;
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// All that STRUCT's answers carry.
pub const SECURE: &str = "HTTP/1.1 200 OK\r\nstrict-transport-security: max-age=31536000\r\n\
    content-security-policy: default-src 'none'; frame-ancestors 'none'\r\nx-content-type-options: nosniff\r\n\
    x-frame-options: DENY\r\nreferrer-policy: same-origin\r\ncontent-length: 0\r\n\r\n";
/// The way to HTTPS.
pub const REDIRECT: &str =
    "HTTP/1.1 308 Permanent Redirect\r\nlocation: https://struct.example.jp/\r\ncontent-length: 0\r\n\r\n";
/// Bytes of a request's head that are read.
const HEAD_BYTES: usize = 8 * 1024;

/// A listener; gone when dropped.
pub struct Listener {
    /// Where it waits.
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Listener {
    /// At an address like `0.0.0.0:0`; with TLS when a certificate is given.
    pub async fn at(address: &str, tls: Option<&Tls>, answer: &str) -> Self {
        let listener = TcpListener::bind(address).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let acceptor = tls.map(|tls| TlsAcceptor::from(tls.server_config()));
        let task = tokio::spawn(accept(listener, acceptor, answer.to_owned()));
        Self { address, task }
    }

    /// Ends it; once this returns, nobody waits there any more. Dropped, it ends a moment later.
    pub async fn end(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

async fn accept(listener: TcpListener, acceptor: Option<TlsAcceptor>, answer: String) {
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, answer) = (acceptor.clone(), answer.clone());
        tokio::spawn(async move {
            match acceptor {
                None => converse(stream, &answer).await,
                Some(acceptor) => match acceptor.accept(stream).await {
                    Ok(stream) => converse(stream, &answer).await,
                    Err(_) => None,
                },
            }
        });
    }
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, answer: &str) -> Option<()> {
    let (mut head, mut piece): (Vec<u8>, [u8; 1024]) = (Vec::new(), [0; 1024]);
    while head.len() < HEAD_BYTES && !head.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut piece).await.ok()? {
            0 => return None,
            read => head.extend(&piece[..read]),
        }
    }
    stream.write_all(answer.as_bytes()).await.ok()?;
    stream.shutdown().await.ok()
}
