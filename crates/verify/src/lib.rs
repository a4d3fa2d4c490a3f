//! Checks what a customer has downloaded: a log, a certificate, a file that was taken out. Needs no network, no account and
//! nothing of the server: the formats are those of `docs/log.md`, and `docs/verify.md` tells how to use it.

pub mod arguments;
pub mod bench;
pub mod block;
mod entry;
pub mod language;
pub mod log;
pub mod package;
pub mod platform;
pub mod proof;
pub mod published;
pub mod report;
mod spread;
pub mod trust;
pub mod walk;
pub mod words;

use arguments::{Arguments, Command};
use language::Language;
use std::ffi::OsString;
use std::io::Write;

/// Exit code: what was to be shown is shown.
pub const PROVEN: u8 = 0;
/// Exit code: it is not; something was altered, is missing, or does not fit.
pub const NOT_PROVEN: u8 = 1;
/// Exit code: nothing could be checked.
pub const UNCHECKED: u8 = 2;

/// Does what the arguments ask (the first is the program's name), writes the answer and returns the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>, locale: Language, out: &mut dyn Write) -> u8 {
    let given: Vec<OsString> = arguments.into_iter().collect();
    let (text, code) = match arguments::parse(&given, locale) {
        Ok(arguments) => answer(&arguments, locale),
        Err((text, code)) => (text, code),
    };
    // An answer that nobody could read is none.
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_ok() { code } else { UNCHECKED }
}

fn answer(arguments: &Arguments, locale: Language) -> (String, u8) {
    let language = arguments.lang.unwrap_or(locale);
    let report = match &arguments.command {
        Command::Log(log) => log::check(log),
        Command::Proof(proof) => proof::check(proof),
        Command::Bench(bench) => return bench::run(bench),
    };
    let text = match arguments.json {
        true => format!("{:#}\n", report.json(language)),
        false => report.text(language),
    };
    (text, report.verdict.code())
}
