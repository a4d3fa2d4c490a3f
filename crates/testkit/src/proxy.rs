//! A wire between STRUCT and PostgreSQL that a test can slow, hold and cut. Understands nothing of what it carries.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

/// A proxy in front of a server's socket; gone when dropped.
pub struct Proxy {
    folder: TempDir,
    wire: Arc<Wire>,
    accepting: tokio::task::JoinHandle<()>,
}

struct Wire {
    delay_us: AtomicU64,
    turns: AtomicU64,
    sent: AtomicU64,
    /// Bytes to the server that may still pass before all wires are cut; negative: no limit.
    fuse: AtomicI64,
    held: watch::Sender<bool>,
    cut: watch::Sender<u64>,
}

impl Proxy {
    /// Listens in a directory of its own.
    pub fn start(socket_dir: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = UnixListener::bind(socket(folder.path())).expect("a socket");
        let wire = Arc::new(Wire {
            delay_us: AtomicU64::new(0),
            turns: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            fuse: AtomicI64::new(-1),
            held: watch::channel(false).0,
            cut: watch::channel(0).0,
        });
        let (upstream, shared) = (socket(socket_dir), wire.clone());
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, upstream.clone(), shared.clone()));
            }
        });
        Self { folder, wire, accepting }
    }

    /// What a client names as host.
    pub fn socket_dir(&self) -> &Path {
        self.folder.path()
    }

    /// How long every answer takes from now on.
    pub fn delay(&self, delay: Duration) {
        self.wire.delay_us.store(u64::try_from(delay.as_micros()).expect("short"), Ordering::SeqCst);
    }

    /// Keeps all answers back, or lets them go.
    pub fn hold(&self, held: bool) {
        self.wire.held.send_replace(held);
    }

    /// How often a client spoke after it had been answered: round trips.
    pub fn turns(&self) -> u64 {
        self.wire.turns.load(Ordering::SeqCst)
    }

    /// Bytes that went to the server.
    pub fn sent(&self) -> u64 {
        self.wire.sent.load(Ordering::SeqCst)
    }

    /// Cuts all wires after so many more bytes to the server.
    pub fn cut_after(&self, bytes: i64) {
        self.wire.fuse.store(bytes, Ordering::SeqCst);
    }

    /// No cut is due any more.
    pub fn mend(&self) {
        self.wire.fuse.store(-1, Ordering::SeqCst);
    }

    /// Cuts all wires now.
    pub fn cut(&self) {
        self.wire.cut.send_modify(|count| *count += 1);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

fn socket(dir: &Path) -> PathBuf {
    dir.join(".s.PGSQL.5432")
}

async fn carry(client: UnixStream, upstream: PathBuf, wire: Arc<Wire>) {
    let Ok(server) = UnixStream::connect(upstream).await else { return };
    let mut cut = wire.cut.subscribe();
    cut.mark_unchanged();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let answered = AtomicBool::new(true);
    tokio::select! {
        () = up(from_client, to_server, &wire, &answered) => {}
        () = down(from_server, to_client, &wire, &answered) => {}
        _ = cut.changed() => {}
    }
}

async fn up(mut client: OwnedReadHalf, mut server: OwnedWriteHalf, wire: &Wire, answered: &AtomicBool) {
    let mut bytes = [0; 8192];
    while let Ok(count @ 1..) = client.read(&mut bytes).await {
        if answered.swap(false, Ordering::SeqCst) {
            wire.turns.fetch_add(1, Ordering::SeqCst);
        }
        let mut passing = count;
        if wire.fuse.load(Ordering::SeqCst) >= 0 {
            let left = wire.fuse.fetch_sub(count as i64, Ordering::SeqCst);
            passing = count.min(usize::try_from(left).unwrap_or_default());
        }
        if server.write_all(&bytes[..passing]).await.is_err() {
            return;
        }
        wire.sent.fetch_add(passing as u64, Ordering::SeqCst);
        if passing < count {
            return;
        }
    }
}

async fn down(mut server: OwnedReadHalf, mut client: OwnedWriteHalf, wire: &Wire, answered: &AtomicBool) {
    let mut bytes = [0; 8192];
    let mut held = wire.held.subscribe();
    while let Ok(count @ 1..) = server.read(&mut bytes).await {
        if held.wait_for(|held| !held).await.is_err() {
            return;
        }
        let delay = wire.delay_us.load(Ordering::SeqCst);
        if delay > 0 {
            tokio::time::sleep(Duration::from_micros(delay)).await;
        }
        answered.store(true, Ordering::SeqCst);
        if client.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
