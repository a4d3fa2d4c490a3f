//! Connections: where the server is, how they are pooled, bounded and secured. Runs no statement of its own.

use crate::StoreError;
use crate::flight::STATEMENT_LIMIT_MS;
use crate::transport::Demands;
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Timeouts};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use std::path::Path;
use std::time::Duration;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Config, NoTls};

/// Connections of the application at most.
pub const MAX_CONNECTIONS: usize = 24;
/// Prepared statements a connection keeps at most.
pub const MAX_PREPARED: usize = 400;
/// PostgreSQL's port where none is named.
const DEFAULT_PORT: u16 = 5432;
/// How long a request waits for a free connection, and a connection attempt may take.
pub const WAIT_LIMIT: Duration = Duration::from_secs(5);

/// Where PostgreSQL is and as whom to come.
#[derive(Clone)]
pub struct Address {
    config: Config,
    /// Trusted besides the machine's authorities when TLS is spoken.
    authority: Vec<CertificateDer<'static>>,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Config holds a password: only host and role are shown.
        write!(f, "{:?} as {}", self.config.get_hosts(), self.config.get_user().unwrap_or("?"))
    }
}

impl Address {
    /// A server's unix socket directory.
    pub fn socket(directory: &Path, role: &str, database: &str) -> Self {
        let mut config = Config::new();
        config.host_path(directory).user(role).dbname(database).application_name("struct");
        config.connect_timeout(WAIT_LIMIT);
        Self { config, authority: Vec::new() }
    }

    /// A `postgres://` URL. `sslmode=verify-full` is demanded unless the host is a socket or loopback (promise
    /// `sealing.transport`); `sslrootcert` names authorities to be trusted besides the machine's.
    pub fn url(url: &str) -> Result<Self, StoreError> {
        let demands = Demands::of(url);
        let mut config: Config = demands.url.parse().map_err(|error| {
            StoreError::Address(format!(
                "database.url can't be read ({error}); it looks like postgres://role:password@host:5432/struct?sslmode=verify-full"
            ))
        })?;
        // An operator with several servers may want to tell them apart in PostgreSQL's own views.
        if config.get_application_name().is_none() {
            config.application_name("struct");
        }
        config.connect_timeout(WAIT_LIMIT);
        let mut authority = Vec::new();
        if !is_local(&config) {
            demands.require_verified()?;
            config.ssl_mode(SslMode::Require);
            if let Some(file) = &demands.authority {
                authority = authorities(file)?;
            }
        }
        Ok(Self { config, authority })
    }

    /// The same server as another role or database.
    #[must_use]
    pub fn with(&self, role: &str, database: &str) -> Self {
        let mut other = self.clone();
        other.config.user(role).dbname(database);
        other
    }

    /// Hosts and ports that are connected to over a network; none for a unix socket.
    pub fn hosts(&self) -> Vec<(String, u16)> {
        let ports = self.config.get_ports();
        let port = |index: usize| ports.get(index).or_else(|| ports.first()).copied().unwrap_or(DEFAULT_PORT);
        let tcp = |(index, host): (usize, &Host)| match host {
            Host::Tcp(name) => Some((name.clone(), port(index))),
            Host::Unix(_) => None,
        };
        self.config.get_hosts().iter().enumerate().filter_map(tcp).collect()
    }

    /// The configuration, for a single connection outside the pool.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// Whether no byte to the server leaves this machine.
    pub(crate) fn stays_here(&self) -> bool {
        is_local(&self.config)
    }
}

/// Whether bytes to the server stay on this host. `hostaddr` is where they go, whatever name stands beside it.
fn is_local(config: &Config) -> bool {
    config.get_hostaddrs().iter().all(std::net::IpAddr::is_loopback)
        && config.get_hosts().iter().all(|host| match host {
            Host::Unix(_) => true,
            Host::Tcp(name) => {
                name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
            }
        })
}

/// The certificates in a file of `sslrootcert`.
fn authorities(file: &Path) -> Result<Vec<CertificateDer<'static>>, StoreError> {
    let refused = |reason: String| {
        StoreError::Address(format!("sslrootcert of database.url: {} can't be used ({reason})", file.display()))
    };
    let found = CertificateDer::pem_file_iter(file).map_err(|error| refused(error.to_string()))?;
    let found: Vec<_> = found.collect::<Result<_, _>>().map_err(|error| refused(error.to_string()))?;
    if found.is_empty() { Err(refused("it holds no certificate in PEM".to_owned())) } else { Ok(found) }
}

/// A TLS connector that trusts what the machine trusts, and these, and checks the server's name.
fn tls(authority: &[CertificateDer<'static>]) -> Result<tokio_postgres_rustls::MakeRustlsConnect, StoreError> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots.add_parsable_certificates(authority.iter().cloned());
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::Fault(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(tokio_postgres_rustls::MakeRustlsConnect::new(config))
}

/// One connection outside the pool, driven by a task until dropped.
pub(crate) async fn connect(address: &Address) -> Result<tokio_postgres::Client, StoreError> {
    if is_local(address.config()) {
        let (client, connection) = address.config().connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    } else {
        let (client, connection) = address.config().connect(tls(&address.authority)?).await?;
        tokio::spawn(connection);
        Ok(client)
    }
}

/// The database as the application sees it: role `struct_app`, under row security.
#[derive(Clone)]
pub struct Store {
    pool: Pool,
}

impl Store {
    /// A pool to the address. Connects on first use, so that a server that is still starting does no harm.
    pub fn new(address: &Address) -> Result<Self, StoreError> {
        let config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let mut settings = address.config().clone();
        // Told once a connection: in every flight it would cost one statement more.
        let own = settings.get_options().unwrap_or_default().to_owned();
        settings.options(format!("{own} -c statement_timeout={STATEMENT_LIMIT_MS}").trim());
        let manager = if is_local(&settings) {
            Manager::from_config(settings, NoTls, config)
        } else {
            Manager::from_config(settings, tls(&address.authority)?, config)
        };
        let limit = Some(WAIT_LIMIT);
        let pool = Pool::builder(manager)
            .max_size(MAX_CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .timeouts(Timeouts { wait: limit, create: limit, recycle: limit })
            .build()
            .map_err(|error| StoreError::Fault(error.to_string()))?;
        Ok(Self { pool })
    }

    /// A pooled connection. Only `flight` and streams take one; both see to it that none goes back inside a transaction.
    pub(crate) async fn connection(&self) -> Result<Object, StoreError> {
        let object = self.pool.get().await?;
        // Lists have as many statements as there are combinations of conditions; the cache must not grow with them.
        if object.statement_cache.size() > MAX_PREPARED {
            object.statement_cache.clear();
        }
        Ok(object)
    }

    /// How many connections there are and how many are idle, for metrics.
    pub fn connections(&self) -> (usize, usize) {
        let status = self.pool.status();
        (status.size, status.available)
    }

    /// Whether the database answers.
    pub async fn answers(&self) -> bool {
        match self.connection().await {
            Ok(connection) => connection.simple_query("SELECT 1").await.is_ok(),
            Err(_) => false,
        }
    }
}
