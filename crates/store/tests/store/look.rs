//! Looking through the log: every filter finds exactly what it should, in both directions, however short a look is.

use crate::{House, ONE, TWO, entry, head, id};
use domain::audit::{Actor, Detail, Entry, Outcome, Target, Verb};
use domain::id::{EntryId, RecordId, RequestId, TenantId, UserId, uuid_v7};
use futures_util::TryStreamExt;
use jiff::{SignedDuration, Timestamp};
use store::Flight;
use store::audit::{EntryFilter, SealedEntry, instant_of};

/// Entries generated for each of the two tenants.
const ENTRIES: u64 = 240;

const VERBS: [Verb; 6] = [
    Verb::RecordCreated,
    Verb::RecordUpdated,
    Verb::RecordsExtracted,
    Verb::RoleCreated,
    Verb::SessionStarted,
    Verb::AuditHeartbeat,
];

fn start() -> Timestamp {
    "2026-11-01T00:00:00Z".parse().expect("an instant")
}

/// A different number for each place and purpose, the same in each run.
fn mixed(number: u64, purpose: u64, below: u64) -> u64 {
    let mut z = (number * 31 + purpose).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (z ^ (z >> 31)) % below
}

fn user(number: u64) -> UserId {
    id(3000 + u128::from(number))
}

fn record(number: u64) -> RecordId {
    id(4000 + u128::from(number))
}

/// One entry an hour.
fn generated(tenant: TenantId, number: u64) -> Entry {
    let ms = u64::try_from(start().as_millisecond()).expect("after the epoch") + number * 3_600_000;
    let verb = VERBS[mixed(number, 1, 6) as usize];
    let about_user = mixed(number, 7, 4) == 0;
    Entry {
        id: EntryId(uuid_v7(ms, &[tenant.bytes()[15]; 10])),
        tenant,
        actor: match mixed(number, 2, 7) {
            _ if verb == Verb::AuditHeartbeat => Actor::System,
            0 => Actor::Operator,
            1 => Actor::Anyone,
            2 => Actor::System,
            other => Actor::User(user(other % 3)),
        },
        verb,
        outcome: if mixed(number, 3, 5) == 0 { Outcome::Denied } else { Outcome::Done },
        // Three entries a request.
        request: RequestId(uuid_v7(ms - ms % (3 * 3_600_000), &[1; 10])),
        target: Target {
            service: (mixed(number, 4, 3) > 0).then(|| ["crm", "expense"][mixed(number, 5, 2) as usize].to_owned()),
            screen: Some(["customer_form", "customer_import"][mixed(number, 6, 2) as usize].to_owned()),
            entity: Some(["customer", "contact"][mixed(number, 8, 2) as usize].to_owned()),
            record: (!about_user).then(|| record(mixed(number, 9, 5))),
            user: about_user.then(|| user(mixed(number, 10, 3))),
        },
        detail: Detail::default(),
    }
}

async fn house() -> House {
    let house = House::new().await;
    let root = house.database.root().await;
    // Entries of the house itself would be in the way.
    root.batch_execute("DELETE FROM struct.entry").await.expect("it runs");
    for tenant in [house.tenant(ONE), house.tenant(TWO)] {
        let sealed: Vec<SealedEntry> =
            (0..ENTRIES).map(|number| SealedEntry { entry: generated(tenant, number), ..entry(tenant, 0) }).collect();
        house.store.fly(Flight::write(head(tenant), Vec::new(), &sealed)).await.expect("entries");
    }
    // The database gives the instants; here they are those of the ids, a little later.
    let at = "to_timestamp(('x' || substr(replace(entry_id::text, '-', ''), 1, 12))::bit(48)::bigint / 1000.0 + 2)";
    root.batch_execute(&format!("UPDATE struct.entry SET at = {at}")).await.expect("it runs");
    house
}

/// Whether the entry is one the filter wants, said without any index.
fn wants(filter: &EntryFilter, entry: &Entry) -> bool {
    let at = instant_of(entry.id) + SignedDuration::from_secs(2);
    let target = &entry.target;
    let folded = |entry: &Entry| {
        let place = target.service.as_ref().zip(target.screen.as_ref()).map(|(a, b)| format!("{a}/{b}"));
        entry.verb == Verb::RecordCreated && place.is_some_and(|place| filter.folded.contains(&place))
    };
    filter.actor.is_none_or(|actor| actor == entry.actor)
        && filter.trail.is_none_or(|user| entry.actor == Actor::User(user) || target.user == Some(user))
        && !folded(entry)
        && (filter.verbs.is_empty() || filter.verbs.contains(&entry.verb))
        && filter.service.as_ref().is_none_or(|service| target.service.as_ref() == Some(service))
        && filter.screen.as_ref().is_none_or(|screen| target.screen.as_ref() == Some(screen))
        && filter.entity.as_ref().is_none_or(|entity| target.entity.as_ref() == Some(entity))
        && filter.record.is_none_or(|record| target.record == Some(record))
        && filter.request.is_none_or(|request| entry.request == request)
        && filter.outcome.is_none_or(|outcome| entry.outcome == outcome)
        && filter.from.is_none_or(|from| at >= from)
        && filter.until.is_none_or(|until| at < until)
        && filter.since.is_none_or(|since| entry.id > since)
        && (filter.heartbeats || entry.verb != Verb::AuditHeartbeat)
}

/// Each condition alone, each with a period, and each pair.
fn filters() -> Vec<EntryFilter> {
    let none = EntryFilter::default;
    let text = |text: &str| Some(text.to_owned());
    let hours = |hours| start() + SignedDuration::from_hours(hours);
    let conditions = [
        none(),
        EntryFilter { actor: Some(Actor::User(user(1))), ..none() },
        EntryFilter { actor: Some(Actor::Operator), ..none() },
        EntryFilter { actor: Some(Actor::System), heartbeats: true, ..none() },
        EntryFilter { actor: Some(Actor::Anyone), ..none() },
        EntryFilter { trail: Some(user(2)), folded: vec!["crm/customer_import".to_owned()], ..none() },
        EntryFilter { verbs: vec![Verb::RoleCreated], ..none() },
        EntryFilter { verbs: vec![Verb::RoleCreated, Verb::RecordsExtracted], ..none() },
        EntryFilter { verbs: vec![Verb::RecordUpdated, Verb::RecordCreated], ..none() },
        EntryFilter { verbs: vec![Verb::RecordUpdated, Verb::RoleCreated], ..none() },
        EntryFilter { verbs: vec![Verb::AuditHeartbeat], heartbeats: true, ..none() },
        EntryFilter { service: text("crm"), ..none() },
        EntryFilter { screen: text("customer_form"), entity: text("contact"), ..none() },
        EntryFilter { record: Some(record(3)), ..none() },
        EntryFilter { request: Some(generated(id(1001), 100).request), ..none() },
        EntryFilter { outcome: Some(Outcome::Denied), ..none() },
        EntryFilter { outcome: Some(Outcome::Done), ..none() },
        EntryFilter { from: Some(hours(50)), until: Some(hours(120)), ..none() },
        EntryFilter { since: Some(generated(id(1001), 200).id), ..none() },
        EntryFilter { service: text("nothing"), ..none() },
    ];
    let both = |one: &EntryFilter, other: &EntryFilter| EntryFilter {
        actor: one.actor.or(other.actor),
        trail: one.trail.or(other.trail),
        folded: [one.folded.clone(), other.folded.clone()].concat(),
        verbs: if one.verbs.is_empty() { other.verbs.clone() } else { one.verbs.clone() },
        service: one.service.clone().or(other.service.clone()),
        screen: one.screen.clone().or(other.screen.clone()),
        entity: one.entity.clone().or(other.entity.clone()),
        record: one.record.or(other.record),
        request: one.request.or(other.request),
        outcome: one.outcome.or(other.outcome),
        from: one.from.or(other.from),
        until: one.until.or(other.until),
        heartbeats: one.heartbeats || other.heartbeats,
        since: one.since.or(other.since),
        ..none()
    };
    conditions.iter().flat_map(|one| conditions.iter().map(move |other| both(one, other))).collect()
}

/// Pages one after the other, going on where a look stopped.
async fn paged(house: &House, tenant: TenantId, filter: &EntryFilter) -> Vec<EntryId> {
    let mut filter = filter.clone();
    let mut seen = Vec::new();
    loop {
        let found = house.store.entries(head(tenant), &filter, None).await.expect("it runs");
        seen.extend(found.entries.iter().map(|entry| entry.read.entry.id));
        let full = found.entries.len() == filter.limit;
        assert!(!(full && found.stopped.is_some()), "a full page stopped nowhere");
        let last = if full { found.entries.last().map(|entry| entry.read.entry.id) } else { found.stopped };
        let Some(last) = last else { return seen };
        assert_ne!(filter.beside, Some(last), "it goes on");
        filter.beside = Some(last);
    }
}

#[tokio::test]
async fn every_filter_finds_exactly_what_it_wants_however_short_a_look_is() {
    let house = house().await;
    let tenant = house.tenant(ONE);
    let all: Vec<Entry> = (0..ENTRIES).map(|number| generated(tenant, number)).collect();
    let mut found_some = 0;
    for filter in filters() {
        let expected: Vec<EntryId> = all.iter().filter(|entry| wants(&filter, entry)).map(|entry| entry.id).collect();
        found_some += usize::from(!expected.is_empty());
        for (newer, limit, look) in [(false, 1_000, 0), (false, 7, 20), (true, 7, 20)] {
            let filter = EntryFilter { newer, limit, look, ..filter.clone() };
            let mut seen = paged(&house, tenant, &filter).await;
            if !newer {
                seen.reverse();
            }
            assert_eq!(seen, expected, "{filter:?}");
        }
        let streamed: Vec<EntryId> = house
            .store
            .entry_stream(head(tenant), &filter)
            .await
            .expect("a stream")
            .map_ok(|entry| entry.read.entry.id)
            .try_collect()
            .await
            .expect("to its end");
        assert_eq!(streamed, expected, "{filter:?}");
    }
    assert!(found_some > 200, "{found_some} filters wanted anything");
}

#[tokio::test]
async fn a_look_that_ends_early_says_where_and_never_shows_what_lies_beyond() {
    let house = house().await;
    let tenant = house.tenant(ONE);
    let filter = EntryFilter { service: Some("nothing".to_owned()), limit: 10, look: 50, ..EntryFilter::default() };
    let found = house.store.entries(head(tenant), &filter, None).await.expect("it runs");
    let visible = (0..ENTRIES).rev().map(|number| generated(tenant, number));
    let fiftieth = visible.filter(|entry| entry.verb != Verb::AuditHeartbeat).nth(49).expect("there are as many");
    assert_eq!((found.entries.len(), found.stopped), (0, Some(fiftieth.id)));
    let filter = EntryFilter { trail: Some(user(1)), verbs: vec![Verb::RoleCreated], look: 5, ..filter };
    let filter = EntryFilter { service: None, ..filter };
    let found = house.store.entries(head(tenant), &filter, None).await.expect("it runs");
    let stopped = found.stopped.expect("five are not all");
    assert!(found.entries.iter().all(|entry| entry.read.entry.id >= stopped));
}
