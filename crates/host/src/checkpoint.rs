//! Checkpoints that this machine has seen, kept outside the database: whoever can rewrite every table still can't make
//! STRUCT forget how large a log was. One file a log. Checks nothing and signs nothing.

use crate::file::{Target, private_directory};
use std::io;
use std::path::{Path, PathBuf};

/// Bytes of a note that is read back at most.
const MAX_NOTE_BYTES: u64 = 64 * 1024;

/// The folder of seen checkpoints.
#[derive(Clone, Debug)]
pub struct SeenCheckpoints {
    folder: PathBuf,
}

impl SeenCheckpoints {
    /// In a folder, which is made on first use.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Keeps a log's newest checkpoint in place of the one before. `log` is a name without slashes (its id). Does not wait
    /// for the disk: one that is a moment old serves as well.
    pub fn keep(&self, log: &str, note: &str) -> io::Result<()> {
        private_directory(&self.folder)?;
        Target::private(&self.path(log)).replace_soon(note.as_bytes())
    }

    /// The newest checkpoint seen of a log.
    pub fn newest(&self, log: &str) -> io::Result<Option<String>> {
        use std::io::Read as _;
        let file = match std::fs::File::open(self.path(log)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut note = String::new();
        file.take(MAX_NOTE_BYTES).read_to_string(&mut note)?;
        Ok(Some(note))
    }

    fn path(&self, log: &str) -> PathBuf {
        self.folder.join(format!("{log}.checkpoint"))
    }
}

#[cfg(test)]
mod tests {
    use super::SeenCheckpoints;

    #[test]
    fn the_newest_checkpoint_of_each_log_is_remembered() {
        let folder = tempfile::tempdir().expect("a folder");
        let seen = SeenCheckpoints::new(&folder.path().join("checkpoints"));
        assert_eq!(seen.newest("one").expect("no fault"), None);
        seen.keep("one", "a\n1\n").expect("kept");
        seen.keep("two", "b\n7\n").expect("kept");
        seen.keep("one", "a\n2\n").expect("kept");
        assert_eq!(seen.newest("one").expect("read").as_deref(), Some("a\n2\n"));
        assert_eq!(seen.newest("two").expect("read").as_deref(), Some("b\n7\n"));
    }
}
