//! Fuzzes the parser of bundles of entries. What it does stands in `ledger::fuzzing`, where ordinary tests run it too.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    ledger::fuzzing::bundle(bytes);
});
