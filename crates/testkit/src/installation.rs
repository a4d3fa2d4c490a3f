//! A whole STRUCT, started as an operator starts it: the binary, a data directory, ports. What it answers is looked at
//! from outside only; for a part of the house alone, use that part's own tests.
#![allow(clippy::disallowed_methods, reason = "the testkit starts what an operator starts by hand")]

mod visit;

pub use visit::Answer;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A first start makes a cluster, applies migrations and may generate 20,000 records, in an unoptimised build.
const START_LIMIT: Duration = Duration::from_secs(240);
/// What it says when people can come.
const READY: &str = "STRUCT is running.";
/// How long draining and stopping the database may take.
const STOP_LIMIT: Duration = Duration::from_secs(60);
/// How often a state is looked at.
const PAUSE: Duration = Duration::from_millis(50);

/// A data directory and the ports it is served on; alive or not.
#[derive(Debug)]
pub struct Installation {
    binary: PathBuf,
    options: Vec<String>,
    folder: TempDir,
    https: u16,
    http: u16,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    process: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Installation {
    /// A place for `binary` (`env!("CARGO_BIN_EXE_struct")`), with options for `struct up`; not started yet.
    pub fn new(binary: &str, options: &[&str]) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("struct-up-").tempdir()?;
        // Started by root, STRUCT goes on as another account, which has to pass through here.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
        let (https, http) = free_ports()?;
        let options = options.iter().map(ToString::to_string).collect();
        Ok(Self { binary: binary.into(), options, folder, https, http, running: None })
    }

    /// Where browsers go.
    pub fn origin(&self) -> String {
        format!("https://localhost:{}", self.https)
    }

    /// The plain port, which only redirects.
    pub fn plain_origin(&self) -> String {
        format!("http://localhost:{}", self.http)
    }

    /// The data directory.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().join("struct")
    }

    /// Starts `struct up` and waits until it says that it is ready; fails with all it said when it ends before.
    pub fn start(&mut self) -> Result<()> {
        ensure!(self.running.is_none(), "it runs already");
        let (https, http) = (format!("127.0.0.1:{}", self.https), format!("127.0.0.1:{}", self.http));
        let mut process = self.command(&https, &http).spawn().with_context(|| self.binary.display().to_string())?;
        let lines = Arc::new(Mutex::new(Vec::new()));
        collect(process.stdout.take().context("its output is piped")?, &lines);
        collect(process.stderr.take().context("its errors are piped")?, &lines);
        self.running = Some(Running { process, lines });
        let since = Instant::now();
        while !self.said().contains(READY) {
            if let Some(status) = self.process()?.try_wait()? {
                bail!("`struct up` ended with {status}:\n{}", self.said());
            }
            ensure!(since.elapsed() < START_LIMIT, "`struct up` was not ready in time:\n{}", self.said());
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// Runs `struct up` to its end, which should be a refusal: whether it succeeded, and what it said. The addresses take
    /// the place of the installation's own.
    pub fn refusal(&self, https: &str, http: &str, more: &[&str]) -> Result<(ExitStatus, String)> {
        let output = self.command(https, http).args(more).output()?;
        let said = [output.stdout, output.stderr].concat();
        Ok((output.status, String::from_utf8_lossy(&said).into_owned()))
    }

    /// An address that any free port will do for.
    pub const ANY: &str = "127.0.0.1:0";

    /// All it has said so far.
    pub fn said(&self) -> String {
        let lines = self.running.as_ref().map(|running| running.lines.lock().expect("nobody panics while holding it"));
        lines.map(|lines| lines.join("\n")).unwrap_or_default()
    }

    /// SIGTERM, and its exit status when it has drained and stopped.
    pub fn stop(&mut self) -> Result<ExitStatus> {
        self.signal(Signal::TERM)?;
        self.ended()
    }

    /// SIGKILL of the serving process alone; what it started is left to itself.
    pub fn kill(&mut self) -> Result<()> {
        self.signal(Signal::KILL)?;
        let status = self.ended()?;
        ensure!(status.signal() == Some(9), "it ended by itself with {status}");
        Ok(())
    }

    /// SIGKILL of the private PostgreSQL, under or without a serving process.
    pub fn kill_postmaster(&self) -> Result<()> {
        let pid = self.postmaster().context("PostgreSQL does not run")?;
        Ok(kill_process(pid, Signal::KILL)?)
    }

    /// One request, by somebody who trusts this installation's authority only.
    pub fn visit(&self, path: &str) -> Result<Answer> {
        visit::get(self.https, &self.folder().join("tls/ca.pem"), path)
    }

    /// The same without TLS, at the plain port.
    pub fn visit_plain(&self, path: &str) -> Result<Answer> {
        visit::get_plain(self.http, path)
    }

    /// Whether people can come.
    pub fn is_ready(&self) -> bool {
        self.visit("/readyz").is_ok_and(|answer| answer.status == 200)
    }

    /// Waits until people can come, again or for the first time.
    pub fn wait_until_ready(&self) -> Result<()> {
        let since = Instant::now();
        while !self.is_ready() {
            ensure!(since.elapsed() < STOP_LIMIT, "it did not become ready:\n{}", self.said());
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// The number of its process.
    pub fn pid(&self) -> Option<u32> {
        self.running.as_ref().map(|running| running.process.id())
    }

    /// The account under which it runs, as the owner of its process.
    pub fn user_id(&mut self) -> Result<u32> {
        use std::os::unix::fs::MetadataExt;
        let pid = self.process()?.id();
        Ok(std::fs::metadata(format!("/proc/{pid}"))?.uid())
    }

    fn command(&self, https: &str, http: &str) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .arg("up")
            .arg("--data-dir")
            .arg(self.folder())
            .args(["--https", https, "--http", http])
            // Switched on again by the options of those tests that are about them.
            .env("STRUCT_OPS", "off")
            .env("STRUCT_BACKUP", "off")
            .args(&self.options)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn process(&mut self) -> Result<&mut Child> {
        Ok(&mut self.running.as_mut().context("it does not run")?.process)
    }

    fn signal(&mut self, signal: Signal) -> Result<()> {
        let pid = Pid::from_child(self.process()?);
        Ok(kill_process(pid, signal)?)
    }

    fn ended(&mut self) -> Result<ExitStatus> {
        let since = Instant::now();
        loop {
            if let Some(status) = self.process()?.try_wait()? {
                self.running = None;
                return Ok(status);
            }
            ensure!(since.elapsed() < STOP_LIMIT, "it did not stop in time:\n{}", self.said());
            std::thread::sleep(PAUSE);
        }
    }

    /// Whether the private PostgreSQL has been left running, or runs.
    pub fn has_postmaster(&self) -> bool {
        self.postmaster().is_some_and(|pid| Path::new(&format!("/proc/{}", pid.as_raw_pid())).exists())
    }

    /// The process of the private PostgreSQL, by the file it keeps in its directory.
    fn postmaster(&self) -> Option<Pid> {
        let file = find(&self.folder(), "postmaster.pid")?;
        let pid = std::fs::read_to_string(file).ok()?.lines().next()?.trim().parse().ok()?;
        Pid::from_raw(pid)
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        if self.running.is_some() && self.stop().is_err() {
            let _ = self.kill();
        }
        if let Some(pid) = self.postmaster().filter(|_| self.has_postmaster()) {
            let _ = kill_process(pid, Signal::QUIT);
        }
    }
}

fn collect(output: impl std::io::Read + Send + 'static, lines: &Arc<Mutex<Vec<String>>>) {
    let lines = Arc::clone(lines);
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(std::io::Result::ok) {
            lines.lock().expect("nobody panics while holding it").push(line);
        }
    });
}

/// Two ports that were free a moment ago; both are held until both are known, so that they differ.
fn free_ports() -> Result<(u16, u16)> {
    let (one, other) = (TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?);
    Ok((one.local_addr()?.port(), other.local_addr()?.port()))
}

/// The first file of that name, breadth first, at most three folders down.
fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let mut level = vec![folder.to_owned()];
    for _ in 0..4 {
        if let Some(found) = level.iter().map(|folder| folder.join(name)).find(|path| path.is_file()) {
            return Some(found);
        }
        let below = level.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten();
        level = below.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir()).collect();
    }
    None
}
