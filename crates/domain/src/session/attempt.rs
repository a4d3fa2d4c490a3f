//! How many tries are let through before somebody has to wait, and what they are counted by. Counting is the store's.
//!
//! Tries on a device that the account knows are counted apart from all others, so that nobody can keep the owner out by
//! guessing; tries on unknown devices are counted by address, whether it has an account or not, and by network.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Tries in a window on one device that the account knows.
pub const KNOWN_DEVICE_TRIES: i32 = 10;
/// Tries in a window for one address on all devices that its account does not know.
pub const UNKNOWN_DEVICE_TRIES: i32 = 10;
/// Tries in a window from one network on devices that are not known; an office comes from one.
pub const NETWORK_TRIES: i32 = 300;
/// How long a window is. After one with too many tries the next is twice as long, up to sixty-four times.
pub const WINDOW_MIN: i32 = 15;
/// Mails in a window about recovering the password of one address.
pub const RECOVERY_MAILS: i32 = 3;
/// Requests in a window for such mails from one network.
pub const RECOVERY_NETWORK_TRIES: i32 = 30;
/// How long a window for such mails is.
pub const RECOVERY_WINDOW_MIN: i32 = 60;
/// Changes of address that one person asks for in a window of mails.
pub const READDRESSING_MAILS: i32 = 3;

/// What tries are aimed at, as the text that is hashed with a key: kind, then address or network.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Aim {
    /// Signing in.
    SignIn,
    /// Mail about a lost password.
    Recovery,
    /// Mail about another address.
    Readdressing,
}

impl Aim {
    /// At an address.
    pub fn address(self, address: &str) -> String {
        format!("{}\naddress\n{address}", self.code())
    }

    /// From a network; requests without an address are one network.
    pub fn network(self, from: Option<IpAddr>) -> String {
        format!("{}\nnetwork\n{}", self.code(), from.map(network).unwrap_or_default())
    }

    fn code(self) -> &'static str {
        match self {
            Self::SignIn => "signin",
            Self::Recovery => "recovery",
            Self::Readdressing => "readdressing",
        }
    }
}

/// The network that somebody on an address has to themselves: the address of IPv4, the /64 of IPv6.
pub fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => Ipv4Addr::to_string(&address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changing_the_lower_half_of_an_ipv6_address_gives_no_new_budget() {
        let of = |text: &str| Aim::SignIn.network(Some(text.parse().unwrap()));
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"), "a mapped address is the address it maps");
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }

    #[test]
    fn a_budget_for_one_thing_is_none_for_another() {
        assert_ne!(Aim::SignIn.address("a@example.jp"), Aim::Recovery.address("a@example.jp"));
        assert_ne!(Aim::SignIn.address("192.0.2.1"), Aim::SignIn.network(Some("192.0.2.1".parse().unwrap())));
    }
}
