//! Applies the migrations, in order, each once, each whole. Never edits an applied one.

use crate::pool::{Address, connect};
use crate::{Store, StoreError};
use tokio_postgres::Client;

/// One step of the schema.
struct Migration {
    version: i32,
    name: &'static str,
    sql: &'static str,
}

macro_rules! migrations {
    ($($version:literal $name:literal),* $(,)?) => {
        &[$(Migration { version: $version, name: $name, sql: include_str!(concat!("../migrations/", $name, ".sql")) }),*]
    };
}

const MIGRATIONS: &[Migration] = migrations![1 "0001_platform", 2 "0002_doors", 3 "0003_crossing", 4 "0004_ledger", 5 "0005_signs", 6 "0006_streams", 7 "0007_log_readers", 8 "0008_audit_view", 9 "0009_retention", 10 "0010_witness", 11 "0011_evidence", 12 "0012_transport", 13 "0013_backup", 14 "0014_log_speed", 15 "0015_operator", 16 "0016_residency", 17 "0017_pruned", 18 "0018_identity"];

/// Key of the advisory lock that lets one migrator in at a time.
const MIGRATION_LOCK: i64 = 0x5354_5255_4354;

/// The version this binary brings a database to.
pub fn newest() -> i32 {
    MIGRATIONS.last().map_or(0, |migration| migration.version)
}

/// Applies what is missing, as the owner. Returns the versions applied.
pub async fn migrate(owner: &Address) -> Result<Vec<i32>, StoreError> {
    let mut client = connect(owner).await?;
    client.execute("SELECT pg_advisory_lock($1)", &[&MIGRATION_LOCK]).await?;
    client
        .batch_execute(
            "CREATE TABLE IF NOT EXISTS struct.migration (
                 version integer PRIMARY KEY, name text NOT NULL, sha256 bytea NOT NULL,
                 applied_at timestamptz NOT NULL DEFAULT now());
             GRANT SELECT ON struct.migration TO struct_app",
        )
        .await?;
    let applied = applied(&client).await?;
    let mut done = Vec::new();
    for migration in MIGRATIONS.iter().filter(|migration| !applied.contains(&migration.version)) {
        let transaction = client.transaction().await?;
        transaction.batch_execute(migration.sql).await?;
        transaction
            .execute(
                "INSERT INTO struct.migration (version, name, sha256) VALUES ($1, $2, $3)",
                &[&migration.version, &migration.name, &digest(migration.sql)],
            )
            .await?;
        transaction.commit().await?;
        done.push(migration.version);
    }
    Ok(done)
}

/// The versions in the database, held against this binary's.
async fn applied(client: &Client) -> Result<Vec<i32>, StoreError> {
    let rows = client.query("SELECT version, sha256 FROM struct.migration ORDER BY version", &[]).await?;
    let mut versions = Vec::new();
    for row in rows {
        let version: i32 = row.get(0);
        let Some(known) = MIGRATIONS.iter().find(|migration| migration.version == version) else {
            return Err(StoreError::NewerSchema { found: version, known: newest() });
        };
        if digest(known.sql) != row.get::<_, Vec<u8>>(1) {
            return Err(StoreError::ChangedMigration(version));
        }
        versions.push(version);
    }
    Ok(versions)
}

fn digest(text: &str) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()).as_ref().to_vec()
}

impl Store {
    /// Refuses a database that is not exactly at this binary's version.
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        let client = self.connection().await?;
        let row = client.query_one("SELECT max(version) FROM struct.migration", &[]).await;
        let found: i32 = match row {
            Ok(row) => row.get::<_, Option<i32>>(0).unwrap_or(0),
            Err(error) if error.as_db_error().is_some_and(|db| db.code().code().starts_with("42")) => 0,
            Err(error) => return Err(error.into()),
        };
        match found.cmp(&newest()) {
            std::cmp::Ordering::Equal => Ok(()),
            std::cmp::Ordering::Less => Err(StoreError::NotMigrated),
            std::cmp::Ordering::Greater => Err(StoreError::NewerSchema { found, known: newest() }),
        }
    }
}
