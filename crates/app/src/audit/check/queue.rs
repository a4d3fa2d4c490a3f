//! The queue of entries that wait for their place: what does not belong there, and what waits too long. Appends nothing.

use super::CheckedLog;
use crate::audit::sequencer::{log_node, queued_again};
use crate::{App, Error};
use domain::id::TenantId;
use host::keyring::KeyringError;

/// An entry that waits longer than this is told of. A leader gives it its place in two seconds; a start takes longer, a queue
/// that does not drain for ever.
pub const WAIT_LIMIT_MIN: i64 = 10;

impl App {
    /// Looks at a log's queue.
    pub(super) async fn check_queue(&self, log: TenantId, checked: &mut CheckedLog) -> Result<(), Error> {
        let queued = self.store.queued(log).await?;
        for id in &queued.placed {
            checked.fault(queued_again(&id.to_string()));
        }
        for id in &queued.empty {
            checked.fault(format!("entry {id} waits for its place and is not there: it was taken away"));
        }
        // An erased tenant's log has had its last entry.
        if matches!(self.keys.keyring().keys(&log_node(log)), Err(KeyringError::Destroyed { .. })) {
            return Ok(());
        }
        let waited_min = queued.oldest.map_or(0, |oldest| self.now().duration_since(oldest).as_mins());
        if waited_min > WAIT_LIMIT_MIN {
            let waiting = queued.waiting;
            checked.fault(format!(
                "{waiting} entries wait for their place, one for {waited_min} minutes: the queue does not drain"
            ));
        }
        Ok(())
    }
}
