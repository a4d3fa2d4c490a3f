//! The witness: what the specification (C2SP tlog-witness) makes it refuse, what it has on the disk when it signs, and that
//! two requests at once never split what it has seen. Logs are grown here by RFC 6962's own definitions.

use crate::Counting;
use host::witness::{NotCosigned, Witness, add_log, remove_log, trusted_logs, vkey};
use jiff::Timestamp;
use ledger::checkpoint::Checkpoint;
use ledger::hash::{Hash, leaf_hash, node_hash};
use ledger::note::{Note, Signer, VerifierKey};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const ORIGIN: &str = "log.example.jp/log/platform";
const NAME: &str = "witness.example.jp/w1";
const NOW: i64 = 1_795_000_000;

fn now() -> Timestamp {
    Timestamp::from_second(NOW).expect("an instant")
}

fn log() -> Signer {
    Signer::from_seed(ORIGIN, &[7; 32]).expect("a key")
}

fn witness(dir: &Path) -> Witness {
    Witness::open(dir, Some(NAME), vec![log().vkey()], &Counting::from(1)).expect("a witness")
}

/// Leaves of a log; `branch` makes another history.
fn leaves(size: u64, branch: &str) -> Vec<Hash> {
    (0..size).map(|at| leaf_hash(format!("{branch}{at}").as_bytes())).collect()
}

/// RFC 6962, 2.1: the root.
fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::of(b""),
        [one] => *one,
        more => {
            let (left, right) = more.split_at(half(more.len()));
            node_hash(&root(left), &root(right))
        }
    }
}

/// The largest power of two below.
fn half(size: usize) -> usize {
    size.next_power_of_two() / 2
}

/// RFC 6962, 2.1.2: the consistency proof.
fn proof(old: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if whole { Vec::new() } else { vec![root(leaves)] };
    }
    let (left, right) = leaves.split_at(half(leaves.len()));
    if old <= left.len() {
        [proof(old, left, whole), vec![root(right)]].concat()
    } else {
        [proof(old - left.len(), right, false), vec![root(left)]].concat()
    }
}

fn note(size: u64, branch: &str, signer: &Signer) -> Note {
    Checkpoint::new(signer.vkey().name(), size, root(&leaves(size, branch))).sign(&[signer]).expect("a note")
}

/// A request's body, put together as the specification writes it.
fn body(old: u64, size: u64, branch: &str) -> String {
    let proof = if old == 0 { Vec::new() } else { proof(old as usize, &leaves(size, branch), true) };
    let lines: String = proof.iter().map(|hash| format!("{}\n", hash.to_base64())).collect();
    format!("old {old}\n{lines}\n{}", note(size, branch, &log()))
}

/// Status and size body of a refusal.
fn refused(answer: Result<String, NotCosigned>) -> (u16, Option<String>) {
    match answer.expect_err("it must not sign") {
        NotCosigned::Refused(refusal) => (refusal.status(), refusal.size_body()),
        NotCosigned::Fault(error) => panic!("{error}"),
    }
}

fn checked(answer: &str, size: u64, key: &VerifierKey) -> u64 {
    let signed = Note::parse(&format!("{}{answer}", note(size, "a", &log()))).expect("lines of a note");
    let verified = signed.verify(&[log().vkey(), key.clone()]).expect("both have signed");
    assert_eq!(verified.len(), 2);
    verified[1].time.expect("a cosignature names its second")
}

#[test]
fn what_the_specification_refuses_is_refused_with_its_status_and_leaves_nothing_behind() {
    let dir = tempfile::tempdir().expect("a directory");
    let witness = witness(dir.path());
    let other = Signer::from_seed(ORIGIN, &[8; 32]).expect("a key");
    let unknown = Signer::from_seed("log.example.jp/log/other", &[7; 32]).expect("a key");
    let cases = [
        (400, String::new()),
        (400, body(0, 3, "a").replacen("old 0", "old 00", 1)),
        (400, body(0, 3, "a").replacen("old 0\n", "", 1)),
        (400, body(0, 3, "a").replacen("old 0\n\n", "old 0\nnohash\n\n", 1)),
        (400, body(0, 3, "a").replacen("old 0", "old 4", 1)),
        (404, format!("old 0\n\n{}", note(3, "a", &unknown))),
        (403, format!("old 0\n\n{}", note(3, "a", &other))),
        (403, body(0, 3, "a").replacen(&root(&leaves(3, "a")).to_base64(), &root(&leaves(3, "b")).to_base64(), 1)),
        (422, body(0, 3, "a").replacen("old 0\n\n", &format!("old 0\n{}\n\n", Hash([1; 32]).to_base64()), 1)),
    ];
    for (status, body) in cases {
        assert_eq!(refused(witness.add_checkpoint(&body, now())), (status, None), "{body}");
    }
    assert_eq!(refused(witness.add_checkpoint(&body(2, 3, "a"), now())), (409, Some("0\n".to_owned())));
    assert_eq!(std::fs::read_dir(dir.path().join("seen")).expect("a folder").count(), 0, "something was kept");
}

#[test]
fn a_log_that_forks_or_goes_back_gets_no_cosignature_and_its_own_signature_is_kept_against_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let witness = witness(dir.path());
    witness.add_checkpoint(&body(0, 9, "a"), now()).expect("cosigned");
    assert_eq!(refused(witness.add_checkpoint(&body(9, 9, "b"), now())), (409, None), "another root of the same size");
    assert_eq!(refused(witness.add_checkpoint(&body(9, 12, "b"), now())), (422, None), "another history");
    assert_eq!(refused(witness.add_checkpoint(&body(4, 6, "a"), now())), (409, Some("9\n".to_owned())), "gone back");
    let kept: Vec<String> = std::fs::read_dir(dir.path().join("conflicts"))
        .expect("a folder")
        .map(|entry| std::fs::read_to_string(entry.expect("an entry").path()).expect("a note"))
        .collect();
    assert_eq!(kept.len(), 2);
    for note in kept {
        Note::parse(&note).expect("a note").verify(&[log().vkey()]).expect("signed by the log");
    }
    witness.add_checkpoint(&body(9, 12, "a"), now()).expect("the log that it knows goes on");
}

#[test]
fn a_log_that_grows_is_cosigned_and_its_state_is_on_the_disk_before_the_answer() {
    let dir = tempfile::tempdir().expect("a directory");
    let open = witness(dir.path());
    let key = open.vkey();
    for (old, size) in [(0, 1), (1, 2), (2, 7), (7, 7), (7, 8), (8, 300)] {
        let answer = open.add_checkpoint(&body(old, size, "a"), now()).expect("cosigned");
        assert!(answer.starts_with(&format!("\u{2014} {NAME} ")) && answer.ends_with('\n'), "{answer}");
        assert_eq!(answer.lines().count(), 1);
        assert_eq!(checked(&answer, size, &key), NOW as u64);
    }
    // Killed after the disk had it and before anybody was told: the next process says where it is.
    drop(open);
    let again = witness(dir.path());
    assert_eq!(again.vkey(), key, "the key stays");
    assert_eq!(refused(again.add_checkpoint(&body(8, 300, "a"), now())), (409, Some("300\n".to_owned())));
    checked(&again.add_checkpoint(&body(300, 300, "a"), now()).expect("cosigned again"), 300, &key);
    again.add_checkpoint(&body(300, 301, "a"), now()).expect("and it goes on");
}

#[test]
fn of_64_requests_at_once_from_one_size_exactly_one_is_cosigned() {
    let dir = tempfile::tempdir().expect("a directory");
    let witness = witness(dir.path());
    witness.add_checkpoint(&body(0, 1, "a"), now()).expect("cosigned");
    let bodies: Vec<String> = (2..66).map(|size| body(1, size, "a")).collect();
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = bodies.iter().map(|body| scope.spawn(|| witness.add_checkpoint(body, now()))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let won: Vec<u64> = (2..66).zip(&answers).filter(|(_, answer)| answer.is_ok()).map(|(size, _)| size).collect();
    assert_eq!(won.len(), 1, "cosigned from the same size: {won:?}");
    for answer in answers.into_iter().filter(Result::is_err) {
        assert_eq!(refused(answer), (409, Some(format!("{}\n", won[0]))), "the loser is told the winner's size");
    }
}

#[test]
fn a_witness_that_cannot_write_signs_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let witness = witness(dir.path());
    witness.add_checkpoint(&body(0, 2, "a"), now()).expect("cosigned");
    let (seen, away) = (dir.path().join("seen"), dir.path().join("away"));
    std::fs::rename(&seen, &away).expect("moved");
    let answer = witness.add_checkpoint(&body(2, 3, "a"), now());
    assert!(matches!(answer, Err(NotCosigned::Fault(_))), "{answer:?}");
    std::fs::rename(&away, &seen).expect("moved back");
    assert_eq!(refused(witness.add_checkpoint(&body(3, 4, "a"), now())), (409, Some("2\n".to_owned())));
    witness.add_checkpoint(&body(2, 4, "a"), now()).expect("cosigned");
}

#[test]
fn a_seen_checkpoint_that_was_damaged_stops_the_witness_instead_of_starting_it_over() {
    let dir = tempfile::tempdir().expect("a directory");
    witness(dir.path()).add_checkpoint(&body(0, 2, "a"), now()).expect("cosigned");
    let file = std::fs::read_dir(dir.path().join("seen")).expect("a folder").next().expect("a file").expect("it");
    std::fs::write(file.path(), "").expect("written");
    let answer = witness(dir.path()).add_checkpoint(&body(0, 2, "b"), now());
    assert!(matches!(answer, Err(NotCosigned::Fault(_))), "{answer:?}");
}

#[test]
fn the_key_is_a_cosigners_private_to_the_account_and_has_one_name_for_ever() {
    let dir = tempfile::tempdir().expect("a directory");
    let place = dir.path().join("w1");
    let refused = vkey(&place, None, &Counting::from(1)).expect_err("it has no name");
    assert!(refused.to_string().contains("--name"), "{refused}");
    vkey(&place, Some("a name"), &Counting::from(1)).expect_err("no name of a key has a blank");
    assert!(!place.exists(), "something was made by a refusal");
    let key = vkey(&place, Some(NAME), &Counting::from(1)).expect("made");
    assert_eq!(key.kind().code(), 0x04);
    assert_eq!(vkey(&place, None, &Counting::from(2)).expect("there"), key);
    vkey(&place, Some("witness.example.jp/w2"), &Counting::from(2)).expect_err("it has a name");
    let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&place.join("witness.key")), 0o600);
    assert_eq!(mode(&place), 0o700);
}

#[test]
fn a_second_process_on_the_same_folder_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let first = witness(dir.path());
    let refused = Witness::open(dir.path(), None, Vec::new(), &Counting::from(1)).expect_err("the first has it");
    assert!(refused.to_string().contains(&std::process::id().to_string()), "{refused}");
    drop(first);
    Witness::open(dir.path(), None, Vec::new(), &Counting::from(1)).expect("it is free again");
}

#[test]
fn logs_come_and_go_while_it_runs_and_one_that_comes_back_goes_on_from_where_it_was_seen() {
    let dir = tempfile::tempdir().expect("a directory");
    let witness = Witness::open(dir.path(), Some(NAME), Vec::new(), &Counting::from(1)).expect("a witness");
    assert_eq!(refused(witness.add_checkpoint(&body(0, 5, "a"), now())), (404, None));
    add_log(dir.path(), None, &witness.vkey()).expect_err("a witness's key signs no log");
    assert!(add_log(dir.path(), None, &log().vkey()).expect("added"));
    assert!(!add_log(dir.path(), None, &log().vkey()).expect("there already"));
    assert_eq!(trusted_logs(dir.path()).expect("a list")[0].origin, ORIGIN);
    witness.add_checkpoint(&body(0, 5, "a"), now()).expect("known now");
    assert!(remove_log(dir.path(), ORIGIN).expect("removed"));
    assert_eq!(refused(witness.add_checkpoint(&body(5, 6, "a"), now())), (404, None));
    add_log(dir.path(), Some(ORIGIN), &log().vkey()).expect("added");
    assert_eq!(refused(witness.add_checkpoint(&body(0, 3, "b"), now())), (409, Some("5\n".to_owned())));
    witness.add_checkpoint(&body(5, 6, "a"), now()).expect("it goes on");
}
