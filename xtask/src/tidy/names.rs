//! What files, modules and crates may be called: the product's nouns and a few technical words, never a drawer for
//! things that found no name.

use super::Fault;
use crate::rust_source::RustSource;
use crate::tree::{File, Tree};

/// The nouns of the product. A new one is a decision.
const NOUNS: [&str; 32] = [
    "tenant",
    "contract",
    "service",
    "screen",
    "record",
    "user",
    "session",
    "role",
    "access",
    "activity",
    "audit",
    "key",
    "seal",
    "extraction",
    "erasure",
    "backup",
    "residency",
    "transport",
    "incident",
    "policy",
    "assessment",
    "certification",
    "availability",
    "maintenance",
    "slo",
    "vulnerability",
    "inquiry",
    "claim",
    "evidence",
    "job",
    "mail",
    "promise",
];

/// Folders whose modules are nouns, with the technical modules each may have besides.
const NOUN_FOLDERS: [(&str, &[&str]); 4] = [
    // `id`, `locale` and `time` are the vocabulary of all nouns; `import` is the form of a screen that takes a file.
    ("crates/domain/src/", &["lib", "id", "locale", "time", "import"]),
    // `op` is the way through the house, `error` what it answers when it refuses; `state` and `keys` are what is held in
    // memory between two of them; `import` as in the domain; `demo` fills tenants to try things on.
    ("crates/app/src/", &["lib", "op", "error", "state", "keys", "import", "demo"]),
    // `shell` is the frame of all pages, `home` the first one.
    ("crates/web/src/page/", &["shell", "home", "import"]),
    ("crates/web/src/api/", &["import", "openapi"]),
];

/// Words that say where something was put, not what it is.
const DRAWERS: [&str; 10] =
    ["core", "common", "util", "utils", "helper", "helpers", "manager", "managers", "misc", "data"];

pub fn check(tree: &Tree) -> Vec<Fault> {
    let rust = tree.files.iter().filter(|file| file.path.ends_with(".rs") && file.package().is_some());
    rust.flat_map(|file| check_path(file).into_iter().chain(check_modules(file))).collect()
}

fn check_path(file: &File) -> Vec<Fault> {
    let mut faults = Vec::new();
    for part in file.path.split('/').map(|part| part.trim_end_matches(".rs")) {
        if is_drawer(part) {
            faults.push(Fault::new(&file.path, 1, format!("`{part}` says nothing: name the thing by what it is")));
        }
    }
    for (folder, technical) in NOUN_FOLDERS {
        let Some(rest) = file.path.strip_prefix(folder) else { continue };
        let name = rest.split('/').next().unwrap_or_default().trim_end_matches(".rs");
        if !NOUNS.contains(&name) && !technical.contains(&name) {
            let reason = format!("`{name}` is neither a noun of the product nor a technical module of `{folder}`");
            faults.push(Fault::new(&file.path, 1, reason));
        }
    }
    faults
}

fn check_modules(file: &File) -> Vec<Fault> {
    let source = RustSource::scan(&file.text);
    let mut faults = Vec::new();
    for (index, line) in source.code.lines().enumerate() {
        let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_').skip_while(|word| *word != "mod");
        if words.next().is_some() && words.next().is_some_and(is_drawer) {
            faults.push(Fault::new(&file.path, index + 1, "a module is named by what it is, not as a drawer"));
        }
    }
    faults
}

fn is_drawer(name: &str) -> bool {
    // `data` and `core` are allowed inside a name (`data_dir`), because there they describe something.
    DRAWERS.contains(&name)
        || name.split(['_', '-']).any(|word| DRAWERS.contains(&word) && word != "data" && word != "core")
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    fn named(path: &str) -> usize {
        places(check, &[(path, "//! x\n")]).len()
    }

    #[test]
    fn a_drawer_is_not_a_name() {
        assert_eq!(named("crates/store/src/utils.rs"), 1);
        assert_eq!(named("crates/common/src/lib.rs"), 1);
        assert_eq!(named("crates/store/src/pool_helpers.rs"), 1);
        assert_eq!(named("crates/store/src/data/mod.rs"), 1);
        assert_eq!(named("crates/store/src/pool.rs"), 0);
        assert_eq!(named("crates/host/src/data_dir.rs"), 0);
    }

    #[test]
    fn an_inline_module_is_named_too() {
        let text = "//! x\npub mod helpers {\n}\n// mod utils\nmod record;\n";
        assert_eq!(places(check, &[("crates/store/src/pool.rs", text)]), ["crates/store/src/pool.rs:2"]);
    }

    #[test]
    fn a_module_of_the_product_is_a_noun_of_the_closed_list() {
        assert_eq!(named("crates/app/src/customer.rs"), 1);
        assert_eq!(named("crates/domain/src/thing/part.rs"), 1);
        assert_eq!(named("crates/web/src/page/dashboard.rs"), 1);
        assert_eq!(named("crates/app/src/record/list.rs"), 0);
        assert_eq!(named("crates/app/src/op.rs"), 0);
    }
}
