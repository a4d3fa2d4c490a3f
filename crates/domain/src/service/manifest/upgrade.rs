//! From one version of a service to the next: additive, or refused with the reason. Changes no table; `store` takes the
//! steps.

use crate::service::{Entity, Field, FieldKind, Index, Service};
use std::fmt;

/// One step of an upgrade. Displays as a line of its preview.
#[derive(Clone, PartialEq, Debug)]
pub enum UpgradeStep {
    /// A new entity: a table.
    AddEntity(String),
    /// A new field: a column when plain or blind-indexed, else only a place in the envelope.
    AddField {
        /// The entity's name.
        entity: String,
        /// The field.
        field: Field,
    },
    /// An index on a field that exists: rows need back-filling from their envelopes.
    AddIndex {
        /// The entity's name.
        entity: String,
        /// The field as the new manifest has it.
        field: Field,
    },
    /// A field's values need no longer be unique: its constraint goes.
    DropUnique {
        /// The entity's name.
        entity: String,
        /// The field's name.
        field: String,
    },
    /// A new screen; it starts closed.
    AddScreen(String),
    /// No row is touched: labels, hints, titles, order, columns of screens, looser limits. Says which.
    CatalogueOnly(String),
}

impl fmt::Display for UpgradeStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddEntity(entity) => write!(f, "add the entity {entity}"),
            Self::AddField { entity, field } => write!(f, "add the field {entity}.{}", field.name),
            Self::AddIndex { entity, field } => {
                write!(f, "index the field {entity}.{} and back-fill its records", field.name)
            }
            Self::DropUnique { entity, field } => write!(f, "let values of {entity}.{field} repeat"),
            Self::AddScreen(screen) => write!(f, "add the screen {screen}, closed"),
            Self::CatalogueOnly(what) => write!(f, "change {what}"),
        }
    }
}

/// The steps from `old` to `new`, tables before screens; or every reason against it.
pub fn upgrade(old: &Service, new: &Service) -> Result<Vec<UpgradeStep>, Vec<String>> {
    let mut plan = Plan::default();
    if old.name != new.name {
        plan.refuse(format!("a service keeps its name: {} can't become {}", old.name, new.name));
    }
    if new.version <= old.version {
        plan.refuse(format!("the version must grow: {} is installed, this is {}", old.version, new.version));
    }
    plan.relabel(old.label != new.label, || format!("the label of {}", new.name));
    for entity in &old.entities {
        match new.entity(&entity.name) {
            Some(next) => plan.entity(entity, next),
            None => plan.refuse(format!("the entity {} would be removed with its records; keep it", entity.name)),
        }
    }
    for entity in new.entities.iter().filter(|entity| old.entity(&entity.name).is_none()) {
        plan.steps.push(UpgradeStep::AddEntity(entity.name.clone()));
    }
    plan.screens(old, new);
    if plan.refusals.is_empty() { Ok(plan.steps) } else { Err(plan.refusals) }
}

#[derive(Default)]
struct Plan {
    steps: Vec<UpgradeStep>,
    refusals: Vec<String>,
}

impl Plan {
    fn refuse(&mut self, reason: String) {
        self.refusals.push(reason);
    }

    fn relabel(&mut self, changed: bool, what: impl FnOnce() -> String) {
        if changed {
            self.steps.push(UpgradeStep::CatalogueOnly(what()));
        }
    }

    fn entity(&mut self, old: &Entity, new: &Entity) {
        let name = &old.name;
        self.relabel(old.label != new.label, || format!("the label of {name}"));
        self.relabel(old.title != new.title, || format!("the title of {name}"));
        for field in &old.fields {
            match new.field(&field.name) {
                Some(next) => self.field(name, field, next),
                None => self.refuse(format!("{name}.{} would be removed with its values; keep it", field.name)),
            }
        }
        for field in new.fields.iter().filter(|field| old.field(&field.name).is_none()) {
            if field.required {
                let path = format!("{name}.{}", field.name);
                self.refuse(format!("{path} is new and required, but records exist without it; make it optional"));
            }
            self.steps.push(UpgradeStep::AddField { entity: name.clone(), field: field.clone() });
        }
        // Only the fields both have: a new one is a step of its own.
        let order = |entity: &Entity, other: &Entity| -> Vec<String> {
            let shared = entity.fields.iter().filter(|field| other.field(&field.name).is_some());
            shared.map(|field| field.name.clone()).collect()
        };
        self.relabel(order(old, new) != order(new, old), || format!("the order of fields of {name}"));
    }

    fn field(&mut self, entity: &str, old: &Field, new: &Field) {
        let path = format!("{entity}.{}", old.name);
        self.relabel(old.label != new.label || old.hint != new.hint, || format!("the label or hint of {path}"));
        match kind_change(&old.kind, &new.kind) {
            Ok(changed) => self.relabel(changed, || format!("what {path} takes")),
            Err(reason) => self.refuse(format!("{path}: {reason}")),
        }
        if old.personal && !new.personal {
            self.refuse(format!("{path} is personal data and stays so"));
        }
        self.relabel(!old.personal && new.personal, || format!("{path} to personal data"));
        if !old.required && new.required {
            self.refuse(format!("{path} would become required, but records may be without it"));
        }
        self.relabel(old.required && !new.required, || format!("{path} to optional"));
        if new.max_chars < old.max_chars {
            self.refuse(format!("{path} would take {} instead of {} characters", new.max_chars, old.max_chars));
        }
        self.relabel(new.max_chars > old.max_chars, || format!("the length of {path}"));
        if !old.unique && new.unique {
            self.refuse(format!("{path} would become unique, but records may share a value"));
        }
        if old.unique && !new.unique {
            self.steps.push(UpgradeStep::DropUnique { entity: entity.to_owned(), field: old.name.clone() });
        }
        self.index(entity, old, new);
    }

    fn index(&mut self, entity: &str, old: &Field, new: &Field) {
        let word = |index: Option<Index>| match index {
            Some(Index::Plain) => "plain",
            Some(Index::Exact) => "exact",
            Some(Index::Partial) => "partial",
            None => "no",
        };
        match (old.index, new.index) {
            (old, new) if old == new => {}
            (None, Some(_)) => {
                self.steps.push(UpgradeStep::AddIndex { entity: entity.to_owned(), field: new.clone() });
            }
            (was, is) => {
                let path = format!("{entity}.{}", old.name);
                self.refuse(format!("{path} keeps its {} index; {} index can't replace it", word(was), word(is)));
            }
        }
    }

    fn screens(&mut self, old: &Service, new: &Service) {
        // With an entity its screens go too; one reason is enough.
        for screen in old.screens.iter().filter(|screen| new.entity(&screen.entity).is_some()) {
            let name = &screen.name;
            let Some(next) = new.screen(name) else {
                self.refuse(format!("the screen {name} would be removed with its settings and grants; keep it"));
                continue;
            };
            if (screen.kind, &screen.entity) != (next.kind, &next.entity) {
                self.refuse(format!("the screen {name} keeps its kind and entity; grants were given for them"));
            }
            self.relabel(screen.label != next.label, || format!("the label of the screen {name}"));
            self.relabel(screen.fields != next.fields, || format!("the fields of the screen {name}"));
            self.relabel(screen.proposed != next.proposed, || format!("the proposed settings of the screen {name}"));
        }
        for screen in new.screens.iter().filter(|screen| old.screen(&screen.name).is_none()) {
            self.steps.push(UpgradeStep::AddScreen(screen.name.clone()));
        }
    }
}

/// Whether a type changed in a way that every stored value survives; or why not.
fn kind_change(old: &FieldKind, new: &FieldKind) -> Result<bool, String> {
    match (old, new) {
        (old, new) if old == new => Ok(false),
        (FieldKind::Number { scale, min, max }, FieldKind::Number { scale: new_scale, min: new_min, max: new_max }) => {
            let tighter_min = new_min.is_some_and(|new| min.is_none_or(|old| new > old));
            let tighter_max = new_max.is_some_and(|new| max.is_none_or(|old| new < old));
            if new_scale < scale || tighter_min || tighter_max {
                Err("its range or decimals would get tighter than stored values".to_owned())
            } else {
                Ok(true)
            }
        }
        (FieldKind::Choice { options: old }, FieldKind::Choice { options: new }) => {
            let gone = old.iter().find(|option| new.iter().all(|next| next.value != option.value));
            gone.map_or(Ok(true), |option| Err(format!("the option \"{}\" would be removed; keep it", option.value)))
        }
        (FieldKind::Reference { .. }, FieldKind::Reference { .. }) => {
            Err("it keeps the entity it refers to".to_owned())
        }
        _ => Err("it keeps its type; add a new field instead".to_owned()),
    }
}
