//! What goes on while processes are killed: records made one by one, files handed in, and a note of every answer that
//! promised something. An answer that never came promises nothing.

use crate::trial::client::Connection;
use crate::trial::customers::customer;
use crate::trial::product::{API, ENTITY, Member, SERVICE};
use app::App;
use domain::id::{JobId, RecordId};
use http::StatusCode;
use serde::Deserialize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::job::JobRow;
use store::{Check, Head};
use tokio::task::JoinHandle;

/// Tasks that make records.
const MAKERS: u64 = 4;
/// How long after a failure it is tried again.
const AGAIN: Duration = Duration::from_millis(30);
/// How often an import's progress is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long an answer may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);

/// A file handed in.
#[derive(Clone, Debug)]
pub struct Handed {
    /// How the numbers of its customers begin.
    pub code: String,
    /// Its rows.
    pub rows: u64,
    /// The job, if the upload was acknowledged.
    pub job: Option<JobId>,
    /// The most rows its progress ever told.
    pub told: i64,
}

/// What was promised, and what was answered instead.
#[derive(Debug, Default)]
pub struct Seen {
    /// Records acknowledged with 201.
    pub created: Vec<RecordId>,
    /// Files.
    pub handed: Vec<Handed>,
    /// Answers of 503.
    pub unavailable: u64,
    /// Other answers than 201 and 503.
    pub unexpected: Vec<String>,
    /// Requests without an answer.
    pub unanswered: u64,
}

/// The traffic under way.
pub struct Traffic {
    shared: Arc<Shared>,
    makers: Vec<JoinHandle<()>>,
    importer: JoinHandle<()>,
}

struct Shared {
    seen: Mutex<Seen>,
    next: AtomicU64,
    stop_making: AtomicBool,
    stop_importing: AtomicBool,
}

/// The answer to a record made.
#[derive(Deserialize)]
struct Made {
    id: RecordId,
}

impl Shared {
    fn note<T>(&self, note: impl FnOnce(&mut Seen) -> T) -> T {
        note(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Traffic {
    /// Starts it.
    pub fn start(app: &Arc<App>, member: &Arc<Member>, rows: u64) -> Self {
        let shared = Arc::new(Shared {
            seen: Mutex::default(),
            next: AtomicU64::new(0),
            stop_making: AtomicBool::new(false),
            stop_importing: AtomicBool::new(false),
        });
        let makers = (0..MAKERS).map(|_| tokio::spawn(make(Arc::clone(&shared), Arc::clone(member)))).collect();
        let importer = tokio::spawn(import(Arc::clone(&shared), Arc::clone(app), Arc::clone(member), rows));
        Self { shared, makers, importer }
    }

    /// Begins no further file and waits for the one under way.
    pub async fn wind_down(&mut self) -> anyhow::Result<()> {
        self.shared.stop_importing.store(true, Ordering::Relaxed);
        Ok((&mut self.importer).await?)
    }

    /// Ends it; what was seen.
    pub async fn end(self) -> anyhow::Result<Seen> {
        self.shared.stop_making.store(true, Ordering::Relaxed);
        for maker in self.makers {
            maker.await?;
        }
        Ok(self.shared.note(std::mem::take))
    }
}

/// Makes records, each with a number of its own, on a connection that is made anew when it breaks.
async fn make(shared: Arc<Shared>, member: Arc<Member>) {
    let mut kept: Option<Connection> = None;
    while !shared.stop_making.load(Ordering::Relaxed) {
        let document = customer("N", shared.next.fetch_add(1, Ordering::Relaxed)).document();
        let asked = async {
            let mut connection = match kept.take() {
                Some(connection) => connection,
                None => member.client.connect().await?,
            };
            let answer = connection.post_json(API, document).await?;
            anyhow::Ok((connection, answer))
        };
        let Ok(Ok((connection, answer))) = tokio::time::timeout(ANSWER_LIMIT, asked).await else {
            shared.note(|seen| seen.unanswered += 1);
            tokio::time::sleep(AGAIN).await;
            continue;
        };
        kept = Some(connection);
        let made = serde_json::from_slice::<Made>(&answer.body).ok();
        shared.note(|seen| match (answer.status, made) {
            (StatusCode::CREATED, Some(made)) => seen.created.push(made.id),
            (StatusCode::SERVICE_UNAVAILABLE, _) => seen.unavailable += 1,
            (status, _) => seen.unexpected.push(format!("{status}: {}", String::from_utf8_lossy(&answer.body))),
        });
        if answer.status != StatusCode::CREATED {
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// Hands in one file after another, each when the one before is done; one at least.
async fn import(shared: Arc<Shared>, app: Arc<App>, member: Arc<Member>, rows: u64) {
    let mut done = 0;
    for number in 1.. {
        if done > 0 && shared.stop_importing.load(Ordering::Relaxed) {
            return;
        }
        let code = format!("F{number:05}-");
        let place = shared.note(|seen| {
            seen.handed.push(Handed { code: code.clone(), rows, job: None, told: 0 });
            seen.handed.len() - 1
        });
        let job = match tokio::time::timeout(ANSWER_LIMIT, member.import(&code, 1..rows + 1)).await {
            Ok(Ok(job)) => job,
            _ => {
                shared.note(|seen| seen.unanswered += 1);
                tokio::time::sleep(AGAIN).await;
                match unanswered(&shared, &app, &member).await {
                    Some(job) => job,
                    None => continue,
                }
            }
        };
        shared.note(|seen| seen.handed[place].job = Some(job));
        follow(&shared, &app, &member, place, job).await;
        done += 1;
    }
}

/// The job of an upload whose answer was lost, if it came in whole: the list of imports shows it, which is a promise too.
async fn unanswered(shared: &Shared, app: &App, member: &Member) -> Option<JobId> {
    let jobs = loop {
        match jobs(app, member).await {
            Ok(jobs) => break jobs,
            Err(_) => tokio::time::sleep(AGAIN).await,
        }
    };
    let known: Vec<JobId> = shared.note(|seen| seen.handed.iter().filter_map(|handed| handed.job).collect());
    jobs.into_iter().filter(|job| job.state != "failed").map(|job| job.job).find(|job| !known.contains(job))
}

/// Looks at an import until it has ended; notes the most it ever told.
async fn follow(shared: &Shared, app: &App, member: &Member, place: usize, job: JobId) {
    let head = Head { tenant: member.tenant, check: Check::Nothing };
    loop {
        if let Ok(Some(row)) = app.store().job(head, job).await {
            shared.note(|seen| seen.handed[place].told = seen.handed[place].told.max(row.taken));
            if matches!(row.state.as_str(), "done" | "failed") {
                return;
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Whether any job waits or runs: an upload whose answer was lost may have left one.
pub async fn jobs_under_way(app: &App, member: &Member) -> Result<bool, store::StoreError> {
    Ok(jobs(app, member).await?.iter().any(|job| matches!(job.state.as_str(), "queued" | "running")))
}

async fn jobs(app: &App, member: &Member) -> Result<Vec<JobRow>, store::StoreError> {
    let head = Head { tenant: member.tenant, check: Check::Nothing };
    app.store().jobs(head, SERVICE, ENTITY, 1_000).await
}
