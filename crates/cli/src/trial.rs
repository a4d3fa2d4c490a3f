//! A STRUCT to try things on: thrown away afterwards, filled with made-up customers, spoken to as programs speak to it.
//! Benches and drills share it; what they find out is theirs.

pub mod client;
pub mod customers;
pub mod product;
pub mod report;
pub mod unserved;
