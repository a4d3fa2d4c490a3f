//! The wire: every packet that comes out of the product's namespace, seen on a packet socket. Sends nothing.

use super::stage::{MAIL_IP, NAMES, WITNESS, WITNESS_IP};
use anyhow::{Context, Result};
use rustix::net::{AddressFamily, Protocol, RecvFlags, SocketType, recv, socket, sockopt};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes for packets that wait to be looked at.
const ROOM_BYTES: usize = 16 * 1024 * 1024;
/// Longer ones are cut: the heads are all that is looked at.
const HEAD_BYTES: usize = 256;
const ETHERNET_BYTES: usize = 14;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP_V6: u8 = 58;

/// A packet as far as it matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Packet {
    from: IpAddr,
    to: IpAddr,
    protocol: u8,
    /// Port, or kind of ICMP.
    port: u16,
}

/// What was seen so far.
pub struct Wire {
    seen: Arc<Mutex<BTreeSet<Packet>>>,
}

impl Wire {
    /// Looks from now on. Packets from `own` addresses are this end's answers.
    pub fn tap(own: Vec<IpAddr>) -> Result<Self> {
        // ETH_P_ALL, in the order of the network.
        let all = NonZeroU32::new(u32::from(0x0003_u16.to_be())).map(Protocol::from_raw);
        let tap = socket(AddressFamily::PACKET, SocketType::RAW, all).context("a packet socket")?;
        sockopt::set_socket_recv_buffer_size(&tap, ROOM_BYTES)?;
        let seen = Arc::new(Mutex::new(BTreeSet::new()));
        let wire = Self { seen: Arc::clone(&seen) };
        std::thread::spawn(move || {
            let mut bytes = [0; HEAD_BYTES];
            while let Ok((_, length)) = recv(&tap, &mut bytes[..], RecvFlags::TRUNC) {
                let packet = packet(&bytes[..length.min(HEAD_BYTES)]);
                // Loopback of this end is nobody's business.
                if let Some(packet) = packet.filter(|packet| !own.contains(&packet.from) && !packet.from.is_loopback())
                {
                    seen.lock().unwrap_or_else(PoisonError::into_inner).insert(packet);
                }
            }
        });
        Ok(wire)
    }

    fn packets(&self) -> Vec<Packet> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // Neighbours that look for each other are the kernel's: solicitations, advertisements, membership of groups.
        let kernels = |packet: &&Packet| packet.protocol == ICMP_V6 && matches!(packet.port, 130..=137 | 143);
        seen.iter().filter(|packet| !kernels(packet)).copied().collect()
    }

    /// Everything but the kernel's own looking around.
    pub fn all(&self) -> Vec<String> {
        self.packets().iter().map(|packet| format!("{packet:?}")).collect()
    }

    /// Whether something went there.
    pub fn reached(&self, ip: &str, port: u16) -> bool {
        let ip: IpAddr = ip.parse().expect("an address");
        self.packets().iter().any(|packet| packet.to == ip && packet.port == port)
    }

    /// What went to no declared sink.
    pub fn elsewhere(&self) -> Vec<String> {
        let declared = |packet: &&Packet| {
            let to = (packet.to.to_string(), packet.port);
            match packet.protocol {
                TCP => [(NAMES, 53), (MAIL_IP, 465), (WITNESS_IP, WITNESS)]
                    .iter()
                    .any(|(ip, port)| to == ((*ip).to_owned(), *port)),
                UDP => to == (NAMES.to_owned(), 53),
                _ => false,
            }
        };
        self.packets().iter().filter(|packet| !declared(packet)).map(|packet| format!("{packet:?}")).collect()
    }
}

/// Reads the heads of a frame; none when it is neither IPv4 nor IPv6 (ARP, for one).
fn packet(frame: &[u8]) -> Option<Packet> {
    let kind = u16::from_be_bytes([*frame.get(12)?, *frame.get(13)?]);
    let body = frame.get(ETHERNET_BYTES..)?;
    let (from, to, protocol, rest) = match kind {
        0x0800 => {
            let address =
                |at: usize| Some(IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(body.get(at..at + 4)?).ok()?)));
            (address(12)?, address(16)?, *body.get(9)?, body.get(usize::from(body[0] & 0x0f) * 4..)?)
        }
        0x86dd => {
            let address =
                |at: usize| Some(IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(body.get(at..at + 16)?).ok()?)));
            let (mut next, mut rest) = (*body.get(6)?, body.get(40..)?);
            if next == 0 {
                // Hop-by-hop options stand before reports of membership.
                (next, rest) = (*rest.first()?, rest.get(8 + usize::from(*rest.get(1)?) * 8..)?);
            }
            (address(8)?, address(24)?, next, rest)
        }
        _ => return None,
    };
    let port = match protocol {
        TCP | UDP => u16::from_be_bytes([*rest.get(2)?, *rest.get(3)?]),
        _ => u16::from(*rest.first()?),
    };
    Some(Packet { from, to, protocol, port })
}
