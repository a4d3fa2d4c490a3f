//! Mass extraction: held before its first byte, decided by another administrator, taken once.

use super::{promote, raised, told};
use crate::{customer, denied, entries};
use app::extraction::hold::Standing;
use app::extraction::{Extraction, Format};
use app::{Caller, Error, Refusal};
use domain::audit::Verb;
use domain::audit::sign::{MAX_WAITING_HOLDS, RoleLimit, Rule};
use domain::id::HoldId;
use domain::record::ListQuery;
use futures_util::TryStreamExt;
use jiff::SignedDuration;
use testkit::running::{ADMIN, NOBODY, OPERATOR, OTHER, READER, Running, SALES};

/// Rows a member of sales may take out in a day without being compared.
const FREE: u64 = 3;
/// Customers there are.
const CUSTOMERS: usize = 8;

/// A tenant with more customers than sales may take out.
async fn start() -> Running {
    let running = Running::start().await;
    let (admin, sales) = (running.caller(ADMIN).await, running.caller(SALES).await);
    let limit = RoleLimit { free_rows: Some(FREE), max_rows: None };
    running.app.set_role_limit(&admin, running.sales, limit, "件数を絞る").await.expect("limited");
    for number in 0..CUSTOMERS {
        customer(&running.app, &sales, &format!("C{number}"), "山本 健").await;
    }
    running
}

async fn extract(running: &Running, query: ListQuery) -> Result<Extraction, Error> {
    let sales = running.caller(SALES).await;
    running.app.extract(&sales, "crm", "customer", Format::Csv, query).await
}

/// Extracts everything, which is held.
async fn held(running: &Running) -> HoldId {
    match extract(running, ListQuery::default()).await.map(drop) {
        Err(Error::Held(held)) => held.hold,
        other => panic!("not held: {other:?}"),
    }
}

async fn lines(extraction: Extraction) -> usize {
    let chunks: Vec<Vec<u8>> = extraction.stream.try_collect().await.expect("all of it");
    chunks.concat().split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count() - 1
}

fn refusal<T>(done: Result<T, Error>) -> Refusal {
    match done.map(drop) {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

async fn taken(running: &Running) -> i64 {
    running
        .database
        .number("SELECT count(*) FROM struct.entry WHERE verb = 'records.extracted' AND outcome = 'done'")
        .await
}

#[tokio::test]
async fn a_mass_extraction_is_held_before_its_first_byte_and_everybody_knows() {
    let running = start().await;
    let hold = held(&running).await;
    assert_eq!(taken(&running).await, 0, "nothing has left");
    assert_eq!(entries(&running, Verb::ExtractionHeld).await, 1);
    assert_eq!(raised(&running).await, [Rule::ExtractionVolume]);
    running.app.tell_signs().await.expect("told");
    assert_eq!(told(&running, Rule::ExtractionVolume), [ADMIN, OPERATOR]);
    let view = running.app.held_extraction(&running.caller(SALES).await, hold).await.expect("a page");
    assert_eq!((view.standing, view.counted, view.taken_before), (Standing::Waiting, 8, 0));
    assert_eq!((view.figures.value, view.figures.limit, view.rule), (8, FREE, Rule::ExtractionVolume));
    assert_eq!(view.others, ["管理 太郎"]);
    let taken = running.app.take_extraction(&running.caller(SALES).await, hold).await;
    assert_eq!(refusal(taken), Refusal::HoldNotOpen);
}

#[tokio::test]
async fn the_asker_releases_nothing_even_as_an_administrator() {
    let running = start().await;
    let hold = held(&running).await;
    assert!(denied(&running.app.decide_extraction(&running.caller(SALES).await, hold, true, "x").await));
    let sales = promote(&running, SALES).await;
    for release in [true, false] {
        assert_eq!(refusal(running.app.decide_extraction(&sales, hold, release, "x").await), Refusal::OwnHold);
    }
    assert_eq!(entries(&running, Verb::ExtractionReleased).await, 1, "the attempt is entered");
    assert_eq!(refusal(running.app.take_extraction(&sales, hold).await), Refusal::HoldNotOpen);
    // The database would not have it either.
    let own =
        "UPDATE struct.hold SET state = 'released', decided_by = asked_by, decided_at = now(), reason_sealed = ''";
    let root = running.database.root().await;
    assert!(root.batch_execute(own).await.is_err());
}

#[tokio::test]
async fn another_tenants_or_a_strangers_hold_is_not_found_and_that_is_entered() {
    let running = start().await;
    let hold = held(&running).await;
    for email in [OTHER, NOBODY] {
        let caller = running.caller(email).await;
        let found = running.app.held_extraction(&caller, hold).await;
        assert!(matches!(found, Err(Error::NotFound)), "{email}: {found:?}");
        let found = running.app.take_extraction(&caller, hold).await.map(drop);
        assert!(matches!(found, Err(Error::NotFound)), "{email}: {found:?}");
    }
    let decided = running.app.decide_extraction(&running.caller(OTHER).await, hold, true, "x").await;
    assert!(matches!(decided, Err(Error::NotFound)), "{decided:?}");
    assert_eq!(entries(&running, Verb::RecordNotFound).await, 5);
}

#[tokio::test]
async fn who_is_disabled_or_no_administrator_any_more_releases_nothing() {
    let running = start().await;
    let hold = held(&running).await;
    let admin = running.caller(ADMIN).await;
    let reader = promote(&running, READER).await;
    running.app.set_active(&admin, reader.user, false).await.expect("disabled");
    assert!(running.app.decide_extraction(&reader, hold, true, "x").await.is_err());
    assert_eq!(running.database.number("SELECT count(*) FROM struct.hold WHERE state = 'waiting'").await, 1);
    let refused = running.app.decide_extraction(&admin, hold, true, "").await;
    assert_eq!(crate::faults(refused), [("reason".to_owned(), "required")]);
}

#[tokio::test]
async fn a_released_extraction_is_taken_once_by_its_asker_alone() {
    let running = start().await;
    let hold = held(&running).await;
    let admin = running.caller(ADMIN).await;
    running.app.decide_extraction(&admin, hold, true, "棚卸しのため").await.expect("released");
    assert_eq!(refusal(running.app.decide_extraction(&admin, hold, false, "やはり").await), Refusal::HoldSettled);
    let other = running.app.take_extraction(&admin, hold).await.map(drop);
    assert!(matches!(other, Err(Error::NotFound)), "{other:?}");
    let sales = running.caller(SALES).await;
    let view = running.app.held_extraction(&sales, hold).await.expect("a page");
    let decided = view.decided.expect("decided");
    assert_eq!((decided.0.as_deref(), decided.2.as_str()), (Some("管理 太郎"), "棚卸しのため"));
    let extraction = running.app.take_extraction(&sales, hold).await.expect("taken");
    assert_eq!(taken(&running).await, 1, "entered before the first byte");
    assert_eq!(lines(extraction).await, CUSTOMERS);
    assert_eq!(refusal(running.app.take_extraction(&sales, hold).await), Refusal::HoldNotOpen);
    assert_eq!(running.database.number("SELECT sum(extracted_rows)::bigint FROM struct.tally").await, 8);
}

#[tokio::test]
async fn a_refused_one_is_never_taken_and_time_ends_what_was_not_decided_or_not_taken() {
    let running = start().await;
    let (admin, sales) = (running.caller(ADMIN).await, running.caller(SALES).await);
    let refused = held(&running).await;
    running.app.decide_extraction(&admin, refused, false, "理由がない").await.expect("refused");
    assert_eq!(refusal(running.app.take_extraction(&sales, refused).await), Refusal::HoldNotOpen);
    let (released, waiting) = (held(&running).await, held(&running).await);
    running.app.decide_extraction(&admin, released, true, "よい").await.expect("released");
    running.clock.advance(SignedDuration::from_hours(25));
    assert_eq!(refusal(running.app.take_extraction(&sales, released).await), Refusal::HoldNotOpen);
    running.clock.advance(SignedDuration::from_hours(48));
    assert_eq!(refusal(running.app.decide_extraction(&admin, waiting, true, "遅い").await), Refusal::HoldSettled);
    for hold in [released, waiting] {
        let view = running.app.held_extraction(&sales, hold).await.expect("a page");
        assert_eq!(view.standing, Standing::Expired);
    }
    assert_eq!(taken(&running).await, 0);
}

#[tokio::test]
async fn of_two_administrators_at_once_one_decides_and_of_two_takings_one_is_served() {
    let running = start().await;
    let reader = promote(&running, READER).await;
    let admin = running.caller(ADMIN).await;
    let sales = running.caller(SALES).await;
    let second = running.second_server();
    for _ in 0..5 {
        let hold = held(&running).await;
        let (a, b) = tokio::join!(
            running.app.decide_extraction(&admin, hold, true, "よい"),
            second.decide_extraction(&reader, hold, true, "よい"),
        );
        assert_eq!(usize::from(a.is_ok()) + usize::from(b.is_ok()), 1, "{a:?} {b:?}");
        let (a, b) = tokio::join!(running.app.take_extraction(&sales, hold), second.take_extraction(&sales, hold));
        assert_eq!(usize::from(a.is_ok()) + usize::from(b.is_ok()), 1);
    }
    assert_eq!(entries(&running, Verb::ExtractionReleased).await, 5);
    assert_eq!(taken(&running).await, 5);
}

#[tokio::test]
async fn small_extractions_add_up_and_two_at_once_do_not_slip_through() {
    let running = start().await;
    let two = || {
        let condition = |field: &str, test, value: &str| domain::record::Condition {
            field: field.to_owned(),
            test,
            value: value.to_owned(),
        };
        ListQuery { conditions: vec![condition("number", domain::record::Test::Equals, "C1")], ..ListQuery::default() }
    };
    assert_eq!(lines(extract(&running, two()).await.expect("one row")).await, 1);
    let sales = running.caller(SALES).await;
    let servers: Vec<_> = (0..6).map(|_| running.second_server()).collect();
    let wanted = servers.iter().map(|app| app.extract(&sales, "crm", "customer", Format::Csv, two()));
    let done = futures_util::future::join_all(wanted).await;
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 2, "three rows a day, one of which had left");
    assert!(done.iter().all(|done| done.is_ok() || matches!(done, Err(Error::Held(_) | Error::Refused(_)))));
    running.clock.advance(SignedDuration::from_hours(24));
    extract(&running, two()).await.map(drop).expect("another day");
}

#[tokio::test]
async fn what_grew_after_it_was_released_breaks_off() {
    let running = start().await;
    let hold = held(&running).await;
    running.app.decide_extraction(&running.caller(ADMIN).await, hold, true, "よい").await.expect("released");
    let sales = running.caller(SALES).await;
    for number in 0..11 {
        customer(&running.app, &sales, &format!("N{number}"), "x").await;
    }
    let extraction = running.app.take_extraction(&sales, hold).await.expect("begun");
    let chunks: Result<Vec<Vec<u8>>, Error> = extraction.stream.try_collect().await;
    assert!(chunks.is_err(), "eight were counted, nineteen are there");
}

#[tokio::test]
async fn only_a_few_wait_for_one_person_and_a_raised_limit_lets_the_rest_go() {
    let running = start().await;
    for _ in 0..MAX_WAITING_HOLDS {
        held(&running).await;
    }
    assert_eq!(refusal(extract(&running, ListQuery::default()).await), Refusal::TooManyHolds);
    assert_eq!(raised(&running).await.len(), usize::try_from(MAX_WAITING_HOLDS).expect("a few"));
    let admin: Caller = running.caller(ADMIN).await;
    let limit = RoleLimit { free_rows: Some(100), max_rows: None };
    running.app.set_role_limit(&admin, running.sales, limit, "月末のため").await.expect("raised");
    assert_eq!(lines(extract(&running, ListQuery::default()).await.expect("let go")).await, CUSTOMERS);
    let limit = RoleLimit { free_rows: Some(100), max_rows: Some(10) };
    running.app.set_role_limit(&admin, running.sales, limit, "上限").await.expect("limited");
    let found = extract(&running, ListQuery::default()).await.map(drop);
    assert!(matches!(found, Err(Error::Refused(Refusal::TooManyHolds))), "sixteen rows in a day: {found:?}");
}
