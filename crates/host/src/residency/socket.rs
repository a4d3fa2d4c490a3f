//! Sockets of a network namespace, from the kernel's tables: which of them were opened from here to elsewhere. Opens none.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// How a connection speaks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Protocol {
    /// `tcp` or `udp`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

/// A connection from here to elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Connection {
    /// How it speaks.
    pub protocol: Protocol,
    /// With whom.
    pub remote: SocketAddr,
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.protocol.code(), self.remote)
    }
}

/// A line of a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Socket {
    protocol: Protocol,
    local: SocketAddr,
    remote: SocketAddr,
    state: u8,
    inode: u64,
}

/// TCP that waits for connections (`TCP_LISTEN`).
const LISTENS: u8 = 0x0a;
/// TCP that is closed (`TCP_CLOSE`); also UDP that is connected to nobody.
const CLOSED: u8 = 0x07;
const TABLES: [(&str, Protocol); 4] =
    [("tcp", Protocol::Tcp), ("tcp6", Protocol::Tcp), ("udp", Protocol::Udp), ("udp6", Protocol::Udp)];

/// The processes of each network namespace, with its sockets.
pub(super) fn by_namespace(pids: &BTreeSet<u32>) -> Vec<(Vec<u32>, Vec<Socket>)> {
    let mut spaces: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for pid in pids {
        // One that ended has no namespace, and no sockets.
        if let Ok(space) = std::fs::read_link(format!("/proc/{pid}/ns/net")) {
            spaces.entry(space.to_string_lossy().into_owned()).or_default().push(*pid);
        }
    }
    let with_tables = |pids: Vec<u32>| {
        let tables = TABLES.iter().flat_map(|(name, protocol)| {
            // Any living process of the namespace shows the same tables.
            let read = |pid: &u32| std::fs::read_to_string(format!("/proc/{pid}/net/{name}")).ok();
            let text = pids.iter().find_map(read).unwrap_or_default();
            parse(&text, *protocol)
        });
        let tables = tables.collect();
        (pids, tables)
    };
    spaces.into_values().map(with_tables).collect()
}

fn parse(table: &str, protocol: Protocol) -> Vec<Socket> {
    table.lines().skip(1).filter_map(|line| socket(line, protocol)).collect()
}

/// `sl local remote state queues timer retransmits uid timeout inode …`
fn socket(line: &str, protocol: Protocol) -> Option<Socket> {
    let mut fields = line.split_whitespace().skip(1);
    let local = address(fields.next()?)?;
    let remote = address(fields.next()?)?;
    let state = u8::from_str_radix(fields.next()?, 16).ok()?;
    let inode = fields.nth(5)?.parse().ok()?;
    Some(Socket { protocol, local, remote, state, inode })
}

/// `0100007F:1F90`: words of four bytes as the machine keeps them, then the port. IPv4 in IPv6's clothes is undressed.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let word = |index: usize| u32::from_str_radix(ip.get(index * 8..index * 8 + 8)?, 16).ok().map(u32::to_ne_bytes);
    let ip = match ip.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
        32 => {
            let mut bytes = [0; 16];
            for (index, chunk) in bytes.chunks_exact_mut(4).enumerate() {
                chunk.copy_from_slice(&word(index)?);
            }
            IpAddr::V6(Ipv6Addr::from(bytes)).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
}

/// Those of `owned` that lead elsewhere and that we opened: neither loopback, nor this machine's own address, nor accepted by
/// one of our listeners.
pub(super) fn outgoing(sockets: &[Socket], owned: &BTreeSet<u64>) -> BTreeSet<Connection> {
    let ours = || sockets.iter().filter(|socket| owned.contains(&socket.inode));
    let listens = |socket: &Socket| socket.protocol == Protocol::Tcp && socket.state == LISTENS;
    let listeners: Vec<SocketAddr> = ours().filter(|socket| listens(socket)).map(|socket| socket.local).collect();
    let accepted = |socket: &Socket| {
        let at = |listener: &SocketAddr| {
            listener.port() == socket.local.port()
                && (listener.ip().is_unspecified() || listener.ip() == socket.local.ip())
        };
        socket.protocol == Protocol::Tcp && listeners.iter().any(at)
    };
    let leads_away = |socket: &Socket| {
        let ip = socket.remote.ip();
        !ip.is_unspecified() && !ip.is_loopback() && ip != socket.local.ip() && socket.state != CLOSED
    };
    let opened = ours().filter(|socket| leads_away(socket) && !listens(socket) && !accepted(socket));
    opened.map(|socket| Connection { protocol: socket.protocol, remote: socket.remote }).collect()
}

/// Those of `owned` that wait for TCP connections.
pub(super) fn listening(sockets: &[Socket], owned: &BTreeSet<u64>) -> Vec<SocketAddr> {
    let waits =
        |socket: &&Socket| owned.contains(&socket.inode) && socket.protocol == Protocol::Tcp && socket.state == LISTENS;
    sockets.iter().filter(waits).map(|socket| socket.local).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Linux on a little-endian machine shows them.
    const TCP: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000   105        0 100 1 0 100 0 0 10 0
   1: 0201A8C0:20FB 00000000:0000 0A 00000000:00000000 00:00000000 00000000   105        0 101 1 0 100 0 0 10 0
   2: 0201A8C0:20FB 076433C6:C001 01 00000000:00000000 00:00000000 00000000   105        0 102 1 0 100 0 0 10 0
   3: 0201A8C0:D431 197100CB:024B 01 00000000:00000000 00:00000000 00000000   105        0 103 1 0 100 0 0 10 0
   4: 0201A8C0:D432 0201A8C0:20FB 01 00000000:00000000 00:00000000 00000000   105        0 104 1 0 100 0 0 10 0
   5: 0100007F:D433 0100007F:1F90 01 00000000:00000000 00:00000000 00000000   105        0 105 1 0 100 0 0 10 0
   6: 0201A8C0:D434 080200C0:01BB 02 00000001:00000000 01:00000064 00000000   105        0 106 1 0 100 0 0 10 0
   7: 0201A8C0:D435 090200C0:01BB 01 00000000:00000000 00:00000000 00000000     0        0 999 1 0 100 0 0 10 0
   8: short
";

    #[test]
    #[cfg(target_endian = "little")]
    fn only_connections_that_we_opened_to_elsewhere_are_told() {
        let sockets = parse(TCP, Protocol::Tcp);
        let owned = (100..=106).collect();
        let told: Vec<String> = outgoing(&sockets, &owned).iter().map(ToString::to_string).collect();
        // Established, and one that is still knocking; not the accepted one, the one to ourselves, loopback, a stranger's.
        assert_eq!(told, ["tcp 192.0.2.8:443", "tcp 203.0.113.25:587"]);
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn what_waits_for_connections_is_told_of_our_own_sockets_only() {
        let sockets = parse(TCP, Protocol::Tcp);
        let told = |owned: &[u64]| listening(&sockets, &owned.iter().copied().collect());
        let (loopback, open) = ("127.0.0.1:8080".parse(), "192.168.1.2:8443".parse());
        let expected = [loopback.expect("one"), open.expect("one")];
        assert_eq!(told(&[100, 101, 102, 103, 999]), expected);
        assert_eq!(told(&[102, 103, 999]), []);
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn ipv4_in_the_clothes_of_ipv6_is_told_as_ipv4() {
        let mapped = "0000000000000000FFFF0000197100CB:024B";
        assert_eq!(address(mapped).map(|address| address.to_string()).as_deref(), Some("203.0.113.25:587"));
        let six = "B80D0120000000000000000001000000:01BB";
        assert_eq!(address(six).map(|address| address.to_string()).as_deref(), Some("[2001:db8::1]:443"));
        for text in ["", "0100007F", "0100007F:", "01:01BB", "ZZ00007F:01BB", "0100007F:1FFFF"] {
            assert_eq!(address(text), None, "{text}");
        }
    }
}
