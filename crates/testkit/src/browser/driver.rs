//! chromedriver on a port of its own choosing, and the Chromiums it starts. Everything started here ends with it.
#![allow(clippy::disallowed_methods, reason = "the testkit starts what a person starts by hand")]

use super::Browser;
use anyhow::{Context, Result};
use fantoccini::ClientBuilder;
use fantoccini::wd::Capabilities;
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use tempfile::TempDir;

/// What Chromium is started with: no window, no sandbox (tests run as root), and no talk to anybody but the page.
const FLAGS: [&str; 13] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    // A page that scrolls smoothly moves under a click.
    "--force-prefers-reduced-motion",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=ja",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
];
/// chromedriver says this, followed by the port, when it listens.
const STARTED: &str = "started successfully on port ";

/// A running chromedriver.
#[derive(Debug)]
pub struct Driver {
    process: Child,
    address: String,
    profiles: Mutex<Vec<PathBuf>>,
}

impl Driver {
    /// Starts it on a free port.
    pub fn start() -> Result<Self> {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("chromedriver cannot be started: apt-get install chromium chromium-driver")?;
        let stdout = process.stdout.take().context("its output is piped")?;
        let mut lines = BufReader::new(stdout).lines();
        let port = loop {
            let line = lines.next().context("chromedriver ended before it listened")??;
            if let Some((_, port)) = line.split_once(STARTED) {
                break port.trim_end_matches('.').to_owned();
            }
        };
        // Its output is read to the end, or it would stop when the pipe is full.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { process, address: format!("http://127.0.0.1:{port}"), profiles: Mutex::default() })
    }

    /// A browser with a new profile, for the installation at `origin` (`https://localhost:8443`).
    pub async fn browser(&self, origin: &str) -> Result<Browser> {
        let folder = tempfile::Builder::new().prefix("struct-browser-").tempdir()?;
        let downloads = folder.path().join("downloads");
        std::fs::create_dir(&downloads)?;
        self.profiles.lock().expect("nobody panics while holding it").push(folder.path().to_owned());
        let client = ClientBuilder::rustls()?
            .capabilities(capabilities(&folder, &downloads))
            .connect(&self.address)
            .await
            .context("chromium cannot be started")?;
        Ok(Browser { client, origin: origin.trim_end_matches('/').to_owned(), folder })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        // Killed, it leaves its Chromiums behind; they are known by the profiles made here.
        for profile in self.profiles.lock().expect("nobody panics while holding it").iter() {
            for pid in processes_naming(profile) {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
        }
    }
}

fn capabilities(folder: &TempDir, downloads: &Path) -> Capabilities {
    let profile = folder.path().join("profile");
    let mut arguments: Vec<String> = FLAGS.iter().map(ToString::to_string).collect();
    arguments.push(format!("--user-data-dir={}", profile.display()));
    let preferences = json!({
        "download.default_directory": downloads,
        "download.prompt_for_download": false,
        "intl.accept_languages": "ja,en",
        "credentials_enable_service": false,
    });
    let mut capabilities = Capabilities::new();
    capabilities.insert("acceptInsecureCerts".into(), json!(true));
    capabilities.insert("goog:chromeOptions".into(), json!({ "args": arguments, "prefs": preferences }));
    capabilities
}

/// The processes on whose command line the profile stands.
fn processes_naming(profile: &Path) -> Vec<rustix::process::Pid> {
    let profile = profile.display().to_string();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    let naming = entries.filter(|entry| {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(&profile)
    });
    naming.filter_map(|entry| rustix::process::Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)).collect()
}
