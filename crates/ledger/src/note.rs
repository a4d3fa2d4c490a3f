//! Signed notes: a text and the lines of those who signed it (C2SP signed-note), with Ed25519 signatures and
//! timestamped cosignatures (C2SP tlog-cosignature). What the text says is the business of [`crate::checkpoint`].

mod key;

pub use key::{Cosigner, KeyError, KeyKind, Signer, VerifierKey};

use crate::text;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// The longest note. 64 signatures of the largest kind there is fit in.
pub const MAX_NOTE_BYTES: usize = 512 * 1024;
/// The most signatures below a note. The specification asks for 16 at least.
pub const MAX_SIGNATURES: usize = 64;
/// The longest name of a key.
pub const MAX_NAME_BYTES: usize = 1024;
/// The longest signature, whoever made it.
pub const MAX_SIGNATURE_BYTES: usize = 8 * 1024;
/// Bytes of the key's id before a signature.
const ID_BYTES: usize = 4;
/// What a signature line begins with: an em dash and a space.
const LINE_START: &str = "\u{2014} ";

/// Why a text is no note, or a note is not to be believed.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum NoteError {
    /// Too long.
    #[error("the note has more than {MAX_NOTE_BYTES} bytes; remove signatures of keys that nobody checks")]
    TooLong,
    /// The text may not stand in a note.
    #[error("a note's text ends in a newline and has no other control characters; take the file as it was served")]
    Text,
    /// There are no signature lines.
    #[error("there are no signatures below an empty line; take the whole file as it was served")]
    Unsigned,
    /// A line is no signature line.
    #[error("line {line} after the text is no signature line; take the file as it was served")]
    Line {
        /// Which one, from 1.
        line: usize,
    },
    /// Too many.
    #[error("the note has more than {MAX_SIGNATURES} signatures; remove those of keys that nobody checks")]
    TooMany,
    /// A signature by a known key is wrong.
    #[error("the signature of {name} does not fit the text; the text or the signature was altered")]
    BadSignature {
        /// Whose.
        name: String,
    },
    /// No key that is known has signed.
    #[error("none of the {known} keys given has signed this; ask the log's operator for its keys, by another way")]
    NoKnownSignature {
        /// How many keys were given.
        known: usize,
    },
}

/// A signature below a note, checked or not. Prints as its line, without the newline.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SignatureLine {
    name: String,
    id: u32,
    signature: Vec<u8>,
}

/// A line that is no signature line.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("this is no signature line; it looks like `\u{2014} example.com/log AbCd...`")]
pub struct MalformedLine;

impl SignatureLine {
    /// A line of its parts: the key's name and id, and what the key made of the text.
    pub fn new(name: &str, id: u32, signature: Vec<u8>) -> Result<Self, MalformedLine> {
        let sound = key::check_name(name).is_ok() && (1..=MAX_SIGNATURE_BYTES).contains(&signature.len());
        if sound { Ok(Self { name: name.to_owned(), id, signature }) } else { Err(MalformedLine) }
    }

    /// Reads a line, without its newline.
    pub fn parse(line: &str) -> Result<Self, MalformedLine> {
        let (name, signature) =
            line.strip_prefix(LINE_START).and_then(|rest| rest.split_once(' ')).ok_or(MalformedLine)?;
        if signature.len() > (MAX_SIGNATURE_BYTES + ID_BYTES).div_ceil(3) * 4 {
            return Err(MalformedLine);
        }
        let bytes = text::from_base64(signature).ok_or(MalformedLine)?;
        let (id, signature) = bytes.split_first_chunk::<ID_BYTES>().ok_or(MalformedLine)?;
        Self::new(name, u32::from_be_bytes(*id), signature.to_vec())
    }

    /// Name of the key.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Id of the key.
    pub fn id(&self) -> u32 {
        self.id
    }
}

impl fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.id.to_be_bytes(), self.signature.as_slice()].concat();
        write!(f, "{LINE_START}{} {}", self.name, text::to_base64(&bytes))
    }
}

impl FromStr for SignatureLine {
    type Err = MalformedLine;

    fn from_str(line: &str) -> Result<Self, MalformedLine> {
        Self::parse(line)
    }
}

/// Signature lines, each ended by a newline, as they stand below a note and in a witness's answer.
pub(crate) fn parse_lines(lines: &str) -> Result<Vec<SignatureLine>, NoteError> {
    let mut signatures = Vec::new();
    for (index, line) in lines.split_inclusive('\n').enumerate() {
        if index >= MAX_SIGNATURES {
            return Err(NoteError::TooMany);
        }
        let malformed = NoteError::Line { line: index + 1 };
        let line = line.strip_suffix('\n').ok_or_else(|| malformed.clone())?;
        signatures.push(SignatureLine::parse(line).map_err(|_| malformed)?);
    }
    if signatures.is_empty() { Err(NoteError::Unsigned) } else { Ok(signatures) }
}

/// A signature that holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// Name of the key.
    pub name: String,
    /// The key.
    pub key: VerifierKey,
    /// Of a cosignature: when it was made, in seconds since 1970.
    pub time: Option<u64>,
}

/// A text and its signatures, in the order they stand. Prints as the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    text: String,
    signatures: Vec<SignatureLine>,
}

impl Note {
    /// A note of its parts; there is at least one signature.
    pub fn new(text: String, signatures: Vec<SignatureLine>) -> Result<Self, NoteError> {
        if !text.ends_with('\n') || !text::is_printable(&text) {
            return Err(NoteError::Text);
        }
        match signatures.len() {
            0 => return Err(NoteError::Unsigned),
            1..=MAX_SIGNATURES => {}
            _ => return Err(NoteError::TooMany),
        }
        let note = Self { text, signatures };
        if note.to_string().len() > MAX_NOTE_BYTES { Err(NoteError::TooLong) } else { Ok(note) }
    }

    /// Reads a note. Nothing is checked of its signatures but their form.
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        if note.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLong);
        }
        if !text::is_printable(note) {
            return Err(NoteError::Text);
        }
        let blank = note.rfind("\n\n").ok_or(NoteError::Unsigned)?;
        let signatures = parse_lines(&note[blank + 2..])?;
        Ok(Self { text: note[..=blank].to_owned(), signatures })
    }

    /// The text, which is to be ignored until [`Note::verify`] was content.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, in their order.
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.signatures
    }

    /// Which of these keys have signed, in the order of the lines and each once. Signatures of other keys are passed
    /// over; a wrong one by a key that is known makes the note worthless, and so does the lack of any that is known.
    pub fn verify(&self, keys: &[VerifierKey]) -> Result<Vec<Verified>, NoteError> {
        let mut verified: Vec<Verified> = Vec::new();
        for line in &self.signatures {
            let mut named = keys.iter().filter(|key| key.is_named_by(line)).peekable();
            if named.peek().is_none() {
                continue;
            }
            // More than one key of the same name and id: somebody made them collide, and only one can fit.
            let found = named.find_map(|key| key.check(&self.text, &line.signature).map(|time| (key, time)));
            let (key, time) = found.ok_or_else(|| NoteError::BadSignature { name: line.name.clone() })?;
            match verified.iter_mut().find(|earlier| earlier.key == *key) {
                Some(earlier) => earlier.time = earlier.time.max(time),
                None => verified.push(Verified { name: line.name.clone(), key: key.clone(), time }),
            }
        }
        if verified.is_empty() { Err(NoteError::NoKnownSignature { known: keys.len() }) } else { Ok(verified) }
    }

    /// Adds a signature below the others. One of the same key stands there no longer: a witness signs again as time
    /// goes by.
    pub fn add(&mut self, line: SignatureLine) -> Result<(), NoteError> {
        let mut signatures = self.signatures.clone();
        signatures.retain(|held| (held.id, &held.name) != (line.id, &line.name));
        signatures.push(line);
        *self = Self::new(self.text.clone(), signatures)?;
        Ok(())
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl FromStr for Note {
    type Err = NoteError;

    fn from_str(note: &str) -> Result<Self, NoteError> {
        Self::parse(note)
    }
}
