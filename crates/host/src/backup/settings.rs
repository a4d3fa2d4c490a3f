//! Where backups go and of which cluster: settings, the text of pgBackRest's configuration, and its environment. Runs nothing.

use super::{ARCHIVE_TIMEOUT_S, BackupError};
use crate::{
    account::Account,
    postgres::{Binaries, PORT, SUPERUSER},
    secret::Secret,
};
use std::{
    fmt,
    path::{Path, PathBuf},
};

/// The name of the cluster inside the repository.
pub const STANZA: &str = "struct";

/// `[backup]`, as far as this machine is concerned.
#[derive(Clone, Debug)]
pub struct RepositorySettings {
    /// Folder of the configuration, logs and locks: `<data dir>/backup`.
    pub dir: PathBuf,
    /// The program; looked for on PATH when not given.
    pub program: Option<PathBuf>,
    /// Where backups are kept.
    pub location: Location,
    /// Days that a moment stays restorable.
    pub retention_days: u32,
    /// Seconds after which PostgreSQL closes a segment that is not full, so that it gets into the repository.
    pub log_s: u32,
}

/// Where backups are kept.
#[derive(Clone, Debug)]
pub enum Location {
    /// A folder of this machine.
    Local(PathBuf),
    /// S3, or what speaks like it.
    S3(S3),
    /// Azure Blob Storage, or what speaks like it.
    Azure(Azure),
}

/// A bucket.
#[derive(Clone, Debug)]
pub struct S3 {
    /// Its name.
    pub bucket: String,
    /// Path inside it, without slashes at its ends; may be empty.
    pub prefix: String,
    /// `host` or `host:port`, over HTTPS.
    pub endpoint: String,
    /// The region requests are signed for.
    pub region: String,
    /// Certificates of authorities (PEM) to trust instead of the machine's.
    pub ca_file: Option<PathBuf>,
    /// The access key's id.
    pub key_id: Secret,
    /// The access key.
    pub key: Secret,
}

/// A container.
#[derive(Clone, Debug)]
pub struct Azure {
    /// The storage account.
    pub account: Secret,
    /// The container's name; it must exist.
    pub container: String,
    /// Path inside it, without slashes at its ends; may be empty.
    pub prefix: String,
    /// `host` or `host:port`, over HTTPS; Azure's own when not given. With one, the account stands in the path.
    pub endpoint: Option<String>,
    /// Certificates of authorities (PEM) to trust instead of the machine's.
    pub ca_file: Option<PathBuf>,
    /// The account's shared key.
    pub key: Secret,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(path) => write!(f, "{}", path.display()),
            Self::S3(s3) => write!(f, "s3://{}/{}", s3.bucket, s3.prefix),
            Self::Azure(azure) => write!(f, "azure://{}/{}", azure.container, azure.prefix),
        }
    }
}

/// The cluster that is backed up, and as whom pgBackRest runs beside it.
#[derive(Clone, Debug)]
pub struct ClusterPlace {
    /// The directory of its files.
    pub pg_path: PathBuf,
    /// The directory of its socket.
    pub socket_dir: PathBuf,
    /// The port in the socket's name.
    pub port: u16,
    /// The role pgBackRest signs in as.
    pub superuser: String,
    /// Programs that a restored cluster is started with.
    pub binaries: Binaries,
    /// The account the cluster and pgBackRest run as; `None` when it is this process's.
    pub account: Option<Account>,
}

impl ClusterPlace {
    /// Of a private cluster: `home` is what is given to `Cluster::prepare`.
    pub fn private(binaries: Binaries, home: &Path, account: Option<&Account>) -> Self {
        Self {
            pg_path: home.join("cluster"),
            socket_dir: home.join("run"),
            port: PORT,
            superuser: SUPERUSER.to_owned(),
            binaries,
            account: account.cloned(),
        }
    }
}

/// How long one piece of the repository's service may take to answer, in seconds.
const IO_TIMEOUT_S: u32 = 20;

/// The text of pgbackrest.conf. Secrets are not in it.
pub(super) fn configuration(
    settings: &RepositorySettings,
    cluster: &ClusterPlace,
    lock_dir: &Path,
    compression: &str,
) -> Result<String, BackupError> {
    let mut lines = vec!["# Written by STRUCT at every start; changes are lost.".to_owned(), "[global]".to_owned()];
    lines.extend(location(&settings.location)?);
    let level = if compression == "zst" { 3 } else { 1 };
    lines.extend([
        "repo1-cipher-type=aes-256-cbc".to_owned(),
        "repo1-bundle=y".to_owned(),
        "repo1-retention-full-type=time".to_owned(),
        format!("repo1-retention-full={}", settings.retention_days),
        format!("compress-type={compression}"),
        format!("compress-level={level}"),
        "archive-async=n".to_owned(),
        format!("archive-timeout={ARCHIVE_TIMEOUT_S}"),
        format!("io-timeout={IO_TIMEOUT_S}"),
        // A checkpoint at once: a backup is due now, and waiting for the next one would only make it older.
        "start-fast=y".to_owned(),
        "stop-auto=y".to_owned(),
        format!("lock-path={}", own(lock_dir)?),
        "log-level-file=off".to_owned(),
        "log-level-console=off".to_owned(),
        "log-level-stderr=warn".to_owned(),
        String::new(),
        format!("[{STANZA}]"),
        format!("pg1-path={}", own(&cluster.pg_path)?),
        format!("pg1-socket-path={}", own(&cluster.socket_dir)?),
        format!("pg1-port={}", cluster.port),
        format!("pg1-user={}", cluster.superuser),
        String::new(),
    ]);
    Ok(lines.join("\n"))
}

fn location(location: &Location) -> Result<Vec<String>, BackupError> {
    let mut lines = Vec::new();
    let (ca_file, prefix) = match location {
        Location::Local(path) => {
            let inside = line(path, "repository")?;
            if !path.is_absolute() || path == Path::new("/") {
                return Err(refused("repository", format!("is {inside}; name a folder of its own, from the root on")));
            }
            return Ok(vec!["repo1-type=posix".to_owned(), format!("repo1-path={inside}")]);
        }
        Location::S3(s3) => {
            lines.extend([
                "repo1-type=s3".to_owned(),
                format!("repo1-s3-bucket={}", word(&s3.bucket, "repository")?),
                format!("repo1-s3-endpoint={}", word(&s3.endpoint, "endpoint")?),
                format!("repo1-s3-region={}", word(&s3.region, "region")?),
                "repo1-s3-uri-style=path".to_owned(),
            ]);
            (&s3.ca_file, &s3.prefix)
        }
        Location::Azure(azure) => {
            lines.extend([
                "repo1-type=azure".to_owned(),
                format!("repo1-azure-container={}", word(&azure.container, "repository")?),
            ]);
            if let Some(endpoint) = &azure.endpoint {
                lines.push(format!("repo1-azure-endpoint={}", word(endpoint, "endpoint")?));
                lines.push("repo1-azure-uri-style=path".to_owned());
            }
            (&azure.ca_file, &azure.prefix)
        }
    };
    lines.push(format!("repo1-path=/{}", text(prefix, "repository")?));
    if let Some(file) = ca_file {
        lines.push(format!("repo1-storage-ca-file={}", line(file, "ca_file")?));
    }
    lines.push("repo1-storage-verify-tls=y".to_owned());
    Ok(lines)
}

/// A path that follows from the data directory's.
fn own(path: &Path) -> Result<&str, BackupError> {
    line(path, "mode").map_err(|_| {
        let shown = path.display();
        refused(
            "mode",
            format!(
                "can't be \"on\" with {shown}, whose name pgBackRest can't be given; choose another data directory"
            ),
        )
    })
}

fn refused(setting: &'static str, reason: String) -> BackupError {
    BackupError::Setting { setting, reason }
}

/// A path that can stand in the configuration, and in PostgreSQL's restore_command.
fn line<'a>(path: &'a Path, setting: &'static str) -> Result<&'a str, BackupError> {
    let unusable = || refused(setting, format!("is {}; write a path in UTF-8", path.display()));
    text(path.to_str().ok_or_else(unusable)?, setting)
}

/// Characters that would end or change a line of the configuration, or the command that pgBackRest writes for PostgreSQL's
/// restores, where it quotes only spaces.
fn hinders(c: char) -> bool {
    c.is_control() || "\"'\\%$`;&|<>()*?#".contains(c)
}

/// Whether a text gets through as it is.
pub(super) fn is_plain(text: &str) -> bool {
    !text.contains(hinders) && text.trim() == text
}

fn text<'a>(value: &'a str, setting: &'static str) -> Result<&'a str, BackupError> {
    match value.chars().find(|c| hinders(*c)) {
        Some(found) => Err(refused(setting, format!("is {value:?}; write it without {found:?}"))),
        None if !is_plain(value) => Err(refused(setting, format!("is {value:?}; write it without spaces around it"))),
        None => Ok(value),
    }
}

/// A name or address: not empty, and a single word.
fn word<'a>(value: &'a str, setting: &'static str) -> Result<&'a str, BackupError> {
    if value.is_empty() || value.contains('/') {
        return Err(refused(setting, format!("is {value:?}; write a name without slashes")));
    }
    text(value, setting)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::find_binaries;

    fn written(location: Location) -> Result<String, BackupError> {
        let settings =
            RepositorySettings { dir: "/d/backup".into(), program: None, location, retention_days: 35, log_s: 30 };
        let binaries = find_binaries(None).expect("PostgreSQL is installed where tests run");
        let place = ClusterPlace::private(binaries, Path::new("/d/postgres"), None);
        configuration(&settings, &place, Path::new("/d/backup/lock"), "zst")
    }

    fn s3() -> S3 {
        S3 {
            bucket: "copies".to_owned(),
            prefix: "struct/one".to_owned(),
            endpoint: "s3.ap-northeast-1.amazonaws.com".to_owned(),
            region: "ap-northeast-1".to_owned(),
            ca_file: None,
            key_id: Secret::new("canary-id"),
            key: Secret::new("canary-key"),
        }
    }

    #[test]
    fn a_value_that_would_be_another_line_or_command_is_refused() {
        for path in ["relative", "/", "/a ", "/a\nrepo1-cipher-type=none", "/a'; rm", "/a$(x)", "/a\"b"] {
            let refused = written(Location::Local(path.into())).expect_err(path);
            assert!(refused.to_string().starts_with("backup.repository is"), "{refused}");
        }
        written(Location::S3(S3 { region: "a\nb".to_owned(), ..s3() })).expect_err("two lines");
        written(Location::S3(S3 { bucket: String::new(), ..s3() })).expect_err("no bucket");
    }

    #[test]
    fn no_secret_is_in_the_configuration_and_every_repository_is_encrypted_and_checked() {
        let text = written(Location::S3(s3())).expect("it can be written");
        assert!(!text.contains("canary"), "{text}");
        for wanted in ["repo1-cipher-type=aes-256-cbc", "repo1-storage-verify-tls=y", "repo1-path=/struct/one"] {
            assert!(text.lines().any(|line| line == wanted), "{wanted} in {text}");
        }
    }
}
