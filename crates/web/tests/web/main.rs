//! Tests of pages and the API: every page rendered from samples, every route asked for real.

mod pages;
mod samples;
