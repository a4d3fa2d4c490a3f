//! The repository of backups as configured, with its passphrase from the keyring. Makes no backup.

use crate::config::{BackupMode, Config};
use crate::machine::SystemBytes;
use crate::place::Layout;
use app::backup::{Backups, Kept};
use host::backup::{ClusterPlace, Location, Repository, RepositorySettings};
use host::keyring::Keyring;
use host::postgres::{Archiving, find_binaries};
use host::secret::Secret;
use seal::tree::Node;

/// Why no backups are made.
const SWITCHED_OFF: &str = "backup.mode is off";
/// Why none are made of a database that STRUCT does not run.
const ELSEWHERE: &str = "database.url is set, and backups of a server of your own are made by who runs it";
/// Why a command beside the server makes none.
const BESIDE: &str = "the server that runs makes them";

/// Where backups go; `None` when none are made. Reads the files of keys, so that a mistake is told before anything is made.
pub fn location(config: &Config) -> anyhow::Result<Option<Location>> {
    match (config.backup.mode, &config.database.url) {
        (BackupMode::Off, _) | (_, Some(_)) => Ok(None),
        (BackupMode::On, None) => config.backup.location(&Layout::new(config).repository()).map(Some),
    }
}

/// Why this configuration, or what runs with it, makes no backups.
pub fn why_none(config: &Config) -> &'static str {
    match (config.backup.mode, &config.database.url) {
        (BackupMode::Off, _) => SWITCHED_OFF,
        (BackupMode::On, Some(_)) => ELSEWHERE,
        (BackupMode::On, None) => BESIDE,
    }
}

/// The repository, or why there is none. Finds pgBackRest and writes its configuration; the repository itself is not reached for.
pub async fn backups(config: &Config, keyring: &Keyring) -> anyhow::Result<Backups> {
    let Some(location) = location(config)? else {
        return Ok(Backups::Off(why_none(config).to_owned()));
    };
    let layout = Layout::new(config);
    let binaries = find_binaries(config.postgres.bin.as_deref())?;
    let cluster = ClusterPlace::private(binaries, &layout.postgres(), None);
    let settings = RepositorySettings {
        dir: layout.backup(),
        program: config.backup.program.clone(),
        location,
        retention_days: config.backup.retention_days,
        log_s: config.backup.log_s,
    };
    let repository = Repository::open(settings, cluster, passphrase(keyring)?).await?;
    Ok(Backups::On(Kept { repository, dir: layout.backup(), private: true }))
}

/// What the private PostgreSQL is to do with its log.
pub fn archiving(backups: &Backups) -> Archiving {
    match backups {
        Backups::Off(_) => Archiving::Off,
        Backups::On(kept) => kept.repository.archiving(),
    }
}

/// The first version of the key, whatever came after it: a repository keeps the passphrase that it was made with.
fn passphrase(keyring: &Keyring) -> anyhow::Result<Secret> {
    keyring.provision(&Node::PlatformBackup, &SystemBytes::new())?;
    let versions = keyring.keys(&Node::PlatformBackup)?;
    let (_, first) = versions.first().expect("a node that was provisioned has a key");
    Ok(Secret::of_key(first))
}
