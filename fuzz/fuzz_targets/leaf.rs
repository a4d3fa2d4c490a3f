//! Fuzzes the parser of leaves of a tenant's log. What it does stands in `ledger::fuzzing`, where ordinary tests run it too.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    ledger::fuzzing::leaf(bytes);
});
