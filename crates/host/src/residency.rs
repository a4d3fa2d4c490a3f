//! What this machine shows of where data goes: open connections of STRUCT's processes, file systems under its folders, name
//! servers, addresses of names. Declares nothing and judges nothing.
//!
//! Everything is read from `/proc` as any process of the account may. What is not seen: connections shorter than the
//! pause between two looks, datagrams of sockets that are not connected, and what the kernel does for network file systems.

mod mount;
mod name;
mod process;
mod socket;

pub use mount::{Mount, mount_of};
pub use name::{MAX_ADDRESSES, addresses_of, name_servers};
pub use socket::{Connection, Protocol};

use crate::backup::Location;
use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::path::Path;

/// Behind an account's name: where Azure keeps blobs.
const AZURE_BLOBS: &str = "blob.core.windows.net";
const HTTPS_PORT: u16 = 443;
/// Connections told of one look at most; more are counted.
pub const MAX_CONNECTIONS: usize = 1_000;

/// What one look at the processes showed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Looked {
    /// Connections that were opened from here to elsewhere.
    pub connections: BTreeSet<Connection>,
    /// Processes looked at.
    pub processes: usize,
    /// Processes whose sockets may not be read by this account.
    pub unreadable: usize,
}

/// Looks at this process, all it started, and all of its account that work on the data directory: PostgreSQL after a restart
/// and pgBackRest in the background are nobody's children.
pub fn look(data_dir: &Path) -> io::Result<Looked> {
    let pids = process::family(data_dir)?;
    let mut looked = Looked { processes: pids.len(), ..Looked::default() };
    for (pids, tables) in socket::by_namespace(&pids) {
        let mut owned = BTreeSet::new();
        for pid in pids {
            match process::sockets(pid) {
                Ok(inodes) => owned.extend(inodes),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => looked.unreadable += 1,
                // It has ended meanwhile, and what it had open with it.
                Err(_) => {}
            }
        }
        let outgoing = socket::outgoing(&tables, &owned);
        let room = MAX_CONNECTIONS.saturating_sub(looked.connections.len());
        looked.connections.extend(outgoing.into_iter().take(room));
    }
    Ok(looked)
}

/// A TCP socket that waits for connections.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Listener {
    /// Where.
    pub address: SocketAddr,
    /// The program that holds it, as the kernel names it.
    pub program: String,
}

/// Everything that waits for connections, of this process, all it started, and all of its account that work on the data
/// directory; and how many of them may not be read by this account. By address.
pub fn listeners(data_dir: &Path) -> io::Result<(BTreeSet<Listener>, usize)> {
    let (mut found, mut unreadable) = (BTreeSet::new(), 0);
    for (pids, tables) in socket::by_namespace(&process::family(data_dir)?) {
        for pid in pids {
            let owned = match process::sockets(pid) {
                Ok(owned) => owned,
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    unreadable += 1;
                    continue;
                }
                // It has ended meanwhile.
                Err(_) => continue,
            };
            let waiting = socket::listening(&tables, &owned).into_iter();
            found.extend(waiting.map(|address| Listener { address, program: process::name(pid) }));
        }
    }
    Ok((found, unreadable))
}

/// The hosts that a repository of backups is reached by, the first as it is declared; none when it is a folder.
pub fn hosts_of(location: &Location) -> Vec<(String, u16)> {
    let split = |endpoint: &str| match endpoint.rsplit_once(':') {
        Some((host, port)) => (host.to_owned(), port.parse().unwrap_or(HTTPS_PORT)),
        None => (endpoint.to_owned(), HTTPS_PORT),
    };
    match location {
        Location::Local(_) => Vec::new(),
        Location::S3(s3) => {
            let (host, port) = split(&s3.endpoint);
            // The bucket stands in the name, unless the service wants it in the path.
            let with_bucket = format!("{}.{host}", s3.bucket);
            vec![(host, port), (with_bucket, port)]
        }
        Location::Azure(azure) => {
            let own = || format!("{}.{AZURE_BLOBS}", azure.account.expose());
            vec![split(&azure.endpoint.clone().unwrap_or_else(own))]
        }
    }
}

/// The name of this machine, as it calls itself.
pub fn machine_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
