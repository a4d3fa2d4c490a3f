//! A witness of transparency logs (C2SP tlog-witness) on files of its own: what it has seen of each log is on the disk
//! before it signs. Decides by `ledger`; opens no port. The witnesses that STRUCT asks are in `remote`.

mod logs;
mod remote;

pub use logs::{LogEntry, MAX_LOGS, add_log, remove_log, trusted_logs};
pub use remote::{Remote, RemoteError, Replied};

use crate::file::{Target, private_directory};
use crate::lock::{DataDirLock, LockError};
use domain::time::Random;
use jiff::Timestamp;
use ledger::checkpoint::Checkpoint;
use ledger::hash::Hash;
use ledger::note::{Cosigner, KeyError, Note, VerifierKey};
use ledger::witness::{AddCheckpoint, MalformedRequest, Refusal, consider};
use logs::Logs;
use std::collections::HashMap;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use zeroize::{Zeroize as _, Zeroizing};

/// The longest request that is read.
pub const MAX_REQUEST_BYTES: usize = ledger::witness::MAX_REQUEST_BYTES;
/// Name and seed of the key, in the witness's folder.
const KEY_FILE: &str = "witness.key";
/// The last checkpoint of each log.
const SEEN_FOLDER: &str = "seen";
/// Checkpoints that a log has signed and that do not fit what was seen: proof against it.
const CONFLICT_FOLDER: &str = "conflicts";
/// Conflicting checkpoints kept of one log; more of them prove nothing more.
const MAX_CONFLICTS: usize = 16;
/// Bytes of the key file at most.
const MAX_KEY_FILE_BYTES: u64 = 4 * 1024;

/// Why the witness can't be opened, or can't answer.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// A file can't be read or written.
    #[error("{what} {} failed ({source}); check the disk, and that the folder belongs to the account the witness runs as", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With what.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A file doesn't hold what it should. What a witness has seen is never guessed.
    #[error("{} can't be used: {reason}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no key yet, and no name to make one for.
    #[error("there is no witness in {} yet; give it a name with --name, such as witness.example.jp/w1", .0.display())]
    Nameless(PathBuf),
    /// It has another name.
    #[error("the witness in {} is called {has}; a key has one name for ever: leave --name out, or use another folder", dir.display())]
    OtherName {
        /// The folder.
        dir: PathBuf,
        /// Its name.
        has: String,
    },
    /// The name or a key is none.
    #[error("{0}")]
    Key(#[from] KeyError),
    /// Keys of logs are of another type.
    #[error("{0} is not the key of a log but of a witness; ask for the one under /keys of the log")]
    NotALog(String),
    /// Too many.
    #[error("a witness knows {MAX_LOGS} logs at most; remove some, or run another")]
    TooManyLogs,
    /// Another process has the folder.
    #[error(transparent)]
    Lock(#[from] LockError),
}

impl WitnessError {
    fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { what, path, source }
    }

    fn unusable(path: &Path, reason: impl ToString) -> Self {
        Self::Unusable { path: path.to_owned(), reason: reason.to_string() }
    }
}

/// Why a request is not answered with a cosignature.
#[derive(Debug, thiserror::Error)]
pub enum NotCosigned {
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The witness itself can't: nothing was signed.
    #[error(transparent)]
    Fault(#[from] WitnessError),
}

/// The newest checkpoint seen of a log; nothing before the first. `None` until it was read from the disk.
type Seen = Arc<Mutex<Option<Option<Checkpoint>>>>;

/// A witness, the only one on its folder.
#[derive(Debug)]
pub struct Witness {
    dir: PathBuf,
    cosigner: Cosigner,
    logs: Mutex<Logs>,
    seen: Mutex<HashMap<String, Seen>>,
    _lock: DataDirLock,
}

impl Witness {
    /// Takes the folder for this process, and makes the key on first use. `also` are keys of logs that are trusted beside
    /// those in the folder's list, under the origin that is the key's name.
    pub fn open(
        dir: &Path,
        name: Option<&str>,
        also: Vec<VerifierKey>,
        random: &dyn Random,
    ) -> Result<Self, WitnessError> {
        let cosigner = cosigner(dir, name, random)?;
        let lock = DataDirLock::take(dir)?;
        for folder in [SEEN_FOLDER, CONFLICT_FOLDER].map(|name| dir.join(name)) {
            private_directory(&folder).map_err(WitnessError::io("making", &folder))?;
        }
        let logs = Mutex::new(Logs::open(dir, also)?);
        Ok(Self { dir: dir.to_owned(), cosigner, logs, seen: Mutex::default(), _lock: lock })
    }

    /// The public key.
    pub fn vkey(&self) -> VerifierKey {
        self.cosigner.vkey()
    }

    /// How many logs are known.
    pub fn known_logs(&self) -> Result<usize, WitnessError> {
        held(&self.logs).count()
    }

    /// Answers a request's body with signature lines, each ended by a newline. What was decided is on the disk by then.
    /// Waits for the disk: call it where that may be done. Requests on one log follow each other, on others they don't wait.
    pub fn add_checkpoint(&self, body: &str, now: Timestamp) -> Result<String, NotCosigned> {
        let request = AddCheckpoint::parse(body).map_err(Refusal::Malformed)?;
        let claimed = request.claimed().map_err(|error| Refusal::Malformed(MalformedRequest::Checkpoint(error)))?;
        let keys = held(&self.logs).keys(&claimed.origin)?;
        if keys.is_empty() {
            return Err(Refusal::UnknownLog { origin: claimed.origin }.into());
        }
        let seen = Arc::clone(held(&self.seen).entry(claimed.origin.clone()).or_default());
        // Held over the decision, the write and the change of what is seen: two requests never decide by the same state.
        let mut seen = held(&seen);
        if seen.is_none() {
            *seen = Some(self.read_seen(&claimed.origin)?);
        }
        let accepted = match consider(seen.as_ref().and_then(Option::as_ref), &request, &keys) {
            Ok(accepted) => accepted,
            Err(refusal) => {
                self.keep_conflict(&refusal, &claimed, &request.checkpoint);
                return Err(refusal.into());
            }
        };
        let path = self.seen_path(&accepted.origin);
        let written = Target::private(&path).replace(request.checkpoint.to_string().as_bytes());
        if let Err(error) = written {
            // Whether the new one is on the disk is not known: it is read again before the next decision.
            *seen = None;
            return Err(WitnessError::io("writing", &path)(error).into());
        }
        *seen = Some(Some(accepted));
        let seconds = u64::try_from(now.as_second()).unwrap_or_default();
        Ok(format!("{}\n", self.cosigner.cosign(request.checkpoint.text(), seconds)))
    }

    fn seen_path(&self, origin: &str) -> PathBuf {
        self.dir.join(SEEN_FOLDER).join(format!("{}.checkpoint", Hash::of(origin.as_bytes()).hex()))
    }

    fn read_seen(&self, origin: &str) -> Result<Option<Checkpoint>, WitnessError> {
        let path = self.seen_path(origin);
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(WitnessError::io("reading", &path))?,
        };
        let note = Note::parse(&text).map_err(|error| WitnessError::unusable(&path, error))?;
        let seen = Checkpoint::parse(note.text()).map_err(|error| WitnessError::unusable(&path, error))?;
        if seen.origin == origin { Ok(Some(seen)) } else { Err(WitnessError::unusable(&path, "it is another log's")) }
    }

    /// Keeps what a log has signed against itself. Signatures were checked before; a fault of the disk changes no answer.
    fn keep_conflict(&self, refusal: &Refusal, claimed: &Checkpoint, note: &Note) {
        if !matches!(refusal, Refusal::OtherRoot { .. } | Refusal::Inconsistent(_)) {
            return;
        }
        tracing::error!(origin = %claimed.origin, size = claimed.size, %refusal, "a log does not fit what was seen of it");
        let log = Hash::of(claimed.origin.as_bytes()).hex();
        let folder = self.dir.join(CONFLICT_FOLDER);
        let names = std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
        if names.filter(|name| name.to_string_lossy().starts_with(&log)).count() < MAX_CONFLICTS {
            let file = folder.join(format!("{log}-{}-{}.checkpoint", claimed.size, claimed.root.hex()));
            if let Err(error) = Target::private(&file).replace(note.to_string().as_bytes()) {
                tracing::error!(%error, "a conflicting checkpoint can't be kept");
            }
        }
    }
}

/// The public key of the witness in a folder; made on first use, when there is a name for it.
pub fn vkey(dir: &Path, name: Option<&str>, random: &dyn Random) -> Result<VerifierKey, WitnessError> {
    Ok(cosigner(dir, name, random)?.vkey())
}

fn cosigner(dir: &Path, name: Option<&str>, random: &dyn Random) -> Result<Cosigner, WitnessError> {
    let path = dir.join(KEY_FILE);
    let mut file = match std::fs::File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make_key(dir, name.ok_or_else(|| WitnessError::Nameless(dir.to_owned()))?, random)?;
            std::fs::File::open(&path).map_err(WitnessError::io("reading", &path))?
        }
        file => file.map_err(WitnessError::io("reading", &path))?,
    };
    let mut text = Zeroizing::new(String::new());
    file.by_ref().take(MAX_KEY_FILE_BYTES).read_to_string(&mut text).map_err(WitnessError::io("reading", &path))?;
    let lines: Vec<&str> = text.lines().collect();
    let [has, seed] = lines.as_slice() else {
        return Err(WitnessError::unusable(&path, "a key file has two lines, the name and 32 bytes in hexadecimal"));
    };
    if name.is_some_and(|name| name != *has) {
        return Err(WitnessError::OtherName { dir: dir.to_owned(), has: (*has).to_owned() });
    }
    let mut seed = Hash::from_hex(seed).ok_or_else(|| WitnessError::unusable(&path, "its second line is no seed"))?;
    let cosigner = Cosigner::from_seed(has, &seed.0);
    seed.0.zeroize();
    Ok(cosigner?)
}

fn make_key(dir: &Path, name: &str, random: &dyn Random) -> Result<(), WitnessError> {
    let mut seed = [0; 32];
    random.fill(&mut seed);
    // A name that can't be one is refused before anything is made.
    Cosigner::from_seed(name, &seed)?;
    private_directory(dir).map_err(WitnessError::io("making", dir))?;
    let text = Zeroizing::new(format!("{name}\n{}\n", Hash(seed).hex()));
    seed.zeroize();
    let path = dir.join(KEY_FILE);
    match Target::private(&path).create(text.as_bytes()) {
        // Another process was first, and its key counts.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        done => done.map_err(WitnessError::io("writing", &path)),
    }
}

/// What a thread that panicked left behind was whole: every change below these locks is one assignment.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
