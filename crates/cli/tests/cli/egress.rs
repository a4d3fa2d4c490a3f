//! Where packets go: the whole of STRUCT in a network namespace of its own, whose only way out ends in another namespace where
//! every packet is seen. What the register says is tested in `domain` and `app`.
#![allow(clippy::disallowed_methods, reason = "namespaces are made with the system's tools")]
#![allow(clippy::print_stderr, reason = "a test that is skipped, or waits, says so")]

mod outside;
mod stage;
mod visitor;
mod wire;

use crate::STRUCT;
use anyhow::{Context, Result, ensure};
use outside::Letters;
use stage::{INSIDE, NAMES, Stage, WITNESS, WITNESS_IP};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use testkit::installation::Installation;
use visitor::Visitor;
use wire::Wire;

/// May do everything with customers, and invites.
const ADMINISTRATOR: &str = "fujiwara.misaki@minato.example.jp";
const MANAGER: &str = "tamura.kenichi@minato.example.jp";
/// Nobody's (RFC 5737), and declared by nobody.
const ELSEWHERE: &str = "203.0.113.9";

#[test]
fn no_packet_of_a_working_demo_goes_anywhere_but_to_declared_sinks_and_a_planted_one_is_seen() -> Result<()> {
    if let Some(why) = stage::unavailable() {
        eprintln!("skipped: {why}");
        return Ok(());
    }
    let inside = stage::again("egress::in_a_network_of_its_own")?;
    ensure!(inside.success(), "in a network of its own it failed");
    Ok(())
}

/// The part of the test above that runs in namespaces of its own; alone it has nothing to look at.
#[test]
#[ignore = "started by the test above, in namespaces"]
fn in_a_network_of_its_own() -> Result<()> {
    if std::env::var_os(INSIDE).is_none() {
        return Ok(());
    }
    let folder = public_folder()?;
    let stage = Stage::set(folder.path())?;
    let wire = Wire::tap(stage.outside_addresses())?;
    let letters = outside::mail(folder.path())?;
    outside::names()?;
    let witness = Witness::start(folder.path())?;
    let product = stage.wrapper(folder.path(), Path::new(STRUCT), &outside::mail_authority(folder.path()))?;

    undeclared_sinks_are_refused_before_a_packet_leaves(&folder, &product, &witness, &wire)?;
    let config = written(&folder, "struct.toml", "")?;
    let mut installation = Installation::new(&product.display().to_string(), &["--config", &config])?;
    // The demo hands its invitations out itself, so it is made before there is a mail server.
    let demo = written(&folder, stage::MORE_OPTIONS, "--demo")?;
    installation.start()?;
    let accounts = installation.said();
    witness.know(&stage, &installation)?;
    ensure!(installation.stop()?.success());
    ensure!(wire.all().is_empty(), "with nothing configured it spoke to somebody: {:?}", wire.all());

    std::fs::remove_file(demo)?;
    configuration(&folder, &witness, &["smtp.example.jp", "witness.example.jp", NAMES])?;
    installation.start()?;
    work(&stage, &installation, &accounts, &letters)?;
    until("the witness's cosignature", || Ok(witness.has_seen()?.then_some(())))?;

    for (sink, port) in [(NAMES, 53), (stage::MAIL_IP, 465), (WITNESS_IP, WITNESS)] {
        ensure!(wire.reached(sink, port), "nothing went to {sink}:{port}, so nothing was proven: {:?}", wire.all());
    }
    ensure!(wire.elsewhere().is_empty(), "packets went elsewhere: {:?}", wire.elsewhere());
    let (status, said) = checked(&product, &installation, &config)?;
    ensure!(status == Some(0), "it complains of itself: {said}");

    let _planted = stage.plant(&installation.folder(), ELSEWHERE)?;
    until("the planted packet", || Ok(wire.reached(ELSEWHERE, 9).then_some(())))?;
    ensure!(wire.elsewhere().iter().all(|packet| packet.contains(ELSEWHERE)), "{:?}", wire.elsewhere());
    let (status, said) = checked(&product, &installation, &config)?;
    ensure!(status == Some(1) && said.contains(ELSEWHERE), "the planted connection was not told: {said}");
    ensure!(installation.stop()?.success());
    Ok(())
}

/// Mail, a witness, and who is asked for their addresses: each must be declared.
fn undeclared_sinks_are_refused_before_a_packet_leaves(
    folder: &TempDir,
    product: &Path,
    witness: &Witness,
    wire: &Wire,
) -> Result<()> {
    let all = ["smtp.example.jp", "witness.example.jp", NAMES];
    for missing in all {
        let declared: Vec<&str> = all.into_iter().filter(|sink| *sink != missing).collect();
        let config = configuration(folder, witness, &declared)?;
        let installation = Installation::new(&product.display().to_string(), &[])?;
        let (status, said) = installation.refusal(Installation::ANY, Installation::ANY, &["--config", &config])?;
        let line = format!("address = \"{missing}\"");
        ensure!(!status.success() && said.contains(&line) && said.contains("[[residency.sink]]"), "{missing}: {said}");
        ensure!(!installation.folder().join("keyring").exists(), "{missing}: something was made");
    }
    ensure!(wire.all().is_empty(), "a refused start spoke to somebody: {:?}", wire.all());
    Ok(())
}

/// People do what they do: sign in, register a customer, invite somebody by mail.
fn work(stage: &Stage, installation: &Installation, said: &str, letters: &Letters) -> Result<()> {
    let authority = installation.folder().join("tls/ca.pem");
    let origin = installation.origin();
    stage.inside(move || {
        let mut manager = Visitor::new(&origin, &authority)?;
        manager.sign_in(MANAGER, &password(said, MANAGER)?)?;
        let new = "/app/s/crm/customer/new";
        manager.send(new, &[("r.number", "C-90001"), ("r.name", "夕凪 渚")])?;
        let mut administrator = Visitor::new(&origin, &authority)?;
        administrator.sign_in(ADMINISTRATOR, &password(said, ADMINISTRATOR)?)?;
        let invited =
            [("email", "yunagi@minato.example.jp"), ("display_name", "夕凪 渚"), ("billing_type", "standard")];
        administrator.send("/app/admin/users/invite", &invited)
    })?;
    until("the invitation", || Ok(letters.to("yunagi@minato.example.jp").then_some(())))
}

/// The password printed beside an address.
fn password(said: &str, email: &str) -> Result<String> {
    let line = said.lines().find_map(|line| line.trim().strip_prefix(email));
    Ok(line.with_context(|| format!("no account of {email}:\n{said}"))?.trim().to_owned())
}

fn checked(product: &Path, installation: &Installation, config: &str) -> Result<(Option<i32>, String)> {
    let mut command = Command::new(product);
    command.args(["residency", "check", "--config", config, "--data-dir"]).arg(installation.folder());
    let output = command.output()?;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.code(), String::from_utf8_lossy(&said).into_owned()))
}

/// `struct.toml` with all three sinks configured, and some of them declared.
fn configuration(folder: &TempDir, witness: &Witness, declared: &[&str]) -> Result<String> {
    let mut text = format!(
        "[residency]\nregion = \"jp-east\"\n\n[mail]\nhost = \"smtp.example.jp\"\nsecurity = \"tls\"\n\n[[witness]]\nurl = \"https://witness.example.jp:{WITNESS}\"\n\
         vkey = {:?}\nca_file = {:?}\n",
        witness.vkey,
        witness.dir.join("tls/ca.pem"),
    );
    for sink in declared {
        text += &format!("\n[[residency.sink]]\naddress = {sink:?}\nregion = \"ap-northeast-1\"\n");
    }
    written(folder, "struct.toml", &text)
}

/// A file that the account STRUCT becomes may read.
fn written(folder: &TempDir, name: &str, text: &str) -> Result<String> {
    let path = folder.path().join(name);
    std::fs::write(&path, text)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644))?;
    Ok(path.display().to_string())
}

/// A folder that the account STRUCT becomes may enter.
fn public_folder() -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
    Ok(folder)
}

/// A witness outside.
struct Witness {
    dir: PathBuf,
    vkey: String,
    process: std::process::Child,
}

impl Witness {
    fn start(folder: &Path) -> Result<Self> {
        let dir = folder.join("witness");
        let told = |words: &[&str]| -> Result<String> {
            let output = Command::new(STRUCT).arg("witness").args(words).arg("--dir").arg(&dir).output()?;
            ensure!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
            Ok(String::from_utf8(output.stdout)?.trim().to_owned())
        };
        // Made by root, the folder is handed to the account that STRUCT becomes by making it first.
        let vkey = told(&["key", "--name", "witness.example.jp/w1"])?;
        let listen = format!("{WITNESS_IP}:{WITNESS}");
        let process = Command::new(STRUCT)
            .args(["witness", "serve", "--listen", &listen, "--tls-name", "witness.example.jp", "--dir"])
            .arg(&dir)
            .spawn()?;
        let witness = Self { dir, vkey, process };
        until("the witness's certificate", || Ok(witness.dir.join("tls/ca.pem").exists().then_some(())))?;
        // The product's account reads the authority; keys beside it stay closed.
        Ok(witness)
    }

    /// Makes the installation's platform log known to it.
    fn know(&self, stage: &Stage, installation: &Installation) -> Result<()> {
        let (origin, authority) = (installation.origin(), installation.folder().join("tls/ca.pem"));
        let key = until("the platform's key", || {
            let (origin, authority) = (origin.clone(), authority.clone());
            let answer = stage.inside(move || Visitor::new(&origin, &authority)?.get("/log/platform/keys"))?;
            Ok((answer.status == 200).then(|| answer.body.lines().next().unwrap_or_default().to_owned()))
        })?;
        let status = Command::new(STRUCT).args(["witness", "log", "add", &key, "--dir"]).arg(&self.dir).status()?;
        ensure!(status.success(), "the witness does not take {key}");
        Ok(())
    }

    /// Whether it has cosigned anything.
    fn has_seen(&self) -> Result<bool> {
        Ok(std::fs::read_dir(self.dir.join("seen"))?.next().is_some())
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Looks until there is something to see; the runner ends a test that never does.
fn until<T>(what: &str, look: impl Fn() -> Result<Option<T>>) -> Result<T> {
    eprintln!("waiting for {what}");
    loop {
        if let Some(seen) = look().with_context(|| what.to_owned())? {
            return Ok(seen);
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}
