//! Logs that are made for a test, and the program that is run on them. Made with `ledger`, but put into packages here, so
//! that a mistake of the program's own reader shows.

use ledger::checkpoint::Checkpoint;
use ledger::hash::{Hash, leaf_hash, root_of};
use ledger::leaf::{Leaf, commitment};
use ledger::note::{Cosigner, Note, Signer};
use ledger::proof::inclusion_ranges;
use ledger::tile::{TILE_WIDTH, TileKind, bundles_of, encode_bundle};
use ledger::tlog_proof::TlogProof;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use verify::language::Language;

pub const TENANT: &str = "0192d5a0-0000-7000-8000-000000000001";
pub const SEED: [u8; 32] = [1; 32];
pub const OTHER_SEED: [u8; 32] = [2; 32];
pub const PLATFORM_SEED: [u8; 32] = [3; 32];

pub fn origin() -> String {
    format!("struct.example/log/{TENANT}")
}

pub fn signer(seed: [u8; 32]) -> Signer {
    Signer::from_seed(&origin(), &seed).unwrap()
}

pub fn vkey() -> String {
    signer(SEED).vkey().to_string()
}

pub fn uuid(kind: u64, nth: u64) -> String {
    format!("0192d5a0-{kind:04x}-7000-8000-{nth:012x}")
}

/// Detail and salt of an entry.
pub fn detail(nth: u64) -> ([u8; 32], String) {
    (Hash::of(&nth.to_be_bytes()).0, format!("{{\"address\":\"192.0.2.{}\",\"note\":\"番号 {nth}\"}}", nth % 256))
}

pub fn leaf(nth: u64) -> Leaf {
    let (salt, detail) = detail(nth);
    let by_user = !nth.is_multiple_of(5);
    Leaf {
        actor: if by_user { "user" } else { "system" }.to_owned(),
        actor_user: by_user.then(|| uuid(1, nth % 7)),
        at: format!(
            "2026-08-{:02}T{:02}:{:02}:{:02}.000000Z",
            nth / 86_400 % 28 + 1,
            nth / 3600 % 24,
            nth / 60 % 60,
            nth % 60
        ),
        commitment: Some(commitment(&salt, detail.as_bytes()).hex()),
        detail_sha256: Hash::of(&nth.to_le_bytes()).hex(),
        entity: by_user.then(|| "customer".to_owned()),
        entry: uuid(2, nth),
        outcome: if nth.is_multiple_of(11) { "denied" } else { "done" }.to_owned(),
        pruned_below: None,
        record: by_user.then(|| uuid(3, nth % 100)),
        request: uuid(4, nth),
        screen: by_user.then(|| "customers".to_owned()),
        service: by_user.then(|| "crm".to_owned()),
        subject_user: None,
        tenant: TENANT.to_owned(),
        v: 1,
        verb: if by_user { "record.updated" } else { "log.heartbeat" }.to_owned(),
    }
}

/// The entry by which a log says that all entries before a position were removed.
pub fn pruned(nth: u64, below: Option<u64>) -> Vec<u8> {
    let (actor, outcome, verb) = ("system".to_owned(), "done".to_owned(), "audit.pruned".to_owned());
    Leaf { actor, actor_user: None, outcome, pruned_below: below, verb, ..leaf(nth) }.encode()
}

/// A log: its leaves, and the sizes at which it was published.
#[derive(Clone)]
pub struct Log {
    pub origin: String,
    pub leaves: Vec<Vec<u8>>,
    pub sizes: Vec<usize>,
    /// Bundles whose leaves were removed.
    pub pruned: BTreeSet<u64>,
}

impl Log {
    pub fn of(size: u64) -> Self {
        let leaves = (0..size).map(|nth| leaf(nth).encode()).collect();
        let mut sizes: Vec<usize> = [1, size / 3, size / 2, size - size / 7, size].map(|size| size as usize).to_vec();
        sizes.retain(|published| *published as u64 <= size);
        sizes.sort_unstable();
        sizes.dedup();
        Self { origin: origin(), leaves, sizes, pruned: BTreeSet::new() }
    }

    pub fn hashes(&self) -> Vec<Hash> {
        self.leaves.iter().map(|leaf| leaf_hash(leaf)).collect()
    }

    pub fn checkpoint(&self, size: usize) -> Checkpoint {
        Checkpoint::new(&self.origin, size as u64, root_of(&self.hashes()[..size]))
    }

    pub fn note(&self, size: usize, seed: [u8; 32]) -> String {
        let signer = Signer::from_seed(&self.origin, &seed).unwrap();
        self.checkpoint(size).sign(&[&signer]).unwrap().to_string()
    }

    pub fn package(&self) -> Package {
        self.package_by(SEED)
    }

    pub fn package_by(&self, seed: [u8; 32]) -> Package {
        let mut package = Package::default();
        let notes: Vec<String> = self.sizes.iter().map(|size| self.note(*size, seed)).collect();
        package.put("checkpoint", notes.last().unwrap());
        package.put("checkpoints", notes.iter().map(|note| format!("{note}--\n")).collect::<String>());
        package.put("keys", format!("{}\n", Signer::from_seed(&self.origin, &seed).unwrap().vkey()));
        package.put("README.txt", "これは監査ログです。\n");
        self.bundles(&mut package);
        package
    }

    /// Puts bundles and tiles into a package.
    pub fn bundles(&self, package: &mut Package) {
        package.0.retain(|name, _| !name.starts_with("tile/"));
        for path in bundles_of(self.leaves.len() as u64) {
            let from = (path.index * TILE_WIDTH) as usize;
            let leaves = &self.leaves[from..from + usize::from(path.width)];
            if self.pruned.contains(&path.index) {
                let hashes: Vec<u8> = leaves.iter().flat_map(|leaf| leaf_hash(leaf).0).collect();
                let tile = ledger::tile::TilePath { kind: TileKind::Level(0), ..path };
                package.0.insert(tile.to_string(), hashes);
            } else {
                package.0.insert(path.to_string(), encode_bundle(leaves).unwrap());
            }
        }
    }

    /// The certificate of a leaf, with what is to be in `extra`.
    pub fn certificate(&self, index: usize, extra: &Value) -> TlogProof {
        let (hashes, size) = (self.hashes(), self.leaves.len());
        let subtree = |(begin, end): (u64, u64)| root_of(&hashes[begin as usize..end as usize]);
        TlogProof {
            extra: Some(extra.to_string().into_bytes()),
            index: index as u64,
            hashes: inclusion_ranges(index as u64, size as u64).into_iter().map(subtree).collect(),
            checkpoint: Note::parse(&self.note(size, SEED)).unwrap(),
        }
    }
}

/// Adds a cosignature to a note.
pub fn cosigned(note: &str, name: &str, seed: [u8; 32]) -> (String, String) {
    let cosigner = Cosigner::from_seed(name, &seed).unwrap();
    let mut note = Note::parse(note).unwrap();
    note.add(cosigner.cosign(note.text(), 1_785_587_696)).unwrap();
    (note.to_string(), cosigner.vkey().to_string())
}

/// The files of a package.
#[derive(Clone, Default)]
pub struct Package(pub BTreeMap<String, Vec<u8>>);

impl Package {
    pub fn put(&mut self, name: &str, text: impl Into<String>) {
        self.0.insert(name.to_owned(), text.into().into_bytes());
    }

    pub fn folder(&self, path: &Path) {
        for (name, bytes) in &self.0 {
            let file = path.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, bytes).unwrap();
        }
    }

    pub fn zip(&self, path: &Path) {
        // Streamed, as the server does: lengths stand behind each file, and in the directory.
        let mut zip = zip::ZipWriter::new_stream(fs::File::create(path).unwrap());
        for (name, bytes) in &self.0 {
            let method = if name.starts_with("tile/0/") {
                zip::CompressionMethod::Stored
            } else {
                zip::CompressionMethod::Deflated
            };
            let options = zip::write::SimpleFileOptions::default().compression_method(method);
            zip.start_file(name.as_str(), options.large_file(name == "checkpoints")).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap();
    }
}

/// A folder of its own for a test.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        fs::write(self.at(name), bytes).unwrap();
        self.at(name).display().to_string()
    }

    pub fn folder(&self, name: &str, package: &Package) -> String {
        package.folder(&self.at(name));
        self.at(name).display().to_string()
    }

    pub fn zip(&self, name: &str, package: &Package) -> String {
        package.zip(&self.at(name));
        self.at(name).display().to_string()
    }
}

/// Runs the program and returns its exit code and what it says.
pub fn say(arguments: &[&str], language: Language) -> (u8, String) {
    let mut out = Vec::new();
    let arguments = std::iter::once("struct-verify").chain(arguments.iter().copied()).map(OsString::from);
    let code = verify::run(arguments, language, &mut out);
    (code, String::from_utf8(out).unwrap())
}

/// Runs the program with `--json`.
pub fn check(arguments: &[&str]) -> (u8, Value) {
    let (code, text) = say(&[arguments, &["--json"]].concat(), Language::En);
    let json: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(json["exit_code"], code);
    (code, json)
}

/// The codes of what is wrong.
pub fn codes(json: &Value, part: &str) -> Vec<String> {
    json[part].as_array().unwrap().iter().map(|said| said["code"].as_str().unwrap().to_owned()).collect()
}
