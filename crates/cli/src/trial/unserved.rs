//! STRUCT without a server, on a directory of its own: its private PostgreSQL, and an `App` in this very process. For what is
//! measured or tried below the pages; what has to go through HTTPS takes `product`.

use super::product::{PASSWORD, grant};
use crate::config::Config;
use crate::operator::{self, Addresses};
use crate::place::Layout;
use anyhow::{Context as _, bail};
use app::tenant::NewTenant;
use app::{App, Caller, Peer};
use domain::locale::Locale;
use domain::service::Service;
use host::postgres::{Cluster, Running, SUPERUSER, find_binaries};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::Address;
use store::bootstrap::DATABASE;
use tempfile::TempDir;

/// A throw-away installation that nobody serves.
pub struct Unserved {
    /// Everything it can do.
    pub app: Arc<App>,
    config: Config,
    socket_dir: PathBuf,
    running: Running,
    folder: TempDir,
}

impl Unserved {
    /// Makes the cluster and starts it. Account, PostgreSQL and log settings are those of `base`.
    pub async fn start(base: &Config) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("struct-trial-").tempdir()?;
        let config = super::product::throw_away(base, &folder.path().join("struct"))?;
        let layout = Layout::new(&config);
        layout.make()?;
        let binaries = find_binaries(config.postgres.bin.as_deref())?;
        let cluster = Cluster::prepare(binaries, &layout.postgres(), None).await?;
        let running = cluster.start().await?;
        let socket_dir = running.socket_dir().to_owned();
        store::bootstrap::bootstrap(&Address::socket(&socket_dir, SUPERUSER, "postgres")).await?;
        let addresses = Addresses::private(&socket_dir);
        store::migrate::migrate(addresses.owner.as_ref().context("a private database has an owner")?).await?;
        let app = operator::app(&config, &addresses, false)?;
        app.provision_platform()?;
        Ok(Self { app, config, socket_dir, running, folder })
    }

    /// A folder for files that go with it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The addresses of its database.
    pub fn addresses(&self) -> Addresses {
        Addresses::private(&self.socket_dir)
    }

    /// Its database's superuser.
    pub fn root(&self) -> Address {
        Address::socket(&self.socket_dir, SUPERUSER, DATABASE)
    }

    /// Its paths.
    pub fn layout(&self) -> Layout {
        Layout::new(&self.config)
    }

    /// Makes a tenant with that code; its administrator joins, signs in, and may do everything with customers.
    pub async fn member(&self, service: &Service, code: &str) -> anyhow::Result<Caller> {
        let app = &self.app;
        let email = format!("administrator@{code}.example.jp");
        let new = NewTenant {
            code: code.to_owned(),
            name: code.to_owned(),
            email: email.clone(),
            display_name: "試験 花子".to_owned(),
            billing_types: vec!["standard".to_owned()],
        };
        let (tenant, link) = app.tenant_create(&new, Locale::Ja).await?;
        app.contract_start(tenant, &service.name, true).await?;
        let peer = || Peer {
            address: None,
            device: String::new(),
            request: app.new_request_id(),
            locale: Locale::Ja,
            device_cookie: String::new(),
        };
        app.accept_invitation(&peer(), link.rsplit('/').next().unwrap_or_default(), PASSWORD).await?;
        let signed = app.sign_in(&peer(), &email, PASSWORD).await?;
        let caller = app.caller(peer(), &signed.token).await?;
        grant(app, &caller, service).await?;
        Ok(caller)
    }

    /// Installs the shipped service with customers.
    pub async fn install(&self) -> anyhow::Result<Service> {
        super::product::install_shipped(&self.app).await
    }

    /// Ends the sessions of `app` as far as possible and stops PostgreSQL.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        drop(self.app);
        if let Err(error) = self.running.stop_fast().await {
            bail!("PostgreSQL did not stop: {error}");
        }
        Ok(())
    }
}
