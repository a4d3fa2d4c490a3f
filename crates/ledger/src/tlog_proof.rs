//! Proofs in a file: that a leaf is in a log, with all that is needed to check it without the log (C2SP tlog-proof).
//! The leaf itself is not in it, unless the one who made it put it into `extra`, which nothing vouches for.

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::hash::Hash;
use crate::note::{MAX_NOTE_BYTES, Note, Verified, VerifierKey};
use crate::proof::{MAX_PROOF_HASHES, ProofError, verify_inclusion};
use crate::text;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// The first line.
const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// The most bytes of `extra`, before base64.
pub const MAX_EXTRA_BYTES: usize = 1024 * 1024;
/// The longest file.
pub const MAX_FILE_BYTES: usize = MAX_EXTRA_BYTES / 3 * 4 + 16 * 1024 + MAX_NOTE_BYTES;

/// Why a file is no proof, or proves nothing.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum TlogProofError {
    /// Too long.
    #[error("the file is longer than a proof may be ({MAX_FILE_BYTES} bytes)")]
    TooLong,
    /// The first line is another.
    #[error("this is no proof file; its first line would be `{HEADER}`")]
    Header,
    /// The line of extra data is wrong.
    #[error("the line `extra` holds no base64 of at most {MAX_EXTRA_BYTES} bytes; take the file as it was given out")]
    Extra,
    /// The line of the index is missing or wrong.
    #[error("the line `index` is missing or holds no decimal; take the file as it was given out")]
    Index,
    /// A line of the proof is no hash, or there are too many.
    #[error(
        "line {line} is no hash in base64, or beyond the {MAX_PROOF_HASHES} that a proof has at most; take the file as it was given out"
    )]
    Hash {
        /// Which one, from 1.
        line: usize,
    },
    /// The empty line before the checkpoint is missing.
    #[error("there is no empty line before the checkpoint; take the file as it was given out")]
    NoCheckpoint,
    /// The checkpoint is none, or not to be believed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The hashes do not lead to the checkpoint's root.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

/// What a file holds. Prints as the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TlogProof {
    /// What its maker added; nothing vouches for it.
    pub extra: Option<Vec<u8>>,
    /// The place of the leaf.
    pub index: u64,
    /// The inclusion proof, from the leaf up.
    pub hashes: Vec<Hash>,
    /// The checkpoint, as the log and witnesses signed it.
    pub checkpoint: Note,
}

/// What a proof has proven.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proven {
    /// The tree that the leaf is in.
    pub checkpoint: Checkpoint,
    /// Who signed it.
    pub signatures: Vec<Verified>,
}

impl TlogProof {
    /// Reads a file. Proves nothing yet.
    pub fn parse(file: &str) -> Result<Self, TlogProofError> {
        if file.len() > MAX_FILE_BYTES {
            return Err(TlogProofError::TooLong);
        }
        let (head, note) = file.split_once("\n\n").ok_or(TlogProofError::NoCheckpoint)?;
        let mut lines = head.split('\n').zip(1..).peekable();
        lines.next_if(|(line, _)| *line == HEADER).ok_or(TlogProofError::Header)?;
        let extra = lines.next_if(|(line, _)| line.starts_with("extra "));
        let extra = extra.map(|(line, _)| extra_of(line).ok_or(TlogProofError::Extra)).transpose()?;
        let index = lines.next().and_then(|(line, _)| line.strip_prefix("index ")).and_then(text::decimal);
        let index = index.ok_or(TlogProofError::Index)?;
        let hashes = lines.enumerate().map(|(nth, (line, at))| {
            let hash = Hash::from_base64(line).filter(|_| nth < MAX_PROOF_HASHES);
            hash.ok_or(TlogProofError::Hash { line: at })
        });
        let hashes = hashes.collect::<Result<Vec<Hash>, _>>()?;
        let checkpoint = Note::parse(note).map_err(CheckpointError::Note)?;
        Checkpoint::parse(checkpoint.text())?;
        Ok(Self { extra, index, hashes, checkpoint })
    }

    /// Checks that the leaf with this hash is in the log of this origin, by the word of these keys.
    pub fn verify(&self, leaf: Hash, origin: &str, keys: &[VerifierKey]) -> Result<Proven, TlogProofError> {
        let (checkpoint, signatures) = Checkpoint::open(&self.checkpoint, origin, keys)?;
        verify_inclusion(self.index, checkpoint.size, leaf, &self.hashes, checkpoint.root)?;
        Ok(Proven { checkpoint, signatures })
    }
}

fn extra_of(line: &str) -> Option<Vec<u8>> {
    let encoded = line.strip_prefix("extra ")?;
    text::from_base64(encoded).filter(|bytes| bytes.len() <= MAX_EXTRA_BYTES)
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", text::to_base64(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{}", hash.to_base64()))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for TlogProof {
    type Err = TlogProofError;

    fn from_str(file: &str) -> Result<Self, TlogProofError> {
        Self::parse(file)
    }
}
