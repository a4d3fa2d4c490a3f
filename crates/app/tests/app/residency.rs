//! Residency: what is refused, what turns the claim, and what anybody may read of it. The sockets are real ones of this process.
#![allow(clippy::print_stderr, reason = "a test that has nothing to plant says so")]

use app::audit::stream::{NewStream, StreamKind};
use app::residency::Seen;
use app::{App, Error, Refusal};
use domain::claim::State;
use domain::evidence::{Finding, Verdict};
use domain::residency::{Declared, Region, Said};
use host::residency::mount_of;
use jiff::SignedDuration;
use std::net::UdpSocket;
use std::path::Path;
use testkit::running::{ADMIN, Running};

const PROMISE: &str = "residency.region";
/// An address for documentation (RFC 5737): nobody's.
const ELSEWHERE: &str = "192.0.2.77:9";

fn declared(at: &str, region: &str) -> Declared {
    Declared { at: at.parse().expect(at), region: Region::find(region).expect(region), purpose: None }
}

fn stream(host: &str) -> NewStream {
    NewStream {
        name: "監視室".to_owned(),
        kind: StreamKind::Syslog,
        address: format!("{host}:6514"),
        authorization: String::new(),
        from_start: false,
    }
}

async fn state(app: &App) -> State {
    let claims = app.claims().await.expect("claims");
    claims.into_iter().find(|claim| claim.promise.id == PROMISE).expect("the promise").state
}

/// Codes of the reasons.
fn reasons(why: &[Finding]) -> Vec<&str> {
    why.iter().map(|finding| finding.code.as_str()).collect()
}

fn later(running: &Running, secs: i64) {
    running.clock.advance(SignedDuration::from_secs(secs));
}

/// A datagram socket that is connected, which sends nothing. None on a machine without a way out.
fn connected() -> Option<UdpSocket> {
    let socket = UdpSocket::bind("0.0.0.0:0").expect("a socket");
    socket.connect(ELSEWHERE).map(|()| socket).ok()
}

#[tokio::test]
async fn a_stream_to_a_host_that_is_not_declared_or_is_abroad_is_refused_and_nothing_is_made() {
    let running = Running::start().await;
    let app = running.server_residing(|residency| {
        residency.rules.declared.push(declared("abroad.example.jp", "us-east"));
    });
    let admin = running.caller(ADMIN).await;
    for host in ["other.example.jp", "abroad.example.jp", "8.8.8.8"] {
        let refused = app.stream_add(&admin, &stream(host)).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::StreamUndeclared))), "{host}: {refused:?}");
        let refused = app.operator_stream_add(running.tenant, &stream(host)).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::StreamUndeclared))), "{host}: {refused:?}");
    }
    assert!(app.streams(&admin).await.expect("streams").is_empty());
    app.stream_add(&admin, &stream("siem.example.jp")).await.expect("it is declared");
}

#[tokio::test]
async fn a_stream_that_was_there_before_its_declaration_went_away_turns_the_claim_without_naming_it() {
    let running = Running::start().await;
    let admin = running.caller(ADMIN).await;
    let then = running.server_residing(|residency| {
        residency.rules.declared.push(declared("siem.minato.example", "jp-east"));
    });
    let id = then.stream_add(&admin, &stream("siem.minato.example")).await.expect("declared then");
    let mut seen = Seen::default();
    then.watch_sinks_once(&mut seen).await.expect("a measurement");
    assert_eq!(state(&then).await, State::Met);

    let mut seen = Seen::default();
    let measured = running.app.watch_sinks_once(&mut seen).await.expect("a measurement");
    assert_eq!((measured.verdict, reasons(&measured.found.why)), (Verdict::Broken, vec!["streams_undeclared"]));
    assert_eq!(state(&running.app).await, State::Missed);
    let told = format!("{:?}{:?}", measured.raw, measured.found);
    assert!(!told.contains("minato"), "the public page would name a tenant's receiver: {told}");

    running.app.stream_remove(&admin, id).await.expect("removed");
    later(&running, 61);
    running.app.watch_sinks_once(&mut seen).await.expect("a measurement");
    assert_eq!(state(&running.app).await, State::Met, "it comes back by itself");
}

#[tokio::test]
async fn a_sink_abroad_and_a_machine_of_which_nobody_speaks_turn_the_claim() {
    let running = Running::start().await;
    let abroad = running.server_residing(|residency| {
        residency.rules.declared.push(declared("proxy.example.jp", "sg"));
    });
    let measured = abroad.watch_sinks_once(&mut Seen::default()).await.expect("a measurement");
    assert_eq!((measured.verdict, reasons(&measured.found.why)), (Verdict::Broken, vec!["sink_outside"]));
    let silent = running.server_residing(|residency| residency.rules.machine = None);
    let measured = silent.watch_sinks_once(&mut Seen::default()).await.expect("a measurement");
    assert_eq!((measured.verdict, reasons(&measured.found.why)), (Verdict::Broken, vec!["machine_undeclared"]));
    assert_eq!(state(&running.app).await, State::Missed);
    let demo = running.server_residing(|residency| {
        residency.rules.machine = residency.rules.machine.map(|(region, _)| (region, Said::Demo));
    });
    let measured = demo.watch_sinks_once(&mut Seen::default()).await.expect("a measurement");
    assert_eq!(measured.found.figure.code, "sinks_all_demo", "a demo's word is told as one");
}

#[tokio::test]
async fn a_connection_to_nobody_declared_turns_the_claim_and_counts_for_an_hour() {
    let running = Running::start().await;
    // Nothing declared, so nobody is asked for a name: the planted socket is the only one.
    let app = &running.server_residing(|residency| residency.rules.declared.clear());
    let mut seen = Seen::default();
    app.watch_sinks_once(&mut seen).await.expect("a measurement");
    assert_eq!(state(app).await, State::Met);
    let Some(socket) = connected() else {
        eprintln!("skipped: this machine has no way out, so no connection can be planted");
        return;
    };
    later(&running, 10);
    let measured = app.watch_sinks_once(&mut seen).await.expect("a measurement");
    assert_eq!((measured.verdict, reasons(&measured.found.why)), (Verdict::Broken, vec!["connection_unknown"]));
    assert_eq!(measured.found.why[0].get_text("address"), Some(ELSEWHERE));
    assert_eq!(state(app).await, State::Missed);

    drop(socket);
    later(&running, 3_500);
    app.watch_sinks_once(&mut seen).await.expect("a measurement");
    assert_eq!(state(app).await, State::Missed, "it was there within the hour");
    later(&running, 200);
    app.watch_sinks_once(&mut seen).await.expect("a measurement");
    assert_eq!(state(app).await, State::Met);

    let declaring = running.server_residing(|residency| {
        residency.rules.declared = vec![declared("192.0.2.0/24", "jp-east")];
    });
    let _socket = connected();
    let measured = declaring.watch_sinks_once(&mut Seen::default()).await.expect("a measurement");
    assert_eq!((measured.verdict, measured.found.figure.get_number("connections")), (Verdict::Held, Some(1)));
}

#[tokio::test]
async fn a_measurement_is_kept_each_hour_and_without_one_the_claim_fades() {
    let running = Running::start().await;
    let (app, mut seen) = (&running.app, Seen::default());
    assert_eq!(state(app).await, State::Unverified);
    for _ in 0..10 {
        app.watch_sinks_once(&mut seen).await.expect("a measurement");
        later(&running, 10);
    }
    let kept = "SELECT count(*) FROM struct.evidence WHERE promise = 'residency.region'";
    assert_eq!(running.database.number(kept).await, 1, "nothing changed");
    later(&running, 3_600);
    app.watch_sinks_once(&mut seen).await.expect("a measurement");
    assert_eq!(running.database.number(kept).await, 2);
    assert_eq!(state(app).await, State::Met);
    later(&running, 91 * 60);
    assert_eq!(state(app).await, State::AtRisk);
    later(&running, 90 * 60);
    assert_eq!(state(app).await, State::Unverified);
}

#[test]
fn the_folders_of_this_machine_are_on_its_own_disks_or_told() {
    // Whatever this machine has: the table can be read, and a path that is not there yet has a place all the same.
    let temporary = std::env::temp_dir();
    let mount = mount_of(&temporary).expect("a table of mounts");
    assert_eq!(mount_of(&temporary.join("not/there/yet")).expect("a table of mounts"), mount);
    assert_eq!(mount_of(Path::new("/proc/self")).expect("a table of mounts"), None);
}
