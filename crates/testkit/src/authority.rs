//! A certificate authority that speaks ACME: Pebble, Let's Encrypt's own server for tests (Debian package `pebble`), on loopback, with a
//! server of names of its own. It comes for the answers to its challenges where a test's listeners are.
#![allow(clippy::disallowed_methods, reason = "programs are started, and clients read the machine's clock")]

use host::tls::acme::{Challenge, Settings};
use host::tls::{Source, Tls};
use jiff::Timestamp;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpStream;

/// How long the programs may take to start.
const START_LIMIT: Duration = Duration::from_secs(30);

/// An authority with its server of names; both end when dropped.
pub struct Authority {
    /// Its directory.
    pub directory: String,
    /// The port it is looked into by.
    pub management: u16,
    folder: TempDir,
    programs: Vec<Child>,
}

impl Drop for Authority {
    fn drop(&mut self) {
        for program in &mut self.programs {
            let _ = program.kill();
            let _ = program.wait();
        }
    }
}

/// A port that nobody has at the moment.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port()
}

fn start(program: &str, options: &[&str]) -> Child {
    let mut command = Command::new(program);
    command.args(options).env("PEBBLE_VA_NOSLEEP", "1").env("PEBBLE_AUTHZREUSE", "0");
    let started = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    started.unwrap_or_else(|error| panic!("{program} ({error}); apt-get install pebble"))
}

impl Authority {
    /// One that comes to these ports of this machine, whatever the name.
    pub async fn start(http: u16, tls: u16) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // STRUCT, as another account, reads its certificates here.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("ours");
        let dir = folder.path().join("own");
        Tls::open(&dir, Source::Own { names: Vec::new() }, Timestamp::now()).expect("a certificate");
        std::fs::copy(dir.join("ca.pem"), folder.path().join("ca.pem")).expect("copied");
        let pem = dir.join("server.pem").display().to_string();
        let (listen, management) = (free_port(), free_port());
        let names = UdpSocket::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
        let config = serde_json::json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{listen}"), "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": pem, "privateKey": pem, "httpPort": http, "tlsPort": tls,
        }});
        let file = folder.path().join("pebble.json");
        std::fs::write(&file, config.to_string()).expect("writable");
        let (names, file) = (names.to_string(), file.display().to_string());
        let asked = format!("127.0.0.1:{}", free_port());
        let off = ["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""];
        let resolver = ["-defaultIPv4", "127.0.0.1", "-dns01", &names, "-management", &asked];
        let programs = vec![
            start("pebble-challtestsrv", &[&resolver[..], &off[..]].concat()),
            start("pebble", &["-config", &file, "-dnsserver", &names]),
        ];
        let authority = Self { directory: format!("https://127.0.0.1:{listen}/dir"), management, folder, programs };
        for port in [listen, management] {
            let reached = async {
                while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            };
            tokio::time::timeout(START_LIMIT, reached).await.expect("pebble starts");
        }
        authority
    }

    /// Whom to ask, for a name.
    pub fn settings(&self, challenge: Challenge, name: &str) -> Settings {
        Settings {
            directory: self.directory.clone(),
            contact: Some("mailto:operations@example.jp".to_owned()),
            challenge,
            authority: Some(self.certificate()),
            names: vec![name.to_owned()],
        }
    }

    /// Whom to trust for the directory.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Whom to trust for what it gives.
    pub async fn root(&self) -> PathBuf {
        let https = host::https::Https::new(Some(&self.certificate())).expect("its authority");
        let url = format!("https://127.0.0.1:{}/roots/0", self.management);
        let answer = https.get(&url, 64 * 1024).await.expect("it answers");
        let file = self.folder.path().join("root.pem");
        std::fs::write(&file, answer.body).expect("writable");
        file
    }
}
