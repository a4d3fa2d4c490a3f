//! Tables of services, made from their manifests. Whether an upgrade is allowed is `domain::service`'s decision.
//!
//! Names come from a checked manifest (`[a-z][a-z0-9_]*`), never from a person's input, and are quoted all the same.

use crate::StoreError;
use crate::pool::{Address, connect};
use domain::service::{Entity, Field, FieldKind, Index, Service};
use std::fmt::Write as _;

/// Key of the advisory lock that lets one installer in at a time.
const INSTALL_LOCK: i64 = 0x5354_5255_4355;

/// `"svc_crm"."customer"`.
pub(crate) fn table(service: &str, entity: &str) -> String {
    format!("\"svc_{service}\".\"{entity}\"")
}

/// The column type of a plain field.
pub(crate) fn column_type(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::Number { .. } => "numeric",
        FieldKind::Money => "bigint",
        FieldKind::Date => "date",
        FieldKind::Datetime => "timestamptz",
        FieldKind::Boolean => "boolean",
        FieldKind::Reference { .. } => "uuid",
        _ => "text",
    }
}

/// The columns of a field: `f_` plain, `x_` exact, `b_` partial (bigrams).
fn columns(field: &Field) -> Option<(String, &'static str)> {
    if field.is_plain() {
        return Some((format!("f_{}", field.name), column_type(&field.kind)));
    }
    match field.index {
        Some(Index::Exact) => Some((format!("x_{}", field.name), "bytea")),
        Some(Index::Partial) => Some((format!("b_{}", field.name), "int4[]")),
        _ => None,
    }
}

/// DDL that brings the tables of a service from nothing, or from an older version, to this manifest. Every statement is
/// `IF NOT EXISTS`: upgrades are additive.
pub fn ddl(service: &Service) -> String {
    let mut sql = format!(
        "CREATE SCHEMA IF NOT EXISTS \"svc_{0}\";\nGRANT USAGE ON SCHEMA \"svc_{0}\" TO struct_app;\n",
        service.name
    );
    for entity in &service.entities {
        entity_ddl(&mut sql, &service.name, entity);
    }
    // References last, when every table is there.
    for entity in &service.entities {
        for field in &entity.fields {
            if let FieldKind::Reference { entity: to } = &field.kind {
                reference_ddl(&mut sql, &service.name, entity, field, to);
            }
        }
    }
    sql
}

fn entity_ddl(sql: &mut String, service: &str, entity: &Entity) {
    let table = table(service, &entity.name);
    let _ = write!(
        sql,
        "CREATE TABLE IF NOT EXISTS {table} (
    tenant_id uuid NOT NULL, id uuid NOT NULL, version bigint NOT NULL CHECK (version > 0), sealed bytea NOT NULL,
    created_at timestamptz NOT NULL, created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL, updated_by uuid NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, created_by) REFERENCES struct.member (tenant_id, user_id));
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS tenant_wall ON {table};
CREATE POLICY tenant_wall ON {table} USING (tenant_id = struct.current_tenant());
GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO struct_app;
"
    );
    for field in &entity.fields {
        if let Some((column, column_type)) = columns(field) {
            let _ = writeln!(sql, "ALTER TABLE {table} ADD COLUMN IF NOT EXISTS \"{column}\" {column_type};");
            index_ddl(sql, &table, &entity.name, field, &column);
        }
    }
}

fn index_ddl(sql: &mut String, table: &str, entity: &str, field: &Field, column: &str) {
    let name = index_name(entity, column);
    let _ = match (field.unique, field.index) {
        (true, _) => {
            writeln!(sql, "CREATE UNIQUE INDEX IF NOT EXISTS \"{name}\" ON {table} (tenant_id, \"{column}\");")
        }
        // Tokens are keyed per tenant, so those of two tenants share nothing but the index.
        (false, Some(Index::Partial)) => {
            writeln!(sql, "CREATE INDEX IF NOT EXISTS \"{name}\" ON {table} USING gin (\"{column}\");")
        }
        (false, Some(Index::Exact)) => {
            writeln!(sql, "CREATE INDEX IF NOT EXISTS \"{name}\" ON {table} (tenant_id, \"{column}\");")
        }
        // With the id, so that a page of a sorted list is one range of the index.
        (false, _) => writeln!(sql, "CREATE INDEX IF NOT EXISTS \"{name}\" ON {table} (tenant_id, \"{column}\", id);"),
    };
}

fn reference_ddl(sql: &mut String, service: &str, entity: &Entity, field: &Field, to: &str) {
    let name = reference_name(&entity.name, &field.name);
    let (from, to) = (table(service, &entity.name), table(service, to));
    let _ = write!(
        sql,
        "DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_constraint WHERE conname = '{name}' AND conrelid = '{from}'::regclass) THEN
        ALTER TABLE {from} ADD CONSTRAINT \"{name}\" FOREIGN KEY (tenant_id, \"f_{}\") REFERENCES {to} (tenant_id, id);
    END IF;
END $$;
",
        field.name
    );
}

/// Name of a field's index; a violated unique one names its field thereby. PostgreSQL cuts names at 63 bytes; long
/// ones are cut here, with a check of their whole so that two stay two.
pub(crate) fn index_name(entity: &str, column: &str) -> String {
    bounded(format!("{entity}__{column}"))
}

/// Name of a reference's constraint.
pub(crate) fn reference_name(entity: &str, field: &str) -> String {
    bounded(format!("{entity}__ref_{field}"))
}

fn bounded(name: String) -> String {
    const MAX_NAME_BYTES: usize = 63;
    if name.len() <= MAX_NAME_BYTES {
        return name;
    }
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, name.as_bytes());
    let check: String = digest.as_ref()[..6].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}_{check}", &name[..MAX_NAME_BYTES - 13])
}

/// Installs or upgrades a service, as the owner: tables and catalogue in one transaction. Every tenant that contracts
/// it must get a new epoch afterwards, so that no snapshot of the old version is used again. `loosened` names fields
/// (entity, field) whose unique index gives way to an ordinary one.
pub async fn install(owner: &Address, service: &Service, loosened: &[(&str, &str)]) -> Result<(), StoreError> {
    let mut client = connect(owner).await?;
    let manifest = serde_json::to_value(service).map_err(|error| StoreError::Fault(error.to_string()))?;
    let version = i32::try_from(service.version).map_err(|error| StoreError::Fault(error.to_string()))?;
    let transaction = client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&INSTALL_LOCK]).await?;
    for (entity, field) in loosened {
        for kind in ["f", "x"] {
            let index = index_name(entity, &format!("{kind}_{field}"));
            transaction.batch_execute(&format!("DROP INDEX IF EXISTS \"svc_{}\".\"{index}\"", service.name)).await?;
        }
    }
    transaction.batch_execute(&ddl(service)).await?;
    transaction
        .execute(
            "INSERT INTO struct.service AS s (name, version, manifest) VALUES ($1, $2, $3)
             ON CONFLICT (name) DO UPDATE SET version = excluded.version, manifest = excluded.manifest, upgraded_at = now()
             WHERE s.version <= excluded.version",
            &[&service.name, &version, &manifest],
        )
        .await?;
    transaction.commit().await?;
    Ok(())
}
