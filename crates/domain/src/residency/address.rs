//! Addresses of sinks, and the addresses a declaration speaks of. Resolves no name.

use super::Network;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::fmt;
use std::str::FromStr;

/// Longest address of a declaration, in characters.
const MAX_CHARS: usize = 300;

/// Where a sink is, as far as it can be said without asking anybody.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Address {
    /// On this machine: a folder, a socket, an address of loopback.
    Machine(String),
    /// A folder of this machine whose bytes are elsewhere: a network file system.
    Mounted {
        /// What is mounted: `server:/export`, `//server/share`.
        source: String,
        /// Where.
        path: String,
    },
    /// Elsewhere.
    Remote {
        /// Name or address, in small letters.
        host: String,
        /// The port, when it is known.
        port: Option<u16>,
    },
}

impl Address {
    /// Of a host, which may be this machine.
    pub fn of_host(host: &str, port: Option<u16>) -> Self {
        let host = host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
        if is_here(&host) { Self::Machine(shown(&host, port)) } else { Self::Remote { host, port } }
    }

    /// Whether it is on this machine.
    pub fn is_here(&self) -> bool {
        matches!(self, Self::Machine(_))
    }

    /// What stands behind `address =` of a declaration.
    pub fn declarable(&self) -> &str {
        match self {
            Self::Machine(what) => what,
            Self::Mounted { source, .. } => source,
            Self::Remote { host, .. } => host,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Machine(what) => f.write_str(what),
            Self::Mounted { source, path } => write!(f, "{source} at {path}"),
            Self::Remote { host, port } => f.write_str(&shown(host, *port)),
        }
    }
}

fn shown(host: &str, port: Option<u16>) -> String {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    port.map_or(host.clone(), |port| format!("{host}:{port}"))
}

/// What never leaves a machine (RFC 1122, RFC 4291).
const LOOPBACK: [Network; 2] =
    [Network::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), 8), Network::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 128)];

/// Whether a host, or a network, is this machine itself.
pub fn is_here(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse().is_ok_and(|address: IpAddr| address.to_canonical().is_loopback())
        || host.parse().is_ok_and(|network: Network| LOOPBACK.iter().any(|loopback| loopback.holds(&network)))
}

/// What a declaration speaks of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Where {
    /// A host, at one port or at all.
    Host {
        /// Name or address, in small letters.
        host: String,
        /// The port.
        port: Option<u16>,
    },
    /// All addresses of a network, for services whose names lead to many.
    Network(Network),
    /// What is mounted.
    Source(String),
}

/// A text that is no address of a sink.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{0:?} is no address of a sink; write a host (smtp.example.jp), host:port, a network (198.51.100.0/24) or what is mounted (server:/export)"
)]
pub struct UnusableAddress(pub String);

impl FromStr for Where {
    type Err = UnusableAddress;

    fn from_str(text: &str) -> Result<Self, UnusableAddress> {
        let refused = || UnusableAddress(text.to_owned());
        let trimmed = text.trim();
        if trimmed.is_empty() || trimmed.chars().count() > MAX_CHARS || trimmed.chars().any(char::is_control) {
            return Err(refused());
        }
        if let Ok(network) = trimmed.trim_matches(['[', ']']).parse() {
            return Ok(Self::Network(network));
        }
        if trimmed.starts_with("//") || trimmed.contains(":/") && !trimmed.contains("://") {
            return Ok(Self::Source(trimmed.to_owned()));
        }
        let bare = trimmed.split_once("://").map_or(trimmed, |(_, rest)| rest);
        let authority = bare.split('/').next().unwrap_or_default();
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().map_err(|_| refused())?)),
            None => (authority, None),
        };
        let host = host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
        let named = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
        if named || host.parse::<IpAddr>().is_ok() { Ok(Self::Host { host, port }) } else { Err(refused()) }
    }
}

impl fmt::Display for Where {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host { host, port } => f.write_str(&shown(host, *port)),
            Self::Network(network) => network.fmt(f),
            Self::Source(source) => f.write_str(source),
        }
    }
}

impl Where {
    /// Whether it speaks of the address.
    pub fn covers(&self, address: &Address) -> bool {
        match (self, address) {
            (Self::Host { host, port }, Address::Remote { host: other, port: at }) => {
                host == other && port.is_none_or(|port| *at == Some(port))
            }
            (Self::Network(network), Address::Remote { host, .. }) => {
                host.parse().is_ok_and(|other: Network| network.holds(&other))
                    || host.parse().is_ok_and(|address| network.contains(address))
            }
            (Self::Source(source), Address::Mounted { source: other, .. }) => source == other,
            // A file server may be declared by its name alone.
            (Self::Host { host, port: None }, Address::Mounted { source, .. }) => {
                let server = source.trim_start_matches('/').split([':', '/']).next().unwrap_or_default();
                server.eq_ignore_ascii_case(host)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remote(host: &str, port: u16) -> Address {
        Address::of_host(host, Some(port))
    }

    #[test]
    fn what_is_no_address_is_refused_with_what_would_be_one() {
        for text in ["", " ", "a b", "smtp.example.jp:mail", "smtp.example.jp:99999", "名前.example.jp", "ho\nst", "*"]
        {
            let said = text.parse::<Where>().expect_err(text).to_string();
            assert!(said.contains("smtp.example.jp") && said.contains("/24"), "{said}");
        }
    }

    #[test]
    fn a_declaration_speaks_of_its_own_host_and_port_and_of_no_other() {
        let at = |text: &str| text.parse::<Where>().expect(text);
        assert!(at("SMTP.example.jp.").covers(&remote("smtp.example.jp", 25)));
        assert!(at("https://smtp.example.jp/path").covers(&remote("smtp.example.jp", 587)));
        assert!(!at("smtp.example.jp:587").covers(&remote("smtp.example.jp", 25)));
        assert!(!at("example.jp").covers(&remote("smtp.example.jp", 25)), "a domain does not speak for its hosts");
        assert!(!at("smtp.example.jp").covers(&remote("smtp.example.jp.evil.example", 25)));
        assert!(at("198.51.100.0/24").covers(&remote("198.51.100.7", 25)));
        assert!(at("198.51.100.7").covers(&remote("198.51.100.7", 25)));
        assert!(at("198.51.0.0/16").covers(&Address::of_host("198.51.100.0/24", None)));
        assert!(!at("198.51.100.0/24").covers(&Address::of_host("198.51.0.0/16", None)));
        assert!(!at("198.51.100.0/24").covers(&remote("smtp.example.jp", 25)), "a name is not looked up here");
        assert!(at("[2001:db8::1]:25").covers(&remote("2001:db8::1", 25)));
        let mounted = Address::Mounted { source: "files.example.jp:/export".to_owned(), path: "/srv".to_owned() };
        assert!(at("files.example.jp:/export").covers(&mounted) && at("files.example.jp").covers(&mounted));
        assert!(!at("files.example.jp:/other").covers(&mounted) && !at("example.jp").covers(&mounted));
    }

    #[test]
    fn loopback_in_any_clothes_is_this_machine_and_nothing_else_is() {
        for host in [
            "localhost",
            "127.0.0.1",
            "127.9.9.9",
            "[::1]",
            "::ffff:127.0.0.1",
            "LOCALHOST",
            "x.localhost",
            "127.0.0.0/8",
        ] {
            assert!(Address::of_host(host, Some(25)).is_here(), "{host}");
        }
        for host in ["10.0.0.1", "localhost.example.jp", "0.0.0.0", "fe80::1", "notlocalhost", "0.0.0.0/0"] {
            assert!(!Address::of_host(host, Some(25)).is_here(), "{host}");
        }
    }
}
