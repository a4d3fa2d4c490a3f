//! What goes wrong between STRUCT and PostgreSQL: wires that break anywhere, a server that goes and comes back.

use crate::{House, ONE, entry, head, id, number};
use domain::id::RecordId;
use std::time::{Duration, Instant};
use store::{Flight, Statement, Store, StoreError};
use testkit::clock::Seeded;
use testkit::database::Database;
use testkit::proxy::Proxy;
use testkit::server::PrivateServer;

const FAULTS: u128 = 1_000;

#[tokio::test]
async fn a_thousand_broken_wires_never_part_an_act_from_its_entry() {
    let house = House::new().await;
    let proxy = Proxy::start(&house.database.socket_dir);
    let store = Store::new(&house.database.address_through(proxy.socket_dir(), "struct_app")).expect("a pool");
    let (tenant, user, random) = (house.tenant(ONE), house.user(ONE), Seeded::new(5));
    let (mut done, mut lost) = (0, 0);
    for number in 0..FAULTS {
        let make = || {
            Flight::write(
                head(tenant),
                vec![house.create(tenant, user, 100_000 + number)],
                &[entry(tenant, 100_000 + number)],
            )
        };
        // How far a first flight of a connection gets is some 3,200 bytes, a later one's some 900.
        proxy.cut_after(random.below(if number % 4 == 0 { 3_600 } else { 1_100 }).cast_signed());
        match store.fly(make()).await {
            Ok(_) => done += 1,
            Err(StoreError::Unavailable(_)) => lost += 1,
            Err(other) => panic!("{number}: {other:?}"),
        }
        proxy.mend();
        if number % 4 == 0 {
            // A connection that knows its statements, for the next ones.
            let read = Statement::new("SELECT 1", Vec::new());
            let _ = store.fly(Flight::read(head(tenant), vec![read])).await;
        }
    }
    assert!(done > 50 && lost > 400, "{done} done, {lost} lost: the faults are where they should be");
    let parted = "SELECT count(*) FROM (SELECT id FROM svc_crm.customer) c FULL JOIN
        (SELECT record_id FROM struct.entry WHERE entry_id >= '01930000-0000-7000-8000-0000000186a0') e ON e.record_id = c.id
        WHERE c.id IS NULL OR e.record_id IS NULL";
    assert_eq!(house.database.number(parted).await, 0);
    let kept = house.database.number("SELECT count(*) FROM svc_crm.customer").await;
    assert!(kept >= done, "{kept} kept, {done} told as done");
    let _: RecordId = id(1);
}

#[tokio::test]
async fn a_server_that_stops_is_unavailable_and_is_used_on_when_it_comes_back() {
    let mut server = PrivateServer::new().await;
    let house = House::on(Database::on(&server).await).await;
    let tenant = house.tenant(ONE);
    house.customer(1).await;
    let one = || {
        Flight::read(
            head(tenant),
            vec![Statement::new(
                "SELECT count(*) FROM svc_crm.customer WHERE tenant_id = $1",
                vec![Box::new(tenant.0)],
            )],
        )
    };
    server.stop().await;
    for _ in 0..3 {
        let since = Instant::now();
        let refused = house.store.fly(one()).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        assert!(since.elapsed() < Duration::from_secs(6), "it says so in time");
        assert!(!house.store.answers().await);
    }
    server.start().await;
    assert_eq!(number(&house.store.fly(one()).await.expect("it is back")), 1);
    // Told while a flight is under way: the flight fails, the next one lands.
    let slow = Flight::read(head(tenant), vec![Statement::new("SELECT pg_sleep(10)", Vec::new())]);
    let flying = tokio::spawn({
        let store = house.store.clone();
        async move { store.fly(slow).await.map(drop) }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.stop().await;
    let refused = flying.await.expect("no panic");
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    server.start().await;
    assert_eq!(number(&house.store.fly(one()).await.expect("it is back")), 1);
}
