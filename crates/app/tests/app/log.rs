//! The log over the entries: places, checkpoints, proofs, and what the self-check says of a database that was tampered with.

use app::audit::proof::LogName;
use app::{App, Caller};
use domain::claim::State;
use domain::id::{EntryId, TenantId};
use ledger::checkpoint::Checkpoint;
use ledger::hash::{Hash, leaf_hash};
use ledger::leaf::{Leaf, PlatformLeaf, commitment};
use ledger::note::{Note, VerifierKey};
use ledger::proof::verify_consistency;
use ledger::tile::{TileKind, TilePath, decode_bundle};
use ledger::tlog_proof::TlogProof;
use seal::tree::Node;
use store::ledger::BATCH_ENTRIES;
use store::{Check, Head};
use testkit::running::{ADMIN, Running, SALES};
use uuid::Uuid;

pub(crate) async fn note(app: &App, log: LogName) -> (Checkpoint, Note) {
    let note = app.log_checkpoint(log).await.expect("an answer").expect("a checkpoint");
    let note = Note::parse(&note).expect("a note");
    (Checkpoint::parse(note.text()).expect("a checkpoint"), note)
}

async fn keys(app: &App, log: LogName) -> Vec<VerifierKey> {
    let keys = app.log_keys(log).await.expect("an answer");
    keys.iter().map(|key| VerifierKey::parse(key).expect("a key")).collect()
}

/// The leaves of a log, from its bundles alone.
pub(crate) async fn leaves(app: &App, log: LogName) -> Vec<Vec<u8>> {
    let size = note(app, log).await.0.size;
    let mut leaves = Vec::new();
    for index in 0..size.div_ceil(256) {
        let width = u16::try_from((size - index * 256).min(256)).expect("at most 256");
        let path = TilePath { kind: TileKind::Entries, index, width };
        let bundle = app.log_tile(log, path).await.expect("an answer").expect("a bundle");
        leaves.extend(decode_bundle(&bundle).expect("a bundle").into_iter().map(<[u8]>::to_vec));
    }
    leaves
}

pub(crate) async fn sequenced(running: &Running) -> usize {
    let round = running.app.sequence_once().await.expect("a round");
    assert_eq!(round.failed, 0);
    round.entries
}

async fn entries(running: &Running, tenant: TenantId) -> Vec<EntryId> {
    let root = running.database.root().await;
    let rows =
        root.query("SELECT entry_id FROM struct.entry WHERE tenant_id = $1 ORDER BY entry_id", &[&tenant.0]).await;
    rows.expect("a list").iter().map(|row| row.get::<_, uuid::Uuid>(0).into()).collect()
}

/// Reads the log a few times: each reading is an entry.
pub(crate) async fn busy(running: &Running, caller: &Caller, times: usize) {
    for _ in 0..times {
        running.app.audit(caller, Default::default(), None).await.expect("a page");
    }
}

#[tokio::test]
async fn every_committed_entry_gets_one_place_and_every_checkpoint_stands_in_the_platforms_log() {
    let running = Running::start().await;
    let log = LogName::Tenant(running.tenant);
    sequenced(&running).await;
    let (first, first_note) = note(&running.app, log).await;
    let admin = running.caller(ADMIN).await;
    busy(&running, &admin, 5).await;
    sequenced(&running).await;
    assert_eq!(sequenced(&running).await, 0, "what has its place is not taken again");
    let (second, second_note) = note(&running.app, log).await;
    let keys = keys(&running.app, log).await;
    for note in [&first_note, &second_note] {
        note.verify(&keys).expect("signed by the log");
    }
    assert_eq!(second.origin, format!("struct.example.jp/log/{}", running.tenant));
    let leaves = leaves(&running.app, log).await;
    let placed: Vec<String> = leaves.iter().map(|leaf| Leaf::decode(leaf).expect("a leaf").entry).collect();
    let mut sorted = placed.clone();
    sorted.sort();
    let written: Vec<String> = entries(&running, running.tenant).await.iter().map(ToString::to_string).collect();
    assert_eq!(sorted, written, "each entry once");
    assert_eq!(second.size as usize, written.len());
    let proof = running.app.consistency(log, first.size, second.size).await.expect("a proof");
    verify_consistency(first.size, second.size, first.root, second.root, &proof)
        .expect("the second grew from the first");
    let platform = self::leaves(&running.app, LogName::Platform).await;
    let platform: Vec<PlatformLeaf> = platform.iter().map(|leaf| PlatformLeaf::decode(leaf).expect("a leaf")).collect();
    for note in [&first_note, &second_note] {
        let told = Hash::of(note.text().as_bytes()).hex();
        let found =
            platform.iter().filter(|leaf| matches!(leaf, PlatformLeaf::Checkpoint { sha256, .. } if *sha256 == told));
        assert_eq!(found.count(), 1);
    }
    let announced = platform.iter().filter(|leaf| matches!(leaf, PlatformLeaf::Key { .. })).count();
    assert_eq!(announced, 3, "keys of two tenants and the platform");
}

#[tokio::test]
async fn a_certificate_proves_an_entry_and_what_it_says_without_any_key() {
    let running = Running::start().await;
    let admin = running.caller(ADMIN).await;
    busy(&running, &admin, 1).await;
    sequenced(&running).await;
    let log = LogName::Tenant(running.tenant);
    let (keys, origin) = (keys(&running.app, log).await, note(&running.app, log).await.0.origin);
    for id in entries(&running, running.tenant).await {
        let certificate = running.app.certificate(&admin, id).await.expect("a certificate");
        let proof = TlogProof::parse(&certificate.text).expect("a proof");
        let extra: serde_json::Value = serde_json::from_slice(proof.extra.as_deref().expect("extra")).expect("JSON");
        let text = extra["leaf"].as_str().expect("the leaf");
        proof.verify(leaf_hash(text.as_bytes()), &origin, &keys).expect("it proves");
        let leaf = Leaf::decode(text.as_bytes()).expect("a leaf");
        assert_eq!(leaf.entry, id.to_string());
        let salt = Hash::from_hex(extra["salt"].as_str().expect("the salt")).expect("32 bytes");
        let detail = extra["detail"].as_str().expect("the detail");
        assert_eq!(Some(commitment(&salt.0, detail.as_bytes()).hex()), leaf.commitment);
        let other = detail.replacen('{', "{ ", 1);
        assert_ne!(Some(commitment(&salt.0, other.as_bytes()).hex()), leaf.commitment);
    }
}

#[tokio::test]
async fn a_certificate_of_another_tenants_entry_is_not_given_and_the_asking_is_entered() {
    let running = Running::start().await;
    sequenced(&running).await;
    let theirs = entries(&running, running.other).await[0];
    let admin = running.caller(ADMIN).await;
    let before = entries(&running, running.tenant).await.len();
    assert!(matches!(running.app.certificate(&admin, theirs).await, Err(app::Error::NotFound)));
    assert_eq!(entries(&running, running.tenant).await.len(), before + 1);
    let sales = running.caller(SALES).await;
    let mine = entries(&running, running.tenant).await[0];
    assert!(matches!(running.app.certificate(&sales, mine).await, Err(app::Error::NotAdministrator)));
}

#[tokio::test]
async fn two_sequencers_at_once_neither_double_nor_lose_a_place() {
    let running = Running::start().await;
    let (one, two) = (running.second_server(), running.second_server());
    let admin = running.caller(ADMIN).await;
    for _ in 0..8 {
        busy(&running, &admin, 3).await;
        let (a, b) = tokio::join!(one.sequence_once(), two.sequence_once());
        a.expect("a round");
        b.expect("a round");
    }
    sequenced(&running).await;
    let leaves = leaves(&running.app, LogName::Tenant(running.tenant)).await;
    assert_eq!(leaves.len(), entries(&running, running.tenant).await.len());
    assert!(running.app.check_logs().await.expect("a check").whole());
}

#[tokio::test]
async fn more_entries_than_are_read_at_once_get_their_places_in_the_order_of_their_ids() {
    let running = Running::start().await;
    sequenced(&running).await;
    let admin = running.caller(ADMIN).await;
    let head = Head { tenant: running.tenant, check: Check::Nothing };
    let place = ("crm", "customer_form", "customer");
    let wanted = BATCH_ENTRIES + 3_000;
    for begin in (0..wanted).step_by(1_000) {
        let entries = (begin..(begin + 1_000).min(wanted)).map(|number| {
            running.app.entry_weighed(&admin, Uuid::from_u128(number as u128).into(), place, &[]).expect("an entry")
        });
        running.app.store().enter(head, &entries.collect::<Vec<_>>()).await.expect("entered");
    }
    let round = sequenced(&running).await;
    assert!(round >= wanted, "{round} of {wanted}");
    let leaves = leaves(&running.app, LogName::Tenant(running.tenant)).await;
    let placed: Vec<String> = leaves.iter().map(|leaf| Leaf::decode(leaf).expect("a leaf").entry).collect();
    let written: Vec<String> = entries(&running, running.tenant).await.iter().map(ToString::to_string).collect();
    assert_eq!(placed, written, "each once, in order");
    let checked = running.app.check_logs().await.expect("a check");
    assert!(checked.whole(), "{checked:?}");
}

#[tokio::test]
async fn what_a_superuser_puts_among_the_entries_that_wait_or_changes_there_gets_no_place() {
    let running = Running::start().await;
    sequenced(&running).await;
    let admin = running.caller(ADMIN).await;
    busy(&running, &admin, 2).await;
    let root = running.database.root().await;
    let copy = "WITH e AS (INSERT INTO struct.entry SELECT tenant_id, gen_random_uuid(), at, actor, actor_user, verb, outcome, request_id,
             service, screen, entity, record_id, subject_user, detail, commitment, mac FROM struct.entry
             WHERE tenant_id = $1 ORDER BY entry_id DESC LIMIT 1 RETURNING tenant_id, entry_id)
         INSERT INTO struct.entry_waiting SELECT * FROM e";
    root.execute(copy, &[&running.tenant.0]).await.expect("put in");
    let change = "UPDATE struct.entry SET verb = 'audit.pruned' WHERE (tenant_id, entry_id) IN
        (SELECT tenant_id, entry_id FROM struct.entry_waiting WHERE tenant_id = $1 ORDER BY entry_id LIMIT 1)";
    root.execute(change, &[&running.tenant.0]).await.expect("changed");
    let bare = "WITH e AS (INSERT INTO struct.entry (tenant_id, entry_id, actor, verb, outcome, request_id, detail)
             VALUES ($1, gen_random_uuid(), 'operator', 'tenant.created', 'done', gen_random_uuid(), '') RETURNING tenant_id, entry_id)
         INSERT INTO struct.entry_waiting SELECT * FROM e";
    root.execute(bare, &[&running.tenant.0]).await.expect("put in");
    sequenced(&running).await;
    let leaves = leaves(&running.app, LogName::Tenant(running.tenant)).await;
    assert_eq!(leaves.len() + 3, entries(&running, running.tenant).await.len());
    let checked = running.app.check_logs().await.expect("a check");
    assert_eq!(checked.logs.iter().map(|log| log.faults.len()).sum::<usize>(), 3, "{checked:?}");
}

#[tokio::test]
async fn rows_of_the_queue_without_an_entry_keep_no_entry_waiting() {
    let running = Running::start().await;
    sequenced(&running).await;
    let root = running.database.root().await;
    // Before every entry, and more of them than are read at once.
    let empty =
        "INSERT INTO struct.entry_waiting SELECT $1, lpad(to_hex(n), 32, '0')::uuid FROM generate_series(1, 5000) n";
    root.execute(empty, &[&running.tenant.0]).await.expect("put in");
    let admin = running.caller(ADMIN).await;
    busy(&running, &admin, 2).await;
    let before = leaves(&running.app, LogName::Tenant(running.tenant)).await.len();
    sequenced(&running).await;
    let after = leaves(&running.app, LogName::Tenant(running.tenant)).await.len();
    assert!(after >= before + 2, "{before} and then {after}");
    assert_eq!(after, entries(&running, running.tenant).await.len());
}

#[tokio::test]
async fn a_log_says_that_it_lives_when_nothing_happens_but_only_once_in_its_time() {
    let running = Running::start().await;
    sequenced(&running).await;
    let beats = async || {
        let leaves = leaves(&running.app, LogName::Tenant(running.tenant)).await;
        leaves.iter().filter(|leaf| Leaf::decode(leaf).expect("a leaf").verb == "audit.heartbeat").count()
    };
    assert_eq!(beats().await, 1);
    sequenced(&running).await;
    assert_eq!(beats().await, 1);
    let root = running.database.root().await;
    root.batch_execute("UPDATE struct.log SET heartbeat_at = heartbeat_at - interval '56 minutes'")
        .await
        .expect("time goes by");
    sequenced(&running).await;
    assert_eq!(beats().await, 2);
}

#[tokio::test]
async fn after_a_rotation_old_and_new_keys_check_and_after_destruction_old_proofs_still_do() {
    let running = Running::start().await;
    sequenced(&running).await;
    let log = LogName::Tenant(running.tenant);
    let old = keys(&running.app, log).await;
    let (_, before) = note(&running.app, log).await;
    running.keyring.rotate(&Node::TenantCheckpoint(running.tenant.bytes()), running.random()).expect("rotated");
    let admin = running.caller(ADMIN).await;
    busy(&running, &admin, 1).await;
    sequenced(&running).await;
    let both = keys(&running.app, log).await;
    assert_eq!((old.len(), both.len()), (1, 2));
    let (_, after) = note(&running.app, log).await;
    after.verify(&old).expect("those who know the old key can go on");
    after.verify(&both[..1]).expect("the new key signs");
    before.verify(&both).expect("old checkpoints stay checkable");
    let entry = entries(&running, running.tenant).await[0];
    let certificate = running.app.certificate(&admin, entry).await.expect("a certificate");
    running.keyring.destroy(&Node::Tenant(running.tenant.bytes())).expect("destroyed");
    let proof = TlogProof::parse(&certificate.text).expect("a proof");
    let leaf = decode_first(&running.app, log).await;
    proof.verify(leaf_hash(&leaf), &note(&running.app, log).await.0.origin, &both).expect("it still proves");
    assert!(running.second_server().check_logs().await.expect("a check").whole(), "hashes need no key");
}

async fn decode_first(app: &App, log: LogName) -> Vec<u8> {
    leaves(app, log).await.swap_remove(0)
}

/// The primary key is checked row by row, so they pass each other outside the tree.
const SWAP: &str = "UPDATE struct.leaf SET position = 1000000 WHERE tenant_id = '?' AND position = 1;
    UPDATE struct.leaf SET position = 1 WHERE tenant_id = '?' AND position = 2;
    UPDATE struct.leaf SET position = 2 WHERE tenant_id = '?' AND position = 1000000;";

/// What a superuser may do to the tables, each with what the check must find.
const TAMPERINGS: [(&str, &str); 12] = [
    ("a verb is changed", "UPDATE struct.entry SET verb = 'record.created' WHERE entry_id = $1 AND verb <> 'record.created'"),
    ("a time is changed", "UPDATE struct.entry SET at = at + interval '1 microsecond' WHERE entry_id = $1"),
    ("a detail is changed", "UPDATE struct.entry SET detail = detail || '\\x00' WHERE entry_id = $1"),
    ("an entry is taken away", "DELETE FROM struct.entry WHERE entry_id = $1"),
    (
        "an entry is put in",
        "INSERT INTO struct.entry SELECT tenant_id, gen_random_uuid(), at, actor, actor_user, verb, outcome, request_id, service,
             screen, entity, record_id, subject_user, detail, commitment FROM struct.entry WHERE entry_id = $1",
    ),
    ("two entries change places", SWAP),
    (
        "a leaf's hash is changed",
        "UPDATE struct.leaf SET hash = sha256(hash) WHERE entry_id = $1",
    ),
    (
        "a leaf is taken away",
        "DELETE FROM struct.leaf WHERE entry_id = $1",
    ),
    (
        "a checkpoint is changed",
        "UPDATE struct.checkpoint SET note = replace(note, E'\\n\\n', E'\\nx\\n\\n') WHERE tenant_id = (SELECT tenant_id FROM struct.entry WHERE entry_id = $1)",
    ),
    (
        "a root is claimed that never was",
        "UPDATE struct.checkpoint SET size = size - 1 WHERE tenant_id = (SELECT tenant_id FROM struct.entry WHERE entry_id = $1)",
    ),
    (
        "an entry and its leaf's hash are changed together",
        "WITH e AS (UPDATE struct.entry SET outcome = 'denied' WHERE entry_id = $1 RETURNING entry_id)
         UPDATE struct.leaf SET hash = sha256(hash) WHERE entry_id IN (SELECT entry_id FROM e)",
    ),
    (
        "everything is taken back to an earlier size",
        "WITH t AS (SELECT tenant_id FROM struct.entry WHERE entry_id = $1),
              l AS (DELETE FROM struct.leaf WHERE tenant_id = (SELECT tenant_id FROM t) AND position >= (SELECT min(size) FROM struct.checkpoint WHERE tenant_id = (SELECT tenant_id FROM t)) RETURNING entry_id),
              e AS (DELETE FROM struct.entry WHERE entry_id IN (SELECT entry_id FROM l)),
              c AS (DELETE FROM struct.checkpoint WHERE tenant_id = (SELECT tenant_id FROM t) AND size > (SELECT min(size) FROM struct.checkpoint WHERE tenant_id = (SELECT tenant_id FROM t)))
         UPDATE struct.log SET size = (SELECT min(size) FROM struct.checkpoint WHERE tenant_id = (SELECT tenant_id FROM t)), frontier = ''
             WHERE tenant_id = (SELECT tenant_id FROM t)",
    ),
];

#[tokio::test]
async fn the_self_check_notices_what_a_superuser_did_and_the_claim_turns() {
    for (what, sql) in TAMPERINGS {
        let running = Running::start().await;
        sequenced(&running).await;
        let admin = running.caller(ADMIN).await;
        busy(&running, &admin, 3).await;
        sequenced(&running).await;
        assert!(running.app.check_logs().await.expect("a check").whole(), "{what}: before");
        assert_eq!(running.app.log_claim().await.expect("a claim").0, State::Met);
        let victim = entries(&running, running.tenant).await[1];
        let root = running.database.root().await;
        root.batch_execute("SET session_replication_role = replica").await.expect("no trigger stands in the way");
        let done = if sql == SWAP {
            root.batch_execute(&SWAP.replace('?', &running.tenant.to_string())).await.map(|()| 1)
        } else {
            root.execute(sql, &[&victim.0]).await
        };
        assert!(done.expect(what) > 0, "{what}: it touched something");
        let checked = running.app.check_logs().await.expect("a check");
        assert!(!checked.whole(), "{what}");
        let (state, newest) = running.app.log_claim().await.expect("a claim");
        assert_eq!(state, State::Missed, "{what}");
        assert_eq!(
            newest.and_then(|row| row.subject),
            Some(format!("struct.example.jp/log/{}", running.tenant)),
            "{what}"
        );
    }
}

#[tokio::test]
async fn pruning_removes_whole_bundles_past_their_time_and_every_proof_goes_on_to_verify() {
    let running = Running::start().await;
    let admin = running.caller(ADMIN).await;
    running.entered_long_ago(280).await;
    busy(&running, &admin, 20).await;
    sequenced(&running).await;
    let log = LogName::Tenant(running.tenant);
    let all = entries(&running, running.tenant).await;
    let (early, late) = (all[3], all[290]);
    let before = running.app.certificate(&admin, early).await.expect("a certificate");
    let refused = running.app.retention_change(&admin, Some(364)).await;
    assert!(matches!(refused, Err(app::Error::Invalid(_))), "a year is the least");
    assert_eq!(running.app.prune_logs().await.expect("pruned"), 0, "without a rule nothing goes");
    running.app.retention_change(&admin, Some(365)).await.expect("changed");
    assert_eq!(running.app.prune_logs().await.expect("pruned"), 256);
    assert_eq!(running.app.prune_logs().await.expect("pruned"), 0);
    sequenced(&running).await;
    assert_eq!(entries(&running, running.tenant).await.first(), all.get(256));
    let first = TilePath { kind: TileKind::Entries, index: 0, width: 256 };
    assert_eq!(running.app.log_tile(log, first).await.expect("an answer"), None);
    let hashes = TilePath { kind: TileKind::Level(0), index: 0, width: 256 };
    assert!(running.app.log_tile(log, hashes).await.expect("an answer").is_some());
    assert!(running.app.check_logs().await.expect("a check").whole());
    running.app.certificate(&admin, late).await.expect("what is kept has its certificate");
    let gone = running.app.certificate(&admin, early).await;
    assert!(matches!(gone, Err(app::Error::NotFound)));
    let proof = TlogProof::parse(&before.text).expect("a proof");
    let extra: serde_json::Value = serde_json::from_slice(proof.extra.as_deref().expect("extra")).expect("JSON");
    let leaf = leaf_hash(extra["leaf"].as_str().expect("the leaf").as_bytes());
    proof
        .verify(leaf, &note(&running.app, log).await.0.origin, &keys(&running.app, log).await)
        .expect("it still proves");
    let app = running.database.connect("struct_app").await;
    let mine = format!("SET struct.tenant = '{}'", running.tenant);
    app.batch_execute(&mine).await.expect("a setting");
    for sql in ["DELETE FROM struct.entry", "DELETE FROM struct.leaf", "UPDATE struct.log SET first_kept = 9"] {
        app.batch_execute(sql).await.expect_err(sql);
    }
}

/// A log of which `old` of the first entries are years old, and nothing waits.
pub(crate) async fn aged(running: &Running, old: usize) {
    let admin = running.caller(ADMIN).await;
    running.entered_long_ago(old).await;
    busy(running, &admin, 300_usize.saturating_sub(old).max(20)).await;
    sequenced(running).await;
}

#[tokio::test]
async fn entries_are_not_taken_for_pruned_because_the_database_says_so() {
    let lies = [
        ("UPDATE struct.log SET first_kept = 256", "the tenants' logs"),
        ("UPDATE struct.log SET first_kept = 256, retention_days = 365", "and a rule"),
        ("UPDATE struct.log SET first_kept = size", "the platform's log"),
    ];
    for (lie, what) in lies {
        let running = Running::start().await;
        aged(&running, 0).await;
        assert!(running.app.check_logs().await.expect("a check").whole());
        let root = running.database.root().await;
        let log = if what == "the platform's log" { uuid::Uuid::nil() } else { running.tenant.0 };
        let table = if log.is_nil() { "platform_entry" } else { "entry" };
        let gone = format!(
            "DELETE FROM struct.{table} e USING struct.leaf l WHERE l.tenant_id = $1 AND l.position < 2
            AND e.tenant_id = l.tenant_id AND e.entry_id = l.entry_id"
        );
        assert_eq!(root.execute(&format!("{lie} WHERE tenant_id = $1"), &[&log]).await.expect(what), 1);
        assert_eq!(root.execute(&gone, &[&log]).await.expect(what), 2);
        assert_eq!(running.app.prune_logs().await.expect("an answer"), 0, "{what}");
        assert!(!running.app.check_logs().await.expect("a check").whole(), "{what}");
    }
}

#[tokio::test]
async fn pruning_goes_by_no_rule_that_no_administrator_set() {
    let running = Running::start().await;
    aged(&running, 280).await;
    let root = running.database.root().await;
    let rule = "UPDATE struct.log SET retention_days = 365 WHERE tenant_id = $1";
    root.execute(rule, &[&running.tenant.0]).await.expect("set");
    assert_eq!(running.app.prune_logs().await.expect("an answer"), 0);
    assert!(!running.app.check_logs().await.expect("a check").whole());
    let admin = running.caller(ADMIN).await;
    running.app.retention_change(&admin, Some(400)).await.expect("changed");
    assert!(running.app.check_logs().await.expect("a check").whole());
    assert_eq!(running.app.prune_logs().await.expect("an answer"), 256);
    assert!(running.app.check_logs().await.expect("a check").whole(), "its entry waits");
    sequenced(&running).await;
    assert!(running.app.check_logs().await.expect("a check").whole());
    root.execute("UPDATE struct.log SET first_kept = 0 WHERE tenant_id = $1", &[&running.tenant.0]).await.expect("set");
    assert!(!running.app.check_logs().await.expect("a check").whole());
}

#[tokio::test]
async fn a_detail_that_was_taken_away_is_missed() {
    let running = Running::start().await;
    let admin = running.caller(ADMIN).await;
    busy(&running, &admin, 3).await;
    sequenced(&running).await;
    let root = running.database.root().await;
    let empty = "UPDATE struct.entry SET detail = '' WHERE tenant_id = $1
        AND entry_id = (SELECT max(entry_id::text)::uuid FROM struct.entry WHERE tenant_id = $1)";
    assert_eq!(root.execute(empty, &[&running.tenant.0]).await.expect("emptied"), 1);
    assert!(!running.app.check_logs().await.expect("a check").whole());
}

#[tokio::test]
async fn no_entry_gets_a_place_by_claiming_to_be_older_than_the_log() {
    let running = Running::start().await;
    sequenced(&running).await;
    let root = running.database.root().await;
    let old = "WITH e AS (INSERT INTO struct.entry (tenant_id, entry_id, at, actor, verb, outcome, request_id, detail)
             VALUES ($1, gen_random_uuid(), '2020-01-01', 'operator', 'tenant.created', 'done', gen_random_uuid(), '')
             RETURNING tenant_id, entry_id)
         INSERT INTO struct.entry_waiting SELECT * FROM e";
    root.execute(old, &[&running.tenant.0]).await.expect("put in");
    let before = note(&running.app, LogName::Tenant(running.tenant)).await.0.size;
    sequenced(&running).await;
    assert_eq!(note(&running.app, LogName::Tenant(running.tenant)).await.0.size, before);
    assert!(!running.app.check_logs().await.expect("a check").whole());
}

#[tokio::test]
async fn the_platforms_log_takes_no_leaf_that_struct_did_not_write() {
    let running = Running::start().await;
    sequenced(&running).await;
    let root = running.database.root().await;
    let copied = "SELECT struct.platform_append(gen_random_uuid(), body) FROM struct.platform_entry LIMIT 1";
    let changed = "UPDATE struct.platform_entry SET body = convert_to(replace(convert_from(body, 'UTF8'), 'held', 'broken'), 'UTF8')
        WHERE entry_id IN (SELECT entry_id FROM struct.entry_waiting)";
    assert!(running.app.check_logs().await.expect("a check").whole());
    assert_eq!(root.execute(copied, &[]).await.expect("put in"), 1);
    assert_eq!(root.execute(changed, &[]).await.expect("changed"), 2);
    let before = note(&running.app, LogName::Platform).await.0.size;
    sequenced(&running).await;
    assert_eq!(note(&running.app, LogName::Platform).await.0.size, before, "neither the copy nor the changed verdict");
    assert!(!running.app.check_logs().await.expect("a check").whole());
}

#[tokio::test]
async fn a_verdict_that_struct_did_not_write_makes_no_claim() {
    let running = Running::start().await;
    sequenced(&running).await;
    let root = running.database.root().await;
    assert!(running.app.check_logs().await.expect("a check").whole());
    let (state, held) = running.app.log_claim().await.expect("a claim");
    let held = held.expect("a measurement");
    assert_eq!(state, State::Met);
    root.execute("DELETE FROM struct.checkpoint WHERE tenant_id = $1", &[&running.tenant.0]).await.expect("taken away");
    assert!(!running.app.check_logs().await.expect("a check").whole());
    let forged = "INSERT INTO struct.evidence SELECT tenant_id, 'ffffffff-ffff-7fff-bfff-ffffffffffff', promise, subject, window_from,
        now() + interval '10 years', figure, verdict, method, tool FROM struct.evidence WHERE evidence_id = $1";
    let later = "UPDATE struct.evidence SET window_to = window_to + interval '1 hour' WHERE evidence_id = $1";
    assert_eq!(root.execute(forged, &[&held.id]).await.expect("put in"), 1);
    assert_eq!(running.app.log_claim().await.expect("a claim").0, State::Missed);
    assert_eq!(root.execute(later, &[&held.id]).await.expect("changed"), 1);
    assert_eq!(running.app.log_claim().await.expect("a claim").0, State::Missed);
}

#[tokio::test]
async fn nothing_is_signed_under_another_name_than_the_logs() {
    let running = Running::start().await;
    sequenced(&running).await;
    let admin = running.caller(ADMIN).await;
    let root = running.database.root().await;
    let named = "UPDATE struct.log SET origin = 'elsewhere.example/log' WHERE tenant_id = $1";
    root.execute(named, &[&running.tenant.0]).await.expect("renamed");
    busy(&running, &admin, 1).await;
    assert_eq!(running.app.sequence_once().await.expect("a round").failed, 1);
    let notes: i64 =
        running.database.number("SELECT count(*) FROM struct.checkpoint WHERE note LIKE 'elsewhere%'").await;
    assert_eq!(notes, 0);
    assert!(!running.app.check_logs().await.expect("a check").whole());
}
