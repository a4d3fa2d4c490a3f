//! Syslog over TLS: messages of RFC 5424 in the frames of RFC 5425. Nothing in it acknowledges a message, so a batch ends with
//! TLS's own goodbye: a receiver that answers it has read every byte before it.

use super::{Dialer, SEND_LIMIT, StreamError};
use std::io::ErrorKind;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

/// The port of syslog over TLS, where none is named.
pub const SYSLOG_TLS_PORT: u16 = 6514;
/// How long a receiver may take to say goodbye.
const GOODBYE_LIMIT: Duration = Duration::from_secs(5);
/// "Log audit" in RFC 5424's list of facilities.
const FACILITY: u8 = 13;
/// Characters that a name in the header may have: HOSTNAME and MSGID.
const MAX_HOST_CHARS: usize = 255;
const MAX_ID_CHARS: usize = 32;
/// RFC 5424's bound of `sequenceId`, after which it begins anew.
const MAX_SEQUENCE: u64 = 2_147_483_647;

/// What one message says.
#[derive(Clone, Debug)]
pub struct SyslogLine<'a> {
    /// RFC 5424's severity: 6 informational … 0 emergency.
    pub severity: u8,
    /// RFC 3339, at most six decimals.
    pub at: &'a str,
    /// Whose log it is: the host in its origin.
    pub host: &'a str,
    /// The verb.
    pub id: &'a str,
    /// The entry's position in the log; none of a test.
    pub position: Option<u64>,
    /// The event: JSON.
    pub json: &'a str,
}

impl SyslogLine<'_> {
    /// The message in its frame: its length in bytes, a blank, and the message, which is ASCII throughout.
    pub fn frame(&self) -> Vec<u8> {
        let text = |text: &str, most: usize| {
            let kept: String = text.chars().filter(char::is_ascii_graphic).take(most).collect();
            if kept.is_empty() { "-".to_owned() } else { kept }
        };
        let sequence = self
            .position
            .map_or_else(String::new, |position| format!("[meta sequenceId=\"{}\"]", position % MAX_SEQUENCE + 1));
        let message = format!(
            "<{}>1 {} {} struct - {} [origin software=\"STRUCT\" swVersion=\"{}\"]{sequence} {}",
            FACILITY * 8 + self.severity.min(7),
            self.at,
            text(self.host, MAX_HOST_CHARS),
            text(self.id, MAX_ID_CHARS),
            env!("CARGO_PKG_VERSION"),
            ascii(self.json),
        );
        format!("{} {message}", message.len()).into_bytes()
    }
}

/// JSON with escapes for what is not ASCII: the text is the same, and no receiver has to guess its encoding.
fn ascii(json: &str) -> String {
    let mut units = [0; 2];
    json.chars().fold(String::with_capacity(json.len()), |mut text, c| {
        if c.is_ascii() {
            text.push(c);
        } else {
            text.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
        text
    })
}

/// What a receiver does when TLS's goodbye has been said to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Closing {
    /// It says goodbye too, as TLS demands: that is taken for a receipt, and nothing less.
    Answers,
    /// It only hangs up, or goes on listening: then a connection without an error is all there is.
    Silent,
}

/// A receiver of syslog.
#[derive(Debug)]
pub struct Syslog {
    host: String,
    port: u16,
    closing: Option<Closing>,
}

impl Syslog {
    /// A receiver at `host:port`, or `host` on syslog's own port.
    pub fn new(address: &str) -> Result<Self, StreamError> {
        let refused = || StreamError::Address(address.to_owned());
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                (host, port.parse().ok().filter(|port| *port > 0).ok_or_else(refused)?)
            }
            _ => (address, SYSLOG_TLS_PORT),
        };
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let named = rustls_pki_types::ServerName::try_from(host).is_ok();
        if named { Ok(Self { host: host.to_owned(), port, closing: None }) } else { Err(refused()) }
    }

    /// Whom it goes to.
    pub fn peer(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// How the receiver closes, once it is known.
    pub fn closing(&self) -> Option<Closing> {
        self.closing
    }

    /// Sends a batch of frames over a connection of its own. Taken, as far as syslog can tell, when this returns `Ok`.
    pub async fn send(&mut self, dialer: &Dialer, frames: &[u8]) -> Result<(), StreamError> {
        let closing = match self.closing {
            Some(closing) => closing,
            None => self.learn(dialer).await?,
        };
        let mut stream = dialer.connect(&self.host, self.port).await?;
        let written = timeout(SEND_LIMIT, async {
            stream.write_all(frames).await?;
            stream.flush().await
        });
        written.await.map_err(|_| StreamError::TooSlow)?.map_err(|error| cut_off(&error))?;
        match (goodbye(&mut stream).await, closing) {
            (Ok(Closing::Answers), _) | (Ok(Closing::Silent), Closing::Silent) => Ok(()),
            (Ok(Closing::Silent), Closing::Answers) => {
                // It may have been another receiver behind the same name: ask again before the next batch.
                self.closing = None;
                Err(StreamError::CutOff("no goodbye".to_owned()))
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Finds out, by a connection without messages, what the receiver's goodbye is worth.
    async fn learn(&mut self, dialer: &Dialer) -> Result<Closing, StreamError> {
        let mut stream = dialer.connect(&self.host, self.port).await?;
        let closing = goodbye(&mut stream).await?;
        self.closing = Some(closing);
        Ok(closing)
    }
}

/// Says goodbye and waits for the answer.
async fn goodbye(stream: &mut TlsStream<TcpStream>) -> Result<Closing, StreamError> {
    let said = timeout(GOODBYE_LIMIT, stream.shutdown()).await.map_err(|_| StreamError::TooSlow)?;
    said.map_err(|error| cut_off(&error))?;
    let mut rest = [0; 512];
    let until_end = async {
        // What a receiver says is passed over: syslog has no answers.
        while stream.read(&mut rest).await? > 0 {}
        Ok::<(), std::io::Error>(())
    };
    match timeout(GOODBYE_LIMIT, until_end).await {
        Ok(Ok(())) => Ok(Closing::Answers),
        Ok(Err(error)) if error.kind() == ErrorKind::UnexpectedEof => Ok(Closing::Silent),
        Ok(Err(error)) => Err(cut_off(&error)),
        Err(_) => Ok(Closing::Silent),
    }
}

fn cut_off(error: &std::io::Error) -> StreamError {
    StreamError::CutOff(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::{Syslog, SyslogLine};

    #[test]
    fn what_is_no_host_and_port_is_refused() {
        for address in ["", "siem:", "siem:0", "siem:99999", "https://siem", "a b", "siem.example.jp:x", "[::1"] {
            Syslog::new(address).expect_err(address);
        }
        for (address, host, port) in [
            ("siem.example.jp", "siem.example.jp", 6514),
            ("siem.example.jp:10514", "siem.example.jp", 10514),
            ("192.0.2.1:6514", "192.0.2.1", 6514),
            ("[2001:db8::1]:7000", "2001:db8::1", 7000),
            ("2001:db8::1", "2001:db8::1", 6514),
        ] {
            assert_eq!(Syslog::new(address).expect(address).peer(), (host, port));
        }
    }

    #[test]
    fn a_frame_begins_with_the_bytes_of_its_message_and_no_header_holds_a_blank() {
        let line = SyslogLine {
            severity: 6,
            at: "2026-11-22T09:05:00.123456Z",
            host: "struct example.jp",
            id: "record.updated",
            position: Some(2_147_483_647),
            json: r#"{"message":"髙\n𠮷"}"#,
        };
        let frame = String::from_utf8(line.frame()).expect("ASCII");
        let (length, message) = frame.split_once(' ').expect("a length");
        assert_eq!(length.parse::<usize>().expect("a number"), message.len());
        assert!(frame.is_ascii() && !frame.contains('\n'));
        assert!(
            message.starts_with("<110>1 2026-11-22T09:05:00.123456Z structexample.jp struct - record.updated [origin"),
            "{message}"
        );
        assert!(message.contains("[meta sequenceId=\"1\"] {"), "{message}");
        assert!(message.ends_with("{\"message\":\"\\u9ad9\\n\\ud842\\udfb7\"}"), "{message}");
    }
}
