//! The list of all checkpoints that a log has published: reads it bit by bit and checks each one's form and signatures.
//! Whether its root is right is for [`crate::walk`] to say.

use crate::language::Said;
use crate::package::{CHECKPOINTS, Package, ReadError};
use crate::words;
use ledger::checkpoint::{Checkpoint, CheckpointError};
use ledger::hash::Hash;
use ledger::note::{MAX_NOTE_BYTES, Note, NoteError, VerifierKey};
use std::io::{BufRead, BufReader, Read};

/// What stands after each checkpoint.
const END: &str = "--\n";
/// Checkpoints that are handed to a thread together.
const TOGETHER: usize = 64;
/// The longest line: a signature of the largest kind.
const MAX_LINE_BYTES: u64 = 16 * 1024;

/// A checkpoint of the list, its signature checked.
#[derive(Clone, Debug)]
pub struct Published {
    /// Its place in the list, from 0.
    pub nth: u64,
    /// Leaves.
    pub size: u64,
    /// The root it names.
    pub root: Hash,
    /// SHA-256 of the note's text.
    pub text_sha256: Hash,
    /// Whether a key that was given has signed it, not only one that the package names.
    pub by_given: bool,
}

/// A few checkpoints as they stand in the list, with the place of the first.
pub type Batch = (u64, Vec<String>);

/// The list, cut into checkpoints.
pub fn batches(package: &mut Package) -> Result<impl Iterator<Item = Result<Batch, Said>> + Send, ReadError> {
    let mut lines = BufReader::new(package.open_member(CHECKPOINTS)?);
    let mut nth = 0;
    let mut over = false;
    Ok(std::iter::from_fn(move || {
        let mut batch = Vec::with_capacity(TOGETHER);
        while batch.len() < TOGETHER && !over {
            match next_note(&mut lines) {
                Ok(Some(note)) => batch.push(note),
                Ok(None) => over = true,
                Err(error) => {
                    over = true;
                    return Some(Err(words::findings::damaged_file(CHECKPOINTS, &error)));
                }
            }
        }
        let first = nth;
        nth += batch.len() as u64;
        (!batch.is_empty()).then_some(Ok((first, batch)))
    }))
}

fn next_note(lines: &mut impl BufRead) -> Result<Option<String>, ReadError> {
    let mut note = String::new();
    loop {
        let start = note.len();
        let read = lines.take(MAX_LINE_BYTES).read_line(&mut note)?;
        if read == 0 {
            let cut = || ReadError::Damaged("no line `--` after the last checkpoint".to_owned());
            return if note.is_empty() { Ok(None) } else { Err(cut()) };
        }
        if &note[start..] == END {
            note.truncate(start);
            return Ok(Some(note));
        }
        if note.len() > MAX_NOTE_BYTES {
            return Err(ReadError::TooLong { limit: MAX_NOTE_BYTES as u64 });
        }
    }
}

/// Checks the checkpoints of a batch, each for itself.
pub fn check(batch: Batch, origin: &str, given: &[VerifierKey], known: &[VerifierKey]) -> Vec<Result<Published, Said>> {
    let (first, notes) = batch;
    let check_one = |(nth, note): (u64, String)| {
        let checked = open(&note, origin, known);
        let (checkpoint, note, signers) = checked.map_err(|error| words::findings::published(nth, &error))?;
        Ok(Published {
            nth,
            size: checkpoint.size,
            root: checkpoint.root,
            text_sha256: Hash::of(note.text().as_bytes()),
            by_given: signers.iter().any(|signer| given.contains(signer)),
        })
    };
    (first..).zip(notes).map(check_one).collect()
}

/// Opens a checkpoint of this log, given as its file.
pub fn open(
    note: &str,
    origin: &str,
    keys: &[VerifierKey],
) -> Result<(Checkpoint, Note, Vec<VerifierKey>), CheckpointError> {
    let note = Note::parse(note)?;
    // A checkpoint of another log is best said to be that, before its signature is found to be unknown.
    let claimed = Checkpoint::parse(note.text())?;
    if claimed.origin != origin {
        return Err(CheckpointError::OtherLog { expected: origin.to_owned(), found: claimed.origin });
    }
    if keys.is_empty() {
        return Err(CheckpointError::Note(NoteError::NoKnownSignature { known: 0 }));
    }
    let (checkpoint, verified) = Checkpoint::open(&note, origin, keys)?;
    Ok((checkpoint, note, verified.into_iter().map(|signature| signature.key).collect()))
}
