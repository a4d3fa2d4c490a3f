//! A restored copy, looked through as its superuser: how far it reaches, whether its indexes, references and counts hold. Nothing of
//! it is shown to anybody, and no statement here is meant for the database that members use.

use crate::pool::connect;
use crate::schema::table;
use crate::{Address, StoreError};
use domain::id::{TenantId, UserId};
use jiff::Timestamp;
use tokio_postgres::Client;
use uuid::Uuid;

/// How long one statement of a look may run.
const LOOK_LIMIT_MS: u32 = 15 * 60 * 1000;
/// Tables up to this size are read a second time, to see that each row is in each index of theirs.
const ALL_INDEXED_BYTES: i64 = 256 << 20;

/// An index to be looked at.
#[derive(Clone, Debug)]
pub struct CopyIndex {
    /// Its name, with the schema's.
    pub name: String,
    oid: u32,
    /// Whether all rows of its table are looked up in it too.
    pub all_rows: bool,
}

/// A table to be looked at.
#[derive(Clone, Debug)]
pub struct CopyTable {
    /// Its name, with the schema's.
    pub name: String,
    oid: u32,
}

/// A rule that rows keep, and the statement that counts those which don't.
#[derive(Clone, Debug)]
pub struct CopyRule {
    /// Its name, with the table's.
    pub name: String,
    sql: String,
}

/// Records of an entity that one tenant has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CopyCount {
    /// Whose.
    pub tenant: TenantId,
    /// Rows.
    pub rows: i64,
    /// What its log says there should be: made less removed. None where entries were pruned.
    pub logged: Option<i64>,
}

/// A connection to a copy.
pub struct Copy {
    client: Client,
}

/// Each column of a key with the reference's table before and behind it, and the parts of the statement made of them.
const REFERENCES: &str = "SELECT c.conrelid::regclass || ' ' || c.conname,
    'SELECT count(*) FROM ' || c.conrelid::regclass || ' a LEFT JOIN ' || c.confrelid::regclass || ' b ON '
    || string_agg('a.' || quote_ident(x.attname) || ' = b.' || quote_ident(y.attname), ' AND ' ORDER BY k.n)
    || ' WHERE ' || string_agg('a.' || quote_ident(x.attname) || ' IS NOT NULL', ' AND ' ORDER BY k.n)
    || ' AND b.' || min(quote_ident(y.attname)) || ' IS NULL'
    FROM pg_constraint c
    CROSS JOIN LATERAL unnest(c.conkey, c.confkey) WITH ORDINALITY k(x, y, n)
    JOIN pg_attribute x ON x.attrelid = c.conrelid AND x.attnum = k.x
    JOIN pg_attribute y ON y.attrelid = c.confrelid AND y.attnum = k.y
    WHERE c.contype = 'f' GROUP BY c.oid, c.conrelid, c.confrelid, c.conname ORDER BY 1";
const UNIQUE: &str = "SELECT i.indrelid::regclass || ' ' || i.indexrelid::regclass,
    'SELECT count(*) FROM (SELECT FROM ' || i.indrelid::regclass || ' WHERE '
    || string_agg('(' || pg_get_indexdef(i.indexrelid, n, true) || ') IS NOT NULL', ' AND ' ORDER BY n)
    || coalesce(' AND (' || pg_get_expr(i.indpred, i.indrelid) || ')', '')
    || ' GROUP BY ' || string_agg('(' || pg_get_indexdef(i.indexrelid, n, true) || ')', ', ' ORDER BY n)
    || ' HAVING count(*) > 1) twice'
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indrelid AND c.relkind IN ('r', 'm')
    JOIN pg_namespace s ON s.oid = c.relnamespace AND s.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema')
    CROSS JOIN LATERAL generate_series(1, i.indnkeyatts) n
    WHERE i.indisunique GROUP BY i.indexrelid, i.indrelid, i.indpred ORDER BY 1";
const INDEXES: &str = "SELECT c.oid, c.oid::regclass::text, pg_relation_size(i.indrelid) <= $1 FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
    WHERE m.amname = 'btree' AND c.relkind = 'i' AND c.relpersistence = 'p' AND i.indisvalid AND i.indisready ORDER BY 2";
const TABLES: &str = "SELECT c.oid, c.oid::regclass::text FROM pg_class c
    WHERE c.relkind IN ('r', 'm') AND c.relpersistence = 'p' ORDER BY 2";

impl Copy {
    /// Connects as the superuser to the copy's database. Its indexes are what is looked at, so no statement here trusts them.
    pub async fn connect(root: &Address) -> Result<Self, StoreError> {
        let client = connect(root).await?;
        let settings = format!(
            "SET statement_timeout = {LOOK_LIMIT_MS}; SET enable_indexscan = off; SET enable_indexonlyscan = off;
             SET enable_bitmapscan = off; SET max_parallel_workers_per_gather = 0"
        );
        client.batch_execute(&settings).await?;
        Ok(Self { client })
    }

    /// The last heartbeat, and the last commit as far as the log that was replayed tells.
    pub async fn reached(&self) -> Result<(Option<Timestamp>, Option<Timestamp>), StoreError> {
        let sql = "SELECT (SELECT max(at) FROM struct.heartbeat), pg_last_xact_replay_timestamp()";
        let row = self.client.query_one(sql, &[]).await?;
        Ok((row.get(0), row.get(1)))
    }

    /// Lets indexes and tables be looked at; false where PostgreSQL came without `amcheck`.
    pub async fn can_look(&self) -> Result<bool, StoreError> {
        let there = "SELECT FROM pg_available_extensions WHERE name = 'amcheck'";
        if self.client.query_opt(there, &[]).await?.is_none() {
            return Ok(false);
        }
        self.client.batch_execute("CREATE EXTENSION IF NOT EXISTS amcheck SCHEMA pg_catalog").await?;
        Ok(true)
    }

    /// All ordinary indexes, PostgreSQL's own among them.
    pub async fn indexes(&self) -> Result<Vec<CopyIndex>, StoreError> {
        let rows = self.client.query(INDEXES, &[&ALL_INDEXED_BYTES]).await?;
        Ok(rows.iter().map(|row| CopyIndex { oid: row.get(0), name: row.get(1), all_rows: row.get(2) }).collect())
    }

    /// What is wrong with an index.
    pub async fn index_fault(&self, index: &CopyIndex) -> Result<Option<String>, StoreError> {
        let sql = "SELECT bt_index_check(index => $1::oid::regclass, heapallindexed => $2)";
        said(self.client.execute(sql, &[&index.oid, &index.all_rows]).await.map(drop))
    }

    /// All tables, PostgreSQL's own among them.
    pub async fn tables(&self) -> Result<Vec<CopyTable>, StoreError> {
        let rows = self.client.query(TABLES, &[]).await?;
        Ok(rows.iter().map(|row| CopyTable { oid: row.get(0), name: row.get(1) }).collect())
    }

    /// What is wrong with a table's pages: the first that can't be right.
    pub async fn table_fault(&self, table: &CopyTable) -> Result<Option<String>, StoreError> {
        // PostgreSQL 13 knows indexes only; there a table is read to its end, which compares its checksums.
        let knows = "SELECT FROM pg_proc WHERE proname = 'verify_heapam'";
        if self.client.query_opt(knows, &[]).await?.is_none() {
            return said(self.client.query_one(&format!("SELECT count(*) FROM {}", table.name), &[]).await.map(drop));
        }
        let sql = "SELECT 'block ' || blkno || ': ' || msg FROM verify_heapam($1::oid::regclass, true, true) LIMIT 1";
        match self.client.query_opt(sql, &[&table.oid]).await {
            Ok(found) => Ok(found.map(|row| row.get(0))),
            Err(error) => said(Err(error)),
        }
    }

    /// All references between tables.
    pub async fn references(&self) -> Result<Vec<CopyRule>, StoreError> {
        self.rules(REFERENCES).await
    }

    /// Everything that may stand only once.
    pub async fn unique(&self) -> Result<Vec<CopyRule>, StoreError> {
        self.rules(UNIQUE).await
    }

    async fn rules(&self, sql: &str) -> Result<Vec<CopyRule>, StoreError> {
        let rows = self.client.query(sql, &[]).await?;
        Ok(rows.iter().map(|row| CopyRule { name: row.get(0), sql: row.get(1) }).collect())
    }

    /// Rows that don't keep a rule; or why they could not be counted.
    pub async fn violations(&self, rule: &CopyRule) -> Result<Result<i64, String>, StoreError> {
        match self.client.query_one(&rule.sql, &[]).await {
            Ok(row) => Ok(Ok(row.get(0))),
            Err(error) => Ok(Err(said(Err(error))?.unwrap_or_default())),
        }
    }

    /// Records of an entity, tenant by tenant, with what the logs say.
    pub async fn counts(&self, service: &str, entity: &str) -> Result<Vec<CopyCount>, StoreError> {
        let sql = format!(
            "SELECT coalesce(r.tenant_id, l.tenant_id), coalesce(r.rows, 0), CASE WHEN g.first_kept = 0 THEN coalesce(l.made, 0) END
             FROM (SELECT tenant_id, count(*) AS rows FROM {} GROUP BY 1) r
             FULL JOIN (SELECT tenant_id, sum(CASE verb WHEN 'record.created' THEN 1 ELSE -1 END)::bigint AS made FROM struct.entry
                 WHERE service = $1 AND entity = $2 AND outcome = 'done' AND verb IN ('record.created', 'record.deleted')
                 GROUP BY 1) l ON l.tenant_id = r.tenant_id
             LEFT JOIN struct.log g ON g.tenant_id = coalesce(r.tenant_id, l.tenant_id) ORDER BY 1",
            table(service, entity)
        );
        let rows = self.client.query(&sql, &[&service, &entity]).await?;
        let count = |row: &tokio_postgres::Row| CopyCount {
            tenant: row.get::<_, Uuid>(0).into(),
            rows: row.get(1),
            logged: row.get(2),
        };
        Ok(rows.iter().map(count).collect())
    }

    /// Somebody who can sign in: an active member with a password, any one by the number given. Their sealed address too.
    pub async fn somebody(&self, random: i64) -> Result<Option<(TenantId, UserId, Vec<u8>)>, StoreError> {
        let able = "FROM struct.member m JOIN struct.account a ON a.user_id = m.user_id
            WHERE m.active AND m.joined_at IS NOT NULL AND a.password_phc IS NOT NULL";
        let row = self.client.query_one(&format!("SELECT count(*) {able}"), &[]).await?;
        let all: i64 = row.get(0);
        if all == 0 {
            return Ok(None);
        }
        let sql = format!(
            "SELECT m.tenant_id, m.user_id, a.email_sealed {able} ORDER BY m.tenant_id, m.user_id OFFSET $1 LIMIT 1"
        );
        let row = self.client.query_opt(&sql, &[&random.rem_euclid(all)]).await?;
        Ok(row.map(|row| (row.get::<_, Uuid>(0).into(), row.get::<_, Uuid>(1).into(), row.get(2))))
    }

    /// Gives somebody another password, in the copy alone. The address of the copy is its folder, so no other can be meant.
    pub async fn set_password(&self, user: UserId, phc: &str) -> Result<(), StoreError> {
        // Triggers guard accounts of the real database; here the owner of the copy acts.
        self.client
            .execute("UPDATE struct.account SET password_phc = $2 WHERE user_id = $1", &[&user.0, &phc])
            .await
            .map(drop)
            .map_err(StoreError::from)
    }
}

/// A complaint of PostgreSQL about what it read; a server that is gone is an error.
fn said(done: Result<(), tokio_postgres::Error>) -> Result<Option<String>, StoreError> {
    match done {
        Ok(()) => Ok(None),
        Err(error) => match error.as_db_error() {
            // Class 57P: the server ends. What it says of data quotes no value but names of relations, pages and places.
            Some(db) if !db.code().code().starts_with("57P") => Ok(Some(db.message().to_owned())),
            _ => Err(error.into()),
        },
    }
}
