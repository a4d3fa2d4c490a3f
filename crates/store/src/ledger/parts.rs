//! What is stored of a log beside its leaves, as it is: full tiles and the edge. For the self-check, which believes none of it.

use super::append::signed;
use super::head;
use crate::{Flight, Statement, Store, StoreError};
use domain::id::TenantId;

/// A full tile as stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TileRow {
    /// Its level.
    pub level: u8,
    /// Its place in the level.
    pub number: u64,
    /// 256 hashes.
    pub hashes: Vec<u8>,
    /// The root over them.
    pub root: Vec<u8>,
}

const TILES: &str = "SELECT number, hashes, root FROM struct.tile
    WHERE tenant_id = $1 AND level = $2 AND number >= $3 AND number < $4 ORDER BY number";
const EDGE: &str = "SELECT size, frontier FROM struct.log WHERE tenant_id = $1";
const COUNT: &str = "SELECT count(*) FROM struct.tile WHERE tenant_id = $1";

impl Store {
    /// Full tiles of a level, from one number to before another.
    pub async fn tiles_stored(
        &self,
        log: TenantId,
        level: u8,
        from: u64,
        until: u64,
    ) -> Result<Vec<TileRow>, StoreError> {
        let params: Vec<crate::flight::Param> =
            vec![Box::new(log.0), Box::new(i16::from(level)), Box::new(signed(from)?), Box::new(signed(until)?)];
        let rows = self.fly(Flight::read(head(log), vec![Statement::new(TILES, params)])).await?.swap_remove(0);
        let number = |row: &crate::flight::Row| u64::try_from(row.get::<_, i64>(0)).unwrap_or(u64::MAX);
        let tiles = rows.iter().map(|row| TileRow { level, number: number(row), hashes: row.get(1), root: row.get(2) });
        Ok(tiles.collect())
    }

    /// How many full tiles are stored.
    pub async fn tile_count(&self, log: TenantId) -> Result<u64, StoreError> {
        let read = Statement::new(COUNT, vec![Box::new(log.0)]);
        let rows = self.fly(Flight::read(head(log), vec![read])).await?.swap_remove(0);
        Ok(rows.first().and_then(|row| u64::try_from(row.get::<_, i64>(0)).ok()).unwrap_or_default())
    }

    /// Size and edge of a log.
    pub async fn log_edge(&self, log: TenantId) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
        let read = Statement::new(EDGE, vec![Box::new(log.0)]);
        let rows = self.fly(Flight::read(head(log), vec![read])).await?.swap_remove(0);
        Ok(rows.first().map(|row| (u64::try_from(row.get::<_, i64>(0)).unwrap_or_default(), row.get(1))))
    }
}
