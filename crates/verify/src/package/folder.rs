//! A package that was unpacked into a folder. Links are followed, as everything else on this machine would.

use super::{MAX_MEMBERS, ReadError};
use std::fs::File;
use std::path::{Path, PathBuf};

/// How deep the folders of a log go: `tile/entries/`, six groups of digits, a partial tile.
const MAX_DEPTH: usize = 16;

/// A folder with the files of a log.
#[derive(Clone)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(super) fn open_member(&self, name: &str) -> Result<File, ReadError> {
        Ok(File::open(self.root.join(name))?)
    }

    pub(super) fn each_name(&self, show: &mut dyn FnMut(&str)) -> Result<(), ReadError> {
        let mut shown = 0;
        walk(&self.root, "", 0, &mut shown, show)
    }
}

fn walk(
    folder: &Path,
    prefix: &str,
    depth: usize,
    shown: &mut usize,
    show: &mut dyn FnMut(&str),
) -> Result<(), ReadError> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        *shown += 1;
        if *shown > MAX_MEMBERS || depth > MAX_DEPTH {
            return Err(ReadError::Damaged("too many files or folders".to_owned()));
        }
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{name}/"), depth + 1, shown, show)?;
        } else {
            show(&name);
        }
    }
    Ok(())
}
