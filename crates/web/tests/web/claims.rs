//! The public page of promises: what it says in which state, to anybody, with and without a database.

use crate::samples::{Sample, now, shell_open};
use crate::site::{Answer, Site};
use app::claim::document::Claims;
use app::claim::shown::History;
use app::claim::{Checked, Claim};
use app::evidence::EvidenceRow;
use askama::Template;
use axum::http::{StatusCode, header};
use domain::claim::history::Turn;
use domain::claim::{Check, State};
use domain::evidence::{Finding, Found, Measurement, Verdict};
use domain::locale::Locale;
use domain::promise::{ALL, Promise};
use jiff::SignedDuration;
use testkit::proxy::Proxy;
use testkit::running::Running;
use uuid::Uuid;
use web::page::claim::promise::Read;
use web::page::{claim, evidence};

const LOG: &str = "audit.data_actions";
const ARCHIVE: &str = "backup.log";

fn measurement(promise: &'static str, check: &str, verdict: Verdict, running: &Running) -> Measurement {
    let figure = Finding::new("log_whole").number("leaves", 18_402).number("logs", 3);
    let mut measured = Measurement::new(promise, check, figure, running.app.now(), "looked at it");
    match verdict {
        Verdict::Held => {}
        Verdict::AtRisk => measured.at_risk(Finding::new("log_fault").text("text", "ほとんど満杯です")),
        Verdict::Broken => measured.broken(Finding::new("log_fault").text("text", "<script>alert(1)</script> & \"x\"")),
    }
    measured.raw = Some(r#"{"leaves":18402,"logs":["a","<b>"]}"#.to_owned());
    measured
}

async fn measured(running: &Running, promise: &'static str, check: &str, verdict: Verdict) {
    running.app.measured(&measurement(promise, check, verdict, running)).await.unwrap();
}

/// What the table says of a promise.
fn row<'a>(page: &'a str, id: &str) -> &'a str {
    let from = page.find(&format!("<tr role=\"row\" id=\"{id}\"")).unwrap_or_else(|| panic!("no row of {id}"));
    &page[from..from + page[from..].find("</tr>").unwrap()]
}

fn document(answer: &Answer) -> Claims {
    serde_json::from_str(&answer.body).unwrap()
}

fn state_of(document: &Claims, id: &str) -> String {
    document.promises.iter().find(|one| one.id == id).unwrap().state.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nothing_measures_is_not_verified_and_every_promise_is_there() {
    let site = Site::start().await;
    for (path, words) in [
        ("/trust", ["未検証", "測る仕組みがまだない"]),
        ("/trust?lang=en", ["Not verified", "Nothing measures this yet"]),
    ] {
        let page = site.get(path, None).await;
        assert_eq!(page.status, StatusCode::OK);
        for promise in ALL {
            let row = row(&page.body, promise.id);
            assert!(row.contains("data-state=\"unk\"") && row.contains(words[0]), "{row}");
        }
        assert!(page.body.contains(words[1]));
    }
    let document = document(&site.get("/trust.json", None).await);
    assert_eq!(document.promises.len(), ALL.len());
    assert_eq!(document.counts.unverified, ALL.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_follows_its_evidence_to_met_at_risk_and_missed_and_says_why_harmlessly() {
    let site = Site::start().await;
    for (verdict, chip, words) in [
        (Verdict::Held, "ok", ["達成", "18,402件すべて一致"]),
        (Verdict::AtRisk, "warn", ["要注意", "ほとんど満杯です"]),
        (Verdict::Broken, "bad", ["未達", "&#60;script&#62;alert(1)"]),
    ] {
        measured(&site.running, LOG, "log", verdict).await;
        site.running.app.claims().await.unwrap();
        let page = site.get("/trust", None).await.body;
        let row = row(&page, LOG);
        assert!(row.contains(&format!("data-state=\"{chip}\"")), "{row}");
        for words in words {
            assert!(row.contains(words), "{words} in {row}");
        }
        assert!(!page.contains("<script>alert"));
    }
    let page = site.get("/trust?lang=en", None).await.body;
    assert!(row(&page, LOG).contains("Missed") && page.contains("promises are missed or need attention"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_fades_with_its_evidence_though_nobody_asks_the_database() {
    let site = Site::start().await;
    measured(&site.running, LOG, "log", Verdict::Held).await;
    site.running.app.claims().await.unwrap();
    for (minutes, chip, words) in
        [(0, "ok", "達成"), (100, "warn", "予定の1時間30分より遅れて"), (100, "unk", "期限の3時間を過ぎました")]
    {
        site.running.clock.advance(SignedDuration::from_mins(minutes));
        let page = site.get("/trust", None).await.body;
        let row = row(&page, LOG);
        assert!(row.contains(&format!("data-state=\"{chip}\"")) && row.contains(words), "{row}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_stand_while_the_database_is_away_and_go_on_to_fade() {
    let running = Running::start().await;
    measured(&running, LOG, "log", Verdict::Held).await;
    let proxy = Proxy::start(&running.database.socket_dir);
    let app = running.server_through(proxy.socket_dir());
    let site = Site::serving(running, |_| app.clone());
    let evidence =
        document(&site.get("/trust.json", None).await).promises.into_iter().find(|one| one.id == LOG).unwrap();
    let id = evidence.checks[0].evidence[0].id;
    let paths = [
        "/trust".to_owned(),
        "/trust.json".to_owned(),
        "/trust/feed.atom".to_owned(),
        format!("/trust/{LOG}"),
        format!("/trust/{LOG}/badge.svg"),
        format!("/trust/evidence/{id}"),
        format!("/trust/evidence/{id}/raw.json"),
    ];
    for path in &paths {
        assert_eq!(site.get(path, None).await.status, StatusCode::OK, "{path}");
    }
    drop(proxy);
    for (minutes, state, words) in [(10, "met", "達成"), (100, "at_risk", "要注意"), (100, "unverified", "未検証")]
    {
        site.running.clock.advance(SignedDuration::from_mins(minutes));
        for path in &paths {
            assert_eq!(site.get(path, None).await.status, StatusCode::OK, "{path}");
        }
        let page = site.get("/trust", None).await.body;
        assert!(row(&page, LOG).contains(words) && page.contains("最新の測定を読み込めていません"), "{state}");
        assert_eq!(state_of(&document(&site.get("/trust.json", None).await), LOG), state);
        assert!(site.get(&format!("/trust/{LOG}/badge.svg"), None).await.body.contains(words));
        let history = site.get(&format!("/trust/{LOG}"), None).await.body;
        assert!(history.contains("class=\"months\"") && history.contains(words));
    }
    assert_eq!(site.get("/readyz", None).await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_visitors_does_not_reach_the_database() {
    let running = Running::start().await;
    measured(&running, LOG, "log", Verdict::Held).await;
    let proxy = Proxy::start(&running.database.socket_dir);
    let app = running.server_through(proxy.socket_dir());
    let site = Site::serving(running, |_| app.clone());
    let paths =
        ["/trust", "/trust.json", "/trust/feed.atom", "/trust/audit.data_actions", "/trust/backup.log/badge.svg"];
    for path in paths {
        site.get(path, None).await;
    }
    let before = proxy.turns();
    for path in paths.iter().cycle().take(200) {
        assert_eq!(site.get(path, None).await.status, StatusCode::OK);
    }
    assert_eq!(proxy.turns(), before, "what was just read is shown from memory");
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_is_shown_as_it_was_kept_and_proves_itself() {
    let site = Site::start().await;
    measured(&site.running, LOG, "log", Verdict::Held).await;
    let row = site.running.app.evidence_list(LOG, None).await.unwrap()[0].clone();
    let early = site.get(&format!("/trust/evidence/{}/proof", row.id), None).await;
    assert_ne!(early.status, StatusCode::OK, "it has no place in the log yet");
    site.running.app.sequence_once().await.unwrap();
    let page = site.get(&format!("/trust/evidence/{}", row.id), None).await;
    for words in ["18,402件すべて一致", "looked at it", "&#60;b&#62;", row.raw_sha256.as_deref().unwrap()] {
        assert!(page.body.contains(words), "{words}");
    }
    let raw = site.get(&format!("/trust/evidence/{}/raw.json", row.id), None).await;
    assert_eq!(raw.body, r#"{"leaves":18402,"logs":["a","<b>"]}"#);
    assert!(raw.headers[header::CONTENT_DISPOSITION].to_str().unwrap().starts_with("attachment"));
    let proof = site.get(&format!("/trust/evidence/{}/proof", row.id), None).await;
    assert_eq!(proof.status, StatusCode::OK, "{}", proof.body);
    let proof = ledger::tlog_proof::TlogProof::parse(&proof.body).unwrap();
    let extra: serde_json::Value = serde_json::from_slice(proof.extra.as_deref().unwrap()).unwrap();
    let leaf = extra["leaf"].as_str().unwrap();
    let keys = site.get("/log/platform/keys", None).await.body;
    let keys: Vec<_> = keys.lines().map(|key| ledger::note::VerifierKey::parse(key).unwrap()).collect();
    let origin = "struct.example.jp/log/platform";
    proof.verify(ledger::hash::leaf_hash(leaf.as_bytes()), origin, &keys).unwrap();
    assert!(leaf.contains(row.raw_sha256.as_deref().unwrap()));
    for path in ["/trust/evidence/nothing", "/trust/evidence/01924d5a-7c00-7abc-8def-0123456789ab", "/trust/no.promise"]
    {
        assert_eq!(site.get(path, None).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_told_in_a_feed_whose_entries_keep_their_ids() {
    let site = Site::start().await;
    for verdict in [Verdict::Held, Verdict::Broken, Verdict::Held] {
        measured(&site.running, LOG, "log", verdict).await;
        site.running.clock.advance(SignedDuration::from_mins(10));
    }
    let feed = site.get("/trust/feed.atom?lang=en", None).await;
    assert_eq!(feed.headers[header::CONTENT_TYPE], "application/atom+xml; charset=utf-8");
    let ids = |feed: &str| {
        feed.split("<id>").skip(2).map(|rest| rest.split('<').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let first = ids(&feed.body);
    assert_eq!(first.len(), 3, "{}", feed.body);
    assert!(first[0].ends_with("/met") && first[1].ends_with("/missed"), "{first:?}");
    assert!(
        feed.body.contains("Turned from &quot;Missed&quot; to &quot;Met&quot;.")
            && feed.body.contains("Measured for the first time")
    );
    site.running.clock.advance(SignedDuration::from_mins(200));
    let later = ids(&site.get("/trust/feed.atom?lang=en", None).await.body);
    assert_eq!(later[2..], first[..], "what was told stays as it was told");
    assert!(later[0].ends_with("/unverified"));
    assert!(feed.headers.get(header::SET_COOKIE).is_none(), "a shared answer sets no cookie");
    assert!(site.get("/trust/feed.atom", None).await.body.contains("xml:lang=\"ja\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_asker_has_is_not_sent_again_and_other_sites_may_show_a_badge() {
    let site = Site::start().await;
    measured(&site.running, ARCHIVE, "archive", Verdict::Held).await;
    for (path, words) in [("/trust/backup.log/badge.svg", "達成"), ("/trust/backup.log/badge.svg?lang=en", "Met")] {
        let first = site.get(path, None).await;
        assert!(first.body.contains(&format!("<title id=\"t\">STRUCT backup.log: {words}</title>")), "{}", first.body);
        assert_eq!(first.headers["cross-origin-resource-policy"], "cross-origin");
        assert!(first.headers[header::CACHE_CONTROL].to_str().unwrap().starts_with("public"));
        let request = site.request("GET", path, None).await.header(header::IF_NONE_MATCH, &first.headers[header::ETAG]);
        let second = site.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!((second.status, second.bytes), (StatusCode::NOT_MODIFIED, 0));
    }
    let page = site.get("/trust", None).await;
    assert_eq!(page.headers["cross-origin-resource-policy"], "same-origin");
    assert!(page.headers[header::CACHE_CONTROL].to_str().unwrap().starts_with("private"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_shows_another_state_than_the_evidence_breaks_its_own_promise() {
    let site = Site::start().await;
    measured(&site.running, LOG, "log", Verdict::Held).await;
    let app = &site.running.app;
    let whole = async || Ok(site.get("/trust.json", None).await.raw);
    assert_eq!(app.measure_page("page", whole).await.unwrap(), Verdict::Held);
    let claim = app.claims().await.unwrap().into_iter().find(|claim| claim.promise.id == "trust.page").unwrap();
    assert_eq!(claim.state, State::Met);
    type Planted = (&'static str, fn(Claims) -> Claims);
    let faults: [Planted; 4] = [
        ("state_differs", |mut shown| {
            shown.promises.iter_mut().find(|one| one.id == ARCHIVE).unwrap().state = "met".to_owned();
            shown
        }),
        ("promise_not_shown", |mut shown| {
            shown.promises.pop();
            shown
        }),
        ("promise_unknown", |mut shown| {
            shown.promises[0].id = "cake.always".to_owned();
            shown
        }),
        ("page_lags", |mut shown| {
            shown.read_at = shown.read_at.map(|at| at - SignedDuration::from_mins(10));
            shown
        }),
    ];
    for (code, fault) in faults {
        let planted = async || {
            let shown = fault(document(&site.get("/trust.json", None).await));
            Ok(serde_json::to_vec(&shown).unwrap())
        };
        assert_eq!(app.measure_page("page", planted).await.unwrap(), Verdict::Broken, "{code}");
        let rows = app.evidence_list("trust.page", None).await.unwrap();
        drop(rows);
        let claims = app.claims().await.unwrap();
        let claim = claims.iter().find(|claim| claim.promise.id == "trust.page").unwrap();
        let found = Found::of_text(&claim.checks[0].evidence[0].figure);
        assert!(found.why.iter().any(|why| why.code == code), "{found:?}");
        assert_eq!(claim.state, State::Missed);
    }
    let gone = async || Err(app::claim::page::NoPage::Status(503));
    assert_eq!(app.measure_page("page", gone).await.unwrap(), Verdict::Broken);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_claim_that_is_shown_as_met_is_found() {
    let site = Site::start().await;
    measured(&site.running, LOG, "log", Verdict::Held).await;
    let app = &site.running.app;
    let shown = document(&site.get("/trust.json", None).await);
    site.running.clock.advance(SignedDuration::from_hours(4));
    let now = app.now();
    let stuck = async || Ok(serde_json::to_vec(&Claims { read_at: Some(now), ..shown.clone() }).unwrap());
    assert_eq!(app.measure_page("page", stuck).await.unwrap(), Verdict::Broken);
    let claims = app.claims().await.unwrap();
    let claim = claims.iter().find(|claim| claim.promise.id == "trust.page").unwrap();
    let found = Found::of_text(&claim.checks[0].evidence[0].figure);
    let codes: Vec<_> = found.why.iter().map(|why| why.code.as_str()).collect();
    assert!(codes.contains(&"stale_shown_met") && codes.contains(&"state_differs"), "{codes:?}");
    site.running.clock.advance(SignedDuration::from_hours(4));
    let held = async || Ok(site.get("/trust.json", None).await.raw);
    assert_eq!(app.measure_page("page", held).await.unwrap(), Verdict::Held);
    site.running.clock.advance(SignedDuration::from_hours(4));
    let page = site.get("/trust", None).await.body;
    assert!(row(&page, "trust.page").contains("data-state=\"unk\""), "its own evidence grows old too");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_a_member_shows_what_may_be_said_of_backups_and_the_log() {
    let site = Site::start().await;
    let side = |body: &str| {
        let from = body.find("side__vitals").expect("the side's end");
        body[from..from + body[from..].find("</section>").unwrap()].to_owned()
    };
    let home = site.get("/app", Some(testkit::running::SALES)).await.body;
    assert_eq!(side(&home).matches("data-state=\"unk\"").count(), 3);
    measured(&site.running, LOG, "log", Verdict::Held).await;
    site.running.app.claims().await.unwrap();
    let home = site.get("/app", Some(testkit::running::SALES)).await.body;
    assert_eq!(side(&home).matches("data-state=\"ok\"").count(), 1);
    assert!(side(&home).contains("href=\"/trust\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn newer_evidence_stands_in_the_list_as_soon_as_it_is_claimed_by() {
    let site = Site::start().await;
    let path = format!("/trust/{LOG}");
    assert!(site.get(&path, None).await.body.contains("測定はまだありません"));
    measured(&site.running, LOG, "log", Verdict::Held).await;
    site.running.app.claims().await.unwrap();
    let page = site.get(&path, None).await.body;
    assert!(!page.contains("測定はまだありません") && page.contains("約束のとおり"), "{page}");
    site.running.clock.advance(SignedDuration::from_mins(1));
    measured(&site.running, LOG, "log", Verdict::Broken).await;
    site.running.app.claims().await.unwrap();
    assert!(site.get(&path, None).await.body.contains("約束のとおりではない"));
}

fn sample_row(promise: &str, subject: &str, verdict: Verdict, minutes: i64, figure: Finding) -> EvidenceRow {
    let why = match verdict {
        Verdict::Held => Vec::new(),
        _ => vec![Finding::new("log_fault").text("text", "<b>leaf 12: its entry was changed</b>")],
    };
    let until = now() - SignedDuration::from_mins(minutes);
    EvidenceRow {
        id: Uuid::from_u128(0x0192_4d5a_7c00_7abc_8def_0000_0002_0000 - minutes.unsigned_abs() as u128),
        promise: promise.to_owned(),
        subject: Some(subject.to_owned()),
        from: Some(until - SignedDuration::from_secs(90)),
        until,
        figure: Found { figure, why }.to_text(),
        verdict,
        method: "looked at it".to_owned(),
        tool: "struct 0.1.0".to_owned(),
        raw_sha256: Some("00".repeat(32)),
    }
}

/// Every promise, some of them measured: one in each state.
fn claims() -> Vec<Claim> {
    let whole = || Finding::new("log_whole").number("leaves", 18_402).number("logs", 3);
    let of = |promise: &'static Promise| {
        let verdict = match promise.id {
            LOG => Verdict::Broken,
            ARCHIVE => Verdict::AtRisk,
            _ => Verdict::Held,
        };
        let minutes = if promise.id == "residency.region" { 600 } else { 5 };
        let checked = Check::of(promise.id).map(|check| {
            let row = sample_row(promise.id, &format!("{}@web-1", check.name), verdict, minutes, whole());
            let state = match (promise.id, verdict) {
                ("residency.region", _) => State::Unverified,
                (_, Verdict::Held) => State::Met,
                (_, Verdict::AtRisk) => State::AtRisk,
                (_, Verdict::Broken) => State::Missed,
            };
            Checked { check, state, evidence: vec![row] }
        });
        let checks: Vec<Checked> = checked.collect();
        let state = checks.iter().map(|checked| checked.state).reduce(State::worse).unwrap_or(State::Unverified);
        Claim { promise, state, checks }
    };
    ALL.iter().map(of).collect()
}

/// The pages in every state.
pub fn samples(locale: Locale) -> Vec<Sample> {
    let sample = |name: &'static str, html: String| Sample { name, html };
    let claims = claims();
    let find = |id: &str| claims.iter().find(|claim| claim.promise.id == id).unwrap();
    let turn = |minutes: i64, verdict| Turn {
        subject: String::new(),
        at: now() - SignedDuration::from_mins(minutes),
        verdict,
        dense: true,
    };
    let turns = vec![
        turn(400_000, Verdict::Held),
        turn(90_000, Verdict::Broken),
        turn(89_000, Verdict::Held),
        turn(5, Verdict::Broken),
    ];
    let history = History::of(vec![(Check::of(LOG).next().unwrap(), turns)], now());
    let rows: Vec<EvidenceRow> = (0..21)
        .map(|nth| {
            sample_row(
                LOG,
                "log",
                if nth == 3 { Verdict::Broken } else { Verdict::Held },
                5 + nth * 60,
                Finding::new("log_whole").number("leaves", 5).number("logs", 1),
            )
        })
        .collect();
    let read = Read { history: Some(&history), rows: Some(&rows), before: None };
    let open = |path: &str| shell_open(locale, path);
    let page = |id: &str, read: &Read<'_>| {
        claim::promise::view(open(&format!("/trust/{id}")), find(id), read, now()).render().unwrap()
    };
    let one = |row: &EvidenceRow, raw: Option<&str>| {
        evidence::view(open("/trust/evidence/x"), row, raw, now()).render().unwrap()
    };
    vec![
        sample("trust", claim::view::view(open("/trust"), &claims, Some(now()), now()).render().unwrap()),
        sample("trust-away", claim::view::view(open("/trust"), &claims, None, now()).render().unwrap()),
        sample("trust-promise", page(LOG, &read)),
        sample("trust-promise-away", page(ARCHIVE, &Read::default())),
        sample("trust-promise-unchecked", page("support.reply", &Read { rows: Some(&[]), ..Read::default() })),
        sample("evidence", one(&rows[3], Some("{\"a\":[1,\"<b>\"]}"))),
        sample("evidence-no-raw", one(&rows[0], None)),
    ]
}
