//! What a listener answers to HTTP, with or without TLS: status, where it leads, and its headers. Reads no body.

use super::{PROBE_LIMIT, connect};
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Where an authority asks for the answer to its challenge over plain HTTP (RFC 8555, section 8.3).
pub const CHALLENGE_PATH: &str = "/.well-known/acme-challenge/";
/// Bytes of an answer's head that are read.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// What a plain listener is asked: pages, the API, forms, files, and what is not there.
const QUESTIONS: [(&str, &str); 7] = [
    ("GET", "/"),
    ("HEAD", "/trust.json"),
    ("GET", "/app"),
    ("POST", "/signin"),
    ("PUT", "/api/v1/services"),
    ("GET", "/log/platform/checkpoint"),
    ("GET", "/.well-known/acme-challenge/struct-asks-for-no-token"),
];

/// The head of an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AnswerHead {
    /// The status.
    pub status: u16,
    headers: Vec<(String, String)>,
}

impl AnswerHead {
    /// A header by its name in small letters; the first when there are several.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    fn parse(text: &str) -> Option<Self> {
        let (head, _) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
        let header =
            |line: &str| line.split_once(':').map(|(n, v)| (n.trim().to_ascii_lowercase(), v.trim().to_owned()));
        Some(Self { status, headers: lines.filter_map(header).collect() })
    }
}

/// What was answered to a question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// `GET /`
    pub question: String,
    /// The head; none when there was no answer in HTTP.
    pub head: Option<AnswerHead>,
}

impl Answer {
    /// Whether it does nothing but lead to HTTPS, or is about a challenge, which is public.
    pub fn is_harmless(&self) -> bool {
        let Some(head) = &self.head else { return true };
        let leads = matches!(head.status, 301 | 302 | 303 | 307 | 308)
            && head.header("location").is_some_and(|to| to.starts_with("https://"));
        leads || self.question.contains(CHALLENGE_PATH) && matches!(head.status, 200 | 404)
    }
}

/// Whether the other side answers HTTP without TLS.
pub(super) async fn is_spoken(mut stream: TcpStream, host: &str) -> bool {
    ask(&mut stream, "GET", "/", host).await.is_some()
}

/// All of [`QUESTIONS`], each on a connection of its own.
pub(super) async fn ask_all(at: SocketAddr, host: &str) -> Vec<Answer> {
    let mut answers = Vec::new();
    for (method, path) in QUESTIONS {
        let head = match connect(at).await {
            Ok(mut stream) => ask(&mut stream, method, path, host).await,
            Err(_) => None,
        };
        answers.push(Answer { question: format!("{method} {path}"), head });
    }
    answers
}

/// Asks once, and reads the head of the answer; `None` when it is not HTTP.
pub(super) async fn ask<S>(stream: &mut S, method: &str, path: &str, host: &str) -> Option<AnswerHead>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nuser-agent: struct-scan\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    let exchange = async {
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut bytes = Vec::new();
        let mut piece = [0; 1024];
        while bytes.len() < MAX_HEAD_BYTES && !bytes.windows(4).any(|four| four == b"\r\n\r\n") {
            match stream.read(&mut piece).await {
                Ok(0) | Err(_) => break,
                Ok(read) => bytes.extend(&piece[..read]),
            }
        }
        AnswerHead::parse(&String::from_utf8_lossy(&bytes))
    };
    timeout(PROBE_LIMIT, exchange).await.ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(question: &str, text: &str) -> Answer {
        Answer { question: question.to_owned(), head: AnswerHead::parse(text) }
    }

    #[test]
    fn only_the_way_to_https_and_a_challenge_are_harmless_in_the_clear() {
        let to = |status: &str, location: &str| format!("HTTP/1.1 {status} x\r\nLocation: {location}\r\n\r\n");
        assert!(answer("GET /", &to("308", "https://struct.example.jp/")).is_harmless());
        assert!(answer("GET /", "").is_harmless(), "no answer tells nothing");
        assert!(answer("GET /.well-known/acme-challenge/x", "HTTP/1.1 200 OK\r\n\r\nx.y").is_harmless());
        for (question, text) in [
            ("GET /", "HTTP/1.1 200 OK\r\n\r\n".to_owned()),
            ("GET /", "HTTP/1.1 404 Not Found\r\n\r\n".to_owned()),
            ("GET /", to("302", "http://struct.example.jp/sign-in")),
            ("GET /", to("200", "https://struct.example.jp/")),
            ("GET /", "HTTP/1.1 301 x\r\n\r\n".to_owned()),
            ("GET /.well-known/acme-challenge/x", "HTTP/1.1 500 x\r\n\r\n".to_owned()),
        ] {
            assert!(!answer(question, &text).is_harmless(), "{question}: {text}");
        }
    }

    #[test]
    fn what_is_no_http_is_no_answer() {
        for text in ["", "HTTP/1.1 200 OK", "\u{15}\u{3}\u{3}", "220 mail ESMTP\r\n\r\n", "HTTP/1.1 abc\r\n\r\n"] {
            assert_eq!(AnswerHead::parse(text), None, "{text:?}");
        }
    }
}
