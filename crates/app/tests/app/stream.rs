//! Streams of the log, to real receivers over TLS: what is refused, what is repeated, what is never left out.

use crate::entries;
use app::audit::stream::{NewStream, StreamKind, StreamState, StreamView};
use app::{App, Caller, Error, Refusal};
use domain::audit::Verb;
use domain::id::StreamId;
use host::stream::{Dialer, Push, StreamError};
use std::collections::BTreeSet;
use std::sync::Arc;
use testkit::receiver::{Manner, Receiver};
use testkit::running::{ADMIN, OTHER, Running, SALES};

const SECRET: &str = "Bearer hirugao-7-tasogare";

/// Reaches this machine, and trusts the receiver's authority.
fn dialer(receiver: &Receiver) -> Dialer {
    Dialer::new(Some(&receiver.authority()), vec!["127.0.0.0/8".parse().expect("a network")]).expect("a dialer")
}

fn https(port: u16) -> NewStream {
    NewStream {
        name: "監視室".to_owned(),
        kind: StreamKind::Https,
        address: format!("https://127.0.0.1:{port}/collector?token=asagao"),
        authorization: SECRET.to_owned(),
        from_start: true,
    }
}

fn syslog(port: u16) -> NewStream {
    NewStream {
        kind: StreamKind::Syslog,
        address: format!("127.0.0.1:{port}"),
        authorization: String::new(),
        ..https(port)
    }
}

/// A server that streams to the receiver, with a stream from the first entry on.
async fn streaming(running: &Running, receiver: &Receiver, new: &NewStream) -> (Arc<App>, Caller, StreamId) {
    let app = running.server_streaming(dialer(receiver));
    let admin = running.caller(ADMIN).await;
    let id = app.stream_add(&admin, new).await.expect("a stream");
    sequenced(running).await;
    (app, admin, id)
}

async fn sequenced(running: &Running) {
    assert_eq!(running.app.sequence_once().await.expect("a round").failed, 0);
}

async fn size(running: &Running) -> u64 {
    let sql = format!("SELECT size FROM struct.log WHERE tenant_id = '{}'", running.tenant);
    u64::try_from(running.database.number(&sql).await).expect("a size")
}

/// Makes what has failed due at once, as time does.
async fn due(running: &Running) {
    let root = running.database.root().await;
    root.execute("UPDATE struct.stream SET due_at = now()", &[]).await.expect("due");
}

/// Sends until nothing is left; failures are waited out.
async fn drained(running: &Running, app: &App) {
    while app.stream_once().await.expect("a turn") {
        due(running).await;
    }
}

async fn only(app: &App, admin: &Caller) -> StreamView {
    let mut streams = app.streams(admin).await.expect("streams");
    assert_eq!(streams.len(), 1);
    streams.remove(0)
}

/// Every position from the first on, each for the first time in the order of the log.
#[track_caller]
fn complete(positions: &[u64], size: u64) {
    let set: BTreeSet<u64> = positions.iter().copied().collect();
    assert_eq!(set.into_iter().collect::<Vec<_>>(), (0..size).collect::<Vec<_>>(), "a gap");
    let mut most = None;
    for position in positions {
        assert!(Some(*position) <= most.map_or(Some(0), |most: u64| Some(most + 1)), "out of order: {positions:?}");
        most = most.max(Some(*position));
    }
}

#[tokio::test]
async fn only_administrators_set_streams_up_and_only_for_their_own_tenant() {
    let running = Running::start().await;
    let receiver = Receiver::https(&[]).await;
    let (app, admin, id) = streaming(&running, &receiver, &https(receiver.port)).await;
    let (sales, other) = (running.caller(SALES).await, running.caller(OTHER).await);
    let refused = app.stream_add(&sales, &https(receiver.port)).await;
    assert!(matches!(refused, Err(Error::NotAdministrator)), "{refused:?}");
    for refused in [app.stream_remove(&other, id).await, app.stream_pause(&other, id, true).await] {
        assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    }
    assert!(app.streams(&other).await.expect("none").is_empty());
    assert_eq!(only(&app, &admin).await.state, StreamState::Running);
}

#[tokio::test]
async fn an_address_of_this_house_is_refused_unless_the_operator_opened_it() {
    let running = Running::start().await;
    let receiver = Receiver::https(&[]).await;
    let admin = running.caller(ADMIN).await;
    for host in [
        "127.0.0.1",
        "localhost",
        "10.1.2.3",
        "169.254.169.254",
        "[::1]",
        "[::ffff:10.0.0.1]",
        "0.0.0.0",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "LOCALHOST",
        "localhost.",
        "a.localhost",
        "10.258",
    ] {
        let new = NewStream { address: format!("https://{host}:{}/", receiver.port), ..https(1) };
        let refused = running.app.stream_add(&admin, &new).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::StreamNetwork))), "{host}: {refused:?}");
    }
    for address in ["127.1:6514", "0x7f000001:6514", "localhost.:6514", "017700000001:6514"] {
        let refused = running.app.stream_add(&admin, &NewStream { address: address.to_owned(), ..syslog(1) }).await;
        // To TLS, most of these are no host at all.
        let refusal = matches!(refused, Err(Error::Refused(Refusal::StreamNetwork | Refusal::BadStreamAddress)));
        assert!(refusal, "{address}: {refused:?}");
    }
    // A name is judged by what it leads to, when it is connected to.
    let mut push = Push::new(&format!("https://localhost:{}/", receiver.port), None).expect("an address");
    let refused = push.send(&Dialer::default(), b"{}\n".to_vec()).await;
    assert!(matches!(refused, Err(StreamError::Network(_))), "{refused:?}");
    assert_eq!(receiver.contacts(), 0);
    for (address, refusal) in [
        ("http://siem.example.jp/", Refusal::BadStreamAddress),
        ("https://a:b@siem.example.jp/", Refusal::BadStreamAddress),
        ("", Refusal::BadStreamAddress),
        ("https://1.2.3.999/", Refusal::BadStreamAddress),
        ("https://a.0x1g/", Refusal::BadStreamAddress),
    ] {
        let refused = running.app.stream_add(&admin, &NewStream { address: address.to_owned(), ..https(1) }).await;
        assert!(matches!(&refused, Err(Error::Refused(found)) if *found == refusal), "{address}: {refused:?}");
    }
    let two = NewStream { authorization: "a\r\nX-B: c".to_owned(), ..https(1) };
    assert!(matches!(running.app.stream_add(&admin, &two).await, Err(Error::Refused(Refusal::BadAuthorization))));
}

#[tokio::test]
async fn a_receiver_with_a_certificate_of_unknown_authority_gets_nothing() {
    let running = Running::start().await;
    for (receiver, new) in
        [(Receiver::https(&[]).await, https as fn(u16) -> NewStream), (Receiver::syslog(&[]).await, syslog)]
    {
        let stranger = Dialer::new(None, vec!["127.0.0.0/8".parse().expect("a network")]).expect("a dialer");
        let app = running.server_streaming(stranger);
        let admin = running.caller(ADMIN).await;
        let id = app.stream_add(&admin, &new(receiver.port)).await.expect("a stream");
        sequenced(&running).await;
        assert!(app.stream_once().await.expect("a turn"));
        let found = only(&app, &admin).await;
        assert_eq!((found.state, found.position), (StreamState::Failing, 0));
        assert_eq!(found.failed.expect("why").1, "tls");
        assert!(receiver.events().is_empty());
        app.stream_remove(&admin, id).await.expect("removed");
    }
}

#[tokio::test]
async fn a_receiver_that_points_elsewhere_is_not_followed() {
    let running = Running::start().await;
    let receiver = Receiver::https(&[Manner::Answer(307), Manner::Take]).await;
    let (app, admin, _) = streaming(&running, &receiver, &https(receiver.port)).await;
    assert!(app.stream_once().await.expect("a turn"));
    let found = only(&app, &admin).await;
    let (_, code, particulars) = found.failed.expect("why");
    assert_eq!((code.as_str(), particulars.as_str(), found.position), ("redirected", "307", 0));
    assert_eq!((receiver.contacts(), receiver.events().len()), (1, 0));
}

#[tokio::test]
async fn what_a_receiver_did_not_take_is_sent_again_after_a_pause() {
    let running = Running::start().await;
    let receiver = Receiver::https(&[Manner::Answer(500), Manner::Answer(429), Manner::Take]).await;
    let (app, admin, _) = streaming(&running, &receiver, &https(receiver.port)).await;
    assert!(app.stream_once().await.expect("a turn"));
    assert!(!app.stream_once().await.expect("a turn"), "it must wait before it tries again");
    let failing = only(&app, &admin).await;
    assert_eq!((failing.state, failing.position), (StreamState::Failing, 0));
    due(&running).await;
    drained(&running, &app).await;
    let size = size(&running).await;
    complete(&receiver.positions(), size);
    assert_eq!(receiver.positions().len() as u64, size, "nothing twice: nothing had been taken");
    let found = only(&app, &admin).await;
    assert_eq!((found.state, found.position, found.behind), (StreamState::Running, size, 0));
    assert!(found.failed.is_none() && found.delivered_at.is_some());
    let head = &receiver.heads()[0];
    for line in [
        "POST /collector?token=asagao HTTP/1.1\r\n",
        "authorization: Bearer hirugao-7-tasogare\r\n",
        "content-type: application/x-ndjson\r\n",
    ] {
        assert!(head.contains(line), "{head}");
    }
}

#[tokio::test]
async fn a_connection_cut_in_the_middle_leaves_no_gap_and_no_disorder() {
    let running = Running::start().await;
    let cut = [Manner::CutAfter(3), Manner::CutAfter(0), Manner::TakeSilently, Manner::CutAfter(5), Manner::Take];
    let receiver = Receiver::https(&cut).await;
    let (app, _, id) = streaming(&running, &receiver, &https(receiver.port)).await;
    drained(&running, &app).await;
    complete(&receiver.positions(), size(&running).await);
    app.stream_remove(&running.caller(ADMIN).await, id).await.expect("removed");

    let cut = [Manner::CutAfter(3), Manner::CutAfter(0), Manner::Lose(2), Manner::CutAfter(1), Manner::Take];
    let receiver = Receiver::syslog(&cut).await;
    let (app, _, _) = streaming(&running, &receiver, &syslog(receiver.port)).await;
    drained(&running, &app).await;
    let positions = receiver.positions();
    complete(&positions, size(&running).await);
    assert!(positions.len() as u64 > size(&running).await, "what was cut off came twice");
}

#[tokio::test]
async fn syslog_messages_are_of_the_two_specifications() {
    let running = Running::start().await;
    let receiver = Receiver::syslog(&[]).await;
    let (app, admin, _) = streaming(&running, &receiver, &syslog(receiver.port)).await;
    app.audit(&running.caller(SALES).await, Default::default(), None).await.expect_err("refused");
    app.stream_test(&admin, only(&app, &admin).await.id).await.expect("an answer").expect("taken");
    assert_eq!(receiver.events()[0]["type_uid"], 600_299);
    sequenced(&running).await;
    drained(&running, &app).await;
    complete(&receiver.positions(), size(&running).await);
    let refused = receiver.heads().into_iter().find(|head| head.contains("access.denied")).expect("a refusal");
    // Facility 13, severity 5: a notice.
    let (pri, rest) = refused.split_once(' ').expect("a header");
    assert_eq!(pri, "<109>1");
    let words: Vec<&str> = rest.split(' ').collect();
    assert!(words[0].ends_with('Z') && words[0].len() == 27, "{refused}");
    assert_eq!(words[1..5], ["struct.example.jp", "struct", "-", "access.denied"]);
    assert!(
        rest.contains("[origin software=\"STRUCT\" swVersion=") && rest.contains("[meta sequenceId=\""),
        "{refused}"
    );
}

#[tokio::test]
async fn a_receiver_of_syslog_that_only_hangs_up_is_sent_everything_too() {
    let running = Running::start().await;
    let receiver = Receiver::syslog(&[Manner::TakeSilently]).await;
    let (app, admin, _) = streaming(&running, &receiver, &syslog(receiver.port)).await;
    drained(&running, &app).await;
    complete(&receiver.positions(), size(&running).await);
    assert_eq!(only(&app, &admin).await.behind, 0);
}

#[tokio::test]
async fn after_a_restart_a_stream_goes_on_where_it_stood() {
    let running = Running::start().await;
    let receiver = Receiver::https(&[]).await;
    let (app, admin, id) = streaming(&running, &receiver, &https(receiver.port)).await;
    drained(&running, &app).await;
    let before = receiver.positions().len();
    app.stream_pause(&admin, id, true).await.expect("paused");
    running.app.audit(&admin, Default::default(), None).await.expect("a page");
    sequenced(&running).await;
    assert!(!app.stream_once().await.expect("a turn"), "paused");
    let again = running.server_streaming(dialer(&receiver));
    again.stream_pause(&admin, id, false).await.expect("resumed");
    drained(&running, &again).await;
    sequenced(&running).await;
    drained(&running, &again).await;
    let size = size(&running).await;
    complete(&receiver.positions(), size);
    assert_eq!(receiver.positions().len() as u64, size, "nothing twice");
    assert!(receiver.positions().len() > before);
}

#[tokio::test]
async fn a_dead_workers_stream_is_taken_over_when_its_lease_is_over_and_not_before() {
    let running = Running::start().await;
    let receiver = Receiver::https(&[]).await;
    let (app, _, id) = streaming(&running, &receiver, &https(receiver.port)).await;
    let store = running.database.store();
    let dead = uuid::Uuid::from_u128(7);
    assert_eq!(store.stream_claim(dead, 600).await.expect("an answer"), Some((running.tenant, id)));
    assert!(!app.stream_once().await.expect("a turn"), "two at once");
    let root = running.database.root().await;
    root.execute("UPDATE struct.stream SET lease_until = now() - interval '1 second'", &[]).await.expect("over");
    drained(&running, &app).await;
    complete(&receiver.positions(), size(&running).await);
    // It was only slow, and wakes: what it believes counts no more.
    let step = store::stream::Step { from: 0, until: 1, skipped: 0 };
    assert!(!store.stream_advance((running.tenant, id), dead, step, 60).await.expect("an answer"));
    assert!(!store.stream_renew((running.tenant, id), dead, 60).await.expect("an answer"));
}

#[tokio::test]
async fn a_worker_that_goes_on_says_so_and_keeps_its_stream() {
    let running = Running::start().await;
    let receiver = Receiver::https(&[]).await;
    let (app, _, id) = streaming(&running, &receiver, &https(receiver.port)).await;
    let store = running.database.store();
    let slow = uuid::Uuid::from_u128(7);
    assert_eq!(store.stream_claim(slow, 600).await.expect("an answer"), Some((running.tenant, id)));
    let root = running.database.root().await;
    root.execute("UPDATE struct.stream SET lease_until = now() - interval '1 second'", &[]).await.expect("over");
    assert!(store.stream_renew((running.tenant, id), slow, 600).await.expect("an answer"), "nobody else has it yet");
    assert!(!app.stream_once().await.expect("a turn"), "it has one");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_workers_of_two_servers_leave_no_gap_and_send_nothing_twice() {
    let running = Running::start().await;
    let receiver = Receiver::https(&[]).await;
    let (app, admin, _) = streaming(&running, &receiver, &https(receiver.port)).await;
    let other = running.server_streaming(dialer(&receiver));
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let workers = [app.clone(), other].map(|app| tokio::spawn(app.stream_audit(stopped.clone())));
    for _ in 0..40 {
        running.app.audit(&admin, Default::default(), None).await.expect("a page");
        sequenced(&running).await;
    }
    let wanted = size(&running).await;
    while (receiver.positions().len() as u64) < wanted {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    stop.send(true).expect("they listen");
    for worker in workers {
        worker.await.expect("it ends");
    }
    complete(&receiver.positions(), wanted);
    assert_eq!(receiver.positions(), (0..wanted).collect::<Vec<_>>());
}

#[tokio::test]
async fn entries_that_were_pruned_before_they_could_be_sent_are_counted() {
    let running = Running::start().await;
    let receiver = Receiver::https(&[]).await;
    let (app, admin, _) = streaming(&running, &receiver, &https(receiver.port)).await;
    let root = running.database.root().await;
    let gone = "DELETE FROM struct.entry e USING struct.leaf l
        WHERE l.tenant_id = e.tenant_id AND l.entry_id = e.entry_id AND l.tenant_id = $1 AND l.position < 4";
    root.execute(gone, &[&running.tenant.0]).await.expect("pruned");
    drained(&running, &app).await;
    let size = size(&running).await;
    assert_eq!(receiver.positions(), (4..size).collect::<Vec<_>>());
    let found = only(&app, &admin).await;
    assert_eq!((found.position, found.skipped), (size, 4));
}

#[tokio::test]
async fn every_act_on_a_stream_is_an_entry_and_no_secret_of_it_is_in_the_database() {
    let running = Running::start().await;
    let receiver = Receiver::https(&[]).await;
    let (app, admin, id) = streaming(&running, &receiver, &https(receiver.port)).await;
    app.stream_test(&admin, id).await.expect("an answer").expect("taken");
    app.stream_pause(&admin, id, true).await.expect("paused");
    app.stream_pause(&admin, id, false).await.expect("resumed");
    let root = running.database.root().await;
    let row: String = root.query_one("SELECT s::text FROM struct.stream s", &[]).await.expect("a row").get(0);
    for secret in ["hirugao", "asagao"] {
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(!row.contains(secret) && !row.contains(&hex), "{row}");
    }
    let listed = format!("{:?}", app.streams(&admin).await.expect("streams"));
    assert!(!listed.contains("hirugao") && !listed.contains("asagao"), "{listed}");
    app.stream_remove(&admin, id).await.expect("removed");
    let tenant = running.tenant;
    let public = NewStream { address: "https://siem.example.jp/".to_owned(), ..https(1) };
    let id = running.operator.operator_stream_add(tenant, &public).await.expect("a stream");
    running.operator.operator_stream_remove(tenant, id).await.expect("removed");
    for (verb, times) in [
        (Verb::AuditStreamAdded, 2),
        (Verb::AuditStreamTested, 1),
        (Verb::AuditStreamPaused, 1),
        (Verb::AuditStreamResumed, 1),
        (Verb::AuditStreamRemoved, 2),
    ] {
        assert_eq!(entries(&running, verb).await, times, "{verb:?}");
    }
}

#[tokio::test]
async fn a_stream_carries_its_own_tenants_log_and_no_other() {
    let running = Running::start().await;
    let receiver = Receiver::https(&[]).await;
    let (app, _, _) = streaming(&running, &receiver, &https(receiver.port)).await;
    running.app.audit(&running.caller(OTHER).await, Default::default(), None).await.expect("a page");
    sequenced(&running).await;
    drained(&running, &app).await;
    let events = receiver.events();
    assert!(!events.is_empty());
    let (tenant, name) = (running.tenant.to_string(), format!("struct.example.jp/log/{}", running.tenant));
    for event in events {
        assert_eq!(event["metadata"]["tenant_uid"], tenant);
        assert_eq!(event["metadata"]["log_name"], name);
    }
}

#[tokio::test]
async fn a_new_stream_from_now_on_is_sent_nothing_of_before() {
    let running = Running::start().await;
    let receiver = Receiver::https(&[]).await;
    sequenced(&running).await;
    let before = size(&running).await;
    let new = NewStream { from_start: false, ..https(receiver.port) };
    let (app, admin, _) = streaming(&running, &receiver, &new).await;
    drained(&running, &app).await;
    assert_eq!(receiver.positions().first(), Some(&before));
    for _ in 1..app::audit::stream::MAX_STREAMS {
        app.stream_add(&admin, &new).await.expect("another");
    }
    let refused = app.stream_add(&admin, &new).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::TooManyStreams))), "{refused:?}");
}

#[tokio::test]
async fn a_long_log_goes_in_bounded_batches_and_only_the_one_that_was_cut_off_comes_again() {
    let running = Running::start().await;
    let receiver = Receiver::https(&[Manner::Take, Manner::CutAfter(7), Manner::Take]).await;
    let (app, admin, _) = streaming(&running, &receiver, &https(receiver.port)).await;
    for _ in 0..app::audit::stream::BATCH_ENTRIES {
        running.app.audit(&admin, Default::default(), None).await.expect("a page");
    }
    sequenced(&running).await;
    assert!(app.stream_once().await.expect("a turn"));
    let batch = u64::try_from(app::audit::stream::BATCH_ENTRIES).expect("a size");
    assert_eq!(only(&app, &admin).await.position, batch, "what was taken is behind it");
    due(&running).await;
    drained(&running, &app).await;
    let (positions, size) = (receiver.positions(), size(&running).await);
    complete(&positions, size);
    assert_eq!(positions.len() as u64, size + 7);
    assert!(positions[500..507].iter().eq(positions[507..514].iter()), "from the cut-off batch's first on");
}
