//! The process log: structured, with request ids, without personal data. What people did stands in the audit log instead.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks to its terminal")]

use crate::config::{Config, LogFormat};
use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;

/// Starts logging to standard error. `STRUCT_LOG` takes tracing's directives (`info`, `store=debug`).
pub fn start(config: &Config) {
    let filter = EnvFilter::try_from_env("STRUCT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let json = match config.log.format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if json {
        builder.json().flatten_event(true).with_current_span(false).init();
    } else {
        builder.compact().with_target(false).init();
    }
}

/// A line for the person at the terminal.
pub fn say(text: &str) {
    println!("{text}");
}

/// A line about what went wrong.
pub fn complain(text: &str) {
    eprintln!("{text}");
}
