//! Streams of the log to systems elsewhere: set up, tried out, paused and removed by administrators or the operator, each act
//! an entry. What is sent and when is `send`'s; an address is told once, when it is typed.

mod send;

pub use send::BATCH_ENTRIES;

use crate::error::Refusal;
use crate::op::{Caller, on_fresh_rights};
use crate::{App, Error};
use domain::audit::ocsf;
use domain::audit::{Actor, Change, Detail, Outcome, Target, Verb};
use domain::id::{StreamId, TenantId, UserId};
use domain::record::{Fault, FaultReason};
use domain::time::random_bytes;
use host::stream::{Push, Spelled, StreamError, Syslog, spelled};
use jiff::Timestamp;
use seal::envelope::Place;
use serde::{Deserialize, Serialize};
use store::audit::SealedEntry;
use store::stream::StreamRow;
use store::{Check, Head, StoreError};

/// Streams of a tenant at most.
pub const MAX_STREAMS: i64 = 5;
/// Longest name, in characters.
pub const MAX_STREAM_NAME_CHARS: usize = 60;
/// Longest address, and longest value of `Authorization`, in bytes.
pub const MAX_ADDRESS_BYTES: usize = 2_000;

/// How a stream is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StreamKind {
    /// JSON lines by HTTPS.
    Https,
    /// Syslog over TLS.
    Syslog,
}

impl StreamKind {
    /// `https` or `syslog`, as stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Syslog => "syslog",
        }
    }

    /// The kind of a code.
    pub fn parse(code: &str) -> Option<Self> {
        [Self::Https, Self::Syslog].into_iter().find(|kind| kind.code() == code)
    }
}

/// A stream to be set up, as typed.
#[derive(Clone, Debug)]
pub struct NewStream {
    /// What it is called.
    pub name: String,
    /// How it is sent.
    pub kind: StreamKind,
    /// `https://host/path`, or `host:port`.
    pub address: String,
    /// The value of `Authorization`; empty for none, and with syslog.
    pub authorization: String,
    /// From the first entry kept, instead of from now on.
    pub from_start: bool,
}

/// How a stream does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StreamState {
    /// It sends, or has nothing to send.
    Running,
    /// Its last attempt failed; it is tried again.
    Failing,
    /// It stands still until somebody lets it go on.
    Paused,
}

/// A stream as administrators see it.
#[derive(Clone, Debug)]
pub struct StreamView {
    /// Its id.
    pub id: StreamId,
    /// What it is called.
    pub name: String,
    /// How it is sent.
    pub kind: StreamKind,
    /// Host and port.
    pub peer: String,
    /// How it does.
    pub state: StreamState,
    /// Entries sent, counted from the log's first: the next to be sent.
    pub position: u64,
    /// Entries that wait to be sent.
    pub behind: u64,
    /// Entries that were pruned before they could be sent.
    pub skipped: u64,
    /// When a batch was last taken.
    pub delivered_at: Option<Timestamp>,
    /// When an attempt last failed, and why: a code of `StreamError` or `internal`, and what belongs to it.
    pub failed: Option<(Timestamp, String, String)>,
    /// How the one who set it up is called; none for the operator.
    pub created_by_name: Option<String>,
    /// When it was set up.
    pub created_at: Timestamp,
}

/// Whose act it is.
#[derive(Clone, Copy)]
enum By<'a> {
    Caller(&'a Caller),
    Operator(TenantId),
}

/// What is sealed of a stream.
#[derive(Serialize, Deserialize)]
struct Address {
    address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization: Option<String>,
}

/// What sends to one receiver.
enum Sender {
    Https(Box<Push>),
    Syslog(Box<Syslog>),
}

impl Sender {
    fn new(kind: StreamKind, address: &Address) -> Result<Self, StreamError> {
        Ok(match kind {
            StreamKind::Https => Self::Https(Box::new(Push::new(&address.address, address.authorization.as_deref())?)),
            StreamKind::Syslog => Self::Syslog(Box::new(Syslog::new(&address.address)?)),
        })
    }

    fn peer(&self) -> (&str, u16) {
        match self {
            Self::Https(push) => push.peer(),
            Self::Syslog(syslog) => syslog.peer(),
        }
    }
}

impl App {
    /// The tenant's streams, for administrators.
    pub async fn streams(&self, caller: &Caller) -> Result<Vec<StreamView>, Error> {
        on_fresh_rights!(self, caller.tenant, self.streams_of(By::Caller(caller)))
    }

    /// A tenant's streams, for the operator.
    pub async fn operator_streams(&self, tenant: TenantId) -> Result<Vec<StreamView>, Error> {
        self.streams_of(By::Operator(tenant)).await
    }

    /// Sets a stream up.
    pub async fn stream_add(&self, caller: &Caller, new: &NewStream) -> Result<StreamId, Error> {
        on_fresh_rights!(self, caller.tenant, self.add_stream(By::Caller(caller), new))
    }

    /// Sets a stream up for a tenant, as the operator: an entry of the tenant's log says so.
    pub async fn operator_stream_add(&self, tenant: TenantId, new: &NewStream) -> Result<StreamId, Error> {
        self.add_stream(By::Operator(tenant), new).await
    }

    /// Removes a stream. What it was opened with goes with it.
    pub async fn stream_remove(&self, caller: &Caller, id: StreamId) -> Result<(), Error> {
        on_fresh_rights!(self, caller.tenant, self.remove_stream(By::Caller(caller), id))
    }

    /// Removes a tenant's stream, as the operator.
    pub async fn operator_stream_remove(&self, tenant: TenantId, id: StreamId) -> Result<(), Error> {
        self.remove_stream(By::Operator(tenant), id).await
    }

    /// Pauses a stream, or lets it go on where it stood.
    pub async fn stream_pause(&self, caller: &Caller, id: StreamId, paused: bool) -> Result<(), Error> {
        on_fresh_rights!(self, caller.tenant, async {
            let by = By::Caller(caller);
            let (head, row) = self.found_stream(by, id).await?;
            let verb = if paused { Verb::AuditStreamPaused } else { Verb::AuditStreamResumed };
            let entry = self.stream_entry(by, verb, Outcome::Done, &row.name, &row.peer)?;
            let pause = store::stream::pause(caller.tenant, id, paused);
            unless_settled(self.store.stream_change(head, pause, entry).await)
        })
    }

    /// Sends one event that is no entry; says what the receiver made of it. The act is an entry whatever comes of it.
    pub async fn stream_test(&self, caller: &Caller, id: StreamId) -> Result<Result<(), StreamError>, Error> {
        let (head, row) = on_fresh_rights!(self, caller.tenant, self.found_stream(By::Caller(caller), id))?;
        self.test_stream(By::Caller(caller), head, &row).await
    }

    /// Sends one event that is no entry, as the operator.
    pub async fn operator_stream_test(&self, tenant: TenantId, id: StreamId) -> Result<Result<(), StreamError>, Error> {
        let by = By::Operator(tenant);
        let (head, row) = self.found_stream(by, id).await?;
        self.test_stream(by, head, &row).await
    }

    /// One stream, for administrators.
    pub async fn stream(&self, caller: &Caller, id: StreamId) -> Result<StreamView, Error> {
        on_fresh_rights!(self, caller.tenant, async {
            let (_, row) = self.found_stream(By::Caller(caller), id).await?;
            Ok(view(&row, None))
        })
    }

    async fn streams_of(&self, by: By<'_>) -> Result<Vec<StreamView>, Error> {
        let head = self.stream_head(by).await?;
        let rows = self.store.streams(head).await?;
        let makers: Vec<UserId> = rows.iter().filter_map(|row| row.created_by).collect();
        let snapshot = self.snapshot(head.tenant).await?;
        let names = self.named(&snapshot, &makers).await?;
        let name = |row: &StreamRow| row.created_by.and_then(|user| names.get(&user).cloned());
        Ok(rows.iter().map(|row| view(row, name(row))).collect())
    }

    async fn add_stream(&self, by: By<'_>, new: &NewStream) -> Result<StreamId, Error> {
        let head = match by {
            // A stream takes data out.
            By::Caller(caller) => self.unfrozen_administrator(caller, "streams").await?.0,
            By::Operator(_) => self.stream_head(by).await?,
        };
        let name = stream_name(&new.name)?;
        let authorization = Some(new.authorization.trim()).filter(|value| !value.is_empty());
        let address = Address {
            address: new.address.trim().to_owned(),
            authorization: authorization.filter(|_| new.kind == StreamKind::Https).map(str::to_owned),
        };
        let sender = self.checked_sender(new.kind, &address)?;
        let (host, port) = sender.peer();
        let id: StreamId = self.new_id();
        let json = serde_json::to_vec(&address).map_err(|error| Error::Internal(error.to_string()))?;
        let keys = self.keys.tenant(head.tenant)?;
        let row = StreamRow {
            id,
            name: name.clone(),
            kind: new.kind.code().to_owned(),
            peer: if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") },
            address_sealed: keys.directory.seal(&place(head.tenant, id), random_bytes(&*self.random), &json),
            created_by: if let By::Caller(caller) = by { Some(caller.user) } else { None },
            created_at: self.now(),
            paused: false,
            position: 0,
            skipped: 0,
            delivered_at: None,
            failed_at: None,
            failures: 0,
            failure: None,
            log_size: 0,
        };
        let entry = self.stream_entry(by, Verb::AuditStreamAdded, Outcome::Done, &name, &row.peer)?;
        let add = store::stream::add(head.tenant, &row, new.from_start, MAX_STREAMS);
        match self.store.stream_change(head, add, entry).await {
            Err(StoreError::Unexpected) => Err(Error::Refused(Refusal::TooManyStreams)),
            done => Ok(done.map(|()| id)?),
        }
    }

    /// What would send to the address; refuses what can be seen to lead nowhere. Names are looked up when something is sent.
    fn checked_sender(&self, kind: StreamKind, address: &Address) -> Result<Sender, Error> {
        let secret = address.authorization.as_deref().unwrap_or_default();
        if secret.len() > MAX_ADDRESS_BYTES || !secret.chars().all(|c| c.is_ascii_graphic() || c == ' ') {
            return Err(Error::Refused(Refusal::BadAuthorization));
        }
        let refused = Error::Refused(Refusal::BadStreamAddress);
        let sender = match Sender::new(kind, address) {
            Ok(sender) if address.address.len() <= MAX_ADDRESS_BYTES => sender,
            _ => return Err(refused),
        };
        match spelled(sender.peer().0) {
            Spelled::Address(address) if !self.settings.streams.may_reach(address) => {
                return Err(Error::Refused(Refusal::StreamNetwork));
            }
            Spelled::Neither => return Err(refused),
            Spelled::Address(_) | Spelled::Name => {}
        }
        let (host, port) = sender.peer();
        if !self.settings.residency.admits_stream(host, port) {
            return Err(Error::Refused(Refusal::StreamUndeclared));
        }
        Ok(sender)
    }

    async fn remove_stream(&self, by: By<'_>, id: StreamId) -> Result<(), Error> {
        let (head, row) = self.found_stream(by, id).await?;
        let entry = self.stream_entry(by, Verb::AuditStreamRemoved, Outcome::Done, &row.name, &row.peer)?;
        unless_settled(self.store.stream_change(head, store::stream::remove(head.tenant, id), entry).await)
    }

    async fn test_stream(&self, by: By<'_>, head: Head, row: &StreamRow) -> Result<Result<(), StreamError>, Error> {
        // The entry comes first: bytes leave afterwards.
        let entry = self.stream_entry(by, Verb::AuditStreamTested, Outcome::Done, &row.name, &row.peer)?;
        self.store.enter(head, &[entry]).await?;
        let mut sender = match self.sender(head.tenant, row)? {
            Ok(sender) => sender,
            Err(error) => return Ok(Err(error)),
        };
        let log = self.store.log(head.tenant).await?.map_or_else(String::new, |log| log.origin);
        let now = self.now();
        let event = ocsf::trial(&log, now.as_millisecond(), &self.new_request_id().to_string()).to_string();
        let at = format!("{now:.6}");
        let piece = send::Piece { position: None, at: &at, id: "test", severity: 1, json: &event };
        Ok(sender.send(&self.settings.streams, &log, &[piece]).await)
    }

    /// What sends to a stream's receiver.
    fn sender(&self, tenant: TenantId, row: &StreamRow) -> Result<Result<Sender, StreamError>, Error> {
        let opened = self.keys.tenant(tenant)?.directory.open(&place(tenant, row.id), &row.address_sealed);
        let opened = opened.map_err(|error| Error::Internal(format!("stream {}: {error}", row.id)))?;
        let address: Address = serde_json::from_slice(&opened).map_err(|error| Error::Internal(error.to_string()))?;
        let kind =
            StreamKind::parse(&row.kind).ok_or_else(|| Error::Internal(format!("a stream of kind {}", row.kind)))?;
        Ok(Sender::new(kind, &address))
    }

    async fn stream_head(&self, by: By<'_>) -> Result<Head, Error> {
        match by {
            By::Caller(caller) => Ok(self.administrator(caller, "streams").await?.0),
            By::Operator(tenant) => Ok(Head { tenant, check: Check::Nothing }),
        }
    }

    async fn found_stream(&self, by: By<'_>, id: StreamId) -> Result<(Head, StreamRow), Error> {
        let head = self.stream_head(by).await?;
        match (self.store.stream_of(head, id).await?, by) {
            (Some(row), _) => Ok((head, row)),
            (None, By::Caller(caller)) => Err(self.nothing_there(caller, head, format!("stream {id}")).await),
            (None, By::Operator(_)) => Err(Error::NotFound),
        }
    }

    fn stream_entry(
        &self,
        by: By<'_>,
        verb: Verb,
        outcome: Outcome,
        name: &str,
        peer: &str,
    ) -> Result<SealedEntry, Error> {
        let peer = Some(peer.to_owned());
        let change = match verb {
            Verb::AuditStreamAdded => Some((None, peer)),
            Verb::AuditStreamRemoved => Some((peer, None)),
            _ => None,
        };
        let change = change.map(|(before, after)| Change { field: "peer".to_owned(), before, after });
        let detail = Detail { note: Some(name.to_owned()), changes: change.into_iter().collect(), ..Detail::default() };
        match by {
            By::Caller(caller) => self.entry_of(caller, verb, outcome, Target::default(), detail),
            By::Operator(tenant) => {
                let request = self.new_request_id();
                self.entry(tenant, Actor::Operator, verb, outcome, request, Target::default(), detail)
            }
        }
    }
}

fn view(row: &StreamRow, created_by_name: Option<String>) -> StreamView {
    let state = match (row.paused, row.failures) {
        (true, _) => StreamState::Paused,
        (false, 0) => StreamState::Running,
        (false, _) => StreamState::Failing,
    };
    StreamView {
        id: row.id,
        name: row.name.clone(),
        kind: StreamKind::parse(&row.kind).unwrap_or(StreamKind::Https),
        peer: row.peer.clone(),
        state,
        position: row.position,
        behind: row.log_size.saturating_sub(row.position),
        skipped: row.skipped,
        delivered_at: row.delivered_at,
        failed: row.failed_at.zip(row.failure.clone()).map(|(at, (code, particulars))| (at, code, particulars)),
        created_by_name,
        created_at: row.created_at,
    }
}

fn place(tenant: TenantId, id: StreamId) -> Place<'static> {
    Place { tenant: tenant.bytes(), service: "", entity: "struct.stream", record: id.bytes(), version: 1 }
}

/// Somebody else did the same a moment ago: it is done.
fn unless_settled(done: Result<(), StoreError>) -> Result<(), Error> {
    match done {
        Err(StoreError::Unexpected) => Ok(()),
        done => Ok(done?),
    }
}

fn stream_name(typed: &str) -> Result<String, Error> {
    let name = typed.trim();
    let found = name.chars().count();
    let reason = match name.chars().find(|c| c.is_control()) {
        Some(c) => FaultReason::ControlCharacter { code: u32::from(c) },
        None if found == 0 => FaultReason::Required,
        None if found > MAX_STREAM_NAME_CHARS => FaultReason::TooLong { max: MAX_STREAM_NAME_CHARS, found },
        None => return Ok(name.to_owned()),
    };
    Err(Error::Invalid(vec![Fault::new("name", reason)]))
}
