//! Networks: addresses that begin with the same bits. Resolves nothing.

use core::net::IpAddr;
use std::fmt;
use std::str::FromStr;

/// A network in prefix form: `10.1.0.0/16`, `fd00::/8`, or one address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Network {
    base: IpAddr,
    bits: u8,
}

/// A text that is no network.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0:?} is no network; write 10.1.0.0/16, fd00::/8 or one address")]
pub struct NetworkError(pub String);

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let refused = || NetworkError(text.to_owned());
        let (base, bits) = match text.split_once('/') {
            Some((base, bits)) => (base, Some(bits.parse().map_err(|_| refused())?)),
            None => (text, None),
        };
        let base: IpAddr = base.parse().map_err(|_| refused())?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        if bits > most { Err(refused()) } else { Ok(Self { base, bits }) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.bits)
    }
}

impl Network {
    /// The addresses that share their first `bits` with `base`; at most 32 bits of IPv4, 128 of IPv6.
    pub const fn new(base: IpAddr, bits: u8) -> Self {
        Self { base, bits }
    }

    /// The network of one address.
    pub const fn of(address: IpAddr) -> Self {
        Self { base: address, bits: if address.is_ipv4() { 32 } else { 128 } }
    }

    /// Whether all addresses of the other are of this network.
    pub fn holds(&self, other: &Self) -> bool {
        self.bits <= other.bits && self.contains(other.base)
    }

    /// Whether the address is of the network. An IPv4 address in IPv6's clothes is the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let differs = match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => u128::from(
                (u32::from(base) ^ u32::from(address))
                    .checked_shr(32_u32.saturating_sub(u32::from(self.bits)))
                    .unwrap_or(0),
            ),
            (IpAddr::V6(base), IpAddr::V6(address)) => (u128::from(base) ^ u128::from(address))
                .checked_shr(128_u32.saturating_sub(u32::from(self.bits)))
                .unwrap_or(0),
            _ => 1,
        };
        differs == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_own_addresses_and_no_others() {
        let holds =
            |network: &str, address: &str| network.parse::<Network>().unwrap().contains(address.parse().unwrap());
        assert!(holds("10.1.0.0/16", "10.1.255.1") && !holds("10.1.0.0/16", "10.2.0.1"));
        assert!(holds("10.1.2.3", "10.1.2.3") && !holds("10.1.2.3", "10.1.2.4"));
        assert!(holds("0.0.0.0/0", "8.8.8.8") && !holds("0.0.0.0/0", "::1"));
        assert!(holds("::/0", "fd00::1") && holds("fd00::/8", "fdff::1") && !holds("fd00::/8", "fe80::1"));
        assert!(holds("127.0.0.0/8", "::ffff:127.0.0.1"));
        let within = |network: &str, other: &str| network.parse::<Network>().unwrap().holds(&other.parse().unwrap());
        assert!(within("10.0.0.0/8", "10.1.0.0/16") && !within("10.1.0.0/16", "10.0.0.0/8"));
        assert!(!within("10.1.0.0/16", "10.2.0.0/16") && !within("0.0.0.0/0", "::/0"));
        for text in ["", "10.1.0.0/33", "::/129", "10.1/16", "10.1.0.0/", "localhost", "10.1.0.0/-1"] {
            text.parse::<Network>().expect_err(text);
        }
    }
}
