//! Load: the same work on many kept connections for some seconds, and pgbench doing it without STRUCT. Knows nothing of
//! what the work means.

use crate::trial::client::{Client, Connection};
use crate::trial::product::Product;
use anyhow::{Context as _, bail};
use host::postgres::Binaries;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::bootstrap::{APP, DATABASE};

/// Connections, on either side.
pub const CONNECTIONS: usize = 16;
/// Threads of pgbench.
const THREADS: usize = 2;

/// One request, again and again.
pub trait Work: Send + Sync + 'static {
    /// Does it on a connection; `turn` is another number each time.
    fn once(&self, connection: &mut Connection, turn: u64) -> impl Future<Output = anyhow::Result<()>> + Send;

    /// How long a connection rests between two requests; not measured.
    fn pace(&self) -> Duration {
        Duration::ZERO
    }

    /// Whether it is to end before its time.
    fn over(&self) -> bool {
        false
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub struct Done {
    /// Requests in a second.
    pub per_s: f64,
    /// Half were answered within this.
    pub half_ms: f64,
    /// All but one in a hundred were answered within this.
    pub most_ms: f64,
}

/// Connections that are kept from round to round.
pub struct Load {
    connections: Vec<Connection>,
    turn: u64,
}

impl Load {
    /// Connects.
    pub async fn connect(client: &Client) -> anyhow::Result<Self> {
        let mut connections = Vec::with_capacity(CONNECTIONS);
        for _ in 0..CONNECTIONS {
            connections.push(client.connect().await?);
        }
        Ok(Self { connections, turn: 0 })
    }

    /// Connects anew: a server closes connections on which nothing happens for a while. Turns go on.
    pub async fn reconnect(&mut self, client: &Client) -> anyhow::Result<()> {
        self.connections = Self::connect(client).await?.connections;
        Ok(())
    }

    /// Works on all connections at once. The first request that fails ends it.
    pub async fn drive<W: Work>(&mut self, work: &Arc<W>, length: Duration) -> anyhow::Result<Done> {
        let since = Instant::now();
        let tasks: Vec<_> = self
            .connections
            .drain(..)
            .enumerate()
            .map(|(place, connection)| {
                tokio::spawn(one(Arc::clone(work), connection, self.turn + place as u64, since + length))
            })
            .collect();
        let mut taken = Vec::new();
        for task in tasks {
            let (connection, mut times) = task.await??;
            self.connections.push(connection);
            taken.append(&mut times);
        }
        let seconds = since.elapsed().as_secs_f64();
        self.turn += u64::try_from(taken.len() * CONNECTIONS).unwrap_or_default() + CONNECTIONS as u64;
        taken.sort_unstable();
        let at = |share: f64| {
            taken.get((taken.len() as f64 * share) as usize).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
        };
        Ok(Done { per_s: taken.len() as f64 / seconds, half_ms: at(0.5), most_ms: at(0.99) })
    }
}

async fn one<W: Work>(
    work: Arc<W>,
    mut connection: Connection,
    mut turn: u64,
    until: Instant,
) -> anyhow::Result<(Connection, Vec<Duration>)> {
    let mut taken = Vec::new();
    let mut now = Instant::now();
    while now < until && !work.over() {
        work.once(&mut connection, turn).await?;
        let after = Instant::now();
        taken.push(after - now);
        now = after;
        if !work.pace().is_zero() {
            tokio::time::sleep(work.pace()).await;
            now = Instant::now();
        }
        turn += CONNECTIONS as u64;
    }
    Ok((connection, taken))
}

/// pgbench with some scripts, on the product's own cluster and under its own role.
pub struct Pgbench {
    bin: PathBuf,
    socket_dir: PathBuf,
    arguments: Vec<String>,
}

impl Pgbench {
    /// Writes the scripts; pgbench takes one of them at random each time.
    pub fn new(binaries: &Binaries, product: &Product, name: &str, scripts: &[String]) -> anyhow::Result<Self> {
        let mut arguments: Vec<String> = ["-n", "-M", "prepared"].map(str::to_owned).into();
        arguments.extend(["-c".to_owned(), CONNECTIONS.to_string(), "-j".to_owned(), THREADS.to_string()]);
        for (number, script) in scripts.iter().enumerate() {
            let path = product.folder().join(format!("{name}-{number}.sql"));
            std::fs::write(&path, script)?;
            arguments.extend(["-f".to_owned(), path.display().to_string()]);
        }
        Ok(Self { bin: binaries.dir().to_owned(), socket_dir: product.socket_dir(), arguments })
    }

    /// Transactions in a second, without the time it took to connect.
    pub async fn per_s(&self, length: Duration) -> anyhow::Result<f64> {
        let mut arguments = self.arguments.clone();
        arguments.extend(["-T".to_owned(), length.as_secs().max(1).to_string()]);
        let output = host::process::pgbench(&self.bin, &self.socket_dir, APP, DATABASE, &arguments).await;
        let output = output
            .with_context(|| format!("pgbench in {} can't be run; it comes with PostgreSQL", self.bin.display()))?;
        let said = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            bail!("pgbench ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
        }
        transactions(&said).with_context(|| format!("pgbench said no figure:\n{said}"))
    }
}

fn transactions(said: &str) -> Option<f64> {
    said.lines().find_map(|line| line.strip_prefix("tps = "))?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_without_a_figure_gives_none() {
        assert_eq!(transactions("pgbench: error: connection to server failed"), None);
        assert_eq!(
            transactions("latency average = 2 ms\ntps = 6563.25 (without initial connection time)\n"),
            Some(6563.25)
        );
    }
}
