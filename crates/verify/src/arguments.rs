//! What the program is asked, on the command line, in English; the Japanese of it is in `japanese`. Reads no file.

mod japanese;

use crate::language::Language;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;
use std::path::PathBuf;

/// Checks a log, a certificate or a delivered file of STRUCT, offline and without an account.
#[derive(Parser, Debug)]
#[command(
    name = "struct-verify",
    version,
    after_help = "Exit codes: 0 proven; 1 not proven (altered, missing or not fitting; each finding is told); \
                  2 could not be checked (a file is missing or unreadable, or the command is wrong).\n\
                  The language follows LC_ALL, LC_MESSAGES and LANG."
)]
pub struct Arguments {
    /// What to check.
    #[command(subcommand)]
    pub command: Command,
    /// Language of the answer [default: that of the locale]
    #[arg(long, global = true, value_enum, value_name = "LANGUAGE")]
    pub lang: Option<Language>,
    /// Answer in JSON, for programs
    #[arg(long, global = true)]
    pub json: bool,
}

/// What to check.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Check a downloaded log: every entry, every published checkpoint
    Log(LogArguments),
    /// Check a certificate (.tlog-proof) of one entry, or a delivered file against it
    Proof(ProofArguments),
    /// Measure how fast this machine checks a log of its own making
    #[command(hide = true)]
    Bench(BenchArguments),
}

/// Keys, as both commands take them.
#[derive(Args, Debug, Default)]
pub struct KeyArguments {
    /// The log's public key (vkey), as you got it by another way; may be repeated
    #[arg(long = "key", value_name = "VKEY")]
    pub keys: Vec<String>,
    /// A file with the log's public keys, one a line; may be repeated
    #[arg(long = "key-file", value_name = "FILE")]
    pub key_files: Vec<PathBuf>,
    /// The public key of a witness that must have cosigned; may be repeated
    #[arg(long = "witness", value_name = "VKEY")]
    pub witnesses: Vec<String>,
    /// How many of the witnesses must have cosigned [default: all]
    #[arg(long, value_name = "NUMBER")]
    pub quorum: Option<usize>,
}

/// `log`.
#[derive(Args, Debug)]
pub struct LogArguments {
    /// The log: the zip as downloaded, or the folder it was unpacked to
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
    /// Keys.
    #[command(flatten)]
    pub keys: KeyArguments,
    /// A checkpoint of this log that you have kept; may be repeated
    #[arg(long = "earlier", value_name = "FILE")]
    pub earlier: Vec<PathBuf>,
    /// The platform's log, downloaded before this one
    #[arg(long, value_name = "PATH")]
    pub platform: Option<PathBuf>,
    /// The public key of the platform's log; may be repeated
    #[arg(long = "platform-key", value_name = "VKEY")]
    pub platform_keys: Vec<String>,
    /// Threads [default: one for each processor]
    #[arg(long, value_name = "NUMBER")]
    pub threads: Option<usize>,
}

/// `proof`.
#[derive(Args, Debug)]
pub struct ProofArguments {
    /// The certificate
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Keys.
    #[command(flatten)]
    pub keys: KeyArguments,
    /// The file that was taken out, to be compared with the entry of its delivery
    #[arg(long, value_name = "FILE")]
    pub extraction: Option<PathBuf>,
    /// The raw data of a measurement, to be compared with its evidence
    #[arg(long, value_name = "FILE")]
    pub raw: Option<PathBuf>,
}

/// `bench`.
#[derive(Args, Debug)]
pub struct BenchArguments {
    /// Entries of the log that is made and checked
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000_000)]
    pub leaves: u64,
    /// An empty folder for it; about 1 kB an entry
    #[arg(long, value_name = "FOLDER")]
    pub folder: PathBuf,
    /// Threads [default: one for each processor]
    #[arg(long, value_name = "NUMBER")]
    pub threads: Option<usize>,
}

/// What to do, or what to say instead, and with which exit code.
pub fn parse(given: &[OsString], locale: Language) -> Result<Arguments, (String, u8)> {
    let language = wished(given).unwrap_or(locale);
    let mut command = Arguments::command();
    if language == Language::Ja {
        command = japanese::translate(command);
    }
    let parsed = command.try_get_matches_from_mut(given).and_then(|found| Arguments::from_arg_matches(&found));
    parsed.map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => (error.render().to_string(), crate::PROVEN),
        _ if language == Language::Ja => (japanese::mistake(&error), crate::UNCHECKED),
        _ => (error.render().to_string(), crate::UNCHECKED),
    })
}

/// The language that `--lang` asks for, before the rest is understood.
fn wished(given: &[OsString]) -> Option<Language> {
    let mut words = given.iter().filter_map(|word| word.to_str());
    let word = words.by_ref().find_map(|word| word.strip_prefix("--lang"))?;
    match word.strip_prefix('=').or_else(|| words.next())? {
        "ja" => Some(Language::Ja),
        "en" => Some(Language::En),
        _ => None,
    }
}
