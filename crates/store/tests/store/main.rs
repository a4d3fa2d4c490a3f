//! The database as STRUCT keeps it: a real PostgreSQL, its laws, its walls, its failures. Decides no rights.
#![allow(clippy::disallowed_methods, reason = "tests measure how long the database is away")]

mod cancel;
mod fault;
mod flight;
mod law;
mod look;
mod migration;
mod sign;
mod statement;
mod wall;

use domain::audit::{Actor, Detail, Entry, Outcome, Target, Verb};
use domain::id::{EntryId, RecordId, TenantId, UserId};
use domain::service::{Entity, Service};
use jiff::Timestamp;
use store::audit::SealedEntry;
use store::record::{Columns, RecordTable};
use store::{Check, Flight, Head, Statement, Store};
use testkit::database::{Database, shipped};
use uuid::Uuid;

/// An id that ends in a number.
fn id<T: From<Uuid>>(number: u128) -> T {
    Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0000 + number).into()
}

/// An entry without secrets.
fn entry(tenant: TenantId, number: u128) -> SealedEntry {
    let entry = Entry {
        id: id::<EntryId>(number),
        tenant,
        actor: Actor::System,
        verb: Verb::RecordCreated,
        outcome: Outcome::Done,
        request: id(number),
        target: Target { record: Some(id(number)), ..Target::default() },
        detail: Detail::default(),
    };
    SealedEntry {
        entry,
        detail: vec![1, 2, 3],
        commitment: [9; 32],
        mac: [9; 16],
        at: Timestamp::now(),
        pruned_below: None,
    }
}

fn head(tenant: TenantId) -> Head {
    Head { tenant, check: Check::Nothing }
}

/// Two tenants with a member each, as the operator makes them; CRM contracted.
struct House {
    store: Store,
    owner: Store,
    crm: Service,
    customer: RecordTable,
    database: Database,
}

const ONE: u128 = 1;
const TWO: u128 = 2;

impl House {
    async fn new() -> Self {
        Self::on(Database::new().await).await
    }

    async fn on(database: Database) -> Self {
        let crm = shipped().into_iter().find(|service| service.name == "crm").expect("it is shipped");
        let customer = RecordTable::new(&crm, crm.entity("customer").expect("it has customers"));
        let house = Self { store: database.store(), owner: database.owner(), crm, customer, database };
        for number in [ONE, TWO] {
            let (tenant, user) = (house.tenant(number), house.user(number));
            let account = house.owner.ensure_account(user, [number as u8; 16], b"sealed").await.expect("an account");
            assert_eq!(account, user);
            let statements = vec![
                store::tenant::create(tenant, ["one", "two"][number as usize - 1], "会社"),
                store::user::add_member(tenant, user, b"name".to_vec(), true, &["standard".to_owned()]),
                store::contract::start(tenant, "crm"),
            ];
            house.owner.fly(Flight::write(head(tenant), statements, &[entry(tenant, number)])).await.expect("a tenant");
        }
        house
    }

    fn tenant(&self, number: u128) -> TenantId {
        id(1000 + number)
    }

    fn user(&self, number: u128) -> UserId {
        id(2000 + number)
    }

    fn columns(&self, number: u128) -> Columns {
        let table = &self.customer;
        let plain = table.plain.iter().map(|field| match field.name.as_str() {
            "number" => Some(format!("C{number:06}")),
            "annual_amount" => Some("1200".to_owned()),
            "registered_on" => Some("2026-11-22".to_owned()),
            _ => None,
        });
        Columns {
            id: id::<RecordId>(number).0,
            sealed: vec![7; 40],
            plain: plain.collect(),
            exact: table.exact.iter().map(|_| Some(vec![number as u8; 16])).collect(),
            partial: table.partial.iter().map(|_| Some(vec![1, 2, number as i32])).collect(),
        }
    }

    fn create(&self, tenant: TenantId, user: UserId, number: u128) -> Statement {
        self.customer.create(tenant, user, self.columns(number))
    }

    /// Makes a customer with its entry.
    async fn customer(&self, number: u128) -> RecordId {
        let tenant = self.tenant(ONE);
        let make = self.create(tenant, self.user(ONE), number);
        self.store
            .fly(Flight::write(head(tenant), vec![make], &[entry(tenant, 10_000 + number)]))
            .await
            .expect("a customer");
        id(number)
    }

    fn entity(&self, name: &str) -> &Entity {
        self.crm.entity(name).expect("it is there")
    }
}

/// An int8 of the only row of the only statement.
fn number(rows: &[Vec<store::flight::Row>]) -> i64 {
    rows[0][0].get(0)
}
