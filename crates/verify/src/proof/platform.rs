//! Certificates of the platform's log: evidence, that is measurements of what is promised, and the other leaves there. Measures
//! nothing again.

use super::digest_of;
use crate::arguments::ProofArguments;
use crate::language::Said;
use crate::report::Report;
use crate::trust::fingerprint;
use crate::words;
use ledger::checkpoint::Checkpoint;
use ledger::hash::Hash;
use ledger::leaf::PlatformLeaf;
use ledger::note::VerifierKey;
use serde_json::{Value, json};

/// Tells what the leaf says, for people and for programs.
pub(super) fn tell(
    leaf: &PlatformLeaf,
    position: u64,
    keys: &[VerifierKey],
    checkpoint: &Checkpoint,
    report: &mut Report,
) {
    let line = words::log::line;
    report.lines = vec![(line("position", "番号", "Position"), position.to_string())];
    report.lines.extend(said(leaf));
    report.lines.push((line("origin", "ログ", "Log"), format!("{} ({})", checkpoint.origin, checkpoint.size)));
    for key in keys.iter().filter(|key| key.name() == checkpoint.origin) {
        report.lines.push((line("fingerprint", "鍵の SHA-256", "SHA-256 of the key"), fingerprint(key)));
    }
    let entry = serde_json::from_slice::<Value>(&leaf.encode()).unwrap_or_default();
    let facts = json!({
        "position": position, "origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.hex(), "entry": entry,
    });
    if let Value::Object(facts) = facts {
        report.facts = facts;
    }
    if matches!(leaf, PlatformLeaf::Evidence { .. }) {
        report.not_shown.push(words::proof::not_measurement());
    }
}

fn said(leaf: &PlatformLeaf) -> Vec<(Said, String)> {
    let line = words::log::line;
    let at = |at: &String| (line("at", "いつ（協定世界時）", "When (UTC)"), at.clone());
    match leaf {
        PlatformLeaf::Evidence {
            at: when,
            figure,
            method,
            promise,
            raw_sha256,
            subject,
            tool,
            verdict,
            window_from,
            ..
        } => {
            let mut lines = vec![
                (line("promise", "約束", "Promise"), promise.clone()),
                (line("verdict", "判定", "Verdict"), verdict.clone()),
            ];
            let optional = [
                (line("figure", "実測値", "Figure"), figure),
                (line("subject", "測ったもの", "Measured"), subject),
                (line("window_from", "測り始め（協定世界時）", "Measured from (UTC)"), window_from),
                (line("raw_sha256", "元の値の SHA-256", "SHA-256 of the raw data"), raw_sha256),
            ];
            lines.push(at(when));
            lines.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
            lines.push((line("method", "測り方", "Method"), method.clone()));
            lines.push((line("tool", "測った道具", "Measured with"), tool.clone()));
            lines
        }
        PlatformLeaf::Checkpoint { at: when, log, sha256 } => vec![
            at(when),
            (line("log", "チェックポイントを公開したログ", "Log that published a checkpoint"), log.clone()),
            (line("sha256", "その本文の SHA-256", "SHA-256 of its text"), sha256.clone()),
        ],
        PlatformLeaf::Key { at: when, log, version, vkey } => vec![
            at(when),
            (line("log", "鍵のログ", "Log of the key"), log.clone()),
            (line("version", "鍵の版", "Version of the key"), version.to_string()),
            (line("vkey", "公開鍵", "Public key"), vkey.clone()),
        ],
        PlatformLeaf::Operator { at: when, note, verb } => {
            let mut lines = vec![at(when), (line("verb", "何を", "What"), verb.clone())];
            lines.extend(note.iter().map(|note| (line("note", "内容", "Note"), note.clone())));
            lines
        }
    }
}

/// Compares raw data with the hash in the evidence.
pub(super) fn compare(arguments: &ProofArguments, leaf: &PlatformLeaf, report: &mut Report) -> Result<(), Said> {
    if let Some(file) = &arguments.extraction {
        report.findings.push(words::findings::not_measured(&file.display().to_string()));
    }
    let Some(path) = &arguments.raw else { return Ok(()) };
    let name = path.display().to_string();
    let recorded = match leaf {
        PlatformLeaf::Evidence { raw_sha256: Some(recorded), .. } => Hash::from_hex(recorded),
        _ => None,
    };
    let Some(recorded) = recorded else {
        report.findings.push(words::findings::not_measured(&name));
        return Ok(());
    };
    let (sha256, bytes) = digest_of(path).map_err(|error| words::unchecked::unreadable(&name, &error.to_string()))?;
    if sha256 == recorded {
        report.shown.push(words::proof::shown_raw(bytes));
    } else {
        report.findings.push(words::findings::raw_differs(&name));
    }
    Ok(())
}
