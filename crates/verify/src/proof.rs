//! Checks one entry's certificate, and a file that was taken out against the entry of its delivery. Asks nobody: the
//! certificate holds all that is needed but the key.

mod platform;

use crate::arguments::ProofArguments;
use crate::entry;
use crate::language::Said;
use crate::log::{PLATFORM, owner_of, witnesses};
use crate::report::{Report, Verdict};
use crate::trust::{fingerprint, given_keys, read_text};
use crate::words;
use aws_lc_rs::digest::{Context, SHA256};
use ledger::checkpoint::Checkpoint;
use ledger::hash::{Hash, leaf_hash};
use ledger::leaf::{Leaf, PlatformLeaf, SALT_BYTES, commitment};
use ledger::note::{KeyKind, VerifierKey};
use ledger::tlog_proof::{MAX_FILE_BYTES, TlogProof};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::io::Read;
use std::path::Path;

/// The verb of the entry that says that a file was complete.
const DELIVERED: &str = "records.delivered";
/// Bytes of a delivered file that are read at a time.
const READ_BYTES: usize = 256 * 1024;

/// What the certificate brings along for its reader; nothing vouches for it until its hashes are compared.
#[derive(Deserialize)]
struct Extra {
    leaf: String,
    #[serde(default)]
    salt: Option<String>,
    #[serde(default)]
    detail: Option<String>,
}

/// What a certificate is of.
enum Recorded {
    /// An entry of a tenant's log.
    Entry(Leaf),
    /// A leaf of the platform's log: a measurement, for instance.
    OfPlatform(PlatformLeaf),
}

/// Checks the certificate.
pub fn check(arguments: &ProofArguments) -> Report {
    checked(arguments).unwrap_or_else(|why| Report::unchecked("proof", why))
}

fn checked(arguments: &ProofArguments) -> Result<Report, Said> {
    let name = arguments.file.display().to_string();
    let keys = given_keys(&arguments.keys.keys, &arguments.keys.key_files, KeyKind::Ed25519)?;
    if keys.is_empty() {
        return Err(words::unchecked::no_keys());
    }
    let witnesses = witnesses(&arguments.keys)?;
    let text = read_text(&arguments.file, MAX_FILE_BYTES as u64)?;
    let mut report = Report::unchecked("proof", words::proof::fails());
    report.verdict = Verdict::NotProven;
    let proof = match TlogProof::parse(&text) {
        Ok(proof) => proof,
        Err(error) => {
            report.findings.push(words::findings::proof(&error));
            return Ok(report);
        }
    };
    let extra: Option<Extra> = proof.extra.as_deref().and_then(|extra| serde_json::from_slice(extra).ok());
    let extra = extra.ok_or_else(|| words::unchecked::no_leaf(&name))?;
    let (cosigned, wrong) = witnesses.heard(&proof.checkpoint);
    report.findings.extend(wrong);
    let Some((checkpoint, recorded)) = proven(&proof, &extra, &keys, &mut report.findings) else { return Ok(report) };
    report.shown = vec![words::proof::shown_inclusion(checkpoint.size)];
    report.sentence = words::proof::holds(proof.index, &checkpoint.origin);
    match &recorded {
        Recorded::Entry(leaf) => of_entry(arguments, (&proof, &extra, leaf), &keys, &checkpoint, &mut report)?,
        Recorded::OfPlatform(leaf) => {
            platform::tell(leaf, proof.index, &keys, &checkpoint, &mut report);
            platform::compare(arguments, leaf, &mut report)?;
        }
    }
    report.shown.extend(cosigned.iter().map(|one| words::log::shown_witness(&one.name, &entry::utc(one.seconds))));
    report.not_shown.extend([words::log::not_clock(), words::proof::not_log()]);
    report.verdict = if report.findings.is_empty() { Verdict::Proven } else { Verdict::NotProven };
    if report.verdict == Verdict::NotProven {
        report.shown.clear();
        report.sentence = match arguments.extraction.as_ref().or(arguments.raw.as_ref()) {
            Some(file) => words::proof::file_fails(&file.display().to_string()),
            None => words::proof::fails(),
        };
    }
    Ok(report)
}

/// Tells of a tenant's entry, and compares the file that was taken out with it.
fn of_entry(
    arguments: &ProofArguments,
    (proof, extra, leaf): (&TlogProof, &Extra, &Leaf),
    keys: &[VerifierKey],
    checkpoint: &Checkpoint,
    report: &mut Report,
) -> Result<(), Said> {
    let detail = detail(extra, leaf, &mut report.findings);
    report.lines = lines(proof.index, leaf, detail.as_deref(), keys, checkpoint);
    report.facts = facts(proof, checkpoint, leaf, detail.as_deref());
    report.shown.extend(detail.is_some().then(words::proof::shown_detail));
    if let Some(file) = &arguments.raw {
        report.findings.push(words::findings::not_measured(&file.display().to_string()));
    }
    if let Some(file) = &arguments.extraction {
        compare_file(file, leaf, detail.as_deref(), checkpoint, proof.index, report)?;
    }
    report.not_shown.extend(detail.is_none().then(words::proof::not_detail));
    report.not_shown.push(words::log::not_person());
    Ok(())
}

/// The checkpoint and the leaf, once the proof leads from one to the other and a given key has signed.
fn proven(
    proof: &TlogProof,
    extra: &Extra,
    keys: &[VerifierKey],
    findings: &mut Vec<Said>,
) -> Option<(Checkpoint, Recorded)> {
    let claimed = Checkpoint::parse(proof.checkpoint.text()).ok()?;
    if keys.iter().all(|key| key.name() != claimed.origin) {
        findings.push(words::findings::keys_of_other_log(&claimed.origin, keys.first()?.name()));
        return None;
    }
    let bytes = extra.leaf.as_bytes();
    match proof.verify(leaf_hash(bytes), &claimed.origin, keys) {
        Ok(proven) if owner_of(&claimed.origin) == Some(PLATFORM) => match PlatformLeaf::decode(bytes) {
            Ok(leaf) => return Some((proven.checkpoint, Recorded::OfPlatform(leaf))),
            Err(error) => findings.push(words::findings::proof_leaf(&error.to_string())),
        },
        Ok(proven) => match Leaf::decode(bytes) {
            Ok(leaf) if owner_of(&claimed.origin) == Some(leaf.tenant.as_str()) => {
                return Some((proven.checkpoint, Recorded::Entry(leaf)));
            }
            Ok(_) => findings.push(words::findings::proof_of_other_tenant()),
            Err(error) => findings.push(words::findings::proof_leaf(&error.to_string())),
        },
        Err(error) => findings.push(words::findings::proof(&error)),
    }
    None
}

/// The detail's text, if the certificate has it and the leaf commits to it.
fn detail(extra: &Extra, leaf: &Leaf, findings: &mut Vec<Said>) -> Option<String> {
    if extra.salt.is_none() && extra.detail.is_none() {
        return None;
    }
    let salt: Option<[u8; SALT_BYTES]> = extra.salt.as_deref().and_then(Hash::from_hex).map(|salt| salt.0);
    let fits = match (salt, &extra.detail, &leaf.commitment) {
        (Some(salt), Some(detail), Some(recorded)) => commitment(&salt, detail.as_bytes()).hex() == *recorded,
        _ => false,
    };
    if !fits {
        findings.push(words::findings::commitment());
    }
    extra.detail.clone().filter(|_| fits)
}

/// The entry, for people.
fn lines(
    position: u64,
    leaf: &Leaf,
    detail: Option<&str>,
    keys: &[VerifierKey],
    checkpoint: &Checkpoint,
) -> Vec<(Said, String)> {
    let line = words::log::line;
    let mut lines = vec![
        (line("position", "番号", "Position"), position.to_string()),
        (line("at", "いつ（協定世界時）", "When (UTC)"), leaf.at.clone()),
        (line("verb", "何を", "What"), format!("{} ({})", leaf.verb, leaf.outcome)),
        (
            line("actor", "誰が", "Who"),
            [Some(leaf.actor.as_str()), leaf.actor_user.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" "),
        ),
    ];
    let optional = [
        (line("service", "サービス", "Service"), &leaf.service),
        (line("screen", "画面", "Screen"), &leaf.screen),
        (line("entity", "データの種類", "Kind of record"), &leaf.entity),
        (line("record", "データ", "Record"), &leaf.record),
        (line("subject_user", "対象の利用者", "On the user"), &leaf.subject_user),
    ];
    lines.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
    lines.push((line("entry", "記録", "Entry"), leaf.entry.clone()));
    lines.push((line("request", "リクエスト", "Request"), leaf.request.clone()));
    match detail.map(serde_json::from_str::<Map<String, Value>>) {
        Some(Ok(fields)) => lines.extend(fields.into_iter().map(|(name, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            (
                line(
                    "detail",
                    &format!("詳細 {}", crate::report::printable(&name)),
                    &format!("Detail {}", crate::report::printable(&name)),
                ),
                value,
            )
        })),
        Some(Err(_)) => lines.extend(detail.map(|text| (line("detail", "詳細", "Detail"), text.to_owned()))),
        None => {}
    }
    lines.push((line("origin", "ログ", "Log"), format!("{} ({})", checkpoint.origin, checkpoint.size)));
    for key in keys.iter().filter(|key| key.name() == checkpoint.origin) {
        lines.push((line("fingerprint", "鍵の SHA-256", "SHA-256 of the key"), fingerprint(key)));
    }
    lines
}

fn facts(proof: &TlogProof, checkpoint: &Checkpoint, leaf: &Leaf, detail: Option<&str>) -> Map<String, Value> {
    let detail = detail.map(|text| serde_json::from_str::<Value>(text).unwrap_or_else(|_| text.into()));
    let mut facts = Map::new();
    facts.insert("position".to_owned(), proof.index.into());
    facts.insert("origin".to_owned(), checkpoint.origin.as_str().into());
    facts.insert("size".to_owned(), checkpoint.size.into());
    facts.insert("root".to_owned(), checkpoint.root.hex().into());
    facts.insert("entry".to_owned(), serde_json::to_value(leaf).unwrap_or_default());
    facts.insert("detail".to_owned(), detail.unwrap_or_default());
    facts
}

/// Compares a file with what the entry of its delivery says of it.
fn compare_file(
    path: &Path,
    leaf: &Leaf,
    detail: Option<&str>,
    checkpoint: &Checkpoint,
    position: u64,
    report: &mut Report,
) -> Result<(), Said> {
    let name = path.display().to_string();
    if leaf.verb != DELIVERED {
        report.findings.push(words::findings::not_delivered(&leaf.verb));
        return Ok(());
    }
    if !report.findings.is_empty() {
        return Ok(());
    }
    let detail = detail.ok_or_else(words::unchecked::no_detail)?;
    let detail: Map<String, Value> = serde_json::from_str(detail).map_err(|_| words::unchecked::no_hash())?;
    let recorded = detail.get("sha256").and_then(Value::as_str).and_then(Hash::from_hex);
    let recorded = recorded.ok_or_else(words::unchecked::no_hash)?;
    let (sha256, bytes) = digest_of(path).map_err(|error| words::unchecked::unreadable(&name, &error.to_string()))?;
    if sha256 != recorded {
        report.findings.push(words::findings::file_differs(&name));
    }
    if let Some(length) = detail.get("bytes").and_then(number).filter(|length| *length != bytes) {
        report.findings.push(words::findings::file_length(&name, bytes, length));
    }
    report.facts.insert("file".to_owned(), json!({"name": name, "sha256": sha256.hex(), "bytes": bytes}));
    report.shown.push(words::proof::shown_file(bytes));
    report.not_shown.push(words::proof::not_file_copies());
    report.sentence = words::proof::file_holds(position, &checkpoint.origin, &name);
    Ok(())
}

/// A figure, which a detail may hold as a number or as text.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn digest_of(path: &Path) -> std::io::Result<(Hash, u64)> {
    let mut file = std::fs::File::open(path)?;
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; READ_BYTES];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        context.update(&buffer[..read]);
        bytes += read as u64;
    }
    let digest = Hash::from_slice(context.finish().as_ref()).expect("SHA-256 gives 32 bytes");
    Ok((digest, bytes))
}
