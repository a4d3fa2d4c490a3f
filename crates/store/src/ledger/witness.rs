//! What witnesses have said of the logs: their lines below checkpoints, and where each of them stands. Asks nobody, and checks
//! no signature.

use super::read::{CHECKPOINT, CheckpointRow, checkpoint_row};
use super::{Leader, append::signed, head};
use crate::flight::Row;
use crate::{Flight, Statement, Store, StoreError};
use domain::id::TenantId;
use jiff::Timestamp;

/// Key of the advisory lock that one asker of witnesses holds.
const ASKER_LOCK: i64 = 0x5354_5749_544e;

/// Where a witness stands with a log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WitnessRow {
    /// The name of its key.
    pub witness: String,
    /// When it last answered.
    pub asked_at: Timestamp,
    /// The largest tree it has cosigned, and when.
    pub cosigned: Option<(u64, Timestamp)>,
    /// Why it does not cosign the log as it is now.
    pub refusal: Option<String>,
}

const COSIGNATURE: &str =
    "INSERT INTO struct.cosignature (tenant_id, size, witness, line) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
const COSIGNED: &str = "INSERT INTO struct.witness AS w (tenant_id, witness, asked_at, cosigned_size, cosigned_at)
    VALUES ($1, $2, $3, $4, $3) ON CONFLICT (tenant_id, witness) DO UPDATE
    SET asked_at = excluded.asked_at, cosigned_size = excluded.cosigned_size, cosigned_at = excluded.cosigned_at,
        refusal = NULL";
const REFUSED: &str = "INSERT INTO struct.witness (tenant_id, witness, asked_at, refusal) VALUES ($1, $2, $3, $4)
    ON CONFLICT (tenant_id, witness) DO UPDATE SET asked_at = excluded.asked_at, refusal = excluded.refusal";
const STATES: &str = "SELECT witness, asked_at, cosigned_size, cosigned_at, refusal FROM struct.witness
    WHERE tenant_id = $1 ORDER BY witness";

impl Store {
    /// Takes the asking of witnesses upon this process, unless another has it. Two at once would do no harm: they would ask twice.
    pub async fn lead_asking(&self) -> Result<Option<Leader>, StoreError> {
        self.lead_by(ASKER_LOCK).await
    }

    /// Keeps a witness's line, ended by a newline, below the checkpoint of a size. Only STRUCT's own bookkeeping: nothing a
    /// person did.
    pub async fn cosigned(
        &self,
        log: TenantId,
        size: u64,
        witness: &str,
        line: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let size = signed(size)?;
        let name = || Box::new(witness.to_owned());
        let line =
            Statement::new(COSIGNATURE, vec![Box::new(log.0), Box::new(size), name(), Box::new(line.to_owned())]);
        let state = Statement::new(COSIGNED, vec![Box::new(log.0), name(), Box::new(at), Box::new(size)]);
        self.fly(Flight::bookkeeping(head(log), vec![line, state])).await.map(drop)
    }

    /// The newest checkpoint that a witness has cosigned and that covers the leaf at a position, if there is one.
    pub async fn checkpoint_cosigned(&self, log: TenantId, position: u64) -> Result<Option<CheckpointRow>, StoreError> {
        let sql = format!(
            "{CHECKPOINT} AND c.size > $2 AND c.size = (SELECT max(s.size) FROM struct.cosignature s WHERE s.tenant_id = $1)"
        );
        let read = Statement::new(sql, vec![Box::new(log.0), Box::new(signed(position)?)]);
        let rows = self.fly(Flight::read(head(log), vec![read])).await?.swap_remove(0);
        Ok(rows.first().map(checkpoint_row))
    }

    /// Keeps that a witness has seen another log than this one.
    pub async fn witness_refused(
        &self,
        log: TenantId,
        witness: &str,
        refusal: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let params: Vec<crate::flight::Param> =
            vec![Box::new(log.0), Box::new(witness.to_owned()), Box::new(at), Box::new(refusal.to_owned())];
        self.fly(Flight::bookkeeping(head(log), vec![Statement::new(REFUSED, params)])).await.map(drop)
    }

    /// Where all witnesses stand with a log, by name; those no longer asked among them.
    pub async fn witnesses(&self, log: TenantId) -> Result<Vec<WitnessRow>, StoreError> {
        let read = Statement::new(STATES, vec![Box::new(log.0)]);
        let rows = self.fly(Flight::read(head(log), vec![read])).await?.swap_remove(0);
        Ok(rows.iter().map(witness_row).collect())
    }
}

fn witness_row(row: &Row) -> WitnessRow {
    let size = row.get::<_, Option<i64>>(2).and_then(|size| u64::try_from(size).ok());
    WitnessRow { witness: row.get(0), asked_at: row.get(1), cosigned: size.zip(row.get(3)), refusal: row.get(4) }
}
