//! Walks through a log from its first leaf to its last, once, and compares the root at every size for which somebody has
//! signed one. Holds the right edge of the tree and a few bundles, however long the log is.

use crate::block::{Block, Leaves, Reader, Restored, Span, Vouched};
use crate::language::Said;
use crate::package::Package;
use crate::published::{self, Published};
use crate::spread::in_order;
use crate::trust::Keys;
use crate::words;
use ledger::checkpoint::Checkpoint;
use ledger::frontier::Frontier;
use ledger::hash::Hash;
use ledger::tile::{TILE_HEIGHT, TILE_WIDTH};
use std::iter::Peekable;

/// Findings that are told one by one; the rest is counted.
pub const FINDINGS_MAX: usize = 100;

/// What was found not to be as it must be.
#[derive(Debug, Default)]
pub struct Findings {
    told: Vec<Said>,
    untold: u64,
}

impl Findings {
    /// One more.
    pub fn push(&mut self, finding: Said) {
        if self.told.len() < FINDINGS_MAX { self.told.push(finding) } else { self.untold += 1 }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// All that are told, and a last one with the number of the rest.
    pub fn into_told(mut self) -> Vec<Said> {
        if self.untold > 0 {
            self.told.push(words::findings::more(self.untold));
        }
        self.told
    }
}

/// A log to be walked through.
#[derive(Clone, Copy)]
pub struct Route<'a> {
    /// Where it lies.
    pub package: &'a Package,
    /// Its newest checkpoint.
    pub newest: &'a Checkpoint,
    /// SHA-256 of the newest checkpoint's text.
    pub newest_text: Hash,
    /// By which the list of checkpoints is believed.
    pub keys: &'a Keys,
    /// What its leaves are.
    pub leaves: Leaves<'a>,
    /// Checkpoints that the customer has kept, in any order.
    pub earlier: &'a [Earlier],
    /// Whether the texts of published checkpoints are wanted.
    pub keep_published: bool,
    /// Threads that read and hash.
    pub threads: usize,
}

/// A checkpoint that the customer has kept.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// The file.
    pub file: String,
    /// What it says.
    pub checkpoint: Checkpoint,
}

/// What was seen on the way.
#[derive(Debug, Default)]
pub struct Walked {
    /// Leaves that were hashed, or whose hashes were there.
    pub reached: u64,
    /// Of those, leaves that are not there, only their hashes.
    pub pruned: u64,
    /// Where the first and the last of these begin and end.
    pruned_span: Option<(u64, u64)>,
    /// Entries below this position were removed by the retention rule, say the log's own entries; 0 when none says so.
    pub pruned_below: u64,
    /// When the first kept entry says it committed.
    pub first_at: Option<String>,
    /// And the last.
    pub last_at: Option<String>,
    /// Published checkpoints whose signature and root hold.
    pub checkpoints: u64,
    /// Of those, signed only by keys that the package names itself.
    pub by_package_only: u64,
    /// An entry that says it committed well before an earlier one.
    pub back_in_time: Option<u64>,
    /// SHA-256 of the published checkpoints' texts, if wanted.
    pub published: Vec<Hash>,
    /// Checkpoints of the wanted log, in the platform's.
    pub vouched: Vec<Vouched>,
    /// Where the log says that it lost its end.
    pub(crate) restored: Vec<Restored>,
    /// Checkpoints of the customer that do not fit: file and size.
    pub(crate) unmet: Vec<(String, u64)>,
}

/// Walks through the log.
pub fn walk(route: Route, findings: &mut Findings) -> Walked {
    let mut list_of = route.package.clone();
    let batches = match published::batches(&mut list_of) {
        Ok(batches) => batches,
        Err(error) => {
            findings.push(words::findings::no_list(&error));
            return walk_bundles(route, &mut std::iter::empty(), findings, false);
        }
    };
    let known = route.keys.known();
    let check = || {
        |batch: Result<published::Batch, Said>| match batch {
            Ok(batch) => published::check(batch, &route.newest.origin, &route.keys.given, &known),
            Err(damaged) => vec![Err(damaged)],
        }
    };
    in_order(route.threads, batches, check, |checked| walk_bundles(route, &mut checked.flatten(), findings, true))
}

fn walk_bundles(
    route: Route,
    published: &mut dyn Iterator<Item = Result<Published, Said>>,
    findings: &mut Findings,
    listed: bool,
) -> Walked {
    let bundles = route.newest.size.div_ceil(TILE_WIDTH);
    let reader = || {
        let mut reader = Reader::new(route.package.clone(), route.newest.size, route.leaves);
        move |index: u64| reader.read(index)
    };
    in_order(route.threads, 0..bundles, reader, |blocks| {
        let mut course = Course::new(route, published.peekable(), findings);
        course.compare();
        for block in blocks {
            match block {
                Ok(block) => course.pass(block),
                Err(broken) => {
                    course.findings.push(broken);
                    break;
                }
            }
        }
        course.arrive(listed)
    })
}

/// The walk, as far as it has come.
struct Course<'a, 'f, P: Iterator<Item = Result<Published, Said>>> {
    route: Route<'a>,
    published: Peekable<P>,
    findings: &'f mut Findings,
    frontier: Frontier,
    /// Kept by the customer, the smallest first; those that are passed are gone.
    earlier: Vec<&'a Earlier>,
    /// The largest size at which a signed root was right.
    agreed: u64,
    /// Published checkpoints whose root was wrong.
    differing: u64,
    last_text: Option<Hash>,
    span: Option<Span>,
    walked: Walked,
}

impl<'a, 'f, P: Iterator<Item = Result<Published, Said>>> Course<'a, 'f, P> {
    fn new(route: Route<'a>, published: Peekable<P>, findings: &'f mut Findings) -> Self {
        let mut earlier: Vec<&Earlier> = route.earlier.iter().collect();
        earlier.sort_by_key(|earlier| std::cmp::Reverse(earlier.checkpoint.size));
        Self {
            route,
            published,
            findings,
            frontier: Frontier::new(),
            earlier,
            agreed: 0,
            differing: 0,
            last_text: None,
            span: None,
            walked: Walked::default(),
        }
    }

    /// Takes a bundle into the tree, with a look at the root wherever one was signed.
    fn pass(&mut self, block: Block) {
        let count = block.hashes.len() as u64;
        let end = self.frontier.size() + count;
        match block.root {
            Some(root) if self.next_size() >= end => {
                self.frontier.push_subtree(TILE_HEIGHT, root).expect("bundles come in order, each full but the last");
                self.compare();
            }
            _ => {
                for hash in &block.hashes {
                    self.frontier.push(*hash);
                    self.compare();
                }
            }
        }
        if block.pruned {
            self.walked.pruned += count;
            let first = self.walked.pruned_span.map_or(end - count, |(first, _)| first);
            self.walked.pruned_span = Some((first, end));
        }
        self.walked.pruned_below = self.walked.pruned_below.max(block.pruned_below);
        self.walked.vouched.extend(block.vouched);
        self.walked.restored.extend(block.restored);
        self.span = match (self.span, block.span) {
            (Some(span), Some(next)) => Some(span.then(next)),
            (span, next) => span.or(next),
        };
        block.findings.into_iter().for_each(|finding| self.findings.push(finding));
    }

    /// The next size at which there is a root to compare.
    fn next_size(&mut self) -> u64 {
        let published = match self.published.peek() {
            Some(Ok(published)) => published.size,
            Some(Err(_)) => 0,
            None => u64::MAX,
        };
        self.earlier.last().map_or(u64::MAX, |earlier| earlier.checkpoint.size).min(published)
    }

    /// Compares the roots that were signed for the size that is reached.
    fn compare(&mut self) {
        let size = self.frontier.size();
        if self.next_size() > size {
            return;
        }
        let root = self.frontier.root();
        while let Some(earlier) = self.earlier.pop_if(|earlier| earlier.checkpoint.size <= size) {
            match earlier.checkpoint.root == root {
                true => self.agreed = size,
                false => {
                    self.walked.unmet.push((earlier.file.clone(), earlier.checkpoint.size));
                    self.findings.push(words::findings::earlier_root(&earlier.file, self.agreed, size));
                }
            }
        }
        while let Some(published) = self.published.next_if(|next| next.as_ref().map_or(0, |next| next.size) <= size) {
            match published {
                Err(wrong) => self.findings.push(wrong),
                Ok(published) if published.size < size => {
                    self.findings.push(words::findings::out_of_order(published.nth, published.size, size));
                }
                Ok(published) => self.compare_published(published, root),
            }
        }
    }

    fn compare_published(&mut self, published: Published, root: Hash) {
        if published.root == root {
            self.agreed = published.size;
            self.walked.checkpoints += 1;
            self.walked.by_package_only += u64::from(!published.by_given);
        } else {
            self.differing += 1;
            // The first one says between which entries; all later ones differ for the same reason.
            if self.differing == 1 {
                self.findings.push(words::findings::root(published.nth, self.agreed, published.size));
            }
        }
        self.last_text = Some(published.text_sha256);
        if self.route.keep_published {
            self.walked.published.push(published.text_sha256);
        }
    }

    /// Compares the last root and says what was never reached.
    fn arrive(mut self, listed: bool) -> Walked {
        let (size, newest) = (self.frontier.size(), self.route.newest);
        self.walked.reached = size;
        if size == newest.size {
            if self.frontier.root() != newest.root {
                self.findings.push(words::findings::newest_root(self.agreed, size));
            }
            self.beyond();
            self.hold_pruned();
            if listed && self.last_text != Some(self.route.newest_text) {
                self.findings.push(words::findings::newest_not_listed());
            }
        }
        if let Some(span) = self.span {
            self.walked.first_at = Some(span.first.text().to_owned());
            self.walked.last_at = Some(span.last.text().to_owned());
            self.walked.back_in_time = span.back;
        }
        if self.differing > 1 {
            self.findings.push(words::findings::roots(self.differing));
        }
        self.walked
    }

    /// Entries may be gone as far as the log's own entries, of which none may be gone for that, say so. No rule removes
    /// entries of the platform's log.
    fn hold_pruned(&mut self) {
        let Some((first, until)) = self.walked.pruned_span else { return };
        let told = self.walked.pruned_below;
        match self.route.leaves {
            Leaves::OfPlatform(_) => self.findings.push(words::findings::removed_from_platform(first, until)),
            Leaves::OfTenant(_) if until > told => {
                self.findings.push(words::findings::removed_undeclared(first.max(told), until, told));
            }
            Leaves::OfTenant(_) => {}
        }
    }

    /// Checkpoints of sizes that the log does not reach.
    fn beyond(&mut self) {
        let size = self.route.newest.size;
        while let Some(earlier) = self.earlier.pop() {
            self.walked.unmet.push((earlier.file.clone(), earlier.checkpoint.size));
            self.findings.push(words::findings::cut(&earlier.file, size, earlier.checkpoint.size));
        }
        for published in self.published.by_ref() {
            self.findings.push(match published {
                Err(wrong) => wrong,
                Ok(published) => {
                    self.last_text = Some(published.text_sha256);
                    words::findings::beyond(published.nth, size, published.size)
                }
            });
        }
    }
}
