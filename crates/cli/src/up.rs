//! `struct up`: one machine, one command. Everything that can be refused is refused before anything is touched; what was
//! left by a kill is adopted or healed.

use crate::config::Config;
use crate::log::say;
use crate::operator::{self, Addresses, Opened};
use crate::place::Layout;
use crate::serve::{self, Duty, Listeners};
use anyhow::Context as _;
use app::App;
use clap::Args;
use host::lock::DataDirLock;
use host::postgres::{Cluster, SUPERUSER, Supervisor, find_binaries};
use std::sync::Arc;
use store::Address;

/// Free space without which a first start is refused: a new cluster, its WAL and some room to stop in.
const FREE_AT_FIRST_BYTES: u64 = 512 * 1024 * 1024;
/// Free space without which a later start is refused: recovery after a full disk must get on with what there is.
const FREE_AT_START_BYTES: u64 = 48 * 1024 * 1024;

/// Options of `struct up`.
#[derive(Args, Debug)]
pub struct Up {
    /// Fill a new data directory with two tenants, their members and 20,000 generated records; show outgoing mail on a page.
    #[arg(long)]
    demo: bool,
}

/// Runs until asked to stop.
pub async fn up(config: &Config, options: &Up) -> anyhow::Result<()> {
    let layout = Layout::new(config);
    if let Some(addresses) = Addresses::configured(config)? {
        anyhow::bail!(
            "database.url is set ({:?}): `struct up` is for a private PostgreSQL; use `struct migrate`, `struct serve` and `struct work`",
            addresses.app
        );
    }
    // Looked at again when it is used; here so that a mistake is told before anything is made.
    crate::witness::asked(config)?;
    crate::repository::location(config)?;
    crate::residency::require(config, options.demo)?;
    crate::certificate::require(config)?;
    layout.make()?;
    let _lock = DataDirLock::take(layout.root())?;
    let wanted = if layout.postgres().join("cluster").is_dir() { FREE_AT_START_BYTES } else { FREE_AT_FIRST_BYTES };
    host::disk::require(layout.root(), wanted)?;
    let listeners = Listeners::bind(config).await?;
    write_private(&layout.root().join(crate::config::PUBLIC_URL_FILE), &config.public_url)?;
    let binaries = find_binaries(config.postgres.bin.as_deref())?;
    // Before PostgreSQL: the key of the repository is in its environment, and its log goes there from the first segment on.
    let opened = Opened::with_backups(config).await?;
    let archiving = crate::repository::archiving(&opened.backups);
    let cluster = Cluster::prepare_archiving(binaries, &layout.postgres(), None, archiving).await?;
    let running = cluster.start().await?;
    let supervisor = Supervisor::watch(cluster, running);
    // From here on PostgreSQL is stopped again whatever happens.
    let done = serve_cluster(config, options, listeners, &supervisor, opened).await;
    let stopped = supervisor.stop().await;
    done?;
    Ok(stopped?)
}

async fn serve_cluster(
    config: &Config,
    options: &Up,
    listeners: Listeners,
    supervisor: &Supervisor,
    opened: Opened,
) -> anyhow::Result<()> {
    let root = Address::socket(supervisor.socket_dir(), SUPERUSER, "postgres");
    store::bootstrap::bootstrap(&root).await?;
    let addresses = Addresses::private(supervisor.socket_dir());
    let owner = addresses.owner.clone().context("the private database has an owner")?;
    store::migrate::migrate(&owner).await?;
    let app = operator::app_with(config, &addresses, options.demo, opened)?;
    app.provision_platform()?;
    app.release_jobs().await?;
    // After a restore: before anything is appended, each log says what it lost.
    app.tell_of_restore().await?;
    let serving = serve::start(config, Arc::clone(&app), listeners, Duty::Both).await?;
    let shown = if options.demo { demo(config, &app).await } else { Ok(String::new()) };
    match shown {
        Ok(accounts) => {
            announce(config, &accounts);
            serving.until_asked_to_stop().await
        }
        Err(error) => {
            serving.stop().await;
            Err(error)
        }
    }
}

/// Installs the shipped services and fills the demo's tenants; both are left alone when they are there.
async fn demo(config: &Config, app: &Arc<App>) -> anyhow::Result<String> {
    for (file, text) in crate::service::SHIPPED {
        let service = crate::service::read(file, text)?;
        if let Err(reasons) = app.service_install(&service).await? {
            tracing::warn!(
                service = service.name,
                ?reasons,
                "the shipped service differs from the installed one and was left alone"
            );
        }
    }
    let path = Layout::new(config).demo_accounts();
    let accounts = app.demo().await?;
    if !accounts.is_empty() {
        let line = |a: &app::demo::DemoAccount| {
            format!("  {}  {}\n    {}  {}", a.tenant_name, a.role_name, a.email, a.password)
        };
        let text = accounts.iter().map(line).collect::<Vec<_>>().join("\n");
        write_private(&path, &text)?;
    }
    Ok(std::fs::read_to_string(&path).unwrap_or_default())
}

fn write_private(path: &std::path::Path, text: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    Ok(())
}

fn announce(config: &Config, accounts: &str) {
    let layout = Layout::new(config);
    say(&format!("STRUCT is running.\n\n  {}\n", config.public_url));
    if config.tls.certificate.is_none() && config.tls.acme.is_none() {
        say(&format!(
            "  The certificate is of an authority of its own; trust it by importing\n  {}\n",
            layout.tls().join("ca.pem").display()
        ));
    }
    if !accounts.is_empty() {
        say(&format!("Accounts of the demo (mails that were sent: {}/demo/mail):\n\n{accounts}\n", config.public_url));
    }
    say("Stop it with Ctrl-C or SIGTERM.");
}
