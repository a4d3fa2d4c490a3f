//! The plain sides of the bench of the log: records made with and without their entry, and leaves put into a plain table.
//! Measures nothing itself; works in a throw-away database only.

use super::{quoted, unique_place, written};
use crate::audit::SealedEntry;
use crate::pool::connect;
use crate::record::RecordTable;
use crate::{Address, Check, Flight, Head, Statement, Store, StoreError};
use domain::id::{SessionId, TenantId, UserId};
use std::sync::Arc;
use tokio_postgres::Client;
use uuid::Uuid;

/// Ids of records made here: sequential, as ids made by STRUCT are by their clock.
const ID_HEAD: u128 = 0x01a0_0000_0000_7002_8000_0000_0000_0000;

const LEAVES: &str = "CREATE SCHEMA bench;
    CREATE TABLE bench.leaf (tenant_id uuid, position bigint, leaf bytea NOT NULL, PRIMARY KEY (tenant_id, position));";
const ADD_LEAVES: &str = "INSERT INTO bench.leaf (tenant_id, position, leaf)
    SELECT $1, generate_series($2::bigint, $2 + cardinality($3::bytea[]) - 1), unnest($3)";

/// Records of some shapes, made again and again by the flights that STRUCT makes them with.
pub struct Repeated {
    store: Store,
    head: Head,
    /// The product's statement with everything written in but id and unique value.
    shapes: Vec<Arc<str>>,
}

impl Repeated {
    /// Takes the newest records of the tenant for shapes. `unique` names the field that has another value each time.
    pub async fn prepare(
        app: &Address,
        store: Store,
        table: &RecordTable,
        (tenant, user, session): (TenantId, UserId, SessionId),
        unique: &str,
        count: i64,
    ) -> Result<Self, StoreError> {
        let client = connect(app).await?;
        client.batch_execute(&format!("SET struct.tenant = '{tenant}'")).await?;
        let columns: String =
            table.stored_columns().iter().map(|(name, _)| format!(", quote_nullable(t.{name}::text)")).collect();
        let sql = format!(
            "SELECT quote_literal(t.sealed::text){columns} FROM {} t WHERE t.tenant_id = $1 ORDER BY t.id DESC LIMIT $2",
            table.name()
        );
        let rows = client.query(&sql, &[&tenant.0, &count]).await?;
        let epoch =
            client.query_one("SELECT access_epoch FROM struct.tenant WHERE tenant_id = $1", &[&tenant.0]).await?;
        let place = unique_place(table, unique)?;
        let shapes = rows.iter().map(|row| {
            let text = |place: usize| row.get::<_, Option<String>>(place).unwrap_or_default();
            let mut values = vec![quoted(&tenant.to_string()), "$1".to_owned(), text(0), quoted(&user.to_string())];
            values.extend((1..=table.stored_columns().len()).map(text));
            values[4 + place] = "$2::text".to_owned();
            Arc::from(written(table.texts().0, &values))
        });
        let head = Head { tenant, check: Check::Session(session, epoch.get(0)) };
        Ok(Self { store, head, shapes: shapes.collect() })
    }

    /// The id of the record that `turn` makes.
    pub fn id(turn: u64) -> Uuid {
        Uuid::from_u128(ID_HEAD | u128::from(turn))
    }

    /// Makes a record, in the one flight in which STRUCT makes one: with its entry, or without.
    pub async fn make(&self, turn: u64, entry: Option<SealedEntry>) -> Result<(), StoreError> {
        let shape = &self.shapes[usize::try_from(turn).unwrap_or_default() % self.shapes.len()];
        let make = Statement::new(Arc::clone(shape), vec![Box::new(Self::id(turn)), Box::new(format!("R{turn}"))]);
        let flight = match entry {
            Some(entry) => Flight::change(self.head, make, entry),
            None => Flight::bookkeeping(self.head, vec![make]),
        };
        self.store.fly(flight).await.map(drop)
    }
}

/// A plain table of leaves, keyed as the log is, and a connection as its owner: nothing stands between it and PostgreSQL.
pub struct PlainLeaves {
    client: Client,
    next: i64,
}

impl PlainLeaves {
    /// Makes the table.
    pub async fn prepare(owner: &Address) -> Result<Self, StoreError> {
        let client = connect(owner).await?;
        client.batch_execute(LEAVES).await?;
        Ok(Self { client, next: 0 })
    }

    /// Inserts these leaves, so many in one transaction and one statement.
    pub async fn insert(&mut self, leaves: &[Vec<u8>], batch: usize) -> Result<(), StoreError> {
        let add = self.client.prepare(ADD_LEAVES).await?;
        for leaves in leaves.chunks(batch) {
            let leaves: Vec<&[u8]> = leaves.iter().map(Vec::as_slice).collect();
            self.client.execute(&add, &[&Uuid::nil(), &self.next, &leaves]).await?;
            self.next += i64::try_from(leaves.len()).unwrap_or_default();
        }
        Ok(())
    }

    /// Vacuums and analyses what either side wrote, so that neither is measured with the other's leftovers.
    pub async fn settle(&self, table: &RecordTable) -> Result<(), StoreError> {
        for name in ["bench.leaf", "struct.entry", "struct.entry_waiting", "struct.leaf", table.name()] {
            self.client.batch_execute(&format!("VACUUM (ANALYZE) {name}")).await?;
        }
        Ok(())
    }
}
