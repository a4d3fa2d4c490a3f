//! What tests need and the product doesn't have: a whole installation, a browser. Never a dependency of the product.

pub mod authority;
pub mod browser;
pub mod clock;
pub mod database;
pub mod installation;
pub mod listener;
pub mod proxy;
pub mod receiver;
pub mod running;
pub mod server;
pub mod witness;
