//! `[backup]`: whether backups are made, where they are kept, and by what credentials. Opens nothing.

use anyhow::{Context as _, ensure};
use clap::ValueEnum;
use host::backup::{Azure, Location, S3};
use host::secret::Secret;
use serde::Deserialize;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// Days that a moment stays restorable, unless the operator says otherwise.
const RETENTION_DAYS: u32 = 35;
/// Seconds after which a segment that is not full leaves PostgreSQL, unless the operator says otherwise.
const LOG_S: u32 = 30;

/// Days that a moment may stay restorable: none is no backup, and ten years are enough.
const ALLOWED_DAYS: RangeInclusive<u32> = 1..=3_660;
/// Seconds that a segment may stay: less is a burden, more leaves nobody time to act before ten minutes are over.
const ALLOWED_LOG_S: RangeInclusive<u32> = 5..=300;

/// Backups.
#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields, default)]
pub struct Backup {
    /// `on`, or `off`: then the promises about backups are shown as missed.
    pub mode: Mode,
    /// A folder, `s3://bucket/prefix` or `azure://container/prefix`; by default `backup/repository` in the data directory.
    pub repository: Option<String>,
    /// Where S3 or Azure is reached, when that is not Amazon or Microsoft: `host` or `host:port`.
    pub endpoint: Option<String>,
    /// The region that requests to S3 are signed for.
    pub region: Option<String>,
    /// Certificates of authorities (PEM) to trust for it, instead of the machine's.
    pub ca_file: Option<PathBuf>,
    /// File with the id of the S3 access key.
    pub key_id_file: Option<PathBuf>,
    /// The Azure storage account.
    pub account: Option<String>,
    /// File with the S3 access key, or the Azure account's key.
    pub key_file: Option<PathBuf>,
    /// Days that a moment stays restorable.
    pub retention_days: u32,
    /// Seconds after which a segment that is not full leaves PostgreSQL.
    pub log_s: u32,
    /// The program pgbackrest; looked for when not given.
    pub program: Option<PathBuf>,
}

impl Default for Backup {
    fn default() -> Self {
        Self {
            mode: Mode::On,
            repository: None,
            endpoint: None,
            region: None,
            ca_file: None,
            key_id_file: None,
            account: None,
            key_file: None,
            retention_days: RETENTION_DAYS,
            log_s: LOG_S,
            program: None,
        }
    }
}

impl Backup {
    /// Refuses figures out of bounds.
    pub fn require(&self) -> anyhow::Result<()> {
        let Self { retention_days, log_s, .. } = self;
        ensure!(ALLOWED_DAYS.contains(retention_days), "backup.retention_days is 1 to 3660 (it is {retention_days})");
        ensure!(ALLOWED_LOG_S.contains(log_s), "backup.log_s is 5 to 300 seconds (it is {log_s})");
        Ok(())
    }

    /// Refuses keys that mean nothing for this repository: they would be taken for some that do.
    fn require_only(&self, allowed: &[&str]) -> anyhow::Result<()> {
        let given = [
            ("endpoint", self.endpoint.is_some()),
            ("region", self.region.is_some()),
            ("ca_file", self.ca_file.is_some()),
            ("key_id_file", self.key_id_file.is_some()),
            ("account", self.account.is_some()),
            ("key_file", self.key_file.is_some()),
        ];
        let stray = given.into_iter().find(|(key, given)| *given && !allowed.contains(key));
        ensure!(
            stray.is_none(),
            "backup.{} means nothing for backup.repository = {:?}; leave it out, or name the repository it is for",
            stray.map_or("", |(key, _)| key),
            self.repository.as_deref().unwrap_or_default()
        );
        Ok(())
    }

    /// Where backups are kept: `usual` when nothing is said. Reads the credentials.
    pub fn location(&self, usual: &Path) -> anyhow::Result<Location> {
        self.require_only(match self.repository.as_deref() {
            Some(place) if place.starts_with("s3://") => &["endpoint", "region", "ca_file", "key_id_file", "key_file"],
            Some(place) if place.starts_with("azure://") => &["endpoint", "ca_file", "account", "key_file"],
            _ => &[],
        })?;
        let Some(repository) = &self.repository else { return Ok(Location::Local(usual.to_owned())) };
        if let Some(place) = repository.strip_prefix("s3://") {
            let (bucket, prefix) = parts(place, "s3://bucket/prefix")?;
            let region = self.region.clone().context("backup.region is wanted: requests to S3 are signed for it")?;
            return Ok(Location::S3(S3 {
                bucket,
                prefix,
                endpoint: self.endpoint.clone().unwrap_or_else(|| format!("s3.{region}.amazonaws.com")),
                region,
                ca_file: self.ca_file.clone(),
                key_id: secret(self.key_id_file.as_deref(), "backup.key_id_file")?,
                key: secret(self.key_file.as_deref(), "backup.key_file")?,
            }));
        }
        if let Some(place) = repository.strip_prefix("azure://") {
            let (container, prefix) = parts(place, "azure://container/prefix")?;
            return Ok(Location::Azure(Azure {
                account: Secret::new(self.account.as_deref().context("backup.account is wanted: the storage account")?),
                container,
                prefix,
                endpoint: self.endpoint.clone(),
                ca_file: self.ca_file.clone(),
                key: secret(self.key_file.as_deref(), "backup.key_file")?,
            }));
        }
        let path = PathBuf::from(repository);
        ensure!(
            path.is_absolute() && !repository.contains("://"),
            "backup.repository is a folder from the root on, s3://bucket/prefix or azure://container/prefix (it is {repository})"
        );
        Ok(Location::Local(path))
    }
}

fn parts(place: &str, form: &str) -> anyhow::Result<(String, String)> {
    let (first, prefix) = place.split_once('/').unwrap_or((place, ""));
    ensure!(!first.is_empty(), "backup.repository looks like {form}");
    Ok((first.to_owned(), prefix.trim_matches('/').to_owned()))
}

fn secret(file: Option<&Path>, key: &str) -> anyhow::Result<Secret> {
    let file = file.with_context(|| format!("{key} is wanted: a file that only STRUCT can read"))?;
    Secret::read(file).with_context(|| key.to_owned())
}

/// Whether backups are made.
#[derive(Clone, Copy, Deserialize, Debug, PartialEq, Eq, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// They are.
    On,
    /// They are not.
    Off,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn read(text: &str) -> Backup {
        toml::from_str(text).expect("known keys")
    }

    fn refused(text: &str) -> String {
        let config = read(text);
        let located = config.require().and_then(|()| config.location(Path::new("/d/backup/repository")));
        format!("{:#}", located.expect_err(text))
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_the_name_of_its_key() {
        toml::from_str::<Backup>("retention = 35").expect_err("no such key");
        toml::from_str::<Backup>("mode = \"sometimes\"").expect_err("on or off");
        for (text, key) in [
            ("retention_days = 0", "backup.retention_days"),
            ("log_s = 600", "backup.log_s"),
            ("repository = \"ftp://x\"", "backup.repository"),
            ("repository = \"here\"", "backup.repository"),
            ("repository = \"s3:///x\"\nregion = \"x\"", "backup.repository"),
            ("endpoint = \"x\"", "backup.endpoint"),
            ("repository = \"/r\"\nregion = \"x\"", "backup.region"),
            ("repository = \"azure://c\"\nregion = \"x\"", "backup.region"),
            ("repository = \"s3://b\"", "backup.region"),
            ("repository = \"s3://b\"\nregion = \"x\"", "backup.key_id_file"),
            ("repository = \"azure://c\"", "backup.account"),
            ("repository = \"azure://c\"\naccount = \"a\"", "backup.key_file"),
        ] {
            assert!(refused(text).contains(key), "{}", refused(text));
        }
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "word\n").expect("writable");
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o644)).expect("ours");
        let text = format!("repository = \"azure://c\"\naccount = \"a\"\nkey_file = {:?}", file.path());
        assert!(refused(&text).contains("chmod 600"), "{}", refused(&text));
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o600)).expect("ours");
        let Ok(Location::Azure(azure)) = read(&text).location(Path::new("/d")) else { panic!("it is complete") };
        assert_eq!((azure.container.as_str(), azure.prefix.as_str()), ("c", ""));
    }

    #[test]
    fn backups_go_into_the_data_directory_unless_told_otherwise() {
        let Ok(Location::Local(path)) = read("").location(Path::new("/d/backup/repository")) else {
            panic!("a folder")
        };
        assert_eq!((path, read("").mode), (PathBuf::from("/d/backup/repository"), Mode::On));
    }
}
