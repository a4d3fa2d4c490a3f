//! Certificates: a client that trusts our authority gets in, others don't, and renewal drops nobody.

use host::tls::{Refreshed, Source, Tls};
use jiff::{SignedDuration, Timestamp};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use std::{fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc};
use tokio_rustls::{TlsAcceptor, TlsConnector};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Clients read the machine's clock, so these certificates begin now.
pub fn now() -> Timestamp {
    Timestamp::now()
}

fn own() -> Source {
    Source::Own { names: vec!["struct.example.jp".to_owned(), "192.0.2.7".to_owned()] }
}

async fn handshake(tls: &Tls, authority: &Path, name: &str) -> Result<(Vec<u8>, Option<Vec<u8>>), String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority).expect("PEM")).expect("a certificate");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("both are built in")
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let (here, there) = tokio::io::duplex(64 * 1024);
    let acceptor = TlsAcceptor::from(tls.server_config());
    let server = tokio::spawn(async move { acceptor.accept(there).await.map(drop) });
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let stream = TlsConnector::from(Arc::new(client)).connect(name, here).await.map_err(|e| e.to_string())?;
    let session = stream.get_ref().1;
    let shown = session.peer_certificates().expect("a server shows one")[0].to_vec();
    let protocol = session.alpn_protocol().map(<[u8]>::to_vec);
    drop(stream);
    let _ = server.await;
    Ok((shown, protocol))
}

#[tokio::test]
async fn a_client_that_trusts_another_authority_or_asks_for_another_name_is_not_served() {
    let (one, other) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let tls = Tls::open(one.path(), own(), now()).expect("made");
    Tls::open(other.path(), own(), now()).expect("made");
    handshake(&tls, &other.path().join("ca.pem"), "localhost").await.expect_err("signed by somebody else");
    handshake(&tls, &one.path().join("ca.pem"), "example.com").await.expect_err("another's name");
}

#[tokio::test]
async fn every_name_of_the_machine_and_of_the_configuration_is_served_with_http2() {
    let dir = tempfile::tempdir().expect("a directory");
    let tls = Tls::open(dir.path(), own(), now()).expect("made");
    let authority = tls.authority_file().expect("our own");
    assert_eq!(authority, dir.path().join("ca.pem"));
    for name in ["localhost", "127.0.0.1", "::1", "struct.example.jp", "192.0.2.7"] {
        let (_, protocol) = handshake(&tls, &authority, name).await.expect(name);
        assert_eq!(protocol.as_deref(), Some(&b"h2"[..]));
    }
}

#[test]
fn private_keys_are_for_us_alone_and_the_authority_is_for_all() {
    let dir = tempfile::tempdir().expect("a directory");
    Tls::open(dir.path(), own(), now()).expect("made");
    for (name, mode) in [("ca.key", 0o600), ("server.pem", 0o600), ("ca.pem", 0o644)] {
        let found = fs::metadata(dir.path().join(name)).expect(name);
        assert_eq!(found.permissions().mode() & 0o777, mode, "{name}");
    }
}

#[tokio::test]
async fn a_certificate_is_renewed_in_its_last_month_under_the_same_authority_and_never_before() {
    let dir = tempfile::tempdir().expect("a directory");
    let made = now();
    let tls = Tls::open(dir.path(), own(), made).expect("made");
    let authority = fs::read(dir.path().join("ca.pem")).expect("there");
    let (first, _) = handshake(&tls, &dir.path().join("ca.pem"), "localhost").await.expect("served");
    assert_eq!(tls.refresh(made + DAY * 150).expect("looked at"), Refreshed::Unchanged);
    assert_eq!(tls.refresh(made + DAY * 175).expect("looked at"), Refreshed::Replaced);
    assert!(tls.expires().expect("it ends") > made + DAY * 370);
    assert_eq!(fs::read(dir.path().join("ca.pem")).expect("there"), authority);
    assert_eq!(tls.refresh(made + DAY * 175).expect("looked at"), Refreshed::Unchanged);
    // A new start serves what the last one made, and goes back to a valid one for a client of today.
    let again = Tls::open(dir.path(), own(), made).expect("opened");
    assert_eq!(again.expires(), tls.expires());
    assert_ne!(first, fs::read(dir.path().join("server.pem")).expect("there"));
}

#[tokio::test]
async fn a_name_added_to_the_configuration_is_served_without_a_new_authority() {
    let dir = tempfile::tempdir().expect("a directory");
    Tls::open(dir.path(), Source::Own { names: vec![] }, now()).expect("made");
    let authority = fs::read(dir.path().join("ca.pem")).expect("there");
    let tls = Tls::open(dir.path(), own(), now()).expect("opened");
    handshake(&tls, &dir.path().join("ca.pem"), "struct.example.jp").await.expect("served");
    assert_eq!(fs::read(dir.path().join("ca.pem")).expect("there"), authority);
}

#[test]
fn a_name_that_cannot_stand_in_a_certificate_is_named() {
    let dir = tempfile::tempdir().expect("a directory");
    for name in ["山本.example.jp", "", "two words"] {
        let refused = Tls::open(dir.path(), Source::Own { names: vec![name.to_owned()] }, now()).expect_err(name);
        assert!(refused.to_string().contains(name), "{refused}");
    }
}

#[test]
fn a_lost_authority_key_is_an_error_and_a_lost_certificate_is_made_again() {
    let dir = tempfile::tempdir().expect("a directory");
    Tls::open(dir.path(), own(), now()).expect("made");
    let key = fs::read(dir.path().join("ca.key")).expect("there");
    fs::remove_file(dir.path().join("ca.key")).expect("there");
    let refused = Tls::open(dir.path(), own(), now()).expect_err("everybody would have to trust a new one");
    assert!(refused.to_string().contains("ca.key"), "{refused}");
    fs::write(dir.path().join("ca.key"), key).expect("writable");
    fs::remove_file(dir.path().join("ca.pem")).expect("there");
    Tls::open(dir.path(), own(), now()).expect("made again from the key");
    assert!(dir.path().join("ca.pem").exists());
}

#[tokio::test]
async fn the_operators_files_are_served_and_read_again_and_a_wrong_pair_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    Tls::open(&a, own(), now()).expect("made");
    Tls::open(&b, own(), now()).expect("made");
    let chain = dir.path().join("chain.pem");
    fs::copy(a.join("server.pem"), &chain).expect("copied");
    let files = |key: &Path| Source::Files { chain: chain.clone(), key: key.to_owned() };
    let refused = Tls::open(dir.path(), files(&b.join("server.pem")), now()).expect_err("not its key");
    assert!(refused.to_string().contains("doesn't belong"), "{refused}");
    let refused = Tls::open(dir.path(), files(&a.join("none.pem")), now()).expect_err("no such file");
    assert!(refused.to_string().contains("none.pem"), "{refused}");

    let tls = Tls::open(dir.path(), files(&chain), now()).expect("a pair");
    assert_eq!(tls.authority_file(), None);
    let (first, _) = handshake(&tls, &a.join("ca.pem"), "localhost").await.expect("served");
    fs::write(&chain, "half-copied").expect("writable");
    tls.refresh(now()).expect_err("no certificate");
    let (still, _) = handshake(&tls, &a.join("ca.pem"), "localhost").await.expect("the present one is served on");
    assert_eq!(still, first);
    fs::copy(b.join("server.pem"), &chain).expect("copied");
    assert_eq!(tls.refresh(now()).expect("a pair again"), Refreshed::Replaced);
    handshake(&tls, &b.join("ca.pem"), "localhost").await.expect("new connections get the new one");
}
