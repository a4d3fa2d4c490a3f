//! The logs that a witness knows: a file of origins and keys, changed beside the running witness, which reads it again when
//! it was replaced. Says nothing of what was seen of them.

use super::WitnessError;
use crate::file::{Target, private_directory};
use ledger::note::{KeyKind, VerifierKey};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Logs that one witness knows at most.
pub const MAX_LOGS: usize = 10_000;
/// The list, in the witness's folder.
const LIST_FILE: &str = "logs.toml";

/// A log that is trusted to sign its checkpoints with these keys.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogEntry {
    /// The first line of its checkpoints.
    pub origin: String,
    /// Its public keys.
    pub vkeys: Vec<String>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(default)]
    log: Vec<LogEntry>,
}

type Keys = BTreeMap<String, Vec<VerifierKey>>;

/// The list as it was last read.
#[derive(Debug)]
pub(super) struct Logs {
    path: PathBuf,
    also: Vec<VerifierKey>,
    /// Which file that was: inode and time of change. None when there was none.
    read: Option<(u64, i64, i64)>,
    keys: Keys,
}

impl Logs {
    pub(super) fn open(dir: &Path, also: Vec<VerifierKey>) -> Result<Self, WitnessError> {
        also.iter().try_for_each(check)?;
        let mut logs = Self { path: dir.join(LIST_FILE), also, read: None, keys: Keys::new() };
        logs.refresh()?;
        Ok(logs)
    }

    /// The keys trusted for an origin; none for a log that is not known.
    pub(super) fn keys(&mut self, origin: &str) -> Result<Vec<VerifierKey>, WitnessError> {
        self.refresh()?;
        let also = self.also.iter().filter(|key| key.name() == origin);
        Ok(self.keys.get(origin).into_iter().flatten().chain(also).cloned().collect())
    }

    pub(super) fn count(&mut self) -> Result<usize, WitnessError> {
        self.refresh()?;
        let beside = self.also.iter().filter(|key| !self.keys.contains_key(key.name()));
        let beside: std::collections::BTreeSet<&str> = beside.map(VerifierKey::name).collect();
        Ok(self.keys.len() + beside.len())
    }

    fn refresh(&mut self) -> Result<(), WitnessError> {
        let now = match std::fs::metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            found => {
                let found = found.map_err(WitnessError::io("reading", &self.path))?;
                Some((found.ino(), found.mtime(), found.mtime_nsec()))
            }
        };
        if now != self.read || now.is_none() {
            self.keys = parsed(&self.path, &read(&self.path)?)?;
            self.read = now;
        }
        Ok(())
    }
}

/// The logs in the list of a folder, by origin.
pub fn trusted_logs(dir: &Path) -> Result<Vec<LogEntry>, WitnessError> {
    let path = dir.join(LIST_FILE);
    let list = read(&path)?;
    parsed(&path, &list)?;
    Ok(list.log)
}

/// Trusts a key for a log, which by custom is named as the key is. Says whether that is new. A witness that runs sees it
/// with the next request.
pub fn add_log(dir: &Path, origin: Option<&str>, vkey: &VerifierKey) -> Result<bool, WitnessError> {
    check(vkey)?;
    let origin = origin.unwrap_or(vkey.name());
    change(dir, |list| {
        let vkey = vkey.to_string();
        match list.log.iter_mut().find(|log| log.origin == origin) {
            Some(log) if log.vkeys.contains(&vkey) => false,
            Some(log) => {
                log.vkeys.push(vkey);
                true
            }
            None => {
                list.log.push(LogEntry { origin: origin.to_owned(), vkeys: vec![vkey] });
                true
            }
        }
    })
}

/// Knows a log no longer. What was seen of it stays: should it come back, it goes on from there.
pub fn remove_log(dir: &Path, origin: &str) -> Result<bool, WitnessError> {
    change(dir, |list| {
        let before = list.log.len();
        list.log.retain(|log| log.origin != origin);
        list.log.len() != before
    })
}

fn change(dir: &Path, change: impl FnOnce(&mut List) -> bool) -> Result<bool, WitnessError> {
    private_directory(dir).map_err(WitnessError::io("making", dir))?;
    // Two who change the list at once do so one after the other; whoever only reads needs no lock.
    let lock = File::open(dir).map_err(WitnessError::io("locking", dir))?;
    flock(&lock, FlockOperation::LockExclusive).map_err(|error| WitnessError::io("locking", dir)(error.into()))?;
    let path = dir.join(LIST_FILE);
    let mut list = read(&path)?;
    if !change(&mut list) {
        return Ok(false);
    }
    list.log.sort_by(|a, b| a.origin.cmp(&b.origin));
    parsed(&path, &list)?;
    let text = toml::to_string(&list).map_err(|error| WitnessError::unusable(&path, error))?;
    Target::private(&path).replace(text.as_bytes()).map_err(WitnessError::io("writing", &path))?;
    Ok(true)
}

fn read(path: &Path) -> Result<List, WitnessError> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(List::default()),
        text => {
            let text = text.map_err(WitnessError::io("reading", path))?;
            toml::from_str(&text).map_err(|error| WitnessError::unusable(path, error))
        }
    }
}

fn parsed(path: &Path, list: &List) -> Result<Keys, WitnessError> {
    if list.log.len() > MAX_LOGS {
        return Err(WitnessError::TooManyLogs);
    }
    let mut keys = Keys::new();
    for log in &list.log {
        let held = keys.entry(log.origin.clone()).or_default();
        for vkey in &log.vkeys {
            let key = VerifierKey::parse(vkey);
            let key = key.map_err(|error| WitnessError::unusable(path, format!("{}: {error}", log.origin)))?;
            check(&key)?;
            held.push(key);
        }
    }
    Ok(keys)
}

fn check(key: &VerifierKey) -> Result<(), WitnessError> {
    if key.kind() == KeyKind::Ed25519 { Ok(()) } else { Err(WitnessError::NotALog(key.to_string())) }
}
