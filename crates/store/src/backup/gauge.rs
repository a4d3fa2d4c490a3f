//! What was measured of the log in the repository each minute, and the worst of each day. Measures nothing.

use super::head;
use crate::ledger::platform;
use crate::{Flight, Statement, Store, StoreError};
use domain::backup::lane::Sample;
use jiff::Timestamp;

const ADD: &str =
    "INSERT INTO struct.backup_gauge (tenant_id, at, wal_age_s, wal_gaps, rpo_s) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT DO NOTHING";
const DAY: &str = "INSERT INTO struct.backup_day AS d (tenant_id, day, wal_age_max_s, rpo_max_s, minutes)
    VALUES ($1, ($2::timestamptz AT TIME ZONE 'UTC')::date, $3, $4, 1)
    ON CONFLICT (tenant_id, day) DO UPDATE SET wal_age_max_s = greatest(d.wal_age_max_s, excluded.wal_age_max_s),
        rpo_max_s = greatest(d.rpo_max_s, excluded.rpo_max_s), minutes = d.minutes + 1";

impl Store {
    /// Keeps a sample, and the worst of its day.
    pub async fn gauge_add(&self, sample: &Sample) -> Result<(), StoreError> {
        let add = Statement::new(
            ADD,
            vec![
                Box::new(platform().0),
                Box::new(sample.at),
                Box::new(sample.wal_age_s),
                Box::new(sample.wal_gaps),
                Box::new(sample.rpo_s),
            ],
        );
        let day = Statement::new(
            DAY,
            vec![Box::new(platform().0), Box::new(sample.at), Box::new(sample.wal_age_s), Box::new(sample.rpo_s)],
        );
        self.fly(Flight::bookkeeping(head(), vec![add, day])).await.map(drop)
    }

    /// Samples from an instant on, oldest first.
    pub async fn gauges(&self, since: Timestamp, limit: i64) -> Result<Vec<Sample>, StoreError> {
        let read = Statement::new(
            "SELECT at, wal_age_s, wal_gaps, rpo_s FROM struct.backup_gauge WHERE tenant_id = $1 AND at >= $2
             ORDER BY at LIMIT $3",
            vec![Box::new(platform().0), Box::new(since), Box::new(limit)],
        );
        let rows = self.fly(Flight::read(head(), vec![read])).await?.swap_remove(0);
        let sample = |row: &crate::flight::Row| Sample {
            at: row.get(0),
            wal_age_s: row.get(1),
            wal_gaps: row.get(2),
            rpo_s: row.get(3),
        };
        Ok(rows.iter().map(sample).collect())
    }

    /// The most that would have been lost at any minute since an instant, in seconds.
    pub async fn rpo_max_s(&self, since: Timestamp) -> Result<Option<i64>, StoreError> {
        let read = Statement::new(
            "SELECT max(rpo_max_s) FROM struct.backup_day WHERE tenant_id = $1
             AND day >= ($2::timestamptz AT TIME ZONE 'UTC')::date",
            vec![Box::new(platform().0), Box::new(since)],
        );
        let rows = self.fly(Flight::read(head(), vec![read])).await?.swap_remove(0);
        Ok(rows.first().and_then(|row| row.get(0)))
    }

    /// Forgets samples from before an instant, and days from before another.
    pub async fn gauges_prune(&self, samples: Timestamp, days: Timestamp) -> Result<(), StoreError> {
        let own = platform().0;
        let minutes = Statement::new(
            "DELETE FROM struct.backup_gauge WHERE tenant_id = $1 AND at < $2",
            vec![Box::new(own), Box::new(samples)],
        );
        let worst = Statement::new(
            "DELETE FROM struct.backup_day WHERE tenant_id = $1 AND day < ($2::timestamptz AT TIME ZONE 'UTC')::date",
            vec![Box::new(own), Box::new(days)],
        );
        self.fly(Flight::bookkeeping(head(), vec![minutes, worst])).await.map(drop)
    }
}
