//! What differs between versions of a record: for the log, and for two people who changed it at once. Writes nothing.

use super::Values;
use super::parse::same_but_line_breaks;
use crate::audit::Change;
use crate::service::{Entity, Field};

/// Three versions brought together.
#[derive(Clone, PartialEq, Debug)]
pub struct Conflict {
    /// Theirs, with my changes where only I changed a field.
    pub merged: Values,
    /// Fields that both changed, to different values; `merged` holds theirs, a person chooses.
    pub both: Vec<String>,
}

/// The changed fields in the entity's order. Personal fields appear by name only: what they held stays sealed in the
/// record, and is erased with it.
pub fn changes(entity: &Entity, old: &Values, new: &Values) -> Vec<Change> {
    let change = |field: &Field| {
        let (before, after) = (old.get(&field.name), new.get(&field.name));
        let kept = |value: Option<&String>| value.filter(|_| !field.personal).cloned();
        (before != after).then(|| Change { field: field.name.clone(), before: kept(before), after: kept(after) })
    };
    entity.fields.iter().filter_map(change).collect()
}

/// Brings together what I and they made of `base`. Nothing of theirs is overwritten.
pub fn conflict(entity: &Entity, base: &Values, mine: &Values, theirs: &Values) -> Conflict {
    let mut merged = theirs.clone();
    let mut both = Vec::new();
    for name in entity.fields.iter().map(|field| &field.name) {
        let (base, mine, theirs) = (base.get(name), mine.get(name), theirs.get(name));
        if same(base, mine) || same(mine, theirs) {
            continue;
        }
        if !same(base, theirs) {
            both.push(name.clone());
        } else if let Some(mine) = mine {
            merged.insert(name.clone(), mine.clone());
        } else {
            merged.remove(name);
        }
    }
    Conflict { merged, both }
}

fn same(a: Option<&String>, b: Option<&String>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => same_but_line_breaks(a, b),
        (a, b) => a == b,
    }
}
