//! The copy's logs: each is walked from its first leaf, as the self-check does, and held against the checkpoint that was published at
//! that time and against what this machine remembers. Signs nothing.

use crate::audit::check::{Progress, Told};
use crate::audit::proof::{LogName, read_note};
use crate::backup::copy::CopyPlace;
use crate::{App, Error};
use domain::backup::drill::Look;
use domain::id::TenantId;
use ledger::checkpoint::Checkpoint;
use ledger::proof::verify_consistency;
use store::ledger::LogRow;

impl App {
    /// Walks every log of the copy.
    pub(super) async fn logs_of(&self, over: &App, place: &CopyPlace) -> Result<Look, Error> {
        let mut look = Look::at("logs");
        let (mut leaves, mut checkpoints, mut told) = (0, 0, Told::default());
        let logs = over.store.logs().await?;
        let count = i64::try_from(logs.len()).unwrap_or(i64::MAX);
        for log in logs {
            for fault in self.published_then(over, place, &log).await? {
                look.fault(format!("{}: {fault}", log.origin));
            }
            let checked = over.check_log(log, &mut told, &Progress::default()).await?;
            leaves += checked.leaves;
            checkpoints += checked.checkpoints;
            checked.faults.iter().for_each(|fault| look.fault(format!("{}: {fault}", checked.origin)));
        }
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        Ok(look.counted("logs", count).counted("leaves", number(leaves)).counted("checkpoints", number(checkpoints)))
    }

    /// Holds the copy's newest checkpoint against the one of the same size that was published, and that against the one this machine
    /// remembers. What was published is what the walk over the copy must arrive at.
    async fn published_then(&self, over: &App, place: &CopyPlace, log: &LogRow) -> Result<Vec<String>, Error> {
        let Some(newest) = over.store.checkpoint_newest(log.log).await? else {
            return Ok(if log.size > 0 { vec!["it has leaves and no checkpoint".to_owned()] } else { Vec::new() });
        };
        let of_that_size = self.store.checkpoints(log.log, newest.size.saturating_sub(1), 1).await?;
        let Some(published) = of_that_size.into_iter().find(|row| row.size == newest.size) else {
            return Ok(vec![format!("no checkpoint of {} leaves was published", newest.size)]);
        };
        let (then, _) = read_note(&newest.note)?;
        let (checkpoint, _) = read_note(&published.note)?;
        if checkpoint != then {
            return Ok(vec![format!("the checkpoint of {} leaves is not the one that was published", then.size)]);
        }
        place
            .checkpoints()
            .keep(&log.log.to_string(), &published.note)
            .map_err(|error| Error::Internal(error.to_string()))?;
        let fits = self.fits_remembered(log.log, &checkpoint).await?;
        Ok(fits.err().into_iter().collect())
    }

    /// Whether a checkpoint is of a beginning of the tree that this machine remembers.
    async fn fits_remembered(&self, log: TenantId, old: &Checkpoint) -> Result<Result<(), String>, Error> {
        let remembered = self.settings.checkpoints.newest(&log.to_string());
        let Some(note) = remembered.map_err(|error| Error::Internal(error.to_string()))? else { return Ok(Ok(())) };
        let (new, _) = read_note(&note)?;
        if new.size < old.size {
            // The file is written a moment after the checkpoint.
            return Ok(Ok(()));
        }
        let proof = self.consistency(LogName::of(log), old.size, new.size).await?;
        let said =
            |_| format!("{} leaves are not the beginning of the {} that this machine remembers", old.size, new.size);
        Ok(verify_consistency(old.size, new.size, old.root, new.root, &proof).map_err(said))
    }
}
