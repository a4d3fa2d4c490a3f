//! An entry of the log as an event of OCSF (Open Cybersecurity Schema Framework), for the customer's own monitoring.
//! Carries ids, names of things and numbers; no value of a record, no name or address of a person, no free text.

mod kind;

pub use kind::{Class, Kind};

use super::{Actor, Detail, Entry, Outcome, ReadEntry, Verb};
use serde_json::{Map, Value, json};

/// The release of OCSF that events keep to.
pub const OCSF_VERSION: &str = "1.3.0";
/// How STRUCT is called in events.
const PRODUCT: &str = "STRUCT";

/// Where an entry stands.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The log's name: the first line of its checkpoints.
    pub log: &'a str,
    /// The entry's place in it, from 0.
    pub position: u64,
}

/// The event of an entry. `detail` is what was opened: empty once its key is gone.
pub fn event(read: &ReadEntry, detail: &Detail, place: Place<'_>) -> Value {
    let entry = &read.entry;
    let kind = Kind::of(entry.verb);
    let mut event = head(entry, kind);
    event.insert("time".to_owned(), read.at.as_millisecond().into());
    event.insert("metadata".to_owned(), metadata(entry, place));
    event.insert("actor".to_owned(), json!({ "user": actor(entry.actor) }));
    event.insert("src_endpoint".to_owned(), source(detail));
    let mut request = json!({ "uid": entry.request.to_string() });
    if let Some(device) = &detail.device {
        request["user_agent"] = device.as_str().into();
    }
    event.insert("http_request".to_owned(), request);
    about(&mut event, read, kind.class);
    let rest = unmapped(entry, detail);
    if !rest.is_empty() {
        event.insert("unmapped".to_owned(), rest.into());
    }
    Value::Object(event)
}

/// An event that only tries a stream out: it is no entry and has no place in the log.
pub fn trial(log: &str, at_ms: i64, uid: &str) -> Value {
    let kind = Kind::of(Verb::AuditStreamTested);
    let mut event = classification(kind);
    event.insert("time".to_owned(), at_ms.into());
    event.insert("severity_id".to_owned(), 1.into());
    event.insert("severity".to_owned(), "Informational".into());
    event.insert(
        "metadata".to_owned(),
        json!({ "version": OCSF_VERSION, "product": product(), "uid": uid, "log_name": log, "log_provider": PRODUCT,
                "event_code": "test" }),
    );
    event.insert("app".to_owned(), product());
    event.insert("message".to_owned(), "test".into());
    Value::Object(event)
}

fn product() -> Value {
    json!({ "name": PRODUCT, "vendor_name": PRODUCT, "version": env!("CARGO_PKG_VERSION") })
}

fn classification(kind: Kind) -> Map<String, Value> {
    let (category, category_name) = kind.class.category();
    let fields = [
        ("category_uid", category.into()),
        ("category_name", category_name.into()),
        ("class_uid", kind.class.uid().into()),
        ("class_name", kind.class.name().into()),
        ("activity_id", kind.activity.into()),
        ("activity_name", kind.name.into()),
        ("type_uid", kind.type_uid().into()),
        ("type_name", format!("{}: {}", kind.class.name(), kind.name).into()),
    ];
    fields.map(|(name, value): (&str, Value)| (name.to_owned(), value)).into_iter().collect()
}

fn head(entry: &Entry, kind: Kind) -> Map<String, Value> {
    let mut event = classification(kind);
    let (severity, severity_name) = severity(entry);
    let (status, status_name) = match entry.verb {
        Verb::SignRaised => (1, "New"),
        Verb::SignClosed if entry.outcome == Outcome::Done => (4, "Resolved"),
        Verb::ExtractionHeld | Verb::ImportFailed => (2, "Failure"),
        _ if entry.outcome == Outcome::Denied => (2, "Failure"),
        _ => (1, "Success"),
    };
    let fields: [(&str, Value); 5] = [
        ("severity_id", severity.into()),
        ("severity", severity_name.into()),
        ("status_id", status.into()),
        ("status", status_name.into()),
        ("message", entry.verb.code().into()),
    ];
    event.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    event
}

/// How much an entry deserves to be looked at.
fn severity(entry: &Entry) -> (u32, &'static str) {
    match (entry.verb, entry.outcome) {
        (Verb::SignRaised, _) => (4, "High"),
        (Verb::ExtractionHeld, _) => (3, "Medium"),
        (_, Outcome::Denied) => (2, "Low"),
        (_, Outcome::Done) => (1, "Informational"),
    }
}

fn metadata(entry: &Entry, place: Place<'_>) -> Value {
    json!({
        "version": OCSF_VERSION,
        "product": product(),
        "uid": entry.id.to_string(),
        "sequence": place.position,
        "log_name": place.log,
        "log_provider": PRODUCT,
        "event_code": entry.verb.code(),
        "correlation_uid": entry.request.to_string(),
        "tenant_uid": entry.tenant.to_string(),
    })
}

/// `type_id`: 1 a user, 2 an administrator (here: the operator), 3 a system, 0 unknown.
fn actor(actor: Actor) -> Value {
    match actor {
        Actor::User(user) => json!({ "uid": user.to_string(), "type_id": 1 }),
        Actor::Operator => json!({ "name": "operator", "type_id": 2 }),
        Actor::System => json!({ "name": "system", "type_id": 3 }),
        Actor::Anyone => json!({ "name": "anyone", "type_id": 0 }),
    }
}

/// Where it came from; acts of STRUCT itself, and those whose detail is closed for ever, come from STRUCT.
fn source(detail: &Detail) -> Value {
    match &detail.address {
        Some(address) => json!({ "ip": address }),
        None => json!({ "name": PRODUCT }),
    }
}

/// What the class asks for: whose account, which entity, which table, which finding.
fn about(event: &mut Map<String, Value>, read: &ReadEntry, class: Class) {
    let entry = &read.entry;
    let target = &entry.target;
    let subject = target.user.map_or_else(|| actor(entry.actor), |user| actor(Actor::User(user)));
    let record = target.record.map(|id| id.to_string());
    let table = match (&target.service, &target.entity) {
        (Some(service), Some(entity)) => format!("{service}.{entity}"),
        (Some(service), None) => service.clone(),
        _ => "audit".to_owned(),
    };
    let mut put = |name: &str, value: Value| event.insert(name.to_owned(), value);
    match class {
        Class::AccountChange => {
            put("user", subject);
        }
        Class::Authentication => {
            put("user", subject);
            put("service", json!({ "name": PRODUCT }));
        }
        Class::EntityManagement => {
            let uid = record.or_else(|| target.user.map(|user| user.to_string()));
            let uid = uid.unwrap_or_else(|| entry.tenant.to_string());
            put("entity", json!({ "type": kind::entity(entry.verb), "uid": uid }));
        }
        Class::ApplicationLifecycle => {
            let service = target.service.as_deref().unwrap_or(PRODUCT);
            put("app", json!({ "name": service, "vendor_name": PRODUCT }));
        }
        Class::ApiActivity => {
            put("api", json!({ "operation": entry.verb.code(), "service": { "name": table } }));
            put("resources", json!([{ "type": table, "uid": record.unwrap_or_else(|| table.clone()) }]));
        }
        Class::DatastoreActivity => {
            put("type_id", 3.into());
            put("table", json!({ "name": table, "uid": record.unwrap_or_else(|| table.clone()) }));
        }
        Class::DetectionFinding => {
            let at = read.at.as_millisecond();
            let finding = json!({ "uid": entry.id.to_string(), "title": entry.verb.code(), "created_time": at });
            put("finding_info", finding);
            put("is_alert", (entry.verb == Verb::SignRaised).into());
            put("resources", json!([{ "type": "user", "uid": subject["uid"] }]));
        }
    }
}

/// What OCSF has no place for. Of changes only the names of fields; of conditions, reasons and files nothing.
fn unmapped(entry: &Entry, detail: &Detail) -> Map<String, Value> {
    let mut rest = Map::new();
    let target = &entry.target;
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            rest.insert(name.to_owned(), value);
        }
    };
    put("outcome", Some(entry.outcome.code().into()));
    put("service", target.service.clone().map(Value::from));
    put("screen", target.screen.clone().map(Value::from));
    put("entity", target.entity.clone().map(Value::from));
    put("record", target.record.map(|id| id.to_string().into()));
    put("subject_user", target.user.map(|id| id.to_string().into()));
    put("gate", detail.gate.clone().map(Value::from));
    let of_record = entry.verb.code().starts_with("record");
    let changed: Vec<&str> = detail.changes.iter().map(|change| change.field.as_str()).collect();
    // Elsewhere a change may be called after a person or what somebody typed; fields of records are the manifest's.
    put("changed_fields", Some(changed).filter(|names| of_record && !names.is_empty()).map(Value::from));
    let fields: Vec<&str> = detail.fields.iter().map(String::as_str).collect();
    put("fields", Some(fields).filter(|names| of_record && !names.is_empty()).map(Value::from));
    put("rows", detail.rows.map(Value::from));
    put("bytes", detail.bytes.map(Value::from));
    put("sha256", detail.sha256.clone().map(Value::from));
    rest
}
