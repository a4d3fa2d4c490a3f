//! The rules of STRUCT from outside: shipped manifests, files as companies hand them over, records, rights.

mod access;
mod extraction;
mod import;
mod manifest;
mod ocsf;
mod record;
mod residency;
mod sign;
mod upgrade;
mod user;

use domain::service::Service;

/// A shipped manifest, read.
fn shipped(name: &str) -> Service {
    let path = format!("services/{name}.toml");
    let text = std::fs::read_to_string(format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"))).expect("it is shipped");
    domain::service::manifest::read(&path, &text)
        .unwrap_or_else(|errors| panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

/// Typed pairs from literals.
fn typed(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
