//! Trying the server's own listeners from outside, as a stranger would: what each speaks, which versions of TLS it refuses, what
//! certificate it shows, what its answers say. Judges nothing, and asks nobody but this machine.
//!
//! Each listener of this process and of what it started is tried, configured or not. A listener on all addresses is tried on
//! loopback: it is the same socket, and no byte leaves the machine.

mod certificate;
mod hello;
mod http;
mod tls;

pub use certificate::{CertificateFound, Trust, TrustError};
pub use hello::OLD_VERSIONS;
pub use http::{Answer, AnswerHead, CHALLENGE_PATH};
pub use tls::TlsFound;

use crate::residency::{Listener, listeners};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long one connection of a probe may take.
const PROBE_LIMIT: Duration = Duration::from_secs(5);
/// Listeners tried at most; more are counted, and told as not tried.
pub const MAX_LISTENERS: usize = 64;

/// Who asks, and whom they expect.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The host that people type: name or address.
    pub host: String,
    /// The authorities they trust.
    pub trust: Trust,
    /// The time by their clock.
    pub now: Timestamp,
}

/// What a listener speaks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Speaks {
    /// TLS.
    Tls(Box<TlsFound>),
    /// HTTP without TLS; what it answered to each question.
    PlainHttp(Vec<Answer>),
    /// Neither; why a handshake failed.
    Other(String),
    /// No connection could be made.
    Unreachable(String),
}

/// A listener that was tried.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Probed {
    /// Where it waits.
    pub address: SocketAddr,
    /// The program that holds it.
    pub program: String,
    /// What it speaks.
    pub speaks: Speaks,
}

impl Probed {
    /// Whether only this machine can reach it.
    pub fn is_loopback(&self) -> bool {
        self.address.ip().to_canonical().is_loopback()
    }
}

/// What a scan found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scanned {
    /// Every listener tried.
    pub listeners: Vec<Probed>,
    /// Listeners beyond [`MAX_LISTENERS`].
    pub untried: usize,
    /// Processes whose sockets may not be read by this account.
    pub unreadable: usize,
}

/// Finds and tries every listener of STRUCT's processes, one after another.
pub async fn scan(data_dir: &Path, visitor: &Visitor) -> io::Result<Scanned> {
    let data_dir = data_dir.to_owned();
    let found = tokio::task::spawn_blocking(move || listeners(&data_dir)).await.map_err(io::Error::other)?;
    let (found, unreadable) = found?;
    let addresses: BTreeSet<SocketAddr> = found.iter().map(|listener| listener.address).collect();
    // Several processes may hold one socket, as PostgreSQL's do.
    let mut distinct: Vec<Listener> = Vec::new();
    for listener in found {
        if distinct.last().is_none_or(|last| last.address != listener.address) {
            distinct.push(listener);
        }
    }
    let untried = distinct.len().saturating_sub(MAX_LISTENERS);
    let mut listeners = Vec::new();
    for Listener { address, program } in distinct.into_iter().take(MAX_LISTENERS) {
        let speaks = probe(address, &addresses, visitor).await;
        listeners.push(Probed { address, program, speaks });
    }
    Ok(Scanned { listeners, untried, unreadable })
}

async fn probe(address: SocketAddr, all: &BTreeSet<SocketAddr>, visitor: &Visitor) -> Speaks {
    let mut refused = String::new();
    for at in doors(address, all) {
        match connect(at).await {
            Err(error) => refused = error,
            Ok(stream) => return tried(stream, at, visitor).await,
        }
    }
    Speaks::Unreachable(refused)
}

/// By which address a listener is reached. Behind one on all addresses, another may wait on loopback alone at the same port:
/// then that address would lead to the wrong one.
fn doors(address: SocketAddr, all: &BTreeSet<SocketAddr>) -> Vec<SocketAddr> {
    let port = address.port();
    // All of 127.0.0.0/8 is this machine, and nobody listens on its second address.
    let four = [Ipv4Addr::new(127, 0, 0, 2), Ipv4Addr::LOCALHOST].map(IpAddr::V4);
    let candidates: Vec<IpAddr> = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => four.to_vec(),
        IpAddr::V6(ip) if ip.is_unspecified() => std::iter::once(IpAddr::V6(Ipv6Addr::LOCALHOST)).chain(four).collect(),
        ip => return vec![SocketAddr::new(ip, port)],
    };
    let reached = candidates.into_iter().map(|ip| SocketAddr::new(ip, port));
    reached.filter(|at| !all.contains(at)).collect()
}

async fn tried(stream: TcpStream, at: SocketAddr, visitor: &Visitor) -> Speaks {
    if http::is_spoken(stream, &visitor.host).await {
        return Speaks::PlainHttp(http::ask_all(at, &visitor.host).await);
    }
    match tls::tried(at, visitor).await {
        Ok(found) => Speaks::Tls(Box::new(found)),
        Err(reason) => Speaks::Other(reason),
    }
}

/// A connection, or why there is none.
async fn connect(at: SocketAddr) -> Result<TcpStream, String> {
    match timeout(PROBE_LIMIT, TcpStream::connect(at)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no connection within {} s", PROBE_LIMIT.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_all_addresses_is_not_mistaken_for_one_on_loopback_at_the_same_port() {
        let all =
            |texts: &[&str]| -> BTreeSet<SocketAddr> { texts.iter().map(|text| text.parse().expect("one")).collect() };
        let by = |address: &str, others: &[&str]| -> Vec<String> {
            doors(address.parse().expect("one"), &all(others)).iter().map(ToString::to_string).collect()
        };
        assert_eq!(by("192.0.2.1:443", &["192.0.2.1:443"]), ["192.0.2.1:443"]);
        assert_eq!(by("0.0.0.0:443", &["0.0.0.0:443"]), ["127.0.0.2:443", "127.0.0.1:443"]);
        assert_eq!(by("0.0.0.0:443", &["0.0.0.0:443", "127.0.0.1:443"]), ["127.0.0.2:443"]);
        assert_eq!(by("[::]:443", &["[::]:443", "[::1]:443"]), ["127.0.0.2:443", "127.0.0.1:443"]);
    }
}
