//! Somebody who uses the pages without a browser: the session's cookie, the hidden token of forms. Knows no meaning of any page.

use anyhow::{Context, Result, bail};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

/// A visitor of one installation.
pub struct Visitor {
    tls: Arc<ClientConfig>,
    host: String,
    cookies: Vec<(String, String)>,
}

/// What came back.
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl Visitor {
    /// One who trusts the installation's own authority.
    pub fn new(origin: &str, authority: &Path) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(authority).with_context(|| authority.display().to_string())? {
            roots.add(certificate?)?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls: Arc::new(config), host: origin.trim_start_matches("https://").to_owned(), cookies: Vec::new() })
    }

    /// GET.
    pub fn get(&mut self, path: &str) -> Result<Answer> {
        self.ask(&format!("GET {path} HTTP/1.1\r\n"), "")
    }

    /// Signs in.
    pub fn sign_in(&mut self, email: &str, password: &str) -> Result<()> {
        let answer = self.post("/signin", &[("email", email), ("password", password)])?;
        self.done("/signin", &answer)
    }

    /// Opens a form, fills it and sends it; an error unless that leads on.
    pub fn send(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<()> {
        let page = self.get(path)?;
        let token = page.body.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let token = token.with_context(|| format!("no form at {path} ({}): {}", page.status, page.body))?.to_owned();
        let answer = self.post(path, &[&[("csrf", token.as_str())], fields].concat())?;
        self.done(path, &answer)
    }

    fn done(&self, path: &str, answer: &Answer) -> Result<()> {
        match answer.status {
            302 | 303 => Ok(()),
            status => bail!("{path} answered {status}: {}", answer.body),
        }
    }

    fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<Answer> {
        let encoded = |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02X}")).collect() };
        let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let body = pairs.join("&");
        let head = format!(
            "POST {path} HTTP/1.1\r\nOrigin: https://{}\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
            self.host,
            body.len()
        );
        self.ask(&head, &body)
    }

    fn ask(&mut self, head: &str, body: &str) -> Result<Answer> {
        let connection = ClientConnection::new(Arc::clone(&self.tls), ServerName::try_from("localhost")?)?;
        let port = self.host.rsplit(':').next().context("a port")?;
        let mut stream = StreamOwned::new(connection, TcpStream::connect(format!("127.0.0.1:{port}"))?);
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        write!(
            stream,
            "{head}Host: {}\r\nCookie: {}\r\nAccept: text/html\r\nConnection: close\r\n\r\n{body}",
            self.host,
            cookies.join("; ")
        )?;
        let mut bytes = Vec::new();
        match stream.read_to_end(&mut bytes) {
            Err(error) if error.kind() != ErrorKind::UnexpectedEof => return Err(error.into()),
            _ => {}
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").context("an answer")?;
        let set = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
        for (_, cookie) in set {
            if let Some((name, value)) = cookie.split(';').next().and_then(|pair| pair.split_once('=')) {
                self.cookies.retain(|(known, _)| known != name);
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).context("a status")?;
        Ok(Answer { status, body: body.to_owned() })
    }
}
