//! What a log keeps beside its leaves: full tiles, and the right edge from which the next append goes on. Proofs are made of the
//! former and the next root of the latter, so both must be what the leaves say. Walks no leaf itself.

use super::CheckedLog;
use crate::{App, Error};
use domain::id::TenantId;
use ledger::frontier::Frontier;
use ledger::hash::{Hash, root_of};
use ledger::tile::TILE_WIDTH;
use std::collections::VecDeque;
use store::ledger::TileRow;

/// Levels of tiles: 256^8 leaves are more than a position can number.
const LEVELS: usize = 8;

/// Full tiles as they follow from the leaves so far.
#[derive(Default)]
pub(super) struct Parts {
    /// Hashes of the tile of each level that is not yet full.
    partial: Vec<Vec<Hash>>,
    /// Tiles that became full of each level.
    full: Vec<u64>,
    /// Those that were not compared yet.
    due: VecDeque<TileRow>,
}

impl Parts {
    /// Takes in the next leaf.
    pub(super) fn push(&mut self, leaf: Hash) {
        self.partial.resize_with(LEVELS, Vec::new);
        self.full.resize(LEVELS, 0);
        let mut hash = leaf;
        for (level, (tile, full)) in (0..).zip(self.partial.iter_mut().zip(&mut self.full)) {
            tile.push(hash);
            if (tile.len() as u64) < TILE_WIDTH {
                return;
            }
            hash = root_of(tile);
            let hashes = tile.drain(..).flat_map(|hash| hash.0).collect();
            self.due.push_back(TileRow { level, number: *full, hashes, root: hash.0.to_vec() });
            *full += 1;
        }
    }

    /// Compares the tiles that became full since the last time.
    pub(super) async fn compare(&mut self, app: &App, log: TenantId, checked: &mut CheckedLog) -> Result<(), Error> {
        while let Some(first) = self.due.front() {
            let (level, from) = (first.level, first.number);
            let (these, others): (VecDeque<_>, VecDeque<_>) = self.due.drain(..).partition(|tile| tile.level == level);
            self.due = others;
            let stored = app.store.tiles_stored(log, level, from, from + these.len() as u64).await?;
            for tile in these {
                if !stored.contains(&tile) {
                    checked.fault(format!("tile {} of level {level} does not fit its leaves", tile.number));
                }
            }
        }
        Ok(())
    }

    /// Compares what stands beyond the full tiles, and the edge.
    pub(super) async fn compare_ends(
        &self,
        app: &App,
        log: TenantId,
        frontier: &Frontier,
        checked: &mut CheckedLog,
    ) -> Result<(), Error> {
        // Read first: the log may grow meanwhile, and its checkpoints with it.
        let newest = app.store.checkpoint_newest(log).await?.map_or(0, |row| row.size);
        if let Some((size, _)) = app.store.log_edge(log).await?.filter(|(size, _)| newest > *size) {
            checked.fault(format!("there is a checkpoint of {newest} leaves, and the log ends at {size}"));
        }
        // A log that grew meanwhile is compared the next time.
        if let Some((size, edge)) = app.store.log_edge(log).await?
            && size == frontier.size()
        {
            if edge != frontier.encode() {
                checked.fault("the edge from which the log grows does not fit its leaves".to_owned());
            }
            let full: u64 = self.full.iter().sum();
            if app.store.tile_count(log).await? != full
                && app.store.log_edge(log).await?.is_some_and(|(now, _)| now == size)
            {
                checked.fault(format!("the log has {full} full tiles, and others are stored"));
            }
        }
        Ok(())
    }
}
