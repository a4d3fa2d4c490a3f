//! The tamper-evident log: its sample pages, its files as a program reads them, its pages as an administrator uses them.

use crate::samples::{Sample, now, shell};
use crate::site::{Answer, Site};
use app::audit::overview::{ClaimView, LogOverview, WitnessView};
use app::audit::proof::LogStatus;
use app::audit::reader::{NewLogToken, TokenState, TokenView};
use app::audit::subscriber::SubscriberView;
use app::audit::walk::{WalkState, WalkView};
use axum::body::Body;
use axum::http::{StatusCode, header};
use domain::claim::State;
use domain::id::{SubscriberId, TenantId, TokenId, WalkId};
use domain::locale::Locale;
use domain::record::{Fault, FaultReason};
use jiff::SignedDuration;
use ledger::checkpoint::Checkpoint;
use ledger::hash::{Hash, leaf_hash};
use ledger::note::{Note, VerifierKey};
use ledger::proof::{inclusion_ranges, verify_inclusion};
use ledger::tile::{TilePath, Tiles, decode_bundle, tiles_for};
use testkit::running::{ADMIN, NOBODY, OTHER, SALES};
use uuid::Uuid;
use web::page::audit::ledger::{self as page, Filled, token, walk};

const ORIGIN: &str = "struct.example.jp/log/00000000-0000-0000-0000-000000000001";
const NOTE: &str = "struct.example.jp/log/00000000-0000-0000-0000-000000000001\n18204\nQ0ZoN2xGc1hWb3hjZ2pXdDhRaEtSM0hPa0FzTW1tVmo=\n\n\
    — struct.example.jp/log/00000000-0000-0000-0000-000000000001 \
    Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

fn tenant() -> TenantId {
    TenantId(Uuid::from_u128(1))
}

fn a_token(number: u128, name: &str, state: TokenState, used: Option<i64>) -> TokenView {
    TokenView {
        id: TokenId(Uuid::from_u128(number)),
        name: name.to_owned(),
        state,
        created_by_name: Some("高橋\u{a0}美咲".to_owned()),
        created_at: now() - SignedDuration::from_hours(24 * 40),
        expires_at: now() + SignedDuration::from_hours(24 * if state == TokenState::Expired { -10 } else { 325 }),
        last_used_at: used.map(|minutes| now() - SignedDuration::from_mins(minutes)),
    }
}

fn a_walk(state: WalkState, leaves: u64, faults: &[&str]) -> WalkView {
    WalkView {
        id: WalkId(Uuid::from_u128(4)),
        state,
        started_at: now() - SignedDuration::from_mins(2),
        finished_at: matches!(state, WalkState::Whole | WalkState::Broken).then(now),
        size: 18_204,
        leaves,
        checkpoints: 1_377,
        faults: faults.iter().map(|fault| (*fault).to_owned()).collect(),
    }
}

fn overview(state: State) -> LogOverview {
    let broken = state == State::Missed;
    let fault = "leaf 17004: its entry was changed or taken away".to_owned();
    LogOverview {
        status: LogStatus {
            origin: ORIGIN.to_owned(),
            size: 18_204,
            first_kept: if broken { 0 } else { 4_096 },
            keys: vec![
                format!("{ORIGIN}+2d9a1f30+AYc2QnVpbGQtdGhlLWxvZy1hbmQta2VlcC1pdC1zYWZl"),
                format!("{ORIGIN}+91be04c7+AUp1c3QtYW5vdGhlci1rZXktb2YtdGhlLXNhbXBsZXM="),
            ],
            checkpoint: Some(NOTE.to_owned()),
            at: Some(now() - SignedDuration::from_secs(40)),
        },
        claim: ClaimView {
            state,
            at: (state != State::Unverified).then(|| now() - SignedDuration::from_mins(24)),
            counted: (state == State::Met || state == State::AtRisk).then_some((121_377, 4)),
            tool: "struct 0.1.0".to_owned(),
            faults: if broken { vec![fault] } else { Vec::new() },
        },
        tokens: vec![
            a_token(1, "みなと監査法人 週次の写し", TokenState::Working, Some(190)),
            a_token(2, "情報システム部の試行", TokenState::Working, None),
            a_token(3, "旧監査法人", TokenState::Revoked, Some(90_000)),
            a_token(5, "移行の確認", TokenState::Expired, Some(300_000)),
        ],
        subscribers: vec![
            SubscriberView {
                id: SubscriberId(Uuid::from_u128(1)),
                email: "kansa@minato-audit.example.jp".to_owned(),
                locale: Locale::Ja,
                sent_on: Some("2026-11-22".parse().unwrap()),
            },
            SubscriberView {
                id: SubscriberId(Uuid::from_u128(2)),
                email: "internal-audit@minato.example.jp".to_owned(),
                locale: Locale::En,
                sent_on: None,
            },
        ],
        retention: Some(1_826),
        walk: Some(a_walk(if broken { WalkState::Broken } else { WalkState::Whole }, 18_204, &[])),
        witnesses: vec![
            WitnessView {
                name: "witness.partner.example.jp".to_owned(),
                platform: true,
                size: Some(40_211),
                at: Some(now() - SignedDuration::from_secs(55)),
                refused: None,
            },
            WitnessView {
                name: "witness.minato.example.jp".to_owned(),
                platform: false,
                size: Some(17_004),
                at: Some(now() - SignedDuration::from_mins(55)),
                refused: broken.then(|| "409: the log has 17004 leaves here, not 16999".to_owned()),
            },
        ],
    }
}

fn empty() -> LogOverview {
    let whole = overview(State::Unverified);
    let status = LogStatus { size: 0, first_kept: 0, keys: Vec::new(), checkpoint: None, at: None, ..whole.status };
    LogOverview { status, tokens: Vec::new(), subscribers: Vec::new(), walk: None, witnesses: Vec::new(), ..whole }
}

/// The pages in the states a person may meet.
pub fn samples(locale: Locale) -> Vec<Sample> {
    let sample = |name: &'static str, view: &dyn askama::DynTemplate| Sample { name, html: view.dyn_render().unwrap() };
    let frame = |path: &str| shell(locale, &format!("/app/admin/audit/log{path}"), true, true);
    let filled = Filled::default();
    let log = |found: &LogOverview, filled: &Filled<'_>| page::view(frame(""), tenant(), found, filled, now());
    let faults = [Fault::new("name", FaultReason::Required), Fault::new("email", FaultReason::NotAnEmail)];
    let wrong = Filled { email: "auditor@", days: "90", faults: &faults, ..Filled::default() };
    let made = NewLogToken {
        text: "sl_00000000000000000000000000000001_x5k0mQe3q7cVYV3Xw3yQy1n9cJm2c2T1o8rXxq0sQ4A".to_owned(),
        name: "みなと監査法人 週次の写し".to_owned(),
        expires_at: now() + SignedDuration::from_hours(24 * 365),
    };
    let url = "https://struct.example.jp";
    let check = |walked: &WalkView| walk::view(frame("/check/4"), walked, now());
    let broken = a_walk(
        WalkState::Broken,
        18_204,
        &[
            "leaf 17004: its entry was changed or taken away",
            "the checkpoint of 17005 leaves does not fit the tree or its signature",
        ],
    );
    vec![
        sample("ledger", &log(&overview(State::Met), &filled)),
        sample("ledger-missed", &log(&overview(State::Missed), &filled)),
        sample("ledger-empty", &log(&empty(), &filled)),
        sample("ledger-wrong", &log(&overview(State::AtRisk), &wrong)),
        sample("ledger-token", &token::new_view(frame("/tokens"), tenant(), url, &made)),
        sample("ledger-revoke", &token::revoke_view(frame("/tokens/1/revoke"), &overview(State::Met).tokens[0])),
        sample("ledger-check-running", &check(&a_walk(WalkState::Running, 8_192, &[]))),
        sample("ledger-check-whole", &check(&a_walk(WalkState::Whole, 18_204, &[]))),
        sample("ledger-check-broken", &check(&broken)),
        sample("ledger-check-cut-off", &check(&a_walk(WalkState::CutOff, 8_192, &[]))),
    ]
}

#[test]
fn a_page_of_a_broken_log_says_so_first_and_never_says_that_the_promise_is_kept() {
    let pages = samples(Locale::Ja);
    let html = |name: &str| pages.iter().find(|sample| sample.name == name).unwrap().html.clone();
    let missed = html("ledger-missed");
    assert!(missed.find("role=\"alert\"").unwrap() < missed.find("<table").unwrap());
    assert!(missed.contains("leaf 17004") && missed.contains("未達") && !missed.contains("達成</span>"));
    assert!(html("ledger-empty").contains("未検証"));
    assert!(html("ledger-check-whole").contains("確かめられていないこと"));
}

/// Makes a token of the first tenant's log.
async fn made(site: &Site) -> String {
    let admin = site.running.caller(ADMIN).await;
    site.running.app.log_token_create(&admin, "a program", 30).await.unwrap().text
}

async fn sequenced(site: &Site) {
    assert_eq!(site.running.app.sequence_once().await.unwrap().failed, 0);
}

/// Reads a file of the first tenant's log.
async fn read(site: &Site, path: &str, token: &str) -> Answer {
    ask(site, &format!("/log/{}/{path}", site.running.tenant), &format!("Bearer {token}")).await
}

async fn ask(site: &Site, path: &str, authorization: &str) -> Answer {
    let request = site.request("GET", path, None).await.header(header::AUTHORIZATION, authorization);
    site.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_token_that_works_learns_not_even_whether_the_tenant_exists() {
    let site = Site::start().await;
    sequenced(&site).await;
    let token = made(&site).await;
    let admin = site.running.caller(ADMIN).await;
    let revoked = made(&site).await;
    let id = site.running.app.log_tokens(&admin).await.unwrap()[0].id;
    site.running.app.log_token_revoke(&admin, id).await.unwrap();
    let stranger = Uuid::from_u128(7);
    let upper = site.running.tenant.to_string().to_uppercase();
    let asked = [
        (format!("/log/{}/checkpoint", site.running.tenant), "Bearer nonsense".to_owned()),
        (format!("/log/{}/checkpoint", site.running.tenant), format!("Bearer {revoked}")),
        (format!("/log/{}/checkpoint", site.running.tenant), format!("Digest {token}")),
        (format!("/log/{}/nonsense", site.running.tenant), "Bearer nonsense".to_owned()),
        (format!("/log/{}/checkpoint", site.running.other), format!("Bearer {token}")),
        (format!("/log/{stranger}/checkpoint"), format!("Bearer {token}")),
        (format!("/log/{}/checkpoint", Uuid::nil()), format!("Bearer {token}")),
        (format!("/log/{upper}/checkpoint"), format!("Bearer {token}")),
        ("/log/x/checkpoint".to_owned(), format!("Bearer {token}")),
    ];
    let told = |answer: &Answer| {
        let mut document = answer.json();
        document.as_object_mut().unwrap().remove("request_id");
        document.to_string()
    };
    let mut bodies = Vec::new();
    for (path, authorization) in asked {
        let answer = ask(&site, &path, &authorization).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        let challenge = answer.headers[header::WWW_AUTHENTICATE].to_str().unwrap();
        assert!(challenge.contains("Basic") && challenge.contains("Bearer"), "{path}: {challenge}");
        bodies.push(told(&answer));
    }
    bodies.push(told(&site.get(&format!("/log/{}/checkpoint", site.running.tenant), None).await));
    bodies.push(told(&site.get(&format!("/log/{}/checkpoint", site.running.tenant), Some(OTHER)).await));
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:#?}");
    site.running.clock.advance(SignedDuration::from_hours(24 * 31));
    assert_eq!(read(&site, "checkpoint", &token).await.status, StatusCode::UNAUTHORIZED, "expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_in_administrator_reads_the_log_and_other_members_do_not() {
    let site = Site::start().await;
    sequenced(&site).await;
    let path = format!("/log/{}/checkpoint", site.running.tenant);
    for who in [SALES, NOBODY] {
        assert_eq!(site.get(&path, Some(who)).await.status, StatusCode::FORBIDDEN, "{who}");
    }
    assert_eq!(site.get(&path, Some(ADMIN)).await.status, StatusCode::OK);
    assert_eq!(site.get(&path, Some(ADMIN)).await.status, StatusCode::OK);
    let entered = site.running.database.number("SELECT count(*) FROM struct.entry WHERE verb = 'audit.log_read'").await;
    assert_eq!(entered, 1, "the first time on a day");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_published_or_spelled_otherwise_is_not_there() {
    let site = Site::start().await;
    let token = made(&site).await;
    assert_eq!(read(&site, "checkpoint", &token).await.status, StatusCode::NOT_FOUND, "before the first one");
    sequenced(&site).await;
    let paths = [
        "",
        "checkpoint/",
        "Checkpoint",
        "%63heckpoint",
        "../platform/checkpoint",
        "tile",
        "tile/0",
        "tile/0/0",
        "tile/0/00",
        "tile/0/000",
        "tile/00/000.p/1",
        "tile/-1/000.p/1",
        "tile/64/000.p/1",
        "tile/256/000.p/1",
        "tile/7/000.p/1",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/255",
        "tile/0/000.p/1/",
        "tile/0/000.p/1/2",
        "tile/0/x000/000.p/1",
        "tile/0/x000.p/1",
        "tile/0/%30%30%30.p/1",
        "tile//0/000.p/1",
        "tile/0/001.p/1",
        "tile/0/x018/x446/x744/x073/x709/x551/615",
        "tile/0/x000/x036/x028/x797/x018/x963/967.p/1",
        "tile/entries/x072/x057/x594/x037/x927/935",
        "tile/entries/001.p/1",
        "tile/entries/000.p/255",
        "tile/entries/x001/000",
        "consistency",
    ];
    for path in paths {
        let answer = read(&site, path, &token).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {}", answer.body);
        if !path.is_empty() {
            assert_eq!(answer.json()["code"], "not_found", "{path}");
        }
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store", "{path}");
    }
    for query in ["after=x", "after=-1", "before=1", "after=1&after=2", "after=99999999999999999999"] {
        let answer = read(&site, &format!("checkpoints?{query}"), &token).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
    }
    let beyond = read(&site, &format!("checkpoints?after={}", u64::MAX), &token).await;
    assert_eq!((beyond.status, beyond.body.as_str()), (StatusCode::OK, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn pruned_entries_are_not_there_and_their_hashes_are() {
    let site = Site::start().await;
    let (running, token) = (&site.running, made(&site).await);
    let admin = running.caller(ADMIN).await;
    running.entered_long_ago(280).await;
    sequenced(&site).await;
    assert_eq!(read(&site, "tile/entries/000", &token).await.status, StatusCode::OK);
    running.app.retention_change(&admin, Some(365)).await.unwrap();
    assert_eq!(running.app.prune_logs().await.unwrap(), 256);
    for gone in ["tile/entries/000", "tile/entries/000.p/7"] {
        assert_eq!(read(&site, gone, &token).await.status, StatusCode::NOT_FOUND, "{gone}");
    }
    assert_eq!(read(&site, "tile/0/000", &token).await.raw.len(), 8_192);
}

/// A client that knows the address of a log, its keys and the format, and nothing else.
struct Client<'a> {
    site: &'a Site,
    prefix: String,
    authorization: String,
}

impl Client<'_> {
    async fn fetch(&self, path: &str) -> Vec<u8> {
        let answer = ask(self.site, &format!("{}/{path}", self.prefix), &self.authorization).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        answer.raw
    }

    /// Rebuilds the root from tiles and checks that every entry is under it. The entries.
    async fn verified(&self) -> Vec<Vec<u8>> {
        let note = Note::parse(std::str::from_utf8(&self.fetch("checkpoint").await).unwrap()).unwrap();
        let keys = String::from_utf8(self.fetch("keys").await).unwrap();
        let keys: Vec<_> = keys.lines().map(|key| VerifierKey::parse(key).unwrap()).collect();
        note.verify(&keys).unwrap();
        let checkpoint = Checkpoint::parse(note.text()).unwrap();
        assert_eq!(checkpoint.origin, format!("struct.example.jp{}", self.prefix));
        let mut tiles = Tiles::default();
        for path in tiles_for(&[(0, checkpoint.size)], checkpoint.size) {
            tiles.insert(path, &self.fetch(&path.to_string()).await).unwrap();
        }
        let mut entries: Vec<Vec<u8>> = Vec::new();
        for index in 0..checkpoint.size.div_ceil(256) {
            let path = TilePath::entries_in_tree(index, checkpoint.size).unwrap();
            let bundle = self.fetch(&path.to_string()).await;
            entries.extend(decode_bundle(&bundle).unwrap().into_iter().map(<[u8]>::to_vec));
        }
        assert_eq!(entries.len() as u64, checkpoint.size);
        for (index, entry) in (0..).zip(&entries) {
            let ranges = inclusion_ranges(index, checkpoint.size);
            for path in tiles_for(&ranges, checkpoint.size) {
                tiles.insert(path, &self.fetch(&path.to_string()).await).unwrap();
            }
            let proof: Vec<Hash> = ranges.iter().map(|(begin, end)| tiles.subtree(*begin, *end).unwrap()).collect();
            verify_inclusion(index, checkpoint.size, leaf_hash(entry), &proof, checkpoint.root).unwrap();
        }
        entries
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_the_format_rebuilds_the_tree_of_a_tenant_and_of_the_platform_from_tiles() {
    let site = Site::start().await;
    let id = site.customer("C000900").await;
    let token = made(&site).await;
    sequenced(&site).await;
    let basic = base64(&format!("whoever:{token}"));
    let prefix = format!("/log/{}", site.running.tenant);
    let own = Client { site: &site, prefix, authorization: format!("Basic {basic}") };
    let entries = own.verified().await;
    let written = format!("\"record\":\"{id}\"");
    assert!(entries.iter().any(|entry| String::from_utf8_lossy(entry).contains(&written)), "the act has its leaf");
    assert!(!entries.iter().any(|entry| String::from_utf8_lossy(entry).contains("相沢")), "no name is in it");
    let platform = Client { site: &site, prefix: "/log/platform".to_owned(), authorization: "Bearer none".to_owned() };
    let told = platform.verified().await;
    let origin = format!("struct.example.jp/log/{}", site.running.tenant);
    assert!(
        told.iter().any(|leaf| String::from_utf8_lossy(leaf).contains(&origin)),
        "it holds the tenant's checkpoint"
    );
}

fn base64(text: &str) -> String {
    // Six bits a character, from the left.
    const CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for part in text.as_bytes().chunks(3) {
        let bits = part.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - part.len()));
        for place in 0..4 {
            let sign = char::from(CHARS[(bits >> (18 - 6 * place) & 63) as usize]);
            out.push(if place <= part.len() { sign } else { '=' });
        }
    }
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_never_change_may_be_kept_and_those_that_do_not_for_long() {
    let site = Site::start().await;
    for number in 0..8 {
        site.customer(&format!("C00080{number}")).await;
    }
    let token = made(&site).await;
    sequenced(&site).await;
    for (path, content_type, kept) in [
        ("checkpoint", "text/plain; charset=utf-8", "private, max-age=1"),
        ("checkpoints", "text/plain; charset=utf-8", "private, max-age=1"),
        ("keys", "text/plain; charset=utf-8", "private, max-age=1"),
        ("tile/0/000.p/9", "application/octet-stream", "private, max-age=31536000, immutable"),
        ("tile/entries/000.p/9", "application/octet-stream", "private, max-age=31536000, immutable"),
    ] {
        let answer = read(&site, path, &token).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.headers[header::CONTENT_TYPE], content_type, "{path}");
        assert_eq!(answer.headers[header::CACHE_CONTROL], kept, "{path}");
    }
    let public = site.get("/log/platform/tile/0/000.p/1", None).await;
    assert_eq!(public.headers[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
    assert_eq!(public.raw.len(), 32);
    let zipped = async |path: &str| {
        let path = format!("/log/{}/{path}", site.running.tenant);
        let request = site.request("GET", &path, None).await.header(header::ACCEPT_ENCODING, "gzip");
        let request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        site.send(request.body(Body::empty()).unwrap()).await.headers.get(header::CONTENT_ENCODING).cloned()
    };
    assert_eq!(zipped("tile/entries/000.p/40").await.unwrap(), "gzip", "entries are text");
    assert_eq!(zipped("tile/0/000.p/40").await, None, "hashes can't be made smaller");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_checkpoint_ever_published_is_served_oldest_first() {
    let site = Site::start().await;
    let token = made(&site).await;
    for number in 0..3 {
        site.customer(&format!("C00070{number}")).await;
        sequenced(&site).await;
    }
    let sizes = |answer: &Answer| -> Vec<u64> {
        let notes = answer.body.split_terminator("--\n").map(|note| Note::parse(note).unwrap());
        notes.map(|note| Checkpoint::parse(note.text()).unwrap().size).collect()
    };
    let all = sizes(&read(&site, "checkpoints", &token).await);
    assert_eq!(all.len(), 3);
    assert!(all.is_sorted());
    let rest = sizes(&read(&site, &format!("checkpoints?after={}", all[0]), &token).await);
    assert_eq!(rest, all[1..]);
}

const LOG: &str = "/app/admin/audit/log";

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_shown_once_and_opens_nothing_after_it_was_revoked_on_its_page() {
    let site = Site::start().await;
    sequenced(&site).await;
    let wrong = site.post(&format!("{LOG}/tokens"), ADMIN, &[("name", " "), ("days", "90")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("href=\"#name\"") && wrong.body.contains("value=\"90\" selected"), "input is kept");
    let page = site.post(&format!("{LOG}/tokens"), ADMIN, &[("name", "監査 <b>"), ("days", "90")]).await;
    assert_eq!(page.status, StatusCode::OK);
    let text = page.body.split("<pre").nth(1).and_then(|rest| rest.split('>').nth(1)).unwrap();
    let text = text.split('<').next().unwrap();
    assert_eq!(read(&site, "checkpoint", text).await.status, StatusCode::OK);
    let list = site.get(LOG, Some(ADMIN)).await;
    assert!(list.body.contains("監査 &#60;b&#62;") && !list.body.contains(text), "{}", list.body);
    let revoke = list.body.split("href=\"").find(|part| part.contains("/tokens/")).unwrap();
    let revoke = revoke.split('"').next().unwrap();
    assert_eq!(site.get(revoke, Some(ADMIN)).await.status, StatusCode::OK);
    assert_eq!(read(&site, "checkpoint", text).await.status, StatusCode::OK, "looking changes nothing");
    assert_eq!(site.post(revoke, ADMIN, &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(read(&site, "checkpoint", text).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_checks_the_whole_log_and_gives_it_out() {
    let site = Site::start().await;
    sequenced(&site).await;
    let begun = site.post(&format!("{LOG}/check"), ADMIN, &[]).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.body);
    let ended = site.ended(begun.location(), ADMIN).await;
    assert!(
        ended.body.contains("すべて一致しました") && ended.body.contains("確かめられていないこと"),
        "{}",
        ended.body
    );
    let theirs = site.get(begun.location(), Some(OTHER)).await;
    assert_eq!(theirs.status, StatusCode::NOT_FOUND);
    let file = site.post(&format!("{LOG}/download"), ADMIN, &[]).await;
    assert_eq!(file.status, StatusCode::OK);
    assert_eq!(file.headers[header::CONTENT_TYPE], "application/zip");
    assert!(
        file.headers[header::CONTENT_DISPOSITION].to_str().unwrap().starts_with("attachment; filename=\"struct-log-")
    );
    assert!(file.raw.starts_with(b"PK") && file.raw.windows(4).any(|end| end == b"PK\x05\x06"), "from head to end");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entrys_certificate_is_a_file_and_one_not_in_the_log_yet_will_have_it_in_a_moment() {
    let site = Site::start().await;
    sequenced(&site).await;
    site.customer("C000650").await;
    let young = "SELECT entry_id::text FROM struct.entry WHERE verb = 'record.created' ORDER BY entry_id DESC LIMIT 1";
    let root = site.running.database.root().await;
    let entry: String = root.query_one(young, &[]).await.unwrap().get(0);
    let path = format!("/app/admin/audit/{entry}/certificate");
    let soon = site.post(&path, ADMIN, &[]).await;
    assert_eq!(soon.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(soon.headers[header::RETRY_AFTER], "2");
    assert!(soon.body.contains("まだログに入っていません"));
    sequenced(&site).await;
    let file = site.post(&path, ADMIN, &[]).await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.body);
    assert!(
        file.headers[header::CONTENT_DISPOSITION].to_str().unwrap().contains(&format!("struct-{entry}.tlog-proof"))
    );
    assert!(file.body.starts_with("c2sp.org/tlog-proof@v1\n"), "{}", file.body);
    assert_eq!(site.post(&path, OTHER, &[]).await.status, StatusCode::NOT_FOUND, "another tenant's entry");
    let asked = "SELECT count(*) FROM struct.entry WHERE verb = 'record.not_found'";
    assert_eq!(site.running.database.number(asked).await, 1, "and the asking is entered");
    let page = site.get(&format!("/app/admin/audit/{entry}"), Some(ADMIN)).await;
    assert!(page.body.contains(&format!("action=\"{path}\"")), "its page has the button");
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_for_checkpoints_are_kept_on_the_page_and_wrong_ones_stay_in_the_form() {
    let site = Site::start().await;
    let wrong = site.post(&format!("{LOG}/mail"), ADMIN, &[("email", "auditor@"), ("language", "en")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("value=\"auditor@\"") && wrong.body.contains("href=\"#email\""));
    let added =
        site.post(&format!("{LOG}/mail"), ADMIN, &[("email", "auditor@kansa.example.jp"), ("language", "en")]).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER);
    let page = site.get(LOG, Some(ADMIN)).await;
    assert!(page.body.contains("auditor@kansa.example.jp"));
    let remove = page.body.split("action=\"").find(|part| part.contains("/remove\"")).unwrap();
    let removed = site.post(remove.split('"').next().unwrap(), ADMIN, &[]).await;
    assert_eq!(removed.status, StatusCode::SEE_OTHER);
    assert!(!site.get(LOG, Some(ADMIN)).await.body.contains("auditor@kansa.example.jp"));
}
