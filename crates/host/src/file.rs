//! Files that are either whole or absent, whatever is killed when. Knows nothing about what they hold.

use crate::account::Account;
use std::{
    fs::{File, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
};
use tempfile::{Builder, NamedTempFile};

/// How names of files begin that were not finished when their writer died.
pub(crate) const UNFINISHED: &str = ".new-";

/// What a file is to become.
pub(crate) struct Target<'a> {
    pub path: &'a Path,
    pub mode: u32,
    /// Who is to own it, when that isn't this process.
    pub owner: Option<&'a Account>,
}

impl<'a> Target<'a> {
    /// A file only this account may read.
    pub fn private(path: &'a Path) -> Self {
        Self { path, mode: 0o600, owner: None }
    }

    /// Replaces the file by one holding `bytes`, on the disk when this returns.
    pub fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        self.written(bytes)?.persist(self.path).map_err(|e| e.error)?;
        sync_directory(directory(self.path))
    }

    /// As `replace`, without waiting for the disk: after a power failure the file may be the one before.
    pub fn replace_soon(&self, bytes: &[u8]) -> io::Result<()> {
        let mut file = Builder::new()
            .prefix(UNFINISHED)
            .permissions(Permissions::from_mode(self.mode))
            .tempfile_in(directory(self.path))?;
        file.write_all(bytes)?;
        file.persist(self.path).map(drop).map_err(|e| e.error)
    }

    /// Makes the file; one that exists already stays as it is and is an `AlreadyExists` error.
    pub fn create(&self, bytes: &[u8]) -> io::Result<()> {
        self.written(bytes)?.persist_noclobber(self.path).map_err(|e| e.error)?;
        sync_directory(directory(self.path))
    }

    fn written(&self, bytes: &[u8]) -> io::Result<NamedTempFile> {
        let mut file = Builder::new()
            .prefix(UNFINISHED)
            .permissions(Permissions::from_mode(self.mode))
            .tempfile_in(directory(self.path))?;
        // The process's umask may have taken bits away.
        file.as_file().set_permissions(Permissions::from_mode(self.mode))?;
        if let Some(owner) = self.owner {
            std::os::unix::fs::fchown(file.as_file(), Some(owner.uid), Some(owner.gid))?;
        }
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        Ok(file)
    }
}

/// Makes a directory (and its parents) that only its owner may enter.
pub(crate) fn private_directory(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Puts names made, changed or removed in a directory on the disk.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
