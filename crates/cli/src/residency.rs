//! `struct residency`: every place data can go, and what is wrong with it; and the register of the configuration in force, by
//! which a start is refused. The rules are `domain`'s, what the machine shows is `host`'s.

use crate::config::{Config, DeclaredSink, MailSecurity};
use crate::log::say;
use crate::machine::SystemClock;
use crate::operator::{self, Addresses};
use crate::place::Layout;
use anyhow::{Context as _, bail};
use app::residency::{Folder, Residency, Seen};
use clap::Subcommand;
use domain::evidence::Verdict;
use domain::residency::{
    DEFAULT_REGION, Declared, Destination, Encryption, MAX_DECLARED, Purpose, Region, Register, Rules, Said, Sink,
};
use domain::time::Clock as _;
use host::backup::Location;
use std::process::ExitCode;

/// `struct residency`.
#[derive(Subcommand, Debug)]
pub enum ResidencyCommand {
    /// Every place data can go, with its region and who says so.
    List {
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Hold the register and the open connections of the running STRUCT against what is allowed. Ends with 0 when all fits, 1
    /// when something does not, 2 when that can't be told.
    Check {
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
}

/// Where data goes by the configuration, and where it may. A demo is in the default region when nobody says where it is.
pub fn residency(config: &Config, demo: bool) -> anyhow::Result<Residency> {
    let mut residency = Residency::new(rules(config, demo)?, config.data_dir.clone());
    let layout = Layout::new(config);
    let mut folder = |purpose, path: std::path::PathBuf, encryption| {
        residency.folders.push(Folder { purpose, path, encryption });
    };
    let (mut destinations, mut bucket) = (Vec::new(), None);
    match Addresses::configured(config)? {
        None => folder(Purpose::Database, layout.postgres(), Encryption::Sealed),
        Some(addresses) => destinations.extend(databases(&addresses)),
    }
    folder(Purpose::Keyring, layout.keyring(), Encryption::Sealed);
    folder(Purpose::Checkpoints, layout.checkpoints(), Encryption::Local);
    match crate::repository::location(config)? {
        None => {}
        Some(Location::Local(path)) => folder(Purpose::Backup, path, Encryption::Cipher),
        Some(location) => {
            destinations.extend(repository(&location));
            bucket = if let Location::S3(s3) = location { Some(s3) } else { None };
        }
    }
    match &config.mail.host {
        None => folder(Purpose::Mail, layout.mail(), Encryption::Local),
        Some(host) => {
            let (usual, encryption) = match config.mail.security {
                MailSecurity::Starttls => (587, Encryption::Tls),
                MailSecurity::Tls => (465, Encryption::Tls),
                MailSecurity::Plain => (25, Encryption::Plain),
            };
            let port = config.mail.port.unwrap_or(usual);
            destinations.push(Destination::host(Purpose::Mail, host, Some(port), encryption));
        }
    }
    for witness in &config.witness {
        let (host, port) = host_and_port(&witness.url)?;
        destinations.push(Destination::host(Purpose::Witness, &host, port, Encryption::Tls));
    }
    if let Some(acme) = &config.tls.acme {
        let (host, port) = host_and_port(&acme.directory)?;
        destinations.push(Destination::host(Purpose::Authority, &host, port, Encryption::Tls));
    }
    for network in &config.stream.allowed_networks {
        destinations.push(Destination::host(Purpose::Stream, network, None, Encryption::Tls));
    }
    if let Some(metrics) = config.metrics {
        destinations.push(Destination::here(Purpose::Telemetry, metrics.to_string(), Encryption::Local));
    }
    destinations.push(Destination::here(Purpose::Telemetry, "process log (standard error)", Encryption::Local));
    Ok(Residency { destinations, bucket, ..residency })
}

fn databases(addresses: &Addresses) -> Vec<Destination> {
    let hosts: Vec<(String, u16)> = addresses.app.hosts();
    if hosts.is_empty() {
        return vec![Destination::here(Purpose::Database, "unix socket", Encryption::Sealed)];
    }
    let of = |(host, port): &(String, u16)| Destination::host(Purpose::Database, host, Some(*port), Encryption::Tls);
    hosts.iter().map(of).collect()
}

/// Where backups go over the network. It is declared by its first name.
fn repository(location: &Location) -> Option<Destination> {
    let mut hosts = host::residency::hosts_of(location).into_iter();
    let (host, port) = hosts.next()?;
    let also = hosts.map(|(host, _)| host).collect();
    Some(Destination { also, ..Destination::host(Purpose::Backup, &host, Some(port), Encryption::Cipher) })
}

fn host_and_port(url: &str) -> anyhow::Result<(String, Option<u16>)> {
    let uri: http::Uri = url.parse().with_context(|| format!("{url} is no address"))?;
    let host = uri.host().with_context(|| format!("{url} names no host"))?;
    let usual = if uri.scheme_str() == Some("http") { 80 } else { 443 };
    Ok((host.to_owned(), Some(uri.port_u16().unwrap_or(usual))))
}

fn rules(config: &Config, demo: bool) -> anyhow::Result<Rules> {
    let said = &config.residency;
    if said.allowed.is_empty() {
        bail!("residency.allowed is empty, so data may be nowhere; name a region: allowed = [\"{DEFAULT_REGION}\"]");
    }
    if said.sink.len() > MAX_DECLARED {
        bail!("{MAX_DECLARED} sinks are declared at most; a network stands for all its addresses");
    }
    let allowed = said.allowed.iter().map(|name| Region::find(name)).collect::<Result<_, _>>();
    let machine = match (&said.region, demo) {
        (Some(name), _) => Some((Region::find(name).context("residency.region")?, Said::Operator)),
        (None, true) => Some((Region::find(DEFAULT_REGION)?, Said::Demo)),
        (None, false) => None,
    };
    let declared = said.sink.iter().map(declared).collect::<anyhow::Result<_>>()?;
    Ok(Rules { allowed: allowed.context("residency.allowed")?, machine, declared })
}

fn declared(sink: &DeclaredSink) -> anyhow::Result<Declared> {
    let about = || format!("[[residency.sink]] {}", sink.address);
    let purpose = match &sink.purpose {
        None => None,
        Some(code) => Some(Purpose::parse(code).with_context(|| {
            let all = Purpose::ALL.map(Purpose::code).join(", ");
            format!("{}: {code:?} is no purpose; write one of {all}, or leave it out", about())
        })?),
    };
    Ok(Declared {
        at: sink.address.parse().with_context(about)?,
        region: Region::find(&sink.region).with_context(about)?,
        purpose,
    })
}

/// Refuses a start by which data could go where it may not; says which lines would make it right.
pub fn require(config: &Config, demo: bool) -> anyhow::Result<()> {
    let (register, faults) = residency(config, demo)?.refusals();
    if faults.is_empty() {
        return Ok(());
    }
    let advice: Vec<String> = faults.iter().map(|fault| fault.advice(&register.allowed)).collect();
    bail!(
        "data could go where it may not be, so nothing was started.\n\n{}\n\nNames of regions, and what a declaration means: docs/residency.md",
        advice.join("\n\n")
    )
}

/// For `struct doctor`: whether a start would be refused, and whether somebody says where this machine is.
pub fn doctor(config: &Config) -> Result<String, String> {
    let residency = residency(config, is_demo(config)).map_err(|error| format!("{error:#}"))?;
    let register = residency.register(&[], None);
    let advice: Vec<String> = register.faults().iter().map(|fault| fault.advice(&register.allowed)).collect();
    match advice.is_empty() {
        true => Ok(format!("{} sinks, all in {}", register.sinks.len(), register.allowed_names())),
        false => Err(advice.join("\n")),
    }
}

/// Whether the data directory is a demo's: its accounts are written there.
fn is_demo(config: &Config) -> bool {
    Layout::new(config).demo_accounts().exists()
}

/// Runs a command.
pub async fn run(config: &Config, command: &ResidencyCommand) -> anyhow::Result<ExitCode> {
    match command {
        ResidencyCommand::List { json } => list(config, *json).await,
        ResidencyCommand::Check { json } => Ok(check(config, *json).await),
    }
}

/// With the tenants' streams when STRUCT runs; without, what the configuration says.
async fn list(config: &Config, json: bool) -> anyhow::Result<ExitCode> {
    let (register, whole) = match operator::addresses(config) {
        Ok(addresses) => (operator::app(config, &addresses, is_demo(config))?.sink_register().await?, true),
        Err(_) => (residency(config, is_demo(config))?.register(&[], None), false),
    };
    if json {
        let mut document = register.whole();
        document["streams_known"] = whole.into();
        say(&document.to_string());
        return Ok(ExitCode::SUCCESS);
    }
    say(&format!("Data may be in: {}", register.allowed_names()));
    say(&match register.machine {
        Some((region, said)) => format!("This machine is in: {} (says: {})", region.name, who(said)),
        None => "This machine is in: nobody says; set region of [residency]".to_owned(),
    });
    say("");
    table(&register).iter().for_each(|line| say(line));
    if !whole {
        say("\nSTRUCT is not running: streams of tenants are not in this list.");
    }
    Ok(ExitCode::SUCCESS)
}

fn who(said: Said) -> &'static str {
    match said {
        Said::Service => "the service and the operator",
        Said::Operator => "the operator",
        Said::Demo => "the demo",
        Said::Nobody => "nobody",
    }
}

fn table(register: &Register) -> Vec<String> {
    let row = |sink: &Sink| {
        [
            sink.purpose.code().to_owned(),
            sink.region.map_or("?", |region| region.name).to_owned(),
            sink.encryption.map_or("-", Encryption::code).to_owned(),
            who(sink.said).to_owned(),
            sink.address.to_string(),
        ]
    };
    let head = ["purpose", "region", "protection", "says", "address"].map(str::to_owned);
    let rows: Vec<[String; 5]> = std::iter::once(head).chain(register.sinks.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths = [width(0), width(1), width(2), width(3)];
    let line = |row: &[String; 5]| {
        let padded = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}  "));
        format!("{}{}", padded.collect::<String>(), row[4])
    };
    rows.iter().map(line).collect()
}

/// 0 when all fits, 1 when something does not, 2 when that can't be told.
async fn check(config: &Config, json: bool) -> ExitCode {
    match checked(config, json).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            crate::log::fail(&error);
            ExitCode::from(2)
        }
    }
}

async fn checked(config: &Config, json: bool) -> anyhow::Result<bool> {
    let app = operator::app(config, &operator::addresses(config)?, is_demo(config))?;
    let mut seen = Seen::default();
    let measured = app.measure_sinks(&mut seen).await?;
    let register = app.sink_register().await?;
    let advice: Vec<String> = register.faults().iter().map(|fault| fault.advice(&register.allowed)).collect();
    let unknown: Vec<String> = seen.unknown().map(ToString::to_string).collect();
    if json {
        let mut document = register.whole();
        document["verdict"] = measured.verdict.code().into();
        document["faults"] = advice.into();
        document["connections_elsewhere"] = unknown.into();
        document["at"] = SystemClock.now().to_string().into();
        say(&document.to_string());
        return Ok(measured.verdict == Verdict::Held);
    }
    advice.iter().for_each(|advice| say(&format!("{advice}\n")));
    unknown.iter().for_each(|connection| say(&format!("An open connection leads to no declared sink: {connection}")));
    if measured.verdict == Verdict::AtRisk {
        say(
            "Some processes belong to another account, and their connections can't be seen; run this as the account of STRUCT.",
        );
    }
    if measured.verdict == Verdict::Held {
        say(&format!(
            "{} sinks, all in {}; no connection leads elsewhere now.",
            register.sinks.len(),
            register.allowed_names()
        ));
    }
    Ok(measured.verdict == Verdict::Held)
}
