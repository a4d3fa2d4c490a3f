//! The text files of the workspace as one value, so that a rule can be tried on files that don't exist.
//! Judges nothing: the rules are in `tidy`.

use anyhow::Context;
use std::collections::BTreeSet;
use std::path::Path;

/// Folders that hold no sources of ours.
const SKIPPED_FOLDERS: [&str; 4] = [".git", "target", "node_modules", "__pycache__"];

/// A text file, by its path from the workspace root with `/` between parts.
#[derive(Debug)]
pub struct File {
    pub path: String,
    pub text: String,
}

/// All files; binary ones with empty text, so that a document may name them.
#[derive(Debug, Default)]
pub struct Tree {
    pub files: Vec<File>,
}

impl Tree {
    /// Reads everything under `root`, in the order of the paths.
    pub fn load(root: &Path) -> anyhow::Result<Self> {
        let mut tree = Self::default();
        tree.walk(root, "")?;
        tree.files.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(tree)
    }

    fn walk(&mut self, folder: &Path, prefix: &str) -> anyhow::Result<()> {
        for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}{name}");
            let kind = entry.file_type()?;
            if kind.is_dir() && !SKIPPED_FOLDERS.contains(&name.as_str()) {
                self.walk(&entry.path(), &format!("{path}/"))?;
            } else if kind.is_file() {
                let text = String::from_utf8(std::fs::read(entry.path())?).unwrap_or_default();
                self.files.push(File { path, text });
            }
        }
        Ok(())
    }

    /// A tree of the given files, for trying a rule.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| File { path: (*path).into(), text: (*text).into() }).collect();
        Self { files }
    }

    /// The file at `path`.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Every file and every folder above one.
    pub fn paths(&self) -> BTreeSet<&str> {
        let mut all = BTreeSet::new();
        for file in &self.files {
            all.insert(file.path.as_str());
            all.extend(file.path.match_indices('/').map(|(end, _)| &file.path[..end]));
        }
        all
    }
}

impl File {
    /// The crate the file belongs to: `store` for `crates/store/src/lib.rs`, `xtask` for its own.
    pub fn package(&self) -> Option<&str> {
        let mut parts = self.path.split('/');
        match parts.next() {
            Some("crates") => parts.next(),
            Some("xtask") => Some("xtask"),
            _ => None,
        }
    }

    /// Rust that is compiled into a binary of ours, as opposed to tests, benches and fuzz targets.
    pub fn is_production_rust(&self) -> bool {
        self.path.ends_with(".rs")
            && self.path.contains("/src/")
            && !self.path.ends_with("/tests.rs")
            && !self.path.contains("/src/tests/")
    }
}
