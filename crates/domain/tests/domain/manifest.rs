//! Manifests: what is refused, where the error points, what it says.

use crate::shipped;
use domain::screen::ScreenKind;
use domain::service::manifest::{MAX_MANIFEST_BYTES, read};
use domain::service::{FieldKind, Index, Service};

const SMALL: &str = r#"[service]
name = "desk"
version = 1
label = { ja = "受付", en = "Desk" }

[[entity]]
name = "visitor"
label = { ja = "来客", en = "Visitor" }
title = "number"

[[entity.field]]
name = "number"
type = "text"
label = { ja = "番号", en = "Number" }
required = true
index = "plain"

[[screen]]
name = "visitor_list"
kind = "list"
entity = "visitor"
label = { ja = "来客一覧", en = "Visitors" }
"#;

fn errors(text: &str) -> Vec<String> {
    read("services/desk.toml", text).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

/// The small manifest with one piece replaced is refused with exactly one error holding `expected`.
#[track_caller]
fn refused(from: &str, to: &str, expected: &str) {
    assert!(SMALL.contains(from), "{from}");
    let found = errors(&SMALL.replacen(from, to, 1));
    assert!(found.len() == 1 && found[0].contains(expected), "{found:#?}");
}

#[test]
fn an_unknown_key_is_refused_with_its_place_and_the_nearest_one() {
    let found = errors(&SMALL.replace("type = \"text\"", "tpye = \"text\""));
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("services/desk.toml:13:1: \"tpye\" is not known here (did you mean \"type\"?)"),
        "{found:?}"
    );
}

#[test]
fn text_that_is_no_toml_is_refused_at_its_line() {
    let found = errors("[service]\nname = crm\n");
    assert!(found[0].starts_with("services/desk.toml:2:8: "), "{found:?}");
}

#[test]
fn a_missing_key_is_named() {
    refused("version = 1\n", "", "missing field \"version\"");
}

#[test]
fn an_unknown_type_is_refused_with_all_that_are_allowed() {
    refused("type = \"text\"", "type = \"txt\"", "did you mean \"text\"?); allowed are text, long_text, number, money");
}

#[test]
fn names_that_sql_or_struct_keeps_are_refused() {
    for name in ["tenant_id", "id", "version", "sealed", "created_at", "updated_by", "order", "user"] {
        refused("name = \"desk\"", &format!("name = \"{name}\""), "is reserved");
    }
    for name in ["f_number", "x_number", "b_number"] {
        refused("name = \"desk\"", &format!("name = \"{name}\""), "are reserved");
    }
    for name in ["Visitor", "1st", "来客", "a-b", "", "a; drop table x", &"a".repeat(32)] {
        refused("name = \"desk\"", &format!("name = \"{name}\""), "begins with a-z");
    }
}

#[test]
fn personal_data_is_never_indexed_plain() {
    let field = "\n[[entity.field]]\nname = \"mail\"\ntype = \"email\"\nlabel = { ja = \"メール\", en = \"Mail\" }\npersonal = true\nindex = \"plain\"\n\n[[screen]]";
    refused("\n[[screen]]", field, "personal data is never indexed plain");
}

#[test]
fn a_title_that_could_show_personal_data_or_be_empty_is_refused() {
    refused("required = true", "required = false", "the title \"number\" must be a required text");
    refused("index = \"plain\"", "index = \"exact\"", "the title \"number\" must be");
    refused("title = \"number\"", "title = \"nubmer\"", "did you mean \"number\"?");
}

#[test]
fn indexes_a_type_cannot_have_are_refused() {
    for (kind, index, allowed) in [
        ("boolean", "exact", "plain"),
        ("money", "partial", "plain, exact"),
        ("date", "partial", "plain, exact"),
        ("long_text", "plain", "partial"),
    ] {
        let field = format!(
            "\n[[entity.field]]\nname = \"more\"\ntype = \"{kind}\"\nlabel = {{ ja = \"他\", en = \"More\" }}\nindex = \"{index}\"\n\n[[screen]]"
        );
        refused("\n[[screen]]", &field, &format!("a {kind} takes no index \"{index}\"; allowed: {allowed}"));
    }
}

#[test]
fn a_unique_field_without_an_index_that_can_hold_it_is_refused() {
    let field = "\n[[entity.field]]\nname = \"more\"\ntype = \"text\"\nlabel = { ja = \"他\", en = \"More\" }\nunique = true\nindex = \"partial\"\n\n[[screen]]";
    refused("\n[[screen]]", field, "is unique, so it needs index = \"plain\" or \"exact\"");
}

#[test]
fn a_reference_to_nowhere_and_a_choice_without_options_are_refused() {
    let field = |rest: &str| {
        format!("\n[[entity.field]]\nname = \"more\"\nlabel = {{ ja = \"他\", en = \"More\" }}\n{rest}\n\n[[screen]]")
    };
    refused("\n[[screen]]", &field("type = \"reference\"\nto = \"visitr\""), "did you mean \"visitor\"?");
    refused("\n[[screen]]", &field("type = \"reference\""), "names its entity");
    refused("\n[[screen]]", &field("type = \"choice\""), "a choice has options");
    refused("\n[[screen]]", &field("type = \"choice\"\noptions = []"), "1 to 200 options; here are 0");
    refused("\n[[screen]]", &field("type = \"text\"\nscale = 2"), "scale is for type = \"number\"");
    refused("\n[[screen]]", &field("type = \"text\"\nmax_chars = 0"), "max_chars of this type is 1 to 2000");
    let label = "type = \"choice\"\noptions = [{ value = \"a\", label = { ja = \"い\", en = \"b\" } }, { value = \"b\", label = { ja = \"ろ\", en = \"c\" } }]";
    refused("\n[[screen]]", &field(label), "\"b\" already means another option");
}

#[test]
fn two_fields_that_a_file_could_not_tell_apart_are_refused() {
    let field = "\n[[entity.field]]\nname = \"more\"\ntype = \"text\"\nlabel = { ja = \"ＮＵＭＢＥＲ\", en = \"More\" }\n\n[[screen]]";
    refused("\n[[screen]]", field, "another field already has the label");
}

#[test]
fn screens_refer_to_what_exists_and_one_of_a_kind_is_allowed() {
    refused("entity = \"visitor\"", "entity = \"visitors\"", "did you mean \"visitor\"?");
    refused("kind = \"list\"", "kind = \"lst\"", "allowed are list, detail, form, import, extract");
    refused("kind = \"list\"", "kind = \"list\"\nfields = [\"name\"]", "is no field of \"visitor\"");
    refused("kind = \"list\"", "kind = \"list\"\npermission = \"all\"", "allowed are none, per_role, administrators");
    refused("kind = \"list\"", "kind = \"detail\"\nroot = true", "no root function");
    refused("kind = \"list\"", "kind = \"import\"\nfields = [\"number\"]", "takes every field");
    refused("kind = \"list\"", "kind = \"list\"\nbilling_types = [\"Standard\"]", "is no billing type");
    let twice =
        SMALL.to_owned() + &SMALL[SMALL.find("[[screen]]").expect("it has one")..].replace("visitor_list", "other");
    assert!(errors(&twice)[0].contains("already has the list screen \"visitor_list\""), "{:?}", errors(&twice));
}

#[test]
fn an_oversized_manifest_is_refused_before_it_is_read() {
    let text = format!("{SMALL}\n# {}", "x".repeat(MAX_MANIFEST_BYTES));
    assert!(errors(&text)[0].contains("up to 256 KiB"));
}

#[test]
fn every_error_of_a_manifest_is_told_at_once_in_the_order_of_lines() {
    let text = SMALL.replace("\"visitor\"", "\"order\"").replace("\"text\"", "\"txt\"");
    let lines: Vec<usize> = read("x", &text).expect_err("it has errors").iter().map(|error| error.line).collect();
    assert_eq!(lines, [7, 9, 13].iter().copied().filter(|line| lines.contains(line)).collect::<Vec<_>>());
    assert!(lines.len() >= 2);
}

#[test]
fn a_screen_left_without_settings_stays_closed() {
    let service = read("x", SMALL).expect("it is sound");
    let proposed = &service.screens[0].proposed;
    assert!(!proposed.usable && !proposed.root && proposed.billing_types.is_empty());
    assert_eq!(service.screens[0].fields, ["number"]);
}

#[test]
fn the_shipped_services_have_every_screen_of_every_entity() {
    for name in ["crm", "expense"] {
        let service: Service = shipped(name);
        assert_eq!(service.name, name);
        for entity in &service.entities {
            for kind in ScreenKind::ALL {
                let screen =
                    service.screen_for(&entity.name, kind).unwrap_or_else(|| panic!("{} {kind:?}", entity.name));
                assert!(screen.proposed.usable && !screen.proposed.billing_types.is_empty());
            }
        }
    }
}

#[test]
fn a_service_goes_through_the_catalogue_unchanged() {
    for name in ["crm", "expense"] {
        let service = shipped(name);
        let json = serde_json::to_string(&service).expect("it serialises");
        assert_eq!(serde_json::from_str::<Service>(&json).expect("it reads back"), service);
    }
}

#[test]
fn what_tells_about_a_person_is_personal_in_the_shipped_customers() {
    let crm = shipped("crm");
    let customer = crm.entity("customer").expect("it is there");
    let personal: Vec<&str> =
        customer.fields.iter().filter(|field| field.personal).map(|field| field.name.as_str()).collect();
    assert_eq!(personal, ["name", "kana", "email", "phone", "postal_code", "address", "birthday"]);
    assert_eq!(customer.field("number").map(|field| (field.index, field.unique)), Some((Some(Index::Plain), true)));
    assert_eq!(customer.field("annual_amount").map(|field| &field.kind), Some(&FieldKind::Money));
}
