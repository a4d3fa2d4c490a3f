//! The self-check: walks every log from its first leaf, as a customer's verifier would, and keeps what it found as evidence.
//! Trusts the keyring and what this machine remembers; of the database it believes nothing. Repairs nothing.

mod parts;
mod queue;
mod told;

pub use queue::WAIT_LIMIT_MIN;
pub(crate) use told::Told;

use crate::audit::proof::read_note;
use crate::audit::sequencer::{log_node, signer};
use crate::{App, Error};
use domain::claim::{LOG_CHECK, Measured, State, state};
use domain::evidence::{Finding, Found, Measurement, Verdict};
use domain::id::TenantId;
use host::keyring::KeyringError;
use ledger::checkpoint::Checkpoint;
use ledger::frontier::Frontier;
use ledger::hash::leaf_hash;
use ledger::note::VerifierKey;
use parts::Parts;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use store::ledger::{CheckpointRow, EvidenceRow, LogRow, platform};
use tokio::sync::watch;

/// How often a leader checks all logs.
const CHECK_EVERY: Duration = Duration::from_secs(3600);
/// The first check after a start waits so long: others come first then.
const FIRST_CHECK_AFTER: Duration = Duration::from_secs(30);
/// Leaves read at once.
const LEAVES_AT_ONCE: u64 = 2_048;
/// Checkpoints read at once.
const CHECKPOINTS_AT_ONCE: i64 = 512;
/// Faults of one log that are told; the first says enough.
const MAX_FAULTS: usize = 20;

/// The promise this is evidence for.
pub(crate) const PROMISE: &str = "audit.data_actions";

/// How many leaves a walk has passed, for whoever waits for it.
pub(crate) type Progress = AtomicU64;

/// What the walk over one log found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CheckedLog {
    /// The first line of its checkpoints.
    pub origin: String,
    /// Leaves walked.
    pub leaves: u64,
    /// Checkpoints compared.
    pub checkpoints: u64,
    /// What does not fit, in words; none when all does.
    pub faults: Vec<String>,
}

impl CheckedLog {
    fn fault(&mut self, text: String) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(text);
        }
    }
}

/// What all walks found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CheckedLogs {
    /// Log by log, the platform's first.
    pub logs: Vec<CheckedLog>,
}

impl CheckedLogs {
    /// Whether everything fits.
    pub fn whole(&self) -> bool {
        self.logs.iter().all(|log| log.faults.is_empty())
    }
}

impl App {
    /// Checks all logs by the clock, until asked to stop.
    pub async fn check_logs_regularly(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut wait = FIRST_CHECK_AFTER;
        loop {
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                _ = stop.changed() => return,
            }
            wait = CHECK_EVERY;
            if self.checked_lately().await {
                continue;
            }
            match self.check_logs().await {
                Ok(checked) if checked.whole() => {
                    tracing::info!(logs = checked.logs.len(), "all logs fit their checkpoints")
                }
                Ok(checked) => {
                    for log in checked.logs.iter().filter(|log| !log.faults.is_empty()) {
                        tracing::error!(origin = %log.origin, faults = ?log.faults, "a log was tampered with");
                    }
                }
                Err(error) => tracing::warn!(%error, "the logs can't be checked now"),
            }
        }
    }

    /// Whether another server has just done it: one check an hour is enough, however many there are.
    async fn checked_lately(&self) -> bool {
        let newest = self.evidence_vouched(PROMISE).await.ok().and_then(|rows| rows.into_iter().next());
        let age = newest.map(|row| self.now().duration_since(row.until));
        age.is_some_and(|age| age.as_secs() < CHECK_EVERY.as_secs() as i64 / 2)
    }

    /// Checks all logs and keeps the result as evidence for `audit.data_actions`.
    pub async fn check_logs(&self) -> Result<CheckedLogs, Error> {
        let began = self.now();
        let logs = self.store.logs().await?;
        let mut checked = CheckedLogs { logs: Vec::with_capacity(logs.len()) };
        // The platform's comes first, and tells of the others.
        let told_of = logs.first().is_some_and(|log| log.log == platform());
        if !told_of && logs.iter().any(|log| log.size > 0) {
            let faults = vec!["it was taken away".to_owned()];
            checked.logs.push(CheckedLog { origin: self.origin_of(platform()), faults, ..CheckedLog::default() });
        }
        let mut told = Told::default();
        for log in logs {
            let tenant = log.log;
            let mut walked = self.check_log(log, &mut told, &Progress::default()).await?;
            self.check_queue(tenant, &mut walked).await?;
            checked.logs.push(walked);
        }
        let lost_ends = crate::backup::restored::recent(told.restored(), self.now());
        if let Some(first) = checked.logs.first_mut() {
            told.left().for_each(|origin| first.fault(format!("it tells of the log {origin}, which was taken away")));
        }
        for log in checked.logs.iter().filter(|log| !log.faults.is_empty()) {
            self.keep_broken(&log.origin, began, &log.faults).await?;
        }
        if checked.whole() {
            let (leaves, logs) = (checked.logs.iter().map(|log| log.leaves).sum::<u64>(), checked.logs.len());
            let count = |count| i64::try_from(count).unwrap_or(i64::MAX);
            let figure = Finding::new("log_whole").number("leaves", count(leaves)).number("logs", count(logs as u64));
            // An end that was lost by a restore and told is no tampering; it is no whole log either.
            let verdict = if lost_ends.is_empty() { Verdict::Held } else { Verdict::AtRisk };
            self.keep_evidence(None, began, verdict, Found { figure, why: lost_ends }).await?;
        }
        metrics::gauge!("struct_log_check_faults")
            .set(checked.logs.iter().map(|log| log.faults.len()).sum::<usize>() as f64);
        Ok(checked)
    }

    /// What may be said now of `audit.data_actions`, with the measurement it rests on.
    pub async fn log_claim(&self) -> Result<(State, Option<EvidenceRow>), Error> {
        let newest = self.evidence_vouched(PROMISE).await?.into_iter().next();
        let measured = newest.as_ref().map(|row| Measured { until: row.until, verdict: row.verdict });
        Ok((state(measured, LOG_CHECK, self.now()), newest))
    }

    /// Keeps what does not fit in one log.
    pub(super) async fn keep_broken(
        &self,
        origin: &str,
        from: jiff::Timestamp,
        faults: &[String],
    ) -> Result<(), Error> {
        let figure = Finding::new("log_faults").number("faults", i64::try_from(faults.len()).unwrap_or(i64::MAX));
        let why = faults.iter().map(|fault| Finding::new("log_fault").text("text", fault)).collect();
        self.keep_evidence(Some(origin.to_owned()), from, Verdict::Broken, Found { figure, why }).await
    }

    async fn keep_evidence(
        &self,
        subject: Option<String>,
        from: jiff::Timestamp,
        verdict: Verdict,
        found: Found,
    ) -> Result<(), Error> {
        let (from, until) = (Some(from), self.now());
        let measured = Measurement {
            promise: PROMISE,
            subject,
            found,
            verdict,
            from,
            until,
            method: METHOD,
            tool: None,
            raw: None,
        };
        self.measured(&measured).await
    }

    /// Walks one log. Only a database that does not answer is an error; what does not fit is in the answer.
    pub(crate) async fn check_log(
        &self,
        log: LogRow,
        told: &mut Told,
        progress: &Progress,
    ) -> Result<CheckedLog, Error> {
        let mut checked = CheckedLog { origin: log.origin.clone(), ..CheckedLog::default() };
        let keys = self.own_keys(log.log, &log.origin, &mut checked)?;
        let mut checkpoints = Checkpoints {
            app: self,
            log: log.log,
            ahead: VecDeque::new(),
            after: 0,
            ended: false,
            last: None,
            stored: told.of(&log.origin),
        };
        let seen = self.seen(log.log, &keys, &mut checked);
        let (mut frontier, mut parts) = (Frontier::new(), Parts::default());
        // What the log's row says of pruning counts as far as STRUCT's own entries say it too.
        let mut pruned_below = self.check_kept(log.log, &mut checked).await?;
        // The size is read before the leaves, so a log that grows meanwhile is walked to where it was.
        while frontier.size() < log.size {
            let from = frontier.size();
            let until = (from + LEAVES_AT_ONCE).min(log.size);
            let leaves = self.store.placed(log.log, from, until).await?;
            if leaves.iter().any(|leaf| leaf.bytes.is_empty() && leaf.position >= pruned_below) {
                // Pruned meanwhile, perhaps.
                pruned_below = self.kept(log.log).await?.1.below;
            }
            for leaf in &leaves {
                if leaf.position != frontier.size() {
                    break;
                }
                let pruned = leaf.position < pruned_below && leaf.bytes.is_empty();
                let hash = if pruned { leaf.hash } else { leaf_hash(&leaf.bytes) };
                if hash != leaf.hash {
                    checked.fault(format!("leaf {}: its entry was changed or taken away", leaf.position));
                }
                frontier.push(hash);
                parts.push(hash);
                if log.log == platform() {
                    told.take(&leaf.bytes);
                }
                checkpoints.compare(&frontier, &keys, &mut checked).await?;
                compare_seen(seen.as_ref(), &frontier, &mut checked);
            }
            parts.compare(self, log.log, &mut checked).await?;
            progress.store(frontier.size(), Ordering::Relaxed);
            if frontier.size() != until {
                checked.fault(format!("leaf {} is missing", frontier.size()));
                break;
            }
        }
        checked.leaves = frontier.size();
        parts.compare_ends(self, log.log, &frontier, &mut checked).await?;
        self.check_keys(log.log, &keys, &mut checked).await?;
        self.check_ends(&log, seen.as_ref(), &mut checkpoints, &mut checked).await?;
        Ok(checked)
    }

    /// How far the log was pruned by STRUCT; its row must say the same.
    async fn check_kept(&self, log: TenantId, checked: &mut CheckedLog) -> Result<u64, Error> {
        let (row, vouched) = self.kept(log).await?;
        if (row.first_kept, row.days) != (vouched.below, vouched.days) {
            checked
                .fault("how long entries are kept, or up to where they were pruned, was not set by STRUCT".to_owned());
        }
        Ok(vouched.below)
    }

    /// What can only be said at the end: nothing was cut off, nothing stands beside the log.
    async fn check_ends(
        &self,
        log: &LogRow,
        seen: Option<&Checkpoint>,
        checkpoints: &mut Checkpoints<'_>,
        checked: &mut CheckedLog,
    ) -> Result<(), Error> {
        // The log may have grown since its size was read; what was published is in the database, or it was cut off.
        if let Some(seen) = seen.filter(|seen| seen.size > log.size) {
            let size = self.store.log(log.log).await?.map_or(0, |row| row.size);
            if seen.size > size {
                checked.fault(format!("the log ends at {size}, but a larger checkpoint was published"));
            }
        }
        if checkpoints.last != Some(log.size) && log.size > 0 && checked.faults.is_empty() {
            checked.fault(format!("no checkpoint covers all {} leaves", log.size));
        }
        checkpoints.stored.compare(checked);
        self.witness_faults(log.log).await?.into_iter().for_each(|fault| checked.fault(fault));
        for id in self.store.entries_beside(log.log).await? {
            checked.fault(format!(
                "entry {id} stands beside the log: it was not written by STRUCT, or its leaf was removed"
            ));
        }
        Ok(())
    }

    /// The log's public keys as the keyring has them; those of a destroyed node as they were published.
    fn own_keys(&self, log: TenantId, origin: &str, checked: &mut CheckedLog) -> Result<Vec<VerifierKey>, Error> {
        match self.keys.keyring().keys(&log_node(log)) {
            Ok(seeds) => {
                let keys = seeds.iter().map(|(_, seed)| signer(origin, seed).map(|signer| signer.vkey()));
                keys.collect::<Result<_, _>>().map_err(Error::Internal)
            }
            Err(KeyringError::Destroyed { .. }) => Ok(Vec::new()),
            Err(KeyringError::Missing { .. }) => {
                checked.fault("the keyring has no key of this log".to_owned());
                Ok(Vec::new())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The public keys as they are served. The newest may be on its way.
    async fn check_keys(&self, log: TenantId, keys: &[VerifierKey], checked: &mut CheckedLog) -> Result<(), Error> {
        let own: Vec<String> = keys.iter().map(ToString::to_string).collect();
        let served = self.store.log_keys(log).await?;
        let lacking = own.split_last().map_or(&[][..], |(_, before)| before).iter().any(|key| !served.contains(key));
        if !own.is_empty() && (lacking || served.is_empty() || served.iter().any(|key| !own.contains(key))) {
            checked.fault("the public keys that are served are not those of the keyring".to_owned());
        }
        Ok(())
    }

    /// The checkpoint this machine remembers outside the database.
    fn seen(&self, log: TenantId, keys: &[VerifierKey], checked: &mut CheckedLog) -> Option<Checkpoint> {
        let note = match self.settings.checkpoints.newest(&log.to_string()) {
            Ok(note) => note?,
            Err(error) => {
                checked.fault(format!("the remembered checkpoint can't be read: {error}"));
                return None;
            }
        };
        let (checkpoint, note) = read_note(&note).ok()?;
        // A file that anybody else wrote says nothing.
        (keys.is_empty() || note.verify(keys).is_ok()).then_some(checkpoint)
    }
}

/// How the check is done, in words for whoever reads the evidence.
const METHOD: &str = "every entry hashed anew from the stored row, every published checkpoint recomputed and its signature \
checked with the keyring, compared with the newest checkpoint remembered outside the database and with what witnesses have seen";

fn compare_seen(seen: Option<&Checkpoint>, frontier: &Frontier, checked: &mut CheckedLog) {
    if let Some(seen) = seen.filter(|seen| seen.size == frontier.size())
        && seen.root != frontier.root()
    {
        checked.fault(format!("the tree of {} leaves is not the one whose checkpoint was remembered", seen.size));
    }
}

/// The published checkpoints, smallest first, read ahead in parts.
struct Checkpoints<'a> {
    app: &'a App,
    log: TenantId,
    ahead: VecDeque<CheckpointRow>,
    after: u64,
    ended: bool,
    last: Option<u64>,
    stored: told::Stored,
}

impl Checkpoints<'_> {
    /// Compares the checkpoint of this very size, if one was published.
    async fn compare(
        &mut self,
        frontier: &Frontier,
        keys: &[VerifierKey],
        checked: &mut CheckedLog,
    ) -> Result<(), Error> {
        if self.ahead.is_empty() && !self.ended {
            self.ahead = self.app.store.checkpoints(self.log, self.after, CHECKPOINTS_AT_ONCE).await?.into();
            self.ended = self.ahead.is_empty();
            self.after = self.ahead.back().map_or(self.after, |row| row.size);
        }
        let Some(row) = self.ahead.pop_front_if(|row| row.size <= frontier.size()) else { return Ok(()) };
        let fits = read_note(&row.note).is_ok_and(|(checkpoint, note)| {
            self.stored.take(note.text());
            checkpoint.origin == checked.origin
                && checkpoint.size == row.size
                && row.size == frontier.size()
                && checkpoint.root == frontier.root()
                && (keys.is_empty() || note.verify(keys).is_ok())
        });
        if !fits {
            checked.fault(format!("the checkpoint of {} leaves does not fit the tree or its signature", row.size));
        }
        checked.checkpoints += 1;
        self.last = Some(row.size);
        Ok(())
    }
}
