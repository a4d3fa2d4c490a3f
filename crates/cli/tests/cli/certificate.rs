//! Certificates while STRUCT runs: given and renewed by a real authority (RFC 8555, Pebble), exchanged when their files change, and no
//! open connection is lost. What the scan makes of wrong ones is tested in `app`.
#![allow(
    clippy::disallowed_methods,
    reason = "clients read the machine's clock, and commands are run as an operator runs them"
)]

use crate::STRUCT;
use anyhow::{Context, Result, ensure};
use host::residency::listeners;
use host::tls::acme::{Acme, AcmeError, Challenge, Settings};
use host::tls::{CHALLENGE_PROTOCOL, Pending, Refreshed, Source, Tls};
use host::transport::{Speaks, Trust, Visitor};
use jiff::Timestamp;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use rustls::{ClientConfig, RootCertStore};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use testkit::authority::{Authority, free_port};
use testkit::installation::Installation;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

const NAME: &str = "struct.example.jp";
/// The scan comes 20 seconds after a start, and each minute; on a busy machine all takes its time.
const PATIENCE: Duration = Duration::from_secs(180);
const PAUSE: Duration = Duration::from_millis(500);

/// What the product's plain listener does with a challenge.
async fn answer_plainly(listener: TcpListener, pending: Arc<Pending>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let (mut head, mut piece) = (Vec::<u8>::new(), [0; 1024]);
        while !head.windows(4).any(|four| four == b"\r\n\r\n") {
            match stream.read(&mut piece).await {
                Ok(0) | Err(_) => break,
                Ok(read) => head.extend(&piece[..read]),
            }
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let token = head.split(' ').nth(1).and_then(|path| path.strip_prefix(host::transport::CHALLENGE_PATH));
        let text = token.and_then(|token| pending.text(token));
        let answer = match text {
            Some(text) => format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{text}", text.len()),
            None => "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(),
        };
        let _ = stream.write_all(answer.as_bytes()).await;
    }
}

/// Says back what it is told, on every connection.
async fn echo(listener: TcpListener, tls: Arc<Tls>) {
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = TlsAcceptor::from(tls.server_config());
        tokio::spawn(async move {
            let mut stream = acceptor.accept(stream).await.ok()?;
            if stream.get_ref().1.alpn_protocol() == Some(CHALLENGE_PROTOCOL) {
                return None;
            }
            let mut byte = [0];
            while stream.read_exact(&mut byte).await.is_ok() {
                stream.write_all(&byte).await.ok()?;
            }
            Some(())
        });
    }
}

async fn says_back(stream: &mut TlsStream<TcpStream>) -> bool {
    let mut byte = [7];
    stream.write_all(&byte).await.is_ok() && stream.read_exact(&mut byte).await.is_ok()
}

async fn connect(port: u16, trusted: &Path) -> Result<TlsStream<TcpStream>, String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(trusted).expect("PEM")).expect("a certificate");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("built in");
    let client = Arc::new(client.with_root_certificates(roots).with_no_client_auth());
    let stream = TcpStream::connect(("127.0.0.1", port)).await.map_err(|error| error.to_string())?;
    let name = ServerName::try_from(NAME).expect("a name");
    TlsConnector::from(client).connect(name, stream).await.map_err(|error| error.to_string())
}

fn shown(stream: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().expect("a server shows one")[0].clone()
}

/// Listeners of a server whose certificate is to come from an authority.
struct House {
    authority: Authority,
    tls: Arc<Tls>,
    folder: TempDir,
    port: u16,
    _answering: Vec<tokio::task::JoinHandle<()>>,
}

impl House {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let source = Source::Acme { names: vec![NAME.to_owned()] };
        let tls = Arc::new(Tls::open(folder.path(), source, Timestamp::now()).expect("one of our own at first"));
        let (plain, sealed) = (TcpListener::bind("127.0.0.1:0").await, TcpListener::bind("127.0.0.1:0").await);
        let (plain, sealed) = (plain.expect("a port"), sealed.expect("a port"));
        let port = |listener: &TcpListener| listener.local_addr().expect("an address").port();
        let authority = Authority::start(port(&plain), port(&sealed)).await;
        let port = port(&sealed);
        let answering =
            vec![tokio::spawn(answer_plainly(plain, tls.pending())), tokio::spawn(echo(sealed, Arc::clone(&tls)))];
        Self { authority, tls, folder, port, _answering: answering }
    }

    async fn order(&self, settings: Settings) -> Result<(), AcmeError> {
        Acme::new(self.folder.path(), settings).expect("settings").order(&self.tls.pending()).await
    }
}

/// Issued, served, renewed, by either challenge.
async fn is_given_and_renewed(challenge: Challenge) {
    let house = House::new().await;
    assert!(house.tls.is_order_due(Timestamp::now()), "nothing was given yet");
    connect(house.port, &house.folder.path().join("ca.pem")).await.expect("one of our own until then");
    house.order(house.authority.settings(challenge, NAME)).await.expect("given");
    assert_eq!(house.tls.refresh(Timestamp::now()).expect("a pair"), Refreshed::Replaced);
    let root = house.authority.root().await;
    let mut open = connect(house.port, &root).await.expect("the authority's");
    assert!(says_back(&mut open).await);
    let first = house.tls.expires();
    assert!(!house.tls.is_order_due(Timestamp::now()), "it has just been given");
    let soon = first.expect("it ends") - jiff::SignedDuration::from_hours(1);
    assert!(house.tls.is_order_due(soon), "it would end within the hour");
    for name in ["account.json", "server.pem"] {
        let mode = std::fs::metadata(house.folder.path().join("acme").join(name)).expect(name).permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }

    let before = shown(&open);
    let account = std::fs::read(house.folder.path().join("acme/account.json")).expect("kept");
    house.order(house.authority.settings(challenge, NAME)).await.expect("given again");
    assert_eq!(house.tls.refresh(Timestamp::now()).expect("a pair"), Refreshed::Replaced);
    assert!(says_back(&mut open).await, "a connection that was open stays so");
    let renewed = connect(house.port, &root).await.expect("the new one");
    assert_ne!(shown(&renewed), before);
    assert_eq!(std::fs::read(house.folder.path().join("acme/account.json")).expect("kept"), account);
    // A new start serves it at once.
    let source = Source::Acme { names: vec![NAME.to_owned()] };
    let again = Tls::open(house.folder.path(), source, Timestamp::now()).expect("opened");
    assert_eq!(again.expires(), house.tls.expires());
}

#[tokio::test]
async fn a_certificate_is_given_served_and_renewed_by_the_challenge_over_http() {
    is_given_and_renewed(Challenge::Http01).await;
}

#[tokio::test]
async fn a_certificate_is_given_served_and_renewed_by_the_challenge_over_tls() {
    is_given_and_renewed(Challenge::TlsAlpn01).await;
}

#[tokio::test]
async fn an_authority_that_is_not_trusted_is_away_or_does_not_find_us_is_told_and_nothing_changes() {
    let house = House::new().await;
    let untrusted = Settings { authority: None, ..house.authority.settings(Challenge::Http01, NAME) };
    let said = house.order(untrusted).await.expect_err("a stranger").to_string();
    assert!(said.contains(&house.authority.directory) && said.contains("ca_file"), "{said}");
    let away = Settings {
        directory: format!("https://127.0.0.1:{}/dir", free_port()),
        ..house.authority.settings(Challenge::Http01, NAME)
    };
    assert!(matches!(house.order(away).await, Err(AcmeError::Unreachable { .. })));
    // It comes to the ports of another server, which does not answer for us.
    let elsewhere = Authority::start(free_port(), free_port()).await;
    let said = house.order(elsewhere.settings(Challenge::Http01, NAME)).await.expect_err("not found").to_string();
    assert!(said.contains(NAME) && said.contains("refused"), "{said}");
    assert!(!house.folder.path().join("acme/server.pem").exists());
    assert_eq!(house.tls.refresh(Timestamp::now()).expect("looked at"), Refreshed::Unchanged);
    let pending = house.tls.pending();
    assert_eq!(pending.text("any"), None);
}

#[tokio::test]
async fn whoever_asks_for_a_challenge_that_nobody_ordered_gets_no_certificate() {
    let house = House::new().await;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("built in");
    let mut client = client.with_root_certificates(RootCertStore::empty()).with_no_client_auth();
    client.alpn_protocols = vec![CHALLENGE_PROTOCOL.to_vec()];
    let stream = TcpStream::connect(("127.0.0.1", house.port)).await.expect("a connection");
    let name = ServerName::try_from(NAME).expect("a name");
    let refused = TlsConnector::from(Arc::new(client)).connect(name, stream).await.expect_err("nothing to show");
    assert!(!refused.to_string().contains("UnknownIssuer"), "it showed one: {refused}");
}

#[tokio::test]
async fn the_scan_finds_listeners_of_processes_that_we_started_and_what_the_authority_gave() {
    let house = House::new().await;
    let (found, _) = listeners(house.folder.path()).expect("read");
    let own = found.iter().find(|listener| listener.address.port() == house.port).expect("our own");
    let child = found.iter().find(|listener| listener.address.port() == house.authority.management);
    assert_eq!(child.expect("a child's").program, "pebble");
    assert_ne!(own.program, "pebble");

    house.order(house.authority.settings(Challenge::Http01, NAME)).await.expect("given");
    house.tls.refresh(Timestamp::now()).expect("a pair");
    let root = house.authority.root().await;
    let trust = Trust::new(false, Some(&root)).expect("one");
    let visitor = Visitor { host: NAME.to_owned(), trust, now: Timestamp::now() };
    let scanned = host::transport::scan(house.folder.path(), &visitor).await.expect("scanned");
    let probed = scanned.listeners.iter().find(|probed| probed.address.port() == house.port).expect("tried");
    let Speaks::Tls(found) = &probed.speaks else { panic!("{probed:?}") };
    assert!(found.certificate.name_fits && found.certificate.distrusted.is_none(), "{found:?}");
    assert_eq!((found.version.as_str(), found.old_versions.len()), ("TLSv1_3", 0));
}

/// A folder that STRUCT passes through when root started it.
fn public_folder() -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
    Ok(folder)
}

fn written(folder: &TempDir, name: &str, text: &str) -> Result<String> {
    let file = folder.path().join(name);
    std::fs::write(&file, text)?;
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644))?;
    Ok(file.display().to_string())
}

fn port(origin: &str) -> Result<u16> {
    Ok(origin.rsplit(':').next().context("a port")?.parse()?)
}

async fn until(what: &str, mut look: impl AsyncFnMut() -> bool) -> Result<()> {
    let since = Instant::now();
    while !look().await {
        ensure!(since.elapsed() < PATIENCE, "{what} did not come");
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// What `struct claims check` ends with, and says.
fn claim(installation: &Installation, promise: &str, config: &str) -> Result<(Option<i32>, String)> {
    let mut command = Command::new(STRUCT);
    command.args(["claims", "check", promise, "--config", config, "--data-dir"]).arg(installation.folder());
    let output = command.current_dir("/").output()?;
    Ok((output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()))
}

/// Asks for a page over a connection that stays open, as HTTP/1.1 does.
async fn asks(stream: &mut TlsStream<TcpStream>) -> Result<String> {
    stream.write_all(format!("GET /healthz HTTP/1.1\r\nhost: {NAME}\r\n\r\n").as_bytes()).await?;
    let mut bytes = vec![0; 8 * 1024];
    let read = stream.read(&mut bytes).await?;
    bytes.truncate(read);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_a_certificate_that_change_are_served_within_seconds_and_open_connections_go_on() -> Result<()> {
    let folder = public_folder()?;
    let made = |dir: &str| -> Result<std::path::PathBuf> {
        let dir = folder.path().join(dir);
        Tls::open(&dir, Source::Own { names: vec![NAME.to_owned()] }, Timestamp::now())?;
        Ok(dir)
    };
    let (one, other) = (made("one")?, made("other")?);
    let text = |dir: &Path| std::fs::read_to_string(dir.join("server.pem"));
    let pair = written(&folder, "pair.pem", &text(&one)?)?;
    let authorities =
        [std::fs::read_to_string(one.join("ca.pem"))?, std::fs::read_to_string(other.join("ca.pem"))?].concat();
    let authorities = written(&folder, "authorities.pem", &authorities)?;
    let tls = format!("[tls]\ncertificate = {pair:?}\nkey = {pair:?}\nca_file = {authorities:?}\n");
    let config = written(&folder, "struct.toml", &format!("public_url = \"https://{NAME}\"\n{tls}"))?;
    let mut installation = Installation::new(STRUCT, &["--config", &config])?;
    installation.start()?;
    let port = port(&installation.origin())?;
    let mut open = connect(port, &one.join("ca.pem")).await.map_err(anyhow::Error::msg)?;
    let first = asks(&mut open).await?;
    ensure!(first.starts_with("HTTP/1.1 200"), "{first}");

    std::fs::write(&pair, text(&other)?)?;
    until("the other certificate", async || connect(port, &other.join("ca.pem")).await.is_ok()).await?;
    let still = asks(&mut open).await?;
    ensure!(still.starts_with("HTTP/1.1 200"), "the open connection was lost: {still}");

    // What was half copied is not served, and told.
    std::fs::write(&pair, "half-copied")?;
    until("the complaint", async || installation.said().contains("could not be read again")).await?;
    connect(port, &other.join("ca.pem")).await.map_err(anyhow::Error::msg)?;
    std::fs::write(&pair, text(&other)?)?;
    // Headers, versions, certificates as the product itself serves them satisfy its own scan.
    until("the claim", async || {
        claim(&installation, "sealing.transport", &config).is_ok_and(|(code, _)| code == Some(0))
    })
    .await?;
    let (code, said) = claim(&installation, "vulnerability.encrypted_connections", &config)?;
    ensure!(code == Some(0), "{said}");
    ensure!(installation.stop()?.success());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn struct_up_gets_its_certificate_from_the_authority_and_its_claim_turns() -> Result<()> {
    let folder = public_folder()?;
    let config = folder.path().join("struct.toml");
    let mut installation = Installation::new(STRUCT, &["--config", &config.display().to_string()])?;
    let (https, http) = (port(&installation.origin())?, port(&installation.plain_origin())?);
    let authority = Authority::start(http, https).await;
    let root = authority.root().await;
    let acme = format!(
        "acme = {{ directory = {:?}, contact = \"mailto:operations@example.jp\", ca_file = {:?} }}",
        authority.directory,
        authority.certificate()
    );
    let text = format!("public_url = \"https://{NAME}\"\n[tls]\n{acme}\nca_file = {root:?}\n");
    let config = written(&folder, "struct.toml", &text)?;
    installation.start()?;
    until("the certificate", async || connect(https, &root).await.is_ok()).await?;
    until("the claim", async || {
        claim(&installation, "sealing.transport", &config).is_ok_and(|(code, _)| code == Some(0))
    })
    .await?;
    let answer = installation.visit_plain("/.well-known/acme-challenge/nothing")?;
    ensure!(answer.status == 308, "{}", answer.status);
    ensure!(installation.stop()?.success());
    Ok(())
}
