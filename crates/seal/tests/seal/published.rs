//! The primitives as delivered by aws-lc-rs, against the vectors of their standards.
//!
//! How this crate puts them together is held by its own vectors.

use crate::{Hex, cases};
use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Aead {
    key: Hex,
    nonce: Hex,
    aad: Hex,
    plaintext: Hex,
    result: Hex,
}

#[test]
fn aes_256_gcm_siv_agrees_with_rfc_8452() {
    for case in cases::<Aead>(include_str!("../../vectors/rfc8452.json")) {
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM_SIV, &case.key.0).expect("32 bytes"));
        let nonce = || Nonce::assume_unique_for_key(case.nonce.array());
        let (mut ciphertext, mut tag) = (vec![0; case.plaintext.0.len()], [0; 16]);
        key.seal_out_of_place_scatter(
            nonce(),
            Aad::from(&case.aad.0),
            &case.plaintext.0,
            &mut ciphertext,
            &[],
            &mut tag,
        )
        .expect("the vector seals");
        assert_eq!([&ciphertext[..], &tag].concat(), case.result.0);

        let mut opened = vec![0; ciphertext.len()];
        key.open_separate_gather(nonce(), Aad::from(&case.aad.0), &ciphertext, &tag, &mut opened)
            .expect("the vector opens");
        assert_eq!(opened, case.plaintext.0);
        tag[0] ^= 1;
        let altered = key.open_separate_gather(nonce(), Aad::from(&case.aad.0), &ciphertext, &tag, &mut opened);
        assert!(altered.is_err());
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mac {
    key: Hex,
    input: Hex,
    tag: Hex,
}

#[test]
fn hmac_sha_256_agrees_with_rfc_4231() {
    for case in cases::<Mac>(include_str!("../../vectors/rfc4231.json")) {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &case.key.0);
        assert_eq!(hmac::sign(&key, &case.input.0).as_ref(), case.tag.0);
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Derivation {
    ikm: Hex,
    salt: Hex,
    info: Hex,
    output: Hex,
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

#[test]
fn hkdf_sha_256_agrees_with_rfc_5869() {
    for case in cases::<Derivation>(include_str!("../../vectors/rfc5869.json")) {
        let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, &case.salt.0).extract(&case.ikm.0);
        let mut output = vec![0; case.output.0.len()];
        let info = [&case.info.0[..]];
        let derived = extracted.expand(&info, Length(output.len())).expect("short enough");
        derived.fill(&mut output).expect("the length asked for");
        assert_eq!(output, case.output.0);
    }
}
