//! Letters kept as .eml files in a private folder, for installations without a mail server and for the demo's page.
//! Sends nothing and deletes nothing.

use super::{MailError, sender};
use crate::file::{Target, private_directory};
use domain::time::{Random, random_bytes};
use jiff::Timestamp;
use lettre::{Message, message::Mailbox};
use mail_parser::MessageParser;
use std::{
    io::{self, Read},
    path::{Path, PathBuf},
};

/// How many letters a listing shows.
const LISTED: usize = 200;
/// Nothing we wrote is longer.
const LETTER_BYTES_MAX: u64 = 1 << 20;

/// A folder of letters.
#[derive(Debug)]
pub struct Folder {
    dir: PathBuf,
    from: Mailbox,
}

/// A letter as it can be read there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The file's name, by which it is read.
    pub name: String,
    /// To whom.
    pub to: String,
    /// About what.
    pub subject: String,
    /// When it was written.
    pub written_at: Option<Timestamp>,
    /// Its text.
    pub text: String,
}

impl Folder {
    /// Uses the folder, and makes it when it isn't there. `from` is the sender, as `Name <address>`.
    pub fn open(dir: &Path, from: &str) -> Result<Self, MailError> {
        private_directory(dir).map_err(|source| MailError::Folder { path: dir.to_owned(), source })?;
        Ok(Self { dir: dir.to_owned(), from: sender(from)? })
    }

    /// The folder's path.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn from(&self) -> &Mailbox {
        &self.from
    }

    pub(super) fn keep(&self, message: &Message, now: Timestamp, random: &dyn Random) -> Result<(), MailError> {
        // Names sort by time; the random part keeps two of one instant apart.
        let name = format!("{:015}-{:016x}.eml", now.as_microsecond(), u64::from_be_bytes(random_bytes(random)));
        let path = self.dir.join(name);
        Target::private(&path).create(&message.formatted()).map_err(|source| MailError::Folder { path, source })
    }

    /// The newest letters, newest first.
    pub fn list(&self) -> Result<Vec<Letter>, MailError> {
        let failed = |source| MailError::Folder { path: self.dir.clone(), source };
        let mut names: Vec<String> = std::fs::read_dir(&self.dir)
            .map_err(failed)?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| ours(name))
            .collect();
        names.sort_unstable_by(|a, b| b.cmp(a));
        names.truncate(LISTED);
        names.iter().filter_map(|name| self.read(name).transpose()).collect()
    }

    /// One letter by its name; `None` when there is none of that name.
    pub fn read(&self, name: &str) -> Result<Option<Letter>, MailError> {
        if !ours(name) {
            return Ok(None);
        }
        let path = self.dir.join(name);
        let mut bytes = Vec::new();
        let taken = std::fs::File::open(&path).and_then(|file| file.take(LETTER_BYTES_MAX).read_to_end(&mut bytes));
        match taken {
            Ok(_) => Ok(Some(parse(name, &bytes))),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(MailError::Folder { path, source }),
        }
    }
}

/// Whether we gave that name: it can't lead out of the folder, nor to a file half-written.
fn ours(name: &str) -> bool {
    name.strip_suffix(".eml")
        .is_some_and(|stem| !stem.is_empty() && stem.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-'))
}

fn parse(name: &str, bytes: &[u8]) -> Letter {
    let message = MessageParser::default().parse(bytes).unwrap_or_default();
    let to = message.to().and_then(|to| to.first()).and_then(|to| to.address()).unwrap_or_default();
    Letter {
        name: name.to_owned(),
        to: to.to_owned(),
        subject: message.subject().unwrap_or_default().to_owned(),
        written_at: message.date().and_then(|date| Timestamp::from_second(date.to_timestamp()).ok()),
        text: message.body_text(0).unwrap_or_default().into_owned(),
    }
}
