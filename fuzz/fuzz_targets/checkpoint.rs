//! Fuzzes the parser of the texts of checkpoints. What it does stands in `ledger::fuzzing`, where ordinary tests run it too.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    ledger::fuzzing::checkpoint(bytes);
});
