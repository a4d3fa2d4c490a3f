//! Checks a downloaded log. Reads the package, walks through it, and puts together what is shown and what is not.

use crate::arguments::{KeyArguments, LogArguments};
use crate::block::{Leaves, ORDER_TOLERANCE_SECONDS};
use crate::entry;
use crate::language::Said;
use crate::package::{CHECKPOINT, CHECKPOINTS, KEYS, Package, README, ReadError};
use crate::platform;
use crate::published;
use crate::report::{Report, Verdict};
use crate::trust::{Cosigned, Keys, MAX_KEYS_BYTES, Witnesses, fingerprint, given_keys, keys_of, read_text};
use crate::walk::{Earlier, FINDINGS_MAX, Findings, Route, Walked, walk};
use crate::words;
use ledger::checkpoint::Checkpoint;
use ledger::hash::Hash;
use ledger::note::{KeyKind, MAX_NOTE_BYTES, Note};
use ledger::tile::{TileKind, TilePath};
use serde_json::json;
use std::path::Path;

/// Files that are named one by one when nobody looked at them.
const OTHER_FILES_MAX: u64 = 5;
/// What a tenant's origin and the platform's have before their last part.
const LOG_FOLDER: &str = "/log/";
/// The last part of the platform's origin.
pub(crate) const PLATFORM: &str = "platform";

/// Checks the log.
pub fn check(arguments: &LogArguments) -> Report {
    checked(arguments).unwrap_or_else(|why| Report::unchecked("log", why))
}

fn checked(arguments: &LogArguments) -> Result<Report, Said> {
    let given = given_keys(&arguments.keys.keys, &arguments.keys.key_files, KeyKind::Ed25519)?;
    let witnesses = witnesses(&arguments.keys)?;
    let threads = arguments.threads.unwrap_or_else(processors);
    let mut findings = Findings::default();
    let mut notes = Vec::new();
    let opened = Opened::open(&arguments.path, given, &mut findings, &mut notes)?;
    let (cosigned, wrong) = witnesses.heard(&opened.note);
    wrong.into_iter().for_each(|wrong| findings.push(wrong));
    let earlier = earlier(arguments, &opened, &mut findings)?;
    let leaves = leaves_of(&opened.newest.origin)?;
    let route = opened.route(leaves, &earlier, arguments.platform.is_some(), threads);
    let walked = walk(route, &mut findings);
    // The first declaration below a checkpoint's size is the one that its tree ended by.
    for (file, size) in &walked.unmet {
        if let Some(restored) = walked.restored.iter().find(|restored| restored.position < *size) {
            findings.push(words::findings::restore_declared(file, restored.position, restored.at.text()));
        }
    }
    let in_platform = match &arguments.platform {
        Some(path) => {
            Some(held_against_platform(arguments, path, &opened, &walked, threads, &mut findings, &mut notes)?)
        }
        None => None,
    };
    if let Some(position) = walked.back_in_time {
        notes.push(words::log::back_in_time(position, ORDER_TOLERANCE_SECONDS));
    }
    if walked.by_package_only > 0 && !opened.keys.given.is_empty() {
        notes.push(words::log::by_package_only(walked.by_package_only));
    }
    Ok(Outcome { opened, walked, earlier, cosigned, in_platform, findings, notes }.report())
}

/// As many threads as there are processors.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The witnesses that are asked for.
pub fn witnesses(arguments: &KeyArguments) -> Result<Witnesses, Said> {
    let mut keys = given_keys(&arguments.witnesses, &[], KeyKind::Cosignature)?;
    keys.sort();
    keys.dedup();
    let quorum = arguments.quorum.unwrap_or(keys.len());
    match arguments.quorum.is_some() && !(1..=keys.len()).contains(&quorum) {
        true => Err(words::unchecked::quorum(keys.len())),
        false => Ok(Witnesses { keys, quorum }),
    }
}

/// Whose log an origin names.
fn leaves_of(origin: &str) -> Result<Leaves<'_>, Said> {
    match owner_of(origin) {
        Some(PLATFORM) => Ok(Leaves::OfPlatform(None)),
        Some(tenant) => Ok(Leaves::OfTenant(tenant)),
        None => Err(words::unchecked::origin(origin)),
    }
}

/// The last part of an origin.
pub fn owner_of(origin: &str) -> Option<&str> {
    let (_, owner) = origin.rsplit_once(LOG_FOLDER)?;
    (!owner.is_empty() && !owner.contains('/')).then_some(owner)
}

/// A package whose newest checkpoint and keys were read.
struct Opened {
    package: Package,
    newest: Checkpoint,
    note: Note,
    keys: Keys,
}

impl Opened {
    fn open(
        path: &Path,
        given: Vec<ledger::note::VerifierKey>,
        findings: &mut Findings,
        notes: &mut Vec<Said>,
    ) -> Result<Self, Said> {
        let name = path.display().to_string();
        let mut package = Package::open(path).map_err(|error| words::unchecked::package(&name, &error))?;
        if package.has_two_of_a_name() {
            findings.push(words::findings::two_of_a_name());
        }
        let text = member(&mut package, CHECKPOINT, MAX_NOTE_BYTES as u64)
            .map_err(|error| words::unchecked::package(&format!("{name}: {CHECKPOINT}"), &error))?;
        let note = Note::parse(&text).map_err(|error| words::unchecked::checkpoint(&error.to_string()))?;
        let newest =
            Checkpoint::parse(note.text()).map_err(|error| words::unchecked::checkpoint(&error.to_string()))?;
        let keys = Keys { given, packaged: packaged_keys(&mut package, &newest.origin, findings) };
        if keys.deciding().is_empty() {
            return Err(words::unchecked::no_keys());
        }
        match keys.given.first().filter(|_| keys.given.iter().all(|key| key.name() != newest.origin)) {
            Some(other) => findings.push(words::findings::keys_of_other_log(&newest.origin, other.name())),
            None => {
                if let Err(error) = published::open(&text, &newest.origin, keys.deciding()) {
                    findings.push(words::findings::newest(&error));
                }
            }
        }
        members(&package, &newest, findings, notes).map_err(|error| words::unchecked::package(&name, &error))?;
        Ok(Self { package, newest, note, keys })
    }

    fn route<'a>(
        &'a self,
        leaves: Leaves<'a>,
        earlier: &'a [Earlier],
        keep_published: bool,
        threads: usize,
    ) -> Route<'a> {
        Route {
            package: &self.package,
            newest: &self.newest,
            newest_text: Hash::of(self.note.text().as_bytes()),
            keys: &self.keys,
            leaves,
            earlier,
            keep_published,
            threads,
        }
    }
}

fn member(package: &mut Package, name: &str, limit: u64) -> Result<String, ReadError> {
    let mut bytes = Vec::new();
    package.read(name, limit, &mut bytes)?;
    String::from_utf8(bytes).map_err(|_| ReadError::Damaged("not UTF-8".to_owned()))
}

/// The keys that the package names; those of other logs are none of its own.
fn packaged_keys(package: &mut Package, origin: &str, findings: &mut Findings) -> Vec<ledger::note::VerifierKey> {
    let keys = match member(package, KEYS, MAX_KEYS_BYTES) {
        Ok(text) => keys_of(&text).unwrap_or_else(|why| {
            findings.push(words::findings::keys(&why));
            Vec::new()
        }),
        // Without them, a key that was given is enough.
        Err(ReadError::Missing) => Vec::new(),
        Err(error) => {
            findings.push(words::findings::damaged_file(KEYS, &error));
            Vec::new()
        }
    };
    let (own, others): (Vec<_>, Vec<_>) =
        keys.into_iter().partition(|key| key.name() == origin && key.kind() == KeyKind::Ed25519);
    others.iter().for_each(|key| findings.push(words::findings::key_of_other_log(key)));
    own
}

/// Looks at the names of all members: what belongs to a tree belongs to this one.
fn members(
    package: &Package,
    newest: &Checkpoint,
    findings: &mut Findings,
    notes: &mut Vec<Said>,
) -> Result<(), ReadError> {
    let mut others = 0;
    package.each_name(&mut |name| match TilePath::parse(name) {
        Ok(path) => {
            let of_tree = match path.kind {
                TileKind::Entries => TilePath::entries_in_tree(path.index, newest.size),
                TileKind::Level(level) => TilePath::in_tree(level, path.index, newest.size),
            };
            if of_tree != Some(path) {
                findings.push(words::findings::unexpected_file(name));
            }
        }
        Err(_) if [CHECKPOINT, CHECKPOINTS, KEYS, README].contains(&name) => {}
        Err(_) => {
            others += 1;
            if others <= OTHER_FILES_MAX {
                notes.push(words::log::other_file(name));
            }
        }
    })?;
    if others > OTHER_FILES_MAX {
        notes.push(words::log::other_files(others - OTHER_FILES_MAX));
    }
    Ok(())
}

/// The checkpoints that the customer has kept and that are of this log.
fn earlier(arguments: &LogArguments, opened: &Opened, findings: &mut Findings) -> Result<Vec<Earlier>, Said> {
    let known = opened.keys.known();
    let mut earlier = Vec::new();
    for path in &arguments.earlier {
        let file = path.display().to_string();
        let text = read_text(path, MAX_NOTE_BYTES as u64)?;
        match published::open(&text, &opened.newest.origin, &known) {
            Ok((checkpoint, ..)) => earlier.push(Earlier { file, checkpoint }),
            Err(error) => findings.push(words::findings::earlier(&file, &error)),
        }
    }
    Ok(earlier)
}

/// Checks the platform's log and holds the tenant's checkpoints against it. Says how many stand there.
fn held_against_platform(
    arguments: &LogArguments,
    path: &Path,
    tenant: &Opened,
    walked: &Walked,
    threads: usize,
    findings: &mut Findings,
    notes: &mut Vec<Said>,
) -> Result<u64, Said> {
    let given = given_keys(&arguments.platform_keys, &[], KeyKind::Ed25519)?;
    let mut own_findings = Findings::default();
    let opened = Opened::open(path, given, &mut own_findings, &mut Vec::new())?;
    if owner_of(&opened.newest.origin) != Some(PLATFORM) {
        return Err(words::unchecked::origin(&opened.newest.origin));
    }
    let leaves = Leaves::OfPlatform(Some(&tenant.newest.origin));
    let platform = walk(opened.route(leaves, &[], false, threads), &mut own_findings);
    own_findings.into_told().iter().for_each(|finding| findings.push(words::findings::platform(finding)));
    let (in_both, later) = platform::compare(&walked.published, &platform.vouched, findings);
    notes.extend(later);
    if opened.keys.given.is_empty() {
        notes.push(words::log::platform_by_own_keys());
    }
    Ok(in_both)
}

/// All that is known at the end.
struct Outcome {
    opened: Opened,
    walked: Walked,
    earlier: Vec<Earlier>,
    cosigned: Vec<Cosigned>,
    in_platform: Option<u64>,
    findings: Findings,
    notes: Vec<Said>,
}

impl Outcome {
    fn report(self) -> Report {
        let sound = self.findings.is_empty();
        let entries = self.opened.newest.size;
        let by_key = !self.opened.keys.given.is_empty();
        let largest = self.earlier.iter().map(|earlier| earlier.checkpoint.size).max();
        let mut report = Report::unchecked("log", words::log::consistent_only(entries));
        report.verdict = if sound { Verdict::Proven } else { Verdict::NotProven };
        report.lines = self.lines();
        report.facts = self.facts();
        report.not_shown = self.not_shown();
        if sound {
            report.shown = self.shown();
        }
        report.notes = self.notes;
        report.findings = self.findings.into_told();
        report.sentence = match (sound, by_key, largest) {
            (false, ..) => words::log::unsound(report.findings.len().min(FINDINGS_MAX) as u64),
            (true, true, earlier) => words::log::sound_by_key(entries, earlier),
            (true, false, Some(earlier)) => words::log::sound_by_earlier(entries, earlier),
            (true, false, None) => words::log::consistent_only(entries),
        };
        report
    }

    fn lines(&self) -> Vec<(Said, String)> {
        let line = words::log::line;
        let mut lines = vec![
            (line("origin", "ログ", "Log"), self.opened.newest.origin.clone()),
            (line("size", "件数", "Entries"), self.opened.newest.size.to_string()),
            (line("root", "要約値（root）", "Root"), self.opened.newest.root.to_base64()),
        ];
        if let (Some(first), Some(last)) = (&self.walked.first_at, &self.walked.last_at) {
            lines.push((
                line("span", "記録の時刻（協定世界時）", "Times of the entries (UTC)"),
                format!("{first} – {last}"),
            ));
        }
        for key in self.opened.keys.deciding() {
            let name = match self.opened.keys.given.is_empty() {
                true => line("key", "鍵（パッケージ自身のもの）", "Key (from the package itself)"),
                false => line("key", "鍵（お渡しのもの）", "Key (the one you gave)"),
            };
            lines.push((name, key.to_string()));
            lines.push((line("fingerprint", "鍵の SHA-256", "SHA-256 of the key"), fingerprint(key)));
        }
        lines
    }

    fn facts(&self) -> serde_json::Map<String, serde_json::Value> {
        let newest = &self.opened.newest;
        let keys: Vec<_> = self
            .opened
            .keys
            .deciding()
            .iter()
            .map(|key| json!({"vkey": key.to_string(), "sha256": fingerprint(key).replace(' ', "")}))
            .collect();
        let facts = json!({
            "origin": newest.origin,
            "size": newest.size,
            "root": newest.root.hex(),
            "reached": self.walked.reached,
            "pruned": self.walked.pruned,
            "pruned_below": self.walked.pruned_below,
            "first_at": self.walked.first_at,
            "last_at": self.walked.last_at,
            "checkpoints": self.walked.checkpoints,
            "checkpoints_in_platform": self.in_platform,
            "earlier_sizes": self.earlier.iter().map(|earlier| earlier.checkpoint.size).collect::<Vec<_>>(),
            "keys": keys,
            "keys_from": if self.opened.keys.given.is_empty() { "package" } else { "given" },
            "anchored": !self.opened.keys.given.is_empty() || !self.earlier.is_empty(),
            "witnesses": self.cosigned.iter().map(|one| json!({"name": one.name, "at": entry::utc(one.seconds)})).collect::<Vec<_>>(),
        });
        match facts {
            serde_json::Value::Object(facts) => facts,
            _ => serde_json::Map::new(),
        }
    }

    fn shown(&self) -> Vec<Said> {
        let mut shown = vec![
            words::log::shown_tree(self.opened.newest.size),
            words::log::shown_checkpoints(self.walked.checkpoints),
        ];
        shown.extend(
            self.earlier.iter().map(|earlier| words::log::shown_earlier(&earlier.file, earlier.checkpoint.size)),
        );
        if self.walked.pruned > 0 {
            shown.push(words::log::shown_pruned(self.walked.pruned_below));
        }
        shown.extend(self.cosigned.iter().map(|one| words::log::shown_witness(&one.name, &entry::utc(one.seconds))));
        shown.extend(self.in_platform.map(words::log::shown_platform));
        shown
    }

    fn not_shown(&self) -> Vec<Said> {
        let mut not = Vec::new();
        if self.opened.keys.given.is_empty() && self.earlier.is_empty() {
            not.push(words::log::not_key());
        }
        if self.earlier.is_empty() {
            not.push(words::log::not_past());
        }
        if self.cosigned.is_empty() && self.in_platform.is_none() {
            not.push(words::log::not_same_for_all());
        }
        not.push(words::log::not_later(self.opened.newest.size, self.walked.last_at.as_deref()));
        not.push(words::log::not_recorded());
        not.push(words::log::not_person());
        not.push(words::log::not_clock());
        not.push(words::log::not_detail());
        if self.walked.pruned > 0 {
            not.push(words::log::not_pruned(self.walked.pruned));
        }
        not
    }
}
