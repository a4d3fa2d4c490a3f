//! Transport: each planted fault turns its check and says why; listeners and database are real ones of this process.

use app::App;
use app::transport::{Authority, Kept, Scan};
use domain::claim::State;
use domain::evidence::{Measurement, Verdict};
use domain::residency::{Destination, Encryption, Purpose};
use host::tls::{Source, Tls};
use jiff::SignedDuration;
use tempfile::TempDir;
use testkit::listener::{Listener, REDIRECT, SECURE};
use testkit::running::Running;

const SEALED: &str = "sealing.transport";
const ENCRYPTED: &str = "vulnerability.encrypted_connections";
const HOST: &str = "struct.example.jp";
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A STRUCT with a certificate for its public address.
struct House {
    running: Running,
    folder: TempDir,
    tls: Tls,
}

impl House {
    async fn new() -> Self {
        let running = Running::start().await;
        let folder = tempfile::tempdir().expect("a folder");
        let tls = Tls::open(folder.path(), Source::Own { names: vec![HOST.to_owned()] }, running.app.now());
        Self { running, folder, tls: tls.expect("a certificate") }
    }

    fn scan(&self) -> Scan {
        Scan {
            server: "here".to_owned(),
            data_dir: self.folder.path().to_owned(),
            host: HOST.to_owned(),
            authority: Authority::Own(self.folder.path().join("ca.pem")),
        }
    }

    async fn measure(&self, scan: &Scan) -> Measurement {
        self.running.app.watch_listeners_once(scan, &mut Kept::default()).await.expect("a measurement")
    }

    async fn serving(&self, answer: &str) -> Listener {
        Listener::at("0.0.0.0:0", Some(&self.tls), answer).await
    }

    async fn state(&self, promise: &str) -> State {
        state(&self.running.app, promise).await
    }

    fn later(&self, by: SignedDuration) {
        self.running.clock.advance(by);
    }
}

async fn state(app: &App, promise: &str) -> State {
    let claims = app.claims().await.expect("claims");
    claims.into_iter().find(|claim| claim.promise.id == promise).expect("the promise").state
}

fn codes(measured: &Measurement) -> Vec<&str> {
    measured.found.why.iter().map(|why| why.code.as_str()).collect()
}

#[tokio::test]
async fn a_page_without_tls_turns_the_claim_with_its_address_unless_only_this_machine_reaches_it() {
    let house = House::new().await;
    let serving = house.serving(SECURE).await;
    let _metrics = Listener::at("127.0.0.1:0", None, "HTTP/1.1 200 OK\r\n\r\n").await;
    let _redirects = Listener::at("[::]:0", None, REDIRECT).await;
    let measured = house.measure(&house.scan()).await;
    assert_eq!((measured.verdict, codes(&measured)), (Verdict::Held, vec![]), "{:?}", measured.raw);
    let figure = &measured.found.figure;
    let numbers = ["listeners", "tls", "plain_here"].map(|name| figure.get_number(name));
    assert_eq!((figure.code.as_str(), numbers), ("listeners_all", [Some(3), Some(1), Some(1)]));
    assert_eq!(figure.get_text("version"), Some("TLS 1.3"));
    assert_eq!(house.state(SEALED).await, State::Met);
    assert!(measured.raw.expect("raw data").contains(&serving.address.to_string()));

    // Nobody configured it, and it is found all the same.
    let plain = Listener::at("0.0.0.0:0", None, "HTTP/1.1 200 OK\r\n\r\n").await;
    let measured = house.measure(&house.scan()).await;
    assert_eq!((measured.verdict, codes(&measured)), (Verdict::Broken, vec!["listener_plain"]));
    assert_eq!(measured.found.why[0].get_text("address"), Some(plain.address.to_string().as_str()));
    assert_eq!(house.state(SEALED).await, State::Missed);
    plain.end().await;
    house.measure(&house.scan()).await;
    assert_eq!(house.state(SEALED).await, State::Met, "it comes back by itself");
}

#[tokio::test]
async fn a_certificate_that_ends_soon_is_a_risk_and_one_that_ended_turns_the_claim() {
    let house = House::new().await;
    let _serving = house.serving(SECURE).await;
    house.later(DAY * 187);
    let measured = house.measure(&house.scan()).await;
    assert_eq!((measured.verdict, codes(&measured)), (Verdict::AtRisk, vec!["certificate_ends"]));
    assert_eq!(house.state(SEALED).await, State::AtRisk);
    house.later(DAY * 14);
    let measured = house.measure(&house.scan()).await;
    assert_eq!((measured.verdict, codes(&measured)), (Verdict::Broken, vec!["certificate_expired"]));
    assert_eq!(house.state(SEALED).await, State::Missed);
    // The new one is served on the same listener, and found there.
    house.tls.refresh(house.running.app.now()).expect("renewed");
    let measured = house.measure(&house.scan()).await;
    assert_eq!((measured.verdict, codes(&measured)), (Verdict::Held, vec![]));
}

#[tokio::test]
async fn a_certificate_of_a_stranger_or_for_another_name_turns_the_claim() {
    let house = House::new().await;
    let _serving = house.serving(SECURE).await;
    let other = tempfile::tempdir().expect("a folder");
    Tls::open(other.path(), Source::Own { names: Vec::new() }, house.running.app.now()).expect("another authority");
    let stranger = Scan { authority: Authority::Own(other.path().join("ca.pem")), ..house.scan() };
    let measured = house.measure(&stranger).await;
    assert_eq!((measured.verdict, codes(&measured)), (Verdict::Broken, vec!["certificate_untrusted"]));
    let machine = Scan { authority: Authority::Known { besides: None }, ..house.scan() };
    assert_eq!(codes(&house.measure(&machine).await), ["certificate_untrusted"]);
    let besides = Some(house.folder.path().join("ca.pem"));
    let told = Scan { authority: Authority::Known { besides }, ..house.scan() };
    assert_eq!(house.measure(&told).await.verdict, Verdict::Held);
    let renamed = Scan { host: "www.example.jp".to_owned(), ..house.scan() };
    let measured = house.measure(&renamed).await;
    assert_eq!((measured.verdict, codes(&measured)), (Verdict::Broken, vec!["certificate_name"]));
    assert_eq!(house.state(SEALED).await, State::Missed);
}

#[tokio::test]
async fn answers_that_do_not_pin_browsers_to_https_for_a_year_turn_the_claim() {
    let house = House::new().await;
    let without = SECURE.replace("strict-transport-security: max-age=31536000\r\n", "");
    let serving = house.serving(&without).await;
    let measured = house.measure(&house.scan()).await;
    assert_eq!((measured.verdict, codes(&measured)), (Verdict::Broken, vec!["hsts_missing"]));
    assert_eq!(house.state(SEALED).await, State::Missed);
    serving.end().await;
    let serving = house.serving(&SECURE.replace("31536000", "86400")).await;
    let measured = house.measure(&house.scan()).await;
    assert_eq!((measured.verdict, codes(&measured)), (Verdict::Broken, vec!["hsts_short"]));
    serving.end().await;
    let _serving = house.serving(&SECURE.replace("x-frame-options: DENY\r\n", "")).await;
    let measured = house.measure(&house.scan()).await;
    assert_eq!((measured.verdict, codes(&measured)), (Verdict::AtRisk, vec!["headers_missing"]));
}

#[tokio::test]
async fn without_listeners_nothing_is_called_sealed_and_without_new_measurements_it_fades() {
    let house = House::new().await;
    assert_eq!(codes(&house.measure(&house.scan()).await), ["listeners_none"]);
    let _serving = house.serving(SECURE).await;
    let mut kept = Kept::default();
    let app = &house.running.app;
    // Not as visitors are told, who see what was read a moment before.
    let rows = async || app.store().evidence_page(SEALED, None, 50).await.expect("evidence").len();
    let before = rows().await;
    for _ in 0..3 {
        app.watch_listeners_once(&house.scan(), &mut kept).await.expect("a measurement");
        house.later(SignedDuration::from_mins(1));
    }
    assert_eq!(rows().await, before + 1, "nothing changed, and no hour has passed");
    let plain = Listener::at("0.0.0.0:0", None, SECURE).await;
    app.watch_listeners_once(&house.scan(), &mut kept).await.expect("a measurement");
    assert_eq!(rows().await, before + 2, "a change is kept at once");
    plain.end().await;
    app.watch_listeners_once(&house.scan(), &mut kept).await.expect("a measurement");
    house.later(SignedDuration::from_mins(61));
    app.watch_listeners_once(&house.scan(), &mut kept).await.expect("a measurement");
    assert_eq!(rows().await, before + 4, "and each hour");
    assert_eq!(house.state(SEALED).await, State::Met);
    house.later(SignedDuration::from_mins(181));
    assert_eq!(house.state(SEALED).await, State::Unverified, "a scan that stopped says nothing");
}

#[tokio::test]
async fn connections_by_socket_hold_and_a_place_reached_without_tls_turns_the_claim() {
    let running = Running::start().await;
    let look = async |app: &App| app.watch_connections_once(&mut Kept::default()).await.expect("a measurement");
    let measured = look(&running.app).await;
    assert_eq!((measured.verdict, codes(&measured)), (Verdict::Held, vec![]), "{:?}", measured.raw);
    let figure = &measured.found.figure;
    assert_eq!((figure.code.as_str(), figure.get_number("database_network")), ("connections_all", Some(0)));
    assert!(figure.get_number("database").is_some_and(|connections| connections >= 1), "{figure:?}");
    let raw = measured.raw.expect("raw data");
    assert!(raw.contains("\"way\":\"socket\"") && raw.contains("struct_owner"), "the owner's are seen too: {raw}");
    assert_eq!(state(&running.app, ENCRYPTED).await, State::Met);

    let plain = running.server_residing(|residency| {
        let mail = Destination::host(Purpose::Mail, "mail.example.jp", Some(25), Encryption::Plain);
        residency.destinations.push(mail);
    });
    let measured = look(&plain).await;
    assert_eq!((measured.verdict, codes(&measured)), (Verdict::Broken, vec!["sink_plain"]));
    assert_eq!(measured.found.why[0].get_text("address"), Some("mail.example.jp"));
    assert_eq!(state(&running.app, ENCRYPTED).await, State::Missed);
    look(&running.app).await;
    assert_eq!(state(&running.app, ENCRYPTED).await, State::Met);
    running.clock.advance(SignedDuration::from_mins(181));
    assert_eq!(state(&running.app, ENCRYPTED).await, State::Unverified);
}
