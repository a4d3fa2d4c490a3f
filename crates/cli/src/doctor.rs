//! `struct doctor`: looks for what would keep STRUCT from running. Changes nothing.

use crate::config::Config;
use crate::log::say;
use crate::operator::{self, Addresses};
use crate::place::Layout;
use host::keyring::{Keyring, Passphrase};
use std::process::ExitCode;
use store::Store;

/// Below this, doctor complains: a cluster needs room for WAL and temporary files.
const FREE_WANTED_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Runs all checks; exit status 0 only when none failed.
pub async fn doctor(config: &Config) -> anyhow::Result<ExitCode> {
    let mut sound = true;
    let mut tell = |what: &str, found: Result<String, String>| {
        sound &= found.is_ok();
        say(&match found {
            Ok(text) => format!("ok    {what}: {text}"),
            Err(text) => format!("FAIL  {what}: {text}"),
        });
    };
    tell("data directory", data_dir(config));
    if config.database.url.is_none() {
        let found = host::postgres::find_binaries(config.postgres.bin.as_deref());
        tell(
            "PostgreSQL",
            found.map(|b| format!("{} in {}", b.version(), b.dir().display())).map_err(|e| e.to_string()),
        );
    }
    tell("keyring", keyring(config));
    tell("database", database(config).await);
    tell("residency", crate::residency::doctor(config));
    tell("listeners", crate::certificate::doctor(config).await);
    tell("connections", crate::certificate::doctor_connections(config).await);
    for (name, found) in witnesses(config).await {
        tell(&name, found);
    }
    tell(
        "mail",
        Ok(config
            .mail
            .host
            .clone()
            .map_or("written to the data directory; set mail.host to send it".to_owned(), |host| {
                format!("sent through {host}")
            })),
    );
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn data_dir(config: &Config) -> Result<String, String> {
    let dir = &config.data_dir;
    if !dir.is_dir() {
        return Err(format!("{} is not there; `struct up` makes it", dir.display()));
    }
    let space = host::disk::require(dir, FREE_WANTED_BYTES).map_err(|error| error.to_string())?;
    Ok(format!("{}, {} MiB free", dir.display(), space.free / 1024 / 1024))
}

fn keyring(config: &Config) -> Result<String, String> {
    let layout = Layout::new(config);
    let own = layout.passphrase();
    let file = config.keyring.passphrase_file.as_ref().unwrap_or(&own);
    if !Keyring::exists(&layout.keyring()) {
        return Err("there is none yet; `struct up` makes it".to_owned());
    }
    let passphrase = Passphrase::read(file).map_err(|error| error.to_string())?;
    let random = crate::machine::SystemBytes::new();
    let keyring = Keyring::open(&layout.keyring(), &passphrase, &random).map_err(|error| error.to_string())?;
    let nodes = keyring.nodes().map_err(|error| error.to_string())?;
    let note = if config.keyring.passphrase_file.is_none() {
        "; its passphrase lies beside it: keep a copy elsewhere, and set keyring.passphrase_file"
    } else {
        ""
    };
    Ok(format!("{} keys{note}", nodes.len()))
}

async fn database(config: &Config) -> Result<String, String> {
    let addresses: Addresses = operator::addresses(config).map_err(|error| error.to_string())?;
    let store = Store::new(&addresses.app).map_err(|error| error.to_string())?;
    store.check_schema().await.map_err(|error| error.to_string())?;
    Ok(format!("answers, at schema version {}", store::migrate::newest()))
}

/// Whether each witness answers, and where it stands with the platform's log.
async fn witnesses(config: &Config) -> Vec<(String, Result<String, String>)> {
    let asked = match crate::witness::asked(config) {
        Ok(asked) => asked,
        Err(error) => return vec![("witnesses".to_owned(), Err(format!("{error:#}")))],
    };
    let rows = match operator::addresses(config).map(|addresses| Store::new(&addresses.app)) {
        Ok(Ok(store)) => store.witnesses(store::ledger::platform()).await.unwrap_or_default(),
        _ => Vec::new(),
    };
    let mut told = Vec::new();
    for asked in asked {
        let remote = &asked.remote;
        let row = rows.iter().find(|row| row.witness == remote.name());
        let stands = match row {
            Some(store::ledger::WitnessRow { refusal: Some(why), .. }) => Err(format!("does not cosign: {why}")),
            Some(store::ledger::WitnessRow { cosigned: Some((size, at)), .. }) => {
                Ok(format!("answers, has cosigned {size} leaves of the platform's log, last at {at:.0}"))
            }
            _ => Ok("answers, has cosigned nothing yet; does its operator know this log's key?".to_owned()),
        };
        let answers = remote.answers().await.map_err(|error| error.to_string());
        told.push((format!("witness {}", remote.name()), answers.and(stands)));
    }
    told
}
