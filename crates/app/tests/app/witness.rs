//! Witnesses asked about real logs: what they sign stands below the checkpoint, and a log that is not the one they have
//! seen is found out, by them and by the self-check. The witness is the product's own, behind a port.

use app::audit::proof::LogName;
use app::audit::witness::{AskError, Asked, Outcome};
use domain::claim::State;
use host::witness::{Remote, RemoteError};
use ledger::checkpoint::Checkpoint;
use ledger::note::{Note, VerifierKey};
use ledger::tlog_proof::TlogProof;
use std::sync::Arc;
use store::ledger::WitnessRow;
use testkit::running::{ADMIN, Running};
use testkit::witness::{WITNESS, WitnessServer};
use tokio::sync::watch;

const PLATFORM: LogName = LogName::Platform;

async fn grown(running: &Running, times: usize) {
    let admin = running.caller(ADMIN).await;
    for _ in 0..times {
        running.app.audit(&admin, Default::default(), None).await.expect("a page");
    }
    assert_eq!(running.app.sequence_once().await.expect("a round").failed, 0);
}

async fn keys(running: &Running, log: LogName) -> Vec<VerifierKey> {
    let keys = running.app.log_keys(log).await.expect("an answer");
    keys.iter().map(|key| VerifierKey::parse(key).expect("a key")).collect()
}

async fn newest(running: &Running, log: LogName) -> (Checkpoint, Note) {
    let note = running.app.log_checkpoint(log).await.expect("an answer").expect("a checkpoint");
    let note = Note::parse(&note).expect("a note");
    (Checkpoint::parse(note.text()).expect("a checkpoint"), note)
}

async fn started() -> (Running, WitnessServer) {
    let running = Running::start().await;
    grown(&running, 1).await;
    let witness = WitnessServer::start(&keys(&running, PLATFORM).await, Arc::clone(&running.clock)).await;
    (running, witness)
}

/// Lets a server ask until the witness's state is as wanted.
async fn asked_until(
    running: &Running,
    asked: Asked,
    log: LogName,
    wanted: impl Fn(&WitnessRow) -> bool,
) -> WitnessRow {
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(running.second_server().ask_witnesses(vec![asked], stopped));
    loop {
        let rows = running.app.log_witnesses(log).await.expect("an answer");
        if let Some(row) = rows.into_iter().find(&wanted) {
            stop.send(true).expect("it listens");
            task.await.expect("no panic");
            return row;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

fn cosignatures(note: &Note, witness: &WitnessServer) -> usize {
    note.verify(&[witness.remote.vkey().clone()]).map_or(0, |verified| verified.len())
}

#[tokio::test]
async fn a_witness_that_does_not_know_the_log_signs_nothing_and_says_nothing_against_it() {
    let (running, _) = started().await;
    let witness = WitnessServer::start(&[], Arc::clone(&running.clock)).await;
    let asked = running.app.ask_witness(&witness.remote, PLATFORM, 0).await;
    assert!(matches!(asked, Err(AskError::Remote(RemoteError::Refused { status: 404, .. }))), "{asked:?}");
    assert_eq!(cosignatures(&newest(&running, PLATFORM).await.1, &witness), 0);
    assert!(running.app.check_logs().await.expect("a check").whole());
    witness.know(&keys(&running, PLATFORM).await[0]);
    running.app.ask_witness(&witness.remote, PLATFORM, 0).await.expect("known now");
}

#[tokio::test]
async fn what_a_witness_signs_stands_below_the_checkpoint_and_both_keys_verify_it() {
    let (running, witness) = started().await;
    let mut believed = 0;
    for _ in 0..3 {
        let outcome = running.app.ask_witness(&witness.remote, PLATFORM, believed).await.expect("asked");
        let (checkpoint, note) = newest(&running, PLATFORM).await;
        assert_eq!(outcome, Outcome::Cosigned(checkpoint.size));
        let all = [keys(&running, PLATFORM).await, vec![witness.remote.vkey().clone()]].concat();
        let verified = note.verify(&all).expect("signed by both");
        let names: Vec<&str> = verified.iter().map(|signature| signature.name.as_str()).collect();
        assert_eq!(names, [checkpoint.origin.as_str(), WITNESS]);
        assert!(verified[1].time.is_some());
        believed = checkpoint.size;
        grown(&running, 2).await;
    }
    assert_eq!(witness.requests(), 3, "the size believed was right each time");
}

#[tokio::test]
async fn an_answer_that_was_lost_after_the_witness_kept_the_checkpoint_costs_one_more_question() {
    let (running, witness) = started().await;
    witness.lose_answers(true);
    running.app.ask_witness(&witness.remote, PLATFORM, 0).await.expect_err("the answer is lost");
    assert_eq!(cosignatures(&newest(&running, PLATFORM).await.1, &witness), 0);
    witness.lose_answers(false);
    let (checkpoint, _) = newest(&running, PLATFORM).await;
    let outcome = running.app.ask_witness(&witness.remote, PLATFORM, 0).await.expect("asked");
    assert_eq!(outcome, Outcome::Cosigned(checkpoint.size), "the same size once more");
    grown(&running, 1).await;
    let outcome = running.app.ask_witness(&witness.remote, PLATFORM, 0).await.expect("asked");
    assert_eq!(outcome, Outcome::Cosigned(newest(&running, PLATFORM).await.0.size), "and on from what it says");
    assert_eq!(cosignatures(&newest(&running, PLATFORM).await.1, &witness), 1);
}

const SAVE: &str = "CREATE TABLE public.log AS SELECT * FROM struct.log; CREATE TABLE public.leaf AS SELECT * FROM struct.leaf;
    CREATE TABLE public.checkpoint AS SELECT * FROM struct.checkpoint; CREATE TABLE public.entry AS SELECT * FROM struct.entry;
    CREATE TABLE public.platform_entry AS SELECT * FROM struct.platform_entry;";
const RESTORE: &str = "SET session_replication_role = replica;
    DELETE FROM struct.log; DELETE FROM struct.leaf; DELETE FROM struct.checkpoint; DELETE FROM struct.entry;
    DELETE FROM struct.platform_entry; DELETE FROM struct.entry_waiting; DELETE FROM struct.cosignature; DELETE FROM struct.witness;
    INSERT INTO struct.log SELECT * FROM public.log; INSERT INTO struct.leaf SELECT * FROM public.leaf;
    INSERT INTO struct.checkpoint SELECT * FROM public.checkpoint; INSERT INTO struct.entry SELECT * FROM public.entry;
    INSERT INTO struct.platform_entry SELECT * FROM public.platform_entry;";

#[tokio::test]
async fn a_log_put_back_to_an_earlier_day_with_everything_this_machine_remembers_is_told_by_the_witness() {
    let (running, witness) = started().await;
    let root = running.database.root().await;
    root.batch_execute(SAVE).await.expect("saved");
    grown(&running, 4).await;
    let Ok(Outcome::Cosigned(seen)) = running.app.ask_witness(&witness.remote, PLATFORM, 0).await else {
        panic!("it must be cosigned")
    };
    root.batch_execute(RESTORE).await.expect("put back");
    std::fs::remove_dir_all(running.mail_folder().with_file_name("checkpoints")).expect("forgotten");
    assert!(running.app.check_logs().await.expect("a check").whole(), "by itself it can't be noticed");
    assert_eq!(running.app.log_claim().await.expect("a claim").0, State::Met);

    let asked = Asked { remote: witness.remote.clone(), tenants: false };
    let row = asked_until(&running, asked.clone(), PLATFORM, |row| row.refusal.is_some()).await;
    let size = newest(&running, PLATFORM).await.0.size;
    assert!(size < seen);
    assert_eq!(row.refusal, Some(format!("it has seen {seen} leaves, the log has {size}")));
    assert_eq!(row.cosigned, None);
    let (state, evidence) = running.app.log_claim().await.expect("a claim");
    assert_eq!(state, State::Missed, "at once, not at the next check");
    assert!(evidence.expect("evidence").figure.contains(WITNESS));
    let checked = running.app.check_logs().await.expect("a check");
    assert_eq!(checked.logs.iter().flat_map(|log| &log.faults).count(), 1, "{checked:?}");

    // Grown past what was seen, by another history: a proof from there can't hold.
    while newest(&running, PLATFORM).await.0.size <= seen {
        grown(&running, 1).await;
    }
    let outcome = running.app.ask_witness(&witness.remote, PLATFORM, 0).await.expect("asked");
    let size = newest(&running, PLATFORM).await.0.size;
    let why = format!("the {size} leaves of the log do not begin with the {seen} it has seen");
    assert_eq!(outcome, Outcome::Refused(why));
    assert_eq!(cosignatures(&newest(&running, PLATFORM).await.1, &witness), 0);
    assert_eq!(std::fs::read_dir(witness.folder().join("conflicts")).expect("a folder").count(), 1, "kept against it");
}

#[tokio::test]
async fn a_witness_is_asked_about_the_platforms_log_and_about_all_only_when_it_is_wished() {
    let (running, witness) = started().await;
    let tenant = LogName::Tenant(running.tenant);
    witness.know(&keys(&running, tenant).await[0]);
    witness.know(&keys(&running, LogName::Tenant(running.other)).await[0]);
    let asked = |tenants| Asked { remote: witness.remote.clone(), tenants };
    asked_until(&running, asked(false), PLATFORM, |row| row.cosigned.is_some()).await;
    assert_eq!(running.app.log_witnesses(tenant).await.expect("an answer"), []);
    asked_until(&running, asked(true), tenant, |row| row.cosigned.is_some()).await;
    assert_eq!(cosignatures(&newest(&running, tenant).await.1, &witness), 1);

    // An entry's certificate goes on to carry the witness's word, when the log has grown since.
    let admin = running.caller(ADMIN).await;
    let page = running.app.audit(&admin, Default::default(), None).await.expect("a page");
    let entry = page.entries.last().expect("the oldest").id;
    grown(&running, 2).await;
    assert_eq!(cosignatures(&newest(&running, tenant).await.1, &witness), 0);
    let certificate = running.app.certificate(&admin, entry).await.expect("a certificate");
    let proof = TlogProof::parse(&certificate.text).expect("a proof");
    assert_eq!(cosignatures(&proof.checkpoint, &witness), 1);
}

#[tokio::test]
async fn a_witness_that_never_answers_does_not_keep_entries_from_their_places() {
    let (running, witness) = started().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", silent.local_addr().expect("an address"));
    let remote = Remote::new(&url, witness.remote.vkey().clone(), None).expect("an address");
    let (stop, stopped) = watch::channel(false);
    let asking = vec![Asked { remote, tenants: true }, Asked { remote: witness.remote.clone(), tenants: false }];
    let task = tokio::spawn(running.second_server().ask_witnesses(asking, stopped));
    let (_held, _) = silent.accept().await.expect("it is asked");
    let before = newest(&running, PLATFORM).await.0.size;
    grown(&running, 3).await;
    assert!(newest(&running, PLATFORM).await.0.size > before);
    while running.app.log_witnesses(PLATFORM).await.expect("an answer").is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    stop.send(true).expect("it listens");
    task.await.expect("it ends while the witness is still silent");
}
