//! Addresses of names, by the resolver that the rest of the process uses, and who is asked for them. Keeps no cache.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;
use tokio::time::timeout;

/// Addresses of one name that are remembered.
pub const MAX_ADDRESSES: usize = 256;
/// How long a name may take.
const LOOKUP_LIMIT: Duration = Duration::from_secs(5);
/// Lines of `resolv.conf` that name a server; the C library itself reads three.
const MAX_SERVERS: usize = 8;
const RESOLV_CONF: &str = "/etc/resolv.conf";

/// The addresses of a name now; empty when it has none, or nobody answers in time.
pub async fn addresses_of(name: &str) -> BTreeSet<IpAddr> {
    match timeout(LOOKUP_LIMIT, tokio::net::lookup_host((name, 0))).await {
        Ok(Ok(found)) => found.map(|address| address.ip().to_canonical()).take(MAX_ADDRESSES).collect(),
        Ok(Err(_)) | Err(_) => BTreeSet::new(),
    }
}

/// Who is asked for addresses of names, by this machine's configuration.
pub fn name_servers() -> Vec<IpAddr> {
    servers(&std::fs::read_to_string(RESOLV_CONF).unwrap_or_default())
}

fn servers(text: &str) -> Vec<IpAddr> {
    let server = |line: &str| {
        let mut words = line.split_whitespace();
        // A link-local address carries its interface behind a percent sign.
        let address = words.next().filter(|word| *word == "nameserver").and(words.next())?;
        address.split('%').next()?.parse().ok()
    };
    text.lines().filter_map(server).take(MAX_SERVERS).collect()
}

#[cfg(test)]
mod tests {
    use super::servers;

    #[test]
    fn who_is_asked_for_names_is_read_past_comments_and_nonsense() {
        let text = "# nameserver 192.0.2.1\nsearch example.jp\nnameserver 192.0.2.53\nnameserver\tfe80::1%eth0\nnameserver x\nnameserver\n;x\n";
        let found: Vec<String> = servers(text).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["192.0.2.53", "fe80::1"]);
    }
}
