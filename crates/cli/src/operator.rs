//! What the operator's commands and the server have in common: finding the database, opening the keyring, making an `App`.

use crate::config::{Config, MailSecurity};
use crate::machine::{SystemBytes, SystemClock};
use crate::place::Layout;
use crate::repository;
use anyhow::{Context as _, bail};
use app::backup::Backups;
use app::{App, Parts, Settings};
use clap::Args;
use host::checkpoint::SeenCheckpoints;
use host::keyring::{Keyring, Passphrase};
use host::mail::{Folder, Mailer, Security, Smtp, SmtpSettings};
use host::stream::{Dialer, Network};
use std::sync::Arc;
use store::bootstrap::{APP, DATABASE, OWNER};
use store::{Address, Store};

/// Options of `struct migrate`.
#[derive(Args, Debug)]
pub struct Migrate {
    /// Print the statements that a superuser runs once on a server of your own, and do nothing.
    #[arg(long)]
    print_bootstrap: bool,
}

/// The addresses of a database: as application, and as owner where known.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// As `struct_app`.
    pub app: Address,
    /// As `struct_owner`.
    pub owner: Option<Address>,
}

impl Addresses {
    /// The private PostgreSQL's, by its socket.
    pub fn private(socket_dir: &std::path::Path) -> Self {
        let as_role = |role| Address::socket(socket_dir, role, DATABASE);
        Self { app: as_role(APP), owner: Some(as_role(OWNER)) }
    }

    /// The configured ones, if any.
    pub fn configured(config: &Config) -> anyhow::Result<Option<Self>> {
        let Some(url) = &config.database.url else { return Ok(None) };
        let owner = config.database.owner_url.as_deref().map(Address::url).transpose()?;
        Ok(Some(Self { app: Address::url(url)?, owner }))
    }
}

/// For a command beside a running server: the configured database, or the private one of the data directory.
pub fn addresses(config: &Config) -> anyhow::Result<Addresses> {
    if let Some(addresses) = Addresses::configured(config)? {
        return Ok(addresses);
    }
    let socket_dir = Layout::new(config).postgres().join("run");
    if !socket_dir.join(format!(".s.PGSQL.{}", host::postgres::PORT)).exists() {
        bail!("STRUCT is not running on {}; start it with `struct up`, or set database.url", config.data_dir.display());
    }
    Ok(Addresses::private(&socket_dir))
}

/// Opens the keyring; on the first start of a data directory of its own, makes it.
pub fn keyring(config: &Config, random: &SystemBytes) -> anyhow::Result<Keyring> {
    let layout = Layout::new(config);
    let (dir, own) = (layout.keyring(), layout.passphrase());
    let passphrase = match &config.keyring.passphrase_file {
        Some(file) => Passphrase::read(file)?,
        None if own.exists() => Passphrase::read(&own)?,
        None if Keyring::exists(&dir) => {
            bail!("the keyring {} is there, but its passphrase {} is not; put it back", dir.display(), own.display())
        }
        None => Passphrase::create(&own, random)?,
    };
    Ok(Keyring::open(&dir, &passphrase, random)?)
}

/// The keyring and, where backups are made, their repository, which opens with one of its keys.
pub struct Opened {
    keyring: Keyring,
    /// Whether backups are made, and where to.
    pub backups: Backups,
}

impl Opened {
    /// For what makes no backups: the repository is not looked for.
    pub fn keyring(config: &Config) -> anyhow::Result<Self> {
        let keyring = keyring(config, &SystemBytes::new())?;
        Ok(Self { keyring, backups: Backups::Off(repository::why_none(config).to_owned()) })
    }

    /// For what makes, restores or watches backups.
    pub async fn with_backups(config: &Config) -> anyhow::Result<Self> {
        let keyring = keyring(config, &SystemBytes::new())?;
        let backups = repository::backups(config, &keyring).await?;
        Ok(Self { keyring, backups })
    }
}

/// Makes an `App` that knows no repository of backups. `demo` shows outgoing mail on a page.
pub fn app(config: &Config, addresses: &Addresses, demo: bool) -> anyhow::Result<Arc<App>> {
    app_with(config, addresses, demo, Opened::keyring(config)?)
}

/// Makes an `App` with what was opened for it.
pub fn app_with(config: &Config, addresses: &Addresses, demo: bool, opened: Opened) -> anyhow::Result<Arc<App>> {
    let random = SystemBytes::new();
    let owner = match &addresses.owner {
        Some(address) => Some((address.clone(), Store::new(address)?)),
        None => None,
    };
    Ok(Arc::new(App::new(Parts {
        store: Store::new(&addresses.app)?,
        owner,
        keyring: Arc::new(opened.keyring),
        mailer: mailer(config)?,
        clock: Arc::new(SystemClock),
        random: Arc::new(random),
        settings: Settings {
            public_url: config.public_url.clone(),
            demo,
            operator_address: config.mail.operator.clone(),
            streams: dialer(config)?,
            backups: opened.backups,
            checkpoints: SeenCheckpoints::new(&Layout::new(config).checkpoints()),
            residency: crate::residency::residency(config, demo)?,
        },
    })))
}

fn dialer(config: &Config) -> anyhow::Result<Dialer> {
    let networks = config.stream.allowed_networks.iter().map(|network| network.parse::<Network>());
    let networks = networks.collect::<Result<_, _>>().context("stream.allowed_networks")?;
    Ok(Dialer::new(config.stream.ca_file.as_deref(), networks)?)
}

fn mailer(config: &Config) -> anyhow::Result<Mailer> {
    let mail = &config.mail;
    let Some(server) = &mail.host else {
        return Ok(Mailer::Folder(Folder::open(&Layout::new(config).mail(), &mail.from)?));
    };
    let credentials = match (&mail.user, &mail.password_file) {
        (Some(user), Some(file)) => {
            let password = std::fs::read_to_string(file)
                .with_context(|| format!("mail.password_file {} can't be read", file.display()))?;
            Some((user.clone(), password.trim_end().to_owned().into()))
        }
        (None, None) => None,
        _ => bail!("mail.user and mail.password_file go together"),
    };
    let security = match mail.security {
        MailSecurity::Starttls => Security::StartTls,
        MailSecurity::Tls => Security::Tls,
        MailSecurity::Plain => Security::Plain,
    };
    let settings = SmtpSettings {
        host: server.clone(),
        port: mail.port,
        security,
        credentials,
        from: mail.from.clone(),
        authority: None,
    };
    Ok(Mailer::Smtp(Smtp::new(&settings)?))
}

/// An `App` for a command, with the owner's rights.
pub fn commander(config: &Config) -> anyhow::Result<Arc<App>> {
    let addresses = addresses(config)?;
    if addresses.owner.is_none() {
        bail!("this command changes what only the owner may; set database.owner_url");
    }
    app(config, &addresses, false)
}

/// `struct migrate`
pub async fn migrate(config: &Config, options: &Migrate) -> anyhow::Result<()> {
    if options.print_bootstrap {
        crate::log::say(&store::bootstrap::script());
        return Ok(());
    }
    let addresses = addresses(config)?;
    let owner = addresses.owner.context("set database.owner_url: migrations run as the owner")?;
    let done = store::migrate::migrate(&owner).await?;
    crate::log::say(&match done.as_slice() {
        [] => format!("The database is at version {} already.", store::migrate::newest()),
        done => format!("Applied {} migrations; the database is at version {}.", done.len(), store::migrate::newest()),
    });
    Ok(())
}
