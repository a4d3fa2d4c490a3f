//! Checkpoints: what is refused as malformed, as another log's, or as signed by the wrong ones. Signatures themselves
//! are looked at in `notes`.

use ledger::checkpoint::CheckpointError;
use ledger::hash::{empty_root, leaf_hash};
use ledger::note::{Cosigner, NoteError, Signer};
use ledger::{Checkpoint, MAX_TREE_SIZE, Note};
use proptest::prelude::*;

const ORIGIN: &str = "log.example/a";

fn signer(seed: u8) -> Signer {
    Signer::from_seed(ORIGIN, &[seed; 32]).unwrap()
}

fn checkpoint() -> Checkpoint {
    Checkpoint::new(ORIGIN, 7, leaf_hash(b"root"))
}

#[test]
fn a_text_that_is_no_checkpoint_is_refused() {
    let root = empty_root().to_base64();
    for (wrong, why) in [
        (String::new(), CheckpointError::Lines),
        (format!("{ORIGIN}\n0\n{root}"), CheckpointError::Lines),
        (format!("{ORIGIN}\n0\n"), CheckpointError::Lines),
        (format!("\n0\n{root}\n"), CheckpointError::Lines),
        (format!("{ORIGIN}\n0\n{root}\n\n"), CheckpointError::Lines),
        (format!("{ORIGIN}\n0\n{root}\n\nx\n"), CheckpointError::Lines),
        (format!("{ORIGIN}\r\n0\n{root}\n"), CheckpointError::Lines),
        (format!("{ORIGIN}\n00\n{root}\n"), CheckpointError::Size),
        (format!("{ORIGIN}\n+1\n{root}\n"), CheckpointError::Size),
        (format!("{ORIGIN}\n-1\n{root}\n"), CheckpointError::Size),
        (format!("{ORIGIN}\n 1\n{root}\n"), CheckpointError::Size),
        (format!("{ORIGIN}\n1.0\n{root}\n"), CheckpointError::Size),
        (format!("{ORIGIN}\n\u{661}\n{root}\n"), CheckpointError::Size),
        (format!("{ORIGIN}\n{}\n{root}\n", MAX_TREE_SIZE + 1), CheckpointError::Size),
        (format!("{ORIGIN}\n99999999999999999999999\n{root}\n"), CheckpointError::Size),
        (format!("{ORIGIN}\n1\n{}\n", &root[..43]), CheckpointError::Root),
        (format!("{ORIGIN}\n1\n{root} \n"), CheckpointError::Root),
        (format!("{ORIGIN}\n1\nAAAA\n"), CheckpointError::Root),
        (format!("{}\n1\n{root}\n", "o".repeat(1025)), CheckpointError::Origin),
        (format!("{ORIGIN}\n1\n{root}\n{}", "x\n".repeat(17)), CheckpointError::TooLong),
        (format!("{ORIGIN}\n1\n{root}\n{}\n", "x".repeat(16_384)), CheckpointError::TooLong),
    ] {
        assert_eq!(Checkpoint::parse(&wrong), Err(why), "{wrong:.80?}");
    }
    let largest = format!("{ORIGIN}\n{MAX_TREE_SIZE}\n{root}\nan extension\n");
    assert_eq!(Checkpoint::parse(&largest).unwrap().text(), largest);
}

#[test]
fn a_checkpoint_that_would_read_as_another_is_not_signed() {
    let origins = ["", "a\n5", "a\tb"].map(|origin| Checkpoint::new(origin, 1, empty_root()));
    let extended = Checkpoint { extensions: vec![String::new()], ..checkpoint() };
    for wrong in origins.iter().chain([&extended]) {
        assert!(wrong.sign(&[&signer(1)]).is_err(), "{wrong:?}");
    }
    assert_eq!(checkpoint().sign(&[]), Err(CheckpointError::Note(NoteError::Unsigned)));
}

#[test]
fn a_checkpoint_of_another_log_is_refused() {
    let note = checkpoint().sign(&[&signer(1)]).unwrap();
    let refused = Checkpoint::open(&note, "log.example/b", &[signer(1).vkey()]).unwrap_err();
    assert_eq!(refused.to_string(), "this is a checkpoint of log.example/a, not of log.example/b");
}

#[test]
fn a_witness_alone_does_not_vouch_for_a_checkpoint() {
    let witness = Cosigner::from_seed("witness.example", &[2; 32]).unwrap();
    let mut note = checkpoint().sign(&[&signer(1)]).unwrap();
    note.add(witness.cosign(note.text(), 1)).unwrap();
    assert_eq!(Checkpoint::open(&note, ORIGIN, &[witness.vkey()]), Err(CheckpointError::NotByLog));
    let (opened, signatures) = Checkpoint::open(&note, ORIGIN, &[signer(1).vkey(), witness.vkey()]).unwrap();
    assert_eq!((opened, signatures.len()), (checkpoint(), 2));
}

#[test]
fn after_a_change_of_keys_the_old_key_opens_old_and_new_checkpoints() {
    let (old, new) = (signer(1), signer(2));
    let before = checkpoint().sign(&[&old]).unwrap();
    let after = Checkpoint { size: 8, ..checkpoint() }.sign(&[&new, &old]).unwrap();
    for (note, keys) in [(&before, vec![old.vkey()]), (&after, vec![old.vkey()]), (&after, vec![new.vkey()])] {
        assert!(Checkpoint::open(note, ORIGIN, &keys).is_ok());
    }
    assert!(Checkpoint::open(&before, ORIGIN, &[new.vkey()]).is_err());
}

#[test]
fn no_altered_line_of_a_checkpoint_goes_unseen() {
    let keys = [signer(1).vkey()];
    let extended = Checkpoint { extensions: vec!["more".to_owned()], ..checkpoint() };
    let file = extended.sign(&[&signer(1)]).unwrap().to_string();
    let opened = |file: &str| Note::parse(file).ok().and_then(|note| Checkpoint::open(&note, ORIGIN, &keys).ok());
    assert_eq!(opened(&file).unwrap().0, extended);
    let lines: Vec<&str> = file.split_inclusive('\n').collect();
    for at in 0..lines.len() {
        let mut removed = lines.clone();
        removed.remove(at);
        assert_eq!(opened(&removed.concat()), None, "line {at} removed");
        if at + 1 < lines.len() {
            let mut doubled = lines.clone();
            doubled.insert(at, lines[at]);
            assert_eq!(opened(&doubled.concat()), None, "line {at} doubled");
            let mut swapped = lines.clone();
            swapped.swap(at, at + 1);
            assert_eq!(opened(&swapped.concat()), None, "line {at} swapped");
        }
    }
}

proptest! {
    #[test]
    fn every_checkpoint_prints_and_reads_back(origin in "[^\\x00-\\x1f]{1,40}", size in 0..=MAX_TREE_SIZE, root: [u8; 32], extensions in prop::collection::vec("[^\\x00-\\x1f]{1,20}", 0..4)) {
        let checkpoint = Checkpoint { origin, size, root: ledger::Hash(root), extensions };
        prop_assert_eq!(Checkpoint::parse(&checkpoint.text()), Ok(checkpoint.clone()));
        prop_assert!(checkpoint.sign(&[&signer(1)]).is_ok());
    }
}
