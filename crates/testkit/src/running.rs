//! A STRUCT without a web server: two tenants, their services contracted, members with roles, all signed in for real.
//! Its clock, randomness, mail, keys and database are the test's own.

use crate::clock::{FakeClock, Seeded};
use crate::database::{Database, shipped};
use app::backup::Backups;
use app::residency::Residency;
use app::screen::MatrixChange;
use app::tenant::NewTenant;
use app::user::MemberChange;
use app::{App, Caller, Parts, Peer, Settings};
use domain::id::{RoleId, TenantId};
use domain::locale::Locale;
use domain::residency::{DEFAULT_REGION, Declared, Network, Purpose, Region, Rules, Said, Where};
use domain::screen::{Action, Actions, ScreenKind};
use host::checkpoint::SeenCheckpoints;
use host::keyring::{Keyring, Passphrase};
use host::mail::{Folder, Mailer};
use host::residency::name_servers;
use host::stream::Dialer;
use jiff::SignedDuration;
use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use store::{Check, Head};
use tempfile::TempDir;
use zeroize::Zeroizing;

/// Everybody's password.
pub const PASSWORD: &str = "akebono 7 hirugao 3 tasogare";
/// Administrator of the first tenant.
pub const ADMIN: &str = "admin@minato.example.jp";
/// May do everything with records of the first tenant.
pub const SALES: &str = "sales@minato.example.jp";
/// May look at records of the first tenant.
pub const READER: &str = "reader@minato.example.jp";
/// A member of the first tenant with a licence and no role.
pub const NOBODY: &str = "nobody@minato.example.jp";
/// Administrator of the other tenant.
pub const OTHER: &str = "admin@aoba.example.jp";

/// Where the operator is told of signs of fraud.
pub const OPERATOR: &str = "operator@struct.example.jp";

/// A STRUCT under test.
pub struct Running {
    /// As members reach it: without the owner's address.
    pub app: Arc<App>,
    /// As the operator's commands have it.
    pub operator: Arc<App>,
    /// The clock of both.
    pub clock: Arc<FakeClock>,
    /// The keys of both.
    pub keyring: Arc<Keyring>,
    /// The tenant most tests are about.
    pub tenant: TenantId,
    /// Another tenant.
    pub other: TenantId,
    /// Edits.
    pub sales: RoleId,
    /// Looks.
    pub reading: RoleId,
    /// The database; dropped after all that uses it.
    pub database: Database,
    random: Arc<Seeded>,
    tokens: Mutex<HashMap<String, String>>,
    folder: TempDir,
}

impl Running {
    /// Starts one on the shared server.
    pub async fn start() -> Self {
        Self::on(Database::new().await).await
    }

    /// Starts one on a database.
    pub async fn on(database: Database) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (clock, random) = (Arc::new(FakeClock::new()), Arc::new(Seeded::new(22)));
        let passphrase = Passphrase::new(Zeroizing::new("a passphrase for tests".to_owned()));
        let keyring =
            Arc::new(Keyring::open(&folder.path().join("keyring"), &passphrase, &*random).expect("a keyring"));
        let nil = uuid::Uuid::nil();
        let mut running = Self {
            app: Arc::new(build(&database, &keyring, &clock, &random, folder.path().join("mail"), false)),
            operator: Arc::new(build(&database, &keyring, &clock, &random, folder.path().join("mail"), true)),
            clock,
            keyring,
            tenant: nil.into(),
            other: nil.into(),
            sales: nil.into(),
            reading: nil.into(),
            database,
            random,
            tokens: Mutex::default(),
            folder,
        };
        running.operator.provision_platform().expect("platform keys");
        running.tenant = running.new_tenant("minato", "株式会社ミナト物産", ADMIN, "管理 太郎").await;
        running.other = running.new_tenant("aoba", "青葉商事株式会社", OTHER, "青葉 花子").await;
        running.sales = running.new_role("営業", |kind| kind.actions()).await;
        running.reading = running.new_role("閲覧", |kind| Actions(kind.actions().0 & Action::View as u8)).await;
        let (sales, reading) = (running.sales, running.reading);
        for (email, name, roles) in
            [(SALES, "営業 一郎", vec![sales]), (READER, "閲覧 二葉", vec![reading]), (NOBODY, "無役 三郎", vec![])]
        {
            running.join(ADMIN, email, name, roles).await;
        }
        running
    }

    /// Puts entries that are three years old into the queue of the first tenant's log, where they stand before all others.
    pub async fn entered_long_ago(&self, times: usize) {
        let old = || self.app.entry_aged(self.tenant, SignedDuration::from_hours(3 * 365 * 24)).expect("an entry");
        let entries: Vec<_> = (0..times).map(|_| old()).collect();
        if entries.is_empty() {
            return;
        }
        let head = Head { tenant: self.tenant, check: Check::Nothing };
        self.app.store().enter(head, &entries).await.expect("entered");
    }

    /// A new tenant with all services contracted and its administrator joined.
    pub async fn new_tenant(&self, code: &str, name: &str, email: &str, display_name: &str) -> TenantId {
        let new = NewTenant {
            code: code.to_owned(),
            name: name.to_owned(),
            email: email.to_owned(),
            display_name: display_name.to_owned(),
            billing_types: vec!["standard".to_owned()],
        };
        let (tenant, link) = self.operator.tenant_create(&new, Locale::Ja).await.expect("a tenant");
        for service in shipped() {
            self.operator.contract_start(tenant, &service.name, true).await.expect("a contract");
        }
        self.accept(&link).await;
        tenant
    }

    /// A role of the first tenant that grants on every screen what `grants` says.
    pub async fn new_role(&self, name: &str, grants: impl Fn(ScreenKind) -> Actions) -> RoleId {
        let admin = self.caller(ADMIN).await;
        let role = self.app.create_role(&admin, name).await.expect("a role");
        let matrix = self.app.matrix(&admin).await.expect("the matrix");
        let changes = matrix.services.iter().flat_map(|service| {
            service.screens.iter().map(|row| MatrixChange {
                service: service.service.name.clone(),
                screen: row.screen.name.clone(),
                settings: None,
                grants: vec![(role, grants(row.screen.kind))],
            })
        });
        self.app.save_matrix(&admin, matrix.epoch, changes.collect(), "fixture").await.expect("rights");
        role
    }

    /// Invites somebody, who takes the invitation up.
    pub async fn join(&self, inviter: &str, email: &str, name: &str, roles: Vec<RoleId>) {
        let change = MemberChange { administrator: false, roles, billing_types: vec!["standard".to_owned()] };
        let inviter = self.caller(inviter).await;
        self.app.invite(&inviter, email, name, change).await.expect("an invitation");
        let link = self.link(email).expect("a mail");
        self.accept(&link).await;
    }

    async fn accept(&self, link: &str) {
        self.app.accept_invitation(&self.peer(), token(link), PASSWORD).await.expect("joined");
    }

    /// The newest link mailed to an address.
    pub fn link(&self, email: &str) -> Option<String> {
        let folder = Folder::open(&self.mail_folder(), "STRUCT <no-reply@example.jp>").expect("the folder");
        let letters = folder.list().expect("letters");
        let letter = letters.into_iter().find(|letter| letter.to == email)?;
        letter.text.lines().find(|line| line.contains("/invitation/")).map(|line| line.trim().to_owned())
    }

    /// Where letters go.
    pub fn mail_folder(&self) -> PathBuf {
        self.folder.path().join("mail")
    }

    /// Where the keyring is.
    pub fn keyring_folder(&self) -> PathBuf {
        self.folder.path().join("keyring")
    }

    /// A request from a Japanese browser.
    pub fn peer(&self) -> Peer {
        Peer {
            address: Some("192.0.2.17".parse().expect("an address")),
            device: "Testkit/1.0".to_owned(),
            request: self.app.new_request_id(),
            locale: Locale::Ja,
            device_cookie: String::new(),
        }
    }

    /// A member on a new request; signed in when they were not yet.
    pub async fn caller(&self, email: &str) -> Caller {
        let known = self.tokens.lock().expect("nobody panics while holding it").get(email).cloned();
        let token = match known {
            Some(token) => token,
            None => self.sign_in(email).await,
        };
        self.app.caller(self.peer(), &token).await.expect("signed in")
    }

    /// Signs somebody in, anew; the token of the cookie.
    pub async fn sign_in(&self, email: &str) -> String {
        let signed = self.app.sign_in(&self.peer(), email, PASSWORD).await.expect("the password fits");
        self.tokens.lock().expect("nobody panics while holding it").insert(email.to_owned(), signed.token.clone());
        signed.token
    }

    /// Freezes a member as the link of a mail would.
    pub async fn freeze(&self, tenant: TenantId, user: domain::id::UserId) {
        let head = Head { tenant, check: Check::Nothing };
        let entry = self.app.entry_aged(tenant, SignedDuration::ZERO).expect("an entry");
        let statements =
            vec![store::user::recovery::freeze(tenant, user, self.app.now()), store::access::rights_changed()];
        self.app.store().fly(store::Flight::write(head, statements, &[entry])).await.expect("frozen");
    }

    /// Another server process on the same database: it shares no memory with the first.
    pub fn second_server(&self) -> Arc<App> {
        let mail = self.mail_folder();
        Arc::new(build(&self.database, &self.keyring, &self.clock, &self.random, mail, false))
    }

    /// A server process that reaches the database through another socket (a `Proxy`'s).
    pub fn server_through(&self, socket_dir: &std::path::Path) -> Arc<App> {
        let parts = parts(&self.database, &self.keyring, &self.clock, &self.random, self.mail_folder(), false);
        let address = self.database.address_through(socket_dir, store::bootstrap::APP);
        Arc::new(App::new(Parts { store: store::Store::new(&address).expect("a store"), ..parts }))
    }

    /// The same installation run without `--demo`.
    pub fn outside_demo(&self) -> Arc<App> {
        let parts = parts(&self.database, &self.keyring, &self.clock, &self.random, self.mail_folder(), false);
        let settings = Settings { demo: false, ..parts.settings };
        Arc::new(App::new(Parts { settings, ..parts }))
    }

    /// A server process whose streams may reach what `dialer` may.
    pub fn server_streaming(&self, dialer: Dialer) -> Arc<App> {
        let parts = parts(&self.database, &self.keyring, &self.clock, &self.random, self.mail_folder(), false);
        let settings = Settings { streams: dialer, ..parts.settings };
        Arc::new(App::new(Parts { settings, ..parts }))
    }

    /// A server process of which the operator has said something else about regions.
    pub fn server_residing(&self, change: impl FnOnce(&mut Residency)) -> Arc<App> {
        let mut parts = parts(&self.database, &self.keyring, &self.clock, &self.random, self.mail_folder(), false);
        change(&mut parts.settings.residency);
        Arc::new(App::new(parts))
    }

    /// A server process that came with another keyring.
    pub fn server_with_keys(&self, keyring: Keyring) -> Arc<App> {
        let mail = self.mail_folder();
        Arc::new(build(&self.database, &Arc::new(keyring), &self.clock, &self.random, mail, false))
    }

    /// A server process that keeps backups so.
    pub fn server_keeping(&self, backups: Backups) -> Arc<App> {
        let mut parts = parts(&self.database, &self.keyring, &self.clock, &self.random, self.mail_folder(), false);
        parts.settings.backups = backups;
        Arc::new(App::new(parts))
    }

    /// The tests' randomness.
    pub fn random(&self) -> &Seeded {
        &self.random
    }
}

/// The token at the end of an invitation's link.
pub fn token(link: &str) -> &str {
    link.rsplit('/').next().unwrap_or_default()
}

fn build(
    database: &Database,
    keyring: &Arc<Keyring>,
    clock: &Arc<FakeClock>,
    random: &Arc<Seeded>,
    mail: PathBuf,
    operator: bool,
) -> App {
    App::new(parts(database, keyring, clock, random, mail, operator))
}

/// In jp-east, where its declared receivers are too, one of which never answers.
fn residency(mail: &std::path::Path) -> Residency {
    let region = Region::find(DEFAULT_REGION).expect("it is in the list");
    let receiver = |name: &str| Declared { at: name.parse().expect("a host"), region, purpose: Some(Purpose::Stream) };
    // Whoever this machine asks for names is asked by the tests too.
    let asked = |server: IpAddr| Declared { at: Where::Network(Network::of(server)), region, purpose: None };
    let declared =
        name_servers().into_iter().map(asked).chain([receiver("siem.example.jp"), receiver("siem.invalid")]).collect();
    let rules = Rules { machine: Some((region, Said::Operator)), declared, ..Rules::default() };
    Residency::new(rules, mail.parent().unwrap_or(mail).to_owned())
}

fn parts(
    database: &Database,
    keyring: &Arc<Keyring>,
    clock: &Arc<FakeClock>,
    random: &Arc<Seeded>,
    mail: PathBuf,
    operator: bool,
) -> Parts {
    Parts {
        store: database.store(),
        owner: operator.then(|| (database.address(store::bootstrap::OWNER), database.owner())),
        keyring: keyring.clone(),
        mailer: Mailer::Folder(Folder::open(&mail, "STRUCT <no-reply@example.jp>").expect("a folder")),
        clock: clock.clone(),
        random: random.clone(),
        settings: Settings {
            public_url: "https://struct.example.jp".to_owned(),
            demo: true,
            operator_address: Some(OPERATOR.to_owned()),
            checkpoints: SeenCheckpoints::new(&mail.with_file_name("checkpoints")),
            streams: Dialer::default(),
            backups: Default::default(),
            residency: residency(&mail),
        },
    }
}
