//! The keyring's files: JSON with a format number, wrapped keys in base64. Opens no key and decides no place.

use super::KeyringError;
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::time::{Random, random_bytes};
use seal::tree::Node;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    path::Path,
};

/// The format written. A later one gets a later number, and this code will say so instead of guessing.
pub(super) const FORMAT: u32 = 1;
/// No file of ours is longer; a thousand rotations fit.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// Argon2id (RFC 9106), the second recommended choice but for its lanes: one thread computes it.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 1;

/// How the passphrase becomes a key.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kdf {
    pub algorithm: String,
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
    pub salt: String,
}

impl Kdf {
    pub const ALGORITHM: &str = "argon2id";

    pub fn fresh(random: &dyn Random) -> Self {
        Self {
            algorithm: Self::ALGORITHM.to_owned(),
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            lanes: LANES,
            salt: BASE64_STANDARD.encode(random_bytes::<16>(random)),
        }
    }

    /// The salt, when this derivation is one that we could have chosen: a changed file can't make us compute for days.
    pub fn checked_salt(&self) -> Option<Vec<u8>> {
        let bounded = self.memory_kib <= 1 << 20 && self.passes <= 64 && self.lanes <= 16;
        let salt = BASE64_STANDARD.decode(&self.salt).ok()?;
        (self.algorithm == Self::ALGORITHM && bounded && salt.len() >= 16).then_some(salt)
    }
}

/// One version of a key, wrapped.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wrapped {
    pub version: u32,
    /// The version of the key above that wraps it.
    pub parent: u32,
    key: String,
}

impl Wrapped {
    pub fn new(version: u32, parent: u32, wrapped: &[u8]) -> Self {
        Self { version, parent, key: BASE64_STANDARD.encode(wrapped) }
    }

    pub fn bytes(&self, path: &Path) -> Result<Vec<u8>, KeyringError> {
        BASE64_STANDARD.decode(&self.key).map_err(|e| KeyringError::damaged(path, e.to_string()))
    }
}

/// `root.key`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RootFile {
    pub format: u32,
    pub kdf: Kdf,
    pub versions: Vec<Wrapped>,
}

impl RootFile {
    pub fn read(path: &Path) -> Result<Option<Self>, KeyringError> {
        let Some(file) = read::<Self>(path)? else {
            return Ok(None);
        };
        check(path, file.format, &file.versions)?;
        Ok(Some(file))
    }
}

/// `<node>.key`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NodeFile {
    pub format: u32,
    pub node: String,
    pub versions: Vec<Wrapped>,
}

impl NodeFile {
    pub fn read(path: &Path, node: &Node) -> Result<Option<Self>, KeyringError> {
        let Some(file) = read::<Self>(path)? else {
            return Ok(None);
        };
        check(path, file.format, &file.versions)?;
        if file.node != node.path() {
            return Err(KeyringError::damaged(path, format!("it belongs to {}", file.node)));
        }
        Ok(Some(file))
    }

    pub fn numbers(self) -> Vec<u32> {
        self.versions.iter().map(|wrapped| wrapped.version).collect()
    }
}

/// `<node>.destroyed`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tombstone {
    pub format: u32,
    pub node: String,
}

/// The text of a file.
pub(super) fn encode<T: Serialize>(file: &T) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(file).expect("numbers and strings are JSON");
    text.push(b'\n');
    text
}

/// Overwrites and removes a file; one that isn't there is gone already.
pub(super) fn overwrite(path: &Path) -> Result<(), KeyringError> {
    let erase = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).open(path)?;
        let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
        // In place: truncating would let the file system give the old blocks away as they are.
        file.write_all(&vec![0; length.min(1 << 20)])?;
        file.sync_all()?;
        std::fs::remove_file(path)?;
        path.parent().map_or(Ok(()), crate::file::sync_directory)
    };
    match erase() {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(KeyringError::io("destroying", path)(e)),
        _ => Ok(()),
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, KeyringError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(KeyringError::io("reading", path)(e)),
    };
    let mut text = Vec::new();
    file.take(FILE_BYTES_MAX).read_to_end(&mut text).map_err(KeyringError::io("reading", path))?;
    serde_json::from_slice(&text).map(Some).map_err(|e| KeyringError::damaged(path, e.to_string()))
}

fn check(path: &Path, format: u32, versions: &[Wrapped]) -> Result<(), KeyringError> {
    if format != FORMAT {
        return Err(KeyringError::damaged(path, format!("its format is {format}; this STRUCT knows {FORMAT}")));
    }
    if versions.is_empty() || !versions.is_sorted_by(|a, b| a.version < b.version) {
        return Err(KeyringError::damaged(path, "its versions aren't in order"));
    }
    Ok(())
}
