//! A downloaded log as it lies on disk: a folder, or the same files in a zip. Reads its members, each with a bound;
//! nothing is ever unpacked to disk, and what the members say is checked elsewhere.

mod archive;
mod folder;

use archive::Archive;
use folder::Folder;
use std::io::{self, Read};
use std::path::Path;

/// The newest checkpoint.
pub const CHECKPOINT: &str = "checkpoint";
/// Every published checkpoint.
pub const CHECKPOINTS: &str = "checkpoints";
/// The public keys.
pub const KEYS: &str = "keys";
/// What the package is, for people.
pub const README: &str = "README.txt";
/// The most members: a log of two thousand million leaves.
pub const MAX_MEMBERS: usize = 8_000_000;

/// Why a package, or a member of one, cannot be read.
#[derive(Debug)]
pub enum ReadError {
    /// There is none of that name.
    Missing,
    /// It is longer than it may be.
    TooLong {
        /// How long it may be.
        limit: u64,
    },
    /// It is there, but not whole.
    Damaged(String),
    /// The disk did not give it.
    Disk(io::Error),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Missing,
            io::ErrorKind::InvalidData
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::UnexpectedEof
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::Other => Self::Damaged(error.to_string()),
            _ => Self::Disk(error),
        }
    }
}

/// A package that is open. Copies share the file, so that each thread has its own.
#[derive(Clone)]
pub enum Package {
    /// A folder.
    Folder(Folder),
    /// A zip.
    Archive(Archive),
}

impl Package {
    /// Opens a folder or a zip.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        if std::fs::metadata(path)?.is_dir() {
            return Ok(Self::Folder(Folder::new(path)));
        }
        Archive::open(path).map(Self::Archive)
    }

    /// Whether two members have the same name, so that another program may read other bytes than this one.
    pub fn has_two_of_a_name(&self) -> bool {
        match self {
            Self::Folder(_) => false,
            Self::Archive(archive) => archive.has_two_of_a_name(),
        }
    }

    /// Reads a whole member of at most `limit` bytes.
    pub fn read(&mut self, name: &str, limit: u64, into: &mut Vec<u8>) -> Result<(), ReadError> {
        into.clear();
        // One byte more shows that it is too long, whatever length the zip's directory claims.
        self.open_member(name)?.take(limit + 1).read_to_end(into)?;
        if into.len() as u64 > limit { Err(ReadError::TooLong { limit }) } else { Ok(()) }
    }

    /// Opens a member to be read bit by bit.
    pub fn open_member<'p>(&'p mut self, name: &str) -> Result<Box<dyn Read + Send + 'p>, ReadError> {
        match self {
            Self::Folder(folder) => Ok(Box::new(folder.open_member(name)?)),
            Self::Archive(archive) => archive.open_member(name),
        }
    }

    /// Shows the name of each member.
    pub fn each_name(&self, show: &mut dyn FnMut(&str)) -> Result<(), ReadError> {
        match self {
            Self::Folder(folder) => folder.each_name(show),
            Self::Archive(archive) => {
                archive.each_name(show);
                Ok(())
            }
        }
    }
}
