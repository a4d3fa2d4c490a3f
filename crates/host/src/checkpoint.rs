//! Checkpoints that this machine has seen, kept outside the database: whoever can rewrite every table still can't make
//! STRUCT forget how large a log was. One file a log. Checks nothing and signs nothing.

use crate::file::{Target, private_directory, sync_directory};
use std::io;
use std::path::{Path, PathBuf};

/// Bytes of a note that is read back at most.
const MAX_NOTE_BYTES: u64 = 64 * 1024;
/// How names of the files end.
const SEEN: &str = ".checkpoint";
/// The file that says that the database was brought back from a backup.
const RESTORED: &str = "restored";

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

    /// The logs of which a checkpoint was seen, by their names.
    pub fn logs(&self) -> io::Result<Vec<String>> {
        let entries = match std::fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        Ok(names.filter_map(|name| name.strip_suffix(SEEN).map(str::to_owned)).collect())
    }

    /// Puts the newest checkpoint of a log aside, where it stays for whoever asks later: it is of a tree that was lost. `size` goes into
    /// its name.
    pub fn set_aside(&self, log: &str, size: u64) -> io::Result<()> {
        match std::fs::rename(self.path(log), self.folder.join(format!("{log}.lost-{size}"))) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done.and_then(|()| sync_directory(&self.folder)),
        }
    }

    /// Notes that the database was brought back from a backup, until the logs have said so. On the disk when this returns.
    pub fn note_restored(&self, text: &str) -> io::Result<()> {
        private_directory(&self.folder)?;
        Target::private(&self.folder.join(RESTORED)).replace(text.as_bytes())
    }

    /// What was noted, if anything was.
    pub fn restored(&self) -> io::Result<Option<String>> {
        match std::fs::read_to_string(self.folder.join(RESTORED)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            text => text.map(Some),
        }
    }

    /// Forgets it: the logs have said so.
    pub fn forget_restored(&self) -> io::Result<()> {
        std::fs::remove_file(self.folder.join(RESTORED)).and_then(|()| sync_directory(&self.folder))
    }

    fn path(&self, log: &str) -> PathBuf {
        self.folder.join(format!("{log}{SEEN}"))
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
    #[test]
    fn a_checkpoint_that_was_lost_is_put_aside_and_the_restore_is_noted_until_it_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let seen = SeenCheckpoints::new(&folder.path().join("checkpoints"));
        assert_eq!((seen.restored().expect("no fault"), seen.logs().expect("no fault").len()), (None, 0));
        seen.keep("one", "a\n7\n").expect("kept");
        seen.note_restored("why").expect("noted");
        assert_eq!(
            (seen.restored().expect("read").as_deref(), seen.logs().expect("read")),
            (Some("why"), vec!["one".to_owned()])
        );
        seen.set_aside("one", 7).expect("put aside");
        seen.set_aside("one", 7).expect("a second time changes nothing");
        seen.forget_restored().expect("forgotten");
        assert_eq!((seen.newest("one").expect("read"), seen.restored().expect("read")), (None, None));
        let lost = std::fs::read_to_string(folder.path().join("checkpoints/one.lost-7"));
        assert_eq!(lost.expect("it is kept"), "a\n7\n");
    }
}
