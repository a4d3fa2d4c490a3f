//! Records: their statements, built once from an entity's manifest. Values arrive sealed and indexed, and leave so.

mod bring_back;
mod list;

pub use bring_back::changes_entered;
pub use list::{ListPlan, Place, Wanted};

use crate::flight::{Borrowed, Flight, Head, Param, STATEMENT_LIMIT_MS, Statement};
use crate::schema::{column_type, table};
use crate::{Check, Store, StoreError};
use domain::id::{RecordId, TenantId, UserId};
use domain::service::{Entity, Field, FieldKind, Index, Service};
use futures_util::{Stream, TryStreamExt, stream};
use jiff::Timestamp;
use std::sync::Arc;
use tokio_postgres::Row;
use uuid::Uuid;

/// How long a stream of records may run: an extraction of millions over a slow line.
pub const STREAM_LIMIT_MS: u32 = 60 * 60 * 1000;

/// A record's columns, ready to be stored.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// The id.
    pub id: Uuid,
    /// The envelope of everything that is not plain.
    pub sealed: Vec<u8>,
    /// Plain values as canonical text, in the order of `RecordTable::plain`.
    pub plain: Vec<Option<String>>,
    /// Exact blind indexes, in the order of `RecordTable::exact`.
    pub exact: Vec<Option<Vec<u8>>>,
    /// Partial blind indexes, in the order of `RecordTable::partial`.
    pub partial: Vec<Option<Vec<i32>>>,
}

/// A record as read: accessors over the row, so that a stream copies nothing it need not.
pub struct RawRecord(Row);

const FIXED: usize = 7;

impl RawRecord {
    /// The id.
    pub fn id(&self) -> RecordId {
        self.0.get::<_, Uuid>(0).into()
    }
    /// The version.
    pub fn version(&self) -> i64 {
        self.0.get(1)
    }
    /// The envelope.
    pub fn sealed(&self) -> &[u8] {
        self.0.get(2)
    }
    /// When it was made and by whom.
    pub fn created(&self) -> (Timestamp, UserId) {
        (self.0.get(3), self.0.get::<_, Uuid>(4).into())
    }
    /// When it was changed last and by whom.
    pub fn updated(&self) -> (Timestamp, UserId) {
        (self.0.get(5), self.0.get::<_, Uuid>(6).into())
    }
    /// The plain value of that place in `RecordTable::plain`.
    pub fn plain(&self, place: usize) -> Option<&str> {
        self.0.get(FIXED + place)
    }
    /// The title of the record referred to, by place in `RecordTable::references`. Not in streams.
    pub fn title(&self, table: &RecordTable, place: usize) -> Option<&str> {
        self.0.get(FIXED + table.plain.len() + place)
    }
}

/// The statements of one entity.
#[derive(Debug)]
pub struct RecordTable {
    name: String,
    /// Plain fields.
    pub plain: Vec<Field>,
    /// Fields with an exact blind index.
    pub exact: Vec<Field>,
    /// Fields with a partial blind index.
    pub partial: Vec<Field>,
    /// Reference fields whose target's title stands in the clear, with that title's place.
    pub references: Vec<Reference>,
    insert: Arc<str>,
    insert_many: Arc<str>,
    update: Arc<str>,
    delete: Arc<str>,
    select: Arc<str>,
    columns: String,
}

/// A reference field and where it leads.
#[derive(Debug)]
pub struct Reference {
    /// The field's name.
    pub field: String,
    to: String,
    title: String,
}

impl RecordTable {
    /// The statements of an entity of a service.
    pub fn new(service: &Service, entity: &Entity) -> Self {
        let with = |index| -> Vec<Field> {
            entity.fields.iter().filter(|f| !f.is_plain() && f.index == Some(index)).cloned().collect()
        };
        let plain: Vec<Field> = entity.fields.iter().filter(|field| field.is_plain()).cloned().collect();
        let mut built = Self {
            name: table(&service.name, &entity.name),
            plain,
            exact: with(Index::Exact),
            partial: with(Index::Partial),
            references: references(service, entity),
            insert: "".into(),
            insert_many: "".into(),
            update: "".into(),
            delete: "".into(),
            select: "".into(),
            columns: String::new(),
        };
        built.columns = built.read_columns(false);
        let (all, name) = (built.read_columns(true), &built.name);
        built.select = format!("SELECT {all} FROM {name} t WHERE t.tenant_id = $1 AND t.id = $2").into();
        built.delete = format!(
            "WITH gone AS (DELETE FROM {name} WHERE tenant_id = $1 AND id = $2 AND version = $3 RETURNING 1)
             SELECT struct.op_expect((SELECT count(*) FROM gone), 1)"
        )
        .into();
        built.insert = built.insert_sql(false).into();
        built.insert_many = built.insert_sql(true).into();
        built.update = built.update_sql().into();
        built
    }

    /// Stored column names with their SQL types, in the order of `Columns`.
    pub(crate) fn stored_columns(&self) -> Vec<(String, &'static str)> {
        let plain = self.plain.iter().map(|field| (format!("\"f_{}\"", field.name), column_type(&field.kind)));
        let exact = self.exact.iter().map(|field| (format!("\"x_{}\"", field.name), "bytea"));
        let partial = self.partial.iter().map(|field| (format!("\"b_{}\"", field.name), "int4[]"));
        plain.chain(exact).chain(partial).collect()
    }

    fn insert_sql(&self, many: bool) -> String {
        let columns = self.stored_columns();
        let names: String = columns.iter().map(|(name, _)| format!(", {name}")).collect();
        let head = format!(
            "INSERT INTO {} (tenant_id, id, version, sealed, created_at, created_by, updated_at, updated_by{names})",
            self.name
        );
        let first = self.plain.len() + self.exact.len();
        // Values of one row are cast from text; many rows come as arrays, token lists as array literals in text.
        let value = |place: usize, from: &str, sql_type: &str| match (place < self.plain.len(), place < first, many) {
            (true, _, _) => format!(", {from}::text::{sql_type}"),
            (_, true, _) => format!(", {from}::bytea"),
            (_, _, true) => format!(", {from}::text::int4[]"),
            (_, _, false) => format!(", {from}::int4[]"),
        };
        if !many {
            let values: String =
                columns.iter().enumerate().map(|(i, (_, kind))| value(i, &format!("${}", i + 5), kind)).collect();
            return format!("{head} VALUES ($1, $2, 1, $3, now(), $4, now(), $4{values})");
        }
        let values: String =
            columns.iter().enumerate().map(|(i, (_, kind))| value(i, &format!("u.c{i}"), kind)).collect();
        let arrays: String = (0..columns.len())
            .map(|i| {
                format!(", ${}::{}[]", i + 5, if (self.plain.len()..first).contains(&i) { "bytea" } else { "text" })
            })
            .collect();
        let aliases: String = (0..columns.len()).map(|i| format!(", c{i}")).collect();
        format!(
            "{head} SELECT $1, u.id, 1, u.sealed, now(), $4, now(), $4{values}
             FROM unnest($2::uuid[], $3::bytea[]{arrays}) u(id, sealed{aliases})"
        )
    }

    fn update_sql(&self) -> String {
        let columns = self.stored_columns();
        let sets: String = columns
            .iter()
            .enumerate()
            .map(|(i, (name, kind))| {
                let via = if i < self.plain.len() { "::text" } else { "" };
                format!(", {name} = ${}{via}::{kind}", i + 6)
            })
            .collect();
        format!(
            "WITH done AS (UPDATE {} SET version = version + 1, sealed = $3, updated_at = now(), updated_by = $4{sets}
                WHERE tenant_id = $1 AND id = $2 AND version = $5 RETURNING 1)
             SELECT struct.op_expect((SELECT count(*) FROM done), 1)",
            self.name
        )
    }

    fn read_columns(&self, titles: bool) -> String {
        let mut columns =
            String::from("t.id, t.version, t.sealed, t.created_at, t.created_by, t.updated_at, t.updated_by");
        for field in &self.plain {
            let name = format!("t.\"f_{}\"", field.name);
            columns += &match field.kind {
                FieldKind::Datetime => {
                    format!(", to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')")
                }
                FieldKind::Date => format!(", to_char({name}, 'YYYY-MM-DD')"),
                _ => format!(", {name}::text"),
            };
        }
        if titles {
            for Reference { field, to, title } in &self.references {
                columns += &format!(
                    ", (SELECT r.\"f_{title}\"::text FROM {to} r WHERE r.tenant_id = t.tenant_id AND r.id = t.\"f_{field}\")"
                );
            }
        }
        columns
    }

    /// The table's name, quoted, for benches and drills.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The text of `create` and of `get`, for measuring the same statements without STRUCT.
    pub(crate) fn texts(&self) -> (&str, &str) {
        (&self.insert, &self.select)
    }

    /// Reads one record.
    pub fn get(&self, tenant: TenantId, id: RecordId) -> Statement {
        Statement::new(self.select.clone(), vec![Box::new(tenant.0), Box::new(id.0)])
    }

    /// Makes one record, at version 1.
    pub fn create(&self, tenant: TenantId, user: UserId, columns: Columns) -> Statement {
        let mut params: Vec<Param> =
            vec![Box::new(tenant.0), Box::new(columns.id), Box::new(columns.sealed), Box::new(user.0)];
        push_columns(&mut params, columns.plain, columns.exact, columns.partial);
        Statement::new(self.insert.clone(), params)
    }

    /// Makes many records, at version 1, in one statement.
    pub fn create_many(&self, tenant: TenantId, user: UserId, rows: Vec<Columns>) -> Statement {
        let mut plain = vec![Vec::with_capacity(rows.len()); self.plain.len()];
        let mut exact = vec![Vec::with_capacity(rows.len()); self.exact.len()];
        let mut partial = vec![Vec::with_capacity(rows.len()); self.partial.len()];
        let (mut ids, mut envelopes) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
        for row in rows {
            ids.push(row.id);
            envelopes.push(row.sealed);
            row.plain.into_iter().zip(&mut plain).for_each(|(value, column)| column.push(value));
            row.exact.into_iter().zip(&mut exact).for_each(|(value, column)| column.push(value));
            row.partial
                .into_iter()
                .zip(&mut partial)
                .for_each(|(value, column)| column.push(value.map(|t| literal(&t))));
        }
        let mut params: Vec<Param> = vec![Box::new(tenant.0), Box::new(ids), Box::new(envelopes), Box::new(user.0)];
        push_columns(&mut params, plain, exact, partial);
        Statement::new(self.insert_many.clone(), params)
    }

    /// Changes one record from `version` to the next; nothing happens to any other version.
    pub fn update(&self, tenant: TenantId, user: UserId, version: i64, columns: Columns) -> Statement {
        let mut params: Vec<Param> = vec![
            Box::new(tenant.0),
            Box::new(columns.id),
            Box::new(columns.sealed),
            Box::new(user.0),
            Box::new(version),
        ];
        push_columns(&mut params, columns.plain, columns.exact, columns.partial);
        Statement::new(self.update.clone(), params)
    }

    /// Removes one record at that version.
    pub fn delete(&self, tenant: TenantId, id: RecordId, version: i64) -> Statement {
        Statement::new(self.delete.clone(), vec![Box::new(tenant.0), Box::new(id.0), Box::new(version)])
    }

    /// The field whose unique index or reference bears this name.
    pub fn field_of(&self, entity: &Entity, constraint: &str) -> Option<String> {
        let named = |field: &&Field| {
            ["f", "x"]
                .iter()
                .any(|kind| crate::schema::index_name(&entity.name, &format!("{kind}_{}", field.name)) == constraint)
                || crate::schema::reference_name(&entity.name, &field.name) == constraint
        };
        entity.fields.iter().find(named).map(|field| field.name.clone())
    }
}

fn push_columns<P, X, B>(params: &mut Vec<Param>, plain: Vec<P>, exact: Vec<X>, partial: Vec<B>)
where
    P: tokio_postgres::types::ToSql + Sync + Send + 'static,
    X: tokio_postgres::types::ToSql + Sync + Send + 'static,
    B: tokio_postgres::types::ToSql + Sync + Send + 'static,
{
    params.extend(plain.into_iter().map(|value| Box::new(value) as Param));
    params.extend(exact.into_iter().map(|value| Box::new(value) as Param));
    params.extend(partial.into_iter().map(|value| Box::new(value) as Param));
}

/// `{1,2,3}`: unnest would flatten an array of arrays.
fn literal(tokens: &[i32]) -> String {
    let mut text = String::with_capacity(tokens.len() * 11 + 2);
    text.push('{');
    for (i, token) in tokens.iter().enumerate() {
        if i > 0 {
            text.push(',');
        }
        text += &token.to_string();
    }
    text.push('}');
    text
}

fn references(service: &Service, entity: &Entity) -> Vec<Reference> {
    let lead = |field: &Field| {
        let FieldKind::Reference { entity: to } = &field.kind else { return None };
        let target = service.entity(to)?;
        let title = target.field(&target.title).filter(|title| title.is_plain())?;
        Some(Reference { field: field.name.clone(), to: table(&service.name, to), title: title.name.clone() })
    };
    entity.fields.iter().filter_map(lead).collect()
}

impl Store {
    /// Records of rows read by `get` or a list.
    pub fn raw(rows: Vec<Row>) -> impl Iterator<Item = RawRecord> {
        rows.into_iter().map(RawRecord)
    }

    /// All records a plan wants, one by one, from one snapshot of the database. Memory stays flat: the server sends as
    /// fast as the reader takes. Ending early gives the connection up.
    pub async fn stream(
        &self,
        head: Head,
        table: &RecordTable,
        wanted: &[Wanted],
    ) -> Result<impl Stream<Item = Result<RawRecord, StoreError>> + Send + use<>, StoreError> {
        assert!(matches!(head.check, Check::Nothing | Check::Epoch(_) | Check::Session(..)), "all checks are known");
        let borrowed = Borrowed::new(self.connection().await?);
        let tenant = head.tenant;
        let (mut conditions, mut params): (String, Vec<Param>) = (String::new(), vec![Box::new(tenant.0)]);
        list::conditions(wanted, &mut conditions, &mut params);
        let sql =
            format!("SELECT {} FROM {} t WHERE t.tenant_id = $1{conditions} ORDER BY t.id", table.columns, table.name);
        let client = borrowed.client();
        client
            .batch_execute(&format!(
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL struct.tenant = '{tenant}';
                 SET LOCAL statement_timeout = {STREAM_LIMIT_MS}; SET LOCAL plan_cache_mode = force_custom_plan"
            ))
            .await?;
        let prepared = client.prepare_cached(&sql).await?;
        let rows = client
            .query_raw(&prepared, params.iter().map(|p| &**p as &(dyn tokio_postgres::types::ToSql + Sync)))
            .await?;
        let state = (Some(borrowed), Box::pin(rows));
        Ok(stream::try_unfold(state, |(mut borrowed, mut rows)| async move {
            if let Some(row) = rows.try_next().await? {
                return Ok(Some((RawRecord(row), (borrowed, rows))));
            }
            if let Some(borrowed) = borrowed.take() {
                borrowed.client().batch_execute("COMMIT").await?;
                borrowed.landed();
            }
            Ok(None)
        }))
    }

    /// Statement limit of ordinary flights, for documents and tests.
    pub const fn statement_limit_ms() -> u32 {
        STATEMENT_LIMIT_MS
    }

    /// Places (0-based), in each list, of the values that are taken already or lead nowhere.
    pub async fn lookup(
        &self,
        head: Head,
        table: &RecordTable,
        lists: Vec<Lookup>,
    ) -> Result<Vec<Vec<usize>>, StoreError> {
        let statements = lists.into_iter().map(|lookup| lookup.statement(head.tenant, table)).collect();
        let answers = self.fly(Flight::read(head, statements)).await?;
        let places = |rows: Vec<Row>| {
            rows.iter().map(|row| usize::try_from(row.get::<_, i64>(0) - 1).unwrap_or_default()).collect()
        };
        Ok(answers.into_iter().map(places).collect())
    }
}

/// What is looked up for many rows at once.
pub enum Lookup {
    /// Which of these values of a unique plain field exist already.
    Plain(String, Vec<Option<String>>),
    /// Which of these hashes of a unique exact field exist already.
    Exact(String, Vec<Option<Vec<u8>>>),
    /// Which of these references lead nowhere.
    Missing(String, Vec<Option<String>>),
}

impl Lookup {
    fn statement(self, tenant: TenantId, table: &RecordTable) -> Statement {
        let name = &table.name;
        match self {
            Self::Plain(field, values) => {
                let kind = table.plain.iter().find(|f| f.name == field).map_or("text", |f| column_type(&f.kind));
                let sql = format!(
                    "SELECT u.n FROM unnest($2::text[]) WITH ORDINALITY u(v, n)
                     JOIN {name} t ON t.tenant_id = $1 AND t.\"f_{field}\" = u.v::{kind}"
                );
                Statement::new(sql, vec![Box::new(tenant.0), Box::new(values)])
            }
            Self::Exact(field, values) => {
                let sql = format!(
                    "SELECT u.n FROM unnest($2::bytea[]) WITH ORDINALITY u(v, n)
                     JOIN {name} t ON t.tenant_id = $1 AND t.\"x_{field}\" = u.v"
                );
                Statement::new(sql, vec![Box::new(tenant.0), Box::new(values)])
            }
            Self::Missing(field, values) => {
                let to = table.references.iter().find(|r| r.field == field).map_or(name, |r| &r.to);
                let sql = format!(
                    "SELECT u.n FROM unnest($2::text[]) WITH ORDINALITY u(v, n) WHERE u.v IS NOT NULL
                     AND NOT EXISTS (SELECT FROM {to} r WHERE r.tenant_id = $1 AND r.id = u.v::uuid)"
                );
                Statement::new(sql, vec![Box::new(tenant.0), Box::new(values)])
            }
        }
    }
}

impl Store {
    /// The one number of a count.
    pub fn counted(rows: &[Row]) -> Option<i64> {
        rows.first().map(|row| row.get(0))
    }

    /// Ids, as `among` reads them.
    pub fn ids(rows: &[Row]) -> Vec<RecordId> {
        rows.iter().map(|row| row.get::<_, Uuid>(0).into()).collect()
    }

    /// Ids and titles, as `reference_choices` reads them.
    pub fn titles(rows: Vec<Row>) -> impl Iterator<Item = (RecordId, String)> {
        rows.into_iter().map(|row| (row.get::<_, Uuid>(0).into(), row.get::<_, Option<String>>(1).unwrap_or_default()))
    }
}

impl RecordTable {
    /// Raises ST409 unless the record is there.
    pub fn get_one(&self, tenant: TenantId, id: RecordId) -> Statement {
        let sql = format!(
            "SELECT struct.op_expect((SELECT count(*) FROM {} WHERE tenant_id = $1 AND id = $2), 1)",
            self.name
        );
        Statement::new(sql, vec![Box::new(tenant.0), Box::new(id.0)])
    }

    /// Titles of the records of these ids that are still there; an empty one where the title stands in no plain column.
    pub fn titles_of(&self, tenant: TenantId, entity: &Entity, ids: &[RecordId]) -> Statement {
        let title = entity.field(&entity.title).filter(|field| field.is_plain());
        let title = title.map_or_else(|| "NULL".to_owned(), |field| format!("\"f_{}\"", field.name));
        let sql = format!("SELECT id, {title}::text FROM {} WHERE tenant_id = $1 AND id = ANY($2)", self.name);
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        Statement::new(sql, vec![Box::new(tenant.0), Box::new(ids)])
    }

    /// Newest records a reference could lead to whose title contains the text; None when there is no such reference.
    pub fn reference_search(&self, tenant: TenantId, field: &str, text: &str, at_most: usize) -> Option<Statement> {
        let Reference { to, title, .. } = self.references.iter().find(|reference| reference.field == field)?;
        let sql = format!(
            "SELECT id, \"f_{title}\"::text FROM {to} WHERE tenant_id = $1 AND strpos(\"f_{title}\"::text, $2) > 0
             ORDER BY id DESC LIMIT {at_most}"
        );
        Some(Statement::new(sql, vec![Box::new(tenant.0), Box::new(text.to_owned())]))
    }

    /// Newest records each reference could lead to, with their titles.
    pub fn reference_choices(&self, tenant: TenantId, at_most: usize) -> Vec<Statement> {
        let choices = |Reference { to, title, .. }: &Reference| {
            let sql = format!(
                "SELECT id, \"f_{title}\"::text FROM {to} WHERE tenant_id = $1 ORDER BY id DESC LIMIT {at_most}"
            );
            Statement::new(sql, vec![Box::new(tenant.0)])
        };
        self.references.iter().map(choices).collect()
    }
}
