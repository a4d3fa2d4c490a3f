//! Residency: every place data can go, the region of each, and what the operator allows. Reads no configuration and no
//! machine, and believes nobody who has not said so.

mod address;
mod fault;
mod network;
mod region;
mod register;

pub use address::{Address, UnusableAddress, Where, is_here};
pub use fault::Fault;
pub use network::{Network, NetworkError};
pub use region::{ALL as REGIONS, DEFAULT as DEFAULT_REGION, Region, UnknownRegion};
pub use register::{Register, Sink};

/// Declared sinks at most.
pub const MAX_DECLARED: usize = 200;

/// What goes there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Purpose {
    /// Records, entries, logs: PostgreSQL.
    Database,
    /// Copies of the database.
    Backup,
    /// Keys, wrapped.
    Keyring,
    /// The newest checkpoint of each log.
    Checkpoints,
    /// Letters.
    Mail,
    /// Checkpoints, to be cosigned.
    Witness,
    /// Entries of a tenant's log, to a system of the tenant's.
    Stream,
    /// Figures for dashboards, and the process log.
    Telemetry,
    /// Names of other sinks, to be looked up.
    Names,
    /// Orders of certificates: names that stand in public logs anyway, and nothing of customers. Its region does not count.
    Authority,
    /// Something else that the operator declared.
    Other,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Database,
        Self::Backup,
        Self::Keyring,
        Self::Checkpoints,
        Self::Mail,
        Self::Witness,
        Self::Stream,
        Self::Telemetry,
        Self::Names,
        Self::Authority,
        Self::Other,
    ];

    /// A word for configuration, evidence and locale keys; permanent.
    pub fn code(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Backup => "backup",
            Self::Keyring => "keyring",
            Self::Checkpoints => "checkpoints",
            Self::Mail => "mail",
            Self::Witness => "witness",
            Self::Stream => "stream",
            Self::Telemetry => "telemetry",
            Self::Names => "names",
            Self::Authority => "authority",
            Self::Other => "other",
        }
    }

    /// The purpose of a word.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.code() == code)
    }
}

/// What keeps others from reading on the way and there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encryption {
    /// TLS with a verified certificate, on the way.
    Tls,
    /// It is encrypted before it leaves, with a key that does not go along.
    Cipher,
    /// Personal fields are sealed; it does not leave the machine.
    Sealed,
    /// It does not leave the machine, and holds nothing personal.
    Local,
    /// None.
    Plain,
}

impl Encryption {
    /// A word for evidence; permanent.
    pub fn code(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::Cipher => "cipher",
            Self::Sealed => "sealed",
            Self::Local => "local",
            Self::Plain => "plain",
        }
    }
}

/// Who says where a sink is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Said {
    /// The service itself, and the operator says the same.
    Service,
    /// The operator, in the configuration.
    Operator,
    /// Nobody but the demo, which is only for trying things out.
    Demo,
    /// Nobody.
    Nobody,
}

impl Said {
    /// A word for evidence; permanent.
    pub fn code(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Operator => "operator",
            Self::Demo => "demo",
            Self::Nobody => "nobody",
        }
    }
}

/// A place that data goes to by the configuration in force, before anybody was asked in which region it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Destination {
    /// What goes there.
    pub purpose: Purpose,
    /// Where it is.
    pub address: Address,
    /// What protects it.
    pub encryption: Encryption,
    /// Other names it is connected to by.
    pub also: Vec<String>,
    /// The region that the service itself tells, in its own words.
    pub told: Option<String>,
}

impl Destination {
    /// One on this machine: a folder, a socket, an address of loopback.
    pub fn here(purpose: Purpose, what: impl Into<String>, encryption: Encryption) -> Self {
        Self { purpose, address: Address::Machine(what.into()), encryption, also: Vec::new(), told: None }
    }

    /// A host. One that is this machine is [`Address::Machine`].
    pub fn host(purpose: Purpose, host: &str, port: Option<u16>, encryption: Encryption) -> Self {
        Self { purpose, address: Address::of_host(host, port), encryption, also: Vec::new(), told: None }
    }
}

/// A declaration of the operator's: this is there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Declared {
    /// What it is about.
    pub at: Where,
    /// Where that is.
    pub region: &'static Region,
    /// What goes there, when the declaration is for that only.
    pub purpose: Option<Purpose>,
}

impl Declared {
    /// Whether it speaks of the destination.
    fn covers(&self, destination: &Destination) -> bool {
        self.purpose.is_none_or(|purpose| purpose == destination.purpose) && self.at.covers(&destination.address)
    }
}

/// What the operator has said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rules {
    /// Where data may be.
    pub allowed: Vec<&'static Region>,
    /// Where this machine is, with all that is on its disks, and who says so.
    pub machine: Option<(&'static Region, Said)>,
    /// Everything else.
    pub declared: Vec<Declared>,
}

impl Default for Rules {
    /// Data stays in [`DEFAULT_REGION`], and nobody has said yet that anything is there.
    fn default() -> Self {
        let allowed = vec![Region::find(DEFAULT_REGION).expect("the default is in the list")];
        Self { allowed, machine: None, declared: Vec::new() }
    }
}
