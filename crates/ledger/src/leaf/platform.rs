//! What stands in the platform's log: tenants' checkpoints, public keys, measurements, and acts of the operator that
//! touch no tenant. None of it is personal.

use super::json::Object;
use super::{LEAF_VERSION, LeafError, read, shape};
use serde::Deserialize;

/// Room for a usual leaf, so that writing one allocates once.
const USUAL_LEAF_BYTES: usize = 512;

/// A leaf of the platform's log. In its text the variant stands as `kind`, and `v` is [`LEAF_VERSION`].
#[derive(Clone, PartialEq, Eq, Hash, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum PlatformLeaf {
    /// A tenant's log published a checkpoint.
    Checkpoint {
        /// When.
        at: String,
        /// The log's origin.
        log: String,
        /// SHA-256 of the note's text as signed, hex.
        sha256: String,
    },
    /// A log has a new key.
    Key {
        /// When.
        at: String,
        /// The log's origin.
        log: String,
        /// Version of the key, from 1.
        version: u64,
        /// The public key, as a vkey.
        vkey: String,
    },
    /// A promise was measured.
    Evidence {
        /// When.
        at: String,
        /// The figure, with its unit.
        #[serde(default)]
        figure: Option<String>,
        /// How it was measured.
        method: String,
        /// Which promise.
        promise: String,
        /// SHA-256 of the raw data of the measurement, hex, when there are some.
        #[serde(default)]
        raw_sha256: Option<String>,
        /// What was looked at, when it is one thing.
        #[serde(default)]
        subject: Option<String>,
        /// The program and version that measured.
        tool: String,
        /// One word: whether it holds.
        verdict: String,
        /// Since when it was measured.
        #[serde(default)]
        window_from: Option<String>,
        /// Until when.
        #[serde(default)]
        window_to: Option<String>,
    },
    /// The operator did something that touches no tenant.
    Operator {
        /// When.
        at: String,
        /// Why, or with what.
        #[serde(default)]
        note: Option<String>,
        /// What: `noun.verb`.
        verb: String,
    },
}

impl PlatformLeaf {
    /// The canonical text. Does not look at what the fields hold; [`PlatformLeaf::check`] does.
    pub fn encode(&self) -> Vec<u8> {
        let mut object = Object::with_capacity(USUAL_LEAF_BYTES);
        let version_of_leaf = u64::from(LEAF_VERSION);
        match self {
            Self::Checkpoint { at, log, sha256 } => {
                object.text("at", at);
                object.text("kind", "checkpoint");
                object.text("log", log);
                object.text("sha256", sha256);
                object.number("v", version_of_leaf);
            }
            Self::Key { at, log, version, vkey } => {
                object.text("at", at);
                object.text("kind", "key");
                object.text("log", log);
                object.number("v", version_of_leaf);
                object.number("version", *version);
                object.text("vkey", vkey);
            }
            Self::Evidence {
                at,
                figure,
                method,
                promise,
                raw_sha256,
                subject,
                tool,
                verdict,
                window_from,
                window_to,
            } => {
                object.text("at", at);
                object.optional("figure", figure.as_deref());
                object.text("kind", "evidence");
                object.text("method", method);
                object.text("promise", promise);
                object.optional("raw_sha256", raw_sha256.as_deref());
                object.optional("subject", subject.as_deref());
                object.text("tool", tool);
                object.number("v", version_of_leaf);
                object.text("verdict", verdict);
                object.optional("window_from", window_from.as_deref());
                object.optional("window_to", window_to.as_deref());
            }
            Self::Operator { at, note, verb } => {
                object.text("at", at);
                object.text("kind", "operator");
                object.optional("note", note.as_deref());
                object.number("v", version_of_leaf);
                object.text("verb", verb);
            }
        }
        object.finish()
    }

    /// Reads a leaf. Fields that are unknown, missing or spelled otherwise do not come back when it is written again,
    /// so comparing the two texts refuses them all.
    pub fn decode(bytes: &[u8]) -> Result<Self, LeafError> {
        let leaf: Self = read(bytes)?;
        leaf.check()?;
        if leaf.encode() == bytes { Ok(leaf) } else { Err(LeafError::NotCanonical) }
    }

    /// Whether each field holds what it may.
    pub fn check(&self) -> Result<(), LeafError> {
        match self {
            Self::Checkpoint { at, log, sha256 } => {
                shape::instant("at", at)?;
                shape::text("log", log)?;
                shape::sha256("sha256", sha256)
            }
            Self::Key { at, log, version, vkey } => {
                shape::instant("at", at)?;
                shape::text("log", log)?;
                if *version == 0 || *version > u64::from(u32::MAX) {
                    return Err(LeafError::Field { field: "version", expected: "a number from 1 to 4294967295" });
                }
                shape::text("vkey", vkey)
            }
            Self::Evidence {
                at,
                figure,
                method,
                promise,
                raw_sha256,
                subject,
                tool,
                verdict,
                window_from,
                window_to,
            } => {
                shape::instant("at", at)?;
                shape::each("figure", figure, shape::text)?;
                shape::text("method", method)?;
                shape::verb("promise", promise)?;
                shape::each("raw_sha256", raw_sha256, shape::sha256)?;
                shape::each("subject", subject, shape::text)?;
                shape::text("tool", tool)?;
                shape::word("verdict", verdict)?;
                shape::each("window_from", window_from, shape::instant)?;
                shape::each("window_to", window_to, shape::instant)
            }
            Self::Operator { at, note, verb } => {
                shape::instant("at", at)?;
                shape::each("note", note, shape::text)?;
                shape::verb("verb", verb)
            }
        }
    }
}
