//! The demo, made on a real database: that it can be used, that it is made once, that an interruption does no harm.

use app::demo::DemoAccount;
use app::extraction::Format;
use app::{App, Parts, Peer, Settings};
use domain::locale::Locale;
use domain::record::{Condition, ListQuery, Test};
use host::checkpoint::SeenCheckpoints;
use host::keyring::{Keyring, Passphrase};
use host::mail::{Folder, Mailer};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use testkit::clock::{FakeClock, Seeded};
use testkit::database::Database;
use tokio::sync::watch;

/// Tables of the shipped services.
const TABLES: [&str; 6] = [
    "svc_crm.customer",
    "svc_crm.contact",
    "svc_crm.deal",
    "svc_crm.activity",
    "svc_expense.claim",
    "svc_expense.line",
];

/// A server process with its worker; stopped like a killed one when dropped.
struct Server {
    app: Arc<App>,
    _stop: watch::Sender<bool>,
    worker: tokio::task::JoinHandle<()>,
}

impl Server {
    fn start(database: &Database, folder: &Path, seed: u64) -> Self {
        let random = Arc::new(Seeded::new(seed));
        let passphrase = Passphrase::new("a passphrase for tests".to_owned().into());
        let keyring = Keyring::open(&folder.join("keyring"), &passphrase, &*random).expect("a keyring");
        let app = Arc::new(App::new(Parts {
            store: database.store(),
            owner: Some((database.address(store::bootstrap::OWNER), database.owner())),
            keyring: Arc::new(keyring),
            mailer: Mailer::Folder(
                Folder::open(&folder.join("mail"), "STRUCT <no-reply@example.jp>").expect("a folder"),
            ),
            clock: Arc::new(FakeClock::new()),
            random,
            settings: Settings {
                backups: app::backup::Backups::default(),
                public_url: "https://struct.example.jp".to_owned(),
                demo: true,
                operator_address: None,
                streams: host::stream::Dialer::default(),
                checkpoints: SeenCheckpoints::new(&folder.join("checkpoints")),
                residency: app::residency::Residency::new(domain::residency::Rules::default(), folder.to_owned()),
            },
        }));
        app.provision_platform().expect("platform keys");
        let (stop, stopped) = watch::channel(false);
        let worker = tokio::spawn(Arc::clone(&app).work(stopped));
        Self { app, _stop: stop, worker }
    }

    async fn sign_in(&self, account: &DemoAccount) {
        let (address, device) = (None, "Testkit/1.0".to_owned());
        let peer = Peer {
            address,
            device,
            request: self.app.new_request_id(),
            locale: Locale::Ja,
            device_cookie: String::new(),
        };
        let session = self.app.sign_in(&peer, &account.email, &account.password).await.expect("the password fits");
        let caller = self.app.caller(peer, &session.token).await.expect("signed in");
        assert_eq!(caller.display_name, account.display_name);
        assert_eq!(caller.tenant_name, account.tenant_name);
        assert!(!self.app.menu(&caller).await.expect("a menu").is_empty(), "{} finds nothing to do", account.email);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.worker.abort();
    }
}

async fn records(database: &Database) -> i64 {
    let mut records = 0;
    for table in TABLES {
        records += database.number(&format!("SELECT count(*) FROM {table}")).await;
    }
    records
}

async fn entries(database: &Database) -> i64 {
    database.number("SELECT count(*) FROM struct.entry").await
}

async fn made(database: &Database) -> i64 {
    database.number("SELECT count(*) FROM struct.entry WHERE verb = 'record.created'").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_that_is_there_is_left_alone() {
    let database = Database::new().await;
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(&database, folder.path(), 1);
    let accounts = server.app.demo().await.expect("a demo");
    assert_eq!(accounts.len(), 9);
    for account in &accounts {
        server.sign_in(account).await;
    }
    assert_eq!(records(&database).await, 20_000);
    assert_eq!(made(&database).await, 20_000, "every record has its entry");
    let before = entries(&database).await;
    assert!(server.app.demo().await.expect("nothing to do").is_empty());
    assert_eq!(entries(&database).await, before, "nothing was done the second time");
}

/// What people of an office do with customers on an ordinary day.
async fn work_a_day(server: &Server, account: &DemoAccount) {
    let app = &server.app;
    for _ in 0..2 {
        let (address, device) = (None, "Mozilla/5.0 (Windows NT 10.0) Firefox/145.0".to_owned());
        let peer =
            Peer { address, device, request: app.new_request_id(), locale: Locale::Ja, device_cookie: String::new() };
        let session = app.sign_in(&peer, &account.email, &account.password).await.expect("the password fits");
        let caller = app.caller(peer, &session.token).await.expect("signed in");
        let page = app.record_list(&caller, "crm", "customer", ListQuery::default(), true).await;
        let Ok(page) = page else { continue };
        for view in page.records.iter().take(8) {
            app.record_detail(&caller, "crm", "customer", view.record.id).await.expect("shown");
            app.record_reveal(&caller, "crm", "customer", view.record.id).await.expect("revealed");
        }
        if page.place.can.extract {
            let one = Condition { field: "prefecture".to_owned(), test: Test::Equals, value: "京都府".to_owned() };
            let query = ListQuery { conditions: vec![one], ..ListQuery::default() };
            app.extract(&caller, "crm", "customer", Format::Csv, query).await.map(drop).expect("not held");
        }
        // Somebody follows a link that is not for them.
        let _ = app.roles(&caller).await;
        app.sign_out(&caller).await.expect("signed out");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_normal_demo_day_raises_no_sign_and_a_mass_extraction_does() {
    let database = Database::new().await;
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(&database, folder.path(), 1);
    let accounts = server.app.demo().await.expect("a demo");
    for account in &accounts {
        work_a_day(&server, account).await;
    }
    assert_eq!(server.app.look_for_signs().await.expect("a look"), 0);
    assert!(server.app.signs_for_operator(None).await.expect("a list").is_empty());
    let seller = accounts.iter().find(|account| account.email.starts_with("kobayashi")).expect("sales");
    let (address, device) = (None, "Testkit/1.0".to_owned());
    let peer = Peer {
        address,
        device,
        request: server.app.new_request_id(),
        locale: Locale::Ja,
        device_cookie: String::new(),
    };
    let session = server.app.sign_in(&peer, &seller.email, &seller.password).await.expect("the password fits");
    let caller = server.app.caller(peer, &session.token).await.expect("signed in");
    let all = server.app.extract(&caller, "crm", "customer", Format::Csv, ListQuery::default()).await;
    let held = match all.map(drop) {
        Err(app::Error::Held(held)) => held,
        other => panic!("not held: {other:?}"),
    };
    assert_eq!((held.rows, held.figures.limit), (15_000, domain::audit::sign::EXTRACTION_FLOOR));
    assert_eq!(server.app.signs_for_operator(Some("minato")).await.expect("a list").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_that_was_interrupted_is_completed_without_a_record_twice() {
    let database = Database::new().await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut accounts = Vec::new();
    for (attempt, millis) in (1..).zip([150, 400, 700, 1_500, 3_000, 6_000, 240_000]) {
        let server = Server::start(&database, folder.path(), attempt);
        server.app.release_jobs().await.expect("leases given back");
        match tokio::time::timeout(Duration::from_millis(millis), server.app.demo()).await {
            Ok(done) => {
                accounts = done.expect("a demo");
                for account in &accounts {
                    server.sign_in(account).await;
                }
                break;
            }
            Err(_interrupted) => {}
        }
    }
    assert_eq!(accounts.len(), 9);
    assert_eq!(records(&database).await, 20_000);
    assert_eq!(made(&database).await, 20_000);
}
