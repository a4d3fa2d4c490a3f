//! Checkpoints: how large a log is and what its root is, as the text of a signed note (C2SP tlog-checkpoint). Does not
//! say whether two of them fit together; that is a consistency proof.

use crate::MAX_TREE_SIZE;
use crate::hash::Hash;
use crate::note::{KeyKind, Note, NoteError, Signer, Verified, VerifierKey};
use crate::text;
use thiserror::Error;

/// The longest origin.
pub const MAX_ORIGIN_BYTES: usize = 1024;
/// The most extension lines. STRUCT writes none.
pub const MAX_EXTENSIONS: usize = 16;
/// The longest text.
pub const MAX_TEXT_BYTES: usize = 16 * 1024;

/// Why a note is no checkpoint, or not of the log that it should be.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum CheckpointError {
    /// Too long.
    #[error("the checkpoint's text has more than {MAX_TEXT_BYTES} bytes or {MAX_EXTENSIONS} extension lines")]
    TooLong,
    /// It is not lines, or one of them is empty.
    #[error(
        "a checkpoint has three lines or more, none empty, each ended by a newline; take the file as it was served"
    )]
    Lines,
    /// The first line is too long.
    #[error("the origin, in the first line, has 1 to {MAX_ORIGIN_BYTES} bytes; take the file as it was served")]
    Origin,
    /// The second line is no size.
    #[error("the second line is no size: a decimal up to {MAX_TREE_SIZE}; take the file as it was served")]
    Size,
    /// The third line is no hash.
    #[error("the third line is no root: 32 bytes in base64; take the file as it was served")]
    Root,
    /// It is another log's.
    #[error("this is a checkpoint of {found}, not of {expected}")]
    OtherLog {
        /// The log that was meant.
        expected: String,
        /// The log that it is of.
        found: String,
    },
    /// Witnesses may have signed, the log has not.
    #[error("no key of the log itself has signed; ask the log's operator for its keys, by another way")]
    NotByLog,
    /// The note is none, or its signatures do not hold.
    #[error(transparent)]
    Note(#[from] NoteError),
}

/// What a log says of itself at one moment.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Checkpoint {
    /// The log, by its one name.
    pub origin: String,
    /// How many leaves.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// Further lines, which no one checks; none of them empty.
    pub extensions: Vec<String>,
}

impl Checkpoint {
    /// A checkpoint without extension lines.
    pub fn new(origin: &str, size: u64, root: Hash) -> Self {
        Self { origin: origin.to_owned(), size, root, extensions: Vec::new() }
    }

    /// The text that is signed.
    pub fn text(&self) -> String {
        let extensions: String = self.extensions.iter().map(|line| format!("{line}\n")).collect();
        format!("{}\n{}\n{}\n{extensions}", self.origin, self.size, self.root.to_base64())
    }

    /// Reads the text of a checkpoint.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(CheckpointError::TooLong);
        }
        if !text::is_printable(text) {
            return Err(CheckpointError::Lines);
        }
        let lines: Vec<&str> = text.strip_suffix('\n').ok_or(CheckpointError::Lines)?.split('\n').collect();
        let [origin, size, root, extensions @ ..] = lines.as_slice() else {
            return Err(CheckpointError::Lines);
        };
        if lines.iter().any(|line| line.is_empty()) {
            return Err(CheckpointError::Lines);
        }
        if extensions.len() > MAX_EXTENSIONS {
            return Err(CheckpointError::TooLong);
        }
        if origin.len() > MAX_ORIGIN_BYTES {
            return Err(CheckpointError::Origin);
        }
        Ok(Self {
            origin: (*origin).to_owned(),
            size: text::decimal(size).ok_or(CheckpointError::Size)?,
            root: Hash::from_base64(root).ok_or(CheckpointError::Root)?,
            extensions: extensions.iter().map(|line| (*line).to_owned()).collect(),
        })
    }

    /// Signs it, the first key's line first.
    pub fn sign(&self, signers: &[&Signer]) -> Result<Note, CheckpointError> {
        let text = self.text();
        // A newline in a field would make it another checkpoint.
        if Self::parse(&text)? != *self {
            return Err(CheckpointError::Lines);
        }
        let signatures = signers.iter().map(|signer| signer.sign(&text)).collect();
        Ok(Note::new(text, signatures)?)
    }

    /// Opens a checkpoint of this log: at least one of the keys that sign for logs has signed it. Says who did,
    /// witnesses among them.
    pub fn open(note: &Note, origin: &str, keys: &[VerifierKey]) -> Result<(Self, Vec<Verified>), CheckpointError> {
        let verified = note.verify(keys)?;
        let checkpoint = Self::parse(note.text())?;
        if checkpoint.origin != origin {
            return Err(CheckpointError::OtherLog { expected: origin.to_owned(), found: checkpoint.origin });
        }
        if !verified.iter().any(|signature| signature.key.kind() == KeyKind::Ed25519) {
            return Err(CheckpointError::NotByLog);
        }
        Ok((checkpoint, verified))
    }
}
