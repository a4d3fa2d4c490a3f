//! PostgreSQL: migrations, roles, every SQL statement. Decides nothing: rights are `domain::access`'s, acts are `app`'s.

pub mod access;
pub mod audit;
pub mod backup;
pub mod bench;
pub mod bootstrap;
pub mod contract;
pub mod drill;
mod error;
pub mod flight;
pub mod job;
pub mod ledger;
pub mod migrate;
pub mod operator;
mod pool;
pub mod record;
pub mod role;
pub mod schema;
pub mod service;
pub mod session;
pub mod sign;
pub mod stream;
pub mod tenant;
pub mod transport;
pub mod user;

pub use error::StoreError;
pub use flight::{Check, Flight, Head, Statement};
pub use pool::{Address, Store};
