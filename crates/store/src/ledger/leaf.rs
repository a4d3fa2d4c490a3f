//! The leaf of an entry, from its row: the one place where entry and leaf meet. What stands in the table is what is hashed,
//! so a row that was changed afterwards no longer fits its tree.

use crate::StoreError;
use crate::flight::Row;
use domain::id::TenantId;
use jiff::Timestamp;
use ledger::hash::{Hash, leaf_hash};
use ledger::leaf::Leaf;
use uuid::Uuid;

/// Columns of an entry that its leaf is made of, in the order `of` reads them.
macro_rules! columns {
    () => {
        columns!("sha256(e.detail)")
    };
    ($detail:literal) => {
        concat!(
            "e.entry_id, e.at, e.actor, e.actor_user, e.verb, e.outcome, e.request_id, e.service, e.screen, e.entity,
             e.record_id, e.subject_user, ",
            $detail,
            ", e.commitment, e.pruned_below"
        )
    };
}

/// Entries that wait behind the id `$2`, `$3` at most, in the order of their ids, which is the order of their instants. The
/// queue is gone through first, then each of its entries is looked up: no statistics may turn that round, since the other way
/// begins with the log's first entry. Such a plan is shut out by LIMIT and OFFSET.
///
/// A usual detail comes as it is and is hashed here: PostgreSQL would take longer to hash it than to send it. A large one
/// comes as its hash.
pub(super) const ENTRIES: &str = concat!(
    "SELECT e.*, w.entry_id
     FROM (SELECT entry_id FROM struct.entry_waiting WHERE tenant_id = $1 AND entry_id > $2 ORDER BY entry_id LIMIT $3) w
     LEFT JOIN LATERAL (SELECT ",
    columns!("CASE WHEN octet_length(e.detail) > 4096 THEN sha256(e.detail) END"),
    ", e.mac, CASE WHEN octet_length(e.detail) <= 4096 THEN e.detail END AS detail
         FROM struct.entry e WHERE e.tenant_id = $1 AND e.entry_id = w.entry_id OFFSET 0) e ON true
     ORDER BY w.entry_id"
);

/// Entries by their positions: from `$2`, before `$3`. One that is missing comes as a row of nulls.
pub(super) const POSITIONS: &str = concat!(
    "SELECT ",
    columns!(),
    ", l.position, l.hash FROM struct.leaf l
     LEFT JOIN struct.entry e ON e.tenant_id = l.tenant_id AND e.entry_id = l.entry_id
     WHERE l.tenant_id = $1 AND l.position >= $2 AND l.position < $3 ORDER BY l.position"
);

/// One entry with its position, if it has one.
pub(super) const ENTRY: &str = concat!(
    "SELECT ",
    columns!(),
    ", l.position, e.detail FROM struct.entry e
     LEFT JOIN struct.leaf l ON l.tenant_id = e.tenant_id AND l.entry_id = e.entry_id
     WHERE e.tenant_id = $1 AND e.entry_id = $2"
);

/// How long a log says that it keeps entries, and the newest entries of each of some verbs, whether they have a place or wait.
pub(super) const KEEPING: &str = concat!(
    "SELECT ",
    columns!(),
    ", e.mac, e.detail, l.first_kept, l.retention_days FROM struct.log l
     LEFT JOIN (SELECT n.* FROM unnest($2::text[]) AS v(verb) CROSS JOIN LATERAL (SELECT * FROM struct.entry
         WHERE tenant_id = $1 AND verb = v.verb ORDER BY entry_id DESC LIMIT $3) n) e ON true
     WHERE l.tenant_id = $1 ORDER BY e.entry_id DESC"
);

/// The statement by which leaves are read in their order, for who has them hashed.
pub(crate) fn positions() -> &'static str {
    POSITIONS
}

/// Position and hash of a row of `POSITIONS`, as the entry has it now; as it was logged when the entry is gone.
pub(crate) fn hash_of_row(log: TenantId, row: &Row) -> Result<(i64, Hash), StoreError> {
    let logged = super::append::hash_from(row.get(16))?;
    let hash = if row.get::<_, Option<Uuid>>(0).is_some() { leaf_hash(&of(log, row)?.encode()) } else { logged };
    Ok((row.get(15), hash))
}

/// The leaf of a row.
pub(super) fn of(tenant: TenantId, row: &Row) -> Result<Leaf, StoreError> {
    of_detail(tenant, row, row.get(12))
}

fn of_detail(tenant: TenantId, row: &Row, detail_sha256: &[u8]) -> Result<Leaf, StoreError> {
    let text = |id: Uuid| id.hyphenated().encode_lower(&mut Uuid::encode_buffer()).to_owned();
    let id = |index: usize| row.get::<_, Option<Uuid>>(index).map(text);
    let missing = || StoreError::Fault("log: an entry has lost its id".to_owned());
    Ok(Leaf {
        actor: row.get(2),
        actor_user: id(3),
        at: instant(row.get(1)),
        commitment: row.get::<_, Option<&[u8]>>(13).map(hex),
        detail_sha256: hex(detail_sha256),
        entity: row.get(9),
        entry: id(0).ok_or_else(missing)?,
        outcome: row.get(5),
        pruned_below: row.get::<_, Option<i64>>(14).map(|below| u64::try_from(below).unwrap_or_default()),
        record: id(10),
        request: id(6).ok_or_else(missing)?,
        screen: row.get(8),
        service: row.get(7),
        subject_user: id(11),
        tenant: tenant.to_string(),
        v: 1,
        verb: row.get(4),
    })
}

/// The leaf of a row of `ENTRIES`, and its keyed hash.
pub(super) fn waiting(tenant: TenantId, row: &Row) -> Result<(Vec<u8>, Option<&[u8]>), StoreError> {
    let leaf = match row.get::<_, Option<&[u8]>>(16) {
        Some(detail) => of_detail(tenant, row, &Hash::of(detail).0)?,
        None => of(tenant, row)?,
    };
    Ok((leaf.encode(), row.get(15)))
}

/// `2026-11-22T09:05:00.123456Z`: PostgreSQL keeps microseconds.
fn instant(at: Timestamp) -> String {
    format!("{at:.6}")
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}
