//! What tests need and the product doesn't have: a whole installation, a browser. Never a dependency of the product.

pub mod browser;
pub mod installation;
