//! A log made to fit what its entries say now: leaves, tiles, edge, checkpoints, as far as that goes without its key. Works on a
//! superuser's connection, within the transaction of a tampering.

use super::Rebuilt;
use crate::StoreError;
use crate::ledger::{hash_of_row, positions};
use domain::id::TenantId;
use jiff::Timestamp;
use ledger::checkpoint::Checkpoint;
use ledger::frontier::Frontier;
use ledger::hash::{Hash, root_of};
use ledger::note::{Note, Signer};
use tokio_postgres::Client;

/// The key of whoever tampers.
const OWN_SEED: [u8; 32] = [0x5a; 32];

/// Makes everything fit, as far as asked for.
pub(super) async fn rebuild(client: &Client, log: TenantId, rebuilt: Rebuilt) -> Result<(), StoreError> {
    if rebuilt == Rebuilt::Nothing {
        return Ok(());
    }
    let rows = client.query(positions(), &[&log.0, &0_i64, &i64::MAX]).await?;
    let mut hashes = Vec::with_capacity(rows.len());
    let (mut places, mut roots, mut frontier) = (Vec::new(), vec![Frontier::new().root()], Frontier::new());
    for row in &rows {
        let (place, hash) = hash_of_row(log, row)?;
        places.push(place);
        frontier.push(hash);
        roots.push(frontier.root());
        hashes.push(hash);
    }
    let bytes: Vec<&[u8]> = hashes.iter().map(|hash| &hash.0[..]).collect();
    let leaves = "UPDATE struct.leaf l SET hash = u.hash FROM unnest($2::bigint[], $3::bytea[]) u(position, hash)
        WHERE l.tenant_id = $1 AND l.position = u.position AND l.hash <> u.hash";
    client.execute(leaves, &[&log.0, &places, &bytes]).await?;
    tiles(client, log, hashes).await?;
    let edge = "UPDATE struct.log SET size = $2, frontier = $3 WHERE tenant_id = $1";
    client.execute(edge, &[&log.0, &i64::try_from(rows.len()).unwrap_or_default(), &frontier.encode()]).await?;
    if rebuilt != Rebuilt::Tree {
        checkpoints(client, log, &roots, rebuilt == Rebuilt::Signed).await?;
    }
    Ok(())
}

async fn tiles(client: &Client, log: TenantId, leaves: Vec<Hash>) -> Result<(), StoreError> {
    client.execute("DELETE FROM struct.tile WHERE tenant_id = $1", &[&log.0]).await?;
    let mut hashes = leaves;
    for level in 0_i16.. {
        let full: Vec<&[Hash]> = hashes.chunks_exact(256).collect();
        if full.is_empty() {
            break;
        }
        let mut roots = Vec::new();
        for (number, tile) in (0_i64..).zip(full) {
            let (bytes, root): (Vec<u8>, Hash) = (tile.iter().flat_map(|hash| hash.0).collect(), root_of(tile));
            let add = "INSERT INTO struct.tile (tenant_id, level, number, hashes, root) VALUES ($1, $2, $3, $4, $5)";
            client.execute(add, &[&log.0, &level, &number, &bytes, &&root.0[..]]).await?;
            roots.push(root);
        }
        hashes = roots;
    }
    Ok(())
}

/// Writes the new roots into the checkpoints, and one for the size now; signed with one's own key or with what stood there.
async fn checkpoints(client: &Client, log: TenantId, roots: &[Hash], signed: bool) -> Result<(), StoreError> {
    let fault = |error: &dyn std::fmt::Display| StoreError::Fault(format!("tampering: {error}"));
    let origin: String =
        client.query_one("SELECT origin FROM struct.log WHERE tenant_id = $1", &[&log.0]).await?.get(0);
    let signer = Signer::from_seed(&origin, &OWN_SEED).map_err(|error| fault(&error))?;
    let rows = client
        .query("SELECT size, note, at FROM struct.checkpoint WHERE tenant_id = $1 ORDER BY size", &[&log.0])
        .await?;
    let last = i64::try_from(roots.len() - 1).unwrap_or_default();
    let kept = rows.iter().map(|row| (row.get(0), row.get(1), row.get(2)));
    let mut kept: Vec<(i64, String, Timestamp)> = kept.filter(|(size, ..)| *size <= last).collect();
    if let Some((_, note, at)) = kept.last().filter(|(size, ..)| *size < last).cloned() {
        kept.push((last, note, at));
    }
    client.execute("DELETE FROM struct.checkpoint WHERE tenant_id = $1", &[&log.0]).await?;
    for (size, note, at) in kept {
        let position = u64::try_from(size).unwrap_or_default();
        let root = roots[usize::try_from(size).unwrap_or_default()];
        let checkpoint = Checkpoint { origin: origin.clone(), size: position, root, extensions: Vec::new() };
        let text = if signed {
            checkpoint.sign(&[&signer]).map_err(|error| fault(&error))?.to_string()
        } else {
            let lines = Note::parse(&note).map_err(|error| fault(&error))?.signatures().to_vec();
            Note::new(checkpoint.text(), lines).map_err(|error| fault(&error))?.to_string()
        };
        let add = "INSERT INTO struct.checkpoint (tenant_id, size, note, at) VALUES ($1, $2, $3, $4)";
        client.execute(add, &[&log.0, &size, &text, &at]).await?;
    }
    if signed {
        let key = "UPDATE struct.log_key SET vkey = $2 WHERE tenant_id = $1";
        client.execute(key, &[&log.0, &signer.vkey().to_string()]).await?;
    }
    Ok(())
}
