//! What goes on until the database is lost: records made one by one, and a note of every one that was acknowledged. An answer that never
//! came promises nothing.

use crate::trial::client::Connection;
use crate::trial::customers::customer;
use crate::trial::product::{API, Member};
use domain::id::RecordId;
use http::StatusCode;
use serde::Deserialize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;

/// Tasks that make records.
const MAKERS: u64 = 3;
/// The pause of a task between two records: people write, they don't storm.
const PAUSE: Duration = Duration::from_millis(20);
/// How long an answer may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);

/// The traffic under way.
pub struct Traffic {
    shared: Arc<Shared>,
    makers: Vec<JoinHandle<()>>,
}

struct Shared {
    round: u64,
    acknowledged: Mutex<Vec<RecordId>>,
    next: AtomicU64,
    stop: AtomicBool,
}

#[derive(Deserialize)]
struct Made {
    id: RecordId,
}

impl Traffic {
    /// Starts it. Each round has numbers of its own.
    pub fn start(member: &Arc<Member>, round: u64) -> Self {
        let shared = Arc::new(Shared {
            round,
            acknowledged: Mutex::default(),
            next: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        });
        let makers = (0..MAKERS).map(|_| tokio::spawn(make(Arc::clone(&shared), Arc::clone(member)))).collect();
        Self { shared, makers }
    }

    /// Ends it; what was acknowledged.
    pub async fn end(self) -> anyhow::Result<Vec<RecordId>> {
        self.shared.stop.store(true, Ordering::Relaxed);
        for maker in self.makers {
            maker.await?;
        }
        Ok(std::mem::take(&mut self.shared.acknowledged.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

async fn make(shared: Arc<Shared>, member: Arc<Member>) {
    let mut kept: Option<Connection> = None;
    let code = format!("R{:04}-", shared.round);
    while !shared.stop.load(Ordering::Relaxed) {
        let document = customer(&code, shared.next.fetch_add(1, Ordering::Relaxed)).document();
        let asked = async {
            let mut connection = match kept.take() {
                Some(connection) => connection,
                None => member.client.connect().await?,
            };
            let answer = connection.post_json(API, document).await?;
            anyhow::Ok((connection, answer))
        };
        if let Ok(Ok((connection, answer))) = tokio::time::timeout(ANSWER_LIMIT, asked).await {
            kept = Some(connection);
            if answer.status == StatusCode::CREATED
                && let Ok(made) = serde_json::from_slice::<Made>(&answer.body)
            {
                shared.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).push(made.id);
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}
