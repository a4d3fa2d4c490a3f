//! `struct service`: checking, installing, upgrading, listing. What a manifest may say is `domain::service`'s.

use crate::config::Config;
use crate::log::{complain, say};
use crate::operator::commander;
use anyhow::{Context as _, bail};
use app::service::Installed;
use clap::Subcommand;
use domain::service::{Service, manifest};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The shipped services.
pub const SHIPPED: [(&str, &str); 2] = [
    ("services/crm.toml", include_str!("../../../services/crm.toml")),
    ("services/expense.toml", include_str!("../../../services/expense.toml")),
];

/// Services.
#[derive(Subcommand, Debug)]
pub enum ServiceCommand {
    /// Read manifests and say what is wrong with them, with file, line and what is allowed.
    Check {
        /// Manifests.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Install a service from its manifest; `crm` and `expense` are shipped and need no file.
    Install {
        /// A manifest, or the name of a shipped service.
        manifest: String,
    },
    /// Upgrade an installed service. Only additions; anything that would lose data is refused with its reason.
    Upgrade {
        /// A manifest, or the name of a shipped service.
        manifest: String,
        /// Only say what would be done.
        #[arg(long)]
        dry_run: bool,
    },
    /// List installed services.
    List {
        /// Print one JSON array.
        #[arg(long)]
        json: bool,
    },
}

/// `struct service check`: exit status 0 only when all are sound.
pub fn check(files: &[PathBuf]) -> ExitCode {
    let mut sound = true;
    for file in files {
        match read_file(file) {
            Ok(service) => say(&format!(
                "{}: {} version {}, {} entities, {} screens: sound",
                file.display(),
                service.name,
                service.version,
                service.entities.len(),
                service.screens.len()
            )),
            Err(error) => {
                complain(&format!("{error:#}"));
                sound = false;
            }
        }
    }
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs a command.
pub async fn run(config: &Config, command: ServiceCommand) -> anyhow::Result<ExitCode> {
    match command {
        ServiceCommand::Check { files } => return Ok(check(&files)),
        ServiceCommand::Install { manifest } => install(config, &named(&manifest)?, false).await?,
        ServiceCommand::Upgrade { manifest, dry_run } if dry_run => preview(config, &named(&manifest)?).await?,
        ServiceCommand::Upgrade { manifest, .. } => install(config, &named(&manifest)?, true).await?,
        ServiceCommand::List { json } => list(config, json).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads a manifest's text.
pub fn read(file: &str, text: &str) -> anyhow::Result<Service> {
    manifest::read(file, text).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        anyhow::anyhow!(lines.join("\n"))
    })
}

fn read_file(path: &Path) -> anyhow::Result<Service> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))?;
    read(&path.display().to_string(), &text)
}

fn named(manifest: &str) -> anyhow::Result<Service> {
    let shipped = SHIPPED.iter().find(|(file, _)| Path::new(file).file_stem().is_some_and(|stem| stem == manifest));
    match shipped {
        Some((file, text)) => read(file, text),
        None => read_file(Path::new(manifest)),
    }
}

async fn install(config: &Config, service: &Service, upgrade: bool) -> anyhow::Result<()> {
    let app = commander(config)?;
    let known = app.services().await?.into_iter().find(|known| known.name == service.name);
    match (known, upgrade) {
        (None, true) => bail!("{} is not installed; use `struct service install`", service.name),
        (Some(known), false) if known != *service => {
            bail!("{} is installed at version {}; use `struct service upgrade`", service.name, known.version)
        }
        _ => {}
    }
    match app.service_install(service).await? {
        Err(reasons) => bail!("{} was left as it is:\n  {}", service.name, reasons.join("\n  ")),
        Ok(Installed::New) => say(&format!("Installed {} version {}.", service.name, service.version)),
        Ok(Installed::Unchanged) => {
            say(&format!("{} version {} was installed already.", service.name, service.version))
        }
        Ok(Installed::Upgraded { from, steps }) => {
            say(&format!("Upgraded {} from version {from} to {}:", service.name, service.version));
            steps.iter().for_each(|step| say(&format!("  {step}")));
        }
    }
    Ok(())
}

async fn preview(config: &Config, service: &Service) -> anyhow::Result<()> {
    let app = commander(config)?;
    let known = app.services().await?.into_iter().find(|known| known.name == service.name);
    let known = known.with_context(|| format!("{} is not installed", service.name))?;
    match manifest::upgrade(&known, service) {
        Ok(steps) => {
            say(&format!("Upgrading {} from version {} to {} would:", service.name, known.version, service.version));
            steps.iter().for_each(|step| say(&format!("  {step}")));
        }
        Err(reasons) => bail!("the upgrade would be refused:\n  {}", reasons.join("\n  ")),
    }
    Ok(())
}

async fn list(config: &Config, json: bool) -> anyhow::Result<()> {
    let services = commander(config)?.services().await?;
    if json {
        let rows: Vec<_> = services
            .iter()
            .map(|s| serde_json::json!({ "name": s.name, "version": s.version, "label": s.label }))
            .collect();
        say(&serde_json::Value::Array(rows).to_string());
        return Ok(());
    }
    for service in services {
        say(&format!(
            "{:<20} version {:<4} {} / {}",
            service.name, service.version, service.label.ja, service.label.en
        ));
    }
    Ok(())
}
