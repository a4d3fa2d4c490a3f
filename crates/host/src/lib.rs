//! The machine under STRUCT: PostgreSQL, backups, key files, TLS, mail, disk, accounts. The only crate that starts processes.
//! Decides nothing about tenants or rights, speaks no SQL, serves no HTTP, and reads no wall clock.

pub mod account;
pub mod backup;
pub mod checkpoint;
pub mod disk;
mod file;
pub mod https;
pub mod keyring;
pub mod lock;
pub mod mail;
pub mod postgres;
pub mod process;
pub mod residency;
pub mod secret;
pub mod stream;
pub mod tls;
pub mod transport;
pub mod witness;
