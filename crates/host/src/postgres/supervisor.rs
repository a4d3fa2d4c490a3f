//! Keeps the server running until told to stop. Doesn't reconnect anybody: that is the pool's.

use super::{Cluster, PostgresError, Running};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep},
};

/// The first pause before a restart; it doubles with every one that follows soon.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause: a disk that was full is tried again within half a minute of having room.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A server that has run this long was well; its end counts as the first again.
const WELL_AFTER: Duration = Duration::from_secs(60);

/// What the server is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It takes sessions.
    Up {
        /// Its process.
        pid: u32,
    },
    /// It ended by itself and is being started again.
    Down {
        /// Why, or why the last attempt failed.
        reason: String,
    },
    /// It was told to stop, and has.
    Stopped,
}

/// A running server and the task that starts it again when it dies. Dropped without [`Supervisor::stop`], it leaves the
/// server running for the next start to adopt.
#[derive(Debug)]
pub struct Supervisor {
    socket_dir: PathBuf,
    state: watch::Receiver<State>,
    stop: watch::Sender<bool>,
    task: JoinHandle<Result<(), PostgresError>>,
}

impl Supervisor {
    /// Watches over a server that is ready.
    pub fn watch(cluster: Cluster, running: Running) -> Self {
        let (states, state) = watch::channel(State::Up { pid: running.pid() });
        let (stop, stopping) = watch::channel(false);
        let socket_dir = running.socket_dir().to_owned();
        let task = tokio::spawn(Watch { cluster, states, stopping }.run(running));
        Self { socket_dir, state, stop, task }
    }

    /// The directory of the socket, which is what a client names as host.
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// What the server is doing now.
    pub fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// Tells of every change.
    pub fn states(&self) -> watch::Receiver<State> {
        self.state.clone()
    }

    /// Stops the server and returns when it has ended.
    pub async fn stop(self) -> Result<(), PostgresError> {
        self.stop.send_replace(true);
        self.task.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }
}

struct Watch {
    cluster: Cluster,
    states: watch::Sender<State>,
    stopping: watch::Receiver<bool>,
}

impl Watch {
    async fn run(mut self, first: Running) -> Result<(), PostgresError> {
        let mut current = Some(first);
        let mut pause = FIRST_PAUSE;
        while let Some(mut running) = current.take() {
            let since = Instant::now();
            let ended = tokio::select! {
                status = running.exited() => status,
                () = asked(&mut self.stopping) => return self.end(running).await,
            };
            let reason = ended.map_or_else(|| "it ended".to_owned(), |status| status.to_string());
            tracing::error!(pid = running.pid(), reason, "the database died and is started again");
            self.states.send_replace(State::Down { reason });
            if since.elapsed() >= WELL_AFTER {
                pause = FIRST_PAUSE;
            }
            current = self.again(&mut pause).await?;
        }
        self.states.send_replace(State::Stopped);
        Ok(())
    }

    /// Tries until it runs; `None` when told to stop meanwhile.
    async fn again(&mut self, pause: &mut Duration) -> Result<Option<Running>, PostgresError> {
        loop {
            tokio::select! {
                () = sleep(*pause) => {}
                () = asked(&mut self.stopping) => return Ok(None),
            }
            *pause = (*pause * 2).min(LONGEST_PAUSE);
            // Never dropped half-way: what it starts must have an owner.
            let error = match self.cluster.launch().await {
                Err(error) => error,
                Ok(mut running) => {
                    let ready = tokio::select! {
                        ready = running.ready() => ready,
                        () = asked(&mut self.stopping) => return running.stop_fast().await.map(|()| None),
                    };
                    match ready {
                        Ok(()) => {
                            tracing::info!(pid = running.pid(), "the database is back");
                            self.states.send_replace(State::Up { pid: running.pid() });
                            return Ok(Some(running));
                        }
                        Err(error) => {
                            let _ = running.stop_fast().await;
                            error
                        }
                    }
                }
            };
            tracing::error!(%error, "the database can't be started again yet");
            self.states.send_replace(State::Down { reason: error.to_string() });
        }
    }

    async fn end(self, mut running: Running) -> Result<(), PostgresError> {
        let ended = running.stop_fast().await;
        self.states.send_replace(State::Stopped);
        ended
    }
}

/// Returns when stopping is asked for. An owner that is gone asks for nothing: the server is to outlive it.
async fn asked(stopping: &mut watch::Receiver<bool>) {
    if stopping.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}
