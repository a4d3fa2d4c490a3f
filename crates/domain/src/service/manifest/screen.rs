//! Screens of a service: what they refer to and what they propose. What a tenant makes of the proposal is `access`'s.

use super::MAX_SCREENS;
use super::complaint::Complaints;
use super::names::{check_name, has_form, nearest, unknown};
use super::raw::RawScreen;
use crate::screen::{PermissionKind, ScreenKind, ScreenSettings};
use crate::service::{Entity, Screen, Service};
use std::collections::{HashMap, HashSet};

/// Billing user types of a screen at most.
const MAX_BILLING_TYPES: usize = 20;

/// All screens. Those whose kind or entity is unknown are complained about and left out.
pub(super) fn check(raw: &[RawScreen], service: &Service, complaints: &mut Complaints<'_>) -> Vec<Screen> {
    complaints.count(raw, MAX_SCREENS, |screen| screen.name.span(), "screens of a service");
    complaints.distinct(raw.iter().map(|screen| &screen.name), "screen");
    let mut taken: HashMap<(&str, ScreenKind), &str> = HashMap::new();
    let mut screens = Vec::new();
    for screen in raw {
        check_name(complaints, &screen.name, 41, "a screen");
        complaints.label(&screen.label);
        let proposed = settings(screen, complaints);
        let (Some(kind), Some(entity)) = (kind(screen, complaints), entity(screen, service, complaints)) else {
            continue;
        };
        if let Some(other) = taken.insert((&entity.name, kind), screen.name.get_ref()) {
            let message =
                format!("\"{}\" already has the {} screen \"{other}\"; one is allowed", entity.name, kind.code());
            complaints.at(screen.name.span(), message);
        }
        if let Some(root) = screen.root.as_ref().filter(|root| *root.get_ref() && kind == ScreenKind::Detail) {
            complaints.at(root.span(), "a detail screen opens from a record, so it is no root function");
        }
        screens.push(Screen {
            name: screen.name.get_ref().clone(),
            label: screen.label.get_ref().clone(),
            kind,
            entity: entity.name.clone(),
            fields: fields(screen, kind, entity, complaints),
            proposed,
        });
    }
    screens
}

fn kind(screen: &RawScreen, complaints: &mut Complaints<'_>) -> Option<ScreenKind> {
    let found = ScreenKind::ALL.into_iter().find(|kind| kind.code() == screen.kind.get_ref());
    if found.is_none() {
        unknown(complaints, &screen.kind, "kind of screen", &ScreenKind::ALL.map(ScreenKind::code));
    }
    found
}

fn entity<'s>(screen: &RawScreen, service: &'s Service, complaints: &mut Complaints<'_>) -> Option<&'s Entity> {
    let found = service.entity(screen.entity.get_ref());
    if found.is_none() {
        let names: Vec<&str> = service.entities.iter().map(|entity| entity.name.as_str()).collect();
        unknown(complaints, &screen.entity, "entity of this service", &names);
    }
    found
}

/// The fields shown; all of the entity when none are named.
fn fields(screen: &RawScreen, kind: ScreenKind, entity: &Entity, complaints: &mut Complaints<'_>) -> Vec<String> {
    let all = || entity.fields.iter().map(|field| field.name.clone()).collect();
    let Some(first) = screen.fields.first() else {
        return all();
    };
    if kind == ScreenKind::Import {
        complaints.at(first.span(), "an import takes every field of its entity; leave fields out");
        return all();
    }
    complaints.distinct(screen.fields.iter(), "field of this screen");
    let known: Vec<&str> = entity.fields.iter().map(|field| field.name.as_str()).collect();
    for field in screen.fields.iter().filter(|field| !known.contains(&field.get_ref().as_str())) {
        unknown(complaints, field, &format!("field of \"{}\"", entity.name), &known);
    }
    let named: Vec<String> = screen.fields.iter().map(|field| field.get_ref().clone()).collect();
    if kind == ScreenKind::Form {
        for field in entity.fields.iter().filter(|field| field.required && !named.contains(&field.name)) {
            let message = format!("the form leaves out \"{}\", which is required", field.name);
            complaints.at(first.span(), message);
        }
    }
    named
}

/// The proposed settings; what is left out stays closed.
fn settings(screen: &RawScreen, complaints: &mut Complaints<'_>) -> ScreenSettings {
    let mut settings = ScreenSettings::closed();
    settings.usable = screen.usable;
    settings.root = screen.root.as_ref().is_some_and(|root| *root.get_ref());
    if let Some(word) = &screen.permission {
        match PermissionKind::parse(word.get_ref()) {
            Some(permission) => settings.permission = permission,
            None => unknown(complaints, word, "permission kind", &PermissionKind::ALL.map(PermissionKind::code)),
        }
    }
    complaints.count(&screen.billing_types, MAX_BILLING_TYPES, |name| name.span(), "billing types of a screen");
    let mut seen = HashSet::new();
    for name in &screen.billing_types {
        let text = name.get_ref();
        if !has_form(text, 31) {
            let near = nearest(text, &["standard", "light"]);
            let message = format!("\"{text}\" is no billing type{near}: 1 to 31 characters of a-z, 0-9 and _");
            complaints.at(name.span(), message);
        } else if seen.insert(text) {
            settings.billing_types.push(text.clone());
        }
    }
    settings
}
