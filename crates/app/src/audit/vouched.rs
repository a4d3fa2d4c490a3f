//! Ids of the platform's leaves, by which they are known as STRUCT's: what is random in other ids is here a keyed hash of the
//! leaf. Whoever can write to the database, but has no key, can't make one. Writes no leaf itself.

use crate::{App, Error};
use domain::id::uuid_v7;
use jiff::Timestamp;
use ledger::hash::Hash;
use ledger::leaf::PlatformLeaf;
use seal::index::FieldIndex;
use store::ledger::EvidenceRow;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

/// Bytes of an id that tell its instant.
const INSTANT_BYTES: usize = 6;
/// Measurements looked at: one run leaves one of each log that does not fit.
const EVIDENCE_ROWS: i64 = 50;

impl App {
    /// The id of a leaf that is about to be put into the platform's queue.
    pub(crate) fn platform_id(&self, leaf: &[u8]) -> Result<Uuid, Error> {
        let keys = self.keys.platform()?;
        let key =
            keys.leaf.first().ok_or_else(|| Error::Internal("the platform's index key has no version".to_owned()))?;
        Ok(id(key, u64::try_from(self.now().as_millisecond()).unwrap_or_default(), leaf))
    }

    /// Measurements of a promise that STRUCT made, newest first. Rows that anybody else wrote or changed are passed over.
    pub(crate) async fn evidence_vouched(&self, promise: &str) -> Result<Vec<EvidenceRow>, Error> {
        self.vouched(self.store.evidence(promise, EVIDENCE_ROWS).await?)
    }

    /// Of measurements that were read those that STRUCT made.
    pub(crate) fn vouched(&self, rows: Vec<EvidenceRow>) -> Result<Vec<EvidenceRow>, Error> {
        let keys = self.keys.platform()?;
        Ok(rows.into_iter().filter(|row| is_genuine(&keys.leaf, row.id, &evidence_leaf(row))).collect())
    }
}

/// Whether the id was made for the leaf by one of the keys.
pub(crate) fn is_genuine(keys: &[FieldIndex], found: Uuid, leaf: &[u8]) -> bool {
    let ms = found.as_bytes()[..INSTANT_BYTES].iter().fold(0, |ms, byte| (ms << 8) | u64::from(*byte));
    keys.iter().any(|key| id(key, ms, leaf).as_bytes().ct_eq(found.as_bytes()).into())
}

fn id(key: &FieldIndex, ms: u64, leaf: &[u8]) -> Uuid {
    let mac = key.exact(&format!("{ms} {}", Hash::of(leaf).hex()));
    uuid_v7(ms, mac.first_chunk().expect("a keyed hash has 16 bytes"))
}

/// The leaf of a measurement; all of it follows from the row.
pub(crate) fn evidence_leaf(row: &EvidenceRow) -> Vec<u8> {
    let instant = |at: Timestamp| format!("{at:.6}");
    let leaf = PlatformLeaf::Evidence {
        at: instant(row.until),
        figure: Some(row.figure.clone()),
        method: row.method.clone(),
        promise: row.promise.clone(),
        raw_sha256: row.raw_sha256.clone(),
        subject: row.subject.clone(),
        tool: row.tool.clone(),
        verdict: row.verdict.code().to_owned(),
        window_from: row.from.map(instant),
        window_to: Some(instant(row.until)),
    };
    leaf.encode()
}

/// As precise as the database keeps it.
pub(crate) fn stored(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}
