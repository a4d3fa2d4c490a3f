//! `cargo xtask`: chores that hold the house together. Not shipped; nothing of the product may depend on it.
#![allow(clippy::print_stdout, reason = "a chore reports on its standard output")]

mod rust_source;
mod tidy;
mod tree;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> anyhow::Result<ExitCode> {
    match std::env::args().nth(1).as_deref() {
        Some("tidy") => run_tidy(),
        _ => {
            println!("usage: cargo xtask tidy");
            Ok(ExitCode::from(2))
        }
    }
}

fn run_tidy() -> anyhow::Result<ExitCode> {
    let tree = tree::Tree::load(&workspace_root())?;
    let faults = tidy::check(&tree);
    for fault in &faults {
        println!("{fault}");
    }
    if faults.is_empty() {
        println!("tidy: {} files, no fault", tree.files.len());
        return Ok(ExitCode::SUCCESS);
    }
    println!("tidy: {} faults in {} files looked at", faults.len(), tree.files.len());
    Ok(ExitCode::FAILURE)
}

/// The folder that holds this package's folder, so that the chore works from anywhere inside the checkout.
fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask stands in the workspace").to_path_buf()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_workspace_is_tidy() {
        let tree = crate::tree::Tree::load(&crate::workspace_root()).expect("the workspace can be read");
        assert!(tree.files.len() > 50, "only {} files found: the walk is broken", tree.files.len());
        let faults: Vec<String> = crate::tidy::check(&tree).iter().map(ToString::to_string).collect();
        assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    }
}
