//! Blind indexes: keyed hashes by which the database finds sealed values without being able to read them.
//!
//! Does not normalise (see [`crate::normalise`]; both sides must use the same) and does not check candidates: a hash of
//! 32 bits may collide, so whoever searches opens each candidate and compares. What the hashes give away is stated
//! in `docs/crypto.md`.

use crate::key::Key;
use aws_lc_rs::{hkdf, hmac};
use std::fmt;

/// Separates these keys from any other use of the same index key.
const SALT: &[u8] = b"struct blind index v1";

const EXACT: u8 = 0x00;
const CHARACTER: u8 = 0x01;
const BIGRAM: u8 = 0x02;

/// The index key of one service of one tenant, from which each field's key is derived.
pub struct IndexKey {
    extracted: hkdf::Prk,
}

impl IndexKey {
    /// HKDF-Extract (RFC 5869) of the key.
    pub fn new(key: &Key) -> Self {
        Self { extracted: hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(key.expose()) }
    }

    /// The index of one field. Make it once and keep it: deriving costs more than hashing.
    pub fn field(&self, entity: &str, field: &str) -> FieldIndex {
        let length = (entity.len() as u64).to_be_bytes();
        let info = [&length[..], entity.as_bytes(), field.as_bytes()];
        let derived = self
            .extracted
            .expand(&info, hmac::HMAC_SHA256)
            .expect("32 bytes are within what HKDF-SHA-256 can give (RFC 5869 §2.3)");
        FieldIndex { key: derived.into() }
    }
}

impl fmt::Debug for IndexKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IndexKey(secret)")
    }
}

/// The index of one field: equal values of different fields, services or tenants have unrelated hashes.
pub struct FieldIndex {
    key: hmac::Key,
}

impl FieldIndex {
    /// The hash of a whole value, for equality and uniqueness: the first 128 bits of HMAC-SHA-256.
    pub fn exact(&self, normalised: &str) -> [u8; 16] {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(&[EXACT]);
        context.update(normalised.as_bytes());
        *context.sign().as_ref().first_chunk().expect("HMAC-SHA-256 gives 32 bytes")
    }

    /// What is stored for "contains": hashes of every character and every pair of neighbours, sorted and distinct.
    pub fn tokens(&self, normalised: &str) -> Vec<i32> {
        let mut tokens = Vec::with_capacity(2 * normalised.len() / 3 + 1);
        self.push_characters(&mut tokens, normalised);
        self.push_bigrams(&mut tokens, normalised);
        sorted_distinct(tokens)
    }

    /// What is asked for: every token here must be among a value's [`tokens`](Self::tokens) for the value to contain
    /// the text. One character asks for itself, more ask for their bigrams; an empty text asks for nothing, so
    /// the caller decides whether that means everything.
    pub fn query(&self, normalised: &str) -> Vec<i32> {
        let mut tokens = Vec::new();
        if normalised.chars().nth(1).is_none() {
            self.push_characters(&mut tokens, normalised);
        } else {
            self.push_bigrams(&mut tokens, normalised);
        }
        sorted_distinct(tokens)
    }

    fn push_characters(&self, tokens: &mut Vec<i32>, text: &str) {
        tokens.extend(parts(text, 1).map(|part| self.token(CHARACTER, part)));
    }

    fn push_bigrams(&self, tokens: &mut Vec<i32>, text: &str) {
        tokens.extend(parts(text, 2).map(|part| self.token(BIGRAM, part)));
    }

    fn token(&self, kind: u8, part: &str) -> i32 {
        // A kind and at most two characters of four bytes.
        let mut input = [0; 9];
        input[0] = kind;
        input[1..=part.len()].copy_from_slice(part.as_bytes());
        let tag = hmac::sign(&self.key, &input[..=part.len()]);
        i32::from_be_bytes(*tag.as_ref().first_chunk().expect("HMAC-SHA-256 gives 32 bytes"))
    }
}

impl fmt::Debug for FieldIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FieldIndex(secret)")
    }
}

/// Every run of `count` neighbouring characters.
fn parts(text: &str, count: usize) -> impl Iterator<Item = &str> {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8()).skip(count - 1);
    text.char_indices().zip(ends).map(|((start, _), end)| &text[start..end])
}

fn sorted_distinct(mut tokens: Vec<i32>) -> Vec<i32> {
    tokens.sort_unstable();
    tokens.dedup();
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(entity: &str, field: &str) -> FieldIndex {
        IndexKey::new(&Key::from_bytes([5; 32])).field(entity, field)
    }

    #[test]
    fn equal_values_of_different_fields_have_unrelated_hashes() {
        let (name, kana) = (field("customer", "name"), field("customer", "kana"));
        assert_ne!(name.exact("やまだ"), kana.exact("やまだ"));
        assert!(name.tokens("やまだ").iter().all(|token| !kana.tokens("やまだ").contains(token)));
    }

    #[test]
    fn a_name_cannot_be_shifted_between_entity_and_field() {
        assert_ne!(field("ab", "c").exact("x"), field("a", "bc").exact("x"));
    }

    #[test]
    fn another_tenants_key_gives_other_hashes() {
        let other = IndexKey::new(&Key::from_bytes([6; 32])).field("customer", "name");
        assert_ne!(field("customer", "name").exact("山田"), other.exact("山田"));
    }

    #[test]
    fn one_character_is_never_mistaken_for_a_whole_value() {
        let index = field("customer", "name");
        let exact = i32::from_be_bytes(*index.exact("山").first_chunk().expect("16 bytes"));
        assert!(!index.tokens("山").contains(&exact));
    }

    #[test]
    fn neighbours_are_taken_by_character_even_outside_the_bmp() {
        let split: Vec<_> = parts("𠮷田a", 2).collect();
        assert_eq!(split, ["𠮷田", "田a"]);
        assert_eq!(parts("𠮷", 2).count(), 0);
    }

    #[test]
    fn a_text_in_another_order_is_not_found() {
        let index = field("customer", "name");
        let stored = index.tokens("山田花子");
        let asked = index.query("田山");
        assert!(!asked.is_empty() && asked.iter().all(|token| !stored.contains(token)));
    }

    #[test]
    fn an_empty_text_asks_for_nothing_and_stores_nothing() {
        let index = field("customer", "name");
        assert!(index.query("").is_empty() && index.tokens("").is_empty());
    }
}
