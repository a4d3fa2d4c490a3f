//! One STRUCT a data directory. Doesn't protect the files inside from other programs.

use rustix::fs::{FlockOperation, flock};
use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// The name of the lock inside the data directory. The file stays when the lock is gone: only the kernel's lock counts.
const NAME: &str = "struct.lock";

/// Holds the data directory until dropped, or until the process ends in whatever way.
#[derive(Debug)]
pub struct DataDirLock {
    _file: File,
}

/// Why the data directory could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("{} is in use by another STRUCT ({}); stop that one first, or choose another data directory", dir.display(), process(*pid))]
    Held {
        /// The data directory.
        dir: PathBuf,
        /// The process that holds it, when it has written its number already.
        pid: Option<u32>,
    },
    /// The lock file can't be made or read.
    #[error("{} can't be locked ({source}); check that the directory exists and belongs to the account STRUCT runs as", dir.display())]
    Io {
        /// The data directory.
        dir: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

fn process(pid: Option<u32>) -> String {
    pid.map_or_else(|| "which is just starting".to_owned(), |pid| format!("process {pid}"))
}

impl DataDirLock {
    /// Takes the directory, which must exist, or names the process that has it.
    pub fn take(dir: &Path) -> Result<Self, LockError> {
        let failed = |source| LockError::Io { dir: dir.to_owned(), source };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(dir.join(NAME))
            .map_err(failed)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                return Err(LockError::Held { dir: dir.to_owned(), pid: holder(&mut file) });
            }
            Err(other) => return Err(failed(other.into())),
        }
        file.set_len(0).map_err(failed)?;
        file.rewind().map_err(failed)?;
        writeln!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_struct_on_the_same_directory_is_refused_and_told_which_process_has_it() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let first = DataDirLock::take(dir.path()).expect("nobody has it yet");
        let refused = DataDirLock::take(dir.path()).expect_err("the first still has it");
        assert!(refused.to_string().contains(&format!("process {}", std::process::id())), "{refused}");
        drop(first);
        DataDirLock::take(dir.path()).expect("it is free again");
    }

    #[test]
    fn a_lock_file_left_by_a_dead_process_locks_nothing() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        std::fs::write(dir.path().join(NAME), "1\n").expect("writable");
        DataDirLock::take(dir.path()).expect("no process holds it");
    }

    #[test]
    fn a_missing_directory_is_named() {
        let refused = DataDirLock::take(Path::new("/no/such/place")).expect_err("it doesn't exist");
        assert!(refused.to_string().contains("/no/such/place"), "{refused}");
    }
}
