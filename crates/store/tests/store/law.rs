//! Laws of the live schema: keys, row security, rights of roles, the classification of every column.

use crate::House;
use std::collections::{BTreeMap, BTreeSet};
use testkit::database::{Database, shipped};
use tokio_postgres::Client;

/// Tables of the schemas that are STRUCT's, one of each row.
const TABLES: &str = "SELECT c.oid, n.nspname::text, c.relname::text, c.relrowsecurity, c.relforcerowsecurity,
        EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND (n.nspname = 'struct' OR n.nspname LIKE 'svc\\_%') ORDER BY 2, 3";

/// Tables of the platform: they hold nothing of a tenant, and the walls are not theirs.
const PLATFORM: [&str; 7] = [
    "struct.account",
    "struct.attempt",
    "struct.device",
    "struct.migration",
    "struct.readdressing",
    "struct.recovery",
    "struct.service",
];

async fn text(client: &Client, sql: &str) -> BTreeSet<String> {
    client.query(sql, &[]).await.expect("a list").iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn every_table_of_tenants_leads_its_keys_with_the_tenant_and_forces_its_wall() {
    let database = Database::new().await;
    let root = database.root().await;
    let (mut tenants, mut platform) = (0, Vec::new());
    for row in root.query(TABLES, &[]).await.expect("a list") {
        let (oid, name) = (row.get::<_, u32>(0), format!("{}.{}", row.get::<_, &str>(1), row.get::<_, &str>(2)));
        if !row.get::<_, bool>(5) {
            platform.push(name);
            continue;
        }
        tenants += 1;
        assert!(row.get::<_, bool>(3) && row.get::<_, bool>(4), "{name} forces no row security");
        let walls = "SELECT count(*) FROM pg_policy WHERE polrelid = $1 AND polname = 'tenant_wall' AND polcmd = '*' AND polpermissive
            AND pg_get_expr(polqual, polrelid) IN ('(tenant_id = struct.current_tenant())',
                '(tenant_id = ( SELECT struct.current_tenant() AS current_tenant))')";
        assert_eq!(root.query_one(walls, &[&oid]).await.expect("a count").get::<_, i64>(0), 1, "{name} has no wall");
        let led = "SELECT i.indexrelid::regclass::text FROM pg_index i WHERE i.indrelid = $1 AND (i.indisunique OR i.indisprimary)
            AND (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = i.indkey[0]) <> 'tenant_id'";
        let wrong: Vec<String> = root.query(led, &[&oid]).await.expect("a list").iter().map(|row| row.get(0)).collect();
        // A tenant's code is unique on the whole platform; it is the one thing that tells tenants apart to the operator.
        assert!(wrong.iter().all(|index| index == "struct.tenant_code_key"), "{name}: {wrong:?}");
        let keys = "SELECT count(*) FROM pg_index WHERE indrelid = $1 AND indisprimary";
        assert_eq!(
            root.query_one(keys, &[&oid]).await.expect("a count").get::<_, i64>(0),
            1,
            "{name} has no primary key"
        );
    }
    let entities: usize = shipped().iter().map(|service| service.entities.len()).sum();
    assert!(tenants >= 22 + entities, "{tenants}");
    assert_eq!(platform, PLATFORM);
}

#[tokio::test]
async fn another_policy_lets_only_the_crossing_role_through_and_only_to_these_tables() {
    let database = Database::new().await;
    let root = database.root().await;
    let others = text(
        &root,
        "SELECT polrelid::regclass::text || ' ' || (SELECT string_agg(rolname, ',') FROM pg_roles WHERE oid = ANY (polroles))
         FROM pg_policy WHERE polname <> 'tenant_wall'",
    )
    .await;
    const CROSSED: [&str; 10] = [
        "entry_waiting",
        "job",
        "log",
        "log_subscriber",
        "member",
        "platform_entry",
        "sign",
        "stream",
        "tally",
        "tenant",
    ];
    assert_eq!(others, CROSSED.map(|table| format!("struct.{table} struct_crossing")).into());
    let may = text(&root, "SELECT DISTINCT table_schema || '.' || table_name FROM information_schema.column_privileges WHERE grantee = 'struct_crossing'").await;
    assert_eq!(may, CROSSED.map(|table| format!("struct.{table}")).into());
    let owned = text(&root, "SELECT proname::text FROM pg_proc WHERE proowner = 'struct_crossing'::regrole").await;
    const DOORS: [&str; 14] = [
        "job_claim",
        "job_release",
        "log_mail_due",
        "log_quiet",
        "log_waiting",
        "logs",
        "platform_append",
        "sign_claim",
        "stream_claim",
        "stream_figures",
        "stream_peers",
        "tally_due",
        "tenants",
        "user_tenants",
    ];
    assert_eq!(owned, DOORS.map(str::to_owned).into());
}

#[tokio::test]
async fn no_role_that_runs_is_a_superuser_or_passes_by_the_walls() {
    let database = Database::new().await;
    let root = database.root().await;
    let roles = root
        .query("SELECT rolname::text, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin FROM pg_roles WHERE rolname LIKE 'struct\\_%' AND rolname <> 'struct_root' ORDER BY 1", &[])
        .await
        .expect("a list");
    let names: Vec<&str> = roles.iter().map(|row| row.get(0)).collect();
    assert_eq!(names, ["struct_app", "struct_crossing", "struct_ops", "struct_owner"]);
    for row in &roles {
        for right in 1..=4 {
            assert!(!row.get::<_, bool>(right), "{} has right {right}", row.get::<_, &str>(0));
        }
    }
    assert!(!roles[1].get::<_, bool>(5), "the crossing role signs in");
    // The owner may hand functions to the crossing role, and sees nothing through it.
    let inherits = text(&root, "SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'struct\\_%' AND rolinherit AND rolname = 'struct_owner'").await;
    assert!(inherits.is_empty());
    let members = text(&root, "SELECT m.rolname || ' in ' || g.rolname FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member JOIN pg_roles g ON g.oid = a.roleid WHERE m.rolname LIKE 'struct\\_%'").await;
    assert_eq!(members, ["struct_owner in struct_crossing".to_owned()].into());
}

#[tokio::test]
async fn the_application_never_changes_or_removes_an_entry_and_never_sees_the_table_of_accounts() {
    let house = House::new().await;
    let app = house.database.connect("struct_app").await;
    let mine = format!("SET struct.tenant = '{}'", house.tenant(crate::ONE));
    app.batch_execute(&mine).await.expect("a setting");
    let refused = [
        "UPDATE struct.entry SET verb = 'x'",
        "DELETE FROM struct.entry",
        "TRUNCATE struct.entry",
        "SELECT * FROM struct.account",
        "UPDATE struct.account SET password_phc = NULL",
        "INSERT INTO struct.account (user_id, email_index, email_sealed) VALUES (gen_random_uuid(), '\\x00000000000000000000000000000000', '')",
        "UPDATE struct.tenant SET name = 'x'",
        "INSERT INTO struct.tenant (tenant_id, code, name) VALUES (gen_random_uuid(), 'xx', 'x')",
        "INSERT INTO struct.service (name, version, manifest) VALUES ('x', 1, '{}')",
        "UPDATE struct.contract SET state = 'active'",
        "DELETE FROM struct.session",
        "CREATE TABLE struct.x (a int)",
        "CREATE TABLE public.x (a int)",
        "CREATE SCHEMA x",
        "SET ROLE struct_owner",
        "SET ROLE struct_crossing",
        "ALTER TABLE svc_crm.customer DISABLE ROW LEVEL SECURITY",
        "TRUNCATE svc_crm.customer",
    ];
    for sql in refused {
        let error = app.batch_execute(sql).await.expect_err(sql);
        let code = error.as_db_error().expect("an answer").code().code().to_owned();
        assert_eq!(code, "42501", "{sql}: {error:?}");
    }
}

#[tokio::test]
async fn who_stands_where_never_changes_without_an_entry_whoever_asks() {
    let house = House::new().await;
    let tenant = house.tenant(crate::ONE);
    let mine = format!("SET struct.tenant = '{tenant}'");
    let changes = [
        "UPDATE struct.member SET administrator = NOT administrator",
        "DELETE FROM struct.member_role",
        "UPDATE struct.tenant SET name = name || 'x' WHERE tenant_id = struct.current_tenant()",
        "UPDATE struct.contract SET state = 'ended'",
        "INSERT INTO struct.role (tenant_id, role_id, name) VALUES (struct.current_tenant(), gen_random_uuid(), 'x')",
        "DELETE FROM struct.screen_setting",
    ];
    for role in ["struct_owner", "struct_root"] {
        let client = house.database.connect(role).await;
        client.batch_execute(&mine).await.expect("a setting");
        let mut refused = 0;
        for sql in changes {
            let touched = client.query_one(&format!("WITH t AS ({sql} RETURNING 1) SELECT count(*) FROM t"), &[]).await;
            match touched {
                Ok(row) => assert_eq!(row.get::<_, i64>(0), 0, "{role}: {sql}"),
                Err(error) => {
                    let code = error.as_db_error().map(|db| db.code().code().to_owned());
                    assert_eq!(code.as_deref(), Some("ST428"), "{role}: {sql}: {error:?}");
                    refused += 1;
                }
            }
        }
        assert!(refused >= 4, "{role}: only {refused} of these touch a row");
    }
}

#[tokio::test]
async fn functions_that_run_as_another_fix_their_search_path_and_nobody_else_may_call_any() {
    let database = Database::new().await;
    let root = database.root().await;
    let loose = text(
        &root,
        "SELECT proname::text FROM pg_proc WHERE pronamespace = 'struct'::regnamespace AND prosecdef
         AND NOT coalesce(proconfig::text LIKE '%search_path=pg_catalog%', false)",
    )
    .await;
    assert!(loose.is_empty(), "{loose:?}");
    // Without a list of rights, everybody may call.
    let public = text(
        &root,
        "SELECT proname::text FROM pg_proc p WHERE pronamespace = 'struct'::regnamespace
         AND (proacl IS NULL OR EXISTS (SELECT FROM aclexplode(proacl) a WHERE a.grantee = 0))",
    )
    .await;
    assert!(public.is_empty(), "{public:?}");
}

/// `store/columns.toml`: what each column is.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Classes {
    /// Table, then column.
    platform: BTreeMap<String, BTreeMap<String, Class>>,
    /// Columns every table of a service has.
    record: BTreeMap<String, Class>,
    /// By their first letters: `f_`, `x_`, `b_`.
    field: BTreeMap<String, Class>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Class {
    owner: Owner,
    personal: bool,
    sealed: bool,
    extracted: bool,
    erased: Erased,
}

#[derive(serde::Deserialize, PartialEq, Debug)]
#[serde(rename_all = "snake_case")]
enum Owner {
    Platform,
    Tenant,
}

#[derive(serde::Deserialize, PartialEq, Debug)]
#[serde(rename_all = "snake_case")]
enum Erased {
    /// With the service's key, everywhere, backups included.
    Key,
    /// With its row, when the tenant or the contract goes.
    Row,
    /// Never: it tells nothing of anybody.
    Never,
}

#[tokio::test]
async fn every_column_is_classified_and_no_classified_column_is_missing() {
    let database = Database::new().await;
    let root = database.root().await;
    let file = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/columns.toml")).expect("it is there");
    let classes: Classes = toml::from_str(&file).expect("it reads");
    let sql = "SELECT table_schema::text, table_name::text, column_name::text FROM information_schema.columns
        WHERE table_schema = 'struct' OR table_schema LIKE 'svc\\_%'";
    let (mut seen, mut unknown) = (BTreeSet::new(), Vec::new());
    for row in root.query(sql, &[]).await.expect("a list") {
        let (schema, table, column): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let known = if schema == "struct" {
            classes.platform.get(&table).is_some_and(|columns| columns.contains_key(&column))
        } else {
            classes.record.contains_key(&column) || classes.field.contains_key(&column[..2])
        };
        if !known {
            unknown.push(format!("{schema}.{table}.{column}"));
        }
        let place = if schema == "struct" { format!("{table}.{column}") } else { column.clone() };
        seen.insert(place);
        seen.insert(format!("{}*", &column[..2.min(column.len())]));
    }
    assert!(unknown.is_empty(), "not classified in columns.toml: {unknown:#?}");
    let named = classes
        .platform
        .iter()
        .flat_map(|(table, columns)| columns.keys().map(move |column| format!("{table}.{column}")));
    let named =
        named.chain(classes.record.keys().cloned()).chain(classes.field.keys().map(|prefix| format!("{prefix}*")));
    let gone: Vec<String> = named.filter(|place| !seen.contains(place)).collect();
    assert!(gone.is_empty(), "classified, but not there: {gone:?}");
    for (place, class) in classes.platform.values().flatten().chain(&classes.record).chain(&classes.field) {
        // What tells about a person is never in the clear.
        assert!(!class.personal || class.sealed, "{place} is personal and in the clear");
        assert!(class.owner == Owner::Tenant || !class.extracted, "{place} is the platform's and extracted");
        assert!(class.erased != Erased::Never || !class.personal, "{place} is personal and never erased");
    }
}

#[tokio::test]
async fn a_personal_field_has_no_column_in_the_clear() {
    let database = Database::new().await;
    let root = database.root().await;
    for service in shipped() {
        for entity in &service.entities {
            for field in entity.fields.iter().filter(|field| field.personal) {
                let sql = "SELECT count(*) FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2 AND column_name IN ($3, $4)";
                let (schema, plain) = (format!("svc_{}", service.name), format!("f_{}", field.name));
                let row = root.query_one(sql, &[&schema, &entity.name, &plain, &field.name]).await.expect("a count");
                assert_eq!(row.get::<_, i64>(0), 0, "{schema}.{}.{}", entity.name, field.name);
            }
        }
    }
}
