//! Versions of TLS that must be refused: a first message of each, and whether the answer goes on with it. Speaks no TLS
//! beyond that message.
//!
//! No library of today still says such a hello, so its bytes are put together here: RFC 6101 (SSL 3.0), RFC 2246 (TLS 1.0)
//! and RFC 4346 (TLS 1.1), section 7.4.1.2 of the latter two; the extensions are those of RFC 6066 and RFC 8422.

use super::{PROBE_LIMIT, connect};
use std::net::{IpAddr, SocketAddr};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

/// Refused everywhere (RFC 7568, RFC 8996): name, and the two bytes on the wire.
pub const OLD_VERSIONS: [(&str, [u8; 2]); 3] = [("SSL 3.0", [3, 0]), ("TLS 1.0", [3, 1]), ("TLS 1.1", [3, 2])];

/// What servers of that time knew: ECDHE and RSA with AES-CBC, and 3DES.
const SUITES: [u16; 7] = [0xc009, 0xc00a, 0xc013, 0xc014, 0x002f, 0x0035, 0x000a];
/// `handshake` and `server_hello`.
const HANDSHAKE: u8 = 22;
const SERVER_HELLO: u8 = 2;
/// Up to the version in a server's hello: record header, kind, length, version.
const HEAD_BYTES: usize = 11;

/// Which of [`OLD_VERSIONS`] the listener goes on with.
pub(super) async fn old_versions_spoken(at: SocketAddr, host: &str) -> Vec<&'static str> {
    let mut spoken = Vec::new();
    for (name, version) in OLD_VERSIONS {
        if is_spoken(at, host, version).await {
            spoken.push(name);
        }
    }
    spoken
}

async fn is_spoken(at: SocketAddr, host: &str, version: [u8; 2]) -> bool {
    let Ok(mut stream) = connect(at).await else { return false };
    let mut head = [0; HEAD_BYTES];
    let exchange = async {
        stream.write_all(&hello(host, version)).await?;
        stream.read_exact(&mut head).await
    };
    // Refused is an alert, a closed connection, or silence.
    matches!(timeout(PROBE_LIMIT, exchange).await, Ok(Ok(_))) && goes_on(&head, version)
}

fn goes_on(head: &[u8; HEAD_BYTES], version: [u8; 2]) -> bool {
    head[0] == HANDSHAKE && head[5] == SERVER_HELLO && head[9..11] == version
}

/// A ClientHello of the version, in its record.
fn hello(host: &str, version: [u8; 2]) -> Vec<u8> {
    let mut body = version.to_vec();
    // Nothing is agreed on, so nobody's secret depends on these 32 bytes.
    body.extend(b"STRUCT asks whether this is old.");
    body.push(0);
    let suites: Vec<u8> = SUITES.iter().flat_map(|suite| suite.to_be_bytes()).collect();
    body.extend(counted(&suites));
    body.extend([1, 0]);
    if version != [3, 0] {
        body.extend(counted(&extensions(host)));
    }
    let mut message = vec![1, 0];
    message.extend(counted(&body));
    let mut record = vec![HANDSHAKE];
    record.extend(version);
    record.extend(counted(&message));
    record
}

fn extensions(host: &str) -> Vec<u8> {
    let mut all = Vec::new();
    let mut add = |kind: u16, content: &[u8]| {
        all.extend(kind.to_be_bytes());
        all.extend(counted(content));
    };
    if host.parse::<IpAddr>().is_err() {
        let mut name = vec![0];
        name.extend(counted(host.as_bytes()));
        add(0, &counted(&name));
    }
    // secp256r1, secp384r1, x25519; uncompressed points.
    add(10, &[0, 6, 0, 23, 0, 24, 0, 29]);
    add(11, &[1, 0]);
    all
}

/// Behind its length in two bytes. All that is said here is far shorter than these can count.
fn counted(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    let mut out = length.to_be_bytes().to_vec();
    out.extend(&bytes[..usize::from(length)]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hello_holds_its_lengths_and_its_version() {
        for (name, version) in OLD_VERSIONS {
            let bytes = hello("struct.example.jp", version);
            let length = |at: usize| usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
            assert_eq!((bytes[0], &bytes[1..3]), (22, &version[..]), "{name}");
            assert_eq!(length(3), bytes.len() - 5, "{name}");
            assert_eq!((bytes[5], bytes[6], length(7)), (1, 0, bytes.len() - 9), "{name}");
            assert_eq!(bytes[9..11], version, "{name}");
        }
    }

    #[test]
    fn only_a_hello_of_that_version_goes_on_with_it() {
        let answered = [22, 3, 2, 0, 81, 2, 0, 0, 77, 3, 2];
        assert!(goes_on(&answered, [3, 2]));
        assert!(!goes_on(&answered, [3, 1]));
        let alert = [21, 3, 1, 0, 2, 2, 70, 0, 0, 0, 0];
        assert!(!goes_on(&alert, [3, 1]));
    }
}
