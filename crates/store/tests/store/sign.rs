//! Signs of fraud as stored: what the application can't change, what is one sign, how its facts are found.

use crate::{House, ONE, TWO, entry, head, id};
use domain::audit::sign::{Figures, Rule, Sign, day_of, entry_instant, start_of};
use domain::audit::{Actor, Outcome, Verb};
use domain::id::SignId;
use store::audit::SealedEntry;
use store::sign::{PastQuery, within};
use store::{Flight, StoreError};

fn act(house: &House, tenant: u128, number: u128, verb: Verb, rows: Option<u64>) -> SealedEntry {
    let mut act = entry(house.tenant(tenant), number);
    (act.entry.actor, act.entry.verb) = (Actor::User(house.user(tenant)), verb);
    act.entry.detail.rows = rows;
    if verb == Verb::AccessDenied {
        act.entry.outcome = Outcome::Denied;
    }
    act
}

fn sign() -> Sign {
    let at = start_of(day_of("2026-11-22T00:00:00Z".parse().expect("an instant")), 9);
    let figures = Figures { value: 2, limit: 1, spread: None, from: at, until: at };
    Sign { rule: Rule::RevealVolume, window: "2026-11-22".to_owned(), figures, place: None, record: None }
}

#[tokio::test]
async fn the_application_never_changes_what_was_seen_or_held_and_removes_neither() {
    let house = House::new().await;
    let app = house.database.connect("struct_app").await;
    app.batch_execute(&format!("SET struct.tenant = '{}'", house.tenant(ONE))).await.expect("a setting");
    for sql in [
        "UPDATE struct.sign SET value = 0",
        "UPDATE struct.sign SET rule = 'x'",
        "DELETE FROM struct.sign",
        "UPDATE struct.hold SET counted = 0",
        "UPDATE struct.hold SET asked_by = gen_random_uuid()",
        "UPDATE struct.hold SET query_sealed = ''",
        "DELETE FROM struct.hold",
        "DELETE FROM struct.tally",
    ] {
        let error = app.batch_execute(sql).await.expect_err(sql);
        assert_eq!(error.as_db_error().expect("an answer").code().code(), "42501", "{sql}");
    }
}

#[tokio::test]
async fn the_same_sign_is_raised_once_and_its_second_entry_comes_to_nothing() {
    let house = House::new().await;
    let (tenant, user) = (house.tenant(ONE), house.user(ONE));
    let raise = |number: u128| {
        let raise = store::sign::raise(tenant, id::<SignId>(number), user, &sign(), sign().figures.from);
        house.store.fly(Flight::write(head(tenant), vec![raise], &[entry(tenant, 700 + number)]))
    };
    raise(1).await.expect("raised");
    assert!(matches!(raise(2).await, Err(StoreError::Unexpected)));
    assert_eq!(house.database.number("SELECT count(*) FROM struct.sign").await, 1);
    let entered = format!("SELECT count(*) FROM struct.entry WHERE entry_id = '{}'", id::<SignId>(702));
    assert_eq!(house.database.number(&entered).await, 0);
    // Behind another tenant's wall there is none.
    assert!(house.store.signs(head(house.tenant(TWO)), true, 10).await.expect("a list").is_empty());
    assert_eq!(house.store.signs(head(tenant), false, 10).await.expect("a list").len(), 1);
}

#[tokio::test]
async fn acts_that_count_are_counted_in_their_flight_for_their_person_and_day() {
    let house = House::new().await;
    let before = house.database.number("SELECT count(*) FROM struct.tally").await;
    house.customer(5).await;
    assert_eq!(house.database.number("SELECT count(*) FROM struct.tally").await, before, "a plain write");
    for tenant in [ONE, TWO] {
        let acts = [
            act(&house, tenant, 801, Verb::RecordRevealed, None),
            act(&house, tenant, 802, Verb::RecordsExtracted, Some(40)),
            act(&house, tenant, 803, Verb::RecordsExtracted, Some(2)),
            act(&house, tenant, 804, Verb::AccessDenied, None),
            act(&house, tenant, 805, Verb::RecordConflicted, None),
        ];
        house.store.enter(head(house.tenant(tenant)), &acts).await.expect("entered");
    }
    let day = day_of(entry_instant(id(801)));
    let asked = PastQuery { user: house.user(ONE), day };
    let past = house.store.past(house.tenant(ONE), asked).await.expect("a past");
    let days: Vec<_> = past.days.iter().map(|day| (day.extracted_rows, day.reveals)).collect();
    assert_eq!(days, [(42, 1)]);
    assert_eq!(past.acts.len(), 4, "the conflict tells nothing");
    let due = house.store.tally_due(10).await.expect("a list");
    assert_eq!(due.len(), 2);
    for due in due {
        house.store.tally_looked(due, 1).await.expect("noted");
    }
    assert!(house.store.tally_due(10).await.expect("a list").is_empty());
    let tenant = house.tenant(ONE);
    for (rows, fits) in [(58, true), (59, false)] {
        let flight = Flight::write(
            head(tenant),
            vec![within(tenant, asked, rows, 100)],
            &[entry(tenant, 810 + u128::from(rows))],
        );
        let done = house.store.fly(flight).await;
        assert_eq!(done.is_ok(), fits, "{rows}: {done:?}");
    }
}

#[tokio::test]
async fn what_the_rules_look_at_is_found_among_many_entries_by_an_index_of_its_own() {
    let house = House::new().await;
    let tenant = house.tenant(ONE);
    let many = format!(
        "INSERT INTO struct.entry (tenant_id, entry_id, actor, actor_user, verb, outcome, request_id, detail)
         SELECT '{tenant}', gen_random_uuid(), 'user', '{user}',
                CASE WHEN n % 500 = 0 THEN 'record.revealed' ELSE 'record.created' END, 'done', gen_random_uuid(), ''
         FROM generate_series(1, 20000) n; ANALYZE struct.entry",
        user = house.user(ONE)
    );
    house.database.root().await.batch_execute(&many).await.expect("entries");
    let app = house.database.connect("struct_app").await;
    app.batch_execute(&format!("SET struct.tenant = '{tenant}'")).await.expect("a setting");
    let explain = format!(
        "EXPLAIN SELECT entry_id FROM struct.entry WHERE tenant_id = '{tenant}' AND actor_user = '{}'
         AND entry_id >= '00000000-0000-0000-0000-000000000000' AND {} ORDER BY entry_id DESC LIMIT 100",
        house.user(ONE),
        store::sign::TELLING
    );
    let plan = app.query(&explain, &[]).await.expect("a plan");
    let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
    assert!(plan.iter().any(|line| line.contains("entry_telling")), "{plan:#?}");
}
