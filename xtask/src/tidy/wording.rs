//! What no file may say: that it is unfinished, or where somebody's machine keeps it.

use super::Fault;
use crate::rust_source::{RustSource, lines_naming};
use crate::tree::{File, Tree};

/// Files that are others' words.
const NOT_OURS: [&str; 2] = ["LICENSE", "Cargo.lock"];
/// Code that says it is unfinished.
const MACROS: [&str; 3] = ["todo!", "unimplemented!", "dbg!"];

/// Marks of unfinished work. Put together here, so that this file doesn't say them.
fn marks() -> [String; 4] {
    [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["HA", "CK"]].map(|halves| halves.concat())
}

/// Folders that exist on one machine only.
fn machine_folders() -> [String; 4] {
    ["work", "home", "root", "Users"].map(|name| format!("/{name}/"))
}

pub fn check(tree: &Tree) -> Vec<Fault> {
    let ours = tree.files.iter().filter(|file| !NOT_OURS.contains(&file.path.as_str()));
    ours.flat_map(check_file).collect()
}

fn check_file(file: &File) -> Vec<Fault> {
    let mut faults = Vec::new();
    for mark in marks() {
        let reason = format!("`{mark}`: finish it, or open an issue");
        faults.extend(lines_naming(&file.text, &mark).iter().map(|line| Fault::new(&file.path, *line, reason.clone())));
    }
    for (index, line) in file.text.lines().enumerate() {
        if let Some(folder) = machine_folders().iter().find(|folder| names_machine(line, folder)) {
            let reason = format!("`{folder}` is a path of one machine");
            faults.push(Fault::new(&file.path, index + 1, reason));
        }
    }
    if file.path.ends_with(".rs") {
        let code = RustSource::scan(&file.text).code;
        for name in MACROS {
            let lines = lines_naming(&code, name);
            faults.extend(
                lines.iter().map(|line| Fault::new(&file.path, *line, format!("`{name}` is not finished code"))),
            );
        }
    }
    faults
}

/// The folder at the start of a path; `https://example.jp/home/` is none.
fn names_machine(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '(' | '=' | ':' | '<'))
    })
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    #[test]
    fn unfinished_work_is_not_committed() {
        for mark in marks() {
            let text = format!("x\n# {mark}: later\n");
            assert_eq!(places(check, &[("script/up", &text)]), ["script/up:2"]);
        }
        for name in MACROS {
            let text = format!("//! x\nfn f() {{ {name}() }}\n");
            assert_eq!(places(check, &[("crates/app/src/op.rs", &text)]), ["crates/app/src/op.rs:2"]);
        }
        assert!(places(check, &[("crates/app/src/op.rs", "//! todo! in words is no code\n")]).is_empty());
    }

    #[test]
    fn a_path_of_one_machine_is_not_committed() {
        for folder in machine_folders() {
            let text = format!("see {folder}x\nhttps://example.jp{folder}x\n");
            assert_eq!(places(check, &[("docs/api.md", &text)]), ["docs/api.md:1"]);
        }
    }
}
