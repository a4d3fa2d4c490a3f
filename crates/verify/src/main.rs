//! The program `struct-verify`: hands the arguments and the locale to the library and prints what it says. Decides nothing.

use std::io::{self, Write};
use std::process::ExitCode;
use verify::language::Language;

fn main() -> ExitCode {
    let locale =
        ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    let language = Language::of_locale(locale.as_deref());
    let mut out = io::BufWriter::new(io::stdout().lock());
    let code = verify::run(std::env::args_os(), language, &mut out);
    match out.flush() {
        Ok(()) => ExitCode::from(code),
        Err(_) => ExitCode::from(verify::UNCHECKED),
    }
}
