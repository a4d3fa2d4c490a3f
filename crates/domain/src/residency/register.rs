//! The register: every sink with its region and who says so, what is wrong with it, and whether an address belongs to it.
//! Looks nothing up: names come with their addresses.

use super::fault::names;
use super::{Address, Declared, Destination, Encryption, Fault, Purpose, Region, Rules, Said, Where};
use core::net::{IpAddr, SocketAddr};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A place data can go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sink {
    /// What goes there.
    pub purpose: Purpose,
    /// Where it is.
    pub address: Address,
    /// What protects it; none where STRUCT itself sends nothing.
    pub encryption: Option<Encryption>,
    /// In which region, when somebody says so.
    pub region: Option<&'static Region>,
    /// Who does.
    pub said: Said,
    /// What the service says, in its words.
    pub told: Option<String>,
    /// Other names it is connected to by.
    also: Vec<String>,
}

impl Sink {
    /// Whether it is a receiver that a tenant named, and its address nobody else's business. Networks are the operator's.
    pub fn is_a_tenants(&self) -> bool {
        self.purpose == Purpose::Stream && !self.address.declarable().contains('/')
    }

    /// Whether connections to it go there.
    fn is_reached_at(&self, remote: SocketAddr, found: &BTreeMap<String, BTreeSet<IpAddr>>) -> bool {
        let ip = remote.ip().to_canonical();
        match &self.address {
            Address::Remote { host, port } => {
                port.is_none_or(|port| port == remote.port())
                    && (is_at(host, ip, found) || self.also.iter().any(|name| is_at(name, ip, found)))
            }
            Address::Machine(_) | Address::Mounted { .. } => false,
        }
    }
}

/// Whether a host is this address, or was found to have it.
fn is_at(host: &str, ip: IpAddr, found: &BTreeMap<String, BTreeSet<IpAddr>>) -> bool {
    host.parse().is_ok_and(|address: IpAddr| address == ip)
        || found.get(host).is_some_and(|addresses| addresses.contains(&ip))
}

/// Every place data can go by the configuration in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Register {
    /// The sinks: first those in use, then what is only declared.
    pub sinks: Vec<Sink>,
    /// Where data may be.
    pub allowed: Vec<&'static Region>,
    /// Where this machine is.
    pub machine: Option<(&'static Region, Said)>,
    declared: Vec<Declared>,
}

impl Register {
    /// Holds the destinations against what the operator said.
    pub fn of(rules: &Rules, destinations: &[Destination]) -> Self {
        let used = destinations.iter().map(|destination| sink(rules, destination));
        let unused = rules.declared.iter().filter(|declared| !destinations.iter().any(|other| declared.covers(other)));
        Self {
            sinks: used.chain(unused.map(only_declared)).collect(),
            allowed: rules.allowed.clone(),
            machine: rules.machine,
            declared: rules.declared.clone(),
        }
    }

    /// What is not as it must be.
    pub fn faults(&self) -> Vec<Fault> {
        let machine = match self.machine {
            None => Some(Fault::MachineUndeclared),
            Some((region, _)) if !self.allows(region) => Some(Fault::MachineOutside { region }),
            Some(_) => None,
        };
        let counts = |sink: &&Sink| !sink.address.is_here() && sink.purpose != Purpose::Authority;
        let elsewhere = self.sinks.iter().filter(counts);
        machine.into_iter().chain(elsewhere.filter_map(|sink| self.fault(sink))).collect()
    }

    fn fault(&self, sink: &Sink) -> Option<Fault> {
        let Some(region) = sink.region else { return Some(Fault::Undeclared(sink.clone())) };
        let told = sink.told.as_deref();
        if let Some(told) = told.filter(|told| Region::find(told).ok() != Some(region)) {
            return Some(Fault::Contradicted { sink: sink.clone(), told: told.to_owned() });
        }
        (!self.allows(region)).then(|| Fault::Outside { sink: sink.clone(), region })
    }

    fn allows(&self, region: &'static Region) -> bool {
        self.allowed.contains(&region)
    }

    /// Whether data may go to this host by what was declared.
    pub fn admits(&self, purpose: Purpose, host: &str, port: u16) -> bool {
        let destination = Destination::host(purpose, host, Some(port), Encryption::Tls);
        let of = |declared: &&Declared| declared.covers(&destination);
        destination.address.is_here()
            || self.declared.iter().find(of).is_some_and(|declared| self.allows(declared.region))
    }

    /// Names of hosts elsewhere, each to be looked up.
    pub fn names(&self) -> BTreeSet<&str> {
        let declared = self.declared.iter().filter_map(|declared| match &declared.at {
            Where::Host { host, .. } => Some(host.as_str()),
            Where::Network(_) | Where::Source(_) => None,
        });
        let used = self.sinks.iter().flat_map(|sink| {
            let host = match &sink.address {
                Address::Remote { host, .. } => Some(host.as_str()),
                Address::Machine(_) | Address::Mounted { .. } => None,
            };
            host.into_iter().chain(sink.also.iter().map(String::as_str))
        });
        declared.chain(used).filter(|name| name.parse::<IpAddr>().is_err() && !name.contains('/')).collect()
    }

    /// Whether the address belongs to a sink, by the addresses that names were found to have.
    pub fn knows(&self, remote: SocketAddr, found: &BTreeMap<String, BTreeSet<IpAddr>>) -> bool {
        let (ip, port) = (remote.ip().to_canonical(), remote.port());
        let declared = self.declared.iter().any(|declared| match &declared.at {
            Where::Host { host, port: only } => only.is_none_or(|only| only == port) && is_at(host, ip, found),
            Where::Network(network) => network.contains(ip),
            Where::Source(_) => false,
        });
        declared || self.sinks.iter().any(|sink| sink.is_reached_at(remote, found))
    }

    /// What protects a connection to the address, by the sink in use that it belongs to; none when it belongs to none of them, or
    /// to one that was only declared. Where sinks share an address, the one that promises less counts.
    pub fn protection(&self, remote: SocketAddr, found: &BTreeMap<String, BTreeSet<IpAddr>>) -> Option<Encryption> {
        let reached = self.sinks.iter().filter(|sink| sink.is_reached_at(remote, found));
        let all = reached.filter_map(|sink| sink.encryption);
        all.reduce(|worst, other| if other == Encryption::Plain { other } else { worst })
    }

    /// The register for anybody to read: no path of the machine, and of tenants' streams only how many there are.
    pub fn published(&self) -> Value {
        let mut streams: BTreeMap<(Option<&str>, Said), usize> = BTreeMap::new();
        let mut sinks = Vec::new();
        for sink in &self.sinks {
            if sink.is_a_tenants() {
                *streams.entry((sink.region.map(|region| region.name), sink.said)).or_default() += 1;
            } else {
                sinks.push(row(sink, false));
            }
        }
        let counted = |((region, said), count): ((Option<&str>, Said), usize)| {
            json!({
                "purpose": Purpose::Stream.code(), "count": count, "region": region, "said_by": said.code(),
                "encryption": Encryption::Tls.code(),
            })
        };
        sinks.extend(streams.into_iter().map(counted));
        json!({ "allowed": self.allowed.iter().map(|region| region.name).collect::<Vec<_>>(), "sinks": sinks })
    }

    /// The whole register, for the operator.
    pub fn whole(&self) -> Value {
        let sinks: Vec<Value> = self.sinks.iter().map(|sink| row(sink, true)).collect();
        let machine = self.machine.map(|(region, said)| json!({ "region": region.name, "said_by": said.code() }));
        json!({
            "allowed": self.allowed.iter().map(|region| region.name).collect::<Vec<_>>(),
            "machine": machine,
            "sinks": sinks,
        })
    }

    /// The allowed regions, in one line.
    pub fn allowed_names(&self) -> String {
        names(&self.allowed)
    }
}

fn row(sink: &Sink, whole: bool) -> Value {
    let address = match &sink.address {
        Address::Machine(_) if !whole => None,
        Address::Mounted { source, .. } if !whole => Some(source.clone()),
        address => Some(address.to_string()),
    };
    json!({
        "purpose": sink.purpose.code(),
        "address": address,
        "here": sink.address.is_here(),
        "region": sink.region.map(|region| region.name),
        "said_by": sink.said.code(),
        "told_by_service": sink.told,
        "encryption": sink.encryption.map(Encryption::code),
    })
}

fn sink(rules: &Rules, destination: &Destination) -> Sink {
    let declared = rules.declared.iter().find(|declared| declared.covers(destination));
    let (region, said) = match (&destination.address, rules.machine, declared) {
        (Address::Machine(_), Some((region, said)), _) => (Some(region), said),
        (Address::Machine(_), None, _) | (_, _, None) => (None, Said::Nobody),
        (_, _, Some(declared)) => (Some(declared.region), Said::Operator),
    };
    let confirmed =
        destination.told.as_deref().is_some_and(|told| region.is_some() && Region::find(told).ok() == region);
    Sink {
        purpose: destination.purpose,
        address: destination.address.clone(),
        encryption: Some(destination.encryption),
        region,
        said: if confirmed { Said::Service } else { said },
        told: destination.told.clone(),
        also: destination.also.clone(),
    }
}

/// A declaration that nothing configured uses: connections there are known, and its region counts.
fn only_declared(declared: &Declared) -> Sink {
    let address = match &declared.at {
        Where::Host { host, port } => Address::of_host(host, *port),
        Where::Network(network) => Address::Remote { host: network.to_string(), port: None },
        Where::Source(source) => Address::Mounted { source: source.clone(), path: String::new() },
    };
    Sink {
        purpose: declared.purpose.unwrap_or(Purpose::Other),
        address,
        encryption: None,
        region: Some(declared.region),
        said: Said::Operator,
        told: None,
        also: Vec::new(),
    }
}
