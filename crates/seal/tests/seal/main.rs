//! Sealing as others rely on it: published vectors, this crate's own vectors, and properties over arbitrary input.
//!
//! What is private to one file is tested in that file.

mod own;
mod properties;
mod published;

use serde::{Deserialize, de::DeserializeOwned};

/// A file of `crates/seal/vectors`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vectors<T> {
    #[serde(rename = "about")]
    _about: String,
    cases: Vec<T>,
}

/// The cases of a file, never none: a test over an empty file could not fail.
fn cases<T: DeserializeOwned>(json: &str) -> Vec<T> {
    let vectors: Vectors<T> = serde_json::from_str(json).expect("vector files are JSON of this shape");
    assert!(!vectors.cases.is_empty());
    vectors.cases
}

/// Bytes written as hexadecimal digits.
#[derive(Deserialize, Clone, PartialEq, Debug)]
#[serde(try_from = "String")]
struct Hex(Vec<u8>);

impl Hex {
    fn array<const N: usize>(&self) -> [u8; N] {
        self.0[..].try_into().expect("the vector has the length its field needs")
    }
}

impl TryFrom<String> for Hex {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
        match digits {
            Some(digits) if digits.len() % 2 == 0 => {
                Ok(Hex(digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()))
            }
            _ => Err(format!("not hexadecimal: {text}")),
        }
    }
}
