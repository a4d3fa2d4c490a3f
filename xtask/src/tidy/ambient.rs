//! What a crate may not reach for: the clock, randomness, processes, SQL, the operating system. Looks at production
//! code only, because a test may start a process or read the clock without the product doing so.

use super::Fault;
use crate::rust_source::RustSource;
use crate::tree::{File, Tree};

/// Names, the crates that may use them, and why no other may.
struct Ban {
    names: &'static [&'static str],
    allowed: &'static [&'static str],
    reason: &'static str,
}

const BANS: [Ban; 4] = [
    Ban {
        names: &["Command::new", "tokio::process"],
        allowed: &["host", "testkit", "xtask"],
        reason: "only `host` starts processes",
    },
    Ban {
        names: &["Timestamp::now", "SystemTime::now", "Zoned::now", "Utc::now", "Local::now", "now_utc", "now_v7"],
        allowed: &["cli", "testkit"],
        reason: "only `cli` reads the wall clock; elsewhere the instant is an argument",
    },
    Ban {
        names: &["SystemRandom", "rand::fill", "getrandom", "thread_rng", "OsRng", "new_v4"],
        allowed: &["cli", "testkit"],
        reason: "only `cli` makes randomness; elsewhere it is an argument",
    },
    Ban {
        names: &[
            "std::fs",
            "std::net",
            "std::env",
            "std::process",
            "std::thread",
            "stdin",
            "stdout",
            "stderr",
            "tokio",
            "Instant::now",
        ],
        allowed: &["store", "host", "app", "web", "cli", "verify", "testkit", "xtask"],
        reason: "`domain`, `seal` and `ledger` do no input or output and know no clock",
    },
];

/// The openings of SQL statements, in capitals as we write them. The space keeps headings and words out.
const STATEMENTS: [(&str, &str); 16] = [
    ("SELECT ", ""),
    ("INSERT INTO ", ""),
    ("UPDATE ", " SET "),
    ("DELETE FROM ", ""),
    ("WITH ", " AS ("),
    ("CREATE ", "TABLE"),
    ("CREATE ", "ROLE"),
    ("CREATE ", "DATABASE"),
    ("CREATE ", "SCHEMA"),
    ("ALTER ", " "),
    ("DROP ", " "),
    ("SET LOCAL ", ""),
    ("GRANT ", " "),
    ("TRUNCATE ", ""),
    ("COPY ", " TO "),
    ("COPY ", " FROM "),
];

/// Who may hold SQL: `store`, and the testkit, which makes and drops throw-away databases.
const SQL_ALLOWED: [&str; 3] = ["store", "testkit", "xtask"];

pub fn check(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in &tree.files {
        let Some(package) = file.package() else { continue };
        if file.path.ends_with(".sql") && package != "store" {
            faults.push(Fault::new(&file.path, 1, "SQL stands only in `store`"));
        }
        if file.is_production_rust() {
            faults.extend(check_source(file, package));
        }
    }
    faults
}

fn check_source(file: &File, package: &str) -> Vec<Fault> {
    let source = RustSource::scan(&file.text);
    let mut faults = Vec::new();
    for ban in BANS.iter().filter(|ban| !ban.allowed.contains(&package)) {
        for name in ban.names {
            let lines = source.lines_naming(name);
            faults.extend(lines.iter().map(|line| Fault::new(&file.path, *line, format!("`{name}`: {}", ban.reason))));
        }
    }
    if !SQL_ALLOWED.contains(&package) {
        let statements = source.literals.iter().filter(|literal| is_sql(&literal.text));
        faults.extend(statements.map(|found| Fault::new(&file.path, found.line, "SQL stands only in `store`")));
    }
    faults
}

fn is_sql(text: &str) -> bool {
    let text = text.trim_start();
    STATEMENTS.iter().any(|(opening, then)| text.strip_prefix(opening).is_some_and(|rest| rest.contains(then)))
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    fn in_crate(package: &str, code: &str) -> Vec<String> {
        places(check, &[(&format!("crates/{package}/src/lib.rs"), code)])
    }

    #[test]
    fn only_the_binary_reads_the_clock() {
        let code = "//! x\nfn f() { let now = jiff::Timestamp::now(); }\n";
        assert_eq!(in_crate("app", code), ["crates/app/src/lib.rs:2"]);
        assert!(in_crate("cli", code).is_empty());
        assert!(in_crate("app", "// Timestamp::now is banned\n").is_empty());
    }

    #[test]
    fn only_the_binary_makes_randomness() {
        let code = "use aws_lc_rs::rand::SystemRandom;\n";
        assert_eq!(in_crate("store", code), ["crates/store/src/lib.rs:1"]);
        assert!(in_crate("cli", code).is_empty());
    }

    #[test]
    fn only_host_starts_processes() {
        let code = "fn f() { std::process::Command::new(\"ls\"); }\n";
        assert_eq!(in_crate("app", code), ["crates/app/src/lib.rs:1"]);
        assert!(in_crate("host", code).is_empty());
    }

    #[test]
    fn the_domain_does_no_input_or_output() {
        assert_eq!(in_crate("domain", "use std::fs;\n"), ["crates/domain/src/lib.rs:1"]);
        assert_eq!(in_crate("seal", "async fn f() { tokio::spawn(x); }\n"), ["crates/seal/src/lib.rs:1"]);
        assert!(in_crate("host", "use std::fs;\n").is_empty());
        assert!(in_crate("domain", "use std::io::Read;\n").is_empty(), "a trait reads what it is given");
    }

    #[test]
    fn sql_outside_the_store_is_refused() {
        let code = "const A: &str = \"SELECT 1\";\nconst B: &str = r#\"\n  DELETE FROM record\"#;\n";
        assert_eq!(in_crate("app", code), ["crates/app/src/lib.rs:1", "crates/app/src/lib.rs:2"]);
        assert!(in_crate("store", code).is_empty());
        assert!(in_crate("app", "const A: &str = \"UPDATE is what an upgrade does\";\n").is_empty());
        assert_eq!(places(check, &[("crates/app/src/tenant.sql", "x")]), ["crates/app/src/tenant.sql:1"]);
    }

    #[test]
    fn a_test_may_do_what_the_product_may_not() {
        let code = "#[cfg(test)]\nmod tests { fn f() { std::process::Command::new(\"SELECT 1\"); } }\n";
        assert!(in_crate("app", code).is_empty());
    }
}
