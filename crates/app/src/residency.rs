//! Residency: the register of every place data can go by the configuration and the tenants' streams, held against what this
//! machine shows. Sends nothing, and stops nothing that was set up before.

mod watch;

pub use watch::{LOOK_EVERY, Seen};

use crate::{App, Error};
use domain::residency::{Address, Destination, Encryption, Fault, Purpose, Register, Rules};
use host::residency::{machine_name, mount_of, name_servers};
use std::path::PathBuf;

/// Where data goes by the configuration, and where it may.
#[derive(Clone, Debug)]
pub struct Residency {
    /// What the operator has said.
    pub rules: Rules,
    /// Places that the configuration names.
    pub destinations: Vec<Destination>,
    /// Folders of this machine, which may be on another one's disks.
    pub folders: Vec<Folder>,
    /// By this folder processes are known as STRUCT's.
    pub data_dir: PathBuf,
    /// The bucket that backups go to: its service is asked for its region.
    pub bucket: Option<host::backup::S3>,
    /// Which of several servers this is.
    pub server: String,
}

/// A folder that data is written to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Folder {
    /// What it is for.
    pub purpose: Purpose,
    /// Where it is.
    pub path: PathBuf,
    /// What protects what lies there.
    pub encryption: Encryption,
}

impl Residency {
    /// Of rules alone, for a process that has nothing configured.
    pub fn new(rules: Rules, data_dir: PathBuf) -> Self {
        let server = machine_name();
        Self { rules, destinations: Vec::new(), folders: Vec::new(), data_dir, bucket: None, server }
    }

    /// The register with the receivers of tenants' streams. Reads the tables of mounts and name servers of this machine.
    pub fn register(&self, streams: &[String], told: Option<&str>) -> Register {
        let mut destinations: Vec<Destination> = self.folders.iter().map(destination).collect();
        destinations.extend(self.destinations.iter().cloned());
        for destination in destinations.iter_mut().filter(|destination| destination.purpose == Purpose::Backup) {
            destination.told = told.map(str::to_owned);
        }
        destinations.extend(streams.iter().map(|peer| stream(peer)));
        // Who looks up names is told them. Without a name nobody is asked.
        if !Register::of(&self.rules, &destinations).names().is_empty() {
            let asked =
                |server: String| Destination::host(Purpose::Names, &server, Some(NAMES_PORT), Encryption::Plain);
            destinations.extend(name_servers().iter().map(ToString::to_string).map(asked));
        }
        Register::of(&self.rules, &destinations)
    }

    /// What forbids a start: a sink that nobody declared, or one outside the allowed regions. That nobody says where the
    /// machine is does not: it is the claim that can't be met then.
    pub fn refusals(&self) -> (Register, Vec<Fault>) {
        let register = self.register(&[], None);
        let mut faults = register.faults();
        faults.retain(|fault| *fault != Fault::MachineUndeclared);
        (register, faults)
    }

    /// Whether a tenant's log may be sent there.
    pub(crate) fn admits_stream(&self, host: &str, port: u16) -> bool {
        Register::of(&self.rules, &[]).admits(Purpose::Stream, host, port)
    }
}

/// The port of DNS.
const NAMES_PORT: u16 = 53;

fn destination(folder: &Folder) -> Destination {
    let path = folder.path.display().to_string();
    let here = Destination::here(folder.purpose, path.clone(), folder.encryption);
    match mount_of(&folder.path) {
        Ok(None) => here,
        Ok(Some(mount)) => Destination { address: Address::Mounted { source: mount.source, path }, ..here },
        // Not known is not here.
        Err(error) => Destination { address: Address::Mounted { source: error.to_string(), path }, ..here },
    }
}

fn stream(peer: &str) -> Destination {
    let (host, port) = peer.rsplit_once(':').unwrap_or((peer, ""));
    Destination::host(Purpose::Stream, host, port.parse().ok(), Encryption::Tls)
}

impl App {
    /// The register of sinks as it is now, with the receivers of all tenants' streams.
    pub async fn sink_register(&self) -> Result<Register, Error> {
        self.sink_register_told(None).await
    }

    async fn sink_register_told(&self, told: Option<String>) -> Result<Register, Error> {
        let streams = self.store.stream_peers().await?;
        let residency = self.settings.residency.clone();
        let made = tokio::task::spawn_blocking(move || residency.register(&streams, told.as_deref())).await;
        made.map_err(|error| Error::Internal(error.to_string()))
    }
}
