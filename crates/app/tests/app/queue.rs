//! Entries that wait for their place, and what somebody with all rights on the database may do to them and their queue; and what a
//! log says in the clear of what it removed.

use crate::log::{aged, busy, leaves, note, sequenced};
use app::audit::check::WAIT_LIMIT_MIN;
use app::audit::proof::LogName;
use domain::claim::State;
use domain::id::EntryId;
use jiff::SignedDuration;
use ledger::leaf::Leaf;
use ledger::tile::{bundles_of, decode_bundle};
use seal::index::IndexKey;
use seal::tree::Node;
use store::{Check, Head};
use testkit::running::{ADMIN, Running};
use uuid::Uuid;

/// The keyed hash as an older STRUCT made it: by the leaf with nothing for its instant, and nothing before it.
fn older_mac(running: &Running, leaf: Leaf) -> Vec<u8> {
    let keys = running.keyring.keys(&Node::TenantLog(running.tenant.bytes())).expect("keys");
    let key = IndexKey::new(&keys.last().expect("a key").1).field("struct.entry", "mac");
    let text = Leaf { at: String::new(), ..leaf }.encode();
    key.exact(&String::from_utf8(text).expect("a text")).to_vec()
}

/// The leaves of the last bundle.
async fn last_leaves(running: &Running) -> Vec<Vec<u8>> {
    let log = LogName::Tenant(running.tenant);
    let path = bundles_of(note(&running.app, log).await.0.size).last().expect("a bundle");
    let bundle = running.app.log_tile(log, path).await.expect("an answer").expect("a bundle");
    decode_bundle(&bundle).expect("a bundle").into_iter().map(<[u8]>::to_vec).collect()
}

async fn leaf_of(running: &Running, id: EntryId) -> Leaf {
    let head = Head { tenant: running.tenant, check: Check::Nothing };
    running.app.store().placed_entry(head, id).await.expect("an answer").expect("the entry").0.leaf
}

#[tokio::test]
async fn an_entry_that_waits_keeps_its_instant() {
    let running = Running::start().await;
    sequenced(&running).await;
    let admin = running.caller(ADMIN).await;
    busy(&running, &admin, 1).await;
    let root = running.database.root().await;
    let later = "UPDATE struct.entry SET at = at - interval '1 microsecond' WHERE (tenant_id, entry_id) IN
        (SELECT tenant_id, entry_id FROM struct.entry_waiting WHERE tenant_id = $1 ORDER BY entry_id DESC LIMIT 1)";
    assert_eq!(root.execute(later, &[&running.tenant.0]).await.expect("changed"), 1);
    let before = note(&running.app, LogName::Tenant(running.tenant)).await.0.size;
    sequenced(&running).await;
    assert!(leaves(&running.app, LogName::Tenant(running.tenant)).await.len() as u64 <= before, "it gets no place");
    let checked = running.app.check_logs().await.expect("a check");
    assert_eq!(checked.logs.iter().map(|log| log.faults.len()).sum::<usize>(), 1, "{checked:?}");
}

#[tokio::test]
async fn an_entry_that_an_older_struct_wrote_gets_its_place() {
    let running = Running::start().await;
    sequenced(&running).await;
    let admin = running.caller(ADMIN).await;
    busy(&running, &admin, 1).await;
    let root = running.database.root().await;
    let waiting = "SELECT e.entry_id FROM struct.entry_waiting w JOIN struct.entry e USING (tenant_id, entry_id) WHERE e.tenant_id = $1";
    let id: Uuid = root.query_one(waiting, &[&running.tenant.0]).await.expect("one waits").get(0);
    let leaf = leaf_of(&running, id.into()).await;
    let mac = older_mac(&running, leaf);
    let older = "UPDATE struct.entry SET mac = $2 WHERE entry_id = $1";
    assert_eq!(root.execute(older, &[&id, &mac]).await.expect("changed"), 1);
    let before = note(&running.app, LogName::Tenant(running.tenant)).await.0.size;
    sequenced(&running).await;
    assert_eq!(note(&running.app, LogName::Tenant(running.tenant)).await.0.size, before + 1);
    assert!(running.app.check_logs().await.expect("a check").whole());
}

#[tokio::test]
async fn an_entry_that_is_queued_again_is_told_of_and_keeps_no_other_waiting() {
    for log in ["the tenant's", "the platform's"] {
        let running = Running::start().await;
        sequenced(&running).await;
        assert!(running.app.check_logs().await.expect("a check").whole());
        sequenced(&running).await;
        let (id, name) = match log {
            "the tenant's" => (running.tenant.0, LogName::Tenant(running.tenant)),
            _ => (Uuid::nil(), LogName::Platform),
        };
        let root = running.database.root().await;
        let again = "INSERT INTO struct.entry_waiting SELECT tenant_id, entry_id FROM struct.leaf WHERE tenant_id = $1";
        let queued = root.execute(again, &[&id]).await.expect("queued");
        assert!(queued > 1, "{log}");
        let checked = running.app.check_logs().await.expect("a check");
        assert!(!checked.whole(), "{log}: {checked:?}");
        assert!(
            checked
                .logs
                .iter()
                .any(|log| log.faults.iter().any(|fault| fault.contains("queued") || fault.contains("queue again")))
        );
        let admin = running.caller(ADMIN).await;
        busy(&running, &admin, 3).await;
        let before = leaves(&running.app, name).await.len();
        let round = running.app.sequence_once().await.expect("a round");
        assert_eq!((round.failed, round.again), (0, queued), "{log}");
        assert!(leaves(&running.app, name).await.len() > before, "{log}: what waited has its place");
        assert_eq!(running.app.log_claim().await.expect("a claim").0, State::Missed, "{log}: it is told at once");
        // Whoever reads the evidence sees which entries they were.
        let told = "SELECT count(*) FROM struct.evidence WHERE verdict = 'broken' AND figure LIKE '%put into the queue again%'";
        assert!(running.database.number(told).await > 0, "{log}");
        let round = running.app.sequence_once().await.expect("a round");
        assert_eq!((round.failed, round.again), (0, 0), "{log}");
        assert!(running.app.check_logs().await.expect("a check").whole(), "{log}: nothing of it is left");
    }
}

#[tokio::test]
async fn a_row_of_the_queue_without_an_entry_is_told_of() {
    let running = Running::start().await;
    sequenced(&running).await;
    let root = running.database.root().await;
    let gone = "INSERT INTO struct.entry_waiting VALUES ($1, gen_random_uuid())";
    root.execute(gone, &[&running.tenant.0]).await.expect("put in");
    assert!(!running.app.check_logs().await.expect("a check").whole());
    sequenced(&running).await;
    assert!(!running.app.check_logs().await.expect("a check").whole(), "it stays where it is seen");
}

#[tokio::test]
async fn a_queue_that_does_not_drain_turns_the_claim() {
    let running = Running::start().await;
    sequenced(&running).await;
    let admin = running.caller(ADMIN).await;
    busy(&running, &admin, 2).await;
    running.clock.advance(SignedDuration::from_mins(WAIT_LIMIT_MIN - 1));
    assert!(running.app.check_logs().await.expect("a check").whole(), "a start may take a while");
    running.clock.advance(SignedDuration::from_mins(2));
    let checked = running.app.check_logs().await.expect("a check");
    let faults: Vec<&String> = checked.logs.iter().flat_map(|log| &log.faults).collect();
    assert!(faults.iter().any(|fault| fault.contains("2 entries wait for their place")), "{faults:?}");
    assert_eq!(running.app.log_claim().await.expect("a claim").0, State::Missed);
    sequenced(&running).await;
    assert!(running.app.check_logs().await.expect("a check").whole());
    assert_eq!(running.app.log_claim().await.expect("a claim").0, State::Met);
}

#[tokio::test]
async fn what_was_removed_is_said_in_the_clear_also_by_a_log_that_an_older_struct_pruned() {
    let running = Running::start().await;
    aged(&running, 280).await;
    let admin = running.caller(ADMIN).await;
    running.app.retention_change(&admin, Some(365)).await.expect("changed");
    assert_eq!(running.app.prune_logs().await.expect("pruned"), 256);
    let told = async || {
        let leaves = last_leaves(&running).await;
        leaves.iter().filter_map(|leaf| Leaf::decode(leaf).ok()?.pruned_below).collect::<Vec<_>>()
    };
    // As the older one left it: its entry says it in the detail alone, and has the keyed hash of that leaf.
    let root = running.database.root().await;
    let waiting = "SELECT entry_id FROM struct.entry WHERE tenant_id = $1 AND verb = 'audit.pruned'";
    let id: Uuid = root.query_one(waiting, &[&running.tenant.0]).await.expect("one waits").get(0);
    let leaf = leaf_of(&running, id.into()).await;
    assert_eq!(leaf.pruned_below, Some(256));
    let mac = older_mac(&running, Leaf { pruned_below: None, ..leaf });
    let older = "UPDATE struct.entry SET mac = $2, pruned_below = NULL WHERE entry_id = $1";
    assert_eq!(root.execute(older, &[&id, &mac]).await.expect("changed"), 1);
    sequenced(&running).await;
    assert_eq!(told().await, [] as [u64; 0]);
    assert!(running.app.check_logs().await.expect("a check").whole(), "its own word still counts here");
    assert_eq!(running.app.prune_logs().await.expect("an answer"), 0);
    sequenced(&running).await;
    assert_eq!(told().await, [256]);
    assert_eq!(running.app.prune_logs().await.expect("an answer"), 0);
    sequenced(&running).await;
    assert_eq!(told().await, [256], "said once");
    assert!(running.app.check_logs().await.expect("a check").whole());
}
