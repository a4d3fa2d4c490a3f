//! The leaves that STRUCT writes: a tenant's entry and what stands in the platform's log, each in one canonical JSON
//! text (RFC 8785). Seals nothing: what is personal is outside the leaf, and the leaf only commits to it.

mod json;
mod platform;
mod shape;

pub use platform::PlatformLeaf;

use crate::hash::Hash;
use crate::tile::TILE_WIDTH;
use json::Object;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The version that this crate writes and reads.
pub const LEAF_VERSION: u8 = 1;
/// The longest leaf: what a bundle of entries can hold.
pub const MAX_LEAF_BYTES: usize = crate::tile::MAX_ENTRY_BYTES;
/// The longest name of a service, screen or entity.
pub const MAX_NAME_BYTES: usize = 200;
/// The longest free text of a platform leaf.
pub const MAX_TEXT_BYTES: usize = 4000;
/// Bytes of the salt before a detail, which keeps it from being guessed.
pub const SALT_BYTES: usize = 32;
/// The largest number in a leaf: what RFC 8785 writes without loss (2^53 - 1).
pub const MAX_NUMBER: u64 = (1 << 53) - 1;
/// The verb of the entry by which a log says what it has removed.
pub const PRUNED_VERB: &str = "audit.pruned";
/// Room for a usual leaf, so that writing one allocates once.
const USUAL_LEAF_BYTES: usize = 704;

/// Why bytes are no leaf.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum LeafError {
    /// Too long.
    #[error("a leaf has at most {MAX_LEAF_BYTES} bytes")]
    TooLong,
    /// Not JSON with the fields of a leaf.
    #[error("this is no leaf: {0}")]
    Json(String),
    /// A field holds what it cannot.
    #[error("the field `{field}` is not as it must be: {expected}")]
    Field {
        /// Its name.
        field: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
    /// Something that is a leaf, spelled otherwise.
    #[error("this leaf is not in its canonical form (RFC 8785); take the bytes as the log serves them")]
    NotCanonical,
}

/// An entry of a tenant's log. The fields stand in the order of the text; what is absent is not in it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaf {
    /// Who: `user`, `operator`, `system` or `anyone`.
    pub actor: String,
    /// Which user; there when the actor is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub actor_user: Option<String>,
    /// When it committed: RFC 3339 in UTC with six decimals.
    pub at: String,
    /// SHA-256 of salt and detail ([`commitment`]), hex.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub commitment: Option<String>,
    /// SHA-256 of the sealed detail, hex.
    pub detail_sha256: String,
    /// On which entity.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub entity: Option<String>,
    /// The entry's id.
    pub entry: String,
    /// `done` or `denied`.
    pub outcome: String,
    /// All entries below this position were removed by the retention rule: a multiple of 256, in entries of
    /// [`PRUNED_VERB`] only. Those from before the field existed lack it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pruned_below: Option<u64>,
    /// On which record.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub record: Option<String>,
    /// The request it came with.
    pub request: String,
    /// On which screen.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub screen: Option<String>,
    /// In which service.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub service: Option<String>,
    /// The user acted upon.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subject_user: Option<String>,
    /// In whose log.
    pub tenant: String,
    /// [`LEAF_VERSION`].
    pub v: u8,
    /// What: `noun.verb`.
    pub verb: String,
}

impl Leaf {
    /// The canonical text. Does not look at what the fields hold; [`Leaf::check`] does.
    pub fn encode(&self) -> Vec<u8> {
        let mut object = Object::with_capacity(USUAL_LEAF_BYTES);
        object.text("actor", &self.actor);
        object.optional("actor_user", self.actor_user.as_deref());
        object.text("at", &self.at);
        object.optional("commitment", self.commitment.as_deref());
        object.text("detail_sha256", &self.detail_sha256);
        object.optional("entity", self.entity.as_deref());
        object.text("entry", &self.entry);
        object.text("outcome", &self.outcome);
        if let Some(below) = self.pruned_below {
            object.number("pruned_below", below);
        }
        object.optional("record", self.record.as_deref());
        object.text("request", &self.request);
        object.optional("screen", self.screen.as_deref());
        object.optional("service", self.service.as_deref());
        object.optional("subject_user", self.subject_user.as_deref());
        object.text("tenant", &self.tenant);
        object.number("v", u64::from(self.v));
        object.text("verb", &self.verb);
        object.finish()
    }

    /// Reads a leaf. Another spelling of the same fields is refused, so that a leaf has one hash.
    pub fn decode(bytes: &[u8]) -> Result<Self, LeafError> {
        let leaf: Self = read(bytes)?;
        leaf.check()?;
        if leaf.encode() == bytes { Ok(leaf) } else { Err(LeafError::NotCanonical) }
    }

    /// Whether each field holds what it may.
    pub fn check(&self) -> Result<(), LeafError> {
        if self.v != LEAF_VERSION {
            return Err(LeafError::Field { field: "v", expected: "1; newer leaves need a newer program" });
        }
        shape::one_of(
            "actor",
            &self.actor,
            &["user", "operator", "system", "anyone"],
            "user, operator, system, anyone",
        )?;
        if (self.actor == "user") != self.actor_user.is_some() {
            return Err(LeafError::Field { field: "actor_user", expected: "there exactly when the actor is a user" });
        }
        shape::one_of("outcome", &self.outcome, &["done", "denied"], "done, denied")?;
        shape::instant("at", &self.at)?;
        shape::verb("verb", &self.verb)?;
        if let Some(below) = self.pruned_below {
            let whole = below > 0 && below.is_multiple_of(TILE_WIDTH) && below <= MAX_NUMBER;
            if !whole || self.verb != PRUNED_VERB || self.actor != "system" || self.outcome != "done" {
                let expected = "a multiple of 256, where the system says that entries were removed";
                return Err(LeafError::Field { field: "pruned_below", expected });
            }
        }
        shape::sha256("detail_sha256", &self.detail_sha256)?;
        shape::each("commitment", &self.commitment, shape::sha256)?;
        shape::uuid("entry", &self.entry)?;
        shape::uuid("request", &self.request)?;
        shape::uuid("tenant", &self.tenant)?;
        shape::each("actor_user", &self.actor_user, shape::uuid)?;
        shape::each("record", &self.record, shape::uuid)?;
        shape::each("subject_user", &self.subject_user, shape::uuid)?;
        shape::each("entity", &self.entity, shape::name)?;
        shape::each("screen", &self.screen, shape::name)?;
        shape::each("service", &self.service, shape::name)
    }
}

/// What a leaf says of a detail without showing it: SHA-256 of the salt and the detail's JSON text.
pub fn commitment(salt: &[u8; SALT_BYTES], detail: &[u8]) -> Hash {
    let mut salted = Vec::with_capacity(SALT_BYTES + detail.len());
    salted.extend_from_slice(salt);
    salted.extend_from_slice(detail);
    Hash::of(&salted)
}

/// The text of a leaf with nothing as its [`Leaf::at`], as entries of before version 2 of their keyed hash were hashed. A text
/// that is no leaf's stays as it is.
pub fn without_instant(text: &[u8]) -> Vec<u8> {
    // Quotes within texts are escaped, so the first of these is the name, and the next quote ends its text.
    const NAME: &[u8] = b"\"at\":\"";
    let begin = text.windows(NAME.len()).position(|window| window == NAME).map(|place| place + NAME.len());
    let end = begin.and_then(|begin| text[begin..].iter().position(|byte| *byte == b'"').map(|end| begin + end));
    match (begin, end) {
        (Some(begin), Some(end)) => [&text[..begin], &text[end..]].concat(),
        _ => text.to_vec(),
    }
}

fn read<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> Result<T, LeafError> {
    if bytes.len() > MAX_LEAF_BYTES {
        return Err(LeafError::TooLong);
    }
    serde_json::from_slice(bytes).map_err(|error| LeafError::Json(error.to_string()))
}
