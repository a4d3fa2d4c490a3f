//! The data directory: its layout, and becoming the account it belongs to. Nothing of STRUCT runs as root.

use crate::config::Config;
use anyhow::{Context as _, bail};
use host::account::{Account, is_root, reexec_as};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Paths in the data directory.
#[derive(Clone, Debug)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// Of a configuration.
    pub fn new(config: &Config) -> Self {
        Self { root: config.data_dir.clone() }
    }
    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }
    /// The private PostgreSQL.
    pub fn postgres(&self) -> PathBuf {
        self.root.join("postgres")
    }
    /// The keys.
    pub fn keyring(&self) -> PathBuf {
        self.root.join("keyring")
    }
    /// The root's passphrase, unless the operator keeps it elsewhere.
    pub fn passphrase(&self) -> PathBuf {
        self.root.join("secrets").join("root.passphrase")
    }
    /// Certificates.
    pub fn tls(&self) -> PathBuf {
        self.root.join("tls")
    }
    /// Mail, when no server is configured.
    pub fn mail(&self) -> PathBuf {
        self.root.join("mail")
    }
    /// Checkpoints of the logs, as far as they were seen.
    pub fn checkpoints(&self) -> PathBuf {
        self.root.join("checkpoints")
    }
    /// What belongs to backups on this machine.
    pub fn backup(&self) -> PathBuf {
        self.root.join("backup")
    }
    /// The repository of backups, unless it is elsewhere.
    pub fn repository(&self) -> PathBuf {
        self.backup().join("repository")
    }
    /// Accounts of the demo, shown again at each start.
    pub fn demo_accounts(&self) -> PathBuf {
        self.root.join("demo-accounts.txt")
    }

    /// Makes the directories, private to the account.
    pub fn make(&self) -> anyhow::Result<()> {
        for dir in [self.root.clone(), self.root.join("secrets"), self.tls(), self.keyring(), self.postgres()] {
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&dir)
                .with_context(|| format!("the directory {} can't be made", dir.display()))?;
        }
        Ok(())
    }
}

/// Started by root: makes the data directory, if the command has one, gives it to the unprivileged account, and becomes
/// that account.
pub fn leave_root(data_dir: Option<&Path>) -> anyhow::Result<()> {
    if !is_root() {
        return Ok(());
    }
    let Some(account) = Account::unprivileged() else {
        bail!(
            "STRUCT does not run as root, and there is neither an account `struct` nor `postgres` to run as; make one: useradd --system struct"
        );
    };
    if let Some(dir) = data_dir.filter(|dir| !dir.exists()) {
        std::fs::create_dir_all(dir).with_context(|| format!("the data directory {} can't be made", dir.display()))?;
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))?;
        std::os::unix::fs::chown(dir, Some(account.uid), Some(account.gid))?;
    }
    // The one it becomes has a home of its own, and would look for the data there.
    let handed_over: Vec<_> = data_dir.iter().map(|dir| (crate::config::DATA_DIR, dir.as_os_str())).collect();
    let error = reexec_as(&account, &handed_over);
    Err(error).with_context(|| format!("becoming the account {} failed", account.name))
}
