//! Which addresses are anybody's on the internet, and which only of a machine or a house; and which hosts are addresses in other
//! clothes. Resolves nothing.

use domain::residency::Network;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Blocks that are nobody's on the internet: this machine, this house, one link, carriers' inside, documentation, tests, groups.
const V4_BLOCKS: [(Ipv4Addr, u8); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// Blocks of IPv6 below 2000::/3 that are not global after all.
const V6_BLOCKS: [(Ipv6Addr, u8); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];
/// Where global addresses of IPv6 are.
const V6_GLOBAL: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What a host is, before anybody looks it up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spelled {
    /// An address, in whichever of the forms that resolvers take: `127.1`, `0x7f000001`, `017700000001`, `localhost`.
    Address(IpAddr),
    /// A name, of which only a resolver knows where it leads.
    Name,
    /// Neither: digits that are no address, or an address with something behind it.
    Neither,
}

/// What a host is, without brackets.
pub fn spelled(host: &str) -> Spelled {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    if let Ok(address) = host.parse() {
        return Spelled::Address(address);
    }
    if host == "localhost" || host.ends_with(".localhost") {
        return Spelled::Address(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    let last = host.rsplit('.').next().unwrap_or_default();
    // Whatever ends in a number is an address to a resolver, or nothing.
    let is_number = !last.is_empty() && (last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x"));
    match (is_number, loosely(&host)) {
        (true, Some(address)) => Spelled::Address(IpAddr::V4(address)),
        (true, None) => Spelled::Neither,
        (false, _) if host.is_empty() || host.contains([':', '%']) => Spelled::Neither,
        (false, _) => Spelled::Name,
    }
}

/// An address of one to four numbers, each decimal, octal (`0`) or hexadecimal (`0x`), of which the last fills what is left: as
/// inet_aton reads them.
fn loosely(host: &str) -> Option<Ipv4Addr> {
    let number = |text: &str| match text.strip_prefix("0x") {
        Some("") => Some(0),
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None if text.len() > 1 && text.starts_with('0') => u32::from_str_radix(text, 8).ok(),
        None => text.parse().ok(),
    };
    let numbers: Vec<u32> = host.split('.').map(number).collect::<Option<_>>()?;
    let (last, before) = numbers.split_last()?;
    let left_bits = 32_u32.checked_sub(8 * u32::try_from(before.len()).ok()?).filter(|bits| *bits > 0)?;
    let fits = before.iter().all(|number| *number < 256) && u64::from(*last) < 1 << left_bits;
    let high = before.iter().fold(0, |high: u64, number| (high << 8) | u64::from(*number)) << left_bits;
    fits.then(|| Ipv4Addr::from(u32::try_from(high | u64::from(*last)).unwrap_or_default()))
}

/// Whether the address is somebody's on the internet. Forms that carry another address inside are not.
pub fn is_public(address: IpAddr) -> bool {
    let within = |base: IpAddr, bits: u8| Network::new(base, bits).contains(address);
    match address.to_canonical() {
        IpAddr::V4(_) => !V4_BLOCKS.iter().any(|(base, bits)| within(IpAddr::V4(*base), *bits)),
        IpAddr::V6(_) => {
            within(IpAddr::V6(V6_GLOBAL.0), V6_GLOBAL.1)
                && !V6_BLOCKS.iter().any(|(base, bits)| within(IpAddr::V6(*base), *bits))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_this_machine_or_house_are_not_public_in_any_clothes() {
        for address in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "10.0.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.2.1",
            "::1",
            "::",
            "fe80::1",
            "fd12::1",
            "fc00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
            "3fff::1",
            "fec0::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in ["8.8.8.8", "172.32.0.1", "192.167.1.1", "2606:4700::1", "2400::1", "::ffff:8.8.8.8"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn this_machine_is_known_however_it_is_spelled() {
        for host in [
            "127.0.0.1",
            "127.0.0.1.",
            "127.1",
            "127.0.1",
            "2130706433",
            "0x7f000001",
            "0X7F.1",
            "0x7f.0.0.0x1",
            "0177.0.0.01",
            "017700000001",
            "localhost",
            "LocalHost.",
            "a.localhost",
        ] {
            assert_eq!(spelled(host), Spelled::Address(IpAddr::V4(Ipv4Addr::LOCALHOST)), "{host}");
        }
        assert_eq!(spelled("10.258"), Spelled::Address("10.0.1.2".parse().unwrap()));
        assert_eq!(spelled("0"), Spelled::Address("0.0.0.0".parse().unwrap()));
        assert_eq!(spelled("8.8.8.8"), Spelled::Address("8.8.8.8".parse().unwrap()));
        assert_eq!(spelled("::FFFF:127.0.0.1"), Spelled::Address("::ffff:127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn what_ends_in_a_number_and_is_no_address_is_no_name() {
        for host in
            ["", ".", "1.2.3.999", "1.2.3.4.5", "4294967296", "256.1", "09", "0x1g", "a.1", "fe80::1%eth0", "1::2::3"]
        {
            assert_eq!(spelled(host), Spelled::Neither, "{host}");
        }
        for host in ["siem.example.jp", "1.example", "0x7f.example", "localhost.example", "xn--wgv71a.jp"] {
            assert_eq!(spelled(host), Spelled::Name, "{host}");
        }
    }
}
