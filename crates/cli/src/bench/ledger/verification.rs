//! Verifying bundles in memory, up to the root over them, against one SHA-256 over the same bytes. One thread on either side.
//! What `struct-verify` does besides (reading a zip, looking into leaves, signatures) is measured by its own bench.

use crate::log::say;
use crate::trial::report::{Report, Target, median};
use anyhow::ensure;
use aws_lc_rs::digest::{Context, SHA256};
use ledger::frontier::Frontier;
use ledger::hash::root_of;
use ledger::tile::bundle_hashes;
use std::hint::black_box;
use std::time::Instant;

/// How often the bundles are gone through in one round, so that a round takes a while.
const TIMES: u32 = 3;
/// Height of a full tile: 256 leaves.
const TILE_HEIGHT: u32 = 8;

/// (c) Verification.
pub fn measure(report: &mut Report, bundles: &[Vec<u8>], rounds: u64) -> anyhow::Result<()> {
    // Whole tiles only, as all but one of a log are.
    let full: Vec<&[u8]> = bundles
        .iter()
        .map(Vec::as_slice)
        .filter(|bundle| bundle_hashes(bundle).is_ok_and(|h| h.len() == 256))
        .collect();
    ensure!(!full.is_empty(), "there is no full bundle to verify");
    let leaves = full.len() as f64 * 256.0 * f64::from(TIMES);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        let since = Instant::now();
        for _ in 0..TIMES {
            black_box(verify(&full)?);
        }
        ours.push(leaves / since.elapsed().as_secs_f64());
        let since = Instant::now();
        for _ in 0..TIMES {
            black_box(bare(&full));
        }
        theirs.push(leaves / since.elapsed().as_secs_f64());
        if let (Some(ours), Some(theirs)) = (ours.last(), theirs.last()) {
            say(&format!("verify, round {round}: {ours:.0} leaves/s, SHA-256 alone {theirs:.0} leaves/s"));
        }
    }
    report.figure(
        "verify.leaf_bytes",
        full.iter().map(|b| b.len()).sum::<usize>() as f64 / (full.len() * 256) as f64,
        "bytes",
    );
    report.figure("verify.leaves_per_s", median(&ours), "/s");
    report.figure("verify.sha256_leaves_per_s", median(&theirs), "/s");
    let ratios: Vec<f64> = ours.iter().zip(&theirs).map(|(ours, theirs)| ours / theirs).collect();
    report.ratio("verify", &ratios, Target::AtLeast(0.5));
    Ok(())
}

/// Leaf hashes, roots of tiles, the root.
fn verify(bundles: &[&[u8]]) -> anyhow::Result<ledger::hash::Hash> {
    let mut frontier = Frontier::new();
    for bundle in bundles {
        frontier.push_subtree(TILE_HEIGHT, root_of(&bundle_hashes(bundle)?))?;
    }
    Ok(frontier.root())
}

fn bare(bundles: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    bundles.iter().for_each(|bundle| context.update(bundle));
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}
