//! A package as a zip. Members are inflated as they are read; nothing in their names leads anywhere on disk.

use super::{MAX_MEMBERS, ReadError};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use zip::ZipArchive;
use zip::result::ZipError;

/// A place in a file that several threads read.
#[derive(Clone)]
struct At {
    file: Arc<File>,
    position: u64,
    length: u64,
}

impl Read for At {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(into, self.position)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for At {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

/// A zip with the files of a log.
#[derive(Clone)]
pub struct Archive {
    zip: ZipArchive<At>,
}

fn read_error(error: ZipError) -> ReadError {
    match error {
        ZipError::FileNotFound => ReadError::Missing,
        ZipError::Io(error) => error.into(),
        other => ReadError::Damaged(other.to_string()),
    }
}

impl Archive {
    pub(super) fn open(path: &Path) -> Result<Self, ReadError> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let zip = ZipArchive::new(At { file: Arc::new(file), position: 0, length }).map_err(read_error)?;
        if zip.len() > MAX_MEMBERS {
            return Err(ReadError::Damaged(format!("more than {MAX_MEMBERS} members")));
        }
        Ok(Self { zip })
    }

    pub(super) fn has_two_of_a_name(&self) -> bool {
        self.zip.has_duplicate_names()
    }

    pub(super) fn open_member<'p>(&'p mut self, name: &str) -> Result<Box<dyn Read + Send + 'p>, ReadError> {
        let member = self.zip.by_name(name).map_err(read_error)?;
        Ok(Box::new(member))
    }

    pub(super) fn each_name(&self, show: &mut dyn FnMut(&str)) {
        let names = self.zip.file_names_raw().map(String::from_utf8_lossy);
        names.filter(|name| !name.ends_with('/')).for_each(|name| show(&name));
    }
}
