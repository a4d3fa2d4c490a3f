//! The observer: looks at the logs from outside all the time, through the tables and over HTTPS, and keeps every checkpoint and
//! every place it ever saw. Judges nothing; what it saw is compared at the end.

use crate::trial::client::Client;
use anyhow::Context as _;
use domain::id::TenantId;
use http::StatusCode;
use ledger::checkpoint::Checkpoint;
use ledger::note::Note;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use store::Address;
use store::drill::{Onlooker, Placed};
use store::ledger::platform;
use tokio::task::JoinHandle;

/// How often the tables are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// Every so many looks the platform's checkpoint is fetched over HTTPS too.
const FETCH_EVERY: u64 = 8;
/// Leaves read at once.
const LEAVES_AT_ONCE: i64 = 10_000;
/// How long an answer may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// What was seen of one log.
#[derive(Debug, Default)]
pub struct SeenLog {
    /// Every checkpoint by its size: the note, and when it was first seen.
    pub checkpoints: BTreeMap<u64, (String, i64)>,
    /// Every leaf in its place, as first seen: leaves come in order, so the place is the index.
    pub leaves: Vec<Placed>,
    /// Checkpoints fetched over HTTPS.
    pub fetched: u64,
    /// What can't be, whatever comes later.
    pub faults: Vec<String>,
}

/// What was seen, by log.
pub type Seen = BTreeMap<TenantId, SeenLog>;

/// The observer at work.
pub struct Observer {
    stop: Arc<AtomicBool>,
    task: JoinHandle<anyhow::Result<Seen>>,
}

impl Observer {
    /// Begins. The platform's log is looked at besides the tenants'.
    pub async fn start(app: &Address, tenants: &[TenantId], servers: Vec<Client>) -> anyhow::Result<Self> {
        let onlooker = Onlooker::connect(app).await?;
        let seen: Seen = tenants.iter().copied().chain([platform()]).map(|log| (log, SeenLog::default())).collect();
        let stop = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(look(onlooker, seen, servers, Arc::clone(&stop)));
        Ok(Self { stop, task })
    }

    /// Looks once more and ends; what was seen.
    pub async fn end(self) -> anyhow::Result<Seen> {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await?
    }
}

async fn look(onlooker: Onlooker, mut seen: Seen, servers: Vec<Client>, stop: Arc<AtomicBool>) -> anyhow::Result<Seen> {
    for turn in 0_u64.. {
        let last = stop.load(Ordering::Relaxed);
        for (log, kept) in &mut seen {
            let after = kept.checkpoints.last_key_value().map(|(size, _)| *size);
            for published in onlooker.published(*log, after).await? {
                kept.keep(published.size, published.note, published.seen_us);
            }
            let from = kept.leaves.len() as u64;
            kept.leaves.extend(onlooker.placed(*log, from, LEAVES_AT_ONCE).await?);
        }
        if turn % FETCH_EVERY == 0 {
            let server = &servers[usize::try_from(turn / FETCH_EVERY)? % servers.len()];
            let kept = seen.get_mut(&platform()).context("the platform's log is looked at")?;
            // A server that was just killed does not answer.
            if let Ok(Ok(note)) = tokio::time::timeout(ANSWER_LIMIT, fetched(server)).await {
                kept.fetched += 1;
                match size_of(&note) {
                    Some(size) => kept.keep(size, note, i64::MAX),
                    None => kept.faults.push(format!("this was served as a checkpoint: {note}")),
                }
            }
        }
        if last {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(seen)
}

async fn fetched(server: &Client) -> anyhow::Result<String> {
    let answer = server.get("/log/platform/checkpoint").await?.expect(StatusCode::OK)?;
    Ok(String::from_utf8(answer.body.to_vec())?)
}

fn size_of(note: &str) -> Option<u64> {
    Some(Checkpoint::parse(Note::parse(note).ok()?.text()).ok()?.size)
}

impl SeenLog {
    fn keep(&mut self, size: u64, note: String, seen_us: i64) {
        match self.checkpoints.get_mut(&size) {
            None => {
                self.checkpoints.insert(size, (note, seen_us));
            }
            Some((kept, at)) => {
                *at = (*at).min(seen_us);
                if *kept != note {
                    self.faults.push(format!("two checkpoints of {size} leaves were published:\n{kept}\n{note}"));
                }
            }
        }
    }
}
