//! Leaves: the one text that a leaf has, what is refused, and that what a leaf commits to can be shown later. Vectors
//! computed by another program are in `vectors`.

use ledger::leaf::{LeafError, MAX_NUMBER, commitment, without_instant};
use ledger::{Leaf, PlatformLeaf};
use proptest::option;
use proptest::prelude::*;

const FULL: &str = r#"{"actor":"user","actor_user":"0192d5a0-0000-7000-8000-00000000000a","at":"2026-08-01T03:04:05.000006Z","commitment":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","detail_sha256":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","entity":"customer","entry":"0192d5a0-0000-7000-8000-00000000000b","outcome":"done","record":"0192d5a0-0000-7000-8000-00000000000c","request":"0192d5a0-0000-7000-8000-00000000000d","screen":"list","service":"crm","subject_user":"0192d5a0-0000-7000-8000-00000000000e","tenant":"0192d5a0-0000-7000-8000-00000000000f","v":1,"verb":"record.updated"}"#;
const SHORT: &str = r#"{"actor":"system","at":"2024-02-29T23:59:59.999999Z","detail_sha256":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","entry":"0192d5a0-0000-7000-8000-00000000000b","outcome":"denied","request":"0192d5a0-0000-7000-8000-00000000000d","tenant":"0192d5a0-0000-7000-8000-00000000000f","v":1,"verb":"log.heartbeat"}"#;
const PLATFORM: [&str; 4] = [
    r#"{"at":"2026-08-01T03:04:05.000006Z","kind":"checkpoint","log":"struct.example/log/a","sha256":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","v":1}"#,
    r#"{"at":"2026-08-01T03:04:05.000006Z","kind":"key","log":"struct.example/log/a","v":1,"version":2,"vkey":"struct.example/log/a+00000000+AQ=="}"#,
    r#"{"at":"2026-08-01T03:04:05.000006Z","figure":"0 of 4000","kind":"evidence","method":"self-check","promise":"audit.data_actions","subject":"struct.example/log/a","tool":"struct 0.1.0","v":1,"verdict":"held","window_from":"2026-07-31T03:04:05.000006Z","window_to":"2026-08-01T03:04:05.000006Z"}"#,
    r#"{"at":"2026-08-01T03:04:05.000006Z","kind":"operator","note":"say \"why\"\n","v":1,"verb":"witness.added"}"#,
];

fn changed(leaf: &str, from: &str, to: &str) -> Result<Leaf, LeafError> {
    assert!(leaf.contains(from), "{from}");
    Leaf::decode(leaf.replacen(from, to, 1).as_bytes())
}

#[test]
fn another_spelling_of_a_leaf_is_refused() {
    for (from, to) in [
        (r#"{"actor""#, r#"{ "actor""#),
        (r#""outcome":"done","#, r#""outcome": "done","#),
        (r#""v":1"#, r#""v":1e0"#),
        (r#""v":1"#, r#""v":1.0"#),
        ("customer", r"c\u0075stomer"),
        (r#""service":"crm","#, r#""service":"crm","service":"crm","#),
        (r#""service":"crm","#, r#""service":"crm","unknown":1,"#),
        (r#""service":"crm","#, r#""service":null,"#),
        (r#""v":1,"verb":"record.updated""#, r#""verb":"record.updated","v":1"#),
        (r#"updated"}"#, "updated\"}\n"),
        (r#"updated"}"#, "updated\"}{}"),
        (r#"updated"}"#, "updated\""),
        (r#""tenant":"0192d5a0-0000-7000-8000-00000000000f","#, ""),
    ] {
        assert!(changed(FULL, from, to).is_err(), "{to}");
    }
    assert_eq!(changed(FULL, r#"{"actor""#, r#"{ "actor""#), Err(LeafError::NotCanonical));
    assert_eq!(Leaf::decode(&vec![b' '; 65_536]), Err(LeafError::TooLong));
    for wrong in ["", "null", "[]", "{}", "1"] {
        assert!(Leaf::decode(wrong.as_bytes()).is_err() && PlatformLeaf::decode(wrong.as_bytes()).is_err());
    }
}

#[test]
fn a_field_that_holds_what_it_cannot_is_refused_by_name() {
    for (field, from, to) in [
        ("v", r#""v":1"#, r#""v":2"#),
        ("actor", r#""actor":"user""#, r#""actor":"root""#),
        ("actor_user", r#""actor":"user""#, r#""actor":"system""#),
        ("actor_user", r#""actor_user":"0192d5a0-0000-7000-8000-00000000000a","#, ""),
        ("outcome", "done", "Done"),
        ("commitment", "aaaaaaaa", "AAAAAAAA"),
        ("detail_sha256", "bbbb", "bbb"),
        ("entry", "00000000000b", "00000000000B"),
        ("record", "0192d5a0-0000-7000-8000-00000000000c", "0192d5a000007000800000000000000c"),
        ("tenant", "7000-8000-00000000000f", "70008-000-00000000000f"),
        ("service", "crm", ""),
        ("screen", "list", r"li\u0000st"),
        ("verb", "record.updated", "record"),
        ("verb", "record.updated", "record.Updated"),
        ("verb", "record.updated", "record.up.dated"),
        ("verb", "record.updated", ".updated"),
    ] {
        let refused = changed(FULL, from, to).unwrap_err();
        assert!(matches!(refused, LeafError::Field { field: found, .. } if found == field), "{field}: {refused}");
    }
}

#[test]
fn an_instant_is_a_day_that_exists_in_utc_with_six_decimals() {
    for wrong in [
        "2026-08-01T03:04:05Z",
        "2026-08-01T03:04:05.00006Z",
        "2026-08-01T03:04:05.0000006Z",
        "2026-08-01 03:04:05.000006Z",
        "2026-08-01T03:04:05.000006z",
        "2026-08-01T03:04:05.000006+00:00",
        "2026-00-01T03:04:05.000006Z",
        "2026-13-01T03:04:05.000006Z",
        "2026-02-29T03:04:05.000006Z",
        "1900-02-29T03:04:05.000006Z",
        "2026-04-31T03:04:05.000006Z",
        "2026-08-00T03:04:05.000006Z",
        "2026-08-01T24:00:00.000000Z",
        "2026-08-01T03:60:05.000006Z",
        "2026-06-30T23:59:60.000000Z",
        "+026-08-01T03:04:05.000006Z",
    ] {
        assert!(changed(FULL, "2026-08-01T03:04:05.000006Z", wrong).is_err(), "{wrong}");
    }
    for right in ["2000-02-29T00:00:00.000000Z", "2024-02-29T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"] {
        assert!(changed(FULL, "2026-08-01T03:04:05.000006Z", right).is_ok(), "{right}");
    }
}

#[test]
fn a_leaf_comes_back_as_it_was() {
    for text in [FULL, SHORT] {
        let leaf = Leaf::decode(text.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(leaf.encode()).unwrap(), text);
    }
    for text in PLATFORM {
        let leaf = PlatformLeaf::decode(text.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(leaf.encode()).unwrap(), text);
    }
}

#[test]
fn a_platform_leaf_that_is_altered_in_form_is_refused() {
    for (at, from, to) in [
        (0, "checkpoint", "check"),
        (0, r#","v":1"#, ""),
        (0, r#""v":1"#, r#""v":2"#),
        (0, r#""v":1"#, r#""v":1,"w":1"#),
        (0, r#""kind":"checkpoint","#, ""),
        (0, "aaaa", "aaa"),
        (1, r#""version":2"#, r#""version":0"#),
        (1, r#""version":2"#, r#""version":4294967296"#),
        (1, r#""version":2"#, r#""version":"2""#),
        (2, r#""figure":"0 of 4000","kind":"evidence""#, r#""kind":"evidence","figure":"0 of 4000""#),
        (2, "audit.data_actions", "audit"),
        (2, "\"held\"", "\"it holds\""),
        (2, "struct 0.1.0", ""),
        (3, r"\n", r"\u000a"),
        (3, r#""verb":"witness.added""#, r#""verb":"added""#),
    ] {
        assert!(PLATFORM[at].contains(from), "{from}");
        assert!(PlatformLeaf::decode(PLATFORM[at].replacen(from, to, 1).as_bytes()).is_err(), "{to}");
    }
}

#[test]
fn a_detail_is_proven_by_its_salt_and_text_together() {
    let shown = commitment(&[7; 32], b"{\"rows\":12}");
    assert_eq!(shown, ledger::Hash::of(&[[7; 32].as_slice(), b"{\"rows\":12}"].concat()));
    assert_ne!(shown, commitment(&[8; 32], b"{\"rows\":12}"));
    assert_ne!(shown, commitment(&[7; 32], b"{\"rows\":13}"));
}

/// STRUCT says that it has removed all entries before this one.
fn pruned(below: u64) -> Leaf {
    let leaf = Leaf::decode(SHORT.as_bytes()).unwrap();
    Leaf { outcome: "done".to_owned(), pruned_below: Some(below), verb: "audit.pruned".to_owned(), ..leaf }
}

#[test]
fn a_bound_that_is_none_or_stands_in_another_entry_is_refused_by_name() {
    let refused = |leaf: Leaf| matches!(leaf.check(), Err(LeafError::Field { field: "pruned_below", .. }));
    for below in [0, 1, 255, 257, MAX_NUMBER + 1, u64::MAX] {
        assert!(refused(pruned(below)), "{below}");
    }
    assert!(refused(Leaf { verb: "audit.viewed".to_owned(), ..pruned(256) }));
    assert!(refused(Leaf { outcome: "denied".to_owned(), ..pruned(256) }));
    assert!(refused(Leaf { actor: "operator".to_owned(), ..pruned(256) }));
    let text = String::from_utf8(pruned(256).encode()).unwrap();
    for spelled in ["0256", "256.0", "2.56e2", "\"256\"", "-256", "null"] {
        let other = text.replacen(":256", &format!(":{spelled}"), 1);
        assert_ne!(text, other);
        assert!(Leaf::decode(other.as_bytes()).is_err(), "{spelled}");
    }
}

#[test]
fn an_entry_about_removed_entries_is_a_leaf_with_its_bound_and_without() {
    for below in [256, 512, MAX_NUMBER / 256 * 256] {
        assert_eq!(Leaf::decode(&pruned(below).encode()), Ok(pruned(below)));
    }
    let older = Leaf { pruned_below: None, ..pruned(256) };
    assert_eq!(Leaf::decode(&older.encode()), Ok(older));
}

fn any_leaf() -> impl Strategy<Value = Leaf> {
    let text = || "\\PC{0,12}|[\\x00-\\x7f]{0,12}|[\u{2028}\u{10ffff}\"\\\\/<>&\u{7f}]{0,6}";
    let head = (text(), option::of(text()), text(), option::of(text()), text(), option::of(text()), text(), text());
    let tail = (
        option::of(text()),
        text(),
        option::of(text()),
        option::of(text()),
        option::of(text()),
        text(),
        any::<u8>(),
        text(),
        option::of(0..=MAX_NUMBER),
    );
    (head, tail).prop_map(|(head, tail)| {
        let (actor, actor_user, at, commitment, detail_sha256, entity, entry, outcome) = head;
        let (record, request, screen, service, subject_user, tenant, v, verb, pruned_below) = tail;
        Leaf {
            actor,
            actor_user,
            at,
            commitment,
            detail_sha256,
            entity,
            entry,
            outcome,
            pruned_below,
            record,
            request,
            screen,
            service,
            subject_user,
            tenant,
            v,
            verb,
        }
    })
}

proptest! {
    #[test]
    fn an_instant_is_taken_from_its_place_whatever_the_texts_before_it_say(
        leaf in any_leaf(), actor in "[\"at:\\\\,]{0,30}", at in "[0-9TZ:.-]{0,27}",
    ) {
        let leaf = Leaf { actor, at, ..leaf };
        let bare = Leaf { at: String::new(), ..leaf.clone() }.encode();
        prop_assert_eq!(without_instant(&leaf.encode()), bare);
    }

    /// serde_json writes fields in their order, which is the alphabet's, and escapes as RFC 8785 does.
    #[test]
    fn the_text_of_any_leaf_is_the_canonical_one(leaf in any_leaf()) {
        let text = String::from_utf8(leaf.encode()).unwrap();
        prop_assert_eq!(&serde_json::to_string(&leaf).unwrap(), &text);
        prop_assert_eq!(serde_json::from_str::<Leaf>(&text).unwrap(), leaf);
    }

    #[test]
    fn one_altered_bit_makes_another_leaf_or_none(bit in any::<prop::sample::Index>(), full: bool) {
        let text = if full { FULL } else { SHORT };
        let mut bytes = text.as_bytes().to_vec();
        let bit = bit.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let read = Leaf::decode(&bytes);
        prop_assert_ne!(&read, &Leaf::decode(text.as_bytes()));
        prop_assert!(read.is_err() || read.unwrap().encode() == bytes);
    }

    #[test]
    fn a_note_in_a_platform_leaf_may_say_anything(note in "(\\PC|[\\x00-\\x7f]){1,40}") {
        let leaf = PlatformLeaf::Operator { at: "2026-08-01T03:04:05.000006Z".to_owned(), note: Some(note), verb: "a.b".to_owned() };
        let text = leaf.encode();
        let value: serde_json::Value = serde_json::from_slice(&text).unwrap();
        prop_assert_eq!(serde_json::to_vec(&value).unwrap(), text.clone(), "names in order, escapes as usual");
        prop_assert_eq!(PlatformLeaf::decode(&text), Ok(leaf));
    }
}
