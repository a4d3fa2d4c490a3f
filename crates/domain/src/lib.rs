//! The rules of STRUCT: one module per noun, promise values. Knows no database, no HTTP, no clock and no
//! randomness; the instant and random bytes come in as arguments.

pub mod access;
pub mod audit;
pub mod backup;
pub mod claim;
pub mod evidence;
pub mod extraction;
pub mod id;
pub mod import;
pub mod locale;
pub mod promise;
pub mod record;
pub mod residency;
pub mod screen;
pub mod service;
pub mod session;
pub mod tenant;
pub mod time;
pub mod user;
