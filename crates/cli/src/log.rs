//! The process log: structured, with request ids, without personal data. What people did stands in the audit log instead.

use crate::config::{Config, LogFormat};
use std::io::{IsTerminal as _, Write as _};
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
    // Whoever reads may have stopped reading (`| head`); that is no fault.
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// A line about what went wrong.
pub fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// The line about a command that failed: the error with its causes. A cause that the one before it has told already is left out.
pub fn fail(error: &anyhow::Error) {
    complain(&format!("struct: {}", in_full(error)));
}

fn in_full(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if told.is_empty() {
            told = cause;
        } else if !told.contains(&cause) {
            told = format!("{told}: {cause}");
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;

    #[test]
    fn a_cause_is_told_once() {
        let error =
            anyhow!("Permission denied (os error 13)").context("making /a failed: Permission denied (os error 13)");
        assert_eq!(
            in_full(&error.context("the restore failed")),
            "the restore failed: making /a failed: Permission denied (os error 13)"
        );
        assert_eq!(in_full(&anyhow!("alone")), "alone");
    }
}
