//! What a witness refuses, with which status, and what it takes. The refusals stand in the order of the specification.

use crate::{flipped, leaves, plain_consistency, plain_root};
use ledger::checkpoint::CheckpointError;
use ledger::hash::empty_root;
use ledger::note::{Cosigner, NoteError, Signer, VerifierKey};
use ledger::witness::{AddCheckpoint, MalformedRequest, Refusal, consider, parse_answer};
use ledger::{Checkpoint, Hash};

const ORIGIN: &str = "log.example/a";

fn signer() -> Signer {
    Signer::from_seed(ORIGIN, &[1; 32]).unwrap()
}

fn keys() -> Vec<VerifierKey> {
    vec![signer().vkey()]
}

fn at(size: usize) -> Checkpoint {
    Checkpoint::new(ORIGIN, size as u64, plain_root(&leaves(size)))
}

fn proof(old: usize, new: usize) -> Vec<Hash> {
    if old == 0 { Vec::new() } else { plain_consistency(old, &leaves(new), true) }
}

fn request(old: usize, new: usize) -> AddCheckpoint {
    AddCheckpoint { old: old as u64, proof: proof(old, new), checkpoint: at(new).sign(&[&signer()]).unwrap() }
}

fn refused(state: Option<&Checkpoint>, request: &AddCheckpoint, keys: &[VerifierKey]) -> (u16, Option<String>) {
    let refusal = consider(state, request, keys).unwrap_err();
    (refusal.status(), refusal.size_body())
}

#[test]
fn a_request_that_cannot_be_read_is_refused() {
    let body = request(5, 9).to_string();
    let with = |from: &str, to: &str| {
        assert!(body.contains(from), "{from}");
        AddCheckpoint::parse(&body.replacen(from, to, 1))
    };
    assert_eq!(AddCheckpoint::parse(&body), Ok(request(5, 9)));
    assert_eq!(AddCheckpoint::parse(""), Err(MalformedRequest::NoCheckpoint));
    for old in ["old", "old ", "old 05", "old -5", "old  5", "Old 5", "old 5 ", "5"] {
        assert_eq!(with("old 5\n", &format!("{old}\n")), Err(MalformedRequest::Old), "{old:?}");
    }
    assert_eq!(with("old 5\n", "old 5\nAAAA\n"), Err(MalformedRequest::Hash { line: 2 }));
    assert_eq!(with("old 5\n", "old 5\n\n"), Err(MalformedRequest::Checkpoint(CheckpointError::Lines)));
    let hash = format!("{}\n", empty_root().to_base64());
    assert_eq!(with("old 5\n", &format!("old 5\n{}", hash.repeat(64))), Err(MalformedRequest::Hash { line: 65 }));
    assert_eq!(AddCheckpoint::parse(&"x".repeat(600_000)), Err(MalformedRequest::TooLong));
    assert_eq!(Refusal::from(MalformedRequest::Old).status(), 400);
}

#[test]
fn a_log_that_is_unknown_is_refused_with_404() {
    assert_eq!(refused(None, &request(0, 3), &[]), (404, None));
    let other = Checkpoint { origin: "log.example/b".to_owned(), ..at(3) };
    assert_eq!(refused(Some(&other), &request(3, 5), &keys()), (404, None));
}

#[test]
fn a_checkpoint_that_the_log_has_not_signed_is_refused_with_403() {
    let stranger = Signer::from_seed(ORIGIN, &[9; 32]).unwrap();
    let unsigned = AddCheckpoint { checkpoint: at(3).sign(&[&stranger]).unwrap(), ..request(0, 3) };
    assert_eq!(refused(None, &unsigned, &keys()), (403, None));
    let mut forged = request(0, 3);
    let text = forged.checkpoint.text().replace("\n3\n", "\n4\n");
    forged.checkpoint = ledger::Note::new(text, forged.checkpoint.signatures().to_vec()).unwrap();
    assert_eq!(refused(None, &forged, &keys()), (403, None));
}

#[test]
fn an_old_size_beyond_the_checkpoint_is_refused_with_400() {
    let backwards = AddCheckpoint { old: 9, proof: vec![], checkpoint: at(5).sign(&[&signer()]).unwrap() };
    assert_eq!(refused(Some(&at(9)), &backwards, &keys()), (400, None));
}

#[test]
fn another_size_than_the_last_seen_is_refused_with_409_and_the_size() {
    assert_eq!(refused(Some(&at(7)), &request(5, 9), &keys()), (409, Some("7\n".to_owned())));
    assert_eq!(refused(Some(&at(7)), &request(0, 9), &keys()), (409, Some("7\n".to_owned())));
    assert_eq!(refused(None, &request(5, 9), &keys()), (409, Some("0\n".to_owned())));
}

#[test]
fn another_root_of_the_same_size_is_refused_with_409() {
    let seen = Checkpoint { root: flipped(at(5).root, 3), ..at(5) };
    assert_eq!(refused(Some(&seen), &request(5, 5), &keys()), (409, None));
    let odd = Checkpoint { root: at(5).root, ..at(0) };
    let request = AddCheckpoint { checkpoint: odd.sign(&[&signer()]).unwrap(), ..request(0, 3) };
    assert_eq!(refused(None, &request, &keys()), (409, None), "a tree without leaves has one root");
}

#[test]
fn a_history_that_was_rewritten_is_refused_with_422() {
    let seen = Checkpoint { root: flipped(at(5).root, 3), ..at(5) };
    assert_eq!(refused(Some(&seen), &request(5, 9), &keys()), (422, None));
    let mut altered = request(5, 9);
    altered.proof[0] = flipped(altered.proof[0], 9);
    assert_eq!(refused(Some(&at(5)), &altered, &keys()), (422, None));
    altered.proof.clear();
    assert_eq!(refused(Some(&at(5)), &altered, &keys()), (422, None));
    let superfluous = AddCheckpoint { proof: proof(2, 3), ..request(0, 3) };
    assert_eq!(refused(None, &superfluous, &keys()), (422, None), "from nothing there is nothing to prove");
    let superfluous = AddCheckpoint { proof: proof(2, 5), ..request(5, 5) };
    assert_eq!(refused(Some(&at(5)), &superfluous, &keys()), (422, None));
}

#[test]
fn a_log_that_grows_is_followed_step_by_step() {
    let mut state: Option<Checkpoint> = None;
    let mut old = 0;
    for new in [0, 1, 1, 2, 7, 8, 8, 31, 64, 65] {
        let next = consider(state.as_ref(), &request(old, new), &keys()).unwrap();
        assert_eq!(next, at(new));
        state = Some(next);
        old = new;
    }
}

#[test]
fn what_a_witness_answers_is_added_to_the_checkpoint() {
    let witness = Cosigner::from_seed("witness.example", &[2; 32]).unwrap();
    let mut note = request(5, 9).checkpoint;
    let answer = format!("{}\n", witness.cosign(note.text(), 1_700_000_000));
    for line in parse_answer(&answer).unwrap() {
        note.add(line).unwrap();
    }
    let verified = note.verify(&[signer().vkey(), witness.vkey()]).unwrap();
    assert_eq!(verified.len(), 2);
    for wrong in ["", "\n", "409\n", answer.trim_end(), &format!("{answer}\n")] {
        assert!(parse_answer(wrong).is_err(), "{wrong:?}");
    }
    assert_eq!(parse_answer(&answer.repeat(65)), Err(NoteError::TooMany));
}
