//! Upgrades of a service: what would lose or refuse stored values is refused.

use crate::shipped;
use domain::locale::Label;
use domain::service::manifest::{UpgradeStep, upgrade};
use domain::service::{Entity, Field, FieldKind, Index, Service};

fn next(change: impl FnOnce(&mut Service)) -> (Service, Service) {
    let old = shipped("crm");
    let mut new = old.clone();
    new.version += 1;
    change(&mut new);
    (old, new)
}

fn customer(service: &mut Service) -> &mut Entity {
    &mut service.entities[0]
}

fn field<'s>(service: &'s mut Service, name: &str) -> &'s mut Field {
    customer(service).fields.iter_mut().find(|field| field.name == name).expect("it is there")
}

/// The change is refused with one reason that holds `expected`.
#[track_caller]
fn refused(change: impl FnOnce(&mut Service), expected: &str) {
    let (old, new) = next(change);
    let reasons = upgrade(&old, &new).expect_err("it loses something");
    assert!(reasons.len() == 1 && reasons[0].contains(expected), "{reasons:#?}");
}

#[test]
fn a_version_that_does_not_grow_is_refused() {
    refused(|new| new.version -= 1, "the version must grow");
}

#[test]
fn whatever_would_lose_stored_values_is_refused() {
    refused(|new| customer(new).fields.retain(|field| field.name != "note"), "customer.note would be removed");
    refused(
        |new| {
            new.entities.retain(|entity| entity.name != "activity");
            new.screens.retain(|screen| screen.entity != "activity");
        },
        "the entity activity would be removed",
    );
    refused(|new| field(new, "note").kind = FieldKind::Money, "it keeps its type");
    refused(|new| field(new, "name").personal = false, "is personal data and stays so");
    refused(|new| field(new, "kana").required = true, "would become required");
    refused(|new| field(new, "rank").unique = true, "would become unique");
    refused(|new| field(new, "name").max_chars = 10, "instead of 100 characters");
    refused(|new| field(new, "name").index = None, "keeps its partial index");
    refused(
        |new| {
            let FieldKind::Choice { options } = &mut field(new, "rank").kind else { panic!("rank is a choice") };
            options.pop();
        },
        "the option \"D\" would be removed",
    );
    refused(|new| drop(new.screens.remove(0)), "would be removed with its settings");
}

#[test]
fn a_new_required_field_is_refused_because_records_exist_without_it() {
    refused(
        |new| {
            let mut more = field(new, "rank").clone();
            (more.name, more.required) = ("more".to_owned(), true);
            customer(new).fields.push(more);
        },
        "customer.more is new and required",
    );
}

#[test]
fn additions_become_steps_and_looser_rules_touch_no_row() {
    let (old, new) = next(|new| {
        let mut more = field(new, "rank").clone();
        more.name = "more".to_owned();
        customer(new).fields.insert(3, more);
        field(new, "department").index = Some(Index::Partial);
        field(new, "name").required = false;
        field(new, "number").unique = false;
        field(new, "number").label = Label { ja: "番号".to_owned(), en: "Number".to_owned() };
        let mut screen = new.screens[0].clone();
        screen.name = "more_list".to_owned();
        new.screens.push(screen);
    });
    let steps = upgrade(&old, &new).expect("nothing is lost");
    let shown: Vec<String> = steps.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "change the label or hint of customer.number",
            "let values of customer.number repeat",
            "change customer.name to optional",
            "index the field customer.department and back-fill its records",
            "add the field customer.more",
            "add the screen more_list, closed",
        ]
    );
    assert!(matches!(&steps[3], UpgradeStep::AddIndex { field, .. } if field.index == Some(Index::Partial)));
}
