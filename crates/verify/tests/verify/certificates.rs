//! Certificates of single entries, and delivered files held against theirs.

use crate::made::{Log, OTHER_SEED, Place, SEED, check, codes, cosigned, detail, leaf, say, signer, uuid, vkey};
use ledger::Leaf;
use ledger::hash::Hash;
use ledger::leaf::commitment;
use ledger::note::Note;
use serde_json::{Value, json};
use verify::language::Language;

fn extra(nth: u64) -> Value {
    let (salt, detail) = detail(nth);
    json!({"leaf": String::from_utf8(leaf(nth).encode()).unwrap(), "salt": Hash(salt).hex(), "detail": detail})
}

fn judged(certificate: &str) -> (u8, Value) {
    let place = Place::new();
    check(&["proof", &place.file("entry.tlog-proof", certificate), "--key", &vkey()])
}

#[test]
fn a_certificate_with_anything_altered_proves_nothing() {
    let log = Log::of(300);
    let sound = log.certificate(77, &extra(77));
    let text = sound.to_string();
    assert_eq!(judged(&text).0, 0);
    let with_extra = |from: &str, to: &str| {
        let mut altered = sound.clone();
        let extra = String::from_utf8(altered.extra.unwrap()).unwrap();
        assert!(extra.contains(from), "{extra}");
        altered.extra = Some(extra.replacen(from, to, 1).into_bytes());
        altered.to_string()
    };
    for (altered, code) in [
        (with_extra("record.updated", "record.deleted"), "proof_fails"),
        (with_extra("192.0.2.77", "192.0.2.78"), "detail_differs"),
        (with_extra("\"salt\"", "\"tlas\""), "detail_differs"),
        (text.replacen("index 77", "index 78", 1), "proof_fails"),
        (text.replacen("index 77", "index 300", 1), "proof_fails"),
        (text.replacen("\n300\n", "\n301\n", 1), "proof_fails"),
        (text.replacen("@v1", "@v2", 1), "proof_fails"),
    ] {
        let (exit, json) = judged(&altered);
        assert_eq!((exit, codes(&json, "findings")), (1, vec![code.to_owned()]), "{altered}");
        assert!(codes(&json, "shown").is_empty());
    }
    let mut other = sound.clone();
    other.checkpoint = Note::parse(&log.note(300, OTHER_SEED)).unwrap();
    assert_eq!(judged(&other.to_string()).0, 1);
    other = sound.clone();
    other.hashes.swap(0, 1);
    assert_eq!(judged(&other.to_string()).0, 1);
}

#[test]
fn no_changed_byte_of_a_certificate_makes_it_say_something_else() {
    let text = Log::of(5).certificate(3, &extra(3)).to_string();
    let sound = judged(&text).1;
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        let place = Place::new();
        let (code, json) = check(&["proof", &place.file("entry.tlog-proof", bytes), "--key", &vkey()]);
        if code == 0 {
            assert_eq!(json["facts"]["entry"], sound["facts"]["entry"]);
            assert_eq!(json["facts"]["root"], sound["facts"]["root"]);
        }
    }
}

#[test]
fn a_certificate_needs_a_key_its_entry_and_its_own_log() {
    let place = Place::new();
    let log = Log::of(300);
    let path = place.file("entry.tlog-proof", log.certificate(7, &extra(7)).to_string());
    assert_eq!(check(&["proof", &path]).1["code"], "no_key");
    assert_eq!(check(&["proof", &place.at("gone").display().to_string(), "--key", &vkey()]).1["code"], "unreadable");
    assert_eq!(check(&["proof", &place.file("latin", [0xe9]), "--key", &vkey()]).1["code"], "not_text");
    let other = ledger::note::Signer::from_seed("other.example/log/x", &SEED).unwrap().vkey().to_string();
    assert_eq!(codes(&check(&["proof", &path, "--key", &other]).1, "findings"), ["other_log"]);
    let bare = place.file("bare", log.certificate(7, &json!({})).to_string());
    assert_eq!(check(&["proof", &bare, "--key", &vkey()]).1["code"], "no_entry");
    // A leaf of another tenant, though it is in the log.
    let mut log = Log::of(9);
    log.leaves[2] = Leaf { tenant: uuid(9, 9), ..leaf(2) }.encode();
    let extra = json!({"leaf": String::from_utf8(log.leaves[2].clone()).unwrap()});
    let (code, json) = judged(&log.certificate(2, &extra).to_string());
    assert_eq!((code, codes(&json, "findings")), (1, vec!["other_tenant".to_owned()]));
}

#[test]
fn a_certificate_shows_the_entry_and_what_it_does_not_show() {
    let log = Log::of(300);
    let (code, json) = judged(&log.certificate(77, &extra(77)).to_string());
    assert_eq!((code, codes(&json, "shown")), (0, vec!["inclusion".to_owned(), "detail".to_owned()]));
    assert_eq!(json["facts"]["entry"]["verb"], "record.updated");
    assert_eq!(json["facts"]["detail"]["address"], "192.0.2.77");
    // Who may not open the detail proves the entry all the same.
    let closed = json!({"leaf": String::from_utf8(leaf(77).encode()).unwrap()});
    let (code, json) = judged(&log.certificate(77, &closed).to_string());
    assert_eq!((code, codes(&json, "shown")), (0, vec!["inclusion".to_owned()]));
    assert!(codes(&json, "not_shown").contains(&"detail".to_owned()));
    let place = Place::new();
    let path = place.file("entry.tlog-proof", log.certificate(77, &extra(77)).to_string());
    let (_, ja) = say(&["proof", &path, "--key", &vkey()], Language::Ja);
    assert!(ja.contains("番号 77 に、下の内容で載っていることを確かめました"), "{ja}");
    assert!(ja.contains("詳細 address：192.0.2.77"), "{ja}");
}

#[test]
fn a_detail_cannot_steer_the_terminal() {
    let text = "{\"note\":\"\\u001b[2J\"}".to_owned();
    let salt = [5; 32];
    let mut log = Log::of(3);
    log.leaves[1] = Leaf { commitment: Some(commitment(&salt, text.as_bytes()).hex()), ..leaf(1) }.encode();
    let extra =
        json!({"leaf": String::from_utf8(log.leaves[1].clone()).unwrap(), "salt": Hash(salt).hex(), "detail": text});
    let place = Place::new();
    let path = place.file("entry.tlog-proof", log.certificate(1, &extra).to_string());
    let (code, said) = say(&["proof", &path, "--key", &vkey()], Language::En);
    assert_eq!(code, 0);
    assert!(!said.contains('\u{1b}') && said.contains("\u{fffd}[2J"), "{said}");
}

#[test]
fn a_certificates_checkpoint_can_be_cosigned() {
    let mut certificate = Log::of(30).certificate(7, &extra(7));
    let (note, witness) = cosigned(&certificate.checkpoint.to_string(), "witness.example", [8; 32]);
    let place = Place::new();
    let without = place.file("without", certificate.to_string());
    certificate.checkpoint = Note::parse(&note).unwrap();
    let with = place.file("with", certificate.to_string());
    assert_eq!(check(&["proof", &without, "--key", &vkey(), "--witness", &witness]).0, 1);
    let (code, json) = check(&["proof", &with, "--key", &vkey(), "--witness", &witness]);
    assert_eq!(code, 0);
    assert!(codes(&json, "shown").contains(&"witness".to_owned()));
}

/// The certificate of a delivery, and the file.
fn delivery(detail: &Value) -> String {
    let (salt, text) = ([6; 32], detail.to_string());
    let entry = Leaf {
        verb: "records.delivered".to_owned(),
        commitment: Some(commitment(&salt, text.as_bytes()).hex()),
        ..leaf(4)
    };
    let mut log = Log::of(30);
    log.leaves[4] = entry.encode();
    let extra = json!({"leaf": String::from_utf8(entry.encode()).unwrap(), "salt": Hash(salt).hex(), "detail": text});
    log.certificate(4, &extra).to_string()
}

const FILE: &[u8] = "氏名,電話\n山田,03-0000-0000\n".as_bytes();

#[test]
fn a_file_other_than_the_delivered_one_is_told() {
    let recorded = json!({"sha256": Hash::of(FILE).hex(), "bytes": FILE.len(), "rows": 1});
    let place = Place::new();
    let certificate = place.file("entry.tlog-proof", delivery(&recorded));
    for (altered, expected) in [
        ([FILE, b"x"].concat(), vec!["file_differs", "file_length"]),
        (FILE[1..].to_vec(), vec!["file_differs", "file_length"]),
        (FILE.iter().rev().copied().collect(), vec!["file_differs"]),
        (Vec::new(), vec!["file_differs", "file_length"]),
    ] {
        let file = place.file("data.csv", altered);
        let (code, json) = check(&["proof", &certificate, "--key", &vkey(), "--extraction", &file]);
        assert_eq!((code, codes(&json, "findings")), (1, expected.into_iter().map(str::to_owned).collect()));
        assert_eq!(json["code"], "file_not_proven");
    }
}

#[test]
fn only_the_entry_of_a_delivery_vouches_for_a_file() {
    let place = Place::new();
    let file = place.file("data.csv", FILE);
    let other = place.file("other", Log::of(300).certificate(77, &extra(77)).to_string());
    let (code, json) = check(&["proof", &other, "--key", &vkey(), "--extraction", &file]);
    assert_eq!((code, codes(&json, "findings")), (1, vec!["not_a_delivery".to_owned()]));
    let hashless = place.file("hashless", delivery(&json!({"rows": 1})));
    assert_eq!(check(&["proof", &hashless, "--key", &vkey(), "--extraction", &file]).1["code"], "no_hash");
    let certificate = place.file("entry", delivery(&json!({"sha256": Hash::of(FILE).hex()})));
    let gone = place.at("gone").display().to_string();
    assert_eq!(check(&["proof", &certificate, "--key", &vkey(), "--extraction", &gone]).0, 2);
}

#[test]
fn the_delivered_file_is_proven_byte_for_byte() {
    let place = Place::new();
    let file = place.file("data.csv", FILE);
    for bytes in [json!(FILE.len()), json!(FILE.len().to_string())] {
        let recorded = json!({"sha256": Hash::of(FILE).hex(), "bytes": bytes, "rows": "1", "address": "192.0.2.1"});
        let certificate = place.file("entry.tlog-proof", delivery(&recorded));
        let (code, json) = check(&["proof", &certificate, "--key", &vkey(), "--extraction", &file]);
        assert_eq!((code, json["code"].as_str()), (0, Some("file_proven")), "{json:#}");
        assert_eq!(json["facts"]["file"]["bytes"], FILE.len());
    }
    assert_ne!(signer(OTHER_SEED).vkey().to_string(), vkey());
}

/// A log of the platform with measurements, and the certificate of one.
fn platform_evidence(raw: &str) -> (Log, String) {
    let leaf = |nth: u64| ledger::leaf::PlatformLeaf::Evidence {
        at: "2026-08-01T03:04:00.000000Z".to_owned(),
        figure: Some(format!("{nth} found")),
        method: "looked".to_owned(),
        promise: "backup.log".to_owned(),
        raw_sha256: Some(Hash::of(raw.as_bytes()).hex()),
        subject: Some("archive".to_owned()),
        tool: "struct 0.1.0".to_owned(),
        verdict: "held".to_owned(),
        window_from: None,
        window_to: Some("2026-08-01T03:04:00.000000Z".to_owned()),
    };
    let leaves: Vec<Vec<u8>> = (0..20).map(|nth| leaf(nth).encode()).collect();
    let text = String::from_utf8(leaves[7].clone()).unwrap();
    let log = Log { origin: "struct.example/log/platform".to_owned(), leaves, ..Log::of(20) };
    (log, text)
}

#[test]
fn a_certificate_of_a_measurement_proves_it_and_its_raw_data_and_no_others() {
    let raw = "{\"age_s\":38}";
    let (log, leaf) = platform_evidence(raw);
    let key = ledger::note::Signer::from_seed(&log.origin, &SEED).unwrap().vkey().to_string();
    let place = Place::new();
    let sound = log.certificate(7, &json!({ "leaf": leaf })).to_string();
    let path = place.file("evidence.tlog-proof", &sound);
    let (given, other) = (place.file("raw.json", raw), place.file("other.json", "{\"age_s\":39}"));
    let (code, json) = check(&["proof", &path, "--key", &key, "--raw", &given]);
    assert_eq!((code, codes(&json, "findings")), (0, vec![]), "{json}");
    assert_eq!(codes(&json, "shown"), ["inclusion", "raw"]);
    assert_eq!(json["facts"]["entry"]["promise"], "backup.log");
    assert_eq!(check(&["proof", &path, "--key", &key]).0, 0);
    let (code, json) = check(&["proof", &path, "--key", &key, "--raw", &other]);
    assert_eq!((code, codes(&json, "findings")), (1, vec!["raw_differs".to_owned()]));
    assert!(codes(&json, "shown").is_empty());
    let (code, json) = check(&["proof", &path, "--key", &key, "--extraction", &given]);
    assert_eq!((code, codes(&json, "findings")), (1, vec!["not_measured".to_owned()]));
    let altered = log.certificate(7, &json!({ "leaf": leaf.replace("7 found", "8 found") })).to_string();
    let path = place.file("altered.tlog-proof", altered);
    assert_eq!(codes(&check(&["proof", &path, "--key", &key]).1, "findings"), ["proof_fails"]);
}

#[test]
fn an_entry_of_a_tenant_holds_no_raw_data_to_compare_with() {
    let place = Place::new();
    let path = place.file("entry.tlog-proof", Log::of(300).certificate(7, &extra(7)).to_string());
    let raw = place.file("raw.json", "{}");
    let (code, json) = check(&["proof", &path, "--key", &vkey(), "--raw", &raw]);
    assert_eq!((code, codes(&json, "findings")), (1, vec!["not_measured".to_owned()]));
}
