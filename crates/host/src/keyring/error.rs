//! Why a key isn't there, each with what to do. Handles none of it.

use seal::tree::Node;
use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a key isn't there.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The node was never provisioned.
    #[error("there is no key for {node}; provision it, or bring back the keyring's newest copy")]
    Missing {
        /// The node.
        node: Node,
    },
    /// The node, or one above it, was destroyed. That can't be undone.
    #[error("the key of {node} was destroyed; what it sealed can't be read any more, and it is never made again")]
    Destroyed {
        /// The node asked for.
        node: Node,
    },
    /// The root doesn't open.
    #[error(
        "the passphrase does not open the keyring in {}; give the one it was made with \
         (if it is the right one, root.key was changed: bring it back from a copy)",
        dir.display()
    )]
    WrongPassphrase {
        /// The keyring.
        dir: PathBuf,
    },
    /// A file isn't what was written.
    #[error("the key file {} is damaged ({reason}); bring it back from the keyring's newest copy", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The passphrase file can't be used.
    #[error("the passphrase file {} can't be used: {reason}", path.display())]
    Passphrase {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// A file can't be read or written.
    #[error("{what} {} failed ({source}); check the disk and that it belongs to the account STRUCT runs as", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With what.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

impl KeyringError {
    pub(super) fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { what, path, source }
    }

    pub(super) fn damaged(path: &Path, reason: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), reason: reason.into() }
    }
}
