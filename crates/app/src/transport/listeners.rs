//! What the scan of listeners means for `sealing.transport`: which findings break it, which endanger it, and the figure. Tries
//! nothing itself.

use domain::evidence::{Finding, MAX_RAW_BYTES, Measurement, Verdict};
use host::transport::{Answer, CertificateFound, Probed, Scanned, Speaks, TlsFound};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const PROMISE: &str = "sealing.transport";
const CHECK: &str = "listeners";
const METHOD: &str = "Every TCP socket on which a process of this server waits for connections is found in /proc, configured or \
    not, and tried by connecting to it. Each that other machines can reach must speak TLS 1.2 or 1.3, refuse a hello of SSL 3.0, \
    TLS 1.0 and TLS 1.1, and show a certificate for the host of the public address, within its time, of an authority its visitors \
    trust; or do nothing but lead to HTTPS. Answers over TLS must carry Strict-Transport-Security of a year. Listeners on \
    loopback may speak without TLS. A proxy in front of this server is not seen.";

/// Less left than this, or than a quarter of its whole time, and a certificate is about to end.
const ENDS_SOON: SignedDuration = SignedDuration::from_hours(14 * 24);
/// What browsers are to remember at least: a year.
const HSTS_S: i64 = 31_536_000;
/// What each answer over TLS carries besides, and what stands in it.
const HEADERS: [(&str, &str); 4] = [
    ("content-security-policy", "frame-ancestors"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", ""),
    ("referrer-policy", ""),
];
/// The newest version there is.
const NEWEST: &str = "TLSv1_3";

/// The measurement that a scan makes.
pub(super) fn measured(scanned: &Scanned, host: &str, server: &str, now: Timestamp) -> Measurement {
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let subject = format!("{CHECK}@{server}");
    let mut measured = Measurement::new(PROMISE, &subject, Finding::new("listeners_all"), now, METHOD);
    if scanned.listeners.is_empty() {
        measured.broken(Finding::new("listeners_none"));
    }
    for probed in &scanned.listeners {
        judge(probed, host, now, &mut measured);
    }
    if scanned.untried > 0 {
        measured.at_risk(Finding::new("listeners_untried").number("listeners", count(scanned.untried)));
    }
    if scanned.unreadable > 0 {
        measured.at_risk(Finding::new("processes_unreadable").number("processes", count(scanned.unreadable)));
    }
    worst_first(&mut measured);
    let tls: Vec<&TlsFound> = scanned.listeners.iter().filter_map(spoken).collect();
    let plain_here = scanned.listeners.iter().filter(|probed| probed.is_loopback() && spoken(probed).is_none());
    let faults = count(measured.found.why.len());
    let figure = match measured.verdict {
        Verdict::Broken => Finding::new("listeners_faulty").number("faults", faults),
        _ if tls.is_empty() => Finding::new("listeners_here"),
        _ => Finding::new("listeners_all"),
    };
    let mut figure = figure
        .number("listeners", count(scanned.listeners.len()))
        .number("tls", count(tls.len()))
        .number("plain_here", count(plain_here.count()));
    // The oldest version and the certificate that ends first speak for all.
    if let Some(oldest) = tls.iter().min_by_key(|found| &found.version) {
        figure = figure.text("version", &shown(&oldest.version)).text("cipher", &oldest.cipher);
    }
    if let Some(ends) = tls.iter().map(|found| found.certificate.ends).min() {
        figure = figure.number("left_s", ends.duration_since(now).as_secs());
    }
    measured.found.figure = figure;
    measured.raw = Some(raw(scanned, host));
    measured
}

/// Reasons are bounded when they are kept: those that break the promise come first.
fn worst_first(measured: &mut Measurement) {
    const RISKS: [&str; 6] = [
        "certificate_ends",
        "tls_not_newest",
        "headers_missing",
        "listener_silent",
        "listeners_untried",
        "processes_unreadable",
    ];
    measured.found.why.sort_by_key(|finding| RISKS.contains(&finding.code.as_str()));
}

fn spoken(probed: &Probed) -> Option<&TlsFound> {
    match &probed.speaks {
        Speaks::Tls(found) => Some(found),
        Speaks::PlainHttp(_) | Speaks::Other(_) | Speaks::Unreachable(_) => None,
    }
}

/// `TLSv1_3` as people write it.
fn shown(version: &str) -> String {
    version.replace("TLSv1_", "TLS 1.")
}

fn judge(probed: &Probed, host: &str, now: Timestamp, measured: &mut Measurement) {
    let address = probed.address.to_string();
    let finding = |code: &str| Finding::new(code).text("address", &address).text("program", &probed.program);
    match &probed.speaks {
        Speaks::Tls(found) => judge_tls(found, host, now, &finding, measured),
        // What nobody else can reach needs no cover, and is counted in the figure.
        _ if probed.is_loopback() => {}
        Speaks::PlainHttp(answers) => {
            if let Some(answer) = answers.iter().find(|answer| !answer.is_harmless()) {
                let status = answer.head.as_ref().map_or(0, |head| i64::from(head.status));
                measured.broken(finding("listener_plain").text("question", &answer.question).number("status", status));
            }
        }
        Speaks::Other(reason) => measured.broken(finding("listener_other").text("text", reason)),
        Speaks::Unreachable(reason) => measured.at_risk(finding("listener_silent").text("text", reason)),
    }
}

fn judge_tls(
    found: &TlsFound,
    host: &str,
    now: Timestamp,
    finding: &impl Fn(&str) -> Finding,
    measured: &mut Measurement,
) {
    if !found.old_versions.is_empty() {
        measured.broken(finding("tls_old").text("versions", &found.old_versions.join(", ")));
    }
    if found.version != NEWEST {
        measured.at_risk(finding("tls_not_newest").text("version", &shown(&found.version)));
    }
    judge_certificate(&found.certificate, host, now, finding, measured);
    let heads = found.answers.iter().filter_map(|answer| Some((answer, answer.head.as_ref()?)));
    for (answer, head) in heads {
        let remembered = head.header("strict-transport-security").map(max_age_s);
        match remembered {
            None => measured.broken(finding("hsts_missing").text("question", &answer.question)),
            Some(age_s) if age_s < HSTS_S => {
                measured.broken(finding("hsts_short").text("question", &answer.question).number("age_s", age_s));
            }
            Some(_) => {}
        }
        let missing: Vec<&str> = missing(answer).collect();
        if !missing.is_empty() {
            let told = finding("headers_missing").text("question", &answer.question);
            measured.at_risk(told.text("headers", &missing.join(", ")));
        }
        // One answer's lack is told once a listener.
        if remembered.is_none_or(|age_s| age_s < HSTS_S) || !missing.is_empty() {
            break;
        }
    }
}

fn missing(answer: &Answer) -> impl Iterator<Item = &'static str> {
    let lacks = |(name, holds): &(&str, &str)| {
        !answer.head.as_ref().and_then(|head| head.header(name)).is_some_and(|value| value.contains(holds))
    };
    HEADERS.into_iter().filter(lacks).map(|(name, _)| name)
}

/// Seconds of `max-age=31536000; includeSubDomains` (RFC 6797); none is 0.
fn max_age_s(header: &str) -> i64 {
    let directive = header.split(';').filter_map(|part| part.split_once('='));
    let mut ages = directive.filter(|(name, _)| name.trim().eq_ignore_ascii_case("max-age"));
    ages.next().and_then(|(_, value)| value.trim().trim_matches('"').parse().ok()).unwrap_or(0)
}

fn judge_certificate(
    certificate: &CertificateFound,
    host: &str,
    now: Timestamp,
    finding: &impl Fn(&str) -> Finding,
    measured: &mut Measurement,
) {
    let left = certificate.ends.duration_since(now);
    if left <= SignedDuration::ZERO {
        measured.broken(finding("certificate_expired").number("ended_at", certificate.ends.as_second()));
    } else if left < ENDS_SOON.min(certificate.ends.duration_since(certificate.begins) / 4) {
        measured.at_risk(finding("certificate_ends").number("left_s", left.as_secs()));
    }
    if now < certificate.begins {
        measured.broken(finding("certificate_early").number("begins_at", certificate.begins.as_second()));
    }
    if !certificate.name_fits {
        let names = certificate.names.join(", ");
        measured.broken(finding("certificate_name").text("host", host).text("names", &names));
    }
    if let Some(reason) = &certificate.distrusted {
        measured.broken(finding("certificate_untrusted").text("issuer", &certificate.issuer).text("text", reason));
    }
}

/// What was tried and what came of it, for anybody to read.
fn raw(scanned: &Scanned, host: &str) -> String {
    let whole = |listeners: Vec<Value>, untold: usize| {
        json!({
            "host": host, "listeners": listeners, "not_told": untold, "not_tried": scanned.untried,
            "processes_unreadable": scanned.unreadable,
        })
        .to_string()
    };
    // So many listeners that they don't fit are counted instead of told.
    for kept in [scanned.listeners.len(), 16, 4] {
        let text =
            whole(scanned.listeners.iter().take(kept).map(row).collect(), scanned.listeners.len().saturating_sub(kept));
        if text.len() <= MAX_RAW_BYTES {
            return text;
        }
    }
    whole(Vec::new(), scanned.listeners.len())
}

fn row(probed: &Probed) -> Value {
    let speaks = match &probed.speaks {
        Speaks::Tls(found) => json!({ "tls": {
            "version": found.version,
            "cipher": found.cipher,
            "old_versions_spoken": found.old_versions,
            "certificate": {
                "names": found.certificate.names,
                "issuer": found.certificate.issuer,
                "begins": found.certificate.begins.to_string(),
                "ends": found.certificate.ends.to_string(),
                "name_fits": found.certificate.name_fits,
                "distrusted": found.certificate.distrusted,
            },
            "answers": found.answers.iter().map(answered).collect::<Vec<_>>(),
        }}),
        Speaks::PlainHttp(answers) => json!({ "http": answers.iter().map(answered).collect::<Vec<_>>() }),
        Speaks::Other(reason) => json!({ "neither": reason }),
        Speaks::Unreachable(reason) => json!({ "unreachable": reason }),
    };
    json!({
        "address": probed.address.to_string(), "program": probed.program, "loopback": probed.is_loopback(), "speaks": speaks,
    })
}

fn answered(answer: &Answer) -> Value {
    let header = |name: &str| answer.head.as_ref().and_then(|head| head.header(name));
    json!({
        "question": answer.question,
        "status": answer.head.as_ref().map(|head| head.status),
        "location": header("location"),
        "strict_transport_security": header("strict-transport-security"),
    })
}
