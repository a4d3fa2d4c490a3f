//! The keyring: a directory with one small file a node of the key tree, outside the database and its backups.
//! Decides nothing about when a key is made or destroyed, and seals no record.

mod directory;
mod error;
mod files;
mod passphrase;

pub use error::KeyringError;
pub use passphrase::Passphrase;

use crate::file::{Target, UNFINISHED, private_directory, sync_directory};
use directory::{alone, fresh, make_root, open_root, walk};
use domain::time::{Random, random_bytes};
use files::{FORMAT, NodeFile, RootFile, Tombstone, Wrapped};
use seal::{
    key::Key,
    tree::{Node, unwrap, wrap},
};
use std::{
    collections::{BTreeMap, HashMap},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

const ROOT_FILE: &str = "root.key";
const LOCK_FILE: &str = ".lock";
/// How files end that hold a node's keys, and those that say it has none any more.
const KEY: &str = "key";
const DESTROYED: &str = "destroyed";

/// A node as the keyring knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeState {
    /// The node.
    pub node: Node,
    /// The versions of its key, oldest first; none when destroyed.
    pub versions: Vec<u32>,
    /// Whether it was destroyed.
    pub destroyed: bool,
}

/// All versions of a node's key, oldest first.
type Versions = Vec<(u32, Key)>;

/// An open keyring. Several processes may have one directory open; each sees the others' changes at its next call.
#[derive(Debug)]
pub struct Keyring {
    dir: PathBuf,
    root: Arc<Versions>,
    /// Keys that wrap others, so that a node is opened by reading one file. Wiped from memory with the keyring.
    parents: Mutex<HashMap<Node, Arc<Versions>>>,
}

impl Keyring {
    /// Whether a keyring was made in `dir`.
    pub fn exists(dir: &Path) -> bool {
        dir.join(ROOT_FILE).exists()
    }

    /// Opens the keyring in `dir`, or makes it on first use. Completes destructions that were interrupted, or undone
    /// by bringing files back from a copy.
    pub fn open(dir: &Path, passphrase: &Passphrase, random: &dyn Random) -> Result<Self, KeyringError> {
        private_directory(dir).map_err(KeyringError::io("making", dir))?;
        let _alone = alone(dir)?;
        let path = dir.join(ROOT_FILE);
        let root = match RootFile::read(&path)? {
            Some(file) => open_root(dir, &file, passphrase)?,
            None if walk(dir)?.iter().any(|file| file.extension().is_some_and(|end| end == KEY)) => {
                return Err(KeyringError::damaged(&path, "it is missing, while other keys are there"));
            }
            None => make_root(dir, passphrase, random)?,
        };
        let keyring = Self { dir: dir.to_owned(), root: Arc::new(root), parents: Mutex::default() };
        keyring.tidy()?;
        Ok(keyring)
    }

    /// Makes the node's first key, and those above it, unless they are there.
    pub fn provision(&self, node: &Node, random: &dyn Random) -> Result<(), KeyringError> {
        let _alone = alone(&self.dir)?;
        self.refuse_destroyed(node)?;
        let mut line: Vec<Node> = std::iter::successors(Some(node.clone()), Node::parent).collect();
        line.reverse();
        for node in line {
            match self.load(&node) {
                Err(KeyringError::Missing { .. }) => self.write_new(&node, random)?,
                other => drop(other?),
            }
        }
        Ok(())
    }

    /// All versions of the node's key, oldest first.
    pub fn keys(&self, node: &Node) -> Result<Vec<(u32, Key)>, KeyringError> {
        self.refuse_destroyed(node)?;
        self.load(node)
    }

    /// Adds a version to the node's key and returns its number. Older versions stay, since they still open what they sealed.
    pub fn rotate(&self, node: &Node, random: &dyn Random) -> Result<u32, KeyringError> {
        let _alone = alone(&self.dir)?;
        self.refuse_destroyed(node)?;
        let path = self.path(node, KEY);
        let mut file = NodeFile::read(&path, node)?.ok_or_else(|| KeyringError::Missing { node: node.clone() })?;
        let newest = self.load(node)?.last().map_or(0, |(version, _)| *version);
        let version = newest.checked_add(1).ok_or_else(|| KeyringError::damaged(&path, "it has no number left"))?;
        file.versions.push(self.wrapped(node, version, random)?);
        Target::private(&path).replace(&files::encode(&file)).map_err(KeyringError::io("writing", &path))?;
        self.forget(node);
        Ok(version)
    }

    /// Destroys the node's keys and all below it, for ever. The tombstone comes first: killed at any moment, the next
    /// open completes it. Overwriting can't reach copies that the disk or file system keeps by itself, which is why
    /// nothing below lies open: what remains there is wrapped by keys that are gone too.
    pub fn destroy(&self, node: &Node) -> Result<(), KeyringError> {
        let _alone = alone(&self.dir)?;
        let tombstone = self.path(node, DESTROYED);
        if let Some(folder) = tombstone.parent() {
            private_directory(folder).map_err(KeyringError::io("making", folder))?;
        }
        let text = files::encode(&Tombstone { format: FORMAT, node: node.path() });
        match Target::private(&tombstone).create(&text) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => {
                return Err(KeyringError::io("writing", &tombstone)(e));
            }
            _ => {}
        }
        self.forget(node);
        self.erase(node)
    }

    /// Every node there is or was, in order.
    pub fn nodes(&self) -> Result<Vec<NodeState>, KeyringError> {
        let mut states: BTreeMap<Node, NodeState> = BTreeMap::new();
        for path in walk(&self.dir)? {
            let Some((node, destroyed)) = self.node_of(&path)? else {
                continue;
            };
            // Destroyed since the listing was made, or about to be: its tombstone tells.
            let versions = if destroyed {
                Vec::new()
            } else {
                NodeFile::read(&path, &node)?.map(NodeFile::numbers).unwrap_or_default()
            };
            let state =
                states.entry(node.clone()).or_insert(NodeState { node, versions: Vec::new(), destroyed: false });
            state.destroyed |= destroyed;
            state.versions.extend(versions);
            if state.destroyed {
                state.versions.clear();
            }
        }
        Ok(states.into_values().collect())
    }

    fn path(&self, node: &Node, end: &str) -> PathBuf {
        self.dir.join(format!("{}.{end}", node.path()))
    }

    /// The node a file belongs to, and whether it is its tombstone; `None` for the keyring's own files.
    fn node_of(&self, path: &Path) -> Result<Option<(Node, bool)>, KeyringError> {
        let within = path.strip_prefix(&self.dir).unwrap_or(path);
        if within == Path::new(ROOT_FILE) || within == Path::new(LOCK_FILE) {
            return Ok(None);
        }
        let unfinished = within.file_name().is_some_and(|name| name.to_string_lossy().starts_with(UNFINISHED));
        let (Some(text), false) = (within.to_str(), unfinished) else {
            return Ok(None);
        };
        let named = match text.rsplit_once('.') {
            Some((stem, KEY)) => Node::parse(stem).map(|node| (node, false)),
            Some((stem, DESTROYED)) => Node::parse(stem).map(|node| (node, true)),
            // Not ours: an editor's copy, say.
            _ => return Ok(None),
        };
        named.map(Some).map_err(|e| KeyringError::damaged(path, e.to_string()))
    }

    fn refuse_destroyed(&self, node: &Node) -> Result<(), KeyringError> {
        let gone = std::iter::successors(Some(node.clone()), Node::parent).any(|at| self.path(&at, DESTROYED).exists());
        if gone { Err(KeyringError::Destroyed { node: node.clone() }) } else { Ok(()) }
    }

    fn load(&self, node: &Node) -> Result<Versions, KeyringError> {
        let path = self.path(node, KEY);
        let file = NodeFile::read(&path, node)?.ok_or_else(|| KeyringError::Missing { node: node.clone() })?;
        let mut parent = self.parent_keys(node)?;
        let mut versions = Vec::with_capacity(file.versions.len());
        for wrapped in &file.versions {
            if find(&parent, wrapped.parent).is_none() {
                // Another process may have rotated the key above since it was read here.
                parent = self.parent_keys_again(node)?;
            }
            let above = find(&parent, wrapped.parent)
                .ok_or_else(|| KeyringError::damaged(&path, "the key above it has no such version"))?;
            let key = unwrap(above, node, wrapped.version, &wrapped.bytes(&path)?)
                .map_err(|_| KeyringError::damaged(&path, "it doesn't open with the key above it"))?;
            versions.push((wrapped.version, key));
        }
        Ok(versions)
    }

    fn parent_keys(&self, node: &Node) -> Result<Arc<Versions>, KeyringError> {
        let Some(parent) = node.parent() else {
            return Ok(Arc::clone(&self.root));
        };
        if let Some(known) = self.cache().get(&parent) {
            return Ok(Arc::clone(known));
        }
        self.parent_keys_again(node)
    }

    fn parent_keys_again(&self, node: &Node) -> Result<Arc<Versions>, KeyringError> {
        let Some(parent) = node.parent() else {
            return Ok(Arc::clone(&self.root));
        };
        let loaded = Arc::new(self.load(&parent)?);
        self.cache().insert(parent.clone(), Arc::clone(&loaded));
        // A destruction that came between would else leave its key in memory.
        self.refuse_destroyed(&parent).inspect_err(|_| self.forget(&parent))?;
        Ok(loaded)
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, HashMap<Node, Arc<Versions>>> {
        self.parents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops the node's key and those below it from memory.
    fn forget(&self, node: &Node) {
        self.cache().retain(|known, _| !std::iter::successors(Some(known.clone()), Node::parent).any(|at| at == *node));
    }

    fn write_new(&self, node: &Node, random: &dyn Random) -> Result<(), KeyringError> {
        let path = self.path(node, KEY);
        if let Some(folder) = path.parent() {
            private_directory(folder).map_err(KeyringError::io("making", folder))?;
            // The folder's own name must be as durable as the key in it.
            let above = folder.parent().unwrap_or(folder);
            sync_directory(above).map_err(KeyringError::io("writing", above))?;
        }
        let file = NodeFile { format: FORMAT, node: node.path(), versions: vec![self.wrapped(node, 1, random)?] };
        Target::private(&path).create(&files::encode(&file)).map_err(KeyringError::io("writing", &path))
    }

    /// A fresh key, wrapped by the newest one above.
    fn wrapped(&self, node: &Node, version: u32, random: &dyn Random) -> Result<Wrapped, KeyringError> {
        let parent = self.parent_keys_again(node)?;
        let (above, key) = parent
            .last()
            .ok_or_else(|| KeyringError::damaged(&self.path(node, KEY), "the key above it has no version"))?;
        Ok(Wrapped::new(version, *above, &wrap(key, node, version, random_bytes(random), &fresh(random))))
    }

    /// Completes what was interrupted: destructions, and files whose writer died.
    fn tidy(&self) -> Result<(), KeyringError> {
        for path in walk(&self.dir)? {
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(UNFINISHED)) {
                files::overwrite(&path)?;
            } else if let Some((node, true)) = self.node_of(&path)? {
                self.erase(&node)?;
            }
        }
        Ok(())
    }

    /// Overwrites and removes the node's file and everything below it, but not its tombstone.
    fn erase(&self, node: &Node) -> Result<(), KeyringError> {
        let own = self.path(node, KEY);
        let below = self.dir.join(node.path());
        files::overwrite(&own)?;
        for path in walk(&below)? {
            files::overwrite(&path)?;
        }
        match std::fs::remove_dir_all(&below) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(KeyringError::io("removing", &below)(e)),
            _ => Ok(()),
        }
    }
}

fn find(versions: &Versions, wanted: u32) -> Option<&Key> {
    versions.iter().find(|(version, _)| *version == wanted).map(|(_, key)| key)
}
