//! The keyring's directory and the root in it. Knows no node.

use super::{
    KeyringError, Passphrase, ROOT_FILE, Versions,
    files::{self, FORMAT, Kdf, RootFile, Wrapped},
};
use crate::file::Target;
use domain::time::{Random, random_bytes};
use rustix::fs::{FlockOperation, flock};
use seal::{
    key::Key,
    tree::{unwrap_root, wrap_root},
};
use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// A new key.
pub(super) fn fresh(random: &dyn Random) -> Key {
    let mut bytes = Zeroizing::new([0; 32]);
    random.fill(&mut *bytes);
    Key::from_bytes(*bytes)
}

/// Makes the root and its file.
pub(super) fn make_root(dir: &Path, passphrase: &Passphrase, random: &dyn Random) -> Result<Versions, KeyringError> {
    let path = dir.join(ROOT_FILE);
    let kdf = Kdf::fresh(random);
    let root = fresh(random);
    let operator = passphrase.derive(&kdf, &path)?;
    let wrapped = Wrapped::new(1, 0, &wrap_root(&operator, 1, random_bytes(random), &root));
    let file = RootFile { format: FORMAT, kdf, versions: vec![wrapped] };
    Target::private(&path).create(&files::encode(&file)).map_err(KeyringError::io("writing", &path))?;
    Ok(vec![(1, root)])
}

/// Opens the root, which proves the passphrase.
pub(super) fn open_root(dir: &Path, file: &RootFile, passphrase: &Passphrase) -> Result<Versions, KeyringError> {
    let path = dir.join(ROOT_FILE);
    let operator = passphrase.derive(&file.kdf, &path)?;
    let open = |wrapped: &Wrapped| {
        let root = unwrap_root(&operator, wrapped.version, &wrapped.bytes(&path)?)
            .map_err(|_| KeyringError::WrongPassphrase { dir: dir.to_owned() })?;
        Ok((wrapped.version, root))
    };
    file.versions.iter().map(open).collect()
}

/// Keeps other changes out, of this process and of others, until dropped.
pub(super) fn alone(dir: &Path) -> Result<File, KeyringError> {
    let path = dir.join(super::LOCK_FILE);
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(KeyringError::io("opening", &path))?;
    flock(&file, FlockOperation::LockExclusive).map_err(|e| KeyringError::io("locking", &path)(e.into()))?;
    Ok(file)
}

/// All files below a directory; none when it isn't there.
pub(super) fn walk(dir: &Path) -> Result<Vec<PathBuf>, KeyringError> {
    let mut files = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            Err(e) => return Err(KeyringError::io("reading", &folder)(e)),
        };
        for entry in entries {
            let entry = entry.map_err(KeyringError::io("reading", &folder))?;
            let kind = entry.file_type().map_err(KeyringError::io("reading", &entry.path()))?;
            if kind.is_dir() { open.push(entry.path()) } else { files.push(entry.path()) }
        }
    }
    Ok(files)
}
