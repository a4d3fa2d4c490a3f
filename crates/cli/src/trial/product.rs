//! STRUCT itself on a directory of its own: started as an operator starts it, with `struct up` as a child process, and
//! prepared with a tenant whose first administrator may do everything with customers. All of it goes in the end.

use super::client::{self, Client};
use super::customers;
use crate::config::{Backup, BackupMode, Config, Database, Keyring, Mail, Tls};
use crate::operator::{self, Addresses};
use crate::place::Layout;
use anyhow::{Context as _, bail, ensure};
use app::screen::MatrixChange;
use app::tenant::NewTenant;
use app::user::MemberChange;
use app::{App, Caller, Peer};
use domain::audit::sign::{MAX_EXTRACTION_CAP, RoleLimit};
use domain::id::{JobId, TenantId};
use domain::locale::Locale;
use domain::service::Service;
use host::process::{Memory, Twin, kill_postgres};
use http::StatusCode;
use hyper::body::Bytes;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::record::RecordTable;
use store::{Address, Check, Head};
use tempfile::TempDir;

/// The service everything is tried on.
pub const SERVICE: &str = "crm";
/// And the entity.
pub const ENTITY: &str = "customer";
/// Where programs find it.
pub const API: &str = "/api/v1/services/crm/customer";
/// A password for people who don't exist, on a port only this machine reaches.
pub const PASSWORD: &str = "correct horse battery staple";
/// How long a start may take, recovery of a crash included.
const START_LIMIT: Duration = Duration::from_secs(240);
/// How long an operator's command may take.
const COMMAND_LIMIT: Duration = Duration::from_secs(900);
/// How often a state is looked at.
const PAUSE: Duration = Duration::from_millis(25);

/// A throw-away installation, running or not.
pub struct Product {
    config: Config,
    process: Option<Twin>,
    folder: TempDir,
}

/// A tenant of it, and its administrator's session.
pub struct Member {
    /// The tenant.
    pub tenant: TenantId,
    /// Connects as its administrator.
    pub client: Client,
}

impl Product {
    /// A place; nothing is started. The account, PostgreSQL and log settings are those of `base`.
    pub fn new(base: &Config) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("struct-trial-").tempdir()?;
        let config = throw_away(base, &folder.path().join("struct"))?;
        if let Some(bin) = &config.postgres.bin {
            std::fs::create_dir(&config.data_dir)?;
            let text = format!("[postgres]\nbin = {}\n", toml::Value::from(bin.display().to_string()));
            std::fs::write(config.data_dir.join("struct.toml"), text)?;
        }
        Ok(Self { config, process: None, folder })
    }

    /// A place whose database is backed up, as an operator's is.
    pub fn with_backups(base: &Config) -> anyhow::Result<Self> {
        let mut product = Self::new(base)?;
        product.config.backup = Backup { program: base.backup.program.clone(), ..Backup::default() };
        Ok(product)
    }

    /// A folder for files that go with it.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Its paths.
    pub fn layout(&self) -> Layout {
        Layout::new(&self.config)
    }

    /// The addresses of its database.
    pub fn addresses(&self) -> Addresses {
        Addresses::private(&self.socket_dir())
    }

    /// The directory of its database's socket.
    pub fn socket_dir(&self) -> std::path::PathBuf {
        self.layout().postgres().join("run")
    }

    /// How people reach it.
    pub fn public_url(&self) -> &str {
        &self.config.public_url
    }

    /// Its database's owner.
    pub fn owner(&self) -> anyhow::Result<Address> {
        self.addresses().owner.context("a private database has an owner")
    }

    /// Starts the process; it is not ready yet.
    pub fn launch(&mut self) -> anyhow::Result<()> {
        ensure!(self.process.is_none(), "it runs already");
        let option = |name: &str, value: String| [format!("--{name}"), value];
        let mut arguments = vec!["up".to_owned()];
        arguments.extend(option("data-dir", self.config.data_dir.display().to_string()));
        arguments.extend(option("https", self.config.https.to_string()));
        arguments.extend(option("http", self.config.http.to_string()));
        arguments.extend(option("ops", "off".to_owned()));
        let backup = if self.config.backup.mode == BackupMode::On { "on" } else { "off" };
        arguments.extend(option("backup", backup.to_owned()));
        self.process = Some(Twin::start(&arguments, &self.folder.path().join("struct.log"))?);
        Ok(())
    }

    /// Starts the process unless it runs.
    pub fn launch_if_ended(&mut self) -> anyhow::Result<()> {
        if let Some(process) = &mut self.process
            && process.ended()?.is_none()
        {
            return Ok(());
        }
        self.process = None;
        self.launch()
    }

    /// Starts it and waits until it serves.
    pub async fn start(&mut self) -> anyhow::Result<()> {
        self.launch()?;
        self.ready().await
    }

    /// Waits until it serves; an error with the end of its log when it ends instead.
    pub async fn ready(&mut self) -> anyhow::Result<()> {
        let since = Instant::now();
        loop {
            if let Some(status) = self.process()?.ended()? {
                self.process = None;
                bail!("`struct up` ended with {status}:\n{}", self.said());
            }
            if self.answers().await {
                return Ok(());
            }
            ensure!(since.elapsed() < START_LIMIT, "`struct up` was not ready in time:\n{}", self.said());
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn answers(&self) -> bool {
        let ask = async { self.client()?.get("/readyz").await };
        let answer = tokio::time::timeout(Duration::from_secs(10), ask).await;
        matches!(answer, Ok(Ok(answer)) if answer.status == StatusCode::OK)
    }

    /// Connects as nobody in particular.
    pub fn client(&self) -> anyhow::Result<Client> {
        Client::new(self.config.https, &self.layout().tls().join("ca.pem"))
    }

    /// What its process holds in memory.
    pub fn memory(&mut self) -> anyhow::Result<Memory> {
        Ok(self.process()?.memory()?)
    }

    /// Lets the peak in `memory` begin anew: opening the keyring at a start takes more for a moment than most work does.
    pub fn forget_peak(&mut self) -> anyhow::Result<()> {
        Ok(self.process()?.forget_peak()?)
    }

    /// SIGTERM, until it has drained and stopped its database.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        let status = process.stop().await?;
        ensure!(status.success(), "`struct up` ended with {status}:\n{}", self.said());
        Ok(())
    }

    /// SIGKILL of the serving process.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        Ok(process.kill().await?)
    }

    /// SIGKILL of its PostgreSQL's first process. Tells whether there was one.
    pub fn kill_postgres(&self) -> anyhow::Result<bool> {
        Ok(kill_postgres(&self.layout().postgres())?)
    }

    /// The last of what it said.
    pub fn said(&self) -> String {
        let log = std::fs::read_to_string(self.folder.path().join("struct.log")).unwrap_or_default();
        // A request's line says nothing here.
        let lines: Vec<&str> = log.lines().filter(|line| !line.contains("\"answered\"")).collect();
        lines[lines.len().saturating_sub(5)..].join("\n")
    }

    fn process(&mut self) -> anyhow::Result<&mut Twin> {
        self.process.as_mut().context("it does not run")
    }

    /// What the operator's commands work with.
    pub fn app(&self) -> anyhow::Result<Arc<App>> {
        operator::app(&self.config, &self.addresses(), false)
    }

    /// The same, knowing the repository of backups.
    pub async fn app_with_backups(&self) -> anyhow::Result<Arc<App>> {
        let opened = operator::Opened::with_backups(&self.config).await?;
        operator::app_with(&self.config, &self.addresses(), false, opened)
    }

    /// Runs an operator's command on it, to its end.
    pub async fn command(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let mut arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        arguments.extend(["--data-dir".to_owned(), self.config.data_dir.display().to_string()]);
        let log = self.folder.path().join("command.log");
        let mut command = Twin::start(&arguments, &log)?;
        let since = Instant::now();
        let status = loop {
            if let Some(status) = command.ended()? {
                break status;
            }
            ensure!(since.elapsed() < COMMAND_LIMIT, "`struct {}` does not end", arguments.join(" "));
            tokio::time::sleep(PAUSE).await;
        };
        let said = std::fs::read_to_string(&log).unwrap_or_default();
        ensure!(status.success(), "`struct {}` ended with {status}:\n{said}", arguments.join(" "));
        Ok(())
    }

    /// Installs the shipped service.
    pub async fn install(&self, app: &App) -> anyhow::Result<Service> {
        install_shipped(app).await
    }

    /// Makes a tenant with that code; its administrator takes up the invitation, signs in, and gets a role that may do
    /// everything with customers.
    pub async fn member(&self, app: &App, service: &Service, code: &str) -> anyhow::Result<Member> {
        let email = format!("administrator@{code}.example.jp");
        let new = NewTenant {
            code: code.to_owned(),
            name: code.to_owned(),
            email: email.clone(),
            display_name: "試験 花子".to_owned(),
            billing_types: vec!["standard".to_owned()],
        };
        let (tenant, link) = app.tenant_create(&new, Locale::Ja).await?;
        app.contract_start(tenant, SERVICE, true).await?;
        let peer = Peer {
            address: None,
            device: String::new(),
            request: app.new_request_id(),
            locale: Locale::Ja,
            device_cookie: String::new(),
        };
        let invitation = link.rsplit('/').next().unwrap_or_default();
        app.accept_invitation(&peer, invitation, PASSWORD).await?;
        let token = self.sign_in(&email).await?;
        grant(app, &app.caller(peer, &token).await?, service).await?;
        Ok(Member { tenant, client: self.client()?.with_session(&token)? })
    }

    /// Signs in as people do, through the page.
    async fn sign_in(&self, email: &str) -> anyhow::Result<String> {
        let mut connection = self.client()?.connect().await?;
        let form = format!("email={}&password={}", email.replace('@', "%40"), PASSWORD.replace(' ', "+"));
        let answer = connection.post("/signin", "application/x-www-form-urlencoded", client::whole(form)).await?;
        let status = answer.status;
        answer.session.with_context(|| format!("signing in was answered by {status} without a session"))
    }
}

/// A configuration with ports of its own and nothing of the operator's but where PostgreSQL is and how logs look.
pub fn throw_away(base: &Config, data_dir: &std::path::Path) -> anyhow::Result<Config> {
    let (https, http) = free_ports()?;
    Ok(Config {
        data_dir: data_dir.to_owned(),
        https,
        http,
        metrics: None,
        ops: None,
        public_url: format!("https://localhost:{}", https.port()),
        database: Database::default(),
        postgres: base.postgres.clone(),
        tls: Tls::default(),
        mail: Mail::default(),
        keyring: Keyring::default(),
        log: base.log.clone(),
        stream: crate::config::Stream::default(),
        witness: Vec::new(),
        residency: crate::config::Residency::default(),
        backup: Backup { mode: BackupMode::Off, ..Backup::default() },
    })
}

/// Installs the shipped service with customers.
pub async fn install_shipped(app: &App) -> anyhow::Result<Service> {
    let shipped = crate::service::SHIPPED.iter().find(|(file, _)| file.contains(SERVICE));
    let (file, text) = shipped.context("crm is shipped")?;
    let service = crate::service::read(file, text)?;
    if let Err(reasons) = app.service_install(&service).await? {
        bail!("{SERVICE} could not be installed: {}", reasons.join("; "));
    }
    Ok(service)
}

/// Gives the caller a role with every action on every screen of customers.
pub async fn grant(app: &App, caller: &Caller, service: &Service) -> anyhow::Result<()> {
    let role = app.create_role(caller, "全操作").await?;
    let matrix = app.matrix(caller).await?;
    let screens = service.screens.iter().filter(|screen| screen.entity == ENTITY);
    let changes = screens.map(|screen| MatrixChange {
        service: service.name.clone(),
        screen: screen.name.clone(),
        settings: None,
        grants: vec![(role, screen.kind.actions())],
    });
    app.save_matrix(caller, matrix.epoch, changes.collect(), "trial").await?;
    // A million rows at once would be held for a second administrator, as they should.
    let all = RoleLimit { free_rows: Some(MAX_EXTRACTION_CAP), max_rows: Some(MAX_EXTRACTION_CAP) };
    app.set_role_limit(caller, role, all, "trial").await?;
    let change = MemberChange { administrator: true, roles: vec![role], billing_types: vec!["standard".to_owned()] };
    Ok(app.change_member(caller, caller.user, change).await?)
}

impl Member {
    /// Hands in a file of the customers with these numbers, through the page. Once this returns, it is promised.
    pub async fn import(&self, code: &str, numbers: Range<u64>) -> anyhow::Result<JobId> {
        let mut connection = self.client.connect().await?;
        let form = connection.get("/app/s/crm/customer/import").await?.expect(StatusCode::OK)?;
        let token = form.hidden(web::token::FIELD)?;
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n{token}\r\n--{BOUNDARY}\r\n\
             Content-Disposition: form-data; name=\"file\"; filename=\"customers.csv\"\r\nContent-Type: text/csv\r\n\r\n",
            web::token::FIELD
        );
        let pieces = std::iter::once(Bytes::from(head))
            .chain(customers::file(code.to_owned(), numbers))
            .chain([Bytes::from(format!("\r\n--{BOUNDARY}--\r\n"))]);
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let body = client::made(futures_util::stream::iter(pieces));
        let answer = connection.post("/app/s/crm/customer/import", &kind, body).await?.expect(StatusCode::SEE_OTHER)?;
        let location = answer.location.context("the upload led nowhere")?;
        location.rsplit('/').next().and_then(|job| job.parse().ok()).with_context(|| format!("no job in {location}"))
    }

    /// Waits until an import has ended; an error if a row was not taken.
    pub async fn imported(&self, app: &App, job: JobId, rows: u64) -> anyhow::Result<()> {
        let head = Head { tenant: self.tenant, check: Check::Nothing };
        loop {
            let row = app.store().job(head, job).await?.context("the job is gone")?;
            match row.state.as_str() {
                "done" if u64::try_from(row.taken) == Ok(rows) => return Ok(()),
                "done" | "failed" => {
                    bail!("{} rows of {rows} were taken, {} refused {:?}", row.taken, row.refused, row.failure)
                }
                _ => tokio::time::sleep(PAUSE).await,
            }
        }
    }
}

const BOUNDARY: &str = "struct-trial-boundary-7f3a";

/// The statements of customers.
pub fn table(service: &Service) -> anyhow::Result<RecordTable> {
    let entity = service.entity(ENTITY).context("customers are an entity of the shipped service")?;
    Ok(RecordTable::new(service, entity))
}

/// Two loopback ports that were free a moment ago; both are held until both are known, so that they differ.
pub fn free_ports() -> anyhow::Result<(SocketAddr, SocketAddr)> {
    let any = (Ipv4Addr::LOCALHOST, 0);
    let (one, other) = (TcpListener::bind(any)?, TcpListener::bind(any)?);
    Ok((one.local_addr()?, other.local_addr()?))
}
