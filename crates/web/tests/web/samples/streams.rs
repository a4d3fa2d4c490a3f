//! Samples of the streams of the log.

use super::{Sample, now, sample, shell};
use app::audit::stream::{StreamKind, StreamState, StreamView};
use domain::id::StreamId;
use domain::locale::Locale;
use domain::record::{Fault, FaultReason};
use jiff::SignedDuration;
use uuid::Uuid;
use web::page::audit::stream::{PATH, Typed, failure, remove_view, view};

fn stream(number: u128, name: &str, kind: StreamKind, state: StreamState) -> StreamView {
    let ago = |minutes: i64| now() - SignedDuration::from_mins(minutes);
    let failing = state == StreamState::Failing;
    StreamView {
        id: StreamId(Uuid::from_u128(number)),
        name: name.to_owned(),
        kind,
        peer: format!("siem{number}.minato.example.jp:{}", if kind == StreamKind::Https { 443 } else { 6514 }),
        state,
        position: 128_400,
        behind: if failing { 12_480 } else { 3 },
        skipped: if failing { 240 } else { 0 },
        delivered_at: (number > 1).then(|| ago(if failing { 600 } else { 1 })),
        failed: failing.then(|| (ago(2), "refused".to_owned(), "403".to_owned())),
        created_by_name: (number != 3).then(|| "佐々木\u{a0}健".to_owned()),
        created_at: ago(90_000),
    }
}

pub fn all(locale: Locale) -> Vec<Sample> {
    let shell = || shell(locale, PATH, true, true);
    let t = shell().t;
    let streams = [
        stream(1, "監視室のSplunk", StreamKind::Https, StreamState::Running),
        stream(2, "本社の集約サーバー", StreamKind::Syslog, StreamState::Failing),
        stream(3, "試験", StreamKind::Https, StreamState::Paused),
    ];
    let full: Vec<StreamView> =
        (1..=5).map(|number| stream(number, "監視室", StreamKind::Syslog, StreamState::Running)).collect();
    let typed = Typed {
        name: "監視室".to_owned(),
        syslog: true,
        address: "http://10.0.0.1/".to_owned(),
        from_start: true,
        name_error: Fault::new("name", FaultReason::Required).message(locale, &t.text("stream-name")),
        address_error: t.text("stream-address-bad"),
        authorization_error: t.text("stream-authorization-bad"),
    };
    let taken = ("ok", t.text("stream-test-taken"), t.text("stream-test-taken-what"));
    let lost = ("bad", t.text("stream-test-failed"), failure("tls", "invalid peer certificate: UnknownIssuer", t));
    vec![
        sample("streams", &view(shell(), &streams, Typed::default(), None)),
        sample("streams-none", &view(shell(), &[], Typed::default(), None)),
        sample("streams-full", &view(shell(), &full, Typed::default(), Some(taken))),
        sample("streams-refused", &view(shell(), &[], typed, None)),
        sample("streams-tried", &view(shell(), &streams[..1], Typed::default(), Some(lost))),
        sample("stream-remove", &remove_view(shell(), &streams[1])),
    ]
}
