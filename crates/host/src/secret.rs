//! Text that a child's environment may hold and nothing else: no file, no argument, no log. Guards no memory but its own.

use std::{
    fmt::{self, Write as _},
    fs::File,
    io::{self, Read as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Bytes that a file of a secret may have.
const FILE_BYTES_MAX: u64 = 4096;

/// Why a secret is not taken from a file.
#[derive(Debug, thiserror::Error)]
#[error("{} can't be used: {reason}", path.display())]
pub struct SecretError {
    path: PathBuf,
    reason: String,
}

/// A passphrase, or an access key.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Keeps a text. One that came from a file may end in line feeds, which are dropped.
    pub fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
    }

    /// A key of the keyring as hexadecimal digits, which every program takes for a passphrase.
    pub fn of_key(key: &seal::key::Key) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(2 * key.expose().len()));
        for byte in key.expose() {
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    /// Reads a file: its text without the line's end. Files that others may read are refused.
    pub fn read(path: &Path) -> Result<Self, SecretError> {
        let refused = |reason: String| SecretError { path: path.to_owned(), reason };
        let unreadable = |error: io::Error| refused(error.to_string());
        let file = File::open(path).map_err(unreadable)?;
        let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(refused(format!("others may read it (mode {mode:04o}); run: chmod 600 {}", path.display())));
        }
        // Of full size from the start, so that growing leaves no copies behind.
        let mut text = Zeroizing::new(String::with_capacity(FILE_BYTES_MAX as usize + 1));
        file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(unreadable)?;
        if text.len() as u64 > FILE_BYTES_MAX {
            return Err(refused(format!("it is longer than {FILE_BYTES_MAX} bytes")));
        }
        if text.trim().is_empty() {
            return Err(refused("it is empty".to_owned()));
        }
        Ok(Self::new(&text))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown_where_things_are_written_down() {
        assert_eq!(format!("{:?}", Secret::new("hunter2\n")), "Secret");
    }

    #[test]
    fn a_key_becomes_its_digits() {
        let key = seal::key::Key::from_bytes([0x0f; 32]);
        assert_eq!(Secret::of_key(&key).expose(), "0f".repeat(32));
    }
}
