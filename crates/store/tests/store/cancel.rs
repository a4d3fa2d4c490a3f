//! Requests that are given up: a flight dropped anywhere leaves no connection inside a tenant.

use crate::{House, ONE, entry, head};
use std::future::{Future, poll_fn};
use std::task::Poll;
use std::time::Duration;
use store::{Flight, Store};
use testkit::clock::Seeded;
use testkit::proxy::Proxy;

/// Polls `times` times, then drops.
async fn polled<F: Future>(future: F, times: usize) -> Option<F::Output> {
    let mut future = Box::pin(future);
    let mut left = times;
    poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

/// Makes `Store::tenants` tell what its connection sees: tenant, transaction, backend.
const TELL: &str = "CREATE OR REPLACE FUNCTION struct.tenants() RETURNS TABLE (tenant_id uuid, code text, name text, created_at timestamptz)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT gen_random_uuid(), coalesce(nullif(current_setting('struct.tenant', true), ''), 'none'),
        pg_backend_pid()::text || ' ' || (pg_sleep(0.3) IS NULL)::text, now();
$$";

struct Dropped {
    house: House,
    proxy: Proxy,
    store: Store,
}

impl Dropped {
    async fn new() -> Self {
        let house = House::new().await;
        let proxy = Proxy::start(&house.database.socket_dir);
        let store = Store::new(&house.database.address_through(proxy.socket_dir(), "struct_app")).expect("a pool");
        Self { house, proxy, store }
    }

    fn flight(&self, number: u128) -> Flight {
        let tenant = self.house.tenant(ONE);
        let make = self.house.create(tenant, self.house.user(ONE), 100_000 + number);
        Flight::write(head(tenant), vec![make], &[entry(tenant, 100_000 + number)])
    }

    /// Nothing half-done, no connection inside anything.
    async fn is_clean(&self) {
        self.proxy.delay(Duration::ZERO);
        let busy = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'struct_app' AND state <> 'idle'";
        let mut left = 1;
        for _ in 0..200 {
            left = self.house.database.number(busy).await;
            if left == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(left, 0, "a backend is still inside a transaction");
        let parted = "SELECT count(*) FROM (SELECT id FROM svc_crm.customer) c FULL JOIN
            (SELECT record_id FROM struct.entry WHERE entry_id >= '01930000-0000-7000-8000-0000000186a0') e ON e.record_id = c.id
            WHERE c.id IS NULL OR e.record_id IS NULL";
        assert_eq!(self.house.database.number(parted).await, 0, "an act without its entry");
        self.house.database.root().await.batch_execute(TELL).await.expect("a function");
        let pooled = self.store.connections().0;
        let asked = (0..pooled.max(1)).map(|_| self.store.tenants());
        for told in futures_util::future::join_all(asked).await {
            let told = told.expect("every connection answers").remove(0);
            assert_eq!(told.code, "none", "a pooled connection sees a tenant");
        }
    }
}

#[tokio::test]
async fn a_flight_dropped_after_any_number_of_polls_leaves_no_connection_inside_a_tenant() {
    let it = Dropped::new().await;
    it.proxy.delay(Duration::from_micros(200));
    let (mut landed, mut dropped) = (0, 0);
    for times in 0..200_usize {
        // Low numbers meet connections with and without known statements.
        match polled(it.store.fly(it.flight(times as u128)), times % 40).await {
            Some(done) => {
                done.expect("what is not dropped lands");
                landed += 1;
            }
            None => dropped += 1,
        }
    }
    assert!(landed > 20 && dropped > 20, "{landed} landed, {dropped} dropped");
    it.is_clean().await;
}

#[tokio::test]
async fn flights_dropped_at_any_moment_under_load_leave_no_connection_inside_a_tenant() {
    let it = Dropped::new().await;
    it.proxy.delay(Duration::from_micros(500));
    let random = Seeded::new(9);
    let moments: Vec<u64> = (0..300).map(|_| random.below(60_000)).collect();
    let it = &it;
    let flights = moments.iter().enumerate().map(|(number, moment)| {
        let flight = it.flight(number as u128);
        // Some are waited for, so that connections that know their statements come back.
        let limit = if number % 6 == 0 { Duration::from_secs(60) } else { Duration::from_micros(*moment) };
        async move { tokio::time::timeout(limit, it.store.fly(flight)).await.is_ok() }
    });
    let landed = futures_util::StreamExt::buffer_unordered(futures_util::stream::iter(flights), 8);
    let landed =
        futures_util::StreamExt::collect::<Vec<bool>>(landed).await.into_iter().filter(|landed| *landed).count();
    assert!(landed > 0 && landed < 300, "{landed} landed");
    it.is_clean().await;
}

#[tokio::test]
async fn a_stream_that_is_given_up_takes_its_connection_with_it() {
    let it = Dropped::new().await;
    for number in 0..50 {
        it.store.fly(it.flight(number)).await.expect("a customer");
    }
    for taken in [51, 50, 49, 0, 1, 10] {
        let rows = it.store.stream(head(it.house.tenant(ONE)), &it.house.customer, &[]).await.expect("a stream");
        let some: Vec<_> = futures_util::StreamExt::collect(futures_util::StreamExt::take(rows, taken)).await;
        assert_eq!(some.len(), taken.min(50));
    }
    it.is_clean().await;
}
