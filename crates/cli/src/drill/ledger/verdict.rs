//! The verdict of the drill of the log: what was acknowledged and what was ever published, against what is there. Recomputes
//! every hash from the leaves as they are served; the self-check has its own say besides.

use super::Kill;
use super::latency::{self, Latency};
use super::observer::{Seen, SeenLog};
use super::traffic;
use crate::log::say;
use crate::trial::customers::Dice;
use anyhow::Context as _;
use app::App;
use app::audit::proof::LogName;
use domain::id::{RecordId, TenantId};
use ledger::checkpoint::Checkpoint;
use ledger::frontier::Frontier;
use ledger::hash::Hash;
use ledger::leaf::PlatformLeaf;
use ledger::note::{Note, VerifierKey};
use ledger::proof::{consistency_ranges, verify_consistency};
use ledger::tile::{Tiles, bundle_hashes, bundles_of, decode_bundle, tiles_of};
use serde_json::json;
use std::collections::{HashMap, HashSet};
use std::process::ExitCode;
use store::drill::{Entered, Onlooker};
use store::ledger::platform;
use uuid::Uuid;

/// Pairs of checkpoints taken at random from each log, besides all that follow each other.
const RANDOM_PAIRS: u64 = 2_000;
/// Unexpected answers shown.
const SHOWN: usize = 5;

/// What came of it.
#[derive(Default)]
pub struct Verdict {
    kills: Vec<Kill>,
    acknowledged: usize,
    unavailable: u64,
    unanswered: u64,
    leaves: u64,
    checkpoints: u64,
    fetched: u64,
    pairs: u64,
    latency: Latency,
    violations: Vec<String>,
}

/// A log as it stands in the end, from what is served of it.
struct Whole {
    checkpoint: Checkpoint,
    keys: Vec<VerifierKey>,
    tiles: Tiles,
    hashes: Vec<Hash>,
    /// Of the platform's log only.
    leaves: Vec<Vec<u8>>,
}

/// Looks at everything.
pub async fn reach(
    app: &App,
    onlooker: &Onlooker,
    kills: Vec<Kill>,
    answers: traffic::Seen,
    seen: Seen,
    dice: &mut Dice,
) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict {
        kills,
        acknowledged: answers.created.len(),
        unavailable: answers.unavailable,
        unanswered: answers.unanswered,
        ..Verdict::default()
    };
    let told = whole(app, LogName::Platform).await?;
    for (log, seen) in &seen {
        let name = if *log == platform() { LogName::Platform } else { LogName::Tenant(*log) };
        let whole = whole(app, name).await?;
        verdict.checkpoints(&whole, seen, dice);
        if *log != platform() {
            let entered = onlooker.entered(*log).await?;
            verdict.places(&whole, seen, &entered);
            verdict.acknowledged(*log, &answers, &entered);
            verdict.told(&told, seen)?;
            let from_us = seen.checkpoints.values().map(|(_, at)| *at).min().unwrap_or(i64::MAX);
            let Latency { led, across } = latency::of(&entered, seen, &verdict.kills, from_us);
            verdict.latency.led.extend(led);
            verdict.latency.across.extend(across);
        }
    }
    let checked = app.check_logs().await?;
    for log in checked.logs {
        verdict.violations.extend(log.faults.into_iter().map(|fault| format!("self-check: {}: {fault}", log.origin)));
    }
    if !answers.unexpected.is_empty() {
        verdict.violations.push(format!("{} answers that a crash does not explain", answers.unexpected.len()));
    }
    verdict.violations.extend(answers.unexpected.iter().take(SHOWN).map(|answer| format!("one of them: {answer}")));
    Ok(verdict)
}

async fn whole(app: &App, log: LogName) -> anyhow::Result<Whole> {
    let note = app.log_checkpoint(log).await?.context("there is a checkpoint")?;
    let checkpoint = Checkpoint::parse(Note::parse(&note)?.text())?;
    let keys = app.log_keys(log).await?.iter().map(|key| VerifierKey::parse(key)).collect::<Result<_, _>>()?;
    let (mut tiles, mut hashes, mut leaves) = (Tiles::default(), Vec::new(), Vec::new());
    for path in bundles_of(checkpoint.size) {
        let bundle = app.log_tile(log, path).await?.with_context(|| format!("{path} is served"))?;
        hashes.extend(bundle_hashes(&bundle)?);
        if log == LogName::Platform {
            leaves.extend(decode_bundle(&bundle)?.into_iter().map(<[u8]>::to_vec));
        }
    }
    for path in tiles_of(checkpoint.size) {
        let bytes = app.log_tile(log, path).await?.with_context(|| format!("{path} is served"))?;
        tiles.insert(path, &bytes)?;
    }
    Ok(Whole { checkpoint, keys, tiles, hashes, leaves })
}

impl Verdict {
    /// Every checkpoint ever seen is signed, is of this very tree, and fits every other.
    fn checkpoints(&mut self, whole: &Whole, seen: &SeenLog, dice: &mut Dice) {
        let origin = &whole.checkpoint.origin;
        self.violations.extend(seen.faults.iter().map(|fault| format!("{origin}: {fault}")));
        self.fetched += seen.fetched;
        let mut roots: Vec<(u64, Hash)> = Vec::new();
        let (mut frontier, mut leaves) = (Frontier::new(), whole.hashes.iter());
        for (size, (note, _)) in &seen.checkpoints {
            frontier_to(&mut frontier, *size, &mut leaves);
            let read = Note::parse(note).ok().and_then(|note| Some((Checkpoint::parse(note.text()).ok()?, note)));
            match read {
                Some((found, note))
                    if found.origin == *origin && found.root == frontier.root() && note.verify(&whole.keys).is_ok() =>
                {
                    roots.push((*size, found.root));
                }
                _ => self
                    .violations
                    .push(format!("{origin}: the checkpoint of {size} leaves does not fit what is served now")),
            }
        }
        self.checkpoints += roots.len() as u64;
        if roots.last() != Some(&(whole.checkpoint.size, whole.checkpoint.root)) {
            self.violations.push(format!("{origin}: the newest checkpoint was not seen"));
        }
        for pair in roots.windows(2) {
            self.pair(whole, pair[0], pair[1]);
        }
        for _ in 0..RANDOM_PAIRS {
            let (one, other) = (*dice.one(&roots), *dice.one(&roots));
            self.pair(whole, one.min(other), one.max(other));
        }
    }

    /// A consistency proof from the tiles as they are served.
    fn pair(&mut self, whole: &Whole, old: (u64, Hash), new: (u64, Hash)) {
        let ranges = consistency_ranges(old.0, new.0);
        let proof: Option<Vec<Hash>> = ranges.iter().map(|(begin, end)| whole.tiles.subtree(*begin, *end)).collect();
        let fits = proof.is_some_and(|proof| verify_consistency(old.0, new.0, old.1, new.1, &proof).is_ok());
        if !fits {
            let origin = &whole.checkpoint.origin;
            self.violations
                .push(format!("{origin}: checkpoints of {} and {} leaves do not fit each other", old.0, new.0));
        }
        self.pairs += 1;
    }

    /// Places are dense, each entry has one, and none ever changed.
    fn places(&mut self, whole: &Whole, seen: &SeenLog, entered: &[Entered]) {
        let origin = &whole.checkpoint.origin;
        let mut faults = Vec::new();
        let gap = (0..).zip(&seen.leaves).position(|(place, leaf): (u64, _)| leaf.position != place);
        faults.extend(gap.map(|place| format!("no leaf at {place}")));
        let (entries, placed): (HashSet<Uuid>, HashSet<Uuid>) =
            (entered.iter().map(|entry| entry.entry).collect(), seen.leaves.iter().map(|leaf| leaf.entry).collect());
        for (count, what) in [
            (seen.leaves.len() - placed.len(), "entries with more than one place"),
            (entries.difference(&placed).count(), "entries without a place"),
            (placed.difference(&entries).count(), "places without an entry"),
            (seen.leaves.len().abs_diff(whole.hashes.len()), "leaves more or less than the newest checkpoint covers"),
        ] {
            faults.extend((count > 0).then(|| format!("{count} {what}")));
        }
        let changed = seen.leaves.iter().zip(&whole.hashes).filter(|(leaf, hash)| leaf.hash != hash.0).count();
        faults.extend((changed > 0).then(|| format!("{changed} leaves are not what they were when first seen")));
        self.violations.extend(faults.into_iter().map(|fault| format!("{origin}: {fault}")));
        self.leaves += whole.hashes.len() as u64;
    }

    /// Each acknowledged record has its entry, once.
    fn acknowledged(&mut self, tenant: TenantId, answers: &traffic::Seen, entered: &[Entered]) {
        let mut made: HashMap<RecordId, u32> = HashMap::new();
        for entry in entered.iter().filter(|entry| entry.verb == "record.created") {
            *made.entry(entry.record.unwrap_or_else(|| Uuid::nil().into())).or_default() += 1;
        }
        let missing = answers.created.iter().filter(|(of, id)| *of == tenant && made.get(id) != Some(&1)).count();
        if missing > 0 {
            self.violations.push(format!("{missing} acknowledged records of {tenant} have not exactly one entry"));
        }
    }

    /// Each of the tenant's checkpoints stands in the platform's log, once.
    fn told(&mut self, platform: &Whole, seen: &SeenLog) -> anyhow::Result<()> {
        let mut told: HashMap<String, u32> = HashMap::new();
        for leaf in &platform.leaves {
            if let PlatformLeaf::Checkpoint { sha256, .. } = PlatformLeaf::decode(leaf)? {
                *told.entry(sha256).or_default() += 1;
            }
        }
        for (size, (note, _)) in &seen.checkpoints {
            let times = told.get(&Hash::of(Note::parse(note)?.text().as_bytes()).hex()).copied().unwrap_or_default();
            if times != 1 {
                self.violations
                    .push(format!("the platform's log tells {times} times of a checkpoint of {size} leaves"));
            }
        }
        Ok(())
    }

    /// Prints it. Success only without a violation.
    pub fn finish(&self, as_json: bool) -> ExitCode {
        let appending = self.kills.iter().filter(|kill| kill.appending).count();
        let up = self.kills.iter().filter(|kill| kill.name == super::servers::UP).count();
        let takeovers = self.takeovers();
        say(&format!(
            "killed {} leaders, {appending} of them while they appended; {up} times `struct up`",
            self.kills.len()
        ));
        say(&format!(
            "acknowledged records {}, answered 503 {}, unanswered {}",
            self.acknowledged, self.unavailable, self.unanswered
        ));
        say(&format!(
            "leaves {}, checkpoints seen {}, fetched over HTTPS {}, pairs proven {}",
            self.leaves, self.checkpoints, self.fetched, self.pairs
        ));
        say(&format!("commit to checkpoint under one leader: {}", self.latency.led.said()));
        say(&format!("commit to checkpoint across takeovers: {}", self.latency.across.said()));
        say(&format!("kill to next leader: {}", takeovers.said()));
        for violation in &self.violations {
            say(&format!("VIOLATION: {violation}"));
        }
        say(&format!("{} violations", self.violations.len()));
        if as_json {
            let document = json!({
                "drill": "ledger",
                "figures": {
                    "kills": self.kills.len(), "kills_while_appending": appending, "kills_of_up": up,
                    "acknowledged": self.acknowledged, "unavailable": self.unavailable, "unanswered": self.unanswered,
                    "leaves": self.leaves, "checkpoints": self.checkpoints, "fetched": self.fetched, "pairs": self.pairs,
                    "led": self.latency.led.document(), "across": self.latency.across.document(), "takeover": takeovers.document(),
                },
                "violations": self.violations,
                "holds": self.violations.is_empty(),
            });
            say(&document.to_string());
        }
        if self.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn takeovers(&self) -> latency::Times {
        latency::Times::of(self.kills.iter().map(|kill| (kill.led_us - kill.at_us) as f64 / 1_000.0).collect())
    }
}

fn frontier_to<'a>(frontier: &mut Frontier, size: u64, leaves: &mut impl Iterator<Item = &'a Hash>) {
    while frontier.size() < size {
        match leaves.next() {
            Some(leaf) => frontier.push(*leaf),
            None => return,
        }
    }
}
