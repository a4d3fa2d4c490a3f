//! AES-256-GCM-SIV (RFC 8452) as envelopes and wrapped keys use it: `nonce | ciphertext | tag`.
//!
//! Chooses neither nonce nor associated data; those belong to the formats above it.

use crate::envelope::CannotOpen;
use crate::key::Key;
use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// Bytes of the tag at the end.
pub(crate) const TAG_BYTES: usize = 16;
/// Bytes of the nonce at the front.
pub(crate) const NONCE_BYTES: usize = NONCE_LEN;

/// Prepares a key once, so that its schedule is not computed again for each row.
pub(crate) fn prepare(key: &Key) -> LessSafeKey {
    let unbound =
        UnboundKey::new(&AES_256_GCM_SIV, key.expose()).expect("a key of 32 bytes is what AES-256-GCM-SIV takes");
    LessSafeKey::new(unbound)
}

/// Appends `nonce | ciphertext | tag` to `out`.
pub(crate) fn seal_onto(
    out: &mut Vec<u8>,
    key: &LessSafeKey,
    nonce: [u8; NONCE_BYTES],
    associated: &[u8],
    plaintext: &[u8],
) {
    out.extend_from_slice(&nonce);
    let start = out.len();
    out.resize(start + plaintext.len() + TAG_BYTES, 0);
    let (ciphertext, tag) = out[start..].split_at_mut(plaintext.len());
    key.seal_out_of_place_scatter(
        Nonce::assume_unique_for_key(nonce),
        Aad::from(associated),
        plaintext,
        ciphertext,
        &[],
        tag,
    )
    .expect("the buffers are sized above, and no plaintext in memory reaches the cipher's limit of 2^36 bytes");
}

/// Opens `nonce | ciphertext | tag`.
pub(crate) fn open(key: &LessSafeKey, associated: &[u8], sealed: &[u8]) -> Result<Vec<u8>, CannotOpen> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(CannotOpen)?;
    let (ciphertext, tag) = rest.split_last_chunk::<TAG_BYTES>().ok_or(CannotOpen)?;
    let mut plaintext = vec![0; ciphertext.len()];
    key.open_separate_gather(
        Nonce::assume_unique_for_key(*nonce),
        Aad::from(associated),
        ciphertext,
        tag,
        &mut plaintext,
    )
    .map_err(|_| CannotOpen)?;
    Ok(plaintext)
}
