//! Notes, keys and signatures: what is refused as malformed, whose signatures count, and that no altered note holds.
//! What a checkpoint's text says is looked at in `checkpoints`.

use ledger::Note;
use ledger::note::{Cosigner, KeyError, KeyKind, MAX_SIGNATURES, NoteError, SignatureLine, Signer, VerifierKey};
use proptest::prelude::*;

const TEXT: &str = "one line\n\nand another\n";

fn signer(seed: u8) -> Signer {
    Signer::from_seed("log.example/a", &[seed; 32]).unwrap()
}

fn cosigner(seed: u8) -> Cosigner {
    Cosigner::from_seed("witness.example", &[seed; 32]).unwrap()
}

fn signed() -> Note {
    let lines = vec![signer(1).sign(TEXT), cosigner(2).cosign(TEXT, 1_700_000_000)];
    Note::new(TEXT.to_owned(), lines).unwrap()
}

#[test]
fn a_text_that_is_no_note_is_refused() {
    let line = signer(1).sign(TEXT).to_string();
    for (wrong, why) in [
        (String::new(), NoteError::Unsigned),
        (TEXT.to_owned(), NoteError::Line { line: 1 }),
        ("text\n".to_owned(), NoteError::Unsigned),
        ("text\n\n".to_owned(), NoteError::Unsigned),
        (format!("text\n{line}\n"), NoteError::Unsigned),
        (format!("text\n\n{line}"), NoteError::Line { line: 1 }),
        (format!("text\n\n{line}\nx\n"), NoteError::Line { line: 2 }),
        (format!("text\n\n{line}\n\n"), NoteError::Unsigned),
        (format!("te\txt\n\n{line}\n"), NoteError::Text),
        (format!("text\r\n\n{line}\n"), NoteError::Text),
        (format!("te\0xt\n\n{line}\n"), NoteError::Text),
        (format!("text\n\n{}", format!("{line}\n").repeat(MAX_SIGNATURES + 1)), NoteError::TooMany),
        (format!("{}\n\n{line}\n", "x".repeat(ledger::note::MAX_NOTE_BYTES)), NoteError::TooLong),
    ] {
        assert_eq!(Note::parse(&wrong), Err(why), "{wrong:.60?}");
    }
    assert!(Note::parse(&format!("text\n\n{}", format!("{line}\n").repeat(MAX_SIGNATURES))).is_ok());
    assert_eq!(Note::new("no newline".to_owned(), vec![signer(1).sign("x")]), Err(NoteError::Text));
    assert_eq!(Note::new(TEXT.to_owned(), vec![]), Err(NoteError::Unsigned));
}

#[test]
fn a_line_that_is_no_signature_is_refused() {
    for wrong in [
        "",
        "\u{2014}",
        "\u{2014} name",
        "\u{2014} name ",
        "\u{2014}  AAAAAAAA",
        "- name AAAAAAAA",
        "\u{2014} name AAAAAA==", // an id and no signature
        "\u{2014} name AAAAAAB=", // bits beyond the last byte
        "\u{2014} name AAAAAAA",  // no padding
        "\u{2014} name AAAA-AAA", // the other alphabet
        "\u{2014} na+me AAAAAAAA",
        "\u{2014} na\u{a0}me AAAAAAAA",
        "\u{2014} name AAAAAAAA ",
        "\u{2014} name AAAA AAAA",
        " \u{2014} name AAAAAAAA",
    ] {
        assert!(SignatureLine::parse(wrong).is_err(), "{wrong:?}");
    }
    assert_eq!(SignatureLine::parse("\u{2014} name AAAAAQI=").unwrap().id(), 1);
    let unusual = "\u{2014} \u{76ee}\u{6483}\u{8005}\u{7f}/1 AAAAAQI=";
    assert_eq!(SignatureLine::parse(unusual).unwrap().to_string(), unusual, "nothing else is forbidden in a name");
    let long = |bytes| SignatureLine::new("name", 1, vec![7; bytes]);
    assert!(long(ledger::note::MAX_SIGNATURE_BYTES + 1).is_err() && long(0).is_err());
    let longest = long(ledger::note::MAX_SIGNATURE_BYTES).unwrap();
    assert_eq!(SignatureLine::parse(&longest.to_string()), Ok(longest));
}

#[test]
fn a_key_that_was_miscopied_is_refused() {
    let vkey = signer(1).vkey().to_string();
    assert_eq!(VerifierKey::parse(&vkey).unwrap(), signer(1).vkey());
    let (name, rest) = vkey.split_once('+').unwrap();
    let (id, key) = rest.split_once('+').unwrap();
    for (wrong, why) in [
        (String::new(), KeyError::Form),
        (name.to_owned(), KeyError::Form),
        (format!("{name}+{id}"), KeyError::Form),
        (format!("+{id}+{key}"), KeyError::Name),
        (format!("log.example/b+{id}+{key}"), KeyError::Id),
        (format!("{name}+00000000+{key}"), KeyError::Id),
        (format!("{name}+{}+{key}", id.to_uppercase()), KeyError::Form),
        (format!("{name}+{id}+{}", &key[..40]), KeyError::Form),
        (format!("{name}+{id}+{key}AAAA"), KeyError::Form),
        (format!("{name}+{id}+B{}", &key[1..]), KeyError::Kind { code: 5 }),
        (format!("{name} x+{id}+{key}"), KeyError::Name),
        (format!("{vkey}\n"), KeyError::Form),
    ] {
        assert_eq!(VerifierKey::parse(&wrong), Err(why), "{wrong:?}");
    }
    assert!(Signer::from_seed("", &[1; 32]).is_err() && Signer::from_seed("a b", &[1; 32]).is_err());
    assert!(Cosigner::from_seed("a+b", &[1; 32]).is_err());
}

#[test]
fn a_note_that_nobody_known_has_signed_is_worthless() {
    assert_eq!(signed().verify(&[]), Err(NoteError::NoKnownSignature { known: 0 }));
    let stranger = signer(9).vkey();
    assert_eq!(signed().verify(&[stranger]), Err(NoteError::NoKnownSignature { known: 1 }));
    let namesake = Signer::from_seed("log.example/b", &[1; 32]).unwrap().vkey();
    assert!(signed().verify(&[namesake]).is_err(), "the same key under another name is another key");
}

#[test]
fn a_wrong_signature_by_a_known_key_spoils_the_note() {
    let other = "another text\n";
    let lines = vec![signer(1).sign(other), cosigner(2).cosign(other, 5), signer(3).sign("forged\n")];
    let note = Note::new(other.to_owned(), lines).unwrap();
    let (log, witness, forged) = (signer(1).vkey(), cosigner(2).vkey(), signer(3).vkey());
    assert_eq!(note.verify(&[log.clone(), witness.clone()]).unwrap().len(), 2);
    let spoiled = NoteError::BadSignature { name: "log.example/a".to_owned() };
    assert_eq!(note.verify(&[log, witness, forged]), Err(spoiled));
}

#[test]
fn a_log_and_a_witness_of_the_same_seed_cannot_sign_for_each_other() {
    let (log, witness) = (Signer::from_seed("n", &[4; 32]).unwrap(), Cosigner::from_seed("n", &[4; 32]).unwrap());
    assert_eq!((log.vkey().kind(), witness.vkey().kind()), (KeyKind::Ed25519, KeyKind::Cosignature));
    assert_ne!(log.vkey().id(), witness.vkey().id());
    let note = Note::new(TEXT.to_owned(), vec![log.sign(TEXT)]).unwrap();
    assert!(note.verify(&[witness.vkey()]).is_err());
}

#[test]
fn a_cosignature_says_when_it_was_made() {
    let verified = signed().verify(&[cosigner(2).vkey()]).unwrap();
    assert_eq!(verified[0].time, Some(1_700_000_000));
    assert_eq!(verified[0].name, "witness.example");
    let far = Note::new(TEXT.to_owned(), vec![cosigner(2).cosign(TEXT, u64::MAX)]).unwrap();
    assert_eq!(far.verify(&[cosigner(2).vkey()]).unwrap()[0].time, Some(i64::MAX as u64));
}

#[test]
fn a_key_that_signed_twice_counts_once() {
    let lines = [3, 9, 5].map(|second| cosigner(2).cosign(TEXT, second)).to_vec();
    let note = Note::new(TEXT.to_owned(), lines).unwrap();
    let verified = note.verify(&[cosigner(2).vkey(), cosigner(2).vkey()]).unwrap();
    assert_eq!(verified.iter().map(|one| one.time).collect::<Vec<_>>(), [Some(9)]);
}

#[test]
fn a_new_cosignature_takes_the_place_of_the_old() {
    let mut note = signed();
    note.add(cosigner(2).cosign(TEXT, 1_700_000_060)).unwrap();
    assert_eq!(note.signatures().len(), 2);
    let verified = note.verify(&[signer(1).vkey(), cosigner(2).vkey()]).unwrap();
    assert_eq!(verified[1].time, Some(1_700_000_060));
    for seed in 10..10 + (MAX_SIGNATURES - 2) as u8 {
        note.add(signer(seed).sign(TEXT)).unwrap();
    }
    let before = note.clone();
    assert_eq!(note.add(signer(200).sign(TEXT)), Err(NoteError::TooMany));
    assert_eq!(note, before);
}

#[test]
fn a_private_key_never_shows_its_seed() {
    let shown = format!("{:?} {:?}", signer(0xab), cosigner(0xab));
    assert!(!shown.contains("171") && !shown.contains("abab"), "{shown}");
}

#[test]
fn no_altered_bit_of_a_note_goes_unseen() {
    let file = signed().to_string();
    let keys = [signer(1).vkey(), cosigner(2).vkey()];
    let holds = Note::parse(&file).unwrap().verify(&keys).unwrap();
    assert_eq!(holds.len(), 2);
    for bit in 0..file.len() * 8 {
        let mut bytes = file.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let read = String::from_utf8(bytes).ok().and_then(|file| Note::parse(&file).ok());
        let still = read.and_then(|note| note.verify(&keys).ok());
        assert_ne!(still, Some(holds.clone()), "bit {bit}");
    }
}

proptest! {
    #[test]
    fn every_note_prints_and_reads_back(text in "[^\\x00-\\x09\\x0b-\\x1f]{0,60}", seeds in prop::collection::vec(any::<u8>(), 1..5), second: u64) {
        let text = format!("{text}\n");
        let mut lines: Vec<SignatureLine> = seeds.iter().map(|seed| signer(*seed).sign(&text)).collect();
        lines.push(cosigner(1).cosign(&text, second));
        let note = Note::new(text, lines).unwrap();
        prop_assert_eq!(Note::parse(&note.to_string()), Ok(note.clone()));
        let keys: Vec<VerifierKey> = seeds.iter().map(|seed| signer(*seed).vkey()).collect();
        prop_assert!(note.verify(&keys).is_ok());
    }
}
