//! How much room a file system has. Frees none.

use std::{io, path::Path};

/// The room on the file system that holds a path, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// What an unprivileged process may still write.
    pub free: u64,
    /// The size of the file system.
    pub total: u64,
}

/// Why work that needs room was not begun.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// Too little room is left.
    #[error(
        "{path} has {free_mib} MiB left and {wanted_mib} MiB are needed; free space there, or choose another directory"
    )]
    Low {
        /// The directory asked about.
        path: String,
        /// What is left.
        free_mib: u64,
        /// What was asked for.
        wanted_mib: u64,
    },
    /// The file system didn't say.
    #[error("the free space of {path} can't be read ({source}); check that the directory exists and may be entered")]
    Unreadable {
        /// The directory asked about.
        path: String,
        /// The system's answer.
        source: io::Error,
    },
}

/// The room on the file system that holds `path`, which must exist.
pub fn space(path: &Path) -> io::Result<Space> {
    let figures = rustix::fs::statvfs(path)?;
    Ok(Space {
        free: figures.f_bavail.saturating_mul(figures.f_frsize),
        total: figures.f_blocks.saturating_mul(figures.f_frsize),
    })
}

/// An error unless at least `wanted` bytes are free where `path` is.
pub fn require(path: &Path, wanted: u64) -> Result<Space, DiskError> {
    const MIB: u64 = 1 << 20;
    let shown = path.display().to_string();
    let space = space(path).map_err(|source| DiskError::Unreadable { path: shown.clone(), source })?;
    if space.free < wanted {
        return Err(DiskError::Low { path: shown, free_mib: space.free / MIB, wanted_mib: wanted.div_ceil(MIB) });
    }
    Ok(space)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_with_figures_before_anything_is_written() {
        let refused = require(Path::new("/"), u64::MAX).expect_err("no disk is that large");
        assert!(refused.to_string().contains("MiB are needed"), "{refused}");
    }

    #[test]
    fn a_missing_directory_is_named() {
        let refused = require(Path::new("/no/such/place"), 1).expect_err("it doesn't exist");
        assert!(refused.to_string().contains("/no/such/place"), "{refused}");
    }

    #[test]
    fn free_is_never_more_than_the_whole() {
        let space = space(Path::new("/")).expect("the root is readable");
        assert!(space.free <= space.total && space.total > 0);
    }
}
