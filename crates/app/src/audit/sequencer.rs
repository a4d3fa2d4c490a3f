//! The sequencer: appends committed entries to their logs and publishes signed checkpoints. One process leads; another takes
//! over when it dies. Entries are written by every `Op`; this only gives them their place.

use crate::audit::proof::read_note;
use crate::audit::vouched::is_genuine;
use crate::op::is_genuine_entry;
use crate::{App, Error};
use domain::audit::{Actor, Detail, Outcome, Target, Verb};
use domain::id::TenantId;
use futures_util::stream::{StreamExt, iter};
use host::keyring::KeyringError;
use ledger::checkpoint::Checkpoint;
use ledger::hash::Hash;
use ledger::leaf::PlatformLeaf;
use ledger::note::{Note, Signer};
use seal::key::Key;
use seal::tree::Node;
use std::sync::Arc;
use std::time::Duration;
use store::ledger::{Append, Appended, heartbeat, platform};
use store::{Check, Flight, Head};
use tokio::sync::watch;
use uuid::Uuid;

/// How often the leader looks for entries that wait. A checkpoint follows its entries by at most twice this.
const ROUND_EVERY: Duration = Duration::from_millis(800);
/// How often another process looks whether the leader is gone.
const CANDIDATE_EVERY: Duration = Duration::from_secs(1);
/// A log that has said nothing of itself for so long says that it lives. Below an hour, so that an hour is kept.
const HEARTBEAT_MIN: i32 = 55;
/// Logs appended to at the same time.
const LOGS_AT_ONCE: usize = 4;
/// Keys that sign a checkpoint: after a rotation the one before goes on for those who know only that.
const SIGNING_KEYS: usize = 2;

/// What one round has done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Round {
    /// Entries that got their place.
    pub entries: usize,
    /// Logs that could not be appended to.
    pub failed: usize,
    /// Entries that somebody had put into a queue again although they had their place.
    pub again: u64,
}

impl App {
    /// Appends for as long as it leads, and stands by otherwise, until asked to stop.
    pub async fn sequence(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.store.lead().await {
                Ok(Some(leader)) => {
                    tracing::info!("this process appends to the logs");
                    while !*stop.borrow() && leader.holds().await {
                        self.lead_round().await;
                        pause(&mut stop, ROUND_EVERY).await;
                    }
                }
                Ok(None) => pause(&mut stop, CANDIDATE_EVERY).await,
                Err(error) => {
                    tracing::warn!(%error, "the logs' leader can't be found out");
                    pause(&mut stop, CANDIDATE_EVERY).await;
                }
            }
        }
    }

    async fn lead_round(&self) {
        match self.sequence_once().await {
            Ok(round) if round.entries > 0 => {
                tracing::debug!(entries = round.entries, "appended");
                metrics::counter!("struct_log_entries_total").increment(round.entries as u64);
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the logs can't be appended to now"),
        }
    }

    /// One round: heartbeats, all tenants' logs, then the platform's. Returns when nothing waited any more at that moment.
    pub async fn sequence_once(&self) -> Result<Round, Error> {
        for tenant in self.store.logs_quiet(HEARTBEAT_MIN).await? {
            if let Err(error) = self.beat(tenant).await {
                tracing::warn!(%error, %tenant, "a log could not say that it lives");
            }
        }
        let waiting: Vec<TenantId> =
            self.store.logs_waiting().await?.into_iter().filter(|log| *log != platform()).collect();
        let drained = iter(waiting).map(|log| self.drain(log)).buffer_unordered(LOGS_AT_ONCE).collect::<Vec<_>>().await;
        let mut round = Round::default();
        for done in drained.into_iter().chain([self.drain(platform()).await]) {
            match done {
                Ok((entries, again)) => {
                    round.entries += entries;
                    round.again += again;
                }
                Err(error) => {
                    round.failed += 1;
                    metrics::counter!("struct_log_append_failed_total").increment(1);
                    tracing::error!(%error, "a log could not be appended to");
                }
            }
        }
        Ok(round)
    }

    /// Appends to one log until nothing waits; says how many entries got their place, and how many had one before. A log whose
    /// keys were destroyed has had its last entry.
    async fn drain(&self, log: TenantId) -> Result<(usize, u64), Error> {
        let seeds = match self.log_seeds(log) {
            Err(KeyringError::Destroyed { .. }) => return Ok((0, 0)),
            seeds => seeds?,
        };
        self.introduce(log, &seeds).await?;
        let (mut entries, mut again) = (0, 0);
        loop {
            let appended = self.append(log, &seeds).await?;
            entries += appended.entries;
            again += appended.again.1;
            if let Some(note) = &appended.note
                && let Err(error) = self.settings.checkpoints.keep(&log.to_string(), note)
            {
                tracing::error!(%error, "a checkpoint can't be kept outside the database");
            }
            if !appended.full {
                return Ok((entries, again));
            }
        }
    }

    async fn append(&self, log: TenantId, seeds: &[(u32, Key)]) -> Result<Appended, Error> {
        let seen = self.remembered(log)?;
        let sign = |checkpoint: &Checkpoint| match &seen {
            Some(seen) if seen.origin != checkpoint.origin => Err(format!("log: it was called {} before", seen.origin)),
            _ => signed(checkpoint, seeds),
        };
        let at = self.leaf_instant();
        let tell = |note: &str| {
            let body = Some(told(note, &at)).filter(|body| log != platform() && !body.is_empty())?;
            Some((self.platform_id(&body).ok()?, body))
        };
        let keys = if log == platform() { None } else { Some(self.keys.tenant(log)?) };
        let genuine = move |text: &[u8], mac: Option<&[u8]>| {
            let Some((keys, mac)) = keys.as_ref().zip(mac) else { return false };
            is_genuine_entry(&keys.entry, text, mac)
        };
        let leaf_keys = self.keys.platform()?;
        let genuine_platform = move |id: Uuid, body: &[u8]| is_genuine(&leaf_keys.leaf, id, body);
        let grows_from = |size: u64, root: &Hash| {
            seen.as_ref().is_none_or(|seen| seen.size < size || (seen.size, seen.root) == (size, *root))
        };
        let append = Append {
            log,
            grows_from: &grows_from,
            sign: &sign,
            genuine: Arc::new(genuine),
            genuine_platform: Arc::new(genuine_platform),
            tell: &tell,
        };
        let appended = self.store.append(&append).await?;
        for entry in &appended.foreign {
            metrics::counter!("struct_log_foreign_entries_total").increment(1);
            tracing::error!(%log, %entry, "an entry was not written by STRUCT, or was changed before it had its place");
        }
        if appended.again.1 > 0 {
            self.tell_again(log, &appended.again).await?;
        }
        Ok(appended)
    }

    /// Tells of entries that had their place and were put into the queue once more. They are out of it, so no self-check would
    /// find them there: the claim turns at once, until the next one finds everything whole.
    async fn tell_again(&self, log: TenantId, (first, count): &(Vec<Uuid>, u64)) -> Result<(), Error> {
        metrics::counter!("struct_log_queued_again_total").increment(*count);
        tracing::error!(%log, count, ?first, "entries that had their place were put into the queue again");
        let mut faults: Vec<String> = first.iter().map(|id| queued_again(&id.to_string())).collect();
        faults.push(format!("{count} rows were taken out of the queue that nothing of STRUCT had put there"));
        let origin = self.store.log(log).await?.map(|row| row.origin).unwrap_or_default();
        self.keep_broken(&origin, self.now(), &faults).await
    }

    /// The newest checkpoint that this machine remembers of a log. Read before the append begins, so it is never of a tree
    /// that is still to come.
    fn remembered(&self, log: TenantId) -> Result<Option<Checkpoint>, Error> {
        let note =
            self.settings.checkpoints.newest(&log.to_string()).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(note.and_then(|note| read_note(&note).ok()).map(|(checkpoint, _)| checkpoint))
    }

    /// Makes the log and publishes keys of it that are new, unless that is known to be done.
    async fn introduce(&self, log: TenantId, seeds: &[(u32, Key)]) -> Result<(), Error> {
        let newest = seeds.last().map_or(0, |(version, _)| *version);
        if self.introduced.get(&log) == Some(newest) {
            return Ok(());
        }
        self.store.log_create(log, &self.origin_of(log)).await?;
        // Its origin is what it was made with, whatever this server is called by now.
        let origin = self.store.log(log).await?.ok_or(Error::NotFound)?.origin;
        for (version, seed) in seeds {
            let vkey = signer(&origin, seed).map_err(Error::Internal)?.vkey().to_string();
            let leaf = PlatformLeaf::Key {
                at: self.leaf_instant(),
                log: origin.clone(),
                version: u64::from(*version),
                vkey: vkey.clone(),
            };
            let leaf = leaf.encode();
            self.store.log_key_announce(log, *version, &vkey, (self.platform_id(&leaf)?, leaf)).await?;
        }
        self.introduced.put(log, newest);
        Ok(())
    }

    /// The seeds of a log's signing keys, oldest first; made on first use.
    fn log_seeds(&self, log: TenantId) -> Result<Vec<(u32, Key)>, KeyringError> {
        let node = log_node(log);
        match self.keys.keyring().keys(&node) {
            Err(KeyringError::Missing { .. }) => {
                self.keys.keyring().provision(&node, &*self.random)?;
                self.keys.keyring().keys(&node)
            }
            seeds => seeds,
        }
    }

    pub(super) fn origin_of(&self, log: TenantId) -> String {
        let url = &self.settings.public_url;
        let place = url.split_once("://").map_or(url.as_str(), |(_, place)| place).trim_end_matches('/');
        let name = if log == platform() { "platform".to_owned() } else { log.to_string() };
        format!("{place}/log/{name}")
    }

    async fn beat(&self, tenant: TenantId) -> Result<(), Error> {
        match self.log_seeds(tenant) {
            Err(KeyringError::Destroyed { .. }) => return Ok(()),
            seeds => self.introduce(tenant, &seeds?).await?,
        }
        let (target, detail, request) = (Target::default(), Detail::default(), self.new_request_id());
        let entry = self.entry(tenant, Actor::System, Verb::AuditHeartbeat, Outcome::Done, request, target, detail)?;
        let head = Head { tenant, check: Check::Nothing };
        self.store.fly(Flight::write(head, vec![heartbeat(tenant)], &[entry])).await?;
        Ok(())
    }

    /// The present instant, as leaves of the platform's log say it.
    pub(crate) fn leaf_instant(&self) -> String {
        format!("{:.6}", self.now())
    }
}

/// What is said of an entry that has its place and waits.
pub(super) fn queued_again(entry: &str) -> String {
    format!("entry {entry} has its place in the log and was put into the queue again")
}

/// The node of the key tree that signs a log's checkpoints.
pub(crate) fn log_node(log: TenantId) -> Node {
    if log == platform() { Node::PlatformCheckpoint } else { Node::TenantCheckpoint(log.bytes()) }
}

pub(crate) fn signer(origin: &str, seed: &Key) -> Result<Signer, String> {
    Signer::from_seed(origin, seed.expose()).map_err(|error| error.to_string())
}

/// The checkpoint as a note, signed by the newest keys.
fn signed(checkpoint: &Checkpoint, seeds: &[(u32, Key)]) -> Result<String, String> {
    let newest = seeds.iter().rev().take(SIGNING_KEYS);
    let signers = newest.map(|(_, seed)| signer(&checkpoint.origin, seed)).collect::<Result<Vec<_>, _>>()?;
    let note = checkpoint.sign(&signers.iter().collect::<Vec<_>>()).map_err(|error| error.to_string())?;
    Ok(note.to_string())
}

/// The platform leaf that tells of a checkpoint; nothing when the note is not one.
fn told(note: &str, at: &str) -> Vec<u8> {
    let Ok(note) = Note::parse(note) else { return Vec::new() };
    let Ok(checkpoint) = Checkpoint::parse(note.text()) else { return Vec::new() };
    let sha256 = Hash::of(note.text().as_bytes()).hex();
    PlatformLeaf::Checkpoint { at: at.to_owned(), log: checkpoint.origin, sha256 }.encode()
}

async fn pause(stop: &mut watch::Receiver<bool>, at_most: Duration) {
    tokio::select! {
        () = tokio::time::sleep(at_most) => {}
        _ = stop.changed() => {}
    }
}
