//! The rules of the house that neither the compiler nor clippy can hold, each with a planted fault in its tests.
//! Repairs nothing.

mod ambient;
mod documents;
mod layers;
mod limits;
mod locales;
mod names;
mod wording;

use crate::tree::Tree;
use std::fmt;

/// A rule broken at a place, with the reason of the rule.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Fault {
    pub path: String,
    pub line: usize,
    pub reason: String,
}

impl Fault {
    fn new(path: &str, line: usize, reason: impl Into<String>) -> Self {
        Self { path: path.into(), line, reason: reason.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}", self.path, self.line, self.reason)
    }
}

/// All faults of the tree, by path and line.
pub fn check(tree: &Tree) -> Vec<Fault> {
    let rules = [
        layers::check,
        layers::check_lock,
        ambient::check,
        limits::check,
        names::check,
        documents::check,
        locales::check,
        wording::check,
    ];
    let mut faults: Vec<Fault> = rules.iter().flat_map(|rule| rule(tree)).collect();
    faults.sort();
    faults
}

/// What a rule says about the given files, as `path:line`, for its tests.
#[cfg(test)]
fn places(rule: fn(&Tree) -> Vec<Fault>, files: &[(&str, &str)]) -> Vec<String> {
    let mut faults = rule(&Tree::of(files));
    faults.sort();
    faults.iter().map(|fault| format!("{}:{}", fault.path, fault.line)).collect()
}
