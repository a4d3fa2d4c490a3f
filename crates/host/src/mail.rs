//! Letters that leave: through the operator's mail server, or into a folder when there is none.
//! Writes no letter's text and decides no recipient.

mod folder;
mod smtp;

pub use folder::{Folder, Letter};
pub use smtp::{Security, Smtp, SmtpSettings};

use domain::time::{Random, random_bytes};
use jiff::Timestamp;
use lettre::{
    Address, Message,
    message::{
        Attachment, Body, Mailbox, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};
use std::{io, path::PathBuf, time::SystemTime};

/// One letter to one person.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The address, without a name.
    pub to: String,
    /// One line.
    pub subject: String,
    /// Plain text; lines may end as they like.
    pub text: String,
}

/// A text file that goes with a letter.
#[derive(Clone, Debug)]
pub struct Attached {
    /// Its name: plain ASCII.
    pub name: String,
    /// Its bytes, which arrive as they are.
    pub bytes: Vec<u8>,
}

/// Why a letter didn't leave.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The address is none.
    #[error("{address:?} is no mail address; correct it")]
    Address {
        /// The address.
        address: String,
    },
    /// The subject would end its line.
    #[error("a subject is one line without control characters")]
    Subject,
    /// The configuration can't work.
    #[error("the mail settings can't be used: {0}")]
    Settings(String),
    /// The server will never take this letter.
    #[error("the mail server refused the letter: {0}")]
    Refused(String),
    /// The server may take it later.
    #[error("the mail server can't be reached or is busy ({0}); it is worth trying again")]
    Unavailable(String),
    /// The folder can't be used.
    #[error("the mail folder can't be used at {} ({source})", path.display())]
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

impl MailError {
    /// Whether trying again may help.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Folder { .. })
    }
}

/// Where letters go.
#[derive(Debug)]
pub enum Mailer {
    /// To a mail server.
    Smtp(Smtp),
    /// Into a folder, to be looked at.
    Folder(Folder),
}

impl Mailer {
    /// Sends the letter: the server has taken it, or it is on the disk, when this returns.
    pub async fn send(&self, mail: &Mail, now: Timestamp, random: &dyn Random) -> Result<(), MailError> {
        self.send_with(mail, None, now, random).await
    }

    /// The same, with a file.
    pub async fn send_with(
        &self,
        mail: &Mail,
        file: Option<&Attached>,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<(), MailError> {
        match self {
            Self::Smtp(smtp) => smtp.send(compose(smtp.from(), mail, file, now, random)?).await,
            Self::Folder(folder) => folder.keep(&compose(folder.from(), mail, file, now, random)?, now, random),
        }
    }

    /// The folder, when letters go there.
    pub fn folder(&self) -> Option<&Folder> {
        match self {
            Self::Folder(folder) => Some(folder),
            Self::Smtp(_) => None,
        }
    }
}

/// The sender, as `name <address>` or an address.
fn sender(from: &str) -> Result<Mailbox, MailError> {
    from.parse().map_err(|_| MailError::Settings(format!("{from:?} is no sender; write: Name <address@example.jp>")))
}

/// The letter as RFC 5322 text. What comes from outside can't begin a header: the address is parsed into its two parts,
/// a subject with control characters is refused.
fn compose(
    from: &Mailbox,
    mail: &Mail,
    file: Option<&Attached>,
    now: Timestamp,
    random: &dyn Random,
) -> Result<Message, MailError> {
    let to: Address = mail.to.parse().map_err(|_| MailError::Address { address: mail.to.clone() })?;
    if mail.to.contains(char::is_control) {
        return Err(MailError::Address { address: mail.to.clone() });
    }
    if mail.subject.contains(char::is_control) {
        return Err(MailError::Subject);
    }
    let id = format!("<{:032x}@{}>", u128::from_be_bytes(random_bytes(random)), from.email.domain());
    let builder = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(mail.subject.as_str())
        .date(SystemTime::from(now))
        .message_id(Some(id))
        // RFC 3834: no automatic answers to this one, please.
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()));
    let composed = match file {
        None => builder.header(ContentType::TEXT_PLAIN).body(mail.text.clone()),
        Some(file) => {
            // Base64, since a signed text must not have its lines ended anew on the way.
            let bytes = Body::new_with_encoding(file.bytes.clone(), ContentTransferEncoding::Base64)
                .map_err(|_| MailError::Settings("a file can't be attached".to_owned()))?;
            let attached = Attachment::new(file.name.clone()).body(bytes, ContentType::TEXT_PLAIN);
            builder.multipart(MultiPart::mixed().singlepart(SinglePart::plain(mail.text.clone())).singlepart(attached))
        }
    };
    composed.map_err(|e| MailError::Settings(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Zeros;
    impl Random for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    fn composed(to: &str, subject: &str) -> Result<String, MailError> {
        let from = sender("STRUCT <no-reply@example.jp>")?;
        let mail = Mail { to: to.into(), subject: subject.into(), text: "本文".into() };
        let message = compose(&from, &mail, None, Timestamp::UNIX_EPOCH, &Zeros)?;
        Ok(String::from_utf8(message.formatted()).expect("7-bit"))
    }

    #[test]
    fn an_address_or_subject_that_would_begin_a_header_is_refused() {
        for to in
            ["a@example.jp\r\nBcc: b@example.jp", "a@example.jp\nBcc: b", "a@exam\u{0}ple.jp", "nobody", "a@b@c", ""]
        {
            assert!(matches!(composed(to, "x"), Err(MailError::Address { .. })), "{to:?}");
        }
        for subject in ["a\r\nBcc: b@example.jp", "a\nb", "a\u{0}b", "a\u{85}b"] {
            assert!(matches!(composed("a@example.jp", subject), Err(MailError::Subject)), "{subject:?}");
        }
    }

    #[test]
    fn a_sender_that_is_none_is_refused_when_configured() {
        assert!(matches!(sender("STRUCT"), Err(MailError::Settings(_))));
    }

    #[test]
    fn headers_are_ascii_and_say_that_a_machine_wrote_them() {
        let text = composed("a@example.jp", "招待のお知らせ").expect("a good letter");
        let headers = text.split("\r\n\r\n").next().expect("headers come first");
        assert!(headers.is_ascii() && headers.contains("Auto-Submitted: auto-generated"), "{headers}");
        assert!(headers.contains("Thu, 01 Jan 1970"), "the clock given is the date: {headers}");
    }
}
