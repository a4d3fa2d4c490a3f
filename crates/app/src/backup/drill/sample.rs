//! Records of each tenant, opened with the keys: one that opens is the record it says it is, as it was sealed. Shows none of them.

use crate::record::sealing::Sealer;
use crate::{App, Error};
use domain::access::Snapshot;
use domain::backup::drill::Look;
use domain::id::{RecordId, TenantId};
use domain::service::{Entity, Service};
use domain::time::random_bytes;
use store::record::{ListPlan, Place, RawRecord};
use store::{Check, Flight, Head, Store};
use uuid::Uuid;

/// Records of an entity that are opened: so many of the newest, and so many from anywhere.
const SAMPLE: usize = 10;

/// Opens some records of every entity of every tenant.
pub(super) async fn opened(over: &App) -> Result<Look, Error> {
    let mut look = Look::at("opened");
    let (mut records, mut tenants) = (0, 0);
    for tenant in over.store.tenants().await? {
        tenants += 1;
        let Some(snapshot) = over.store.snapshot(tenant.tenant).await? else {
            look.fault(format!("the tenant {} has no rights to read", tenant.tenant));
            continue;
        };
        records += of_tenant(over, &snapshot, &mut look).await?;
    }
    Ok(look.counted("records", records).counted("tenants", tenants))
}

async fn of_tenant(over: &App, snapshot: &Snapshot, look: &mut Look) -> Result<i64, Error> {
    let mut records = 0;
    for contracted in snapshot.services.values().filter(|contracted| contracted.live) {
        let service = &contracted.service;
        let keys = match over.keys.service(snapshot.tenant, service) {
            Ok(keys) => keys,
            Err(error) => {
                look.fault(format!("{} of {}: {error}", service.name, snapshot.tenant));
                continue;
            }
        };
        for entity in &service.entities {
            let table = over.table(service, entity);
            let sealer = Sealer { tenant: snapshot.tenant, service: &service.name, entity, table: &table, keys: &keys };
            for raw in sampled(over, snapshot.tenant, service, entity).await? {
                records += 1;
                if let Err(error) = sealer.values(&raw) {
                    look.fault(error.to_string());
                }
            }
        }
    }
    Ok(records)
}

/// The newest records, and some before a random moment of the years that ids may come from.
async fn sampled(over: &App, tenant: TenantId, service: &Service, entity: &Entity) -> Result<Vec<RawRecord>, Error> {
    let table = over.table(service, entity);
    let plan = |place| ListPlan { wanted: Vec::new(), sort: None, place, limit: SAMPLE };
    let head = Head { tenant, check: Check::Nothing };
    let mut answers = over.store.fly(Flight::read(head, vec![table.list(tenant, &plan(None))])).await?;
    let newest: Vec<RawRecord> = Store::raw(answers.swap_remove(0)).collect();
    // Ids of one entity lie close together in time, so the place is sought below the newest, in the random part too.
    let Some(first) = newest.first().map(RawRecord::id) else { return Ok(newest) };
    let place =
        Place { value: None, id: below(first, u128::from_be_bytes(random_bytes(&*over.random))), backwards: false };
    let mut answers = over.store.fly(Flight::read(head, vec![table.list(tenant, &plan(Some(place)))])).await?;
    Ok(newest.into_iter().chain(Store::raw(answers.swap_remove(0))).collect())
}

/// An id so much older than another, by a random share of the last 2^40 milliseconds' steps: near ones are as likely as far ones.
fn below(id: RecordId, random: u128) -> RecordId {
    // 80 bits of an id are random, 48 tell the instant: a power of two of the difference makes each scale equally likely.
    const SCALES: u128 = 40;
    let scale = 80 + (random % SCALES);
    let step = (random >> 8) & ((1_u128 << scale) - 1);
    Uuid::from_u128(id.0.as_u128().saturating_sub(step)).into()
}
