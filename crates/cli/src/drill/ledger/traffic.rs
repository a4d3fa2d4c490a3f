//! What goes on while leaders are killed: members of two tenants make records, each on whichever server answers, and a note is
//! kept of every record that was acknowledged. An answer that never came promises nothing.

use crate::trial::client::{Client, Connection};
use crate::trial::customers::customer;
use crate::trial::product::API;
use domain::id::{RecordId, TenantId};
use http::StatusCode;
use serde::Deserialize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;

/// Tasks that make records in each tenant.
const MAKERS: usize = 3;
/// How long one waits between two records.
const BETWEEN: Duration = Duration::from_millis(6);
/// How long after a failure the other server is tried.
const AGAIN: Duration = Duration::from_millis(20);
/// How long an answer may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);

/// What was answered.
#[derive(Debug, Default)]
pub struct Seen {
    /// Records acknowledged with 201, by tenant.
    pub created: Vec<(TenantId, RecordId)>,
    /// Answers of 503.
    pub unavailable: u64,
    /// Requests without an answer.
    pub unanswered: u64,
    /// Other answers.
    pub unexpected: Vec<String>,
}

/// The traffic under way.
pub struct Traffic {
    seen: Arc<Mutex<Seen>>,
    stop: Arc<AtomicBool>,
    makers: Vec<JoinHandle<()>>,
}

/// The answer to a record made.
#[derive(Deserialize)]
struct Made {
    id: RecordId,
}

struct Maker {
    tenant: TenantId,
    /// One for each server that serves.
    clients: Vec<Client>,
    next: Arc<AtomicU64>,
    seen: Arc<Mutex<Seen>>,
    stop: Arc<AtomicBool>,
}

impl Traffic {
    /// Starts it: the same member of each tenant as every server knows them.
    pub fn start(members: &[(TenantId, Vec<Client>)]) -> Self {
        let (seen, stop) = (Arc::new(Mutex::new(Seen::default())), Arc::new(AtomicBool::new(false)));
        let mut makers = Vec::new();
        for (tenant, clients) in members {
            let next = Arc::new(AtomicU64::new(0));
            for place in 0..MAKERS {
                let maker = Maker {
                    tenant: *tenant,
                    clients: clients.clone(),
                    next: Arc::clone(&next),
                    seen: Arc::clone(&seen),
                    stop: Arc::clone(&stop),
                };
                makers.push(tokio::spawn(maker.make(place)));
            }
        }
        Self { seen, stop, makers }
    }

    /// Ends it; what was seen.
    pub async fn end(self) -> anyhow::Result<Seen> {
        self.stop.store(true, Ordering::Relaxed);
        for maker in self.makers {
            maker.await?;
        }
        Ok(std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Maker {
    async fn make(self, mut server: usize) {
        let mut kept: Option<Connection> = None;
        while !self.stop.load(Ordering::Relaxed) {
            let document = customer("N", self.next.fetch_add(1, Ordering::Relaxed)).document();
            let client = &self.clients[server % self.clients.len()];
            let asked = async {
                let mut connection = match kept.take() {
                    Some(connection) => connection,
                    None => client.connect().await?,
                };
                let answer = connection.post_json(API, document).await?;
                anyhow::Ok((connection, answer))
            };
            let Ok(Ok((connection, answer))) = tokio::time::timeout(ANSWER_LIMIT, asked).await else {
                self.note(|seen| seen.unanswered += 1);
                server += 1;
                tokio::time::sleep(AGAIN).await;
                continue;
            };
            kept = Some(connection);
            let made = serde_json::from_slice::<Made>(&answer.body).ok();
            self.note(|seen| match (answer.status, made) {
                (StatusCode::CREATED, Some(made)) => seen.created.push((self.tenant, made.id)),
                (StatusCode::SERVICE_UNAVAILABLE, _) => seen.unavailable += 1,
                (status, _) => seen.unexpected.push(format!("{status}: {}", String::from_utf8_lossy(&answer.body))),
            });
            tokio::time::sleep(BETWEEN).await;
        }
    }

    fn note(&self, note: impl FnOnce(&mut Seen)) {
        note(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
