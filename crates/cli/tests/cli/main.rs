//! The whole of STRUCT from outside: the binary started as an operator starts it, and a person at a browser. What one
//! part does alone is tested in that part.

mod backup;
mod certificate;
mod drill;
mod egress;
mod journey;
mod restoring;
mod start;
mod walk;
mod witness;

/// The binary under test.
const STRUCT: &str = env!("CARGO_BIN_EXE_struct");
