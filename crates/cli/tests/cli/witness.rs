//! `struct witness` from outside: the binary started as somebody starts it who has no PostgreSQL, and spoken to in the words
//! of the specification (C2SP tlog-witness), over a socket.
#![allow(clippy::disallowed_methods, reason = "the witness is run as its operator runs it")]

use crate::STRUCT;
use anyhow::{Context, Result, ensure};
use host::witness::{Remote, Replied};
use ledger::checkpoint::Checkpoint;
use ledger::hash::{Hash, leaf_hash, node_hash};
use ledger::note::{Cosigner, Note, Signer, VerifierKey};
use ledger::witness::AddCheckpoint;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;
use testkit::installation::Installation;

const ORIGIN: &str = "log.example.jp/log/platform";
const NAME: &str = "witness.example.jp/w1";

fn log() -> Signer {
    Signer::from_seed(ORIGIN, &[7; 32]).expect("a key")
}

fn one() -> Checkpoint {
    Checkpoint::new(ORIGIN, 1, leaf_hash(b"a"))
}

fn two(second: &[u8]) -> Checkpoint {
    Checkpoint::new(ORIGIN, 2, node_hash(&leaf_hash(b"a"), &leaf_hash(second)))
}

/// A request's body as the specification writes it, signed by the log.
fn body(old: u64, proof: &[Hash], checkpoint: &Checkpoint) -> String {
    let lines: String = proof.iter().map(|hash| format!("{}\n", hash.to_base64())).collect();
    format!("old {old}\n{lines}\n{}", checkpoint.sign(&[&log()]).expect("a note"))
}

/// A witness's folder, and the process when it runs.
struct Running {
    folder: TempDir,
    process: Option<Child>,
    address: String,
}

impl Running {
    fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        // Started by root, it becomes another account, which must get in.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
        Ok(Self { folder, process: None, address: String::new() })
    }

    fn dir(&self) -> PathBuf {
        self.folder.path().join("w1")
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(STRUCT);
        command.arg("witness").args(words).arg("--dir").arg(self.dir());
        command
    }

    fn told(&self, words: &[&str]) -> Result<String> {
        let output = self.command(words).output()?;
        ensure!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    fn refused(&self, words: &[&str]) -> Result<String> {
        let output = self.command(words).output()?;
        ensure!(!output.status.success(), "{words:?} was not refused");
        Ok(String::from_utf8_lossy(&output.stderr).into_owned())
    }

    fn start(&mut self, words: &[&str]) -> Result<()> {
        let all = [&["serve", "--name", NAME, "--listen", "127.0.0.1:0"], words].concat();
        let mut process = self.command(&all).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().context("its output")?).read_line(&mut line)?;
        self.process = Some(process);
        self.address = line.trim().rsplit("://").next().context("an address")?.to_owned();
        ensure!(line.contains(NAME) && self.address.starts_with("127.0.0.1:"), "{line}");
        Ok(())
    }

    fn kill(&mut self) -> Result<()> {
        let mut process = self.process.take().context("it runs")?;
        process.kill()?;
        process.wait()?;
        Ok(())
    }

    /// Status, content type and body of an answer.
    fn ask(&self, method: &str, path: &str, body: &str) -> Result<(u16, String, String)> {
        let mut stream = TcpStream::connect(&self.address)?;
        let length = body.len();
        let host = &self.address;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        // One that is refused for its length is not read to its end.
        let _ = stream.write_all(body.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("an answer")?;
        let status = head.split(' ').nth(1).context("a status")?.parse()?;
        let types = head.lines().find_map(|line| line.strip_prefix("content-type: "));
        Ok((status, types.unwrap_or_default().to_owned(), body.to_owned()))
    }

    fn add(&self, body: &str) -> Result<(u16, String, String)> {
        self.ask("POST", "/add-checkpoint", body)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.process.is_some() {
            let _ = self.kill();
        }
    }
}

#[test]
fn it_serves_nothing_in_the_clear_where_others_can_reach_it() -> Result<()> {
    let witness = Running::new()?;
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.7:8443"] {
        let said = witness.refused(&["serve", "--name", NAME, "--listen", address])?;
        assert!(said.contains("TLS") && said.contains("--tls-cert"), "{said}");
    }
    assert!(!witness.dir().join("witness.key").exists(), "a key was made all the same");
    Ok(())
}

#[test]
fn every_refusal_has_the_status_the_type_and_the_body_of_the_specification() -> Result<()> {
    let mut witness = Running::new()?;
    witness.start(&["--log", &log().vkey().to_string()])?;
    let stranger = Signer::from_seed(ORIGIN, &[8; 32])?;
    let elsewhere = Checkpoint::new("log.example.jp/log/other", 1, leaf_hash(b"a"));
    let unknown = Signer::from_seed("log.example.jp/log/other", &[7; 32])?;
    let status = |body: &str| -> Result<(u16, bool)> {
        let (status, types, _) = witness.add(body)?;
        Ok((status, types == "text/x.tlog.size"))
    };
    assert_eq!(status("")?, (400, false));
    assert_eq!(status(&body(2, &[], &one()))?, (400, false));
    assert_eq!(status(&format!("old 0\n\n{}", elsewhere.sign(&[&unknown])?))?, (404, false));
    assert_eq!(status(&format!("old 0\n\n{}", one().sign(&[&stranger])?))?, (403, false));
    assert_eq!(witness.add(&body(1, &[], &one()))?, (409, "text/x.tlog.size".to_owned(), "0\n".to_owned()));
    assert_eq!(status(&body(0, &[Hash([1; 32])], &one()))?, (422, false));
    assert_eq!(status(&body(0, &[], &one()))?, (200, false));
    assert_eq!(witness.add(&body(0, &[], &one()))?, (409, "text/x.tlog.size".to_owned(), "1\n".to_owned()));
    let other = Checkpoint::new(ORIGIN, 1, leaf_hash(b"b"));
    assert_eq!(status(&body(1, &[], &other))?, (409, false), "another root of the same size is no question of size");
    assert_eq!(status(&body(1, &[leaf_hash(b"c")], &two(b"b")))?, (422, false));
    assert_eq!(status(&"a".repeat(600 * 1024))?, (413, false));
    assert_eq!(witness.ask("GET", "/add-checkpoint", "")?.0, 405);
    assert_eq!(witness.ask("GET", "/elsewhere", "")?.0, 404);
    let (status, _, about) = witness.ask("GET", "/", "")?;
    assert!(status == 200 && about.contains(witness.told(&["key"])?.trim()), "{about}");
    Ok(())
}

#[test]
fn after_a_kill_it_goes_on_from_what_it_has_signed() -> Result<()> {
    let mut witness = Running::new()?;
    let key = VerifierKey::parse(witness.told(&["key", "--name", NAME])?.trim())?;
    witness.start(&[])?;
    assert_eq!(witness.add(&body(0, &[], &one()))?.0, 404);
    witness.told(&["log", "add", &log().vkey().to_string()])?;
    assert!(witness.told(&["log", "list"])?.contains(ORIGIN));
    assert_eq!(witness.add(&body(0, &[], &one()))?.0, 200, "known with the next request");
    let held = witness.refused(&["serve", "--listen", "127.0.0.1:0"])?;
    assert!(held.contains("in use"), "two on one folder: {held}");
    witness.kill()?;
    witness.start(&[])?;
    assert_eq!(witness.add(&body(0, &[], &two(b"x")))?, (409, "text/x.tlog.size".to_owned(), "1\n".to_owned()));
    let (status, _, lines) = witness.add(&body(1, &[leaf_hash(b"b")], &two(b"b")))?;
    assert_eq!(status, 200, "{lines}");
    let cosigned = Note::parse(&format!("{}{lines}", two(b"b").sign(&[&log()])?))?;
    let (checkpoint, verified) = Checkpoint::open(&cosigned, ORIGIN, &[log().vkey(), key])?;
    assert_eq!((checkpoint.size, verified.len()), (2, 2), "{lines}");
    let mode = std::fs::metadata(witness.dir().join("witness.key"))?.permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    Ok(())
}

#[test]
fn over_tls_of_its_own_authority_it_cosigns_for_those_who_were_given_that() -> Result<()> {
    let mut witness = Running::new()?;
    witness.start(&["--tls-name", "witness.example.jp", "--log", &log().vkey().to_string()])?;
    let key = VerifierKey::parse(witness.told(&["key"])?.trim())?;
    let url = format!("https://{}", witness.address);
    let request = AddCheckpoint { old: 0, proof: Vec::new(), checkpoint: one().sign(&[&log()])? };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let unknown = Remote::new(&url, key.clone(), None)?;
    assert!(runtime.block_on(unknown.add_checkpoint(&request)).is_err(), "nobody vouches for it");
    let remote = Remote::new(&url, key, Some(&witness.dir().join("tls/ca.pem")))?;
    runtime.block_on(remote.answers())?;
    let replied = runtime.block_on(remote.add_checkpoint(&request))?;
    assert!(matches!(replied, Replied::Cosigned { .. }), "{replied:?}");
    Ok(())
}

/// A file that the account STRUCT becomes may read.
fn public_file(folder: &TempDir, name: &str, text: &str) -> Result<String> {
    let path = folder.path().join(name);
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
    std::fs::write(&path, text)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644))?;
    Ok(path.display().to_string())
}

#[test]
fn a_witness_in_the_clear_or_with_a_key_of_another_kind_is_refused_before_anything_is_made() -> Result<()> {
    let installation = Installation::new(STRUCT, &[])?;
    let folder = tempfile::tempdir()?;
    let witness = Cosigner::from_seed(NAME, &[1; 32])?.vkey().to_string();
    for (url, vkey, more, told) in [
        ("http://witness.example.jp", witness.as_str(), "", "https://"),
        ("https://witness.example.jp", &log().vkey().to_string(), "", "key of a witness"),
        ("https://witness.example.jp", "no key", "", "this is no key"),
        ("https://witness.example.jp", &witness, "every = 1", "every"),
        ("https://witness.example.jp", &witness, "ca_file = \"/no/such/file\"", "/no/such/file"),
    ] {
        let text = format!("[[witness]]\nurl = {url:?}\nvkey = {vkey:?}\n{more}\n");
        let config = public_file(&folder, "struct.toml", &text)?;
        let (status, said) = installation.refusal(Installation::ANY, Installation::ANY, &["--config", &config])?;
        assert!(!status.success() && said.contains(told), "{text}{said}");
        assert!(!installation.folder().join("keyring").exists(), "{text}: something was made");
    }
    Ok(())
}

#[test]
fn the_platforms_log_is_served_with_the_cosignature_of_the_configured_witness() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let config = public_file(&folder, "struct.toml", "")?;
    let mut installation = Installation::new(STRUCT, &["--config", &config])?;
    installation.start()?;
    let served = |installation: &Installation, file: &str| -> Result<Option<String>> {
        let answer = installation.visit(&format!("/log/platform/{file}"))?;
        let body = answer.text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
        Ok(body.filter(|_| answer.status == 200))
    };
    let keys = until(|| served(&installation, "keys"))?;
    let key = VerifierKey::parse(keys.lines().next().context("a key")?)?;
    assert!(installation.stop()?.success());

    let mut witness = Running::new()?;
    witness.start(&["--log", &key.to_string()])?;
    let vkey = VerifierKey::parse(witness.told(&["key"])?.trim())?;
    let text = format!("[[witness]]\nurl = \"http://{}\"\nvkey = \"{vkey}\"\n", witness.address);
    public_file(&folder, "struct.toml", &text)?;
    installation.start()?;
    let cosigned = until(|| {
        let Some(note) = served(&installation, "checkpoint")? else { return Ok(None) };
        let note = Note::parse(&note)?;
        Ok(note.verify(std::slice::from_ref(&vkey)).is_ok().then_some(note))
    })?;
    let (checkpoint, verified) = Checkpoint::open(&cosigned, key.name(), &[key.clone(), vkey])?;
    assert!(checkpoint.size > 0 && verified.len() == 2, "{cosigned}");
    assert!(installation.stop()?.success());
    Ok(())
}

/// Looks until there is something to see; the runner ends a test that never does.
fn until<T>(look: impl Fn() -> Result<Option<T>>) -> Result<T> {
    loop {
        if let Some(seen) = look()? {
            return Ok(seen);
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}
