//! The keys by which a package or a certificate is believed: those that the customer gives, those that the package names
//! itself, and those of witnesses. Fetches no key from anywhere.

use crate::language::Said;
use crate::words;
use aws_lc_rs::digest::{SHA256, digest};
use ledger::note::{KeyKind, Note, VerifierKey};
use std::path::Path;

/// The longest list of keys.
pub const MAX_KEYS_BYTES: u64 = 256 * 1024;
/// The most keys in a list.
pub const MAX_KEYS: usize = 256;

/// Keys of a log.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// Given by whoever checks.
    pub given: Vec<VerifierKey>,
    /// Named by the package itself.
    pub packaged: Vec<VerifierKey>,
}

impl Keys {
    /// By which the newest checkpoint must be signed.
    pub fn deciding(&self) -> &[VerifierKey] {
        if self.given.is_empty() { &self.packaged } else { &self.given }
    }

    /// All that are known, each once, for checkpoints of before a change of keys.
    pub fn known(&self) -> Vec<VerifierKey> {
        let mut known = self.given.clone();
        known.extend(self.packaged.iter().filter(|key| !self.given.contains(key)).cloned());
        known
    }
}

/// Reads keys as they are written down, one a line; empty lines and those that begin with `#` say nothing.
pub fn keys_of(text: &str) -> Result<Vec<VerifierKey>, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let keys: Vec<VerifierKey> = lines
        .take(MAX_KEYS + 1)
        .map(|line| VerifierKey::parse(line).map_err(|error| format!("{line}: {error}")))
        .collect::<Result<_, _>>()?;
    if keys.len() > MAX_KEYS { Err(format!("more than {MAX_KEYS} keys")) } else { Ok(keys) }
}

/// Keys of logs, given on the command line and in files.
pub fn given_keys(lines: &[String], files: &[std::path::PathBuf], kind: KeyKind) -> Result<Vec<VerifierKey>, Said> {
    let mut keys = Vec::new();
    for line in lines {
        keys.extend(keys_of(line).map_err(|why| words::unchecked::key(&why))?);
    }
    for file in files {
        let text = read_text(file, MAX_KEYS_BYTES)?;
        let found = keys_of(&text).map_err(|why| words::unchecked::key(&why))?;
        if found.is_empty() {
            return Err(words::unchecked::no_key_in(&file.display().to_string()));
        }
        keys.extend(found);
    }
    match keys.iter().find(|key| key.kind() != kind) {
        Some(key) => Err(words::unchecked::key_of_other_kind(&key.to_string(), kind)),
        None => Ok(keys),
    }
}

/// A text file of the customer's, of at most `limit` bytes.
pub fn read_text(path: &Path, limit: u64) -> Result<String, Said> {
    use std::io::Read;
    let name = path.display().to_string();
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
        .map_err(|error| words::unchecked::unreadable(&name, &error.to_string()))?;
    if bytes.len() as u64 > limit {
        return Err(words::unchecked::too_long(&name, limit));
    }
    String::from_utf8(bytes).map_err(|_| words::unchecked::not_text(&name))
}

/// SHA-256 of the key as written down, in groups of four digits, to be compared by telephone or on paper.
pub fn fingerprint(key: &VerifierKey) -> String {
    let hash = digest(&SHA256, key.to_string().as_bytes());
    let groups: Vec<String> = hash.as_ref().chunks(2).map(|pair| format!("{:02x}{:02x}", pair[0], pair[1])).collect();
    groups.join(" ")
}

/// Witnesses whose word is asked for.
#[derive(Clone, Debug, Default)]
pub struct Witnesses {
    /// Their keys.
    pub keys: Vec<VerifierKey>,
    /// How many of them must have cosigned.
    pub quorum: usize,
}

/// A cosignature that holds.
#[derive(Clone, Debug)]
pub struct Cosigned {
    /// Whose.
    pub name: String,
    /// When it says it was made, in seconds since 1970.
    pub seconds: u64,
}

impl Witnesses {
    /// The witnesses' cosignatures below a checkpoint: those that hold, and what is missing or wrong.
    pub fn heard(&self, note: &Note) -> (Vec<Cosigned>, Vec<Said>) {
        if self.keys.is_empty() {
            return (Vec::new(), Vec::new());
        }
        let mut cosigned = Vec::new();
        let mut wrong = Vec::new();
        for key in &self.keys {
            // One by one: the wrong cosignature of one witness takes nothing from the others.
            match note.verify(std::slice::from_ref(key)) {
                Ok(verified) => cosigned.extend(
                    verified.into_iter().filter_map(|v| v.time.map(|seconds| Cosigned { name: v.name, seconds })),
                ),
                Err(ledger::note::NoteError::BadSignature { name }) => {
                    wrong.push(words::findings::bad_cosignature(&name))
                }
                Err(_) => {}
            }
        }
        if cosigned.len() < self.quorum {
            wrong.push(words::findings::quorum(cosigned.len(), self.quorum));
        }
        (cosigned, wrong)
    }
}
