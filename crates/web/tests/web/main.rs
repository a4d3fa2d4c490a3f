//! Tests of pages and the API: every page rendered from samples, every route asked for real.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod access;
mod claims;
mod identity;
mod input;
mod ledger;
mod log;
mod ops;
mod pages;
mod people;
mod records;
mod routes;
mod samples;
mod signs;
mod site;
mod streams;
mod trail;
mod witness;
