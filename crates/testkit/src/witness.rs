//! A witness for tests: the product's own, behind a port on loopback. It can be made to lose its answers; it decides nothing
//! that the product's does not.

use crate::clock::{FakeClock, Seeded};
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use domain::time::Clock as _;
use host::witness::{NotCosigned, Remote, Witness, add_log};
use ledger::note::VerifierKey;
use ledger::witness::SIZE_CONTENT_TYPE;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tempfile::TempDir;
use tokio::task::JoinHandle;

/// The name of its key.
pub const WITNESS: &str = "witness.example.jp/w1";

/// A witness that runs until dropped.
pub struct WitnessServer {
    /// As STRUCT has it configured.
    pub remote: Remote,
    lose_answers: Arc<AtomicBool>,
    requests: Arc<AtomicUsize>,
    served: JoinHandle<()>,
    dir: TempDir,
}

impl WitnessServer {
    /// Starts one that knows these logs.
    pub async fn start(logs: &[VerifierKey], clock: Arc<FakeClock>) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let witness = Witness::open(dir.path(), Some(WITNESS), logs.to_vec(), &Seeded::new(5)).expect("a witness");
        let (vkey, witness) = (witness.vkey(), Arc::new(witness));
        let (lose_answers, requests) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (lost, counted) = (Arc::clone(&lose_answers), Arc::clone(&requests));
        let add = async move |body: String| {
            counted.fetch_add(1, Ordering::SeqCst);
            let answer = answer(&witness, &body, &clock);
            if lost.load(Ordering::SeqCst) { StatusCode::BAD_GATEWAY.into_response() } else { answer }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().route("/add-checkpoint", post(add));
        let served = tokio::spawn(async move { axum::serve(listener, router).await.expect("served") });
        let remote = Remote::new(&url, vkey, None).expect("an address");
        Self { remote, lose_answers, requests, served, dir }
    }

    /// From now on (or no longer), what it answers is lost on the way, though it has done what was asked.
    pub fn lose_answers(&self, lose: bool) {
        self.lose_answers.store(lose, Ordering::SeqCst);
    }

    /// How often it was asked.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Knows a log more.
    pub fn know(&self, log: &VerifierKey) {
        add_log(self.dir.path(), None, log).expect("added");
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.dir.path()
    }
}

impl Drop for WitnessServer {
    fn drop(&mut self) {
        self.served.abort();
    }
}

fn answer(witness: &Witness, body: &str, clock: &FakeClock) -> Response {
    match witness.add_checkpoint(body, clock.now()) {
        Ok(lines) => lines.into_response(),
        Err(NotCosigned::Refused(refusal)) => {
            let status = StatusCode::from_u16(refusal.status()).expect("a status");
            match refusal.size_body() {
                Some(size) => (status, [(header::CONTENT_TYPE, SIZE_CONTENT_TYPE)], size).into_response(),
                None => (status, refusal.to_string()).into_response(),
            }
        }
        Err(NotCosigned::Fault(error)) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
