//! The formats of this crate against their published vectors, which another implementation computed.
//!
//! A change here means that what is stored can't be read any more: it needs a new format byte, not a new vector.

use crate::{Hex, cases};
use seal::{CannotOpen, DataKeys, IndexKey, Key, Node, Place, normalise, tree};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    key: Hex,
    key_version: u32,
    tenant: Hex,
    service: String,
    entity: String,
    record: Hex,
    version: i64,
    nonce: Hex,
    plaintext: Hex,
    #[serde(rename = "associated_data")]
    _associated_data: Hex,
    envelope: Hex,
}

#[test]
fn envelopes_are_those_published() {
    for case in cases::<Envelope>(include_str!("../../vectors/envelope.json")) {
        let keys = DataKeys::new(vec![(case.key_version, Key::from_bytes(case.key.array()))]).expect("one key");
        let place = Place {
            tenant: case.tenant.array(),
            service: &case.service,
            entity: &case.entity,
            record: case.record.array(),
            version: case.version,
        };
        assert_eq!(keys.seal(&place, case.nonce.array(), &case.plaintext.0), case.envelope.0);
        assert_eq!(keys.open(&place, &case.envelope.0), Ok(case.plaintext.0));
    }
}

#[test]
fn the_first_published_envelope_holds_a_published_payload() {
    let case = cases::<Envelope>(include_str!("../../vectors/envelope.json")).remove(0);
    let payload = seal::payload::encode([("name", "山田花子")].into_iter());
    assert_eq!(payload, case.plaintext.0);
    let pairs: Result<Vec<_>, _> = seal::payload::decode(&payload).expect("format").collect();
    assert_eq!(pairs.as_deref(), Ok(&[("name", "山田花子")][..]));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wrapped {
    parent: Hex,
    path: String,
    version: u32,
    nonce: Hex,
    child: Hex,
    wrapped: Hex,
}

#[test]
fn wrapped_keys_are_those_published() {
    for case in cases::<Wrapped>(include_str!("../../vectors/tree.json")) {
        let (parent, child) = (Key::from_bytes(case.parent.array()), Key::from_bytes(case.child.array()));
        let (version, nonce, wrapped) = (case.version, case.nonce.array(), &case.wrapped.0);
        let opened = if case.path == "root" {
            assert_eq!(&tree::wrap_root(&parent, version, nonce, &child), wrapped);
            tree::unwrap_root(&parent, version, wrapped)
        } else {
            let node = Node::parse(&case.path).expect("the path of a node");
            assert_eq!(&tree::wrap(&parent, &node, version, nonce, &child), wrapped);
            tree::unwrap(&parent, &node, version, wrapped)
        };
        assert!(opened.is_ok_and(|key| key.ct_eq(&child)), "{}", case.path);
    }
}

#[test]
fn a_wrapped_key_with_any_bit_flipped_or_byte_missing_stays_closed() {
    let case = cases::<Wrapped>(include_str!("../../vectors/tree.json")).remove(1);
    let (parent, node) = (Key::from_bytes(case.parent.array()), Node::parse(&case.path).expect("a node"));
    let open = |wrapped: &[u8]| tree::unwrap(&parent, &node, case.version, wrapped).err();
    for bit in 0..case.wrapped.0.len() * 8 {
        let mut altered = case.wrapped.0.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(open(&altered), Some(CannotOpen), "bit {bit}");
    }
    for end in 0..case.wrapped.0.len() {
        assert_eq!(open(&case.wrapped.0[..end]), Some(CannotOpen), "cut at {end}");
    }
    assert_eq!(open(&case.wrapped.0), None);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    key: Hex,
    entity: String,
    field: String,
    normalised: String,
    exact: Hex,
    tokens: Vec<i32>,
    query: Vec<i32>,
}

#[test]
fn index_hashes_are_those_published() {
    for case in cases::<Index>(include_str!("../../vectors/index.json")) {
        let index = IndexKey::new(&Key::from_bytes(case.key.array())).field(&case.entity, &case.field);
        assert_eq!(index.exact(&case.normalised)[..], case.exact.0);
        assert_eq!(index.tokens(&case.normalised), case.tokens);
        assert_eq!(index.query(&case.normalised), case.query);
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Normalised {
    kind: Kind,
    input: String,
    output: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Text,
    Number,
    Email,
}

#[test]
fn values_are_spelled_as_published() {
    for case in cases::<Normalised>(include_str!("../../vectors/normalise.json")) {
        let spelled = match case.kind {
            Kind::Text => normalise::text(&case.input),
            Kind::Number => normalise::number(&case.input),
            Kind::Email => normalise::email(&case.input),
        };
        assert_eq!(spelled, case.output, "{}", case.input);
    }
}
