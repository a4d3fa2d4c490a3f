//! Proof files: what is refused as malformed, that a proof holds for its leaf, log and keys alone, and that no altered
//! file does.

use crate::{leaves, plain_inclusion, plain_root};
use ledger::checkpoint::CheckpointError;
use ledger::note::{Cosigner, Signer, VerifierKey};
use ledger::proof::ProofError;
use ledger::tlog_proof::{Proven, TlogProofError};
use ledger::{Checkpoint, Hash, TlogProof};

const ORIGIN: &str = "log.example/a";
const SIZE: usize = 11;
const INDEX: usize = 6;

fn signer() -> Signer {
    Signer::from_seed(ORIGIN, &[1; 32]).unwrap()
}

fn keys() -> Vec<VerifierKey> {
    vec![signer().vkey(), witness().vkey()]
}

fn witness() -> Cosigner {
    Cosigner::from_seed("witness.example", &[2; 32]).unwrap()
}

fn proof(extra: Option<&[u8]>) -> TlogProof {
    let all = leaves(SIZE);
    let mut checkpoint = Checkpoint::new(ORIGIN, SIZE as u64, plain_root(&all)).sign(&[&signer()]).unwrap();
    checkpoint.add(witness().cosign(checkpoint.text(), 1_700_000_000)).unwrap();
    let mut hashes = plain_inclusion(INDEX, &all);
    hashes.truncate(63);
    TlogProof { extra: extra.map(<[u8]>::to_vec), index: INDEX as u64, hashes, checkpoint }
}

fn leaf() -> Hash {
    leaves(SIZE)[INDEX]
}

fn proven(file: &str) -> Option<Proven> {
    TlogProof::parse(file).ok().and_then(|proof| proof.verify(leaf(), ORIGIN, &keys()).ok())
}

#[test]
fn a_file_that_is_no_proof_is_refused() {
    let file = proof(Some(b"more")).to_string();
    let with = |from: &str, to: &str| {
        assert!(file.contains(from), "{from}");
        TlogProof::parse(&file.replacen(from, to, 1))
    };
    assert_eq!(TlogProof::parse(""), Err(TlogProofError::NoCheckpoint));
    assert_eq!(TlogProof::parse(&file.replace("\n\n", "\n")), Err(TlogProofError::NoCheckpoint));
    assert_eq!(with("@v1\n", "@v2\n"), Err(TlogProofError::Header));
    assert_eq!(with("c2sp", " c2sp"), Err(TlogProofError::Header));
    assert_eq!(with("extra bW9yZQ==", "extra bW9yZR=="), Err(TlogProofError::Extra));
    assert_eq!(with("extra bW9yZQ==", "extra bW9yZQ"), Err(TlogProofError::Extra));
    assert_eq!(with("extra bW9yZQ==", "extra: bW9yZQ=="), Err(TlogProofError::Index));
    assert_eq!(with("index 6", "index 06"), Err(TlogProofError::Index));
    assert_eq!(with("index 6", "index -6"), Err(TlogProofError::Index));
    assert_eq!(with("index 6\n", ""), Err(TlogProofError::Index));
    assert_eq!(with("index 6\n", "index 6\nindex 6\n"), Err(TlogProofError::Hash { line: 4 }));
    assert_eq!(with("index 6\n", "index 6\n\n"), Err(TlogProofError::Checkpoint(CheckpointError::Lines)));
    assert_eq!(with("log.example/a\n11\n", "log.example/a\n"), Err(TlogProofError::Checkpoint(CheckpointError::Lines)));
    let many = format!("index 6\n{}", format!("{}\n", leaf().to_base64()).repeat(64));
    assert_eq!(with("index 6\n", &many), Err(TlogProofError::Hash { line: 67 }));
    let long = format!("extra {}\n", "AAAA".repeat(400_000));
    assert_eq!(with("extra bW9yZQ==\n", &long), Err(TlogProofError::Extra));
    assert_eq!(TlogProof::parse(&file.repeat(4000)), Err(TlogProofError::TooLong));
}

#[test]
fn a_proof_holds_for_its_own_leaf_log_and_keys_only() {
    let proof = proof(None);
    let held = proof.verify(leaf(), ORIGIN, &keys()).unwrap();
    assert_eq!((held.checkpoint.size, held.signatures.len()), (SIZE as u64, 2));
    assert_eq!(proof.verify(leaves(SIZE)[5], ORIGIN, &keys()), Err(ProofError::RootDiffers.into()));
    assert!(matches!(
        proof.verify(leaf(), "log.example/b", &keys()),
        Err(TlogProofError::Checkpoint(CheckpointError::OtherLog { .. }))
    ));
    assert!(proof.verify(leaf(), ORIGIN, &[]).is_err());
    let beyond = TlogProof { index: SIZE as u64, ..proof };
    assert!(matches!(
        beyond.verify(leaf(), ORIGIN, &keys()),
        Err(TlogProofError::Proof(ProofError::IndexBeyondTree { .. }))
    ));
}

#[test]
fn what_was_added_comes_back_and_proves_nothing() {
    for extra in [b"".as_slice(), b"{\"leaf\":\"x\"}", &[0xff; 5000]] {
        let file = proof(Some(extra)).to_string();
        assert_eq!(TlogProof::parse(&file).unwrap().extra.as_deref(), Some(extra));
        assert!(proven(&file).is_some());
    }
    assert!(!proof(None).to_string().contains("extra"));
}

#[test]
fn no_altered_bit_of_a_proof_file_goes_unseen() {
    let file = proof(None).to_string();
    let held = proven(&file).unwrap();
    for bit in 0..file.len() * 8 {
        let mut bytes = file.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let still = String::from_utf8(bytes).ok().and_then(|file| proven(&file));
        assert_ne!(still, Some(held.clone()), "bit {bit}");
    }
}

#[test]
fn no_altered_line_of_a_proof_file_goes_unseen() {
    let file = proof(None).to_string();
    let lines: Vec<&str> = file.split_inclusive('\n').collect();
    let held = proven(&file);
    for at in 0..lines.len() {
        let mut removed = lines.clone();
        removed.remove(at);
        assert_ne!(proven(&removed.concat()), held, "line {at} removed");
        if at + 1 < lines.len() {
            let mut swapped = lines.clone();
            swapped.swap(at, at + 1);
            assert_ne!(proven(&swapped.concat()), held, "line {at} swapped");
        }
        if !lines[at].starts_with('\u{2014}') {
            let mut doubled = lines.clone();
            doubled.insert(at, lines[at]);
            assert_ne!(proven(&doubled.concat()), held, "line {at} doubled");
        }
    }
}
