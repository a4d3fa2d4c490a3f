//! Witnesses: what a log sends to have a checkpoint cosigned, and how a witness decides (C2SP tlog-witness). Neither
//! sends nor stores: whoever calls keeps the last checkpoint, changes it at once with the decision, and signs after.

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::hash::{Hash, empty_root};
use crate::note::{MAX_NOTE_BYTES, Note, NoteError, SignatureLine, VerifierKey, parse_lines};
use crate::proof::{MAX_PROOF_HASHES, ProofError, verify_consistency};
use crate::text;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// The longest request.
pub const MAX_REQUEST_BYTES: usize = MAX_NOTE_BYTES + 4 * 1024;
/// The type of an answer that says the size of the last checkpoint.
pub const SIZE_CONTENT_TYPE: &str = "text/x.tlog.size";

/// Why a text is no request.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum MalformedRequest {
    /// Too long.
    #[error("the request has more than {MAX_REQUEST_BYTES} bytes")]
    TooLong,
    /// The first line is wrong.
    #[error("the first line is not `old` and a decimal")]
    Old,
    /// A line of the proof is no hash, or there are too many.
    #[error("line {line} is no hash in base64, or beyond the {MAX_PROOF_HASHES} that are allowed")]
    Hash {
        /// Which one, from 1.
        line: usize,
    },
    /// The empty line before the checkpoint is missing.
    #[error("there is no empty line before the checkpoint")]
    NoCheckpoint,
    /// The checkpoint is none.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// A request to cosign a checkpoint. Prints as the body that is sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AddCheckpoint {
    /// The size that the log believes the witness has seen last.
    pub old: u64,
    /// From there to the checkpoint.
    pub proof: Vec<Hash>,
    /// The checkpoint, signed by the log.
    pub checkpoint: Note,
}

impl AddCheckpoint {
    /// Reads a request's body.
    pub fn parse(body: &str) -> Result<Self, MalformedRequest> {
        if body.len() > MAX_REQUEST_BYTES {
            return Err(MalformedRequest::TooLong);
        }
        let (head, note) = body.split_once("\n\n").ok_or(MalformedRequest::NoCheckpoint)?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(text::decimal);
        let old = old.ok_or(MalformedRequest::Old)?;
        let proof = lines.enumerate().map(|(nth, line)| {
            let hash = Hash::from_base64(line).filter(|_| nth < MAX_PROOF_HASHES);
            hash.ok_or(MalformedRequest::Hash { line: nth + 2 })
        });
        let proof = proof.collect::<Result<Vec<Hash>, _>>()?;
        let checkpoint = Note::parse(note).map_err(CheckpointError::Note)?;
        Checkpoint::parse(checkpoint.text())?;
        Ok(Self { old, proof, checkpoint })
    }

    /// What the checkpoint says, before anybody has checked its signatures: enough to look up the log and its keys.
    pub fn claimed(&self) -> Result<Checkpoint, CheckpointError> {
        Checkpoint::parse(self.checkpoint.text())
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{}", hash.to_base64()))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for AddCheckpoint {
    type Err = MalformedRequest;

    fn from_str(body: &str) -> Result<Self, MalformedRequest> {
        Self::parse(body)
    }
}

/// Why a witness does not cosign.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Refusal {
    /// The request cannot be read.
    #[error("the request cannot be read: {0}")]
    Malformed(#[from] MalformedRequest),
    /// The old size is larger than the checkpoint's.
    #[error("the old size is {old} and the checkpoint's only {size}; send them the right way round")]
    OldBeyondNew {
        /// The old size given.
        old: u64,
        /// The checkpoint's size.
        size: u64,
    },
    /// No keys are known for the origin.
    #[error("this witness does not know the log {origin}; ask its operator to add it")]
    UnknownLog {
        /// The log.
        origin: String,
    },
    /// None of the log's keys has signed, or a signature is wrong.
    #[error("no key that this witness trusts for the log has signed the checkpoint: {0}")]
    Untrusted(NoteError),
    /// The witness has seen another size last.
    #[error("this witness has seen {size} leaves last; prove consistency from there")]
    OtherSize {
        /// What it has seen last.
        size: u64,
    },
    /// The same size with another root.
    #[error("this witness has seen another root of the same {size} leaves; the log shows two histories")]
    OtherRoot {
        /// The size of both.
        size: u64,
    },
    /// The proof does not hold.
    #[error("the checkpoint is not consistent with the last one seen: {0}")]
    Inconsistent(#[from] ProofError),
}

impl Refusal {
    /// The status of the answer.
    pub fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) | Self::OldBeyondNew { .. } => 400,
            Self::Untrusted(_) => 403,
            Self::UnknownLog { .. } => 404,
            Self::OtherSize { .. } | Self::OtherRoot { .. } => 409,
            Self::Inconsistent(_) => 422,
        }
    }

    /// The body of the answer when it is of type [`SIZE_CONTENT_TYPE`].
    pub fn size_body(&self) -> Option<String> {
        match self {
            Self::OtherSize { size } => Some(format!("{size}\n")),
            _ => None,
        }
    }
}

/// Decides on a request. `state` is the last checkpoint cosigned for the claimed origin, `log_keys` the keys trusted for
/// that origin, none when the log is unknown. On success the answer is the state to be kept before anything is signed.
pub fn consider(
    state: Option<&Checkpoint>,
    request: &AddCheckpoint,
    log_keys: &[VerifierKey],
) -> Result<Checkpoint, Refusal> {
    let claimed = request.claimed().map_err(MalformedRequest::Checkpoint)?;
    let is_other = |state: &&Checkpoint| state.origin != claimed.origin;
    if log_keys.is_empty() || state.as_ref().is_some_and(is_other) {
        return Err(Refusal::UnknownLog { origin: claimed.origin });
    }
    request.checkpoint.verify(log_keys).map_err(Refusal::Untrusted)?;
    if request.old > claimed.size {
        return Err(Refusal::OldBeyondNew { old: request.old, size: claimed.size });
    }
    let (seen, seen_root) = state.map_or_else(|| (0, empty_root()), |state| (state.size, state.root));
    if request.old != seen {
        return Err(Refusal::OtherSize { size: seen });
    }
    if seen == claimed.size && seen_root != claimed.root {
        return Err(Refusal::OtherRoot { size: seen });
    }
    verify_consistency(seen, claimed.size, seen_root, claimed.root, &request.proof)?;
    Ok(claimed)
}

/// Reads a witness's answer: one or more signature lines, not yet checked. Add them to the checkpoint and verify that.
pub fn parse_answer(answer: &str) -> Result<Vec<SignatureLine>, NoteError> {
    if answer.len() > MAX_NOTE_BYTES {
        return Err(NoteError::TooLong);
    }
    parse_lines(answer)
}
