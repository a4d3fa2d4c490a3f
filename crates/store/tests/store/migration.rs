//! Migrations and the tables of services: each step once, whole, and never backwards.

use crate::{House, ONE, entry, head, id};
use domain::id::RecordId;
use domain::locale::Label;
use domain::service::{Entity, Field, FieldKind, Index, Service};
use store::record::RecordTable;
use store::schema::install;
use store::{Flight, StoreError, migrate};
use testkit::database::Database;

fn owner(database: &Database) -> store::Address {
    database.address("struct_owner")
}

#[tokio::test]
async fn a_database_of_a_newer_struct_is_refused_and_left_as_it_is() {
    let database = Database::new().await;
    let root = database.root().await;
    root.batch_execute("INSERT INTO struct.migration (version, name, sha256) VALUES (999, '0999_later', '')")
        .await
        .expect("a row");
    let refused = migrate::migrate(&owner(&database)).await;
    assert!(matches!(refused, Err(StoreError::NewerSchema { found: 999, .. })), "{refused:?}");
    let refused = database.store().check_schema().await;
    assert!(matches!(refused, Err(StoreError::NewerSchema { found: 999, .. })), "{refused:?}");
}

#[tokio::test]
async fn a_migration_changed_after_it_was_applied_is_refused() {
    let database = Database::new().await;
    database
        .root()
        .await
        .batch_execute("UPDATE struct.migration SET sha256 = '\\x00' WHERE version = 2")
        .await
        .expect("a row");
    let refused = migrate::migrate(&owner(&database)).await;
    assert!(matches!(refused, Err(StoreError::ChangedMigration(2))), "{refused:?}");
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_of_itself() {
    let database = Database::bare().await;
    let check = database.store().check_schema().await;
    assert!(matches!(check, Err(StoreError::NotMigrated)), "{check:?}");
    // Something stands in the way of the first one's last table.
    database
        .connect("struct_owner")
        .await
        .batch_execute("CREATE TABLE struct.job_refusal (a int)")
        .await
        .expect("a table");
    assert!(migrate::migrate(&owner(&database)).await.is_err());
    let tables = "SELECT count(*) FROM pg_class WHERE relnamespace = 'struct'::regnamespace AND relkind = 'r'";
    assert_eq!(database.number(tables).await, 2, "the obstacle and the list of migrations");
    assert_eq!(database.number("SELECT count(*) FROM struct.migration").await, 0);
    assert!(matches!(database.store().check_schema().await, Err(StoreError::NotMigrated)));
}

#[tokio::test]
async fn two_migrators_at_once_apply_each_migration_once() {
    let database = Database::bare().await;
    let (one, two) = (owner(&database), owner(&database));
    let (one, two) = tokio::join!(migrate::migrate(&one), migrate::migrate(&two));
    let mut both = [one.expect("it ends well"), two.expect("it ends well")];
    both.sort();
    assert_eq!(both, [vec![], (1..=migrate::newest()).collect::<Vec<_>>()]);
    database.store().check_schema().await.expect("it is as it should be");
}

#[tokio::test]
async fn migrating_again_changes_nothing() {
    let database = Database::new().await;
    let state = "SELECT count(*) + sum(extract(epoch FROM applied_at))::bigint FROM struct.migration";
    let before = database.number(state).await;
    assert_eq!(migrate::migrate(&owner(&database)).await.expect("it ends well"), Vec::<i32>::new());
    assert_eq!(database.number(state).await, before);
}

fn label(text: &str) -> Label {
    Label { ja: text.to_owned(), en: text.to_owned() }
}

fn field(name: &str, index: Option<Index>) -> Field {
    Field {
        name: name.to_owned(),
        label: label(name),
        kind: FieldKind::Text,
        personal: false,
        required: false,
        unique: false,
        index,
        max_chars: 100,
        hint: None,
    }
}

#[tokio::test]
async fn an_upgrade_adds_and_keeps_every_row() {
    let house = House::new().await;
    let record: RecordId = house.customer(1).await;
    let mut next = house.crm.clone();
    next.version += 1;
    let customer = next.entities.iter_mut().find(|entity| entity.name == "customer").expect("it is there");
    customer.fields.push(field("nickname", Some(Index::Plain)));
    customer.fields.push(field("remark", Some(Index::Partial)));
    let added = Entity {
        name: "extra".to_owned(),
        label: label("extra"),
        title: "code".to_owned(),
        fields: vec![field("code", Some(Index::Plain))],
    };
    next.entities.push(added);
    install(&owner(&house.database), &next, &[]).await.expect("an upgrade");
    let tenant = house.tenant(ONE);
    let table = RecordTable::new(&next, next.entity("customer").expect("it is there"));
    for statements in [vec![house.customer.get(tenant, record)], vec![table.get(tenant, record)]] {
        let rows = house.store.fly(Flight::read(head(tenant), statements)).await.expect("old and new statements run");
        assert_eq!(rows[0].len(), 1);
    }
    // A server that still runs on the old manifest goes on writing.
    let make = house.create(tenant, house.user(ONE), 2);
    house.store.fly(Flight::write(head(tenant), vec![make], &[entry(tenant, 70)])).await.expect("a record");
    // The older binary installs its manifest again: nothing is lost and the catalogue stays.
    install(&owner(&house.database), &house.crm, &[]).await.expect("no harm");
    let kept = house.store.service("crm").await.expect("an answer").expect("it is there");
    assert_eq!(kept, next);
    assert_eq!(house.database.number("SELECT count(*) FROM information_schema.columns WHERE table_name = 'customer' AND column_name IN ('f_nickname', 'b_remark')").await, 2);
}

#[tokio::test]
async fn two_installers_at_once_do_each_other_no_harm() {
    let database = Database::new().await;
    let crm = testkit::database::shipped().remove(0);
    let address = owner(&database);
    let (one, two) = tokio::join!(install(&address, &crm, &[]), install(&address, &crm, &[]));
    one.expect("it ends well");
    two.expect("it ends well");
}

#[tokio::test]
async fn the_longest_names_a_manifest_may_give_still_name_their_field() {
    let house = House::new().await;
    let long = |end: &str| format!("{}{end}", "a".repeat(41 - end.len()));
    let mut fields = vec![field(&long("one"), Some(Index::Plain)), field(&long("two"), Some(Index::Exact))];
    fields.iter_mut().for_each(|field| field.unique = true);
    let entity = Entity { name: "e".repeat(31), label: label("e"), title: fields[0].name.clone(), fields };
    let service = Service {
        name: "s".repeat(31),
        version: 1,
        label: label("s"),
        entities: vec![entity.clone()],
        screens: Vec::new(),
    };
    install(&owner(&house.database), &service, &[]).await.expect("tables");
    install(&owner(&house.database), &service, &[]).await.expect("again");
    let table = RecordTable::new(&service, &entity);
    let tenant = house.tenant(ONE);
    let row = |number: u128, plain: &str, exact: u8| store::record::Columns {
        id: id::<RecordId>(number).0,
        sealed: vec![1],
        plain: vec![Some(plain.to_owned())],
        exact: vec![Some(vec![exact; 16])],
        partial: Vec::new(),
    };
    for (number, plain, exact, taken) in [(1, "x", 1, None), (2, "x", 2, Some("one")), (3, "y", 1, Some("two"))] {
        let make = table.create(tenant, house.user(ONE), row(number, plain, exact));
        let done = house.store.fly(Flight::write(head(tenant), vec![make], &[entry(tenant, 80 + number)])).await;
        match (done, taken) {
            (Ok(_), None) => {}
            (Err(StoreError::Taken(constraint)), Some(end)) => {
                assert_eq!(table.field_of(&entity, &constraint), Some(long(end)))
            }
            (done, _) => panic!("{done:?}"),
        }
    }
}
