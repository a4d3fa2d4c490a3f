//! The plain side of benches: the same statements, the same rows, the same cluster, but without STRUCT in between.
//! Measures nothing itself; what it keeps stands in a schema of its own, in a throw-away database only.
//!
//! Statements are the product's own texts with their parameters written in, so the two sides cannot drift apart.

mod ledger;

pub use ledger::{PlainLeaves, Repeated};

use crate::flight::OP_BEGIN;
use crate::pool::connect;
use crate::record::RecordTable;
use crate::{Address, StoreError, audit};
use domain::id::TenantId;
use futures_util::StreamExt as _;
use std::pin::pin;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

/// Ids of rows that pgbench makes: this, then twelve hexadecimal digits of `bench.turn`. Sequential, as ids made by
/// STRUCT are by their clock.
const ID_HEAD: &str = "01a00000-0000-7000-8000-";
/// The same for the entries that go with them.
const ENTRY_HEAD: &str = "01a00000-0000-7001-8000-";

/// Rows of the plain search answered at most: a page.
pub const PAGE: usize = 20;

/// What the plain side needs, beside STRUCT's own schema.
const SETUP: &str = "
    CREATE SCHEMA bench;
    GRANT USAGE ON SCHEMA bench TO struct_app;
    CREATE EXTENSION pg_trgm SCHEMA bench;
    CREATE SEQUENCE bench.turn;
    GRANT USAGE ON SEQUENCE bench.turn TO struct_app;
    CREATE TABLE bench.name (id uuid PRIMARY KEY, name text NOT NULL);
    GRANT SELECT ON bench.name TO struct_app;";

/// Newest rows first, by the index of the primary key or by trigrams, as PostgreSQL sees fit.
const SEARCH: &str = "SELECT id, name FROM bench.name WHERE name LIKE $1 ORDER BY id DESC LIMIT 20";

/// Two connections: as the application, under row security; and as the owner, for upkeep.
pub struct Plain {
    app: Client,
    owner: Client,
    searching: Option<tokio_postgres::Statement>,
}

/// Rows that left, and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Rows.
    pub rows: u64,
    /// Bytes of PostgreSQL's text format.
    pub bytes: u64,
}

impl Plain {
    /// Connects, and makes the schema `bench`.
    pub async fn prepare(app: &Address, owner: &Address) -> Result<Self, StoreError> {
        let plain = Self { app: connect(app).await?, owner: connect(owner).await?, searching: None };
        plain.owner.batch_execute(SETUP).await?;
        // The plain search gets a plan made for each of its searches: the best it can have.
        plain.app.batch_execute("SET plan_cache_mode = force_custom_plan").await?;
        Ok(plain)
    }

    /// Scripts for pgbench, each of which makes one record and its entry, statement by statement. They repeat the newest
    /// records of the tenant, made by STRUCT: same envelopes, same blind indexes, other ids and another unique number in
    /// the column `unique`.
    pub async fn creations(
        &self,
        table: &RecordTable,
        tenant: TenantId,
        unique: &str,
        count: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.enter(tenant).await?;
        let columns: String =
            table.stored_columns().iter().map(|(name, _)| format!(", quote_nullable(t.{name}::text)")).collect();
        let sql = format!(
            "SELECT quote_literal(t.sealed::text), quote_literal(t.created_by::text){columns},
                    e.actor, e.actor_user::text, e.verb, e.outcome, e.request_id::text, e.service, e.screen, e.entity,
                    quote_literal(e.detail::text),
                    (SELECT s.session_id::text FROM struct.session s WHERE s.tenant_id = t.tenant_id AND s.ended_at IS NULL LIMIT 1),
                    (SELECT access_epoch::text FROM struct.tenant WHERE tenant_id = t.tenant_id)
             FROM {} t JOIN struct.entry e ON e.tenant_id = t.tenant_id AND e.record_id = t.id AND e.verb = 'record.created'
             WHERE t.tenant_id = $1 ORDER BY t.id DESC LIMIT $2",
            table.name()
        );
        let limit = i64::try_from(count).map_err(|error| StoreError::Fault(error.to_string()))?;
        let rows = self.app.query(&sql, &[&tenant.0, &limit]).await;
        self.app.batch_execute("COMMIT").await?;
        let place = unique_place(table, unique)?;
        Ok(rows?.iter().map(|row| creation(table, tenant, place, row)).collect())
    }

    /// A script for pgbench that reads one of the records made by the scripts of `creations`, the newest of which is
    /// the `last`th.
    pub fn reading(table: &RecordTable, tenant: TenantId, last: i64) -> String {
        let id = format!("('{ID_HEAD}' || lpad(to_hex(:turn::bigint), 12, '0'))::uuid");
        let select = written(table.texts().1, &[quoted(&tenant.to_string()), id]);
        format!("\\set turn random(1, {last})\n{}{select};\nCOMMIT;\n", opening(tenant, "READ ONLY"))
    }

    /// How many records the scripts of `creations` have made.
    pub async fn made(&self) -> Result<i64, StoreError> {
        Ok(self.owner.query_one("SELECT last_value FROM bench.turn", &[]).await?.get(0))
    }

    /// All rows of the tenant, as PostgreSQL copies them out under row security.
    pub async fn copy_out(&self, table: &RecordTable, tenant: TenantId) -> Result<Copied, StoreError> {
        self.enter(tenant).await?;
        let sql = format!("COPY (SELECT * FROM {} WHERE tenant_id = '{tenant}') TO STDOUT", table.name());
        let mut copied = Copied::default();
        let mut chunks = pin!(self.app.copy_out(&sql).await?);
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk?;
            copied.bytes += chunk.len() as u64;
            // The text format writes a line break inside a value as `\n`: each byte 0x0a ends a row.
            copied.rows += chunk.iter().filter(|byte| **byte == b'\n').count() as u64;
        }
        self.app.batch_execute("COMMIT").await?;
        Ok(copied)
    }

    /// Takes the names into a plain column with a trigram index.
    pub async fn take_names(&mut self, names: &[(Uuid, String)]) -> Result<(), StoreError> {
        for names in names.chunks(10_000) {
            let (ids, names): (Vec<Uuid>, Vec<&str>) = names.iter().map(|(id, name)| (*id, name.as_str())).unzip();
            let take = "INSERT INTO bench.name SELECT * FROM unnest($1::uuid[], $2::text[])";
            self.owner.execute(take, &[&ids, &names]).await?;
        }
        self.owner.batch_execute("CREATE INDEX ON bench.name USING gin (name bench.gin_trgm_ops)").await?;
        self.searching = Some(self.app.prepare(SEARCH).await?);
        Ok(())
    }

    /// Vacuums and analyses both sides, so that neither is measured with the other's leftovers.
    pub async fn settle(&self, table: &RecordTable) -> Result<(), StoreError> {
        self.owner.batch_execute("VACUUM (ANALYZE) bench.name").await?;
        self.owner.batch_execute(&format!("VACUUM (ANALYZE) {}", table.name())).await?;
        self.owner.batch_execute("VACUUM (ANALYZE) struct.entry").await?;
        Ok(())
    }

    /// The newest names with this part: a page of ids. After `take_names`.
    pub async fn search(&self, part: &str) -> Result<Vec<Uuid>, StoreError> {
        let pattern = format!("%{}%", part.replace(['\\', '%', '_'], ""));
        let prepared = self.searching.as_ref().ok_or_else(|| StoreError::Fault("no names were taken".to_owned()))?;
        let rows = self.app.query(prepared, &[&pattern]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    async fn enter(&self, tenant: TenantId) -> Result<(), StoreError> {
        Ok(self.app.batch_execute(&format!("BEGIN; SET LOCAL struct.tenant = '{tenant}'")).await?)
    }
}

/// Where the plain column of a field stands among all stored ones.
fn unique_place(table: &RecordTable, unique: &str) -> Result<usize, StoreError> {
    let unique = format!("\"f_{unique}\"");
    let place = table.stored_columns().iter().position(|(name, _)| *name == unique);
    place.ok_or_else(|| StoreError::Fault(format!("there is no plain column {unique}")))
}

/// BEGIN and the wall, as statements of their own.
fn opening(tenant: TenantId, mode: &str) -> String {
    format!("BEGIN {mode};\nSET LOCAL struct.tenant = '{tenant}';\n")
}

/// One script of `Plain::creations`.
fn creation(table: &RecordTable, tenant: TenantId, unique: usize, row: &Row) -> String {
    let text = |place: usize| row.get::<_, Option<String>>(place).unwrap_or_default();
    let columns = table.stored_columns().len();
    let tenant_text = quoted(&tenant.to_string());
    let id = format!("('{ID_HEAD}' || lpad(to_hex(nextval('bench.turn')), 12, '0'))::uuid");
    let same = |head: &str| format!("('{head}' || lpad(to_hex(currval('bench.turn')), 12, '0'))::uuid");
    let mut values = vec![tenant_text.clone(), id, text(0), text(1)];
    values.extend((2..2 + columns).map(text));
    values[4 + unique] = "('B' || currval('bench.turn'))".to_owned();
    let at = |place: usize| text(2 + columns + place);
    let idle = domain::session::IDLE_LIMIT_MIN.to_string();
    let check = written(OP_BEGIN, &[quoted(&at(9)), at(10), idle]);
    let mut parts: Vec<String> = vec![tenant_text, same(ENTRY_HEAD)];
    parts.extend((0..8).map(at).map(|value| quoted(&value)));
    parts.extend([same(ID_HEAD), "NULL".to_owned(), at(8)]);
    // Commitment and keyed hash: as many bytes as the product writes; what they say doesn't matter to PostgreSQL.
    parts.extend([32, 16].map(|bytes| format!("'\\x{}'::bytea", "5a".repeat(bytes))));
    let entry = written(audit::INSERT_ONE, &parts);
    let insert = written(table.texts().0, &values);
    format!("{}{check};\n{insert};\n{entry};\nCOMMIT;\n", opening(tenant, "READ WRITE"))
}

/// A statement's text with `$1`, `$2`, … written in.
fn written(sql: &str, values: &[String]) -> String {
    let mut text = String::with_capacity(sql.len() + values.iter().map(String::len).sum::<usize>());
    let mut rest = sql;
    while let Some(at) = rest.find('$') {
        let (before, after) = rest.split_at(at);
        let digits = after[1..].bytes().take_while(u8::is_ascii_digit).count();
        let number: usize = after[1..=digits].parse().unwrap_or_default();
        text += before;
        text += values.get(number.wrapping_sub(1)).map_or(&after[..=digits], String::as_str);
        rest = &after[1 + digits..];
    }
    text += rest;
    text
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_never_taken_for_another_that_begins_alike() {
        let values: Vec<String> = (1..=12).map(|n| format!("<{n}>")).collect();
        assert_eq!(written("$1,$12,$2::text[],$11", &values), "<1>,<12>,<2>::text[],<11>");
    }

    #[test]
    fn what_was_written_in_is_not_looked_at_again() {
        assert_eq!(written("$1 $2", &["$2".to_owned(), "x".to_owned()]), "$2 x");
        assert_eq!(written("a $3 $", &["x".to_owned()]), "a $3 $", "what has no value stays");
    }

    #[test]
    fn a_quote_in_a_name_ends_no_literal() {
        assert_eq!(quoted("O'Brien"), "'O''Brien'");
    }
}
