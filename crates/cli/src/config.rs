//! Configuration: one TOML file, overridden by options and environment. Unknown keys are refused.

mod backup;
mod tls;

pub use backup::{Backup, Mode as BackupMode};
pub use tls::{Certificate, Tls, host_of};

use anyhow::{Context as _, bail};
use clap::Args;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The environment's word for the data directory.
pub const DATA_DIR: &str = "STRUCT_DATA_DIR";
/// Where root's and services' data is, as long as nothing else is said.
const OF_SERVICES: &str = "/var/lib/struct";
/// In the data directory: how the server that runs there is reached.
pub const PUBLIC_URL_FILE: &str = "public-url";

/// Options of every command.
#[derive(Args, Debug, Default)]
pub struct Options {
    /// Configuration file [default: struct.toml in the data directory, if there is one]
    #[arg(long, global = true, env = "STRUCT_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Everything STRUCT keeps [default: /var/lib/struct for root and services, else ~/.local/share/struct]
    #[arg(long, global = true, env = DATA_DIR, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Address for HTTPS [default: [::]:8443]
    #[arg(long, global = true, env = "STRUCT_HTTPS", value_name = "ADDRESS")]
    https: Option<SocketAddr>,
    /// Address that only redirects to HTTPS [default: [::]:8080]
    #[arg(long, global = true, env = "STRUCT_HTTP", value_name = "ADDRESS")]
    http: Option<SocketAddr>,
    /// Loopback address for Prometheus metrics [default: none]
    #[arg(long, global = true, env = "STRUCT_METRICS", value_name = "ADDRESS")]
    metrics: Option<SocketAddr>,
    /// Address of the operator's pages, or `off` [default: 127.0.0.1:8444]
    #[arg(long, global = true, env = "STRUCT_OPS", value_name = "ADDRESS|off")]
    ops: Option<OpsAddress>,
    /// Whether backups are made [default: on]
    #[arg(long, global = true, env = "STRUCT_BACKUP", value_name = "on|off", hide_possible_values = true)]
    backup: Option<BackupMode>,
    /// How people reach STRUCT, in mails [default: https://localhost:<port of HTTPS>]
    #[arg(long, global = true, env = "STRUCT_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
}

impl Options {
    /// With a folder of a command's own in place of the data directory.
    pub fn in_folder(&mut self, folder: &Path) {
        self.data_dir = Some(folder.to_owned());
    }
}

/// The configuration in force.
#[derive(Clone, Debug)]
pub struct Config {
    /// The data directory, absolute.
    pub data_dir: PathBuf,
    /// HTTPS.
    pub https: SocketAddr,
    /// Redirects.
    pub http: SocketAddr,
    /// Metrics, on loopback.
    pub metrics: Option<SocketAddr>,
    /// The operator's pages; none when switched off.
    pub ops: Option<SocketAddr>,
    /// Without a slash at the end.
    pub public_url: String,
    /// `[database]`
    pub database: Database,
    /// `[postgres]`
    pub postgres: Postgres,
    /// `[tls]`
    pub tls: Tls,
    /// `[mail]`
    pub mail: Mail,
    /// `[keyring]`
    pub keyring: Keyring,
    /// `[log]`
    pub log: Log,
    /// `[stream]`
    pub stream: Stream,
    /// `[[witness]]`
    pub witness: Vec<Witness>,
    /// `[residency]`
    pub residency: Residency,
    /// `[backup]`
    pub backup: Backup,
}

#[derive(Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
struct File {
    https: Option<SocketAddr>,
    http: Option<SocketAddr>,
    metrics: Option<SocketAddr>,
    ops: Option<OpsAddress>,
    public_url: Option<String>,
    database: Database,
    postgres: Postgres,
    tls: Tls,
    mail: Mail,
    keyring: Keyring,
    log: Log,
    stream: Stream,
    witness: Vec<Witness>,
    residency: Residency,
    backup: Backup,
}

/// Where the operator's pages are served: an address, or `off`.
#[derive(Clone, Copy, Deserialize, Debug, PartialEq, Eq)]
#[serde(try_from = "String")]
pub struct OpsAddress(Option<SocketAddr>);

impl OpsAddress {
    /// On loopback, so that nobody outside the machine meets them unless the operator wants it.
    const USUAL: Self = Self(Some(SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8444)));
}

impl std::str::FromStr for OpsAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self(None));
        }
        let address = text.parse().map_err(|_| format!("`{text}` is neither an address (127.0.0.1:8444) nor off"))?;
        Ok(Self(Some(address)))
    }
}

impl TryFrom<String> for OpsAddress {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// A PostgreSQL of the operator's own.
#[derive(Clone, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// As role struct_app, for serving.
    pub url: Option<String>,
    /// As role struct_owner, for the operator's commands.
    pub owner_url: Option<String>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URLs hold passwords.
        write!(f, "Database {{ url: {}, owner_url: {} }}", self.url.is_some(), self.owner_url.is_some())
    }
}

/// The private PostgreSQL.
#[derive(Clone, Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct Postgres {
    /// Folder of its programs; looked for when not given.
    pub bin: Option<PathBuf>,
}

/// Mail out. Without `host`, mail is written to the folder `mail` of the data directory.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct Mail {
    /// The SMTP server.
    pub host: Option<String>,
    /// Its port; by default that of `security`.
    pub port: Option<u16>,
    /// `starttls`, `tls` or, on loopback only, `plain`.
    pub security: MailSecurity,
    /// Who to sign in as there.
    pub user: Option<String>,
    /// File with the password, readable by STRUCT alone.
    pub password_file: Option<PathBuf>,
    /// The sender: `Name <address>`.
    pub from: String,
    /// Where the operator is told of signs of fraud; nowhere by default.
    pub operator: Option<String>,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            host: None,
            port: None,
            security: MailSecurity::Starttls,
            user: None,
            password_file: None,
            from: "STRUCT <struct@localhost>".to_owned(),
            operator: None,
        }
    }
}

/// How mail is protected on its way.
#[derive(Clone, Copy, Deserialize, Debug, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum MailSecurity {
    /// STARTTLS, demanded.
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// None.
    Plain,
}

/// The keys.
#[derive(Clone, Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct Keyring {
    /// File with the root's passphrase; by default `secrets/root.passphrase` in the data directory, made at first start.
    pub passphrase_file: Option<PathBuf>,
}

/// A witness of the logs, to be asked for its cosignature.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// Its submission prefix: `https://…`, or `http://` on loopback.
    pub url: String,
    /// Its public key.
    pub vkey: String,
    /// Certificates of authorities (PEM) to trust for it, instead of the machine's.
    pub ca_file: Option<PathBuf>,
    /// About which logs it is asked.
    #[serde(default)]
    pub logs: WitnessLogs,
}

/// Logs that a witness is asked about.
#[derive(Clone, Copy, Deserialize, Default, Debug, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum WitnessLogs {
    /// The platform's, which holds the checkpoints of all.
    #[default]
    Platform,
    /// Each tenant's too.
    All,
}

/// Streams of the audit log to systems that tenants name.
#[derive(Clone, Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct Stream {
    /// Certificates of authorities (PEM) trusted besides the machine's.
    pub ca_file: Option<PathBuf>,
    /// Networks that streams may reach although they are not public: `10.20.0.0/16`.
    pub allowed_networks: Vec<String>,
}

/// Where data may be, and where everything is that it goes to. Names of regions are in docs/residency.md.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct Residency {
    /// Regions that data may be in.
    pub allowed: Vec<String>,
    /// The region of this machine and of all that is on its disks.
    pub region: Option<String>,
    /// Everything elsewhere.
    pub sink: Vec<DeclaredSink>,
}

impl Default for Residency {
    fn default() -> Self {
        Self { allowed: vec![domain::residency::DEFAULT_REGION.to_owned()], region: None, sink: Vec::new() }
    }
}

/// `[[residency.sink]]`: a place data goes to, and its region.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct DeclaredSink {
    /// A host, host:port, a network, or what is mounted.
    pub address: String,
    /// Its region.
    pub region: String,
    /// What goes there, when the declaration is for that only.
    pub purpose: Option<String>,
}

/// The process log.
#[derive(Clone, Deserialize, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// How lines look.
    pub format: LogFormat,
}

/// How lines of the process log look.
#[derive(Clone, Copy, Deserialize, Default, Debug, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text at a terminal, else JSON.
    #[default]
    Auto,
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// Reads the configuration: options and environment first, then the file, then defaults. A command beside a running
/// server writes that server's links, whatever ports it was given.
pub fn load(options: &Options, beside_a_server: bool) -> anyhow::Result<Config> {
    let data_dir = match &options.data_dir {
        Some(dir) => std::path::absolute(dir)?,
        None => default_data_dir()?,
    };
    let beside = data_dir.join("struct.toml");
    let path = options.config.clone().or_else(|| beside.is_file().then_some(beside));
    let file = match &path {
        Some(path) => read(path)?,
        None => File::default(),
    };
    let any = |port| SocketAddr::from((std::net::Ipv6Addr::UNSPECIFIED, port));
    let https = options.https.or(file.https).unwrap_or_else(|| any(8443));
    let http = options.http.or(file.http).unwrap_or_else(|| any(8080));
    let metrics = options.metrics.or(file.metrics);
    if metrics.is_some_and(|address| !address.ip().is_loopback()) {
        bail!("metrics must be on a loopback address (127.0.0.1:9464): they are served without TLS");
    }
    let ops = options.ops.or(file.ops).unwrap_or(OpsAddress::USUAL).0;
    let configured = options.public_url.clone().or(file.public_url);
    let running = || std::fs::read_to_string(data_dir.join(PUBLIC_URL_FILE)).ok().filter(|_| beside_a_server);
    let public_url = configured.or_else(running).unwrap_or_else(|| format!("https://localhost:{}", https.port()));
    if !public_url.starts_with("https://") {
        bail!("public_url begins with https:// (it is {public_url}): cookies and pages are for HTTPS only");
    }
    file.backup.require()?;
    let backup = Backup { mode: options.backup.unwrap_or(file.backup.mode), ..file.backup };
    Ok(Config {
        data_dir,
        https,
        http,
        metrics,
        ops,
        public_url: public_url.trim_end_matches('/').to_owned(),
        database: file.database,
        postgres: file.postgres,
        tls: file.tls,
        mail: file.mail,
        keyring: file.keyring,
        log: file.log,
        stream: file.stream,
        witness: file.witness,
        residency: file.residency,
        backup,
    })
}

fn read(path: &Path) -> anyhow::Result<File> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("the configuration {} can't be read", path.display()))?;
    // toml's message names line, column, the key, and what is allowed.
    toml::from_str(&text).with_context(|| format!("the configuration {} can't be used", path.display()))
}

fn default_data_dir() -> anyhow::Result<PathBuf> {
    let of_services = PathBuf::from(OF_SERVICES);
    if host::account::is_root() || host::account::owns(&of_services) {
        return Ok(of_services);
    }
    let home = std::env::var_os("HOME").context("there is no HOME; name the data directory with --data-dir")?;
    Ok(PathBuf::from(home).join(".local/share/struct"))
}
