//! The scan of listeners against real ones: what it finds of TLS, of plain HTTP, and of servers that accept what they should
//! refuse. What that means for a promise is `app`'s.

use host::tls::{Source, Tls};
use host::transport::{Probed, Speaks, TlsFound, Trust, Visitor, scan};
use jiff::SignedDuration;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

const NAME: &str = "struct.example.jp";

/// A certificate, and a listener of this process.
struct House {
    folder: TempDir,
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for House {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl House {
    /// One that shakes hands like ours, except that it goes on with a hello of TLS 1.1 when told to.
    async fn new(accepts_old: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let tls = Tls::open(folder.path(), Source::Own { names: vec![NAME.to_owned()] }, crate::tls::now());
        let tls = Arc::new(tls.expect("made"));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&tls), accepts_old));
            }
        });
        Self { folder, address, task }
    }

    async fn visit(&self, visitor: &Visitor) -> Probed {
        let scanned = scan(self.folder.path(), visitor).await.expect("/proc is read");
        scanned.listeners.into_iter().find(|probed| probed.address == self.address).expect("it is found")
    }

    async fn tls(&self, visitor: &Visitor) -> TlsFound {
        match self.visit(visitor).await.speaks {
            Speaks::Tls(found) => *found,
            other => panic!("{other:?}"),
        }
    }

    fn visitor(&self) -> Visitor {
        visitor(&self.folder.path().join("ca.pem"))
    }
}

fn visitor(authority: &Path) -> Visitor {
    let trust = Trust::new(false, Some(authority)).expect("an authority");
    Visitor { host: NAME.to_owned(), trust, now: crate::tls::now() }
}

async fn converse(mut stream: TcpStream, tls: Arc<Tls>, accepts_old: bool) -> Option<()> {
    let mut head = [0; 11];
    while stream.peek(&mut head).await.ok()? < head.len() {
        tokio::task::yield_now().await;
    }
    if accepts_old && head[0] == 22 && head[9..11] == [3, 2] {
        // The beginning of a ServerHello that agrees.
        stream.write_all(&[22, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2, 0, 0, 0, 0]).await.ok()?;
        return None;
    }
    let mut stream = TlsAcceptor::from(tls.server_config()).accept(stream).await.ok()?;
    let mut piece = [0; 2048];
    if stream.read(&mut piece).await.ok()? == 0 {
        return None;
    }
    stream.write_all(b"HTTP/1.1 404 Not Found\r\nStrict-Transport-Security: max-age=31536000\r\n\r\n").await.ok()?;
    stream.shutdown().await.ok()
}

#[tokio::test]
async fn a_listener_that_goes_on_with_an_old_version_is_found_out() {
    let old = House::new(true).await;
    assert_eq!(old.tls(&old.visitor()).await.old_versions, ["TLS 1.1"]);
    let new = House::new(false).await;
    let found = new.tls(&new.visitor()).await;
    assert_eq!((found.old_versions.len(), found.version.as_str()), (0, "TLSv1_3"));
    let head = found.answers[0].head.as_ref().expect("an answer");
    assert_eq!((head.status, head.header("strict-transport-security")), (404, Some("max-age=31536000")));
}

#[tokio::test]
async fn a_certificate_is_judged_by_name_authority_and_time_apart() {
    let house = House::new(false).await;
    let sound = house.tls(&house.visitor()).await.certificate;
    assert!(sound.name_fits && sound.distrusted.is_none() && sound.names.contains(&NAME.to_owned()), "{sound:?}");
    let other = Visitor { host: "www.example.jp".to_owned(), ..house.visitor() };
    let found = house.tls(&other).await.certificate;
    assert!(!found.name_fits && found.distrusted.is_none(), "{found:?}");
    let stranger = House::new(false).await;
    let found = house.tls(&stranger.visitor()).await.certificate;
    assert!(found.name_fits && found.distrusted.is_some(), "{found:?}");
    let late = Visitor { now: sound.ends + SignedDuration::from_hours(1), ..house.visitor() };
    let found = house.tls(&late).await.certificate;
    assert!(found.ends < late.now && found.distrusted.is_none(), "ended, but no stranger's: {found:?}");
}

#[tokio::test]
async fn what_speaks_neither_tls_nor_http_is_told_as_that() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let task = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"220 mail.example.jp ESMTP\r\n").await;
        }
    });
    let house = House::new(false).await;
    let scanned = scan(folder.path(), &house.visitor()).await.expect("/proc is read");
    let probed = scanned.listeners.iter().find(|probed| probed.address == address).expect("it is found");
    assert!(matches!(probed.speaks, Speaks::Other(_)), "{probed:?}");
    assert!(probed.is_loopback());
    task.abort();
}

#[test]
fn a_file_without_an_authority_is_refused_by_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("empty.pem");
    std::fs::write(&file, "nothing\n").expect("writable");
    let refused = Trust::new(true, Some(&file)).expect_err("there is none").to_string();
    assert!(refused.contains("empty.pem"), "{refused}");
}
