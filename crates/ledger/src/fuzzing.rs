//! What the fuzz targets run, so that ordinary tests can run it too: whatever a parser accepts is printed and read
//! again, and must be the same. Of no use to a program.

use crate::frontier::Frontier;
use crate::leaf::{Leaf, PlatformLeaf};
use crate::note::{Note, VerifierKey};
use crate::tile::{TilePath, decode_bundle, encode_bundle};
use crate::tlog_proof::TlogProof;
use crate::witness::AddCheckpoint;
use std::fmt::Display;
use std::str::FromStr;

/// A target: its name, and what it does with bytes. Says whether the parser took them.
pub type Target = (&'static str, fn(&[u8]) -> bool);

/// Every target, one a parser.
pub const TARGETS: [Target; 11] = [
    ("note", note),
    ("checkpoint", checkpoint),
    ("tlog_proof", tlog_proof),
    ("add_checkpoint", add_checkpoint),
    ("answer", answer),
    ("tile_path", tile_path),
    ("bundle", bundle),
    ("leaf", leaf),
    ("platform_leaf", platform_leaf),
    ("vkey", vkey),
    ("frontier", frontier),
];

/// Formats with one spelling: what is printed is what was read.
fn as_text<T: FromStr + Display>(bytes: &[u8]) -> bool {
    let Some((text, read)) = std::str::from_utf8(bytes).ok().and_then(|text| Some((text, text.parse::<T>().ok()?)))
    else {
        return false;
    };
    assert_eq!(read.to_string(), text, "printed otherwise than read");
    true
}

/// [`Note::parse`].
pub fn note(bytes: &[u8]) -> bool {
    as_text::<Note>(bytes)
}

/// [`crate::Checkpoint::parse`].
pub fn checkpoint(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let Ok(read) = crate::Checkpoint::parse(text) else { return false };
    assert_eq!(read.text(), text, "printed otherwise than read");
    true
}

/// [`TlogProof::parse`], and a proof of a made-up leaf, which must fail and not panic.
pub fn tlog_proof(bytes: &[u8]) -> bool {
    if let Ok(proof) = std::str::from_utf8(bytes).unwrap_or_default().parse::<TlogProof>() {
        assert!(proof.verify(crate::hash::empty_root(), "origin", &[]).is_err());
        if let Ok(checkpoint) = crate::Checkpoint::parse(proof.checkpoint.text()) {
            let leaf = crate::hash::empty_root();
            let _ = crate::proof::verify_inclusion(proof.index, checkpoint.size, leaf, &proof.hashes, checkpoint.root);
        }
    }
    as_text::<TlogProof>(bytes)
}

/// [`AddCheckpoint::parse`], and its consistency proof from nowhere, which must not panic.
pub fn add_checkpoint(bytes: &[u8]) -> bool {
    if let Ok(request) = std::str::from_utf8(bytes).unwrap_or_default().parse::<AddCheckpoint>()
        && let Ok(claimed) = request.claimed()
    {
        let root = crate::hash::empty_root();
        let _ = crate::proof::verify_consistency(request.old, claimed.size, root, claimed.root, &request.proof);
    }
    as_text::<AddCheckpoint>(bytes)
}

/// [`crate::witness::parse_answer`].
pub fn answer(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let Ok(lines) = crate::witness::parse_answer(text) else { return false };
    let printed: String = lines.iter().map(|line| format!("{line}\n")).collect();
    assert_eq!(printed, text, "printed otherwise than read");
    true
}

/// [`TilePath::parse`].
pub fn tile_path(bytes: &[u8]) -> bool {
    as_text::<TilePath>(bytes)
}

/// [`decode_bundle`].
pub fn bundle(bytes: &[u8]) -> bool {
    let Ok(entries) = decode_bundle(bytes) else { return false };
    assert_eq!(encode_bundle(entries).as_deref(), Ok(bytes), "printed otherwise than read");
    true
}

/// [`Leaf::decode`].
pub fn leaf(bytes: &[u8]) -> bool {
    let Ok(leaf) = Leaf::decode(bytes) else { return false };
    assert_eq!(leaf.encode(), bytes, "printed otherwise than read");
    true
}

/// [`PlatformLeaf::decode`].
pub fn platform_leaf(bytes: &[u8]) -> bool {
    let Ok(leaf) = PlatformLeaf::decode(bytes) else { return false };
    assert_eq!(leaf.encode(), bytes, "printed otherwise than read");
    true
}

/// [`VerifierKey::parse`].
pub fn vkey(bytes: &[u8]) -> bool {
    as_text::<VerifierKey>(bytes)
}

/// [`Frontier::decode`], of a size in eight bytes and the hashes.
pub fn frontier(bytes: &[u8]) -> bool {
    let Some((size, hashes)) = bytes.split_first_chunk() else { return false };
    let size = u64::from_be_bytes(*size);
    let Ok(read) = Frontier::decode(size, hashes) else { return false };
    assert_eq!((read.size(), read.encode().as_slice()), (size, hashes), "printed otherwise than read");
    read.root();
    true
}
