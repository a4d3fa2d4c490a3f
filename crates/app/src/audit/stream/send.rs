//! Sends the streams: batch by batch in the order of the log, one worker a stream, the place moved only once a batch was taken.
//! A worker that dies leaves its lease; the next one repeats its last batch at most.

use super::{Sender, StreamError};
use crate::op::{detail_of, entry_place};
use crate::{App, Error};
use domain::audit::{Detail, ocsf};
use domain::id::{StreamId, TenantId};
use futures_util::future::join_all;
use host::keyring::KeyringError;
use host::stream::{Dialer, SyslogLine};
use seal::envelope::DataKeys;
use seal::tree::Node;
use std::sync::Arc;
use std::time::Duration;
use store::audit::StoredEntry;
use store::stream::{Batch, Step};
use store::{Check, Head};
use tokio::sync::watch;
use uuid::Uuid;

/// Entries of a batch at most.
pub const BATCH_ENTRIES: i64 = 500;
/// Bytes of a batch at most, unless one event has more.
const BATCH_BYTES: usize = 1024 * 1024;
/// Batches after which a worker gives a stream back, so that others get their turn.
const BATCHES_A_TURN: usize = 20;
/// Streams sent at the same time by one process. One that hangs holds up none but itself, unless all of them hang.
const STREAMS_AT_ONCE: usize = 8;
/// How long a worker has a stream for itself, unless it says that it goes on. After a crash another takes it over so soon.
const LEASE_SECS: i32 = 20;
/// How often a worker says so while it sends. A batch may take longer than a lease.
const RENEW_EVERY: Duration = Duration::from_secs(5);
/// How often it is looked whether a log has grown.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often the figures for metrics are read.
const FIGURES_EVERY: Duration = Duration::from_secs(15);
/// The pause after a first failure; each further one doubles it.
const FIRST_PAUSE_SECS: i32 = 2;
/// The longest pause, whatever a receiver asks for.
const MAX_PAUSE_SECS: i32 = 300;

/// An event on its way.
pub(super) struct Piece<'a> {
    pub(super) position: Option<u64>,
    pub(super) at: &'a str,
    pub(super) id: &'a str,
    /// OCSF's.
    pub(super) severity: u64,
    pub(super) json: &'a str,
}

/// Why a turn ended early.
enum Ended {
    Stream(StreamError),
    Own(Error),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::Own(error)
    }
}

impl From<store::StoreError> for Ended {
    fn from(error: store::StoreError) -> Self {
        Self::Own(error.into())
    }
}

impl App {
    /// Sends all tenants' streams, until asked to stop.
    pub async fn stream_audit(self: Arc<Self>, stopped: watch::Receiver<bool>) {
        let workers = join_all((0..STREAMS_AT_ONCE).map(|_| self.send_always(stopped.clone())));
        let mut stop = stopped.clone();
        tokio::join!(workers, async {
            while !*stop.borrow() {
                self.measure_streams().await;
                pause(&mut stop, FIGURES_EVERY).await;
            }
        });
    }

    async fn send_always(&self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.send_turn(&stop).await {
                Ok(true) => {}
                Ok(false) => pause(&mut stop, LOOK_EVERY).await,
                Err(error) => {
                    tracing::warn!(%error, "streams can't be sent now");
                    pause(&mut stop, LOOK_EVERY).await;
                }
            }
        }
    }

    /// One turn of one worker: sends what one stream has to send. False when none has anything.
    pub async fn stream_once(&self) -> Result<bool, Error> {
        let (_keep, stop) = watch::channel(false);
        self.send_turn(&stop).await
    }

    async fn send_turn(&self, stop: &watch::Receiver<bool>) -> Result<bool, Error> {
        let worker = self.new_id::<Uuid>();
        let Some(stream) = self.store.stream_claim(worker, LEASE_SECS).await? else { return Ok(false) };
        match self.send_renewing(stream, worker, stop).await {
            Ok(()) => self.store.stream_release(stream, worker, None).await?,
            Err((failures, ended)) => {
                let (code, particulars, at_least) = match &ended {
                    Ended::Stream(error) => (error.code(), error.particulars(), wanted_pause(error)),
                    Ended::Own(error) => {
                        tracing::error!(%error, stream = %stream.1, "a stream can't be sent");
                        ("internal", String::new(), 0)
                    }
                };
                metrics::counter!("struct_stream_failures_total", "reason" => code).increment(1);
                let pause = pause_secs(failures).max(at_least).min(MAX_PAUSE_SECS);
                self.store.stream_release(stream, worker, Some((code, &particulars, pause))).await?;
            }
        }
        Ok(true)
    }

    /// Sends, and says meanwhile that it goes on. Whoever can't say so any more is overtaken, and moves nothing.
    async fn send_renewing(
        &self,
        stream: (TenantId, StreamId),
        worker: Uuid,
        stop: &watch::Receiver<bool>,
    ) -> Result<(), (u32, Ended)> {
        let sending = self.send_batches(stream, worker, stop);
        tokio::pin!(sending);
        loop {
            tokio::select! {
                sent = &mut sending => return sent,
                () = tokio::time::sleep(RENEW_EVERY) => {
                    match self.store.stream_renew(stream, worker, LEASE_SECS).await {
                        Ok(true) => {}
                        // Paused, removed, or another has it.
                        Ok(false) => return Ok(()),
                        Err(error) => tracing::warn!(%error, stream = %stream.1, "a stream's lease can't be renewed"),
                    }
                }
            }
        }
    }

    /// Sends until nothing is left, or the turn is over. An error comes with how often the stream had failed before.
    async fn send_batches(
        &self,
        (tenant, id): (TenantId, StreamId),
        worker: Uuid,
        stop: &watch::Receiver<bool>,
    ) -> Result<(), (u32, Ended)> {
        let head = Head { tenant, check: Check::Nothing };
        let row = self.store.stream_of(head, id).await.map_err(|error| (0, error.into()))?;
        let Some(row) = row else { return Ok(()) };
        let mut failures = row.failures;
        let mut sender = match self.sender(tenant, &row) {
            Ok(Ok(sender)) => sender,
            Ok(Err(error)) => return Err((failures, Ended::Stream(error))),
            Err(error) => return Err((failures, error.into())),
        };
        let mut position = row.position;
        for _ in 0..BATCHES_A_TURN {
            if *stop.borrow() {
                break;
            }
            let sent = self.send_batch(tenant, &mut sender, position).await.map_err(|ended| (failures, ended))?;
            let Some(step) = sent else { break };
            let mine = self.store.stream_advance((tenant, id), worker, step, LEASE_SECS).await;
            if !mine.map_err(|error| (failures, error.into()))? {
                break;
            }
            (position, failures) = (step.until, 0);
        }
        Ok(())
    }

    /// Sends one batch; none when nothing is left.
    async fn send_batch(&self, tenant: TenantId, sender: &mut Sender, from: u64) -> Result<Option<Step>, Ended> {
        let (log, batch) = self.store.stream_batch(tenant, from, BATCH_ENTRIES).await?;
        if batch.until == from {
            return Ok(None);
        }
        let (events, until) = self.events(tenant, &log, &batch)?;
        let pieces: Vec<Piece<'_>> = events.iter().map(Event::piece).collect();
        if !pieces.is_empty() {
            sender.send(&self.settings.streams, &log, &pieces).await.map_err(Ended::Stream)?;
            metrics::counter!("struct_stream_entries_total").increment(pieces.len() as u64);
        }
        let skipped = (until - from).saturating_sub(events.len() as u64);
        Ok(Some(Step { from, until, skipped }))
    }

    /// The events of a batch as far as its bytes allow, and the position behind them.
    fn events(&self, tenant: TenantId, log: &str, batch: &Batch) -> Result<(Vec<Event>, u64), Error> {
        let (mut events, mut bytes) = (Vec::new(), 0);
        for (position, stored) in &batch.entries {
            let place = ocsf::Place { log, position: *position };
            let value = ocsf::event(&stored.read, &self.streamed_detail(tenant, stored)?, place);
            let json = value.to_string();
            bytes += json.len();
            if bytes > BATCH_BYTES && !events.is_empty() {
                return Ok((events, *position));
            }
            events.push(Event {
                position: *position,
                at: format!("{:.6}", stored.read.at),
                id: stored.read.entry.verb.code(),
                severity: value["severity_id"].as_u64().unwrap_or(1),
                json,
            });
        }
        Ok((events, batch.until))
    }

    /// An entry's detail; empty once its key was destroyed, and only then.
    fn streamed_detail(&self, tenant: TenantId, stored: &StoredEntry) -> Result<Detail, Error> {
        let entry = &stored.read.entry;
        let open = |keys: &DataKeys| keys.open(&entry_place(entry), &stored.detail).ok();
        let opened = match &entry.target.service {
            None => open(&self.keys.tenant(tenant)?.log),
            Some(service) => match self.keys.service_data(tenant, service) {
                Ok(keys) => open(&keys),
                Err(error) => {
                    let node = Node::ServiceData(tenant.bytes(), service.clone());
                    match self.keys.keyring().keys(&node) {
                        Err(KeyringError::Destroyed { .. }) => None,
                        _ => return Err(error),
                    }
                }
            },
        };
        Ok(opened.and_then(|opened| detail_of(&opened).map(|(_, _, detail)| detail)).unwrap_or_default())
    }

    async fn measure_streams(&self) {
        match self.store.stream_figures().await {
            Ok((streams, failing, behind)) => {
                metrics::gauge!("struct_streams").set(streams as f64);
                metrics::gauge!("struct_streams_failing").set(failing as f64);
                metrics::gauge!("struct_stream_entries_behind").set(behind as f64);
            }
            Err(error) => tracing::warn!(%error, "how far the streams are can't be read"),
        }
    }
}

/// An entry as an event.
struct Event {
    position: u64,
    at: String,
    id: &'static str,
    severity: u64,
    json: String,
}

impl Event {
    fn piece(&self) -> Piece<'_> {
        Piece { position: Some(self.position), at: &self.at, id: self.id, severity: self.severity, json: &self.json }
    }
}

impl Sender {
    /// Sends a batch in the form of its kind.
    pub(super) async fn send(&mut self, dialer: &Dialer, log: &str, pieces: &[Piece<'_>]) -> Result<(), StreamError> {
        match self {
            Self::Https(push) => {
                let lines = pieces.iter().flat_map(|piece| [piece.json.as_bytes(), b"\n"]).collect::<Vec<_>>();
                push.send(dialer, lines.concat()).await
            }
            Self::Syslog(syslog) => {
                let frames: Vec<u8> = pieces.iter().flat_map(|piece| frame(log, piece)).collect();
                syslog.send(dialer, &frames).await
            }
        }
    }
}

fn frame(log: &str, piece: &Piece<'_>) -> Vec<u8> {
    let place = log.split('/').next().unwrap_or_default();
    let host = place.rsplit_once(':').map_or(place, |(host, _)| host);
    // OCSF's severities in syslog's: critical, warning, notice, informational.
    let severity = match piece.severity {
        4.. => 2,
        3 => 4,
        2 => 5,
        _ => 6,
    };
    SyslogLine { severity, at: piece.at, host, id: piece.id, position: piece.position, json: piece.json }.frame()
}

fn pause_secs(failures: u32) -> i32 {
    FIRST_PAUSE_SECS.saturating_mul(2_i32.saturating_pow(failures))
}

/// Seconds that the receiver asks for.
fn wanted_pause(error: &StreamError) -> i32 {
    match error {
        StreamError::Refused { retry_after: Some(secs), .. } => i32::try_from(*secs).unwrap_or(MAX_PAUSE_SECS),
        _ => 0,
    }
}

async fn pause(stop: &mut watch::Receiver<bool>, at_most: Duration) {
    tokio::select! {
        () = tokio::time::sleep(at_most) => {}
        _ = stop.changed() => {}
    }
}
