//! What a customer sees who checks a log, a certificate or a file: the whole program, on packages made here with keys made
//! here. Runs in this process, so that a thousand faults can be planted; the binary itself only prints.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod certificates;
mod help;
mod logs;
mod made;
mod packages;
mod platform;
mod tampering;
