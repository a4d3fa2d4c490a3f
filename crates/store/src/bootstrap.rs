//! Makes roles and database on a fresh server, as its superuser. Not used again once they exist.

use crate::StoreError;
use crate::pool::{Address, connect};

/// Name of the database.
pub const DATABASE: &str = "struct";
/// Runs migrations and owns every table. NOINHERIT: it can hand functions to `struct_crossing` without seeing what that sees.
pub const OWNER: &str = "struct_owner";
/// Serves tenants, under row security.
pub const APP: &str = "struct_app";

/// What an operator with a server of their own runs once as its superuser; `struct migrate --print-bootstrap` prints it.
pub const ROLES: &str = "\
CREATE ROLE struct_crossing NOLOGIN;
CREATE ROLE struct_owner LOGIN NOINHERIT;
CREATE ROLE struct_app LOGIN;
CREATE ROLE struct_ops LOGIN;
GRANT struct_crossing TO struct_owner;
";

/// The rest, to be run in the database, after `CREATE DATABASE struct OWNER struct_owner`.
///
/// The last statement: under row security PostgreSQL looks a condition up in an index only if its function is known to
/// tell nothing of rows behind the wall. `@>` tells nothing but is not marked so, and without the mark a search in
/// sealed fields reads the whole table.
pub fn database_settings(database: &str) -> String {
    format!(
        "REVOKE ALL ON DATABASE \"{database}\" FROM PUBLIC;
GRANT CONNECT ON DATABASE \"{database}\" TO struct_owner, struct_app, struct_ops;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
CREATE SCHEMA IF NOT EXISTS struct AUTHORIZATION struct_owner;
ALTER FUNCTION pg_catalog.arraycontains(anyarray, anyarray) LEAKPROOF;
"
    )
}

/// Everything an operator runs once as superuser on a server of their own, for `psql`.
pub fn script() -> String {
    format!("{ROLES}CREATE DATABASE {DATABASE} OWNER {OWNER};\n\\connect {DATABASE}\n{}", database_settings(DATABASE))
}

/// Makes what is missing. `root` is the superuser's address on database `postgres`.
pub async fn bootstrap(root: &Address) -> Result<(), StoreError> {
    bootstrap_as(root, DATABASE).await
}

/// Makes what is missing, under another name of the database.
pub async fn bootstrap_as(root: &Address, database: &str) -> Result<(), StoreError> {
    let client = connect(root).await?;
    let exists = client.query_opt("SELECT FROM pg_roles WHERE rolname = $1", &[&APP]).await?.is_some();
    if !exists {
        // One simple query is one transaction: all roles or none.
        client.batch_execute(ROLES).await?;
    }
    if client.query_opt("SELECT FROM pg_database WHERE datname = $1", &[&database]).await?.is_none() {
        client.batch_execute(&format!("CREATE DATABASE \"{database}\" OWNER struct_owner")).await?;
    }
    let inside = connect(&root.with(root.config().get_user().unwrap_or("struct_root"), database)).await?;
    inside.batch_execute(&database_settings(database)).await?;
    Ok(())
}
