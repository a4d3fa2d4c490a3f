//! Keys of notes: the public ones as they are written down (vkey), and the private ones that sign. Where seeds are kept
//! and when they change is not decided here.

use super::{MAX_NAME_BYTES, SignatureLine};
use crate::text;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// Bytes of an Ed25519 public key.
const PUBLIC_KEY_BYTES: usize = 32;
/// Bytes of the seconds before a cosignature.
const TIME_BYTES: usize = 8;
/// The latest second a cosignature may name.
const MAX_SECONDS: u64 = i64::MAX as u64;
/// The longest vkey.
const MAX_VKEY_BYTES: usize = MAX_NAME_BYTES + 64;

/// What a key signs, and how.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum KeyKind {
    /// The note's text, with Ed25519 (0x01): a log.
    Ed25519,
    /// The note's text with the time of signing, with Ed25519 (0x04, cosignature/v1): a witness.
    Cosignature,
}

impl KeyKind {
    /// The byte that stands for it in vkeys and key ids.
    pub fn code(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::Cosignature => 0x04,
        }
    }

    fn of(code: u8) -> Option<Self> {
        [Self::Ed25519, Self::Cosignature].into_iter().find(|kind| kind.code() == code)
    }
}

/// Why a text is no key, or a name is none.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum KeyError {
    /// The name cannot stand in a signature line.
    #[error("a key's name has 1 to {MAX_NAME_BYTES} bytes, without spaces, line ends and `+`")]
    Name,
    /// Not of the form of a vkey.
    #[error("this is no key; it looks like `example.com/log+1234abcd+AQ...`, copied whole")]
    Form,
    /// A signature type that is not understood here.
    #[error("keys of type {code:#04x} are not understood; take one of type 0x01 or 0x04")]
    Kind {
        /// The byte of the type.
        code: u8,
    },
    /// The id is not the one that follows from name and key.
    #[error("the key's id does not fit its name and bytes; copy the key again")]
    Id,
}

pub(super) fn check_name(name: &str) -> Result<(), KeyError> {
    let unfit = |c: char| c.is_whitespace() || c < ' ' || c == '+';
    if name.is_empty() || name.len() > MAX_NAME_BYTES || name.contains(unfit) { Err(KeyError::Name) } else { Ok(()) }
}

/// A public key by which signatures are checked. Prints as a vkey.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VerifierKey {
    name: String,
    kind: KeyKind,
    public: [u8; PUBLIC_KEY_BYTES],
    id: u32,
}

impl VerifierKey {
    /// A key of its parts.
    pub fn new(name: &str, kind: KeyKind, public: [u8; PUBLIC_KEY_BYTES]) -> Result<Self, KeyError> {
        check_name(name)?;
        let id = key_id(name, kind, &public);
        Ok(Self { name: name.to_owned(), kind, public, id })
    }

    /// Reads a vkey: `name+id+base64(type || key)`.
    pub fn parse(vkey: &str) -> Result<Self, KeyError> {
        if vkey.len() > MAX_VKEY_BYTES {
            return Err(KeyError::Form);
        }
        let mut parts = vkey.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Form);
        };
        let id = text::from_hex(id).map(u32::from_be_bytes).ok_or(KeyError::Form)?;
        let key = text::from_base64(key).ok_or(KeyError::Form)?;
        let (code, public) = key.split_first().ok_or(KeyError::Form)?;
        let kind = KeyKind::of(*code).ok_or(KeyError::Kind { code: *code })?;
        let public = public.try_into().map_err(|_| KeyError::Form)?;
        let read = Self::new(name, kind, public)?;
        if read.id == id { Ok(read) } else { Err(KeyError::Id) }
    }

    /// Whose key it is: of a log its origin, of a witness its own name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it signs.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The id by which signature lines name it, together with the name.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Whether a line says that it was signed with this key.
    pub(super) fn is_named_by(&self, line: &SignatureLine) -> bool {
        self.id == line.id() && self.name == line.name()
    }

    /// Checks a signature over a note's text: `None` when it is not by this key, else the second of a cosignature.
    pub(super) fn check(&self, text: &str, signature: &[u8]) -> Option<Option<u64>> {
        match self.kind {
            KeyKind::Ed25519 => self.holds(text.as_bytes(), signature).then_some(None),
            KeyKind::Cosignature => {
                let (time, signature) = signature.split_first_chunk::<TIME_BYTES>()?;
                let seconds = Some(u64::from_be_bytes(*time)).filter(|seconds| *seconds <= MAX_SECONDS)?;
                self.holds(cosigned(text, seconds).as_bytes(), signature).then_some(Some(seconds))
            }
        }
    }

    fn holds(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.public).verify(message, signature).is_ok()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![self.kind.code()];
        key.extend_from_slice(&self.public);
        write!(f, "{}+{:08x}+{}", self.name, self.id, text::to_base64(&key))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(vkey: &str) -> Result<Self, KeyError> {
        Self::parse(vkey)
    }
}

/// The first four bytes of SHA-256(name || newline || type || key).
fn key_id(name: &str, kind: KeyKind, public: &[u8]) -> u32 {
    let named = [name.as_bytes(), b"\n", &[kind.code()], public].concat();
    let hash = digest(&SHA256, &named);
    u32::from_be_bytes(*hash.as_ref().first_chunk().expect("SHA-256 gives 32 bytes"))
}

/// What a witness signs: the time and the checkpoint's text.
fn cosigned(text: &str, seconds: u64) -> String {
    format!("cosignature/v1\ntime {seconds}\n{text}")
}

/// A key pair and the public key's name.
struct Pair {
    keys: Ed25519KeyPair,
    vkey: VerifierKey,
}

impl Pair {
    fn from_seed(name: &str, kind: KeyKind, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let keys = Ed25519KeyPair::from_seed_unchecked(seed).expect("every 32 bytes are an Ed25519 seed");
        let public = keys.public_key().as_ref().try_into().expect("an Ed25519 public key has 32 bytes");
        Ok(Self { vkey: VerifierKey::new(name, kind, public)?, keys })
    }

    fn sign(&self, time: &[u8], message: &str) -> SignatureLine {
        let signature = [time, self.keys.sign(message.as_bytes()).as_ref()].concat();
        SignatureLine::new(&self.vkey.name, self.vkey.id, signature).expect("the key has checked its name")
    }
}

/// A log's private key. Does not show its bytes.
pub struct Signer(Pair);

impl Signer {
    /// The key of a seed: 32 secret bytes. The name is the log's origin.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        Pair::from_seed(name, KeyKind::Ed25519, seed).map(Self)
    }

    /// The public key.
    pub fn vkey(&self) -> VerifierKey {
        self.0.vkey.clone()
    }

    /// Signs a note's text.
    pub fn sign(&self, text: &str) -> SignatureLine {
        self.0.sign(&[], text)
    }
}

/// A witness's private key. Does not show its bytes.
pub struct Cosigner(Pair);

impl Cosigner {
    /// The key of a seed: 32 secret bytes, of no other cosigner, since the message does not say the name.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        Pair::from_seed(name, KeyKind::Cosignature, seed).map(Self)
    }

    /// The public key.
    pub fn vkey(&self) -> VerifierKey {
        self.0.vkey.clone()
    }

    /// Says that at this second (since 1970) this was the largest consistent tree seen: signs a checkpoint's text.
    pub fn cosign(&self, text: &str, unix_seconds: u64) -> SignatureLine {
        let seconds = unix_seconds.min(MAX_SECONDS);
        self.0.sign(&seconds.to_be_bytes(), &cosigned(text, seconds))
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.0.vkey)
    }
}

impl fmt::Debug for Cosigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cosigner({})", self.0.vkey)
    }
}
