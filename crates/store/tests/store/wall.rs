//! Both walls: the statement names the tenant, and row security would refuse it otherwise.

use crate::{House, ONE, TWO, entry, head, id, number};
use domain::id::RecordId;
use store::{Flight, Statement, StoreError};

#[tokio::test]
async fn a_statement_that_names_another_tenant_finds_nothing_and_adds_nothing() {
    let house = House::new().await;
    let record: RecordId = house.customer(1).await;
    let (one, two) = (house.tenant(ONE), house.tenant(TWO));
    // The first wall is broken on purpose: tenant two's transaction, tenant one's id in the statement.
    let rows = house.store.fly(Flight::read(head(two), vec![house.customer.get(one, record)])).await.expect("it runs");
    assert!(rows[0].is_empty());
    let add = house.create(one, house.user(ONE), 2);
    let refused = house.store.fly(Flight::write(head(two), vec![add], &[entry(two, 50)])).await;
    assert!(matches!(&refused, Err(StoreError::Fault(text)) if text.contains("row-level security")), "{refused:?}");
    let change = house.customer.update(one, house.user(ONE), 1, house.columns(1));
    let refused = house.store.fly(Flight::write(head(two), vec![change], &[entry(two, 51)])).await;
    assert!(matches!(refused, Err(StoreError::Unexpected)), "{refused:?}");
    let gone = house.customer.delete(one, record, 1);
    let refused = house.store.fly(Flight::write(head(two), vec![gone], &[entry(two, 52)])).await;
    assert!(matches!(refused, Err(StoreError::Unexpected)), "{refused:?}");
    // An entry in another tenant's log is refused too.
    let refused = house.store.fly(Flight::write(head(two), vec![], &[entry(one, 53)])).await;
    assert!(refused.is_ok(), "entries are written under the flight's tenant: {refused:?}");
    let inside = house.database.number("SELECT count(*) FROM struct.entry WHERE entry_id = '01930000-0000-7000-8000-000000000035' AND tenant_id = (SELECT tenant_id FROM struct.tenant WHERE code = 'one')").await;
    assert_eq!(inside, 0);
}

#[tokio::test]
async fn without_a_tenant_or_with_an_empty_one_no_row_of_anybody_is_seen_or_added() {
    let house = House::new().await;
    house.customer(1).await;
    let app = house.database.connect("struct_app").await;
    let tables = app
        .query(
            "SELECT format('%I.%I', c.relnamespace::regnamespace::text, c.relname) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
             WHERE c.relkind = 'r' AND a.attname = 'tenant_id' AND has_table_privilege(c.oid, 'SELECT')",
            &[],
        )
        .await
        .expect("a list");
    assert!(tables.len() > 15, "{}", tables.len());
    for setting in ["RESET struct.tenant", "SET struct.tenant = ''"] {
        app.batch_execute(setting).await.expect("anybody may");
        for row in &tables {
            let table: String = row.get(0);
            let seen: i64 = app.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.expect("a count").get(0);
            assert_eq!(seen, 0, "{table} after {setting}");
        }
        let add = app
            .execute("INSERT INTO struct.role (tenant_id, role_id, name) VALUES ($1, $1, 'x')", &[&house.tenant(ONE).0])
            .await;
        assert!(add.is_err());
    }
    // What SET LOCAL leaves behind is such an empty setting.
    let mine = format!("BEGIN; SET LOCAL struct.tenant = '{}'; COMMIT", house.tenant(ONE));
    app.batch_execute(&mine).await.expect("it runs");
    let left: Option<String> =
        app.query_one("SELECT current_setting('struct.tenant', true)", &[]).await.expect("a row").get(0);
    assert_eq!(left.as_deref(), Some(""));
    let seen: i64 = app.query_one("SELECT count(*) FROM svc_crm.customer", &[]).await.expect("a count").get(0);
    assert_eq!(seen, 0);
}

#[tokio::test]
async fn what_is_no_tenants_id_never_reads_as_one() {
    let house = House::new().await;
    house.customer(1).await;
    let app = house.database.connect("struct_app").await;
    app.batch_execute("SET struct.tenant = 'x'' OR true --'").await.expect("a setting");
    assert!(app.query("SELECT * FROM svc_crm.customer", &[]).await.is_err());
}

#[tokio::test]
async fn a_tenant_reads_what_it_wrote() {
    let house = House::new().await;
    let record: RecordId = house.customer(1).await;
    let one = house.tenant(ONE);
    let rows = house.store.fly(Flight::read(head(one), vec![house.customer.get(one, record)])).await.expect("it runs");
    assert_eq!(rows[0].len(), 1);
    let count = Statement::new("SELECT count(*) FROM struct.entry WHERE tenant_id = $1", vec![Box::new(one.0)]);
    assert_eq!(number(&house.store.fly(Flight::read(head(one), vec![count])).await.expect("a count")), 2);
    let _: RecordId = id(1);
}

#[tokio::test]
async fn a_flight_that_was_told_to_read_writes_nothing() {
    let house = House::new().await;
    let one = house.tenant(ONE);
    let refused = house.store.fly(Flight::read(head(one), vec![house.create(one, house.user(ONE), 1)])).await;
    assert!(matches!(&refused, Err(StoreError::Fault(text)) if text.contains("read-only")), "{refused:?}");
}
