//! Flights: what they refuse, what they hold together, how they travel.

use crate::{House, ONE, TWO, entry, head, id, number};
use domain::id::{RecordId, SessionId};
use std::time::Duration;
use store::{Check, Flight, Head, Statement, Store, StoreError};
use testkit::proxy::Proxy;

struct Session {
    house: House,
    session: SessionId,
}

impl Session {
    async fn new() -> Self {
        let house = House::new().await;
        let session = id(77);
        let (tenant, user) = (house.tenant(ONE), house.user(ONE));
        let open = store::session::open(tenant, session, [7; 32], user, 12, vec![0]);
        house.store.fly(Flight::write(head(tenant), vec![open], &[entry(tenant, 500)])).await.expect("a session");
        Self { house, session }
    }

    async fn begin(&self, session: SessionId, epoch: i64) -> Result<(), StoreError> {
        let head = Head { tenant: self.house.tenant(ONE), check: Check::Session(session, epoch) };
        self.house.store.fly(Flight::read(head, Vec::new())).await.map(drop)
    }

    async fn change(&self, sql: &str) {
        self.house
            .database
            .root()
            .await
            .batch_execute(&format!("UPDATE struct.session SET {sql}"))
            .await
            .expect("a change");
    }
}

#[tokio::test]
async fn an_ended_expired_idle_or_foreign_session_begins_nothing() {
    let it = Session::new().await;
    it.begin(it.session, 1).await.expect("it stands");
    assert!(matches!(it.begin(id(78), 1).await, Err(StoreError::SessionOver)));
    let foreign = Head { tenant: it.house.tenant(TWO), check: Check::Session(it.session, 1) };
    assert!(matches!(it.house.store.fly(Flight::read(foreign, Vec::new())).await, Err(StoreError::SessionOver)));
    for (over, stands) in [
        ("ended_at = now()", "ended_at = NULL"),
        ("expires_at = now() - interval '1 second'", "expires_at = now() + interval '1 hour'"),
        ("last_seen_at = now() - interval '30 minutes 1 second'", "last_seen_at = now() - interval '29 minutes'"),
    ] {
        it.change(over).await;
        assert!(matches!(it.begin(it.session, 1).await, Err(StoreError::SessionOver)), "{over}");
        assert!(
            !it.house.store.session_seen(it.house.tenant(ONE), it.session, None).await.expect("an answer"),
            "{over}"
        );
        assert!(matches!(it.begin(it.session, 1).await, Err(StoreError::SessionOver)), "use revived it: {over}");
        it.change(stands).await;
        it.begin(it.session, 1).await.expect(stands);
    }
}

#[tokio::test]
async fn rights_decided_on_an_older_epoch_begin_nothing_and_change_nothing() {
    let it = Session::new().await;
    let tenant = it.house.tenant(ONE);
    it.house
        .store
        .fly(Flight::write(head(tenant), vec![store::access::rights_changed()], &[entry(tenant, 501)]))
        .await
        .expect("a change");
    assert!(matches!(it.begin(it.session, 1).await, Err(StoreError::EpochMoved)));
    let stale = Head { tenant, check: Check::Epoch(1) };
    let make = it.house.create(tenant, it.house.user(ONE), 1);
    let refused = it.house.store.fly(Flight::write(stale, vec![make], &[entry(tenant, 502)])).await;
    assert!(matches!(refused, Err(StoreError::EpochMoved)), "{refused:?}");
    assert_eq!(it.house.database.number("SELECT count(*) FROM svc_crm.customer").await, 0);
    it.begin(it.session, 2).await.expect("the newer one stands");
    // Another tenant's rights are its own.
    let snapshot = it.house.store.snapshot(it.house.tenant(TWO)).await.expect("an answer").expect("it is there");
    assert_eq!(snapshot.epoch, 1);
}

#[tokio::test]
async fn a_change_and_its_entry_leave_neither_when_either_is_refused() {
    let it = Session::new().await;
    let (house, tenant, user) = (&it.house, it.house.tenant(ONE), it.house.user(ONE));
    let fly = async |check, number| {
        let flight =
            Flight::change(Head { tenant, check }, house.create(tenant, user, number), entry(tenant, 900 + number));
        house.store.fly(flight).await
    };
    let counts = async || {
        let count = async |table: &str| house.database.number(&format!("SELECT count(*) FROM {table}")).await;
        (count("svc_crm.customer").await, count("struct.entry").await, count("struct.entry_waiting").await)
    };
    let (records, entries, waiting) = counts().await;
    assert!(matches!(fly(Check::Session(id(78), 1), 1).await, Err(StoreError::SessionOver)));
    assert!(matches!(fly(Check::Session(it.session, 2), 1).await, Err(StoreError::EpochMoved)));
    assert!(matches!(fly(Check::Epoch(2), 1).await, Err(StoreError::EpochMoved)));
    assert_eq!(counts().await, (records, entries, waiting), "refused");
    assert_eq!(
        fly(Check::Session(it.session, 1), 1).await.expect("it stands").len(),
        1,
        "the answer to the change alone"
    );
    let twice = Flight::change(head(tenant), house.create(tenant, user, 1), entry(tenant, 950));
    house.store.fly(twice).await.expect_err("the record is there");
    assert_eq!(
        counts().await,
        (records + 1, entries + 1, waiting + 1),
        "one record, one entry, one place in the queue"
    );
    assert_eq!(fly(Check::Nothing, 2).await.expect("nothing is checked").len(), 1);
    assert_eq!(counts().await, (records + 2, entries + 2, waiting + 2));
}

#[tokio::test]
#[should_panic(expected = "no change without an entry")]
async fn a_change_without_an_entry_does_not_even_set_out() {
    let tenant = id(1);
    let _ = Flight::write(head(tenant), vec![store::access::rights_changed()], &[]);
}

#[tokio::test]
async fn an_error_in_the_middle_commits_nothing_before_or_after_it() {
    let house = House::new().await;
    let tenant = house.tenant(ONE);
    let broken = [
        ("SELECT 1 / 0", "22012"),
        ("SELECT struct.op_expect(0, 1)", "ST409"),
        (
            "INSERT INTO struct.role (tenant_id, role_id, name) VALUES (struct.current_tenant(), gen_random_uuid(), '')",
            "23514",
        ),
    ];
    for (place, (sql, code)) in broken.into_iter().enumerate() {
        let user = house.user(ONE);
        let mut statements =
            vec![house.create(tenant, user, 1), house.create(tenant, user, 2), house.create(tenant, user, 3)];
        statements.insert(place + 1, Statement::new(sql, Vec::new()));
        let refused = house.store.fly(Flight::write(head(tenant), statements, &[entry(tenant, 600)])).await;
        match refused {
            Err(StoreError::Unexpected) if code == "ST409" => {}
            Err(StoreError::Fault(text)) => assert!(text.starts_with(code), "{text}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(house.database.number("SELECT count(*) FROM svc_crm.customer").await, 0);
        assert_eq!(house.database.number("SELECT count(*) FROM struct.entry WHERE verb = 'record.created'").await, 2);
    }
    // The connection is as good as before.
    house.customer(9).await;
    assert_eq!(house.store.connections(), (1, 1));
}

#[tokio::test]
async fn a_taken_value_and_a_reference_to_nothing_name_their_field() {
    let house = House::new().await;
    house.customer(1).await;
    let tenant = house.tenant(ONE);
    let mut columns = house.columns(1);
    columns.id = id::<RecordId>(2).0;
    let make = house.customer.create(tenant, house.user(ONE), columns);
    let refused = house.store.fly(Flight::write(head(tenant), vec![make], &[entry(tenant, 700)])).await;
    let Err(StoreError::Taken(constraint)) = refused else { panic!("{refused:?}") };
    assert_eq!(house.customer.field_of(house.entity("customer"), &constraint).as_deref(), Some("number"));
    let deal = store::record::RecordTable::new(&house.crm, house.entity("deal"));
    let row = store::record::Columns {
        id: id::<RecordId>(3).0,
        sealed: vec![1],
        plain: deal
            .plain
            .iter()
            .map(|field| match field.name.as_str() {
                "number" | "stage" => Some("lead".to_owned()),
                "customer" => Some(id::<RecordId>(404).to_string()),
                _ => None,
            })
            .collect(),
        exact: Vec::new(),
        partial: deal.partial.iter().map(|_| None).collect(),
    };
    let refused = house
        .store
        .fly(Flight::write(head(tenant), vec![deal.create(tenant, house.user(ONE), row)], &[entry(tenant, 701)]))
        .await;
    let Err(StoreError::Reference(constraint)) = refused else { panic!("{refused:?}") };
    assert_eq!(deal.field_of(house.entity("deal"), &constraint).as_deref(), Some("customer"));
    // The same value is free in another tenant.
    let two = house.tenant(TWO);
    let make = house.create(two, house.user(TWO), 1);
    house.store.fly(Flight::write(head(two), vec![make], &[entry(two, 702)])).await.expect("it is free there");
}

#[tokio::test]
async fn a_statement_that_runs_too_long_is_stopped_and_said_to_be_slow() {
    let house = House::new().await;
    let tenant = house.tenant(ONE);
    let limit = Statement::new("SELECT setting::bigint FROM pg_settings WHERE name = 'statement_timeout'", Vec::new());
    let found = house.store.fly(Flight::read(head(tenant), vec![limit])).await.expect("an answer");
    assert_eq!(number(&found), i64::from(Store::statement_limit_ms()));
    let sooner = Statement::new("SELECT set_config('statement_timeout', '30', true)", Vec::new());
    let long = Statement::new("SELECT pg_sleep(20)", Vec::new());
    let refused = house.store.fly(Flight::read(head(tenant), vec![sooner, long])).await;
    assert!(matches!(refused, Err(StoreError::TooSlow)), "{refused:?}");
    // The bound did not stay behind.
    let limit = Statement::new("SELECT setting::bigint FROM pg_settings WHERE name = 'statement_timeout'", Vec::new());
    assert_eq!(
        number(&house.store.fly(Flight::read(head(tenant), vec![limit])).await.expect("an answer")),
        i64::from(Store::statement_limit_ms())
    );
}

#[tokio::test]
async fn a_flight_is_one_round_trip_and_says_everything_before_it_hears_anything() {
    let it = Session::new().await;
    let (house, tenant) = (&it.house, it.house.tenant(ONE));
    let proxy = Proxy::start(&house.database.socket_dir);
    let store = Store::new(&house.database.address_through(proxy.socket_dir(), "struct_app")).expect("a pool");
    let make = |number| {
        let head = Head { tenant, check: Check::Session(it.session, 1) };
        let mut statements: Vec<Statement> = (0..40).map(|_| house.customer.get(tenant, id(number))).collect();
        statements.push(house.create(tenant, house.user(ONE), number));
        Flight::write(head, statements, &[entry(tenant, 800 + number)])
    };
    store.fly(make(1)).await.expect("statements are known to the connection now");
    let before = proxy.turns();
    store.fly(make(2)).await.expect("it lands");
    assert_eq!(proxy.turns() - before, 1, "one round trip for 43 statements");
    // With every answer kept back, the COMMIT still goes out: seen by its effect.
    proxy.hold(true);
    let flying = tokio::spawn({
        let (store, flight) = (store.clone(), make(3));
        async move { store.fly(flight).await.map(drop) }
    });
    let mut committed = 0;
    for _ in 0..200 {
        committed = house.database.number("SELECT count(*) FROM svc_crm.customer").await;
        if committed == 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(committed, 3, "nothing was waited for");
    assert!(!flying.is_finished());
    proxy.hold(false);
    flying.await.expect("no panic").expect("it lands");
}
