//! The operator's passphrase, from a file that only its owner may read. Never asks on a terminal and never shows it.

use super::{KeyringError, files::Kdf};
use crate::file::{Target, private_directory};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::time::Random;
use seal::key::Key;
use std::{
    fmt,
    fs::File,
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    path::Path,
};
use zeroize::{Zeroize, Zeroizing};

/// Shorter ones can be tried out, whatever they cost each.
const CHARACTERS_MIN: usize = 12;
const FILE_BYTES_MAX: usize = 4096;

/// What opens the keyring. Wiped from memory when dropped.
pub struct Passphrase(Zeroizing<String>);

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(secret)")
    }
}

impl Passphrase {
    /// Takes a passphrase that was obtained otherwise.
    pub fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// Reads the file: its text without the line's end. Files that others may read are refused.
    pub fn read(path: &Path) -> Result<Self, KeyringError> {
        let refused = |reason: String| KeyringError::Passphrase { path: path.to_owned(), reason };
        let file = File::open(path).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => {
                refused("it isn't there; write the keyring's passphrase into it, with mode 0600".to_owned())
            }
            _ => refused(e.to_string()),
        })?;
        let found = file.metadata().map_err(|e| refused(e.to_string()))?;
        let mode = found.permissions().mode() & 0o7777;
        if !found.is_file() {
            return Err(refused("it isn't a file".to_owned()));
        }
        if mode & 0o077 != 0 {
            return Err(refused(format!("others may read it (mode {mode:04o}); run: chmod 600 {}", path.display())));
        }
        // Of full size from the start, so that growing leaves no copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(FILE_BYTES_MAX + 1));
        file.take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(|e| refused(e.to_string()))?;
        if bytes.len() > FILE_BYTES_MAX {
            return Err(refused(format!("it is longer than {FILE_BYTES_MAX} bytes")));
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| refused("it isn't UTF-8 text".to_owned()))?;
        let text = text.trim_end_matches(['\r', '\n']);
        if text.chars().count() < CHARACTERS_MIN {
            return Err(refused(format!("a passphrase has at least {CHARACTERS_MIN} characters")));
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// Writes a new random passphrase of 256 bits into a file that isn't there yet, and returns it. For a first start
    /// on one machine; whoever copies the data directory must not copy this file with it.
    pub fn create(path: &Path, random: &dyn Random) -> Result<Self, KeyringError> {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        let text = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(bytes));
        bytes.zeroize();
        let line = Zeroizing::new(format!("{}\n", *text));
        let written = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .map_or(Ok(()), private_directory)
            .and_then(|()| Target::private(path).create(line.as_bytes()));
        written.map_err(|e| KeyringError::Passphrase {
            path: path.to_owned(),
            reason: match e.kind() {
                io::ErrorKind::AlreadyExists => "it is there already, and is never overwritten".to_owned(),
                _ => e.to_string(),
            },
        })?;
        Ok(Self(text))
    }

    /// The key that wraps the root.
    pub(super) fn derive(&self, kdf: &Kdf, path: &Path) -> Result<Key, KeyringError> {
        let unknown = || KeyringError::damaged(path, "it names a derivation that STRUCT doesn't use");
        let salt = kdf.checked_salt().ok_or_else(unknown)?;
        let params = Params::new(kdf.memory_kib, kdf.passes, kdf.lanes, Some(32)).map_err(|_| unknown())?;
        let mut bytes = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(self.0.as_bytes(), &salt, &mut *bytes)
            .map_err(|_| unknown())?;
        Ok(Key::from_bytes(*bytes))
    }
}
