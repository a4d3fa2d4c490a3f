//! Holds a tenant's published checkpoints against the platform's log, in which each of them is a leaf. A tenant that is
//! shown another log than others would need a checkpoint that is missing on one of the two sides.

use crate::block::Vouched;
use crate::language::Said;
use crate::walk::Findings;
use crate::words;
use ledger::hash::Hash;
use std::collections::HashMap;

/// Compares both sides. Says how many checkpoints stand on both, and what else is to be known.
pub fn compare(published: &[Hash], vouched: &[Vouched], findings: &mut Findings) -> (u64, Vec<Said>) {
    let mut published = published.to_vec();
    // A log without entries between two changes of its key publishes the same text again.
    published.dedup();
    let places: HashMap<Hash, usize> = published.iter().enumerate().map(|(nth, text)| (*text, nth)).collect();
    let mut in_both = vec![false; published.len()];
    // Behind the last one that both know, either side may just have been downloaded earlier.
    let last_known = vouched.iter().rposition(|vouched| places.contains_key(&vouched.text_sha256));
    for vouched in &vouched[..last_known.map_or(0, |last| last + 1)] {
        match places.get(&vouched.text_sha256) {
            Some(nth) => in_both[*nth] = true,
            None => findings.push(words::findings::hidden(vouched.position, &vouched.at)),
        }
    }
    let later = &vouched[last_known.map_or(0, |last| last + 1)..];
    if let Some(first) = later.first() {
        findings.push(words::findings::platform_is_newer(later.len() as u64, &first.at));
    }
    let known_until = in_both.iter().rposition(|known| *known).map_or(0, |last| last + 1);
    for nth in (0..known_until).filter(|nth| !in_both[*nth]) {
        findings.push(words::findings::unrecorded(nth as u64));
    }
    if known_until == 0 && !published.is_empty() {
        findings.push(words::findings::unrecorded(0));
    }
    let newer = (published.len() - known_until) as u64;
    let notes = (newer > 0).then(|| words::log::platform_is_older(newer)).into_iter().collect();
    (known_until as u64, notes)
}
