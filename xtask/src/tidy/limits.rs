//! How long functions, files and handlers may be, and that each file opens by saying what it is for.

use super::Fault;
use crate::rust_source::RustSource;
use crate::tree::{File, Tree};

/// What fits on a screen and in a head.
const FUNCTION_LINES: usize = 70;
/// A handler extracts, calls `app` and renders; there is nothing else for it to do.
const HANDLER_LINES: usize = 40;
/// Without test modules.
const FILE_LINES: usize = 500;
/// Documents that are read whole or not at all.
const SHORT_DOCUMENTS: [(&str, usize); 2] = [("README.md", 150), ("ARCHITECTURE.md", 150)];
/// Where handlers live.
const HANDLER_FOLDERS: [&str; 2] = ["crates/web/src/page/", "crates/web/src/api/"];

pub fn check(tree: &Tree) -> Vec<Fault> {
    let mut faults: Vec<Fault> =
        tree.files.iter().filter(|file| file.path.ends_with(".rs")).flat_map(check_rust).collect();
    for (path, limit) in SHORT_DOCUMENTS {
        match tree.file(path).map(|file| file.text.lines().count()) {
            Some(lines) if lines < limit => {}
            Some(lines) => faults.push(Fault::new(path, limit, format!("{lines} lines; it stays under {limit}"))),
            None => faults.push(Fault::new(path, 1, "this document is missing")),
        }
    }
    faults
}

fn check_rust(file: &File) -> Vec<Fault> {
    let mut faults = Vec::new();
    if !file.text.starts_with("//! ") {
        faults.push(Fault::new(&file.path, 1, "the first line says what the file is for (`//! ...`)"));
    }
    if !file.is_production_rust() {
        return faults;
    }
    let source = RustSource::scan(&file.text);
    if source.production_lines > FILE_LINES {
        let reason = format!("{} lines without tests; a file has at most {FILE_LINES}", source.production_lines);
        faults.push(Fault::new(&file.path, FILE_LINES, reason));
    }
    let holds_handlers = HANDLER_FOLDERS.iter().any(|folder| file.path.starts_with(folder));
    for function in source.functions() {
        let (what, limit) = match holds_handlers && function.is_async {
            true => ("handler", HANDLER_LINES),
            false => ("function", FUNCTION_LINES),
        };
        if function.lines > limit {
            let reason = format!("`{}` has {} lines; a {what} has at most {limit}", function.name, function.lines);
            faults.push(Fault::new(&file.path, function.line, reason));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    fn rust(path: &str, text: &str) -> Vec<String> {
        let files = [(path, text), ("README.md", "x"), ("ARCHITECTURE.md", "x")];
        places(check, &files)
    }

    fn function(head: &str, lines: usize) -> String {
        format!("//! x\n{head} f() {{\n{}}}\n", "    a();\n".repeat(lines - 2))
    }

    #[test]
    fn a_function_of_71_lines_is_too_long() {
        assert!(rust("crates/app/src/a.rs", &function("fn", 70)).is_empty());
        assert_eq!(rust("crates/app/src/a.rs", &function("fn", 71)), ["crates/app/src/a.rs:2"]);
        assert!(rust("crates/app/tests/app/a.rs", &function("fn", 71)).is_empty());
    }

    #[test]
    fn a_handler_of_41_lines_is_too_long() {
        assert!(rust("crates/web/src/page/record.rs", &function("pub async fn", 40)).is_empty());
        assert_eq!(rust("crates/web/src/page/record.rs", &function("pub async fn", 41)).len(), 1);
        assert_eq!(rust("crates/web/src/api/record.rs", &function("pub async fn", 41)).len(), 1);
        assert!(rust("crates/web/src/page/record.rs", &function("fn", 41)).is_empty());
    }

    #[test]
    fn a_file_of_501_lines_is_too_long_unless_tests_make_it_so() {
        let long = format!("//! x\n{}", "const A: u8 = 1;\n".repeat(500));
        assert_eq!(rust("crates/app/src/a.rs", &long), ["crates/app/src/a.rs:500"]);
        let tested = format!("//! x\n#[cfg(test)]\nmod tests {{\n{}}}\n", "    const A: u8 = 1;\n".repeat(500));
        assert!(rust("crates/app/src/a.rs", &tested).is_empty());
    }

    #[test]
    fn a_file_opens_by_saying_what_it_is_for() {
        assert_eq!(rust("crates/app/tests/app/a.rs", "use x;\n"), ["crates/app/tests/app/a.rs:1"]);
    }

    #[test]
    fn a_document_to_be_read_whole_stays_short() {
        let long = "line\n".repeat(150);
        assert_eq!(places(check, &[("README.md", "x"), ("ARCHITECTURE.md", &long)]), ["ARCHITECTURE.md:150"]);
        assert_eq!(places(check, &[("README.md", "x")]), ["ARCHITECTURE.md:1"]);
    }
}
