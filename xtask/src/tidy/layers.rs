//! Which crate may depend on which, of ours and of others', read from each Cargo.toml; and what may not be in
//! Cargo.lock at all. Says nothing about versions or licences: that is deny.toml.

use super::Fault;
use crate::tree::{File, Tree};

/// A crate of the house and the crates of the house it may use. What is not listed here has no layer.
const LAYERS: [(&str, &[&str]); 11] = [
    ("ledger", &[]),
    ("seal", &[]),
    ("domain", &["ledger", "seal"]),
    ("store", &["domain", "ledger", "seal"]),
    ("host", &["domain", "ledger", "seal"]),
    ("app", &["store", "host", "domain", "ledger", "seal"]),
    ("web", &["app", "domain"]),
    ("cli", &["web", "app", "store", "host", "domain", "ledger", "seal"]),
    ("verify", &["ledger", "seal"]),
    ("testkit", &["web", "app", "store", "host", "domain", "ledger", "seal"]),
    ("xtask", &[]),
];

/// A crate of others, and the crates of the house whose business it is.
const OWNERS: [(&str, &[&str]); 19] = [
    ("tokio-postgres", &["store", "testkit"]),
    ("deadpool-postgres", &["store"]),
    ("tokio-postgres-rustls", &["store"]),
    ("axum", &["web", "cli", "testkit"]),
    ("axum-extra", &["web"]),
    ("tower", &["web", "cli", "testkit"]),
    ("tower-http", &["web"]),
    ("http", &["host", "web", "cli", "testkit"]),
    ("hyper", &["host", "web", "cli", "testkit"]),
    ("hyper-util", &["host", "web", "cli", "testkit"]),
    ("hyper-rustls", &["host"]),
    ("askama", &["web"]),
    ("fluent-bundle", &["web"]),
    ("lettre", &["host"]),
    ("rcgen", &["host"]),
    ("instant-acme", &["host"]),
    ("fantoccini", &["testkit"]),
    ("clap", &["cli", "verify", "xtask"]),
    ("zip", &["app", "verify"]),
];

/// Parts of the names of crates by which somebody could sign in with an account held elsewhere (promise
/// `identity.email_only`). Parts, because such crates come under many names.
const FEDERATION: [&str; 7] = ["oauth", "openid", "oidc", "saml", "ldap", "kerberos", "gssapi"];

pub fn check(tree: &Tree) -> Vec<Fault> {
    let manifests = tree.files.iter().filter(|file| file.path.ends_with("/Cargo.toml") && file.package().is_some());
    manifests.flat_map(check_manifest).collect()
}

fn check_manifest(file: &File) -> Vec<Fault> {
    let package = file.package().unwrap_or_default();
    let Some((_, may_use)) = LAYERS.iter().find(|(name, _)| *name == package) else {
        let reason = format!("crate `{package}` has no layer: a new crate is a decision, written in the layers rule");
        return vec![Fault::new(&file.path, 1, reason)];
    };
    let Ok(manifest) = file.text.parse::<toml::Table>() else {
        return vec![Fault::new(&file.path, 1, "this manifest cannot be read as TOML")];
    };
    let mut faults = Vec::new();
    for section in ["dependencies", "build-dependencies"] {
        let names = manifest.get(section).and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::keys);
        for name in names {
            let line = line_of(&file.text, name);
            let ours = LAYERS.iter().any(|(layer, _)| layer == name);
            if ours && !may_use.contains(&name.as_str()) {
                let reason = format!("`{package}` may not use `{name}`: layers point one way (ARCHITECTURE.md)");
                faults.push(Fault::new(&file.path, line, reason));
            }
            if OWNERS.iter().any(|(other, owners)| other == name && !owners.contains(&package)) {
                let reason = format!("`{name}` is not the business of `{package}`");
                faults.push(Fault::new(&file.path, line, reason));
            }
        }
    }
    faults
}

fn line_of(text: &str, key: &str) -> usize {
    let names_key =
        |line: &str| line.trim_start().strip_prefix(key).is_some_and(|rest| rest.starts_with(['.', ' ', '=']));
    text.lines().position(names_key).map_or(1, |index| index + 1)
}

/// Nobody signs in with an account held elsewhere, so no crate for it may be locked.
pub fn check_lock(tree: &Tree) -> Vec<Fault> {
    let Some(lock) = tree.file("Cargo.lock") else {
        return vec![Fault::new("Cargo.lock", 1, "there is no Cargo.lock, so nobody knows what is built")];
    };
    let mut faults = Vec::new();
    for (index, line) in lock.text.lines().enumerate() {
        let name = line.strip_prefix("name = \"").and_then(|rest| rest.strip_suffix('"')).unwrap_or_default();
        if FEDERATION.iter().any(|part| name.contains(part)) {
            let reason = format!("`{name}` is for federated sign-in, which STRUCT does not have (identity.email_only)");
            faults.push(Fault::new(&lock.path, index + 1, reason));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    #[test]
    fn a_lower_layer_may_not_use_a_higher_one() {
        let manifest = "[dependencies]\nseal.workspace = true\nstore.workspace = true\n";
        assert_eq!(places(check, &[("crates/domain/Cargo.toml", manifest)]), ["crates/domain/Cargo.toml:3"]);
        assert!(places(check, &[("crates/app/Cargo.toml", manifest)]).is_empty());
    }

    #[test]
    fn web_reaches_the_store_through_app_only() {
        let manifest = "[dependencies]\nstore = { path = \"../store\" }\n";
        assert_eq!(places(check, &[("crates/web/Cargo.toml", manifest)]), ["crates/web/Cargo.toml:2"]);
    }

    #[test]
    fn the_testkit_is_for_tests_only() {
        let normal = "[dependencies]\ntestkit.workspace = true\n";
        let dev = "[dev-dependencies]\ntestkit.workspace = true\n";
        assert_eq!(places(check, &[("crates/cli/Cargo.toml", normal)]), ["crates/cli/Cargo.toml:2"]);
        assert!(places(check, &[("crates/cli/Cargo.toml", dev)]).is_empty());
    }

    #[test]
    fn the_verifier_stands_on_ledger_and_seal_alone() {
        let manifest = "[dependencies]\nledger.workspace = true\ndomain.workspace = true\n";
        assert_eq!(places(check, &[("crates/verify/Cargo.toml", manifest)]), ["crates/verify/Cargo.toml:3"]);
    }

    #[test]
    fn the_database_driver_is_the_stores_business() {
        let manifest = "[dependencies]\ntokio-postgres.workspace = true\n";
        assert_eq!(places(check, &[("crates/app/Cargo.toml", manifest)]), ["crates/app/Cargo.toml:2"]);
        assert!(places(check, &[("crates/store/Cargo.toml", manifest)]).is_empty());
    }

    #[test]
    fn a_crate_without_a_layer_is_refused() {
        assert_eq!(places(check, &[("crates/shortcut/Cargo.toml", "")]), ["crates/shortcut/Cargo.toml:1"]);
    }

    #[test]
    fn a_federation_crate_in_the_lock_file_is_refused() {
        let lock = "[[package]]\nname = \"openidconnect\"\nversion = \"4.0.0\"\n\n[[package]]\nname = \"serde\"\n";
        assert_eq!(places(check_lock, &[("Cargo.lock", lock)]), ["Cargo.lock:2"]);
        assert_eq!(places(check_lock, &[]), ["Cargo.lock:1"]);
    }
}
