//! Proofs for customers: an entry's certificate, what is served of a log, the whole log as a download. Proves nothing that
//! was not published: everything here is read after its commit.

use crate::op::{Caller, detail_of, entry_place, on_fresh_rights};
use crate::{App, Error, Refusal};
use domain::audit::{Detail, Entry, Outcome, Target, Verb};
use domain::id::{EntryId, TenantId};
use ledger::checkpoint::Checkpoint;
use ledger::hash::Hash;
use ledger::leaf::Leaf;
use ledger::note::Note;
use ledger::proof::{consistency_ranges, inclusion_ranges};
use ledger::tile::{TileKind, TilePath, Tiles, tiles_for};
use ledger::tlog_proof::TlogProof;
use serde::Serialize;
use store::ledger::platform;

/// A file that proves one entry, for `struct-verify` or any other checker of the format.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// `struct-<entry>.tlog-proof`
    pub file_name: String,
    /// Its text.
    pub text: String,
}

/// Which log is asked for: a tenant's, or the platform's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogName {
    /// The platform's, which anybody may read.
    Platform,
    /// A tenant's.
    Tenant(TenantId),
}

/// How far a tenant's log is, for its page.
#[derive(Clone, Debug)]
pub struct LogStatus {
    /// The first line of its checkpoints.
    pub origin: String,
    /// Entries in it.
    pub size: u64,
    /// Entries below were pruned by the retention rule.
    pub first_kept: u64,
    /// Its public keys, newest first.
    pub keys: Vec<String>,
    /// The newest checkpoint: the signed note with its cosignatures.
    pub checkpoint: Option<String>,
    /// When that was published.
    pub at: Option<jiff::Timestamp>,
}

/// What a certificate carries beside the proof: the leaf, and what opens its commitment.
#[derive(Serialize)]
struct Extra<'a> {
    leaf: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    salt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

impl LogName {
    /// By the id it stands under in the tables.
    pub(crate) fn of(id: TenantId) -> Self {
        if id == platform() { Self::Platform } else { Self::Tenant(id) }
    }

    pub(crate) fn id(self) -> TenantId {
        match self {
            Self::Platform => platform(),
            Self::Tenant(tenant) => tenant,
        }
    }
}

impl App {
    /// The newest checkpoint of a log: the signed note.
    pub async fn log_checkpoint(&self, log: LogName) -> Result<Option<String>, Error> {
        Ok(self.store.checkpoint_newest(log.id()).await?.map(|row| row.note))
    }

    /// A log's public keys, one a line, newest first.
    pub async fn log_keys(&self, log: LogName) -> Result<Vec<String>, Error> {
        Ok(self.store.log_keys(log.id()).await?)
    }

    /// The bytes of a tile or bundle; none when the published tree has no such part, or it was pruned.
    pub async fn log_tile(&self, log: LogName, path: TilePath) -> Result<Option<Vec<u8>>, Error> {
        Ok(match path.kind {
            TileKind::Level(level) => self.store.tile(log.id(), level, path.index, path.width).await?,
            TileKind::Entries => self.store.bundle(log.id(), path.index, path.width).await?,
        })
    }

    /// How far the tenant's own log is, for its administrators.
    pub async fn log_status(&self, caller: &Caller) -> Result<LogStatus, Error> {
        on_fresh_rights!(self, caller.tenant, async {
            self.administrator(caller, "log").await?;
            let log = self.store.log(caller.tenant).await?;
            let newest = self.store.checkpoint_newest(caller.tenant).await?;
            Ok(LogStatus {
                origin: log.as_ref().map(|log| log.origin.clone()).unwrap_or_default(),
                size: log.as_ref().map_or(0, |log| log.size),
                first_kept: log.as_ref().map_or(0, |log| log.first_kept),
                keys: self.store.log_keys(caller.tenant).await?,
                at: newest.as_ref().map(|row| row.at),
                checkpoint: newest.map(|row| row.note),
            })
        })
    }

    /// The certificate of an entry, for administrators. An entry that is not in the log yet has none: it will be in a moment
    /// (`Refusal::NotInLogYet`).
    pub async fn certificate(&self, caller: &Caller, entry: EntryId) -> Result<Certificate, Error> {
        on_fresh_rights!(self, caller.tenant, self.certificate_once(caller, entry))
    }

    async fn certificate_once(&self, caller: &Caller, id: EntryId) -> Result<Certificate, Error> {
        let (head, snapshot) = self.administrator(caller, "certificate").await?;
        let Some((placed, sealed)) = self.store.placed_entry(head, id).await? else {
            return Err(self.nothing_there(caller, head, format!("entry {id}")).await);
        };
        let log = LogName::Tenant(caller.tenant);
        let position = placed.position.ok_or(Error::Refused(Refusal::NotInLogYet))?;
        // One that a witness has seen too proves more than the newest.
        let note = match self.store.checkpoint_cosigned(log.id(), position).await? {
            Some(row) => row.note,
            None => self.log_checkpoint(log).await?.ok_or(Error::Refused(Refusal::NotInLogYet))?,
        };
        let leaf = String::from_utf8(placed.leaf.encode()).map_err(|error| Error::Internal(error.to_string()))?;
        // What the entry's page would leave out stays out of the file too. Without the salt nobody can guess it.
        let closed = self.opener(caller, &snapshot).is_closed_leaf(&placed.leaf);
        let opened = if closed { None } else { self.opened(caller.tenant, id, &placed.leaf, &sealed) };
        let opened = opened.as_deref().and_then(detail_of);
        let extra = Extra {
            leaf: &leaf,
            salt: opened.as_ref().and_then(|(salt, ..)| salt.map(|salt| Hash(salt).hex())),
            detail: opened
                .as_ref()
                .filter(|(salt, ..)| salt.is_some())
                .and_then(|(_, text, _)| std::str::from_utf8(text).ok()),
        };
        let extra = serde_json::to_vec(&extra).map_err(|error| Error::Internal(error.to_string()))?;
        let proof = self.inclusion(log, position, &note, Some(extra)).await?;
        let detail = Detail { note: Some(format!("entry={id}")), ..Detail::default() };
        let entry = self.entry_of(caller, Verb::AuditCertified, Outcome::Done, Target::default(), detail)?;
        self.store.enter(head, &[entry]).await?;
        Ok(Certificate { file_name: format!("struct-{id}.tlog-proof"), text: proof.to_string() })
    }

    /// The sealed detail, opened by whichever key it is under; none when that key is gone.
    fn opened(&self, tenant: TenantId, id: EntryId, leaf: &Leaf, sealed: &[u8]) -> Option<Vec<u8>> {
        let target = Target { service: leaf.service.clone(), ..Target::default() };
        let entry = Entry {
            id,
            tenant,
            actor: domain::audit::Actor::System,
            verb: Verb::AuditHeartbeat,
            outcome: Outcome::Done,
            request: self.new_request_id(),
            target,
            detail: Detail::default(),
        };
        let place = entry_place(&entry);
        match &entry.target.service {
            Some(service) => self.keys.service_data(tenant, service).ok()?.open(&place, sealed).ok(),
            None => self.keys.tenant(tenant).ok()?.log.open(&place, sealed).ok(),
        }
    }

    /// The proof that the leaf at a position is under a checkpoint.
    pub(crate) async fn inclusion(
        &self,
        log: LogName,
        position: u64,
        note: &str,
        extra: Option<Vec<u8>>,
    ) -> Result<TlogProof, Error> {
        let (checkpoint, note) = read_note(note)?;
        if position >= checkpoint.size {
            return Err(Error::Refused(Refusal::NotInLogYet));
        }
        let hashes = self.subtrees(log, &inclusion_ranges(position, checkpoint.size), checkpoint.size).await?;
        Ok(TlogProof { extra, index: position, hashes, checkpoint: note })
    }

    /// The proof that a tree of `old` leaves is the beginning of one of `new`.
    pub async fn consistency(&self, log: LogName, old: u64, new: u64) -> Result<Vec<Hash>, Error> {
        self.subtrees(log, &consistency_ranges(old, new), new).await
    }

    /// The hashes of subtrees, from the tiles that hold them.
    async fn subtrees(&self, log: LogName, ranges: &[(u64, u64)], size: u64) -> Result<Vec<Hash>, Error> {
        let mut tiles = Tiles::default();
        for path in tiles_for(ranges, size) {
            let bytes = self.log_tile(log, path).await?.ok_or_else(|| missing(&path))?;
            tiles.insert(path, &bytes).map_err(|error| Error::Internal(format!("log: {error}")))?;
        }
        let found = ranges.iter().map(|(begin, end)| tiles.subtree(*begin, *end));
        found.collect::<Option<Vec<Hash>>>().ok_or_else(|| Error::Internal("log: a tile lacks a hash".to_owned()))
    }
}

fn missing(path: &TilePath) -> Error {
    Error::Internal(format!("log: {path} is missing"))
}

pub(crate) fn read_note(note: &str) -> Result<(Checkpoint, Note), Error> {
    let note = Note::parse(note).map_err(|error| Error::Internal(format!("log: {error}")))?;
    let checkpoint = Checkpoint::parse(note.text()).map_err(|error| Error::Internal(format!("log: {error}")))?;
    Ok((checkpoint, note))
}
