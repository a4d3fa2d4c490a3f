//! Claims in the form of OSCAL assessment results (NIST, version 1.1.2), for tools that gather evidence from many systems.
//! Says no more than the claims do: what is not verified is "not satisfied" for the reason "other".

use app::claim::{Checked, Claim};
use app::evidence::EvidenceRow;
use domain::claim::State;
use domain::evidence::Found;
use domain::locale::Locale;
use jiff::{SignedDuration, Timestamp};
use ledger::hash::Hash;
use serde_json::{Value, json};
use uuid::{Builder, Uuid};
use web::locale::texts;
use web::page::claim::words;

/// The version of the form.
const OSCAL_VERSION: &str = "1.1.2";
/// Names of STRUCT's own in properties.
const NAMESPACE: &str = "https://struct.example/ns/oscal";

/// The document.
pub fn assessment_results(claims: &[Claim], now: Timestamp, url: &str) -> Value {
    let plan = id(&format!("plan {url}"));
    let observations: Vec<Value> = claims
        .iter()
        .flat_map(|claim| claim.checks.iter().map(move |checked| (claim, checked)))
        .flat_map(|(claim, checked)| checked.evidence.iter().map(move |row| observation(claim, checked, row, now, url)))
        .collect();
    let start =
        claims.iter().flat_map(|claim| &claim.checks).flat_map(|checked| &checked.evidence).map(|row| row.until).min();
    let mut result = json!({
        "uuid": id(&format!("result {url} {now}")),
        "title": "Claims of STRUCT",
        "description": "What may be said of each promise by its newest evidence.",
        "start": instant(start.unwrap_or(now)),
        "end": instant(now),
        "reviewed-controls": { "control-selections": [{
            "include-controls": claims.iter().map(|claim| json!({ "control-id": claim.promise.id })).collect::<Vec<_>>(),
        }] },
        "findings": claims.iter().map(|claim| finding(claim, now, url)).collect::<Vec<_>>(),
    });
    // The form allows no empty list.
    if !observations.is_empty() {
        result["observations"] = Value::Array(observations);
    }
    json!({ "assessment-results": {
        "uuid": id(&format!("results {url} {now}")),
        "metadata": {
            "title": "STRUCT: non-functional requirements",
            "last-modified": instant(now),
            "version": env!("CARGO_PKG_VERSION"),
            "oscal-version": OSCAL_VERSION,
        },
        "import-ap": { "href": format!("#{plan}") },
        "results": [result],
        "back-matter": { "resources": [{
            "uuid": plan,
            "title": "The promises and how each is measured",
            "rlinks": [{ "href": format!("{url}/trust"), "media-type": "text/html" },
                       { "href": format!("{url}/trust.json"), "media-type": "application/json" }],
        }] },
    } })
}

fn observation(claim: &Claim, checked: &Checked, row: &EvidenceRow, now: Timestamp, url: &str) -> Value {
    let found = Found::of_text(&row.figure);
    let t = texts(Locale::En);
    let said: Vec<String> =
        std::iter::once(&found.figure).chain(&found.why).map(|finding| words::finding(finding, t, now)).collect();
    let limit = SignedDuration::from_mins(checked.check.freshness.limit_min);
    json!({
        "uuid": observation_id(row),
        "title": format!("{}: {}", claim.promise.id, row.subject.as_deref().unwrap_or(checked.check.name)),
        "description": said.join(" "),
        "props": [
            { "name": "check", "ns": NAMESPACE, "value": checked.check.name },
            { "name": "verdict", "ns": NAMESPACE, "value": row.verdict.code() },
            { "name": "tool", "ns": NAMESPACE, "value": row.tool },
        ],
        "methods": ["TEST"],
        "types": ["control-objective"],
        "relevant-evidence": [{
            "href": format!("{url}/trust/evidence/{}", row.id),
            "description": row.method,
        }],
        "collected": instant(row.until),
        "expires": instant(row.until + limit),
    })
}

fn finding(claim: &Claim, now: Timestamp, url: &str) -> Value {
    let (state, reason) = match claim.state {
        State::Met | State::AtRisk => ("satisfied", "pass"),
        State::Missed => ("not-satisfied", "fail"),
        State::Unverified => ("not-satisfied", "other"),
    };
    let why = words::why_of(claim, texts(Locale::En), now);
    let related: Vec<Value> = claim
        .checks
        .iter()
        .flat_map(|checked| &checked.evidence)
        .map(|row| json!({ "observation-uuid": observation_id(row) }))
        .collect();
    let mut status = json!({ "state": state, "reason": reason });
    if !why.is_empty() {
        status["remarks"] = Value::String(why.join(" "));
    }
    let mut finding = json!({
        "uuid": id(&format!("finding {} {now}", claim.promise.id)),
        "title": claim.promise.id,
        "description": claim.promise.en,
        "props": [{ "name": "state", "ns": NAMESPACE, "value": claim.state.code() }],
        "links": [{ "href": format!("{url}/trust/{}", claim.promise.id) }],
        "target": { "type": "objective-id", "target-id": claim.promise.id, "status": status },
    });
    if !related.is_empty() {
        finding["related-observations"] = Value::Array(related);
    }
    finding
}

fn observation_id(row: &EvidenceRow) -> Uuid {
    id(&format!("evidence {}", row.id))
}

/// The form takes UUIDs of version 4 and 5 only; this one is the same whenever it is made of the same words.
fn id(words: &str) -> Uuid {
    let hash = Hash::of(words.as_bytes()).0;
    Builder::from_random_bytes(*hash.first_chunk().expect("a hash has 32 bytes")).into_uuid()
}

fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::claim::Check;
    use domain::evidence::{Finding, Verdict};
    use domain::promise::Promise;

    fn claim(state: State, rows: Vec<EvidenceRow>) -> Claim {
        let check = Check::find("backup.log", "archive").expect("known");
        let promise = Promise::find("backup.log").expect("known");
        Claim { promise, state, checks: vec![Checked { check, state, evidence: rows }] }
    }

    fn row() -> EvidenceRow {
        let found = Found { figure: Finding::new("log_faults").number("faults", 2), why: Vec::new() };
        EvidenceRow {
            id: Uuid::from_u128(7),
            promise: "backup.log".to_owned(),
            subject: Some("archive".to_owned()),
            from: None,
            until: Timestamp::UNIX_EPOCH,
            figure: found.to_text(),
            verdict: Verdict::Broken,
            method: "looked".to_owned(),
            tool: "struct 0".to_owned(),
            raw_sha256: None,
        }
    }

    #[test]
    fn the_document_has_what_the_model_asks_for() {
        let now = Timestamp::from_second(60).expect("in range");
        let document = assessment_results(&[claim(State::Missed, vec![row()])], now, "https://struct.example.jp");
        let results = &document["assessment-results"];
        assert_eq!(results["metadata"]["oscal-version"], OSCAL_VERSION);
        let resource = &results["back-matter"]["resources"][0]["uuid"];
        assert_eq!(results["import-ap"]["href"], format!("#{}", resource.as_str().expect("a text")));
        let result = &results["results"][0];
        for field in ["uuid", "title", "description", "start", "reviewed-controls"] {
            assert!(!result[field].is_null(), "{field}");
        }
        let (observation, finding) = (&result["observations"][0], &result["findings"][0]);
        for field in ["uuid", "description", "methods", "collected"] {
            assert!(!observation[field].is_null(), "{field}");
        }
        assert_eq!(finding["related-observations"][0]["observation-uuid"], observation["uuid"]);
        assert_eq!(finding["target"]["status"]["state"], "not-satisfied");
        let version = &observation["uuid"].as_str().expect("a text")[14..15];
        assert_eq!(version, "4", "the model takes no other but 5");
    }

    #[test]
    fn what_is_not_verified_is_not_satisfied_and_lists_are_left_out_when_empty() {
        let document =
            assessment_results(&[claim(State::Unverified, Vec::new())], Timestamp::UNIX_EPOCH, "https://a.example");
        let result = &document["assessment-results"]["results"][0];
        assert!(result["observations"].is_null() && result["findings"][0]["related-observations"].is_null());
        assert_eq!(result["findings"][0]["target"]["status"]["reason"], "other");
    }
}
