//! Every path that a document names exists, so that whoever follows one arrives. Addresses on the network are not
//! looked at: a test that needs another machine is no test of this house.

use super::Fault;
use crate::tree::{File, Tree};
use std::collections::BTreeSet;

/// Folders at the root; a word that begins with one of them, or with a crate's name and `/src`, is a path.
const ROOT_FOLDERS: [&str; 9] =
    ["crates/", "docs/", "services/", "script/", "xtask/", "tests/", ".ci/", ".config/", ".cargo/"];
const CRATES: [&str; 10] = ["ledger", "seal", "domain", "store", "host", "app", "web", "cli", "verify", "testkit"];
/// Folders made by running a script, which a document may name though no checkout holds them.
const MADE: [&str; 2] = ["tests/browser/node_modules", "target/"];

pub fn check(tree: &Tree) -> Vec<Fault> {
    let paths = tree.paths();
    let documents = tree.files.iter().filter(|file| file.path.ends_with(".md"));
    documents.flat_map(|file| check_document(file, &paths)).collect()
}

fn check_document(file: &File, paths: &BTreeSet<&str>) -> Vec<Fault> {
    let folder = file.path.rfind('/').map_or("", |end| &file.path[..=end]);
    let mut faults = Vec::new();
    let mut fenced = false;
    for (index, line) in file.text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        let words: Vec<&str> = if fenced { line.split_whitespace().collect() } else { code_spans(line) };
        for word in words.iter().map(|word| path_in(word)).filter(|word| is_path(word)) {
            if !expand(word).iter().all(|path| exists(path, paths)) {
                faults.push(Fault::new(&file.path, index + 1, format!("`{word}` does not exist")));
            }
        }
        for link in if fenced { vec![] } else { links(line) } {
            let target = resolve(folder, link);
            if !target.is_empty() && !exists(&target, paths) {
                faults.push(Fault::new(&file.path, index + 1, format!("the link to `{link}` leads nowhere")));
            }
        }
    }
    faults
}

/// What stands between backticks.
fn code_spans(line: &str) -> Vec<&str> {
    line.split('`').skip(1).step_by(2).collect()
}

/// The targets of links into this repository, without fragments.
fn links(line: &str) -> Vec<&str> {
    let targets = line.match_indices("](").filter_map(|(at, _)| line[at + 2..].split([')', ' ']).next());
    targets
        .map(|target| target.split('#').next().unwrap_or_default())
        .filter(|target| !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:"))
        .collect()
}

/// The path in a word: without `:line`, `::item`, arguments and the punctuation around it.
fn path_in(word: &str) -> &str {
    let word = word.split_whitespace().next().unwrap_or_default();
    let word = word.split(':').next().unwrap_or_default();
    word.trim_start_matches(['(', '"', '\'', '<']).trim_end_matches([')', '"', '\'', ',', ';', '.', '/'])
}

fn is_path(word: &str) -> bool {
    let rooted = ROOT_FOLDERS.iter().any(|folder| word.starts_with(folder));
    rooted || in_crate(word) || (!word.contains('/') && word.ends_with(".md") && word.len() > 3)
}

fn in_crate(word: &str) -> bool {
    CRATES.iter().any(|name| word.strip_prefix(name).is_some_and(|rest| rest.starts_with("/src")))
}

/// `a/{b,c}.rs` as `a/b.rs` and `a/c.rs`; a crate's path from the root.
fn expand(word: &str) -> Vec<String> {
    let word = if in_crate(word) { format!("crates/{word}") } else { word.to_owned() };
    match (word.find('{'), word.find('}')) {
        (Some(open), Some(close)) if open < close => {
            let (before, after) = (&word[..open], &word[close + 1..]);
            word[open + 1..close].split(',').map(|part| format!("{before}{part}{after}")).collect()
        }
        _ => vec![word],
    }
}

fn exists(path: &str, paths: &BTreeSet<&str>) -> bool {
    if MADE.iter().any(|made| path.starts_with(made)) {
        return true;
    }
    let path = path.trim_end_matches('/');
    match path.find(['*', '<', '…']) {
        // A pattern holds when something fits what stands before its first gap.
        Some(gap) => paths.iter().any(|known| known.starts_with(&path[..gap]) && known.len() > gap),
        None => paths.contains(path) || (!path.contains('/') && paths.iter().any(|known| ends_in(known, path))),
    }
}

fn ends_in(known: &str, name: &str) -> bool {
    known.strip_suffix(name).is_some_and(|rest| rest.ends_with('/'))
}

/// A link's target from the root; empty for the root itself.
fn resolve(folder: &str, link: &str) -> String {
    let whole = if let Some(rooted) = link.strip_prefix('/') { rooted.to_owned() } else { format!("{folder}{link}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    fn document(text: &str) -> Vec<String> {
        let files = [
            ("docs/operators.md", text),
            ("docs/api.md", ""),
            ("script/up", ""),
            ("crates/app/src/record.rs", ""),
            ("crates/app/src/tenant.rs", ""),
        ];
        places(check, &files)
    }

    #[test]
    fn a_path_that_does_not_exist_is_a_fault() {
        assert_eq!(document("x\nsee `crates/app/src/gone.rs`"), ["docs/operators.md:2"]);
        assert_eq!(document("see `app/src/gone.rs:12`"), ["docs/operators.md:1"]);
        assert_eq!(document("```\nscript/down --demo\n```"), ["docs/operators.md:2"]);
        assert_eq!(document("see `GONE.md`"), ["docs/operators.md:1"]);
        assert_eq!(document("see `app/src/{record,gone}.rs`"), ["docs/operators.md:1"]);
        assert_eq!(document("see `crates/gone/*.rs`"), ["docs/operators.md:1"]);
    }

    #[test]
    fn a_link_that_leads_nowhere_is_a_fault() {
        assert_eq!(document("[x](gone.md)"), ["docs/operators.md:1"]);
        assert_eq!(document("[x](../script/gone)"), ["docs/operators.md:1"]);
        assert!(document("[a](api.md#top) [b](../script/up) [c](https://example.jp/gone) [d](#here)").is_empty());
    }

    #[test]
    fn what_exists_or_is_no_path_is_left_alone() {
        let text = "`app/src/{record,tenant}.rs` `crates/app/src/*.rs` `/api/v1/gone` `api.md` `svc_crm` `script/up --demo`\n\
                    `crates/app/src/record.rs:3` `domain::record` `tests/browser/node_modules`";
        assert!(document(text).is_empty(), "{:?}", document(text));
    }
}
