//! What STRUCT does, one module per noun, over `store` and `host`. Knows no HTTP and no SQL.
//!
//! Every act goes through `op`: decided from the tenant's snapshot, run in one round trip, entered in the log.

pub mod activity;
pub mod audit;
pub mod backup;
pub mod claim;
pub mod contract;
pub mod demo;
mod error;
pub mod evidence;
pub mod extraction;
pub mod job;
mod keys;
pub mod mail;
mod op;
pub mod record;
pub mod residency;
pub mod role;
pub mod screen;
pub mod service;
pub mod session;
mod state;
pub mod tenant;
pub mod transport;
pub mod user;

pub use error::{Conflict, Error, Held, Refusal};
pub use op::{Caller, Peer};
pub use state::{App, Parts, Settings};
