//! One bundle of a log: its hashes, and what its leaves say of themselves. Knows nothing of the tree around it.

use crate::entry::{self, Instant};
use crate::language::Said;
use crate::package::{Package, ReadError};
use crate::words;
use ledger::PlatformLeaf;
use ledger::hash::{HASH_BYTES, Hash, leaf_hash, root_of};
use ledger::tile::{MAX_ENTRY_BYTES, TILE_WIDTH, TileKind, TilePath, decode_bundle};

/// The longest bundle: 256 leaves, each behind its length.
pub const MAX_BUNDLE_BYTES: u64 = TILE_WIDTH * (MAX_ENTRY_BYTES as u64 + 2);
/// How far an entry's time may lie before that of an earlier entry without a remark. Entries are put in order when
/// they have committed, and two that commit at once may be told apart only by their turn.
pub const ORDER_TOLERANCE_SECONDS: i64 = 10;

/// What the leaves of a log are.
#[derive(Clone, Copy, Debug)]
pub enum Leaves<'a> {
    /// Entries of this tenant.
    OfTenant(&'a str),
    /// Those of the platform's log; checkpoints of this log are wanted.
    OfPlatform(Option<&'a str>),
}

/// A checkpoint of which the platform's log speaks.
#[derive(Clone, Debug)]
pub struct Vouched {
    /// Its place in the platform's log.
    pub position: u64,
    /// When it was published.
    pub at: String,
    /// SHA-256 of its text.
    pub text_sha256: Hash,
}

/// A leaf by which the log says that it lost its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Restored {
    /// Its place: what had been published beyond is lost.
    pub(crate) position: u64,
    /// When.
    pub(crate) at: Instant,
}

/// Times in a stretch of entries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) first: Instant,
    pub(crate) last: Instant,
    latest: Instant,
    /// The earliest, and where it is.
    earliest: (Instant, u64),
    /// The first entry that lies too far before an earlier one.
    pub(crate) back: Option<u64>,
}

impl Span {
    fn of(at: Instant, position: u64) -> Self {
        Self { first: at, last: at, latest: at, earliest: (at, position), back: None }
    }

    fn push(&mut self, at: Instant, position: u64) {
        if at < self.latest {
            self.back = self.back.or(is_far_before(at, self.latest).then_some(position));
            self.earliest = self.earliest.min((at, position));
        } else {
            self.latest = at;
        }
        self.last = at;
    }

    /// This stretch and the one that follows it.
    pub(crate) fn then(self, next: Self) -> Self {
        let between = is_far_before(next.earliest.0, self.latest).then_some(next.earliest.1);
        Self {
            first: self.first,
            last: next.last,
            latest: self.latest.max(next.latest),
            earliest: self.earliest.min(next.earliest),
            back: self.back.or(between).or(next.back),
        }
    }
}

fn is_far_before(at: Instant, latest: Instant) -> bool {
    latest.micros() - at.micros() > ORDER_TOLERANCE_SECONDS * 1_000_000
}

/// A bundle that was read.
#[derive(Debug)]
pub(crate) struct Block {
    /// Hashes of the leaves.
    pub(crate) hashes: Vec<Hash>,
    /// The root over them, when there are 256.
    pub(crate) root: Option<Hash>,
    /// Whether the leaves were removed and only hashes are there.
    pub(crate) pruned: bool,
    pub(crate) span: Option<Span>,
    pub(crate) vouched: Vec<Vouched>,
    /// Leaves by which the log says that it lost its end: their places and times.
    pub(crate) restored: Vec<Restored>,
    /// The largest position below which an entry of this bundle says that all entries were removed.
    pub(crate) pruned_below: u64,
    /// Leaves that are not what they must be.
    pub(crate) findings: Vec<Said>,
}

/// Reads one bundle after another.
pub(crate) struct Reader<'a> {
    package: Package,
    size: u64,
    leaves: Leaves<'a>,
    bytes: Vec<u8>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(package: Package, size: u64, leaves: Leaves<'a>) -> Self {
        Self { package, size, leaves, bytes: Vec::new() }
    }

    /// The bundle at this place. What is missing, damaged or of another length ends the walk, since nothing after it can
    /// be put in its place.
    pub(crate) fn read(&mut self, index: u64) -> Result<Block, Said> {
        let path = TilePath::entries_in_tree(index, self.size).expect("the walk asks for bundles of the tree only");
        let from = index * TILE_WIDTH;
        let until = from + u64::from(path.width);
        let name = path.to_string();
        match self.package.read(&name, MAX_BUNDLE_BYTES, &mut self.bytes) {
            Ok(()) => {}
            Err(ReadError::Missing) => return self.read_pruned(path, from),
            Err(error) => return Err(words::findings::damaged_file(&name, &error).of_entries(from, until)),
        }
        let entries = decode_bundle(&self.bytes)
            .map_err(|error| words::findings::bundle(&name, &error.to_string()).of_entries(from, until))?;
        if entries.len() != usize::from(path.width) {
            return Err(words::findings::bundle_length(&name, entries.len(), path.width).of_entries(from, until));
        }
        let mut block = Block::of(entries.iter().map(|entry| leaf_hash(entry)).collect(), false);
        for (position, entry) in (from..).zip(entries) {
            self.look(position, entry, &mut block);
        }
        Ok(block)
    }

    fn look(&self, position: u64, entry: &[u8], block: &mut Block) {
        match self.leaves {
            Leaves::OfTenant(tenant) => match entry::look(entry, tenant) {
                Ok(seen) => {
                    match &mut block.span {
                        Some(span) => span.push(seen.at, position),
                        None => block.span = Some(Span::of(seen.at, position)),
                    }
                    if seen.is_restore {
                        block.restored.push(Restored { position, at: seen.at });
                    }
                    // What an entry says of entries behind itself, or another tenant's says, counts for nothing.
                    if let Some(below) = seen.pruned_below.filter(|below| seen.is_of_tenant && *below <= position) {
                        block.pruned_below = block.pruned_below.max(below);
                    }
                    if !seen.is_of_tenant {
                        block.findings.push(words::findings::other_tenant(position));
                    }
                }
                Err(error) => block.findings.push(words::findings::leaf(position, &error.to_string())),
            },
            Leaves::OfPlatform(wanted) => match PlatformLeaf::decode(entry) {
                Ok(PlatformLeaf::Checkpoint { at, log, sha256 }) if wanted == Some(log.as_str()) => {
                    let text_sha256 = Hash::from_hex(&sha256).expect("a leaf that was decoded holds a hash here");
                    block.vouched.push(Vouched { position, at, text_sha256 });
                }
                Ok(_) => {}
                Err(error) => block.findings.push(words::findings::leaf(position, &error.to_string())),
            },
        }
    }

    fn read_pruned(&mut self, bundle: TilePath, from: u64) -> Result<Block, Said> {
        let until = from + u64::from(bundle.width);
        let name = TilePath { kind: TileKind::Level(0), ..bundle }.to_string();
        let missing = || words::findings::gap(&bundle.to_string()).of_entries(from, until);
        let longest = TILE_WIDTH * HASH_BYTES as u64;
        match self.package.read(&name, longest, &mut self.bytes) {
            Ok(()) => {}
            Err(ReadError::Missing) => return Err(missing()),
            Err(error) => return Err(words::findings::damaged_file(&name, &error).of_entries(from, until)),
        }
        if self.bytes.len() != usize::from(bundle.width) * HASH_BYTES {
            let hashes = self.bytes.len() / HASH_BYTES;
            return Err(words::findings::bundle_length(&name, hashes, bundle.width).of_entries(from, until));
        }
        Ok(Block::of(self.bytes.chunks_exact(HASH_BYTES).filter_map(Hash::from_slice).collect(), true))
    }
}

impl Block {
    fn of(hashes: Vec<Hash>, pruned: bool) -> Self {
        let root = (hashes.len() as u64 == TILE_WIDTH).then(|| root_of(&hashes));
        Self {
            hashes,
            root,
            pruned,
            span: None,
            vouched: Vec::new(),
            restored: Vec::new(),
            pruned_below: 0,
            findings: Vec::new(),
        }
    }
}
