//! Reads a service manifest (TOML) and says, with file, line and what is allowed, what is wrong with it. Opens no file
//! and installs nothing.
//!
//! ```toml
//! [service]
//! name = "crm"
//! version = 1
//! label = { ja = "顧客管理", en = "CRM" }
//!
//! [[entity]]
//! name = "customer"
//! label = { ja = "顧客", en = "Customer" }
//! title = "number"
//!
//! [[entity.field]]
//! name = "number"
//! type = "text"
//! label = { ja = "顧客番号", en = "Customer number" }
//! required = true
//! index = "plain"
//!
//! [[screen]]
//! name = "customer_list"
//! kind = "list"
//! entity = "customer"
//! label = { ja = "顧客一覧", en = "Customers" }
//! fields = ["number"]
//! billing_types = ["standard"]
//! ```

mod complaint;
mod field;
mod kind;
mod names;
mod raw;
mod screen;
mod upgrade;

pub use complaint::ManifestError;
pub use upgrade::{UpgradeStep, upgrade};

use super::{Entity, Service};
use complaint::Complaints;
use raw::{RawEntity, RawManifest};

/// Entities of a service at most.
pub const MAX_ENTITIES: usize = 40;
/// Fields of an entity at most.
pub const MAX_FIELDS: usize = 100;
/// Options of a choice at most.
pub const MAX_OPTIONS: usize = 200;
/// Screens of a service at most.
pub const MAX_SCREENS: usize = 200;
/// Largest manifest in bytes.
pub const MAX_MANIFEST_BYTES: usize = 256 * 1024;
/// Longest label in characters.
pub const MAX_LABEL_CHARS: usize = 60;
/// Longest hint in characters.
pub const MAX_HINT_CHARS: usize = 200;

/// The service a manifest declares, or everything that is wrong with it, in the order of its lines. `file_name` is
/// only named in the errors.
pub fn read(file_name: &str, text: &str) -> Result<Service, Vec<ManifestError>> {
    let mut complaints = Complaints::new(file_name, text);
    if text.len() > MAX_MANIFEST_BYTES {
        complaints.at(0..0, format!("a manifest has up to {} KiB", MAX_MANIFEST_BYTES / 1024));
        return Err(complaints.into_errors());
    }
    let manifest: RawManifest = match toml::from_str(text) {
        Ok(manifest) => manifest,
        Err(error) => {
            complaints.at(error.span().unwrap_or(0..0), raw::explain(error.message()));
            return Err(complaints.into_errors());
        }
    };
    let service = check(&manifest, &mut complaints);
    if complaints.is_empty() { Ok(service) } else { Err(complaints.into_errors()) }
}

fn check(manifest: &RawManifest, complaints: &mut Complaints<'_>) -> Service {
    let head = &manifest.service;
    names::check_name(complaints, &head.name, 31, "a service");
    complaints.label(&head.label);
    if *head.version.get_ref() == 0 {
        complaints.at(head.version.span(), "version starts at 1 and grows with each upgrade");
    }
    if manifest.entity.is_empty() {
        complaints.at(head.name.span(), "a service has at least one [[entity]]");
    }
    complaints.count(&manifest.entity, MAX_ENTITIES, |entity| entity.name.span(), "entities of a service");
    complaints.distinct(manifest.entity.iter().map(|entity| &entity.name), "entity");
    let known: Vec<&str> = manifest.entity.iter().map(|entity| entity.name.get_ref().as_str()).collect();
    let entities = manifest.entity.iter().map(|entity| check_entity(entity, &known, complaints)).collect();
    let mut service = Service {
        name: head.name.get_ref().clone(),
        version: *head.version.get_ref(),
        label: head.label.get_ref().clone(),
        entities,
        screens: Vec::new(),
    };
    service.screens = screen::check(&manifest.screen, &service, complaints);
    service
}

fn check_entity(raw: &RawEntity, known: &[&str], complaints: &mut Complaints<'_>) -> Entity {
    names::check_name(complaints, &raw.name, 31, "an entity");
    complaints.label(&raw.label);
    if raw.field.is_empty() {
        complaints.at(raw.name.span(), "an entity has at least one [[entity.field]]");
    }
    complaints.count(&raw.field, MAX_FIELDS, |field| field.name.span(), "fields of an entity");
    complaints.distinct(raw.field.iter().map(|field| &field.name), "field");
    let fields: Vec<_> = raw.field.iter().map(|field| field::check(field, known, complaints)).collect();
    field::check_labels(&raw.field, complaints);
    field::check_title(raw, &fields, complaints);
    Entity {
        name: raw.name.get_ref().clone(),
        label: raw.label.get_ref().clone(),
        title: raw.title.get_ref().clone(),
        fields,
    }
}
