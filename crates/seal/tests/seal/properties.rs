//! What must hold for any input, tried with many.
//!
//! Case numbers are bounded so that the whole binary takes seconds in an unoptimised build.

use proptest::prelude::*;
use seal::payload::{decode, encode};
use seal::{CannotOpen, DataKeys, IndexKey, Key, Node, Place, normalise, tree};

/// A place with names of its own.
#[derive(Clone, Debug)]
struct Stand {
    tenant: [u8; 16],
    service: String,
    entity: String,
    record: [u8; 16],
    version: i64,
}

impl Stand {
    fn place(&self) -> Place<'_> {
        Place {
            tenant: self.tenant,
            service: &self.service,
            entity: &self.entity,
            record: self.record,
            version: self.version,
        }
    }
}

prop_compose! {
    fn stand()(
        tenant: [u8; 16], service in "[a-z_]{0,8}", entity in "\\PC{0,8}", record: [u8; 16], version: i64,
    ) -> Stand {
        Stand { tenant, service, entity, record, version }
    }
}

fn keys() -> DataKeys {
    let key = |version: u8| (u32::from(version), Key::from_bytes([version; 32]));
    DataKeys::new(vec![key(0), key(1), key(2), key(3)]).expect("distinct versions")
}

/// Text as it comes from people and machines: Japanese, with marks and selectors, and anything else.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,12}", "[ぁ-んァ-ヶー゛ﾞｦ-ﾟ一-龠豈-﫿Ａ-ｚ\u{FE00}\u{200D}𠮷 　]{0,12}", any::<String>()]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn an_envelope_opens_only_at_its_place(
        stand in stand(), other in stand(), nonce: [u8; 12], plaintext: Vec<u8>, byte in 0usize..16, bit in 0u32..8,
    ) {
        let keys = keys();
        let envelope = keys.seal(&stand.place(), nonce, &plaintext);
        let place = stand.place();
        let (mut tenant, mut record) = (stand.tenant, stand.record);
        tenant[byte] ^= 1 << bit;
        record[byte] ^= 1 << bit;
        let service = format!("{}x", stand.service);
        let entity = format!("{}x", stand.entity);
        for moved in [
            Place { tenant, ..place },
            Place { record, ..place },
            Place { service: &service, ..place },
            Place { entity: &entity, ..place },
            Place { version: place.version ^ (1 << (byte * 4)), ..place },
            Place { version: place.version.wrapping_add(1), ..place },
            other.place(),
        ] {
            prop_assume!(moved != place);
            prop_assert_eq!(keys.open(&moved, &envelope), Err(CannotOpen));
        }
        prop_assert_eq!(keys.open(&place, &envelope), Ok(plaintext));
    }

    #[test]
    fn an_envelope_with_any_bit_flipped_stays_closed(stand in stand(), nonce: [u8; 12], plaintext in "\\PC{0,6}") {
        let keys = keys();
        let mut envelope = keys.seal(&stand.place(), nonce, plaintext.as_bytes());
        for bit in 0..envelope.len() * 8 {
            envelope[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(keys.open(&stand.place(), &envelope), Err(CannotOpen), "bit {}", bit);
            envelope[bit / 8] ^= 1 << (bit % 8);
        }
        prop_assert!(keys.open(&stand.place(), &envelope).is_ok());
    }

    #[test]
    fn an_envelope_cut_or_lengthened_stays_closed(stand in stand(), nonce: [u8; 12], more in 1usize..40) {
        let keys = keys();
        let mut envelope = keys.seal(&stand.place(), nonce, b"plaintext");
        for end in 0..envelope.len() {
            prop_assert_eq!(keys.open(&stand.place(), &envelope[..end]), Err(CannotOpen));
        }
        envelope.resize(envelope.len() + more, 0);
        prop_assert_eq!(keys.open(&stand.place(), &envelope), Err(CannotOpen));
    }

    #[test]
    fn arbitrary_bytes_never_open(stand in stand(), bytes: Vec<u8>, version in 0u8..4) {
        prop_assert_eq!(keys().open(&stand.place(), &bytes), Err(CannotOpen));
        let plausible = [&[1, 0, 0, 0, version], &bytes[..]].concat();
        prop_assert_eq!(keys().open(&stand.place(), &plausible), Err(CannotOpen));
    }

    #[test]
    fn a_payload_gives_back_any_pairs(pairs: Vec<(String, String)>) {
        let bytes = encode(pairs.iter().map(|(name, text)| (name.as_str(), text.as_str())));
        let read: Result<Vec<_>, _> = decode(&bytes).expect("own format").collect();
        let read: Vec<_> = read.expect("own pairs").into_iter().map(|(n, t)| (n.to_owned(), t.to_owned())).collect();
        prop_assert_eq!(read, pairs);
    }

    #[test]
    fn a_payload_of_arbitrary_bytes_is_refused_or_is_the_only_encoding_of_its_pairs(mut bytes: Vec<u8>) {
        if let Some(first) = bytes.first_mut() {
            *first = 1;
        }
        let Ok(pairs) = decode(&bytes) else { return Ok(()) };
        if let Ok(pairs) = pairs.collect::<Result<Vec<_>, _>>() {
            prop_assert_eq!(encode(pairs.into_iter()), bytes);
        }
    }

    #[test]
    fn normalising_twice_changes_nothing_more(input in any_text()) {
        for normalise in [normalise::text, normalise::number, normalise::email] {
            let once = normalise(&input);
            prop_assert_eq!(normalise(&once), once);
        }
    }

    #[test]
    fn searching_ignores_the_width_and_script_of_kana(input in "[ぁ-ゔ]{1,12}") {
        let katakana: String = input.chars().map(|c| char::from_u32(c as u32 + 0x60).expect("katakana")).collect();
        prop_assert_eq!(normalise::text(&katakana), normalise::text(&input));
    }

    #[test]
    fn a_value_is_found_by_each_of_its_parts(input in any_text(), start: prop::sample::Index, length in 1usize..8) {
        let value = normalise::text(&input);
        prop_assume!(!value.is_empty());
        let part: String = value.chars().skip(start.index(value.chars().count())).take(length).collect();
        let index = IndexKey::new(&Key::from_bytes([9; 32])).field("customer", "name");
        let (stored, asked) = (index.tokens(&value), index.query(&part));
        prop_assert!(!asked.is_empty());
        prop_assert!(asked.iter().all(|token| stored.binary_search(token).is_ok()));
        prop_assert!(stored.is_sorted_by(|a, b| a < b) && asked.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn reading_a_path_never_panics_and_takes_one_spelling(path in "(tenant|platform)?/?[0-9a-f]{30,33}?(/[a-z_.%]{0,9}){0,3}") {
        if let Ok(node) = Node::parse(&path) {
            prop_assert_eq!(node.path(), path);
        }
    }

    #[test]
    fn arbitrary_bytes_never_unwrap(bytes: Vec<u8>, rest: [u8; 60]) {
        let parent = Key::from_bytes([1; 32]);
        for wrapped in [bytes, [&[tree::FORMAT][..], &rest].concat()] {
            prop_assert!(tree::unwrap(&parent, &Node::PlatformIndex, 1, &wrapped).is_err());
        }
    }
}
